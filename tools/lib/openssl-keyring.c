// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Private keys in the kernel's keyrings: those of type asymmetric cannot be
 * read, but the kernel signs with them. It can do that with RSA alone.
 *
 * To OpenSSL they are RSA keys with a method of their own. That is deprecated,
 * but a provider would need a key manager and all of the signatures' padding,
 * which here is OpenSSL's.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "internal.h"
#include "openssl.h"

#define MODULUS_MAX	(OPENSSL_RSA_MAX_MODULUS_BITS / 8)

static const char only_rsa[] = "only RSA keys can sign through the keyring";

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static RSA_METHOD *method;
static int serial_index;	/* in the ex_data of an RSA with that method */
static int errno_lib;		/* of OpenSSL's errors that are an errno */

/* --- the method ----------------------------------------------------------- */

/*
 * Raises a number to the power of the key's exponent, the public or the private
 * one. The kernel writes as much as the key is long, whatever room it is told
 * of, and drivers of hardware may leave out leading zeros.
 */
static int raise_number(int operation, uint32_t serial,
			const unsigned char *in, unsigned char *out,
			size_t size)
{
	struct keyctl_pkey_params params = {
		.key_id = serial, .in_len = size, .out_len = size,
	};
	unsigned char buf[MODULUS_MAX];
	long len;

	len = syscall(SYS_keyctl, operation, &params, "enc=raw", in, buf);
	if (len < 0)
		return 0;
	if ((size_t)len > size) {
		errno = EKEYREJECTED;
		return 0;
	}
	memset(out, 0, size - len);
	memcpy(out + size - len, buf, len);
	return 1;
}

static int pad(unsigned char *block, int size, const unsigned char *data,
	       int len, int padding)
{
	if (padding == RSA_PKCS1_PADDING)
		return RSA_padding_add_PKCS1_type_1(block, size, data, len);
	if (padding == RSA_NO_PADDING)
		return RSA_padding_add_none(block, size, data, len);
	ERR_raise(ERR_LIB_RSA, RSA_R_UNKNOWN_PADDING_TYPE);
	return 0;
}

/* All signatures end here; the padding of PSS has been added before. */
static int private_encrypt(int len, const unsigned char *from,
			   unsigned char *to, RSA *rsa, int padding)
{
	uintptr_t serial = (uintptr_t)RSA_get_ex_data(rsa, serial_index);
	unsigned char block[MODULUS_MAX];
	int size = RSA_size(rsa);

	if (!pad(block, size, from, len, padding))
		return -1;
	if (raise_number(KEYCTL_PKEY_DECRYPT, serial, block, to, size))
		return size;
	ERR_raise_data(errno_lib, errno, "private-key: %s", strerror(errno));
	return -1;
}

static void make_method(void)
{
	RSA_METHOD *new = RSA_meth_dup(RSA_get_default_method());

	serial_index = RSA_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	errno_lib = ERR_get_next_error_library();
	if (new && serial_index >= 0 &&
	    RSA_meth_set1_name(new, "kssl keyring") &&
	    RSA_meth_set_priv_enc(new, private_encrypt))
		method = new;
	else
		RSA_meth_free(new);
}

static int have_method(void)
{
	return CRYPTO_THREAD_run_once(&once, make_method) && method;
}

/* --- keys with that method ------------------------------------------------ */

static RSA *copy_public(const EVP_PKEY *public)
{
	BIGNUM *n = NULL, *e = NULL;
	RSA *rsa = RSA_new();

	if (rsa && EVP_PKEY_get_bn_param(public, OSSL_PKEY_PARAM_RSA_N, &n) &&
	    EVP_PKEY_get_bn_param(public, OSSL_PKEY_PARAM_RSA_E, &e) &&
	    RSA_set0_key(rsa, n, e, NULL))
		return rsa;
	BN_free(n);
	BN_free(e);
	RSA_free(rsa);
	return NULL;
}

static RSA *make_rsa(const EVP_PKEY *public, uint32_t serial)
{
	RSA *rsa = copy_public(public);

	if (rsa && have_method() && RSA_set_method(rsa, method) &&
	    RSA_set_ex_data(rsa, serial_index, (void *)(uintptr_t)serial))
		return rsa;
	RSA_free(rsa);
	kssl_set_ssl_error(ENOMEM, "private-key");
	return NULL;
}

/*
 * The kernel does not tell the public part of a key. But if it is the same, it
 * makes the same of a number.
 */
static int is_pair(RSA *rsa, uint32_t serial, size_t size)
{
	unsigned char in[MODULUS_MAX], out[MODULUS_MAX], wanted[MODULUS_MAX];

	if (size > MODULUS_MAX || (size_t)RSA_size(rsa) != size)
		goto mismatch;
	memset(in, 0x55, size);
	in[0] = 0;
	if (RSA_public_encrypt(size, in, wanted, rsa, RSA_NO_PADDING) < 0)
		return kssl_set_ssl_error(EINVAL, "private-key");
	if (!raise_number(KEYCTL_PKEY_ENCRYPT, serial, in, out, size))
		return kssl_bad_key("private-key", errno, "use");
	if (!memcmp(out, wanted, size))
		return 1;
mismatch:
	return kssl_set_error(EINVAL,
			      "private-key: not that of the certificate");
}

static EVP_PKEY *make_key(const EVP_PKEY *public, uint32_t serial, size_t size)
{
	RSA *rsa = make_rsa(public, serial);
	EVP_PKEY *key;

	if (!rsa)
		return NULL;
	if (!is_pair(rsa, serial, size)) {
		RSA_free(rsa);
		return NULL;
	}
	key = EVP_PKEY_new();
	if (key && EVP_PKEY_assign_RSA(key, rsa))
		return key;
	EVP_PKEY_free(key);
	RSA_free(rsa);
	kssl_set_ssl_error(ENOMEM, "private-key");
	return NULL;
}

/* Takes the result of the query, @err if it failed. */
static EVP_PKEY *use_key(const EVP_PKEY *public, uint32_t serial,
			 const struct keyctl_pkey_query *query, int err)
{
	if (err == EKEYREVOKED || err == EKEYEXPIRED || err == ENOKEY)
		kssl_bad_key("private-key", err, "use");
	else if (!public)
		kssl_set_error(EOPNOTSUPP, "private-key: %s", only_rsa);
	else if (err)
		kssl_bad_key("private-key", err, "use");
	else if (!(query->supported_ops & KEYCTL_SUPPORTS_DECRYPT))
		kssl_set_error(EINVAL, "private-key: the key is a public one");
	else
		return make_key(public, serial, query->max_dec_size);
	return NULL;
}

static EVP_PKEY *read_key(uint32_t serial, const struct kssl_password *password,
			  int is_rsa)
{
	EVP_PKEY *key = kssl_read_key(serial, password);

	if (!key && kssl_errno() == EACCES && !is_rsa)
		kssl_set_error(EACCES, "%s, and %s", kssl_error_text(),
			       only_rsa);
	return key;
}

EVP_PKEY *kssl_private_key(uint32_t serial, X509 *cert,
			   const struct kssl_password *password)
{
	const EVP_PKEY *public = X509_get0_pubkey(cert);
	struct keyctl_pkey_query query;
	int err = 0;

	if (public && !EVP_PKEY_is_a(public, "RSA"))
		public = NULL;
	if (syscall(SYS_keyctl, KEYCTL_PKEY_QUERY, serial, 0L, "enc=raw",
		    &query))
		err = errno;
	/* Of another type, or unknown to whoever may not search for it. */
	if (err == EOPNOTSUPP || err == EACCES)
		return read_key(serial, password, !!public);
	return use_key(public, serial, &query, err);
}

void kssl_keyring_error(unsigned long code)
{
	if (have_method() && ERR_GET_LIB(code) == errno_lib)
		kssl_bad_key("private-key", ERR_GET_REASON(code), "use");
}
