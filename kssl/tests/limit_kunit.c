// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the limits: who is charged for an object, and who is refused.
 */

#include <linux/cred.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include <net/net_namespace.h>

#include "../client.h"
#include "../conn.h"
#include "../ctx.h"
#include "../limit.h"
#include "fixture.h"

static void abort_cred(void *cred)
{
	abort_creds(cred);
}

static struct cred *cred_of(struct kunit *test, uid_t uid)
{
	struct cred *cred = prepare_creds();

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->euid = KUIDT_INIT(uid);
	kssl_test_defer(test, abort_cred, cred);
	return cred;
}

/* A user namespace as the credentials see it: all but its maps. */
static struct user_namespace *ns_below(struct kunit *test,
				       struct user_namespace *parent,
				       uid_t owner)
{
	struct user_namespace *ns;

	ns = kunit_kzalloc(test, sizeof(*ns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ns);
	ns->ns.count = (refcount_t)REFCOUNT_INIT(1);
	ns->parent = parent;
	ns->level = parent->level + 1;
	ns->owner = KUIDT_INIT(owner);
	return ns;
}

static void free_user(void *user)
{
	kssl_user_put(user);
}

static struct kssl_user *user_of(struct kunit *test, const struct cred *cred)
{
	struct kssl_user *user = kssl_user_obtain(cred);

	KUNIT_ASSERT_NOT_NULL(test, user);
	kssl_test_defer(test, free_user, user);
	return user;
}

static void limit_knows_a_user_once(struct kunit *test)
{
	struct kssl_user *user = user_of(test, cred_of(test, 1000));

	KUNIT_EXPECT_PTR_EQ(test, user_of(test, cred_of(test, 1000)), user);
	KUNIT_EXPECT_PTR_NE(test, user_of(test, cred_of(test, 1001)), user);
	KUNIT_EXPECT_NULL(test, user->parent);
}

static void limit_is_of_the_client_s_user(struct kunit *test)
{
	struct kssl_test_user *user = kssl_test_user(test);

	KUNIT_EXPECT_PTR_EQ(test, user->client->user,
			    user_of(test, user->client->cred));
}

static void limit_charges_objects_until_their_release(struct kunit *test)
{
	struct kssl_user *user = user_of(test, current_cred());
	int before = atomic_read(&user->objects);
	struct kssl_ctx *ctx;
	struct kssl *s, *dup;

	ctx = kssl_ctx_new(&init_net, KSSL_METHOD_EITHER);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	s = kssl_new(ctx);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	dup = kssl_dup(s);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dup);
	KUNIT_EXPECT_EQ(test, atomic_read(&user->objects), before + 3);
	kssl_free(dup);
	KUNIT_EXPECT_EQ(test, atomic_read(&user->objects), before + 2);
	/* Its connection keeps it. */
	kssl_ctx_free(ctx);
	KUNIT_EXPECT_EQ(test, atomic_read(&user->objects), before + 2);
	kssl_free(s);
	KUNIT_EXPECT_EQ(test, atomic_read(&user->objects), before);
}

static void limit_charges_who_made_the_namespaces(struct kunit *test)
{
	struct user_namespace *outer = ns_below(test, &init_user_ns, 1000);
	struct user_namespace *inner = ns_below(test, outer, 2000);
	struct kssl_user *user, *middle, *top;
	struct cred cred = { .user_ns = inner, .euid = KUIDT_INIT(3000) };

	/* Act */
	user = user_of(test, &cred);

	/* Assert */
	middle = user->parent;
	KUNIT_ASSERT_NOT_NULL(test, middle);
	KUNIT_EXPECT_PTR_EQ(test, middle->ns, outer);
	KUNIT_EXPECT_EQ(test, __kuid_val(middle->uid), 2000U);
	top = middle->parent;
	KUNIT_ASSERT_NOT_NULL(test, top);
	KUNIT_EXPECT_PTR_EQ(test, top, user_of(test, cred_of(test, 1000)));
	KUNIT_ASSERT_EQ(test, kssl_limit_charge(user, &init_net, NULL), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&user->objects), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&middle->objects), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&top->objects), 1);
	kssl_limit_uncharge(user, &init_net);
	KUNIT_EXPECT_EQ(test, atomic_read(&user->objects), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&top->objects), 0);
}

static void limit_of_a_namespace_s_maker_counts(struct kunit *test)
{
	struct user_namespace *ns = ns_below(test, &init_user_ns, 1000);
	struct cred cred = { .user_ns = ns, .euid = KUIDT_INIT(3000) };
	struct kssl_user *user = user_of(test, &cred);
	struct kssl_reason why = {};

	/* Arrange: more than any limit */
	atomic_set(&user->parent->objects, INT_MAX - 1);

	/* Act, Assert */
	KUNIT_EXPECT_EQ(test, kssl_limit_charge(user, &init_net, &why),
			-EDQUOT);
	KUNIT_EXPECT_STREQ(test, why.text,
			   "more than net.kssl.max_objects_per_user allows");
	KUNIT_EXPECT_EQ(test, atomic_read(&user->objects), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&user->parent->objects),
			INT_MAX - 1);
	atomic_set(&user->parent->objects, 0);
}

static void limit_refuses_new_and_leaves_nothing(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct cred *cred = cred_of(test, 1000);
	struct kssl_user *user = user_of(test, cred);
	struct kssl_reason why = {};

	/* Arrange */
	atomic_set(&user->objects, INT_MAX - 1);

	/* Act, Assert */
	KUNIT_EXPECT_PTR_EQ(test, kssl_conn_create(ctx, cred, NULL, 0, &why),
			    (struct kssl *)ERR_PTR(-EDQUOT));
	KUNIT_EXPECT_NOT_NULL(test, why.text);
	KUNIT_EXPECT_PTR_EQ(test, kssl_ctx_create(&init_net, cred, NULL, 0,
						  NULL),
			    (struct kssl_ctx *)ERR_PTR(-EDQUOT));
	KUNIT_EXPECT_EQ(test, atomic_read(&user->objects), INT_MAX - 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&user->ref), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->conns), 0);
	atomic_set(&user->objects, 0);
}

static struct kunit_case limit_cases[] = {
	KUNIT_CASE(limit_knows_a_user_once),
	KUNIT_CASE(limit_is_of_the_client_s_user),
	KUNIT_CASE(limit_charges_objects_until_their_release),
	KUNIT_CASE(limit_charges_who_made_the_namespaces),
	KUNIT_CASE(limit_of_a_namespace_s_maker_counts),
	KUNIT_CASE(limit_refuses_new_and_leaves_nothing),
	{}
};

static struct kunit_suite limit_suite = {
	.name		= "kssl_limit",
	.init		= kssl_test_init,
	.test_cases	= limit_cases,
};

kunit_test_suite(limit_suite);
