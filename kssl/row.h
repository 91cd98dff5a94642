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
	KSSL_ROW_CIPHER_LIST,
	KSSL_ROW_CIPHERSUITES,
	KSSL_ROW_MAX_CERT_LIST,
	KSSL_ROW_READ_AHEAD,
	KSSL_ROW_ROLE,
	KSSL_ROWS_DUP,

	KSSL_ROW_METHOD = KSSL_ROWS_DUP,
	KSSL_ROW_TIMEOUT,
	KSSL_ROW_LABEL,
	KSSL_ROWS,
};

enum kssl_row_type {
	KSSL_ROW_U8,
	KSSL_ROW_U16,
	KSSL_ROW_U32,
	KSSL_ROW_S32,
	KSSL_ROW_U64,
	KSSL_ROW_SUITES,
	KSSL_ROW_TEXT,
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
 * @mask_attr: the attribute that says which bits are to change, or 0
 * @type: how its value is kept and sent
 * @levels: where it can be set, KSSL_LEVEL_*
 * @live: it is not policy, so a connection may change it in any state
 * @min: smallest value, as s64 for KSSL_ROW_S32
 * @max: largest value; of a list or a text, its size in bytes
 * @bits: for a row of bits, those that exist; 0 for other rows
 * @def: default value
 * @def_suites: default of a list
 * @def_len: size of @def_suites in bytes
 * @check: refuses what bounds cannot say, or NULL
 */
struct kssl_row {
	const char *name;
	u16 attr;
	u16 mask_attr;
	enum kssl_row_type type;
	u8 levels;
	bool live;
	s64 min;
	s64 max;
	u64 bits;
	u64 def;
	const u16 *def_suites;
	u32 def_len;
	int (*check)(const struct kssl_row *row,
		     const struct kssl_value *value, struct kssl_reason *why);
};

extern const struct kssl_row kssl_rows[KSSL_ROWS];

static inline bool kssl_row_is_blob(const struct kssl_row *row)
{
	return row->type >= KSSL_ROW_SUITES;
}

enum kssl_row_id kssl_row_find(u16 attr);
u64 kssl_row_mask(const struct kssl_row *row, const struct kssl_value *value);
int __must_check kssl_row_check(const struct kssl_row *row,
				const struct kssl_value *value,
				struct kssl_reason *why);

#endif /* _KSSL_ROW_H */
