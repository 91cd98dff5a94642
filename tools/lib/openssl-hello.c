// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rows that OpenSSL asks for by callbacks while it makes a handshake: the
 * protocol that a server selects, stapled responses, extensions, pre-shared
 * keys.
 *
 * Only an SSL_CTX has most of these callbacks, and nobody can ask it for those
 * that a program has set. So they are set on an SSL_CTX that is the library's
 * own; all its SSLs share them, and each finds its rows through its watch.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "internal.h"
#include "openssl.h"

#define EXT_CONTEXT	4
#define EXT_TYPE	2
#define EXT_LEN		2

/* What OpenSSL makes of serverinfo without a context. */
#define V1_CONTEXT	(SSL_EXT_TLS1_2_AND_BELOW_ONLY |		\
			 SSL_EXT_CLIENT_HELLO |				\
			 SSL_EXT_TLS1_2_SERVER_HELLO |			\
			 SSL_EXT_IGNORE_ON_RESUMPTION)

/* Every message that can carry one; which of them do is for the rows to say. */
#define ANY_CONTEXT	(SSL_EXT_CLIENT_HELLO |				\
			 SSL_EXT_TLS1_2_SERVER_HELLO |			\
			 SSL_EXT_TLS1_3_SERVER_HELLO |			\
			 SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS |		\
			 SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST |		\
			 SSL_EXT_TLS1_3_CERTIFICATE |			\
			 SSL_EXT_TLS1_3_NEW_SESSION_TICKET |		\
			 SSL_EXT_TLS1_3_CERTIFICATE_REQUEST)

enum { SERVERINFO, SERVERINFO_V2, CUSTOM, LISTS };

static const uint16_t list_attr[LISTS] = {
	[SERVERINFO] = KSSL_A_SETTINGS_SERVERINFO,
	[SERVERINFO_V2] = KSSL_A_SETTINGS_SERVERINFO_V2,
	[CUSTOM] = KSSL_A_SETTINGS_CUSTOM_EXTENSIONS,
};

struct kssl_hello {
	int server;
	struct kssl_blob alpn;
	struct kssl_blob list[LISTS];
	struct kssl_blob cert[KSSL_CERT_SLOTS];	/* of those with a response */
	struct kssl_blob ocsp[KSSL_CERT_SLOTS];
	struct kssl_blob psk;
	char *identity;
	char *hint;
};

void kssl_hello_free(struct kssl_hello *hello)
{
	int i;

	if (!hello)
		return;
	free(hello->alpn.data);
	for (i = 0; i < LISTS; i++)
		free(hello->list[i].data);
	for (i = 0; i < KSSL_CERT_SLOTS; i++) {
		free(hello->cert[i].data);
		free(hello->ocsp[i].data);
	}
	OPENSSL_clear_free(hello->psk.data, hello->psk.len);
	free(hello->identity);
	free(hello->hint);
	free(hello);
}

static const struct kssl_hello *hello_of(const SSL *ssl)
{
	const struct kssl_watch *watch = kssl_watch_of(ssl);

	return watch ? watch->hello : NULL;
}

/* --- protocols ------------------------------------------------------------ */

/* RFC 7301 section 3.2: none in common is an alert. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		   const unsigned char *in, unsigned int in_len, void *arg)
{
	const struct kssl_hello *hello = hello_of(ssl);
	unsigned char *chosen;

	(void)arg;
	if (!hello || !hello->alpn.len)
		return SSL_TLSEXT_ERR_NOACK;
	if (SSL_select_next_proto(&chosen, out_len, hello->alpn.data,
				  hello->alpn.len, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* --- stapled responses ---------------------------------------------------- */

static int is_cert(const unsigned char *der, int len,
		   const struct kssl_blob *cert)
{
	return len > 0 && (size_t)len == cert->len &&
		!memcmp(der, cert->data, cert->len);
}

/* The slot of the certificate that is about to be shown, or -1. */
static int find_slot(const SSL *ssl, const struct kssl_hello *hello)
{
	X509 *cert = SSL_get_certificate(ssl);
	unsigned char *der = NULL;
	int len = cert ? i2d_X509(cert, &der) : 0, slot = KSSL_CERT_SLOTS - 1;

	while (slot >= 0 && !(hello->ocsp[slot].len &&
			      is_cert(der, len, &hello->cert[slot])))
		slot--;
	OPENSSL_free(der);
	return slot;
}

/* OpenSSL owns the response that it is given. */
static int on_status(SSL *ssl, void *arg)
{
	const struct kssl_hello *hello = hello_of(ssl);
	const struct kssl_blob *ocsp;
	unsigned char *copy;
	int slot;

	(void)arg;
	slot = hello ? find_slot(ssl, hello) : -1;
	if (slot < 0)
		return SSL_TLSEXT_ERR_NOACK;
	ocsp = &hello->ocsp[slot];
	copy = OPENSSL_memdup(ocsp->data, ocsp->len);
	if (!copy)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, ocsp->len);
	return SSL_TLSEXT_ERR_OK;
}

/* --- extensions ----------------------------------------------------------- */

struct extension {
	unsigned int context, type;
	const unsigned char *data;
	size_t len;
};

static unsigned int get_number(const unsigned char *at, int n)
{
	unsigned int number = 0;

	while (n--)
		number = number << 8 | *at++;
	return number;
}

/* The one at @at, of a list whose framing the kernel has checked. */
static const unsigned char *next_extension(int list, const unsigned char *at,
					   struct extension *ext)
{
	ext->context = V1_CONTEXT;
	if (list != SERVERINFO) {
		ext->context = get_number(at, EXT_CONTEXT);
		at += EXT_CONTEXT;
	}
	ext->type = get_number(at, EXT_TYPE);
	ext->len = get_number(at + EXT_TYPE, EXT_LEN);
	ext->data = at + EXT_TYPE + EXT_LEN;
	return ext->data + ext->len;
}

static int find_extension(const struct kssl_hello *hello, unsigned int type,
			  unsigned int context, struct extension *ext)
{
	const unsigned char *at, *end;
	int list;

	for (list = 0; list < LISTS; list++) {
		if (list != CUSTOM && !hello->server)
			continue;
		at = hello->list[list].data;
		end = at + hello->list[list].len;
		while (at < end) {
			at = next_extension(list, at, ext);
			if (ext->type == type && ext->context & context)
				return 1;
		}
	}
	return 0;
}

/* SSL_CTX_add_custom_ext(3): 1 adds, 0 does not. */
static int on_add(SSL *ssl, unsigned int type, unsigned int context,
		  const unsigned char **out, size_t *out_len, X509 *x,
		  size_t chain_index, int *alert, void *arg)
{
	const struct kssl_hello *hello = hello_of(ssl);
	struct extension ext;

	(void)x, (void)alert, (void)arg;
	/* A chain's are its first certificate's. */
	if (!hello || (context & SSL_EXT_TLS1_3_CERTIFICATE && chain_index))
		return 0;
	if (!find_extension(hello, type, context, &ext))
		return 0;
	if (ext.context & SSL_EXT_IGNORE_ON_RESUMPTION && hello->server &&
	    SSL_session_reused(ssl))
		return 0;
	*out = ext.data;
	*out_len = ext.len;
	return 1;
}

/* An SSL_CTX that knows a type already is content with that. */
static int add_type(SSL_CTX *own, unsigned int type)
{
	return SSL_CTX_has_client_custom_ext(own, type) ||
		SSL_CTX_add_custom_ext(own, type, ANY_CONTEXT, on_add, NULL,
				       NULL, NULL, NULL) ||
		kssl_set_error(EOPNOTSUPP,
			       "extension %u is one that OpenSSL makes", type);
}

static int add_types(SSL_CTX *own, const struct kssl_hello *hello)
{
	const unsigned char *at, *end;
	struct extension ext;
	int list;

	for (list = 0; list < LISTS; list++) {
		at = hello->list[list].data;
		end = at + hello->list[list].len;
		while (at < end) {
			at = next_extension(list, at, &ext);
			if (!add_type(own, ext.type))
				return 0;
		}
	}
	return 1;
}

/* --- pre-shared keys ------------------------------------------------------ */

static unsigned int copy_psk(const struct kssl_hello *hello, unsigned char *psk,
			     unsigned int max)
{
	if (hello->psk.len > max)
		return 0;
	memcpy(psk, hello->psk.data, hello->psk.len);
	return hello->psk.len;
}

static unsigned int on_psk_client(SSL *ssl, const char *hint, char *identity,
				  unsigned int max_identity, unsigned char *psk,
				  unsigned int max_psk)
{
	const struct kssl_hello *hello = hello_of(ssl);

	(void)hint;
	if (!hello || strlen(hello->identity) >= max_identity)
		return 0;
	strcpy(identity, hello->identity);
	return copy_psk(hello, psk, max_psk);
}

static unsigned int on_psk_server(SSL *ssl, const char *identity,
				  unsigned char *psk, unsigned int max_psk)
{
	const struct kssl_hello *hello = hello_of(ssl);

	if (!hello || !identity || strcmp(identity, hello->identity))
		return 0;
	return copy_psk(hello, psk, max_psk);
}

static int set_psk(SSL *ssl, const struct kssl_hello *hello)
{
	if (hello->server && *hello->hint &&
	    !SSL_use_psk_identity_hint(ssl, hello->hint))
		return kssl_set_ssl_error(EINVAL, "psk-identity-hint");
	if (!hello->psk.len)
		return 1;
	if (hello->server)
		SSL_set_psk_server_callback(ssl, on_psk_server);
	else
		SSL_set_psk_client_callback(ssl, on_psk_client);
	return 1;
}

/* --- the SSL_CTX and its SSLs --------------------------------------------- */

/* Guards the types of extensions of every SSL_CTX that is the library's. */
static pthread_mutex_t types_lock = PTHREAD_MUTEX_INITIALIZER;

int kssl_hello_prepare(SSL_CTX *own)
{
	SSL_CTX_set_alpn_select_cb(own, on_alpn, NULL);
	SSL_CTX_set_tlsext_status_cb(own, on_status);
	return SSL_CTX_dane_enable(own) > 0 ||
		kssl_set_ssl_error(ENOMEM, "cannot make an SSL_CTX");
}

int kssl_hello_owns(SSL_CTX *ssl_ctx)
{
	int (*status)(SSL *ssl, void *arg) = NULL;

	SSL_CTX_get_tlsext_status_cb(ssl_ctx, &status);
	return status == on_status;
}

/* Which row of @hello only an SSL_CTX of the library's own can give. */
static const char *row_of_own(const struct kssl_hello *hello)
{
	int slot;

	if (hello->server && hello->alpn.len)
		return "alpn of a server";
	if (hello->list[SERVERINFO].len)
		return "serverinfo";
	if (hello->list[SERVERINFO_V2].len)
		return "serverinfo-v2";
	if (hello->list[CUSTOM].len)
		return "custom-extensions";
	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++)
		if (hello->ocsp[slot].len)
			return "ocsp";
	return NULL;
}

SSL *kssl_hello_new_ssl(SSL_CTX *ssl_ctx, const struct kssl_hello *hello)
{
	int own = kssl_hello_owns(ssl_ctx);
	const char *row = own ? NULL : row_of_own(hello);
	SSL *ssl = NULL;

	if (row) {
		kssl_set_error(EOPNOTSUPP, "%s: not with a base SSL_CTX", row);
		return NULL;
	}
	pthread_mutex_lock(&types_lock);
	if (!own || add_types(ssl_ctx, hello)) {
		ssl = SSL_new(ssl_ctx);
		if (!ssl)
			kssl_set_ssl_error(ENOMEM, "cannot make an SSL");
	}
	pthread_mutex_unlock(&types_lock);
	return ssl;
}

int kssl_hello_apply(SSL *ssl, struct kssl_hello *hello)
{
	struct kssl_watch *watch = kssl_watch_of(ssl);

	kssl_hello_free(watch->hello);
	watch->hello = hello;
	return set_psk(ssl, hello);
}

/* --- collecting them ------------------------------------------------------ */

static int collect_ocsp(const struct kssl_rows *rows, struct kssl_hello *hello)
{
	const struct kssl_settings_info *info = rows->info;
	int slot;

	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++) {
		if (!kssl_rows_fetch(rows, KSSL_A_SETTINGS_OCSP_RSA + slot,
				     info->ocsp[slot], info->ocsp_len[slot],
				     &hello->ocsp[slot]))
			return 0;
		if (hello->ocsp[slot].len &&
		    !kssl_rows_fetch(rows,
				     KSSL_A_SETTINGS_CERTIFICATE_RSA + slot,
				     info->certificate[slot],
				     info->certificate_len[slot],
				     &hello->cert[slot]))
			return 0;
	}
	return 1;
}

static int collect_extensions(const struct kssl_rows *rows,
			      struct kssl_hello *hello)
{
	const struct kssl_settings_info *info = rows->info;
	const uint8_t * const data[LISTS] = {
		info->serverinfo, info->serverinfo_v2, info->custom_extensions,
	};
	const size_t len[LISTS] = {
		info->serverinfo_len, info->serverinfo_v2_len,
		info->custom_extensions_len,
	};
	int list;

	for (list = 0; list < LISTS; list++)
		if (!kssl_rows_fetch(rows, list_attr[list], data[list],
				     len[list], &hello->list[list]))
			return 0;
	return 1;
}

static int collect_psk(const struct kssl_rows *rows, struct kssl_hello *hello)
{
	const struct kssl_settings_info *info = rows->info;

	if (!kssl_rows_fetch_text(rows, KSSL_A_SETTINGS_PSK_IDENTITY_HINT,
				  info->psk_identity_hint, &hello->hint))
		return 0;
	if (!info->psk_key)
		return 1;
	if (!kssl_rows_fetch_text(rows, KSSL_A_SETTINGS_PSK_IDENTITY,
				  info->psk_identity, &hello->identity))
		return 0;
	return *hello->identity ?
		kssl_read_payload("psk-key", info->psk_key, &hello->psk) :
		kssl_set_error(EINVAL, "psk-key without psk-identity");
}

struct kssl_hello *kssl_hello_collect(const struct kssl_rows *rows)
{
	const struct kssl_settings_info *info = rows->info;
	struct kssl_hello *hello = calloc(1, sizeof(*hello));

	if (!hello) {
		kssl_set_error(ENOMEM, "out of memory");
		return NULL;
	}
	hello->server = rows->server;
	if (kssl_rows_fetch(rows, KSSL_A_SETTINGS_ALPN, info->alpn,
			    info->alpn_len, &hello->alpn) &&
	    collect_ocsp(rows, hello) && collect_extensions(rows, hello) &&
	    collect_psk(rows, hello))
		return hello;
	kssl_hello_free(hello);
	return NULL;
}
