// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keys that rows name by their serial in the kernel's keyrings.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <openssl/decoder.h>

#include "internal.h"
#include "openssl.h"

#define KEY_SIZE_MAX	65536

int kssl_bad_key(const char *row, int err, const char *verb)
{
	const char *text;

	if (err == EKEYREVOKED)
		text = "the key is revoked";
	else if (err == EKEYEXPIRED)
		text = "the key has expired";
	else if (err == ENOKEY)
		text = "no such key";
	else
		return kssl_set_error(err, err == EACCES ?
				      "%s: no permission to %s the key" :
				      "%s: cannot %s the key", row, verb);
	return kssl_set_error(err, "%s: %s", row, text);
}

int kssl_read_payload(const char *row, uint32_t serial, struct kssl_blob *blob)
{
	long len;
	int err;

	*blob = (struct kssl_blob){ .data = OPENSSL_malloc(KEY_SIZE_MAX) };
	if (!blob->data)
		return kssl_set_error(ENOMEM, "out of memory");
	len = syscall(SYS_keyctl, KEYCTL_READ, serial, blob->data,
		      KEY_SIZE_MAX);
	if (len > 0 && len <= KEY_SIZE_MAX) {
		blob->len = len;
		return 1;
	}
	err = errno;
	OPENSSL_free(blob->data);
	blob->data = NULL;
	if (len < 0)
		return kssl_bad_key(row, err, "read");
	return kssl_set_error(len ? E2BIG : EINVAL, "%s: the key %s", row,
			      len ? "is too long" : "is empty");
}

EVP_PKEY *kssl_decode_key(const struct kssl_blob *blob, int selection,
			  const struct kssl_password *password)
{
	const unsigned char *data = blob->data;
	size_t len = blob->len;
	EVP_PKEY *key = NULL;
	OSSL_DECODER_CTX *ctx;

	ctx = OSSL_DECODER_CTX_new_for_pkey(&key, NULL, NULL, NULL, selection,
					    NULL, NULL);
	if (ctx && password && password->fn)
		OSSL_DECODER_CTX_set_pem_password_cb(ctx, password->fn,
						     password->arg);
	if (ctx)
		OSSL_DECODER_from_data(ctx, &data, &len);
	OSSL_DECODER_CTX_free(ctx);
	return key;
}

/* The payload is there for as long as it takes to parse it. */
EVP_PKEY *kssl_read_key(uint32_t serial, const struct kssl_password *password)
{
	struct kssl_blob blob;
	EVP_PKEY *key;

	if (!kssl_read_payload("private-key", serial, &blob))
		return NULL;
	key = kssl_decode_key(&blob, EVP_PKEY_KEYPAIR, password);
	OPENSSL_clear_free(blob.data, blob.len);
	if (!key)
		kssl_set_ssl_error(EINVAL, "private-key: no key in PEM or DER");
	return key;
}
