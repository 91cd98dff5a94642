// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keys of session tickets (RFC 5077 section 4), that several processes share.
 */
#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "internal.h"
#include "openssl.h"

#define SHORT	16
#define LONG	32

int kssl_ticket_key_parse(const struct kssl_blob *blob,
			  struct kssl_ticket_key *key)
{
	const unsigned char *at = blob->data + KSSL_TICKET_NAME_SIZE;

	if (blob->len == KSSL_TICKET_NAME_SIZE + 2 * SHORT)
		key->size = SHORT;
	else if (blob->len == KSSL_TICKET_NAME_SIZE + 2 * LONG)
		key->size = LONG;
	else
		return kssl_set_error(EINVAL,
				      "ticket-keys: not a key of 48 or 80 bytes");
	memcpy(key->name, blob->data, KSSL_TICKET_NAME_SIZE);
	memcpy(key->size == SHORT ? key->aes : key->hmac, at, key->size);
	memcpy(key->size == SHORT ? key->hmac : key->aes, at + key->size,
	       key->size);
	return 1;
}

static int set_mac(EVP_MAC_CTX *mac, const struct kssl_ticket_key *key)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
						  (void *)key->hmac, key->size),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						 "SHA256", 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params);
}

static int set_keys(const struct kssl_ticket_key *key, unsigned char *iv,
		    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc)
{
	const EVP_CIPHER *aes = key->size == SHORT ? EVP_aes_128_cbc() :
		EVP_aes_256_cbc();

	return set_mac(mac, key) &&
		EVP_CipherInit_ex(cipher, aes, NULL, key->aes, iv, enc);
}

/* A ticket under an old key is good, and a new one is due. */
static int use_old(const struct kssl_ticket_key *keys, size_t n,
		   const unsigned char *name, unsigned char *iv,
		   EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!memcmp(name, keys[i].name, KSSL_TICKET_NAME_SIZE))
			break;
	if (i == n)
		return 0;
	if (!set_keys(&keys[i], iv, cipher, mac, 0))
		return -1;
	return i ? 2 : 1;
}

int kssl_ticket_crypt(const struct kssl_ticket_key *keys, size_t n,
		      unsigned char *name, unsigned char *iv,
		      EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc)
{
	if (!enc)
		return use_old(keys, n, name, iv, cipher, mac);
	memcpy(name, keys[0].name, KSSL_TICKET_NAME_SIZE);
	if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1 ||
	    !set_keys(&keys[0], iv, cipher, mac, 1))
		return -1;
	return 1;
}
