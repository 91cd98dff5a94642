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
 * Both run in the task that asks, with the connection claimed and no lock
 * held: they wait for the socket's lock, which another task may sit on.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <net/tls.h>

#include "attach.h"
#include "callback.h"
#include "conn.h"
#include "ctx.h"
#include "derive.h"
#include "keep.h"
#include "ktls.h"
#include "reason.h"
#include "sock.h"
#include "suite.h"

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
		return err;
	err = check_settings(s, &own);
	/* The ULP goes first: it keeps IPV6_ADDRFORM from the socket. */
	if (!err)
		err = kssl_ktls_prepare(sock, &own);
	if (!err)
		err = kssl_sock_bind(s, sock->sk, &own);
	if (!err)
		kssl_conn_enter(s, KSSL_STATE_HANDSHAKE);
	return finish(s, err, &own, why);
}
EXPORT_SYMBOL_GPL(kssl_begin);

static int check_version(const struct kssl_settings *settings, u16 version,
			 struct kssl_reason *why)
{
	u64 options = kssl_settings_num(settings, KSSL_ROW_OPTIONS);
	u64 min = kssl_settings_num(settings, KSSL_ROW_MIN_PROTO);
	u64 max = kssl_settings_num(settings, KSSL_ROW_MAX_PROTO);
	const char *text = NULL;
	u64 disabled;

	if (version != TLS_1_2_VERSION && version != TLS_1_3_VERSION)
		return kssl_refuse(why, -EINVAL, KSSL_A_VERSION,
				   "net/tls does not have this TLS version");
	disabled = version == TLS_1_2_VERSION ? KSSL_OP_NO_TLSV1_2 :
		KSSL_OP_NO_TLSV1_3;
	if (min && version < min)
		text = "the TLS version is below min-proto";
	else if (max && version > max)
		text = "the TLS version is above max-proto";
	else if (options & disabled)
		text = "an option disables the TLS version";
	return text ? kssl_refuse(why, -EPERM, KSSL_A_VERSION, text) : 0;
}

/* Bits of a suite's key by security level (SSL_CTX_set_security_level(3)). */
static const u16 level_bits[] = { 0, 80, 112, 128, 192, 256 };

#define LEVEL_FORWARD_SECRET	3

static int check_level(const struct kssl_settings *settings,
		       const struct kssl_suite *suite, struct kssl_reason *why)
{
	u64 level = kssl_settings_num(settings, KSSL_ROW_SECURITY_LEVEL);
	const char *text = NULL;

	if (kssl_suite_bits(suite) < level_bits[level])
		text = "the cipher suite is below security-level";
	else if (suite->static_key && level >= LEVEL_FORWARD_SECRET)
		text = "security-level wants forward secrecy";
	return text ? kssl_refuse(why, -EPERM, KSSL_A_SUITE, text) : 0;
}

static int check_suite(const struct kssl_settings *settings,
		       const struct kssl_attach_params *params,
		       const struct kssl_suite *suite, struct kssl_reason *why)
{
	enum kssl_row_id list;

	if (!suite)
		return kssl_refuse(why, -EOPNOTSUPP, KSSL_A_SUITE,
				   "net/tls cannot carry this cipher suite");
	if (suite->version != params->version)
		return kssl_refuse(why, -EINVAL, KSSL_A_SUITE,
				   "not a cipher suite of this TLS version");
	list = suite->version == TLS_1_3_VERSION ? KSSL_ROW_CIPHERSUITES :
		KSSL_ROW_CIPHER_LIST;
	if (!kssl_settings_has_suite(settings, list, suite->code))
		return kssl_refuse(why, -EPERM, KSSL_A_SUITE,
				   "the settings do not list the cipher suite");
	return check_level(settings, suite, why);
}

/* Without a result, the peer has shown no certificate. */
static int check_verified(const struct kssl_settings *settings,
			  const struct kssl_attach_params *params,
			  struct kssl_reason *why)
{
	u64 verify = kssl_settings_num(settings, KSSL_ROW_VERIFY_MODE);

	if (!(verify & KSSL_VERIFY_PEER))
		return 0;
	if (params->verified) {
		if (!params->verify_result)
			return 0;
		return kssl_refuse(why, -EPERM, KSSL_A_VERIFY_RESULT,
				   "the peer's certificate is not good");
	}
	/* A server always shows one; of its clients that is a wish. */
	if (kssl_settings_role(settings) == KSSL_ROLE_SERVER &&
	    !(verify & KSSL_VERIFY_FAIL_IF_NO_PEER_CERT))
		return 0;
	return kssl_refuse(why, -EPERM, KSSL_A_VERIFY_RESULT,
			   "verify-mode wants a verify result");
}

static int check_policy(const struct kssl_settings *settings,
			const struct kssl_attach_params *params,
			const struct kssl_suite *suite,
			struct kssl_reason *why)
{
	int err;

	if (kssl_settings_role(settings) == KSSL_ROLE_UNSET)
		return kssl_refuse_nested(why, -EPERM, KSSL_A_SETTINGS,
					  KSSL_A_SETTINGS_ROLE,
					  "the role is unset");
	err = kssl_callbacks_check(settings, why);
	if (!err)
		err = check_version(settings, params->version, why);
	if (!err)
		err = check_suite(settings, params, suite, why);
	if (!err)
		err = check_verified(settings, params, why);
	return err ?: kssl_settings_check_keys(settings, why);
}

/* net/tls fills records up to their full size. */
static int check_limit(const struct kssl_facts *facts, struct kssl_reason *why)
{
	if (!facts || !facts->record_limit ||
	    facts->record_limit >= TLS_MAX_PAYLOAD_SIZE)
		return 0;
	return kssl_refuse(why, -EOPNOTSUPP, KSSL_A_RECORD_LIMIT,
			   "net/tls cannot keep this record limit");
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

/* Checks what protects a direction, and derives its key from a secret. */
static int prepare_direction(const struct kssl_suite *suite,
			     struct kssl_crypto *crypto, u16 attr,
			     struct kssl_reason *why)
{
	int err;

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

/* Keeps the secrets if there are any; *@kept is NULL otherwise. */
static int keep_secrets(const struct kssl_attach_params *params,
			struct kssl_secrets **kept)
{
	struct kssl_secrets *secrets;

	*kept = NULL;
	if (!params->tx.secret_len && !params->rx.secret_len)
		return 0;
	secrets = kzalloc_obj(*secrets, GFP_KERNEL_ACCOUNT);
	if (!secrets)
		return -ENOMEM;
	secrets->tx_len = params->tx.secret_len;
	secrets->rx_len = params->rx.secret_len;
	memcpy(secrets->tx, params->tx.secret, params->tx.secret_len);
	memcpy(secrets->rx, params->rx.secret, params->rx.secret_len);
	*kept = secrets;
	return 0;
}

/* Binds a connection that did not begin; checks the socket of one that did. */
static int bind_sock(struct kssl *s, struct socket *sock, bool *fresh,
		     struct kssl_reason *why)
{
	bool bound, same, closed;

	spin_lock_bh(&s->object.lock);
	bound = s->sock;
	same = bound && s->sock->sk == sock->sk;
	closed = !bound && s->state != KSSL_STATE_INITIAL;
	spin_unlock_bh(&s->object.lock);
	*fresh = !bound;
	if (closed)
		return kssl_refuse(why, -ENOTCONN, KSSL_A_FD,
				   "the handshake's socket is closed");
	if (!bound)
		return kssl_sock_bind(s, sock->sk, why);
	if (same)
		return 0;
	return kssl_refuse(why, -EINVAL, KSSL_A_FD,
			   "the handshake began on another socket");
}

/* From the first key on there is no way back for the socket. */
static int install(struct kssl *s, struct socket *sock,
		   const struct kssl_suite *suite,
		   const struct kssl_attach_params *params,
		   struct kssl_reason *why)
{
	int err;

	err = kssl_ktls_install(sock, TLS_TX, suite, &params->tx);
	if (err)
		return kssl_refuse(why, err, KSSL_A_TX,
				   "net/tls refuses the transmit key");
	err = kssl_ktls_install(sock, TLS_RX, suite, &params->rx);
	if (!err)
		return 0;
	kernel_sock_shutdown(sock, SHUT_RDWR);
	kssl_conn_enter(s, KSSL_STATE_ERROR);
	return kssl_refuse(why, err, KSSL_A_RX,
			   "net/tls refuses the receive key; the socket was shut down");
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
	s->verified = params->verified;
	s->verify_result = params->verify_result;
	s->secrets = secrets;
	s->facts = facts;
	s->file = file;
	spin_unlock_bh(&s->object.lock);
	if (!file) {
		kssl_sock_attach(sock);
		kssl_conn_enter(s, KSSL_STATE_ESTABLISHED);
		return;
	}
	kssl_sock_keep(sock);
	kssl_conn_enter(s, KSSL_STATE_ESTABLISHED);
	kssl_ctx_keep(s->ctx, s);
	kssl_sock_watch(sock);
}

static int attach_sock(struct kssl *s, struct socket *sock,
		       const struct kssl_suite *suite,
		       const struct kssl_attach_params *params,
		       struct kssl_facts *facts, struct kssl_reason *why)
{
	struct kssl_secrets *secrets;
	struct file *file;
	bool fresh;
	int err;

	err = kssl_ktls_prepare(sock, why);
	if (!err)
		err = keep_secrets(params, &secrets);
	if (err)
		return err;
	err = kssl_keep_pin(s, sock, &file, why);
	if (err)
		goto free_secrets;
	err = bind_sock(s, sock, &fresh, why);
	if (err)
		goto unpin;
	err = install(s, sock, suite, params, why);
	if (err)
		goto unbind;
	establish(s, params, secrets, facts, file);
	return 0;

unbind:
	if (fresh)
		kssl_sock_unbind(s);
unpin:
	kssl_keep_unpin(s, file);
free_secrets:
	kfree_sensitive(secrets);
	return err;
}

/*
 * @params are ours to write, and are wiped by the caller. The reference on
 * @facts is the connection's on success.
 */
static int attach_claimed(struct kssl *s, struct socket *sock,
			  struct kssl_attach_params *params,
			  struct kssl_facts *facts, struct kssl_reason *why)
{
	const struct kssl_suite *suite = kssl_suite_find(params->suite);
	/* Live rows may change meanwhile, and their snapshot with them. */
	struct kssl_settings settings = kssl_conn_settings(s);
	int err;

	err = check_policy(&settings, params, suite, why);
	kssl_settings_put(&settings);
	if (!err)
		err = check_limit(facts, why);
	if (!err)
		err = prepare_direction(suite, &params->tx, KSSL_A_TX, why);
	if (!err)
		err = prepare_direction(suite, &params->rx, KSSL_A_RX, why);
	if (!err)
		err = kssl_ktls_try(suite, &params->tx, &params->rx, why);
	if (!err)
		err = attach_sock(s, sock, suite, params, facts, why);
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
			      BIT(KSSL_STATE_HANDSHAKE), why);
	if (err)
		return err;
	kssl_facts_get(facts);
	copy = kmemdup(params, sizeof(*params), GFP_KERNEL_ACCOUNT);
	err = copy ? attach_claimed(s, sock, copy, facts, &own) : -ENOMEM;
	if (err)
		kssl_facts_put(facts);
	kfree_sensitive(copy);
	return finish(s, err, &own, why);
}

/**
 * kssl_attach - let a TCP socket speak TLS under a connection
 * @s: the connection, in state initial or handshake
 * @sock: the connected socket, the one of kssl_begin() if that was called; the
 *	caller keeps it from closing
 * @params: what was negotiated and its keys; the caller wipes them
 * @why: takes the reason of a refusal, or NULL
 *
 * From then on the socket has a reference on @s until it is destroyed. With the
 * row keep, @s has one on the socket's file instead, until either end shuts the
 * connection down, and so has the context on @s if it has that row, too.
 *
 * All or nothing: after a failure @s and the byte stream are as they were, but
 * for the tls ULP on the socket, which changes nothing. Only when net/tls
 * refuses the second of the keys, which then was not for a reason that could
 * be known before, the socket is shut down and @s is in state error.
 *
 * Context: may sleep, waits for the socket's lock, may load a module.
 * Return: 0; -EPERM the settings forbid it (version, suite, verify result,
 * role, security level); -EOWNERDEAD as kssl_callbacks_check(); -EINVAL a
 * version, size or socket that cannot be; -EOPNOTSUPP not a TCP socket, one
 * without a file to keep, or a suite or record limit that net/tls cannot do;
 * -ETOOMANYREFS too many kept sockets; -EKEYREVOKED, -EKEYEXPIRED a
 * key of the settings; -EBUSY in another state,
 * or the socket has keys or another connection; -ENOTCONN, -EEXIST, -ENOENT as
 * kssl_ktls_prepare() and kssl_ktls_try(); -ENOMEM; or what net/tls says.
 */
int kssl_attach(struct kssl *s, struct socket *sock,
		const struct kssl_attach_params *params,
		struct kssl_reason *why)
{
	struct kssl_facts *facts;
	int err;

	facts = kssl_facts_new(&params->negotiated, why);
	if (IS_ERR(facts))
		return PTR_ERR(facts);
	err = kssl_attach_facts(s, sock, params, facts, why);
	kssl_facts_put(facts);
	return err;
}
EXPORT_SYMBOL_GPL(kssl_attach);
