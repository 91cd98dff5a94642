/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two ends of a TLS connection in one program, for tests.
 *
 * What cannot go wrong unless the test is broken ends the program (MUST).
 */
#ifndef TLS_PAIR_H
#define TLS_PAIR_H

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define MUST(cond)							\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "%s:%d: %s failed\n", __FILE__,	\
				__LINE__, #cond);			\
			ERR_print_errors_fp(stderr);			\
			exit(1);					\
		}							\
	} while (0)

/* What the sessions of the client are: */
enum tls_tickets {
	TICKETS_DEFAULT,
	TICKETS_OFF,
	TICKETS_RESUMED,	/* the second connection, with the first's */
	TICKETS_MODES
};

static const char * const tls_tickets_name[] = {
	"tickets", "no tickets", "resumed",
};

static const struct tls_suite {
	const char *label;
	const char *name;
	int version;
} tls_suites[] = {
	{ "AES128-GCM", "ECDHE-RSA-AES128-GCM-SHA256", TLS1_2_VERSION },
	{ "AES256-GCM", "ECDHE-RSA-AES256-GCM-SHA384", TLS1_2_VERSION },
	{ "CHACHA20", "ECDHE-RSA-CHACHA20-POLY1305", TLS1_2_VERSION },
	{ "AES128-CCM", "AES128-CCM", TLS1_2_VERSION },
	{ "AES128-GCM", "TLS_AES_128_GCM_SHA256", TLS1_3_VERSION },
	{ "AES256-GCM", "TLS_AES_256_GCM_SHA384", TLS1_3_VERSION },
	{ "CHACHA20", "TLS_CHACHA20_POLY1305_SHA256", TLS1_3_VERSION },
	{ "AES128-CCM", "TLS_AES_128_CCM_SHA256", TLS1_3_VERSION },
};

#define TLS_SUITES	(sizeof(tls_suites) / sizeof(tls_suites[0]))

static inline const char *tls_version_name(int version)
{
	return version == TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2";
}

/* One key and certificate for all of a program's connections. */
static inline EVP_PKEY *tls_key(void)
{
	static EVP_PKEY *key;

	if (!key)
		MUST(key = EVP_RSA_gen(2048));
	return key;
}

static inline X509 *tls_cert(void)
{
	static X509 *cert;
	X509_EXTENSION *names;
	X509_NAME *name;

	if (cert)
		return cert;
	MUST(cert = X509_new());
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 24 * 3600);
	X509_set_pubkey(cert, tls_key());
	MUST(name = X509_NAME_new());
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"test", -1, -1, 0);
	X509_set_subject_name(cert, name);
	X509_set_issuer_name(cert, name);
	X509_NAME_free(name);
	names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
				    "DNS:test.example,IP:127.0.0.1");
	MUST(names && X509_add_ext(cert, names, -1));
	X509_EXTENSION_free(names);
	MUST(X509_sign(cert, tls_key(), EVP_sha256()));
	return cert;
}

/* Restricts @ctx to one suite and its version; NULL: all that there are. */
static inline void tls_restrict(SSL_CTX *ctx, const struct tls_suite *suite)
{
	if (!suite)
		return;
	MUST(SSL_CTX_set_min_proto_version(ctx, suite->version));
	MUST(SSL_CTX_set_max_proto_version(ctx, suite->version));
	if (suite->version == TLS1_3_VERSION)
		MUST(SSL_CTX_set_ciphersuites(ctx, suite->name));
	else
		MUST(SSL_CTX_set_cipher_list(ctx, suite->name));
}

static inline SSL_CTX *tls_ctx(int server, const struct tls_suite *suite)
{
	SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() :
				   TLS_client_method());

	MUST(ctx);
	tls_restrict(ctx, suite);
	if (!server)
		return ctx;
	MUST(SSL_CTX_use_certificate(ctx, tls_cert()));
	MUST(SSL_CTX_use_PrivateKey(ctx, tls_key()));
	MUST(SSL_CTX_set_session_id_context(ctx,
					    (const unsigned char *)"t", 1));
	return ctx;
}

static inline void tls_tickets_off(SSL_CTX *server)
{
	SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(server, 0);
}

/* Keep the latest session that a client of @ctx gets in *@session. */
static inline int tls_keep_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION **kept = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	SSL_SESSION_free(*kept);
	*kept = session;
	return 1;
}

static inline void tls_keep_sessions(SSL_CTX *ctx, SSL_SESSION **session)
{
	SSL_CTX_set_app_data(ctx, session);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
				       SSL_SESS_CACHE_NO_INTERNAL_STORE);
	SSL_CTX_sess_set_new_cb(ctx, tls_keep_session);
}

static inline void tls_nonblocking(int fd, int on)
{
	int flags = fcntl(fd, F_GETFL);

	MUST(flags >= 0);
	MUST(!fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK :
		    flags & ~O_NONBLOCK));
}

/* Whether @ret of @ssl only wants to be repeated. */
static inline int tls_again(const SSL *ssl, int ret)
{
	int reason = SSL_get_error(ssl, ret);

	return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

/* Loopback is fast, but not faster than this program. */
static inline void tls_wait(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	MUST(poll(&pollfd, 1, 60000) == 1);
}

/* Until one of two can go on, or may have to be tried again. */
static inline void tls_wait_either(int a, int b)
{
	struct pollfd pollfd[] = {
		{ .fd = a, .events = POLLIN },
		{ .fd = b, .events = POLLIN },
	};

	poll(pollfd, 2, 10);
}

#define TLS_ROUNDS	2000

/* Both ends at once, on non-blocking sockets. Returns 1 if both succeed. */
static inline int tls_handshake(SSL *a, SSL *b)
{
	int ra = 0, rb = 0, i;

	ERR_clear_error();
	for (i = 0; i < TLS_ROUNDS && (ra != 1 || rb != 1); i++) {
		tls_wait_either(SSL_get_fd(a), SSL_get_fd(b));
		if (ra != 1)
			ra = SSL_do_handshake(a);
		if (ra != 1 && !tls_again(a, ra))
			return 0;
		if (rb != 1)
			rb = SSL_do_handshake(b);
		if (rb != 1 && !tls_again(b, rb))
			return 0;
	}
	return ra == 1 && rb == 1;
}

#endif /* TLS_PAIR_H */
