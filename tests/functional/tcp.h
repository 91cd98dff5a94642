/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pairs of connected TCP sockets over loopback.
 */
#ifndef TCP_H
#define TCP_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* 0, or -1 with errno set. */
static inline int tcp_pair(int pair[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pair[1] = -1;
	if (!bind(listener, (struct sockaddr *)&addr, len) &&
	    !listen(listener, 1) &&
	    !getsockname(listener, (struct sockaddr *)&addr, &len) &&
	    !connect(pair[0], (struct sockaddr *)&addr, len))
		pair[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return pair[1] < 0 ? -1 : 0;
}

static inline void tcp_close(int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

#endif /* TCP_H */
