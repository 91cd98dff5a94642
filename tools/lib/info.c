// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel reports about an object: replies into structs, and the calls
 * that ask for them.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "rows.h"

/*
 * The members of a kssl_settings_info that point to memory, each with the
 * length after it: what a parser fills in and a copy moves.
 */
struct pointer {
	uint16_t attr;		/* of the first element */
	uint16_t n;		/* elements, each a pointer and a length */
	uint16_t size;		/* of an item that the length counts */
	uint16_t ptr;		/* offsets */
	uint16_t len;
};

#define POINTER(row, ROW, count, elements, item)			\
	{ KSSL_A_SETTINGS_##ROW, elements, item,			\
	  offsetof(struct kssl_settings_info, row),			\
	  offsetof(struct kssl_settings_info, row##count) },
#define POINTER_CODES(row, ROW, set, get)				\
	POINTER(row, ROW, _n, 1, sizeof(uint16_t))
#define POINTER_KEYS(row, ROW, set, get)				\
	POINTER(row, ROW, _n, 1, sizeof(uint32_t))
#define POINTER_BYTES(row, ROW, set, get)				\
	POINTER(row, ROW, _len, 1, 1)
#define POINTER_SLOT_BYTES(row, ROW, set, get)				\
	POINTER(row, ROW##_RSA, _len, KSSL_CERT_SLOTS, 1)

static const struct pointer pointers[] = {
	KSSL_ROWS_CODES(POINTER_CODES)
	KSSL_ROWS_KEYS(POINTER_KEYS)
	KSSL_ROWS_BYTES(POINTER_BYTES)
	KSSL_ROWS_SLOT_BYTES(POINTER_SLOT_BYTES)
	/* No row, so it has the place that no row has. */
	{ 0, 1, sizeof(uint16_t),
	  offsetof(struct kssl_settings_info, large_rows),
	  offsetof(struct kssl_settings_info, large_rows_n) },
};

/* Memory is reached by its bytes, the types of the pointers differ. */
static void get_pointer(const struct kssl_settings_info *info,
			const struct pointer *pointer, size_t i,
			const void **ptr, size_t *len)
{
	const char *base = (const char *)info;

	memcpy(ptr, base + pointer->ptr + i * sizeof(*ptr), sizeof(*ptr));
	memcpy(len, base + pointer->len + i * sizeof(*len), sizeof(*len));
}

static void set_pointer(struct kssl_settings_info *info,
			const struct pointer *pointer, size_t i,
			const void *ptr, size_t len)
{
	char *base = (char *)info;

	memcpy(base + pointer->ptr + i * sizeof(ptr), &ptr, sizeof(ptr));
	memcpy(base + pointer->len + i * sizeof(len), &len, sizeof(len));
}

static void parse_pointer(const struct nlattr *const *rows,
			  const struct pointer *pointer,
			  struct kssl_settings_info *info)
{
	const struct nlattr *attr;
	size_t i, len;

	for (i = 0; i < pointer->n; i++) {
		attr = rows[pointer->attr + i];
		len = attr ? mnl_attr_get_payload_len(attr) : 0;
		if (len)
			set_pointer(info, pointer, i,
				    mnl_attr_get_payload(attr),
				    len / pointer->size);
	}
}

#define PARSE_NUMBER(row, ROW, set, get, type)				\
	info->row = kssl_attr_uint(rows[KSSL_A_SETTINGS_##ROW]);
#define PARSE_BOOL(row, ROW, set, get)					\
	info->row = kssl_attr_uint(rows[KSSL_A_SETTINGS_##ROW]);
#define PARSE_TEXT(row, ROW, set, get, max)				\
	snprintf(info->row, sizeof(info->row), "%s",			\
		 kssl_attr_str(rows[KSSL_A_SETTINGS_##ROW]));
#define PARSE_SLOT_KEY(row, ROW, set, get)				\
	for (i = 0; i < KSSL_CERT_SLOTS; i++)				\
		info->row[i] =						\
			kssl_attr_uint(rows[KSSL_A_SETTINGS_##ROW##_RSA + i]);

static void parse_settings(const struct nlattr *const *tb,
			   struct kssl_settings_info *info)
{
	const struct nlattr *rows[KSSL_A_SETTINGS_MAX + 1];
	size_t i;

	memset(info, 0, sizeof(*info));
	kssl_attrs_nested(tb[KSSL_A_SETTINGS], rows, KSSL_A_SETTINGS_MAX);
	rows[0] = tb[KSSL_A_LARGE_ROWS];
	info->reported = !!tb[KSSL_A_SETTINGS];
	info->method = kssl_attr_uint(rows[KSSL_A_SETTINGS_METHOD]);
	info->role = kssl_attr_uint(rows[KSSL_A_SETTINGS_ROLE]);
	info->options = kssl_attr_uint(rows[KSSL_A_SETTINGS_OPTIONS]);
	info->mode = kssl_attr_uint(rows[KSSL_A_SETTINGS_MODE]);
	info->timeout = kssl_attr_uint(rows[KSSL_A_SETTINGS_TIMEOUT]);
	info->callbacks = kssl_attr_uint(rows[KSSL_A_SETTINGS_CALLBACKS]);
	info->callbacks_cookie =
		kssl_attr_uint(rows[KSSL_A_SETTINGS_CALLBACKS_COOKIE]);
	KSSL_ROWS_NUMBER(PARSE_NUMBER)
	KSSL_ROWS_BOOL(PARSE_BOOL)
	KSSL_ROWS_TEXT(PARSE_TEXT)
	KSSL_ROWS_SLOT_KEY(PARSE_SLOT_KEY)
	for (i = 0; i < KSSL_ARRAY_SIZE(pointers); i++)
		parse_pointer(rows, &pointers[i], info);
}

static void parse_addr(const struct nlattr *attr, uint8_t *addr)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	memset(addr, 0, 16);
	if (len)
		memcpy(addr, mnl_attr_get_payload(attr), len < 16 ? len : 16);
}

void kssl_endpoints_parse(const struct nlattr *const *tb,
			  struct kssl_endpoints *ends)
{
	ends->family = kssl_attr_uint(tb[KSSL_A_FAMILY]);
	ends->local_port = kssl_attr_uint(tb[KSSL_A_LOCAL_PORT]);
	ends->peer_port = kssl_attr_uint(tb[KSSL_A_PEER_PORT]);
	parse_addr(tb[KSSL_A_LOCAL_ADDR], ends->local_addr);
	parse_addr(tb[KSSL_A_PEER_ADDR], ends->peer_addr);
	ends->sock_cookie = kssl_attr_uint(tb[KSSL_A_SOCK_COOKIE]);
}

static int64_t count(const struct nlattr *attr)
{
	return attr ? (int64_t)kssl_attr_uint(attr) : -1;
}

void kssl_info_parse(const struct nlmsghdr *nlh, struct kssl_info *info,
		     struct kssl_settings_info *settings)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];
	struct kssl_endpoints ends;
	const struct nlattr *alpn;
	size_t alpn_len;

	kssl_attrs_parse(nlh, tb);
	kssl_endpoints_parse(tb, &ends);
	alpn = tb[KSSL_A_ALPN];
	alpn_len = alpn ? mnl_attr_get_payload_len(alpn) : 0;
	*info = (struct kssl_info) {
		.id = kssl_attr_uint(tb[KSSL_A_ID]),
		.ctx_id = kssl_attr_uint(tb[KSSL_A_CTX_ID]),
		.state = kssl_attr_uint(tb[KSSL_A_STATE]),
		.refs = kssl_attr_uint(tb[KSSL_A_REFS]),
		.held = kssl_attr_uint(tb[KSSL_A_HELD]),
		.holders = kssl_attr_uint(tb[KSSL_A_HOLDERS]),
		.uid = kssl_attr_uint(tb[KSSL_A_UID]),
		.age = kssl_attr_uint(tb[KSSL_A_AGE]),
		.settings_id = kssl_attr_uint(tb[KSSL_A_SETTINGS_ID]),
		.inherit_id = kssl_attr_uint(tb[KSSL_A_INHERIT_ID]),
		.version = kssl_attr_uint(tb[KSSL_A_VERSION]),
		.suite = kssl_attr_uint(tb[KSSL_A_SUITE]),
		.verify_result = -1,
		.alpn_len = alpn_len,
		.alpn = alpn_len ? mnl_attr_get_payload(alpn) : NULL,
		.sni = kssl_attr_str(tb[KSSL_A_SNI]),
		.resumed = kssl_attr_uint(tb[KSSL_A_RESUMED]),
		.record_limit = kssl_attr_uint(tb[KSSL_A_RECORD_LIMIT]),
		.shutdown = kssl_attr_uint(tb[KSSL_A_SHUTDOWN]),
		.directions = kssl_attr_uint(tb[KSSL_A_DIRECTIONS]),
		.family = ends.family,
		.local_port = ends.local_port,
		.peer_port = ends.peer_port,
		.sock_cookie = ends.sock_cookie,
		.result = -(int32_t)kssl_attr_uint(tb[KSSL_A_RESULT]),
		.result_text = kssl_attr_str(tb[KSSL_A_RESULT_TEXT]),
		.settings = settings,
		.rights = kssl_attr_uint(tb[KSSL_A_RIGHTS]),
		.sent = count(tb[KSSL_A_SENT]),
		.received = count(tb[KSSL_A_RECEIVED]),
		.unsent = !!tb[KSSL_A_UNSENT],
		.tx_generation = kssl_attr_uint(tb[KSSL_A_TX_GENERATION]),
		.rx_generation = kssl_attr_uint(tb[KSSL_A_RX_GENERATION]),
		.tx_records = kssl_attr_uint(tb[KSSL_A_TX_RECORDS]),
		.rx_records = kssl_attr_uint(tb[KSSL_A_RX_RECORDS]),
	};
	if (tb[KSSL_A_VERIFY_RESULT])
		info->verify_result = kssl_attr_uint(tb[KSSL_A_VERIFY_RESULT]);
	memcpy(info->local_addr, ends.local_addr, sizeof(info->local_addr));
	memcpy(info->peer_addr, ends.peer_addr, sizeof(info->peer_addr));
	parse_settings(tb, settings);
}

void kssl_ctx_info_parse(const struct nlmsghdr *nlh,
			 struct kssl_ctx_info *info,
			 struct kssl_settings_info *settings)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];

	kssl_attrs_parse(nlh, tb);
	*info = (struct kssl_ctx_info) {
		.id = kssl_attr_uint(tb[KSSL_A_CTX_ID]),
		.refs = kssl_attr_uint(tb[KSSL_A_REFS]),
		.held = kssl_attr_uint(tb[KSSL_A_HELD]),
		.holders = kssl_attr_uint(tb[KSSL_A_HOLDERS]),
		.conns = kssl_attr_uint(tb[KSSL_A_CONNS]),
		.uid = kssl_attr_uint(tb[KSSL_A_UID]),
		.age = kssl_attr_uint(tb[KSSL_A_AGE]),
		.settings_id = kssl_attr_uint(tb[KSSL_A_SETTINGS_ID]),
		.inherit_id = kssl_attr_uint(tb[KSSL_A_INHERIT_ID]),
		.settings = settings,
		.rights = kssl_attr_uint(tb[KSSL_A_RIGHTS]),
	};
	parse_settings(tb, settings);
}

/* Lists are moved to where their items are aligned. */
static size_t moved_size(size_t len, const struct pointer *pointer)
{
	return (len * pointer->size + 3) & ~(size_t)3;
}

/* Bytes of what @info points to. */
static size_t pointers_size(const struct kssl_settings_info *info)
{
	const struct pointer *pointer;
	size_t i, len, size = 0;
	const void *ptr;

	for (pointer = pointers;
	     pointer < pointers + KSSL_ARRAY_SIZE(pointers); pointer++) {
		for (i = 0; i < pointer->n; i++) {
			get_pointer(info, pointer, i, &ptr, &len);
			size += moved_size(len, pointer);
		}
	}
	return size;
}

/*
 * Copy @from to @info and, behind it, what that points to; where that ends is
 * returned.
 */
static char *copy_settings(struct kssl_settings_info *info,
			   const struct kssl_settings_info *from)
{
	char *to = (char *)(info + 1);
	const struct pointer *pointer;
	const void *ptr;
	size_t i, len;

	*info = *from;
	for (pointer = pointers;
	     pointer < pointers + KSSL_ARRAY_SIZE(pointers); pointer++) {
		for (i = 0; i < pointer->n; i++) {
			get_pointer(info, pointer, i, &ptr, &len);
			if (!len)
				continue;
			memcpy(to, ptr, len * pointer->size);
			set_pointer(info, pointer, i, to, len);
			to += moved_size(len, pointer);
		}
	}
	return to;
}

/* The copy of @text ends at what is returned. */
static char *move_text(const char **text, char *to)
{
	size_t size = strlen(*text) + 1;

	*text = memcpy(to, *text, size);
	return to + size;
}

struct kssl_info *kssl_info_copy(const struct kssl_info *info)
{
	struct {
		struct kssl_info info;
		struct kssl_settings_info settings;
	} *block;
	struct kssl_info *copy;
	char *to;

	block = malloc(sizeof(*block) + pointers_size(info->settings) +
		       strlen(info->sni) + strlen(info->result_text) + 2 +
		       info->alpn_len);
	if (!block) {
		kssl_set_errno(ENOMEM);
		return NULL;
	}
	copy = &block->info;
	*copy = *info;
	copy->settings = &block->settings;
	to = copy_settings(&block->settings, info->settings);
	to = move_text(&copy->sni, to);
	to = move_text(&copy->result_text, to);
	if (info->alpn_len)
		copy->alpn = memcpy(to, info->alpn, info->alpn_len);
	return copy;
}

struct kssl_ctx_info *kssl_ctx_info_copy(const struct kssl_ctx_info *info)
{
	struct {
		struct kssl_ctx_info info;
		struct kssl_settings_info settings;
	} *block;

	block = malloc(sizeof(*block) + pointers_size(info->settings));
	if (!block) {
		kssl_set_errno(ENOMEM);
		return NULL;
	}
	block->info = *info;
	block->info.settings = &block->settings;
	copy_settings(&block->settings, info->settings);
	return &block->info;
}

void kssl_info_free(struct kssl_info *info)
{
	free(info);
}

void kssl_ctx_info_free(struct kssl_ctx_info *info)
{
	free(info);
}

struct query {
	struct kssl *s;
	int (*fn)(const struct kssl_info *info, void *arg);
	void *arg;
};

static int query_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	struct query *query = arg;
	struct kssl_settings_info settings;
	struct kssl_info info;

	(void)i;
	if (query->s)
		query->s->handle.kind->fill(&query->s->handle, nlh);
	kssl_info_parse(nlh, &info, &settings);
	return query->fn(&info, query->arg);
}

int kssl_query(struct kssl *s,
	       int (*fn)(const struct kssl_info *info, void *arg), void *arg)
{
	struct query query = { s, fn, arg };
	int ok;

	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return 0;
	kssl_handle_request(&s->handle, KSSL_CMD_GET);
	ok = kssl_req_send(s->handle.client, query_reply, &query);
	kssl_client_leave(s->handle.client);
	return ok;
}

struct ctx_query {
	int (*fn)(const struct kssl_ctx_info *info, void *arg);
	void *arg;
};

static int ctx_query_reply(const struct nlmsghdr *nlh, unsigned int i,
			   void *arg)
{
	struct ctx_query *query = arg;
	struct kssl_settings_info settings;
	struct kssl_ctx_info info;

	(void)i;
	kssl_ctx_info_parse(nlh, &info, &settings);
	return query->fn(&info, query->arg);
}

int kssl_ctx_query(struct kssl_ctx *ctx,
		   int (*fn)(const struct kssl_ctx_info *info, void *arg),
		   void *arg)
{
	struct ctx_query query = { fn, arg };
	int ok;

	if (!kssl_handle_enter(kssl_ctx_handle(ctx)))
		return 0;
	kssl_handle_request(&ctx->handle, KSSL_CMD_CTX_GET);
	ok = kssl_req_send(ctx->handle.client, ctx_query_reply, &query);
	kssl_client_leave(ctx->handle.client);
	return ok;
}

static int copy_info(const struct kssl_info *info, void *arg)
{
	struct kssl_info **copy = arg;

	*copy = kssl_info_copy(info);
	return !!*copy;
}

static int copy_ctx_info(const struct kssl_ctx_info *info, void *arg)
{
	struct kssl_ctx_info **copy = arg;

	*copy = kssl_ctx_info_copy(info);
	return !!*copy;
}

struct kssl_info *kssl_get_info(struct kssl *s)
{
	struct kssl_info *info = NULL;

	kssl_query(s, copy_info, &info);
	return info;
}

struct kssl_ctx_info *kssl_ctx_get_info(struct kssl_ctx *ctx)
{
	struct kssl_ctx_info *info = NULL;

	kssl_ctx_query(ctx, copy_ctx_info, &info);
	return info;
}

static struct kssl_info *info_by(struct kssl_client *client, uint16_t attr,
				 uint32_t value)
{
	struct kssl_info *info = NULL;
	struct query query = { NULL, copy_info, &info };

	if (!kssl_client_enter(client))
		return NULL;
	kssl_req_begin(client, KSSL_CMD_GET);
	kssl_req_u32(client, attr, value);
	kssl_req_send(client, query_reply, &query);
	kssl_client_leave(client);
	return info;
}

struct kssl_info *kssl_info_by_id(struct kssl_client *client, uint32_t id)
{
	return info_by(client, KSSL_A_ID, id);
}

struct kssl_info *kssl_info_by_socket(struct kssl_client *client, int fd)
{
	return info_by(client, KSSL_A_FD, fd);
}

struct kssl_ctx_info *kssl_ctx_info_by_id(struct kssl_client *client,
					  uint32_t id)
{
	struct kssl_ctx_info *info = NULL;
	struct ctx_query query = { copy_ctx_info, &info };

	if (!kssl_client_enter(client))
		return NULL;
	kssl_req_begin(client, KSSL_CMD_CTX_GET);
	kssl_req_u32(client, KSSL_A_CTX_ID, id);
	kssl_req_send(client, ctx_query_reply, &query);
	kssl_client_leave(client);
	return info;
}

static int chain_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];
	const struct nlattr *chain;

	(void)i;
	kssl_attrs_parse(nlh, tb);
	chain = tb[KSSL_A_PEER_CHAIN];
	return kssl_take_copy(chain ? mnl_attr_get_payload(chain) : NULL,
			      chain ? mnl_attr_get_payload_len(chain) : 0, arg);
}

int kssl_get_peer_chain(struct kssl *s, void **der, size_t *len)
{
	struct kssl_bytes chain;
	int ok;

	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return 0;
	kssl_handle_request(&s->handle, KSSL_CMD_GET);
	kssl_req_put(s->handle.client, KSSL_A_WITH_PEER_CHAIN, NULL, 0);
	ok = kssl_req_send(s->handle.client, chain_reply, &chain);
	kssl_client_leave(s->handle.client);
	if (!ok)
		return 0;
	*der = chain.data;
	*len = chain.len;
	return 1;
}
