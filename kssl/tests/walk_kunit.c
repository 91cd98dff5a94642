// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests that walk the settings table: each row is set where it can be,
 * inherited, duplicated and refused. A row for which there is no test value
 * fails.
 */

#include <linux/cred.h>
#include <linux/key.h>

#include <keys/user-type.h>
#include <net/net_namespace.h>

#include "../callback.h"
#include "../conn.h"
#include "../ctx.h"
#include "../format.h"
#include "../settings.h"
#include "fixture.h"

#define SAMPLE_MAX	2

/* Values that are well formed, by what their format is. */

static const u8 of_bytes[] = { 'x' };
static const u8 of_names[] = { 1, 'x' };
static const u8 of_ip[] = { 192, 0, 2, 1 };
static const u8 of_der[] = { 0x30, 3, 2, 1, 1 };
static const u8 of_extensions[] = { 0, 42, 0, 1, 'x' };
static const u8 of_extensions_v2[] = { 0, 0, 1, 0, 0, 42, 0, 1, 'x' };
static const u8 of_mtypes[] = { 1, 9 };
static const u8 of_tlsa[] = { 0, 4, 3, 1, 0, 'x' };
static const u16 of_codes[] = { 0x0403 };
static const u16 of_cipher_list[] = { 0xc02f };
static const u16 of_ciphersuites[] = { 0x1304 };

#define FORMAT(format_, data_)	{ format_, data_, sizeof(data_) }

static const struct sample {
	const char *(*format)(const u8 *data, u32 len);
	const void *data;
	u32 len;
} samples[] = {
	FORMAT(NULL, of_bytes),
	FORMAT(kssl_format_text, of_bytes),
	FORMAT(kssl_format_names, of_names),
	FORMAT(kssl_format_hosts, of_names),
	FORMAT(kssl_format_ip, of_ip),
	FORMAT(kssl_format_der, of_der),
	FORMAT(kssl_format_der_list, of_der),
	FORMAT(kssl_format_extensions, of_extensions),
	FORMAT(kssl_format_extensions_v2, of_extensions_v2),
	FORMAT(kssl_format_mtypes, of_mtypes),
	FORMAT(kssl_format_tlsa, of_tlsa),
	FORMAT(kssl_format_codes, of_codes),
};

static void no_info(struct kssl *s, enum kssl_state state, void *arg)
{
}

static const struct kssl_callbacks some_callbacks = { .info = no_info };
static const struct kssl_who of_callbacks = { .callbacks = &some_callbacks };

static void put_key(void *key)
{
	key_put(key);
}

/* The serial number of a key that this task may use, until the test ends. */
static const s32 *make_key(struct kunit *test)
{
	const key_perm_t perm = KEY_POS_ALL | KEY_USR_ALL;
	s32 *serial = kunit_kzalloc(test, sizeof(*serial), GFP_KERNEL);
	struct key *ring;
	key_ref_t ref;

	KUNIT_ASSERT_NOT_NULL(test, serial);
	ring = keyring_alloc("kssl_test", GLOBAL_ROOT_UID, GLOBAL_ROOT_GID,
			     current_cred(), perm, KEY_ALLOC_NOT_IN_QUOTA,
			     NULL, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ring));
	kssl_test_defer(test, put_key, ring);
	ref = key_create_or_update(make_key_ref(ring, true), "user", "kssl",
				   "x", 1, perm, KEY_ALLOC_NOT_IN_QUOTA);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ref));
	*serial = key_serial(key_ref_to_ptr(ref));
	kssl_test_defer(test, put_key, key_ref_to_ptr(ref));
	return serial;
}

static void blob_sample(struct kunit *test, const struct kssl_row *row,
			struct kssl_value *value)
{
	const struct sample *sample;

	if (kssl_row_has_keys(row)) {
		value->data = make_key(test);
		value->len = sizeof(s32);
		return;
	}
	if (row->type == KSSL_TYPE_CALLBACKS) {
		value->num = KSSL_CALLBACK_INFO;
		value->data = &of_callbacks;
		value->len = sizeof(of_callbacks);
		return;
	}
	for (sample = samples; sample < samples + ARRAY_SIZE(samples);
	     sample++) {
		if (sample->format != row->format)
			continue;
		value->data = sample->data;
		value->len = sample->len;
	}
	if (row->attr == KSSL_A_SETTINGS_CIPHER_LIST)
		value->data = of_cipher_list;
	if (row->attr == KSSL_A_SETTINGS_CIPHERSUITES)
		value->data = of_ciphersuites;
	KUNIT_ASSERT_NOT_NULL_MSG(test, value->data, "no value for %s",
				  row->name);
}

static u64 num_sample(const struct kssl_row *row)
{
	if (row->bits)
		return row->def ^ (row->bits & -row->bits);
	return row->def == row->max ? row->min : row->max;
}

/* A value that is not the default, and what it cannot be without. */
static int sample_of(struct kunit *test, const struct kssl_row *row,
		     struct kssl_value *values)
{
	values[0] = (struct kssl_value){
		.attr	= row->attr,
		.mask	= row->bits,
	};
	if (kssl_row_is_blob(row))
		blob_sample(test, row, &values[0]);
	else
		values[0].num = num_sample(row);
	values[1] = (struct kssl_value){};
	if (row->attr == KSSL_A_SETTINGS_DANE_TLSA) {
		values[1].attr = KSSL_A_SETTINGS_DANE_ENABLED;
		values[1].num = 1;
	} else if (row->attr == KSSL_A_SETTINGS_MAX_SEND_FRAGMENT) {
		values[1].attr = KSSL_A_SETTINGS_SPLIT_SEND_FRAGMENT;
		values[1].num = row->min;
	}
	return values[1].attr ? 2 : 1;
}

static struct kssl_value default_of(const struct kssl_row *row)
{
	return (struct kssl_value){
		.attr	= row->attr,
		.mask	= row->bits,
		.num	= row->def,
		.data	= row->def_codes,
		.len	= row->def_len,
	};
}

static bool has_value(const struct kssl_settings *settings,
		      const struct kssl_row *row,
		      const struct kssl_value *value)
{
	enum kssl_row_id id = row - kssl_rows;
	const struct kssl_blob *blob;

	if (!kssl_row_is_blob(row))
		return kssl_settings_num(settings, id) == value->num;
	blob = kssl_settings_blob(settings, id);
	if (!blob || !value->len)
		return !blob && !value->len;
	if (row->type == KSSL_TYPE_CALLBACKS)
		return kssl_blob_binding(blob)->callbacks == &some_callbacks;
	if (kssl_row_has_keys(row))
		return kssl_blob_n_keys(blob) == 1 &&
			key_serial(kssl_blob_keys(blob)[0]) ==
			*(const s32 *)value->data;
	return blob->len == value->len &&
		!memcmp(blob->data, value->data, value->len);
}

static const void *row_gen_params(const void *prev, char *desc)
{
	const struct kssl_row *row = prev ? prev + sizeof(*row) : kssl_rows;

	if (row == kssl_rows + KSSL_ROWS)
		return NULL;
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
	return row;
}

static void free_ctx(void *ctx)
{
	kssl_ctx_free(ctx);
}

static struct kssl_ctx *make_ctx(struct kunit *test,
				 const struct kssl_value *values, int n)
{
	struct kssl_ctx *ctx;

	ctx = kssl_ctx_create(&init_net, current_cred(), values, n, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ctx));
	kssl_test_defer(test, free_ctx, ctx);
	return ctx;
}

static void walk_row_of_a_context(struct kunit *test)
{
	const struct kssl_row *row = test->param_value;
	struct kssl_value values[SAMPLE_MAX], later = default_of(row);
	int n = sample_of(test, row, values);
	struct kssl *s, *dup;
	struct kssl_ctx *ctx;

	if (!(row->levels & KSSL_LEVEL_NEW_CTX))
		return;

	/* Arrange: the row, inherited, then changed at the source */
	KUNIT_ASSERT_FALSE(test, has_value(kssl_test_settings(test), row,
					   &values[0]));
	ctx = make_ctx(test, values, n);
	KUNIT_EXPECT_TRUE(test, has_value(&ctx->settings, row, &values[0]));
	s = kssl_test_new(test, ctx);
	if (row->levels & KSSL_LEVEL_CTX)
		KUNIT_ASSERT_EQ(test, kssl_ctx_set(ctx, &later, 1, NULL), 0);
	else
		later = values[0];

	/* Act */
	dup = kssl_test_dup(test, s);

	/* Assert */
	KUNIT_EXPECT_TRUE(test, has_value(&ctx->settings, row, &later));
	KUNIT_EXPECT_TRUE(test, has_value(&s->settings, row, &values[0]));
	KUNIT_EXPECT_TRUE(test, has_value(&dup->settings, row,
					  row < kssl_rows + KSSL_ROWS_DUP ?
					  &values[0] : &later));
}

static void walk_row_of_a_connection(struct kunit *test)
{
	const struct kssl_row *row = test->param_value;
	struct kssl_value values[SAMPLE_MAX], later = default_of(row);
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx), *dup;
	int n = sample_of(test, row, values);
	bool copied = row < kssl_rows + KSSL_ROWS_DUP;

	if (!(row->levels & KSSL_LEVEL_CONN))
		return;

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_set(s, values, n, NULL), 0);
	dup = kssl_test_dup(test, s);

	/* Assert */
	KUNIT_EXPECT_TRUE(test, has_value(&s->settings, row, &values[0]));
	KUNIT_EXPECT_TRUE(test, has_value(&ctx->settings, row, &later));
	KUNIT_EXPECT_TRUE(test, has_value(&dup->settings, row,
					  copied ? &values[0] : &later));
	if (row->attr != KSSL_A_SETTINGS_DANE_TLSA)
		KUNIT_EXPECT_EQ(test, kssl_set(s, &later, 1, NULL), 0);
	KUNIT_EXPECT_TRUE(test, has_value(&dup->settings, row,
					  copied ? &values[0] : &later));
}

/* Refusals leave the object exactly as it was. */

static void expect_refused(struct kunit *test, struct kssl *s,
			   const struct kssl_row *row,
			   const struct kssl_value *bad)
{
	const struct kssl_value values[] = {
		{ .attr = KSSL_A_SETTINGS_LABEL, .data = "x", .len = 1 },
		{ .attr = KSSL_A_SETTINGS_MAX_CERT_LIST, .num = 7 },
		*bad,
	};
	struct kssl_settings before = s->settings;
	struct kssl_reason why = {};

	KUNIT_EXPECT_EQ(test, kssl_set(s, values, ARRAY_SIZE(values), &why),
			-EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, why.text);
	KUNIT_EXPECT_EQ(test, why.attr, KSSL_A_SETTINGS);
	KUNIT_EXPECT_EQ(test, why.nested, row->attr);
	KUNIT_EXPECT_PTR_EQ(test, s->settings.dup, before.dup);
	KUNIT_EXPECT_PTR_EQ(test, s->settings.inherit, before.inherit);
}

static void walk_one_past_each_bound(struct kunit *test)
{
	const struct kssl_row *row = test->param_value;
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_value bad = default_of(row);

	if (kssl_row_is_blob(row)) {
		bad.len = row->max + 1;
		bad.data = kunit_kzalloc(test, bad.len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, bad.data);
		expect_refused(test, s, row, &bad);
		return;
	}
	if (row->bits) {
		bad.num = row->bits + (row->bits & -row->bits);
		KUNIT_ASSERT_NE(test, bad.num & ~row->bits, 0ULL);
		expect_refused(test, s, row, &bad);
		return;
	}
	bad.num = row->min - 1;
	expect_refused(test, s, row, &bad);
	bad.num = (u64)row->max + 1;
	expect_refused(test, s, row, &bad);
}

static void walk_to_each_bound(struct kunit *test)
{
	const struct kssl_row *row = test->param_value;
	struct kssl_value value = default_of(row);

	if (kssl_row_has_keys(row))
		return;
	if (!kssl_row_is_blob(row)) {
		value.num = row->bits ?: row->min;
		KUNIT_EXPECT_EQ(test, kssl_row_check(row, &value, NULL), 0);
		value.num = row->bits ?: row->max;
		KUNIT_EXPECT_EQ(test, kssl_row_check(row, &value, NULL), 0);
	} else if (!row->format) {
		value.len = row->max;
		value.data = kunit_kzalloc(test, value.len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, value.data);
		KUNIT_EXPECT_EQ(test, kssl_row_check(row, &value, NULL), 0);
	}
}

/* Keys */

static int set_key(struct kssl *s, s32 serial, struct kssl_reason *why)
{
	const struct kssl_value value = {
		.attr	= KSSL_A_SETTINGS_PSK_KEY,
		.data	= &serial,
		.len	= sizeof(serial),
	};

	return kssl_set(s, &value, 1, why);
}

static void walk_pins_a_key(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_new(ctx);
	struct key *key;
	int refs;

	/* Arrange */
	KUNIT_ASSERT_FALSE(test, IS_ERR(s));
	key = key_lookup(*make_key(test));
	KUNIT_ASSERT_FALSE(test, IS_ERR(key));
	refs = refcount_read(&key->usage);

	/* Act and assert */
	KUNIT_EXPECT_EQ(test, set_key(s, key_serial(key), NULL), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&key->usage), refs + 1);
	kssl_free(s);
	KUNIT_EXPECT_EQ(test, refcount_read(&key->usage), refs);
	key_put(key);
}

static void walk_refuses_keys(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx);
	const s32 special[] = { -1, -5, -8, S32_MIN };
	struct kssl_reason why = {};
	struct key *key;
	int i;

	for (i = 0; i < ARRAY_SIZE(special); i++) {
		KUNIT_EXPECT_EQ(test, set_key(s, special[i], &why), -ENOKEY);
		KUNIT_EXPECT_EQ(test, why.nested, KSSL_A_SETTINGS_PSK_KEY);
	}
	key = key_lookup(*make_key(test));
	KUNIT_ASSERT_FALSE(test, IS_ERR(key));
	KUNIT_EXPECT_EQ(test, set_key(s, key_serial(key), NULL), 0);
	key_revoke(key);
	KUNIT_EXPECT_EQ(test, set_key(s, key_serial(key), &why),
			-EKEYREVOKED);
	KUNIT_EXPECT_STREQ(test, why.text, "the key is revoked");
	KUNIT_EXPECT_EQ(test, kssl_settings_check_keys(&s->settings, &why),
			-EKEYREVOKED);
	key_put(key);
}

static struct kunit_case walk_cases[] = {
	KUNIT_CASE_PARAM(walk_row_of_a_context, row_gen_params),
	KUNIT_CASE_PARAM(walk_row_of_a_connection, row_gen_params),
	KUNIT_CASE_PARAM(walk_one_past_each_bound, row_gen_params),
	KUNIT_CASE_PARAM(walk_to_each_bound, row_gen_params),
	KUNIT_CASE(walk_pins_a_key),
	KUNIT_CASE(walk_refuses_keys),
	{}
};

static struct kunit_suite walk_suite = {
	.name		= "kssl_walk",
	.init		= kssl_test_init,
	.test_cases	= walk_cases,
};

kunit_test_suite(walk_suite);
