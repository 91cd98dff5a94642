// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of connections that keep their sockets, on behalf of kernel
 * users, who are the ones that hold a context here.
 */

#include <linux/file.h>
#include <linux/net.h>

#include <net/sock.h>

#include "../conn.h"
#include "../ctx.h"
#include "fixture.h"

static const struct kssl_value keep = {
	.attr	= KSSL_A_SETTINGS_KEEP,
	.num	= 1,
};

static const struct kssl_value client = {
	.attr	= KSSL_A_SETTINGS_ROLE,
	.num	= KSSL_ROLE_CLIENT,
};

static void file_put(void *file)
{
	__fput_sync(file);
}

/* Gives an end of a pair the file that those of processes have. */
static struct file *make_file(struct kunit *test, struct socket **end)
{
	struct file *file = sock_alloc_file(*end, 0, NULL);

	/* It owns the socket, also if it cannot be made. */
	*end = NULL;
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}

static struct kssl *make_conn(struct kunit *test, struct kssl_ctx *ctx)
{
	struct kssl *s = kssl_new(ctx);

	KUNIT_ASSERT_FALSE(test, IS_ERR(s));
	KUNIT_ASSERT_EQ(test, kssl_set(s, &client, 1, NULL), 0);
	return s;
}

static void keep_needs_a_file(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_attach_params params;
	struct kssl_reason why = {};

	/* Arrange */
	KUNIT_ASSERT_EQ(test, kssl_set(s, &keep, 1, NULL), 0);
	kssl_test_params(test, &params, 0x1301);

	/* Act and assert */
	KUNIT_EXPECT_EQ(test, kssl_attach(s, pair->client, &params, &why),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, why.attr, KSSL_A_FD);
	KUNIT_EXPECT_PTR_EQ(test, s->file, NULL);
	kssl_test_untouched(test, s, pair);
}

static void keep_pins_the_file_until_the_end(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl *s = kssl_test_new(test, ctx);
	struct socket *sock = pair->client;
	struct file *file = make_file(test, &pair->client);

	/* Arrange */
	kssl_test_defer(test, file_put, file);
	KUNIT_ASSERT_EQ(test, kssl_set(s, &keep, 1, NULL), 0);
	KUNIT_ASSERT_EQ(test, file_count(file), 1);

	/* Act and assert */
	kssl_test_attach(test, s, sock);
	KUNIT_EXPECT_EQ(test, file_count(file), 2);
	KUNIT_EXPECT_EQ(test, kref_read(&s->object.ref), 1U);
	kernel_sock_shutdown(sock, SHUT_WR);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_CLOSED);
	KUNIT_EXPECT_EQ(test, file_count(file), 1);
	KUNIT_EXPECT_PTR_EQ(test, s->sock, NULL);
}

static void context_keeps_for_its_users(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_ctx *ctx = kssl_ctx_new(&init_net, KSSL_METHOD_CLIENT);
	struct socket *sock = pair->client;
	struct file *file = make_file(test, &pair->client);
	struct kssl *s;

	/* Arrange */
	kssl_test_defer(test, file_put, file);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ctx));
	KUNIT_ASSERT_EQ(test, kssl_ctx_set(ctx, &keep, 1, NULL), 0);
	s = make_conn(test, ctx);
	kssl_test_attach(test, s, sock);
	KUNIT_EXPECT_EQ(test, kref_read(&s->object.ref), 2U);
	kssl_free(s);

	/* Act and assert: two users, the last of which decides */
	kssl_ctx_up_ref(ctx);
	kssl_ctx_free(ctx);
	KUNIT_EXPECT_EQ(test, file_count(file), 2);
	kssl_ctx_free(ctx);
	KUNIT_EXPECT_EQ(test, file_count(file), 1);
}

static void context_without_users_keeps_nothing(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_ctx *ctx = kssl_ctx_new(&init_net, KSSL_METHOD_CLIENT);
	struct socket *sock = pair->client;
	struct file *file = make_file(test, &pair->client);
	struct kssl *s;

	/* Arrange */
	kssl_test_defer(test, file_put, file);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ctx));
	KUNIT_ASSERT_EQ(test, kssl_ctx_set(ctx, &keep, 1, NULL), 0);
	s = make_conn(test, ctx);
	kssl_ctx_free(ctx);

	/* Act */
	kssl_test_attach(test, s, sock);

	/* Assert */
	KUNIT_EXPECT_EQ(test, kref_read(&s->object.ref), 1U);
	KUNIT_EXPECT_EQ(test, file_count(file), 2);
	kssl_free(s);
	KUNIT_EXPECT_EQ(test, file_count(file), 1);
}

/* Who is told of a close may clear at once, and use the connection anew. */
static void witness_close(struct kssl *s, enum kssl_state state, void *arg)
{
	bool *kept = arg;

	if (state != KSSL_STATE_CLOSED)
		return;
	*kept = kssl_ctx_keeps(s->ctx, s);
	kssl_clear(s, NULL);
}

static void context_lets_go_before_a_close_is_told(struct kunit *test)
{
	static const struct kssl_callbacks callbacks = {
		.info = witness_close,
	};
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct socket *sock = pair->client;
	struct file *file = make_file(test, &pair->client);
	bool kept = true;
	struct kssl *s;

	/* Arrange */
	kssl_test_defer(test, file_put, file);
	KUNIT_ASSERT_EQ(test, kssl_ctx_set(ctx, &keep, 1, NULL), 0);
	s = make_conn(test, ctx);
	KUNIT_ASSERT_EQ(test, kssl_set_callbacks(s, &callbacks, &kept), 0);
	kssl_test_attach(test, s, sock);
	KUNIT_ASSERT_TRUE(test, kssl_ctx_keeps(ctx, s));

	/* Act */
	kernel_sock_shutdown(sock, SHUT_WR);

	/* Assert */
	KUNIT_EXPECT_FALSE(test, kept);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_INITIAL);
	KUNIT_EXPECT_EQ(test, kref_read(&s->object.ref), 1U);
	KUNIT_EXPECT_EQ(test, file_count(file), 1);
	kssl_callbacks_unregister(&callbacks);
	kssl_free(s);
}

static struct kunit_case keep_cases[] = {
	KUNIT_CASE(keep_needs_a_file),
	KUNIT_CASE(keep_pins_the_file_until_the_end),
	KUNIT_CASE(context_keeps_for_its_users),
	KUNIT_CASE(context_without_users_keeps_nothing),
	KUNIT_CASE(context_lets_go_before_a_close_is_told),
	{}
};

static struct kunit_suite keep_suite = {
	.name		= "kssl_keep",
	.suite_init	= kssl_test_net_init,
	.init		= kssl_test_init,
	.test_cases	= keep_cases,
};

kunit_test_suite(keep_suite);
