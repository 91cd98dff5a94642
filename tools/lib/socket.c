// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A generic netlink socket over libmnl, the transport of all but the tests.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

/*
 * A send may be as long as the socket's buffer. Up to net.core.wmem_max that is
 * for anyone to change, beyond it with CAP_NET_ADMIN. What comes of it is seen
 * by the next send.
 */
static void allow_send(int fd, size_t len)
{
	int size = len < INT_MAX / 2 ? len : INT_MAX / 2;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/*
 * Every send is addressed to the kernel: it takes file descriptors only from
 * requests that are, because a plain write() could have been made by a more
 * privileged process on a socket that it was given.
 */
static int socket_send(void *priv, const void *buf, size_t len)
{
	if (mnl_socket_sendto(priv, buf, len) >= 0)
		return 0;
	if (errno != EMSGSIZE)
		return -errno;
	allow_send(mnl_socket_get_fd(priv), len);
	return mnl_socket_sendto(priv, buf, len) < 0 ? -errno : 0;
}

static ssize_t socket_recv(void *priv, void *buf, size_t size, int flags)
{
	struct sockaddr_nl from;
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t len;

	/* What another process sends to this port is no reply. */
	do {
		msg.msg_namelen = sizeof(from);
		len = recvmsg(mnl_socket_get_fd(priv), &msg, flags);
		if (len < 0 && errno != EINTR)
			return -errno;
	} while (len < 0 || from.nl_pid);

	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : len;
}

static int socket_join(void *priv, uint32_t group)
{
	int value = group;

	return mnl_socket_setsockopt(priv, NETLINK_ADD_MEMBERSHIP, &value,
				     sizeof(value)) ? -errno : 0;
}

static int socket_fd(void *priv)
{
	return mnl_socket_get_fd(priv);
}

static void socket_close(void *priv)
{
	mnl_socket_close(priv);
}

const struct kssl_transport kssl_socket_transport = {
	.send = socket_send,
	.recv = socket_recv,
	.join = socket_join,
	.fd = socket_fd,
	.close = socket_close,
};

/*
 * Errors come with their text and attribute, but without the request, which
 * may carry a key. Strict checks are the family's own in any case.
 */
static int set_options(struct mnl_socket *nl)
{
	int on = 1;

	return mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	       mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
}

void *kssl_socket_open(void)
{
	struct mnl_socket *nl;

	nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl) {
		kssl_set_errno(errno);
		return NULL;
	}
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) || set_options(nl)) {
		kssl_set_errno(errno);
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}
