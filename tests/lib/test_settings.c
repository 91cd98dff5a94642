// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the row builder and the single setters put into a request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "tap.h"

static struct fake fake;
static struct kssl_client *client;
static struct kssl_ctx *ctx;
static struct kssl *s;

/* The payload of row @type in the latest request; *@len is -1 without it. */
static const void *row(uint16_t type, int *len)
{
	const struct nlattr *nest = fake_attr((void *)fake.last,
					      KSSL_A_SETTINGS);
	const struct nlattr *attr;

	*len = -1;
	if (!nest)
		return NULL;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == type) {
			*len = mnl_attr_get_payload_len(attr);
			return mnl_attr_get_payload(attr);
		}
	}
	return NULL;
}

static int row_is(uint16_t type, const void *data, int size)
{
	int len;
	const void *payload = row(type, &len);

	return len == size && !memcmp(payload, data, size);
}

static int row_u8(uint16_t type, uint8_t value)
{
	return row_is(type, &value, sizeof(value));
}

static int row_u16(uint16_t type, uint16_t value)
{
	return row_is(type, &value, sizeof(value));
}

static int row_u32(uint16_t type, uint32_t value)
{
	return row_is(type, &value, sizeof(value));
}

static int row_u64(uint16_t type, uint64_t value)
{
	return row_is(type, &value, sizeof(value));
}

static unsigned int rows(void)
{
	const struct nlattr *nest = fake_attr((void *)fake.last,
					      KSSL_A_SETTINGS);
	const struct nlattr *attr;
	unsigned int n = 0;

	if (nest)
		mnl_attr_for_each_nested(attr, nest)
			n++;
	return n;
}

static void test_all_rows(void)
{
	static const uint16_t list[] = { 0xc02b, 0xc02f, 0xcca8, 0x009c, 1 };
	static const uint16_t suites[] = { 0x1302 };
	struct kssl_settings *set = kssl_settings_new();

	check(kssl_settings_method(set, KSSL_METHOD_SERVER));
	check(kssl_settings_options(set, KSSL_OP_GREASE, KSSL_OP_GREASE));
	check(kssl_settings_mode(set, KSSL_MODE_ASYNC, KSSL_MODE_ASYNC));
	check(kssl_settings_min_proto(set, 0x0303));
	check(kssl_settings_max_proto(set, 0x0304));
	check(kssl_settings_verify_mode(set, 3));
	check(kssl_settings_verify_depth(set, -1));
	check(kssl_settings_timeout(set, 300));
	check(kssl_settings_cipher_list(set, list, 5));
	check(kssl_settings_ciphersuites(set, suites, 1));
	check(kssl_settings_max_cert_list(set, 1 << 20));
	check(kssl_settings_read_ahead(set, 256));
	check(kssl_settings_role(set, KSSL_ROLE_CLIENT));
	check(kssl_settings_label(set, "a label that is not short"));

	check(kssl_set(s, set));
	check(fake_cmd((void *)fake.last) == KSSL_CMD_SET);
	check(fake_attr((void *)fake.last, KSSL_A_SETTINGS)->nla_type &
	      NLA_F_NESTED);
	check(rows() == 16);
	check(row_u32(KSSL_A_SETTINGS_METHOD, KSSL_METHOD_SERVER));
	check(row_u64(KSSL_A_SETTINGS_OPTIONS, KSSL_OP_GREASE));
	check(row_u64(KSSL_A_SETTINGS_OPTIONS_MASK, KSSL_OP_GREASE));
	check(row_u32(KSSL_A_SETTINGS_MODE, KSSL_MODE_ASYNC));
	check(row_u32(KSSL_A_SETTINGS_MODE_MASK, KSSL_MODE_ASYNC));
	check(row_u16(KSSL_A_SETTINGS_MIN_PROTO, 0x0303));
	check(row_u16(KSSL_A_SETTINGS_MAX_PROTO, 0x0304));
	check(row_u32(KSSL_A_SETTINGS_VERIFY_MODE, 3));
	check(row_u32(KSSL_A_SETTINGS_VERIFY_DEPTH, (uint32_t)-1));
	check(row_u32(KSSL_A_SETTINGS_TIMEOUT, 300));
	check(row_is(KSSL_A_SETTINGS_CIPHER_LIST, list, sizeof(list)));
	check(row_is(KSSL_A_SETTINGS_CIPHERSUITES, suites, sizeof(suites)));
	check(row_u32(KSSL_A_SETTINGS_MAX_CERT_LIST, 1 << 20));
	check(row_u8(KSSL_A_SETTINGS_READ_AHEAD, 1));
	check(row_u32(KSSL_A_SETTINGS_ROLE, KSSL_ROLE_CLIENT));
	check(row_is(KSSL_A_SETTINGS_LABEL, "a label that is not short", 26));

	/* The same rows on the other requests that take some. */
	check(kssl_ctx_set(ctx, set) && rows() == 16);
	check(fake_cmd((void *)fake.last) == KSSL_CMD_CTX_SET);
	kssl_settings_free(set);
}

static void test_masks_add_up(void)
{
	struct kssl_settings *set = kssl_settings_new();

	kssl_settings_options(set, 0xff, 0x0f);
	kssl_settings_options(set, 0x30, 0x33);
	kssl_settings_mode(set, 4, 4);
	kssl_settings_mode(set, 0, 5);
	kssl_set(s, set);
	check(row_u64(KSSL_A_SETTINGS_OPTIONS, 0x3c));
	check(row_u64(KSSL_A_SETTINGS_OPTIONS_MASK, 0x3f));
	check(row_u32(KSSL_A_SETTINGS_MODE, 0));
	check(row_u32(KSSL_A_SETTINGS_MODE_MASK, 5));
	kssl_settings_free(set);
}

static void test_last_value_counts(void)
{
	static const uint16_t long_list[] = { 1, 2, 3, 4, 5, 6 };
	struct kssl_settings *set = kssl_settings_new();

	kssl_settings_min_proto(set, 0x0301);
	kssl_settings_min_proto(set, 0x0303);
	kssl_settings_cipher_list(set, long_list, 6);
	kssl_settings_cipher_list(set, long_list, 2);
	kssl_set(s, set);
	check(rows() == 2);
	check(row_u16(KSSL_A_SETTINGS_MIN_PROTO, 0x0303));
	check(row_is(KSSL_A_SETTINGS_CIPHER_LIST, long_list, 4));
	kssl_settings_free(set);
}

static void test_empty(void)
{
	struct kssl_settings *set = kssl_settings_new();

	check(kssl_set(s, set) && rows() == 0);
	check(fake_attr((void *)fake.last, KSSL_A_SETTINGS));
	check(kssl_set(s, NULL));
	check(!fake_attr((void *)fake.last, KSSL_A_SETTINGS));

	/* An empty list is a value, as is an empty label. */
	check(kssl_settings_ciphersuites(set, NULL, 0));
	check(kssl_settings_label(set, ""));
	check(kssl_set(s, set) && rows() == 2);
	check(row_is(KSSL_A_SETTINGS_CIPHERSUITES, "", 0));
	check(row_is(KSSL_A_SETTINGS_LABEL, "", 1));
	kssl_settings_free(set);
}

static void test_too_much(void)
{
	struct kssl_settings *set = kssl_settings_new();
	uint16_t *list = calloc(40000, sizeof(*list));
	unsigned int sends = fake.sends;

	/* The kernel judges what fits into an attribute ... */
	check(kssl_settings_cipher_list(set, list, 32000));
	check(kssl_set(s, set));
	check(row_is(KSSL_A_SETTINGS_CIPHER_LIST, list, 64000));
	/* ... and the library what does not. */
	check(kssl_settings_cipher_list(set, list, 40000));
	check(!kssl_set(s, set) && kssl_errno() == EINVAL);
	check(!strcmp(kssl_error_text(), "too long"));
	check(!strcmp(kssl_error_attr(), "settings.cipher-list"));
	check(fake.sends == sends + 1);
	check(!kssl_settings_cipher_list(set, list, (size_t)-1) &&
	      kssl_errno() == ENOMEM);
	check(kssl_set(s, NULL));
	free(list);
	kssl_settings_free(set);
}

/* All rows of bytes at their longest, each in an attribute of its own. */
static void test_many_nests(void)
{
	struct kssl_settings *set = kssl_settings_new();
	const struct nlattr *nest, *attr;
	unsigned int n = 0, nests = 0, masks = 0;
	char *data = malloc(KSSL_BLOB_MAX);
	int slot;

	memset(data, 'x', KSSL_BLOB_MAX);
	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++) {
		check(kssl_settings_certificate(set, slot, data,
						KSSL_BLOB_MAX));
		check(kssl_settings_chain(set, slot, data, KSSL_BLOB_MAX));
		check(kssl_settings_ocsp(set, slot, data, KSSL_BLOB_MAX));
	}
	check(kssl_settings_options(set, 1, 1));
	check(kssl_settings_label(set, "last"));
	check(kssl_ctx_set(ctx, set));
	check(fake.last_len > 27 * KSSL_BLOB_MAX);
	mnl_attr_for_each(nest, (struct nlmsghdr *)fake.last, GENL_HDRLEN) {
		if (mnl_attr_get_type(nest) != KSSL_A_SETTINGS)
			continue;
		nests++;
		mnl_attr_for_each_nested(attr, nest) {
			n++;
			if (mnl_attr_get_type(attr) == KSSL_A_SETTINGS_OPTIONS)
				masks += mnl_attr_get_type(mnl_attr_next(attr))
					== KSSL_A_SETTINGS_OPTIONS_MASK;
		}
	}
	check(nests == 28 && n == 30 && masks == 1);

	/* One byte more than fits into an attribute inside of another. */
	free(data);
	data = calloc(1, 65525);
	check(kssl_settings_crls(set, data, 65524) && kssl_ctx_set(ctx, set));
	check(kssl_settings_crls(set, data, 65525));
	check(!kssl_ctx_set(ctx, set) && kssl_errno() == EINVAL);
	check(!strcmp(kssl_error_attr(), "settings.crls"));
	free(data);
	kssl_settings_free(set);
}

static void test_null(void)
{
	check(!kssl_settings_min_proto(NULL, 1) && kssl_errno() == EINVAL);
	check(!kssl_settings_options(NULL, 1, 1) && kssl_errno() == EINVAL);
	check(!kssl_settings_mode(NULL, 1, 1) && kssl_errno() == EINVAL);
	check(!kssl_settings_label(NULL, "x") && kssl_errno() == EINVAL);
	kssl_settings_free(NULL);
}

static void test_setters(void)
{
	static const uint16_t list[] = { 0xc02b, 0xc02f };

	check(kssl_ctx_set_options(ctx, 6));
	check(rows() == 2 && row_u64(KSSL_A_SETTINGS_OPTIONS, 6) &&
	      row_u64(KSSL_A_SETTINGS_OPTIONS_MASK, 6));
	check(kssl_clear_options(s, 6));
	check(rows() == 2 && row_u64(KSSL_A_SETTINGS_OPTIONS, 0) &&
	      row_u64(KSSL_A_SETTINGS_OPTIONS_MASK, 6));
	check(kssl_set_mode(s, 4));
	check(rows() == 2 && row_u32(KSSL_A_SETTINGS_MODE, 4) &&
	      row_u32(KSSL_A_SETTINGS_MODE_MASK, 4));
	check(kssl_ctx_clear_mode(ctx, 4));
	check(rows() == 2 && row_u32(KSSL_A_SETTINGS_MODE, 0) &&
	      row_u32(KSSL_A_SETTINGS_MODE_MASK, 4));
	check(kssl_set_min_proto_version(s, 0x0303) && rows() == 1 &&
	      row_u16(KSSL_A_SETTINGS_MIN_PROTO, 0x0303));
	check(kssl_ctx_set_max_proto_version(ctx, 0x0304) && rows() == 1 &&
	      row_u16(KSSL_A_SETTINGS_MAX_PROTO, 0x0304));
	check(kssl_set_verify_mode(s, 1) && rows() == 1 &&
	      row_u32(KSSL_A_SETTINGS_VERIFY_MODE, 1));
	check(kssl_set_verify_depth(s, 5) && rows() == 1 &&
	      row_u32(KSSL_A_SETTINGS_VERIFY_DEPTH, 5));
	check(kssl_set_max_cert_list(s, 5) && rows() == 1 &&
	      row_u32(KSSL_A_SETTINGS_MAX_CERT_LIST, 5));
	check(kssl_set_read_ahead(s, 1) && rows() == 1 &&
	      row_u8(KSSL_A_SETTINGS_READ_AHEAD, 1));
	check(kssl_ctx_set_timeout(ctx, 5) && rows() == 1 &&
	      row_u32(KSSL_A_SETTINGS_TIMEOUT, 5));
	check(kssl_set_cipher_list(s, list, 2) && rows() == 1 &&
	      row_is(KSSL_A_SETTINGS_CIPHER_LIST, list, 4));
	check(kssl_ctx_set_ciphersuites(ctx, list, 1) && rows() == 1 &&
	      row_is(KSSL_A_SETTINGS_CIPHERSUITES, list, 2));
	check(kssl_set_label(s, "x") && rows() == 1 &&
	      row_is(KSSL_A_SETTINGS_LABEL, "x", 2));
	check(kssl_set_accept_state(s) && rows() == 1 &&
	      row_u32(KSSL_A_SETTINGS_ROLE, KSSL_ROLE_SERVER));
	check(kssl_set_connect_state(s) && rows() == 1 &&
	      row_u32(KSSL_A_SETTINGS_ROLE, KSSL_ROLE_CLIENT));
}

int main(void)
{
	fake_init(&fake);
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_CLIENT);
	check(row_u32(KSSL_A_SETTINGS_METHOD, KSSL_METHOD_CLIENT));
	s = kssl_new(ctx);
	check(s && rows() == 0);

	test_all_rows();
	test_masks_add_up();
	test_last_value_counts();
	test_empty();
	test_too_much();
	test_many_nests();
	test_null();
	test_setters();

	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
