// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What protects the records after a handshake: the traffic secrets of TLS 1.3
 * as they were logged, or the key block of TLS 1.2, derived again.
 */
#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include "internal.h"
#include "openssl.h"

#define MASTER_SECRET_SIZE	48
#define EXPLICIT_NONCE_SIZE	8

/* The ciphers of TLS 1.2 suites that net/tls has, and their sizes. */
static const struct cipher {
	int nid;
	size_t key_len;
	size_t iv_len;		/* of the key block */
} ciphers[] = {
	{ NID_aes_128_gcm,	 16,  4 },
	{ NID_aes_256_gcm,	 32,  4 },
	{ NID_aes_128_ccm,	 16,  4 },
	{ NID_chacha20_poly1305, 32, 12 },
	{ NID_aria_128_gcm,	 16,  4 },
	{ NID_aria_256_gcm,	 32,  4 },
};

static const struct cipher *find_cipher(const SSL_CIPHER *suite)
{
	int nid = SSL_CIPHER_get_cipher_nid(suite);
	size_t i;

	for (i = 0; i < KSSL_ARRAY_SIZE(ciphers); i++)
		if (ciphers[i].nid == nid)
			return &ciphers[i];
	return NULL;
}

static int prf(const EVP_MD *md, OSSL_PARAM *secret, OSSL_PARAM *seed,
	       unsigned char *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_PRF, NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	char *digest = (char *)EVP_MD_get0_name(md);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest,
						 0),
		*secret,
		*seed,
		OSSL_PARAM_construct_end(),
	};
	int ok = ctx && EVP_KDF_derive(ctx, out, len, params) > 0;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

/* RFC 5246 section 6.3: the key block is PRF(master, label, randoms). */
static int derive_key_block(SSL *ssl, unsigned char *out, size_t len)
{
	static const char label[] = "key expansion";
	unsigned char master[MASTER_SECRET_SIZE];
	unsigned char text[sizeof(label) - 1 + 2 * SSL3_RANDOM_SIZE];
	const SSL_CIPHER *suite = SSL_get_current_cipher(ssl);
	const EVP_MD *md = SSL_CIPHER_get_handshake_digest(suite);
	const SSL_SESSION *session = SSL_get_session(ssl);
	OSSL_PARAM secret, seed;
	unsigned char *pos = text;
	int ok;

	memcpy(pos, label, sizeof(label) - 1);
	pos += sizeof(label) - 1;
	pos += SSL_get_server_random(ssl, pos, SSL3_RANDOM_SIZE);
	pos += SSL_get_client_random(ssl, pos, SSL3_RANDOM_SIZE);
	secret = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET,
						   master, sizeof(master));
	seed = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, text,
						 pos - text);
	ok = md && session && pos == text + sizeof(text) &&
		SSL_SESSION_get_master_key(session, master, sizeof(master)) ==
			sizeof(master) &&
		prf(md, &secret, &seed, out, len);
	OPENSSL_cleanse(master, sizeof(master));
	if (!ok)
		return kssl_set_ssl_error(EIO, "cannot derive the keys");
	return 1;
}

/*
 * One direction out of the key block, @first the client's.
 *
 * A GCM or CCM record carries 8 bytes of its nonce, and net/tls counts up from
 * what it is given. Received records bring their own, so only sent ones
 * matter: none that OpenSSL has used under this key may come again. With CCM
 * it uses the sequence number, as this does, which rules that out. With GCM
 * it starts at a random number that it tells nobody, and so far has used that
 * and a few after it (one, the Finished, unless data was sent). The kernel's
 * start from the sequence number; for these to meet within n records has
 * probability n / 2^64, less than what NIST SP 800-38D allows (2^-32) up to
 * 2^32 records.
 */
static void cut(const struct cipher *cipher, const unsigned char *block,
		int server, uint64_t rec_seq, unsigned char *nonce,
		struct kssl_crypto *crypto)
{
	const unsigned char *key = block + server * cipher->key_len;
	const unsigned char *iv = block + 2 * cipher->key_len +
		server * cipher->iv_len;
	int i;

	crypto->rec_seq = rec_seq;
	crypto->key = key;
	crypto->key_len = cipher->key_len;
	if (cipher->iv_len == KSSL_IV_MAX) {
		crypto->iv = iv;
		crypto->iv_len = cipher->iv_len;
		return;
	}
	for (i = 0; i < EXPLICIT_NONCE_SIZE; i++)
		nonce[i] = rec_seq >> (8 * (EXPLICIT_NONCE_SIZE - 1 - i));
	crypto->iv = nonce;
	crypto->iv_len = EXPLICIT_NONCE_SIZE;
	crypto->salt = iv;
	crypto->salt_len = cipher->iv_len;
}

static int tls12_keys(SSL *ssl, const struct kssl_watch *watch,
		      struct kssl_key_block *keys, struct kssl_attach *attach)
{
	const SSL_CIPHER *suite = SSL_get_current_cipher(ssl);
	const struct cipher *cipher = find_cipher(suite);
	int server = SSL_is_server(ssl);

	if (!cipher)
		return kssl_set_error(EOPNOTSUPP, "no key sizes of %s",
				      SSL_CIPHER_standard_name(suite));
	if (!derive_key_block(ssl, keys->block,
			      2 * (cipher->key_len + cipher->iv_len)))
		return 0;
	/* The Finished message was the first record under these keys. */
	cut(cipher, keys->block, server, watch->dir[1].records + 1,
	    keys->nonce[1], &attach->tx);
	cut(cipher, keys->block, !server, watch->dir[0].records + 1,
	    keys->nonce[0], &attach->rx);
	return 1;
}

static void tls13_secret(const struct kssl_seen *seen,
			 struct kssl_crypto *crypto)
{
	crypto->rec_seq = seen->records;
	crypto->secret = seen->secret;
	crypto->secret_len = seen->secret_len;
}

int kssl_ssl_keys(SSL *ssl, const struct kssl_watch *watch,
		  struct kssl_key_block *keys, struct kssl_attach *attach)
{
	attach->version = SSL_version(ssl);
	attach->suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl));
	if (attach->version == TLS1_2_VERSION)
		return tls12_keys(ssl, watch, keys, attach);
	tls13_secret(&watch->dir[1], &attach->tx);
	tls13_secret(&watch->dir[0], &attach->rx);
	return 1;
}
