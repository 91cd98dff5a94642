// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * OpenSSL's reasons in the words of libkssl.
 */
#include <openssl/err.h>

#include "internal.h"
#include "openssl.h"

int kssl_set_ssl_error(int err, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	if (reason)
		kssl_set_error(err, "%s: %s", what, reason);
	else
		kssl_set_error(err, "%s", what);
	/* OpenSSL puts its own reasons on top of a key's, which says more. */
	while ((code = ERR_get_error()))
		kssl_keyring_error(code);
	return 0;
}
