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

static void parse_list(const struct nlattr *attr, const uint16_t **codes,
		       size_t *n)
{
	*codes = attr ? mnl_attr_get_payload(attr) : NULL;
	*n = attr ? mnl_attr_get_payload_len(attr) / sizeof(**codes) : 0;
}

static void parse_settings(const struct nlattr *nest,
			   struct kssl_settings_info *info)
{
	const struct nlattr *tb[KSSL_A_SETTINGS_MAX + 1];

	kssl_attrs_nested(nest, tb, KSSL_A_SETTINGS_MAX);
	info->method = kssl_attr_uint(tb[KSSL_A_SETTINGS_METHOD]);
	info->role = kssl_attr_uint(tb[KSSL_A_SETTINGS_ROLE]);
	info->options = kssl_attr_uint(tb[KSSL_A_SETTINGS_OPTIONS]);
	info->mode = kssl_attr_uint(tb[KSSL_A_SETTINGS_MODE]);
	info->min_proto = kssl_attr_uint(tb[KSSL_A_SETTINGS_MIN_PROTO]);
	info->max_proto = kssl_attr_uint(tb[KSSL_A_SETTINGS_MAX_PROTO]);
	info->verify_mode = kssl_attr_uint(tb[KSSL_A_SETTINGS_VERIFY_MODE]);
	info->verify_depth = kssl_attr_uint(tb[KSSL_A_SETTINGS_VERIFY_DEPTH]);
	info->timeout = kssl_attr_uint(tb[KSSL_A_SETTINGS_TIMEOUT]);
	info->max_cert_list = kssl_attr_uint(tb[KSSL_A_SETTINGS_MAX_CERT_LIST]);
	info->read_ahead = kssl_attr_uint(tb[KSSL_A_SETTINGS_READ_AHEAD]);
	parse_list(tb[KSSL_A_SETTINGS_CIPHER_LIST], &info->cipher_list,
		   &info->cipher_list_n);
	parse_list(tb[KSSL_A_SETTINGS_CIPHERSUITES], &info->ciphersuites,
		   &info->ciphersuites_n);
	snprintf(info->label, sizeof(info->label), "%s",
		 kssl_attr_str(tb[KSSL_A_SETTINGS_LABEL]));
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

void kssl_info_parse(const struct nlmsghdr *nlh, struct kssl_info *info)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];
	struct kssl_endpoints ends;

	kssl_attrs_parse(nlh, tb);
	kssl_endpoints_parse(tb, &ends);
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
		.family = ends.family,
		.local_port = ends.local_port,
		.peer_port = ends.peer_port,
		.sock_cookie = ends.sock_cookie,
		.result = -(int32_t)kssl_attr_uint(tb[KSSL_A_RESULT]),
		.result_text = kssl_attr_str(tb[KSSL_A_RESULT_TEXT]),
	};
	if (tb[KSSL_A_VERIFY_RESULT])
		info->verify_result = kssl_attr_uint(tb[KSSL_A_VERIFY_RESULT]);
	memcpy(info->local_addr, ends.local_addr, sizeof(info->local_addr));
	memcpy(info->peer_addr, ends.peer_addr, sizeof(info->peer_addr));
	parse_settings(tb[KSSL_A_SETTINGS], &info->settings);
}

void kssl_ctx_info_parse(const struct nlmsghdr *nlh,
			 struct kssl_ctx_info *info)
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
	};
	parse_settings(tb[KSSL_A_SETTINGS], &info->settings);
}

/* Bytes of the lists of @info. */
static size_t lists_size(const struct kssl_settings_info *info)
{
	return (info->cipher_list_n + info->ciphersuites_n) *
	       sizeof(*info->cipher_list);
}

static uint16_t *move_list(uint16_t *to, const uint16_t **codes, size_t n)
{
	if (n)
		memcpy(to, *codes, n * sizeof(*to));
	*codes = to;
	return to + n;
}

/* Move the lists of @info to @to; where they end is returned. */
static void *move_lists(struct kssl_settings_info *info, void *to)
{
	to = move_list(to, &info->cipher_list, info->cipher_list_n);
	return move_list(to, &info->ciphersuites, info->ciphersuites_n);
}

struct kssl_info *kssl_info_copy(const struct kssl_info *info)
{
	size_t text_size = strlen(info->result_text) + 1;
	struct kssl_info *copy;
	char *text;

	copy = malloc(sizeof(*copy) + lists_size(&info->settings) + text_size);
	if (!copy) {
		kssl_set_errno(ENOMEM);
		return NULL;
	}
	*copy = *info;
	text = move_lists(&copy->settings, copy + 1);
	copy->result_text = memcpy(text, info->result_text, text_size);
	return copy;
}

struct kssl_ctx_info *kssl_ctx_info_copy(const struct kssl_ctx_info *info)
{
	struct kssl_ctx_info *copy;

	copy = malloc(sizeof(*copy) + lists_size(&info->settings));
	if (!copy) {
		kssl_set_errno(ENOMEM);
		return NULL;
	}
	*copy = *info;
	move_lists(&copy->settings, copy + 1);
	return copy;
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
	struct kssl_info info;

	(void)i;
	if (query->s)
		query->s->handle.kind->fill(&query->s->handle, nlh);
	kssl_info_parse(nlh, &info);
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
	struct kssl_ctx_info info;

	(void)i;
	kssl_ctx_info_parse(nlh, &info);
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

struct kssl_info *kssl_info_by_id(struct kssl_client *client, uint32_t id)
{
	struct kssl_info *info = NULL;
	struct query query = { NULL, copy_info, &info };

	if (!kssl_client_enter(client))
		return NULL;
	kssl_req_begin(client, KSSL_CMD_GET);
	kssl_req_u32(client, KSSL_A_ID, id);
	kssl_req_send(client, query_reply, &query);
	kssl_client_leave(client);
	return info;
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
