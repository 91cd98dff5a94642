/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the comparison with OpenSSL needs of it: values, certificates and keys
 * to set, and a look at what a connection would say.
 */
#ifndef DIFF_H
#define DIFF_H

#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define SUITE	0xc02b	/* of the sample sessions */
#define EXT	0xfe01	/* the type of the sample extension, a private one */

/* A setting's value in a form that both sides can be brought to. */
struct value {
	uint8_t data[4096];
	size_t len;
};

static inline void put(struct value *v, const void *data, size_t len)
{
	if (!len)
		return;
	if (v->len + len > sizeof(v->data))
		abort();
	memcpy(v->data + v->len, data, len);
	v->len += len;
}

static inline void put_num(struct value *v, int64_t num)
{
	put(v, &num, sizeof(num));
}

static inline void put_text(struct value *v, const char *text)
{
	if (text)
		put(v, text, strlen(text));
}

/* As names with a byte of length before each. */
static inline void put_name(struct value *v, const char *name)
{
	uint8_t len = name ? strlen(name) : 0;

	if (!len)
		return;
	put(v, &len, 1);
	put(v, name, len);
}

static inline void put_code(struct value *v, uint16_t code)
{
	put(v, &code, sizeof(code));
}

static inline void put_cert(struct value *v, X509 *cert)
{
	uint8_t *der = NULL;
	int len = cert ? i2d_X509(cert, &der) : 0;

	put(v, der, len > 0 ? len : 0);
	OPENSSL_free(der);
}

static inline void put_certs(struct value *v, const STACK_OF(X509) *certs)
{
	int i;

	for (i = 0; i < sk_X509_num(certs); i++)
		put_cert(v, sk_X509_value(certs, i));
}

static inline void put_key(struct value *v, EVP_PKEY *key)
{
	uint8_t *der = NULL;
	int len = key ? i2d_PrivateKey(key, &der) : 0;

	put(v, der, len > 0 ? len : 0);
	OPENSSL_free(der);
}

static inline void put_names(struct value *v,
			     const STACK_OF(X509_NAME) *names)
{
	uint8_t *der;
	int i, len;

	for (i = 0; i < sk_X509_NAME_num(names); i++) {
		der = NULL;
		len = i2d_X509_NAME(sk_X509_NAME_value(names, i), &der);
		put(v, der, len);
		OPENSSL_free(der);
	}
}

static inline void put_session(struct value *v, SSL_SESSION *session)
{
	uint8_t *der = NULL;
	int len = session ? i2d_SSL_SESSION(session, &der) : 0;

	put(v, der, len > 0 ? len : 0);
	OPENSSL_free(der);
}

/* The certificates of a store. */
static inline void put_store(struct value *v, X509_STORE *store)
{
	STACK_OF(X509_OBJECT) *objects;
	int i;

	if (!store)
		return;
	objects = X509_STORE_get0_objects(store);
	for (i = 0; i < sk_X509_OBJECT_num(objects); i++)
		put_cert(v, X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects,
								       i)));
}

/* The suites of TLS 1.3 or those of before. */
static inline void put_ciphers(struct value *v,
			       const STACK_OF(SSL_CIPHER) *ciphers, int tls13)
{
	uint16_t code;
	int i;

	for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		code = SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(ciphers,
								      i));
		if ((code >> 8 == 0x13) == tls13)
			put_code(v, code);
	}
}

/* A key with a certificate that it has signed, and its place in a keyring. */
struct identity {
	EVP_PKEY *key;
	X509 *cert;
	struct value der;	/* of the certificate */
	int32_t serial;		/* of the key */
};

static inline int32_t add_key(const char *name, const struct value *v)
{
	return syscall(SYS_add_key, "user", name, v->data, v->len,
		       KEY_SPEC_PROCESS_KEYRING);
}

/* Takes over @key. */
static inline int identity_make(struct identity *id, EVP_PKEY *key,
				const char *name)
{
	struct value secret = { .len = 0 };
	X509_NAME *subject;
	X509 *cert = X509_new();

	if (!key || !cert)
		return 0;
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	subject = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				   (const uint8_t *)name, -1, -1, 0);
	X509_set_issuer_name(cert, subject);
	if (!X509_sign(cert, key, EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ?
		       EVP_sha256() : NULL))
		return 0;
	id->key = key;
	id->cert = cert;
	put_cert(&id->der, cert);
	put_key(&secret, key);
	id->serial = add_key(name, &secret);
	return id->serial > 0;
}

static inline void identity_free(struct identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
}

/* A session of TLS 1.2 that no handshake made. */
static inline SSL_SESSION *session_make(uint8_t fill)
{
	static const uint8_t suite[] = { SUITE >> 8, SUITE & 0xff };
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL_SESSION *session = SSL_SESSION_new();
	SSL *s = SSL_new(ctx);
	uint8_t bytes[48];

	memset(bytes, fill, sizeof(bytes));
	SSL_SESSION_set_protocol_version(session, TLS1_2_VERSION);
	SSL_SESSION_set_cipher(session, SSL_CIPHER_find(s, suite));
	SSL_SESSION_set1_id(session, bytes, 32);
	SSL_SESSION_set1_master_key(session, bytes, sizeof(bytes));
	SSL_free(s);
	SSL_CTX_free(ctx);
	return session;
}

/* Gives @s memory to write to and to read @in from. */
static inline BIO *memory_bios(SSL *s, const void *in, size_t len)
{
	BIO *rbio = BIO_new(BIO_s_mem()), *wbio = BIO_new(BIO_s_mem());

	BIO_write(rbio, in, len);
	SSL_set_bio(s, rbio, wbio);
	return wbio;
}

/* The ClientHello that @s begins with; afterwards @s is of no more use. */
static inline size_t client_hello(SSL *s, const uint8_t **hello)
{
	BIO *wbio = memory_bios(s, NULL, 0);

	SSL_set_connect_state(s);
	SSL_do_handshake(s);
	return BIO_get_mem_data(wbio, (char **)hello);
}

static inline size_t be16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/*
 * Data of an extension in the ClientHello of @s, without its first @skip bytes
 * (RFC 8446 section 4.1.2); none if it is not there.
 */
static inline void put_extension(struct value *v, SSL *s, uint16_t type,
				 size_t skip)
{
	const uint8_t *at, *end;
	size_t len = client_hello(s, &at);

	if (len < 5 + 4 + 2 + 32 + 1)
		return;
	end = at + len;
	at += 5 + 4 + 2 + 32;
	at += 1 + at[0];
	at += 2 + be16(at);
	at += 1 + at[0] + 2;
	for (; at + 4 <= end; at += 4 + be16(at + 2))
		if (be16(at) == type)
			put(v, at + 4 + skip, be16(at + 2) - skip);
}

/* The same, as codes in host byte order. */
static inline void put_extension_codes(struct value *v, SSL *s, uint16_t type)
{
	struct value wire = { .len = 0 };
	size_t i;

	put_extension(&wire, s, type, 2);
	for (i = 0; i < wire.len; i += 2)
		put_code(v, be16(wire.data + i));
}

/*
 * The session id context that a server has becomes visible in the session that
 * it makes for a ClientHello.
 */
static inline void put_session_id_context(struct value *v, SSL *s)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *peer = SSL_new(ctx);
	const uint8_t *hello, *sid;
	unsigned int sid_len = 0;
	size_t len = client_hello(peer, &hello);

	SSL_set_accept_state(s);
	memory_bios(s, hello, len);
	SSL_do_handshake(s);
	if (SSL_get_session(s)) {
		sid = SSL_SESSION_get0_id_context(SSL_get_session(s),
						  &sid_len);
		put(v, sid, sid_len);
	}
	SSL_free(peer);
	SSL_CTX_free(ctx);
}

#endif /* DIFF_H */
