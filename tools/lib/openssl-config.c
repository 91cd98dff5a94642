// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Settings of the kernel's object, put on an SSL. Every row is set, also to
 * its default, so that nothing shows through of what the SSL_CTX or an
 * openssl.cnf has for it.
 *
 * They are set on the SSL and not on an SSL_CTX of their own, because an
 * SSL_CTX cannot be copied, and only the program's own one has its
 * certificates, callbacks, ticket keys and sessions.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "internal.h"
#include "openssl.h"

/* The rows' bits are OpenSSL's; one from each end shows a shift. */
static_assert(KSSL_OP_NO_EXTENDED_MASTER_SECRET ==
	      SSL_OP_NO_EXTENDED_MASTER_SECRET, "option bits differ");
static_assert(KSSL_OP_NO_TICKET == SSL_OP_NO_TICKET, "option bits differ");
static_assert(KSSL_OP_NO_RENEGOTIATION == SSL_OP_NO_RENEGOTIATION,
	      "option bits differ");
static_assert((int)KSSL_MODE_ASYNC == SSL_MODE_ASYNC, "mode bits differ");
static_assert((int)KSSL_VERIFY_POST_HANDSHAKE == SSL_VERIFY_POST_HANDSHAKE,
	      "verify bits differ");

#define SUITE_NAME_MAX	64	/* the longest has 40 bytes */

static const SSL_CIPHER *find_suite(SSL *ssl, uint16_t code)
{
	const unsigned char wire[2] = { code >> 8, code & 0xff };

	return SSL_CIPHER_find(ssl, wire);
}

/* Whether what @ssl has from its SSL_CTX is the two lists, in their order. */
static int has_suites(SSL *ssl, const struct kssl_settings_info *rows)
{
	int i = 0, n = sk_SSL_CIPHER_num(SSL_get_ciphers(ssl));
	size_t j, total = rows->ciphersuites_n + rows->cipher_list_n;
	const SSL_CIPHER *suite;
	uint16_t code;

	for (j = 0; j < total; j++) {
		code = j < rows->ciphersuites_n ? rows->ciphersuites[j] :
			rows->cipher_list[j - rows->ciphersuites_n];
		suite = find_suite(ssl, code);
		if (!suite)
			continue;
		if (i == n ||
		    sk_SSL_CIPHER_value(SSL_get_ciphers(ssl), i++) != suite)
			return 0;
	}
	return i == n;
}

/* The list as OpenSSL reads it, without those that it does not have. */
static char *suite_names(SSL *ssl, const uint16_t *codes, size_t n)
{
	char *names = malloc(n * SUITE_NAME_MAX + 1), *pos = names;
	const SSL_CIPHER *suite;
	size_t i;

	if (!names)
		return NULL;
	for (i = 0; i < n; i++) {
		suite = find_suite(ssl, codes[i]);
		if (!suite || strlen(SSL_CIPHER_get_name(suite)) >=
			      SUITE_NAME_MAX)
			continue;
		if (pos != names)
			*pos++ = ':';
		pos = stpcpy(pos, SSL_CIPHER_get_name(suite));
	}
	*pos = '\0';
	return names;
}

/*
 * OpenSSL takes no list without a suite of TLS 1.2 or before. Where the row has
 * none that it knows, TLS 1.3 is the only version left.
 */
static int set_names(SSL *ssl, const char *suites, const char *list)
{
	if (!SSL_set_ciphersuites(ssl, suites))
		return 0;
	if (*list)
		return SSL_set_cipher_list(ssl, list);
	return *suites && SSL_set_min_proto_version(ssl, TLS1_3_VERSION);
}

static int set_suites(SSL *ssl, const struct kssl_settings_info *rows)
{
	char *suites, *list;
	int ok;

	if (has_suites(ssl, rows))
		return 1;
	suites = suite_names(ssl, rows->ciphersuites, rows->ciphersuites_n);
	list = suite_names(ssl, rows->cipher_list, rows->cipher_list_n);
	if (suites && list)
		ok = set_names(ssl, suites, list) ||
			kssl_set_ssl_error(EINVAL, "no usable cipher suites");
	else
		ok = kssl_set_error(ENOMEM, "out of memory");
	free(suites);
	free(list);
	return ok;
}

/*
 * The kernel shall do the encryption only when the handshake is complete, and
 * knows no renegotiation; asynchronous engines need file descriptors that the
 * handshake's caller does not have.
 */
static void set_bits(SSL *ssl, const struct kssl_settings_info *rows)
{
	SSL_clear_options(ssl, SSL_get_options(ssl));
	SSL_set_options(ssl, (rows->options & ~SSL_OP_ENABLE_KTLS) |
			     SSL_OP_NO_RENEGOTIATION);
	SSL_clear_mode(ssl, SSL_get_mode(ssl));
	SSL_set_mode(ssl, rows->mode & ~SSL_MODE_ASYNC);
}

enum kssl_role kssl_ssl_role(const struct kssl_settings_info *rows)
{
	if (rows->role != KSSL_ROLE_UNSET)
		return rows->role;
	switch (rows->method) {
	case KSSL_METHOD_CLIENT:
		return KSSL_ROLE_CLIENT;
	case KSSL_METHOD_SERVER:
		return KSSL_ROLE_SERVER;
	default:
		return KSSL_ROLE_UNSET;
	}
}

/*
 * A server that asks for certificates must not resume a session that was made
 * without having asked; OpenSSL keeps them apart by this context.
 */
static int set_session_context(SSL *ssl, const struct kssl_settings_info *rows)
{
	const unsigned char context[] = {
		'k', 's', 's', 'l', rows->verify_mode
	};

	return kssl_ssl_role(rows) != KSSL_ROLE_SERVER ||
		!(rows->verify_mode & KSSL_VERIFY_PEER) ||
		SSL_set_session_id_context(ssl, context, sizeof(context));
}

int kssl_ssl_configure(SSL *ssl, const struct kssl_settings_info *rows)
{
	set_bits(ssl, rows);
	/* A NULL callback leaves the one of the SSL_CTX. */
	SSL_set_verify(ssl, rows->verify_mode, NULL);
	SSL_set_verify_depth(ssl, rows->verify_depth);
	SSL_set_max_cert_list(ssl, rows->max_cert_list);
	/* Whatever the row says: nothing may be read past the handshake. */
	SSL_set_read_ahead(ssl, 0);
	kssl_watch_of(ssl)->timeout = rows->timeout;
	if (!SSL_set_min_proto_version(ssl, rows->min_proto) ||
	    !SSL_set_max_proto_version(ssl, rows->max_proto) ||
	    !set_session_context(ssl, rows))
		return kssl_set_ssl_error(EINVAL, "OpenSSL refuses a setting");
	if (!set_suites(ssl, rows))
		return 0;
	if (kssl_ssl_role(rows) == KSSL_ROLE_SERVER)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return 1;
}

static int is_address(const char *host)
{
	unsigned char addr[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, addr) == 1 ||
		inet_pton(AF_INET6, host, addr) == 1;
}

int kssl_ssl_set_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	int ok;

	if (is_address(host)) {
		/* RFC 6066 section 3: no addresses in server_name. */
		ok = X509_VERIFY_PARAM_set1_ip_asc(param, host);
	} else {
		SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
		ok = X509_VERIFY_PARAM_set1_host(param, host, 0) &&
			SSL_set_tlsext_host_name(ssl, host);
	}
	return ok || kssl_set_ssl_error(EINVAL, "not a host name");
}
