// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of clients and the references that they hold.
 */

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/netlink.h>

#include <net/sock.h>

#include "../client.h"
#include "../conn.h"
#include "../ctx.h"
#include "fixture.h"

static struct kssl_object *test_object(struct kunit *test)
{
	return &kssl_test_ctx(test, KSSL_METHOD_EITHER)->object;
}

static void take(struct kunit *test, struct kssl_test_user *user,
		 struct kssl_object *object, int times)
{
	int i;

	for (i = 0; i < times; i++)
		KUNIT_ASSERT_EQ(test, kssl_client_take(user->client, object,
						       KSSL_RIGHTS_ALL),
				0);
}

static u32 held(struct kssl_test_user *user, struct kssl_object *object)
{
	return kssl_client_held(user->client, object);
}

static void client_is_of_one_socket(struct kunit *test)
{
	struct kssl_test_user *one = kssl_test_user(test);
	struct kssl_test_user *two = kssl_test_user(test);
	struct kssl_client *again;

	/* Act */
	again = kssl_client_obtain(one->sk, one->portid);

	/* Assert */
	KUNIT_EXPECT_PTR_EQ(test, again, one->client);
	KUNIT_EXPECT_PTR_EQ(test, kssl_client_find(one->sk, one->portid),
			    one->client);
	KUNIT_EXPECT_PTR_NE(test, one->client, two->client);
	KUNIT_EXPECT_PTR_EQ(test, one->client->sk, one->sk);
	KUNIT_EXPECT_EQ(test, one->client->key.portid, one->portid);
	KUNIT_EXPECT_PTR_EQ(test, one->client->cred, one->file->f_cred);
}

static void client_is_not_found_by_port_alone(struct kunit *test)
{
	struct kssl_test_user *one = kssl_test_user(test);
	struct kssl_test_user *two = kssl_test_user(test);

	KUNIT_EXPECT_NULL(test, kssl_client_find(two->sk, one->portid));
	KUNIT_EXPECT_NULL(test, kssl_client_find(one->sk, two->portid));
}

static void client_needs_a_file(struct kunit *test)
{
	struct kssl_client *client;
	struct socket *sock;
	int err;

	/* Arrange */
	err = sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW,
			       NETLINK_GENERIC, &sock);
	KUNIT_ASSERT_EQ(test, err, 0);

	/* Act */
	client = kssl_client_obtain(sock->sk, 1);

	/* Assert */
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(client), -EPERM);
	KUNIT_EXPECT_NULL(test, kssl_client_find(sock->sk, 1));
	sock_release(sock);
}

static void client_first_hold_is_in_the_object(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user = kssl_test_user(test);

	/* Act */
	take(test, user, object, 1);

	/* Assert */
	KUNIT_EXPECT_PTR_EQ(test, object->first.client, user->client);
	KUNIT_EXPECT_EQ(test, object->holders, 1);
	KUNIT_EXPECT_EQ(test, held(user, object), 1);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(object), 2);
}

static void client_counts_its_references(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user = kssl_test_user(test);
	u32 left;

	/* Arrange */
	take(test, user, object, 5);
	KUNIT_ASSERT_EQ(test, held(user, object), 5);
	KUNIT_EXPECT_EQ(test, object->holders, 1);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(object), 6);

	/* Act and assert: down to none, one at a time */
	for (left = 5; left--;) {
		KUNIT_EXPECT_EQ(test, kssl_client_drop(user->client, object),
				left);
		KUNIT_EXPECT_EQ(test, held(user, object), left);
		KUNIT_EXPECT_EQ(test, kssl_object_refs(object), 1 + left);
		KUNIT_EXPECT_EQ(test, object->holders, left ? 1 : 0);
	}
	KUNIT_EXPECT_NULL(test, object->first.client);
	KUNIT_EXPECT_TRUE(test, list_empty(&user->client->holds));
}

static void client_drops_only_what_it_holds(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *holder = kssl_test_user(test);
	struct kssl_test_user *other = kssl_test_user(test);

	/* Arrange */
	take(test, holder, object, 1);

	/* Act and assert: one that never held, one that holds no more */
	KUNIT_EXPECT_EQ(test, kssl_client_drop(other->client, object), -EPERM);
	KUNIT_EXPECT_EQ(test, held(holder, object), 1);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(object), 2);
	KUNIT_EXPECT_EQ(test, kssl_client_drop(holder->client, object), 0);
	KUNIT_EXPECT_EQ(test, kssl_client_drop(holder->client, object),
			-EPERM);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(object), 1);
}

static void client_shares_an_object(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user[3];
	int i;

	/* Act */
	for (i = 0; i < ARRAY_SIZE(user); i++) {
		user[i] = kssl_test_user(test);
		take(test, user[i], object, i + 1);
	}

	/* Assert */
	for (i = 0; i < ARRAY_SIZE(user); i++)
		KUNIT_EXPECT_EQ(test, held(user[i], object), i + 1);
	KUNIT_EXPECT_EQ(test, object->holders, 3);
	KUNIT_EXPECT_EQ(test, kref_read(&object->ref), 1 + 3);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(object), 1 + 1 + 2 + 3);
	KUNIT_EXPECT_PTR_EQ(test, object->first.client, user[0]->client);
}

static void client_hold_in_the_object_is_used_again(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *first = kssl_test_user(test);
	struct kssl_test_user *second = kssl_test_user(test);
	struct kssl_test_user *third = kssl_test_user(test);

	/* Arrange */
	take(test, first, object, 1);
	take(test, second, object, 2);

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_client_drop(first->client, object), 0);
	take(test, third, object, 3);

	/* Assert */
	KUNIT_EXPECT_PTR_EQ(test, object->first.client, third->client);
	KUNIT_EXPECT_EQ(test, held(first, object), 0);
	KUNIT_EXPECT_EQ(test, held(second, object), 2);
	KUNIT_EXPECT_EQ(test, held(third, object), 3);
	KUNIT_EXPECT_EQ(test, object->holders, 2);
}

/* The hold of a client, wherever it is. */
static struct kssl_hold *hold_of(struct kssl_test_user *user)
{
	return list_first_entry(&user->client->holds, struct kssl_hold,
				client_node);
}

static void client_count_is_bounded(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user[2];
	struct kssl_hold *hold;
	int i;

	/* Both kinds of hold: the object's own and an allocated one. */
	for (i = 0; i < ARRAY_SIZE(user); i++) {
		/* Arrange */
		user[i] = kssl_test_user(test);
		take(test, user[i], object, 1);
		hold = hold_of(user[i]);
		KUNIT_ASSERT_EQ(test, hold == &object->first, !i);
		hold->count = KSSL_HELD_MAX - 1;

		/* Act and assert */
		take(test, user[i], object, 1);
		KUNIT_EXPECT_EQ(test, held(user[i], object), KSSL_HELD_MAX);
		KUNIT_EXPECT_EQ(test, kssl_client_take(user[i]->client, object,
						       KSSL_RIGHTS_ALL),
				-EOVERFLOW);
		KUNIT_EXPECT_EQ(test, held(user[i], object), KSSL_HELD_MAX);
		KUNIT_EXPECT_EQ(test, kssl_client_drop(user[i]->client, object),
				KSSL_HELD_MAX - 1);
		take(test, user[i], object, 1);
	}
	KUNIT_EXPECT_EQ(test, kref_read(&object->ref), 1 + 2);
}

static void client_counts_do_not_wrap(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user[3];
	int i;

	/* Arrange */
	for (i = 0; i < 2; i++) {
		user[i] = kssl_test_user(test);
		take(test, user[i], object, 1);
		hold_of(user[i])->count = KSSL_HELD_MAX;
	}
	KUNIT_EXPECT_EQ(test, kssl_object_refs(object), U32_MAX);

	/* Act */
	user[2] = kssl_test_user(test);
	take(test, user[2], object, 1);

	/* Assert */
	KUNIT_EXPECT_EQ(test, kssl_object_refs(object), U32_MAX);
}

static void client_has_the_best_rights(struct kunit *test)
{
	static const u8 takes[] = { KSSL_RIGHTS_USE, KSSL_RIGHTS_ALL,
				    KSSL_RIGHTS_USE };
	static const u8 wanted[] = { KSSL_RIGHTS_USE, KSSL_RIGHTS_ALL,
				     KSSL_RIGHTS_ALL };
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user = kssl_test_user(test);
	int i;

	KUNIT_EXPECT_EQ(test, kssl_client_rights(user->client, object), 0);
	for (i = 0; i < ARRAY_SIZE(takes); i++) {
		KUNIT_ASSERT_EQ(test, kssl_client_take(user->client, object,
						       takes[i]),
				0);
		KUNIT_EXPECT_EQ(test, kssl_client_rights(user->client, object),
				wanted[i]);
	}

	/* They go with the last reference. */
	for (i = 0; i < ARRAY_SIZE(takes); i++)
		kssl_client_drop(user->client, object);
	KUNIT_EXPECT_EQ(test, kssl_client_rights(user->client, object), 0);
	KUNIT_ASSERT_EQ(test, kssl_client_take(user->client, object,
					       KSSL_RIGHTS_USE),
			0);
	KUNIT_EXPECT_EQ(test, kssl_client_rights(user->client, object),
			KSSL_RIGHTS_USE);
}

/* How what cannot be answered is undone */

static void client_untake_gives_the_rights_back(struct kunit *test)
{
	static const u8 before[] = { KSSL_RIGHTS_USE, KSSL_RIGHTS_ALL };
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user;
	int i;

	for (i = 0; i < ARRAY_SIZE(before); i++) {
		/* Arrange */
		user = kssl_test_user(test);
		KUNIT_ASSERT_EQ(test, kssl_client_take(user->client, object,
						       before[i]),
				0);
		KUNIT_ASSERT_EQ(test, kssl_client_take(user->client, object,
						       KSSL_RIGHTS_ALL),
				0);

		/* Act */
		kssl_client_untake(user->client, object, before[i]);

		/* Assert */
		KUNIT_EXPECT_EQ(test, held(user, object), 1);
		KUNIT_EXPECT_EQ(test, kssl_client_rights(user->client, object),
				before[i]);
	}
}

static void client_untake_of_the_first_leaves_nothing(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user = kssl_test_user(test);

	/* Act */
	take(test, user, object, 1);
	kssl_client_untake(user->client, object, 0);

	/* Assert */
	KUNIT_EXPECT_EQ(test, held(user, object), 0);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(object), 1);
}

static void client_unhold_waits_with_what_follows(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user = kssl_test_user(test);
	u8 rights = 0;

	/* Arrange */
	take(test, user, object, 1);

	/* Act and assert */
	KUNIT_EXPECT_EQ(test, kssl_client_unhold(user->client, object,
						 &rights), 0);
	KUNIT_EXPECT_EQ(test, rights, KSSL_RIGHTS_ALL);
	KUNIT_EXPECT_EQ(test, held(user, object), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&object->ref), 2);
	take(test, user, object, 1);
	kssl_client_let_go(user->client, object);
	KUNIT_EXPECT_EQ(test, held(user, object), 1);
	KUNIT_EXPECT_EQ(test, kref_read(&object->ref), 2);
}

static void client_of_none_holds_nothing(struct kunit *test)
{
	struct kssl_object *object = test_object(test);

	KUNIT_EXPECT_EQ(test, kssl_client_held(NULL, object), 0);
}

static void client_references_go_with_its_socket(struct kunit *test)
{
	struct kssl_object *one = test_object(test);
	struct kssl_object *two = test_object(test);
	struct kssl_test_user *user = kssl_test_user(test);

	/* Arrange */
	take(test, user, one, 1);
	take(test, user, two, 1000);

	/* Act */
	kssl_test_user_close(user);

	/* Assert */
	KUNIT_EXPECT_EQ(test, kssl_object_refs(one), 1);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(two), 1);
	KUNIT_EXPECT_EQ(test, one->holders, 0);
	KUNIT_EXPECT_EQ(test, two->holders, 0);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&two->holds));
	KUNIT_EXPECT_NULL(test, kssl_client_find(user->sk, user->portid));
}

static void client_close_frees_what_only_it_held(struct kunit *test)
{
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_object *found;
	struct kssl_ctx *ctx;
	struct kssl *s;
	u32 ids[2];

	/* Arrange: the context is held by its connection, too */
	ctx = kssl_ctx_new(&init_net, KSSL_METHOD_EITHER);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	take(test, user, &ctx->object, 2);
	kssl_ctx_free(ctx);
	s = kssl_new(ctx);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	take(test, user, &s->object, 3);
	kssl_free(s);
	ids[0] = kssl_ctx_id(ctx);
	ids[1] = kssl_id(s);

	/* Act */
	kssl_test_user_close(user);

	/* Assert */
	found = kssl_object_find(&kssl_ctx_type, ids[0], NULL, NULL, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(found), -ENOENT);
	found = kssl_object_find(&kssl_conn_type, ids[1], NULL, NULL, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(found), -ENOENT);
}

/* The one that closes has the hold in the object, or not. */
static void client_close_leaves_the_others_alone(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user[3];
	int i;

	/* Arrange */
	for (i = 0; i < ARRAY_SIZE(user); i++) {
		user[i] = kssl_test_user(test);
		take(test, user[i], object, i + 1);
	}

	/* Act and assert */
	kssl_test_user_close(user[0]);
	KUNIT_EXPECT_NULL(test, object->first.client);
	KUNIT_EXPECT_EQ(test, held(user[1], object), 2);
	KUNIT_EXPECT_EQ(test, held(user[2], object), 3);
	kssl_test_user_close(user[2]);
	KUNIT_EXPECT_EQ(test, held(user[1], object), 2);
	KUNIT_EXPECT_EQ(test, object->holders, 1);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(object), 1 + 2);
}

static void client_outlives_its_socket_while_referenced(struct kunit *test)
{
	struct kssl_object *object = test_object(test);
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_client *client = kssl_client_get(user->client);

	/* Arrange */
	take(test, user, object, 1);

	/* Act */
	kssl_test_user_close(user);

	/* Assert */
	KUNIT_EXPECT_PTR_EQ(test, client->sk, user->sk);
	KUNIT_EXPECT_EQ(test, kssl_client_held(client, object), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&client->ref), 1);
	kssl_client_put(client);
}

static struct kunit_case client_cases[] = {
	KUNIT_CASE(client_is_of_one_socket),
	KUNIT_CASE(client_is_not_found_by_port_alone),
	KUNIT_CASE(client_needs_a_file),
	KUNIT_CASE(client_first_hold_is_in_the_object),
	KUNIT_CASE(client_counts_its_references),
	KUNIT_CASE(client_drops_only_what_it_holds),
	KUNIT_CASE(client_shares_an_object),
	KUNIT_CASE(client_hold_in_the_object_is_used_again),
	KUNIT_CASE(client_count_is_bounded),
	KUNIT_CASE(client_counts_do_not_wrap),
	KUNIT_CASE(client_has_the_best_rights),
	KUNIT_CASE(client_untake_gives_the_rights_back),
	KUNIT_CASE(client_untake_of_the_first_leaves_nothing),
	KUNIT_CASE(client_unhold_waits_with_what_follows),
	KUNIT_CASE(client_of_none_holds_nothing),
	KUNIT_CASE(client_references_go_with_its_socket),
	KUNIT_CASE(client_close_frees_what_only_it_held),
	KUNIT_CASE(client_close_leaves_the_others_alone),
	KUNIT_CASE(client_outlives_its_socket_while_referenced),
	{}
};

static struct kunit_suite client_suite = {
	.name		= "kssl_client",
	.init		= kssl_test_init,
	.test_cases	= client_cases,
};

kunit_test_suite(client_suite);
