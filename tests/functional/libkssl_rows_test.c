// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every row of the settings through libkssl on the real module: set on a
 * context, inherited by a connection, changed there, read back on both, and all
 * of them at their longest in one request. Needs root.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <kssl/kssl.h>

#include "../lib/tap.h"

static struct kssl_client *client;
static struct kssl_ctx *ctx;
static struct kssl *s;

static uint32_t add_key(const char *name)
{
	const int process_keyring = -2;

	return syscall(SYS_add_key, "user", name, "payload", 7,
		       process_keyring);
}

/* One object in DER of @size bytes, at least 260, whose bytes are @fill. */
static uint8_t *der(size_t size, uint8_t fill)
{
	uint8_t *data = malloc(size);

	memset(data, fill, size);
	data[0] = 0x30;
	data[1] = 0x82;
	data[2] = (size - 4) >> 8;
	data[3] = size - 4;
	return data;
}

/*
 * @a for the context and @b for the connection. What a connection that is made
 * now has is the context's.
 */
#define NUMBER(set, get, type, a, b)					\
do {									\
	type got = 0;							\
	struct kssl *heir;						\
									\
	check_that(kssl_ctx_##set(ctx, a) &&			\
		   kssl_##set(s, b), #set);				\
	check_that(kssl_ctx_##get(ctx, &got) && got == (type)(a) &&	\
		   kssl_##get(s, &got) && got == (type)(b), #get);	\
	heir = kssl_new(ctx);						\
	check_that(kssl_##get(heir, &got) && got == (type)(a),		\
		   #get " inherits");					\
	kssl_free(heir);						\
} while (0)

static void test_numbers(void)
{
	uint32_t key = add_key("psk"), other = add_key("psk2");

	NUMBER(set_min_proto_version, get_min_proto_version, uint16_t, 0x0302,
	       0x0303);
	NUMBER(set_max_proto_version, get_max_proto_version, uint16_t, 0x0304,
	       0x0303);
	NUMBER(set_security_level, get_security_level, uint8_t, 1, 3);
	NUMBER(set_dh_auto, get_dh_auto, uint8_t, 2, 1);
	NUMBER(set_verify_mode, get_verify_mode, uint32_t, 3, 1);
	NUMBER(set_verify_depth, get_verify_depth, int32_t, 7, -1);
	NUMBER(set_verify_flags, get_verify_flags, uint32_t,
	       KSSL_VERIFY_FLAG_CRL_CHECK, KSSL_VERIFY_FLAG_X509_STRICT);
	NUMBER(set_purpose, get_purpose, uint8_t, 1, 2);
	NUMBER(set_trust, get_trust, uint8_t, 2, 3);
	NUMBER(set_hostflags, get_hostflags, uint32_t,
	       KSSL_HOST_FLAG_NO_WILDCARDS, 0);
	NUMBER(set_verify_time, get_verify_time, uint64_t, 1ULL << 40, 5);
	NUMBER(set_verify_auth_level, get_verify_auth_level, int32_t, 4, -1);
	NUMBER(set_trust_system, get_trust_system, int, 1, 0);
	NUMBER(set_max_cert_list, get_max_cert_list, uint32_t, UINT32_MAX, 9);
	NUMBER(set_dane_enabled, get_dane_enabled, int, 0, 1);
	NUMBER(set_dane_enabled, get_dane_enabled, int, 1, 1);
	NUMBER(set_dane_flags, get_dane_flags, uint32_t, 1, 0);
	NUMBER(set_current_cert, get_current_cert, uint8_t, 8, 3);
	NUMBER(set_num_tickets, get_num_tickets, uint32_t, 0, 4);
	NUMBER(set_max_early_data, get_max_early_data, uint32_t, 100, 200);
	NUMBER(set_recv_max_early_data, get_recv_max_early_data, uint32_t, 5,
	       UINT32_MAX);
	NUMBER(set_psk_key, get_psk_key, uint32_t, key, other);
	NUMBER(set_tlsext_max_fragment_length, get_tlsext_max_fragment_length,
	       uint8_t, 4, 1);
	NUMBER(set_read_ahead, get_read_ahead, int, 1, 0);
	NUMBER(set_quiet_shutdown, get_quiet_shutdown, int, 1, 0);
	NUMBER(set_block_padding, get_block_padding, uint32_t, 16, 16384);
	NUMBER(set_split_send_fragment, get_split_send_fragment, uint32_t,
	       1024, 2048);
	/* Not less than what it is split into. */
	NUMBER(set_max_send_fragment, get_max_send_fragment, uint32_t, 4096,
	       8192);
	NUMBER(set_share, get_share, int, 1, 0);
	NUMBER(set_keep, get_keep, int, 1, 0);
}

/* Lists: items of @a for the context, the first of them for the connection. */
#define LIST(set, get, a, n, one)					\
do {									\
	unsigned char got[sizeof(a)];					\
	struct kssl *heir;						\
									\
	check_that(kssl_ctx_##set(ctx, a, n) && kssl_##set(s, a, one),	\
		   #set);						\
	check_that(kssl_ctx_##get(ctx, (void *)got, n) == (n) &&	\
		   !memcmp(got, a, sizeof(a)), "kssl_ctx_" #get);	\
	check_that(kssl_##get(s, (void *)got, n) == (one) &&		\
		   !memcmp(got, a, sizeof((a)[0]) * (one)), "kssl_" #get); \
	heir = kssl_new(ctx);						\
	check_that(kssl_##get(heir, NULL, 0) == (n), #get " inherits");	\
	kssl_free(heir);						\
	check_that(kssl_ctx_##set(ctx, a, one), "kssl_ctx_" #set);	\
} while (0)

static void test_lists(void)
{
	static const uint16_t suites[] = { 0xc02f, 0xc02b };
	static const uint16_t suites13[] = { 0x1303, 0x1301 };
	static const uint16_t codes[] = { 29, 23, 24 };
	uint32_t serials[] = { add_key("t1"), add_key("t2"), add_key("t3") };
	static const uint8_t object[] = { 0x30, 1, 5, 0x30, 2, 6, 7 };
	static const uint8_t names[] = { 2, 'h', '2', 3, 'f', 'o', 'o' };
	static const uint8_t ip[] = { 127, 0, 0, 1, 0, 0, 0, 0,
				      0, 0, 0, 0, 0, 0, 0, 1 };
	static const uint8_t mtypes[] = { 1, 1, 2, 0 };
	static const uint8_t tlsa[] = { 0, 5, 3, 1, 0, 8, 9,
					0, 4, 2, 0, 0, 7 };
	static const uint8_t v1[] = { 0, 18, 0, 1, 9, 0, 19, 0, 0 };
	static const uint8_t v2[] = { 0, 0, 0, 1, 0, 21, 0, 1, 9,
				      0, 0, 0, 1, 0, 22, 0, 0 };
	static const uint8_t bytes[] = { 1, 64, 0 };

	LIST(set_cipher_list, get_cipher_list, suites, 2, 1);
	LIST(set_ciphersuites, get_ciphersuites, suites13, 2, 1);
	LIST(set_groups, get_groups, codes, 3, 1);
	LIST(set_sigalgs, get_sigalgs, codes, 3, 2);
	LIST(set_client_sigalgs, get_client_sigalgs, codes, 3, 0);
	LIST(set_tlsext_ticket_keys, get_tlsext_ticket_keys, serials, 3, 1);
	LIST(set_verify_hosts, get_verify_hosts, names, 7, 3);
	LIST(set_alpn_protos, get_alpn_protos, names, 7, 3);
	LIST(set_verify_ip, get_verify_ip, ip, 16, 4);
	LIST(set_trust_anchors, get_trust_anchors, object, 7, 3);
	LIST(set_crls, get_crls, object, 7, 3);
	LIST(set_ca_list, get_ca_list, object, 7, 3);
	LIST(set_client_ca_list, get_client_ca_list, object, 7, 0);
	LIST(set_dane_mtypes, get_dane_mtypes, mtypes, 4, 2);
	LIST(set_dane_tlsa, get_dane_tlsa, tlsa, 13, 7);
	LIST(use_serverinfo, get_serverinfo, v1, 9, 5);
	/* An object has one of the two. */
	check(kssl_ctx_use_serverinfo(ctx, "", 0) &&
	      kssl_use_serverinfo(s, "", 0));
	LIST(use_serverinfo_v2, get_serverinfo_v2, v2, 17, 9);
	LIST(set_custom_extensions, get_custom_extensions, v2, 17, 9);
	LIST(set_session_id_context, get_session_id_context, bytes, 3, 1);
	LIST(set_client_certificate_types, get_client_certificate_types,
	     bytes, 3, 2);
}

#define TEXT(set, get, a, b)						\
do {									\
	char got[300];							\
									\
	check_that(kssl_ctx_##set(ctx, a) && kssl_##set(s, b), #set);	\
	check_that(kssl_ctx_##get(ctx, got, sizeof(got)) &&		\
		   !strcmp(got, a) && kssl_##get(s, got, sizeof(got)) && \
		   !strcmp(got, b), #get);				\
} while (0)

static void test_texts(void)
{
	TEXT(set_verify_email, get_verify_email, "a@example.org", "");
	TEXT(use_psk_identity_hint, get_psk_identity_hint, "hint", "other");
	TEXT(set_psk_identity, get_psk_identity, "me", "you");
	TEXT(set_tlsext_host_name, get_tlsext_host_name, "example.org",
	     "www.example.org");
	TEXT(set_label, get_label, "one", "two");
}

static void test_certificates(void)
{
	static const uint8_t object[] = { 0x30, 1, 5, 0x30, 1, 6 };
	uint32_t key = add_key("cert"), got_key;
	uint8_t got[8];
	int slot;

	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++) {
		check(kssl_ctx_use_certificate(ctx, slot, object, 3) &&
		      kssl_get_certificate(s, slot, got, 8) == 0 &&
		      kssl_ctx_get_certificate(ctx, slot, got, 8) == 3);
		check(kssl_use_certificate(s, slot, object, 3) &&
		      kssl_get_certificate(s, slot, got, 8) == 3 &&
		      !memcmp(got, object, 3));
		check(kssl_set_chain(s, slot, object, 6) &&
		      kssl_get_chain(s, slot, got, 8) == 6);
		check(kssl_ctx_set_tlsext_status_ocsp_resp(ctx, slot, object,
							   3) &&
		      kssl_ctx_get_tlsext_status_ocsp_resp(ctx, slot, got,
							   8) == 3);
		check(kssl_ctx_use_private_key(ctx, slot, key) &&
		      kssl_ctx_get_private_key(ctx, slot, &got_key) &&
		      got_key == key);
		check(kssl_use_private_key(s, slot, key) &&
		      kssl_use_private_key(s, slot, 0) &&
		      kssl_get_private_key(s, slot, &got_key) && !got_key);
	}
	check(!kssl_use_certificate(s, 0, "junk", 4) &&
	      kssl_errno() == EINVAL &&
	      !strcmp(kssl_error_attr(), "settings.certificate-rsa"));
	check(!kssl_use_private_key(s, 0, 1) && kssl_errno() &&
	      !strcmp(kssl_error_attr(), "settings.private-key-rsa"));
}

static void test_private_rows(void)
{
	struct kssl_client *other = kssl_client_new();
	struct kssl *own = kssl_new(ctx), *taken;
	char got[8];
	void *data;
	size_t len;
	unsigned int i;

	for (i = 0; i < KSSL_EX_DATA_MAX; i++)
		check(kssl_set_ex_data(own, i, "data", i + 1 > 4 ? 4 : i + 1) &&
		      kssl_get_ex_data(own, i, got, 8) ==
		      (i + 1 > 4 ? 4 : i + 1));
	check(kssl_ctx_set_ex_data(ctx, 7, "x", 1) &&
	      kssl_ctx_get_ex_data(ctx, 7, got, 8) == 1);
	check(kssl_get_session(own, got, 8) == 0);
	check(kssl_set_session(own, "secret", 6) &&
	      kssl_get_session(own, got, 8) == 6 && !memcmp(got, "secret", 6));
	check(kssl_get_row(own, KSSL_A_SETTINGS_SESSION, &data, &len) &&
	      len == 6);
	free(data);

	taken = kssl_from_id(other, kssl_id(own));
	check(taken && kssl_get_session(taken, got, 8) == 6);
	kssl_free(taken);
	kssl_client_free(other);
	kssl_free(own);
}

/* Every row of bytes at its longest, and what is reported of them. */
static void test_large(void)
{
	struct kssl_settings *set = kssl_settings_new();
	struct kssl_ctx *own = kssl_ctx_new(client, KSSL_METHOD_EITHER);
	uint8_t *data = der(KSSL_BLOB_MAX, 0xa5);
	uint8_t *got = malloc(KSSL_BLOB_MAX);
	struct kssl_ctx_info *info;
	struct kssl *heir;
	int slot;

	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++) {
		kssl_settings_certificate(set, slot, data, KSSL_BLOB_MAX);
		kssl_settings_chain(set, slot, data, KSSL_BLOB_MAX);
		kssl_settings_ocsp(set, slot, data, KSSL_BLOB_MAX);
	}
	kssl_settings_trust_anchors(set, data, KSSL_BLOB_MAX);
	kssl_settings_options(set, KSSL_OP_NO_TICKET, KSSL_OP_NO_TICKET);
	if (!check(kssl_ctx_set(own, set)))
		printf("# %s (%s)\n", kssl_error_text(), kssl_error_attr());

	for (slot = 0; slot < KSSL_CERT_SLOTS; slot++)
		check(kssl_ctx_get_chain(own, slot, got, KSSL_BLOB_MAX) ==
		      KSSL_BLOB_MAX && !memcmp(got, data, KSSL_BLOB_MAX));
	info = kssl_ctx_get_info(own);
	check(info && info->settings->reported &&
	      info->settings->large_rows_n == 28 &&
	      !info->settings->certificate[0] &&
	      (info->settings->options & KSSL_OP_NO_TICKET));
	kssl_ctx_info_free(info);
	heir = kssl_new(own);
	check(kssl_get_certificate(heir, 8, got, 4) == KSSL_BLOB_MAX &&
	      !memcmp(got, data, 4));
	kssl_free(heir);

	/* One row that is too long spoils all of them. */
	kssl_settings_options(set, KSSL_OP_GREASE, KSSL_OP_GREASE);
	free(data);
	data = der(KSSL_BLOB_MAX + 4, 0xa5);
	kssl_settings_crls(set, data, KSSL_BLOB_MAX + 4);
	check(!kssl_ctx_set(own, set) && kssl_errno() == EINVAL &&
	      !strcmp(kssl_error_attr(), "settings.crls") &&
	      !strcmp(kssl_error_text(), "too long"));
	info = kssl_ctx_get_info(own);
	check(info && !(info->settings->options & KSSL_OP_GREASE));
	kssl_ctx_info_free(info);

	free(data);
	free(got);
	kssl_ctx_free(own);
	kssl_settings_free(set);
}

static void test_set_ctx(void)
{
	static const uint8_t object[] = { 0x30, 1, 5 };
	struct kssl_ctx *other = kssl_ctx_new(client, KSSL_METHOD_EITHER);
	struct kssl_client *foreign = kssl_client_new();
	struct kssl_ctx *theirs = kssl_ctx_new(foreign, KSSL_METHOD_EITHER);
	struct kssl *own = kssl_new(ctx);
	uint8_t got[4];

	check(kssl_ctx_use_certificate(other, KSSL_CERT_SLOT_ED25519, object,
				       3));
	check(kssl_set_tlsext_host_name(own, "stays"));
	check(kssl_set_ctx(own, other) &&
	      kssl_get_ctx_id(own) == kssl_ctx_id(other));
	check(kssl_get_certificate(own, KSSL_CERT_SLOT_ED25519, got, 4) == 3);
	check(kssl_get_tlsext_host_name(own, (char *)got, 4) &&
	      !strcmp((char *)got, "sta"));
	check(!kssl_set_ctx(own, theirs) && kssl_errno() == EINVAL);
	check(!kssl_set_ctx(own, NULL) && kssl_errno() == EINVAL);
	kssl_free(own);
	kssl_ctx_free(other);
	kssl_ctx_free(theirs);
	kssl_client_free(foreign);
}

int main(void)
{
	client = kssl_client_new();
	if (!check(client)) {
		printf("# %s\n", kssl_error_text());
		return tap_done();
	}
	ctx = kssl_ctx_new(client, KSSL_METHOD_EITHER);
	s = kssl_new(ctx);

	test_certificates();
	test_numbers();
	test_lists();
	test_texts();
	test_private_rows();
	test_large();
	test_set_ctx();

	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
