// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An HTTPS client: OpenSSL makes the handshake of a kernel connection and
 * verifies the server, then the plain socket speaks TLS.
 *
 *   fetch [-c CAFILE] HOST PORT PATH
 *
 * Writes the body to the standard output. Exit status 0 if the server said 200.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kssl/openssl.h>

static void die(const char *what, const char *why)
{
	fprintf(stderr, "fetch: %s: %s\n", what, why);
	exit(1);
}

static int connect_to(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *ai;
	int fd = -1, err;

	err = getaddrinfo(host, port, &hints, &list);
	if (err)
		die(host, gai_strerror(err));
	for (ai = list; ai; ai = ai->ai_next) {
		fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC,
			    ai->ai_protocol);
		if (fd >= 0 && !connect(fd, ai->ai_addr, ai->ai_addrlen))
			break;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd < 0)
		die(host, strerror(errno));
	return fd;
}

/* A context of clients that verify their servers. */
static struct kssl_ctx *make_ctx(struct kssl_client *client, const char *cafile)
{
	struct kssl_ctx *ctx = kssl_ctx_new(client, KSSL_METHOD_CLIENT);
	SSL_CTX *base;

	if (!ctx || !kssl_ctx_set_verify_mode(ctx, KSSL_VERIFY_PEER))
		die("context", kssl_error_text());
	if (!cafile) {
		if (!kssl_ctx_set_trust_system(ctx, 1))
			die("context", kssl_error_text());
		return ctx;
	}
	base = SSL_CTX_new(TLS_client_method());
	if (!base || !SSL_CTX_load_verify_file(base, cafile))
		die(cafile, "no certificates");
	if (!kssl_openssl_set_base(ctx, base))
		die("context", kssl_error_text());
	SSL_CTX_free(base);
	return ctx;
}

static void send_request(int fd, const char *host, const char *path)
{
	char request[1024];
	int len;

	len = snprintf(request, sizeof(request),
		       "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);
	if ((size_t)len >= sizeof(request))
		die(path, "too long");
	if (kssl_write(fd, request, len) != len)
		die("request", kssl_error_text());
}

/*
 * Writes what follows the head; returns whether the status was 200. With @s,
 * a server that updates its key is followed.
 */
static int receive(struct kssl *s, int fd)
{
	char buf[16384], *body = NULL;
	size_t used = 0;
	ssize_t n;
	int good;

	while (!body && used < sizeof(buf) - 1) {
		n = kssl_read_with(s, fd, buf + used, sizeof(buf) - 1 - used);
		if (n < 0)
			die("response", kssl_error_text());
		if (!n)
			break;
		used += n;
		buf[used] = '\0';
		body = strstr(buf, "\r\n\r\n");
	}
	if (!body)
		die("response", "no HTTP head");
	body += 4;
	good = !strncmp(buf, "HTTP/1.", 7) && !strncmp(buf + 8, " 200", 4);
	if (!good)
		fprintf(stderr, "fetch: %.*s\n", (int)strcspn(buf, "\r"), buf);
	fwrite(body, 1, buf + used - body, stdout);
	while ((n = kssl_read_with(s, fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, n, stdout);
	if (n < 0)
		die("response", kssl_error_text());
	return good;
}

int main(int argc, char **argv)
{
	const char *cafile = NULL, *host;
	struct kssl_client *client;
	struct kssl_ctx *ctx;
	struct kssl *s;
	int fd, opt, good;

	while ((opt = getopt(argc, argv, "c:")) == 'c')
		cafile = optarg;
	if (opt != -1 || argc - optind != 3) {
		fputs("usage: fetch [-c CAFILE] HOST PORT PATH\n", stderr);
		return 2;
	}
	host = argv[optind];

	client = kssl_client_new();
	if (!client)
		die("kssl", kssl_error_text());
	ctx = make_ctx(client, cafile);
	s = kssl_new(ctx);
	if (!s || !kssl_openssl_set_host(s, host))
		die("connection", kssl_error_text());

	fd = connect_to(host, argv[optind + 1]);
	/* On a blocking socket it either attaches or fails. */
	if (kssl_openssl_handshake(s, fd) != KSSL_OPENSSL_ATTACHED)
		die(host, kssl_error_text());

	send_request(fd, host, argv[optind + 2]);
	good = receive(s, fd);
	kssl_shutdown(fd);
	close(fd);
	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return fflush(stdout) || !good;
}
