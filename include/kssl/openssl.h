/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkssl-openssl: OpenSSL makes the handshake, kssl takes the connection.
 *
 * Errors are reported as by <kssl/kssl.h>; where OpenSSL refused, the text is
 * OpenSSL's.
 */
#ifndef KSSL_OPENSSL_H
#define KSSL_OPENSSL_H

#include <openssl/ssl.h>

#include <kssl/kssl.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kssl_openssl_result {
	KSSL_OPENSSL_ERROR = 0,		/* see kssl_errno() */
	KSSL_OPENSSL_ATTACHED = 1,	/* the socket speaks TLS by itself */
	KSSL_OPENSSL_WANT_READ = 2,	/* call again when readable */
	KSSL_OPENSSL_WANT_WRITE = 3,	/* call again when writable */
	KSSL_OPENSSL_UNSUITABLE = 4,	/* whole, but not for the kernel */
};

/*
 * kssl_openssl_set_base - the SSL_CTX that handshakes start from
 *
 * Handshakes of connections from this handle's context start from @base, and
 * the rows of the kernel object that are set override what @base has; where a
 * list, a key or a name is empty, @base's stays. The library takes its own
 * reference on @base and makes its own settings in it, those of
 * kssl_openssl_prepare(). The callbacks of @base are the program's, so rows
 * that would need others are refused with EOPNOTSUPP: alpn of a server,
 * ticket_keys, ocsp, serverinfo, custom_extensions and dane_mtypes.
 *
 * Without a base, or when the handle is gone before the handshake begins, a
 * fresh SSL_CTX is used that has nothing but the rows, whatever openssl.cnf
 * says; the system's trust anchors count only with trust_system. Handshakes of
 * one context share one SSL_CTX, so its sessions and ticket keys stay when rows
 * change.
 *
 * Long rows and keys are fetched once for each snapshot of the rows and kept
 * with this handle, so a key whose payload is changed in place is not seen: set
 * the row again, which makes a new snapshot.
 *
 * What keys in keyrings hold: a private key in DER or PEM; a pre-shared key as
 * it is; a ticket key as nginx has it in files, either 48 bytes (name, AES key
 * and HMAC key, 16 each) or 80 (name of 16, HMAC key and AES key of 32).
 */
int kssl_openssl_set_base(struct kssl_ctx *ctx, SSL_CTX *base);

/*
 * kssl_openssl_handshake - make the handshake of @s on the connected TCP socket
 *	@fd, from the settings of the kernel object, then attach
 *
 * Never blocks on a non-blocking @fd. Call it again with the same arguments
 * after KSSL_OPENSSL_WANT_READ and _WANT_WRITE. The first call is kssl_begin().
 * On KSSL_OPENSSL_ERROR the connection is in state error (kssl_fail()) unless
 * the begin itself was refused. EPROTO: the handshake failed, by this end's
 * choice or the peer's.
 * EOPNOTSUPP: a row is set that the bridge does not put into effect; the text
 * names it. EKEYREVOKED, EKEYEXPIRED, ENOKEY, EACCES: a private key cannot be
 * read.
 * On KSSL_OPENSSL_UNSUITABLE the handshake is complete but net/tls cannot
 * carry it (kssl_error_text() says why); nothing was installed and
 * kssl_openssl_take_ssl() hands over the working SSL object.
 *
 * The host name for SNI and certificate verification of a client is given by
 * kssl_openssl_set_host() before the first call; an IP address is verified as
 * such. NULL: none.
 */
enum kssl_openssl_result kssl_openssl_handshake(struct kssl *s, int fd);
int kssl_openssl_set_host(struct kssl *s, const char *host);

/*
 * kssl_openssl_ssl - the SSL object of the last handshake, for looking at,
 *	until the handle goes; NULL before and after it was taken
 * kssl_openssl_take_ssl - the same, and the caller owns it from now on
 */
SSL *kssl_openssl_ssl(struct kssl *s);
SSL *kssl_openssl_take_ssl(struct kssl *s);

/*
 * kssl_openssl_read - kssl_read() for a client that resumes
 * kssl_openssl_control - kssl_control() for one
 *
 * The sessions of TLS 1.3 come in tickets after the handshake. With these calls
 * they get into the row session of @s, for session_get; the latest counts.
 * @fd is the socket of @s, whose handshake kssl_openssl_handshake() made, of
 * this handle; otherwise, and after kssl_openssl_take_ssl(), tickets are thrown
 * away. A session of TLS 1.2 is in the row when the handshake ends. Key updates
 * are followed as by kssl_read_with().
 */
ssize_t kssl_openssl_read(struct kssl *s, int fd, void *buf, size_t len);
enum kssl_control_result kssl_openssl_control(struct kssl *s, int fd);

/*
 * kssl_openssl_prepare - make a program's own SSL_CTX fit for
 *	kssl_openssl_attach(); before the first SSL_new() from it
 *
 * Sets the keylog callback (a program's own, if set before, is still called),
 * clears SSL_OP_ENABLE_KTLS and read_ahead, forbids renegotiation and
 * post-handshake authentication. 1 or 0.
 *
 * A program that calls SSL_set_SSL_CTX() prepares that SSL_CTX, too. Limits
 * that it sets on the size or the padding of records are not kept by net/tls.
 */
int kssl_openssl_prepare(SSL_CTX *ssl_ctx);

/*
 * kssl_openssl_start - make one SSL object of a prepared SSL_CTX count its
 *	records; after SSL_new(), before the handshake starts
 * kssl_openssl_set_msg_callback - the program's own message callback
 *
 * kssl_openssl_start() takes the place of the SSL's message callback, which
 * OpenSSL lets nobody read. A program that has one gives it to
 * kssl_openssl_set_msg_callback() afterwards, instead of to
 * SSL_set_msg_callback(), and it is called as before. NULL: none. 1 or 0.
 */
int kssl_openssl_start(SSL *ssl);
int kssl_openssl_set_msg_callback(SSL *ssl,
				  void (*cb)(int write_p, int version,
					     int content_type, const void *buf,
					     size_t len, SSL *ssl, void *arg),
				  void *arg);

/*
 * kssl_openssl_attach - move a finished handshake of a program's own SSL into
 *	the kernel, under the connection @s
 * kssl_openssl_ctx_attach - the same, under a connection that is made from
 *	@ctx with the rows of @settings, of which the caller gets no reference
 *	(kssl_ctx_attach()); the role is that of @ssl; one request. Stores its
 *	id in @id unless NULL.
 *
 * The socket is the one of SSL_get_fd(). The SSL must have finished its
 * handshake and hold nothing: no unread bytes or partial record, no pending
 * write, no renegotiation, no read_ahead. Otherwise KSSL_OPENSSL_UNSUITABLE and
 * a text; @ssl is untouched and goes on working. kssl_errno() is EBUSY if it
 * may be suitable later, EOPNOTSUPP if not, ENOENT if the kernel lacks the
 * cipher or net/tls, ENOTCONN if the peer has closed its direction before
 * net/tls was on the socket.
 *
 * On KSSL_OPENSSL_ATTACHED @ssl is inert: it has no socket, and SSL_free()
 * sends nothing and keeps its session resumable. The program closes the
 * socket, also where a BIO would have done so.
 *
 * The verify result is that of SSL_get_verify_result() if the peer has shown a
 * certificate, X509_V_OK if a pre-shared key has authenticated it instead (of
 * a TLS 1.3 client that cannot be told), or none.
 */
enum kssl_openssl_result kssl_openssl_attach(struct kssl *s, SSL *ssl);
enum kssl_openssl_result
kssl_openssl_ctx_attach(struct kssl_ctx *ctx,
			const struct kssl_settings *settings, SSL *ssl,
			uint32_t *id);

/*
 * kssl_openssl_take_ticket - give a NewSessionTicket message to the SSL of an
 *	attached client of TLS 1.3
 *
 * For a program that reads control records by itself. @msg is the whole
 * message, with its header; messages are given in the order of their coming.
 * The SSL makes a session of it as if it had received it: its callback for new
 * sessions is called, and SSL_get1_session() gives it. 1 or 0. EINVAL: @ssl is
 * another one; EMSGSIZE: over 16384 bytes; EPROTO: OpenSSL refuses the message.
 */
int kssl_openssl_take_ticket(SSL *ssl, const void *msg, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* KSSL_OPENSSL_H */
