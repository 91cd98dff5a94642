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

/* How many segments the peer's kernel has yet to look at. */
static inline unsigned int tcp_unacked(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_unacked;
}

/*
 * Fills a socket that does not block, with what its end sends by write(), and
 * returns how many bytes. Full is what stays full: the peer's kernel takes what
 * was sent a little later, and the sender asks it for room again after 200 ms,
 * 600 ms and so on, when it may have found some by packing what it has.
 */
static inline size_t tcp_fill(int fd)
{
	static const char junk[65536];
	size_t sent = 0;
	ssize_t n;
	int quiet;

	for (quiet = 0; quiet < 100 || (tcp_unacked(fd) && quiet < 6000);
	     quiet++) {
		while ((n = write(fd, junk, sizeof(junk))) > 0) {
			sent += n;
			quiet = 0;
		}
		usleep(10000);
	}
	return sent;
}

static inline void tcp_close(int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

#endif /* TCP_H */
