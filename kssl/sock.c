// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: sockets
 *
 * Which TCP socket belongs to which connection. A binding is made when a
 * connection begins its handshake on a socket, or attaches, and stays on the
 * socket until that is destroyed, which is when its destructor tells us. A
 * connection that is cleared or freed before only lets go of the binding; the
 * next one on the same socket takes it over.
 *
 * From attach on the socket has a reference on the connection: the connection
 * follows its socket. Before, the binding must not keep the connection alive,
 * so its pointer is followed with kref_get_unless_zero() only. The same holds
 * for a connection that keeps its socket (keep.c), which is told by the
 * socket's state change that either end has shut it down.
 *
 * Each binding pins the module, whose destructor the socket will call.
 */

#include <linux/fs.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>

#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <net/tls.h>

#include "conn.h"
#include "ctx.h"
#include "keep.h"
#include "ktls.h"
#include "reason.h"
#include "sock.h"
#include "stat.h"
#include "trace.h"

static struct rhashtable socks;

static const struct rhashtable_params sock_params = {
	.key_len		= sizeof_field(struct kssl_sock, sk),
	.key_offset		= offsetof(struct kssl_sock, sk),
	.head_offset		= offsetof(struct kssl_sock, node),
	.automatic_shrinking	= true,
};

static void sock_free_rcu(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct kssl_sock, rcu));
	module_put(THIS_MODULE);
}

static void sock_put_ref(struct kssl_sock *sock)
{
	if (!refcount_dec_and_test(&sock->ref))
		return;
	if (sock->net)
		put_net(sock->net);
	call_rcu(&sock->rcu, sock_free_rcu);
}

static struct kssl_sock *sock_find(struct sock *sk)
{
	struct kssl_sock *sock;

	rcu_read_lock();
	sock = rhashtable_lookup_fast(&socks, &sk, sock_params);
	rcu_read_unlock();
	return sock;
}

/* The connection of a binding, which loses it, with a reference, or NULL. */
static struct kssl *take_locked(struct kssl_sock *sock)
{
	struct kssl *s = sock->conn;

	lockdep_assert_held(&sock->lock);
	sock->conn = NULL;
	if (s && !sock->attached && !kref_get_unless_zero(&s->object.ref))
		s = NULL;
	sock->attached = false;
	sock->kept = false;
	return s;
}

static struct kssl *take_conn(struct kssl_sock *sock)
{
	struct kssl *s;

	spin_lock_bh(&sock->lock);
	s = take_locked(sock);
	spin_unlock_bh(&sock->lock);
	return s;
}

/* Another connection, that is not kept as yet, may have the socket by now. */
static struct kssl *take_kept(struct kssl_sock *sock)
{
	struct kssl *s;

	spin_lock_bh(&sock->lock);
	s = sock->kept ? take_locked(sock) : NULL;
	spin_unlock_bh(&sock->lock);
	return s;
}

/*
 * The context lets go first: as long as the connection has its socket's file
 * it is neither cleared nor given another context, nor kept once more.
 */
static void leave_ctx(struct kssl *s, const struct kssl_sock *sock)
{
	struct kssl_ctx *ctx = NULL;

	spin_lock_bh(&s->object.lock);
	if (s->sock == sock && s->file)
		ctx = s->ctx;
	spin_unlock_bh(&s->object.lock);
	if (ctx)
		kssl_ctx_let_go(ctx, s);
}

/*
 * Nobody has the socket open any more. Who ends it need not be who has used it,
 * and has no reason to wait for the peer. Without a signal, and with what there
 * is room for, net/tls sends what a writer left of a record, and TCP goes on in
 * the background with what it has.
 */
static void end_waiting(struct sock *sk)
{
	bool waits;

	/* One tick at most; none is a reset, for who has asked for that. */
	if (READ_ONCE(sk->sk_lingertime) > 1)
		WRITE_ONCE(sk->sk_lingertime, 1);
	WRITE_ONCE(sk->sk_sndtimeo, 0);
	/* A work of net/tls that has read the old time may wait for room. */
	smp_mb();
	waits = sock_owned_by_user_nocheck(sk);
	/* It owns the socket until it is counted among those that wait. */
	smp_rmb();
	if (!waits && !READ_ONCE(sk->sk_write_pending))
		return;
	WRITE_ONCE(sk->sk_err, ECONNABORTED);
	wake_up_interruptible_all(sk_sleep(sk));
}

/**
 * kssl_sock_leave - let a kept socket end without waiting for its peer
 * @file: the socket's file, of which the caller puts a reference next
 *
 * Does nothing unless that is the last one.
 *
 * Context: any.
 */
void kssl_sock_leave(struct file *file)
{
	if (file_count(file) == 1)
		end_waiting(sock_from_file(file)->sk);
}

/*
 * Where the pin is its file's last reference, that goes in a work of the
 * kernel's which many share. Programs that have the socket open still do with
 * it as they like. They can get rid of it until the pin goes, but until the
 * socket's lock does neither file nor socket are gone.
 */
static void unpin(struct kssl *s, struct sock *sk, struct file *file)
{
	bool last = file_count(file) == 1;

	lockdep_assert(lockdep_sock_is_held(sk));
	if (last)
		end_waiting(sk);
	kssl_keep_unpin(s, file);
	if (!last && !file_count(file))
		end_waiting(sk);
}

/*
 * The socket of @s is gone or over: the connection is closed, unless it was
 * cleared. Only one that is kept still has a file then, and the caller the
 * socket's lock.
 */
static void close_conn(struct kssl *s, struct kssl_sock *sock)
{
	struct kssl_secrets *secrets = NULL;
	bool ours, closed = false;
	struct file *file = NULL;

	leave_ctx(s, sock);
	spin_lock_bh(&s->object.lock);
	ours = s->sock == sock;
	if (ours) {
		s->sock = NULL;
		file = kssl_keep_take(s);
		swap(secrets, s->secrets);
		closed = s->state == KSSL_STATE_HANDSHAKE ||
			s->state == KSSL_STATE_ESTABLISHED;
		if (closed)
			WRITE_ONCE(s->state, KSSL_STATE_CLOSED);
	}
	spin_unlock_bh(&s->object.lock);
	kfree_sensitive(secrets);
	if (closed) {
		trace_kssl_closed(s, sock->cookie);
		kssl_stat_inc(s->object.net, KSSL_STAT_CLOSED);
		kssl_conn_announce(s);
	}
	if (file)
		unpin(s, sock->sk, file);
	if (ours)
		sock_put_ref(sock);
	kssl_object_put(&s->object);
}

/* A kept socket that either end has shut down is kept no longer. */
static void check_kept(struct kssl_sock *sock)
{
	struct kssl *s;

	if (sock->sk->sk_state == TCP_ESTABLISHED)
		return;
	s = take_kept(sock);
	if (s)
		close_conn(s, sock);
}

/* Called in any context, by who has the socket's lock. */
static void sock_state_change(struct sock *sk)
{
	struct kssl_sock *sock = sock_find(sk);

	sock->state_change(sk);
	check_kept(sock);
}

/* May be called in any context, by the kernel's last user of the socket. */
static void sock_destruct(struct sock *sk)
{
	struct kssl_sock *sock = sock_find(sk);
	void (*destruct)(struct sock *sk) = sock->destruct;
	struct kssl *s = take_conn(sock);

	if (s)
		close_conn(s, sock);
	rhashtable_remove_fast(&socks, &sock->node, sock_params);
	sock_put_ref(sock);
	/* A tail call: no frame of this module is left when it may go. */
	destruct(sk);
}

static void read_addresses(struct kssl_sock *sock, struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	sock->family = sk->sk_family;
	sock->local.port = ntohs(inet->inet_sport);
	sock->peer.port = ntohs(inet->inet_dport);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		memcpy(sock->local.addr, &sk->sk_v6_rcv_saddr,
		       sizeof(struct in6_addr));
		memcpy(sock->peer.addr, &sk->sk_v6_daddr,
		       sizeof(struct in6_addr));
		return;
	}
#endif
	memcpy(sock->local.addr, &inet->inet_saddr, sizeof(inet->inet_saddr));
	memcpy(sock->peer.addr, &inet->inet_daddr, sizeof(inet->inet_daddr));
}

/**
 * kssl_sock_cookie - what SO_COOKIE says of a socket
 * @sk: the socket, or NULL
 *
 * Context: any.
 * Return: its cookie, which it has from now on if it had none; 0 without one.
 */
u64 kssl_sock_cookie(struct sock *sk)
{
	u32 cookie[2];

	if (!sk)
		return 0;
	sock_diag_save_cookie(sk, cookie);
	return (u64)cookie[1] << 32 | cookie[0];
}

static struct kssl_sock *sock_new(struct sock *sk)
{
	struct kssl_sock *sock;

	sock = kzalloc_obj(*sock, GFP_KERNEL_ACCOUNT);
	if (!sock)
		return NULL;
	refcount_set(&sock->ref, 1);
	spin_lock_init(&sock->lock);
	sock->sk = sk;
	sock->cookie = kssl_sock_cookie(sk);
	read_addresses(sock, sk);
	return sock;
}

static struct kssl_origin *origin_of(struct kssl_sock *sock, int direction)
{
	lockdep_assert_held(&sock->lock);
	return direction == TLS_TX ? &sock->sent : &sock->received;
}

static void set_origin(struct kssl_sock *sock, int direction,
		       const struct kssl_origin *origin)
{
	spin_lock_bh(&sock->lock);
	*origin_of(sock, direction) = *origin;
	spin_unlock_bh(&sock->lock);
}

/*
 * net/tls tells by its destructor that a device has a socket, and calls the one
 * that was there before, which it keeps. So ours takes that one's place.
 */
static void (**destructor_of(struct sock *sk))(struct sock *sk)
{
	struct tls_context *tls = tls_get_ctx(sk);

	sock_owned_by_me(sk);
	return tls && tls->sk_destruct ? &tls->sk_destruct : &sk->sk_destruct;
}

/* Finds the binding of a socket or puts one on it. */
static struct kssl_sock *sock_obtain(struct sock *sk)
{
	void (**destruct)(struct sock *sk);
	struct kssl_sock *sock;
	int err = 0;

	lock_sock(sk);
	sock = sock_find(sk);
	if (sock)
		goto unlock;
	sock = sock_new(sk);
	if (!sock) {
		err = -ENOMEM;
		goto unlock;
	}
	if (rhashtable_insert_fast(&socks, &sock->node, sock_params)) {
		kfree(sock);
		err = -ENOMEM;
		goto unlock;
	}
	__module_get(THIS_MODULE);
	destruct = destructor_of(sk);
	sock->destruct = *destruct;
	/* Pairs with the destructor's callers, which take no lock. */
	smp_store_release(destruct, sock_destruct);
unlock:
	release_sock(sk);
	return err ? ERR_PTR(err) : sock;
}

/* A connection in its release has yet to let go, but has no use for it. */
static bool is_taken(const struct kssl_sock *sock)
{
	lockdep_assert_held(&sock->lock);
	return sock->conn && kref_read(&sock->conn->object.ref);
}

/*
 * A socket that came from elsewhere may outlive the connection's own
 * namespace, but must not pin the one that it is in itself.
 */
static struct net *pin_net(const struct kssl *s, const struct sock *sk)
{
	return net_eq(s->object.net, sock_net(sk)) ? NULL :
		get_net(s->object.net);
}

/**
 * kssl_sock_bind - bind a connection to a TCP socket
 * @s: a claimed connection that is not bound
 * @sk: the socket, of which the caller holds the file
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep, and waits for the socket's lock.
 * Return: 0; -EBUSY when the socket belongs to another connection; -ENOMEM.
 */
int kssl_sock_bind(struct kssl *s, struct sock *sk, struct kssl_reason *why)
{
	struct kssl_sock *sock = sock_obtain(sk);
	struct net *net;
	bool taken;

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	spin_lock_bh(&sock->lock);
	net = sock->net;
	taken = is_taken(sock);
	if (!taken) {
		sock->conn = s;
		sock->kept = false;
		sock->net = pin_net(s, sk);
		memset(&sock->sent, 0, sizeof(sock->sent));
		memset(&sock->received, 0, sizeof(sock->received));
	}
	spin_unlock_bh(&sock->lock);
	if (taken)
		return kssl_refuse(why, -EBUSY, KSSL_A_FD,
				   "the socket belongs to another connection");
	if (net)
		put_net(net);
	refcount_inc(&sock->ref);
	spin_lock_bh(&s->object.lock);
	s->sock = sock;
	spin_unlock_bh(&s->object.lock);
	return 0;
}

/**
 * kssl_sock_attach - let a socket hold its connection from now on
 * @sock: the binding of a claimed connection
 */
void kssl_sock_attach(struct kssl_sock *sock)
{
	struct kssl *s;

	spin_lock_bh(&sock->lock);
	s = sock->conn;
	kref_get(&s->object.ref);
	sock->attached = true;
	spin_unlock_bh(&sock->lock);
}

/**
 * kssl_sock_keep - note that a connection has pinned its socket's file
 * @sock: the binding of a claimed connection
 */
void kssl_sock_keep(struct kssl_sock *sock)
{
	spin_lock_bh(&sock->lock);
	sock->kept = true;
	spin_unlock_bh(&sock->lock);
}

/**
 * kssl_sock_watch - close the connection when its kept socket is shut down
 * @sock: the binding of an established connection, which the caller has a
 *	reference on as well as on the socket's file
 *
 * Context: may sleep, and waits for the socket's lock.
 */
void kssl_sock_watch(struct kssl_sock *sock)
{
	struct sock *sk = sock->sk;

	lock_sock(sk);
	if (!sock->state_change) {
		sock->state_change = sk->sk_state_change;
		sk->sk_state_change = sock_state_change;
	}
	check_kept(sock);
	release_sock(sk);
}

/**
 * kssl_sock_detach - let go of a binding
 * @sock: what the connection pointed to and does not any more
 * @s: the connection, which may be in its release. The reference that the
 *	socket has on one that is attached, and so in error, is dropped.
 *
 * Context: any.
 */
void kssl_sock_detach(struct kssl_sock *sock, struct kssl *s)
{
	bool attached = false;

	spin_lock_bh(&sock->lock);
	if (sock->conn == s) {
		sock->conn = NULL;
		swap(attached, sock->attached);
	}
	spin_unlock_bh(&sock->lock);
	sock_put_ref(sock);
	if (attached)
		kssl_object_put(&s->object);
}

/**
 * kssl_sock_unbind - undo kssl_sock_bind()
 * @s: the connection, claimed or in its release
 *
 * Context: any.
 */
void kssl_sock_unbind(struct kssl *s)
{
	struct kssl_sock *sock;

	spin_lock_bh(&s->object.lock);
	sock = s->sock;
	s->sock = NULL;
	spin_unlock_bh(&s->object.lock);
	if (sock)
		kssl_sock_detach(sock, s);
}

/**
 * kssl_sock_conn - find the connection that a socket belongs to
 * @sk: the socket, which the caller keeps
 *
 * Context: any.
 * Return: the connection with a reference for the caller, or NULL.
 */
struct kssl *kssl_sock_conn(struct sock *sk)
{
	struct kssl_sock *sock = sock_find(sk);
	struct kssl *s;

	if (!sock)
		return NULL;
	spin_lock_bh(&sock->lock);
	s = sock->conn;
	if (s && !kref_get_unless_zero(&s->object.ref))
		s = NULL;
	spin_unlock_bh(&sock->lock);
	return s;
}

/* The binding of a connection and its socket, with references, or NULL. */
static struct kssl_sock *get_sock(struct kssl *s, bool attached)
{
	struct kssl_sock *sock;

	spin_lock_bh(&s->object.lock);
	sock = s->sock;
	if (attached && s->state != KSSL_STATE_ESTABLISHED)
		sock = NULL;
	/* Its destructor may be about to tell that the socket is gone. */
	if (sock && refcount_inc_not_zero(&sock->sk->sk_refcnt))
		refcount_inc(&sock->ref);
	else
		sock = NULL;
	spin_unlock_bh(&s->object.lock);
	return sock;
}

static void put_sock(struct kssl_sock *sock)
{
	struct sock *sk = sock->sk;

	sock_put_ref(sock);
	sock_put(sk);
}

/**
 * kssl_sock_count - begin to count the plaintext of a direction
 * @s: the claimed connection, bound to a socket unless that has ended
 * @direction: TLS_TX or TLS_RX, without a key as yet
 * @rec_seq: number of its first record
 *
 * Context: may sleep, and waits for the socket's lock.
 */
void kssl_sock_count(struct kssl *s, int direction, u64 rec_seq)
{
	struct kssl_sock *sock = get_sock(s, false);
	struct kssl_origin origin;

	if (!sock)
		return;
	kssl_position_start(sock->sk, direction, rec_seq, &origin);
	set_origin(sock, direction, &origin);
	put_sock(sock);
}

/**
 * kssl_sock_count_adopted - begin to count a direction that has a key already
 * @s: the claimed connection, bound to a socket unless that has ended
 * @direction: TLS_TX or TLS_RX
 *
 * Context: may sleep, and waits for the socket's lock.
 */
void kssl_sock_count_adopted(struct kssl *s, int direction)
{
	struct kssl_sock *sock = get_sock(s, false);
	struct kssl_origin origin;

	if (!sock)
		return;
	kssl_position_adopt(sock->sk, direction, &origin);
	set_origin(sock, direction, &origin);
	put_sock(sock);
}

/**
 * kssl_sock_count_pause - give no position while a key is replaced
 * @s: the claimed connection
 * @direction: TLS_TX or TLS_RX
 *
 * Context: any.
 */
void kssl_sock_count_pause(struct kssl *s, int direction)
{
	struct kssl_sock *sock = get_sock(s, false);

	if (!sock)
		return;
	spin_lock_bh(&sock->lock);
	origin_of(sock, direction)->paused = true;
	spin_unlock_bh(&sock->lock);
	put_sock(sock);
}

/**
 * kssl_sock_count_resume - end what kssl_sock_count_pause() began
 * @s: the claimed connection
 * @direction: TLS_TX or TLS_RX
 * @records: number of the next record under the old key, 0 if that stays
 * @control: plaintext bytes of the records that made the change
 *
 * Context: any.
 */
void kssl_sock_count_resume(struct kssl *s, int direction, u64 records,
			    u64 control)
{
	struct kssl_sock *sock = get_sock(s, false);
	struct kssl_origin *origin;

	if (!sock)
		return;
	spin_lock_bh(&sock->lock);
	origin = origin_of(sock, direction);
	origin->records -= records;
	origin->control += control;
	origin->paused = false;
	spin_unlock_bh(&sock->lock);
	put_sock(sock);
}

static struct kssl_origin get_origin(struct kssl_sock *sock, int direction)
{
	struct kssl_origin origin;

	spin_lock_bh(&sock->lock);
	origin = *origin_of(sock, direction);
	spin_unlock_bh(&sock->lock);
	return origin;
}

/**
 * kssl_sock_position - how much plaintext a connection has sent or received
 * @s: the connection
 * @direction: TLS_TX or TLS_RX
 * @bytes: takes the bytes since attach
 *
 * Context: process context.
 * Return: 0; -ENOTCONN when it is not attached; as kssl_position_read().
 */
int kssl_sock_position(struct kssl *s, int direction, u64 *bytes)
{
	struct kssl_sock *sock = get_sock(s, true);
	struct kssl_origin origin, then;
	int err;

	if (!sock)
		return -ENOTCONN;
	origin = get_origin(sock, direction);
	err = kssl_position_read(sock->sk, direction, &origin, bytes);
	/* A key that was replaced meanwhile numbers other records. */
	then = get_origin(sock, direction);
	if (then.paused || then.records != origin.records)
		err = -EAGAIN;
	put_sock(sock);
	return err;
}

/**
 * kssl_sock_add_control - leave bytes out of a connection's positions
 * @s: the connection
 * @sent: plaintext bytes of records that are no data which it sent
 * @received: the same of what it received
 *
 * Context: process context.
 * Return: 0, or -ENOTCONN when it is not attached.
 */
int kssl_sock_add_control(struct kssl *s, u64 sent, u64 received)
{
	struct kssl_sock *sock = get_sock(s, true);

	if (!sock)
		return -ENOTCONN;
	spin_lock_bh(&sock->lock);
	sock->sent.control += sent;
	sock->received.control += received;
	spin_unlock_bh(&sock->lock);
	put_sock(sock);
	return 0;
}

/**
 * kssl_sock_file - take a reference on the file of a connection's socket
 * @s: the connection
 *
 * While there is one, the socket is not closed and net/tls stays on it.
 *
 * Context: any.
 * Return: the file, for kssl_keep_put(), or NULL when there is no socket, it is
 * being closed, or it has no file.
 */
struct file *kssl_sock_file(struct kssl *s)
{
	struct kssl_sock *sock = get_sock(s, false);
	struct file *file = NULL;
	struct sock *sk;

	if (!sock)
		return NULL;
	sk = sock->sk;
	/* Whoever closes the socket takes it from here before its file goes. */
	read_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_socket)
		file = get_file_active(&sk->sk_socket->file);
	read_unlock_bh(&sk->sk_callback_lock);
	put_sock(sock);
	return file;
}

/*
 * Whoever closes a socket takes it from here before its file is gone, and
 * begins when the file has no user any more.
 */
static bool is_open(struct sock *sk)
{
	struct file *file;
	bool open;

	read_lock(&sk->sk_callback_lock);
	file = sk->sk_socket ? sk->sk_socket->file : NULL;
	open = file && file_count(file);
	read_unlock(&sk->sk_callback_lock);
	return open;
}

/**
 * kssl_sock_records - the sequence number of a direction's next record
 * @s: the connection
 * @direction: TLS_TX or TLS_RX
 * @records: takes it, as kssl_ktls_records()
 *
 * Takes no reference on the file, whose last user would have to end it: that
 * may wait for the peer. While the socket's spinlock is held its owner does not
 * change, and that of a file which has users is closing nothing.
 *
 * Context: any.
 * Return: true; false when there is no socket, it is being closed or has no
 * file, or the direction has no key.
 */
bool kssl_sock_records(struct kssl *s, int direction, u64 *records)
{
	struct kssl_sock *sock = get_sock(s, false);
	struct sock *sk;
	bool found;

	if (!sock)
		return false;
	sk = sock->sk;
	local_bh_disable();
	bh_lock_sock(sk);
	found = is_open(sk) && kssl_ktls_records(sk, direction, records);
	bh_unlock_sock(sk);
	local_bh_enable();
	put_sock(sock);
	return found;
}

/**
 * kssl_sock_any - is any socket bound?
 *
 * Context: any.
 * Return: whether one is, in whatever network namespace.
 */
bool kssl_sock_any(void)
{
	return atomic_read(&socks.nelems);
}

int __init kssl_sock_init(void)
{
	return rhashtable_init(&socks, &sock_params);
}

void kssl_sock_exit(void)
{
	rhashtable_destroy(&socks);
}
