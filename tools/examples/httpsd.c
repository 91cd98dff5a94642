// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An HTTPS file server: OpenSSL makes the handshakes, then each connection
 * moves into the kernel with one request, and files go out by sendfile().
 *
 *   httpsd [-kv] [-g SECONDS] [-p PORT] [-s [-r PID]] CERTIFICATE KEY DIRECTORY
 *
 * One thread, one epoll set. A connection is a small machine: shake hands, look
 * at a request, take it, send its response, and so on until either end closes.
 * With a client whose suite the kernel cannot carry, OpenSSL goes on.
 *
 * With -k, connections outlive the process: its service manager (systemd, or
 * keeper.c) keeps what the next generation goes on with, also after a crash.
 * With -s they outlive it if the next generation is there already: one that is
 * started with -r PID ends that process and takes over. See handover.h. What
 * cannot be handed over has -g SECONDS, 2 unless said, to be completed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include <kssl/openssl.h>

#include "handover.h"
#include "http.h"
#include "notify.h"

#define IDLE_SECONDS	75
#define REQUEST_MAX	8192
#define CHUNK		16384
#define EVENTS		64

enum state {
	HANDSHAKE,
	RESUME,		/* what another process began */
	REQUEST,
	TAKE,		/* the request from the socket */
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
	int queued;			/* bytes to send, when it was looked at */
	int fd;
	SSL *ssl;			/* NULL: the kernel has it */
	struct kssl *s;			/* NULL unless handed over */
	enum state state;
	uint32_t events;
	char request[REQUEST_MAX + 1];
	size_t used;			/* bytes of request */
	struct response response;
	int64_t received, sent;		/* by both ends, as the kernel counts */
	char out[CHUNK];
	size_t out_len, out_done;
	int file;
	off_t offset;
};

static struct {
	int epoll;
	int listener;
	int root;
	int verbose;
	int grace;	/* seconds for what cannot be handed over */
	enum handover handover;
	SSL_CTX *ssl_ctx;
	struct kssl_ctx *ctx;
	struct conn list;		/* the head, oldest first */
} server = { .grace = 2 };

static volatile sig_atomic_t stopped;
static sigset_t unblocked;

/* What peers say may have control characters, which terminals obey. */
static void put_safely(const char *text)
{
	for (; *text; text++)
		putc(*text < ' ' || *text > '~' ? '?' : *text, stderr);
}

static void die(const char *what, const char *why)
{
	fputs("httpsd: ", stderr);
	put_safely(what);
	fprintf(stderr, ": %s\n", why);
	exit(1);
}

static void log_line(const struct conn *c, const char *text, const char *more)
{
	if (!server.verbose)
		return;
	fprintf(stderr, "httpsd: [%d] %s%s", c->fd, text, *more ? ": " : "");
	put_safely(more);
	putc('\n', stderr);
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

static void set_active(struct conn *c)
{
	c->active = now();
	list_del(c);
	list_add_tail(c);
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

/* When recv() returned @n, which is no data. */
static enum result recv_result(struct conn *c, ssize_t n)
{
	if (!n)
		return end(c, "closed without close_notify");
	if (errno == EAGAIN)
		return AGAIN_READ;
	if (errno != EIO)
		return end(c, strerror(errno));
	/* Not data but a control record, which read() does not take. */
	switch (c->s ? kssl_control_with(c->s, c->fd) : kssl_control(c->fd)) {
	case KSSL_CONTROL_MORE:
		return NEXT;
	case KSSL_CONTROL_CLOSED:
		c->state = CLOSE;
		return NEXT;
	default:
		return end(c, kssl_error_text());
	}
}

/*
 * Have in c->request what there is of the next one. The kernel's copy stays
 * where it is, because what a process has read is lost when that crashes.
 */
static enum result conn_look(struct conn *c)
{
	size_t seen = c->used;
	ssize_t n;

	if (c->ssl) {
		ERR_clear_error();
		n = SSL_read(c->ssl, c->request + seen, REQUEST_MAX - seen);
		if (n <= 0)
			return ssl_result(c, n);
		c->used += n;
		return NEXT;
	}
	n = recv(c->fd, c->request, REQUEST_MAX, MSG_PEEK);
	if (n <= 0)
		return recv_result(c, n);
	c->used = n;
	return c->used > seen ? NEXT : AGAIN_READ;
}

/* Take @len bytes that were looked at; *@len becomes how many it were. */
static enum result conn_take(struct conn *c, size_t *len)
{
	ssize_t n;

	if (c->ssl) {
		/* What follows is the next request, sent early. */
		c->used -= *len;
		memmove(c->request, c->request + *len, c->used);
	} else {
		n = recv(c->fd, c->request, *len, 0);
		*len = n > 0 ? n : 0;
		c->used = 0;
		if (n <= 0)
			return recv_result(c, n);
	}
	c->received += *len;
	return NEXT;
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
	c->sent += n;
	if (c->out_done == c->out_len)
		c->state = next;
	return NEXT;
}

/* The reason for all this: the file's pages go out as TLS records. */
static enum result conn_sendfile(struct conn *c)
{
	ssize_t n = sendfile(c->fd, c->file, &c->offset,
			     c->response.size - c->offset);

	if (n > 0) {
		c->sent += n;
		return NEXT;
	}
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
	if (n > c->response.size - c->offset)
		n = c->response.size - c->offset;
	c->offset += n;
	c->out_len = n;
	c->out_done = 0;
	return NEXT;
}

/* --- HTTP ---------------------------------------------------------------- */

static void close_file(struct conn *c)
{
	if (c->file >= 0)
		close(c->file);
	c->file = -1;
}

/*
 * The kernel's count of what was received is what a successor goes by. It has
 * the padding of records in it, from when they are decrypted, of which recv()
 * says nothing.
 */
static enum result count_received(struct conn *c)
{
	struct kssl_info *info = kssl_get_info(c->s);
	int later;

	if (!info)
		return end(c, kssl_error_text());
	later = info->received < 0 && info->unsent;
	/* Where it is never known, there is nobody to hand over to. */
	if (info->received >= 0)
		c->received = info->received;
	kssl_info_free(info);
	return later ? AGAIN_WRITE : NEXT;
}

/* The request is the first @len bytes of c->request. */
static enum result begin_response(struct conn *c, size_t len)
{
	enum result result = c->s ? count_received(c) : NEXT;
	struct response *r = &c->response;
	char saved = c->request[len];

	if (result != NEXT || c->state == GONE)
		return result;
	memset(r, 0, sizeof(*r));
	r->version = RESPONSE_VERSION;
	r->start = c->sent;
	r->request_end = c->received + len;
	c->request[len] = '\0';
	c->file = http_respond(r, c->request, server.root);
	c->request[len] = saved;
	c->offset = 0;
	log_line(c, "request", r->path);
	if (c->s && !response_save(c->s, r))
		return end(c, kssl_error_text());
	c->out_len = http_head(r, c->out, sizeof(c->out));
	c->out_done = 0;
	c->state = TAKE;
	return NEXT;
}

static enum result read_request(struct conn *c)
{
	char *stop;

	c->request[c->used] = '\0';
	stop = strstr(c->request, "\r\n\r\n");
	if (stop)
		return begin_response(c, stop + 4 - c->request);
	if (c->used == REQUEST_MAX)
		return begin_response(c, c->used);
	return conn_look(c);
}

static enum result take_request(struct conn *c)
{
	size_t len = c->response.request_end - c->received;
	enum result result;

	if (len > REQUEST_MAX)
		len = REQUEST_MAX;
	result = conn_take(c, &len);
	if (c->received == c->response.request_end)
		c->state = HEAD;
	return result;
}

static void end_response(struct conn *c)
{
	close_file(c);
	c->state = c->response.keep_alive ? REQUEST : CLOSE;
}

static enum result send_head(struct conn *c)
{
	return conn_flush(c, c->file >= 0 && c->response.size, BODY);
}

static enum result send_body(struct conn *c)
{
	if (c->file < 0 ||
	    (c->offset == c->response.size && c->out_done == c->out_len)) {
		end_response(c);
		return NEXT;
	}
	return c->ssl ? copy_file(c) : conn_sendfile(c);
}

/* After close_notify, of this process or the one before. */
static enum result goodbye_said(struct conn *c)
{
	shutdown(c->fd, SHUT_WR);
	c->state = LINGER;
	return NEXT;
}

/* --- after a restart ------------------------------------------------------ */

/* The client is told by close_notify before the end that it is cut. */
static enum result cannot_reopen(struct conn *c)
{
	int err = errno;

	/* The file may be as it was; the next process may have more luck. */
	if (err == EMFILE || err == ENFILE || err == ENOMEM)
		die(c->response.path, strerror(err));
	log_line(c, err == ENOENT || err == ESTALE ? "the file has changed" :
		 strerror(err), c->response.path);
	c->state = CLOSE;
	return NEXT;
}

/* Find the place in the response, from what was sent since it began. */
static enum result find_place(struct conn *c)
{
	const struct response *r = &c->response;
	int64_t done = c->sent - r->start, head;

	head = http_head(r, c->out, sizeof(c->out));
	c->out_len = head;
	if (done < 0)
		return end(c, "its place is not known");
	if (done > head + (r->has_body ? r->size : 0))
		return goodbye_said(c);
	c->out_done = done < head ? done : head;
	c->offset = done < head ? 0 : done - head;
	if (r->has_body && c->offset < r->size) {
		c->file = http_reopen(r, server.root);
		if (c->file < 0)
			return cannot_reopen(c);
	}
	if (c->received < r->request_end)
		c->state = TAKE;
	else
		c->state = done < head ? HEAD : BODY;
	return NEXT;
}

/* What was written has to go out before the kernel can tell how much it is. */
static enum result resume(struct conn *c)
{
	struct kssl_info *info;
	int unsent;

	if (!kssl_flush(c->fd))
		return kssl_errno() == EAGAIN ? AGAIN_WRITE :
			end(c, kssl_error_text());
	info = kssl_get_info(c->s);
	if (!info)
		return end(c, kssl_error_text());
	c->sent = info->sent;
	c->received = info->received;
	unsent = info->unsent;
	kssl_info_free(info);
	if (unsent)
		return AGAIN_WRITE;
	if (c->sent < 0 || c->received < 0)
		return end(c, "its place is not known");
	switch (response_load(c->s, &c->response)) {
	case 1:
		return find_place(c);
	case 0:
		c->state = REQUEST;
		return NEXT;
	default:
		c->state = CLOSE;
		return NEXT;
	}
}

/* --- connections ---------------------------------------------------------- */

/*
 * Hold the connection, so that its responses can be saved. It is not there any
 * more if the client has ended its direction: then it is this process's alone.
 *
 * One that is not kept belongs to its socket, and its id gives no reference to
 * who has made it. Such a client cannot be followed when it updates its key:
 * that takes a connection of kssl_new(), one more request for each.
 */
static int hold(struct conn *c, uint32_t id)
{
	if (server.handover == HANDOVER_NONE)
		return 1;
	c->s = kssl_from_id(kssl_ctx_client(server.ctx), id);
	return c->s || handover_ended();
}

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
		return hold(c, id) ? NEXT : end(c, kssl_error_text());
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
	return goodbye_said(c);
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
	[RESUME] = resume,
	[REQUEST] = read_request,
	[TAKE] = take_request,
	[HEAD] = send_head,
	[BODY] = send_body,
	[CLOSE] = say_goodbye,
	[LINGER] = linger,
};

/* Let go of a connection. One that is kept goes on without this process. */
static void conn_leave(struct conn *c)
{
	list_del(c);
	close_file(c);
	SSL_free(c->ssl);
	/* To close what somebody else has takes it from no epoll set. */
	epoll_ctl(server.epoll, EPOLL_CTL_DEL, c->fd, NULL);
	close(c->fd);
	kssl_free(c->s);
	free(c);
}

static void conn_free(struct conn *c)
{
	/* Nor does it close anything. */
	if (server.handover)
		shutdown(c->fd, SHUT_RDWR);
	conn_leave(c);
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
	/* There may be part of a request, of which only more is of interest. */
	static const uint32_t events[] = {
		[AGAIN_READ] = EPOLLIN | EPOLLET,
		[AGAIN_WRITE] = EPOLLOUT,
		[NEXT] = EPOLLIN | EPOLLOUT,
	};
	enum result result = NEXT;
	int budget = 64;

	set_active(c);
	c->queued = INT_MAX;
	while (result == NEXT && c->state != GONE && budget--)
		result = steps[c->state](c);
	if (c->state != GONE)
		wait_for(c, events[result]);
	if (c->state == GONE)
		conn_free(c);
}

/* @fd is the connection's, or closed. */
static struct conn *conn_new(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct conn *c = calloc(1, sizeof(*c));

	event.data.ptr = c;
	if (!c || epoll_ctl(server.epoll, EPOLL_CTL_ADD, fd, &event)) {
		free(c);
		close(fd);
		return NULL;
	}
	c->fd = fd;
	c->file = -1;
	c->events = event.events;
	c->active = now();
	list_add_tail(c);
	return c;
}

static void conn_accept(int fd)
{
	struct conn *c = conn_new(fd);

	if (!c)
		return;
	c->ssl = SSL_new(server.ssl_ctx);
	if (c->ssl && kssl_openssl_start(c->ssl) && SSL_set_fd(c->ssl, fd))
		SSL_set_accept_state(c->ssl);
	else
		conn_free(c);
}

/* A connection of the generation before this one. */
static int conn_take_over(struct kssl *s, int fd, void *arg)
{
	struct conn *c = conn_new(fd);

	(void)arg;
	/* Kept and not served, it would wait until its peer gives up. */
	if (!c)
		die("a connection", strerror(errno));
	c->s = s;
	c->state = RESUME;
	log_line(c, "taken over", "");
	conn_run(c);
	return 0;
}

static void accept_all(void)
{
	int fd;

	while ((fd = accept4(server.listener, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		conn_accept(fd);
}

/*
 * Has the peer taken anything since the last look? Who waits for room is woken
 * when a third of the buffer is free, which a slow peer makes in no time that
 * would be a good limit.
 */
static int has_sent(struct conn *c)
{
	int before = c->queued;

	return !ioctl(c->fd, SIOCOUTQ, &c->queued) && c->queued &&
		c->queued < before;
}

static void expire(void)
{
	time_t limit = now() - IDLE_SECONDS;
	struct conn *c;

	while ((c = server.list.next) != &server.list && c->active < limit) {
		if (has_sent(c))
			set_active(c);
		else
			conn_free(c);
	}
}

/* Returns 0 while there may be more of them. */
static int serve_events(void)
{
	struct epoll_event events[EVENTS];
	int i, n;

	n = epoll_pwait(server.epoll, events, EVENTS, 1000, &unblocked);
	for (i = 0; i < n; i++) {
		if (events[i].data.ptr)
			conn_run(events[i].data.ptr);
		else
			accept_all();
	}
	return n < EVENTS;
}

/* Can another process go on with it? Not once the peer has ended its side. */
static int is_kept(const struct conn *c)
{
	struct pollfd peer = { .fd = c->fd, .events = POLLRDHUP };

	return c->s && !poll(&peer, 1, 0);
}

/* Is there anything that nobody but this process can complete? */
static int is_needed(void)
{
	const struct conn *c;

	for (c = server.list.next; c != &server.list; c = c->next)
		if (c->state == HANDSHAKE ||
		    (c->state >= TAKE && c->state <= CLOSE && !is_kept(c)))
			return 1;
	return 0;
}

/*
 * The end. What cannot be handed over is completed, and all others are served
 * meanwhile: who is left earlier waits for the next generation longer.
 */
static void drain(void)
{
	time_t limit = now() + server.grace;
	struct conn *c;

	notify("STOPPING=1", -1);
	/* Nobody else will take those that wait in a socket of our own. */
	if (server.handover == HANDOVER_SHARE)
		accept_all();
	/* One that is stored stays open, and so it would stay in the set. */
	epoll_ctl(server.epoll, EPOLL_CTL_DEL, server.listener, NULL);
	close(server.listener);
	while (server.handover && is_needed() && now() < limit)
		serve_events();
	while ((c = server.list.next) != &server.list) {
		if (is_kept(c))
			conn_leave(c);
		else
			conn_free(c);
	}
}

/* epoll_pwait() takes no signal as long as it has events at once. */
static int must_end(void)
{
	sigset_t pending;

	return stopped || (!sigpending(&pending) &&
			   (sigismember(&pending, SIGTERM) ||
			    sigismember(&pending, SIGINT)));
}

static void serve(void)
{
	/* Who waits for this process only is not idle. */
	while (!must_end())
		if (serve_events())
			expire();
}

/* --- setting up ----------------------------------------------------------- */

static int open_listener(unsigned short port)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = in6addr_any,
	};
	int on = 1, fd;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (server.handover == HANDOVER_SHARE)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, SOMAXCONN))
		die("listen", strerror(errno));
	return fd;
}

/* In the store, it takes connections while no process does. */
static void listen_on(unsigned short port)
{
	struct epoll_event event = { .events = EPOLLIN };

	server.listener = -1;
	if (server.handover == HANDOVER_STORE)
		server.listener = notify_take("listener");
	if (server.listener < 0) {
		server.listener = open_listener(port);
		if (server.handover == HANDOVER_STORE &&
		    !notify_store("listener", server.listener))
			die("listen", "no service manager stores the socket");
	}
	if (epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &event))
		die("epoll", strerror(errno));
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

/* The policy that the kernel holds every new connection to. */
static int set_policy(struct kssl_ctx *ctx)
{
	const uint16_t suites[] = { 0x1302, 0x1303, 0x1301, 0x1304 };
	struct kssl_settings *settings = kssl_settings_new();
	int ok;

	ok = settings && kssl_settings_min_proto(settings, TLS1_2_VERSION) &&
		kssl_settings_ciphersuites(settings, suites, 4) &&
		kssl_ctx_set(ctx, settings);
	kssl_settings_free(settings);
	return ok;
}

static void make_ctx(struct kssl_client *client, unsigned short port)
{
	char label[32];

	snprintf(label, sizeof(label), "httpsd %u", port);
	server.ctx = handover_ctx(client, server.handover, label);
	if (!server.ctx)
		die("kssl", handover_error());
	if (!set_policy(server.ctx))
		die("kssl", kssl_error_text());
}

/* Have process @old end, if that is one, and go on with what it leaves. */
static void take_over(pid_t old)
{
	if (old > 0 && kill(old, SIGTERM))
		die("the old process", strerror(errno));
	if (server.handover == HANDOVER_SHARE && !handover_alone(server.ctx))
		die("the old process", "does not let go of the connections");
	if (server.handover &&
	    !kssl_ctx_take_over(server.ctx, conn_take_over, NULL))
		die("kssl", kssl_error_text());
}

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* They come while it waits, and do not end a connection's sendfile(). */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = stop };
	sigset_t set;

	/* OpenSSL writes to sockets whose peers may be gone. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &unblocked);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static void usage(void)
{
	fputs("usage: httpsd [-kv] [-g SECONDS] [-p PORT] [-s [-r PID]] "
	      "CERTIFICATE KEY DIRECTORY\n", stderr);
	exit(2);
}

static void open_root(const char *path)
{
	server.root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (server.root < 0)
		die(path, strerror(errno));
}

int main(int argc, char **argv)
{
	struct kssl_client *client;
	unsigned short port = 4433;
	pid_t old = 0;
	int opt;

	while ((opt = getopt(argc, argv, "g:kp:r:sv")) != -1) {
		if (opt == 'g')
			server.grace = atoi(optarg);
		else if (opt == 'k')
			server.handover = HANDOVER_STORE;
		else if (opt == 'p')
			port = atoi(optarg);
		else if (opt == 'r')
			old = atoi(optarg);
		else if (opt == 's')
			server.handover = HANDOVER_SHARE;
		else if (opt == 'v')
			server.verbose = 1;
		else
			usage();
	}
	if (argc - optind != 3)
		usage();
	argv += optind;
	catch_signals();
	/* Others write to the same log: no line in pieces. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	server.list.prev = &server.list;
	server.list.next = &server.list;
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	open_root(argv[2]);
	load(argv[0], argv[1]);
	client = kssl_client_new();
	if (!client)
		die("kssl", kssl_error_text());
	make_ctx(client, port);
	listen_on(port);
	take_over(old);
	notify("READY=1", -1);
	serve();

	drain();
	kssl_ctx_free(server.ctx);
	kssl_client_free(client);
	SSL_CTX_free(server.ssl_ctx);
	return 0;
}
