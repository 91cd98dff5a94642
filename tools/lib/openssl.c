// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handshakes of kernel connections, made by OpenSSL.
 *
 * A context's handle keeps the SSL_CTX that its handshakes start from, the
 * program's base or a fresh one; a connection's handle keeps the SSL. The
 * first is guarded by the client's lock, the second belongs to the thread that
 * makes the handshake.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "internal.h"
#include "openssl.h"

/* What the bridge keeps with a connection. */
struct bridge {
	SSL *ssl;
	int fd;
	char *host;
};

static void bridge_release(void *arg)
{
	struct bridge *bridge = arg;

	SSL_free(bridge->ssl);
	free(bridge->host);
	free(bridge);
}

static struct bridge *bridge_of(struct kssl *s)
{
	void **slot = kssl_bridge_slot(s, bridge_release);

	if (!slot)
		return NULL;
	if (!*slot)
		*slot = calloc(1, sizeof(struct bridge));
	if (!*slot)
		kssl_set_error(ENOMEM, "out of memory");
	return *slot;
}

/* --- the SSL_CTX of a context's handle ---------------------------------- */

static void base_release(void *arg)
{
	SSL_CTX_free(arg);
}

/* Returns what was there before. */
static SSL_CTX *swap_base(struct kssl_ctx *ctx, SSL_CTX *base)
{
	void **slot = kssl_ctx_bridge_slot(ctx, base_release);
	SSL_CTX *old = *slot;

	*slot = base;
	return old;
}

int kssl_openssl_set_base(struct kssl_ctx *ctx, SSL_CTX *base)
{
	struct kssl_client *client = kssl_ctx_client(ctx);
	SSL_CTX *old;

	if (!client)
		return kssl_set_error(EINVAL, "no object given");
	if (!kssl_openssl_prepare(base))
		return 0;
	SSL_CTX_up_ref(base);
	pthread_mutex_lock(&client->lock);
	old = swap_base(ctx, base);
	pthread_mutex_unlock(&client->lock);
	SSL_CTX_free(old);
	return 1;
}

/* The handle of the context that @s was made from, or NULL if it is gone. */
static struct kssl_ctx *find_ctx(struct kssl *s)
{
	const struct kssl_table *table;
	uint32_t id = kssl_get_ctx_id(s);
	struct kssl_handle *handle;

	table = &s->handle.client->table[KSSL_KIND_CTX];
	handle = table->bucket ? table->bucket[id & table->mask] : NULL;
	while (handle && handle->id != id)
		handle = handle->next;
	return (struct kssl_ctx *)handle;
}

static SSL_CTX *get_base(struct kssl *s)
{
	struct kssl_client *client = s->handle.client;
	struct kssl_ctx *ctx;
	SSL_CTX *base = NULL;

	pthread_mutex_lock(&client->lock);
	ctx = find_ctx(s);
	if (ctx)
		base = *kssl_ctx_bridge_slot(ctx, base_release);
	if (base)
		SSL_CTX_up_ref(base);
	pthread_mutex_unlock(&client->lock);
	return base;
}

/* Other threads may have been faster, then theirs stays. */
static void keep_base(struct kssl *s, SSL_CTX *base)
{
	struct kssl_client *client = s->handle.client;
	struct kssl_ctx *ctx;

	pthread_mutex_lock(&client->lock);
	ctx = find_ctx(s);
	if (ctx && !*kssl_ctx_bridge_slot(ctx, base_release)) {
		SSL_CTX_up_ref(base);
		swap_base(ctx, base);
	}
	pthread_mutex_unlock(&client->lock);
}

/* The caller frees it. */
static SSL_CTX *base_of(struct kssl *s)
{
	SSL_CTX *base = get_base(s);

	if (base)
		return base;
	base = SSL_CTX_new(TLS_method());
	if (!base || !SSL_CTX_set_default_verify_paths(base)) {
		kssl_set_ssl_error(ENOMEM, "cannot make an SSL_CTX");
		SSL_CTX_free(base);
		return NULL;
	}
	if (!kssl_openssl_prepare(base) || !kssl_hello_prepare(base)) {
		SSL_CTX_free(base);
		return NULL;
	}
	keep_base(s, base);
	return base;
}

/* --- the handshake ------------------------------------------------------ */

int kssl_openssl_set_host(struct kssl *s, const char *host)
{
	struct bridge *bridge = bridge_of(s);
	size_t len = host ? strlen(host) : 0;
	char *copy;

	if (!bridge)
		return 0;
	/* RFC 6066 section 3: the name goes without the trailing dot. */
	if (len && host[len - 1] == '.')
		len--;
	copy = len ? strndup(host, len) : NULL;
	if (len && !copy)
		return kssl_set_error(ENOMEM, "out of memory");
	free(bridge->host);
	bridge->host = copy;
	return 1;
}

SSL *kssl_openssl_ssl(struct kssl *s)
{
	struct bridge *bridge = bridge_of(s);

	return bridge ? bridge->ssl : NULL;
}

SSL *kssl_openssl_take_ssl(struct kssl *s)
{
	struct bridge *bridge = bridge_of(s);
	SSL *ssl = bridge ? bridge->ssl : NULL;

	if (ssl)
		bridge->ssl = NULL;
	return ssl;
}

/* Sets the SSL, and whose its SSL_CTX is. */
static int new_ssl(struct kssl_rows *rows, const struct kssl_hello *hello)
{
	SSL_CTX *base = base_of(rows->s);

	if (!base)
		return 0;
	rows->own = kssl_hello_owns(base);
	rows->ssl = kssl_hello_new_ssl(base, hello);
	SSL_CTX_free(base);
	return !!rows->ssl;
}

static int configure(struct kssl_rows *rows, struct kssl_hello *hello)
{
	if (!kssl_openssl_start(rows->ssl)) {
		kssl_hello_free(hello);
		return 0;
	}
	return kssl_hello_apply(rows->ssl, hello) &&
		kssl_ssl_configure(rows->ssl, rows->info) &&
		kssl_rows_apply(rows);
}

static int make_ssl(struct kssl_rows *rows)
{
	struct kssl_hello *hello = kssl_hello_collect(rows);

	if (!hello)
		return 0;
	if (new_ssl(rows, hello))
		return configure(rows, hello);
	kssl_hello_free(hello);
	return 0;
}

static int set_up(struct kssl *s, struct bridge *bridge)
{
	const struct kssl_info *info = kssl_cached_info(s);
	struct kssl_rows rows = { 0 };
	int ok;

	bridge->ssl = NULL;
	if (!info || !kssl_rows_open(&rows, s, info))
		return 0;
	ok = make_ssl(&rows);
	bridge->ssl = rows.ssl;
	kssl_rows_close(&rows);
	if (!ok)
		return 0;
	if (bridge->host && !kssl_ssl_set_host(bridge->ssl, bridge->host))
		return 0;
	return SSL_set_fd(bridge->ssl, bridge->fd) ||
		kssl_set_ssl_error(ENOMEM, "cannot make a BIO");
}

/* kssl_fail(), for the reason that is the thread's error. */
static enum kssl_openssl_result fail(struct kssl *s)
{
	int err = kssl_errno();
	char *text = strdup(kssl_error_text());

	if (!kssl_fail(s))
		kssl_set_error(err, "%s", text ? text : strerror(err));
	free(text);
	errno = err;
	return KSSL_OPENSSL_ERROR;
}

/*
 * OpenSSL writes with write(2), but this library raises no signal: a SIGPIPE
 * that was not pending before is taken back.
 */
static int quiet_handshake(SSL *ssl)
{
	const struct timespec now = { 0 };
	sigset_t sigpipe, old, pending;
	int ret, err, had;

	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigpending(&pending);
	had = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &sigpipe, &old);
	ERR_clear_error();
	errno = 0;
	ret = SSL_do_handshake(ssl);
	err = errno;
	/* Also after success: nobody minds that a ticket was not sent. */
	if (!had)
		sigtimedwait(&sigpipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = err;
	return ret;
}

static enum kssl_openssl_result refused(struct kssl *s, SSL *ssl, int reason,
					int err)
{
	long result = SSL_get_verify_result(ssl);

	if (reason == SSL_ERROR_SYSCALL && !ERR_peek_error())
		kssl_set_error(err ? err : ECONNRESET, "handshake: %s",
			       err ? strerror(err) : "the peer has closed");
	else if (ERR_GET_REASON(ERR_peek_last_error()) ==
			 SSL_R_CERTIFICATE_VERIFY_FAILED)
		kssl_set_error(EPROTO, "certificate verify failed: %s",
			       X509_verify_cert_error_string(result));
	else
		kssl_set_ssl_error(EPROTO, "handshake");
	ERR_clear_error();
	return fail(s);
}

/*
 * What can be resumed is put into the session row for whoever wants to. Tickets
 * of TLS 1.3 come later. The connection is good without.
 */
static void keep_session(struct kssl *s, SSL *ssl)
{
	SSL_SESSION *session = SSL_get_session(ssl);
	unsigned char *der = NULL;
	int len;

	if (SSL_is_server(ssl) || !session ||
	    SSL_version(ssl) != TLS1_2_VERSION ||
	    !SSL_SESSION_is_resumable(session))
		return;
	len = i2d_SSL_SESSION(session, &der);
	if (len > 0)
		kssl_set_session(s, der, len);
	OPENSSL_clear_free(der, len > 0 ? len : 0);
	ERR_clear_error();
}

static enum kssl_openssl_result step(struct kssl *s, SSL *ssl)
{
	const struct kssl_move move = { .s = s };
	enum kssl_openssl_result result;
	int ret, err, reason;

	ret = quiet_handshake(ssl);
	if (ret == 1) {
		result = kssl_ssl_move(ssl, &move);
		if (result == KSSL_OPENSSL_ATTACHED)
			keep_session(s, ssl);
		return result == KSSL_OPENSSL_ERROR ? fail(s) : result;
	}
	err = errno;
	reason = SSL_get_error(ssl, ret);
	if (reason == SSL_ERROR_WANT_READ)
		return KSSL_OPENSSL_WANT_READ;
	if (reason == SSL_ERROR_WANT_WRITE)
		return KSSL_OPENSSL_WANT_WRITE;
	return refused(s, ssl, reason, err);
}

enum kssl_openssl_result kssl_openssl_handshake(struct kssl *s, int fd)
{
	struct bridge *bridge = bridge_of(s);
	const struct kssl_info *info = bridge ? kssl_cached_info(s) : NULL;

	if (!info)
		return KSSL_OPENSSL_ERROR;
	if (bridge->ssl && info->state == KSSL_STATE_HANDSHAKE) {
		if (fd == bridge->fd)
			return step(s, bridge->ssl);
		kssl_set_error(EINVAL, "the handshake began on another socket");
		return KSSL_OPENSSL_ERROR;
	}
	if (kssl_ssl_role(&info->settings) == KSSL_ROLE_UNSET) {
		kssl_set_error(EINVAL, "the role is unset");
		return KSSL_OPENSSL_ERROR;
	}
	if (!kssl_begin(s, fd))
		return KSSL_OPENSSL_ERROR;
	SSL_free(bridge->ssl);
	bridge->fd = fd;
	if (!set_up(s, bridge))
		return fail(s);
	return step(s, bridge->ssl);
}
