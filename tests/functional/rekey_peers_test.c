// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Key updates with other programs as peers, the commands of OpenSSL and GnuTLS,
 * started by either end. Each line that is sent arrives, or it does not if a
 * key is not the one that it should be.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kssl/openssl.h>

#include "../lib/peer.h"
#include "../lib/tap.h"
#include "../lib/tls_pair.h"

#define WORDS_MAX	1024
#define GNUTLS_TLS13	"NORMAL:-VERS-ALL:+VERS-TLS1.3"

/* What makes a peer update its key, and what it says then, or NULL. */
struct commands {
	const char *update;
	const char *and_request;
	const char *done;
};

static const struct commands s_server = { "k", "K", NULL };
static const struct commands s_client = { "k", "K", "KEYUPDATE" };
static const struct commands gnutls_cli = {
	"^rekey1^", "^rekey^", "- Rekey was completed",
};

static int generations(struct kssl *s, uint32_t tx, uint32_t rx)
{
	struct kssl_info *info = kssl_get_info(s);
	int same = info && info->tx_generation == tx &&
		info->rx_generation == rx;

	if (info && !same)
		printf("# %u updates of ours, %u of the peer\n",
		       info->tx_generation, info->rx_generation);
	kssl_info_free(info);
	return same;
}

/* --- one line in each direction ------------------------------------------- */

static int type_line(struct shake *shake, const char *line)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	return write(shake->peer.in, text, len) == len;
}

static int send_line(struct shake *shake, const char *line)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	return kssl_write(shake->fd, text, len) == len;
}

static int receive_line(struct shake *shake, const char *line)
{
	char text[32];

	snprintf(text, sizeof(text), "%s\n", line);
	return reads(shake, text);
}

static int to_peer(struct shake *shake, const char *line)
{
	return send_line(shake, line) && says(&shake->peer, line);
}

static int from_peer(struct shake *shake, const char *line)
{
	return type_line(shake, line) && receive_line(shake, line);
}

static int echoed(struct shake *shake, const char *line)
{
	return send_line(shake, line) && receive_line(shake, line);
}

/* Peers take lines that come together for one, so it waits for the effect. */
static int command(struct shake *shake, const char *line, const char *done)
{
	struct pollfd pollfd = { .fd = shake->fd, .events = POLLIN };

	shake->peer.len = 0;
	shake->peer.text[0] = '\0';
	if (!type_line(shake, line))
		return 0;
	return done ? says(&shake->peer, done) : poll(&pollfd, 1, -1) == 1;
}

/* --- who starts ----------------------------------------------------------- */

static void test_ours(struct shake *shake)
{
	check(to_peer(shake, "before") && from_peer(shake, "answer0"));
	check(kssl_rekey(shake->s, KSSL_DIRECTION_TX, 0));
	check(to_peer(shake, "updated") && from_peer(shake, "answer1"));
	check(generations(shake->s, 1, 0));
	check(kssl_rekey(shake->s, KSSL_DIRECTION_TX, KSSL_REKEY_REQUEST));
	check(to_peer(shake, "requested") && from_peer(shake, "answer2"));
	check(generations(shake->s, 2, 1));
}

static void test_theirs(struct shake *shake, const struct commands *commands)
{
	check(command(shake, commands->update, commands->done));
	check(from_peer(shake, "answer3") && generations(shake->s, 2, 2));
	check(to_peer(shake, "between"));
	check(command(shake, commands->and_request, commands->done));
	check(from_peer(shake, "answer4") && generations(shake->s, 3, 3));
	check(to_peer(shake, "after") && from_peer(shake, "answer5"));
	check(generations(shake->s, 3, 3));
	check(kssl_shutdown(shake->fd) >= 0);
}

/* --- peers ---------------------------------------------------------------- */

static void end(struct shake *shake)
{
	shutdown(shake->fd, SHUT_RDWR);
	stop_command(&shake->peer);
	shake_free(shake);
}

static void start_handshake(struct shake *shake, struct kssl_ctx *ctx)
{
	MUST((shake->s = kssl_new(ctx)));
	hands(shake);
	check_that(shake->result == KSSL_OPENSSL_ATTACHED, "attached %s",
		   shake->error);
}

static void test_openssl_server(void)
{
	struct kssl_ctx *ctx = open_client();
	struct shake shake = { 0 };

	shake.fd = connect_server(start_server(&shake.peer, &server, 1,
					       "-tls1_3"));
	start_handshake(&shake, ctx);
	test_ours(&shake);
	test_theirs(&shake, &s_server);
	end(&shake);
	kssl_ctx_free(ctx);
}

/* @words end with the option that a port follows. */
static void accept_client(struct shake *shake, struct kssl_ctx *ctx,
			  const char *format, const char *options)
{
	char words[WORDS_MAX];
	int listener, port;

	listener = listen_any(&port);
	snprintf(words, sizeof(words), format, ca.cert_file, options, port);
	start_command(&shake->peer, words);
	MUST((shake->fd = accept(listener, NULL, NULL)) >= 0);
	close(listener);
	start_handshake(shake, ctx);
}

static void test_openssl_client(void)
{
	struct kssl_ctx *ctx = open_server();
	struct shake shake = { 0 };

	accept_client(&shake, ctx, "openssl s_client -CAfile %s %s "
		      "-connect 127.0.0.1:%d", "-tls1_3");
	test_ours(&shake);
	test_theirs(&shake, &s_client);
	end(&shake);
	kssl_ctx_free(ctx);
}

static void test_gnutls_client(void)
{
	struct kssl_ctx *ctx = open_server();
	struct shake shake = { 0 };

	accept_client(&shake, ctx, "gnutls-cli --inline-commands "
		      "--verify-hostname test.example --x509cafile %s "
		      "--priority %s -p %d 127.0.0.1", GNUTLS_TLS13);
	test_ours(&shake);
	test_theirs(&shake, &gnutls_cli);
	end(&shake);
	kssl_ctx_free(ctx);
}

/* It only echoes, and has no command for an update. */
static void test_gnutls_server(void)
{
	struct kssl_ctx *ctx = open_client();
	struct shake shake = { 0 };
	char words[WORDS_MAX];
	int port = next_port();

	snprintf(words, sizeof(words), "gnutls-serv --echo -p %d "
		 "--x509certfile %s --x509keyfile %s --priority %s", port,
		 server.cert_file, server.key_file, GNUTLS_TLS13);
	start_command(&shake.peer, words);
	shake.fd = connect_server(port);
	start_handshake(&shake, ctx);
	check(echoed(&shake, "before"));
	check(kssl_rekey(shake.s, KSSL_DIRECTION_TX, 0));
	check(echoed(&shake, "updated") && generations(shake.s, 1, 0));
	check(kssl_rekey(shake.s, KSSL_DIRECTION_TX, KSSL_REKEY_REQUEST));
	check(echoed(&shake, "requested") && generations(shake.s, 2, 1));
	check(echoed(&shake, "after") && generations(shake.s, 2, 1));
	check(kssl_shutdown(shake.fd) >= 0);
	end(&shake);
	kssl_ctx_free(ctx);
}

/* Of a kernel that cannot, the peer that updates its key is the end. */
static void test_old_kernel(void)
{
	struct kssl_ctx *ctx = open_client();
	struct shake shake = { 0 };

	shake.fd = connect_server(start_server(&shake.peer, &server, 1,
					       "-tls1_3"));
	start_handshake(&shake, ctx);
	check(!kssl_rekey(shake.s, KSSL_DIRECTION_TX, 0) &&
	      kssl_errno() == EOPNOTSUPP);
	check(to_peer(&shake, "before") && from_peer(&shake, "answer0"));
	check(command(&shake, s_server.update, s_server.done));
	check(!from_peer(&shake, "answer1") && kssl_errno() == EKEYEXPIRED);
	end(&shake);
	kssl_ctx_free(ctx);
}

static int can_update(void)
{
	struct kssl_ctx *ctx = open_client();
	struct kssl *s = kssl_new(ctx);
	int can = kssl_rekey(s, KSSL_DIRECTION_TX, 0) ||
		kssl_errno() != EOPNOTSUPP;

	kssl_free(s);
	kssl_ctx_free(ctx);
	return can;
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	client = kssl_client_new();
	if (!client) {
		printf("Bail out! %s\n", kssl_error_text());
		return 1;
	}
	make_identities();
	if (can_update()) {
		test_openssl_server();
		test_openssl_client();
		test_gnutls_client();
		test_gnutls_server();
	} else {
		test_old_kernel();
		tap_skip("key updates", "net/tls of this kernel cannot");
	}
	kssl_client_free(client);
	return tap_done();
}
