// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An HTTPS file server: OpenSSL makes the handshakes, then each connection
 * moves into the kernel with one request, and files go out by sendfile().
 *
 *   httpsd [-v] [-p PORT] CERTIFICATE KEY DIRECTORY
 *
 * One thread, one epoll set. A connection is a small machine: shake hands, read
 * a request, send its response, and so on until either end closes. With a
 * client whose suite the kernel cannot carry, OpenSSL goes on.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include <kssl/openssl.h>

#define IDLE_SECONDS	30
#define REQUEST_MAX	8192
#define CHUNK		16384

enum state {
	HANDSHAKE,
	REQUEST,
	HEAD,		/* of the response */
	BODY,
	CLOSE,		/* close_notify has to go out */
	LINGER,		/* until the peer has closed too */
	GONE,
};

/* What a step of the machine ended with. */
enum result { AGAIN_READ, AGAIN_WRITE, NEXT };

struct conn {
	struct conn *prev, *next;	/* by their last activity */
	time_t active;
	int fd;
	SSL *ssl;			/* NULL: the kernel has it */
	enum state state;
	uint32_t events;
	char request[REQUEST_MAX + 1];
	size_t used;			/* bytes of request */
	size_t taken;			/* of which the current one has */
	char out[CHUNK];
	size_t out_len, out_done;
	int file;
	off_t offset, size;
	int keep_alive;
};

static struct {
	int epoll;
	int listener;
	int root;
	int verbose;
	SSL_CTX *ssl_ctx;
	struct kssl_ctx *ctx;
	struct conn list;		/* the head, oldest first */
} server;

static volatile sig_atomic_t stopped;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "httpsd: %s: %s\n", what, why);
	exit(1);
}

static void log_line(const struct conn *c, const char *text, const char *more)
{
	if (server.verbose)
		fprintf(stderr, "httpsd: [%d] %s%s%s\n", c->fd, text,
			*more ? ": " : "", more);
}

static void list_del(struct conn *c)
{
	c->prev->next = c->next;
	c->next->prev = c->prev;
}

static void list_add_tail(struct conn *c)
{
	c->prev = server.list.prev;
	c->next = &server.list;
	c->prev->next = c;
	server.list.prev = c;
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* --- the data path: the kernel's or OpenSSL's ---------------------------- */

static enum result end(struct conn *c, const char *why)
{
	log_line(c, "ends", why);
	c->state = GONE;
	return NEXT;
}

static enum result ssl_result(struct conn *c, int ret)
{
	switch (SSL_get_error(c->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		return AGAIN_READ;
	case SSL_ERROR_WANT_WRITE:
		return AGAIN_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		c->state = CLOSE;
		return NEXT;
	default:
		return end(c, "OpenSSL failed");
	}
}

/* Bytes go to @buf, *@len is 0 unless there are some. */
static enum result conn_read(struct conn *c, void *buf, size_t *len)
{
	size_t size = *len;
	ssize_t n;

	*len = 0;
	if (c->ssl) {
		ERR_clear_error();
		n = SSL_read(c->ssl, buf, size);
		if (n <= 0)
			return ssl_result(c, n);
		*len = n;
		return NEXT;
	}
	n = recv(c->fd, buf, size, 0);
	if (n > 0) {
		*len = n;
		return NEXT;
	}
	if (!n)
		return end(c, "closed without close_notify");
	if (errno == EAGAIN)
		return AGAIN_READ;
	if (errno != EIO)
		return end(c, strerror(errno));
	/* Not data but a control record, which read() does not take. */
	switch (kssl_control(c->fd)) {
	case KSSL_CONTROL_MORE:
		return NEXT;
	case KSSL_CONTROL_CLOSED:
		c->state = CLOSE;
		return NEXT;
	default:
		return end(c, kssl_error_text());
	}
}

/* Send what is in c->out; then @next, unless something went wrong. */
static enum result conn_flush(struct conn *c, int more, enum state next)
{
	const char *data = c->out + c->out_done;
	size_t len = c->out_len - c->out_done;
	ssize_t n;

	if (c->ssl) {
		ERR_clear_error();
		n = SSL_write(c->ssl, data, len);
		if (n <= 0)
			return ssl_result(c, n);
	} else {
		n = send(c->fd, data, len,
			 MSG_NOSIGNAL | (more ? MSG_MORE : 0));
		if (n < 0 && errno == EAGAIN)
			return AGAIN_WRITE;
		if (n < 0)
			return end(c, strerror(errno));
	}
	c->out_done += n;
	if (c->out_done == c->out_len)
		c->state = next;
	return NEXT;
}

/* The reason for all this: the file's pages go out as TLS records. */
static enum result conn_sendfile(struct conn *c)
{
	ssize_t n = sendfile(c->fd, c->file, &c->offset, c->size - c->offset);

	if (n > 0)
		return NEXT;
	if (n < 0 && errno == EAGAIN)
		return AGAIN_WRITE;
	return end(c, n ? strerror(errno) : "the file became shorter");
}

static enum result copy_file(struct conn *c)
{
	ssize_t n;

	if (c->out_done < c->out_len)
		return conn_flush(c, 0, BODY);
	n = pread(c->file, c->out, sizeof(c->out), c->offset);
	if (n <= 0)
		return end(c, n ? strerror(errno) : "the file became shorter");
	if (n > c->size - c->offset)
		n = c->size - c->offset;
	c->offset += n;
	c->out_len = n;
	c->out_done = 0;
	return NEXT;
}

/* --- HTTP ---------------------------------------------------------------- */

static void respond(struct conn *c, const char *status)
{
	c->out_len = snprintf(c->out, sizeof(c->out),
			      "HTTP/1.1 %s\r\n"
			      "Content-Type: application/octet-stream\r\n"
			      "Content-Length: %lld\r\n"
			      "Connection: %s\r\n\r\n",
			      status, (long long)c->size,
			      c->keep_alive ? "keep-alive" : "close");
	c->out_done = 0;
	c->state = HEAD;
}

static void respond_error(struct conn *c, const char *status)
{
	c->keep_alive = 0;
	c->size = 0;
	respond(c, status);
}

/* Resolves %XX in place; returns 0 if that is wrong or gives a NUL. */
static int unescape(char *path)
{
	char *out = path;
	unsigned int c;

	for (; *path; path++) {
		c = *path;
		if (c == '%') {
			if (!isxdigit((unsigned char)path[1]) ||
			    !isxdigit((unsigned char)path[2]) ||
			    sscanf(path + 1, "%2x", &c) != 1 || !c)
				return 0;
			path += 2;
		}
		*out++ = c;
	}
	*out = '\0';
	return 1;
}

/* Opens what the request names, and nothing outside of the root. */
static int open_file(struct conn *c, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	struct stat st;

	path += strspn(path, "/");
	if (!*path)
		path = "index.html";
	c->file = syscall(SYS_openat2, server.root, path, &how, sizeof(how));
	if (c->file < 0)
		return 0;
	if (!fstat(c->file, &st) && S_ISREG(st.st_mode)) {
		c->offset = 0;
		c->size = st.st_size;
		return 1;
	}
	close(c->file);
	c->file = -1;
	return 0;
}

/* The value of a header field in the head, "" if there is none. */
static const char *field(const char *head, const char *name)
{
	size_t len = strlen(name);

	while ((head = strstr(head, "\r\n"))) {
		head += 2;
		if (!strncasecmp(head, name, len) && head[len] == ':')
			return head + len + 1 + strspn(head + len + 1, " \t");
	}
	return "";
}

/* @head is terminated after the empty line. */
static void handle_request(struct conn *c, char *head)
{
	char method[8], path[1024], minor;
	int is_head;

	if (sscanf(head, "%7[A-Z] %1023[^ \r\n?]%*[^ \r\n] HTTP/1.%c", method,
		   path, &minor) != 3 &&
	    sscanf(head, "%7[A-Z] %1023[^ \r\n?] HTTP/1.%c", method, path,
		   &minor) != 3) {
		respond_error(c, "400 Bad Request");
		return;
	}
	log_line(c, method, path);
	c->keep_alive = minor == '1' &&
		strncasecmp(field(head, "Connection"), "close", 5);
	is_head = !strcmp(method, "HEAD");
	/* Requests with a body are nothing for this server. */
	if (*field(head, "Transfer-Encoding") ||
	    atoll(field(head, "Content-Length")))
		respond_error(c, "413 Content Too Large");
	else if (!is_head && strcmp(method, "GET"))
		respond_error(c, "405 Method Not Allowed");
	else if (*path != '/' || !unescape(path) || !open_file(c, path))
		respond_error(c, "404 Not Found");
	else
		respond(c, "200 OK");
	if (is_head && c->file >= 0) {
		close(c->file);
		c->file = -1;
	}
}

static enum result read_request(struct conn *c)
{
	size_t len = REQUEST_MAX - c->used;
	enum result result = NEXT;
	char *stop, saved;

	c->request[c->used] = '\0';
	stop = strstr(c->request, "\r\n\r\n");
	if (!stop) {
		if (!len) {
			respond_error(c, "431 Request Header Fields Too Large");
			return NEXT;
		}
		result = conn_read(c, c->request + c->used, &len);
		c->used += len;
		return result;
	}
	stop += 4;
	c->taken = stop - c->request;
	saved = *stop;
	*stop = '\0';
	handle_request(c, c->request);
	*stop = saved;
	return NEXT;
}

static void end_response(struct conn *c)
{
	if (c->file >= 0)
		close(c->file);
	c->file = -1;
	/* What follows is the next request, sent early. */
	c->used -= c->taken;
	memmove(c->request, c->request + c->taken, c->used);
	c->taken = 0;
	c->state = c->keep_alive ? REQUEST : CLOSE;
}

static enum result send_head(struct conn *c)
{
	return conn_flush(c, c->file >= 0 && c->size, BODY);
}

static enum result send_body(struct conn *c)
{
	if (c->file < 0 ||
	    (c->offset == c->size && c->out_done == c->out_len)) {
		end_response(c);
		return NEXT;
	}
	return c->ssl ? copy_file(c) : conn_sendfile(c);
}

/* --- connections ---------------------------------------------------------- */

static enum result shake_hands(struct conn *c)
{
	uint32_t id;
	int ret;

	ERR_clear_error();
	ret = SSL_do_handshake(c->ssl);
	if (ret != 1)
		return ssl_result(c, ret);
	c->state = REQUEST;
	switch (kssl_openssl_ctx_attach(server.ctx, NULL, c->ssl, &id)) {
	case KSSL_OPENSSL_ATTACHED:
		log_line(c, "in the kernel", SSL_get_cipher_name(c->ssl));
		SSL_free(c->ssl);
		c->ssl = NULL;
		return NEXT;
	case KSSL_OPENSSL_UNSUITABLE:
		log_line(c, "stays with OpenSSL", kssl_error_text());
		return NEXT;
	default:
		return end(c, kssl_error_text());
	}
}

static enum result say_goodbye(struct conn *c)
{
	int ret = c->ssl ? SSL_shutdown(c->ssl) : kssl_shutdown(c->fd);

	if (ret < 0 && !c->ssl && kssl_errno() == EAGAIN)
		return AGAIN_WRITE;
	if (ret < 0 || ret == 1)
		return end(c, "closed");
	shutdown(c->fd, SHUT_WR);
	c->state = LINGER;
	return NEXT;
}

/* Closing a socket with unread bytes would take back what is on its way. */
static enum result linger(struct conn *c)
{
	char buf[4096];
	ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

	if (n < 0 && errno == EAGAIN)
		return AGAIN_READ;
	if (n < 0 && errno == EIO &&
	    kssl_control(c->fd) == KSSL_CONTROL_MORE)
		return NEXT;
	return n > 0 ? NEXT : end(c, "closed");
}

static enum result (*const steps[])(struct conn *c) = {
	[HANDSHAKE] = shake_hands,
	[REQUEST] = read_request,
	[HEAD] = send_head,
	[BODY] = send_body,
	[CLOSE] = say_goodbye,
	[LINGER] = linger,
};

static void conn_free(struct conn *c)
{
	list_del(c);
	if (c->file >= 0)
		close(c->file);
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
}

static void wait_for(struct conn *c, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = c };

	if (c->events == events)
		return;
	c->events = events;
	if (epoll_ctl(server.epoll, EPOLL_CTL_MOD, c->fd, &event))
		end(c, strerror(errno));
}

/* Go on with @c until it has to wait; large files share the thread. */
static void conn_run(struct conn *c)
{
	static const uint32_t events[] = {
		[AGAIN_READ] = EPOLLIN,
		[AGAIN_WRITE] = EPOLLOUT,
		[NEXT] = EPOLLIN | EPOLLOUT,
	};
	enum result result = NEXT;
	int budget = 64;

	c->active = now();
	list_del(c);
	list_add_tail(c);
	while (result == NEXT && c->state != GONE && budget--)
		result = steps[c->state](c);
	if (c->state != GONE)
		wait_for(c, events[result]);
	if (c->state == GONE)
		conn_free(c);
}

static struct conn *conn_new(int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	c->file = -1;
	c->events = EPOLLIN;
	c->active = now();
	list_add_tail(c);
	c->ssl = SSL_new(server.ssl_ctx);
	if (c->ssl && kssl_openssl_start(c->ssl) && SSL_set_fd(c->ssl, fd)) {
		SSL_set_accept_state(c->ssl);
		return c;
	}
	c->fd = -1;
	conn_free(c);
	return NULL;
}

static void accept_all(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd;

	while ((fd = accept4(server.listener, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		event.data.ptr = conn_new(fd);
		if (!event.data.ptr)
			close(fd);
		else if (epoll_ctl(server.epoll, EPOLL_CTL_ADD, fd, &event))
			conn_free(event.data.ptr);
	}
}

static void expire(void)
{
	time_t limit = now() - IDLE_SECONDS;

	while (server.list.next != &server.list &&
	       server.list.next->active < limit)
		conn_free(server.list.next);
}

static void serve(void)
{
	struct epoll_event events[64];
	int i, n;

	while (!stopped) {
		n = epoll_wait(server.epoll, events, 64, 1000);
		for (i = 0; i < n; i++) {
			if (events[i].data.ptr)
				conn_run(events[i].data.ptr);
			else
				accept_all();
		}
		expire();
	}
}

/* --- setting up ----------------------------------------------------------- */

static void listen_on(unsigned short port)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = in6addr_any,
	};
	struct epoll_event event = { .events = EPOLLIN };
	int on = 1;

	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	server.listener = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK |
				 SOCK_CLOEXEC, 0);
	if (server.epoll < 0 || server.listener < 0)
		die("socket", strerror(errno));
	setsockopt(server.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(server.listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(server.listener, SOMAXCONN) ||
	    epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &event))
		die("listen", strerror(errno));
}

static void load(const char *cert, const char *key)
{
	server.ssl_ctx = SSL_CTX_new(TLS_server_method());
	if (!server.ssl_ctx)
		die("OpenSSL", "no SSL_CTX");
	if (SSL_CTX_use_certificate_chain_file(server.ssl_ctx, cert) != 1)
		die(cert, "no certificate");
	if (SSL_CTX_use_PrivateKey_file(server.ssl_ctx, key,
					SSL_FILETYPE_PEM) != 1)
		die(key, "not the certificate's key");
	SSL_CTX_set_min_proto_version(server.ssl_ctx, TLS1_2_VERSION);
	SSL_CTX_set_ciphersuites(server.ssl_ctx,
				 "TLS_AES_256_GCM_SHA384:"
				 "TLS_CHACHA20_POLY1305_SHA256:"
				 "TLS_AES_128_GCM_SHA256:"
				 "TLS_AES_128_CCM_SHA256");
	SSL_CTX_set_mode(server.ssl_ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (!kssl_openssl_prepare(server.ssl_ctx))
		die("OpenSSL", kssl_error_text());
}

/* The policy that the kernel holds every connection to. */
static struct kssl_ctx *make_ctx(struct kssl_client *client)
{
	const uint16_t suites[] = { 0x1302, 0x1303, 0x1301, 0x1304 };
	struct kssl_settings *settings = kssl_settings_new();
	struct kssl_ctx *ctx = NULL;

	if (settings &&
	    kssl_settings_method(settings, KSSL_METHOD_SERVER) &&
	    kssl_settings_min_proto(settings, TLS1_2_VERSION) &&
	    kssl_settings_ciphersuites(settings, suites, 4) &&
	    kssl_settings_label(settings, "httpsd"))
		ctx = kssl_ctx_new_with(client, settings);
	kssl_settings_free(settings);
	if (!ctx)
		die("kssl", kssl_error_text());
	return ctx;
}

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = stop };
	struct kssl_client *client;
	unsigned short port = 4433;
	int opt;

	while ((opt = getopt(argc, argv, "p:v")) != -1) {
		if (opt == 'p')
			port = atoi(optarg);
		else if (opt == 'v')
			server.verbose = 1;
		else
			break;
	}
	if (opt != -1 || argc - optind != 3) {
		fputs("usage: httpsd [-v] [-p PORT] CERTIFICATE KEY "
		      "DIRECTORY\n", stderr);
		return 2;
	}
	/* OpenSSL writes to sockets whose peers may be gone. */
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);

	server.list.prev = &server.list;
	server.list.next = &server.list;
	server.root = open(argv[optind + 2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (server.root < 0)
		die(argv[optind + 2], strerror(errno));
	load(argv[optind], argv[optind + 1]);
	client = kssl_client_new();
	if (!client)
		die("kssl", kssl_error_text());
	server.ctx = make_ctx(client);
	listen_on(port);
	serve();

	while (server.list.next != &server.list)
		conn_free(server.list.next);
	kssl_ctx_free(server.ctx);
	kssl_client_free(client);
	SSL_CTX_free(server.ssl_ctx);
	return 0;
}
