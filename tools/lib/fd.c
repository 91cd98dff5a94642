// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * File descriptors of objects and of the sockets that connections keep.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>

#include "internal.h"

static int fd_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];

	(void)i;
	kssl_attrs_parse(nlh, tb);
	*(int *)arg = kssl_attr_uint(tb[KSSL_A_FD]);
	return 1;
}

static int request_fd(struct kssl_handle *handle, uint8_t cmd,
		      enum kssl_rights rights)
{
	int fd = -1;

	if (!kssl_handle_enter(handle))
		return -1;
	kssl_handle_request(handle, cmd);
	if (rights)
		kssl_req_u32(handle->client, KSSL_A_RIGHTS, rights);
	kssl_req_send(handle->client, fd_reply, &fd);
	kssl_client_leave(handle->client);
	return fd;
}

int kssl_open_fd(struct kssl *s, enum kssl_rights rights)
{
	return request_fd(kssl_conn_handle(s), KSSL_CMD_OPEN_FD, rights);
}

int kssl_ctx_open_fd(struct kssl_ctx *ctx, enum kssl_rights rights)
{
	return request_fd(kssl_ctx_handle(ctx), KSSL_CMD_OPEN_FD, rights);
}

int kssl_sock_fd(struct kssl *s)
{
	return request_fd(kssl_conn_handle(s), KSSL_CMD_SOCK_FD, 0);
}

struct kssl *kssl_import(struct kssl_client *client, int fd,
			 enum kssl_rights rights)
{
	return (struct kssl *)kssl_handle_import(&kssl_conn_kind, client, fd,
						 rights);
}

struct kssl_ctx *kssl_ctx_import(struct kssl_client *client, int fd,
				 enum kssl_rights rights)
{
	return (struct kssl_ctx *)kssl_handle_import(&kssl_ctx_kind, client,
						     fd, rights);
}

/* --- what a context keeps ------------------------------------------------ */

struct ids {
	uint32_t *list;
	size_t count, room;
	int complete;
};

static int add_id(const struct kssl_info *info, void *arg)
{
	struct ids *ids = arg;
	uint32_t *list;
	size_t room;

	if (ids->count == ids->room) {
		room = 2 * ids->room + 64;
		list = realloc(ids->list, room * sizeof(*list));
		if (!list) {
			ids->complete = 0;
			return 1;
		}
		ids->list = list;
		ids->room = room;
	}
	ids->list[ids->count++] = info->id;
	return 0;
}

/* Those of @ctx that are attached, among them all that it keeps. */
static int list_ids(struct kssl_ctx *ctx, struct ids *ids)
{
	const struct kssl_filter filter = {
		.mask = KSSL_FILTER_CTX | KSSL_FILTER_STATE,
		.ctx_id = kssl_ctx_id(ctx),
		.state = KSSL_STATE_ESTABLISHED,
	};

	ids->complete = 1;
	if (!kssl_dump(kssl_ctx_client(ctx), &filter, add_id, ids))
		return 0;
	return ids->complete ? 1 : kssl_set_errno(ENOMEM);
}

/* With fewer rights each connection would look like one that is not kept. */
static int check_rights(struct kssl_ctx *ctx)
{
	struct kssl_ctx_info *info = kssl_ctx_get_info(ctx);
	int ok = info && info->rights == KSSL_RIGHTS_ALL;

	if (info && !ok)
		kssl_set_error(EPERM, "taking over needs all rights on the context");
	kssl_ctx_info_free(info);
	return ok;
}

/*
 * Whether the last failure, of the reference or of the socket, is that the
 * connection has ended or is not kept. To have no right to the socket is not:
 * a security module's answer may be EPERM.
 */
static int pass_over(int referenced)
{
	switch (kssl_errno()) {
	case ENOENT:
	case EPERM:
		return !referenced;
	case ENOTCONN:
	case EOPNOTSUPP:
		return referenced;
	default:
		return 0;
	}
}

int kssl_ctx_take_over(struct kssl_ctx *ctx,
		       int (*cb)(struct kssl *s, int fd, void *arg), void *arg)
{
	struct kssl_client *client;
	struct ids ids = {};
	int fd, ok, end = 0;
	struct kssl *s;
	size_t i;

	if (!check_rights(ctx))
		return 0;
	client = kssl_ctx_client(ctx);
	ok = list_ids(ctx, &ids);
	for (i = 0; ok && !end && i < ids.count; i++) {
		s = kssl_from_id(client, ids.list[i]);
		fd = s ? kssl_sock_fd(s) : -1;
		if (fd >= 0) {
			end = cb(s, fd, arg);
		} else {
			ok = pass_over(!!s);
			kssl_free(s);
		}
	}
	free(ids.list);
	return ok;
}
