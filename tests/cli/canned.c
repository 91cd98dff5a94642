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

/* No row has its default, or the value of another. */
static const struct kssl_settings_info settings = {
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
};

/* As little as there can be. */
static const struct kssl_info bare_conn = {
	.id = 1,
	.ctx_id = 2,
	.verify_result = -1,
	.result_text = "",
	.settings.verify_depth = -1,
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
		snprintf(conn.settings.label, sizeof(conn.settings.label), "%s",
			 labels[i]);
		print_conn(&conn, all);
	}
	out_list_end(true);
}

static void print_all_names(const struct name *names)
{
	for (; names->name; names++)
		printf("%s %#llx\n", names->name,
		       (unsigned long long)names->value);
}

static int print(const char *what, bool all)
{
	struct out_piece piece[2];

	conn.settings = settings;
	ctx.settings = settings;
	if (!strcmp(what, "conn")) {
		print_conn(&conn, all);
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
	} else if (!strcmp(what, "empty")) {
		out_list_begin();
		out_list_end(true);
	} else if (!strcmp(what, "labels")) {
		print_labels(all);
	} else if (!strcmp(what, "names")) {
		print_all_names(op_names);
		print_all_names(mode_names);
		print_all_names(verify_names);
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
