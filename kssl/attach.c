// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: begin and attach
 *
 * How a connection and a socket come together, within the policy that the
 * connection's settings are. All that can be checked is checked, and all that
 * can be allocated is allocated, before the first key goes in; a failure until
 * then leaves the connection and the byte stream as they were. A failure
 * after the first key shuts the socket down, so that no plaintext goes out
 * where the peer expects records.
 *
 * An attach has one direction or both. A connection with one is established,
 * and what was negotiated is fixed; another attach may add the other. A
 * direction gets a key or is adopted (adopt.c).
 *
 * Both run in the task that asks, with the connection claimed and no lock
 * held: they wait for the socket's lock, which another task may sit on.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <net/tls.h>

#include "adopt.h"
#include "attach.h"
#include "callback.h"
#include "conn.h"
#include "ctx.h"
#include "derive.h"
#include "keep.h"
#include "ktls.h"
#include "policy.h"
#include "reason.h"
#include "sock.h"
#include "stat.h"
#include "suite.h"
#include "trace.h"
#include "usage.h"

/* Ends what was claimed: the reason stays with @s and goes to the caller. */
static int finish(struct kssl *s, int err, struct kssl_reason *own,
		  struct kssl_reason *why)
{
	if (err && !own->text)
		own->text = err == -ENOMEM ? "out of memory" : "refused";
	kssl_conn_unclaim(s, err, own);
	if (why)
		*why = *own;
	return err;
}

/* What the settings refer to has to be there when a handshake begins. */
static int check_settings(struct kssl *s, struct kssl_reason *why)
{
	struct kssl_settings settings = kssl_conn_settings(s);
	int err;

	err = kssl_callbacks_check(&settings, why);
	if (!err)
		err = kssl_settings_check_keys(&settings, why);
	kssl_settings_put(&settings);
	return err;
}

static int begin_failed(struct kssl *s, struct socket *sock, int err)
{
	trace_kssl_begin_err(s, kssl_sock_cookie(sock->sk), err);
	kssl_stat_inc(s->object.net, KSSL_STAT_BEGIN_ERROR);
	return err;
}

/**
 * kssl_begin - begin the handshake of a connection on a TCP socket
 * @s: the connection, in state initial
 * @sock: the connected socket; the caller keeps it from closing
 * @why: takes the reason of a refusal, or NULL
 *
 * Binds the socket and puts the tls ULP on it. In state handshake, settings
 * that are policy are fixed.
 *
 * Context: may sleep, and waits for the socket's lock.
 * Return: 0; -EBUSY in another state, or when the socket belongs to another
 * connection; -EOWNERDEAD as kssl_callbacks_check(); -EKEYREVOKED, -EKEYEXPIRED
 * for a key of the settings; as kssl_ktls_prepare(); -ENOMEM.
 */
int kssl_begin(struct kssl *s, struct socket *sock, struct kssl_reason *why)
{
	struct kssl_reason own = {};
	int err;

	err = kssl_conn_claim(s, BIT(KSSL_STATE_INITIAL), why);
	if (err)
		return begin_failed(s, sock, err);
	err = check_settings(s, &own);
	/* The ULP goes first: it keeps IPV6_ADDRFORM from the socket. */
	if (!err)
		err = kssl_ktls_prepare(sock, 0, &own);
	if (!err)
		err = kssl_sock_bind(s, sock->sk, &own);
	if (err)
		return begin_failed(s, sock, finish(s, err, &own, why));
	kssl_conn_enter(s, KSSL_STATE_HANDSHAKE);
	trace_kssl_begin(s, kssl_sock_cookie(sock->sk));
	kssl_stat_inc(s->object.net, KSSL_STAT_BEGIN);
	return finish(s, 0, &own, why);
}
EXPORT_SYMBOL_GPL(kssl_begin);

/*
 * net/tls fills records up to their full size. The option by which new kernels
 * can be told of less (TLS_TX_MAX_PAYLOAD_LEN) is not used. In TLS 1.3 the
 * limit is one of the content's type, too (RFC 8449 section 4).
 */
static int check_limit(const struct kssl_attach_params *params,
		       const struct kssl_facts *facts, struct kssl_reason *why)
{
	u32 full = TLS_MAX_PAYLOAD_SIZE + (params->version == TLS_1_3_VERSION);

	if (!(params->directions & KSSL_DIRECTION_TX) || !facts ||
	    !facts->record_limit || facts->record_limit >= full)
		return 0;
	return kssl_refuse(why, -EOPNOTSUPP, KSSL_A_RECORD_LIMIT,
			   "net/tls cannot keep this record limit");
}

static int check_padding(const struct kssl_attach_params *params,
			 struct kssl_reason *why)
{
	if (!params->expect_no_pad ||
	    (params->version == TLS_1_3_VERSION &&
	     params->directions & KSSL_DIRECTION_RX))
		return 0;
	return kssl_refuse(why, -EINVAL, KSSL_A_EXPECT_NO_PAD,
			   "only what is received in TLS 1.3 can be padded");
}

static int check_keys(const struct kssl_cipher *cipher,
		      const struct kssl_crypto *crypto, u16 attr,
		      struct kssl_reason *why)
{
	u16 nested = 0;

	if (crypto->key_len != cipher->key_size)
		nested = KSSL_A_CRYPTO_KEY;
	else if (crypto->iv_len != cipher->iv_size)
		nested = KSSL_A_CRYPTO_IV;
	else if (crypto->salt_len != cipher->salt_size)
		nested = KSSL_A_CRYPTO_SALT;
	if (!nested)
		return 0;
	return kssl_refuse_nested(why, -EINVAL, attr, nested,
				  "not of the cipher's size");
}

static int check_secret(const struct kssl_suite *suite,
			const struct kssl_crypto *crypto, u16 attr,
			struct kssl_reason *why)
{
	const char *text = NULL;

	if (crypto->key_len)
		text = "a key and a secret exclude each other";
	else if (suite->version != TLS_1_3_VERSION)
		text = "only TLS 1.3 has traffic secrets";
	else if (crypto->secret_len != suite->hash_size)
		text = "not of the size of the suite's hash";
	if (!text)
		return 0;
	return kssl_refuse_nested(why, -EINVAL, attr, KSSL_A_CRYPTO_SECRET,
				  text);
}

/**
 * kssl_attach_prepare - check what protects a direction
 * @suite: the suite
 * @crypto: a key, or a secret from which the key is derived
 * @adopt: the direction has a key already, so neither is needed
 * @attr: the attribute that it came in
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep.
 * Return: 0; -EINVAL; or as kssl_derive().
 */
int kssl_attach_prepare(const struct kssl_suite *suite,
			struct kssl_crypto *crypto, bool adopt, u16 attr,
			struct kssl_reason *why)
{
	int err;

	if (adopt && (crypto->key_len || crypto->iv_len || crypto->salt_len))
		return kssl_refuse(why, -EINVAL, attr,
				   "an adopted direction has its key");
	if (adopt && !crypto->secret_len)
		return 0;
	if (!crypto->key_len && !crypto->secret_len)
		return kssl_refuse(why, -EINVAL, attr,
				   "neither a key nor a secret");
	if (crypto->secret_len) {
		err = check_secret(suite, crypto, attr, why);
		if (err)
			return err;
		err = kssl_derive(suite, crypto);
		if (err)
			return kssl_refuse(why, err, attr,
					   "no key could be derived");
	}
	return check_keys(suite->cipher, crypto, attr, why);
}

static int prepare_directions(const struct kssl_suite *suite,
			      struct kssl_attach_params *params,
			      struct kssl_reason *why)
{
	int err = 0;

	if (params->directions & KSSL_DIRECTION_TX)
		err = kssl_attach_prepare(suite, &params->tx,
					  params->adopt & KSSL_DIRECTION_TX,
					  KSSL_A_TX, why);
	if (!err && params->directions & KSSL_DIRECTION_RX)
		err = kssl_attach_prepare(suite, &params->rx,
					  params->adopt & KSSL_DIRECTION_RX,
					  KSSL_A_RX, why);
	return err ?: kssl_ktls_try(suite, &params->tx, &params->rx, why);
}

/* Keeps what key updates need, which TLS 1.3 has; *@kept is NULL otherwise. */
static int keep_secrets(const struct kssl_attach_params *params,
			struct kssl_secrets **kept)
{
	struct kssl_secrets *secrets;

	*kept = NULL;
	if (params->version != TLS_1_3_VERSION)
		return 0;
	secrets = kzalloc_obj(*secrets, GFP_KERNEL_ACCOUNT);
	if (!secrets)
		return -ENOMEM;
	secrets->tx_len = params->tx.secret_len;
	secrets->rx_len = params->rx.secret_len;
	memcpy(secrets->tx, params->tx.secret, params->tx.secret_len);
	memcpy(secrets->rx, params->rx.secret, params->rx.secret_len);
	kssl_crypto_nonce(&params->tx, secrets->tx_nonce);
	kssl_crypto_nonce(&params->rx, secrets->rx_nonce);
	*kept = secrets;
	return 0;
}

/* The socket of a connection that is bound is the only one for it. */
static int check_bound(struct kssl *s, struct socket *sock, bool *bound,
		       struct kssl_reason *why)
{
	bool same, closed;

	spin_lock_bh(&s->object.lock);
	*bound = s->sock;
	same = *bound && s->sock->sk == sock->sk;
	closed = !*bound && s->state != KSSL_STATE_INITIAL;
	spin_unlock_bh(&s->object.lock);
	if (closed)
		return kssl_refuse(why, -ENOTCONN, KSSL_A_FD, s->directions ?
				   "the connection's socket is closed" :
				   "the handshake's socket is closed");
	if (!*bound || same)
		return 0;
	return kssl_refuse(why, -EINVAL, KSSL_A_FD, s->directions ?
			   "the connection is attached to another socket" :
			   "the handshake began on another socket");
}

static void begin_count(struct kssl *s, int direction, u64 rec_seq,
			bool adopt)
{
	if (adopt)
		kssl_sock_count_adopted(s, direction);
	else
		kssl_sock_count(s, direction, rec_seq);
}

static void begin_counts(struct kssl *s,
			 const struct kssl_attach_params *params)
{
	if (params->directions & KSSL_DIRECTION_TX)
		begin_count(s, TLS_TX, params->tx.rec_seq,
			    params->adopt & KSSL_DIRECTION_TX);
	if (params->directions & KSSL_DIRECTION_RX)
		begin_count(s, TLS_RX, params->rx.rec_seq,
			    params->adopt & KSSL_DIRECTION_RX);
}

/* From the first key on there is no way back for the socket. */
static int install(struct kssl *s, struct socket *sock,
		   const struct kssl_suite *suite,
		   const struct kssl_attach_params *params,
		   struct kssl_reason *why)
{
	u32 fresh = params->directions & ~params->adopt;
	int err;

	begin_counts(s, params);
	if (fresh & KSSL_DIRECTION_TX) {
		err = kssl_ktls_check_writers(sock, why);
		if (err)
			return err;
		err = kssl_ktls_install(sock, TLS_TX, suite, &params->tx);
		if (err)
			return kssl_refuse(why, err, KSSL_A_TX,
					   "net/tls refuses the transmit key");
	}
	if (!(fresh & KSSL_DIRECTION_RX))
		return 0;
	err = kssl_ktls_install(sock, TLS_RX, suite, &params->rx);
	if (!err)
		return 0;
	if (!(fresh & KSSL_DIRECTION_TX))
		return kssl_refuse(why, err, KSSL_A_RX,
				   "net/tls refuses the receive key");
	kernel_sock_shutdown(sock, SHUT_RDWR);
	kssl_conn_enter(s, KSSL_STATE_ERROR);
	return kssl_refuse(why, err, KSSL_A_RX,
			   "net/tls refuses the receive key; the socket was shut down");
}

/* A socket's users have no need of its keys, and may be less trusted. */
static void wipe(struct socket *sock, const struct kssl_attach_params *params)
{
	if (params->keep_key)
		return;
	if (params->directions & KSSL_DIRECTION_TX)
		kssl_ktls_wipe(sock, TLS_TX);
	if (params->directions & KSSL_DIRECTION_RX)
		kssl_ktls_wipe(sock, TLS_RX);
}

/* What makes data faster, now that all keys are there. */
static void tune(struct kssl *s, struct socket *sock,
		 const struct kssl_attach_params *params)
{
	struct kssl_settings settings = kssl_conn_settings(s);
	u64 options = kssl_settings_num(&settings, KSSL_ROW_OPTIONS);

	kssl_settings_put(&settings);
	if (params->directions & KSSL_DIRECTION_TX &&
	    options & KSSL_OP_ENABLE_KTLS_TX_ZEROCOPY_SENDFILE)
		kssl_ktls_set_zerocopy(sock);
	if (params->expect_no_pad)
		kssl_ktls_expect_no_pad(sock);
}

/* The socket's file is pinned if @file is that and not NULL. */
static void establish(struct kssl *s, const struct kssl_attach_params *params,
		      struct kssl_secrets *secrets, struct kssl_facts *facts,
		      struct file *file)
{
	struct kssl_sock *sock = s->sock;

	spin_lock_bh(&s->object.lock);
	s->version = params->version;
	s->suite = params->suite;
	s->directions = params->directions;
	s->keep_keys = params->keep_key ? params->directions : 0;
	s->verified = params->verified;
	s->verify_result = params->verify_result;
	s->secrets = secrets;
	s->facts = facts;
	s->file = file;
	spin_unlock_bh(&s->object.lock);
	if (!file)
		kssl_sock_attach(sock);
	kssl_conn_enter(s, KSSL_STATE_ESTABLISHED);
	kssl_usage_watch();
	trace_kssl_attach(s, sock->cookie);
	kssl_stat_inc(s->object.net, KSSL_STAT_ATTACH);
	if (!file)
		return;
	kssl_ctx_keep(s->ctx, s);
	/* Only now, as an earlier owner may have had the socket watched. */
	kssl_sock_keep(sock);
	kssl_sock_watch(sock);
}

static int attach_first(struct kssl *s, struct socket *sock,
			const struct kssl_suite *suite,
			const struct kssl_attach_params *params,
			struct kssl_facts *facts, struct kssl_reason *why)
{
	struct kssl_secrets *secrets;
	struct file *file;
	bool bound;
	int err;

	err = check_bound(s, sock, &bound, why);
	if (!err)
		err = kssl_ktls_prepare(sock, params->adopt, why);
	if (!err)
		err = keep_secrets(params, &secrets);
	if (err)
		return err;
	err = kssl_keep_pin(s, sock, &file, why);
	if (err)
		goto free_secrets;
	err = bound ? 0 : kssl_sock_bind(s, sock->sk, why);
	if (err)
		goto unpin;
	err = install(s, sock, suite, params, why);
	if (err)
		goto unbind;
	tune(s, sock, params);
	wipe(sock, params);
	establish(s, params, secrets, facts, file);
	return 0;

unbind:
	if (!bound)
		kssl_sock_unbind(s);
unpin:
	kssl_keep_unpin(s, file);
free_secrets:
	kfree_sensitive(secrets);
	return err;
}

static void add_secrets(struct kssl_secrets *to,
			const struct kssl_secrets *from, u32 directions)
{
	if (directions & KSSL_DIRECTION_TX) {
		memcpy(to->tx, from->tx, sizeof(to->tx));
		memcpy(to->tx_nonce, from->tx_nonce, sizeof(to->tx_nonce));
		to->tx_len = from->tx_len;
	}
	if (directions & KSSL_DIRECTION_RX) {
		memcpy(to->rx, from->rx, sizeof(to->rx));
		memcpy(to->rx_nonce, from->rx_nonce, sizeof(to->rx_nonce));
		to->rx_len = from->rx_len;
	}
}

/* A kept connection can have been closed meanwhile. */
static void extend(struct kssl *s, const struct kssl_attach_params *params,
		   struct kssl_secrets *secrets)
{
	spin_lock_bh(&s->object.lock);
	s->directions |= params->directions;
	s->keep_keys |= params->keep_key ? params->directions : 0;
	if (s->state == KSSL_STATE_ESTABLISHED && secrets) {
		if (s->secrets)
			add_secrets(s->secrets, secrets, params->directions);
		else
			swap(s->secrets, secrets);
	}
	spin_unlock_bh(&s->object.lock);
	kfree_sensitive(secrets);
}

static int attach_other(struct kssl *s, struct socket *sock,
			const struct kssl_suite *suite,
			const struct kssl_attach_params *params,
			struct kssl_reason *why)
{
	struct kssl_secrets *secrets;
	bool bound;
	int err;

	err = check_bound(s, sock, &bound, why);
	if (!err)
		err = kssl_ktls_prepare(sock, s->directions | params->adopt,
					why);
	if (!err)
		err = keep_secrets(params, &secrets);
	if (err)
		return err;
	err = install(s, sock, suite, params, why);
	if (err) {
		kfree_sensitive(secrets);
		return err;
	}
	tune(s, sock, params);
	wipe(sock, params);
	extend(s, params, secrets);
	return 0;
}

static int check_directions(const struct kssl *s,
			    const struct kssl_attach_params *params,
			    struct kssl_reason *why)
{
	u32 again = s->directions & params->directions;
	u16 attr;

	if (params->directions & ~(u32)KSSL_DIRECTIONS ||
	    params->adopt & ~params->directions)
		return kssl_refuse(why, -EINVAL, 0, "unknown directions");
	if (s->directions == KSSL_DIRECTIONS)
		return kssl_refuse(why, -EBUSY, KSSL_A_ID,
				   "the connection is attached");
	if (!again)
		return 0;
	attr = again == KSSL_DIRECTION_TX ? KSSL_A_TX : KSSL_A_RX;
	return kssl_refuse(why, -EBUSY, again & params->adopt ? KSSL_A_ADOPT :
			   attr, "the direction is attached");
}

/* Takes from the first attach what a second one may leave out. */
static int take_negotiated(const struct kssl *s,
			   struct kssl_attach_params *params,
			   const struct kssl_facts *facts,
			   struct kssl_reason *why)
{
	if (params->version && params->version != s->version)
		return kssl_refuse(why, -EINVAL, KSSL_A_VERSION,
				   "not the version of the other direction");
	if (params->suite && params->suite != s->suite)
		return kssl_refuse(why, -EINVAL, KSSL_A_SUITE,
				   "not the suite of the other direction");
	if (params->verified)
		return kssl_refuse(why, -EINVAL, KSSL_A_VERIFY_RESULT,
				   "the first attach has fixed it");
	if (facts)
		return kssl_refuse(why, -EINVAL, 0,
				   "the first attach has fixed what was negotiated");
	params->version = s->version;
	params->suite = s->suite;
	params->verified = s->verified;
	params->verify_result = s->verify_result;
	return 0;
}

static void normalize(struct kssl_attach_params *params)
{
	if (!params->directions)
		params->directions = KSSL_DIRECTIONS;
	if (!(params->directions & KSSL_DIRECTION_TX))
		memzero_explicit(&params->tx, sizeof(params->tx));
	if (!(params->directions & KSSL_DIRECTION_RX))
		memzero_explicit(&params->rx, sizeof(params->rx));
}

/*
 * @params are ours to write, and are wiped by the caller. The reference on
 * @facts is the connection's on success. What was attached before does not
 * change as long as the connection is claimed.
 */
static int attach_claimed(struct kssl *s, struct socket *sock,
			  struct kssl_attach_params *params,
			  struct kssl_facts *facts, struct kssl_reason *why)
{
	const struct kssl_suite *suite;
	struct kssl_settings settings;
	int err;

	normalize(params);
	err = check_directions(s, params, why);
	if (!err && s->directions)
		err = take_negotiated(s, params, facts, why);
	if (!err && params->adopt)
		err = kssl_adopt_find(sock, params, why);
	if (err)
		return err;
	suite = kssl_suite_find(params->suite);
	/* Live rows may change meanwhile, and their snapshot with them. */
	settings = kssl_conn_settings(s);
	err = kssl_policy_check(&settings, params, suite, why);
	kssl_settings_put(&settings);
	if (!err)
		err = check_limit(params, facts ?: s->facts, why) ?:
			check_padding(params, why);
	if (!err)
		err = prepare_directions(suite, params, why);
	if (!err && params->adopt)
		err = kssl_adopt_check(sock, suite, params, why);
	if (err)
		return err;
	return s->directions ? attach_other(s, sock, suite, params, why) :
		attach_first(s, sock, suite, params, facts, why);
}

static int attach_failed(struct kssl *s, struct socket *sock, int err)
{
	trace_kssl_attach_err(s, kssl_sock_cookie(sock->sk), err);
	kssl_stat_inc(s->object.net, KSSL_STAT_ATTACH_ERROR);
	return err;
}

/**
 * kssl_attach_facts - kssl_attach() with what was negotiated in its final form
 * @s: as kssl_attach()
 * @sock: likewise
 * @params: likewise, but for what was negotiated
 * @facts: what was negotiated, or NULL; a reference is taken
 * @why: likewise
 *
 * Context: as kssl_attach().
 * Return: as kssl_attach().
 */
int kssl_attach_facts(struct kssl *s, struct socket *sock,
		      const struct kssl_attach_params *params,
		      struct kssl_facts *facts, struct kssl_reason *why)
{
	struct kssl_attach_params *copy;
	struct kssl_reason own = {};
	int err;

	err = kssl_conn_claim(s, BIT(KSSL_STATE_INITIAL) |
			      BIT(KSSL_STATE_HANDSHAKE) |
			      BIT(KSSL_STATE_ESTABLISHED), why);
	if (err)
		return attach_failed(s, sock, err);
	kssl_facts_get(facts);
	copy = kmemdup(params, sizeof(*params), GFP_KERNEL_ACCOUNT);
	err = copy ? attach_claimed(s, sock, copy, facts, &own) : -ENOMEM;
	if (err)
		kssl_facts_put(facts);
	kfree_sensitive(copy);
	err = finish(s, err, &own, why);
	return err ? attach_failed(s, sock, err) : 0;
}

/**
 * kssl_attach - let a TCP socket speak TLS under a connection
 * @s: the connection, in state initial or handshake; or established, if it
 *	lacks what is to be attached
 * @sock: the connected socket, the one of kssl_begin() or the first attach if
 *	there was one; the caller keeps it from closing
 * @params: what was negotiated and its keys; the caller wipes them. When a
 *	direction is added, version and suite may be 0, and the rest that was
 *	negotiated must be left out.
 * @why: takes the reason of a refusal, or NULL
 *
 * The keys are wiped from where net/tls would report them to who has the
 * socket, if they are not to be kept there and no device needs them.
 *
 * From then on the socket has a reference on @s until it is destroyed. A socket
 * that the kernel has made must hold its network namespace for that, as those
 * of processes do, unless it is in the first one: see sk_net_refcnt. With the
 * row keep, @s has one on the socket's file instead, until either end shuts the
 * connection down, and so has the context on @s if it has that row, too.
 *
 * Nobody may write to the socket meanwhile. Who waits for room in it when the
 * transmit key comes is noticed (-EBUSY), but not who begins to just after that
 * was looked at: he goes on with plaintext, and the peer finds records behind.
 *
 * All or nothing: after a failure @s and the byte stream are as they were, but
 * for the tls ULP on the socket, which changes nothing. Only when net/tls
 * refuses the second key of a call, which then was not for a reason that could
 * be known before, the socket is shut down and @s is in state error.
 *
 * Context: may sleep, waits for the socket's lock, may load a module.
 * Return: 0; -EPERM the settings forbid it (version, suite, verify result,
 * role, security level); -EOWNERDEAD as kssl_callbacks_check(); -EINVAL a
 * version, size or socket that cannot be; -EOPNOTSUPP not a TCP socket, one
 * without a file to keep, or a suite or record limit that net/tls cannot do;
 * -ETOOMANYREFS too many kept sockets; -EKEYREVOKED, -EKEYEXPIRED a
 * key of the settings; -EBUSY in another state, the direction is attached, or
 * the socket has other keys, another connection or a writer; -ENOTCONN,
 * -EEXIST, -ENOENT as kssl_ktls_prepare() and kssl_ktls_try(); -ENODATA,
 * -EKEYREJECTED as kssl_adopt_check(); -ENOMEM; or what net/tls says.
 */
int kssl_attach(struct kssl *s, struct socket *sock,
		const struct kssl_attach_params *params,
		struct kssl_reason *why)
{
	struct kssl_facts *facts;
	int err;

	facts = kssl_facts_new(&params->negotiated, why);
	if (IS_ERR(facts))
		return attach_failed(s, sock, PTR_ERR(facts));
	err = kssl_attach_facts(s, sock, params, facts, why);
	kssl_facts_put(facts);
	return err;
}
EXPORT_SYMBOL_GPL(kssl_attach);
