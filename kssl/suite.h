/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_SUITE_H
#define _KSSL_SUITE_H

#include <linux/types.h>

/**
 * struct kssl_cipher - a cipher of net/tls
 * @type: TLS_CIPHER_*
 * @aead: name of its algorithm in the crypto API
 * @key_size: bytes of key
 * @iv_size: bytes of what linux/tls.h calls iv
 * @salt_size: bytes of what linux/tls.h calls salt
 * @records_max: how many records a key may protect, or 0 if the sequence
 *	numbers end before (RFC 8446 section 5.5)
 */
struct kssl_cipher {
	u16 type;
	const char *aead;
	u8 key_size;
	u8 iv_size;
	u8 salt_size;
	u32 records_max;
};

/**
 * struct kssl_suite - a cipher suite that net/tls can carry
 * @code: IANA code
 * @version: the one TLS version that it belongs to
 * @cipher: its cipher
 * @hmac: name of the HMAC over its hash in the crypto API
 * @hash_size: bytes of its hash, so of a traffic secret
 * @static_key: its keys are lost with a key that lives longer (no forward
 *	secrecy); in TLS 1.3 that is not up to the suite
 */
struct kssl_suite {
	u16 code;
	u16 version;
	const struct kssl_cipher *cipher;
	const char *hmac;
	u8 hash_size;
	bool static_key;
};

static inline unsigned int kssl_suite_bits(const struct kssl_suite *suite)
{
	return suite->cipher->key_size * 8;
}

const struct kssl_suite *kssl_suite_find(u16 code);
u16 kssl_suite_of_cipher(u16 type);

#endif /* _KSSL_SUITE_H */
