// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A setter and a getter for each row, on contexts and on connections. Setters
 * are a kssl_settings of one row, getters one get request.
 */
#include <string.h>

#include "internal.h"

/* --- setters -------------------------------------------------------------- */

/* Ends a setter whose row was put into @rows, or was not unless @ok. */
static int apply_ctx(struct kssl_ctx *ctx, struct kssl_settings *rows, int ok)
{
	ok = ok && kssl_ctx_set(ctx, rows);
	kssl_settings_cleanup(rows);
	return ok;
}

static int apply(struct kssl *s, struct kssl_settings *rows, int ok)
{
	ok = ok && kssl_set(s, rows);
	kssl_settings_cleanup(rows);
	return ok;
}

static int set_options(struct kssl_settings *rows, uint64_t bits)
{
	return kssl_settings_options(rows, bits, bits);
}

static int clear_options(struct kssl_settings *rows, uint64_t bits)
{
	return kssl_settings_options(rows, 0, bits);
}

static int set_mode(struct kssl_settings *rows, uint32_t bits)
{
	return kssl_settings_mode(rows, bits, bits);
}

static int clear_mode(struct kssl_settings *rows, uint32_t bits)
{
	return kssl_settings_mode(rows, 0, bits);
}

/*
 * Setters of one value on both levels; @verb is what the row's functions say
 * they do.
 */
#define SETTERS(verb, name, type, put)					\
int kssl_ctx_##verb##_##name(struct kssl_ctx *ctx, type value)		\
{									\
	struct kssl_settings rows = { 0 };				\
									\
	return apply_ctx(ctx, &rows, put(&rows, value));		\
}									\
									\
int kssl_##verb##_##name(struct kssl *s, type value)			\
{									\
	struct kssl_settings rows = { 0 };				\
									\
	return apply(s, &rows, put(&rows, value));			\
}

SETTERS(set, options, uint64_t, set_options)
SETTERS(clear, options, uint64_t, clear_options)
SETTERS(set, mode, uint32_t, set_mode)
SETTERS(clear, mode, uint32_t, clear_mode)
SETTERS(set, min_proto_version, uint16_t, kssl_settings_min_proto)
SETTERS(set, max_proto_version, uint16_t, kssl_settings_max_proto)
SETTERS(set, verify_mode, uint32_t, kssl_settings_verify_mode)
SETTERS(set, verify_depth, int32_t, kssl_settings_verify_depth)
SETTERS(set, max_cert_list, uint32_t, kssl_settings_max_cert_list)
SETTERS(set, read_ahead, int, kssl_settings_read_ahead)
SETTERS(set, label, const char *, kssl_settings_label)

/* The rows that one level alone can set. */
int kssl_ctx_set_timeout(struct kssl_ctx *ctx, uint32_t seconds)
{
	struct kssl_settings rows = { 0 };

	return apply_ctx(ctx, &rows, kssl_settings_timeout(&rows, seconds));
}

static int set_role(struct kssl *s, enum kssl_role role)
{
	struct kssl_settings rows = { 0 };

	return apply(s, &rows, kssl_settings_role(&rows, role));
}

int kssl_set_accept_state(struct kssl *s)
{
	return set_role(s, KSSL_ROLE_SERVER);
}

int kssl_set_connect_state(struct kssl *s)
{
	return set_role(s, KSSL_ROLE_CLIENT);
}

#define LIST_SETTERS(row)						\
int kssl_ctx_set_##row(struct kssl_ctx *ctx, const uint16_t *codes,	\
		       size_t n)					\
{									\
	struct kssl_settings rows = { 0 };				\
									\
	return apply_ctx(ctx, &rows,					\
			 kssl_settings_##row(&rows, codes, n));		\
}									\
									\
int kssl_set_##row(struct kssl *s, const uint16_t *codes, size_t n)	\
{									\
	struct kssl_settings rows = { 0 };				\
									\
	return apply(s, &rows, kssl_settings_##row(&rows, codes, n));	\
}

LIST_SETTERS(cipher_list)
LIST_SETTERS(ciphersuites)

/* --- getters -------------------------------------------------------------- */

static int copy_ctx_rows(const struct kssl_ctx_info *info, void *rows)
{
	*(struct kssl_settings_info *)rows = info->settings;
	return 1;
}

static int copy_rows(const struct kssl_info *info, void *rows)
{
	*(struct kssl_settings_info *)rows = info->settings;
	return 1;
}

/* Getters of one value on both levels. The rows' lists are gone by then. */
#define GETTERS(name, member, type)					\
int kssl_ctx_get_##name(struct kssl_ctx *ctx, type *value)		\
{									\
	struct kssl_settings_info rows;					\
									\
	if (!kssl_ctx_query(ctx, copy_ctx_rows, &rows))			\
		return 0;						\
	*value = rows.member;						\
	return 1;							\
}									\
									\
int kssl_get_##name(struct kssl *s, type *value)			\
{									\
	struct kssl_settings_info rows;					\
									\
	if (!kssl_query(s, copy_rows, &rows))				\
		return 0;						\
	*value = rows.member;						\
	return 1;							\
}

GETTERS(options, options, uint64_t)
GETTERS(mode, mode, uint32_t)
GETTERS(min_proto_version, min_proto, uint16_t)
GETTERS(max_proto_version, max_proto, uint16_t)
GETTERS(verify_mode, verify_mode, uint32_t)
GETTERS(verify_depth, verify_depth, int32_t)
GETTERS(max_cert_list, max_cert_list, uint32_t)
GETTERS(read_ahead, read_ahead, int)
GETTERS(timeout, timeout, uint32_t)

int kssl_ctx_get_method(struct kssl_ctx *ctx, enum kssl_method *method)
{
	struct kssl_settings_info rows;

	if (!kssl_ctx_query(ctx, copy_ctx_rows, &rows))
		return 0;
	*method = rows.method;
	return 1;
}

int kssl_get_role(struct kssl *s, enum kssl_role *role)
{
	struct kssl_settings_info rows;

	if (!kssl_query(s, copy_rows, &rows))
		return 0;
	*role = rows.role;
	return 1;
}

/* --- lists and text ------------------------------------------------------- */

struct list {
	uint16_t *codes;
	size_t max;
	int n;
};

static int copy_codes(struct list *list, const uint16_t *codes, size_t n)
{
	size_t fit = n < list->max ? n : list->max;

	if (fit)
		memcpy(list->codes, codes, fit * sizeof(*codes));
	list->n = n;
	return 1;
}

#define LIST_GETTERS(row)						\
static int copy_ctx_##row(const struct kssl_ctx_info *info, void *list)	\
{									\
	return copy_codes(list, info->settings.row,			\
			  info->settings.row##_n);			\
}									\
									\
static int copy_##row(const struct kssl_info *info, void *list)		\
{									\
	return copy_codes(list, info->settings.row,			\
			  info->settings.row##_n);			\
}									\
									\
int kssl_ctx_get_##row(struct kssl_ctx *ctx, uint16_t *codes, size_t max) \
{									\
	struct list list = { codes, max, -1 };				\
									\
	kssl_ctx_query(ctx, copy_ctx_##row, &list);			\
	return list.n;							\
}									\
									\
int kssl_get_##row(struct kssl *s, uint16_t *codes, size_t max)		\
{									\
	struct list list = { codes, max, -1 };				\
									\
	kssl_query(s, copy_##row, &list);				\
	return list.n;							\
}

LIST_GETTERS(cipher_list)
LIST_GETTERS(ciphersuites)

static void copy_label(char *label, size_t size,
		       const struct kssl_settings_info *rows)
{
	size_t len = strlen(rows->label);

	if (!size)
		return;
	if (len > size - 1)
		len = size - 1;
	memcpy(label, rows->label, len);
	label[len] = '\0';
}

int kssl_ctx_get_label(struct kssl_ctx *ctx, char *label, size_t size)
{
	struct kssl_settings_info rows;

	if (!kssl_ctx_query(ctx, copy_ctx_rows, &rows))
		return 0;
	copy_label(label, size, &rows);
	return 1;
}

int kssl_get_label(struct kssl *s, char *label, size_t size)
{
	struct kssl_settings_info rows;

	if (!kssl_query(s, copy_rows, &rows))
		return 0;
	copy_label(label, size, &rows);
	return 1;
}
