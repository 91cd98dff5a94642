// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what new and dup allocate: the same, however much the context
 * and the connection have. The kernel's own tracepoints count.
 */

#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>

#include "../conn.h"
#include "../ctx.h"
#include "fixture.h"

#define CERT_LEN	4096
#define CHAIN_CERTS	3
#define NAME_LEN	22
#define NAMES		150
#define ROUNDS		64

/* What this task allocates while it is looked at. */
struct counter {
	const struct task_struct *task;
	unsigned int n;
};

static const char * const points[] = {
	"kmalloc", "kmalloc_node", "kmem_cache_alloc", "kmem_cache_alloc_node",
};

static struct counter counter;
static unsigned int registered;

/* Whatever else a tracepoint tells, it comes behind. */
static void count(void *data)
{
	if (READ_ONCE(counter.task) == current)
		counter.n++;
}

static bool is_wanted(const struct tracepoint *point)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(points); i++)
		if (!strcmp(point->name, points[i]))
			return true;
	return false;
}

static void watch(struct tracepoint *point, void *priv)
{
	if (is_wanted(point) && !tracepoint_probe_register(point, count, NULL))
		registered++;
}

static void unwatch(struct tracepoint *point, void *priv)
{
	if (is_wanted(point))
		tracepoint_probe_unregister(point, count, NULL);
}

static int alloc_suite_init(struct kunit_suite *suite)
{
	for_each_kernel_tracepoint(watch, NULL);
	return registered ? 0 : -ENOENT;
}

static void alloc_suite_exit(struct kunit_suite *suite)
{
	for_each_kernel_tracepoint(unwatch, NULL);
	tracepoint_synchronize_unregister();
}

static struct kssl *made_by_new(struct kssl *s)
{
	return kssl_new(s->ctx);
}

static struct kssl *made_by_dup(struct kssl *s)
{
	return kssl_dup(s);
}

static void *alloc(struct kunit *test, size_t len)
{
	void *data = kunit_kzalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	return data;
}

/* @n elements of DER, of @len bytes each, of which most are zero. */
static const void *make_der(struct kunit *test, size_t len, unsigned int n)
{
	u8 *der = alloc(test, n * len);
	unsigned int i;

	for (i = 0; i < n; i++) {
		u8 *at = der + i * len;

		at[0] = 0x30;
		if (len < 128) {
			at[1] = len - 2;
			continue;
		}
		at[1] = 0x82;
		at[2] = (len - 4) >> 8;
		at[3] = (len - 4) & 0xff;
	}
	return der;
}

/* A chain, names of authorities, and as much of a session as there can be. */
static struct kssl *make_full(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	const void *chain = make_der(test, CERT_LEN, CHAIN_CERTS);
	const void *names = make_der(test, NAME_LEN, NAMES);
	const struct kssl_value rows[] = {
		{ .attr = KSSL_A_SETTINGS_CERTIFICATE_RSA, .data = chain,
		  .len = CERT_LEN },
		{ .attr = KSSL_A_SETTINGS_CHAIN_RSA, .data = chain,
		  .len = CHAIN_CERTS * CERT_LEN },
		{ .attr = KSSL_A_SETTINGS_CA_LIST, .data = names,
		  .len = NAMES * NAME_LEN },
	};
	const struct kssl_value session = {
		.attr	= KSSL_A_SETTINGS_SESSION,
		.data	= alloc(test, KSSL_BLOB_MAX),
		.len	= KSSL_BLOB_MAX,
	};
	struct kssl *s;

	KUNIT_ASSERT_EQ(test, kssl_ctx_set(ctx, rows, ARRAY_SIZE(rows), NULL),
			0);
	s = kssl_test_new(test, ctx);
	KUNIT_ASSERT_EQ(test, kssl_set(s, &session, 1, NULL), 0);
	return s;
}

static struct kssl *make_empty(struct kunit *test)
{
	return kssl_test_new(test, kssl_test_ctx(test, KSSL_METHOD_EITHER));
}

static unsigned int count_one(struct kunit *test, struct kssl *s,
			      struct kssl *(*make)(struct kssl *s))
{
	struct kssl *made;

	counter.n = 0;
	WRITE_ONCE(counter.task, current);
	made = make(s);
	WRITE_ONCE(counter.task, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(made));
	kssl_free(made);
	return counter.n;
}

/*
 * How many allocations @make takes at least. By turns, because the table of ids
 * allocates for some of them.
 */
static void expect_same(struct kunit *test,
			struct kssl *(*make)(struct kssl *s))
{
	struct kssl *empty = make_empty(test), *full = make_full(test);
	unsigned int i, of_empty = UINT_MAX, of_full = UINT_MAX;

	for (i = 0; i < ROUNDS; i++) {
		of_empty = min(of_empty, count_one(test, empty, make));
		of_full = min(of_full, count_one(test, full, make));
	}
	KUNIT_EXPECT_GT(test, of_empty, 0U);
	KUNIT_EXPECT_EQ(test, of_full, of_empty);
}

static void new_allocates_the_same(struct kunit *test)
{
	expect_same(test, made_by_new);
}

static void dup_allocates_the_same(struct kunit *test)
{
	expect_same(test, made_by_dup);
}

static void set_is_seen_to_allocate(struct kunit *test)
{
	const struct kssl_value session = {
		.attr	= KSSL_A_SETTINGS_SESSION,
		.data	= "session",
		.len	= 7,
	};
	struct kssl *s = make_empty(test);
	int err;

	counter.n = 0;
	WRITE_ONCE(counter.task, current);
	err = kssl_set(s, &session, 1, NULL);
	WRITE_ONCE(counter.task, NULL);

	/* The snapshot and the value. */
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_GE(test, counter.n, 2U);
}

static struct kunit_case alloc_cases[] = {
	KUNIT_CASE(new_allocates_the_same),
	KUNIT_CASE(dup_allocates_the_same),
	KUNIT_CASE(set_is_seen_to_allocate),
	{}
};

static struct kunit_suite alloc_suite = {
	.name		= "kssl_alloc",
	.suite_init	= alloc_suite_init,
	.suite_exit	= alloc_suite_exit,
	.init		= kssl_test_init,
	.test_cases	= alloc_cases,
};

kunit_test_suite(alloc_suite);
