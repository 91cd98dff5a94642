// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the lifetime of contexts and connections, by the functions
 * that other modules have.
 */

#include <linux/cred.h>

#include <net/net_namespace.h>

#include "../conn.h"
#include "../ctx.h"
#include "fixture.h"

/* The target for one object; a debug kernel's locks are larger. */
#define SIZE_MAX_OF_CONN	384

static u32 refs_of_ctx(struct kssl_ctx *ctx)
{
	return kssl_object_refs(&ctx->object);
}

static u32 refs_of(struct kssl *s)
{
	return kssl_object_refs(&s->object);
}

/* Is there an object with this id? */
static bool exists(const struct kssl_object_type *type, u32 id)
{
	struct kssl_object *object;

	object = kssl_object_find(type, id, NULL, NULL, NULL);
	if (IS_ERR(object))
		return false;
	kssl_object_unpin(object);
	return true;
}

static void lifetime_of_nothing(struct kunit *test)
{
	kssl_free(NULL);
	kssl_ctx_free(NULL);
}

static void lifetime_starts_with_one_reference(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_ctx_new(&init_net, KSSL_METHOD_EITHER);
	struct kssl *s;

	/* Arrange */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	KUNIT_EXPECT_EQ(test, refs_of_ctx(ctx), 1);

	/* Act */
	s = kssl_new(ctx);

	/* Assert */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	KUNIT_EXPECT_EQ(test, refs_of(s), 1);
	KUNIT_EXPECT_EQ(test, s->object.holders, 0);
	KUNIT_EXPECT_EQ(test, refs_of_ctx(ctx), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->conns), 1);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_INITIAL);
	KUNIT_EXPECT_PTR_EQ(test, s->ctx, ctx);
	KUNIT_EXPECT_PTR_EQ(test, s->object.net, &init_net);
	KUNIT_EXPECT_PTR_EQ(test, s->object.cred, current_cred());

	kssl_free(s);
	KUNIT_EXPECT_EQ(test, refs_of_ctx(ctx), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->conns), 0);
	kssl_ctx_free(ctx);
}

static void lifetime_ends_with_the_last_reference(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_new(ctx);
	u32 id;

	/* Arrange */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	id = kssl_id(s);

	/* Act and assert */
	KUNIT_EXPECT_TRUE(test, kssl_up_ref(s));
	KUNIT_EXPECT_TRUE(test, kssl_up_ref(s));
	KUNIT_EXPECT_EQ(test, refs_of(s), 3);
	kssl_free(s);
	kssl_free(s);
	KUNIT_EXPECT_EQ(test, refs_of(s), 1);
	KUNIT_EXPECT_TRUE(test, exists(&kssl_conn_type, id));
	kssl_free(s);
	KUNIT_EXPECT_FALSE(test, exists(&kssl_conn_type, id));
}

static void lifetime_of_a_context_ends_likewise(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_ctx_new(&init_net, KSSL_METHOD_EITHER);
	u32 id;

	/* Arrange */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	id = kssl_ctx_id(ctx);

	/* Act and assert */
	KUNIT_EXPECT_TRUE(test, kssl_ctx_up_ref(ctx));
	KUNIT_EXPECT_EQ(test, refs_of_ctx(ctx), 2);
	kssl_ctx_free(ctx);
	KUNIT_EXPECT_EQ(test, refs_of_ctx(ctx), 1);
	KUNIT_EXPECT_TRUE(test, exists(&kssl_ctx_type, id));
	kssl_ctx_free(ctx);
	KUNIT_EXPECT_FALSE(test, exists(&kssl_ctx_type, id));
}

static void lifetime_of_a_dup_is_its_own(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_new(ctx), *dup;
	u32 id;

	/* Arrange */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	id = kssl_id(s);

	/* Act */
	dup = kssl_test_dup(test, s);

	/* Assert */
	KUNIT_EXPECT_PTR_NE(test, dup, s);
	KUNIT_EXPECT_EQ(test, refs_of(s), 1);
	KUNIT_EXPECT_EQ(test, refs_of(dup), 1);
	KUNIT_EXPECT_EQ(test, refs_of_ctx(ctx), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->conns), 2);
	kssl_free(s);
	KUNIT_EXPECT_FALSE(test, exists(&kssl_conn_type, id));
	KUNIT_EXPECT_TRUE(test, exists(&kssl_conn_type, kssl_id(dup)));
}

static void lifetime_of_a_context_lasts_while_it_is_used(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_ctx_new(&init_net, KSSL_METHOD_CLIENT);
	struct kssl *s, *dup;
	u32 id;

	/* Arrange */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	id = kssl_ctx_id(ctx);
	s = kssl_new(ctx);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);

	/* Act */
	kssl_ctx_free(ctx);

	/* Assert: it still makes connections, and goes with the last */
	KUNIT_EXPECT_TRUE(test, exists(&kssl_ctx_type, id));
	dup = kssl_dup(s);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dup);
	KUNIT_EXPECT_PTR_EQ(test, dup->ctx, s->ctx);
	KUNIT_EXPECT_EQ(test, kssl_ctx_id(dup->ctx), id);
	kssl_free(s);
	KUNIT_EXPECT_TRUE(test, exists(&kssl_ctx_type, id));
	kssl_free(dup);
	KUNIT_EXPECT_FALSE(test, exists(&kssl_ctx_type, id));
}

static void lifetime_does_not_start_on_bad_settings(struct kunit *test)
{
	const struct kssl_value bad = {
		.attr	= KSSL_A_SETTINGS_MIN_PROTO,
		.num	= 0x0300,
	};
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl_reason why = {};
	struct kssl_ctx *other;
	struct kssl *s;

	/* Act */
	s = kssl_conn_create(ctx, current_cred(), &bad, 1, &why);
	other = kssl_ctx_create(&init_net, current_cred(), &bad, 1, NULL);

	/* Assert */
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(s), -EINVAL);
	KUNIT_EXPECT_EQ(test, why.attr, KSSL_A_SETTINGS);
	KUNIT_EXPECT_EQ(test, why.nested, KSSL_A_SETTINGS_MIN_PROTO);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(other), -EINVAL);
	KUNIT_EXPECT_EQ(test, refs_of_ctx(ctx), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&ctx->conns), 0);
}

static void lifetime_of_a_context_of_no_method(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_ctx_new(&init_net, KSSL_METHOD_SERVER + 1);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(ctx), -EINVAL);
}

static void lifetime_of_many(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s[64];
	int i;

	/* Act */
	for (i = 0; i < ARRAY_SIZE(s); i++)
		s[i] = kssl_test_new(test, ctx);

	/* Assert */
	KUNIT_EXPECT_EQ(test, refs_of_ctx(ctx), 1 + 64);
	for (i = 1; i < ARRAY_SIZE(s); i++)
		KUNIT_EXPECT_EQ(test, kssl_id(s[i]), kssl_id(s[0]) + i);
}

static void lifetime_costs_little_memory(struct kunit *test)
{
	size_t debug = sizeof(spinlock_t) - sizeof(u32);
	size_t size = ALIGN(sizeof(struct kssl) - debug, SMP_CACHE_BYTES);

	KUNIT_EXPECT_LE(test, size, (size_t)SIZE_MAX_OF_CONN);
}

static struct kunit_case lifetime_cases[] = {
	KUNIT_CASE(lifetime_of_nothing),
	KUNIT_CASE(lifetime_starts_with_one_reference),
	KUNIT_CASE(lifetime_ends_with_the_last_reference),
	KUNIT_CASE(lifetime_of_a_context_ends_likewise),
	KUNIT_CASE(lifetime_of_a_dup_is_its_own),
	KUNIT_CASE(lifetime_of_a_context_lasts_while_it_is_used),
	KUNIT_CASE(lifetime_does_not_start_on_bad_settings),
	KUNIT_CASE(lifetime_of_a_context_of_no_method),
	KUNIT_CASE(lifetime_of_many),
	KUNIT_CASE(lifetime_costs_little_memory),
	{}
};

static struct kunit_suite lifetime_suite = {
	.name		= "kssl_lifetime",
	.init		= kssl_test_init,
	.test_cases	= lifetime_cases,
};

kunit_test_suite(lifetime_suite);
