// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of dup: which rows the new connection has from the old one and
 * which from the context, and when there is no new one.
 */

#include <linux/cred.h>

#include "../conn.h"
#include "../ctx.h"
#include "fixture.h"

/* A row, what the connection has, and what the context has afterwards. */
struct row_param {
	u16 attr;
	bool copied;
	bool ctx_only;
	struct kssl_value conn;
	struct kssl_value ctx;
};

static const u16 list_of_conn[] = { 0xc030 };
static const u16 list_of_ctx[] = { 0xc02f };
static const u16 suites_of_conn[] = { 0x1303 };
static const u16 suites_of_ctx[] = { 0x1301 };

#define NUM(_num) { .num = (_num), .mask = U64_MAX }
#define DATA(_data, _len) { .data = (_data), .len = (_len) }
#define LIST(_list) DATA(_list, sizeof(_list))

static const struct row_param row_params[] = {
	{ KSSL_A_SETTINGS_OPTIONS, true, false, NUM(1), NUM(2) },
	{ KSSL_A_SETTINGS_MODE, true, false, NUM(1), NUM(2) },
	{ KSSL_A_SETTINGS_MIN_PROTO, true, false, NUM(0x303), NUM(0x302) },
	{ KSSL_A_SETTINGS_MAX_PROTO, true, false, NUM(0x303), NUM(0x304) },
	{ KSSL_A_SETTINGS_VERIFY_MODE, true, false, NUM(1), NUM(3) },
	{ KSSL_A_SETTINGS_VERIFY_DEPTH, true, false, NUM(1), NUM(2) },
	{ KSSL_A_SETTINGS_CIPHER_LIST, true, false, LIST(list_of_conn),
	  LIST(list_of_ctx) },
	{ KSSL_A_SETTINGS_CIPHERSUITES, true, false, LIST(suites_of_conn),
	  LIST(suites_of_ctx) },
	{ KSSL_A_SETTINGS_MAX_CERT_LIST, true, false, NUM(1), NUM(2) },
	{ KSSL_A_SETTINGS_READ_AHEAD, true, false, NUM(1), NUM(0) },
	{ KSSL_A_SETTINGS_TIMEOUT, false, true, NUM(0), NUM(2) },
	{ KSSL_A_SETTINGS_LABEL, false, false, DATA("conn", 4),
	  DATA("ctx", 3) },
};

static void row_desc(const struct row_param *param, char *desc)
{
	const struct kssl_row *row = kssl_test_row(param->attr);

	strscpy(desc, row ? row->name : "no row", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(row, row_params, row_desc);

static struct kssl_value value_of(const struct row_param *param,
				  const struct kssl_value *from)
{
	struct kssl_value value = *from;

	value.attr = param->attr;
	value.mask &= kssl_test_row(param->attr)->bits;
	if (kssl_test_row(param->attr)->bits)
		value.num &= kssl_test_row(param->attr)->bits;
	return value;
}

static void expect_value(struct kunit *test, const struct kssl *s,
			 const struct kssl_value *value)
{
	enum kssl_row_id id = kssl_test_row(value->attr) - kssl_rows;
	const struct kssl_blob *blob;

	if (!kssl_row_is_blob(&kssl_rows[id])) {
		KUNIT_EXPECT_EQ(test, kssl_settings_num(&s->settings, id),
				value->num);
		return;
	}
	blob = kssl_settings_blob(&s->settings, id);
	KUNIT_ASSERT_NOT_NULL(test, blob);
	KUNIT_ASSERT_EQ(test, blob->len, value->len);
	KSSL_EXPECT_MEM(test, blob->data, value->data, value->len);
}

static void dup_copies_this_row_or_not(struct kunit *test)
{
	const struct row_param *param = test->param_value;
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx), *dup;
	struct kssl_value conn = value_of(param, &param->conn);
	struct kssl_value later = value_of(param, &param->ctx);

	/* Arrange */
	if (!param->ctx_only)
		KUNIT_ASSERT_EQ(test, kssl_set(s, &conn, 1, NULL), 0);
	KUNIT_ASSERT_EQ(test, kssl_ctx_set(ctx, &later, 1, NULL), 0);

	/* Act */
	dup = kssl_test_dup(test, s);

	/* Assert */
	KUNIT_EXPECT_PTR_NE(test, dup, s);
	expect_value(test, dup, param->copied ? &conn : &later);
}

static void dup_copies_the_role(struct kunit *test)
{
	const struct kssl_value server = {
		.attr	= KSSL_A_SETTINGS_ROLE,
		.num	= KSSL_ROLE_SERVER,
	};
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx), *dup;

	/* Arrange */
	KUNIT_ASSERT_EQ(test, kssl_set(s, &server, 1, NULL), 0);

	/* Act */
	dup = kssl_test_dup(test, s);

	/* Assert */
	expect_value(test, dup, &server);
	KUNIT_EXPECT_EQ(test, kssl_settings_role(&dup->settings),
			KSSL_ROLE_SERVER);
}

static void dup_has_the_method_of_its_context(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl *s = kssl_test_new(test, ctx), *dup;

	dup = kssl_test_dup(test, s);
	KUNIT_EXPECT_EQ(test, kssl_settings_num(&dup->settings,
						KSSL_ROW_METHOD),
			(u64)KSSL_METHOD_CLIENT);
}

static void dup_is_another_connection(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx), *dup;

	/* Act */
	dup = kssl_test_dup(test, s);

	/* Assert */
	KUNIT_EXPECT_PTR_NE(test, dup, s);
	KUNIT_EXPECT_NE(test, kssl_id(dup), kssl_id(s));
	KUNIT_EXPECT_PTR_EQ(test, dup->ctx, ctx);
	KUNIT_EXPECT_EQ(test, kssl_get_state(dup), KSSL_STATE_INITIAL);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&dup->object), 1);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&s->object), 1);
	KUNIT_EXPECT_PTR_EQ(test, dup->object.cred, current_cred());
}

static void dup_changes_alone(struct kunit *test)
{
	const struct kssl_value depth = {
		.attr	= KSSL_A_SETTINGS_VERIFY_DEPTH,
		.num	= 9,
	};
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl *dup = kssl_test_dup(test, s);

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_set(dup, &depth, 1, NULL), 0);

	/* Assert */
	KUNIT_EXPECT_EQ(test,
			kssl_settings_num(&s->settings,
					  KSSL_ROW_VERIFY_DEPTH), (u64)-1);
	KUNIT_EXPECT_EQ(test,
			kssl_settings_num(&dup->settings,
					  KSSL_ROW_VERIFY_DEPTH), 9ULL);
}

static void dup_does_not_have_the_last_result(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl *s = kssl_test_new(test, ctx), *dup;
	struct kssl_view view;

	/* Arrange */
	KUNIT_ASSERT_EQ(test, kssl_conn_claim(s, BIT(KSSL_STATE_INITIAL),
					      NULL), 0);
	kssl_conn_unclaim(s, -ENOTCONN, NULL);

	/* Act */
	dup = kssl_test_dup(test, s);
	kssl_conn_view(dup, &view);

	/* Assert */
	KUNIT_EXPECT_PTR_NE(test, dup, s);
	KUNIT_EXPECT_EQ(test, view.result, 0);
	KUNIT_EXPECT_EQ(test, view.family, 0);
	KUNIT_EXPECT_EQ(test, view.version, 0);
}

/* How a connection gets out of state initial. */
static void bring_to(struct kunit *test, struct kssl *s, enum kssl_state state)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);

	if (state == KSSL_STATE_ESTABLISHED)
		kssl_test_attach(test, s, pair->client);
	else
		KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);
	if (state == KSSL_STATE_ERROR)
		KUNIT_ASSERT_EQ(test, kssl_fail(s, NULL), 0);
	if (state == KSSL_STATE_CLOSED)
		kssl_test_close(&pair->client);
	KUNIT_ASSERT_EQ(test, kssl_get_state(s), state);
}

static const enum kssl_state state_params[] = {
	KSSL_STATE_HANDSHAKE, KSSL_STATE_ESTABLISHED, KSSL_STATE_CLOSED,
	KSSL_STATE_ERROR,
};

static void state_desc(const enum kssl_state *state, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "state %d", *state);
}

KUNIT_ARRAY_PARAM(state, state_params, state_desc);

static void dup_is_the_same_when_not_initial(struct kunit *test)
{
	enum kssl_state state = *(const enum kssl_state *)test->param_value;
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl *s = kssl_test_new(test, ctx), *dup;
	u32 refs;

	/* Arrange */
	bring_to(test, s, state);
	refs = kssl_object_refs(&s->object);

	/* Act */
	dup = kssl_dup(s);

	/* Assert */
	KUNIT_ASSERT_PTR_EQ(test, dup, s);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&s->object), refs + 1);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), state);
	kssl_free(dup);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&s->object), refs);
}

static void dup_is_the_same_while_busy(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl *s = kssl_test_new(test, ctx), *dup;

	/* Arrange */
	KUNIT_ASSERT_EQ(test, kssl_conn_claim(s, BIT(KSSL_STATE_INITIAL),
					      NULL), 0);

	/* Act */
	dup = kssl_test_dup(test, s);
	kssl_conn_unclaim(s, 0, NULL);

	/* Assert */
	KUNIT_EXPECT_PTR_EQ(test, dup, s);
}

static void dup_is_another_after_clear(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl *s = kssl_test_new(test, ctx), *dup;

	/* Arrange */
	bring_to(test, s, KSSL_STATE_ERROR);
	KUNIT_ASSERT_EQ(test, kssl_clear(s, NULL), 0);

	/* Act */
	dup = kssl_test_dup(test, s);

	/* Assert */
	KUNIT_EXPECT_PTR_NE(test, dup, s);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&s->object), 1);
}

static struct kunit_case dup_cases[] = {
	KUNIT_CASE_PARAM(dup_copies_this_row_or_not, row_gen_params),
	KUNIT_CASE(dup_copies_the_role),
	KUNIT_CASE(dup_has_the_method_of_its_context),
	KUNIT_CASE(dup_is_another_connection),
	KUNIT_CASE(dup_changes_alone),
	KUNIT_CASE(dup_does_not_have_the_last_result),
	KUNIT_CASE_PARAM(dup_is_the_same_when_not_initial, state_gen_params),
	KUNIT_CASE(dup_is_the_same_while_busy),
	KUNIT_CASE(dup_is_another_after_clear),
	{}
};

static struct kunit_suite dup_suite = {
	.name		= "kssl_dup",
	.suite_init	= kssl_test_net_init,
	.init		= kssl_test_init,
	.test_cases	= dup_cases,
};

kunit_test_suite(dup_suite);
