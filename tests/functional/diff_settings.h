/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The settings that are compared with OpenSSL's: for each, two samples, how
 * they are set on both sides, and how OpenSSL is asked for them.
 */
#ifndef DIFF_SETTINGS_H
#define DIFF_SETTINGS_H

#include <kssl/kssl.h>

#include "diff.h"

/* What is set: the first on contexts, the second on connections. */
enum sample { A, B };

static struct identity ecc[2], ed[2];
static SSL_SESSION *sessions[2];
static int ssl_index, ctx_index;

static int make_samples(void)
{
	ssl_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	ctx_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	sessions[A] = session_make(1);
	sessions[B] = session_make(2);
	return identity_make(&ecc[A], EVP_EC_gen("P-256"), "ECC A") &&
	       identity_make(&ecc[B], EVP_EC_gen("P-256"), "ECC B") &&
	       identity_make(&ed[A], EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
			     "Ed25519 A") &&
	       identity_make(&ed[B], EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
			     "Ed25519 B");
}

static void free_samples(void)
{
	enum sample i;

	for (i = A; i <= B; i++) {
		SSL_SESSION_free(sessions[i]);
		identity_free(&ecc[i]);
		identity_free(&ed[i]);
	}
}

/* --- reading kssl -------------------------------------------------------- */

enum kind {
	KIND_NUM,	/* unsigned, of any size */
	KIND_SIGNED,	/* s32 */
	KIND_BYTES,
	KIND_TEXT,
	KIND_KEY,	/* the payload of the key */
	KIND_EXT,	/* data of the extension EXT, framed with a context */
};

static void put_payload(struct value *v, const struct value *serial)
{
	uint8_t payload[1024];
	long len;

	len = syscall(SYS_keyctl, KEYCTL_READ, *(uint32_t *)serial->data,
		      payload, sizeof(payload));
	if (len > 0)
		put(v, payload, len);
}

static void put_framed(struct value *v, const struct value *raw)
{
	const uint8_t *at = raw->data, *end = at + raw->len;

	for (; at + 8 <= end; at += 8 + be16(at + 6))
		if (be16(at + 4) == EXT)
			put(v, at + 8, be16(at + 6));
}

static void normalise(struct value *v, enum kind kind, const struct value *raw)
{
	uint64_t num = 0;
	int32_t s32;

	switch (kind) {
	case KIND_NUM:
		memcpy(&num, raw->data, raw->len);
		put_num(v, num);
		break;
	case KIND_SIGNED:
		memcpy(&s32, raw->data, sizeof(s32));
		put_num(v, s32);
		break;
	case KIND_BYTES:
		put(v, raw->data, raw->len);
		break;
	case KIND_TEXT:
		put(v, raw->data, strnlen((const char *)raw->data, raw->len));
		break;
	case KIND_KEY:
		put_payload(v, raw);
		break;
	case KIND_EXT:
		put_framed(v, raw);
		break;
	}
}

/* --- settings ------------------------------------------------------------ */

/**
 * struct setting - one setting on both sides
 * @name: its name in the results
 * @attr: kssl's row
 * @kind: what its attribute is
 * @collect: collect a sample for kssl
 * @set_ctx: set a sample on OpenSSL's context, NULL if it has no such setter
 * @set: the same on a connection
 * @get_ctx: read OpenSSL's context, NULL if it has no such getter
 * @get: the same of a connection, which is of no more use afterwards
 */
struct setting {
	const char *name;
	uint16_t attr;
	enum kind kind;
	int (*collect)(struct kssl_settings *rows, enum sample i);
	void (*set_ctx)(SSL_CTX *ctx, enum sample i);
	void (*set)(SSL *s, enum sample i);
	void (*get_ctx)(struct value *v, SSL_CTX *ctx);
	void (*get)(struct value *v, SSL *s);
};

/* A number that both levels of OpenSSL have. */
#define NUMBER(row, set_, get_, a, b)					\
static const int64_t row##_samples[] = { a, b };			\
static int row##_collect(struct kssl_settings *rows, enum sample i)	\
{									\
	return kssl_settings_##row(rows, row##_samples[i]);		\
}									\
static void row##_set_ctx(SSL_CTX *ctx, enum sample i)			\
{									\
	SSL_CTX_##set_(ctx, row##_samples[i]);				\
}									\
static void row##_set(SSL *s, enum sample i)				\
{									\
	SSL_##set_(s, row##_samples[i]);				\
}									\
static void row##_get_ctx(struct value *v, SSL_CTX *ctx)		\
{									\
	put_num(v, SSL_CTX_##get_(ctx));				\
}									\
static void row##_get(struct value *v, SSL *s)				\
{									\
	put_num(v, SSL_##get_(s));					\
}

NUMBER(min_proto, set_min_proto_version, get_min_proto_version, 0x0302, 0x0303)
NUMBER(max_proto, set_max_proto_version, get_max_proto_version, 0x0303, 0x0304)
NUMBER(verify_depth, set_verify_depth, get_verify_depth, 5, 7)
NUMBER(max_cert_list, set_max_cert_list, get_max_cert_list, 1000, 2000)
NUMBER(read_ahead, set_read_ahead, get_read_ahead, 1, 0)
NUMBER(security_level, set_security_level, get_security_level, 1, 3)
NUMBER(num_tickets, set_num_tickets, get_num_tickets, 0, 5)
NUMBER(max_early_data, set_max_early_data, get_max_early_data, 100, 200)
NUMBER(recv_max_early_data, set_recv_max_early_data, get_recv_max_early_data,
       100, 200)
NUMBER(quiet_shutdown, set_quiet_shutdown, get_quiet_shutdown, 1, 0)

/* Bits that are added to those that there are. */
#define BITS(row, a, b)							\
static const uint64_t row##_samples[] = { a, b };			\
static int row##_collect(struct kssl_settings *rows, enum sample i)	\
{									\
	return kssl_settings_##row(rows, row##_samples[i],		\
				   row##_samples[i]);			\
}									\
static void row##_set_ctx(SSL_CTX *ctx, enum sample i)			\
{									\
	SSL_CTX_set_##row(ctx, row##_samples[i]);			\
}									\
static void row##_set(SSL *s, enum sample i)				\
{									\
	SSL_set_##row(s, row##_samples[i]);				\
}									\
static void row##_get_ctx(struct value *v, SSL_CTX *ctx)		\
{									\
	put_num(v, SSL_CTX_get_##row(ctx));				\
}									\
static void row##_get(struct value *v, SSL *s)				\
{									\
	put_num(v, SSL_get_##row(s));					\
}

BITS(options, SSL_OP_NO_TICKET,
     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_ENABLE_KTLS)
BITS(mode, SSL_MODE_RELEASE_BUFFERS, SSL_MODE_ENABLE_PARTIAL_WRITE)

/* A member of the verify parameters, with functions for these. */
#define PARAM(row)							\
static void row##_set_ctx(SSL_CTX *ctx, enum sample i)			\
{									\
	row##_set_param(SSL_CTX_get0_param(ctx), i);			\
}									\
static void row##_set(SSL *s, enum sample i)				\
{									\
	row##_set_param(SSL_get0_param(s), i);				\
}									\
static void row##_get_ctx(struct value *v, SSL_CTX *ctx)		\
{									\
	row##_get_param(v, SSL_CTX_get0_param(ctx));			\
}									\
static void row##_get(struct value *v, SSL *s)				\
{									\
	row##_get_param(v, SSL_get0_param(s));				\
}

#define PARAM_NUMBER(row, set_, get_, a, b)				\
static const int64_t row##_samples[] = { a, b };			\
static int row##_collect(struct kssl_settings *rows, enum sample i)	\
{									\
	return kssl_settings_##row(rows, row##_samples[i]);		\
}									\
static void row##_set_param(X509_VERIFY_PARAM *param, enum sample i)	\
{									\
	X509_VERIFY_PARAM_##set_(param, row##_samples[i]);		\
}									\
static void row##_get_param(struct value *v, X509_VERIFY_PARAM *param)	\
{									\
	put_num(v, X509_VERIFY_PARAM_##get_(param));			\
}									\
PARAM(row)

PARAM_NUMBER(verify_host_flags, set_hostflags, get_hostflags,
	     X509_CHECK_FLAG_NO_WILDCARDS, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
PARAM_NUMBER(verify_time, set_time, get_time, 1000000000, 2000000000)
PARAM_NUMBER(verify_auth_level, set_auth_level, get_auth_level, 1, 3)

static const uint32_t verify_flags_samples[] = {
	X509_V_FLAG_X509_STRICT, X509_V_FLAG_CRL_CHECK,
};

static int verify_flags_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_verify_flags(rows, verify_flags_samples[i]);
}

/* Those that are not in the sample go, as they do in the row. */
static void verify_flags_set_param(X509_VERIFY_PARAM *param, enum sample i)
{
	X509_VERIFY_PARAM_clear_flags(param, ~0UL);
	X509_VERIFY_PARAM_set_flags(param, verify_flags_samples[i]);
}

static void verify_flags_get_param(struct value *v, X509_VERIFY_PARAM *param)
{
	put_num(v, X509_VERIFY_PARAM_get_flags(param));
}

PARAM(verify_flags)

static const char * const host_samples[] = { "a.example", "b.example" };

static int verify_hosts_collect(struct kssl_settings *rows, enum sample i)
{
	struct value v = { .len = 0 };

	put_name(&v, host_samples[i]);
	put_name(&v, "other.example");
	return kssl_settings_verify_hosts(rows, v.data, v.len);
}

static void verify_hosts_set_param(X509_VERIFY_PARAM *param, enum sample i)
{
	X509_VERIFY_PARAM_set1_host(param, host_samples[i], 0);
	X509_VERIFY_PARAM_add1_host(param, "other.example", 0);
}

static void verify_hosts_get_param(struct value *v, X509_VERIFY_PARAM *param)
{
	int i;

	for (i = 0; X509_VERIFY_PARAM_get0_host(param, i); i++)
		put_name(v, X509_VERIFY_PARAM_get0_host(param, i));
}

PARAM(verify_hosts)

static const char * const email_samples[] = { "a@a.example", "b@b.example" };

static int verify_email_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_verify_email(rows, email_samples[i]);
}

static void verify_email_set_param(X509_VERIFY_PARAM *param, enum sample i)
{
	X509_VERIFY_PARAM_set1_email(param, email_samples[i], 0);
}

static void verify_email_get_param(struct value *v, X509_VERIFY_PARAM *param)
{
	put_text(v, X509_VERIFY_PARAM_get0_email(param));
}

PARAM(verify_email)

static const uint8_t ip_samples[][4] = { { 192, 0, 2, 1 }, { 192, 0, 2, 2 } };

static int verify_ip_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_verify_ip(rows, ip_samples[i], 4);
}

static void verify_ip_set_param(X509_VERIFY_PARAM *param, enum sample i)
{
	X509_VERIFY_PARAM_set1_ip(param, ip_samples[i], 4);
}

static void verify_ip_get_param(struct value *v, X509_VERIFY_PARAM *param)
{
	char *text = X509_VERIFY_PARAM_get1_ip_asc(param);
	ASN1_OCTET_STRING *bytes = text ? a2i_IPADDRESS(text) : NULL;

	if (bytes)
		put(v, ASN1_STRING_get0_data(bytes),
		    ASN1_STRING_length(bytes));
	ASN1_OCTET_STRING_free(bytes);
	OPENSSL_free(text);
}

PARAM(verify_ip)

static const int verify_mode_samples[] = {
	SSL_VERIFY_PEER, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
};

static int verify_mode_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_verify_mode(rows, verify_mode_samples[i]);
}

static void verify_mode_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_set_verify(ctx, verify_mode_samples[i], NULL);
}

static void verify_mode_set(SSL *s, enum sample i)
{
	SSL_set_verify(s, verify_mode_samples[i], NULL);
}

static void verify_mode_get_ctx(struct value *v, SSL_CTX *ctx)
{
	put_num(v, SSL_CTX_get_verify_mode(ctx));
}

static void verify_mode_get(struct value *v, SSL *s)
{
	put_num(v, SSL_get_verify_mode(s));
}

/* SSL_get_default_timeout() is all that there is of a connection. */
static int timeout_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_timeout(rows, i == A ? 100 : 200);
}

static void timeout_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_set_timeout(ctx, i == A ? 100 : 200);
}

static void timeout_get_ctx(struct value *v, SSL_CTX *ctx)
{
	put_num(v, SSL_CTX_get_timeout(ctx));
}

static void timeout_get(struct value *v, SSL *s)
{
	put_num(v, SSL_get_default_timeout(s));
}

static int role_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_role(rows, i == A ? KSSL_ROLE_SERVER :
				  KSSL_ROLE_CLIENT);
}

static void role_set(SSL *s, enum sample i)
{
	if (i == A)
		SSL_set_accept_state(s);
	else
		SSL_set_connect_state(s);
}

static void role_get(struct value *v, SSL *s)
{
	put_num(v, SSL_is_server(s) ? KSSL_ROLE_SERVER : KSSL_ROLE_CLIENT);
}

static int session_collect(struct kssl_settings *rows, enum sample i)
{
	struct value v = { .len = 0 };

	put_session(&v, sessions[i]);
	return kssl_settings_session(rows, v.data, v.len);
}

static void session_set(SSL *s, enum sample i)
{
	SSL_set_session(s, sessions[i]);
}

static void session_get(struct value *v, SSL *s)
{
	put_session(v, SSL_get_session(s));
}

static const char * const sid_samples[] = { "context a", "context b" };

static int session_id_context_collect(struct kssl_settings *rows,
				      enum sample i)
{
	return kssl_settings_session_id_context(rows, sid_samples[i],
						strlen(sid_samples[i]));
}

static void session_id_context_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_set_session_id_context(ctx, (const uint8_t *)sid_samples[i],
				       strlen(sid_samples[i]));
}

static void session_id_context_set(SSL *s, enum sample i)
{
	SSL_set_session_id_context(s, (const uint8_t *)sid_samples[i],
				   strlen(sid_samples[i]));
}

static int certificate_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_certificate(rows, KSSL_CERT_SLOT_ECC,
					 ecc[i].der.data, ecc[i].der.len) &&
	       kssl_settings_certificate_current(rows, KSSL_CERT_SLOT_ECC);
}

static void certificate_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_use_certificate(ctx, ecc[i].cert);
}

static void certificate_set(SSL *s, enum sample i)
{
	SSL_use_certificate(s, ecc[i].cert);
}

static void certificate_get_ctx(struct value *v, SSL_CTX *ctx)
{
	put_cert(v, SSL_CTX_get0_certificate(ctx));
}

static void certificate_get(struct value *v, SSL *s)
{
	put_cert(v, SSL_get_certificate(s));
}

/* The one that was set last is current. */
static int current_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_certificate(rows, KSSL_CERT_SLOT_ECC,
					 ecc[i].der.data, ecc[i].der.len) &&
	       kssl_settings_certificate(rows, KSSL_CERT_SLOT_ED25519,
					 ed[i].der.data, ed[i].der.len) &&
	       kssl_settings_certificate_current(rows, i == A ?
						 KSSL_CERT_SLOT_ECC :
						 KSSL_CERT_SLOT_ED25519);
}

static void current_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_use_certificate(ctx, i == A ? ed[i].cert : ecc[i].cert);
	SSL_CTX_use_certificate(ctx, i == A ? ecc[i].cert : ed[i].cert);
}

static void current_set(SSL *s, enum sample i)
{
	SSL_use_certificate(s, i == A ? ed[i].cert : ecc[i].cert);
	SSL_use_certificate(s, i == A ? ecc[i].cert : ed[i].cert);
}

static void put_slot(struct value *v, X509 *cert)
{
	EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;

	if (!key)
		put_num(v, KSSL_CERT_SLOT_RSA);
	else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
		put_num(v, KSSL_CERT_SLOT_ECC);
	else
		put_num(v, KSSL_CERT_SLOT_ED25519);
}

static void current_get_ctx(struct value *v, SSL_CTX *ctx)
{
	put_slot(v, SSL_CTX_get0_certificate(ctx));
}

static void current_get(struct value *v, SSL *s)
{
	put_slot(v, SSL_get_certificate(s));
}

static int private_key_collect(struct kssl_settings *rows, enum sample i)
{
	return certificate_collect(rows, i) &&
	       kssl_settings_private_key(rows, KSSL_CERT_SLOT_ECC,
					 ecc[i].serial);
}

static void private_key_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_use_certificate(ctx, ecc[i].cert);
	SSL_CTX_use_PrivateKey(ctx, ecc[i].key);
}

static void private_key_set(SSL *s, enum sample i)
{
	SSL_use_certificate(s, ecc[i].cert);
	SSL_use_PrivateKey(s, ecc[i].key);
}

static void private_key_get_ctx(struct value *v, SSL_CTX *ctx)
{
	put_key(v, SSL_CTX_get0_privatekey(ctx));
}

static void private_key_get(struct value *v, SSL *s)
{
	put_key(v, SSL_get_privatekey(s));
}

/* Two certificates, in another order for the other sample. */
static STACK_OF(X509) *sample_certs(enum sample i)
{
	STACK_OF(X509) *certs = sk_X509_new_null();

	sk_X509_push(certs, ed[i].cert);
	sk_X509_push(certs, ed[!i].cert);
	return certs;
}

static int chain_collect(struct kssl_settings *rows, enum sample i)
{
	STACK_OF(X509) *certs = sample_certs(i);
	struct value v = { .len = 0 };

	put_certs(&v, certs);
	sk_X509_free(certs);
	return certificate_collect(rows, i) &&
	       kssl_settings_chain(rows, KSSL_CERT_SLOT_ECC, v.data, v.len);
}

static void chain_set_ctx(SSL_CTX *ctx, enum sample i)
{
	STACK_OF(X509) *certs = sample_certs(i);

	SSL_CTX_use_certificate(ctx, ecc[i].cert);
	SSL_CTX_set1_chain(ctx, certs);
	sk_X509_free(certs);
}

static void chain_set(SSL *s, enum sample i)
{
	STACK_OF(X509) *certs = sample_certs(i);

	SSL_use_certificate(s, ecc[i].cert);
	SSL_set1_chain(s, certs);
	sk_X509_free(certs);
}

static void chain_get_ctx(struct value *v, SSL_CTX *ctx)
{
	STACK_OF(X509) *certs = NULL;

	SSL_CTX_get0_chain_certs(ctx, &certs);
	put_certs(v, certs);
}

static void chain_get(struct value *v, SSL *s)
{
	STACK_OF(X509) *certs = NULL;

	SSL_get0_chain_certs(s, &certs);
	put_certs(v, certs);
}

static int trust_anchors_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_trust_anchors(rows, ed[i].der.data,
					   ed[i].der.len);
}

static X509_STORE *sample_store(enum sample i)
{
	X509_STORE *store = X509_STORE_new();

	X509_STORE_add_cert(store, ed[i].cert);
	return store;
}

static void trust_anchors_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_set0_verify_cert_store(ctx, sample_store(i));
}

static void trust_anchors_set(SSL *s, enum sample i)
{
	SSL_set0_verify_cert_store(s, sample_store(i));
}

static void trust_anchors_get_ctx(struct value *v, SSL_CTX *ctx)
{
	X509_STORE *store = NULL;

	SSL_CTX_get0_verify_cert_store(ctx, &store);
	put_store(v, store);
}

static void trust_anchors_get(struct value *v, SSL *s)
{
	X509_STORE *store = NULL;

	SSL_get0_verify_cert_store(s, &store);
	put_store(v, store);
}

static STACK_OF(X509_NAME) *sample_names(enum sample i)
{
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();

	sk_X509_NAME_push(names,
			  X509_NAME_dup(X509_get_subject_name(ecc[i].cert)));
	sk_X509_NAME_push(names,
			  X509_NAME_dup(X509_get_subject_name(ed[i].cert)));
	return names;
}

#define CA_LIST(row, setter, getter)					\
static int row##_collect(struct kssl_settings *rows, enum sample i)	\
{									\
	STACK_OF(X509_NAME) *names = sample_names(i);			\
	struct value v = { .len = 0 };					\
									\
	put_names(&v, names);						\
	sk_X509_NAME_pop_free(names, X509_NAME_free);			\
	return kssl_settings_##row(rows, v.data, v.len);		\
}									\
static void row##_set_ctx(SSL_CTX *ctx, enum sample i)			\
{									\
	SSL_CTX_##setter(ctx, sample_names(i));				\
}									\
static void row##_set(SSL *s, enum sample i)				\
{									\
	SSL_##setter(s, sample_names(i));				\
}									\
static void row##_get_ctx(struct value *v, SSL_CTX *ctx)		\
{									\
	put_names(v, SSL_CTX_##getter(ctx));				\
}									\
static void row##_get(struct value *v, SSL *s)				\
{									\
	put_names(v, SSL_##getter(s));					\
}

CA_LIST(ca_list, set0_CA_list, get0_CA_list)
CA_LIST(client_ca_list, set_client_CA_list, get_client_CA_list)

static const uint16_t cipher_list_samples[][2] = {
	{ 0xc02f, 0xc02c }, { 0xc030, 0xc02b },
};
static const char * const cipher_list_names[] = {
	"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256",
};

static int cipher_list_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_cipher_list(rows, cipher_list_samples[i], 2);
}

static void cipher_list_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_set_cipher_list(ctx, cipher_list_names[i]);
}

static void cipher_list_set(SSL *s, enum sample i)
{
	SSL_set_cipher_list(s, cipher_list_names[i]);
}

static void cipher_list_get_ctx(struct value *v, SSL_CTX *ctx)
{
	put_ciphers(v, SSL_CTX_get_ciphers(ctx), 0);
}

static void cipher_list_get(struct value *v, SSL *s)
{
	put_ciphers(v, SSL_get_ciphers(s), 0);
}

static const uint16_t ciphersuites_samples[][2] = {
	{ 0x1301, 0x1302 }, { 0x1303, 0x1301 },
};
static const char * const ciphersuites_names[] = {
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384",
	"TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
};

static int ciphersuites_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_ciphersuites(rows, ciphersuites_samples[i], 2);
}

static void ciphersuites_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_set_ciphersuites(ctx, ciphersuites_names[i]);
}

static void ciphersuites_set(SSL *s, enum sample i)
{
	SSL_set_ciphersuites(s, ciphersuites_names[i]);
}

static void ciphersuites_get_ctx(struct value *v, SSL_CTX *ctx)
{
	put_ciphers(v, SSL_CTX_get_ciphers(ctx), 1);
}

static void ciphersuites_get(struct value *v, SSL *s)
{
	put_ciphers(v, SSL_get_ciphers(s), 1);
}

/* Setting the other list makes OpenSSL put the two together again. */
static void ciphersuites_get_again(struct value *v, SSL *s)
{
	SSL_set_cipher_list(s, cipher_list_names[A]);
	ciphersuites_get(v, s);
}

/* Lists of which only the ClientHello tells. */
#define HELLO_CODES(row, setter, a0, a1, names_a, b0, b1, names_b, type)\
static const uint16_t row##_samples[][2] = { { a0, a1 }, { b0, b1 } };	\
static const char * const row##_names[] = { names_a, names_b };	\
static int row##_collect(struct kssl_settings *rows, enum sample i)	\
{									\
	return kssl_settings_##row(rows, row##_samples[i], 2);		\
}									\
static void row##_set_ctx(SSL_CTX *ctx, enum sample i)			\
{									\
	SSL_CTX_##setter(ctx, row##_names[i]);				\
}									\
static void row##_set(SSL *s, enum sample i)				\
{									\
	SSL_##setter(s, row##_names[i]);				\
}									\
static void row##_get(struct value *v, SSL *s)				\
{									\
	put_extension_codes(v, s, type);				\
}

HELLO_CODES(groups, set1_groups_list, 0x1d, 0x17, "X25519:P-256",
	    0x18, 0x1d, "P-384:X25519", TLSEXT_TYPE_supported_groups)
HELLO_CODES(sigalgs, set1_sigalgs_list,
	    0x0403, 0x0804, "ECDSA+SHA256:RSA-PSS+SHA256",
	    0x0805, 0x0503, "RSA-PSS+SHA384:ECDSA+SHA384",
	    TLSEXT_TYPE_signature_algorithms)

static const char * const alpn_samples[] = { "\2h2\10http/1.1", "\3foo" };

static int alpn_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_alpn(rows, alpn_samples[i],
				  strlen(alpn_samples[i]));
}

static void alpn_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_set_alpn_protos(ctx, (const uint8_t *)alpn_samples[i],
				strlen(alpn_samples[i]));
}

static void alpn_set(SSL *s, enum sample i)
{
	SSL_set_alpn_protos(s, (const uint8_t *)alpn_samples[i],
			    strlen(alpn_samples[i]));
}

static void alpn_get(struct value *v, SSL *s)
{
	put_extension(v, s,
		      TLSEXT_TYPE_application_layer_protocol_negotiation, 2);
}

static int sni_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_sni(rows, host_samples[i]);
}

static void sni_set(SSL *s, enum sample i)
{
	SSL_set_tlsext_host_name(s, host_samples[i]);
}

static void sni_get(struct value *v, SSL *s)
{
	put_text(v, SSL_get_servername(s, TLSEXT_NAMETYPE_host_name));
}

static int max_fragment_len_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_max_fragment_len(rows, i + 1);
}

static void max_fragment_len_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_set_tlsext_max_fragment_length(ctx, i + 1);
}

static void max_fragment_len_set(SSL *s, enum sample i)
{
	SSL_set_tlsext_max_fragment_length(s, i + 1);
}

static void max_fragment_len_get(struct value *v, SSL *s)
{
	struct value code = { .len = 0 };

	put_extension(&code, s, TLSEXT_TYPE_max_fragment_length, 0);
	put_num(v, code.len ? code.data[0] : 0);
}

static const char * const ext_samples[] = { "extension a", "extension b" };

static int custom_extensions_collect(struct kssl_settings *rows,
				     enum sample i)
{
	uint8_t header[] = { 0, 0, 0, SSL_EXT_CLIENT_HELLO, EXT >> 8,
			     EXT & 0xff, 0, strlen(ext_samples[i]) };
	struct value v = { .len = 0 };

	put(&v, header, sizeof(header));
	put_text(&v, ext_samples[i]);
	return kssl_settings_custom_extensions(rows, v.data, v.len);
}

static int add_extension(SSL *s, unsigned int type, unsigned int context,
			 const uint8_t **out, size_t *len, X509 *cert,
			 size_t index, int *alert, void *arg)
{
	(void)s, (void)type, (void)context, (void)cert, (void)index;
	(void)alert;
	*out = arg;
	*len = strlen(arg);
	return 1;
}

static void custom_extensions_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_add_custom_ext(ctx, EXT, SSL_EXT_CLIENT_HELLO, add_extension,
			       NULL, (void *)ext_samples[i], NULL, NULL);
}

static void custom_extensions_get(struct value *v, SSL *s)
{
	put_extension(v, s, EXT, 0);
}

static const char * const data_samples[] = { "data a", "data b" };

static int ex_data_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_ex_data(rows, 0, data_samples[i],
				     strlen(data_samples[i]));
}

static void ex_data_set_ctx(SSL_CTX *ctx, enum sample i)
{
	SSL_CTX_set_ex_data(ctx, ctx_index, (void *)data_samples[i]);
}

static void ex_data_set(SSL *s, enum sample i)
{
	SSL_set_ex_data(s, ssl_index, (void *)data_samples[i]);
}

static void ex_data_get_ctx(struct value *v, SSL_CTX *ctx)
{
	put_text(v, SSL_CTX_get_ex_data(ctx, ctx_index));
}

static void ex_data_get(struct value *v, SSL *s)
{
	put_text(v, SSL_get_ex_data(s, ssl_index));
}

static int dane_collect(struct kssl_settings *rows, enum sample i)
{
	(void)i;
	return kssl_settings_dane_enabled(rows, 1);
}

static void dane_set_ctx(SSL_CTX *ctx, enum sample i)
{
	(void)i;
	SSL_CTX_dane_enable(ctx);
}

static void dane_set(SSL *s, enum sample i)
{
	(void)i;
	SSL_CTX_dane_enable(SSL_get_SSL_CTX(s));
	SSL_dane_enable(s, "a.example");
}

/* It can be enabled once only. */
static void dane_get(struct value *v, SSL *s)
{
	SSL_CTX_dane_enable(SSL_get_SSL_CTX(s));
	put_num(v, SSL_dane_enable(s, "a.example") <= 0);
	ERR_clear_error();
}

/* DANE-EE, the public key, SHA-256, RFC 6698 section 2.1. */
static const uint8_t tlsa[2 + 3 + 32] = { 0, 3 + 32, 3, 1, 1, 0x55 };

static int dane_tlsa_collect(struct kssl_settings *rows, enum sample i)
{
	return dane_collect(rows, i) &&
	       kssl_settings_dane_tlsa(rows, tlsa, sizeof(tlsa));
}

static void dane_tlsa_set(SSL *s, enum sample i)
{
	dane_set(s, i);
	SSL_dane_tlsa_add(s, tlsa[2], tlsa[3], tlsa[4], tlsa + 5, 32);
}

static int dane_flags_collect(struct kssl_settings *rows, enum sample i)
{
	return kssl_settings_dane_flags(rows, i == A);
}

static void dane_flags_set_ctx(SSL_CTX *ctx, enum sample i)
{
	if (i == A)
		SSL_CTX_dane_set_flags(ctx, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	else
		SSL_CTX_dane_clear_flags(ctx, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
}

static void dane_flags_set(SSL *s, enum sample i)
{
	if (i == A)
		SSL_dane_set_flags(s, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	else
		SSL_dane_clear_flags(s, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
}

/* These return the flags that there were. */
static void dane_flags_get_ctx(struct value *v, SSL_CTX *ctx)
{
	put_num(v, SSL_CTX_dane_set_flags(ctx, 0));
}

static void dane_flags_get(struct value *v, SSL *s)
{
	put_num(v, SSL_dane_set_flags(s, 0));
}

#define SET_CONN(row)	.collect = row##_collect, .set = row##_set
#define SET_CTX(row)	.collect = row##_collect, .set_ctx = row##_set_ctx
#define SET(row)	SET_CONN(row), .set_ctx = row##_set_ctx
#define GET(row)	.get = row##_get, .get_ctx = row##_get_ctx
#define ROW(id, kind_)	.attr = KSSL_A_SETTINGS_##id, .kind = KIND_##kind_

static const struct setting settings[] = {
	{ "options", ROW(OPTIONS, NUM), SET(options), GET(options) },
	{ "mode", ROW(MODE, NUM), SET(mode), GET(mode) },
	{ "min-proto", ROW(MIN_PROTO, NUM), SET(min_proto), GET(min_proto) },
	{ "max-proto", ROW(MAX_PROTO, NUM), SET(max_proto), GET(max_proto) },
	{ "verify-mode", ROW(VERIFY_MODE, NUM), SET(verify_mode),
	  GET(verify_mode) },
	{ "verify-depth", ROW(VERIFY_DEPTH, SIGNED), SET(verify_depth),
	  GET(verify_depth) },
	{ "verify-flags", ROW(VERIFY_FLAGS, NUM), SET(verify_flags),
	  GET(verify_flags) },
	{ "verify-hosts", ROW(VERIFY_HOSTS, BYTES), SET(verify_hosts),
	  GET(verify_hosts) },
	{ "verify-host-flags", ROW(VERIFY_HOST_FLAGS, NUM),
	  SET(verify_host_flags), GET(verify_host_flags) },
	{ "verify-email", ROW(VERIFY_EMAIL, TEXT), SET(verify_email),
	  GET(verify_email) },
	{ "verify-ip", ROW(VERIFY_IP, BYTES), SET(verify_ip), GET(verify_ip) },
	{ "verify-time", ROW(VERIFY_TIME, NUM), SET(verify_time),
	  GET(verify_time) },
	{ "verify-auth-level", ROW(VERIFY_AUTH_LEVEL, SIGNED),
	  SET(verify_auth_level), GET(verify_auth_level) },
	{ "trust-anchors", ROW(TRUST_ANCHORS, BYTES), SET(trust_anchors),
	  GET(trust_anchors) },
	{ "timeout", ROW(TIMEOUT, NUM), SET_CTX(timeout), GET(timeout) },
	{ "session", ROW(SESSION, BYTES), SET_CONN(session),
	  .get = session_get },
	{ "session-id-context", ROW(SESSION_ID_CONTEXT, BYTES),
	  SET(session_id_context), .get = put_session_id_context },
	{ "certificate", ROW(CERTIFICATE_ECC, BYTES), SET(certificate),
	  GET(certificate) },
	{ "certificate-current", ROW(CERTIFICATE_CURRENT, NUM), SET(current),
	  GET(current) },
	{ "private-key", ROW(PRIVATE_KEY_ECC, KEY), SET(private_key),
	  GET(private_key) },
	{ "chain", ROW(CHAIN_ECC, BYTES), SET(chain), GET(chain) },
	{ "sigalgs", ROW(SIGALGS, BYTES), SET(sigalgs), .get = sigalgs_get },
	{ "dane-enabled", ROW(DANE_ENABLED, NUM), SET(dane), .get = dane_get },
	{ "dane with a record", ROW(DANE_ENABLED, NUM), SET_CONN(dane_tlsa),
	  .get = dane_get },
	{ "dane-flags", ROW(DANE_FLAGS, NUM), SET(dane_flags),
	  GET(dane_flags) },
	{ "cipher-list", ROW(CIPHER_LIST, BYTES), SET(cipher_list),
	  GET(cipher_list) },
	{ "ciphersuites", ROW(CIPHERSUITES, BYTES), SET(ciphersuites),
	  GET(ciphersuites) },
	{ "ciphersuites beside a list", ROW(CIPHERSUITES, BYTES),
	  SET(ciphersuites), .get = ciphersuites_get_again },
	{ "security-level", ROW(SECURITY_LEVEL, NUM), SET(security_level),
	  GET(security_level) },
	{ "ca-list", ROW(CA_LIST, BYTES), SET(ca_list), GET(ca_list) },
	{ "client-ca-list", ROW(CLIENT_CA_LIST, BYTES), SET(client_ca_list),
	  GET(client_ca_list) },
	{ "max-cert-list", ROW(MAX_CERT_LIST, NUM), SET(max_cert_list),
	  GET(max_cert_list) },
	{ "read-ahead", ROW(READ_AHEAD, NUM), SET(read_ahead),
	  GET(read_ahead) },
	{ "ex-data", ROW(EX_DATA_0, BYTES), SET(ex_data), GET(ex_data) },
	{ "custom-extensions", ROW(CUSTOM_EXTENSIONS, EXT),
	  SET_CTX(custom_extensions), .get = custom_extensions_get },
	{ "role", ROW(ROLE, NUM), SET_CONN(role), .get = role_get },
	{ "sni", ROW(SNI, TEXT), SET_CONN(sni), .get = sni_get },
	{ "alpn", ROW(ALPN, BYTES), SET(alpn), .get = alpn_get },
	{ "groups", ROW(GROUPS, BYTES), SET(groups), .get = groups_get },
	{ "max-fragment-len", ROW(MAX_FRAGMENT_LEN, NUM),
	  SET(max_fragment_len), .get = max_fragment_len_get },
	{ "num-tickets", ROW(NUM_TICKETS, NUM), SET(num_tickets),
	  GET(num_tickets) },
	{ "max-early-data", ROW(MAX_EARLY_DATA, NUM), SET(max_early_data),
	  GET(max_early_data) },
	{ "recv-max-early-data", ROW(RECV_MAX_EARLY_DATA, NUM),
	  SET(recv_max_early_data), GET(recv_max_early_data) },
	{ "quiet-shutdown", ROW(QUIET_SHUTDOWN, NUM), SET(quiet_shutdown),
	  GET(quiet_shutdown) },
};

#endif /* DIFF_SETTINGS_H */
