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

/* The functions that are bound to a connection. */
struct kssl_bound {
	uint32_t mask;		/* bits of enum kssl_callback */
	const struct kssl_callbacks *fns;
	void *arg;
};

/*
 * The record of a connection's handshake, in the ex_data of its SSL. It is
 * written by callbacks of OpenSSL, so by whichever thread uses the SSL.
 */
struct kssl_watch {
	struct kssl_seen dir[2];	/* by write_p: received, sent */
	long timeout;			/* for new sessions; -1: SSL_CTX's */
	int parked;			/* attached, and tickets may come */
	kssl_msg_fn *forward;		/* the program's message callback */
	void *forward_arg;
	/* Of a connection that has rows, for callbacks; else NULL. */
	struct kssl_material *material;
	struct kssl *s;
	struct kssl_bound bound;
};

/* The watch of @ssl, or NULL if kssl_openssl_start() was not called for it. */
struct kssl_watch *kssl_watch_of(const SSL *ssl);

/*
 * The connection is attached: forget the secrets, but what a client of TLS 1.3
 * needs for tickets. They are as long in the SSL itself.
 */
void kssl_watch_park(const SSL *ssl, struct kssl_watch *watch);

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

/* --- openssl-secret.c ---------------------------------------------------- */

struct kssl_blob {
	unsigned char *data;
	size_t len;
};

/* Who is asked for the password of a key in PEM; nobody if @fn is NULL. */
struct kssl_password {
	int (*fn)(char *buf, int size, int rwflag, void *arg);
	void *arg;
};

/*
 * kssl_decode_key - EVP_PKEY_KEYPAIR or EVP_PKEY_KEY_PARAMETERS in PEM or DER,
 *	of whatever type; NULL with OpenSSL's error
 * kssl_read_payload - what the key @serial has, for @row; to be freed by
 *	OPENSSL_clear_free()
 * kssl_read_key - a private key; NULL with the thread's error
 * kssl_bad_key - set the thread's error to what @err means to whoever wanted to
 *	"read" or "use" the key of @row; returns 0
 */
EVP_PKEY *kssl_decode_key(const struct kssl_blob *blob, int selection,
			  const struct kssl_password *password);
int kssl_read_payload(const char *row, uint32_t serial, struct kssl_blob *blob);
EVP_PKEY *kssl_read_key(uint32_t serial, const struct kssl_password *password);
int kssl_bad_key(const char *row, int err, const char *verb);

/* --- openssl-keyring.c --------------------------------------------------- */

/*
 * kssl_private_key - the key of @cert that signs through the keyring if it is
 *	of type asymmetric, and is read otherwise; NULL with the thread's error
 * kssl_keyring_error - make OpenSSL's error @code the thread's if a key that
 *	signs through the keyring has raised it
 */
EVP_PKEY *kssl_private_key(uint32_t serial, X509 *cert,
			   const struct kssl_password *password);
void kssl_keyring_error(unsigned long code);

/* --- openssl-ticket.c ---------------------------------------------------- */

#define KSSL_TICKET_NAME_SIZE	16

/* One key of session tickets; AES and HMAC keys are of one size. */
struct kssl_ticket_key {
	unsigned char name[KSSL_TICKET_NAME_SIZE];
	unsigned char aes[32];
	unsigned char hmac[32];
	size_t size;
};

/*
 * kssl_ticket_key_parse - take a key as <kssl/openssl.h> describes it
 * kssl_ticket_crypt - do what SSL_CTX_set_tlsext_ticket_key_evp_cb(3) says with
 *	the first of @keys, or to decrypt with that of them which @name names
 */
int kssl_ticket_key_parse(const struct kssl_blob *blob,
			  struct kssl_ticket_key *key);
int kssl_ticket_crypt(const struct kssl_ticket_key *keys, size_t n,
		      unsigned char *name, unsigned char *iv,
		      EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc);

/* --- openssl-material.c -------------------------------------------------- */

struct kssl_identity {
	X509 *cert;
	EVP_PKEY *key;		/* NULL if the rows have none */
	struct stack_st_X509 *chain;
};

/*
 * The rows of one pair of snapshots, ready for OpenSSL; immutable and counted.
 *
 * @blob has the values of bytes and text by attribute, each with a terminator
 * behind it, which are in @copy or, if they are long, in @large. @rows has the
 * lists of codes, however long they are.
 */
struct kssl_material {
	unsigned int refs;
	int server;
	struct kssl_info *copy;
	struct kssl_settings_info rows;
	const struct kssl_settings_info *info;	/* @rows */
	void *large[KSSL_A_SETTINGS_MAX + 1];
	struct kssl_blob blob[KSSL_A_SETTINGS_MAX + 1];
	X509_STORE *store;
	struct kssl_identity identity[KSSL_CERT_SLOTS];
	struct stack_st_X509_NAME *ca_list;
	struct stack_st_X509_NAME *client_ca_list;
	EVP_PKEY *dh;
	SSL_CTX *own;		/* for rows that no SSL has, or NULL */
	struct kssl_blob psk;
	struct kssl_ticket_key ticket_key[KSSL_TICKET_KEYS_MAX];
	size_t ticket_keys;
};

/* NULL with the thread's error. */
struct kssl_material *kssl_material_new(struct kssl *s,
					const struct kssl_password *password);
struct kssl_material *kssl_material_get(struct kssl_material *material);
void kssl_material_put(struct kssl_material *material);

/* Whether the kernel has told of the row @attr without telling its value. */
int kssl_material_is_large(const struct kssl_material *material, uint16_t attr);

/* --- openssl-rows.c ------------------------------------------------------ */

/* The rows of @s, which are put on an SSL. */
struct kssl_rows {
	SSL *ssl;
	struct kssl *s;
	const struct kssl_material *material;
	const struct kssl_settings_info *info;	/* of @material */
	int server;
	int own;	/* the SSL_CTX is the library's */
};

/* Give rows->ssl the rows. EOPNOTSUPP for one that cannot be given. */
int kssl_rows_apply(const struct kssl_rows *rows);

/* --- openssl-hello.c ----------------------------------------------------- */

/* An SSL_CTX of the library's own, with callbacks that answer from rows. */
SSL_CTX *kssl_hello_new_own(void);
int kssl_hello_owns(SSL_CTX *ssl_ctx);

/* An SSL that can have the rows of @material; EOPNOTSUPP if it cannot. */
SSL *kssl_hello_new_ssl(SSL_CTX *ssl_ctx, const struct kssl_material *material);

/* Set those callbacks that an SSL has itself. */
int kssl_hello_apply(SSL *ssl, const struct kssl_material *material);

/* --- openssl-callback.c -------------------------------------------------- */

/* EOPNOTSUPP if another client bound some that this handshake needs. */
int kssl_bound_find(struct kssl *s, const struct kssl_settings_info *info,
		    struct kssl_bound *bound);

/* Make @ssl, which is watched, call the functions that are bound to @s. */
void kssl_bound_apply(SSL *ssl, struct kssl *s, const struct kssl_bound *bound,
		      int verify_mode);

/* --- openssl-error.c ----------------------------------------------------- */

/*
 * Set the thread's error from OpenSSL's queue, which is emptied; @what says
 * what failed.
 */
int kssl_set_ssl_error(int err, const char *what);

#endif /* KSSL_LIB_OPENSSL_H */
