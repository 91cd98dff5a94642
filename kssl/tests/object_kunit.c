// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of ids, lookup and references.
 */

#include <linux/cred.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include <net/net_namespace.h>

#include "../ctx.h"
#include "../object.h"
#include "fixture.h"

#define ATTR	0x77

/* What a thing saw of itself in its release. */
struct sight {
	bool released;
	bool freed;
	int found;
	bool walked;
};

/* An object of a type that only these tests have. */
struct thing {
	struct kssl_object object;
	struct sight *sight;
};

static const struct kssl_object_type thing_type;

static struct thing *thing_of(struct kssl_object *object)
{
	return container_of(object, struct thing, object);
}

static bool is_in_walk(u32 id)
{
	unsigned long at = id;
	struct kssl_object *object;

	object = kssl_object_next(&thing_type, &at, NULL, NULL);
	if (object)
		kssl_object_unpin(object);
	return object && at == id;
}

static void thing_release(struct kref *ref)
{
	struct kssl_object *object = container_of(ref, struct kssl_object,
						  ref);
	struct sight *sight = thing_of(object)->sight;
	struct kssl_object *found;

	found = kssl_object_find(&thing_type, object->id, NULL, NULL, NULL);
	sight->found = PTR_ERR_OR_ZERO(found);
	sight->walked = is_in_walk(object->id);
	sight->released = true;
	kssl_object_free(object);
}

static void thing_free(struct rcu_head *rcu)
{
	struct kssl_object *object = container_of(rcu, struct kssl_object,
						  rcu);
	struct thing *thing = thing_of(object);

	thing->sight->freed = true;
	kfree(thing);
}

static const struct kssl_object_type thing_type = {
	.attr		= ATTR,
	.not_found	= "no such thing",
	.not_this	= "not a thing",
	.release	= thing_release,
	.free		= thing_free,
};

static struct thing *thing_new(struct kunit *test)
{
	struct thing *thing = kzalloc(sizeof(*thing), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, thing);
	thing->sight = kunit_kzalloc(test, sizeof(*thing->sight), GFP_KERNEL);
	err = thing->sight ? kssl_object_init(&thing->object, &thing_type,
					      &init_net, current_cred(),
					      NULL) :
		-ENOMEM;
	if (err)
		kfree(thing);
	KUNIT_ASSERT_EQ(test, err, 0);
	return thing;
}

static void thing_put(void *arg)
{
	struct thing *thing = arg;

	kssl_object_put(&thing->object);
	rcu_barrier();
}

/* A published thing that is put when the test is over. */
static struct thing *test_thing(struct kunit *test)
{
	struct thing *thing = thing_new(test);

	kssl_object_publish(&thing->object);
	kssl_test_defer(test, thing_put, thing);
	return thing;
}

static void object_id_is_not_given_again(struct kunit *test)
{
	struct thing *first, *second, *third;
	u32 id;

	/* Arrange */
	first = test_thing(test);
	second = thing_new(test);
	id = second->object.id;
	KUNIT_ASSERT_EQ(test, id, first->object.id + 1);

	/* Act */
	thing_put(second);
	third = test_thing(test);

	/* Assert */
	KUNIT_EXPECT_EQ(test, third->object.id, id + 1);
}

static void object_ids_are_of_all_types(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct thing *thing = test_thing(test);
	struct kssl *s = kssl_test_new(test, ctx);

	KUNIT_EXPECT_NE(test, kssl_ctx_id(ctx), 0);
	KUNIT_EXPECT_EQ(test, thing->object.id, kssl_ctx_id(ctx) + 1);
	KUNIT_EXPECT_EQ(test, kssl_id(s), kssl_ctx_id(ctx) + 2);
}

static void object_find_takes_a_reference(struct kunit *test)
{
	struct thing *thing = test_thing(test);
	struct kssl_object *found;

	/* Act */
	found = kssl_object_find(&thing_type, thing->object.id, NULL, NULL,
				 NULL);

	/* Assert */
	KUNIT_ASSERT_PTR_EQ(test, found, &thing->object);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(found), 2);
	kssl_object_unpin(found);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&thing->object), 1);
}

static void expect_not_found(struct kunit *test, u32 id)
{
	struct kssl_reason why = {};
	struct kssl_object *found;

	found = kssl_object_find(&thing_type, id, NULL, NULL, &why);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(found), -ENOENT);
	KUNIT_EXPECT_STREQ(test, why.text, "no such thing");
	KUNIT_EXPECT_EQ(test, why.attr, ATTR);
	KUNIT_EXPECT_EQ(test, why.nested, 0);
}

static void object_find_of_no_id(struct kunit *test)
{
	struct thing *thing = test_thing(test);

	expect_not_found(test, 0);
	expect_not_found(test, thing->object.id + 1);
	expect_not_found(test, U32_MAX);
}

static void object_find_before_publish(struct kunit *test)
{
	struct thing *thing = thing_new(test);
	u32 id = thing->object.id;

	/* Act and assert */
	expect_not_found(test, id);
	KUNIT_EXPECT_FALSE(test, is_in_walk(id));
	kssl_object_publish(&thing->object);
	KUNIT_EXPECT_TRUE(test, is_in_walk(id));

	thing_put(thing);
}

static void object_find_of_another_type(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl_reason why = {};
	struct kssl_object *found;

	/* Act */
	found = kssl_object_find(&thing_type, kssl_ctx_id(ctx), NULL, NULL,
				 &why);

	/* Assert */
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(found), -EINVAL);
	KUNIT_EXPECT_STREQ(test, why.text, "not a thing");
	KUNIT_EXPECT_EQ(test, why.attr, ATTR);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&ctx->object), 1);
}

static bool is_of_net(struct kssl_object *object, const void *net)
{
	return net_eq(object->net, net);
}

/* Neither an object nor, by the error, its type is seen from elsewhere. */
static void object_find_from_another_namespace(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct thing *thing = test_thing(test);
	struct kssl_object *found;
	struct net *elsewhere;

	/* Arrange: nothing but its address counts */
	elsewhere = kunit_kzalloc(test, sizeof(*elsewhere), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, elsewhere);

	/* Act and assert */
	found = kssl_object_find(&thing_type, thing->object.id, is_of_net,
				 elsewhere, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(found), -ENOENT);
	found = kssl_object_find(&thing_type, kssl_ctx_id(ctx), is_of_net,
				 elsewhere, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(found), -ENOENT);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&ctx->object), 1);
	found = kssl_object_find(&thing_type, thing->object.id, is_of_net,
				 &init_net, NULL);
	KUNIT_ASSERT_PTR_EQ(test, found, &thing->object);
	kssl_object_unpin(found);
}

/* A reference would not keep the namespace, which an object's release uses. */
static void object_find_in_a_namespace_that_goes(struct kunit *test)
{
	struct thing *thing = test_thing(test);
	struct net *going;

	/* Arrange: nobody has a reference on it any more */
	if (!IS_ENABLED(CONFIG_NET_NS))
		kunit_skip(test, "there is one namespace only");
	going = kunit_kzalloc(test, sizeof(*going), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, going);
	thing->object.net = going;

	/* Act and assert */
	expect_not_found(test, thing->object.id);
	KUNIT_EXPECT_FALSE(test, is_in_walk(thing->object.id));
	thing->object.net = &init_net;
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&thing->object), 1);
	KUNIT_EXPECT_TRUE(test, is_in_walk(thing->object.id));
}

static void object_find_in_release(struct kunit *test)
{
	struct thing *thing = thing_new(test);
	struct sight *sight = thing->sight;
	u32 id = thing->object.id;

	/* Arrange */
	kssl_object_publish(&thing->object);

	/* Act */
	thing_put(thing);

	/* Assert */
	KUNIT_ASSERT_TRUE(test, sight->released);
	KUNIT_EXPECT_EQ(test, sight->found, -ENOENT);
	KUNIT_EXPECT_FALSE(test, sight->walked);
	expect_not_found(test, id);
}

static void object_memory_outlives_readers(struct kunit *test)
{
	struct thing *thing = thing_new(test);
	struct sight *sight = thing->sight;
	bool freed;

	/* Arrange */
	kssl_object_publish(&thing->object);

	/* Act */
	rcu_read_lock();
	kssl_object_put(&thing->object);
	freed = sight->freed;
	rcu_read_unlock();
	rcu_barrier();

	/* Assert */
	KUNIT_EXPECT_TRUE(test, sight->released);
	KUNIT_EXPECT_FALSE(test, freed);
	KUNIT_EXPECT_TRUE(test, sight->freed);
}

static void object_release_is_for_the_last_reference(struct kunit *test)
{
	struct thing *thing = test_thing(test);

	/* Act */
	kref_get(&thing->object.ref);
	kssl_object_put(&thing->object);

	/* Assert */
	KUNIT_EXPECT_FALSE(test, thing->sight->released);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&thing->object), 1);
}

/* Walks all things from @id on and says how many there were. */
static int walk(struct kunit *test, unsigned long id)
{
	struct kssl_object *object;
	unsigned long last = 0;
	int n = 0;

	while ((object = kssl_object_next(&thing_type, &id, NULL, NULL))) {
		KUNIT_EXPECT_PTR_EQ(test, object->type, &thing_type);
		KUNIT_EXPECT_EQ(test, object->id, (u32)id);
		KUNIT_EXPECT_GT(test, id, last);
		last = id;
		kssl_object_unpin(object);
		id++;
		n++;
	}
	return n;
}

static void object_walk_sees_its_type_once(struct kunit *test)
{
	struct thing *thing[4];
	int i;

	/* Arrange: contexts before, between and after */
	for (i = 0; i < ARRAY_SIZE(thing); i++) {
		kssl_test_ctx(test, KSSL_METHOD_EITHER);
		thing[i] = test_thing(test);
	}
	kssl_test_ctx(test, KSSL_METHOD_EITHER);

	/* Act and assert */
	KUNIT_EXPECT_EQ(test, walk(test, 0), 4);
	KUNIT_EXPECT_EQ(test, walk(test, thing[0]->object.id), 4);
	KUNIT_EXPECT_EQ(test, walk(test, thing[0]->object.id + 1), 3);
	KUNIT_EXPECT_EQ(test, walk(test, thing[3]->object.id), 1);
	KUNIT_EXPECT_EQ(test, walk(test, thing[3]->object.id + 1), 0);
	for (i = 0; i < ARRAY_SIZE(thing); i++)
		KUNIT_EXPECT_EQ(test, kssl_object_refs(&thing[i]->object), 1);
}

static void object_walk_goes_on_past_a_freed_one(struct kunit *test)
{
	struct thing *first, *second;
	struct kssl_object *object;
	unsigned long id;

	/* Arrange */
	first = thing_new(test);
	kssl_object_publish(&first->object);
	second = test_thing(test);
	id = first->object.id;

	/* Act */
	thing_put(first);
	object = kssl_object_next(&thing_type, &id, NULL, NULL);

	/* Assert */
	KUNIT_ASSERT_PTR_EQ(test, object, &second->object);
	KUNIT_EXPECT_EQ(test, (u32)id, second->object.id);
	kssl_object_unpin(object);
}

static void object_age_is_in_milliseconds(struct kunit *test)
{
	struct thing *thing = test_thing(test);
	u64 age;

	/* Arrange */
	thing->object.created -= 3 * NSEC_PER_SEC;

	/* Act */
	age = kssl_object_age(&thing->object);

	/* Assert */
	KUNIT_EXPECT_GE(test, age, 3 * MSEC_PER_SEC);
	KUNIT_EXPECT_LT(test, age, 1000 * MSEC_PER_SEC);
}

static void object_has_who_made_it(struct kunit *test)
{
	struct thing *thing = test_thing(test);

	KUNIT_EXPECT_PTR_EQ(test, thing->object.cred, current_cred());
	KUNIT_EXPECT_PTR_EQ(test, thing->object.net, &init_net);
	KUNIT_EXPECT_EQ(test, thing->object.holders, 0);
}

static struct kunit_case object_cases[] = {
	KUNIT_CASE(object_id_is_not_given_again),
	KUNIT_CASE(object_ids_are_of_all_types),
	KUNIT_CASE(object_find_takes_a_reference),
	KUNIT_CASE(object_find_of_no_id),
	KUNIT_CASE(object_find_before_publish),
	KUNIT_CASE(object_find_of_another_type),
	KUNIT_CASE(object_find_from_another_namespace),
	KUNIT_CASE(object_find_in_a_namespace_that_goes),
	KUNIT_CASE(object_find_in_release),
	KUNIT_CASE(object_memory_outlives_readers),
	KUNIT_CASE(object_release_is_for_the_last_reference),
	KUNIT_CASE(object_walk_sees_its_type_once),
	KUNIT_CASE(object_walk_goes_on_past_a_freed_one),
	KUNIT_CASE(object_age_is_in_milliseconds),
	KUNIT_CASE(object_has_who_made_it),
	{}
};

static struct kunit_suite object_suite = {
	.name		= "kssl_object",
	.init		= kssl_test_init,
	.test_cases	= object_cases,
};

kunit_test_suite(object_suite);
