/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_SOCK_H
#define _KSSL_SOCK_H

#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "position.h"

struct file;
struct kssl;
struct kssl_reason;
struct net;
struct sock;

/**
 * struct kssl_addr - one end of a TCP connection
 * @addr: IPv4 or IPv6 address, network byte order
 * @port: port, host byte order
 */
struct kssl_addr {
	u8 addr[16];
	u16 port;
};

/**
 * struct kssl_sock - that a socket belongs to a connection
 * @node: in the table of sockets, by @sk
 * @ref: the socket's, and the connection's while it points here
 * @sk: the socket, which takes this from the table when it ends
 * @destruct: the socket's own destructor
 * @state_change: the socket's own callback, or NULL before the socket is kept
 * @lock: guards @conn, @attached, @kept, @net, @sent and @received; no other
 *	lock is taken inside
 * @conn: the connection, or NULL
 * @attached: the socket has a reference on @conn
 * @kept: @conn has pinned the socket's file
 * @net: the network namespace of the last @conn if it is not the socket's, or
 *	NULL
 * @family: AF_INET or AF_INET6
 * @local: the socket's own end
 * @peer: the other end
 * @cookie: the socket's cookie
 * @sent: where what was sent is counted from
 * @received: where what was received is counted from
 * @rcu: frees it after the last lookup
 */
struct kssl_sock {
	struct rhash_head node;
	refcount_t ref;
	struct sock *sk;
	void (*destruct)(struct sock *sk);
	void (*state_change)(struct sock *sk);
	spinlock_t lock;	/* see above */
	struct kssl *conn;
	bool attached;
	bool kept;
	struct net *net;
	u16 family;
	struct kssl_addr local;
	struct kssl_addr peer;
	u64 cookie;
	struct kssl_origin sent;
	struct kssl_origin received;
	struct rcu_head rcu;
};

int kssl_sock_init(void);
void kssl_sock_exit(void);

u64 kssl_sock_cookie(struct sock *sk);
void kssl_sock_count(struct kssl *s, int direction, u64 rec_seq);
void kssl_sock_count_adopted(struct kssl *s, int direction);
void kssl_sock_count_pause(struct kssl *s, int direction);
void kssl_sock_count_resume(struct kssl *s, int direction, u64 records,
			    u64 control);
int __must_check kssl_sock_bind(struct kssl *s, struct sock *sk,
				struct kssl_reason *why);
void kssl_sock_attach(struct kssl_sock *sock);
void kssl_sock_keep(struct kssl_sock *sock);
void kssl_sock_watch(struct kssl_sock *sock);
void kssl_sock_detach(struct kssl_sock *sock, struct kssl *s);
void kssl_sock_unbind(struct kssl *s);
struct kssl *__must_check kssl_sock_conn(struct sock *sk);
int kssl_sock_position(struct kssl *s, int direction, u64 *bytes);
int kssl_sock_add_control(struct kssl *s, u64 sent, u64 received);
struct file *__must_check kssl_sock_file(struct kssl *s);
void kssl_sock_leave(struct file *file);
bool kssl_sock_records(struct kssl *s, int direction, u64 *records);
bool kssl_sock_any(void);

#endif /* _KSSL_SOCK_H */
