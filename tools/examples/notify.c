// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

#define FIRST_FD	3	/* of those that the manager passes */

/* The length of the manager's address in @addr, or 0. */
static socklen_t manager(struct sockaddr_un *addr)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	if (!len || len >= sizeof(addr->sun_path))
		return 0;
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path, path, len);
	/* An abstract address has no byte for the end. */
	if (*path != '@')
		return sizeof(*addr);
	addr->sun_path[0] = '\0';
	return offsetof(struct sockaddr_un, sun_path) + len;
}

static void put_fd(struct msghdr *msg, int fd)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
}

int notify(const char *state, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { .buf = "" };
	struct sockaddr_un addr;
	struct iovec iov = {
		.iov_base = (char *)state,
		.iov_len = strlen(state),
	};
	struct msghdr msg = {
		.msg_name = &addr,
		.msg_namelen = manager(&addr),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t n;
	int sock;

	if (!msg.msg_namelen)
		return 0;
	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		put_fd(&msg, fd);
	}
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return 0;
	n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	close(sock);
	return n == (ssize_t)iov.iov_len;
}

int notify_store(const char *name, int fd)
{
	char state[300];

	if (fd < 0)
		return 0;
	snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%s", name);
	return notify(state, fd);
}

/* How many file descriptors were passed to this process. */
static int passed(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");

	return pid && count && atol(pid) == getpid() ? atoi(count) : 0;
}

int notify_take(const char *name)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int fd, count = passed();
	size_t len;

	for (fd = FIRST_FD; names && fd < FIRST_FD + count; fd++) {
		len = strcspn(names, ":");
		if (len == strlen(name) && !strncmp(names, name, len)) {
			fcntl(fd, F_SETFD, FD_CLOEXEC);
			return fd;
		}
		names += len + (names[len] == ':');
	}
	return -1;
}
