// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * File descriptors of objects and of the sockets that connections keep.
 */
#include <libmnl/libmnl.h>

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
