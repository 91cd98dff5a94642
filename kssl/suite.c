// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: suites
 *
 * The cipher suites whose records net/tls can protect, by their IANA code.
 * SM4 has codes in TLS 1.3 alone (RFC 8998), and ARIA in TLS 1.2 alone (RFC
 * 6209), where net/tls takes it. Constant data, no lock.
 */

#include <linux/bsearch.h>
#include <linux/kernel.h>

#include <uapi/linux/tls.h>

#include "suite.h"

/*
 * Of full size, as all are taken to be: 2^24.5 (RFC 8446 section 5.5) and 2^23
 * (RFC 9147 appendix B.1). Both follow from the mode and the size of the block,
 * which SM4 and ARIA have in common with AES.
 */
#define GCM_RECORDS_MAX	23726566
#define CCM_RECORDS_MAX	8388608

static const struct kssl_cipher aes_gcm_128 = {
	.type		= TLS_CIPHER_AES_GCM_128,
	.aead		= "gcm(aes)",
	.key_size	= TLS_CIPHER_AES_GCM_128_KEY_SIZE,
	.iv_size	= TLS_CIPHER_AES_GCM_128_IV_SIZE,
	.salt_size	= TLS_CIPHER_AES_GCM_128_SALT_SIZE,
	.records_max	= GCM_RECORDS_MAX,
};

static const struct kssl_cipher aes_gcm_256 = {
	.type		= TLS_CIPHER_AES_GCM_256,
	.aead		= "gcm(aes)",
	.key_size	= TLS_CIPHER_AES_GCM_256_KEY_SIZE,
	.iv_size	= TLS_CIPHER_AES_GCM_256_IV_SIZE,
	.salt_size	= TLS_CIPHER_AES_GCM_256_SALT_SIZE,
	.records_max	= GCM_RECORDS_MAX,
};

static const struct kssl_cipher aes_ccm_128 = {
	.type		= TLS_CIPHER_AES_CCM_128,
	.aead		= "ccm(aes)",
	.key_size	= TLS_CIPHER_AES_CCM_128_KEY_SIZE,
	.iv_size	= TLS_CIPHER_AES_CCM_128_IV_SIZE,
	.salt_size	= TLS_CIPHER_AES_CCM_128_SALT_SIZE,
	.records_max	= CCM_RECORDS_MAX,
};

static const struct kssl_cipher chacha20_poly1305 = {
	.type		= TLS_CIPHER_CHACHA20_POLY1305,
	.aead		= "rfc7539(chacha20,poly1305)",
	.key_size	= TLS_CIPHER_CHACHA20_POLY1305_KEY_SIZE,
	.iv_size	= TLS_CIPHER_CHACHA20_POLY1305_IV_SIZE,
	.salt_size	= TLS_CIPHER_CHACHA20_POLY1305_SALT_SIZE,
};

static const struct kssl_cipher sm4_gcm = {
	.type		= TLS_CIPHER_SM4_GCM,
	.aead		= "gcm(sm4)",
	.key_size	= TLS_CIPHER_SM4_GCM_KEY_SIZE,
	.iv_size	= TLS_CIPHER_SM4_GCM_IV_SIZE,
	.salt_size	= TLS_CIPHER_SM4_GCM_SALT_SIZE,
	.records_max	= GCM_RECORDS_MAX,
};

static const struct kssl_cipher sm4_ccm = {
	.type		= TLS_CIPHER_SM4_CCM,
	.aead		= "ccm(sm4)",
	.key_size	= TLS_CIPHER_SM4_CCM_KEY_SIZE,
	.iv_size	= TLS_CIPHER_SM4_CCM_IV_SIZE,
	.salt_size	= TLS_CIPHER_SM4_CCM_SALT_SIZE,
	.records_max	= CCM_RECORDS_MAX,
};

static const struct kssl_cipher aria_gcm_128 = {
	.type		= TLS_CIPHER_ARIA_GCM_128,
	.aead		= "gcm(aria)",
	.key_size	= TLS_CIPHER_ARIA_GCM_128_KEY_SIZE,
	.iv_size	= TLS_CIPHER_ARIA_GCM_128_IV_SIZE,
	.salt_size	= TLS_CIPHER_ARIA_GCM_128_SALT_SIZE,
	.records_max	= GCM_RECORDS_MAX,
};

static const struct kssl_cipher aria_gcm_256 = {
	.type		= TLS_CIPHER_ARIA_GCM_256,
	.aead		= "gcm(aria)",
	.key_size	= TLS_CIPHER_ARIA_GCM_256_KEY_SIZE,
	.iv_size	= TLS_CIPHER_ARIA_GCM_256_IV_SIZE,
	.salt_size	= TLS_CIPHER_ARIA_GCM_256_SALT_SIZE,
	.records_max	= GCM_RECORDS_MAX,
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
#define TLS13_SM3(code, cipher) \
	SUITE(code, TLS_1_3_VERSION, cipher, "hmac(sm3)", 32, false)

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
	TLS13_SM3(0x00c6, sm4_gcm),
	TLS13_SM3(0x00c7, sm4_ccm),
	TLS13_SHA256(0x1301, aes_gcm_128),
	TLS13_SHA384(0x1302, aes_gcm_256),
	TLS13_SHA256(0x1303, chacha20_poly1305),
	TLS13_SHA256(0x1304, aes_ccm_128),
	TLS12_SHA256(0xc02b, aes_gcm_128),	/* ECDHE_ECDSA */
	TLS12_SHA384(0xc02c, aes_gcm_256),
	TLS12_SHA256(0xc02f, aes_gcm_128),	/* ECDHE_RSA */
	TLS12_SHA384(0xc030, aes_gcm_256),
	STATIC_SHA256(0xc050, aria_gcm_128),	/* RSA */
	STATIC_SHA384(0xc051, aria_gcm_256),
	TLS12_SHA256(0xc052, aria_gcm_128),	/* DHE_RSA */
	TLS12_SHA384(0xc053, aria_gcm_256),
	TLS12_SHA256(0xc05c, aria_gcm_128),	/* ECDHE_ECDSA */
	TLS12_SHA384(0xc05d, aria_gcm_256),
	TLS12_SHA256(0xc060, aria_gcm_128),	/* ECDHE_RSA */
	TLS12_SHA384(0xc061, aria_gcm_256),
	STATIC_SHA256(0xc06a, aria_gcm_128),	/* PSK */
	STATIC_SHA384(0xc06b, aria_gcm_256),
	TLS12_SHA256(0xc06c, aria_gcm_128),	/* DHE_PSK */
	TLS12_SHA384(0xc06d, aria_gcm_256),
	STATIC_SHA256(0xc06e, aria_gcm_128),	/* RSA_PSK */
	STATIC_SHA384(0xc06f, aria_gcm_256),
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

/**
 * kssl_suite_of_cipher - the cipher suite of TLS 1.3 that has a cipher
 * @type: TLS_CIPHER_*
 *
 * Return: its IANA code, or 0 if there is none. In TLS 1.2 there are several.
 */
u16 kssl_suite_of_cipher(u16 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (suites[i].version == TLS_1_3_VERSION &&
		    suites[i].cipher->type == type)
			return suites[i].code;
	return 0;
}
