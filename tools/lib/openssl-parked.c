// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Session tickets of TLS 1.3 (RFC 8446 section 4.6.1), which come when the
 * kernel decrypts already. An SSL takes no message but from records, so the
 * message is put into one again, under the keys that the SSL had at the
 * hand-over and the sequence number that it waits for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "internal.h"
#include "openssl.h"

#define HEADER_LEN	5
#define IV_LEN		12
#define TAG_LEN		16
#define TYPE_LEN	1
#define KEY_MAX		32
#define MESSAGE_MAX	16384

/* What protects one record. */
struct protection {
	const EVP_CIPHER *cipher;
	unsigned char key[KEY_MAX];
	unsigned char nonce[IV_LEN];
};

/* HKDF-Expand-Label with an empty context (RFC 8446 section 7.1). */
static int expand(const EVP_MD *md, const struct kssl_seen *seen,
		  const char *label, unsigned char *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY, ok;
	char *digest = (char *)EVP_MD_get0_name(md);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest,
						 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
						  (void *)seen->secret,
						  seen->secret_len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX,
						  "tls13 ", strlen("tls13 ")),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL,
						  (char *)label, strlen(label)),
		OSSL_PARAM_construct_end(),
	};

	ok = ctx && EVP_KDF_derive(ctx, out, len, params) > 0;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

/* RFC 8446 section 5.3 */
static int derive(SSL *ssl, const struct kssl_seen *seen,
		  struct protection *protection)
{
	const SSL_CIPHER *suite = SSL_get_current_cipher(ssl);
	const EVP_MD *md = SSL_CIPHER_get_handshake_digest(suite);
	int i, key_len;

	protection->cipher =
		EVP_get_cipherbynid(SSL_CIPHER_get_cipher_nid(suite));
	if (!protection->cipher || !md)
		return 0;
	key_len = EVP_CIPHER_get_key_length(protection->cipher);
	if (key_len > KEY_MAX ||
	    !expand(md, seen, "key", protection->key, key_len) ||
	    !expand(md, seen, "iv", protection->nonce, IV_LEN))
		return 0;
	for (i = 0; i < 8; i++)
		protection->nonce[IV_LEN - 1 - i] ^= seen->records >> 8 * i;
	return 1;
}

/* The order is that of CCM, which has to know how long the record is. */
static int encrypt(EVP_CIPHER_CTX *ctx, const struct protection *protection,
		   unsigned char *record, size_t len)
{
	unsigned char *body = record + HEADER_LEN;
	int ccm = EVP_CIPHER_get_mode(protection->cipher) == EVP_CIPH_CCM_MODE;
	int n;

	return EVP_EncryptInit_ex(ctx, protection->cipher, NULL, NULL, NULL) &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, IV_LEN,
				    NULL) > 0 &&
		(!ccm || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
					     TAG_LEN, NULL) > 0) &&
		EVP_EncryptInit_ex(ctx, NULL, NULL, protection->key,
				   protection->nonce) &&
		(!ccm || EVP_EncryptUpdate(ctx, NULL, &n, NULL, len)) &&
		EVP_EncryptUpdate(ctx, NULL, &n, record, HEADER_LEN) &&
		EVP_EncryptUpdate(ctx, body, &n, body, len) &&
		EVP_EncryptFinal_ex(ctx, body + n, &n) &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN,
				    body + len) > 0;
}

/* Returns the length of @record, or 0. RFC 8446 section 5.2 */
static size_t seal(SSL *ssl, const struct kssl_seen *seen,
		   const unsigned char *msg, size_t len, unsigned char *record)
{
	size_t inner = len + TYPE_LEN, outer = inner + TAG_LEN;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct protection protection;
	int ok;

	record[0] = SSL3_RT_APPLICATION_DATA;
	record[1] = TLS1_2_VERSION_MAJOR;
	record[2] = TLS1_2_VERSION_MINOR;
	record[3] = outer >> 8;
	record[4] = outer;
	memcpy(record + HEADER_LEN, msg, len);
	record[HEADER_LEN + len] = SSL3_RT_HANDSHAKE;
	ok = ctx && derive(ssl, seen, &protection) &&
		encrypt(ctx, &protection, record, inner);
	OPENSSL_cleanse(&protection, sizeof(protection));
	EVP_CIPHER_CTX_free(ctx);
	return ok ? HEADER_LEN + outer : 0;
}

/*
 * The SSL reads the record, and is as inert as before. Whatever it thinks of
 * what is in there, it then waits for the next number.
 */
static int feed(SSL *ssl, struct kssl_seen *seen, const unsigned char *record,
		size_t len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int shutdown = SSL_get_shutdown(ssl), reason;
	char byte;

	if (!bio || BIO_write(bio, record, len) != (int)len) {
		BIO_free(bio);
		return kssl_set_ssl_error(ENOMEM, "cannot make a BIO");
	}
	SSL_set_bio(ssl, bio, bio);
	SSL_set_shutdown(ssl, 0);
	seen->records++;
	reason = SSL_get_error(ssl, SSL_read(ssl, &byte, 1));
	SSL_set_bio(ssl, NULL, NULL);
	SSL_set_shutdown(ssl, shutdown);
	return reason == SSL_ERROR_WANT_READ ||
		kssl_set_ssl_error(EPROTO, "session ticket");
}

int kssl_openssl_take_ticket(SSL *ssl, const void *msg, size_t len)
{
	unsigned char record[HEADER_LEN + MESSAGE_MAX + TYPE_LEN + TAG_LEN];
	struct kssl_watch *watch = ssl ? kssl_watch_of(ssl) : NULL;
	size_t size;

	if (!watch || !watch->parked)
		return kssl_set_error(EINVAL,
				      "not the SSL of an attached client of TLS 1.3");
	if (len > MESSAGE_MAX)
		return kssl_set_error(EMSGSIZE,
				      "a message is longer than a record");
	ERR_clear_error();
	size = seal(ssl, &watch->dir[0], msg, len, record);
	if (!size)
		return kssl_set_ssl_error(ENOMEM, "session ticket");
	return feed(ssl, &watch->dir[0], record, size);
}
