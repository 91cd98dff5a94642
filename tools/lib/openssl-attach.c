// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The hand-over of a finished handshake: whether nothing gets lost, the attach,
 * and an SSL that is inert afterwards.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "internal.h"
#include "openssl.h"

/* Why something cannot be handed over; err is EBUSY if it may be later. */
struct obstacle {
	int err;
	const char *text;
};

#define NEVER(text)	((struct obstacle){ EOPNOTSUPP, text })
#define NOT_NOW(text)	((struct obstacle){ EBUSY, text })
#define NOTHING		((struct obstacle){ 0, NULL })

/* A BIO that does nothing but read from or write to a socket. */
static int is_plain_socket(BIO *bio)
{
	int type = bio ? BIO_method_type(bio) : BIO_TYPE_NONE;

	return (type == BIO_TYPE_SOCKET || type == BIO_TYPE_CONNECT) &&
		!BIO_next(bio);
}

static struct obstacle find_socket_obstacle(SSL *ssl)
{
	BIO *rbio = SSL_get_rbio(ssl), *wbio = SSL_get_wbio(ssl);
	int rfd = SSL_get_rfd(ssl);

	if (!is_plain_socket(rbio) || !is_plain_socket(wbio))
		return NEVER("not connected by plain socket BIOs");
	if (rfd < 0 || rfd != SSL_get_wfd(ssl))
		return NEVER("not one socket for both directions");
	if (BIO_get_ktls_send(wbio) || BIO_get_ktls_recv(rbio))
		return NEVER("OpenSSL has moved it into the kernel already");
	if (BIO_wpending(wbio))
		return NOT_NOW("there are bytes left to write");
	return NOTHING;
}

/*
 * With read_ahead off OpenSSL takes a record's header, then its body from the
 * socket, so what it holds shows in the state of its record reader: "RH" waits
 * for a header. A header's first bytes count as pending, a whole header does
 * not. SSL_free_buffers() refuses when a record is left to be written; that is
 * not sure to show in SSL_want(), which tells of the last call only. The
 * buffers come back when they are needed.
 */
static struct obstacle find_data_obstacle(SSL *ssl)
{
	int want = SSL_want(ssl);

	if (SSL_get_read_ahead(ssl))
		return NEVER("read_ahead is on");
	if (SSL_pending(ssl) || SSL_has_pending(ssl) ||
	    strcmp(SSL_rstate_string(ssl), "RH"))
		return NOT_NOW("OpenSSL holds bytes that nobody has read");
	if (want != SSL_NOTHING && want != SSL_READING)
		return NOT_NOW("OpenSSL waits for something");
	if (!SSL_free_buffers(ssl))
		return NOT_NOW("a record is left to be written");
	return NOTHING;
}

/* Whether OpenSSL is between two records, at both ends of its life. */
static struct obstacle find_state_obstacle(SSL *ssl)
{
	if (!SSL_is_init_finished(ssl))
		return NOT_NOW("the handshake is not finished");
	if (SSL_get_shutdown(ssl))
		return NEVER("the connection is being shut down");
	if (SSL_renegotiate_pending(ssl) ||
	    SSL_get_key_update_type(ssl) != SSL_KEY_UPDATE_NONE)
		return NOT_NOW("a change of keys is pending");
	return NOTHING;
}

/* What was negotiated that net/tls cannot keep. */
static struct obstacle find_protocol_obstacle(SSL *ssl)
{
	const SSL_CIPHER *suite = SSL_get_current_cipher(ssl);
	const SSL_SESSION *session = SSL_get_session(ssl);
	int version = SSL_version(ssl), fragment = 0;

	if (version != TLS1_2_VERSION && version != TLS1_3_VERSION)
		return NEVER("net/tls does not have this TLS version");
	if (!suite || !kssl_suite_supported(version,
					    SSL_CIPHER_get_protocol_id(suite)))
		return NEVER("net/tls cannot carry this cipher suite");
	if (SSL_get_current_compression(ssl) || SSL_get_current_expansion(ssl))
		return NEVER("the connection is compressed");
	if (session)
		fragment = SSL_SESSION_get_max_fragment_length(session);
	if (fragment >= TLSEXT_max_fragment_length_512 &&
	    fragment <= TLSEXT_max_fragment_length_4096)
		return NEVER("net/tls cannot keep the maximum fragment length");
	return NOTHING;
}

/* Whether the handshake was watched from its start to here. */
static struct obstacle find_watch_obstacle(SSL *ssl,
					   const struct kssl_watch *watch)
{
	int i;

	if (!watch || !watch->dir[0].finished || !watch->dir[1].finished)
		return NEVER("the records of the handshake were not counted");
	if (SSL_version(ssl) != TLS1_3_VERSION)
		return NOTHING;
	for (i = 0; i < 2; i++)
		if (!watch->dir[i].secret_len ||
		    watch->dir[i].secrets != watch->dir[i].updates + 1)
			return NEVER("the traffic secrets were not logged");
	return NOTHING;
}

static struct obstacle find_obstacle(SSL *ssl, const struct kssl_watch *watch)
{
	struct obstacle obstacle = find_state_obstacle(ssl);

	if (!obstacle.err)
		obstacle = find_protocol_obstacle(ssl);
	if (!obstacle.err)
		obstacle = find_socket_obstacle(ssl);
	if (!obstacle.err)
		obstacle = find_watch_obstacle(ssl, watch);
	if (!obstacle.err)
		obstacle = find_data_obstacle(ssl);
	return obstacle;
}

/*
 * Whether a pre-shared key has authenticated the peer in place of a certificate
 * (RFC 4279, RFC 8446 section 2.2). In TLS 1.3 a session that is resumed is
 * one; that of a server that has shown no certificate began with another. A
 * client's may have begun with nothing.
 */
static int is_psk_peer(const SSL *ssl)
{
	const SSL_CIPHER *suite = SSL_get_current_cipher(ssl);

	if (SSL_version(ssl) == TLS1_3_VERSION)
		return SSL_session_reused(ssl) && !SSL_is_server(ssl);
	return SSL_CIPHER_get_auth_nid(suite) == NID_auth_psk;
}

/*
 * Without a certificate, what OpenSSL says means nothing: X509_V_OK also of a
 * peer that nothing has authenticated, and X509_V_ERR_UNSPECIFIED of a session
 * that began with a pre-shared key.
 */
static int64_t verify_result(const SSL *ssl)
{
	if (SSL_get0_peer_certificate(ssl))
		return SSL_get_verify_result(ssl);
	return is_psk_peer(ssl) ? X509_V_OK : -1;
}

/* Keep what the SSL knows, its session above all, and take its socket. */
static void make_inert(SSL *ssl)
{
	(void)BIO_set_close(SSL_get_rbio(ssl), BIO_NOCLOSE);
	(void)BIO_set_close(SSL_get_wbio(ssl), BIO_NOCLOSE);
	/* A session is good for resumption only after a clean shutdown. */
	SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_set_bio(ssl, NULL, NULL);
}

static int attach_ctx(SSL *ssl, const struct kssl_move *move,
		      const struct kssl_attach *attach)
{
	/* Shares what the rows own, to add one that owns nothing. */
	struct kssl_settings settings = { 0 };

	if (move->settings)
		settings = *move->settings;
	return kssl_settings_role(&settings, SSL_is_server(ssl) ?
				  KSSL_ROLE_SERVER : KSSL_ROLE_CLIENT) &&
		kssl_ctx_attach(move->ctx, &settings, attach, move->id);
}

/* What a client asks for can have any bytes; the kernel takes text. */
static const char *host_name(const SSL *ssl)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const unsigned char *at = (const unsigned char *)name;

	for (; at && *at; at++)
		if (*at < ' ' || *at == 0x7f)
			return NULL;
	return name && at - (const unsigned char *)name <= KSSL_NAME_MAX ?
		name : NULL;
}

static int add_der(struct kssl_blob *chain, X509 *cert)
{
	int len = i2d_X509(cert, NULL);
	unsigned char *more, *at;

	if (len <= 0 || chain->len + len > KSSL_BLOB_MAX)
		return 0;
	more = realloc(chain->data, chain->len + len);
	if (!more)
		return 0;
	chain->data = more;
	at = more + chain->len;
	chain->len += len;
	return i2d_X509(cert, &at) == len;
}

/*
 * The peer's own certificate first; a server's SSL does not have that in the
 * chain. Nothing rather than a part, if it is more than the kernel takes.
 */
static void peer_chain(SSL *ssl, struct kssl_blob *chain)
{
	const struct stack_st_X509 *sent = SSL_get_peer_cert_chain(ssl);
	X509 *own = SSL_get0_peer_certificate(ssl);
	int i, ok;

	*chain = (struct kssl_blob){ 0 };
	ok = own && (!SSL_is_server(ssl) || add_der(chain, own));
	for (i = 0; ok && i < sk_X509_num(sent); i++)
		ok = add_der(chain, sk_X509_value(sent, i));
	if (ok)
		return;
	free(chain->data);
	*chain = (struct kssl_blob){ 0 };
}

static int do_attach(SSL *ssl, const struct kssl_watch *watch,
		     const struct kssl_move *move)
{
	struct kssl_attach attach = {
		.size = sizeof(attach),
		.fd = SSL_get_fd(ssl),
		.verify_result = verify_result(ssl),
		.sni = host_name(ssl),
		.resumed = SSL_session_reused(ssl),
	};
	struct kssl_key_block keys;
	const unsigned char *alpn;
	struct kssl_blob chain;
	unsigned int alpn_len;
	int ok;

	SSL_get0_alpn_selected(ssl, &alpn, &alpn_len);
	attach.alpn = alpn;
	attach.alpn_len = alpn_len;
	peer_chain(ssl, &chain);
	attach.peer_chain = chain.data;
	attach.peer_chain_len = chain.len;
	ok = kssl_ssl_keys(ssl, watch, &keys, &attach);
	if (ok && move->s)
		ok = kssl_attach(move->s, &attach);
	else if (ok)
		ok = attach_ctx(ssl, move, &attach);
	OPENSSL_cleanse(&keys, sizeof(keys));
	free(chain.data);
	return ok;
}

/*
 * Whether a refusal says what the kernel cannot, and not what it may not: it
 * has no such cipher or no net/tls; the socket is not TCP; the peer has closed
 * its direction already, and net/tls takes none in that state.
 */
static int is_beyond_kernel(int err)
{
	return err == ENOENT || err == EOPNOTSUPP || err == ENOTCONN;
}

enum kssl_openssl_result kssl_ssl_move(SSL *ssl, const struct kssl_move *move)
{
	struct kssl_watch *watch;
	struct obstacle obstacle;

	if (!ssl || (!move->s && !move->ctx)) {
		kssl_set_error(EINVAL, "no object given");
		return KSSL_OPENSSL_ERROR;
	}
	watch = kssl_watch_of(ssl);
	obstacle = find_obstacle(ssl, watch);
	if (obstacle.err) {
		kssl_set_error(obstacle.err, "%s", obstacle.text);
		return KSSL_OPENSSL_UNSUITABLE;
	}
	if (!do_attach(ssl, watch, move))
		return is_beyond_kernel(kssl_errno()) ?
			KSSL_OPENSSL_UNSUITABLE : KSSL_OPENSSL_ERROR;
	kssl_watch_park(ssl, watch);
	make_inert(ssl);
	return KSSL_OPENSSL_ATTACHED;
}

enum kssl_openssl_result kssl_openssl_attach(struct kssl *s, SSL *ssl)
{
	struct kssl_move move = { .s = s };

	return kssl_ssl_move(ssl, &move);
}

enum kssl_openssl_result
kssl_openssl_ctx_attach(struct kssl_ctx *ctx,
			const struct kssl_settings *settings, SSL *ssl,
			uint32_t *id)
{
	struct kssl_move move = {
		.ctx = ctx,
		.settings = settings,
		.id = id,
	};

	return kssl_ssl_move(ssl, &move);
}
