// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of changes of settings: rows that contradict each other, all or
 * nothing, and what snapshots share.
 */

#include <linux/refcount.h>

#include <net/net_namespace.h>

#include "../conn.h"
#include "../ctx.h"
#include "../settings.h"
#include "fixture.h"

#define NUM(_attr, _num) { .attr = KSSL_A_SETTINGS_ ## _attr, .num = (_num) }
#define TEXT(_attr, _text)				\
	{						\
		.attr	= KSSL_A_SETTINGS_ ## _attr,	\
		.data	= (_text),			\
		.len	= sizeof(_text) - 1,		\
	}

/* Rows that contradict each other */

struct conflict_param {
	const char *name;
	bool conn_only;
	struct kssl_value had;
	struct kssl_value values[2];
	int err;
	u16 blamed;
};

static const struct conflict_param conflict_params[] = {
	{
		.name	= "min-proto above max-proto in one request",
		.values	= { NUM(MAX_PROTO, 0x0302), NUM(MIN_PROTO, 0x0303) },
		.err	= -EINVAL,
		.blamed	= KSSL_A_SETTINGS_MIN_PROTO,
	}, {
		.name	= "min-proto above the max-proto there was",
		.had	= NUM(MAX_PROTO, 0x0303),
		.values	= { NUM(MIN_PROTO, 0x0304) },
		.err	= -EINVAL,
		.blamed	= KSSL_A_SETTINGS_MIN_PROTO,
	}, {
		.name	= "max-proto below the min-proto there was",
		.had	= NUM(MIN_PROTO, 0x0303),
		.values	= { NUM(MAX_PROTO, 0x0301) },
		.err	= -EINVAL,
		.blamed	= KSSL_A_SETTINGS_MAX_PROTO,
	}, {
		.name	= "a label, then max-proto below min-proto",
		.had	= NUM(MIN_PROTO, 0x0303),
		.values	= { TEXT(LABEL, "x"), NUM(MAX_PROTO, 0x0301) },
		.err	= -EINVAL,
		.blamed	= KSSL_A_SETTINGS_MAX_PROTO,
	}, {
		.name	= "min-proto and max-proto the same",
		.values	= { NUM(MAX_PROTO, 0x0303), NUM(MIN_PROTO, 0x0303) },
	}, {
		.name	= "any max-proto",
		.had	= NUM(MIN_PROTO, 0x0304),
		.values	= { NUM(MAX_PROTO, 0) },
	}, {
		.name	= "any min-proto",
		.had	= NUM(MAX_PROTO, 0x0301),
		.values	= { NUM(MIN_PROTO, 0) },
	}, {
		.name	= "both moved past where they were",
		.had	= NUM(MAX_PROTO, 0x0302),
		.values	= { NUM(MIN_PROTO, 0x0303), NUM(MAX_PROTO, 0x0304) },
	}, {
		.name	= "fail-if-no-peer-cert without peer",
		.values	= { NUM(VERIFY_MODE, 2) },
		.err	= -EINVAL,
		.blamed	= KSSL_A_SETTINGS_VERIFY_MODE,
	}, {
		.name	= "client-once without peer",
		.had	= NUM(VERIFY_MODE, 5),
		.values	= { TEXT(LABEL, "x"), NUM(VERIFY_MODE, 4) },
		.err	= -EINVAL,
		.blamed	= KSSL_A_SETTINGS_VERIFY_MODE,
	}, {
		.name	= "post-handshake without peer",
		.values	= { NUM(VERIFY_MODE, 8) },
		.err	= -EINVAL,
		.blamed	= KSSL_A_SETTINGS_VERIFY_MODE,
	}, {
		.name	= "post-handshake with peer",
		.values	= { NUM(VERIFY_MODE, 9) },
	}, {
		.name	= "role server of method client",
		.conn_only = true,
		.had	= NUM(METHOD, KSSL_METHOD_CLIENT),
		.values	= { NUM(ROLE, KSSL_ROLE_SERVER) },
		.err	= -EINVAL,
		.blamed	= KSSL_A_SETTINGS_ROLE,
	}, {
		.name	= "a label, then role client of method server",
		.conn_only = true,
		.had	= NUM(METHOD, KSSL_METHOD_SERVER),
		.values	= { TEXT(LABEL, "x"), NUM(ROLE, KSSL_ROLE_CLIENT) },
		.err	= -EINVAL,
		.blamed	= KSSL_A_SETTINGS_ROLE,
	}, {
		.name	= "role server of method server",
		.conn_only = true,
		.had	= NUM(METHOD, KSSL_METHOD_SERVER),
		.values	= { NUM(ROLE, KSSL_ROLE_SERVER) },
	}, {
		.name	= "role server of either",
		.conn_only = true,
		.values	= { NUM(ROLE, KSSL_ROLE_SERVER) },
	}, {
		.name	= "role unset of method client",
		.conn_only = true,
		.had	= NUM(METHOD, KSSL_METHOD_CLIENT),
		.values	= { NUM(ROLE, KSSL_ROLE_UNSET) },
	},
};

static void conflict_desc(const struct conflict_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(conflict, conflict_params, conflict_desc);

static void replace(struct kssl_settings *settings,
		    const struct kssl_settings *new)
{
	kssl_settings_put(settings);
	*settings = *new;
}

static void arrange(struct kunit *test, struct kssl_settings *settings,
		    const struct kssl_value *value)
{
	struct kssl_settings new;
	int err;

	if (!value->attr)
		return;
	err = kssl_settings_change(settings, value, 1, KSSL_LEVEL_ANY, false,
				   &new, NULL);
	KUNIT_ASSERT_EQ(test, err, 0);
	replace(settings, &new);
}

static void expect_conflict(struct kunit *test, u8 level)
{
	const struct conflict_param *param = test->param_value;
	struct kssl_settings *settings = kssl_test_settings(test);
	struct kssl_reason why = {};
	struct kssl_settings new;
	int err;

	/* Arrange */
	arrange(test, settings, &param->had);

	/* Act */
	err = kssl_settings_change(settings, param->values,
				   param->values[1].attr ? 2 : 1, level,
				   false, &new, &why);

	/* Assert */
	KUNIT_EXPECT_EQ(test, err, param->err);
	if (!err)
		kssl_settings_put(&new);
	KUNIT_EXPECT_EQ(test, !why.text, !err);
	KUNIT_EXPECT_EQ(test, why.attr, err ? KSSL_A_SETTINGS : 0);
	KUNIT_EXPECT_EQ(test, why.nested, param->blamed);
}

static void snapshot_conflicts_are_refused(struct kunit *test)
{
	const struct conflict_param *param = test->param_value;

	expect_conflict(test, KSSL_LEVEL_CONN);
	if (param->conn_only)
		return;
	expect_conflict(test, KSSL_LEVEL_CTX);
	expect_conflict(test, KSSL_LEVEL_NEW_CTX);
}

/* All or nothing */

static const struct kssl_value good = NUM(MAX_CERT_LIST, 7);
static const struct kssl_value good_label = TEXT(LABEL, "good");
static const struct kssl_value bad = NUM(READ_AHEAD, 2);

static void expect_nothing(struct kunit *test, const struct kssl_value *values,
			   unsigned int n)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx);

	/* Act */
	KUNIT_EXPECT_EQ(test, kssl_set(s, values, n, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, kssl_ctx_set(ctx, values, n, NULL), -EINVAL);

	/* Assert: they still share what they had */
	KUNIT_EXPECT_PTR_EQ(test, s->settings.dup, ctx->settings.dup);
	KUNIT_EXPECT_PTR_EQ(test, s->settings.inherit, ctx->settings.inherit);
	KUNIT_EXPECT_EQ(test,
			kssl_settings_num(&s->settings,
					  KSSL_ROW_MAX_CERT_LIST), 102400ULL);
	KUNIT_EXPECT_NULL(test, kssl_settings_blob(&s->settings,
						   KSSL_ROW_LABEL));
}

static void snapshot_bad_row_after_good_ones(struct kunit *test)
{
	const struct kssl_value values[] = { good, good_label, bad };

	expect_nothing(test, values, ARRAY_SIZE(values));
}

static void snapshot_bad_row_before_good_ones(struct kunit *test)
{
	const struct kssl_value values[] = { bad, good, good_label };

	expect_nothing(test, values, ARRAY_SIZE(values));
}

static void snapshot_conflict_among_good_ones(struct kunit *test)
{
	const struct kssl_value values[] = {
		good, good_label, NUM(VERIFY_MODE, 2),
	};

	expect_nothing(test, values, ARRAY_SIZE(values));
}

/* What changes share */

static struct kssl_snapshot *other(const struct kssl_settings *settings,
				   const struct kssl_snapshot *snapshot)
{
	return snapshot == settings->dup ? settings->inherit : settings->dup;
}

/* @value is the only difference between @old and @new. */
static void expect_change(struct kunit *test, const struct kssl_settings *old,
			  const struct kssl_settings *new,
			  const struct kssl_value *value)
{
	const union kssl_slot *was, *is;
	enum kssl_row_id id;

	for (id = 0; id < KSSL_ROWS; id++) {
		was = kssl_settings_slot(old, id);
		is = kssl_settings_slot(new, id);
		if (kssl_rows[id].attr == value->attr)
			continue;
		if (kssl_row_is_blob(&kssl_rows[id]))
			KUNIT_EXPECT_PTR_EQ(test, is->blob, was->blob);
		else
			KUNIT_EXPECT_EQ(test, is->num, was->num);
	}
}

struct change_param {
	const char *name;
	bool dup;
	struct kssl_value value;
};

static const u16 one_suite[] = { 0x1302 };

static const struct change_param change_params[] = {
	{ "a number that dup copies", true, NUM(READ_AHEAD, 1) },
	{ "a list", true, {
		.attr = KSSL_A_SETTINGS_CIPHERSUITES,
		.data = one_suite, .len = sizeof(one_suite) } },
	{ "a number that dup does not copy", false, NUM(TIMEOUT, 5) },
	{ "a text", false, TEXT(LABEL, "new") },
};

static void change_desc(const struct change_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(change, change_params, change_desc);

static void snapshot_change_copies_one(struct kunit *test)
{
	const struct change_param *param = test->param_value;
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl_snapshot *was, *is;
	struct kssl_settings old, new;
	int err;

	/* Act */
	err = kssl_ctx_change(ctx, &param->value, 1, &old, &new, NULL);
	KUNIT_ASSERT_EQ(test, err, 0);
	was = param->dup ? old.dup : old.inherit;
	is = param->dup ? new.dup : new.inherit;

	/* Assert */
	KUNIT_EXPECT_PTR_NE(test, is, was);
	KUNIT_EXPECT_GT(test, is->number, was->number);
	KUNIT_EXPECT_PTR_EQ(test, other(&new, is), other(&old, was));
	KUNIT_EXPECT_PTR_EQ(test, ctx->settings.dup, new.dup);
	KUNIT_EXPECT_PTR_EQ(test, ctx->settings.inherit, new.inherit);
	expect_change(test, &old, &new, &param->value);
	kssl_settings_put(&old);
	kssl_settings_put(&new);
}

static int blob_refs(const struct kssl_settings *settings,
		     enum kssl_row_id id)
{
	return refcount_read(&kssl_settings_blob(settings, id)->ref);
}

static void snapshot_copies_share_blobs(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx);
	int refs = blob_refs(&s->settings, KSSL_ROW_CIPHER_LIST);

	/* Act and assert: once for the copy, none for sharing it */
	KUNIT_ASSERT_EQ(test, kssl_ctx_set(ctx, &good, 1, NULL), 0);
	KUNIT_EXPECT_EQ(test, blob_refs(&s->settings, KSSL_ROW_CIPHER_LIST),
			refs + 1);
	kssl_test_new(test, ctx);
	KUNIT_EXPECT_EQ(test, blob_refs(&s->settings, KSSL_ROW_CIPHER_LIST),
			refs + 1);
}

static void snapshot_change_of_nothing(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test), new;
	int err;

	err = kssl_settings_change(settings, NULL, 0, KSSL_LEVEL_CTX, false,
				   &new, NULL);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_PTR_EQ(test, new.dup, settings->dup);
	KUNIT_EXPECT_PTR_EQ(test, new.inherit, settings->inherit);
	kssl_settings_put(&new);
}

static void snapshot_is_immutable(struct kunit *test)
{
	const struct kssl_value values[] = { good, NUM(TIMEOUT, 5) };
	struct kssl_settings *settings = kssl_test_settings(test), new;
	u64 number = settings->dup->number;
	int err;

	/* Act */
	err = kssl_settings_change(settings, values, 2, KSSL_LEVEL_CTX, false,
				   &new, NULL);
	KUNIT_ASSERT_EQ(test, err, 0);
	kssl_settings_put(&new);

	/* Assert */
	KUNIT_EXPECT_EQ(test, settings->dup->number, number);
	KUNIT_EXPECT_EQ(test,
			kssl_settings_num(settings, KSSL_ROW_MAX_CERT_LIST),
			102400ULL);
	KUNIT_EXPECT_EQ(test, kssl_settings_num(settings, KSSL_ROW_TIMEOUT),
			7200ULL);
}

static void snapshot_numbers_are_unique(struct kunit *test)
{
	struct kssl_ctx *one = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl_ctx *two = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	u64 last = 0;
	int i;

	/* The same change again and again still makes another snapshot. */
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_EQ(test, kssl_ctx_set(i & 1 ? one : two, &good, 1,
						   NULL), 0);
		KUNIT_EXPECT_GT(test, (i & 1 ? one : two)->settings.dup->number,
				last);
		last = (i & 1 ? one : two)->settings.dup->number;
	}
	KUNIT_EXPECT_NE(test, one->settings.inherit->number,
			two->settings.inherit->number);
}

static void snapshot_is_shared_by_new(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	int dup = refcount_read(&ctx->settings.dup->ref);
	int inherit = refcount_read(&ctx->settings.inherit->ref);
	struct kssl *s;

	/* Act */
	s = kssl_test_new(test, ctx);

	/* Assert */
	KUNIT_EXPECT_PTR_EQ(test, s->settings.dup, ctx->settings.dup);
	KUNIT_EXPECT_PTR_EQ(test, s->settings.inherit, ctx->settings.inherit);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->settings.dup->ref), dup + 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->settings.inherit->ref),
			inherit + 1);
}

static void snapshot_is_shared_by_dup(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx), *dup;

	/* Arrange: an own snapshot of the rows that dup copies */
	KUNIT_ASSERT_EQ(test, kssl_set(s, &good, 1, NULL), 0);

	/* Act */
	dup = kssl_test_dup(test, s);

	/* Assert */
	KUNIT_EXPECT_PTR_NE(test, s->settings.dup, ctx->settings.dup);
	KUNIT_EXPECT_PTR_EQ(test, dup->settings.dup, s->settings.dup);
	KUNIT_EXPECT_PTR_EQ(test, dup->settings.inherit,
			    ctx->settings.inherit);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->settings.dup->ref), 2);
}

static void snapshot_of_a_connection_stays(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx), *later;
	u64 number = s->settings.dup->number;

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_ctx_set(ctx, &good, 1, NULL), 0);
	later = kssl_test_new(test, ctx);

	/* Assert */
	KUNIT_EXPECT_EQ(test, s->settings.dup->number, number);
	KUNIT_EXPECT_EQ(test,
			kssl_settings_num(&s->settings,
					  KSSL_ROW_MAX_CERT_LIST), 102400ULL);
	KUNIT_EXPECT_EQ(test,
			kssl_settings_num(&later->settings,
					  KSSL_ROW_MAX_CERT_LIST), 7ULL);
}

static void snapshot_of_a_context_stays(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx);
	u64 number = ctx->settings.dup->number;

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_set(s, &good, 1, NULL), 0);

	/* Assert */
	KUNIT_EXPECT_EQ(test, ctx->settings.dup->number, number);
	KUNIT_EXPECT_NE(test, s->settings.dup->number, number);
}

/* How a change is undone whose reply cannot be sent */

static void snapshot_change_can_be_undone(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_settings old, new;

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_ctx_change(ctx, &good, 1, &old, &new, NULL),
			0);
	KUNIT_EXPECT_EQ(test, kssl_ctx_swap(ctx, &new, &old), 0);
	kssl_settings_put(&old);
	kssl_settings_put(&new);
	KUNIT_ASSERT_EQ(test, kssl_conn_change(s, &good, 1, &old, &new, NULL),
			0);
	KUNIT_EXPECT_EQ(test, kssl_conn_swap(s, &new, &old), 0);
	kssl_settings_put(&old);
	kssl_settings_put(&new);

	/* Assert */
	KUNIT_EXPECT_PTR_EQ(test, s->settings.dup, ctx->settings.dup);
	KUNIT_EXPECT_EQ(test,
			kssl_settings_num(&s->settings,
					  KSSL_ROW_MAX_CERT_LIST), 102400ULL);
}

static void snapshot_of_another_is_not_undone(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_settings stale = kssl_conn_settings(s);
	struct kssl_settings has;

	/* Arrange: both have been changed since */
	KUNIT_EXPECT_EQ(test, kssl_set(s, &good, 1, NULL), 0);
	KUNIT_EXPECT_EQ(test, kssl_ctx_set(ctx, &good_label, 1, NULL), 0);
	has = s->settings;

	/* Act and assert */
	KUNIT_EXPECT_EQ(test, kssl_conn_swap(s, &stale, &stale), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kssl_ctx_swap(ctx, &stale, &stale), -EAGAIN);
	KUNIT_EXPECT_PTR_EQ(test, s->settings.dup, has.dup);
	KUNIT_EXPECT_PTR_NE(test, ctx->settings.inherit, stale.inherit);
	kssl_settings_put(&stale);
}

static void snapshot_of_policy_is_not_undone_once_fixed(struct kunit *test)
{
	const struct kssl_value values[] = { good, good_label };
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_settings old, new;
	int i;

	/* The policy of the first may not change meanwhile, the label may. */
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		KUNIT_ASSERT_EQ(test, kssl_conn_change(s, &values[i], 1, &old,
						       &new, NULL), 0);
		KUNIT_EXPECT_EQ(test, kssl_conn_claim(s, ~0u, NULL), 0);
		KUNIT_EXPECT_EQ(test, kssl_conn_swap(s, &new, &old),
				i ? 0 : -EAGAIN);
		kssl_conn_unclaim(s, 0, NULL);
		kssl_settings_put(&old);
		kssl_settings_put(&new);
	}
}

static struct kunit_case snapshot_cases[] = {
	KUNIT_CASE_PARAM(snapshot_conflicts_are_refused, conflict_gen_params),
	KUNIT_CASE(snapshot_bad_row_after_good_ones),
	KUNIT_CASE(snapshot_bad_row_before_good_ones),
	KUNIT_CASE(snapshot_conflict_among_good_ones),
	KUNIT_CASE_PARAM(snapshot_change_copies_one, change_gen_params),
	KUNIT_CASE(snapshot_copies_share_blobs),
	KUNIT_CASE(snapshot_change_of_nothing),
	KUNIT_CASE(snapshot_is_immutable),
	KUNIT_CASE(snapshot_numbers_are_unique),
	KUNIT_CASE(snapshot_is_shared_by_new),
	KUNIT_CASE(snapshot_is_shared_by_dup),
	KUNIT_CASE(snapshot_of_a_connection_stays),
	KUNIT_CASE(snapshot_of_a_context_stays),
	KUNIT_CASE(snapshot_change_can_be_undone),
	KUNIT_CASE(snapshot_of_another_is_not_undone),
	KUNIT_CASE(snapshot_of_policy_is_not_undone_once_fixed),
	{}
};

static struct kunit_suite snapshot_suite = {
	.name		= "kssl_snapshot",
	.init		= kssl_test_init,
	.test_cases	= snapshot_cases,
};

kunit_test_suite(snapshot_suite);
