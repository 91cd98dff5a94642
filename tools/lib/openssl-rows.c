// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The rows that the kernel's object has beyond openssl-config.c's, put on an
 * SSL. What a row at its default leaves is the SSL_CTX's. A row that is set and
 * that this bridge does not put into effect is refused by name: a handshake
 * without it would be another one than was asked for.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "internal.h"
#include "openssl.h"

#define SCHEME_MAX	64	/* a name and a colon */
#define RECORD_MAX	16384

static_assert(KSSL_VERIFY_FLAG_CRL_CHECK == X509_V_FLAG_CRL_CHECK,
	      "flags differ");
static_assert(KSSL_VERIFY_FLAG_NO_CHECK_TIME == X509_V_FLAG_NO_CHECK_TIME,
	      "flags differ");
static_assert(KSSL_HOST_FLAG_NEVER_CHECK_SUBJECT ==
	      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, "flags differ");

static int refuse(const char *row, const char *text)
{
	return kssl_set_error(EOPNOTSUPP, "%s: %s", row, text);
}

static int failed(const char *row)
{
	return kssl_set_ssl_error(EINVAL, row);
}

static const struct kssl_blob *blob_of(const struct kssl_rows *rows, int attr)
{
	return &rows->material->blob[attr];
}

/* --- what there is no way for -------------------------------------------- */

static int refuse_unknown(const struct kssl_rows *rows)
{
	const struct kssl_settings_info *info = rows->info;
	const char *row = NULL;

	if (info->max_fragment_len)
		row = "max-fragment-len";
	else if (info->max_send_fragment != RECORD_MAX ||
		 info->split_send_fragment != RECORD_MAX)
		row = "max-send-fragment or split-send-fragment";
	else if (info->block_padding > 1)
		row = "block-padding";
	return row ? refuse(row, "net/tls cannot keep it") : 1;
}

/* --- verification --------------------------------------------------------- */

/* The names have their length before them, and the kernel checked that. */
static int add_hosts(X509_VERIFY_PARAM *param, const struct kssl_blob *hosts)
{
	const unsigned char *at = hosts->data, *end = at + hosts->len;

	if (hosts->len && !X509_VERIFY_PARAM_set1_host(param, NULL, 0))
		return 0;
	for (; at < end; at += 1 + *at)
		if (!X509_VERIFY_PARAM_add1_host(param, (const char *)at + 1,
						 *at))
			return 0;
	return 1;
}

static int set_param(const struct kssl_rows *rows)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(rows->ssl);
	const struct kssl_settings_info *info = rows->info;
	const struct kssl_blob *email;

	if (info->verify_flags)
		X509_VERIFY_PARAM_set_flags(param, info->verify_flags);
	if (info->verify_host_flags)
		X509_VERIFY_PARAM_set_hostflags(param, info->verify_host_flags);
	if (info->verify_time)
		X509_VERIFY_PARAM_set_time(param, info->verify_time);
	if (info->verify_auth_level >= 0)
		X509_VERIFY_PARAM_set_auth_level(param,
						 info->verify_auth_level);
	if (info->verify_purpose &&
	    !X509_VERIFY_PARAM_set_purpose(param, info->verify_purpose))
		return failed("verify-purpose");
	if (info->verify_trust &&
	    !X509_VERIFY_PARAM_set_trust(param, info->verify_trust))
		return failed("verify-trust");
	if (!add_hosts(param, blob_of(rows, KSSL_A_SETTINGS_VERIFY_HOSTS)))
		return failed("verify-hosts");
	email = blob_of(rows, KSSL_A_SETTINGS_VERIFY_EMAIL);
	if (email->len &&
	    !X509_VERIFY_PARAM_set1_email(param, (const char *)email->data,
					  email->len))
		return failed("verify-email");
	if (info->verify_ip_len &&
	    !X509_VERIFY_PARAM_set1_ip(param, info->verify_ip,
				       info->verify_ip_len))
		return failed("verify-ip");
	return 1;
}

static int set_trust(const struct kssl_rows *rows)
{
	int ok;

	if (!rows->own && !rows->info->trust_system &&
	    !blob_of(rows, KSSL_A_SETTINGS_TRUST_ANCHORS)->len &&
	    !blob_of(rows, KSSL_A_SETTINGS_CRLS)->len)
		return 1;
	ok = SSL_set1_verify_cert_store(rows->ssl, rows->material->store);
	if (ok && rows->own)
		ok = SSL_set1_chain_cert_store(rows->ssl,
					       rows->material->store);
	return ok || failed("trust-anchors");
}

/* --- certificates --------------------------------------------------------- */

static int set_certificate(SSL *ssl, const struct kssl_identity *identity)
{
	int ok;

	if (!identity->cert)
		return 1;
	if (identity->key)
		ok = SSL_use_cert_and_key(ssl, identity->cert, identity->key,
					  NULL, 1) || failed("private-key");
	else
		ok = SSL_use_certificate(ssl, identity->cert) ||
			failed("certificate");
	return ok && (SSL_set1_chain(ssl, identity->chain) || failed("chain"));
}

/* The one that is current comes last, as in a program that sets them. */
static int set_certificates(const struct kssl_rows *rows)
{
	const struct kssl_identity *identity = rows->material->identity;
	int current = rows->info->certificate_current, slot;

	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++)
		if (slot != current &&
		    !set_certificate(rows->ssl, &identity[slot]))
			return 0;
	return set_certificate(rows->ssl, &identity[current]);
}

static int set_ca_list(const struct kssl_rows *rows,
		       const struct stack_st_X509_NAME *names,
		       void (*set)(SSL *ssl, struct stack_st_X509_NAME *names))
{
	struct stack_st_X509_NAME *copy;

	if (!names && !rows->own)
		return 1;
	copy = names ? SSL_dup_CA_list(names) : sk_X509_NAME_new_null();
	if (!copy)
		return failed("ca-list or client-ca-list");
	set(rows->ssl, copy);
	return 1;
}

/* --- the handshake -------------------------------------------------------- */

struct scheme {
	uint16_t code;
	const char *name;
};

static const struct scheme groups[] = {
	{ 0x0017, "P-256" }, { 0x0018, "P-384" }, { 0x0019, "P-521" },
	{ 0x001d, "X25519" }, { 0x001e, "X448" }, { 0x0100, "ffdhe2048" },
	{ 0x0101, "ffdhe3072" }, { 0x0102, "ffdhe4096" },
	{ 0x0103, "ffdhe6144" }, { 0x0104, "ffdhe8192" }, { 0, NULL },
};

static const struct scheme sigalgs[] = {
	{ 0x0201, "rsa_pkcs1_sha1" }, { 0x0203, "ECDSA+SHA1" },
	{ 0x0301, "RSA+SHA224" }, { 0x0303, "ECDSA+SHA224" },
	{ 0x0202, "DSA+SHA1" }, { 0x0302, "DSA+SHA224" },
	{ 0x0402, "DSA+SHA256" }, { 0x0502, "DSA+SHA384" },
	{ 0x0602, "DSA+SHA512" },
	{ 0x0401, "rsa_pkcs1_sha256" }, { 0x0501, "rsa_pkcs1_sha384" },
	{ 0x0601, "rsa_pkcs1_sha512" }, { 0x0403, "ecdsa_secp256r1_sha256" },
	{ 0x0503, "ecdsa_secp384r1_sha384" },
	{ 0x0603, "ecdsa_secp521r1_sha512" }, { 0x0804, "rsa_pss_rsae_sha256" },
	{ 0x0805, "rsa_pss_rsae_sha384" }, { 0x0806, "rsa_pss_rsae_sha512" },
	{ 0x0807, "ed25519" }, { 0x0808, "ed448" },
	{ 0x0809, "rsa_pss_pss_sha256" }, { 0x080a, "rsa_pss_pss_sha384" },
	{ 0x080b, "rsa_pss_pss_sha512" }, { 0, NULL },
};

static const char *scheme_name(const struct scheme *schemes, uint16_t code)
{
	for (; schemes->name; schemes++)
		if (schemes->code == code)
			return schemes->name;
	return NULL;
}

/* OpenSSL's list, or NULL with the row's codes that have no name refused. */
static char *scheme_list(const char *row, const struct scheme *schemes,
			 const uint16_t *codes, size_t n)
{
	char *list = malloc(n * SCHEME_MAX + 1), *at = list;
	const char *name;
	size_t i;

	if (!list)
		kssl_set_error(ENOMEM, "out of memory");
	for (i = 0; list && i < n; i++) {
		name = scheme_name(schemes, codes[i]);
		if (!name) {
			refuse(row, "a code that OpenSSL has no name for");
			free(list);
			return NULL;
		}
		if (i)
			*at++ = ':';
		at = stpcpy(at, name);
	}
	return list;
}

static long set_groups(SSL *ssl, const char *list)
{
	return SSL_set1_groups_list(ssl, list);
}

static long set_sigalgs(SSL *ssl, const char *list)
{
	return SSL_set1_sigalgs_list(ssl, list);
}

static long set_client_sigalgs(SSL *ssl, const char *list)
{
	return SSL_set1_client_sigalgs_list(ssl, list);
}

static int set_schemes(const struct kssl_rows *rows, const char *row,
		       const struct scheme *schemes, const uint16_t *codes,
		       size_t n, long (*set)(SSL *ssl, const char *list))
{
	char *list;
	long ok;

	if (!n)
		return 1;
	list = scheme_list(row, schemes, codes, n);
	if (!list)
		return 0;
	ok = set(rows->ssl, list);
	free(list);
	return ok == 1 || failed(row);
}

/*
 * openssl.cnf may have put others into the SSL_CTX, and nothing takes them out
 * but another list: what OpenSSL 3.0 to 3.4 has without. Later ones have their
 * own name for their groups, and none for their signature schemes.
 */
static int set_standard(const struct kssl_rows *rows)
{
	static const uint16_t own_groups[] = {
		0x001d, 0x0017, 0x001e, 0x0019, 0x0018, 0x0100, 0x0101, 0x0102,
		0x0103, 0x0104,
	};
	static const uint16_t own_sigalgs[] = {
		0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b,
		0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0303, 0x0203,
		0x0301, 0x0201, 0x0302, 0x0202, 0x0402, 0x0502, 0x0602,
	};
	size_t n = KSSL_ARRAY_SIZE(own_sigalgs);

	if (OPENSSL_version_major() > 3 || OPENSSL_version_minor() >= 5)
		return set_groups(rows->ssl, "DEFAULT") == 1 ||
			failed("groups");
	return set_schemes(rows, "groups", groups, own_groups,
			   KSSL_ARRAY_SIZE(own_groups), set_groups) &&
		set_schemes(rows, "sigalgs", sigalgs, own_sigalgs, n,
			    set_sigalgs) &&
		set_schemes(rows, "client-sigalgs", sigalgs, own_sigalgs, n,
			    set_client_sigalgs);
}

static int set_lists(const struct kssl_rows *rows)
{
	const struct kssl_settings_info *info = rows->info;

	if (rows->own && !set_standard(rows))
		return 0;
	if (!set_schemes(rows, "groups", groups, info->groups, info->groups_n,
			 set_groups) ||
	    !set_schemes(rows, "sigalgs", sigalgs, info->sigalgs,
			 info->sigalgs_n, set_sigalgs))
		return 0;
	/* As in OpenSSL, those of its own are what a server asks for. */
	if (rows->own && !info->client_sigalgs_n)
		return set_schemes(rows, "sigalgs", sigalgs, info->sigalgs,
				   info->sigalgs_n, set_client_sigalgs);
	return set_schemes(rows, "client-sigalgs", sigalgs,
			   info->client_sigalgs, info->client_sigalgs_n,
			   set_client_sigalgs);
}

static int set_names(const struct kssl_rows *rows)
{
	const struct kssl_blob *sni = blob_of(rows, KSSL_A_SETTINGS_SNI);
	const struct kssl_blob *alpn = blob_of(rows, KSSL_A_SETTINGS_ALPN);

	if (rows->server)
		return 1;
	if (sni->len &&
	    !SSL_set_tlsext_host_name(rows->ssl, (const char *)sni->data))
		return failed("sni");
	return !alpn->len ||
		!SSL_set_alpn_protos(rows->ssl, alpn->data, alpn->len) ||
		failed("alpn");
}

/* Unlike the other rows it changes with each connection, and is a secret. */
static int set_session(const struct kssl_rows *rows)
{
	const unsigned char *at;
	SSL_SESSION *session;
	void *data;
	size_t len;
	int ok;

	if (!kssl_material_is_large(rows->material, KSSL_A_SETTINGS_SESSION))
		return 1;
	if (!kssl_get_row(rows->s, KSSL_A_SETTINGS_SESSION, &data, &len))
		return 0;
	at = data;
	session = d2i_SSL_SESSION(NULL, &at, len);
	OPENSSL_cleanse(data, len);
	free(data);
	ok = session && SSL_set_session(rows->ssl, session);
	SSL_SESSION_free(session);
	return ok || failed("session");
}

static int set_sessions(const struct kssl_rows *rows)
{
	const struct kssl_settings_info *info = rows->info;

	if (info->session_id_context_len &&
	    !SSL_set_session_id_context(rows->ssl, info->session_id_context,
					info->session_id_context_len))
		return failed("session-id-context");
	if (rows->own || info->num_tickets != 2)
		SSL_set_num_tickets(rows->ssl, info->num_tickets);
	if (info->max_early_data)
		SSL_set_max_early_data(rows->ssl, info->max_early_data);
	if (info->recv_max_early_data != RECORD_MAX)
		SSL_set_recv_max_early_data(rows->ssl,
					    info->recv_max_early_data);
	return rows->server || set_session(rows);
}

/* The SSL owns what it is given. */
static int set_dh(const struct kssl_rows *rows)
{
	EVP_PKEY *dh = rows->material->dh;

	if (rows->own || rows->info->dh_auto)
		SSL_set_dh_auto(rows->ssl, rows->info->dh_auto);
	if (!dh)
		return 1;
	EVP_PKEY_up_ref(dh);
	if (SSL_set0_tmp_dh_pkey(rows->ssl, dh))
		return 1;
	EVP_PKEY_free(dh);
	return failed("tmp-dh");
}

/* RFC 6698 section 2.1: usage, selector, matching type, data. */
#define TLSA_HEADER	3

/* Records that OpenSSL cannot use do not count; one has to be usable. */
static int add_tlsa(SSL *ssl, const struct kssl_blob *blob)
{
	const unsigned char *at = blob->data, *end = at + blob->len;
	int usable = 0, ret;
	size_t len;

	for (; at < end; at += 2 + len) {
		len = at[0] << 8 | at[1];
		ret = SSL_dane_tlsa_add(ssl, at[2], at[3], at[4],
					at + 2 + TLSA_HEADER,
					len - TLSA_HEADER);
		if (ret < 0)
			return failed("dane-tlsa");
		usable += ret;
	}
	return usable || kssl_set_error(EINVAL, "dane-tlsa: none is usable");
}

/* Empties the host names, which therefore come after it. */
static int set_dane(const struct kssl_rows *rows)
{
	const struct kssl_settings_info *info = rows->info;

	if (!info->dane_enabled)
		return 1;
	if (SSL_dane_enable(rows->ssl, NULL) <= 0)
		return failed("dane-enabled");
	SSL_dane_set_flags(rows->ssl, info->dane_flags);
	return add_tlsa(rows->ssl, blob_of(rows, KSSL_A_SETTINGS_DANE_TLSA));
}

static int set_cert_types(const struct kssl_rows *rows)
{
	const struct kssl_blob *types =
		blob_of(rows, KSSL_A_SETTINGS_CLIENT_CERT_TYPES);

	return !types->len ||
		SSL_set1_client_certificate_types(rows->ssl, types->data,
						  types->len) ||
		failed("client-cert-types");
}

static int set_rest(const struct kssl_rows *rows)
{
	const struct kssl_settings_info *info = rows->info;

	if (rows->own || info->security_level != 2)
		SSL_set_security_level(rows->ssl, info->security_level);
	if (info->quiet_shutdown)
		SSL_set_quiet_shutdown(rows->ssl, 1);
	return !rows->server || (set_dh(rows) && set_cert_types(rows));
}

int kssl_rows_apply(const struct kssl_rows *rows)
{
	const struct kssl_material *material = rows->material;

	if (!refuse_unknown(rows))
		return 0;
	if (rows->own)
		SSL_certs_clear(rows->ssl);
	/* The level decides which certificates can be had. */
	return set_rest(rows) && set_dane(rows) && set_param(rows) &&
		set_trust(rows) && set_certificates(rows) &&
		set_ca_list(rows, material->ca_list, SSL_set0_CA_list) &&
		set_ca_list(rows, material->client_ca_list,
			    SSL_set_client_CA_list) &&
		set_lists(rows) && set_names(rows) && set_sessions(rows);
}
