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

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>

#include "conn.h"
#include "keep.h"
#include "limit.h"
#include "reason.h"
#include "sock.h"
#include "stat.h"
#include "trace.h"
#include "watch.h"

static bool is_wanted(struct kssl *s)
{
	struct kssl_settings settings = kssl_conn_settings(s);
	bool keep = kssl_settings_num(&settings, KSSL_ROW_KEEP);

	kssl_settings_put(&settings);
	return keep;
}

static int pin(struct kssl *s, struct socket *sock, struct kssl_reason *why)
{
	int err;

	if (!sock->file)
		return kssl_refuse(why, -EOPNOTSUPP, KSSL_A_FD,
				   "keep needs a socket that has a file");
	err = kssl_limit_charge_file(s->object.user);
	if (err)
		return kssl_refuse(why, err, KSSL_A_FD,
				   "more kept sockets than RLIMIT_NOFILE allows");
	get_file(sock->file);
	return 0;
}

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
	int err;

	*file = NULL;
	if (!is_wanted(s))
		return 0;
	err = pin(s, sock, why);
	if (err) {
		trace_kssl_pin_err(s, kssl_sock_cookie(sock->sk), err);
		return err;
	}
	*file = sock->file;
	trace_kssl_pin(s, kssl_sock_cookie(sock->sk));
	kssl_stat_inc(s->object.net, KSSL_STAT_CURR_KEPT);
	return 0;
}

/**
 * kssl_keep_file - the file of the socket that a connection keeps
 * @s: the connection
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: any.
 * Return: the file, for kssl_keep_put(), or an ERR_PTR(): -ENOTCONN when the
 * connection is not attached, -EOPNOTSUPP when it does not keep its socket.
 */
struct file *kssl_keep_file(struct kssl *s, struct kssl_reason *why)
{
	struct file *file;
	bool attached;

	spin_lock_bh(&s->object.lock);
	attached = s->state == KSSL_STATE_ESTABLISHED;
	file = s->file;
	if (file)
		get_file(file);
	spin_unlock_bh(&s->object.lock);
	if (file)
		return file;
	if (attached)
		return ERR_PTR(kssl_refuse(why, -EOPNOTSUPP, KSSL_A_ID,
				"the connection does not keep its socket"));
	return ERR_PTR(kssl_refuse(why, -ENOTCONN, KSSL_A_ID,
				   "the connection is not attached"));
}

/**
 * kssl_keep_put - put a reference on the file of a connection's socket
 * @s: the connection
 * @file: what kssl_keep_file() or kssl_sock_file() returned
 *
 * Context: any.
 */
void kssl_keep_put(struct kssl *s, struct file *file)
{
	/* The socket of a connection that keeps none ends as its user wants. */
	if (is_wanted(s))
		kssl_sock_leave(file);
	fput(file);
}

/**
 * kssl_keep_take - take the pinned file from a connection
 * @s: the connection, locked
 *
 * Return: the file, for kssl_keep_unpin() when @s is not locked, or NULL.
 */
struct file *kssl_keep_take(struct kssl *s)
{
	struct file *file = s->file;

	lockdep_assert_held(&s->object.lock);
	if (file)
		kssl_watch_leave(s);
	s->file = NULL;
	return file;
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
	trace_kssl_unpin(s, kssl_sock_cookie(sock_from_file(file)->sk));
	kssl_stat_dec(s->object.net, KSSL_STAT_CURR_KEPT);
	kssl_limit_uncharge_file(s->object.user);
	fput(file);
}

/**
 * kssl_keep_release - unpin the file of a connection in its release
 * @s: the connection
 *
 * Context: any.
 */
void kssl_keep_release(struct kssl *s)
{
	struct file *file;

	spin_lock_bh(&s->object.lock);
	file = kssl_keep_take(s);
	spin_unlock_bh(&s->object.lock);
	if (!file)
		return;
	kssl_sock_leave(file);
	kssl_keep_unpin(s, file);
}
