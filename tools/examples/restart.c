// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The program of Documentation/restart.rst: sends FILE to whoever connects,
 * one after the other, and goes on with it after it was killed.
 *
 *   keeper restart PORT CERTIFICATE KEY FILE
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kssl/openssl.h>

#include "notify.h"

static const char *path;

/* The context: from the store, or a new one that is put there. */
static struct kssl_ctx *get_ctx(struct kssl_client *client)
{
	int fd = notify_take("context");
	struct kssl_ctx *ctx;

	if (fd >= 0)
		return kssl_ctx_import(client, fd, KSSL_RIGHTS_ALL);
	ctx = kssl_ctx_new(client, KSSL_METHOD_SERVER);
	if (!ctx || !kssl_ctx_set_keep(ctx, 1))
		return NULL;
	fd = kssl_ctx_open_fd(ctx, KSSL_RIGHTS_ALL);
	if (!notify_store("context", fd))
		errx(1, "there is no store for the context");
	return ctx;
}

static void send_from(int fd, off_t offset)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	char rest[4096];
	ssize_t n;

	do
		n = kssl_sendfile(fd, file, &offset, 1 << 20);
	while (n > 0);
	/* Without close_notify the client knows that something is missing. */
	if (!n)
		kssl_shutdown(fd);
	shutdown(fd, SHUT_WR);
	/* To close with unread bytes takes back what is on its way. */
	while (read(fd, rest, sizeof(rest)) > 0)
		;
	close(file);
	close(fd);
}

/* Goes on with a connection of the process before, which did not say how far. */
static int go_on(struct kssl *s, int fd, void *arg)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	struct kssl_info *info;

	(void)arg;
	/* What was sent is known once all that was begun is out. */
	while ((info = kssl_get_info(s)) && info->unsent) {
		kssl_info_free(info);
		poll(&writable, 1, -1);
		kssl_flush(fd);
	}
	/* From a place that is not known, nothing can be sent. */
	send_from(fd, info ? info->sent : -1);
	kssl_info_free(info);
	kssl_free(s);
	return 0;
}

static int get_listener(int port)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int fd = notify_take("listener"), on = 1;

	if (fd >= 0)
		return fd;
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 99))
		err(1, "port %d", port);
	if (!notify_store("listener", fd))
		errx(1, "there is no store for the listener");
	return fd;
}

static void serve(struct kssl_ctx *ctx, SSL *ssl, int fd)
{
	kssl_openssl_start(ssl);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1 &&
	    kssl_openssl_ctx_attach(ctx, NULL, ssl, NULL) ==
	    KSSL_OPENSSL_ATTACHED)
		send_from(fd, 0);
	else
		close(fd);
	SSL_free(ssl);
}

int main(int argc, char **argv)
{
	SSL_CTX *ssl_ctx = SSL_CTX_new(TLS_server_method());
	struct kssl_client *client = kssl_client_new();
	struct kssl_ctx *ctx = client ? get_ctx(client) : NULL;
	int fd, listener;

	/* OpenSSL's writes raise it when a client has gone. */
	signal(SIGPIPE, SIG_IGN);
	if (!ctx || argc != 5)
		errx(1, "%s", ctx ? "wrong arguments" : kssl_error_text());
	if (SSL_CTX_use_certificate_chain_file(ssl_ctx, argv[2]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ssl_ctx, argv[3], 1) != 1 ||
	    !kssl_openssl_prepare(ssl_ctx))
		errx(1, "no certificate and key");
	path = argv[4];
	listener = get_listener(atoi(argv[1]));
	if (!kssl_ctx_take_over(ctx, go_on, NULL))
		errx(1, "%s", kssl_error_text());
	notify("READY=1", -1);
	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		serve(ctx, SSL_new(ssl_ctx), fd);
	err(1, "accept");
}
