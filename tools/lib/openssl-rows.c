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
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <openssl/decoder.h>
#include <openssl/x509v3.h>

#include "internal.h"
#include "openssl.h"

#define SCHEME_MAX	64	/* a name and a colon */
#define KEY_SIZE_MAX	65536
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

static int is_large(const struct kssl_rows *rows, uint16_t attr)
{
	size_t i;

	for (i = 0; i < rows->info->large_rows_n; i++)
		if (rows->info->large_rows[i] == attr)
			return 1;
	return 0;
}

int kssl_rows_fetch(const struct kssl_rows *rows, uint16_t attr,
		    const uint8_t *data, size_t len, struct kssl_blob *blob)
{
	void *large;

	*blob = (struct kssl_blob){ .len = len };
	if (len) {
		blob->data = malloc(len);
		if (!blob->data)
			return kssl_set_error(ENOMEM, "out of memory");
		memcpy(blob->data, data, len);
		return 1;
	}
	if (!is_large(rows, attr))
		return 1;
	if (!kssl_get_row(rows->s, attr, &large, &blob->len))
		return 0;
	blob->data = large;
	return 1;
}

int kssl_rows_fetch_text(const struct kssl_rows *rows, uint16_t attr,
			 const char *small, char **text)
{
	struct kssl_blob blob;

	*text = NULL;
	if (!kssl_rows_fetch(rows, attr, (const uint8_t *)small, strlen(small),
			     &blob))
		return 0;
	*text = strndup(blob.data ? (const char *)blob.data : "", blob.len);
	free(blob.data);
	return *text || kssl_set_error(ENOMEM, "out of memory");
}

/* --- what there is no way for -------------------------------------------- */

#define CALLBACKS_KNOWN	((uint32_t)KSSL_CALLBACK_INFO)

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
	if (row)
		return refuse(row, "net/tls cannot keep it");
	if (info->ticket_keys_n)
		row = "ticket-keys";
	else if (info->callbacks & ~CALLBACKS_KNOWN)
		row = "callbacks";
	else if (info->dane_mtypes_len)
		row = "dane-mtypes";
	else if (rows->server && info->dane_enabled)
		row = "dane-enabled of a server";
	return row ? refuse(row, "this bridge does not put it into effect") : 1;
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

static int set_hosts(const struct kssl_rows *rows, X509_VERIFY_PARAM *param)
{
	struct kssl_blob hosts;
	int ok;

	if (!kssl_rows_fetch(rows, KSSL_A_SETTINGS_VERIFY_HOSTS,
			     rows->info->verify_hosts,
			     rows->info->verify_hosts_len, &hosts))
		return 0;
	ok = add_hosts(param, &hosts);
	free(hosts.data);
	return ok || failed("verify-hosts");
}

static int set_email(const struct kssl_rows *rows, X509_VERIFY_PARAM *param)
{
	char *email;
	int ok;

	if (!kssl_rows_fetch_text(rows, KSSL_A_SETTINGS_VERIFY_EMAIL,
				  rows->info->verify_email, &email))
		return 0;
	ok = !*email || X509_VERIFY_PARAM_set1_email(param, email, 0);
	free(email);
	return ok || failed("verify-email");
}

static int set_param(const struct kssl_rows *rows)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(rows->ssl);
	const struct kssl_settings_info *info = rows->info;

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
	if (!set_hosts(rows, param) || !set_email(rows, param))
		return 0;
	if (info->verify_ip_len &&
	    !X509_VERIFY_PARAM_set1_ip(param, info->verify_ip,
				       info->verify_ip_len))
		return failed("verify-ip");
	return 1;
}

static int add_certs(X509_STORE *store, const struct kssl_blob *blob)
{
	const unsigned char *at = blob->data, *end = at + blob->len;
	X509 *cert;
	int ok = 1;

	while (ok && at < end) {
		cert = d2i_X509(NULL, &at, end - at);
		ok = cert && X509_STORE_add_cert(store, cert);
		X509_free(cert);
	}
	return ok;
}

static int add_crls(X509_STORE *store, const struct kssl_blob *blob)
{
	const unsigned char *at = blob->data, *end = at + blob->len;
	X509_CRL *crl;
	int ok = 1;

	while (ok && at < end) {
		crl = d2i_X509_CRL(NULL, &at, end - at);
		ok = crl && X509_STORE_add_crl(store, crl);
		X509_CRL_free(crl);
	}
	return ok;
}

/* A store of the rows alone: nothing is trusted that they do not name. */
static int set_store(const struct kssl_rows *rows,
		     const struct kssl_blob *anchors,
		     const struct kssl_blob *crls)
{
	X509_STORE *store = X509_STORE_new();
	int ok;

	ok = store && add_certs(store, anchors) && add_crls(store, crls);
	if (ok && rows->info->trust_system)
		ok = X509_STORE_set_default_paths(store);
	if (ok)
		ok = SSL_set1_verify_cert_store(rows->ssl, store);
	X509_STORE_free(store);
	return ok || failed("trust-anchors or crls");
}

static int set_trust(const struct kssl_rows *rows)
{
	const struct kssl_settings_info *info = rows->info;
	struct kssl_blob anchors, crls = { 0 };
	int ok;

	ok = kssl_rows_fetch(rows, KSSL_A_SETTINGS_TRUST_ANCHORS,
			     info->trust_anchors, info->trust_anchors_len,
			     &anchors) &&
		kssl_rows_fetch(rows, KSSL_A_SETTINGS_CRLS, info->crls,
				info->crls_len, &crls);
	if (ok && (anchors.len || crls.len || info->trust_system))
		ok = set_store(rows, &anchors, &crls);
	free(anchors.data);
	free(crls.data);
	return ok;
}

/* --- certificates --------------------------------------------------------- */

static int bad_key(const char *row, int err)
{
	const char *text = "the key cannot be read";

	if (err == EKEYREVOKED)
		text = "the key is revoked";
	else if (err == EKEYEXPIRED)
		text = "the key has expired";
	else if (err == ENOKEY)
		text = "no such key";
	else if (err == EACCES)
		text = "no permission to read the key";
	return kssl_set_error(err, "%s: %s", row, text);
}

static EVP_PKEY *parse_key(const unsigned char *data, size_t len)
{
	EVP_PKEY *key = NULL;
	OSSL_DECODER_CTX *ctx;

	/* Whatever it is in, and of whatever type it is. */
	ctx = OSSL_DECODER_CTX_new_for_pkey(&key, NULL, NULL, NULL,
					    EVP_PKEY_KEYPAIR, NULL, NULL);
	if (!ctx || !OSSL_DECODER_from_data(ctx, &data, &len))
		kssl_set_ssl_error(EINVAL, "private-key: no key in PEM or DER");
	OSSL_DECODER_CTX_free(ctx);
	return key;
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
		return bad_key(row, err);
	return kssl_set_error(len ? E2BIG : EINVAL, "%s: the key %s", row,
			      len ? "is too long" : "is empty");
}

/* The payload is there for as long as it takes to parse it. */
static EVP_PKEY *read_key(uint32_t serial)
{
	struct kssl_blob blob;
	EVP_PKEY *key;

	if (!kssl_read_payload("private-key", serial, &blob))
		return NULL;
	key = parse_key(blob.data, blob.len);
	OPENSSL_clear_free(blob.data, blob.len);
	return key;
}

static int use_chain(SSL *ssl, const struct kssl_blob *chain)
{
	const unsigned char *at = chain->data, *end = at + chain->len;
	X509 *cert;
	int ok = 1;

	while (ok && at < end) {
		cert = d2i_X509(NULL, &at, end - at);
		ok = cert && SSL_add1_chain_cert(ssl, cert);
		X509_free(cert);
	}
	return ok || failed("chain");
}

static int use_key(SSL *ssl, X509 *cert, uint32_t serial)
{
	EVP_PKEY *key = read_key(serial);
	int ok;

	if (!key)
		return 0;
	ok = SSL_use_cert_and_key(ssl, cert, key, NULL, 1);
	EVP_PKEY_free(key);
	return ok || failed("private-key");
}

static int use_certificate(const struct kssl_rows *rows, int slot,
			   const struct kssl_blob *blob,
			   const struct kssl_blob *chain)
{
	uint32_t serial = rows->info->private_key[slot];
	const unsigned char *at = blob->data;
	X509 *cert = d2i_X509(NULL, &at, blob->len);
	int ok;

	if (!cert)
		return failed("certificate");
	ok = serial ? use_key(rows->ssl, cert, serial) :
		SSL_use_certificate(rows->ssl, cert) || failed("certificate");
	X509_free(cert);
	return ok && SSL_clear_chain_certs(rows->ssl) &&
		use_chain(rows->ssl, chain);
}

static int set_certificate(const struct kssl_rows *rows, int slot)
{
	const struct kssl_settings_info *info = rows->info;
	struct kssl_blob cert, chain = { 0 };
	int ok;

	ok = kssl_rows_fetch(rows, KSSL_A_SETTINGS_CERTIFICATE_RSA + slot,
			     info->certificate[slot],
			     info->certificate_len[slot], &cert) &&
		kssl_rows_fetch(rows, KSSL_A_SETTINGS_CHAIN_RSA + slot,
				info->chain[slot], info->chain_len[slot],
				&chain);
	if (ok && cert.len)
		ok = use_certificate(rows, slot, &cert, &chain);
	free(cert.data);
	free(chain.data);
	return ok;
}

/* The one that is current comes last, as in a program that sets them. */
static int set_certificates(const struct kssl_rows *rows)
{
	int current = rows->info->certificate_current, slot;

	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++)
		if (slot != current && !set_certificate(rows, slot))
			return 0;
	return set_certificate(rows, current);
}

static struct stack_st_X509_NAME *parse_names(const struct kssl_blob *blob)
{
	const unsigned char *at = blob->data, *end = at + blob->len;
	struct stack_st_X509_NAME *names = sk_X509_NAME_new_null();
	X509_NAME *name;

	while (names && at < end) {
		name = d2i_X509_NAME(NULL, &at, end - at);
		if (name && sk_X509_NAME_push(names, name))
			continue;
		X509_NAME_free(name);
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return NULL;
	}
	return names;
}

static int set_ca_list(const struct kssl_rows *rows, uint16_t attr,
		       const uint8_t *data, size_t len,
		       void (*set)(SSL *ssl, struct stack_st_X509_NAME *names))
{
	struct stack_st_X509_NAME *names;
	struct kssl_blob blob;

	if (!kssl_rows_fetch(rows, attr, data, len, &blob))
		return 0;
	if (!blob.len)
		return 1;
	names = parse_names(&blob);
	free(blob.data);
	if (!names)
		return failed("ca-list or client-ca-list");
	set(rows->ssl, names);
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

static int set_lists(const struct kssl_rows *rows)
{
	const struct kssl_settings_info *info = rows->info;

	return set_schemes(rows, "groups", groups, info->groups,
			   info->groups_n, set_groups) &&
		set_schemes(rows, "sigalgs", sigalgs, info->sigalgs,
			    info->sigalgs_n, set_sigalgs) &&
		set_schemes(rows, "client-sigalgs", sigalgs,
			    info->client_sigalgs, info->client_sigalgs_n,
			    set_client_sigalgs);
}

static int set_sni(const struct kssl_rows *rows)
{
	char *name;
	int ok;

	if (!kssl_rows_fetch_text(rows, KSSL_A_SETTINGS_SNI, rows->info->sni,
				  &name))
		return 0;
	ok = !*name || SSL_set_tlsext_host_name(rows->ssl, name);
	free(name);
	return ok || failed("sni");
}

static int set_alpn(const struct kssl_rows *rows)
{
	struct kssl_blob alpn;
	int bad;

	if (!kssl_rows_fetch(rows, KSSL_A_SETTINGS_ALPN, rows->info->alpn,
			     rows->info->alpn_len, &alpn))
		return 0;
	bad = alpn.len && SSL_set_alpn_protos(rows->ssl, alpn.data, alpn.len);
	free(alpn.data);
	return !bad || failed("alpn");
}

static int set_session(const struct kssl_rows *rows)
{
	const unsigned char *at;
	SSL_SESSION *session;
	struct kssl_blob blob;
	int ok;

	if (!kssl_rows_fetch(rows, KSSL_A_SETTINGS_SESSION, NULL, 0, &blob))
		return 0;
	if (!blob.len)
		return 1;
	at = blob.data;
	session = d2i_SSL_SESSION(NULL, &at, blob.len);
	OPENSSL_cleanse(blob.data, blob.len);
	free(blob.data);
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

static int use_dh(SSL *ssl, const struct kssl_blob *blob)
{
	const unsigned char *at = blob->data;
	EVP_PKEY *params = d2i_KeyParams(EVP_PKEY_DH, NULL, &at, blob->len);

	if (params && SSL_set0_tmp_dh_pkey(ssl, params))
		return 1;
	EVP_PKEY_free(params);
	return failed("tmp-dh");
}

static int set_dh(const struct kssl_rows *rows)
{
	struct kssl_blob blob;
	int ok;

	if (rows->info->dh_auto)
		SSL_set_dh_auto(rows->ssl, rows->info->dh_auto);
	if (!kssl_rows_fetch(rows, KSSL_A_SETTINGS_TMP_DH, rows->info->tmp_dh,
			     rows->info->tmp_dh_len, &blob))
		return 0;
	ok = !blob.len || use_dh(rows->ssl, &blob);
	free(blob.data);
	return ok;
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
	struct kssl_blob tlsa;
	int ok;

	if (!info->dane_enabled)
		return 1;
	if (SSL_dane_enable(rows->ssl, NULL) <= 0)
		return failed("dane-enabled");
	SSL_dane_set_flags(rows->ssl, info->dane_flags);
	if (!kssl_rows_fetch(rows, KSSL_A_SETTINGS_DANE_TLSA, info->dane_tlsa,
			     info->dane_tlsa_len, &tlsa))
		return 0;
	ok = add_tlsa(rows->ssl, &tlsa);
	free(tlsa.data);
	return ok;
}

static int set_rest(const struct kssl_rows *rows)
{
	const struct kssl_settings_info *info = rows->info;

	if (rows->own || info->security_level != 2)
		SSL_set_security_level(rows->ssl, info->security_level);
	if (info->quiet_shutdown)
		SSL_set_quiet_shutdown(rows->ssl, 1);
	if (!rows->server)
		return 1;
	if (!set_dh(rows))
		return 0;
	if (is_large(rows, KSSL_A_SETTINGS_CLIENT_CERT_TYPES))
		return refuse("client-cert-types", "too long for this bridge");
	if (info->client_cert_types_len &&
	    !SSL_set1_client_certificate_types(rows->ssl,
					       info->client_cert_types,
					       info->client_cert_types_len))
		return failed("client-cert-types");
	return 1;
}

/* Requests for long rows renew what the handle knows, so copy that. */
int kssl_rows_open(struct kssl_rows *rows, struct kssl *s,
		   const struct kssl_info *info)
{
	*rows = (struct kssl_rows){ .s = s, .info = &info->settings };
	if (info->settings.large_rows_n) {
		rows->copy = kssl_get_info(s);
		if (!rows->copy)
			return 0;
		rows->info = &rows->copy->settings;
	}
	rows->server = kssl_ssl_role(rows->info) == KSSL_ROLE_SERVER;
	return 1;
}

void kssl_rows_close(struct kssl_rows *rows)
{
	kssl_info_free(rows->copy);
}

int kssl_rows_apply(const struct kssl_rows *rows)
{
	const struct kssl_settings_info *info = rows->info;

	/* The level decides which certificates can be had. */
	return refuse_unknown(rows) && set_rest(rows) && set_dane(rows) &&
		set_param(rows) && set_trust(rows) && set_certificates(rows) &&
		set_ca_list(rows, KSSL_A_SETTINGS_CA_LIST, info->ca_list,
			    info->ca_list_len, SSL_set0_CA_list) &&
		set_ca_list(rows, KSSL_A_SETTINGS_CLIENT_CA_LIST,
			    info->client_ca_list, info->client_ca_list_len,
			    SSL_set_client_CA_list) &&
		set_lists(rows) &&
		(rows->server || (set_sni(rows) && set_alpn(rows))) &&
		set_sessions(rows);
}
