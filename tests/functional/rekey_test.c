// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Key updates of libkssl against OpenSSL, started by either end.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <kssl/openssl.h>

#include "../lib/tap.h"
#include "../lib/tls_pair.h"
#include "tcp.h"

#define UPDATES		1000
#define UPDATES_QUICK	100
#define WRITERS		2

static struct kssl_client *client;

/* The kernel's end and OpenSSL's. */
struct link {
	int fd[2];
	SSL_CTX *ssl_ctx[2];
	SSL *ssl;
	struct kssl_ctx *ctx;
	struct kssl *s;
};

static void link_up_with(struct link *link, const struct tls_suite *suite,
			 int tickets)
{
	struct kssl_settings *settings = kssl_settings_new();
	SSL *ours;
	int i;

	MUST(!tcp_pair(link->fd));
	for (i = 0; i < 2; i++) {
		link->ssl_ctx[i] = tls_ctx(i, suite);
		tls_nonblocking(link->fd[i], 1);
	}
	if (!tickets)
		tls_tickets_off(link->ssl_ctx[1]);
	MUST(kssl_openssl_prepare(link->ssl_ctx[0]));
	MUST((ours = SSL_new(link->ssl_ctx[0])));
	MUST((link->ssl = SSL_new(link->ssl_ctx[1])));
	SSL_set_connect_state(ours);
	SSL_set_accept_state(link->ssl);
	MUST(SSL_set_fd(ours, link->fd[0]) && kssl_openssl_start(ours));
	MUST(SSL_set_fd(link->ssl, link->fd[1]));
	MUST(tls_handshake(ours, link->ssl));

	MUST(kssl_settings_role(settings, KSSL_ROLE_CLIENT));
	MUST((link->ctx = kssl_ctx_new(client, KSSL_METHOD_CLIENT)));
	MUST((link->s = kssl_new_with(link->ctx, settings)));
	MUST(kssl_openssl_attach(link->s, ours) == KSSL_OPENSSL_ATTACHED);
	SSL_free(ours);
	kssl_settings_free(settings);
	for (i = 0; i < 2; i++)
		tls_nonblocking(link->fd[i], 0);
}

static void link_up(struct link *link, const struct tls_suite *suite)
{
	link_up_with(link, suite, 0);
}

static void link_down(struct link *link)
{
	kssl_free(link->s);
	kssl_ctx_free(link->ctx);
	SSL_free(link->ssl);
	SSL_CTX_free(link->ssl_ctx[0]);
	SSL_CTX_free(link->ssl_ctx[1]);
	tcp_close(link->fd);
}

/* Whether four bytes arrive at OpenSSL's end as they were written here. */
static int send_to_peer(struct link *link, const char *data)
{
	char buf[8];

	return kssl_write(link->fd[0], data, 4) == 4 &&
		SSL_read(link->ssl, buf, sizeof(buf)) == 4 &&
		!memcmp(buf, data, 4);
}

static int receive(struct link *link, const char *data)
{
	char buf[8];

	return kssl_read_with(link->s, link->fd[0], buf, sizeof(buf)) == 4 &&
		!memcmp(buf, data, 4);
}

static int receive_from_peer(struct link *link, const char *data)
{
	return SSL_write(link->ssl, data, 4) == 4 && receive(link, data);
}

static int generations(struct link *link, uint32_t tx, uint32_t rx)
{
	struct kssl_info *info = kssl_get_info(link->s);
	int same = info && info->tx_generation == tx &&
		info->rx_generation == rx;

	kssl_info_free(info);
	return same;
}

/* Session tickets and the peer's updates are no data. */
static int position_is(struct link *link, int64_t received)
{
	struct kssl_info *info = kssl_get_info(link->s);
	int same = info && info->received == received;

	kssl_info_free(info);
	return same;
}

static void test_position(int updates_too)
{
	struct link link;

	link_up_with(&link, &tls_suites[4], 1);
	check(receive_from_peer(&link, "one.") && position_is(&link, 4));
	if (updates_too)
		MUST(SSL_key_update(link.ssl, SSL_KEY_UPDATE_NOT_REQUESTED));
	check(receive_from_peer(&link, "two.") && position_is(&link, 8));
	MUST(SSL_shutdown(link.ssl) == 0);
	check(kssl_control_with(link.s, link.fd[0]) == KSSL_CONTROL_CLOSED);
	link_down(&link);
}

static int can_update(void)
{
	struct link link;
	int can;

	link_up(&link, &tls_suites[4]);
	can = kssl_rekey(link.s, KSSL_DIRECTION_TX, 0) ||
		kssl_errno() != EOPNOTSUPP;
	link_down(&link);
	return can;
}

static void test_old_kernel(void)
{
	struct link link;
	char buf[8];

	link_up(&link, &tls_suites[4]);
	check(!kssl_rekey(link.s, KSSL_DIRECTION_TX, 0) &&
	      kssl_errno() == EOPNOTSUPP);
	check(!kssl_rekey(link.s, KSSL_DIRECTION_RX, 0) &&
	      kssl_errno() == EOPNOTSUPP);
	check(send_to_peer(&link, "ours") && receive_from_peer(&link, "peer"));
	MUST(SSL_key_update(link.ssl, SSL_KEY_UPDATE_NOT_REQUESTED));
	MUST(SSL_write(link.ssl, "late", 4) == 4);
	check(kssl_read_with(link.s, link.fd[0], buf, sizeof(buf)) < 0 &&
	      kssl_errno() == EKEYEXPIRED &&
	      !strcmp(kssl_error_text(), "the peer has updated its key"));
	link_down(&link);
}

static void test_ours(const struct tls_suite *suite)
{
	struct link link;

	link_up(&link, suite);
	check_that(kssl_rekey(link.s, KSSL_DIRECTION_TX, 0) &&
		   send_to_peer(&link, "one.") && generations(&link, 1, 0),
		   "%s: our update", suite->label);
	check(receive_from_peer(&link, "peer"));
	check(kssl_rekey(link.s, KSSL_DIRECTION_TX, KSSL_REKEY_REQUEST |
			 KSSL_REKEY_NO_WAIT));
	check(send_to_peer(&link, "two.") && generations(&link, 2, 0));
	/* OpenSSL answers before it writes. */
	check_that(receive_from_peer(&link, "peer") &&
		   generations(&link, 2, 1), "%s: and the peer's, asked for",
		   suite->label);
	check(send_to_peer(&link, "end.") && receive_from_peer(&link, "end."));
	link_down(&link);
}

static void test_theirs(const struct tls_suite *suite)
{
	struct link link;

	link_up(&link, suite);
	MUST(SSL_key_update(link.ssl, SSL_KEY_UPDATE_NOT_REQUESTED));
	check_that(receive_from_peer(&link, "one.") &&
		   generations(&link, 0, 1), "%s: the peer's update",
		   suite->label);
	check(send_to_peer(&link, "ours"));
	MUST(SSL_key_update(link.ssl, SSL_KEY_UPDATE_REQUESTED));
	check_that(receive_from_peer(&link, "two.") &&
		   generations(&link, 1, 2), "%s: and ours, asked for",
		   suite->label);
	check(send_to_peer(&link, "end.") && receive_from_peer(&link, "end."));
	link_down(&link);
}

/* What a program does that reads by itself. */
static void test_control(void)
{
	struct link link;
	char buf[8];

	link_up(&link, &tls_suites[4]);
	check(kssl_control_with(link.s, link.fd[0]) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EAGAIN);
	check(kssl_control_with(NULL, link.fd[0]) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EINVAL);
	MUST(SSL_key_update(link.ssl, SSL_KEY_UPDATE_REQUESTED));
	MUST(SSL_write(link.ssl, "data", 4) == 4);
	check(read(link.fd[0], buf, sizeof(buf)) < 0 && errno == EIO);
	check(kssl_control_with(link.s, link.fd[0]) == KSSL_CONTROL_MORE);
	check(read(link.fd[0], buf, sizeof(buf)) == 4 &&
	      !memcmp(buf, "data", 4));
	check(generations(&link, 1, 1) && send_to_peer(&link, "ours"));
	link_down(&link);
}

/* Somebody without a handle took the KeyUpdate and can do nothing about it. */
static void test_taken(void)
{
	struct link link;
	char buf[8];

	link_up(&link, &tls_suites[4]);
	MUST(SSL_key_update(link.ssl, SSL_KEY_UPDATE_NOT_REQUESTED));
	MUST(SSL_write(link.ssl, "data", 4) == 4);
	check(kssl_read(link.fd[0], buf, sizeof(buf)) < 0 &&
	      kssl_errno() == EKEYEXPIRED);
	check(receive(&link, "data") && generations(&link, 0, 1));
	link_down(&link);
}

/* The end of this direction leaves the peer's update to whoever reads on. */
static void test_shutdown(void)
{
	struct link link;

	link_up(&link, &tls_suites[4]);
	MUST(SSL_key_update(link.ssl, SSL_KEY_UPDATE_REQUESTED));
	MUST(SSL_write(link.ssl, "late", 4) == 4);
	check(kssl_shutdown(link.fd[0]) == 0);
	check(receive(&link, "late"));
	MUST(SSL_shutdown(link.ssl) == 0);
	check(!kssl_read_with(link.s, link.fd[0], &(char){ 0 }, 1));
	check(kssl_shutdown(link.fd[0]) == 1);
	link_down(&link);
}

/* A key was given, so the kernel has no secret to derive the next from. */
static void test_unanswered(void)
{
	static const uint8_t bytes[2][16] = { { 1 }, { 2 } };
	struct kssl_crypto key = {
		.key = bytes[0], .key_len = 16,
		.iv = bytes[0], .iv_len = 8,
		.salt = bytes[0], .salt_len = 4,
	};
	struct link link;
	char buf[8];

	link_up(&link, &tls_suites[4]);
	check(kssl_rekey_with(link.s, KSSL_DIRECTION_TX, 0, &key));
	MUST(SSL_key_update(link.ssl, SSL_KEY_UPDATE_REQUESTED));
	MUST(SSL_write(link.ssl, "data", 4) == 4);
	check(kssl_read_with(link.s, link.fd[0], buf, sizeof(buf)) < 0 &&
	      kssl_errno() == ENOKEY);
	check(receive(&link, "data") && generations(&link, 1, 1));
	check(receive_from_peer(&link, "more"));
	key.key = key.iv = key.salt = bytes[1];
	check(kssl_rekey_with(link.s, KSSL_DIRECTION_TX, 0, &key));
	check(generations(&link, 2, 1));
	link_down(&link);
}

static int attach_by_keys(struct kssl *s, int fd, struct kssl_crypto tx,
			  struct kssl_crypto rx)
{
	const struct kssl_attach attach = {
		.size = sizeof(attach), .fd = fd, .version = TLS1_3_VERSION,
		.suite = 0x1301, .verify_result = -1, .tx = tx, .rx = rx,
	};

	return kssl_attach(s, &attach);
}

/*
 * No secrets at either end: the reader is given the key that follows, and goes
 * on behind the KeyUpdate that it met without one.
 */
static void test_given(void)
{
	static const uint8_t bytes[3][16] = { { 1 }, { 2 }, { 3 } };
	struct kssl_crypto key[3];
	struct kssl_ctx *ctx;
	struct kssl *s[2];
	char buf[8];
	int fd[2], i;

	for (i = 0; i < 3; i++)
		key[i] = (struct kssl_crypto) {
			.key = bytes[i], .key_len = 16,
			.iv = bytes[i], .iv_len = 8,
			.salt = bytes[i], .salt_len = 4,
		};
	MUST(!tcp_pair(fd));
	MUST((ctx = kssl_ctx_new(client, KSSL_METHOD_EITHER)));
	for (i = 0; i < 2; i++)
		MUST((s[i] = kssl_new(ctx)));
	MUST(kssl_set_connect_state(s[0]) && kssl_set_accept_state(s[1]));
	MUST(attach_by_keys(s[0], fd[0], key[0], key[1]));
	MUST(attach_by_keys(s[1], fd[1], key[1], key[0]));
	check(kssl_rekey_with(s[0], KSSL_DIRECTION_TX, 0, &key[2]));
	check(kssl_write(fd[0], "data", 4) == 4);
	for (i = 0; i < 2; i++)
		check(kssl_read_with(s[1], fd[1], buf, sizeof(buf)) < 0 &&
		      kssl_errno() == ENOKEY);
	check(kssl_rekey_with(s[1], KSSL_DIRECTION_RX, 0, &key[2]));
	check(kssl_read_with(s[1], fd[1], buf, sizeof(buf)) == 4 &&
	      !memcmp(buf, "data", 4));
	check(kssl_write(fd[1], "back", 4) == 4 &&
	      kssl_read_with(s[0], fd[0], buf, sizeof(buf)) == 4 &&
	      !memcmp(buf, "back", 4));
	for (i = 0; i < 2; i++)
		kssl_free(s[i]);
	kssl_ctx_free(ctx);
	tcp_close(fd);
}

static void test_errors(void)
{
	static const uint8_t bytes[32];
	const struct kssl_crypto key = {
		.secret = bytes, .secret_len = sizeof(bytes),
	};
	struct kssl *fresh;
	struct link link;
	char buf[4];

	link_up(&link, &tls_suites[4]);
	check(!kssl_rekey(link.s, KSSL_DIRECTION_RX, 0) &&
	      kssl_errno() == EAGAIN &&
	      !strcmp(kssl_error_attr(), "direction"));
	check(!kssl_rekey(link.s, KSSL_DIRECTION_TX, 0x80) &&
	      kssl_errno() == EINVAL);
	check(!kssl_rekey(NULL, KSSL_DIRECTION_TX, 0) &&
	      kssl_errno() == EINVAL);
	check(!kssl_rekey(link.s, KSSL_DIRECTION_RX, KSSL_REKEY_REQUEST) &&
	      kssl_errno() == EINVAL);
	check(kssl_read_with(NULL, link.fd[0], buf, 4) < 0 &&
	      kssl_errno() == EINVAL);
	MUST((fresh = kssl_new(link.ctx)));
	check(!kssl_rekey(fresh, KSSL_DIRECTION_TX, 0) &&
	      kssl_errno() == EBUSY);
	kssl_free(fresh);
	check(generations(&link, 0, 0) && send_to_peer(&link, "fine"));
	/* The peer does not know this one, which is the point. */
	check(kssl_rekey_with(link.s, KSSL_DIRECTION_TX, 0, &key));
	check(!send_to_peer(&link, "what"));
	link_down(&link);
}

/* --- two writers, and updates of both ends ------------------------------- */

struct frame {
	uint32_t writer;
	uint32_t count;		/* UINT32_MAX at the end */
	unsigned char data[3000];
};

struct writer {
	pthread_t thread;
	struct link *link;
	uint32_t number;
	uint32_t sent;
	int failed;
};

static int stop;

static void frame_fill(struct frame *frame, uint32_t writer, uint32_t count)
{
	frame->writer = writer;
	frame->count = count;
	memset(frame->data, writer + count, sizeof(frame->data));
}

static int write_frame(struct writer *writer, uint32_t count)
{
	struct frame frame;

	frame_fill(&frame, writer->number, count);
	return kssl_write(writer->link->fd[0], &frame, sizeof(frame)) ==
		sizeof(frame);
}

static void *run_writer(void *arg)
{
	struct writer *writer = arg;

	while (!writer->failed && !__atomic_load_n(&stop, __ATOMIC_RELAXED))
		writer->failed = !write_frame(writer, writer->sent++);
	writer->failed |= !write_frame(writer, UINT32_MAX);
	return NULL;
}

struct peer {
	pthread_t thread;
	struct link *link;
	uint32_t received[WRITERS];
	uint32_t updates;
	int failed;
};

static int ssl_read_all(SSL *ssl, void *buf, size_t len)
{
	size_t done = 0;
	int n;

	while (done < len) {
		n = SSL_read(ssl, (char *)buf + done, len - done);
		if (n <= 0)
			return 0;
		done += n;
	}
	return 1;
}

/* One frame; -1 if it is not the one that comes, 0 if a writer has ended. */
static int read_frame(struct peer *peer)
{
	struct frame frame, wanted;

	if (!ssl_read_all(peer->link->ssl, &frame, sizeof(frame)) ||
	    frame.writer >= WRITERS)
		return -1;
	frame_fill(&wanted, frame.writer, frame.count == UINT32_MAX ?
		   UINT32_MAX : peer->received[frame.writer]);
	if (memcmp(&frame, &wanted, sizeof(frame)))
		return -1;
	if (frame.count == UINT32_MAX)
		return 0;
	peer->received[frame.writer]++;
	return 1;
}

/* The peer updates its own key, too, every few frames. */
static int write_number(struct peer *peer, uint32_t number, uint32_t most)
{
	SSL *ssl = peer->link->ssl;

	if (number % 4 == 0 && peer->updates < most) {
		if (!SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED))
			return 0;
		peer->updates++;
	}
	return SSL_write(ssl, &number, sizeof(number)) == sizeof(number);
}

static uint32_t updates;

static void *run_peer(void *arg)
{
	struct peer *peer = arg;
	uint32_t number = 0, ended = 0;
	int ret;

	while (!peer->failed && ended < WRITERS) {
		ret = read_frame(peer);
		peer->failed = ret < 0 ||
			!write_number(peer, number++, updates);
		ended += !ret;
	}
	SSL_shutdown(peer->link->ssl);
	return NULL;
}

struct reader {
	pthread_t thread;
	struct link *link;
	uint32_t numbers;
	int failed;
};

/* Several threads share one client: who waits for the other would be stuck. */
static void *run_reader(void *arg)
{
	struct reader *reader = arg;
	struct link *link = reader->link;
	uint32_t number[64];
	ssize_t n, i;

	while ((n = kssl_read_with(link->s, link->fd[0], number,
				   sizeof(number))) > 0)
		for (i = 0; i < n / (ssize_t)sizeof(*number); i++)
			reader->failed |= number[i] != reader->numbers++;
	if (n < 0)
		fprintf(stderr, "# reader: %s\n", kssl_error_text());
	reader->failed |= n < 0;
	return NULL;
}

static uint32_t update_often(struct link *link, const struct peer *peer)
{
	struct pollfd pollfd = { .fd = link->fd[0], .events = POLLOUT };
	uint32_t done = 0;

	while (done < updates && !peer->failed) {
		if (kssl_rekey(link->s, KSSL_DIRECTION_TX, 0)) {
			done++;
		} else if (kssl_errno() == EAGAIN) {
			poll(&pollfd, 1, 10);
		} else {
			fprintf(stderr, "# update: %s\n", kssl_error_text());
			break;
		}
	}
	return done;
}

static void test_writers(void)
{
	struct writer writer[WRITERS] = { 0 };
	struct reader reader = { 0 };
	struct peer peer = { 0 };
	struct link link;
	uint32_t done, i;

	updates = getenv("KSSL_QUICK") ? UPDATES_QUICK : UPDATES;
	link_up(&link, &tls_suites[4]);
	peer.link = &link;
	reader.link = &link;
	MUST(!pthread_create(&peer.thread, NULL, run_peer, &peer));
	MUST(!pthread_create(&reader.thread, NULL, run_reader, &reader));
	for (i = 0; i < WRITERS; i++) {
		writer[i].link = &link;
		writer[i].number = i;
		MUST(!pthread_create(&writer[i].thread, NULL, run_writer,
				     &writer[i]));
	}
	done = update_often(&link, &peer);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < WRITERS; i++)
		pthread_join(writer[i].thread, NULL);
	pthread_join(peer.thread, NULL);
	pthread_join(reader.thread, NULL);

	check_that(done == updates, "%u updates of ours", done);
	check(!peer.failed && !reader.failed);
	for (i = 0; i < WRITERS; i++)
		check_that(!writer[i].failed &&
			   writer[i].sent == peer.received[i],
			   "%u frames of writer %u", writer[i].sent, i);
	check_that(generations(&link, done, peer.updates),
		   "%u updates of the peer", peer.updates);
	link_down(&link);
}

int main(void)
{
	size_t i;

	MUST((client = kssl_client_new()));
	if (!can_update()) {
		test_old_kernel();
		test_position(0);
		tap_skip("key updates", "net/tls of this kernel cannot");
		kssl_client_free(client);
		return tap_done();
	}
	for (i = 4; i < TLS_SUITES; i++) {
		/* CCM is not in the default list. */
		if (strstr(tls_suites[i].label, "CCM"))
			continue;
		test_ours(&tls_suites[i]);
		test_theirs(&tls_suites[i]);
	}
	test_control();
	test_taken();
	test_shutdown();
	test_unanswered();
	test_given();
	test_position(1);
	test_errors();
	test_writers();
	kssl_client_free(client);
	return tap_done();
}
