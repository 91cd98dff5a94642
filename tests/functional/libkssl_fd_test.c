// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libkssl on the real module: file descriptors of objects, what they permit,
 * and kept connections in the hands of another client.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kssl/kssl.h>

#include "../lib/tap.h"
#include "tcp.h"

static struct kssl_client *client;
static struct kssl_client *other;
static struct kssl_ctx *ctx;

static int failed(int err, const char *attr)
{
	if (kssl_errno() == err && *kssl_error_text() &&
	    !strcmp(kssl_error_attr(), attr))
		return 1;
	printf("# errno %d, text \"%s\", attribute \"%s\"\n", kssl_errno(),
	       kssl_error_text(), kssl_error_attr());
	return 0;
}

static enum kssl_rights rights(struct kssl *s)
{
	struct kssl_info *info = kssl_get_info(s);
	enum kssl_rights r = info ? info->rights : 0;

	kssl_info_free(info);
	return r;
}

static void test_handles(void)
{
	struct kssl *s = kssl_new(ctx), *used, *same;
	int all = kssl_open_fd(s, 0);
	int use = kssl_open_fd(s, KSSL_RIGHTS_USE);

	check(all >= 0 && use >= 0);
	check(fcntl(all, F_GETFD) & FD_CLOEXEC);
	check(rights(s) == KSSL_RIGHTS_ALL);

	check(!kssl_import(other, use, KSSL_RIGHTS_ALL));
	check(failed(EPERM, "rights"));
	used = kssl_import(other, use, 0);
	check(used && kssl_id(used) == kssl_id(s));
	check(rights(used) == KSSL_RIGHTS_USE);
	check(!kssl_set_label(used, "mine") && failed(EPERM, "id"));
	check(kssl_open_fd(used, KSSL_RIGHTS_ALL) == -1);
	check(failed(EPERM, "rights"));
	check(kssl_up_ref(used));
	kssl_free(used);

	same = kssl_import(other, all, 0);
	check(same == used && rights(used) == KSSL_RIGHTS_ALL);
	check(kssl_set_label(used, "mine"));
	kssl_free(same);
	kssl_free(used);
	check(kssl_sock_fd(s) == -1 && failed(ENOTCONN, "id"));
	kssl_free(s);
	close(all);
	close(use);
}

static void test_contexts(void)
{
	struct kssl_ctx *own = kssl_ctx_new(client, KSSL_METHOD_SERVER), *his;
	enum kssl_method method = KSSL_METHOD_EITHER;
	uint32_t id = kssl_ctx_id(own);
	int fd = kssl_ctx_open_fd(own, KSSL_RIGHTS_ALL);

	kssl_ctx_free(own);
	check(!kssl_import(other, fd, 0) && failed(EINVAL, ""));
	his = kssl_ctx_import(other, fd, 0);
	check(his && kssl_ctx_id(his) == id);
	check(kssl_ctx_get_method(his, &method) &&
	      method == KSSL_METHOD_SERVER);
	close(fd);
	kssl_free(kssl_new(his));
	kssl_ctx_free(his);
	check(!kssl_ctx_from_id(client, id) && failed(ENOENT, "ctx-id"));
	check(!kssl_ctx_import(other, fd, 0) && failed(EBADF, "fd"));
}

static struct kssl *attach(struct kssl_ctx *from, int fd, int keep)
{
	static const unsigned char key[16], iv[8], salt[4];
	const struct kssl_crypto crypto = {
		.key = key, .key_len = sizeof(key),
		.iv = iv, .iv_len = sizeof(iv),
		.salt = salt, .salt_len = sizeof(salt),
	};
	struct kssl_attach attach = {
		.size = sizeof(attach), .fd = fd,
		.version = 0x0304, .suite = 0x1301, .verify_result = -1,
		.tx = crypto, .rx = crypto,
	};
	struct kssl *s = kssl_new(from);

	check(kssl_set_connect_state(s) && kssl_set_keep(s, keep));
	check(kssl_attach(s, &attach));
	return s;
}

/* A child takes over the connection with nothing but its file descriptor. */
static void successor(int fd)
{
	struct kssl_client *own = kssl_client_new();
	struct kssl *s = kssl_import(own, fd, 0);
	int sock = kssl_sock_fd(s);

	_exit(!(s && sock >= 0 && kssl_write(sock, "hello", 5) == 5));
}

static void test_socket(void)
{
	struct kssl_info *info;
	int pair[2], fd, status = -1;
	struct pollfd poll_fd;
	struct kssl *s, *peer;
	char buf[8];

	check(!tcp_pair(pair));
	check(!kssl_info_by_socket(other, pair[0]) && failed(ENOENT, "fd"));
	s = attach(ctx, pair[0], 1);
	peer = attach(ctx, pair[1], 1);
	info = kssl_info_by_socket(other, pair[0]);
	check(info && info->id == kssl_id(s) && !info->rights && !info->held);
	kssl_info_free(info);

	fd = kssl_open_fd(s, KSSL_RIGHTS_USE);
	close(pair[0]);
	kssl_free(s);
	if (!fork())
		successor(fd);
	wait(&status);
	check(!status);
	check(kssl_read(pair[1], buf, sizeof(buf)) == 5 &&
	      !memcmp(buf, "hello", 5));

	poll_fd = (struct pollfd){ .fd = fd, .events = POLLIN };
	check(!poll(&poll_fd, 1, 0));
	check(kssl_write(pair[1], "x", 1) == 1);
	check(poll(&poll_fd, 1, 60000) == 1 && poll_fd.revents == POLLIN);
	close(pair[1]);
	kssl_free(peer);
	poll_fd.events = 0;
	check(poll(&poll_fd, 1, 60000) == 1 && poll_fd.revents == POLLHUP);
	close(fd);
}

static int take(struct kssl *s, int fd, void *arg)
{
	int *ids = arg;

	check(rights(s) == KSSL_RIGHTS_ALL);
	check(kssl_write(fd, "taken", 5) == 5);
	ids[ids[0]++] = kssl_id(s);
	kssl_free(s);
	close(fd);
	return 0;
}

static int tally(struct kssl *s, int fd, void *arg)
{
	++*(int *)arg;
	kssl_free(s);
	return close(fd);
}

/* A child of another user takes over with nothing but the context's. */
static void stranger(int fd)
{
	struct kssl_client *own;
	struct kssl_ctx *his;
	int n = 0;

	if (setuid(1000))
		_exit(1);
	own = kssl_client_new();
	his = kssl_ctx_import(own, fd, 0);
	_exit(!(his && kssl_ctx_take_over(his, tally, &n) && n == 1));
}

static void test_take_over(void)
{
	struct kssl_ctx *own = kssl_ctx_new(client, KSSL_METHOD_EITHER), *his;
	int kept[2], loose[2], fd, use, ids[3] = { 1 }, status = -1;
	struct kssl *s, *not_kept;
	char buf[8];

	check(own && kssl_ctx_set_keep(own, 1));
	check(!tcp_pair(kept) && !tcp_pair(loose));
	s = attach(own, kept[0], 1);
	kssl_free(attach(ctx, kept[1], 0));
	not_kept = attach(own, loose[0], 0);
	kssl_free(kssl_new(own));
	fd = kssl_ctx_open_fd(own, KSSL_RIGHTS_ALL);
	use = kssl_ctx_open_fd(own, KSSL_RIGHTS_USE);
	kssl_ctx_free(own);
	close(kept[0]);

	his = kssl_ctx_import(other, use, 0);
	check(!kssl_ctx_take_over(his, take, ids) && failed(EPERM, ""));
	check(ids[0] == 1);
	kssl_ctx_free(his);
	close(use);

	his = kssl_ctx_import(other, fd, 0);
	check(kssl_ctx_take_over(his, take, ids));
	check(ids[0] == 2 && ids[1] == (int)kssl_id(s));
	check(kssl_read(kept[1], buf, sizeof(buf)) == 5 &&
	      !memcmp(buf, "taken", 5));
	check(kssl_ctx_take_over(his, take, ids) && ids[0] == 3);

	if (!fork())
		stranger(fd);
	wait(&status);
	check(!status);

	kssl_ctx_free(his);
	close(fd);
	kssl_free(s);
	kssl_free(not_kept);
	close(kept[1]);
	close(loose[0]);
	close(loose[1]);
}

int main(void)
{
	client = kssl_client_new();
	other = kssl_client_new();
	ctx = kssl_ctx_new(client, KSSL_METHOD_EITHER);
	if (!client || !other || !ctx) {
		printf("# %s\n", kssl_error_text());
		return 1;
	}
	test_handles();
	test_contexts();
	test_socket();
	test_take_over();
	kssl_ctx_free(ctx);
	kssl_client_free(other);
	kssl_client_free(client);
	return tap_done();
}
