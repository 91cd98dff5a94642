// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libkssl on the real module: attach, and data and control records between two
 * attached ends of a loopback connection, with keys that the test made up.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kssl/kssl.h>

#include "../lib/tap.h"
#include "tcp.h"

static struct kssl_client *client;
static struct kssl_ctx *ctx;

/* A version, a suite and the form of its keys. */
struct kind {
	const char *name;
	uint16_t version;
	uint16_t suite;
	size_t key_len;
	size_t iv_len;
	size_t salt_len;
	size_t secret_len;
};

static const struct kind kinds[] = {
	{ "TLS 1.2 AES-128-GCM", 0x0303, 0xc02f, 16, 8, 4, 0 },
	{ "TLS 1.2 AES-256-GCM", 0x0303, 0xc030, 32, 8, 4, 0 },
	{ "TLS 1.2 AES-128-CCM", 0x0303, 0xc0ac, 16, 8, 4, 0 },
	{ "TLS 1.2 ChaCha20-Poly1305", 0x0303, 0xcca8, 32, 12, 0, 0 },
	{ "TLS 1.3 AES-128-GCM", 0x0304, 0x1301, 16, 8, 4, 0 },
	{ "TLS 1.3 AES-256-GCM", 0x0304, 0x1302, 32, 8, 4, 0 },
	{ "TLS 1.3 ChaCha20-Poly1305", 0x0304, 0x1303, 32, 12, 0, 0 },
	{ "TLS 1.3 AES-128-CCM", 0x0304, 0x1304, 16, 8, 4, 0 },
	{ "TLS 1.3 AES-128-GCM by secret", 0x0304, 0x1301, 0, 0, 0, 32 },
	{ "TLS 1.3 AES-256-GCM by secret", 0x0304, 0x1302, 0, 0, 0, 48 },
};

#define N_KINDS (sizeof(kinds) / sizeof(*kinds))

/* The two directions need keys of their own, equal at both ends. */
static const unsigned char to_server[48] = "to the server: key bytes of no meaning at all..";
static const unsigned char to_client[48] = "to the client: key bytes that mean nothing here";
static const unsigned char nonces[16] = "nonces and salts";

static struct kssl_crypto crypto(const struct kind *kind,
				 const unsigned char *bytes)
{
	struct kssl_crypto c = { .rec_seq = 0 };

	if (kind->secret_len) {
		c.secret = bytes;
		c.secret_len = kind->secret_len;
		return c;
	}
	c.key = bytes;
	c.key_len = kind->key_len;
	c.iv = nonces;
	c.iv_len = kind->iv_len;
	c.salt = kind->salt_len ? nonces + 12 : NULL;
	c.salt_len = kind->salt_len;
	return c;
}

static struct kssl_attach attach_of(const struct kind *kind, int fd,
				    int server)
{
	return (struct kssl_attach) {
		.size = sizeof(struct kssl_attach),
		.fd = fd,
		.version = kind->version,
		.suite = kind->suite,
		.verify_result = -1,
		.tx = crypto(kind, server ? to_client : to_server),
		.rx = crypto(kind, server ? to_server : to_client),
	};
}

/* A connection whose two ends are attached, [0] the client's. */
struct link {
	int fd[2];
	struct kssl *s[2];
};

static int link_up(struct link *link, const struct kind *kind)
{
	struct kssl_attach attach;
	int i, ok = 1;

	if (tcp_pair(link->fd))
		return 0;
	for (i = 0; i < 2; i++) {
		link->s[i] = kssl_new(ctx);
		ok = ok && (i ? kssl_set_accept_state(link->s[i]) :
				kssl_set_connect_state(link->s[i]));
		attach = attach_of(kind, link->fd[i], i);
		ok = ok && kssl_attach(link->s[i], &attach);
	}
	if (!ok)
		printf("# %s (%s)\n", kssl_error_text(), kssl_error_attr());
	return ok;
}

static void link_down(struct link *link)
{
	int i;

	for (i = 0; i < 2; i++) {
		kssl_free(link->s[i]);
		if (link->fd[i] >= 0)
			close(link->fd[i]);
	}
}

static ssize_t send_record(int fd, int type, const void *data, size_t len)
{
	union {
		char buf[CMSG_SPACE(1)];
		struct cmsghdr align;
	} control = { .buf = { 0 } };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = 282;
	cmsg->cmsg_type = 1;
	cmsg->cmsg_len = CMSG_LEN(1);
	*CMSG_DATA(cmsg) = type;
	return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

static int set_nonblock(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int wait_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 60000) == 1;
}

/* Part of a record makes a socket readable, too, but nothing can be read. */
static ssize_t read_patiently(int fd, void *buf, size_t size)
{
	ssize_t n = -1;
	int tries;

	for (tries = 0; tries < 6000 && wait_readable(fd); tries++) {
		n = kssl_read(fd, buf, size);
		if (n >= 0 || kssl_errno() != EAGAIN)
			break;
		usleep(10000);
	}
	return n;
}

static void test_info(const struct kind *kind)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	struct kssl_info *info;
	uint64_t cookie = 0;
	struct link link;

	check_that(link_up(&link, kind), "%s: attach", kind->name);
	info = kssl_get_info(link.s[0]);
	check(info->state == KSSL_STATE_ESTABLISHED && info->result == 0);
	check(info->version == kind->version && info->suite == kind->suite);
	check(info->verify_result == -1 && info->family == AF_INET);
	getsockname(link.fd[0], (struct sockaddr *)&addr, &len);
	check(info->local_port == ntohs(addr.sin_port));
	getpeername(link.fd[0], (struct sockaddr *)&addr, &len);
	check(info->peer_port == ntohs(addr.sin_port) &&
	      !memcmp(info->peer_addr, &addr.sin_addr, 4));
	len = sizeof(cookie);
	getsockopt(link.fd[0], SOL_SOCKET, SO_COOKIE, &cookie, &len);
	check(info->sock_cookie == cookie);
	kssl_info_free(info);
	check(!kssl_clear(link.s[0]) && kssl_errno() == EBUSY);
	link_down(&link);
}

static void test_echo(const struct kind *kind)
{
	char buf[32];
	struct link link;

	link_up(&link, kind);
	check_that(kssl_write(link.fd[0], "hello", 5) == 5 &&
		   kssl_read(link.fd[1], buf, sizeof(buf)) == 5 &&
		   !memcmp(buf, "hello", 5), "%s: to the server", kind->name);
	check_that(write(link.fd[1], "good day", 8) == 8 &&
		   read(link.fd[0], buf, sizeof(buf)) == 8 &&
		   !memcmp(buf, "good day", 8), "%s: to the client",
		   kind->name);
	link_down(&link);
}

#define BIG 1048576

static void *write_big(void *arg)
{
	unsigned char *data = malloc(BIG);
	size_t i;
	long ok;

	for (i = 0; i < BIG; i++)
		data[i] = i * 7 + i / 256;
	ok = kssl_write(*(int *)arg, data, BIG) == BIG;
	free(data);
	return (void *)ok;
}

static void test_big(const struct kind *kind)
{
	unsigned char buf[5000];
	pthread_t writer;
	struct link link;
	size_t i, got = 0, wrong = 0;
	ssize_t n;
	void *ok;

	link_up(&link, kind);
	pthread_create(&writer, NULL, write_big, &link.fd[1]);
	while (got < BIG && (n = kssl_read(link.fd[0], buf, sizeof(buf))) > 0) {
		for (i = 0; i < (size_t)n; i++, got++)
			wrong += buf[i] != (unsigned char)(got * 7 + got / 256);
	}
	pthread_join(writer, &ok);
	check_that(ok && got == BIG && !wrong, "%s: a megabyte", kind->name);
	link_down(&link);
}

static void test_nonblocking(const struct kind *kind)
{
	static char buf[1 << 16];
	struct link link;
	size_t sent = 0, got = 0;
	ssize_t n;

	link_up(&link, kind);
	set_nonblock(link.fd[0]);
	set_nonblock(link.fd[1]);
	check(kssl_read(link.fd[0], buf, 1) == -1 && kssl_errno() == EAGAIN);
	check(errno == EAGAIN);
	check(kssl_control(link.fd[0]) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EAGAIN);

	while ((n = kssl_write(link.fd[0], buf, sizeof(buf))) > 0)
		sent += n;
	check(n == -1 && kssl_errno() == EAGAIN && sent);
	sent += tcp_fill(link.fd[0]);
	check(kssl_shutdown(link.fd[0]) == -1 && kssl_errno() == EAGAIN);
	while (got < sent &&
	       (n = read_patiently(link.fd[1], buf, sizeof(buf))) > 0)
		got += n;
	check(got == sent);
	check(kssl_shutdown(link.fd[0]) == 0);
	check(read_patiently(link.fd[1], buf, sizeof(buf)) == 0);
	link_down(&link);
}

/* Two tickets, the second and third in one record, in front of data. */
static void test_tickets(const struct kind *kind)
{
	unsigned char tickets[2 * 504] = { 4, 0, 1, 244, [504] = 4, 0, 1, 244 };
	struct link link;
	char buf[8];

	link_up(&link, kind);
	send_record(link.fd[1], 22, tickets, 504);
	send_record(link.fd[1], 22, tickets, sizeof(tickets));
	kssl_write(link.fd[1], "data", 4);
	check(wait_readable(link.fd[0]));
	check(read(link.fd[0], buf, sizeof(buf)) == -1 && errno == EIO);
	check(kssl_control(link.fd[0]) == KSSL_CONTROL_MORE);
	check_that(kssl_read(link.fd[0], buf, sizeof(buf)) == 4 &&
		   !memcmp(buf, "data", 4), "%s: tickets", kind->name);
	/* Behind data that nobody has read yet nothing is found. */
	kssl_write(link.fd[1], "more", 4);
	check(wait_readable(link.fd[0]));
	check(kssl_control(link.fd[0]) == KSSL_CONTROL_MORE);
	check(kssl_read(link.fd[0], buf, sizeof(buf)) == 4 &&
	      !memcmp(buf, "more", 4));
	link_down(&link);
}

/* A ticket in two records: nothing of it is taken, or it is waited for. */
static void test_split_ticket(const struct kind *kind)
{
	unsigned char ticket[504] = { 4, 0, 1, 244 };
	struct link link;
	char buf[8];

	link_up(&link, kind);
	send_record(link.fd[1], 22, ticket, 300);
	check(wait_readable(link.fd[0]));
	check(kssl_control(link.fd[0]) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EPROTO);
	check(kssl_control_with(link.s[0], link.fd[0]) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EAGAIN);
	send_record(link.fd[1], 22, ticket + 300, 204);
	kssl_write(link.fd[1], "data", 4);
	check_that(kssl_read_with(link.s[0], link.fd[0], buf, sizeof(buf)) ==
		   4 && !memcmp(buf, "data", 4), "%s: split ticket",
		   kind->name);
	/* Both are there. */
	send_record(link.fd[1], 22, ticket, 300);
	send_record(link.fd[1], 22, ticket + 300, 204);
	kssl_write(link.fd[1], "more", 4);
	check(kssl_read_with(link.s[0], link.fd[0], buf, sizeof(buf)) == 4 &&
	      !memcmp(buf, "more", 4));
	link_down(&link);
}

static void test_close(const struct kind *kind)
{
	struct link link;
	char buf[8];

	link_up(&link, kind);
	kssl_write(link.fd[1], "last", 4);
	check(kssl_shutdown(link.fd[1]) == 0);
	check(wait_readable(link.fd[0]));
	check(kssl_read(link.fd[0], buf, sizeof(buf)) == 4);
	check_that(kssl_read(link.fd[0], buf, sizeof(buf)) == 0,
		   "%s: close_notify", kind->name);
	check(kssl_read(link.fd[0], buf, sizeof(buf)) == 0);
	check(kssl_control(link.fd[0]) == KSSL_CONTROL_CLOSED);
	/* The other direction goes on until it is closed too. */
	check(kssl_write(link.fd[0], "late", 4) == 4);
	check(kssl_read(link.fd[1], buf, sizeof(buf)) == 4);
	check(kssl_shutdown(link.fd[0]) == 1);
	check(kssl_read(link.fd[1], buf, sizeof(buf)) == 0);
	check(kssl_shutdown(link.fd[1]) == 1);
	link_down(&link);
}

static void test_alerts(const struct kind *kind)
{
	struct link link;
	char buf[8];

	link_up(&link, kind);
	send_record(link.fd[1], 21, "\1\132", 2);	/* user_canceled */
	kssl_write(link.fd[1], "data", 4);
	check(kssl_read(link.fd[0], buf, sizeof(buf)) == 4);
	send_record(link.fd[1], 21, "\2\50", 2);	/* handshake_failure */
	check(kssl_read(link.fd[0], buf, sizeof(buf)) == -1 &&
	      kssl_errno() == ECONNRESET &&
	      !strcmp(kssl_error_text(), "handshake_failure"));
	check(kssl_read(link.fd[0], buf, sizeof(buf)) == -1 &&
	      errno == ECONNRESET);
	link_down(&link);

	link_up(&link, kind);
	send_record(link.fd[1], 22, "\30\0\0\1", 5);	/* KeyUpdate */
	check(kssl_read(link.fd[0], buf, sizeof(buf)) == -1 &&
	      kssl_errno() == EKEYEXPIRED);
	link_down(&link);

	link_up(&link, kind);
	send_record(link.fd[1], 22, "\0\0\0", 4);	/* HelloRequest */
	check(kssl_read(link.fd[0], buf, sizeof(buf)) == -1 &&
	      kssl_errno() == EPROTO);
	link_down(&link);
}

static void test_broken(const struct kind *kind)
{
	struct link link;
	char buf[8];
	int i, n = 0;

	link_up(&link, kind);
	kssl_write(link.fd[1], "data", 4);
	close(link.fd[1]);
	link.fd[1] = -1;
	check(kssl_read(link.fd[0], buf, sizeof(buf)) == 4);
	check_that(kssl_read(link.fd[0], buf, sizeof(buf)) == -1 &&
		   kssl_errno() == ECONNABORTED,
		   "%s: end without close_notify", kind->name);
	/* The peer resets what it gets now; no signal may come of that. */
	for (i = 0; i < 6000 && n >= 0; i++) {
		n = kssl_write(link.fd[0], "x", 1);
		usleep(10000);
	}
	check(n == -1 && (errno == EPIPE || errno == ECONNRESET));
	link_down(&link);
}

static void test_not_tls(void)
{
	int pair[2];

	tcp_pair(pair);
	check(kssl_control(pair[0]) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EAGAIN);
	check(write(pair[1], "GET /", 5) == 5 && wait_readable(pair[0]));
	check(kssl_control(pair[0]) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EOPNOTSUPP);
	check(kssl_control(-1) == KSSL_CONTROL_ERROR && kssl_errno() == EBADF);
	tcp_close(pair);
}

static int gone(uint32_t id)
{
	struct kssl_info *info;
	int i;

	for (i = 0; i < 3000; i++) {
		info = kssl_info_by_id(client, id);
		if (!info)
			return kssl_errno() == ENOENT;
		kssl_info_free(info);
		usleep(20000);
	}
	return 0;
}

/* One request, and none when it ends. */
static void test_ctx_attach(const struct kind *kind)
{
	struct kssl_settings *set = kssl_settings_new();
	struct kssl_attach attach;
	uint32_t id[2] = { 0 };
	struct kssl_info *info;
	int pair[2], i;
	char buf[8];

	tcp_pair(pair);
	for (i = 0; i < 2; i++) {
		kssl_settings_role(set, i ? KSSL_ROLE_SERVER :
					    KSSL_ROLE_CLIENT);
		kssl_settings_label(set, "accepted");
		attach = attach_of(kind, pair[i], i);
		check_that(kssl_ctx_attach(ctx, set, &attach, &id[i]) && id[i],
			   "%s: attach of a context", kind->name);
	}
	info = kssl_info_by_id(client, id[1]);
	check(info && info->state == KSSL_STATE_ESTABLISHED &&
	      info->held == 0 && info->settings->role == KSSL_ROLE_SERVER &&
	      !strcmp(info->settings->label, "accepted"));
	kssl_info_free(info);
	check(kssl_write(pair[0], "hi", 2) == 2 &&
	      kssl_read(pair[1], buf, sizeof(buf)) == 2);
	tcp_close(pair);
	check(gone(id[0]) && gone(id[1]));
	kssl_settings_free(set);
}

static int refused(struct kssl *s, const struct kssl_attach *attach, int err,
		   const char *attr)
{
	if (!kssl_attach(s, attach) && kssl_errno() == err &&
	    *kssl_error_text() && !strcmp(kssl_error_attr(), attr))
		return 1;
	printf("# errno %d, text \"%s\", attribute \"%s\"\n", kssl_errno(),
	       kssl_error_text(), kssl_error_attr());
	return 0;
}

static void test_refused(void)
{
	const struct kind *kind = &kinds[4];
	struct kssl_attach good, bad;
	struct kssl *s = kssl_new(ctx), *other;
	struct kssl_info *info;
	int pair[2];

	tcp_pair(pair);
	good = attach_of(kind, pair[0], 0);
	check(!kssl_attach(s, &good) && kssl_errno() == EPERM);
	kssl_set_connect_state(s);

	bad = good;
	bad.suite = 0x0005;
	check(refused(s, &bad, EOPNOTSUPP, "suite"));
	bad = good;
	bad.version = 0x0302;
	check(refused(s, &bad, EINVAL, "version"));
	bad = good;
	bad.tx.key_len = 15;
	check(refused(s, &bad, EINVAL, "tx.key"));
	bad = good;
	bad.rx.iv = NULL;
	check(!kssl_attach(s, &bad) && kssl_errno() == EINVAL);
	bad = good;
	bad.fd = -1;
	check(!kssl_attach(s, &bad) && !strcmp(kssl_error_attr(), "fd"));

	kssl_set_max_proto_version(s, 0x0303);
	check(refused(s, &good, EPERM, "version"));
	kssl_set_max_proto_version(s, 0);
	kssl_set_verify_mode(s, KSSL_VERIFY_PEER);
	check(refused(s, &good, EPERM, "verify-result"));
	good.verify_result = 18;
	check(refused(s, &good, EPERM, "verify-result"));
	info = kssl_get_info(s);
	check(info->state == KSSL_STATE_INITIAL);
	kssl_info_free(info);

	/* All of that has left no trace. */
	good.verify_result = 0;
	check(kssl_attach(s, &good));
	info = kssl_get_info(s);
	check(info->verify_result == 0);
	kssl_info_free(info);
	check(!kssl_attach(s, &good) && *kssl_error_text());
	other = kssl_new(ctx);
	kssl_set_connect_state(other);
	check(!kssl_attach(other, &good) && kssl_errno() == EBUSY);
	kssl_free(other);
	kssl_free(s);
	tcp_close(pair);
}

static void test_kind(const struct kind *kind)
{
	test_info(kind);
	test_echo(kind);
	test_big(kind);
	test_nonblocking(kind);
	test_tickets(kind);
	test_split_ticket(kind);
	test_close(kind);
	test_alerts(kind);
	test_broken(kind);
	test_ctx_attach(kind);
}

/* The default lists leave some suites out that net/tls has. */
static int allow_all_kinds(void)
{
	struct kssl_settings *set = kssl_settings_new();
	static const uint16_t list[] = { 0xc02f, 0xc030, 0xc0ac, 0xcca8 };
	static const uint16_t suites[] = { 0x1301, 0x1302, 0x1303, 0x1304 };
	int ok;

	kssl_settings_cipher_list(set, list, 4);
	kssl_settings_ciphersuites(set, suites, 4);
	ok = kssl_ctx_set(ctx, set);
	kssl_settings_free(set);
	return ok;
}

int main(void)
{
	size_t i;

	/* A read that waits for what never comes must not last for ever. */
	alarm(550);
	client = kssl_client_new();
	if (!check(client)) {
		printf("# %s\n", kssl_error_text());
		return tap_done();
	}
	ctx = kssl_ctx_new(client, KSSL_METHOD_EITHER);
	if (!check(allow_all_kinds()))
		return tap_done();
	for (i = 0; i < N_KINDS; i++)
		test_kind(&kinds[i]);
	test_not_tls();
	test_refused();
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
