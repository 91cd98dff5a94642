// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: positions
 *
 * How many bytes of plaintext a socket has sent and received since it was
 * attached, so that who takes it over knows where in the stream it is. Nothing
 * is counted while data flows: TCP knows how many bytes there were, net/tls how
 * many records, and each record has as many bytes more than its plaintext.
 *
 * A position is read with the socket's spinlock while nobody owns the socket.
 * Nobody waits then, and what TCP and net/tls say belongs together. It cannot
 * be read while net/tls has a record that is not sent in full: a write in
 * progress, or one that ended with MSG_MORE or for want of room. Who asks then
 * makes net/tls send what it can.
 *
 * Records that are no data are counted as well, because net/tls does not tell
 * which they are; holders tell of them. Padding of a peer's records counts as
 * data.
 */

#include <linux/errno.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/unaligned.h>

#include <net/sock.h>
#include <net/strparser.h>
#include <net/tls.h>

#include "ktls.h"
#include "position.h"

/* To TCP, a FIN is one more byte. */
static bool fin_sent(const struct sock *sk)
{
	return (1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 |
				      TCPF_CLOSING | TCPF_LAST_ACK);
}

static bool fin_taken(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return sock_flag(sk, SOCK_DONE) && tp->copied_seq == tp->rcv_nxt;
}

static u64 wire_sent(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return tp->bytes_acked + (u32)(tp->write_seq - tp->snd_una) -
		fin_sent(sk);
}

static u64 wire_taken(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return tp->bytes_received - (u32)(tp->rcv_nxt - tp->copied_seq) -
		fin_taken(sk);
}

/**
 * kssl_position_start - begin to count a direction
 * @sk: the socket, which has no key for that direction yet
 * @direction: TLS_TX or TLS_RX
 * @rec_seq: number of the first record
 * @origin: where the count begins
 *
 * Context: may sleep, and waits for the socket's lock.
 */
void kssl_position_start(struct sock *sk, int direction, u64 rec_seq,
			 struct kssl_origin *origin)
{
	lock_sock(sk);
	origin->wire = direction == TLS_TX ? wire_sent(sk) : wire_taken(sk);
	release_sock(sk);
	origin->records = rec_seq;
	origin->control = 0;
	origin->known = true;
	origin->paused = false;
}

static bool is_unsent(const struct tls_context *tls)
{
	const struct tls_sw_context_tx *tx = tls_sw_ctx_tx(tls);

	return tls->pending_open_record_frags || tls->partially_sent_record ||
		!list_empty(&tx->tx_list);
}

static bool is_key_update(struct sk_buff *skb)
{
	u8 type;

	return ((struct sk_skb_cb *)skb->cb)->tls.control ==
			KSSL_RECORD_HANDSHAKE &&
		!skb_copy_bits(skb, strp_msg(skb)->offset, &type, 1) &&
		type == KSSL_KEY_UPDATE;
}

/*
 * What was taken from TCP, but not read yet: part of a record, plaintext. A
 * KeyUpdate that was followed counts as control by then, read or not.
 */
static u64 unread(const struct tls_context *tls)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls);
	struct sk_buff *skb;
	u64 bytes = 0, last = 0;

	if (rx->strp.copy_mode)
		bytes += rx->strp.anchor->len;
	skb_queue_walk(&rx->rx_list, skb) {
		if (KSSL_TLS_REKEYS && is_key_update(skb))
			last = strp_msg(skb)->full_len;
		else
			bytes += strp_msg(skb)->full_len;
	}
	return tls_rekey_pending(tls) ? bytes + last : bytes;
}

/**
 * kssl_position_adopt - begin to count a direction that has a key already
 * @sk: the socket
 * @direction: TLS_TX or TLS_RX
 * @origin: where the count begins; unknown while a record is not sent in full,
 *	or when a network card has the records
 *
 * Context: may sleep, and waits for the socket's lock.
 */
void kssl_position_adopt(struct sock *sk, int direction,
			 struct kssl_origin *origin)
{
	const struct tls_context *tls;

	memset(origin, 0, sizeof(*origin));
	lock_sock(sk);
	tls = tls_get_ctx(sk);
	if (direction == TLS_TX && tls->tx_conf == TLS_SW) {
		origin->known = !is_unsent(tls);
		origin->wire = wire_sent(sk);
		origin->records = get_unaligned_be64(tls->tx.rec_seq);
	} else if (direction == TLS_RX && tls->rx_conf == TLS_SW) {
		origin->known = true;
		origin->wire = wire_taken(sk) - unread(tls);
		origin->records = get_unaligned_be64(tls->rx.rec_seq);
	}
	release_sock(sk);
}

/*
 * A writer that a signal ends while it waits for room leaves a record of which
 * TCP has a part. Some kernels' net/tls takes that for an error of the socket
 * (6.12, but not 6.1 and 7.3), so that nothing more would be sent; and if the
 * writer was just woken, nobody else will be. net/tls sends the rest when it is
 * told of room.
 */
static void push_rest(struct sock *sk, const struct tls_context *tls)
{
	int err = READ_ONCE(sk->sk_err);

	if (list_empty(&tls_sw_ctx_tx(tls)->tx_list) ||
	    !sk_stream_is_writeable(sk))
		return;
	if (err == ERESTARTSYS || err == EINTR)
		cmpxchg(&sk->sk_err, err, 0);
	sk->sk_write_space(sk);
}

static int count_sent(struct sock *sk, const struct tls_context *tls,
		      const struct kssl_origin *origin, u64 *bytes)
{
	u64 records;

	if (sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	if (is_unsent(tls)) {
		push_rest(sk, tls);
		return -EAGAIN;
	}
	records = get_unaligned_be64(tls->tx.rec_seq) - origin->records;
	*bytes = wire_sent(sk) - origin->wire - origin->control -
		records * tls->prot_info.overhead_size;
	return 0;
}

static int count_received(const struct sock *sk, const struct tls_context *tls,
			  const struct kssl_origin *origin, u64 *bytes)
{
	u64 records;

	records = get_unaligned_be64(tls->rx.rec_seq) - origin->records;
	*bytes = wire_taken(sk) - origin->wire - origin->control -
		unread(tls) - records * tls->prot_info.overhead_size;
	return 0;
}

/*
 * A socket that is being closed takes net/tls's context away from itself first,
 * but not if a device has anything to do with it.
 */
static int count(struct sock *sk, int direction,
		 const struct kssl_origin *origin, u64 *bytes)
{
	const struct tls_context *tls = tls_get_ctx(sk);

	if (!tls)
		return -ENOTCONN;
	if (kssl_ktls_conf(tls, direction) != TLS_SW ||
	    tls->tx_conf == TLS_HW || tls->rx_conf == TLS_HW)
		return -EOPNOTSUPP;
	return direction == TLS_TX ? count_sent(sk, tls, origin, bytes) :
		count_received(sk, tls, origin, bytes);
}

/**
 * kssl_position_read - read how far a direction has come
 * @sk: an attached socket
 * @direction: TLS_TX or TLS_RX
 * @origin: where the count began
 * @bytes: takes the bytes of plaintext since then
 *
 * Context: process context; does not sleep.
 * Return: 0; -EAGAIN while somebody is at work on the socket, or a record is
 * not sent in full; -EOPNOTSUPP when a network card has the records of either
 * direction; -ENODATA when the direction was not attached; -ENOTCONN when the
 * socket is closed.
 */
int kssl_position_read(struct sock *sk, int direction,
		       const struct kssl_origin *origin, u64 *bytes)
{
	int err;

	if (!origin->known)
		return -ENODATA;
	if (origin->paused)
		return -EAGAIN;
	local_bh_disable();
	bh_lock_sock(sk);
	if (sock_owned_by_user(sk))
		err = -EAGAIN;
	else
		err = count(sk, direction, origin, bytes);
	bh_unlock_sock(sk);
	local_bh_enable();
	return err;
}
