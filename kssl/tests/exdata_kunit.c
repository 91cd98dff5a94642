// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of ex_data: who has which pointer, and that each is freed once.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/workqueue.h>

#include <net/net_namespace.h>

#include "../conn.h"
#include "../ctx.h"
#include "fixture.h"

/* What the functions do with pointers, which are numbers here. */
struct ledger {
	int index;
	int dups;
	int frees;
	uintptr_t freed;
	int err;
};

static void *ledger_dup(void *ptr, void *arg)
{
	struct ledger *ledger = arg;

	if (ledger->err)
		return ERR_PTR(ledger->err);
	ledger->dups++;
	return ptr + 1;
}

static void ledger_free(void *ptr, void *arg)
{
	struct ledger *ledger = arg;

	ledger->frees++;
	ledger->freed += (uintptr_t)ptr;
}

static void give_back(void *arg)
{
	struct ledger *ledger = arg;

	if (ledger->index >= 0)
		kssl_free_ex_index(ledger->index);
}

static struct ledger *take_index(struct kunit *test)
{
	struct ledger *ledger;

	ledger = kunit_kzalloc(test, sizeof(*ledger), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ledger);
	ledger->index = kssl_get_ex_new_index(ledger, ledger_dup, ledger_free);
	KUNIT_ASSERT_GE(test, ledger->index, 0);
	kssl_test_defer(test, give_back, ledger);
	return ledger;
}

static void set(struct kunit *test, struct kssl *s, int index, uintptr_t ptr)
{
	KUNIT_ASSERT_EQ(test, kssl_set_ex_data(s, index, (void *)ptr), 0);
}

static uintptr_t get(struct kssl *s, int index)
{
	return (uintptr_t)kssl_get_ex_data(s, index);
}

/* A connection that the test frees itself. */
static struct kssl *new_conn(struct kunit *test)
{
	struct kssl *s = kssl_new(kssl_test_ctx(test, KSSL_METHOD_EITHER));

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	return s;
}

static void exdata_is_kept_until_release(struct kunit *test)
{
	struct ledger *one = take_index(test), *two = take_index(test);
	struct kssl *s = new_conn(test);

	/* Act */
	set(test, s, one->index, 10);

	/* Assert */
	KUNIT_EXPECT_EQ(test, get(s, one->index), 10UL);
	KUNIT_EXPECT_EQ(test, get(s, two->index), 0UL);
	KUNIT_EXPECT_EQ(test, one->frees, 0);
	kssl_free(s);
	KUNIT_EXPECT_EQ(test, one->frees, 1);
	KUNIT_EXPECT_EQ(test, one->freed, 10UL);
	KUNIT_EXPECT_EQ(test, two->frees, 0);
}

static void exdata_costs_nothing_unless_used(struct kunit *test)
{
	struct ledger *ledger = take_index(test);
	struct kssl *s = kssl_test_new(test, kssl_test_ctx(test,
						KSSL_METHOD_EITHER));

	KUNIT_EXPECT_EQ(test, get(s, ledger->index), 0UL);
	KUNIT_EXPECT_NULL(test, kssl_test_dup(test, s)->object.exdata);
	KUNIT_EXPECT_NULL(test, s->object.exdata);
}

static void exdata_of_a_context_stays_with_it(struct kunit *test)
{
	struct ledger *ledger = take_index(test);
	struct kssl_ctx *ctx = kssl_ctx_new(&init_net, KSSL_METHOD_EITHER);
	struct kssl *s;

	/* Arrange */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	KUNIT_EXPECT_EQ(test, kssl_ctx_set_ex_data(ctx, ledger->index,
						   (void *)7UL), 0);

	/* Act */
	s = kssl_new(ctx);

	/* Assert */
	KUNIT_EXPECT_PTR_EQ(test, kssl_ctx_get_ex_data(ctx, ledger->index),
			    (void *)7UL);
	if (!IS_ERR(s)) {
		KUNIT_EXPECT_EQ(test, get(s, ledger->index), 0UL);
		kssl_free(s);
	}
	kssl_ctx_free(ctx);
	KUNIT_EXPECT_EQ(test, ledger->frees, 1);
	KUNIT_EXPECT_EQ(test, ledger->dups, 0);
}

static void exdata_is_duplicated(struct kunit *test)
{
	struct ledger *ledger = take_index(test);
	struct kssl *s = new_conn(test), *dup;

	/* Arrange */
	set(test, s, ledger->index, 10);

	/* Act */
	dup = kssl_dup(s);

	/* Assert */
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dup);
	KUNIT_EXPECT_EQ(test, get(s, ledger->index), 10UL);
	KUNIT_EXPECT_EQ(test, get(dup, ledger->index), 11UL);
	kssl_free(s);
	kssl_free(dup);
	KUNIT_EXPECT_EQ(test, ledger->frees, 2);
	KUNIT_EXPECT_EQ(test, ledger->freed, 21UL);
}

static void exdata_without_functions_is_copied(struct kunit *test)
{
	int index = kssl_get_ex_new_index(NULL, NULL, NULL);
	struct kssl *s = kssl_test_new(test, kssl_test_ctx(test,
						KSSL_METHOD_EITHER));

	KUNIT_ASSERT_GE(test, index, 0);
	set(test, s, index, 10);
	KUNIT_EXPECT_EQ(test, get(kssl_test_dup(test, s), index), 10UL);
	kssl_free_ex_index(index);
}

static void exdata_that_does_not_dup_fails_the_dup(struct kunit *test)
{
	struct ledger *good = take_index(test), *bad = take_index(test);
	struct kssl *s = new_conn(test);

	/* Arrange */
	set(test, s, good->index, 10);
	set(test, s, bad->index, 20);
	bad->err = -EIO;

	/* Act, Assert */
	KUNIT_EXPECT_PTR_EQ(test, kssl_dup(s), (struct kssl *)ERR_PTR(-EIO));
	KUNIT_EXPECT_EQ(test, good->dups, 1);
	KUNIT_EXPECT_EQ(test, good->frees, 1);
	KUNIT_EXPECT_EQ(test, good->freed, 11UL);
	KUNIT_EXPECT_EQ(test, bad->frees, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ctx->conns), 1);
	kssl_free(s);
	KUNIT_EXPECT_EQ(test, good->freed, 21UL);
	KUNIT_EXPECT_EQ(test, bad->freed, 20UL);
}

static void exdata_that_would_be_freed_twice_is_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kssl_get_ex_new_index(NULL, NULL, ledger_free),
			-EINVAL);
}

static void exdata_indices_end(struct kunit *test)
{
	int index[KSSL_EX_INDICES], n = 0, last;

	do {
		last = kssl_get_ex_new_index(NULL, NULL, NULL);
		if (last >= 0 && n < KSSL_EX_INDICES)
			index[n++] = last;
	} while (last >= 0);
	KUNIT_EXPECT_EQ(test, last, -ENOSPC);
	KUNIT_EXPECT_EQ(test, n, KSSL_EX_INDICES);
	while (n)
		kssl_free_ex_index(index[--n]);
}

static void exdata_needs_an_index(struct kunit *test)
{
	struct ledger *ledger = take_index(test);
	struct kssl *s = kssl_test_new(test, kssl_test_ctx(test,
						KSSL_METHOD_EITHER));
	int index = ledger->index;

	KUNIT_EXPECT_EQ(test, kssl_set_ex_data(s, -1, s), -EINVAL);
	KUNIT_EXPECT_EQ(test, kssl_set_ex_data(s, KSSL_EX_INDICES, s),
			-EINVAL);
	KUNIT_EXPECT_NULL(test, kssl_get_ex_data(s, -1));
	KUNIT_EXPECT_NULL(test, kssl_get_ex_data(s, KSSL_EX_INDICES));
	ledger->index = -1;
	kssl_free_ex_index(index);
	KUNIT_EXPECT_EQ(test, kssl_set_ex_data(s, index, s), -EINVAL);
}

static void exdata_goes_with_its_index(struct kunit *test)
{
	struct ledger *ledger = take_index(test), *next;
	struct kssl *one = new_conn(test), *two = new_conn(test);
	int index = ledger->index;

	/* Arrange */
	set(test, one, index, 10);
	set(test, two, index, 20);

	/* Act */
	ledger->index = -1;
	kssl_free_ex_index(index);

	/* Assert */
	KUNIT_EXPECT_EQ(test, ledger->frees, 2);
	KUNIT_EXPECT_EQ(test, ledger->freed, 30UL);
	next = take_index(test);
	KUNIT_EXPECT_EQ(test, next->index, index);
	KUNIT_EXPECT_EQ(test, get(one, index), 0UL);
	kssl_free(one);
	kssl_free(two);
	KUNIT_EXPECT_EQ(test, ledger->frees + next->frees, 2);
}

/* A dup function that does not return until it is told to. */
struct slow {
	struct work_struct work;
	struct kssl *s;
	struct kssl *dup;
	struct completion begun;
	struct completion go_on;
	atomic_t freed;
};

static void *slow_dup(void *ptr, void *arg)
{
	struct slow *slow = arg;

	complete(&slow->begun);
	wait_for_completion(&slow->go_on);
	return ptr;
}

static void slow_free(void *ptr, void *arg)
{
	struct slow *slow = arg;

	atomic_inc(&slow->freed);
}

static void slow_work(struct work_struct *work)
{
	struct slow *slow = container_of(work, struct slow, work);

	slow->dup = kssl_dup(slow->s);
}

struct freeing {
	struct work_struct work;
	int index;
	struct completion done;
};

static void freeing_work(struct work_struct *work)
{
	struct freeing *freeing = container_of(work, struct freeing, work);

	kssl_free_ex_index(freeing->index);
	complete(&freeing->done);
}

static void exdata_index_waits_for_a_dup(struct kunit *test)
{
	struct slow slow = { .s = new_conn(test) };
	struct freeing freeing;

	/* Arrange */
	init_completion(&slow.begun);
	init_completion(&slow.go_on);
	init_completion(&freeing.done);
	INIT_WORK_ONSTACK(&slow.work, slow_work);
	INIT_WORK_ONSTACK(&freeing.work, freeing_work);
	freeing.index = kssl_get_ex_new_index(&slow, slow_dup, slow_free);
	KUNIT_EXPECT_GE(test, freeing.index, 0);
	KUNIT_EXPECT_EQ(test, kssl_set_ex_data(slow.s, freeing.index, &slow),
			0);
	queue_work(system_unbound_wq, &slow.work);
	wait_for_completion(&slow.begun);

	/* Act */
	queue_work(system_unbound_wq, &freeing.work);
	msleep(50);

	/* Assert */
	KUNIT_EXPECT_FALSE(test, completion_done(&freeing.done));
	KUNIT_EXPECT_EQ(test, atomic_read(&slow.freed), 0);
	complete(&slow.go_on);
	wait_for_completion(&freeing.done);
	flush_work(&slow.work);
	flush_work(&freeing.work);
	KUNIT_EXPECT_EQ(test, atomic_read(&slow.freed), 2);
	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(slow.dup));
	if (!IS_ERR_OR_NULL(slow.dup))
		kssl_free(slow.dup);
	kssl_free(slow.s);
	KUNIT_EXPECT_EQ(test, atomic_read(&slow.freed), 2);
	destroy_work_on_stack(&slow.work);
	destroy_work_on_stack(&freeing.work);
}

/* An index whose first free takes its time. */
struct stalling {
	struct completion begun;
	struct completion go_on;
	int freed;
};

static void *same_dup(void *ptr, void *arg)
{
	return ptr;
}

static void stalling_free(void *ptr, void *arg)
{
	struct stalling *stalling = arg;

	if (!stalling->freed++) {
		complete(&stalling->begun);
		wait_for_completion(&stalling->go_on);
	}
}

/* Both go through all objects, and neither may pass the other. */
static void exdata_indices_end_together(struct kunit *test)
{
	struct ledger *ledger = take_index(test);
	struct freeing first, second = { .index = ledger->index };
	struct stalling stalling = {};
	struct kssl *s[2];
	int i;

	/* Arrange */
	init_completion(&stalling.begun);
	init_completion(&stalling.go_on);
	init_completion(&first.done);
	init_completion(&second.done);
	INIT_WORK_ONSTACK(&first.work, freeing_work);
	INIT_WORK_ONSTACK(&second.work, freeing_work);
	first.index = kssl_get_ex_new_index(&stalling, same_dup,
					    stalling_free);
	KUNIT_EXPECT_GE(test, first.index, 0);
	for (i = 0; i < ARRAY_SIZE(s); i++) {
		s[i] = new_conn(test);
		set(test, s[i], first.index, 1);
		set(test, s[i], second.index, 1);
	}
	queue_work(system_unbound_wq, &first.work);
	wait_for_completion(&stalling.begun);

	/* Act */
	ledger->index = -1;
	queue_work(system_unbound_wq, &second.work);
	msleep(50);

	/* Assert */
	KUNIT_EXPECT_FALSE(test, completion_done(&second.done));
	complete(&stalling.go_on);
	wait_for_completion(&first.done);
	wait_for_completion(&second.done);
	flush_work(&first.work);
	flush_work(&second.work);
	KUNIT_EXPECT_EQ(test, stalling.freed, 2);
	KUNIT_EXPECT_EQ(test, ledger->frees, 2);
	for (i = 0; i < ARRAY_SIZE(s); i++)
		kssl_free(s[i]);
	KUNIT_EXPECT_EQ(test, ledger->frees, 2);
	destroy_work_on_stack(&first.work);
	destroy_work_on_stack(&second.work);
}

static struct kunit_case exdata_cases[] = {
	KUNIT_CASE(exdata_is_kept_until_release),
	KUNIT_CASE(exdata_costs_nothing_unless_used),
	KUNIT_CASE(exdata_of_a_context_stays_with_it),
	KUNIT_CASE(exdata_is_duplicated),
	KUNIT_CASE(exdata_without_functions_is_copied),
	KUNIT_CASE(exdata_that_does_not_dup_fails_the_dup),
	KUNIT_CASE(exdata_that_would_be_freed_twice_is_refused),
	KUNIT_CASE(exdata_indices_end),
	KUNIT_CASE(exdata_needs_an_index),
	KUNIT_CASE(exdata_goes_with_its_index),
	KUNIT_CASE(exdata_index_waits_for_a_dup),
	KUNIT_CASE(exdata_indices_end_together),
	{}
};

static struct kunit_suite exdata_suite = {
	.name		= "kssl_exdata",
	.init		= kssl_test_init,
	.test_cases	= exdata_cases,
};

kunit_test_suite(exdata_suite);
