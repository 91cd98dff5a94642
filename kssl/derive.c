// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: derivation
 *
 * TLS 1.3 traffic keys from a traffic secret (RFC 8446 sections 7.1 to 7.3).
 * HKDF-Expand (RFC 5869) is needed for outputs no longer than the hash only,
 * which is one HMAC. Pure functions, no lock.
 */

#include <crypto/hash.h>
#include <linux/err.h>
#include <linux/string.h>

#include "derive.h"
#include "suite.h"

#define LABEL_PREFIX	"tls13 "
#define LABEL_MAX	16
#define NONCE_SIZE	12
#define HASH_MAX	KSSL_SECRET_MAX

/* HkdfLabel with an empty context, then the counter of HKDF-Expand's block. */
static unsigned int build_info(u8 *info, const char *label, u8 len)
{
	size_t prefix = strlen(LABEL_PREFIX), n = strlen(label);
	u8 *p = info;

	*p++ = 0;
	*p++ = len;
	*p++ = prefix + n;
	memcpy(p, LABEL_PREFIX, prefix);
	p += prefix;
	memcpy(p, label, n);
	p += n;
	*p++ = 0;
	*p++ = 1;
	return p - info;
}

static int expand_label(struct crypto_shash *hmac, const char *label,
			u8 *out, u8 len)
{
	u8 info[2 + 1 + sizeof(LABEL_PREFIX) + LABEL_MAX + 2];
	u8 block[HASH_MAX];
	int err;

	err = crypto_shash_tfm_digest(hmac, info,
				      build_info(info, label, len), block);
	if (!err)
		memcpy(out, block, len);
	memzero_explicit(block, sizeof(block));
	return err;
}

/* An HMAC that is keyed with the secret. */
static struct crypto_shash *hmac_new(const struct kssl_suite *suite,
				     const struct kssl_crypto *crypto)
{
	struct crypto_shash *hmac;
	int err;

	hmac = crypto_alloc_shash(suite->hmac, 0, 0);
	if (IS_ERR(hmac))
		return hmac;
	err = crypto_shash_setkey(hmac, crypto->secret, crypto->secret_len);
	if (!err)
		return hmac;
	crypto_free_shash(hmac);
	return ERR_PTR(err);
}

/* TLS 1.3 has one 12 byte iv; linux/tls.h splits it into salt and iv. */
static void split_nonce(const struct kssl_cipher *cipher, const u8 *nonce,
			struct kssl_crypto *crypto)
{
	memcpy(crypto->salt, nonce, cipher->salt_size);
	memcpy(crypto->iv, nonce + cipher->salt_size, cipher->iv_size);
	crypto->salt_len = cipher->salt_size;
	crypto->iv_len = cipher->iv_size;
	crypto->key_len = cipher->key_size;
}

/**
 * kssl_derive - derive a direction's key and iv from its traffic secret
 * @suite: a TLS 1.3 suite
 * @crypto: holds a secret of the size of the suite's hash; key, iv and salt
 *	are written
 *
 * Context: may sleep.
 * Return: 0, or a negative errno of the crypto API (-ENOENT: no such hash).
 */
int kssl_derive(const struct kssl_suite *suite, struct kssl_crypto *crypto)
{
	struct crypto_shash *hmac = hmac_new(suite, crypto);
	u8 nonce[NONCE_SIZE];
	int err;

	if (IS_ERR(hmac))
		return PTR_ERR(hmac);
	err = expand_label(hmac, "key", crypto->key, suite->cipher->key_size);
	if (!err)
		err = expand_label(hmac, "iv", nonce, sizeof(nonce));
	if (!err)
		split_nonce(suite->cipher, nonce, crypto);
	memzero_explicit(nonce, sizeof(nonce));
	crypto_free_shash(hmac);
	return err;
}

/**
 * kssl_derive_next - replace a direction's traffic secret by the next one
 * @suite: a TLS 1.3 suite
 * @crypto: holds a secret of the size of the suite's hash
 *
 * Follows RFC 8446 section 7.2. Key, iv and salt stay.
 *
 * Context: may sleep.
 * Return: as kssl_derive(); then the secret is as it was.
 */
int kssl_derive_next(const struct kssl_suite *suite,
		     struct kssl_crypto *crypto)
{
	struct crypto_shash *hmac = hmac_new(suite, crypto);
	int err;

	if (IS_ERR(hmac))
		return PTR_ERR(hmac);
	err = expand_label(hmac, "traffic upd", crypto->secret,
			   suite->hash_size);
	crypto_free_shash(hmac);
	return err;
}
