// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: key update
 *
 * How the key of one direction of an attached connection is replaced (RFC 8446
 * section 4.6.3).
 *
 * net/tls installs a new transmit key whenever it is given one, and leaves it
 * to the caller that the peer learns of it between the last record under the
 * old key and the first under the new one. So nobody else must send meanwhile.
 * All who make records take net/tls's tx_lock, and none of them sets keys: it
 * is held from before the KeyUpdate record is made, with the old key and its
 * next sequence number, until the new key is there. What still has to go out
 * under the old key must have gone before.
 *
 * net/tls notices by itself that the peer has updated its key, and decrypts
 * nothing until it has the next one. Only then a receive key is replaced.
 *
 * Like attach, this runs in the task that asks, with the connection claimed and
 * none of kssl's locks held. The socket's file is held, so net/tls stays.
 */

#include <crypto/aead.h>
#include <crypto/algapi.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/net.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <linux/unaligned.h>

#include <net/tcp.h>
#include <net/tls.h>

#include "attach.h"
#include "conn.h"
#include "derive.h"
#include "keep.h"
#include "ktls.h"
#include "reason.h"
#include "sock.h"
#include "stat.h"
#include "suite.h"
#include "trace.h"

#define RECORD_DATA		23
#define CCM_NONCE_LENGTH	2	/* first byte of CCM's counter block */
#define IV_SIZE_MAX		16	/* CCM's */

/* A KeyUpdate message as a TLS 1.3 record has it. */
struct record {
	u8 header[5];
	u8 message[5];
	u8 type;
	u8 tag[TLS_TAG_SIZE];
};

#define PLAINTEXT_SIZE	(offsetof(struct record, tag) - \
			 offsetof(struct record, message))

/**
 * struct update - a key update at work
 * @s: the connection, claimed
 * @suite: its suite
 * @sock: its socket
 * @direction: whose key
 * @request: the peer is asked to update its key, too
 * @sent: bytes of the KeyUpdate record that went out
 * @records: number of the next record under the old key
 * @nonce: of the key that was installed last
 * @next: the key to install
 * @iv: for the KeyUpdate record
 * @record: the KeyUpdate record
 */
struct update {
	struct kssl *s;
	const struct kssl_suite *suite;
	struct socket *sock;
	enum kssl_direction direction;
	bool request;
	size_t sent;
	u64 records;
	u8 nonce[KSSL_NONCE_SIZE];
	struct kssl_crypto next;
	u8 iv[IV_SIZE_MAX];
	struct record record;
};

static bool is_tx(const struct update *update)
{
	return update->direction == KSSL_DIRECTION_TX;
}

static int check_params(const struct kssl_rekey_params *params,
			struct kssl_reason *why)
{
	if (params->direction != KSSL_DIRECTION_TX &&
	    params->direction != KSSL_DIRECTION_RX)
		return kssl_refuse(why, -EINVAL, KSSL_A_DIRECTION,
				   "no direction");
	if (params->request_update && params->direction != KSSL_DIRECTION_TX)
		return kssl_refuse(why, -EINVAL, KSSL_A_REQUEST_UPDATE,
				   "only a KeyUpdate that is sent asks for one");
	if (params->key.rec_seq)
		return kssl_refuse_nested(why, -EINVAL, KSSL_A_KEY,
					  KSSL_A_CRYPTO_REC_SEQ,
					  "a new key begins with record 0");
	return 0;
}

static bool is_sock_of(const struct socket *sock, const struct kssl *s)
{
	lockdep_assert_held(&s->object.lock);
	return sock && s->sock && s->sock->sk == sock->sk;
}

/* What the connection knows of the key that is there now. */
static int read_locked(struct update *update, struct kssl_reason *why)
{
	bool given = update->next.key_len || update->next.secret_len;
	const struct kssl_secrets *secrets = update->s->secrets;
	u8 over = is_tx(update) ? KSSL_SHUTDOWN_SENT : KSSL_SHUTDOWN_RECEIVED;
	u8 len;

	lockdep_assert_held(&update->s->object.lock);
	if (update->s->version != TLS_1_3_VERSION)
		return kssl_refuse(why, -EOPNOTSUPP, KSSL_A_ID,
				   "only TLS 1.3 updates keys");
	if (!secrets)
		return kssl_refuse(why, -ENOTCONN, KSSL_A_ID,
				   "the connection is closed");
	if (!is_sock_of(update->sock, update->s))
		return kssl_refuse(why, -ENOTCONN, KSSL_A_ID,
				   "the socket is closed or has no file");
	if (!(update->s->directions & update->direction))
		return kssl_refuse(why, -ENOTCONN, KSSL_A_DIRECTION,
				   "this direction is not attached");
	if (update->s->shutdown & over)
		return kssl_refuse(why, -EPIPE, KSSL_A_DIRECTION,
				   "a close_notify has ended this direction");
	len = is_tx(update) ? secrets->tx_len : secrets->rx_len;
	memcpy(update->nonce, is_tx(update) ? secrets->tx_nonce :
	       secrets->rx_nonce, sizeof(update->nonce));
	if (!given && !len)
		return kssl_refuse(why, -ENOKEY, KSSL_A_KEY,
				   "no traffic secret is known, so a key is needed");
	if (!given) {
		memcpy(update->next.secret, is_tx(update) ? secrets->tx :
		       secrets->rx, len);
		update->next.secret_len = len;
	}
	return 0;
}

static const char *live_nonce(const struct update *update)
{
	const struct tls_context *tls = tls_get_ctx(update->sock->sk);

	sock_owned_by_me(update->sock->sk);
	return is_tx(update) ? tls->tx.iv : tls->rx.iv;
}

/*
 * In TLS 1.3 the nonce changes with the key only, and net/tls needs it as long
 * as it needs the key.
 */
static bool is_installed(const struct update *update, const u8 *nonce)
{
	return !crypto_memneq(live_nonce(update), nonce, KSSL_NONCE_SIZE);
}

static int check_sock(const struct update *update, struct kssl_reason *why)
{
	const struct tls_context *tls = tls_get_ctx(update->sock->sk);

	if (kssl_ktls_conf(tls, is_tx(update) ? TLS_TX : TLS_RX) != TLS_SW)
		return kssl_refuse(why, -EOPNOTSUPP, KSSL_A_DIRECTION,
				   "a device has the key");
	if (!is_installed(update, update->nonce))
		return kssl_refuse(why, -ESTALE, KSSL_A_DIRECTION,
				   "somebody else has changed the key");
	return 0;
}

/* net/tls counts one pending encryption too many. */
static bool is_idle(struct sock *sk)
{
	const struct tls_context *tls = tls_get_ctx(sk);
	const struct tls_sw_context_tx *tx = tls_sw_ctx_tx(tls);

	return !tls->partially_sent_record && list_empty(&tx->tx_list) &&
		atomic_read(&tx->encrypt_pending) <= 1;
}

static int check_tx(const struct update *update, struct kssl_reason *why)
{
	struct sock *sk = update->sock->sk;
	int err;

	err = check_sock(update, why);
	if (err)
		return err;
	if (!is_idle(sk))
		return kssl_refuse(why, -EAGAIN, KSSL_A_DIRECTION,
				   "records have yet to go out");
	if (!sk_stream_memory_free(sk))
		return kssl_refuse(why, -EAGAIN, KSSL_A_DIRECTION,
				   "the socket has no room to send");
	return 0;
}

static void build_record(struct update *update)
{
	static const size_t size = sizeof(struct record) -
		sizeof_field(struct record, header);
	const struct tls_context *tls = tls_get_ctx(update->sock->sk);
	u16 cipher = update->suite->cipher->type;
	bool ccm = cipher == TLS_CIPHER_AES_CCM_128 ||
		cipher == TLS_CIPHER_SM4_CCM;
	u8 *nonce = update->iv + ccm;
	unsigned int i;

	update->record = (struct record) {
		.header = { RECORD_DATA, 3, 3, 0, size },
		.message = { KSSL_KEY_UPDATE, 0, 0, 1, update->request },
		.type = KSSL_RECORD_HANDSHAKE,
	};
	if (ccm)
		update->iv[0] = CCM_NONCE_LENGTH;
	memcpy(nonce, tls->tx.iv, KSSL_NONCE_SIZE);
	for (i = 0; i < TLS_MAX_REC_SEQ_SIZE; i++)
		nonce[KSSL_NONCE_SIZE - TLS_MAX_REC_SEQ_SIZE + i] ^=
			tls->tx.rec_seq[i];
}

/* By the cipher of net/tls, which has the old key. */
static int encrypt_record(struct update *update)
{
	const struct tls_context *tls = tls_get_ctx(update->sock->sk);
	struct aead_request *req;
	DECLARE_CRYPTO_WAIT(wait);
	struct scatterlist sg;
	int err;

	req = aead_request_alloc(tls_sw_ctx_tx(tls)->aead_send, GFP_KERNEL);
	if (!req)
		return -ENOMEM;
	build_record(update);
	sg_init_one(&sg, &update->record, sizeof(update->record));
	aead_request_set_callback(req, CRYPTO_TFM_REQ_MAY_BACKLOG,
				  crypto_req_done, &wait);
	aead_request_set_ad(req, sizeof(update->record.header));
	aead_request_set_crypt(req, &sg, &sg, PLAINTEXT_SIZE, update->iv);
	err = crypto_wait_req(crypto_aead_encrypt(req), &wait);
	aead_request_free(req);
	return err;
}

/* TCP may take the record in two parts. */
static int send_record(struct update *update)
{
	struct sock *sk = update->sock->sk;
	struct msghdr msg = {};
	struct kvec iov;
	int ret;

	while (update->sent < sizeof(update->record)) {
		iov.iov_base = (u8 *)&update->record + update->sent;
		iov.iov_len = sizeof(update->record) - update->sent;
		msg.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
		iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &iov, 1,
			      iov.iov_len);
		ret = tcp_sendmsg_locked(sk, &msg, iov.iov_len);
		if (ret < 0)
			return ret;
		update->sent += ret;
	}
	return 0;
}

static int tell_peer(struct update *update, struct kssl_reason *why)
{
	struct sock *sk = update->sock->sk;
	int err;

	lock_sock(sk);
	err = check_tx(update, why);
	if (err)
		goto unlock;
	err = encrypt_record(update);
	if (!err)
		err = send_record(update);
	update->records = get_unaligned_be64(tls_get_ctx(sk)->tx.rec_seq) + 1;
	if (err)
		kssl_refuse(why, err, KSSL_A_DIRECTION,
			    "the KeyUpdate record cannot be sent");
unlock:
	release_sock(sk);
	return err;
}

static int peer_told(struct update *update, struct kssl_reason *why)
{
	struct sock *sk = update->sock->sk;
	int err;

	lock_sock(sk);
	err = check_sock(update, why);
	if (!err && !tls_rekey_pending(tls_get_ctx(sk)))
		err = kssl_refuse(why, -EAGAIN, KSSL_A_DIRECTION,
				  "no KeyUpdate of the peer was received");
	if (!err)
		update->records =
			get_unaligned_be64(tls_get_ctx(sk)->rx.rec_seq);
	release_sock(sk);
	return err;
}

/* A key that is used anew would use each of its nonces anew. */
static int check_next(const struct update *update, struct kssl_reason *why)
{
	u8 nonce[KSSL_NONCE_SIZE];
	int err = 0;

	kssl_crypto_nonce(&update->next, nonce);
	if (!crypto_memneq(nonce, update->nonce, sizeof(nonce)))
		err = kssl_refuse(why, -EINVAL, KSSL_A_KEY,
				  "the key in use has the same nonce");
	memzero_explicit(nonce, sizeof(nonce));
	return err;
}

/*
 * What follows from the secret that the connection has, unless it is given.
 * Can be done again. Who finds no secret because an update was made with a
 * given key has to learn that it was made, so that comes first.
 */
static int prepare_next(struct update *update,
			const struct kssl_rekey_params *params,
			struct kssl_reason *why)
{
	int err;

	update->next = params->key;
	spin_lock_bh(&update->s->object.lock);
	err = read_locked(update, why);
	update->suite = kssl_suite_find(update->s->suite);
	spin_unlock_bh(&update->s->object.lock);
	if (err == -ENOKEY && !is_tx(update))
		err = peer_told(update, why) ?: err;
	if (err)
		return err;
	if (!params->key.key_len && !params->key.secret_len) {
		err = kssl_derive_next(update->suite, &update->next);
		if (err)
			return kssl_refuse(why, err, KSSL_A_ID,
					   "no secret could be derived");
	}
	return kssl_attach_prepare(update->suite, &update->next, false,
				   KSSL_A_KEY, why) ?:
		check_next(update, why) ?:
		kssl_ktls_try(update->suite, &update->next, &update->next, why);
}

/* A cgroup program can answer setsockopt() in net/tls's stead. */
static int replace_key(struct update *update, struct kssl_reason *why)
{
	int direction = is_tx(update) ? TLS_TX : TLS_RX;
	struct sock *sk = update->sock->sk;
	u8 nonce[KSSL_NONCE_SIZE];
	bool installed;
	int err;

	err = kssl_ktls_replace(update->sock, direction, update->suite,
				&update->next);
	if (err)
		return kssl_refuse(why, err, KSSL_A_DIRECTION,
				   "net/tls refuses the new key");
	kssl_crypto_nonce(&update->next, nonce);
	lock_sock(sk);
	installed = is_installed(update, nonce);
	release_sock(sk);
	memzero_explicit(nonce, sizeof(nonce));
	if (!installed)
		return kssl_refuse(why, -EPERM, KSSL_A_DIRECTION,
				   "a cgroup program keeps the new key from net/tls");
	if (!(update->s->keep_keys & update->direction))
		kssl_ktls_wipe(update->sock, direction);
	return 0;
}

/*
 * There is no position meanwhile. Once there is another key, the records are
 * counted from 0 again.
 */
static int update_key(struct update *update, struct kssl_reason *why)
{
	int direction = is_tx(update) ? TLS_TX : TLS_RX;
	struct kssl *s = update->s;
	int err;

	kssl_sock_count_pause(s, direction);
	err = is_tx(update) ? tell_peer(update, why) : peer_told(update, why);
	if (!err)
		err = replace_key(update, why);
	if (err)
		kssl_sock_count_resume(s, direction, 0, 0);
	else
		kssl_sock_count_resume(s, direction, update->records,
				       sizeof(update->record.message));
	if (!err || !update->sent)
		return err;
	/*
	 * Writers that wait would take the number of the KeyUpdate record for
	 * theirs, under the same key. First the state: a kept connection would
	 * only be closed.
	 */
	kssl_conn_break(s);
	kernel_sock_shutdown(update->sock, SHUT_RDWR);
	return kssl_refuse(why, err, KSSL_A_DIRECTION,
			   "the peer was told, but there is no new key; the socket was shut down");
}

/* A key that was given leaves no secret for the next one. */
static void keep_next(const struct update *update)
{
	const struct kssl_crypto *next = &update->next;
	struct kssl *s = update->s;
	struct kssl_secrets *secrets;

	spin_lock_bh(&s->object.lock);
	/* None is left of a kept connection that was closed meanwhile. */
	secrets = s->secrets;
	if (secrets && is_tx(update)) {
		memcpy(secrets->tx, next->secret, sizeof(secrets->tx));
		secrets->tx_len = next->secret_len;
		kssl_crypto_nonce(next, secrets->tx_nonce);
	} else if (secrets) {
		memcpy(secrets->rx, next->secret, sizeof(secrets->rx));
		secrets->rx_len = next->secret_len;
		kssl_crypto_nonce(next, secrets->rx_nonce);
	}
	if (is_tx(update))
		s->tx_generation++;
	else
		s->rx_generation++;
	s->key_limits &= ~update->direction;
	spin_unlock_bh(&s->object.lock);
}

/* Claims the connection, unless what is asked for is refused in any case. */
static int claim(struct update *update, const struct kssl_rekey_params *params,
		 struct kssl_reason *why)
{
	int err;

	err = kssl_conn_claim(update->s, BIT(KSSL_STATE_ESTABLISHED), why);
	if (err)
		return err;
	err = prepare_next(update, params, why);
	if (err)
		kssl_conn_unclaim(update->s, err, why);
	return err;
}

static int update_claimed(struct update *update,
			  const struct kssl_rekey_params *params,
			  struct kssl_reason *why)
{
	int err;

	err = claim(update, params, why);
	if (err)
		return err;
	err = update_key(update, why);
	if (!err)
		keep_next(update);
	kssl_conn_unclaim(update->s, err, why);
	return err;
}

/* What is refused in any case is not waited for. */
static int check_update(struct update *update,
			const struct kssl_rekey_params *params,
			struct kssl_reason *why)
{
	int err;

	err = claim(update, params, why);
	if (!err)
		kssl_conn_yield(update->s);
	return err;
}

static int wait_for_writers(struct kssl *s, struct mutex *lock,
			    const struct kssl_rekey_params *params,
			    struct kssl_reason *why)
{
	int err;

	if (params->no_wait)
		err = kssl_refuse(why, -EAGAIN, KSSL_A_NO_WAIT,
				  "somebody else sends");
	else if (mutex_lock_interruptible(lock))
		err = kssl_refuse(why, -EINTR, KSSL_A_DIRECTION,
				  "interrupted while somebody else sends");
	else
		return 0;
	kssl_conn_give_up(s, err, why);
	return err;
}

/*
 * Who sends waits for its peer, perhaps for long, with a lock of net/tls. It is
 * waited for while the connection is not claimed, so that nobody else waits,
 * the other direction's update for one.
 */
static int update_tx(struct update *update,
		     const struct kssl_rekey_params *params,
		     struct kssl_reason *why)
{
	struct mutex *lock = &tls_get_ctx(update->sock->sk)->tx_lock;
	int err;

	if (!mutex_trylock(lock)) {
		err = check_update(update, params, why) ?:
			wait_for_writers(update->s, lock, params, why);
		if (err)
			return err;
	}
	err = update_claimed(update, params, why);
	mutex_unlock(lock);
	return err;
}

/* What is bound has net/tls's context as long as the socket's file is there. */
static int update_sock(struct update *update,
		       const struct kssl_rekey_params *params,
		       struct kssl_reason *why)
{
	struct file *file = kssl_sock_file(update->s);
	int err;

	update->sock = file ? sock_from_file(file) : NULL;
	if (update->sock && is_tx(update))
		err = update_tx(update, params, why);
	else
		err = update_claimed(update, params, why);
	if (file)
		kssl_keep_put(update->s, file);
	return err;
}

static int rekey(struct kssl *s, const struct kssl_rekey_params *params,
		 struct kssl_reason *why)
{
	struct update *update;
	int err;

	if (!KSSL_TLS_REKEYS)
		return kssl_refuse(why, -EOPNOTSUPP, 0,
				   "net/tls of this kernel cannot update keys");
	err = check_params(params, why);
	if (err)
		return err;
	update = kzalloc_obj(*update, GFP_KERNEL_ACCOUNT);
	if (!update)
		return kssl_refuse(why, -ENOMEM, 0, "out of memory");
	update->s = s;
	update->direction = params->direction;
	update->request = params->request_update;
	err = update_sock(update, params, why);
	kfree_sensitive(update);
	return err;
}

/**
 * kssl_rekey - update the key of one direction of a connection
 * @s: the connection, attached, with TLS 1.3
 * @params: the direction, and its key unless it is derived; the caller wipes
 *	them
 * @why: takes the reason of a refusal, or NULL
 *
 * For the transmit direction, a KeyUpdate record goes to the peer and the next
 * key is installed, with no record of anybody else's between. For the receive
 * direction, a KeyUpdate record of the peer must have been received.
 *
 * After a failure the keys are as they were. Only when the KeyUpdate record
 * went out and net/tls then refuses the key, or does not get it, the socket is
 * shut down and @s is in state error.
 *
 * Context: may sleep, waits for the socket's lock, and for a transmit key until
 * nobody sends; a signal ends the latter. Meanwhile the other direction's key
 * can be updated.
 * Return: 0; -EPERM a cgroup program keeps the key from net/tls, of which the
 * peer has been told if it is a transmit key; -EOPNOTSUPP net/tls cannot update
 * keys, or not this one (before TLS 1.3, or a device has it); -EBUSY in another
 * state, or another update is at work; -EAGAIN no KeyUpdate was received,
 * records have yet to go out, or somebody else sends who is not to be waited
 * for;
 * -ESTALE somebody else has changed the key; -ENOKEY no key is given and no
 * secret is known; -EPIPE a close_notify has ended the direction; -ENOTCONN
 * the socket is closed, or has no file; -EINTR; -EINVAL; -ENOMEM; or what the
 * crypto API, TCP or net/tls says.
 */
int kssl_rekey(struct kssl *s, const struct kssl_rekey_params *params,
	       struct kssl_reason *why)
{
	struct kssl_reason own = {};
	int err = rekey(s, params, &own);

	if (why)
		*why = own;
	if (err)
		trace_kssl_rekey_err(s, params->direction, err);
	else
		trace_kssl_rekey(s, params->direction);
	kssl_stat_inc(s->object.net, err ? KSSL_STAT_REKEY_ERROR :
		      KSSL_STAT_REKEY);
	return err;
}
EXPORT_SYMBOL_GPL(kssl_rekey);
