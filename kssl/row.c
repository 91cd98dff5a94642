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

#include "callback.h"
#include "format.h"
#include "reason.h"
#include "row.h"

#define PROTO_MIN	0x0301
#define PROTO_MAX	0x0304
#define DEPTH_MAX	100
#define SECURITY_MAX	5
#define RECORD_MIN	512
#define RECORD_MAX	16384
#define CODES_SIZE	(KSSL_CODES_MAX * sizeof(u16))
#define TLS13_SUITES	0x1300
#define TLS13_SM4_GCM	0x00c6
#define TLS13_SM4_CCM	0x00c7

/* RFC 8998 has its two suites among those of older versions. */
static bool is_tls13(u16 code)
{
	return (code & 0xff00) == TLS13_SUITES || code == TLS13_SM4_GCM ||
		code == TLS13_SM4_CCM;
}

static const char *check_proto(const struct kssl_row *row,
			       const struct kssl_value *value)
{
	return value->num && value->num < PROTO_MIN ? "not a TLS version" :
		NULL;
}

static const char *check_callbacks(const struct kssl_row *row,
				   const struct kssl_value *value)
{
	if (value->num & ~row->bits)
		return "unknown bits";
	return value->num && value->len != row->max ? "nobody to call" : NULL;
}

static const char *check_suites(const struct kssl_row *row,
				const struct kssl_value *value)
{
	bool tls13 = row->attr == KSSL_A_SETTINGS_CIPHERSUITES;
	u32 i, n = value->len / sizeof(u16);
	const u16 *code = value->data;

	if (!n && !tls13)
		return "an empty list of cipher suites";
	for (i = 0; i < n; i++)
		if (!code[i] || is_tls13(code[i]) != tls13)
			return tls13 ? "not a TLS 1.3 cipher suite" :
				"not a cipher suite of TLS 1.2 or before";
	return NULL;
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

/* OpenSSL's X509_V_FLAG_*, but for the one that verify-time implies. */
#define VERIFY_FLAGS_ALL	(KSSL_VERIFY_FLAG_NO_CHECK_TIME * 2 - 1 - 3 - \
				 KSSL_VERIFY_FLAG_SUITEB_192_LOS * 2)
#define HOST_FLAGS_ALL		(KSSL_HOST_FLAG_NEVER_CHECK_SUBJECT * 2 - 1)

#define CALLBACKS_ALL		(KSSL_CALLBACK_PSK * 2 - 1)

/* Rows that are all alike. */

#define NUMBER(type_, id_, name_, levels_, max_)			\
	.name		= name_,					\
	.attr		= KSSL_A_SETTINGS_##id_,			\
	.type		= KSSL_TYPE_##type_,				\
	.levels		= levels_,					\
	.max		= max_

#define BITS(id_, name_, bits_)						\
	.name		= name_,					\
	.attr		= KSSL_A_SETTINGS_##id_,			\
	.type		= KSSL_TYPE_U32,				\
	.levels		= KSSL_LEVEL_ANY,				\
	.bits		= bits_

#define BLOB(type_, id_, name_, max_, format_)				\
	.name		= name_,					\
	.attr		= KSSL_A_SETTINGS_##id_,			\
	.type		= KSSL_TYPE_##type_,				\
	.levels		= KSSL_LEVEL_ANY,				\
	.max		= max_,						\
	.format		= format_

#define KEY(id_, name_)							\
	BLOB(KEY, id_, name_, sizeof(u32), NULL)

/* Rows that there are for each slot, that is for each type of key. */

#define CERTIFICATE(slot_, name_)					\
	[KSSL_ROW_CERTIFICATE + KSSL_CERT_SLOT_##slot_] = {		\
		BLOB(BYTES, CERTIFICATE_##slot_, "certificate-" name_,	\
		     KSSL_BLOB_MAX, kssl_format_der),			\
		.cert		= true,					\
	}

#define CHAIN(slot_, name_)						\
	[KSSL_ROW_CHAIN + KSSL_CERT_SLOT_##slot_] = {			\
		BLOB(BYTES, CHAIN_##slot_, "chain-" name_,		\
		     KSSL_BLOB_MAX, kssl_format_der_list),		\
		.cert		= true,					\
	}

#define PRIVATE_KEY(slot_, name_)					\
	[KSSL_ROW_PRIVATE_KEY + KSSL_CERT_SLOT_##slot_] = {		\
		KEY(PRIVATE_KEY_##slot_, "private-key-" name_),		\
		.cert		= true,					\
	}

#define OCSP(slot_, name_)						\
	[KSSL_ROW_OCSP + KSSL_CERT_SLOT_##slot_] = {			\
		BLOB(BYTES, OCSP_##slot_, "ocsp-" name_,		\
		     KSSL_BLOB_MAX, kssl_format_der),			\
		.cert		= true,					\
	}

#define EX_DATA(n_)							\
	[KSSL_ROW_EX_DATA + (n_)] = {					\
		BLOB(BYTES, EX_DATA_##n_, "ex-data-" #n_,		\
		     KSSL_BLOB_MAX, NULL),				\
		.live		= true,					\
		.private	= true,					\
	}

const struct kssl_row kssl_rows[KSSL_ROWS] = {
	[KSSL_ROW_OPTIONS] = {
		.name		= "options",
		.attr		= KSSL_A_SETTINGS_OPTIONS,
		.mask_attr	= KSSL_A_SETTINGS_OPTIONS_MASK,
		.type		= KSSL_TYPE_U64,
		.levels		= KSSL_LEVEL_ANY,
		.bits		= OP_ALL,
		.def		= KSSL_OP_NO_COMPRESSION |
				  KSSL_OP_ENABLE_MIDDLEBOX_COMPAT,
	},
	[KSSL_ROW_MODE] = {
		.name		= "mode",
		.attr		= KSSL_A_SETTINGS_MODE,
		.mask_attr	= KSSL_A_SETTINGS_MODE_MASK,
		.type		= KSSL_TYPE_U32,
		.levels		= KSSL_LEVEL_ANY,
		.bits		= MODE_ALL,
		.def		= KSSL_MODE_AUTO_RETRY,
	},
	[KSSL_ROW_MIN_PROTO] = {
		.name		= "min-proto",
		.attr		= KSSL_A_SETTINGS_MIN_PROTO,
		.type		= KSSL_TYPE_U16,
		.levels		= KSSL_LEVEL_ANY,
		.max		= PROTO_MAX,
		.check		= check_proto,
	},
	[KSSL_ROW_MAX_PROTO] = {
		.name		= "max-proto",
		.attr		= KSSL_A_SETTINGS_MAX_PROTO,
		.type		= KSSL_TYPE_U16,
		.levels		= KSSL_LEVEL_ANY,
		.max		= PROTO_MAX,
		.check		= check_proto,
	},
	[KSSL_ROW_VERIFY_MODE] = {
		.name		= "verify-mode",
		.attr		= KSSL_A_SETTINGS_VERIFY_MODE,
		.type		= KSSL_TYPE_U32,
		.levels		= KSSL_LEVEL_ANY,
		.bits		= VERIFY_ALL,
	},
	[KSSL_ROW_VERIFY_DEPTH] = {
		.name		= "verify-depth",
		.attr		= KSSL_A_SETTINGS_VERIFY_DEPTH,
		.type		= KSSL_TYPE_S32,
		.levels		= KSSL_LEVEL_ANY,
		.min		= -1,
		.max		= DEPTH_MAX,
		.def		= (u64)-1,
	},
	[KSSL_ROW_VERIFY_FLAGS] = {
		BITS(VERIFY_FLAGS, "verify-flags", VERIFY_FLAGS_ALL),
	},
	[KSSL_ROW_VERIFY_PURPOSE] = {
		NUMBER(U8, VERIFY_PURPOSE, "verify-purpose", KSSL_LEVEL_ANY,
		       10),
	},
	[KSSL_ROW_VERIFY_TRUST] = {
		NUMBER(U8, VERIFY_TRUST, "verify-trust", KSSL_LEVEL_ANY, 8),
	},
	[KSSL_ROW_VERIFY_HOSTS] = {
		BLOB(BYTES, VERIFY_HOSTS, "verify-hosts", KSSL_HOSTS_MAX,
		     kssl_format_hosts),
	},
	[KSSL_ROW_VERIFY_HOST_FLAGS] = {
		BITS(VERIFY_HOST_FLAGS, "verify-host-flags", HOST_FLAGS_ALL),
	},
	[KSSL_ROW_VERIFY_EMAIL] = {
		BLOB(TEXT, VERIFY_EMAIL, "verify-email", KSSL_NAME_MAX,
		     kssl_format_text),
	},
	[KSSL_ROW_VERIFY_IP] = {
		BLOB(BYTES, VERIFY_IP, "verify-ip", KSSL_IP_MAX,
		     kssl_format_ip),
	},
	[KSSL_ROW_VERIFY_TIME] = {
		NUMBER(U64, VERIFY_TIME, "verify-time", KSSL_LEVEL_ANY,
		       S64_MAX),
	},
	[KSSL_ROW_VERIFY_AUTH_LEVEL] = {
		NUMBER(S32, VERIFY_AUTH_LEVEL, "verify-auth-level",
		       KSSL_LEVEL_ANY, SECURITY_MAX),
		.min		= -1,
		.def		= (u64)-1,
	},
	[KSSL_ROW_TRUST_ANCHORS] = {
		BLOB(BYTES, TRUST_ANCHORS, "trust-anchors", KSSL_BLOB_MAX,
		     kssl_format_der_list),
		.cert		= true,
	},
	[KSSL_ROW_TRUST_SYSTEM] = {
		NUMBER(U8, TRUST_SYSTEM, "trust-system", KSSL_LEVEL_ANY, 1),
		.cert		= true,
	},
	[KSSL_ROW_CRLS] = {
		BLOB(BYTES, CRLS, "crls", KSSL_BLOB_MAX,
		     kssl_format_der_list),
		.cert		= true,
	},
	/* A handshake, and tickets that come after it, put theirs here. */
	[KSSL_ROW_SESSION] = {
		.name		= "session",
		.attr		= KSSL_A_SETTINGS_SESSION,
		.type		= KSSL_TYPE_BYTES,
		.levels		= KSSL_LEVEL_CONN,
		.live		= true,
		.secret		= true,
		.max		= KSSL_BLOB_MAX,
	},
	[KSSL_ROW_SESSION_ID_CONTEXT] = {
		BLOB(BYTES, SESSION_ID_CONTEXT, "session-id-context",
		     KSSL_SID_CTX_MAX, NULL),
	},
	[KSSL_ROW_TMP_DH] = {
		BLOB(BYTES, TMP_DH, "tmp-dh", KSSL_BLOB_MAX, kssl_format_der),
		.cert		= true,
	},
	[KSSL_ROW_DH_AUTO] = {
		NUMBER(U8, DH_AUTO, "dh-auto", KSSL_LEVEL_ANY, 2),
		.cert		= true,
	},
	[KSSL_ROW_CERTIFICATE_CURRENT] = {
		NUMBER(U8, CERTIFICATE_CURRENT, "certificate-current",
		       KSSL_LEVEL_ANY, KSSL_CERT_SLOTS - 1),
		.cert		= true,
	},
	CERTIFICATE(RSA, "rsa"),
	CERTIFICATE(RSA_PSS, "rsa-pss"),
	CERTIFICATE(DSA, "dsa"),
	CERTIFICATE(ECC, "ecc"),
	CERTIFICATE(GOST01, "gost01"),
	CERTIFICATE(GOST12_256, "gost12-256"),
	CERTIFICATE(GOST12_512, "gost12-512"),
	CERTIFICATE(ED25519, "ed25519"),
	CERTIFICATE(ED448, "ed448"),
	CHAIN(RSA, "rsa"),
	CHAIN(RSA_PSS, "rsa-pss"),
	CHAIN(DSA, "dsa"),
	CHAIN(ECC, "ecc"),
	CHAIN(GOST01, "gost01"),
	CHAIN(GOST12_256, "gost12-256"),
	CHAIN(GOST12_512, "gost12-512"),
	CHAIN(ED25519, "ed25519"),
	CHAIN(ED448, "ed448"),
	PRIVATE_KEY(RSA, "rsa"),
	PRIVATE_KEY(RSA_PSS, "rsa-pss"),
	PRIVATE_KEY(DSA, "dsa"),
	PRIVATE_KEY(ECC, "ecc"),
	PRIVATE_KEY(GOST01, "gost01"),
	PRIVATE_KEY(GOST12_256, "gost12-256"),
	PRIVATE_KEY(GOST12_512, "gost12-512"),
	PRIVATE_KEY(ED25519, "ed25519"),
	PRIVATE_KEY(ED448, "ed448"),
	OCSP(RSA, "rsa"),
	OCSP(RSA_PSS, "rsa-pss"),
	OCSP(DSA, "dsa"),
	OCSP(ECC, "ecc"),
	OCSP(GOST01, "gost01"),
	OCSP(GOST12_256, "gost12-256"),
	OCSP(GOST12_512, "gost12-512"),
	OCSP(ED25519, "ed25519"),
	OCSP(ED448, "ed448"),
	[KSSL_ROW_SIGALGS] = {
		BLOB(CODES, SIGALGS, "sigalgs", CODES_SIZE, kssl_format_codes),
		.cert		= true,
	},
	[KSSL_ROW_CLIENT_SIGALGS] = {
		BLOB(CODES, CLIENT_SIGALGS, "client-sigalgs", CODES_SIZE,
		     kssl_format_codes),
		.cert		= true,
	},
	[KSSL_ROW_DANE_ENABLED] = {
		NUMBER(U8, DANE_ENABLED, "dane-enabled", KSSL_LEVEL_ANY, 1),
	},
	[KSSL_ROW_DANE_FLAGS] = {
		BITS(DANE_FLAGS, "dane-flags",
		     KSSL_DANE_FLAG_NO_DANE_EE_NAMECHECKS),
	},
	[KSSL_ROW_DANE_MTYPES] = {
		BLOB(BYTES, DANE_MTYPES, "dane-mtypes", 4, kssl_format_mtypes),
	},
	[KSSL_ROW_DANE_TLSA] = {
		BLOB(BYTES, DANE_TLSA, "dane-tlsa", KSSL_BLOB_MAX,
		     kssl_format_tlsa),
	},
	[KSSL_ROW_CIPHER_LIST] = {
		.name		= "cipher-list",
		.attr		= KSSL_A_SETTINGS_CIPHER_LIST,
		.type		= KSSL_TYPE_CODES,
		.levels		= KSSL_LEVEL_ANY,
		.max		= KSSL_SUITES_MAX * sizeof(u16),
		.def_codes	= default_cipher_list,
		.def_len	= sizeof(default_cipher_list),
		.format		= kssl_format_codes,
		.check		= check_suites,
	},
	[KSSL_ROW_CIPHERSUITES] = {
		.name		= "ciphersuites",
		.attr		= KSSL_A_SETTINGS_CIPHERSUITES,
		.type		= KSSL_TYPE_CODES,
		.levels		= KSSL_LEVEL_ANY,
		.max		= KSSL_SUITES_MAX * sizeof(u16),
		.def_codes	= default_ciphersuites,
		.def_len	= sizeof(default_ciphersuites),
		.format		= kssl_format_codes,
		.check		= check_suites,
	},
	[KSSL_ROW_SECURITY_LEVEL] = {
		NUMBER(U8, SECURITY_LEVEL, "security-level", KSSL_LEVEL_ANY,
		       SECURITY_MAX),
		.def		= 2,
		.cert		= true,
	},
	[KSSL_ROW_CA_LIST] = {
		BLOB(BYTES, CA_LIST, "ca-list", KSSL_BLOB_MAX,
		     kssl_format_der_list),
	},
	[KSSL_ROW_CLIENT_CA_LIST] = {
		BLOB(BYTES, CLIENT_CA_LIST, "client-ca-list", KSSL_BLOB_MAX,
		     kssl_format_der_list),
	},
	[KSSL_ROW_MAX_CERT_LIST] = {
		.name		= "max-cert-list",
		.attr		= KSSL_A_SETTINGS_MAX_CERT_LIST,
		.type		= KSSL_TYPE_U32,
		.levels		= KSSL_LEVEL_ANY,
		.max		= U32_MAX,
		.def		= 100 * 1024,
	},
	[KSSL_ROW_READ_AHEAD] = {
		.name		= "read-ahead",
		.attr		= KSSL_A_SETTINGS_READ_AHEAD,
		.type		= KSSL_TYPE_U8,
		.levels		= KSSL_LEVEL_ANY,
		.max		= 1,
	},
	EX_DATA(0),
	EX_DATA(1),
	EX_DATA(2),
	EX_DATA(3),
	EX_DATA(4),
	EX_DATA(5),
	EX_DATA(6),
	EX_DATA(7),
	[KSSL_ROW_SERVERINFO] = {
		BLOB(BYTES, SERVERINFO, "serverinfo", KSSL_BLOB_MAX,
		     kssl_format_extensions),
		.cert		= true,
	},
	[KSSL_ROW_SERVERINFO_V2] = {
		BLOB(BYTES, SERVERINFO_V2, "serverinfo-v2", KSSL_BLOB_MAX,
		     kssl_format_extensions_v2),
		.cert		= true,
	},
	[KSSL_ROW_CUSTOM_EXTENSIONS] = {
		BLOB(BYTES, CUSTOM_EXTENSIONS, "custom-extensions",
		     KSSL_BLOB_MAX, kssl_format_extensions_v2),
		.cert		= true,
	},
	[KSSL_ROW_PSK_IDENTITY_HINT] = {
		BLOB(TEXT, PSK_IDENTITY_HINT, "psk-identity-hint",
		     KSSL_PSK_IDENTITY_MAX, kssl_format_text),
		.cert		= true,
	},
	[KSSL_ROW_PSK_IDENTITY] = {
		BLOB(TEXT, PSK_IDENTITY, "psk-identity",
		     KSSL_PSK_IDENTITY_MAX, kssl_format_text),
	},
	[KSSL_ROW_PSK_KEY] = {
		KEY(PSK_KEY, "psk-key"),
	},
	[KSSL_ROW_CLIENT_CERT_TYPES] = {
		BLOB(BYTES, CLIENT_CERT_TYPES, "client-cert-types",
		     KSSL_CERT_TYPES_MAX, NULL),
		.cert		= true,
	},
	[KSSL_ROW_CALLBACKS] = {
		.name		= "callbacks",
		.attr		= KSSL_A_SETTINGS_CALLBACKS,
		.mask_attr	= KSSL_A_SETTINGS_CALLBACKS_COOKIE,
		.type		= KSSL_TYPE_CALLBACKS,
		.levels		= KSSL_LEVEL_ANY,
		.live		= true,
		.max		= sizeof(struct kssl_who),
		.bits		= CALLBACKS_ALL,
		.check		= check_callbacks,
	},
	[KSSL_ROW_ROLE] = {
		.name		= "role",
		.attr		= KSSL_A_SETTINGS_ROLE,
		.type		= KSSL_TYPE_U32,
		.levels		= KSSL_LEVEL_CONN,
		.max		= KSSL_ROLE_SERVER,
	},
	[KSSL_ROW_METHOD] = {
		.name		= "method",
		.attr		= KSSL_A_SETTINGS_METHOD,
		.type		= KSSL_TYPE_U32,
		.levels		= KSSL_LEVEL_NEW_CTX,
		.max		= KSSL_METHOD_SERVER,
	},
	[KSSL_ROW_TIMEOUT] = {
		.name		= "timeout",
		.attr		= KSSL_A_SETTINGS_TIMEOUT,
		.type		= KSSL_TYPE_U32,
		.levels		= KSSL_LEVEL_ANY_CTX,
		.max		= S32_MAX,
		.def		= 7200,
	},
	[KSSL_ROW_LABEL] = {
		.name		= "label",
		.attr		= KSSL_A_SETTINGS_LABEL,
		.type		= KSSL_TYPE_TEXT,
		.levels		= KSSL_LEVEL_ANY,
		.live		= true,
		.max		= KSSL_LABEL_MAX,
		.format		= kssl_format_text,
	},
	[KSSL_ROW_SNI] = {
		BLOB(TEXT, SNI, "sni", KSSL_NAME_MAX, kssl_format_text),
	},
	[KSSL_ROW_ALPN] = {
		BLOB(BYTES, ALPN, "alpn", KSSL_ALPN_MAX, kssl_format_names),
	},
	[KSSL_ROW_GROUPS] = {
		BLOB(CODES, GROUPS, "groups", CODES_SIZE, kssl_format_codes),
	},
	[KSSL_ROW_NUM_TICKETS] = {
		NUMBER(U32, NUM_TICKETS, "num-tickets", KSSL_LEVEL_ANY,
		       U32_MAX),
		.def		= 2,
	},
	[KSSL_ROW_TICKET_KEYS] = {
		BLOB(KEYS, TICKET_KEYS, "ticket-keys",
		     KSSL_TICKET_KEYS_MAX * sizeof(u32), NULL),
	},
	[KSSL_ROW_MAX_EARLY_DATA] = {
		NUMBER(U32, MAX_EARLY_DATA, "max-early-data", KSSL_LEVEL_ANY,
		       U32_MAX),
	},
	[KSSL_ROW_RECV_MAX_EARLY_DATA] = {
		NUMBER(U32, RECV_MAX_EARLY_DATA, "recv-max-early-data",
		       KSSL_LEVEL_ANY, U32_MAX),
		.def		= RECORD_MAX,
	},
	[KSSL_ROW_QUIET_SHUTDOWN] = {
		NUMBER(U8, QUIET_SHUTDOWN, "quiet-shutdown", KSSL_LEVEL_ANY,
		       1),
		.live		= true,
	},
	[KSSL_ROW_BLOCK_PADDING] = {
		NUMBER(U32, BLOCK_PADDING, "block-padding", KSSL_LEVEL_ANY,
		       RECORD_MAX),
	},
	[KSSL_ROW_MAX_SEND_FRAGMENT] = {
		NUMBER(U32, MAX_SEND_FRAGMENT, "max-send-fragment",
		       KSSL_LEVEL_ANY, RECORD_MAX),
		.min		= RECORD_MIN,
		.def		= RECORD_MAX,
	},
	[KSSL_ROW_SPLIT_SEND_FRAGMENT] = {
		NUMBER(U32, SPLIT_SEND_FRAGMENT, "split-send-fragment",
		       KSSL_LEVEL_ANY, RECORD_MAX),
		.min		= 1,
		.def		= RECORD_MAX,
	},
	[KSSL_ROW_MAX_FRAGMENT_LEN] = {
		NUMBER(U8, MAX_FRAGMENT_LEN, "max-fragment-len",
		       KSSL_LEVEL_ANY, 4),
	},
	[KSSL_ROW_SHARE] = {
		NUMBER(U8, SHARE, "share", KSSL_LEVEL_ANY, 1),
		.live		= true,
	},
	[KSSL_ROW_KEEP] = {
		NUMBER(U8, KEEP, "keep", KSSL_LEVEL_ANY, 1),
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
		else if (kssl_row_has_keys(row) && value->len % sizeof(s32))
			text = "not a list of serial numbers";
	} else if (row->bits) {
		if ((value->num | kssl_row_mask(row, value)) & ~row->bits)
			text = "unknown bits";
	} else if ((s64)value->num < row->min || (s64)value->num > row->max) {
		text = "out of range";
	}
	if (!text && row->format)
		text = row->format(value->data, value->len);
	if (!text && row->check)
		text = row->check(row, value);
	if (text)
		return kssl_refuse_nested(why, -EINVAL, KSSL_A_SETTINGS,
					  row->attr, text);
	return 0;
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
