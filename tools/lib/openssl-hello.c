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

static const struct kssl_material *material_of(const SSL *ssl)
{
	const struct kssl_watch *watch = kssl_watch_of(ssl);

	return watch ? watch->material : NULL;
}

/* --- protocols ------------------------------------------------------------ */

/* RFC 7301 section 3.2: none in common is an alert. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		   const unsigned char *in, unsigned int in_len, void *arg)
{
	const struct kssl_material *material = material_of(ssl);
	const struct kssl_blob *alpn;
	unsigned char *chosen;

	(void)arg;
	alpn = material ? &material->blob[KSSL_A_SETTINGS_ALPN] : NULL;
	if (!alpn || !alpn->len)
		return SSL_TLSEXT_ERR_NOACK;
	if (SSL_select_next_proto(&chosen, out_len, alpn->data, alpn->len, in,
				  in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* --- stapled responses ---------------------------------------------------- */

static const struct kssl_blob *ocsp_of(const struct kssl_material *material,
				       int slot)
{
	return &material->blob[KSSL_A_SETTINGS_OCSP_RSA + slot];
}

/* The slot of the certificate that is about to be shown, or -1. */
static int find_slot(const SSL *ssl, const struct kssl_material *material)
{
	X509 *cert = SSL_get_certificate(ssl), *own;
	int slot;

	for (slot = KSSL_CERT_SLOTS - 1; slot >= 0; slot--) {
		own = material->identity[slot].cert;
		if (cert && own && ocsp_of(material, slot)->len &&
		    !X509_cmp(cert, own))
			break;
	}
	return slot;
}

/* OpenSSL owns the response that it is given. */
static int on_status(SSL *ssl, void *arg)
{
	const struct kssl_material *material = material_of(ssl);
	const struct kssl_blob *ocsp;
	unsigned char *copy;
	int slot;

	(void)arg;
	slot = material ? find_slot(ssl, material) : -1;
	if (slot < 0)
		return SSL_TLSEXT_ERR_NOACK;
	ocsp = ocsp_of(material, slot);
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

static int find_extension(const struct kssl_material *material,
			  unsigned int type, unsigned int context,
			  struct extension *ext)
{
	const unsigned char *at, *end;
	int list;

	for (list = 0; list < LISTS; list++) {
		if (list != CUSTOM && !material->server)
			continue;
		at = material->blob[list_attr[list]].data;
		end = at + material->blob[list_attr[list]].len;
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
	const struct kssl_material *material = material_of(ssl);
	struct extension ext;

	(void)x, (void)alert, (void)arg;
	/* A chain's are its first certificate's. */
	if (!material || (context & SSL_EXT_TLS1_3_CERTIFICATE && chain_index))
		return 0;
	if (!find_extension(material, type, context, &ext))
		return 0;
	if (ext.context & SSL_EXT_IGNORE_ON_RESUMPTION && material->server &&
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

static int add_types(SSL_CTX *own, const struct kssl_material *material)
{
	const unsigned char *at, *end;
	struct extension ext;
	int list;

	for (list = 0; list < LISTS; list++) {
		at = material->blob[list_attr[list]].data;
		end = at + material->blob[list_attr[list]].len;
		while (at < end) {
			at = next_extension(list, at, &ext);
			if (!add_type(own, ext.type))
				return 0;
		}
	}
	return 1;
}

/* --- pre-shared keys ------------------------------------------------------ */

static unsigned int copy_psk(const struct kssl_blob *from, unsigned char *psk,
			     unsigned int max)
{
	if (from->len > max)
		return 0;
	memcpy(psk, from->data, from->len);
	return from->len;
}

static const char *text_of(const struct kssl_material *material, int attr)
{
	return (const char *)material->blob[attr].data;
}

static unsigned int on_psk_client(SSL *ssl, const char *hint, char *identity,
				  unsigned int max_identity, unsigned char *psk,
				  unsigned int max_psk)
{
	const struct kssl_material *material = material_of(ssl);
	const char *own;

	(void)hint;
	own = material ? text_of(material, KSSL_A_SETTINGS_PSK_IDENTITY) : NULL;
	if (!own || strlen(own) >= max_identity)
		return 0;
	strcpy(identity, own);
	return copy_psk(&material->psk, psk, max_psk);
}

static unsigned int on_psk_server(SSL *ssl, const char *identity,
				  unsigned char *psk, unsigned int max_psk)
{
	const struct kssl_material *material = material_of(ssl);

	if (!material || !identity ||
	    strcmp(identity, text_of(material, KSSL_A_SETTINGS_PSK_IDENTITY)))
		return 0;
	return copy_psk(&material->psk, psk, max_psk);
}

int kssl_hello_apply(SSL *ssl, const struct kssl_material *material)
{
	const char *hint = text_of(material, KSSL_A_SETTINGS_PSK_IDENTITY_HINT);

	if (material->server && *hint && !SSL_use_psk_identity_hint(ssl, hint))
		return kssl_set_ssl_error(EINVAL, "psk-identity-hint");
	if (!material->psk.len)
		return 1;
	if (material->server)
		SSL_set_psk_server_callback(ssl, on_psk_server);
	else
		SSL_set_psk_client_callback(ssl, on_psk_client);
	return 1;
}

/* --- tickets -------------------------------------------------------------- */

/* Without keys in the rows it is OpenSSL's own, which each SSL_CTX has. */
static int own_ticket_key(SSL_CTX *own, struct kssl_ticket_key *key)
{
	unsigned char data[80];
	struct kssl_blob blob = { data, sizeof(data) };
	int ok;

	ok = SSL_CTX_get_tlsext_ticket_keys(own, data, sizeof(data)) == 1 &&
		kssl_ticket_key_parse(&blob, key);
	OPENSSL_cleanse(data, sizeof(data));
	return ok;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
		     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc)
{
	const struct kssl_material *material = material_of(ssl);
	struct kssl_ticket_key key;
	int ret = -1;

	if (material && material->ticket_keys)
		ret = kssl_ticket_crypt(material->ticket_key,
					material->ticket_keys, name, iv, cipher,
					mac, enc);
	else if (own_ticket_key(SSL_get_SSL_CTX(ssl), &key))
		ret = kssl_ticket_crypt(&key, 1, name, iv, cipher, mac, enc);
	OPENSSL_cleanse(&key, sizeof(key));
	/* RFC 8446 appendix C.4: a ticket is used once, so a new one is due. */
	return !enc && ret == 1 && SSL_version(ssl) == TLS1_3_VERSION ? 2 : ret;
}

/* --- the SSL_CTX and its SSLs --------------------------------------------- */

/* Guards the types of extensions of every SSL_CTX that is the library's. */
static pthread_mutex_t types_lock = PTHREAD_MUTEX_INITIALIZER;

SSL_CTX *kssl_hello_new_own(void)
{
	SSL_CTX *own = SSL_CTX_new(TLS_method());

	if (!own || SSL_CTX_dane_enable(own) <= 0 ||
	    !SSL_CTX_set_tlsext_ticket_key_evp_cb(own, on_ticket)) {
		kssl_set_ssl_error(ENOMEM, "cannot make an SSL_CTX");
		SSL_CTX_free(own);
		return NULL;
	}
	SSL_CTX_set_alpn_select_cb(own, on_alpn, NULL);
	SSL_CTX_set_tlsext_status_cb(own, on_status);
	if (kssl_openssl_prepare(own))
		return own;
	SSL_CTX_free(own);
	return NULL;
}

int kssl_hello_owns(SSL_CTX *ssl_ctx)
{
	int (*status)(SSL *ssl, void *arg) = NULL;

	SSL_CTX_get_tlsext_status_cb(ssl_ctx, &status);
	return status == on_status;
}

static int has_ocsp(const struct kssl_material *material)
{
	int slot;

	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++)
		if (ocsp_of(material, slot)->len)
			return 1;
	return 0;
}

/* Which row only an SSL_CTX of the library's own can give. */
static const char *row_of_own(const struct kssl_material *material)
{
	if (material->server && material->blob[KSSL_A_SETTINGS_ALPN].len)
		return "alpn of a server";
	if (material->blob[KSSL_A_SETTINGS_SERVERINFO].len)
		return "serverinfo";
	if (material->blob[KSSL_A_SETTINGS_SERVERINFO_V2].len)
		return "serverinfo-v2";
	if (material->blob[KSSL_A_SETTINGS_CUSTOM_EXTENSIONS].len)
		return "custom-extensions";
	if (material->ticket_keys)
		return "ticket-keys";
	if (material->info->dane_mtypes_len)
		return "dane-mtypes";
	return has_ocsp(material) ? "ocsp" : NULL;
}

SSL *kssl_hello_new_ssl(SSL_CTX *ssl_ctx, const struct kssl_material *material)
{
	int own = kssl_hello_owns(ssl_ctx);
	const char *row = own ? NULL : row_of_own(material);
	SSL *ssl = NULL;

	if (row) {
		kssl_set_error(EOPNOTSUPP, "%s: not with a base SSL_CTX", row);
		return NULL;
	}
	pthread_mutex_lock(&types_lock);
	if (!own || add_types(ssl_ctx, material)) {
		ssl = SSL_new(ssl_ctx);
		if (!ssl)
			kssl_set_ssl_error(ENOMEM, "cannot make an SSL");
	}
	pthread_mutex_unlock(&types_lock);
	return ssl;
}
