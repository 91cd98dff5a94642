// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: suites
 *
 * The cipher suites whose records net/tls can protect, by their IANA code.
 * Constant data, no lock.
 */

#include <linux/bsearch.h>
#include <linux/kernel.h>

#include <uapi/linux/tls.h>

#include "suite.h"

static const struct kssl_cipher aes_gcm_128 = {
	.type		= TLS_CIPHER_AES_GCM_128,
	.aead		= "gcm(aes)",
	.key_size	= TLS_CIPHER_AES_GCM_128_KEY_SIZE,
	.iv_size	= TLS_CIPHER_AES_GCM_128_IV_SIZE,
	.salt_size	= TLS_CIPHER_AES_GCM_128_SALT_SIZE,
};

static const struct kssl_cipher aes_gcm_256 = {
	.type		= TLS_CIPHER_AES_GCM_256,
	.aead		= "gcm(aes)",
	.key_size	= TLS_CIPHER_AES_GCM_256_KEY_SIZE,
	.iv_size	= TLS_CIPHER_AES_GCM_256_IV_SIZE,
	.salt_size	= TLS_CIPHER_AES_GCM_256_SALT_SIZE,
};

static const struct kssl_cipher aes_ccm_128 = {
	.type		= TLS_CIPHER_AES_CCM_128,
	.aead		= "ccm(aes)",
	.key_size	= TLS_CIPHER_AES_CCM_128_KEY_SIZE,
	.iv_size	= TLS_CIPHER_AES_CCM_128_IV_SIZE,
	.salt_size	= TLS_CIPHER_AES_CCM_128_SALT_SIZE,
};

static const struct kssl_cipher chacha20_poly1305 = {
	.type		= TLS_CIPHER_CHACHA20_POLY1305,
	.aead		= "rfc7539(chacha20,poly1305)",
	.key_size	= TLS_CIPHER_CHACHA20_POLY1305_KEY_SIZE,
	.iv_size	= TLS_CIPHER_CHACHA20_POLY1305_IV_SIZE,
	.salt_size	= TLS_CIPHER_CHACHA20_POLY1305_SALT_SIZE,
};

#define SUITE(_code, _version, _cipher, _hmac, _size, _static)	\
	{							\
		.code		= (_code),			\
		.version	= (_version),			\
		.cipher		= &(_cipher),			\
		.hmac		= (_hmac),			\
		.hash_size	= (_size),			\
		.static_key	= (_static),			\
	}

#define TLS12_SHA256(code, cipher) \
	SUITE(code, TLS_1_2_VERSION, cipher, "hmac(sha256)", 32, false)
#define TLS12_SHA384(code, cipher) \
	SUITE(code, TLS_1_2_VERSION, cipher, "hmac(sha384)", 48, false)
#define STATIC_SHA256(code, cipher) \
	SUITE(code, TLS_1_2_VERSION, cipher, "hmac(sha256)", 32, true)
#define STATIC_SHA384(code, cipher) \
	SUITE(code, TLS_1_2_VERSION, cipher, "hmac(sha384)", 48, true)
#define TLS13_SHA256(code, cipher) \
	SUITE(code, TLS_1_3_VERSION, cipher, "hmac(sha256)", 32, false)
#define TLS13_SHA384(code, cipher) \
	SUITE(code, TLS_1_3_VERSION, cipher, "hmac(sha384)", 48, false)

/* In the order of the codes, for bsearch(). */
static const struct kssl_suite suites[] = {
	STATIC_SHA256(0x009c, aes_gcm_128),	/* RSA */
	STATIC_SHA384(0x009d, aes_gcm_256),
	TLS12_SHA256(0x009e, aes_gcm_128),	/* DHE_RSA */
	TLS12_SHA384(0x009f, aes_gcm_256),
	STATIC_SHA256(0x00a8, aes_gcm_128),	/* PSK */
	STATIC_SHA384(0x00a9, aes_gcm_256),
	TLS12_SHA256(0x00aa, aes_gcm_128),	/* DHE_PSK */
	TLS12_SHA384(0x00ab, aes_gcm_256),
	STATIC_SHA256(0x00ac, aes_gcm_128),	/* RSA_PSK */
	STATIC_SHA384(0x00ad, aes_gcm_256),
	TLS13_SHA256(0x1301, aes_gcm_128),
	TLS13_SHA384(0x1302, aes_gcm_256),
	TLS13_SHA256(0x1303, chacha20_poly1305),
	TLS13_SHA256(0x1304, aes_ccm_128),
	TLS12_SHA256(0xc02b, aes_gcm_128),	/* ECDHE_ECDSA */
	TLS12_SHA384(0xc02c, aes_gcm_256),
	TLS12_SHA256(0xc02f, aes_gcm_128),	/* ECDHE_RSA */
	TLS12_SHA384(0xc030, aes_gcm_256),
	STATIC_SHA256(0xc09c, aes_ccm_128),	/* RSA */
	TLS12_SHA256(0xc09e, aes_ccm_128),	/* DHE_RSA */
	STATIC_SHA256(0xc0a4, aes_ccm_128),	/* PSK */
	TLS12_SHA256(0xc0a6, aes_ccm_128),	/* DHE_PSK */
	TLS12_SHA256(0xc0ac, aes_ccm_128),	/* ECDHE_ECDSA */
	TLS12_SHA256(0xcca8, chacha20_poly1305),	/* ECDHE_RSA */
	TLS12_SHA256(0xcca9, chacha20_poly1305),	/* ECDHE_ECDSA */
	TLS12_SHA256(0xccaa, chacha20_poly1305),	/* DHE_RSA */
	STATIC_SHA256(0xccab, chacha20_poly1305),	/* PSK */
	TLS12_SHA256(0xccac, chacha20_poly1305),	/* ECDHE_PSK */
	TLS12_SHA256(0xccad, chacha20_poly1305),	/* DHE_PSK */
	STATIC_SHA256(0xccae, chacha20_poly1305),	/* RSA_PSK */
	TLS12_SHA256(0xd001, aes_gcm_128),	/* ECDHE_PSK */
	TLS12_SHA384(0xd002, aes_gcm_256),
	TLS12_SHA256(0xd005, aes_ccm_128),
};

static int suite_cmp(const void *key, const void *elt)
{
	const struct kssl_suite *suite = elt;

	return *(const u16 *)key - suite->code;
}

/**
 * kssl_suite_find - look up a cipher suite
 * @code: its IANA code
 *
 * Return: the suite, or NULL if net/tls cannot carry it.
 */
const struct kssl_suite *kssl_suite_find(u16 code)
{
	return bsearch(&code, suites, ARRAY_SIZE(suites), sizeof(suites[0]),
		       suite_cmp);
}
