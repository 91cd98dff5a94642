// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the settings table: that it is whole, that it agrees with the
 * netlink specification and SSL_new(3), and its defaults.
 */

#include "../netlink-gen.h"
#include "../settings.h"
#include "fixture.h"

static enum kssl_row_id id_of(struct kunit *test, u16 attr)
{
	const struct kssl_row *row = kssl_test_row(attr);

	KUNIT_ASSERT_NOT_NULL_MSG(test, row, "attribute %u", attr);
	return row - kssl_rows;
}

/* The table against the specification, of which the policy is made. */

static bool is_no_row(u16 attr)
{
	return attr == KSSL_A_SETTINGS_PAD ||
		attr == KSSL_A_SETTINGS_OPTIONS_MASK ||
		attr == KSSL_A_SETTINGS_MODE_MASK ||
		attr == KSSL_A_SETTINGS_CALLBACKS_COOKIE;
}

static int count_rows(u16 attr)
{
	int i, n = 0;

	for (i = 0; i < KSSL_ROWS; i++)
		n += kssl_rows[i].attr == attr;
	return n;
}

static void table_has_one_row_of_every_attribute(struct kunit *test)
{
	u16 attr;

	for (attr = 1; attr <= KSSL_A_SETTINGS_MAX; attr++)
		KUNIT_EXPECT_EQ_MSG(test, count_rows(attr), !is_no_row(attr),
				    "attribute %u", attr);
	KUNIT_EXPECT_EQ(test, count_rows(0), 0);
}

static void table_has_masks_next_to_their_rows(struct kunit *test)
{
	const struct kssl_row *row;
	int n = 0;

	for (row = kssl_rows; row < kssl_rows + KSSL_ROWS; row++) {
		if (!row->mask_attr)
			continue;
		n++;
		KUNIT_EXPECT_TRUE(test, is_no_row(row->mask_attr));
		KUNIT_EXPECT_EQ(test, row->mask_attr, row->attr + 1);
		KUNIT_EXPECT_NE(test, row->bits, 0ULL);
	}
	KUNIT_EXPECT_EQ(test, n, 3);
}

static const u8 policy_types[] = {
	[KSSL_TYPE_U8]		= NLA_U8,
	[KSSL_TYPE_U16]		= NLA_U16,
	[KSSL_TYPE_U32]		= NLA_U32,
	[KSSL_TYPE_S32]		= NLA_S32,
	[KSSL_TYPE_U64]		= NLA_U64,
	[KSSL_TYPE_CODES]	= NLA_BINARY,
	[KSSL_TYPE_TEXT]		= NLA_NUL_STRING,
	[KSSL_TYPE_CALLBACKS]	= NLA_U32,
	[KSSL_TYPE_BYTES]	= NLA_BINARY,
	[KSSL_TYPE_KEY]		= NLA_U32,
	[KSSL_TYPE_KEYS]	= NLA_BINARY,
};

/* What the policy refuses never comes to the table, so they must agree. */
static void expect_policy(struct kunit *test, const struct kssl_row *row,
			  const struct nla_policy *policy)
{
	KUNIT_EXPECT_EQ_MSG(test, policy->type, policy_types[row->type],
			    "%s", row->name);
	if (policy->validation_type == NLA_VALIDATE_MAX)
		KUNIT_EXPECT_EQ_MSG(test, policy->max, (int)row->max,
				    "%s", row->name);
	if (policy->validation_type == NLA_VALIDATE_MASK)
		KUNIT_EXPECT_EQ_MSG(test, policy->mask, (u32)row->bits,
				    "%s", row->name);
	if (policy->type == NLA_NUL_STRING)
		KUNIT_EXPECT_EQ_MSG(test, policy->len, (u16)row->max,
				    "%s", row->name);
}

static void table_agrees_with_the_policy(struct kunit *test)
{
	const struct nla_policy *policy = kssl_settings_nl_policy;
	const struct kssl_row *row;

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(kssl_settings_nl_policy),
			(size_t)KSSL_A_SETTINGS_MAX + 1);
	for (row = kssl_rows; row < kssl_rows + KSSL_ROWS; row++) {
		expect_policy(test, row, &policy[row->attr]);
		if (row->mask_attr)
			KUNIT_EXPECT_EQ(test, policy[row->mask_attr].type,
					row->type == KSSL_TYPE_CALLBACKS ?
					NLA_U64 : policy_types[row->type]);
	}
}

/* What SSL_new(3) does not say that dup copies, by attribute. */
static const u16 inherit_attrs[] = {
	KSSL_A_SETTINGS_METHOD, KSSL_A_SETTINGS_TIMEOUT,
	KSSL_A_SETTINGS_LABEL, KSSL_A_SETTINGS_SNI, KSSL_A_SETTINGS_ALPN,
	KSSL_A_SETTINGS_GROUPS, KSSL_A_SETTINGS_NUM_TICKETS,
	KSSL_A_SETTINGS_TICKET_KEYS, KSSL_A_SETTINGS_MAX_EARLY_DATA,
	KSSL_A_SETTINGS_RECV_MAX_EARLY_DATA, KSSL_A_SETTINGS_QUIET_SHUTDOWN,
	KSSL_A_SETTINGS_BLOCK_PADDING, KSSL_A_SETTINGS_MAX_SEND_FRAGMENT,
	KSSL_A_SETTINGS_SPLIT_SEND_FRAGMENT,
	KSSL_A_SETTINGS_MAX_FRAGMENT_LEN, KSSL_A_SETTINGS_SHARE,
	KSSL_A_SETTINGS_KEEP,
};

static void table_has_the_rows_of_dup_first(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(inherit_attrs); i++)
		KUNIT_EXPECT_GE_MSG(test, id_of(test, inherit_attrs[i]),
				    KSSL_ROWS_DUP, "attribute %u",
				    inherit_attrs[i]);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(inherit_attrs),
			(size_t)(KSSL_ROWS - KSSL_ROWS_DUP));
}

static void table_is_split_between_the_snapshots(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test);

	KUNIT_EXPECT_EQ(test, settings->dup->first, 0);
	KUNIT_EXPECT_EQ(test, settings->dup->n, KSSL_ROWS_DUP);
	KUNIT_EXPECT_EQ(test, settings->inherit->first, KSSL_ROWS_DUP);
	KUNIT_EXPECT_EQ(test, settings->inherit->n,
			KSSL_ROWS - KSSL_ROWS_DUP);
	KUNIT_EXPECT_NE(test, settings->dup->number,
			settings->inherit->number);
}

/* Defaults, of the rows that do not begin with 0 or nothing */

struct default_param {
	u16 attr;
	u64 num;
	u16 codes[10];
};

static const struct default_param default_params[] = {
	{ KSSL_A_SETTINGS_OPTIONS, 0x120000 },
	{ KSSL_A_SETTINGS_MODE, 0x4 },
	{ KSSL_A_SETTINGS_VERIFY_DEPTH, (u64)-1 },
	{ KSSL_A_SETTINGS_TIMEOUT, 7200 },
	{ KSSL_A_SETTINGS_VERIFY_AUTH_LEVEL, (u64)-1 },
	{ KSSL_A_SETTINGS_SECURITY_LEVEL, 2 },
	{ KSSL_A_SETTINGS_NUM_TICKETS, 2 },
	{ KSSL_A_SETTINGS_RECV_MAX_EARLY_DATA, 16384 },
	{ KSSL_A_SETTINGS_MAX_SEND_FRAGMENT, 16384 },
	{ KSSL_A_SETTINGS_SPLIT_SEND_FRAGMENT, 16384 },
	{ KSSL_A_SETTINGS_MAX_CERT_LIST, 102400 },
	{ KSSL_A_SETTINGS_CIPHER_LIST, 0,
	  { 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc02b, 0xc02f, 0x009f, 0xccaa,
	    0x009e } },
	{ KSSL_A_SETTINGS_CIPHERSUITES, 0, { 0x1302, 0x1303, 0x1301 } },
};

static void default_desc(const struct default_param *param, char *desc)
{
	const struct kssl_row *row = kssl_test_row(param->attr);

	strscpy(desc, row ? row->name : "no row", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(default, default_params, default_desc);

static void table_has_this_default(struct kunit *test)
{
	const struct default_param *param = test->param_value;
	struct kssl_settings *settings = kssl_test_settings(test);
	enum kssl_row_id id = id_of(test, param->attr);
	const struct kssl_blob *blob;
	u32 len = 0;

	if (!kssl_row_is_blob(&kssl_rows[id])) {
		KUNIT_EXPECT_EQ(test, kssl_settings_num(settings, id),
				param->num);
		return;
	}
	while (param->codes[len])
		len++;
	len *= sizeof(u16);
	blob = kssl_settings_blob(settings, id);
	KUNIT_ASSERT_EQ(test, blob ? blob->len : 0, len);
	if (len)
		KSSL_EXPECT_MEM(test, blob->data, param->codes, len);
}

static bool has_default(u16 attr)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(default_params); i++)
		if (default_params[i].attr == attr)
			return true;
	return false;
}

static void table_has_no_other_default(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test);
	enum kssl_row_id id;

	for (id = 0; id < KSSL_ROWS; id++) {
		if (has_default(kssl_rows[id].attr))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, kssl_settings_num(settings, id),
				    0ULL, "%s", kssl_rows[id].name);
	}
}

static struct kunit_case table_cases[] = {
	KUNIT_CASE(table_has_one_row_of_every_attribute),
	KUNIT_CASE(table_has_masks_next_to_their_rows),
	KUNIT_CASE(table_agrees_with_the_policy),
	KUNIT_CASE(table_has_the_rows_of_dup_first),
	KUNIT_CASE(table_is_split_between_the_snapshots),
	KUNIT_CASE_PARAM(table_has_this_default, default_gen_params),
	KUNIT_CASE(table_has_no_other_default),
	{}
};

static struct kunit_suite table_suite = {
	.name		= "kssl_table",
	.init		= kssl_test_init,
	.test_cases	= table_cases,
};

kunit_test_suite(table_suite);
