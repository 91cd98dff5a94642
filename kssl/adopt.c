// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: adoption
 *
 * A direction whose key another program has installed by setsockopt() is taken
 * over as it is. net/tls knows its version and cipher. In TLS 1.3 a cipher is
 * of one suite; in TLS 1.2 of several, so there the suite is what the caller
 * says, and has to have that cipher. A traffic secret that comes along has to
 * be the one that the key is from.
 *
 * Called in the task that attaches, without a lock; net/tls takes the socket's.
 */

#include <net/tls.h>

#include "adopt.h"
#include "ktls.h"
#include "reason.h"
#include "suite.h"

/**
 * kssl_adopt_find - find what is to be adopted
 * @sock: the socket
 * @params: the attach; version and suite are written if they are 0
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep, and waits for the socket's lock.
 * Return: 0; -EINVAL another version or no suite in TLS 1.2; or as
 * kssl_ktls_find_key().
 */
int kssl_adopt_find(struct socket *sock, struct kssl_attach_params *params,
		    struct kssl_reason *why)
{
	struct kssl_ktls_key key;
	int err;

	err = kssl_ktls_find_key(sock, params->adopt, &key, why);
	if (err)
		return err;
	if (!params->version)
		params->version = key.version;
	if (params->version != key.version)
		return kssl_refuse(why, -EINVAL, KSSL_A_VERSION,
				   "not the version of the adopted key");
	if (!params->suite && key.version != TLS_1_3_VERSION)
		return kssl_refuse(why, -EINVAL, KSSL_A_SUITE,
				   "only in TLS 1.3 a cipher tells the suite");
	if (!params->suite)
		params->suite = kssl_suite_of_cipher(key.cipher);
	return 0;
}

/* Without a secret, the nonce still tells the key from a later one. */
static int check_direction(struct socket *sock, int direction,
			   const struct kssl_cipher *cipher,
			   struct kssl_crypto *crypto, u16 attr,
			   struct kssl_reason *why)
{
	int err;

	if (!crypto->secret_len) {
		kssl_ktls_read_nonce(sock, direction, cipher, crypto);
		return 0;
	}
	err = kssl_ktls_same_key(sock, direction, cipher, crypto);
	if (err)
		kssl_refuse_nested(why, err, attr, KSSL_A_CRYPTO_SECRET,
				   "not the secret of the adopted key");
	return err;
}

/**
 * kssl_adopt_check - compare what is to be adopted with what was said of it
 * @sock: the socket
 * @suite: the suite
 * @params: the attach, with keys derived from its secrets; salt and iv of an
 *	adopted direction without one are written
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep, and waits for the socket's lock.
 * Return: 0; -EINVAL a suite of another cipher; -EKEYREJECTED another secret;
 * or as kssl_ktls_find_key().
 */
int kssl_adopt_check(struct socket *sock, const struct kssl_suite *suite,
		     struct kssl_attach_params *params,
		     struct kssl_reason *why)
{
	struct kssl_ktls_key key;
	int err;

	err = kssl_ktls_find_key(sock, params->adopt, &key, why);
	if (err)
		return err;
	if (key.version != suite->version || key.cipher != suite->cipher->type)
		return kssl_refuse(why, -EINVAL, KSSL_A_SUITE,
				   "not of the adopted key's cipher");
	if (params->adopt & KSSL_DIRECTION_TX)
		err = check_direction(sock, TLS_TX, suite->cipher, &params->tx,
				      KSSL_A_TX, why);
	if (!err && params->adopt & KSSL_DIRECTION_RX)
		err = check_direction(sock, TLS_RX, suite->cipher, &params->rx,
				      KSSL_A_RX, why);
	return err;
}
