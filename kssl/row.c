// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: rows
 *
 * The table of the settings. Each row says what its name, attribute, type,
 * bounds, level and default are; set, get, dump, new, dup and the tests walk
 * it. Constant data, no lock.
 */

#include <linux/errno.h>
#include <linux/kernel.h>

#include "reason.h"
#include "row.h"

#define PROTO_MIN	0x0301
#define PROTO_MAX	0x0304
#define DEPTH_MAX	100
#define TLS13_SUITES	0x1300

static bool is_tls13(u16 code)
{
	return (code & 0xff00) == TLS13_SUITES;
}

static int check_proto(const struct kssl_row *row,
		       const struct kssl_value *value,
		       struct kssl_reason *why)
{
	if (!value->num || value->num >= PROTO_MIN)
		return 0;
	return kssl_refuse_nested(why, -EINVAL, KSSL_A_SETTINGS, row->attr,
				  "not a TLS version");
}

static int check_suites(const struct kssl_row *row,
			const struct kssl_value *value,
			struct kssl_reason *why)
{
	bool tls13 = row->attr == KSSL_A_SETTINGS_CIPHERSUITES;
	u32 i, j, n = value->len / sizeof(u16);
	const u16 *code = value->data;
	const char *text = NULL;

	if (value->len % sizeof(u16))
		text = "not a list of 16 bit codes";
	else if (!n && !tls13)
		text = "an empty list of cipher suites";
	for (i = 0; i < n && !text; i++) {
		if (!code[i] || is_tls13(code[i]) != tls13)
			text = tls13 ? "not a TLS 1.3 cipher suite" :
				"not a cipher suite of TLS 1.2 or before";
		for (j = 0; j < i && !text; j++)
			if (code[j] == code[i])
				text = "a cipher suite is in the list twice";
	}
	if (!text)
		return 0;
	return kssl_refuse_nested(why, -EINVAL, KSSL_A_SETTINGS, row->attr,
				  text);
}

/* Labels are printed on terminals and in logs. */
static int check_text(const struct kssl_row *row,
		      const struct kssl_value *value, struct kssl_reason *why)
{
	const u8 *text = value->data;
	u32 i;

	for (i = 0; i < value->len; i++)
		if (text[i] < ' ' || text[i] == 0x7f)
			return kssl_refuse_nested(why, -EINVAL,
						  KSSL_A_SETTINGS, row->attr,
						  "control character in text");
	return 0;
}

/* What net/tls can carry, forward secret, in OpenSSL's order. */
static const u16 default_cipher_list[] = {
	0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc02b, 0xc02f, 0x009f, 0xccaa, 0x009e,
};

static const u16 default_ciphersuites[] = { 0x1302, 0x1303, 0x1301 };

/* Every bit from the first to the last of OpenSSL, but for the unused 5. */
#define OP_ALL		(((u64)KSSL_OP_GREASE << 1) - 1 - BIT_ULL(5))
#define MODE_ALL	((u64)(KSSL_MODE_ASYNC << 1) - 1 + \
			 KSSL_MODE_DTLS_SCTP_LABEL_LENGTH_BUG)
#define VERIFY_ALL	((KSSL_VERIFY_POST_HANDSHAKE << 1) - 1)

const struct kssl_row kssl_rows[KSSL_ROWS] = {
	[KSSL_ROW_OPTIONS] = {
		.name		= "options",
		.attr		= KSSL_A_SETTINGS_OPTIONS,
		.mask_attr	= KSSL_A_SETTINGS_OPTIONS_MASK,
		.type		= KSSL_ROW_U64,
		.levels		= KSSL_LEVEL_ANY,
		.bits		= OP_ALL,
		.def		= KSSL_OP_NO_COMPRESSION |
				  KSSL_OP_ENABLE_MIDDLEBOX_COMPAT,
	},
	[KSSL_ROW_MODE] = {
		.name		= "mode",
		.attr		= KSSL_A_SETTINGS_MODE,
		.mask_attr	= KSSL_A_SETTINGS_MODE_MASK,
		.type		= KSSL_ROW_U32,
		.levels		= KSSL_LEVEL_ANY,
		.bits		= MODE_ALL,
		.def		= KSSL_MODE_AUTO_RETRY,
	},
	[KSSL_ROW_MIN_PROTO] = {
		.name		= "min-proto",
		.attr		= KSSL_A_SETTINGS_MIN_PROTO,
		.type		= KSSL_ROW_U16,
		.levels		= KSSL_LEVEL_ANY,
		.max		= PROTO_MAX,
		.check		= check_proto,
	},
	[KSSL_ROW_MAX_PROTO] = {
		.name		= "max-proto",
		.attr		= KSSL_A_SETTINGS_MAX_PROTO,
		.type		= KSSL_ROW_U16,
		.levels		= KSSL_LEVEL_ANY,
		.max		= PROTO_MAX,
		.check		= check_proto,
	},
	[KSSL_ROW_VERIFY_MODE] = {
		.name		= "verify-mode",
		.attr		= KSSL_A_SETTINGS_VERIFY_MODE,
		.type		= KSSL_ROW_U32,
		.levels		= KSSL_LEVEL_ANY,
		.bits		= VERIFY_ALL,
	},
	[KSSL_ROW_VERIFY_DEPTH] = {
		.name		= "verify-depth",
		.attr		= KSSL_A_SETTINGS_VERIFY_DEPTH,
		.type		= KSSL_ROW_S32,
		.levels		= KSSL_LEVEL_ANY,
		.min		= -1,
		.max		= DEPTH_MAX,
		.def		= (u64)-1,
	},
	[KSSL_ROW_CIPHER_LIST] = {
		.name		= "cipher-list",
		.attr		= KSSL_A_SETTINGS_CIPHER_LIST,
		.type		= KSSL_ROW_SUITES,
		.levels		= KSSL_LEVEL_ANY,
		.max		= KSSL_SUITES_MAX * sizeof(u16),
		.def_suites	= default_cipher_list,
		.def_len	= sizeof(default_cipher_list),
		.check		= check_suites,
	},
	[KSSL_ROW_CIPHERSUITES] = {
		.name		= "ciphersuites",
		.attr		= KSSL_A_SETTINGS_CIPHERSUITES,
		.type		= KSSL_ROW_SUITES,
		.levels		= KSSL_LEVEL_ANY,
		.max		= KSSL_SUITES_MAX * sizeof(u16),
		.def_suites	= default_ciphersuites,
		.def_len	= sizeof(default_ciphersuites),
		.check		= check_suites,
	},
	[KSSL_ROW_MAX_CERT_LIST] = {
		.name		= "max-cert-list",
		.attr		= KSSL_A_SETTINGS_MAX_CERT_LIST,
		.type		= KSSL_ROW_U32,
		.levels		= KSSL_LEVEL_ANY,
		.max		= U32_MAX,
		.def		= 100 * 1024,
	},
	[KSSL_ROW_READ_AHEAD] = {
		.name		= "read-ahead",
		.attr		= KSSL_A_SETTINGS_READ_AHEAD,
		.type		= KSSL_ROW_U8,
		.levels		= KSSL_LEVEL_ANY,
		.max		= 1,
	},
	[KSSL_ROW_ROLE] = {
		.name		= "role",
		.attr		= KSSL_A_SETTINGS_ROLE,
		.type		= KSSL_ROW_U32,
		.levels		= KSSL_LEVEL_CONN,
		.max		= KSSL_ROLE_SERVER,
	},
	[KSSL_ROW_METHOD] = {
		.name		= "method",
		.attr		= KSSL_A_SETTINGS_METHOD,
		.type		= KSSL_ROW_U32,
		.levels		= KSSL_LEVEL_NEW_CTX,
		.max		= KSSL_METHOD_SERVER,
	},
	[KSSL_ROW_TIMEOUT] = {
		.name		= "timeout",
		.attr		= KSSL_A_SETTINGS_TIMEOUT,
		.type		= KSSL_ROW_U32,
		.levels		= KSSL_LEVEL_ANY_CTX,
		.max		= S32_MAX,
		.def		= 7200,
	},
	[KSSL_ROW_LABEL] = {
		.name		= "label",
		.attr		= KSSL_A_SETTINGS_LABEL,
		.type		= KSSL_ROW_TEXT,
		.levels		= KSSL_LEVEL_ANY,
		.live		= true,
		.max		= KSSL_LABEL_MAX,
		.check		= check_text,
	},
};

/**
 * kssl_row_mask - which bits of a row a value changes
 * @row: the row
 * @value: the value
 *
 * Return: all of them but for a row of bits with a mask.
 */
u64 kssl_row_mask(const struct kssl_row *row, const struct kssl_value *value)
{
	if (!row->bits)
		return ~0ULL;
	return row->mask_attr ? value->mask : row->bits;
}

/**
 * kssl_row_check - refuse a value that a row cannot have
 * @row: the row
 * @value: the value
 * @why: takes the reason of a refusal, or NULL
 *
 * Return: 0 or -EINVAL.
 */
int kssl_row_check(const struct kssl_row *row, const struct kssl_value *value,
		   struct kssl_reason *why)
{
	const char *text = NULL;

	if (kssl_row_is_blob(row)) {
		if (value->len > row->max)
			text = "too long";
	} else if (row->bits) {
		if ((value->num | kssl_row_mask(row, value)) & ~row->bits)
			text = "unknown bits";
	} else if ((s64)value->num < row->min || (s64)value->num > row->max) {
		text = "out of range";
	}
	if (text)
		return kssl_refuse_nested(why, -EINVAL, KSSL_A_SETTINGS,
					  row->attr, text);
	return row->check ? row->check(row, value, why) : 0;
}

/**
 * kssl_row_find - find the row of an attribute
 * @attr: KSSL_A_SETTINGS_*
 *
 * Return: the row's id, or KSSL_ROWS if there is none.
 */
enum kssl_row_id kssl_row_find(u16 attr)
{
	enum kssl_row_id id;

	for (id = 0; id < KSSL_ROWS; id++)
		if (kssl_rows[id].attr == attr)
			break;
	return id;
}
