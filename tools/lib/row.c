// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A setter and a getter for each row, on contexts and on connections. Setters
 * are a kssl_settings of one row, getters a get request for that row.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "rows.h"

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

/* Setters of both levels: their name, the collector, parameters, arguments. */
#define SETTERS(name, put, params, ...)					\
int kssl_ctx_##name(struct kssl_ctx *ctx, UNPACK params)		\
{									\
	struct kssl_settings rows = { 0 };				\
									\
	return apply_ctx(ctx, &rows, put(&rows, __VA_ARGS__));		\
}									\
									\
int kssl_##name(struct kssl *s, UNPACK params)				\
{									\
	struct kssl_settings rows = { 0 };				\
									\
	return apply(s, &rows, put(&rows, __VA_ARGS__));		\
}
#define UNPACK(...) __VA_ARGS__

SETTERS(set_options, set_options, (uint64_t value), value)
SETTERS(clear_options, clear_options, (uint64_t bits), bits)
SETTERS(set_mode, set_mode, (uint32_t value), value)
SETTERS(clear_mode, clear_mode, (uint32_t bits), bits)

#define SET_NUMBER(row, ROW, set, get, type)				\
	SETTERS(set, kssl_settings_##row, (type value), value)
#define SET_BOOL(row, ROW, set, get)					\
	SETTERS(set, kssl_settings_##row, (int on), on)
#define SET_CODES(row, ROW, set, get)					\
	SETTERS(set, kssl_settings_##row,				\
		(const uint16_t *codes, size_t n), codes, n)
#define SET_KEYS(row, ROW, set, get)					\
	SETTERS(set, kssl_settings_##row,				\
		(const uint32_t *serials, size_t n), serials, n)
#define SET_TEXT(row, ROW, set, get, max)				\
	SETTERS(set, kssl_settings_##row, (const char *text), text)
#define SET_BYTES(row, ROW, set, get)					\
	SETTERS(set, kssl_settings_##row,				\
		(const void *data, size_t len), data, len)
#define SET_SLOT_BYTES(row, ROW, set, get)				\
	SETTERS(set, kssl_settings_##row,				\
		(enum kssl_cert_slot slot, const void *data,		\
		 size_t len), slot, data, len)
#define SET_SLOT_KEY(row, ROW, set, get)				\
	SETTERS(set, kssl_settings_##row,				\
		(enum kssl_cert_slot slot, uint32_t serial), slot, serial)

KSSL_ROWS_NUMBER(SET_NUMBER)
KSSL_ROWS_BOOL(SET_BOOL)
KSSL_ROWS_CODES(SET_CODES)
KSSL_ROWS_KEYS(SET_KEYS)
KSSL_ROWS_TEXT(SET_TEXT)
KSSL_ROWS_BYTES(SET_BYTES)
KSSL_ROWS_SLOT_BYTES(SET_SLOT_BYTES)
KSSL_ROWS_SLOT_KEY(SET_SLOT_KEY)
SETTERS(set_ex_data, kssl_settings_ex_data,
	(unsigned int index, const void *data, size_t len), index, data, len)

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

int kssl_set_session(struct kssl *s, const void *data, size_t len)
{
	struct kssl_settings rows = { 0 };

	return apply(s, &rows, kssl_settings_session(&rows, data, len));
}

/* --- asking for one row --------------------------------------------------- */

/* Takes the payload of a row; 1, or 0 with the error set. */
typedef int take_fn(const void *data, size_t len, void *arg);

struct row_query {
	uint16_t attr;
	take_fn *take;
	void *arg;
};

static int row_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	const struct nlattr *rows[KSSL_A_SETTINGS_MAX + 1];
	const struct nlattr *tb[KSSL_A_MAX + 1];
	const struct row_query *query = arg;
	const struct nlattr *attr;

	(void)i;
	kssl_attrs_parse(nlh, tb);
	kssl_attrs_nested(tb[KSSL_A_SETTINGS], rows, KSSL_A_SETTINGS_MAX);
	attr = rows[query->attr];
	if (!attr)
		return kssl_set_result(EOPNOTSUPP,
				       "the kernel does not report this row",
				       KSSL_A_SETTINGS, query->attr);
	return query->take(mnl_attr_get_payload(attr),
			   mnl_attr_get_payload_len(attr), query->arg);
}

static int query_row(struct kssl_handle *handle, uint16_t attr, take_fn *take,
		     void *arg)
{
	struct row_query query = { attr, take, arg };
	int ok;

	if (!attr || attr > KSSL_A_SETTINGS_MAX)
		return kssl_set_error(EINVAL, "no row with that index");
	if (!kssl_handle_enter(handle))
		return 0;
	kssl_handle_request(handle, handle->kind->cmd_get);
	kssl_req_u32(handle->client, KSSL_A_ROW, attr);
	ok = kssl_req_send(handle->client, row_reply, &query);
	kssl_client_leave(handle->client);
	return ok;
}

static int session_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];
	const struct row_query *query = arg;
	const struct nlattr *attr;

	(void)i;
	kssl_attrs_parse(nlh, tb);
	attr = tb[KSSL_A_SESSION];
	return query->take(attr ? mnl_attr_get_payload(attr) : NULL,
			   attr ? mnl_attr_get_payload_len(attr) : 0,
			   query->arg);
}

/* The request is one of its own, and none is an errno there. */
static int query_session(struct kssl *s, take_fn *take, void *arg)
{
	struct row_query query = { KSSL_A_SETTINGS_SESSION, take, arg };
	struct kssl_client *client;
	struct kssl_error_save save;
	int ok;

	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return 0;
	client = s->handle.client;
	kssl_error_save(&save);
	kssl_handle_request(&s->handle, KSSL_CMD_SESSION_GET);
	ok = kssl_req_send(client, session_reply, &query);
	explicit_bzero(client->recv_buf, KSSL_RECV_SIZE);
	kssl_client_leave(client);
	if (ok || kssl_errno() != ENODATA)
		return ok;
	kssl_error_restore(&save);
	return take(NULL, 0, arg);
}

/* --- getters -------------------------------------------------------------- */

struct number {
	void *value;
	size_t size;
};

static int take_number(const void *data, size_t len, void *arg)
{
	const struct number *number = arg;

	if (len != number->size)
		return kssl_set_error(EPROTO, "a number of %zu bytes", len);
	memcpy(number->value, data, len);
	return 1;
}

static int get_number(struct kssl_handle *handle, uint16_t attr, void *value,
		      size_t size)
{
	struct number number = { value, size };

	return query_row(handle, attr, take_number, &number);
}

#define NUMBER_GETTERS(name, ROW, type)					\
int kssl_ctx_##name(struct kssl_ctx *ctx, type *value)			\
{									\
	return get_number(kssl_ctx_handle(ctx), KSSL_A_SETTINGS_##ROW,	\
			  value, sizeof(*value));			\
}									\
									\
int kssl_##name(struct kssl *s, type *value)				\
{									\
	return get_number(kssl_conn_handle(s), KSSL_A_SETTINGS_##ROW,	\
			  value, sizeof(*value));			\
}
#define GET_NUMBER(row, ROW, set, get, type)				\
	NUMBER_GETTERS(get, ROW, type)

KSSL_ROWS_NUMBER(GET_NUMBER)
NUMBER_GETTERS(get_options, OPTIONS, uint64_t)
NUMBER_GETTERS(get_mode, MODE, uint32_t)
NUMBER_GETTERS(get_timeout, TIMEOUT, uint32_t)
NUMBER_GETTERS(get_callbacks, CALLBACKS, uint32_t)

int kssl_ctx_get_method(struct kssl_ctx *ctx, enum kssl_method *method)
{
	uint32_t value;

	if (!get_number(kssl_ctx_handle(ctx), KSSL_A_SETTINGS_METHOD, &value,
			sizeof(value)))
		return 0;
	*method = value;
	return 1;
}

int kssl_get_role(struct kssl *s, enum kssl_role *role)
{
	uint32_t value;

	if (!get_number(kssl_conn_handle(s), KSSL_A_SETTINGS_ROLE, &value,
			sizeof(value)))
		return 0;
	*role = value;
	return 1;
}

static int get_bool(struct kssl_handle *handle, uint16_t attr, int *on)
{
	uint8_t value;

	if (!get_number(handle, attr, &value, sizeof(value)))
		return 0;
	*on = value;
	return 1;
}

#define GET_BOOL(row, ROW, set, get)					\
int kssl_ctx_##get(struct kssl_ctx *ctx, int *on)			\
{									\
	return get_bool(kssl_ctx_handle(ctx), KSSL_A_SETTINGS_##ROW, on); \
}									\
									\
int kssl_##get(struct kssl *s, int *on)					\
{									\
	return get_bool(kssl_conn_handle(s), KSSL_A_SETTINGS_##ROW, on); \
}

KSSL_ROWS_BOOL(GET_BOOL)

#define GET_SLOT_KEY(row, ROW, set, get)				\
int kssl_ctx_##get(struct kssl_ctx *ctx, enum kssl_cert_slot slot,	\
		   uint32_t *serial)					\
{									\
	return get_number(kssl_ctx_handle(ctx),				\
			  kssl_slot_attr(KSSL_A_SETTINGS_##ROW##_RSA,	\
					 slot),				\
			  serial, sizeof(*serial));			\
}									\
									\
int kssl_##get(struct kssl *s, enum kssl_cert_slot slot,		\
	       uint32_t *serial)					\
{									\
	return get_number(kssl_conn_handle(s),				\
			  kssl_slot_attr(KSSL_A_SETTINGS_##ROW##_RSA,	\
					 slot),				\
			  serial, sizeof(*serial));			\
}

KSSL_ROWS_SLOT_KEY(GET_SLOT_KEY)

/* Where items of a list go, and how many there are. */
struct list {
	void *items;
	size_t max;
	size_t item_size;
	ssize_t n;
};

static int take_list(const void *data, size_t len, void *arg)
{
	struct list *list = arg;
	size_t n = len / list->item_size;
	size_t fit = n < list->max ? n : list->max;

	if (fit)
		memcpy(list->items, data, fit * list->item_size);
	list->n = n;
	return 1;
}

static ssize_t get_list(struct kssl_handle *handle, uint16_t attr, void *items,
			size_t max, size_t item_size)
{
	struct list list = { items, max, item_size, -1 };

	query_row(handle, attr, take_list, &list);
	return list.n;
}

#define LIST_GETTERS(get, ROW, type, items)				\
int kssl_ctx_##get(struct kssl_ctx *ctx, type *items, size_t max)	\
{									\
	return get_list(kssl_ctx_handle(ctx), KSSL_A_SETTINGS_##ROW,	\
			items, max, sizeof(*items));			\
}									\
									\
int kssl_##get(struct kssl *s, type *items, size_t max)			\
{									\
	return get_list(kssl_conn_handle(s), KSSL_A_SETTINGS_##ROW,	\
			items, max, sizeof(*items));			\
}
#define GET_CODES(row, ROW, set, get)					\
	LIST_GETTERS(get, ROW, uint16_t, codes)
#define GET_KEYS(row, ROW, set, get)					\
	LIST_GETTERS(get, ROW, uint32_t, serials)

KSSL_ROWS_CODES(GET_CODES)
KSSL_ROWS_KEYS(GET_KEYS)

/* Getters of bytes: their name, the attribute, parameters in front. */
#define BYTES_GETTERS(get, attr, ...)					\
ssize_t kssl_ctx_##get(struct kssl_ctx *ctx, __VA_ARGS__ void *buf,	\
		       size_t size)					\
{									\
	return get_list(kssl_ctx_handle(ctx), attr, buf, size, 1);	\
}									\
									\
ssize_t kssl_##get(struct kssl *s, __VA_ARGS__ void *buf, size_t size)	\
{									\
	return get_list(kssl_conn_handle(s), attr, buf, size, 1);	\
}
#define COMMA ,
#define GET_BYTES(row, ROW, set, get)					\
	BYTES_GETTERS(get, KSSL_A_SETTINGS_##ROW,)
#define GET_SLOT_BYTES(row, ROW, set, get)				\
	BYTES_GETTERS(get, kssl_slot_attr(KSSL_A_SETTINGS_##ROW##_RSA,	\
					  slot),			\
		      enum kssl_cert_slot slot COMMA)

KSSL_ROWS_BYTES(GET_BYTES)
KSSL_ROWS_SLOT_BYTES(GET_SLOT_BYTES)
BYTES_GETTERS(get_ex_data, kssl_ex_data_attr(index), unsigned int index COMMA)

ssize_t kssl_get_session(struct kssl *s, void *buf, size_t size)
{
	struct list list = { buf, size, 1, -1 };

	query_session(s, take_list, &list);
	return list.n;
}

struct text {
	char *text;
	size_t size;
};

static int take_text(const void *data, size_t len, void *arg)
{
	const struct text *text = arg;

	if (!text->size)
		return 1;
	len = strnlen(data, len);
	if (len > text->size - 1)
		len = text->size - 1;
	memcpy(text->text, data, len);
	text->text[len] = '\0';
	return 1;
}

static int get_text(struct kssl_handle *handle, uint16_t attr, char *buf,
		    size_t size)
{
	struct text text = { buf, size };

	return query_row(handle, attr, take_text, &text);
}

#define GET_TEXT(row, ROW, set, get, max)				\
int kssl_ctx_##get(struct kssl_ctx *ctx, char *text, size_t size)	\
{									\
	return get_text(kssl_ctx_handle(ctx), KSSL_A_SETTINGS_##ROW,	\
			text, size);					\
}									\
									\
int kssl_##get(struct kssl *s, char *text, size_t size)			\
{									\
	return get_text(kssl_conn_handle(s), KSSL_A_SETTINGS_##ROW,	\
			text, size);					\
}

KSSL_ROWS_TEXT(GET_TEXT)

/* --- any row -------------------------------------------------------------- */

int kssl_take_copy(const void *data, size_t len, void *arg)
{
	struct kssl_bytes *copy = arg;

	copy->len = len;
	copy->data = len ? malloc(len) : NULL;
	if (!len)
		return 1;
	if (!copy->data)
		return kssl_set_errno(ENOMEM);
	memcpy(copy->data, data, len);
	return 1;
}

/* Stores what a query copied. */
static int give(const struct kssl_bytes *copy, int ok, void **data, size_t *len)
{
	if (!ok)
		return 0;
	*data = copy->data;
	*len = copy->len;
	return 1;
}

int kssl_ctx_get_row(struct kssl_ctx *ctx, uint16_t attr, void **data,
		     size_t *len)
{
	struct kssl_bytes copy;
	int ok = query_row(kssl_ctx_handle(ctx), attr, kssl_take_copy, &copy);

	return give(&copy, ok, data, len);
}

int kssl_get_row(struct kssl *s, uint16_t attr, void **data, size_t *len)
{
	struct kssl_bytes copy;
	int ok = attr == KSSL_A_SETTINGS_SESSION ?
		query_session(s, kssl_take_copy, &copy) :
		query_row(kssl_conn_handle(s), attr, kssl_take_copy, &copy);

	return give(&copy, ok, data, len);
}
