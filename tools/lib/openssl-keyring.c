// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Private keys that stay in the kernel: keys of type "asymmetric", which can be
 * used and not read. The kernel has RSA keys only, and does no PSS, but a raw
 * private operation is enough for both kinds of signature: OpenSSL makes the
 * padding.
 *
 * OpenSSL 3 deprecates methods of RSA keys in favour of providers, which would
 * be many times as much for one operation.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "internal.h"
#include "openssl.h"

#define RSA_MAX		1024	/* bytes of the longest modulus, 8192 bits */
#define RAW		"enc=raw"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static RSA_METHOD *method;
static int serial_index = -1;
static int error_lib;

int kssl_keyring_error(unsigned long code)
{
	return error_lib && ERR_GET_LIB(code) == error_lib ?
		ERR_GET_REASON(code) : 0;
}

/* The serial of an RSA key is in the place of a pointer. */
static uint32_t serial_of(const RSA *rsa)
{
	return (uintptr_t)RSA_get_ex_data(rsa, serial_index);
}

/* The number that @in stands for, as long as the modulus. */
static int raw(const RSA *rsa, const unsigned char *in, unsigned char *out)
{
	struct keyctl_pkey_params params = {
		.key_id = serial_of(rsa),
		.in_len = RSA_size(rsa),
		.out_len = RSA_size(rsa),
	};
	unsigned char number[RSA_MAX];
	size_t size = params.in_len;
	long len;

	if (size > sizeof(number))
		return 0;
	len = syscall(SYS_keyctl, KEYCTL_PKEY_DECRYPT, &params, RAW, in,
		      number);
	if (len < 0) {
		ERR_raise(error_lib, errno);
		return 0;
	}
	/* It comes without the zeros that it starts with. */
	memset(out, 0, size - len);
	memcpy(out + size - len, number, len);
	return 1;
}

static int private_encrypt(int len, const unsigned char *from,
			   unsigned char *to, RSA *rsa, int padding)
{
	unsigned char block[RSA_MAX];
	int size = RSA_size(rsa), ok;

	if (size > RSA_MAX)
		return -1;
	if (padding == RSA_PKCS1_PADDING)
		ok = RSA_padding_add_PKCS1_type_1(block, size, from, len);
	else
		ok = padding == RSA_NO_PADDING && len == size &&
			memcpy(block, from, len);
	return ok && raw(rsa, block, to) ? size : -1;
}

static void init(void)
{
	serial_index = RSA_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	error_lib = ERR_get_next_error_library();
	method = RSA_meth_dup(RSA_get_default_method());
	if (method)
		RSA_meth_set_priv_enc(method, private_encrypt);
}

/* What the key @serial says of itself begins with its type. */
int kssl_keyring_is_asymmetric(uint32_t serial)
{
	static const char type[] = "asymmetric;";
	char text[256];
	long len;

	len = syscall(SYS_keyctl, KEYCTL_DESCRIBE, serial, text, sizeof(text));
	return len >= (long)sizeof(type) && len <= (long)sizeof(text) &&
		!strncmp(text, type, strlen(type));
}

/* Whether the kernel is going to sign, before anything is sent. */
static int check_key(uint32_t serial, const RSA *public)
{
	struct keyctl_pkey_query query;

	if (syscall(SYS_keyctl, KEYCTL_PKEY_QUERY, serial, 0, RAW, &query) < 0)
		return kssl_bad_key("private-key", errno);
	if (!(query.supported_ops & KEYCTL_SUPPORTS_DECRYPT))
		return kssl_set_error(EINVAL,
				      "private-key: the key is a public one");
	if ((int)query.key_size != RSA_bits(public) ||
	    RSA_size(public) > RSA_MAX)
		return kssl_set_error(EINVAL,
				      "private-key: not the certificate's key");
	return 1;
}

static RSA *make_rsa(const RSA *public, uint32_t serial)
{
	BIGNUM *n = BN_dup(RSA_get0_n(public)), *e = BN_dup(RSA_get0_e(public));
	RSA *rsa = RSA_new();

	if (rsa && n && e && RSA_set_method(rsa, method) &&
	    RSA_set_ex_data(rsa, serial_index, (void *)(uintptr_t)serial) &&
	    RSA_set0_key(rsa, n, e, NULL)) {
		RSA_set_flags(rsa, RSA_FLAG_EXT_PKEY);
		return rsa;
	}
	RSA_free(rsa);
	BN_free(n);
	BN_free(e);
	return NULL;
}

EVP_PKEY *kssl_keyring_key(uint32_t serial, X509 *cert)
{
	const RSA *public = EVP_PKEY_get0_RSA(X509_get0_pubkey(cert));
	EVP_PKEY *key = EVP_PKEY_new();
	RSA *rsa;

	pthread_once(&once, init);
	if (!public) {
		kssl_set_error(EOPNOTSUPP,
			       "private-key: only RSA keys sign in the kernel");
		ERR_clear_error();
	} else if (check_key(serial, public)) {
		rsa = method ? make_rsa(public, serial) : NULL;
		if (key && rsa && EVP_PKEY_assign_RSA(key, rsa))
			return key;
		RSA_free(rsa);
		kssl_set_ssl_error(ENOMEM, "private-key");
	}
	EVP_PKEY_free(key);
	return NULL;
}
