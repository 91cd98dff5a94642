/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_ROW_H
#define _KSSL_ROW_H

#include <linux/types.h>

#include <net/kssl.h>

/* The rows, those that dup copies first. */
enum kssl_row_id {
	KSSL_ROW_OPTIONS,
	KSSL_ROW_MODE,
	KSSL_ROW_MIN_PROTO,
	KSSL_ROW_MAX_PROTO,
	KSSL_ROW_VERIFY_MODE,
	KSSL_ROW_VERIFY_DEPTH,
	KSSL_ROW_VERIFY_FLAGS,
	KSSL_ROW_VERIFY_PURPOSE,
	KSSL_ROW_VERIFY_TRUST,
	KSSL_ROW_VERIFY_HOSTS,
	KSSL_ROW_VERIFY_HOST_FLAGS,
	KSSL_ROW_VERIFY_EMAIL,
	KSSL_ROW_VERIFY_IP,
	KSSL_ROW_VERIFY_TIME,
	KSSL_ROW_VERIFY_AUTH_LEVEL,
	KSSL_ROW_TRUST_ANCHORS,
	KSSL_ROW_TRUST_SYSTEM,
	KSSL_ROW_CRLS,
	KSSL_ROW_SESSION,
	KSSL_ROW_SESSION_ID_CONTEXT,
	KSSL_ROW_TMP_DH,
	KSSL_ROW_DH_AUTO,
	KSSL_ROW_CERTIFICATE_CURRENT,
	KSSL_ROW_CERTIFICATE,
	KSSL_ROW_CHAIN = KSSL_ROW_CERTIFICATE + KSSL_CERT_SLOTS,
	KSSL_ROW_PRIVATE_KEY = KSSL_ROW_CHAIN + KSSL_CERT_SLOTS,
	KSSL_ROW_OCSP = KSSL_ROW_PRIVATE_KEY + KSSL_CERT_SLOTS,
	KSSL_ROW_SIGALGS = KSSL_ROW_OCSP + KSSL_CERT_SLOTS,
	KSSL_ROW_CLIENT_SIGALGS,
	KSSL_ROW_DANE_ENABLED,
	KSSL_ROW_DANE_FLAGS,
	KSSL_ROW_DANE_MTYPES,
	KSSL_ROW_DANE_TLSA,
	KSSL_ROW_CIPHER_LIST,
	KSSL_ROW_CIPHERSUITES,
	KSSL_ROW_SECURITY_LEVEL,
	KSSL_ROW_CA_LIST,
	KSSL_ROW_CLIENT_CA_LIST,
	KSSL_ROW_MAX_CERT_LIST,
	KSSL_ROW_READ_AHEAD,
	KSSL_ROW_EX_DATA,
	KSSL_ROW_SERVERINFO = KSSL_ROW_EX_DATA + KSSL_EX_DATA_MAX,
	KSSL_ROW_SERVERINFO_V2,
	KSSL_ROW_CUSTOM_EXTENSIONS,
	KSSL_ROW_PSK_IDENTITY_HINT,
	KSSL_ROW_PSK_IDENTITY,
	KSSL_ROW_PSK_KEY,
	KSSL_ROW_CLIENT_CERT_TYPES,
	KSSL_ROW_CALLBACKS,
	KSSL_ROW_ROLE,
	KSSL_ROWS_DUP,

	KSSL_ROW_METHOD = KSSL_ROWS_DUP,
	KSSL_ROW_TIMEOUT,
	KSSL_ROW_LABEL,
	KSSL_ROW_SNI,
	KSSL_ROW_ALPN,
	KSSL_ROW_GROUPS,
	KSSL_ROW_NUM_TICKETS,
	KSSL_ROW_TICKET_KEYS,
	KSSL_ROW_MAX_EARLY_DATA,
	KSSL_ROW_RECV_MAX_EARLY_DATA,
	KSSL_ROW_QUIET_SHUTDOWN,
	KSSL_ROW_BLOCK_PADDING,
	KSSL_ROW_MAX_SEND_FRAGMENT,
	KSSL_ROW_SPLIT_SEND_FRAGMENT,
	KSSL_ROW_MAX_FRAGMENT_LEN,
	KSSL_ROW_SHARE,
	KSSL_ROW_KEEP,
	KSSL_ROWS,
};

enum kssl_row_type {
	KSSL_TYPE_U8,
	KSSL_TYPE_U16,
	KSSL_TYPE_U32,
	KSSL_TYPE_S32,
	KSSL_TYPE_U64,
	KSSL_TYPE_CODES,
	KSSL_TYPE_TEXT,
	KSSL_TYPE_BYTES,
	KSSL_TYPE_CALLBACKS,
	KSSL_TYPE_KEY,
	KSSL_TYPE_KEYS,
};

/*
 * Where a row can be set. The method belongs to a new context only: with
 * another one, roles that connections have already could become impossible.
 */
#define KSSL_LEVEL_NEW_CTX	0x1
#define KSSL_LEVEL_CTX		0x2
#define KSSL_LEVEL_CONN		0x4
#define KSSL_LEVEL_ANY_CTX	(KSSL_LEVEL_NEW_CTX | KSSL_LEVEL_CTX)
#define KSSL_LEVEL_ANY		(KSSL_LEVEL_ANY_CTX | KSSL_LEVEL_CONN)

/**
 * struct kssl_row - one row of the settings table
 * @name: its name in the netlink specification
 * @attr: its attribute, KSSL_A_SETTINGS_*
 * @mask_attr: the attribute that says which bits are to change, or that has
 *	the cookie of callbacks, or 0
 * @type: how its value is kept and sent
 * @levels: where it can be set, KSSL_LEVEL_*
 * @live: it is not policy, so a connection may change it in any state
 * @cert: it goes with the certificates, so set-ctx takes the new context's
 * @private: a holder alone sees its value, and only when asking for it
 * @secret: its value is wiped when it goes, and session-get alone reports it
 * @min: smallest value, as s64 for KSSL_TYPE_S32
 * @max: largest value; of a list, a text or bytes, its size in bytes
 * @bits: for a row of bits, those that exist; 0 for other rows
 * @def: default value
 * @def_codes: default of a list
 * @def_len: size of @def_codes in bytes
 * @format: says what is wrong with bytes, a list or a text (format.c), or NULL
 * @check: says what is wrong with any value, or NULL
 */
struct kssl_row {
	const char *name;
	u16 attr;
	u16 mask_attr;
	enum kssl_row_type type;
	u8 levels;
	bool live;
	bool cert;
	bool private;
	bool secret;
	s64 min;
	s64 max;
	u64 bits;
	u64 def;
	const u16 *def_codes;
	u32 def_len;
	const char *(*format)(const u8 *data, u32 len);
	const char *(*check)(const struct kssl_row *row,
			     const struct kssl_value *value);
};

extern const struct kssl_row kssl_rows[KSSL_ROWS];

static inline bool kssl_row_is_blob(const struct kssl_row *row)
{
	return row->type >= KSSL_TYPE_CODES;
}

static inline bool kssl_row_has_keys(const struct kssl_row *row)
{
	return row->type >= KSSL_TYPE_KEY;
}

enum kssl_row_id kssl_row_find(u16 attr);
u64 kssl_row_mask(const struct kssl_row *row, const struct kssl_value *value);
int __must_check kssl_row_check(const struct kssl_row *row,
				const struct kssl_value *value,
				struct kssl_reason *why);

#endif /* _KSSL_ROW_H */
