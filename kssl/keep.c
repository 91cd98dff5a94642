// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: kept sockets
 *
 * A connection with the row keep pins the file of its socket from attach on,
 * instead of being held by the socket: close(2) closes nothing, and the socket
 * lives as long as the connection. The pin goes when either end shuts the
 * connection down, which the socket's state change tells (sock.c), or with the
 * connection's last reference. No cycle is possible, because nothing but that
 * socket is pinned, and a socket that is kept has no reference on its
 * connection.
 *
 * Pinned files are not among those that RLIMIT_NOFILE counts, so what a user
 * has pinned is counted here, as unix(7) does with files in flight.
 */

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>

#include "conn.h"
#include "keep.h"
#include "limit.h"
#include "reason.h"

/**
 * kssl_keep_pin - pin the file of a socket if the connection keeps it
 * @s: the claimed connection
 * @sock: the socket
 * @file: takes the file, for kssl_keep_unpin(), or NULL if it is not kept
 * @why: takes the reason of a refusal, or NULL
 *
 * Return: 0; -EOPNOTSUPP when the socket has no file; -ETOOMANYREFS when the
 * user has pinned as many as RLIMIT_NOFILE of the caller allows.
 */
int kssl_keep_pin(struct kssl *s, struct socket *sock, struct file **file,
		  struct kssl_reason *why)
{
	struct kssl_settings settings = kssl_conn_settings(s);
	bool keep = kssl_settings_num(&settings, KSSL_ROW_KEEP);
	int err;

	kssl_settings_put(&settings);
	*file = NULL;
	if (!keep)
		return 0;
	if (!sock->file)
		return kssl_refuse(why, -EOPNOTSUPP, KSSL_A_FD,
				   "keep needs a socket that has a file");
	err = kssl_limit_charge_file(s->object.user);
	if (err)
		return kssl_refuse(why, err, KSSL_A_FD,
				   "more kept sockets than RLIMIT_NOFILE allows");
	*file = get_file(sock->file);
	return 0;
}

/**
 * kssl_keep_unpin - undo kssl_keep_pin()
 * @s: the connection
 * @file: the file, or NULL
 *
 * Context: any.
 */
void kssl_keep_unpin(struct kssl *s, struct file *file)
{
	if (!file)
		return;
	kssl_limit_uncharge_file(s->object.user);
	fput(file);
}
