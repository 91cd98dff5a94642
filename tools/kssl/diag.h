/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel says of TCP sockets (sock_diag(7)).
 */
#ifndef TOOL_DIAG_H
#define TOOL_DIAG_H

#include <stdbool.h>
#include <stdint.h>

/* The configurations of TLS are TLS_CONF_*, 0 where none is told. */
struct diag_sock {
	uint64_t cookie;
	uint32_t inode;
	uint16_t tx_conf;
	uint16_t rx_conf;
};

typedef void diag_fn(const struct diag_sock *sock, void *arg);

/*
 * diag_dump - call @fn for all TCP sockets of this network namespace
 * diag_sock - look at the TCP socket behind @fd, of this network namespace;
 *	only an administrator is told of TLS by kernels before 6.17
 *
 * Return 0 or an errno.
 */
int diag_dump(diag_fn *fn, void *arg);
int diag_sock(int fd, struct diag_sock *sock);

#endif /* TOOL_DIAG_H */
