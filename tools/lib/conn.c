// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles on connections.
 *
 * Memory for a handle is taken before the request that makes its object, so a
 * request that succeeded in the kernel succeeds here too.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * Keeps what the kernel said, with the rows of an earlier reply when this one
 * has none and reports the same snapshots. Without memory for that,
 * kssl_cached_info() asks again; no other call needs it, so none fails for it.
 */
static void conn_fill(struct kssl_handle *handle, const struct nlmsghdr *nlh)
{
	struct kssl *s = (struct kssl *)handle;
	struct kssl_info *old = s->info;
	struct kssl_settings_info settings;
	struct kssl_error_save save;
	struct kssl_info info;

	kssl_info_parse(nlh, &info, &settings);
	if (!settings.reported && old &&
	    old->settings_id == info.settings_id &&
	    old->inherit_id == info.inherit_id)
		info.settings = old->settings;
	__atomic_store_n(&s->ctx_id, info.ctx_id, __ATOMIC_RELAXED);
	kssl_error_save(&save);
	s->info = kssl_info_copy(&info);
	kssl_error_restore(&save);
	free(old);
}

static void conn_cleanup(struct kssl_handle *handle)
{
	kssl_info_free(((struct kssl *)handle)->info);
}

const struct kssl_kind kssl_conn_kind = {
	.index = KSSL_KIND_CONN,
	.size = sizeof(struct kssl),
	.attr_id = KSSL_A_ID,
	.cmd_get = KSSL_CMD_GET,
	.cmd_up_ref = KSSL_CMD_UP_REF,
	.cmd_free = KSSL_CMD_FREE,
	.fill = conn_fill,
	.cleanup = conn_cleanup,
};

/* A query leaves what it learns with the handle. */
struct kssl_info *kssl_cached_info(struct kssl *s)
{
	struct kssl_client *client = kssl_get_client(s);
	struct kssl_info *info = NULL;
	int cached;

	if (!kssl_client_enter(client))
		return NULL;
	cached = s->info && s->info->settings->reported;
	if (cached)
		info = kssl_info_copy(s->info);
	kssl_client_leave(client);
	return cached ? info : kssl_get_info(s);
}

/* @arg: the handles of the batch, one a request */
static int new_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	struct kssl **conns = arg;
	const struct nlattr *tb[KSSL_A_MAX + 1];

	kssl_attrs_parse(nlh, tb);
	conn_fill(&conns[i]->handle, nlh);
	kssl_handle_publish(&conns[i]->handle, kssl_attr_uint(tb[KSSL_A_ID]));
	return 1;
}

static int alloc_batch(struct kssl_client *client, struct kssl **conns,
		       unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		conns[i] = (struct kssl *)kssl_handle_alloc(&kssl_conn_kind,
							    client);
		if (!conns[i])
			return 0;
	}
	return 1;
}

/* Drop what a failed batch made, and the memory of what it did not make. */
static void undo_batch(struct kssl **conns, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n && conns[i]; i++) {
		if (conns[i]->handle.refs)
			kssl_free(conns[i]);
		else
			kssl_handle_destroy(&conns[i]->handle);
		conns[i] = NULL;
	}
}

/* @conns has room for @n, at most KSSL_BATCH_MAX, and is all NULL. */
static int new_batch(struct kssl_ctx *ctx, const struct kssl_settings *settings,
		     struct kssl **conns, unsigned int n)
{
	struct kssl_client *client = ctx->handle.client;
	unsigned int i;
	int ok;

	if (!kssl_client_enter(client))
		return 0;
	ok = alloc_batch(client, conns, n);
	if (ok) {
		for (i = 0; i < n; i++) {
			kssl_handle_request(&ctx->handle, KSSL_CMD_NEW);
			kssl_settings_put(client, settings);
		}
		ok = kssl_req_send(client, new_reply, conns);
	}
	kssl_client_leave(client);

	if (!ok)
		undo_batch(conns, n);
	return ok;
}

struct kssl *kssl_new_with(struct kssl_ctx *ctx,
			   const struct kssl_settings *settings)
{
	struct kssl *s = NULL;

	if (!ctx)
		kssl_set_error(EINVAL, "no context given");
	else
		new_batch(ctx, settings, &s, 1);
	return s;
}

struct kssl *kssl_new(struct kssl_ctx *ctx)
{
	return kssl_new_with(ctx, NULL);
}

static unsigned int batch_size(size_t left)
{
	return left < KSSL_BATCH_MAX ? left : KSSL_BATCH_MAX;
}

int kssl_new_many(struct kssl_ctx *ctx, struct kssl **out, size_t n)
{
	unsigned int batch;
	size_t i;

	if (!ctx)
		return kssl_set_error(EINVAL, "no context given");
	for (i = 0; i < n; i++)
		out[i] = NULL;
	for (i = 0; i < n; i += batch) {
		batch = batch_size(n - i);
		if (!new_batch(ctx, NULL, out + i, batch)) {
			kssl_free_many(out, i);
			for (; i; i--)
				out[i - 1] = NULL;
			return 0;
		}
	}
	return 1;
}

/* Requests of one send go to one client, so a change of client ends a batch. */
void kssl_free_many(struct kssl **conns, size_t n)
{
	struct kssl_handle *batch[KSSL_BATCH_MAX];
	unsigned int len = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!conns[i])
			continue;
		if (len == KSSL_BATCH_MAX ||
		    (len && batch[0]->client != conns[i]->handle.client)) {
			kssl_handle_free_batch(batch, len);
			len = 0;
		}
		batch[len++] = &conns[i]->handle;
	}
	if (len)
		kssl_handle_free_batch(batch, len);
}

struct dup {
	struct kssl *from;
	struct kssl *new;
	struct kssl *result;
};

static int dup_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];
	struct dup *dup = arg;
	uint32_t id;

	(void)i;
	kssl_attrs_parse(nlh, tb);
	id = kssl_attr_uint(tb[KSSL_A_ID]);
	dup->result = id == dup->from->handle.id ? dup->from : dup->new;
	conn_fill(&dup->result->handle, nlh);
	if (dup->result == dup->from)
		dup->from->handle.refs++;
	else
		kssl_handle_publish(&dup->new->handle, id);
	return 1;
}

struct kssl *kssl_dup(struct kssl *s)
{
	struct dup dup = { .from = s };

	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return NULL;
	dup.new = (struct kssl *)kssl_handle_alloc(&kssl_conn_kind,
						   s->handle.client);
	if (dup.new) {
		kssl_handle_request(&s->handle, KSSL_CMD_DUP);
		kssl_req_send(s->handle.client, dup_reply, &dup);
	}
	kssl_client_leave(s->handle.client);

	if (dup.new && dup.result != dup.new)
		kssl_handle_destroy(&dup.new->handle);
	return dup.result;
}

struct kssl *kssl_from_id(struct kssl_client *client, uint32_t id)
{
	return (struct kssl *)kssl_handle_from_id(&kssl_conn_kind, client, id);
}

int kssl_up_ref(struct kssl *s)
{
	return kssl_handle_up_ref(kssl_conn_handle(s));
}

void kssl_free(struct kssl *s)
{
	kssl_handle_free(kssl_conn_handle(s));
}

int kssl_set(struct kssl *s, const struct kssl_settings *settings)
{
	int ok;

	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return 0;
	kssl_handle_request(&s->handle, KSSL_CMD_SET);
	kssl_settings_put(s->handle.client, settings);
	ok = kssl_req_send(s->handle.client, kssl_handle_reply, &s->handle);
	kssl_client_leave(s->handle.client);
	return ok;
}

int kssl_clear(struct kssl *s)
{
	if (!kssl_handle_simple(kssl_conn_handle(s), KSSL_CMD_CLEAR))
		return 0;
	/* The peer of the next attach has asked for and begun nothing. */
	__atomic_store_n(&s->update_due, 0, __ATOMIC_RELEASE);
	s->ticket_left = 0;
	return 1;
}

int kssl_set_shutdown(struct kssl *s, uint32_t bits)
{
	int ok;

	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return 0;
	kssl_handle_request(&s->handle, KSSL_CMD_SET_SHUTDOWN);
	kssl_req_u32(s->handle.client, KSSL_A_SHUTDOWN, bits);
	ok = kssl_req_send(s->handle.client, kssl_handle_reply, &s->handle);
	kssl_client_leave(s->handle.client);
	return ok;
}

int kssl_add_control(struct kssl *s, uint32_t sent, uint32_t received)
{
	int ok;

	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return 0;
	kssl_handle_request(&s->handle, KSSL_CMD_ADD_CONTROL);
	kssl_req_u32(s->handle.client, KSSL_A_CONTROL_SENT, sent);
	kssl_req_u32(s->handle.client, KSSL_A_CONTROL_RECEIVED, received);
	ok = kssl_req_send(s->handle.client, kssl_handle_reply, &s->handle);
	kssl_client_leave(s->handle.client);
	return ok;
}

int kssl_set_ctx(struct kssl *s, struct kssl_ctx *ctx)
{
	int ok;

	if (s && (!ctx || ctx->handle.client != s->handle.client))
		return kssl_set_error(EINVAL, "no context of the same client given");
	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return 0;
	kssl_handle_request(&s->handle, KSSL_CMD_SET_CTX);
	kssl_req_u32(s->handle.client, KSSL_A_CTX_ID, ctx->handle.id);
	ok = kssl_req_send(s->handle.client, kssl_handle_reply, &s->handle);
	kssl_client_leave(s->handle.client);
	return ok;
}

uint32_t kssl_id(const struct kssl *s)
{
	return s ? s->handle.id : 0;
}

uint32_t kssl_get_ctx_id(const struct kssl *s)
{
	return s ? __atomic_load_n(&s->ctx_id, __ATOMIC_RELAXED) : 0;
}

struct kssl_client *kssl_get_client(const struct kssl *s)
{
	return s ? s->handle.client : NULL;
}
