// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles on contexts.
 */
#include <errno.h>
#include <libmnl/libmnl.h>

#include "internal.h"

/* Nothing of a context is kept here but its id. */
static void ctx_fill(struct kssl_handle *handle, const struct nlmsghdr *nlh)
{
	(void)handle;
	(void)nlh;
}

static void ctx_cleanup(struct kssl_handle *handle)
{
	(void)handle;
}

const struct kssl_kind kssl_ctx_kind = {
	.index = KSSL_KIND_CTX,
	.size = sizeof(struct kssl_ctx),
	.attr_id = KSSL_A_CTX_ID,
	.cmd_get = KSSL_CMD_CTX_GET,
	.cmd_up_ref = KSSL_CMD_CTX_UP_REF,
	.cmd_free = KSSL_CMD_CTX_FREE,
	.fill = ctx_fill,
	.cleanup = ctx_cleanup,
};

static int new_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];

	(void)i;
	kssl_attrs_parse(nlh, tb);
	kssl_handle_publish(arg, kssl_attr_uint(tb[KSSL_A_CTX_ID]));
	return 1;
}

struct kssl_ctx *kssl_ctx_new_with(struct kssl_client *client,
				   const struct kssl_settings *settings)
{
	struct kssl_handle *handle;
	int ok = 0;

	if (!kssl_client_enter(client))
		return NULL;
	handle = kssl_handle_alloc(&kssl_ctx_kind, client);
	if (handle) {
		kssl_req_begin(client, KSSL_CMD_CTX_NEW);
		kssl_settings_put(client, settings);
		ok = kssl_req_send(client, new_reply, handle);
	}
	kssl_client_leave(client);

	if (handle && !ok) {
		kssl_handle_destroy(handle);
		return NULL;
	}
	return (struct kssl_ctx *)handle;
}

struct kssl_ctx *kssl_ctx_new(struct kssl_client *client,
			      enum kssl_method method)
{
	struct kssl_settings settings = { 0 };
	struct kssl_ctx *ctx = NULL;

	if (kssl_settings_method(&settings, method))
		ctx = kssl_ctx_new_with(client, &settings);
	kssl_settings_cleanup(&settings);
	return ctx;
}

struct kssl_ctx *kssl_ctx_from_id(struct kssl_client *client, uint32_t id)
{
	return (struct kssl_ctx *)kssl_handle_from_id(&kssl_ctx_kind, client,
						      id);
}

int kssl_ctx_up_ref(struct kssl_ctx *ctx)
{
	return kssl_handle_up_ref(kssl_ctx_handle(ctx));
}

void kssl_ctx_free(struct kssl_ctx *ctx)
{
	kssl_handle_free(kssl_ctx_handle(ctx));
}

int kssl_ctx_set(struct kssl_ctx *ctx, const struct kssl_settings *settings)
{
	int ok;

	if (!kssl_handle_enter(kssl_ctx_handle(ctx)))
		return 0;
	kssl_handle_request(&ctx->handle, KSSL_CMD_CTX_SET);
	kssl_settings_put(ctx->handle.client, settings);
	ok = kssl_req_send(ctx->handle.client, NULL, NULL);
	kssl_client_leave(ctx->handle.client);
	return ok;
}

uint32_t kssl_ctx_id(const struct kssl_ctx *ctx)
{
	return ctx ? ctx->handle.id : 0;
}

struct kssl_client *kssl_ctx_client(const struct kssl_ctx *ctx)
{
	return ctx ? ctx->handle.client : NULL;
}
