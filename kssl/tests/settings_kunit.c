// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what values the rows take.
 */

#include <linux/slab.h>

#include "../settings.h"
#include "fixture.h"

static enum kssl_row_id id_of(struct kunit *test, u16 attr)
{
	const struct kssl_row *row = kssl_test_row(attr);

	KUNIT_ASSERT_NOT_NULL_MSG(test, row, "attribute %u", attr);
	return row - kssl_rows;
}

static int change_at(struct kssl_settings *settings,
		     const struct kssl_value *value, u8 level,
		     struct kssl_reason *why)
{
	struct kssl_settings new;
	int err;

	err = kssl_settings_change(settings, value, 1, level, false, &new,
				   why);
	if (err)
		return err;
	kssl_settings_put(settings);
	*settings = new;
	return 0;
}

/* Changes a row where it can be set. */
static int change(struct kssl_settings *settings,
		  const struct kssl_value *value, struct kssl_reason *why)
{
	return change_at(settings, value, KSSL_LEVEL_ANY, why);
}

static int change_num(struct kssl_settings *settings, u16 attr, u64 num,
		      struct kssl_reason *why)
{
	const struct kssl_value value = {
		.attr	= attr,
		.num	= num,
		.mask	= kssl_test_row(attr)->bits,
	};

	return change(settings, &value, why);
}

static void expect_reason(struct kunit *test, const struct kssl_reason *why,
			  u16 attr)
{
	KUNIT_EXPECT_NOT_NULL(test, why->text);
	KUNIT_EXPECT_EQ(test, why->attr, KSSL_A_SETTINGS);
	KUNIT_EXPECT_EQ(test, why->nested, attr);
}

/* Bounds */

struct bound_param {
	u16 attr;
	u64 num;
	int err;
};

static const struct bound_param bound_params[] = {
	{ KSSL_A_SETTINGS_METHOD, KSSL_METHOD_EITHER },
	{ KSSL_A_SETTINGS_METHOD, KSSL_METHOD_SERVER },
	{ KSSL_A_SETTINGS_METHOD, KSSL_METHOD_SERVER + 1, -EINVAL },
	{ KSSL_A_SETTINGS_METHOD, U64_MAX, -EINVAL },
	{ KSSL_A_SETTINGS_OPTIONS, 0 },
	{ KSSL_A_SETTINGS_OPTIONS, 0x3ffffffffdf },
	{ KSSL_A_SETTINGS_OPTIONS, BIT_ULL(5), -EINVAL },
	{ KSSL_A_SETTINGS_OPTIONS, BIT_ULL(42), -EINVAL },
	{ KSSL_A_SETTINGS_OPTIONS, BIT_ULL(63), -EINVAL },
	{ KSSL_A_SETTINGS_MODE, 0 },
	{ KSSL_A_SETTINGS_MODE, 0x5ff },
	{ KSSL_A_SETTINGS_MODE, BIT(9), -EINVAL },
	{ KSSL_A_SETTINGS_MODE, BIT(11), -EINVAL },
	{ KSSL_A_SETTINGS_MODE, BIT_ULL(32), -EINVAL },
	{ KSSL_A_SETTINGS_MIN_PROTO, 0 },
	{ KSSL_A_SETTINGS_MIN_PROTO, 1, -EINVAL },
	{ KSSL_A_SETTINGS_MIN_PROTO, 0x0300, -EINVAL },
	{ KSSL_A_SETTINGS_MIN_PROTO, 0x0301 },
	{ KSSL_A_SETTINGS_MIN_PROTO, 0x0304 },
	{ KSSL_A_SETTINGS_MIN_PROTO, 0x0305, -EINVAL },
	{ KSSL_A_SETTINGS_MIN_PROTO, 0xfefd, -EINVAL },
	{ KSSL_A_SETTINGS_MAX_PROTO, 0 },
	{ KSSL_A_SETTINGS_MAX_PROTO, 0x0300, -EINVAL },
	{ KSSL_A_SETTINGS_MAX_PROTO, 0x0301 },
	{ KSSL_A_SETTINGS_MAX_PROTO, 0x0304 },
	{ KSSL_A_SETTINGS_MAX_PROTO, 0x0305, -EINVAL },
	{ KSSL_A_SETTINGS_VERIFY_MODE, 0 },
	{ KSSL_A_SETTINGS_VERIFY_MODE, 0xf },
	{ KSSL_A_SETTINGS_VERIFY_MODE, 0x11, -EINVAL },
	{ KSSL_A_SETTINGS_VERIFY_MODE, BIT_ULL(32) | 1, -EINVAL },
	{ KSSL_A_SETTINGS_VERIFY_DEPTH, (u64)-2, -EINVAL },
	{ KSSL_A_SETTINGS_VERIFY_DEPTH, (u64)-1 },
	{ KSSL_A_SETTINGS_VERIFY_DEPTH, 0 },
	{ KSSL_A_SETTINGS_VERIFY_DEPTH, 100 },
	{ KSSL_A_SETTINGS_VERIFY_DEPTH, 101, -EINVAL },
	{ KSSL_A_SETTINGS_TIMEOUT, 0 },
	{ KSSL_A_SETTINGS_TIMEOUT, S32_MAX },
	{ KSSL_A_SETTINGS_TIMEOUT, (u64)S32_MAX + 1, -EINVAL },
	{ KSSL_A_SETTINGS_MAX_CERT_LIST, 0 },
	{ KSSL_A_SETTINGS_MAX_CERT_LIST, U32_MAX },
	{ KSSL_A_SETTINGS_MAX_CERT_LIST, (u64)U32_MAX + 1, -EINVAL },
	{ KSSL_A_SETTINGS_READ_AHEAD, 0 },
	{ KSSL_A_SETTINGS_READ_AHEAD, 1 },
	{ KSSL_A_SETTINGS_READ_AHEAD, 2, -EINVAL },
	{ KSSL_A_SETTINGS_ROLE, KSSL_ROLE_UNSET },
	{ KSSL_A_SETTINGS_ROLE, KSSL_ROLE_SERVER },
	{ KSSL_A_SETTINGS_ROLE, KSSL_ROLE_SERVER + 1, -EINVAL },
};

static void bound_desc(const struct bound_param *param, char *desc)
{
	const struct kssl_row *row = kssl_test_row(param->attr);

	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s %#llx",
		 row ? row->name : "no row", param->num);
}

KUNIT_ARRAY_PARAM(bound, bound_params, bound_desc);

static void settings_are_bounded(struct kunit *test)
{
	const struct bound_param *param = test->param_value;
	struct kssl_settings *settings = kssl_test_settings(test);
	enum kssl_row_id id = id_of(test, param->attr);
	u64 before = kssl_settings_num(settings, id);
	struct kssl_reason why = {};
	int err;

	/* Act */
	err = change_num(settings, param->attr, param->num, &why);

	/* Assert */
	KUNIT_EXPECT_EQ(test, err, param->err);
	KUNIT_EXPECT_EQ(test, kssl_settings_num(settings, id),
			param->err ? before : param->num);
	if (param->err)
		expect_reason(test, &why, param->attr);
	else
		KUNIT_EXPECT_NULL(test, why.text);
}

/* Each bit of a row of bits, alone. */
static void settings_know_each_bit(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test);
	const struct kssl_row *row;
	int bit, err;
	u64 num;

	for (row = kssl_rows; row < kssl_rows + KSSL_ROWS; row++) {
		if (!row->mask_attr || kssl_row_is_blob(row))
			continue;
		for (bit = 0; bit < 64; bit++) {
			num = BIT_ULL(bit);
			err = change_num(settings, row->attr, num, NULL);
			KUNIT_EXPECT_EQ_MSG(test, err,
					    row->bits & num ? 0 : -EINVAL,
					    "%s bit %d", row->name, bit);
		}
	}
}

static void settings_refuse_what_is_no_row(struct kunit *test)
{
	const u16 attrs[] = {
		0, KSSL_A_SETTINGS_PAD, KSSL_A_SETTINGS_OPTIONS_MASK,
		KSSL_A_SETTINGS_MODE_MASK, KSSL_A_SETTINGS_MAX + 1, U16_MAX,
	};
	struct kssl_settings *settings = kssl_test_settings(test);
	struct kssl_value value = {};
	struct kssl_reason why;
	int i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		why = (struct kssl_reason){};
		value.attr = attrs[i];
		KUNIT_EXPECT_EQ(test, change(settings, &value, &why), -EINVAL);
		expect_reason(test, &why, attrs[i]);
	}
}

/* Where a row can be set */

static u8 expected_levels(const struct kssl_row *row)
{
	switch (row->attr) {
	case KSSL_A_SETTINGS_METHOD:
		return KSSL_LEVEL_NEW_CTX;
	case KSSL_A_SETTINGS_TIMEOUT:
		return KSSL_LEVEL_NEW_CTX | KSSL_LEVEL_CTX;
	case KSSL_A_SETTINGS_ROLE:
	case KSSL_A_SETTINGS_SESSION:
		return KSSL_LEVEL_CONN;
	default:
		return KSSL_LEVEL_NEW_CTX | KSSL_LEVEL_CTX | KSSL_LEVEL_CONN;
	}
}

static const u8 level_params[] = {
	KSSL_LEVEL_NEW_CTX, KSSL_LEVEL_CTX, KSSL_LEVEL_CONN,
};

static void level_desc(const u8 *level, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "level %u", *level);
}

KUNIT_ARRAY_PARAM(level, level_params, level_desc);

static void settings_have_their_level(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test);
	const u8 level = *(const u8 *)test->param_value;
	const struct kssl_row *row;
	struct kssl_value value;
	int err;

	for (row = kssl_rows; row < kssl_rows + KSSL_ROWS; row++) {
		value = (struct kssl_value){
			.attr	= row->attr,
			.mask	= row->bits,
			.data	= row->def_codes,
			.len	= row->def_len,
			.num	= row->def,
		};
		err = expected_levels(row) & level ? 0 : -EINVAL;
		KUNIT_EXPECT_EQ_MSG(test, change_at(settings, &value, level,
						    NULL), err, "%s",
				    row->name);
	}
}

/* Masks */

static void settings_change_the_bits_of_the_mask(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test);
	struct kssl_value value = {
		.attr	= KSSL_A_SETTINGS_OPTIONS,
		.num	= KSSL_OP_NO_TICKET | KSSL_OP_CLEANSE_PLAINTEXT,
		.mask	= KSSL_OP_NO_TICKET | KSSL_OP_NO_COMPRESSION,
	};

	/* Act: one on, one off, one not meant */
	KUNIT_ASSERT_EQ(test, change(settings, &value, NULL), 0);

	/* Assert */
	KUNIT_EXPECT_EQ(test,
			kssl_settings_num(settings, KSSL_ROW_OPTIONS),
			(u64)(KSSL_OP_NO_TICKET |
			      KSSL_OP_ENABLE_MIDDLEBOX_COMPAT));

	value.mask = 0;
	KUNIT_ASSERT_EQ(test, change(settings, &value, NULL), 0);
	KUNIT_EXPECT_EQ(test,
			kssl_settings_num(settings, KSSL_ROW_OPTIONS),
			(u64)(KSSL_OP_NO_TICKET |
			      KSSL_OP_ENABLE_MIDDLEBOX_COMPAT));
}

static void settings_refuse_unknown_bits_in_a_mask(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test);
	const struct kssl_value value = {
		.attr	= KSSL_A_SETTINGS_MODE,
		.mask	= BIT(9),
	};
	struct kssl_reason why = {};

	KUNIT_EXPECT_EQ(test, change(settings, &value, &why), -EINVAL);
	expect_reason(test, &why, KSSL_A_SETTINGS_MODE);
}

/* A row of bits without a mask attribute is set as a whole. */
static void settings_ignore_a_mask_that_the_row_has_not(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test);
	const struct kssl_value value = {
		.attr	= KSSL_A_SETTINGS_VERIFY_MODE,
		.num	= KSSL_VERIFY_PEER,
		.mask	= U64_MAX,
	};

	KUNIT_ASSERT_EQ(test, change(settings, &value, NULL), 0);
	KUNIT_EXPECT_EQ(test,
			kssl_settings_num(settings, KSSL_ROW_VERIFY_MODE),
			(u64)KSSL_VERIFY_PEER);
}

/* Lists and texts */

struct list_param {
	const char *name;
	u16 attr;
	u32 len;
	int err;
	u16 codes[4];
};

#define LIST	KSSL_A_SETTINGS_CIPHER_LIST
#define SUITES	KSSL_A_SETTINGS_CIPHERSUITES

static const struct list_param list_params[] = {
	{ "cipher-list of one", LIST, 2, 0, { 0xc02f } },
	{ "cipher-list that net/tls does not have", LIST, 4, 0,
	  { 0x002f, 0xc013 } },
	{ "cipher-list of none", LIST, 0, -EINVAL },
	{ "cipher-list with a TLS 1.3 suite", LIST, 4, -EINVAL,
	  { 0xc02f, 0x1301 } },
	{ "cipher-list with a suite twice", LIST, 6, -EINVAL,
	  { 0xc02f, 0xc030, 0xc02f } },
	{ "cipher-list with 0", LIST, 4, -EINVAL, { 0xc02f, 0 } },
	{ "cipher-list of an odd size", LIST, 3, -EINVAL, { 0xc02f, 0xc0 } },
	{ "ciphersuites of none", SUITES, 0, 0 },
	{ "ciphersuites of all", SUITES, 8, 0,
	  { 0x1304, 0x1303, 0x1302, 0x1301 } },
	{ "ciphersuites with one of TLS 1.2", SUITES, 4, -EINVAL,
	  { 0x1301, 0xc02f } },
	{ "ciphersuites with a suite twice", SUITES, 4, -EINVAL,
	  { 0x1301, 0x1301 } },
	{ "ciphersuites of an odd size", SUITES, 1, -EINVAL, { 0x13 } },
};

static void list_desc(const struct list_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(list, list_params, list_desc);

static void settings_check_lists(struct kunit *test)
{
	const struct list_param *param = test->param_value;
	struct kssl_settings *settings = kssl_test_settings(test);
	enum kssl_row_id id = id_of(test, param->attr);
	const struct kssl_value value = {
		.attr	= param->attr,
		.data	= param->codes,
		.len	= param->len,
	};
	const struct kssl_blob *blob = kssl_settings_blob(settings, id);
	struct kssl_reason why = {};
	int err;

	/* Act */
	err = change(settings, &value, &why);

	/* Assert */
	KUNIT_ASSERT_EQ(test, err, param->err);
	if (err) {
		expect_reason(test, &why, param->attr);
		KUNIT_EXPECT_PTR_EQ(test, kssl_settings_blob(settings, id),
				    blob);
		return;
	}
	blob = kssl_settings_blob(settings, id);
	KUNIT_ASSERT_EQ(test, blob ? blob->len : 0, param->len);
	if (blob)
		KSSL_EXPECT_MEM(test, blob->data, param->codes, param->len);
}

static void settings_bound_the_length_of_lists(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test);
	struct kssl_value value = { .attr = LIST };
	u16 *codes;
	int i;

	/* Arrange */
	codes = kunit_kzalloc(test, (KSSL_SUITES_MAX + 1) * sizeof(*codes),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, codes);
	for (i = 0; i <= KSSL_SUITES_MAX; i++)
		codes[i] = 0xc001 + i;
	value.data = codes;

	/* Act and assert */
	value.len = KSSL_SUITES_MAX * sizeof(*codes);
	KUNIT_EXPECT_EQ(test, change(settings, &value, NULL), 0);
	value.len += sizeof(*codes);
	KUNIT_EXPECT_EQ(test, change(settings, &value, NULL), -EINVAL);
	KUNIT_EXPECT_TRUE(test, kssl_settings_has_suite(settings,
							KSSL_ROW_CIPHER_LIST,
							0xc100));
	KUNIT_EXPECT_FALSE(test, kssl_settings_has_suite(settings,
							 KSSL_ROW_CIPHER_LIST,
							 0xc101));
}

static void settings_find_a_suite_in_its_list(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test);
	const struct kssl_value none = { .attr = SUITES };

	KUNIT_EXPECT_TRUE(test, kssl_settings_has_suite(settings,
							KSSL_ROW_CIPHERSUITES,
							0x1301));
	KUNIT_EXPECT_FALSE(test, kssl_settings_has_suite(settings,
							 KSSL_ROW_CIPHERSUITES,
							 0x1304));
	KUNIT_EXPECT_FALSE(test, kssl_settings_has_suite(settings,
							 KSSL_ROW_CIPHER_LIST,
							 0x1301));
	KUNIT_ASSERT_EQ(test, change(settings, &none, NULL), 0);
	KUNIT_EXPECT_FALSE(test, kssl_settings_has_suite(settings,
							 KSSL_ROW_CIPHERSUITES,
							 0x1301));
}

struct text_param {
	const char *name;
	const char *text;
	u32 len;
	int err;
};

static const struct text_param text_params[] = {
	{ "empty", "", 0, 0 },
	{ "words", "front end 7", 11, 0 },
	{ "UTF-8", "b\xc3\xbcro", 5, 0 },
	{ "64 bytes",
	  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  64, 0 },
	{ "65 bytes",
	  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
	  65, -EINVAL },
	{ "newline", "a\nb", 3, -EINVAL },
	{ "escape", "\x1b[2J", 4, -EINVAL },
	{ "delete", "a\x7f", 2, -EINVAL },
	{ "NUL", "a\0b", 3, -EINVAL },
};

static void text_desc(const struct text_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(text, text_params, text_desc);

static void settings_check_texts(struct kunit *test)
{
	const struct text_param *param = test->param_value;
	struct kssl_settings *settings = kssl_test_settings(test);
	const struct kssl_value value = {
		.attr	= KSSL_A_SETTINGS_LABEL,
		.data	= param->text,
		.len	= param->len,
	};
	const struct kssl_blob *blob;
	struct kssl_reason why = {};
	int err;

	/* Act */
	err = change(settings, &value, &why);

	/* Assert */
	KUNIT_ASSERT_EQ(test, err, param->err);
	blob = kssl_settings_blob(settings, KSSL_ROW_LABEL);
	KUNIT_ASSERT_EQ(test, blob ? blob->len : 0, err ? 0 : param->len);
	if (err)
		expect_reason(test, &why, KSSL_A_SETTINGS_LABEL);
	else if (blob)
		KSSL_EXPECT_MEM(test, blob->data, param->text, param->len);
}

static void settings_role_follows_the_method(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test);

	KUNIT_EXPECT_EQ(test, kssl_settings_role(settings), KSSL_ROLE_UNSET);
	KUNIT_ASSERT_EQ(test, change_num(settings, KSSL_A_SETTINGS_METHOD,
					 KSSL_METHOD_SERVER, NULL), 0);
	KUNIT_EXPECT_EQ(test, kssl_settings_role(settings), KSSL_ROLE_SERVER);
	KUNIT_ASSERT_EQ(test, change_num(settings, KSSL_A_SETTINGS_ROLE,
					 KSSL_ROLE_SERVER, NULL), 0);
	KUNIT_EXPECT_EQ(test, kssl_settings_role(settings), KSSL_ROLE_SERVER);
	KUNIT_ASSERT_EQ(test, change_num(settings, KSSL_A_SETTINGS_ROLE,
					 KSSL_ROLE_UNSET, NULL), 0);
	KUNIT_ASSERT_EQ(test, change_num(settings, KSSL_A_SETTINGS_METHOD,
					 KSSL_METHOD_EITHER, NULL), 0);
	KUNIT_ASSERT_EQ(test, change_num(settings, KSSL_A_SETTINGS_ROLE,
					 KSSL_ROLE_CLIENT, NULL), 0);
	KUNIT_EXPECT_EQ(test, kssl_settings_role(settings), KSSL_ROLE_CLIENT);
}

static struct kunit_case settings_cases[] = {
	KUNIT_CASE_PARAM(settings_are_bounded, bound_gen_params),
	KUNIT_CASE(settings_know_each_bit),
	KUNIT_CASE(settings_refuse_what_is_no_row),
	KUNIT_CASE_PARAM(settings_have_their_level, level_gen_params),
	KUNIT_CASE(settings_change_the_bits_of_the_mask),
	KUNIT_CASE(settings_refuse_unknown_bits_in_a_mask),
	KUNIT_CASE(settings_ignore_a_mask_that_the_row_has_not),
	KUNIT_CASE_PARAM(settings_check_lists, list_gen_params),
	KUNIT_CASE(settings_bound_the_length_of_lists),
	KUNIT_CASE(settings_find_a_suite_in_its_list),
	KUNIT_CASE_PARAM(settings_check_texts, text_gen_params),
	KUNIT_CASE(settings_role_follows_the_method),
	{}
};

static struct kunit_suite settings_suite = {
	.name		= "kssl_settings",
	.init		= kssl_test_init,
	.test_cases	= settings_cases,
};

kunit_test_suite(settings_suite);
