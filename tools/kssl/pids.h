/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which processes have a socket open, found as ss(8) does it: sock_diag(7) has
 * the inode of a socket, and /proc what the file descriptors of a process are.
 */
#ifndef TOOL_PIDS_H
#define TOOL_PIDS_H

#include <stddef.h>
#include <stdint.h>

struct pids;

/*
 * pids_read - look at all TCP sockets of this network namespace and at all
 *	processes whose files may be seen; NULL, with a message, on an error
 * pids_of - the processes that have the socket with this cookie, by rising
 *	number; *@pid is valid until pids_free()
 */
struct pids *pids_read(void);
size_t pids_of(const struct pids *pids, uint64_t cookie,
	       const uint32_t **pid);
void pids_free(struct pids *pids);

#endif /* TOOL_PIDS_H */
