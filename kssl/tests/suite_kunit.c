// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the table of cipher suites, against lists of its own, the
 * layouts of linux/tls.h and the crypto API.
 */

#include <crypto/aead.h>
#include <crypto/hash.h>

#include <uapi/linux/tls.h>

#include "../suite.h"
#include "fixture.h"

#define NONCE_SIZE	12
#define SEQ_SIZE	8

/* IANA's codes of the suites of a cipher, in one TLS version. */
struct cipher_param {
	const char *name;
	u16 version;
	u16 type;
	size_t info_size;
	u8 hash_size;
	u16 codes[12];
};

#define INFO_SIZE(_struct)	sizeof(struct tls12_crypto_info_ ## _struct)
#define CIPHER(_cipher, _struct, _version, _hash_size, ...)	\
	{							\
		.name		= #_cipher " of " #_version,	\
		.version	= TLS_ ## _version ## _VERSION,	\
		.type		= TLS_CIPHER_ ## _cipher,	\
		.info_size	= INFO_SIZE(_struct),		\
		.hash_size	= (_hash_size),			\
		.codes		= { __VA_ARGS__ },		\
	}

static const struct cipher_param cipher_params[] = {
	CIPHER(AES_GCM_128, aes_gcm_128, 1_2, 32,
	       0x009c, 0x009e, 0x00a8, 0x00aa, 0x00ac, 0xc02b, 0xc02f, 0xd001),
	CIPHER(AES_GCM_256, aes_gcm_256, 1_2, 48,
	       0x009d, 0x009f, 0x00a9, 0x00ab, 0x00ad, 0xc02c, 0xc030, 0xd002),
	CIPHER(AES_CCM_128, aes_ccm_128, 1_2, 32,
	       0xc09c, 0xc09e, 0xc0a4, 0xc0a6, 0xc0ac, 0xd005),
	CIPHER(CHACHA20_POLY1305, chacha20_poly1305, 1_2, 32,
	       0xcca8, 0xcca9, 0xccaa, 0xccab, 0xccac, 0xccad, 0xccae),
	CIPHER(ARIA_GCM_128, aria_gcm_128, 1_2, 32,
	       0xc050, 0xc052, 0xc05c, 0xc060, 0xc06a, 0xc06c, 0xc06e),
	CIPHER(ARIA_GCM_256, aria_gcm_256, 1_2, 48,
	       0xc051, 0xc053, 0xc05d, 0xc061, 0xc06b, 0xc06d, 0xc06f),
	CIPHER(SM4_GCM, sm4_gcm, 1_3, 32, 0x00c6),
	CIPHER(SM4_CCM, sm4_ccm, 1_3, 32, 0x00c7),
	CIPHER(AES_GCM_128, aes_gcm_128, 1_3, 32, 0x1301),
	CIPHER(AES_GCM_256, aes_gcm_256, 1_3, 48, 0x1302),
	CIPHER(CHACHA20_POLY1305, chacha20_poly1305, 1_3, 32, 0x1303),
	CIPHER(AES_CCM_128, aes_ccm_128, 1_3, 32, 0x1304),
};

static void cipher_desc(const struct cipher_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cipher, cipher_params, cipher_desc);

static void suite_is_found_by_its_code(struct kunit *test)
{
	const struct cipher_param *param = test->param_value;
	const struct kssl_suite *suite;
	const u16 *code;

	for (code = param->codes; *code; code++) {
		suite = kssl_suite_find(*code);
		KUNIT_ASSERT_NOT_NULL_MSG(test, suite, "%#06x", *code);
		KUNIT_EXPECT_EQ(test, suite->code, *code);
		KUNIT_EXPECT_EQ(test, suite->version, param->version);
		KUNIT_EXPECT_EQ(test, suite->cipher->type, param->type);
		KUNIT_EXPECT_EQ(test, suite->hash_size, param->hash_size);
	}
}

static void suite_fills_the_struct_of_its_cipher(struct kunit *test)
{
	const struct cipher_param *param = test->param_value;
	const struct kssl_suite *suite = kssl_suite_find(param->codes[0]);
	const struct kssl_cipher *cipher;

	KUNIT_ASSERT_NOT_NULL(test, suite);
	cipher = suite->cipher;
	KUNIT_EXPECT_EQ(test, param->info_size,
			sizeof(struct tls_crypto_info) + cipher->key_size +
			cipher->iv_size + cipher->salt_size + SEQ_SIZE);
	KUNIT_EXPECT_LE(test, cipher->key_size, KSSL_KEY_MAX);
	KUNIT_EXPECT_LE(test, cipher->iv_size, KSSL_IV_MAX);
	KUNIT_EXPECT_LE(test, cipher->salt_size, KSSL_SALT_MAX);
	KUNIT_EXPECT_EQ(test, cipher->iv_size + cipher->salt_size, NONCE_SIZE);
}

static void suite_has_a_cipher_with_such_keys(struct kunit *test)
{
	const struct cipher_param *param = test->param_value;
	const struct kssl_suite *suite = kssl_suite_find(param->codes[0]);
	const u8 key[KSSL_KEY_MAX] = {};
	struct crypto_aead *aead;

	KUNIT_ASSERT_NOT_NULL(test, suite);
	aead = crypto_alloc_aead(suite->cipher->aead, 0, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(aead));
	KUNIT_EXPECT_EQ(test, crypto_aead_setkey(aead, key,
						 suite->cipher->key_size), 0);
	KUNIT_EXPECT_NE(test, crypto_aead_setkey(aead, key,
						 suite->cipher->key_size - 1),
			0);
	crypto_free_aead(aead);
}

static void suite_has_a_hash_of_its_size(struct kunit *test)
{
	const struct cipher_param *param = test->param_value;
	const struct kssl_suite *suite = kssl_suite_find(param->codes[0]);
	struct crypto_shash *hmac;

	KUNIT_ASSERT_NOT_NULL(test, suite);
	hmac = crypto_alloc_shash(suite->hmac, 0, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(hmac));
	KUNIT_EXPECT_EQ(test, crypto_shash_digestsize(hmac),
			suite->hash_size);
	KUNIT_EXPECT_LE(test, suite->hash_size, KSSL_SECRET_MAX);
	crypto_free_shash(hmac);
}

static bool is_listed(u16 code)
{
	const u16 *listed;
	int i;

	for (i = 0; i < ARRAY_SIZE(cipher_params); i++)
		for (listed = cipher_params[i].codes; *listed; listed++)
			if (*listed == code)
				return true;
	return false;
}

static void suite_is_not_found_by_other_codes(struct kunit *test)
{
	const struct kssl_suite *suite;
	u32 code;

	for (code = 0; code <= U16_MAX; code++) {
		suite = kssl_suite_find(code);
		KUNIT_EXPECT_EQ_MSG(test, !suite, !is_listed(code), "%#06x",
				    code);
	}
}

static struct kunit_case suite_cases[] = {
	KUNIT_CASE_PARAM(suite_is_found_by_its_code, cipher_gen_params),
	KUNIT_CASE_PARAM(suite_fills_the_struct_of_its_cipher,
			 cipher_gen_params),
	KUNIT_CASE_PARAM(suite_has_a_cipher_with_such_keys,
			 cipher_gen_params),
	KUNIT_CASE_PARAM(suite_has_a_hash_of_its_size, cipher_gen_params),
	KUNIT_CASE(suite_is_not_found_by_other_codes),
	{}
};

static struct kunit_suite suite_suite = {
	.name		= "kssl_suite",
	.init		= kssl_test_init,
	.test_cases	= suite_cases,
};

kunit_test_suite(suite_suite);
