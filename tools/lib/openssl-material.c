// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the rows are to OpenSSL: long values fetched, certificates and keys
 * parsed. That costs more than the rest of a handshake, and snapshots do not
 * change, so it is done once for each and shared by its connections.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "internal.h"
#include "openssl.h"

/* --- the rows' values ----------------------------------------------------- */

int kssl_material_is_large(const struct kssl_material *material, uint16_t attr)
{
	const struct kssl_settings_info *info = material->info;
	size_t i;

	for (i = 0; i < info->large_rows_n; i++)
		if (info->large_rows[i] == attr)
			return 1;
	return 0;
}

/* A long value is one that the kernel told of without telling it. */
static int collect(struct kssl_material *material, struct kssl *s,
		   uint16_t attr, const void *data, size_t len)
{
	struct kssl_blob *blob = &material->blob[attr];

	if (!kssl_material_is_large(material, attr)) {
		*blob = (struct kssl_blob){ (unsigned char *)data, len };
		return 1;
	}
	if (!kssl_get_row(s, attr, &material->large[attr], &blob->len))
		return 0;
	blob->data = material->large[attr];
	return 1;
}

static int collect_text(struct kssl_material *material, struct kssl *s,
			uint16_t attr, const char *text)
{
	return collect(material, s, attr, text, strlen(text));
}

static int collect_slot(struct kssl_material *material, struct kssl *s,
			int slot)
{
	const struct kssl_settings_info *info = material->info;

	return collect(material, s, KSSL_A_SETTINGS_CERTIFICATE_RSA + slot,
		       info->certificate[slot], info->certificate_len[slot]) &&
		collect(material, s, KSSL_A_SETTINGS_CHAIN_RSA + slot,
			info->chain[slot], info->chain_len[slot]) &&
		collect(material, s, KSSL_A_SETTINGS_OCSP_RSA + slot,
			info->ocsp[slot], info->ocsp_len[slot]);
}

static int collect_texts(struct kssl_material *material, struct kssl *s)
{
	const struct kssl_settings_info *info = material->info;

	return collect_text(material, s, KSSL_A_SETTINGS_SNI, info->sni) &&
		collect_text(material, s, KSSL_A_SETTINGS_VERIFY_EMAIL,
			     info->verify_email) &&
		collect_text(material, s, KSSL_A_SETTINGS_PSK_IDENTITY,
			     info->psk_identity) &&
		collect_text(material, s, KSSL_A_SETTINGS_PSK_IDENTITY_HINT,
			     info->psk_identity_hint);
}

/* What the kernel did not tell of a list is put where it would be. */
static int collect_codes(struct kssl_material *material, struct kssl *s,
			 uint16_t attr, const uint16_t **codes, size_t *n)
{
	size_t len;

	if (!kssl_material_is_large(material, attr))
		return 1;
	if (!kssl_get_row(s, attr, &material->large[attr], &len))
		return 0;
	*codes = material->large[attr];
	*n = len / sizeof(**codes);
	return 1;
}

static int collect_lists(struct kssl_material *material, struct kssl *s)
{
	struct kssl_settings_info *rows = &material->rows;

	return collect_codes(material, s, KSSL_A_SETTINGS_CIPHER_LIST,
			     &rows->cipher_list, &rows->cipher_list_n) &&
		collect_codes(material, s, KSSL_A_SETTINGS_CIPHERSUITES,
			      &rows->ciphersuites, &rows->ciphersuites_n);
}

#define COLLECT(ROW, row)						\
	collect(material, s, KSSL_A_SETTINGS_ ## ROW, info->row,	\
		info->row ## _len)

static int collect_rows(struct kssl_material *material, struct kssl *s)
{
	const struct kssl_settings_info *info = material->info;
	int slot;

	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++)
		if (!collect_slot(material, s, slot))
			return 0;
	return collect_texts(material, s) && collect_lists(material, s) &&
		COLLECT(VERIFY_HOSTS, verify_hosts) &&
		COLLECT(TRUST_ANCHORS, trust_anchors) && COLLECT(CRLS, crls) &&
		COLLECT(CA_LIST, ca_list) &&
		COLLECT(CLIENT_CA_LIST, client_ca_list) &&
		COLLECT(CLIENT_CERT_TYPES, client_cert_types) &&
		COLLECT(ALPN, alpn) && COLLECT(TMP_DH, tmp_dh) &&
		COLLECT(DANE_TLSA, dane_tlsa) &&
		COLLECT(SERVERINFO, serverinfo) &&
		COLLECT(SERVERINFO_V2, serverinfo_v2) &&
		COLLECT(CUSTOM_EXTENSIONS, custom_extensions);
}

#undef COLLECT

/* --- parsed --------------------------------------------------------------- */

static int failed(const char *row)
{
	return kssl_set_ssl_error(EINVAL, row);
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
	return ok || failed("trust-anchors");
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
	return ok || failed("crls");
}

/* A store of the rows alone: nothing is trusted that they do not name. */
static int parse_store(struct kssl_material *material)
{
	material->store = X509_STORE_new();
	if (!material->store)
		return failed("trust-anchors");
	if (material->info->trust_system &&
	    !X509_STORE_set_default_paths(material->store))
		return failed("trust-system");
	return add_certs(material->store,
			 &material->blob[KSSL_A_SETTINGS_TRUST_ANCHORS]) &&
		add_crls(material->store,
			 &material->blob[KSSL_A_SETTINGS_CRLS]);
}

static int parse_chain(const struct kssl_blob *blob,
		       struct stack_st_X509 **chain)
{
	const unsigned char *at = blob->data, *end = at + blob->len;
	X509 *cert;

	if (at == end)
		return 1;
	*chain = sk_X509_new_null();
	while (*chain && at < end) {
		cert = d2i_X509(NULL, &at, end - at);
		if (cert && sk_X509_push(*chain, cert))
			continue;
		X509_free(cert);
		return failed("chain");
	}
	return *chain || failed("chain");
}

static int parse_identity(struct kssl_material *material, int slot,
			  const struct kssl_password *password)
{
	struct kssl_identity *identity = &material->identity[slot];
	const struct kssl_blob *blob =
		&material->blob[KSSL_A_SETTINGS_CERTIFICATE_RSA + slot];
	uint32_t serial = material->info->private_key[slot];
	const unsigned char *at = blob->data;

	if (!blob->len)
		return 1;
	identity->cert = d2i_X509(NULL, &at, blob->len);
	if (!identity->cert)
		return failed("certificate");
	if (serial) {
		identity->key = kssl_private_key(serial, identity->cert,
						 password);
		if (!identity->key)
			return 0;
	}
	return parse_chain(&material->blob[KSSL_A_SETTINGS_CHAIN_RSA + slot],
			   &identity->chain);
}

static int parse_names(const struct kssl_blob *blob,
		       struct stack_st_X509_NAME **names)
{
	const unsigned char *at = blob->data, *end = at + blob->len;
	X509_NAME *name;

	if (at == end)
		return 1;
	*names = sk_X509_NAME_new_null();
	while (*names && at < end) {
		name = d2i_X509_NAME(NULL, &at, end - at);
		if (name && sk_X509_NAME_push(*names, name))
			continue;
		X509_NAME_free(name);
		return failed("ca-list or client-ca-list");
	}
	return *names || failed("ca-list or client-ca-list");
}

static int parse_dh(struct kssl_material *material)
{
	const struct kssl_blob *blob = &material->blob[KSSL_A_SETTINGS_TMP_DH];

	if (!blob->len)
		return 1;
	material->dh = kssl_decode_key(blob, EVP_PKEY_KEY_PARAMETERS, NULL);
	return material->dh || failed("tmp-dh");
}

static int read_psk(struct kssl_material *material)
{
	uint32_t serial = material->info->psk_key;

	if (!serial)
		return 1;
	return material->blob[KSSL_A_SETTINGS_PSK_IDENTITY].len ?
		kssl_read_payload("psk-key", serial, &material->psk) :
		kssl_set_error(EINVAL, "psk-key without psk-identity");
}

static int read_ticket_keys(struct kssl_material *material)
{
	const struct kssl_settings_info *info = material->info;
	size_t i, n = material->server ? info->ticket_keys_n : 0;
	struct kssl_blob blob;
	int ok = 1;

	for (i = 0; ok && i < n; i++) {
		if (!kssl_read_payload("ticket-keys", info->ticket_keys[i],
				       &blob))
			return 0;
		ok = kssl_ticket_key_parse(&blob, &material->ticket_key[i]);
		OPENSSL_clear_free(blob.data, blob.len);
	}
	material->ticket_keys = n;
	return ok;
}

/* Pairs of a matching type and its strength, which only an SSL_CTX has. */
static int set_mtypes(SSL_CTX *own, const uint8_t *pairs, size_t len)
{
	const EVP_MD *md;
	size_t i;

	for (i = 0; i < len; i += 2) {
		md = pairs[i] == 1 ? EVP_sha256() : EVP_sha512();
		if (SSL_CTX_dane_mtype_set(own, pairs[i + 1] ? md : NULL,
					   pairs[i], pairs[i + 1]) <= 0)
			return failed("dane-mtypes");
	}
	return 1;
}

static int make_own(struct kssl_material *material)
{
	const struct kssl_settings_info *info = material->info;

	if (!info->dane_mtypes_len)
		return 1;
	material->own = kssl_hello_new_own();
	return material->own &&
		set_mtypes(material->own, info->dane_mtypes,
			   info->dane_mtypes_len);
}

static int parse(struct kssl_material *material,
		 const struct kssl_password *password)
{
	int slot;

	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++)
		if (!parse_identity(material, slot, password))
			return 0;
	return parse_store(material) &&
		parse_names(&material->blob[KSSL_A_SETTINGS_CA_LIST],
			    &material->ca_list) &&
		parse_names(&material->blob[KSSL_A_SETTINGS_CLIENT_CA_LIST],
			    &material->client_ca_list) &&
		parse_dh(material) && make_own(material) &&
		read_psk(material) && read_ticket_keys(material);
}

/* --- lifetime ------------------------------------------------------------- */

struct kssl_material *kssl_material_get(struct kssl_material *material)
{
	__atomic_add_fetch(&material->refs, 1, __ATOMIC_RELAXED);
	return material;
}

void kssl_material_put(struct kssl_material *material)
{
	int i;

	if (!material ||
	    __atomic_sub_fetch(&material->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (i = 0; i <= KSSL_A_SETTINGS_MAX; i++)
		free(material->large[i]);
	for (i = 0; i < KSSL_CERT_SLOTS; i++) {
		X509_free(material->identity[i].cert);
		EVP_PKEY_free(material->identity[i].key);
		sk_X509_pop_free(material->identity[i].chain, X509_free);
	}
	X509_STORE_free(material->store);
	sk_X509_NAME_pop_free(material->ca_list, X509_NAME_free);
	sk_X509_NAME_pop_free(material->client_ca_list, X509_NAME_free);
	EVP_PKEY_free(material->dh);
	SSL_CTX_free(material->own);
	OPENSSL_clear_free(material->psk.data, material->psk.len);
	kssl_info_free(material->copy);
	OPENSSL_clear_free(material, sizeof(*material));
}

struct kssl_material *kssl_material_new(struct kssl *s,
					const struct kssl_password *password)
{
	struct kssl_material *material = OPENSSL_zalloc(sizeof(*material));

	if (!material) {
		kssl_set_error(ENOMEM, "out of memory");
		return NULL;
	}
	material->refs = 1;
	material->copy = kssl_get_info(s);
	if (material->copy) {
		material->rows = *material->copy->settings;
		material->info = &material->rows;
		material->server =
			kssl_ssl_role(material->info) == KSSL_ROLE_SERVER;
		if (collect_rows(material, s) && parse(material, password))
			return material;
	}
	kssl_material_put(material);
	return NULL;
}
