// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libkssl-openssl against plain OpenSSL peers, on a kernel that has kssl.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <linux/sockios.h>

#include <kssl/openssl.h>

#include "../lib/tap.h"
#include "../lib/tls_pair.h"
#include "tcp.h"

#define VOLUME	((1 << 20) + 4321)	/* bytes each way in a test of data */

/* From linux/tls.h and the TLS registry: what the tests negotiate. */
static const uint16_t codes13[] = { 0x1301, 0x1302, 0x1303, 0x1304 };
static const uint16_t codes12[] = { 0xc02f, 0xc030, 0xcca8, 0xc09c };

static struct kssl_client *client;

/* --- two sockets, two ends ----------------------------------------------- */

static void open_pair(int fd[2])
{
	int on = 1, i;

	MUST(!tcp_pair(fd));
	for (i = 0; i < 2; i++) {
		tls_nonblocking(fd[i], 1);
		setsockopt(fd[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
}

/* One end: OpenSSL's while it has an SSL, else the kernel's. */
struct end {
	int fd;
	SSL *ssl;
	size_t sent, received;
	unsigned int seed;
};

static unsigned char pattern(unsigned int seed, size_t pos)
{
	return (pos * 31 + (pos >> 8) * 7 + seed) & 0xff;
}

/* Returns how many bytes moved, or -1; 0 is to be repeated. */
static ssize_t end_write(struct end *end, const void *buf, size_t len)
{
	ssize_t n;

	if (!end->ssl) {
		n = kssl_write(end->fd, buf, len);
		return n < 0 && kssl_errno() == EAGAIN ? 0 : n;
	}
	ERR_clear_error();
	n = SSL_write(end->ssl, buf, len);
	return n <= 0 && tls_again(end->ssl, n) ? 0 : n > 0 ? n : -1;
}

static ssize_t end_read(struct end *end, void *buf, size_t len)
{
	ssize_t n;

	if (!end->ssl) {
		n = kssl_read(end->fd, buf, len);
		if (n < 0)
			return kssl_errno() == EAGAIN ? 0 : -1;
		return n ? n : -1;
	}
	ERR_clear_error();
	n = SSL_read(end->ssl, buf, len);
	return n <= 0 && tls_again(end->ssl, n) ? 0 : n > 0 ? n : -1;
}

static int send_some(struct end *end)
{
	unsigned char buf[20000];
	size_t len = VOLUME - end->sent, i;
	ssize_t n;

	if (len > sizeof(buf))
		len = sizeof(buf);
	if (!len)
		return 1;
	for (i = 0; i < len; i++)
		buf[i] = pattern(end->seed, end->sent + i);
	n = end_write(end, buf, len);
	if (n > 0)
		end->sent += n;
	return n >= 0;
}

static int receive_some(struct end *end, unsigned int seed)
{
	unsigned char buf[20000];
	ssize_t n, i;

	n = end_read(end, buf, sizeof(buf));
	for (i = 0; i < n; i++)
		if (buf[i] != pattern(seed, end->received + i))
			return 0;
	if (n > 0)
		end->received += n;
	return n >= 0 && end->received <= VOLUME;
}

static int is_done(const struct end *end)
{
	return end->sent == VOLUME && end->received == VOLUME;
}

/* VOLUME bytes both ways at once; whether they arrived as they were sent. */
static int exchange(struct end *a, struct end *b)
{
	time_t idle = 0;
	size_t moved;

	a->sent = 0;
	a->received = 0;
	a->seed = 1;
	b->sent = 0;
	b->received = 0;
	b->seed = 2;
	while (!is_done(a) || !is_done(b)) {
		moved = a->sent + a->received + b->sent + b->received;
		if (!send_some(a) || !send_some(b) ||
		    !receive_some(a, b->seed) || !receive_some(b, a->seed)) {
			printf("# broke after %zu/%zu and %zu/%zu bytes: %s\n",
			       a->sent, b->received, b->sent, a->received,
			       kssl_error_text());
			return 0;
		}
		if (moved != a->sent + a->received + b->sent + b->received)
			idle = 0;
		else if (!idle)
			idle = time(NULL);
		/* Not rounds: part of a record may end a wait at once. */
		else if (time(NULL) > idle + 60)
			return 0;
		else
			tls_wait_either(a->fd, b->fd);
	}
	return 1;
}

/* As end_read(), when there is something. */
static ssize_t read_wait(struct end *end, void *buf, size_t len)
{
	ssize_t n;

	do {
		tls_wait(end->fd);
		n = end_read(end, buf, len);
	} while (!n);
	return n;
}

/* A short text each way. */
static int chat(struct end *a, struct end *b)
{
	static const char text[] = "hello";
	struct end *from = a, *to = b, *swap;
	char buf[sizeof(text)];
	ssize_t n;
	int i;

	for (i = 0; i < 2; i++) {
		if (end_write(from, text, sizeof(text)) != sizeof(text))
			return 0;
		n = read_wait(to, buf, sizeof(buf));
		if (n != sizeof(text) || memcmp(buf, text, n))
			return 0;
		swap = from;
		from = to;
		to = swap;
	}
	return 1;
}

/* Close the kernel's end by close_notify, both ways. */
static int say_goodbye(struct end *kernel, struct end *peer)
{
	char c;

	if (kssl_shutdown(kernel->fd) != 0)
		return 0;
	tls_wait(peer->fd);
	if (SSL_read(peer->ssl, &c, 1) != 0 ||
	    SSL_get_error(peer->ssl, 0) != SSL_ERROR_ZERO_RETURN)
		return 0;
	if (SSL_shutdown(peer->ssl) != 1)
		return 0;
	tls_wait(kernel->fd);
	return kssl_read(kernel->fd, &c, 1) == 0 &&
		kssl_shutdown(kernel->fd) == 1;
}

/* --- kernel contexts ------------------------------------------------------ */

/* A context that lets all suites of the matrix through. */
static struct kssl_ctx *open_ctx(enum kssl_method method)
{
	struct kssl_settings *settings = kssl_settings_new();
	struct kssl_ctx *ctx;

	MUST(kssl_settings_method(settings, method));
	MUST(kssl_settings_ciphersuites(settings, codes13, 4));
	MUST(kssl_settings_cipher_list(settings, codes12, 4));
	ctx = kssl_ctx_new_with(client, settings);
	if (!ctx)
		printf("# %s\n", kssl_error_text());
	MUST(ctx);
	kssl_settings_free(settings);
	return ctx;
}

static enum kssl_state state_of(struct kssl *s)
{
	struct kssl_info *info = kssl_get_info(s);
	enum kssl_state state;

	MUST(info);
	state = info->state;
	kssl_info_free(info);
	return state;
}

static int count_one(const struct kssl_info *info, void *arg)
{
	(void)info;
	++*(int *)arg;
	return 0;
}

static int count_conns(void)
{
	int n = 0;

	MUST(kssl_dump(client, NULL, count_one, &n));
	return n;
}

/* A socket ends some time after its last file descriptor. */
static int become_none(void)
{
	int i;

	for (i = 0; i < TLS_ROUNDS && count_conns(); i++)
		usleep(10000);
	return !count_conns();
}

static int becomes_acked(int fd)
{
	int i, left = 1;

	for (i = 0; i < TLS_ROUNDS && left; i++) {
		MUST(!ioctl(fd, SIOCOUTQ, &left));
		usleep(10000);
	}
	return !left;
}

static int becomes_closed(struct kssl *s)
{
	int i;

	for (i = 0; i < TLS_ROUNDS && state_of(s) != KSSL_STATE_CLOSED; i++)
		usleep(10000);
	return state_of(s) == KSSL_STATE_CLOSED;
}

/* --- own handshakes, handed over ------------------------------------------ */

struct pair {
	SSL_CTX *ctx[2];	/* client, server */
	struct end end[2];
	SSL_SESSION *session;
};

static void pair_init(struct pair *pair, const struct tls_suite *suite)
{
	int i;

	memset(pair, 0, sizeof(*pair));
	for (i = 0; i < 2; i++) {
		pair->ctx[i] = tls_ctx(i, suite);
		SSL_CTX_set_mode(pair->ctx[i], SSL_MODE_ENABLE_PARTIAL_WRITE |
				 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		MUST(kssl_openssl_prepare(pair->ctx[i]));
	}
	tls_keep_sessions(pair->ctx[0], &pair->session);
}

static void pair_open(struct pair *pair)
{
	int fd[2], i;

	open_pair(fd);
	for (i = 0; i < 2; i++) {
		pair->end[i].fd = fd[i];
		MUST(pair->end[i].ssl = SSL_new(pair->ctx[i]));
		MUST(kssl_openssl_start(pair->end[i].ssl));
		MUST(SSL_set_fd(pair->end[i].ssl, fd[i]));
	}
	SSL_set_connect_state(pair->end[0].ssl);
	SSL_set_accept_state(pair->end[1].ssl);
	if (pair->session)
		MUST(SSL_set_session(pair->end[0].ssl, pair->session));
}

static void pair_connect(struct pair *pair)
{
	pair_open(pair);
	MUST(tls_handshake(pair->end[0].ssl, pair->end[1].ssl));
}

static void pair_close(struct pair *pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		SSL_free(pair->end[i].ssl);
		close(pair->end[i].fd);
		pair->end[i].ssl = NULL;
	}
}

static void pair_free(struct pair *pair)
{
	SSL_SESSION_free(pair->session);
	SSL_CTX_free(pair->ctx[0]);
	SSL_CTX_free(pair->ctx[1]);
}

/* From here on the end is the kernel's. SSL_free() must send nothing. */
static int hand_over(struct kssl_ctx *ctx, struct end *end)
{
	enum kssl_openssl_result result;

	result = kssl_openssl_ctx_attach(ctx, NULL, end->ssl, NULL);
	if (result != KSSL_OPENSSL_ATTACHED) {
		printf("# result %d: %s %s\n", result, kssl_error_text(),
		       kssl_error_attr());
		return 0;
	}
	SSL_free(end->ssl);
	end->ssl = NULL;
	return 1;
}

static void test_matrix_entry(struct kssl_ctx *ctx, int which,
			      const struct tls_suite *suite,
			      enum tls_tickets tickets)
{
	struct pair pair;
	struct end *kernel = &pair.end[which], *peer = &pair.end[!which];
	int ok = 1;

	pair_init(&pair, suite);
	if (tickets == TICKETS_OFF)
		tls_tickets_off(pair.ctx[1]);
	if (tickets == TICKETS_RESUMED) {
		pair_connect(&pair);
		/* Lets the client read its tickets. */
		MUST(chat(&pair.end[1], &pair.end[0]));
		ok = hand_over(ctx, kernel) && chat(kernel, peer) &&
			say_goodbye(kernel, peer);
		pair_close(&pair);
	}
	pair_connect(&pair);
	ok = ok && SSL_session_reused(pair.end[0].ssl) ==
			(tickets == TICKETS_RESUMED);
	ok = ok && hand_over(ctx, kernel) && exchange(kernel, peer) &&
		say_goodbye(kernel, peer);
	check_that(ok, "%s %s %s, %s: handed over",
		   which ? "server" : "client",
		   tls_version_name(suite->version), suite->label,
		   tls_tickets_name[tickets]);
	pair_close(&pair);
	pair_free(&pair);
}

static void test_matrix(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_EITHER);
	enum tls_tickets tickets;
	size_t i;
	int which;

	for (which = 0; which < 2; which++)
		for (i = 0; i < TLS_SUITES; i++)
			for (tickets = 0; tickets < TICKETS_MODES; tickets++)
				test_matrix_entry(ctx, which, &tls_suites[i],
						  tickets);
	kssl_ctx_free(ctx);
	check_that(become_none(), "connections went with their sockets");
}

/* Under an object of the program, which reports what was negotiated. */
static void test_attach(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_EITHER);
	struct kssl *s = kssl_new(ctx);
	struct kssl_info *info;
	struct pair pair;

	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	MUST(s && kssl_set_accept_state(s));
	check(kssl_openssl_attach(s, pair.end[1].ssl) == KSSL_OPENSSL_ATTACHED);
	SSL_free(pair.end[1].ssl);
	pair.end[1].ssl = NULL;
	MUST(info = kssl_get_info(s));
	check(info->state == KSSL_STATE_ESTABLISHED);
	check(info->version == TLS1_3_VERSION);
	check(info->suite == 0x1301);
	check(info->verify_result == -1);
	kssl_info_free(info);
	check(exchange(&pair.end[1], &pair.end[0]));
	pair_close(&pair);
	check(becomes_closed(s));
	pair_free(&pair);
	kssl_free(s);
	kssl_ctx_free(ctx);
}

/* Both ends hand over to the kernel, after data and new keys. */
static void test_both_late(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_EITHER);
	struct pair pair;

	pair_init(&pair, &tls_suites[5]);
	pair_connect(&pair);
	MUST(chat(&pair.end[0], &pair.end[1]));
	MUST(SSL_key_update(pair.end[0].ssl, SSL_KEY_UPDATE_REQUESTED));
	MUST(chat(&pair.end[0], &pair.end[1]));
	MUST(chat(&pair.end[0], &pair.end[1]));
	check(hand_over(ctx, &pair.end[0]));
	check(chat(&pair.end[0], &pair.end[1]));
	check(hand_over(ctx, &pair.end[1]));
	check(exchange(&pair.end[0], &pair.end[1]));
	pair_close(&pair);
	pair_free(&pair);
	kssl_ctx_free(ctx);
}

/* The client's first request comes in the flight of its Finished. */
static void test_same_flight(const struct tls_suite *suite)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);
	struct pair pair;
	char buf[32];
	int ret = 0, i;

	pair_init(&pair, suite);
	pair_open(&pair);
	for (i = 0; i < TLS_ROUNDS && ret != 1; i++) {
		tls_wait_either(pair.end[0].fd, pair.end[1].fd);
		ret = SSL_do_handshake(pair.end[0].ssl);
		if (ret == 1) {
			MUST(end_write(&pair.end[0], "early bird", 10) == 10);
			/* All of it has come before the server goes on. */
			MUST(becomes_acked(pair.end[0].fd));
		}
		SSL_do_handshake(pair.end[1].ssl);
	}
	check_that(hand_over(ctx, &pair.end[1]) &&
		   read_wait(&pair.end[1], buf, sizeof(buf)) == 10 &&
		   !memcmp(buf, "early bird", 10) &&
		   exchange(&pair.end[0], &pair.end[1]),
		   "data in the flight of Finished, %s",
		   tls_version_name(suite->version));
	pair_close(&pair);
	pair_free(&pair);
	kssl_ctx_free(ctx);
}

/* --- refusals ------------------------------------------------------------- */

static int is_unsuitable(struct kssl_ctx *ctx, struct end *end)
{
	int n = count_conns();

	return kssl_openssl_ctx_attach(ctx, NULL, end->ssl, NULL) ==
			KSSL_OPENSSL_UNSUITABLE &&
		*kssl_error_text() && count_conns() == n;
}

static void test_read_ahead(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);
	struct pair pair;
	char buf[2];

	pair_init(&pair, &tls_suites[4]);
	SSL_CTX_set_read_ahead(pair.ctx[1], 1);
	pair_connect(&pair);
	MUST(SSL_write(pair.end[0].ssl, "abcd", 4) == 4);
	tls_wait(pair.end[1].fd);
	MUST(SSL_read(pair.end[1].ssl, buf, 2) == 2);
	check_that(is_unsuitable(ctx, &pair.end[1]) &&
		   SSL_read(pair.end[1].ssl, buf, 2) == 2 &&
		   exchange(&pair.end[0], &pair.end[1]),
		   "read_ahead: refused, OpenSSL goes on");
	pair_close(&pair);
	pair_free(&pair);
	kssl_ctx_free(ctx);
}

/* Only the header of the next record has come, and OpenSSL has read it. */
static void test_partial(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);
	unsigned char record[256];
	struct pair pair;
	char buf[16];
	BIO *bio;
	int len;

	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	MUST(bio = BIO_new(BIO_s_mem()));
	SSL_set0_wbio(pair.end[0].ssl, bio);
	MUST(SSL_write(pair.end[0].ssl, "partial", 7) == 7);
	len = BIO_read(bio, record, sizeof(record));
	MUST(send(pair.end[0].fd, record, 5, 0) == 5);
	tls_wait(pair.end[1].fd);
	MUST(SSL_read(pair.end[1].ssl, buf, sizeof(buf)) < 0);
	check(is_unsuitable(ctx, &pair.end[1]));
	check(kssl_errno() == EBUSY);
	MUST(send(pair.end[0].fd, record + 5, len - 5, 0) == len - 5);
	check(read_wait(&pair.end[1], buf, sizeof(buf)) == 7);
	MUST(SSL_set_fd(pair.end[0].ssl, pair.end[0].fd));
	check(hand_over(ctx, &pair.end[1]));
	check(exchange(&pair.end[0], &pair.end[1]));
	pair_close(&pair);
	pair_free(&pair);
	kssl_ctx_free(ctx);
}

static void wait_for_close(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLRDHUP };

	MUST(poll(&pollfd, 1, 60000) == 1);
}

/* A client that has sent all it had and closed its direction of the socket. */
static void test_half_closed(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);
	struct pair pair;
	char buf[16];

	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	MUST(SSL_write(pair.end[0].ssl, "request", 7) == 7);
	shutdown(pair.end[0].fd, SHUT_WR);
	wait_for_close(pair.end[1].fd);
	check(is_unsuitable(ctx, &pair.end[1]));
	check(kssl_errno() == ENOTCONN);
	check(read_wait(&pair.end[1], buf, sizeof(buf)) == 7);
	check(SSL_write(pair.end[1].ssl, "response", 8) == 8);
	check(read_wait(&pair.end[0], buf, sizeof(buf)) == 8);
	pair_close(&pair);
	pair_free(&pair);
	kssl_ctx_free(ctx);
}

/* What the settings forbid, the kernel does not take. */
static void test_policy(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);
	const uint16_t other = 0x1302;
	struct pair pair;

	MUST(kssl_ctx_set_min_proto_version(ctx, TLS1_3_VERSION));
	pair_init(&pair, &tls_suites[0]);
	pair_connect(&pair);
	check(kssl_openssl_ctx_attach(ctx, NULL, pair.end[1].ssl, NULL) ==
	      KSSL_OPENSSL_ERROR);
	check(kssl_errno() == EPERM);
	check(!strcmp(kssl_error_attr(), "version"));
	check(exchange(&pair.end[0], &pair.end[1]));
	pair_close(&pair);
	pair_free(&pair);

	MUST(kssl_ctx_set_ciphersuites(ctx, &other, 1));
	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	check(kssl_openssl_ctx_attach(ctx, NULL, pair.end[1].ssl, NULL) ==
	      KSSL_OPENSSL_ERROR);
	check(kssl_errno() == EPERM);
	check(!strcmp(kssl_error_attr(), "suite"));
	MUST(kssl_ctx_set_ciphersuites(ctx, codes13, 4));
	check(hand_over(ctx, &pair.end[1]));
	check(exchange(&pair.end[0], &pair.end[1]));
	pair_close(&pair);
	pair_free(&pair);

	/* The role of the SSL is not one that the context has. */
	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	check(kssl_openssl_ctx_attach(ctx, NULL, pair.end[0].ssl, NULL) ==
	      KSSL_OPENSSL_ERROR);
	check(chat(&pair.end[0], &pair.end[1]));
	pair_close(&pair);
	pair_free(&pair);
	kssl_ctx_free(ctx);
}

/* --- handshakes from the kernel's object ---------------------------------- */

/* A kernel connection and a plain peer, not yet connected. */
struct shake {
	struct kssl *s;
	struct end kernel, peer;
	SSL_CTX *peer_ctx;
	enum kssl_openssl_result result;
	int peer_ret;
};

static void shake_init(struct shake *shake, struct kssl_ctx *ctx, int server,
		       const struct tls_suite *suite)
{
	int fd[2];

	memset(shake, 0, sizeof(*shake));
	open_pair(fd);
	shake->s = kssl_new(ctx);
	MUST(shake->s);
	MUST(server ? kssl_set_accept_state(shake->s) :
	     kssl_set_connect_state(shake->s));
	shake->kernel.fd = fd[server];
	shake->peer.fd = fd[!server];
	shake->peer_ctx = tls_ctx(!server, suite);
	SSL_CTX_set_mode(shake->peer_ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	MUST(shake->peer.ssl = SSL_new(shake->peer_ctx));
	MUST(SSL_set_fd(shake->peer.ssl, shake->peer.fd));
	if (server)
		SSL_set_connect_state(shake->peer.ssl);
	else
		SSL_set_accept_state(shake->peer.ssl);
}

static int wants(enum kssl_openssl_result result)
{
	return result == KSSL_OPENSSL_WANT_READ ||
		result == KSSL_OPENSSL_WANT_WRITE;
}

static enum kssl_openssl_result shake_hands(struct shake *shake)
{
	int i, fd = shake->kernel.fd, peer_done = 0;

	shake->result = KSSL_OPENSSL_WANT_READ;
	for (i = 0; i < TLS_ROUNDS; i++) {
		tls_wait_either(fd, shake->peer.fd);
		if (wants(shake->result))
			shake->result = kssl_openssl_handshake(shake->s, fd);
		if (!peer_done) {
			ERR_clear_error();
			shake->peer_ret = SSL_do_handshake(shake->peer.ssl);
			peer_done = shake->peer_ret == 1 ||
				!tls_again(shake->peer.ssl, shake->peer_ret);
		}
		if (peer_done && !wants(shake->result))
			break;
	}
	return shake->result;
}

static void shake_free(struct shake *shake)
{
	SSL_free(shake->kernel.ssl);
	SSL_free(shake->peer.ssl);
	close(shake->kernel.fd);
	close(shake->peer.fd);
	kssl_free(shake->s);
	SSL_CTX_free(shake->peer_ctx);
}

/* A server's credentials; a client that knows them. */
static void set_server_base(struct kssl_ctx *ctx)
{
	SSL_CTX *base = tls_ctx(1, NULL);

	MUST(kssl_openssl_set_base(ctx, base));
	SSL_CTX_free(base);
}

/* The lock may be held by a thread that a child does not have. */
static void test_base_in_child(void)
{
	struct kssl_ctx *ctx = kssl_ctx_new(client, KSSL_METHOD_SERVER);
	SSL_CTX *base = tls_ctx(1, NULL);
	pid_t pid = fork();
	int status;

	if (!pid) {
		alarm(60);
		_exit(kssl_openssl_set_base(ctx, base) ||
		      kssl_errno() != ECHILD);
	}
	check(pid > 0 && waitpid(pid, &status, 0) == pid && !status);
	SSL_CTX_free(base);
	kssl_ctx_free(ctx);
}

static void set_client_base(struct kssl_ctx *ctx, int trust)
{
	SSL_CTX *base = tls_ctx(0, NULL);

	if (trust)
		X509_STORE_add_cert(SSL_CTX_get_cert_store(base), tls_cert());
	MUST(kssl_openssl_set_base(ctx, base));
	SSL_CTX_free(base);
}

static void test_handshake_entry(struct kssl_ctx *ctx, int server,
				 const struct tls_suite *suite)
{
	struct shake shake;
	int ok;

	shake_init(&shake, ctx, server, suite);
	ok = shake_hands(&shake) == KSSL_OPENSSL_ATTACHED;
	if (!ok)
		printf("# result %d: %s %s\n", shake.result, kssl_error_text(),
		       kssl_error_attr());
	ok = ok && state_of(shake.s) == KSSL_STATE_ESTABLISHED &&
		exchange(&shake.kernel, &shake.peer) &&
		say_goodbye(&shake.kernel, &shake.peer);
	check_that(ok, "%s %s %s: handshake of the kernel's object",
		   server ? "server" : "client",
		   tls_version_name(suite->version), suite->label);
	shake_free(&shake);
}

static void test_handshakes(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_EITHER);
	size_t i;
	int server;

	set_server_base(ctx);
	for (server = 0; server < 2; server++) {
		if (!server)
			set_client_base(ctx, 1);
		else
			set_server_base(ctx);
		for (i = 0; i < TLS_SUITES; i++)
			test_handshake_entry(ctx, server, &tls_suites[i]);
	}
	kssl_ctx_free(ctx);
}

/* Kernel objects at both ends, a client's first. */
struct both {
	struct kssl_ctx *ctx[2];
	struct kssl *s[2];
	struct end end[2];
	int fd[2];
	enum kssl_openssl_result result[2];
	int err[2];		/* of a handshake that failed */
	char text[2][256];
};

static void both_init(struct both *both)
{
	*both = (struct both){
		.ctx = {
			open_ctx(KSSL_METHOD_CLIENT),
			open_ctx(KSSL_METHOD_SERVER)
		},
		.result = { KSSL_OPENSSL_WANT_READ, KSSL_OPENSSL_WANT_READ },
	};
}

static void both_step(struct both *both, int i)
{
	both->result[i] = kssl_openssl_handshake(both->s[i], both->fd[i]);
	if (both->result[i] != KSSL_OPENSSL_ERROR)
		return;
	both->err[i] = kssl_errno();
	snprintf(both->text[i], sizeof(both->text[i]), "%s",
		 kssl_error_text());
	/* The other end need not wait. */
	shutdown(both->fd[i], SHUT_RDWR);
}

/* Whether both are attached; @host, if any, is for the client. */
static int both_shake(struct both *both, const char *host)
{
	int i, round;

	open_pair(both->fd);
	for (i = 0; i < 2; i++) {
		MUST(both->s[i] = kssl_new(both->ctx[i]));
		both->end[i].fd = both->fd[i];
	}
	/* Their roles are those of their contexts. */
	if (host)
		check(kssl_openssl_set_host(both->s[0], host));
	for (round = 0; round < TLS_ROUNDS; round++) {
		if (!wants(both->result[0]) && !wants(both->result[1]))
			break;
		tls_wait_either(both->fd[0], both->fd[1]);
		for (i = 0; i < 2; i++)
			if (wants(both->result[i]))
				both_step(both, i);
	}
	return both->result[0] == KSSL_OPENSSL_ATTACHED &&
		both->result[1] == KSSL_OPENSSL_ATTACHED;
}

static void both_free(struct both *both)
{
	int i;

	/* A socket lives on until the peer has closed, too. */
	close(both->fd[0]);
	close(both->fd[1]);
	for (i = 0; i < 2; i++) {
		kssl_free(both->s[i]);
		kssl_ctx_free(both->ctx[i]);
	}
}

static void test_both_kernel(void)
{
	struct both both;
	int i;

	both_init(&both);
	set_client_base(both.ctx[0], 1);
	set_server_base(both.ctx[1]);
	MUST(kssl_ctx_set_verify_mode(both.ctx[0], KSSL_VERIFY_PEER));
	check(both_shake(&both, "test.example"));
	check(exchange(&both.end[0], &both.end[1]));
	for (i = 0; i < 2; i++)
		check(state_of(both.s[i]) == KSSL_STATE_ESTABLISHED);
	close(both.fd[0]);
	close(both.fd[1]);
	for (i = 0; i < 2; i++)
		check(becomes_closed(both.s[i]));
	both.fd[0] = both.fd[1] = -1;
	both_free(&both);
}

/* --- what the rows say is what OpenSSL does ------------------------------- */

static struct kssl_settings *own_identity(int32_t *serial)
{
	struct kssl_settings *rows = kssl_settings_new();
	unsigned char *der = NULL, *key = NULL;
	int len = i2d_X509(tls_cert(), &der);
	int key_len = i2d_PrivateKey(tls_key(), &key);

	MUST(rows && len > 0 && key_len > 0);
	*serial = syscall(SYS_add_key, "user", "kssl-test", key,
			  (size_t)key_len, KEY_SPEC_PROCESS_KEYRING);
	MUST(*serial > 0);
	MUST(kssl_settings_certificate(rows, KSSL_CERT_SLOT_RSA, der, len));
	MUST(kssl_settings_private_key(rows, KSSL_CERT_SLOT_RSA, *serial));
	MUST(kssl_settings_certificate_current(rows, KSSL_CERT_SLOT_RSA));
	OPENSSL_free(der);
	OPENSSL_free(key);
	return rows;
}

static void set_trust(struct kssl_ctx *ctx)
{
	unsigned char *der = NULL;
	int len = i2d_X509(tls_cert(), &der);

	MUST(len > 0);
	MUST(kssl_ctx_set_trust_anchors(ctx, der, len));
	OPENSSL_free(der);
}

/* A server whose certificate and key are rows, a client that trusts it. */
static int32_t both_rows(struct both *both)
{
	struct kssl_settings *rows;
	int32_t serial;

	both_init(both);
	rows = own_identity(&serial);
	MUST(kssl_ctx_set(both->ctx[1], rows));
	kssl_settings_free(rows);
	MUST(kssl_ctx_set_verify_mode(both->ctx[0], KSSL_VERIFY_PEER));
	set_trust(both->ctx[0]);
	return serial;
}

static void set_hosts(struct kssl_ctx *ctx, const char *host)
{
	unsigned char name[KSSL_NAME_MAX + 1] = { strlen(host) };

	memcpy(name + 1, host, strlen(host));
	MUST(kssl_ctx_set_verify_hosts(ctx, name, 1 + strlen(host)));
}

static void test_rows_act(void)
{
	static const uint16_t group = 0x0017;
	struct kssl_info *info;
	struct both both;

	both_rows(&both);
	set_hosts(both.ctx[0], "test.example");
	MUST(kssl_ctx_set_tlsext_host_name(both.ctx[0], "test.example"));
	MUST(kssl_ctx_set_groups(both.ctx[0], &group, 1));
	check(both_shake(&both, NULL));
	check(exchange(&both.end[0], &both.end[1]));
	info = kssl_get_info(both.s[1]);
	check(info && !strcmp(info->sni, "test.example"));
	check(info && !info->resumed && !info->alpn_len);
	kssl_info_free(info);
	both_free(&both);
}

static void expect_refusal(struct both *both, int end, int err,
			   const char *text)
{
	check(!both_shake(both, NULL));
	check(both->result[end] == KSSL_OPENSSL_ERROR);
	check_that(both->err[end] == err && strstr(both->text[end], text),
		   "%s: %d %s", text, both->err[end], both->text[end]);
	both_free(both);
}

static void test_rows_refuse(void)
{
	static const uint16_t groups[] = { 0x0017, 0x001d };
	struct both both;
	int32_t serial;

	both_rows(&both);
	set_hosts(both.ctx[0], "other.example");
	expect_refusal(&both, 0, EPROTO, "hostname mismatch");

	both_rows(&both);
	MUST(kssl_ctx_set_trust_anchors(both.ctx[0], NULL, 0));
	MUST(kssl_ctx_set_trust_system(both.ctx[0], 1));
	expect_refusal(&both, 0, EPROTO, "self-signed certificate");

	both_rows(&both);
	MUST(kssl_ctx_set_verify_time(both.ctx[0], 1));
	expect_refusal(&both, 0, EPROTO, "not yet valid");

	both_rows(&both);
	MUST(kssl_ctx_set_groups(both.ctx[0], &groups[0], 1));
	MUST(kssl_ctx_set_groups(both.ctx[1], &groups[1], 1));
	expect_refusal(&both, 1, EPROTO, "");

	/* What is set and would not act is no handshake. */
	both_rows(&both);
	MUST(kssl_ctx_set_block_padding(both.ctx[1], 512));
	expect_refusal(&both, 1, EOPNOTSUPP, "block-padding");

	serial = both_rows(&both);
	MUST(!syscall(SYS_keyctl, KEYCTL_REVOKE, serial));
	expect_refusal(&both, 1, EKEYREVOKED, "revoked");
}

/* Parameters of a row, and not those that OpenSSL would choose. */
static void test_rows_dh(void)
{
	static const uint16_t suite = 0x009e;
	EVP_PKEY *params = NULL, *used = NULL;
	unsigned char *der = NULL;
	EVP_PKEY_CTX *ctx;
	struct both both;
	int len;

	MUST(ctx = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL));
	MUST(EVP_PKEY_paramgen_init(ctx) > 0);
	MUST(EVP_PKEY_CTX_set_group_name(ctx, "ffdhe3072") > 0);
	MUST(EVP_PKEY_paramgen(ctx, &params) > 0);
	EVP_PKEY_CTX_free(ctx);
	MUST((len = i2d_KeyParams(params, &der)) > 0);
	EVP_PKEY_free(params);
	both_rows(&both);
	MUST(kssl_ctx_set_cipher_list(both.ctx[0], &suite, 1));
	MUST(kssl_ctx_set_cipher_list(both.ctx[1], &suite, 1));
	MUST(kssl_ctx_set_max_proto_version(both.ctx[0], TLS1_2_VERSION));
	MUST(kssl_ctx_set_tmp_dh(both.ctx[1], der, len));
	OPENSSL_free(der);
	check(both_shake(&both, NULL));
	check(SSL_get_peer_tmp_key(kssl_openssl_ssl(both.s[0]), &used));
	check(used && EVP_PKEY_get_bits(used) == 3072);
	EVP_PKEY_free(used);
	both_free(&both);
}

/* The client's certificate is asked for, and verified by rows. */
static void test_rows_mutual(void)
{
	struct kssl_settings *rows;
	struct both both;
	int32_t serial;
	int with;

	for (with = 0; with < 2; with++) {
		both_rows(&both);
		MUST(kssl_ctx_set_verify_mode(both.ctx[1], KSSL_VERIFY_PEER |
				KSSL_VERIFY_FAIL_IF_NO_PEER_CERT));
		set_trust(both.ctx[1]);
		if (with) {
			rows = own_identity(&serial);
			MUST(kssl_ctx_set(both.ctx[0], rows));
			kssl_settings_free(rows);
		}
		both_shake(&both, NULL);
		check((both.result[1] == KSSL_OPENSSL_ATTACHED) == with);
		both_free(&both);
	}
}

/* A suite that the kernel cannot carry, asked for by the settings. */
static void test_unsuitable(void)
{
	static const struct tls_suite cbc = {
		"CBC", "AES256-SHA", TLS1_2_VERSION
	};
	const uint16_t code = 0x0035;
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_EITHER);
	struct shake shake;

	set_server_base(ctx);
	MUST(kssl_ctx_set_cipher_list(ctx, &code, 1));
	shake_init(&shake, ctx, 1, &cbc);
	check(shake_hands(&shake) == KSSL_OPENSSL_UNSUITABLE);
	check(*kssl_error_text());
	check(state_of(shake.s) == KSSL_STATE_HANDSHAKE);
	shake.kernel.ssl = kssl_openssl_take_ssl(shake.s);
	check(shake.kernel.ssl && !kssl_openssl_ssl(shake.s));
	check(shake.kernel.ssl && exchange(&shake.kernel, &shake.peer));
	check(kssl_fail(shake.s));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

static int verifies(struct kssl_ctx *ctx, const char *host)
{
	struct shake shake;
	int ok;

	shake_init(&shake, ctx, 0, NULL);
	MUST(kssl_openssl_set_host(shake.s, host));
	shake_hands(&shake);
	ok = shake.result == KSSL_OPENSSL_ATTACHED;
	check_that(state_of(shake.s) == (ok ? KSSL_STATE_ESTABLISHED :
					 KSSL_STATE_ERROR),
		   "server verified as %s: %s", host ? host : "anybody",
		   ok ? "yes" : kssl_error_text());
	if (ok)
		ok = exchange(&shake.kernel, &shake.peer);
	else
		ok = -(shake.result == KSSL_OPENSSL_ERROR &&
		       !!strstr(kssl_error_text(), "verify failed") &&
		       shake.peer_ret != 1);
	shake_free(&shake);
	return ok;
}

/* verifies() is 1 for good, -1 for refused as it should be. */
static void test_verify(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_CLIENT);

	MUST(kssl_ctx_set_verify_mode(ctx, KSSL_VERIFY_PEER));
	check(verifies(ctx, NULL) == -1);	/* nothing is trusted */
	set_client_base(ctx, 0);
	check(verifies(ctx, "test.example") == -1);
	set_client_base(ctx, 1);
	check(verifies(ctx, NULL) == 1);
	check(verifies(ctx, "test.example") == 1);
	check(verifies(ctx, "test.example.") == 1);
	check(verifies(ctx, "other.example") == -1);
	check(verifies(ctx, "127.0.0.1") == 1);
	check(verifies(ctx, "127.0.0.2") == -1);
	check(verifies(ctx, "::1") == -1);
	MUST(kssl_ctx_set_verify_mode(ctx, 0));
	check(verifies(ctx, "other.example") == 1);
	kssl_ctx_free(ctx);
}

/* A server that asks for certificates, and a client with or without one. */
static void test_client_certificate(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);
	SSL_CTX *base = tls_ctx(1, NULL);
	struct shake shake;
	int i;

	X509_STORE_add_cert(SSL_CTX_get_cert_store(base), tls_cert());
	MUST(kssl_openssl_set_base(ctx, base));
	SSL_CTX_free(base);
	for (i = 0; i < 4; i++) {
		int with = i & 1, needed = i & 2;

		MUST(kssl_ctx_set_verify_mode(ctx, KSSL_VERIFY_PEER | (needed ?
					      KSSL_VERIFY_FAIL_IF_NO_PEER_CERT :
					      0)));
		shake_init(&shake, ctx, 1, &tls_suites[4]);
		if (with) {
			SSL_use_certificate(shake.peer.ssl, tls_cert());
			SSL_use_PrivateKey(shake.peer.ssl, tls_key());
		}
		check_that(shake_hands(&shake) ==
			   (with || !needed ? KSSL_OPENSSL_ATTACHED :
			    KSSL_OPENSSL_ERROR),
			   "a client %s a certificate, %s",
			   with ? "with" : "without",
			   needed ? "needed" : "wished for");
		shake_free(&shake);
	}
	kssl_ctx_free(ctx);
}

/* The socket is full, so that the first flight cannot go out. */
static void test_stalls(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_CLIENT);
	static char junk[65536];
	const int size = 65536;
	struct shake shake;
	size_t sent;
	ssize_t n;
	int i;

	set_client_base(ctx, 1);
	shake_init(&shake, ctx, 0, NULL);
	/* Sizes that are set do not grow. */
	setsockopt(shake.kernel.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(shake.peer.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	sent = tcp_fill(shake.kernel.fd);
	for (i = 0; i < 3; i++)
		check(kssl_openssl_handshake(shake.s, shake.kernel.fd) ==
		      KSSL_OPENSSL_WANT_WRITE);
	check(state_of(shake.s) == KSSL_STATE_HANDSHAKE);
	check(kssl_openssl_handshake(shake.s, shake.peer.fd) ==
	      KSSL_OPENSSL_ERROR);
	check(state_of(shake.s) == KSSL_STATE_HANDSHAKE);
	while (sent) {
		n = recv(shake.peer.fd, junk, sent < sizeof(junk) ? sent :
			 sizeof(junk), 0);
		if (n > 0)
			sent -= n;
		else
			usleep(1000);
	}
	/* The peer is silent. */
	for (i = 0; i < 3; i++)
		check(kssl_openssl_handshake(shake.s, shake.kernel.fd) ==
		      KSSL_OPENSSL_WANT_READ);
	check(shake_hands(&shake) == KSSL_OPENSSL_ATTACHED);
	check(exchange(&shake.kernel, &shake.peer));
	check(kssl_openssl_handshake(shake.s, shake.kernel.fd) ==
	      KSSL_OPENSSL_ERROR);
	check(state_of(shake.s) == KSSL_STATE_ESTABLISHED);
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* The peer goes away: an error, and no SIGPIPE. */
static void test_peer_gone(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_CLIENT);
	struct linger reset = { .l_onoff = 1 };
	struct shake shake;

	shake_init(&shake, ctx, 0, NULL);
	check(kssl_openssl_handshake(shake.s, shake.kernel.fd) ==
	      KSSL_OPENSSL_WANT_READ);
	shutdown(shake.peer.fd, SHUT_WR);
	wait_for_close(shake.kernel.fd);
	check(kssl_openssl_handshake(shake.s, shake.kernel.fd) ==
	      KSSL_OPENSSL_ERROR);
	check(state_of(shake.s) == KSSL_STATE_ERROR);
	shake_free(&shake);

	shake_init(&shake, ctx, 0, NULL);
	setsockopt(shake.peer.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(shake.peer.fd);
	shake.peer.fd = -1;
	wait_for_close(shake.kernel.fd);
	check(kssl_openssl_handshake(shake.s, shake.kernel.fd) ==
	      KSSL_OPENSSL_ERROR);
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* The same object once more, after clear. */
static void test_clear(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_CLIENT);
	struct shake first, second;
	struct kssl *s;

	set_client_base(ctx, 1);
	shake_init(&first, ctx, 0, &tls_suites[4]);
	check(kssl_openssl_handshake(first.s, first.kernel.fd) ==
	      KSSL_OPENSSL_WANT_READ);
	check(kssl_clear(first.s));
	shake_init(&second, ctx, 0, &tls_suites[4]);
	s = second.s;
	second.s = first.s;
	check(shake_hands(&second) == KSSL_OPENSSL_ATTACHED);
	check(exchange(&second.kernel, &second.peer));
	first.s = s;
	shake_free(&first);
	shake_free(&second);
	kssl_ctx_free(ctx);
}

/* The rows reach OpenSSL, and a change of the context is seen at once. */
static void test_rows(void)
{
	const uint16_t only = 0x1302;
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_CLIENT);
	struct shake a, b;
	SSL *ssl;

	set_client_base(ctx, 1);
	MUST(kssl_ctx_set_timeout(ctx, 1234));
	MUST(kssl_ctx_set_max_cert_list(ctx, 54321));
	shake_init(&a, ctx, 0, NULL);
	check(shake_hands(&a) == KSSL_OPENSSL_ATTACHED);
	MUST(ssl = kssl_openssl_ssl(a.s));
	check(SSL_SESSION_get_timeout(SSL_get_session(ssl)) == 1234);
	check(SSL_get_max_cert_list(ssl) == 54321);
	check(!strcmp(SSL_get_cipher_name(ssl), "TLS_AES_128_GCM_SHA256"));
	check(!(SSL_get_options(ssl) & SSL_OP_ENABLE_KTLS));

	MUST(kssl_ctx_set_ciphersuites(ctx, &only, 1));
	shake_init(&b, ctx, 0, NULL);
	check(shake_hands(&b) == KSSL_OPENSSL_ATTACHED);
	check(SSL_get_SSL_CTX(kssl_openssl_ssl(b.s)) == SSL_get_SSL_CTX(ssl));
	check(!strcmp(SSL_get_cipher_name(kssl_openssl_ssl(b.s)),
		      "TLS_AES_256_GCM_SHA384"));
	shake_free(&b);

	MUST(kssl_ctx_set_options(ctx, KSSL_OP_NO_TLSV1_3));
	shake_init(&b, ctx, 0, NULL);
	check(shake_hands(&b) == KSSL_OPENSSL_ATTACHED);
	check(SSL_version(kssl_openssl_ssl(b.s)) == TLS1_2_VERSION);
	shake_free(&b);
	MUST(kssl_ctx_clear_options(ctx, KSSL_OP_NO_TLSV1_3));

	MUST(kssl_ctx_set_max_proto_version(ctx, TLS1_2_VERSION));
	shake_init(&b, ctx, 0, NULL);
	check(shake_hands(&b) == KSSL_OPENSSL_ATTACHED);
	check(SSL_version(kssl_openssl_ssl(b.s)) == TLS1_2_VERSION);
	shake_free(&b);

	/* No TLS 1.3 suite and no lower version: nothing to offer. */
	MUST(kssl_ctx_set_max_proto_version(ctx, 0));
	MUST(kssl_ctx_set_min_proto_version(ctx, TLS1_3_VERSION));
	MUST(kssl_ctx_set_ciphersuites(ctx, &only, 0));
	shake_init(&b, ctx, 0, NULL);
	check(shake_hands(&b) == KSSL_OPENSSL_ERROR);
	check(state_of(b.s) == KSSL_STATE_ERROR);
	shake_free(&b);

	shake_free(&a);
	kssl_ctx_free(ctx);
}

/* The context's handle is not needed any more once the handshake began. */
static void test_ctx_gone(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);
	struct shake shake;

	set_server_base(ctx);
	shake_init(&shake, ctx, 1, &tls_suites[4]);
	check(kssl_openssl_handshake(shake.s, shake.kernel.fd) ==
	      KSSL_OPENSSL_WANT_READ);
	kssl_ctx_free(ctx);
	check(shake_hands(&shake) == KSSL_OPENSSL_ATTACHED);
	check(exchange(&shake.kernel, &shake.peer));
	shake_free(&shake);
}

/* Without a role there is no handshake. */
static void test_role_unset(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_EITHER);
	struct kssl *s = kssl_new(ctx);
	int fd[2];

	open_pair(fd);
	check(kssl_openssl_handshake(s, fd[0]) == KSSL_OPENSSL_ERROR);
	check(*kssl_error_text());
	close(fd[0]);
	close(fd[1]);
	kssl_free(s);
	kssl_ctx_free(ctx);
}

int main(void)
{
	client = kssl_client_new();
	if (!client) {
		printf("Bail out! %s\n", kssl_error_text());
		return 1;
	}
	test_attach();
	test_both_late();
	test_same_flight(&tls_suites[4]);
	test_same_flight(&tls_suites[0]);
	test_read_ahead();
	test_partial();
	test_half_closed();
	test_policy();
	test_both_kernel();
	test_rows_act();
	test_rows_refuse();
	test_rows_mutual();
	test_rows_dh();
	test_unsuitable();
	test_verify();
	test_client_certificate();
	test_stalls();
	test_peer_gone();
	test_clear();
	test_rows();
	test_ctx_gone();
	test_base_in_child();
	test_role_unset();
	test_handshakes();
	test_matrix();
	check_that(become_none(), "no connection is left");
	kssl_client_free(client);
	return tap_done();
}
