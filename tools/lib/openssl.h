/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libkssl-openssl share.
 *
 * Functions that return int give 1 on success, or 0 with the thread's error
 * set, unless said otherwise.
 */
#ifndef KSSL_LIB_OPENSSL_H
#define KSSL_LIB_OPENSSL_H

#include <stdint.h>

#include <openssl/ssl.h>

/* All else is hidden (-fvisibility=hidden). */
#pragma GCC visibility push(default)
#include <kssl/openssl.h>
#pragma GCC visibility pop

/* --- openssl-count.c ----------------------------------------------------- */

/* What was seen of one direction of a connection. */
struct kssl_seen {
	uint64_t records;	/* since the keys changed last */
	unsigned int updates;	/* KeyUpdate messages */
	unsigned int secrets;	/* traffic secrets, the latest is kept */
	int finished;		/* the Finished message has passed */
	size_t secret_len;
	unsigned char secret[KSSL_SECRET_MAX];
};

typedef void kssl_msg_fn(int write_p, int version, int content_type,
			 const void *buf, size_t len, SSL *ssl, void *arg);

/*
 * The record of a connection's handshake, in the ex_data of its SSL. It is
 * written by callbacks of OpenSSL, so by whichever thread uses the SSL.
 */
struct kssl_watch {
	struct kssl_seen dir[2];	/* by write_p: received, sent */
	long timeout;			/* for new sessions; -1: SSL_CTX's */
	struct kssl_hello *hello;	/* what callbacks answer, or NULL */
	kssl_msg_fn *forward;		/* the program's message callback */
	void *forward_arg;
};

/* The watch of @ssl, or NULL if kssl_openssl_start() was not called for it. */
struct kssl_watch *kssl_watch_of(const SSL *ssl);

/* Forget the secrets, which nobody needs any more. */
void kssl_watch_wipe(struct kssl_watch *watch);

/* --- openssl-keys.c ------------------------------------------------------ */

/* The key block of TLS 1.2 (RFC 5246 section 6.3), cut by direction. */
struct kssl_key_block {
	unsigned char block[2 * (KSSL_KEY_MAX + KSSL_IV_MAX)];
	unsigned char nonce[2][8];
};

/*
 * kssl_ssl_keys - describe what protects the records that follow
 *
 * Sets version, suite, tx and rx of @attach, which point into @watch and @keys
 * afterwards. @ssl has finished its handshake.
 */
int kssl_ssl_keys(SSL *ssl, const struct kssl_watch *watch,
		  struct kssl_key_block *keys, struct kssl_attach *attach);

/* --- openssl-attach.c ---------------------------------------------------- */

/* A kssl_openssl_attach() or _ctx_attach(), whichever of @s and @ctx is set. */
struct kssl_move {
	struct kssl *s;
	struct kssl_ctx *ctx;
	const struct kssl_settings *settings;
	uint32_t *id;
};

enum kssl_openssl_result kssl_ssl_move(SSL *ssl, const struct kssl_move *move);

/* --- openssl-config.c ---------------------------------------------------- */

/* Give @ssl those of @rows that override what its SSL_CTX has. */
int kssl_ssl_configure(SSL *ssl, const struct kssl_settings_info *rows);

/* The role that was set, or the only one that the method allows. */
enum kssl_role kssl_ssl_role(const struct kssl_settings_info *rows);

/* Make @host the name that a client asks for and verifies. */
int kssl_ssl_set_host(SSL *ssl, const char *host);

/* --- openssl-rows.c ------------------------------------------------------ */

/* The rows of @s, which are not to change while they are put on an SSL. */
struct kssl_rows {
	SSL *ssl;
	struct kssl *s;
	const struct kssl_settings_info *info;
	struct kssl_info *copy;		/* what @info is a part of, or NULL */
	int server;
	int own;	/* the SSL_CTX is the library's */
};

struct kssl_blob {
	unsigned char *data;
	size_t len;
};

int kssl_rows_open(struct kssl_rows *rows, struct kssl *s,
		   const struct kssl_info *info);
void kssl_rows_close(struct kssl_rows *rows);

/*
 * kssl_rows_fetch - a copy of the row @attr, which is reported as @data or not
 *	at all if it is long; NULL data if it is empty
 *
 * The data is to be freed, and a terminator follows it.
 */
int kssl_rows_fetch(const struct kssl_rows *rows, uint16_t attr,
		    const uint8_t *data, size_t len, struct kssl_blob *blob);
int kssl_rows_fetch_text(const struct kssl_rows *rows, uint16_t attr,
			 const char *small, char **text);

/* What the key @serial has, for @row; to be freed by OPENSSL_clear_free(). */
int kssl_read_payload(const char *row, uint32_t serial, struct kssl_blob *blob);

/* Give rows->ssl the rows. EOPNOTSUPP for one that cannot be given. */
int kssl_rows_apply(const struct kssl_rows *rows);

/* --- openssl-hello.c ----------------------------------------------------- */

/* The rows that OpenSSL asks for by callbacks. */
struct kssl_hello;

struct kssl_hello *kssl_hello_collect(const struct kssl_rows *rows);
void kssl_hello_free(struct kssl_hello *hello);

/* Set the callbacks on an SSL_CTX of the library's own. */
int kssl_hello_prepare(SSL_CTX *own);
int kssl_hello_owns(SSL_CTX *ssl_ctx);

/* An SSL that can have the rows of @hello; EOPNOTSUPP if it cannot. */
SSL *kssl_hello_new_ssl(SSL_CTX *ssl_ctx, const struct kssl_hello *hello);

/* @hello goes with @ssl, which is watched, also on failure. */
int kssl_hello_apply(SSL *ssl, struct kssl_hello *hello);

/* --- openssl-error.c ----------------------------------------------------- */

/*
 * Set the thread's error from OpenSSL's queue, which is emptied; @what says
 * what failed.
 */
int kssl_set_ssl_error(int err, const char *what);

#endif /* KSSL_LIB_OPENSSL_H */
