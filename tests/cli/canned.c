// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints canned objects through the tool's print layer.
 *
 *   canned [-j] [-p] [-s] WHAT...
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kssl/kssl.h>

#include "name.h"
#include "out.h"
#include "print.h"

static const uint16_t cipher_list[] = { 0xc02c, 0xcca8, 0x1234 };
static const uint16_t ciphersuites[] = { 0x1302, 0x1301 };

static const uint16_t codes[] = { 0x001d, 0x0403, 0xfefe };
static const uint8_t names[] = { 2, 'h', '2', 3, 'a', ' ', 'b' };
static const uint32_t serials[] = { 123456789, 2 };
static const uint16_t large_rows[] = {
	KSSL_A_SETTINGS_SESSION, KSSL_A_SETTINGS_EX_DATA_7,
};

/* No row has its default, or the value of another. */
static struct kssl_settings_info settings = {
	.method = KSSL_METHOD_SERVER,
	.role = KSSL_ROLE_CLIENT,
	.options = KSSL_OP_NO_TICKET | KSSL_OP_GREASE | 1ULL << 63,
	.mode = KSSL_MODE_RELEASE_BUFFERS | KSSL_MODE_ASYNC,
	.min_proto = 0x0301,
	.max_proto = 0x0303,
	.verify_mode = KSSL_VERIFY_PEER | KSSL_VERIFY_CLIENT_ONCE,
	.verify_depth = 17,
	.timeout = 4711,
	.max_cert_list = 65537,
	.read_ahead = 1,
	.cipher_list = cipher_list,
	.cipher_list_n = 3,
	.ciphersuites = ciphersuites,
	.ciphersuites_n = 2,
	.label = "front",
	.reported = 1,
	.verify_flags = KSSL_VERIFY_FLAG_CRL_CHECK | 1U << 31,
	.verify_purpose = 5,
	.verify_trust = 6,
	.verify_hosts = names,
	.verify_hosts_len = sizeof(names),
	.verify_host_flags = KSSL_HOST_FLAG_NO_WILDCARDS,
	.verify_email = "a b@example.org",
	.verify_ip = names,
	.verify_ip_len = 4,
	.verify_time = 5000000000,
	.verify_auth_level = 4,
	.trust_anchors = names,
	.trust_anchors_len = 3,
	.trust_system = 1,
	.crls = names,
	.crls_len = 3,
	.session_id_context = names,
	.session_id_context_len = 5,
	.tmp_dh = names,
	.tmp_dh_len = 6,
	.dh_auto = 1,
	.certificate_current = KSSL_CERT_SLOT_ECC,
	.certificate_len = { 71, 72, 73, 74, 75, 76, 77, 78, 79 },
	.chain_len = { 81, 82, 83, 84, 85, 86, 87, 88, 89 },
	.private_key = { 91, 92, 93, 94, 95, 96, 97, 98, 99 },
	.ocsp_len = { 61, 62, 63, 64, 65, 66, 67, 68, 69 },
	.sigalgs = codes,
	.sigalgs_n = 2,
	.client_sigalgs = codes,
	.client_sigalgs_n = 1,
	.dane_enabled = 1,
	.dane_flags = KSSL_DANE_FLAG_NO_DANE_EE_NAMECHECKS,
	.dane_mtypes = names,
	.dane_mtypes_len = 2,
	.dane_tlsa = names,
	.dane_tlsa_len = 7,
	.security_level = 3,
	.ca_list_len = 51,
	.client_ca_list_len = 52,
	.serverinfo_len = 53,
	.serverinfo_v2_len = 54,
	.custom_extensions_len = 55,
	.psk_identity_hint = "hint",
	.psk_identity = "who",
	.psk_key = 56,
	.client_cert_types = names,
	.client_cert_types_len = 1,
	.callbacks = KSSL_CALLBACK_INFO | KSSL_CALLBACK_VERIFY,
	.callbacks_cookie = 10000000005,
	.sni = "www.example.org",
	.alpn = names,
	.alpn_len = sizeof(names),
	.groups = codes,
	.groups_n = 3,
	.num_tickets = 57,
	.ticket_keys = serials,
	.ticket_keys_n = 2,
	.max_early_data = 58,
	.recv_max_early_data = 59,
	.quiet_shutdown = 1,
	.block_padding = 512,
	.max_send_fragment = 1024,
	.split_send_fragment = 1023,
	.max_fragment_len = 4,
	.share = 1,
	.keep = 1,
	.large_rows = large_rows,
	.large_rows_n = 2,
};

/* As little as there can be. */
static const struct kssl_settings_info bare_settings = {
	.reported = 1,
	.verify_depth = -1,
};

static const struct kssl_info bare_conn = {
	.id = 1,
	.ctx_id = 2,
	.verify_result = -1,
	.result_text = "",
	.sni = "",
	.settings = &bare_settings,
};

/* A list that is not reported, and one that is empty. */
static const uint16_t long_lists[] = { KSSL_A_SETTINGS_CIPHER_LIST };

static const struct kssl_settings_info long_settings = {
	.reported = 1,
	.large_rows = long_lists,
	.large_rows_n = 1,
};

static const struct kssl_info long_conn = {
	.id = 1,
	.ctx_id = 2,
	.verify_result = -1,
	.result_text = "",
	.sni = "",
	.settings = &long_settings,
};

static struct kssl_info conn = {
	.id = 21,
	.ctx_id = 22,
	.state = KSSL_STATE_ESTABLISHED,
	.refs = 23,
	.held = 24,
	.holders = 25,
	.uid = 26,
	.age = 1234005,
	.settings_id = 10000000000,
	.inherit_id = 10000000001,
	.settings = &settings,
	.version = 0x0304,
	.suite = 0x1302,
	.verify_result = 27,
	.family = AF_INET,
	.local_port = 443,
	.peer_port = 51000,
	.local_addr = { 192, 0, 2, 1 },
	.peer_addr = { 198, 51, 100, 7 },
	.sock_cookie = 10000000002,
	.result = EPERM,
	.result_text = "the settings do not list the cipher suite",
	.alpn = names + 1,
	.alpn_len = 2,
	.sni = "example.org",
	.resumed = 1,
	.record_limit = 16384,
	.shutdown = KSSL_SHUTDOWN_SENT,
	.rights = KSSL_RIGHTS_USE,
	.sent = 10000000005,
	.received = 10000000006,
	.unsent = 1,
	.directions = KSSL_DIRECTION_TX | KSSL_DIRECTION_RX,
};

static struct kssl_ctx_info ctx = {
	.id = 31,
	.refs = 32,
	.held = 33,
	.holders = 34,
	.conns = 35,
	.uid = 36,
	.age = 37,
	.settings_id = 10000000003,
	.inherit_id = 10000000004,
	.settings = &settings,
	.rights = KSSL_RIGHTS_ALL,
};

static struct kssl_event event = {
	.type = KSSL_EVENT_TYPE_STATE,
	.id = 41,
	.ctx_id = 42,
	.state = KSSL_STATE_CLOSED,
	.uid = 43,
	.family = AF_INET6,
	.local_port = 44,
	.peer_port = 45,
	.local_addr = { [15] = 1 },
	.peer_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 },
	.sock_cookie = 46,
	.direction = KSSL_DIRECTION_RX,
	.key_records = 47,
	.key_records_max = 48,
};

static void print_labels(bool all)
{
	static const char *const labels[] = {
		"two words", "\"quoted\" \\ back", "caf\xc3\xa9", "\xff\xc2\x9b",
		"\xed\xa0\x80", "#1",
	};
	size_t i;

	out_list_begin();
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		snprintf(settings.label, sizeof(settings.label), "%s",
			 labels[i]);
		print_conn(&conn, all);
	}
	out_list_end(true);
}

static void print_all_names(const char *prefix, const struct name *names)
{
	for (; names->name; names++)
		printf("%s %s %#llx\n", prefix, names->name,
		       (unsigned long long)names->value);
}

static int print(const char *what, bool all)
{
	struct out_piece piece[2];

	if (!strcmp(what, "conn")) {
		print_conn(&conn, all);
	} else if (!strcmp(what, "pids")) {
		out_list_begin();
		print_conn_pids(&conn, all, serials, 2);
		print_conn_pids(&conn, all, NULL, 0);
		print_conn_pids(&bare_conn, all, NULL, 0);
		out_list_end(true);
	} else if (!strcmp(what, "bare")) {
		print_conn(&bare_conn, all);
	} else if (!strcmp(what, "ctx")) {
		print_ctx(&ctx, all, NULL, 0);
	} else if (!strcmp(what, "tree")) {
		out_capture_begin();
		print_conn(&conn, all);
		out_capture_end(&piece[0]);
		conn.id = 20;
		out_capture_begin();
		print_conn(&conn, all);
		out_capture_end(&piece[1]);
		out_list_begin();
		print_ctx(&ctx, all, piece, 2);
		ctx.id = 30;
		print_ctx(&ctx, all, piece, 0);
		out_list_end(true);
	} else if (!strcmp(what, "event")) {
		print_event(&event);
	} else if (!strcmp(what, "list")) {
		out_list_begin();
		print_ctx(&ctx, all, NULL, 0);
		print_conn(&conn, all);
		out_list_end(true);
	} else if (!strcmp(what, "long")) {
		print_conn(&long_conn, all);
	} else if (!strcmp(what, "empty")) {
		out_list_begin();
		out_list_end(true);
	} else if (!strcmp(what, "labels")) {
		print_labels(all);
	} else if (!strcmp(what, "names")) {
		print_all_names("op", op_names);
		print_all_names("mode", mode_names);
		print_all_names("verify", verify_names);
		print_all_names("verify-flag", verify_flag_names);
		print_all_names("host-flag", host_flag_names);
		print_all_names("dane-flag", dane_flag_names);
		print_all_names("callback", callback_names);
		print_all_names("cert-slot", slot_names);
	} else {
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool json = false, pretty = false, all = false;
	int option;

	while ((option = getopt(argc, argv, "jps")) != -1) {
		json |= option == 'j';
		pretty |= option == 'p';
		all |= option == 's';
	}
	out_setup(json, pretty);
	for (; argv[optind]; optind++)
		if (print(argv[optind], all))
			return 1;
	return 0;
}
