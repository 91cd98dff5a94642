// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handshakes of kernel connections, made by OpenSSL.
 *
 * A context's handle keeps the SSL_CTX that its handshakes start from, the
 * program's base or a fresh one, and what the latest snapshots are to OpenSSL;
 * a connection's handle keeps the SSL. The first are guarded by the client's
 * lock, the SSL belongs to the thread that makes the handshake.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* --- what a context's handle keeps --------------------------------------- */

/* Connections of one context have few snapshots at a time. */
#define RECENT	4

struct ctx_bridge {
	SSL_CTX *base;
	struct kssl_material *recent[RECENT];
	unsigned int next;	/* the place of the next */
};

static void ctx_bridge_release(void *arg)
{
	struct ctx_bridge *bridge = arg;
	int i;

	for (i = 0; i < RECENT; i++)
		kssl_material_put(bridge->recent[i]);
	SSL_CTX_free(bridge->base);
	free(bridge);
}

/* Under the client's lock. NULL without memory. */
static struct ctx_bridge *ctx_bridge_of(struct kssl_ctx *ctx)
{
	void **slot = kssl_ctx_bridge_slot(ctx, ctx_bridge_release);

	if (!*slot)
		*slot = calloc(1, sizeof(struct ctx_bridge));
	return *slot;
}

int kssl_openssl_set_base(struct kssl_ctx *ctx, SSL_CTX *base)
{
	struct kssl_client *client = kssl_ctx_client(ctx);
	struct ctx_bridge *bridge;
	SSL_CTX *old = NULL;

	if (!client)
		return kssl_set_error(EINVAL, "no object given");
	if (!kssl_openssl_prepare(base) || !kssl_client_enter(client))
		return 0;
	bridge = ctx_bridge_of(ctx);
	if (bridge) {
		SSL_CTX_up_ref(base);
		old = bridge->base;
		bridge->base = base;
	}
	kssl_client_leave(client);
	SSL_CTX_free(old);
	return bridge || kssl_set_error(ENOMEM, "out of memory");
}

/* Of the context that @s was made from; NULL if its handle is gone. */
static struct ctx_bridge *find_ctx_bridge(struct kssl *s)
{
	struct kssl_ctx *ctx = kssl_find_ctx(s);

	return ctx ? ctx_bridge_of(ctx) : NULL;
}

/* *@base is NULL if there is none. */
static int get_base(struct kssl *s, SSL_CTX **base)
{
	struct kssl_client *client = kssl_get_client(s);
	const struct ctx_bridge *bridge;

	if (!kssl_client_enter(client))
		return 0;
	bridge = find_ctx_bridge(s);
	*base = bridge ? bridge->base : NULL;
	if (*base)
		SSL_CTX_up_ref(*base);
	kssl_client_leave(client);
	return 1;
}

/* Other threads may have been faster, then theirs stays. */
static void keep_base(struct kssl *s, SSL_CTX *base)
{
	struct kssl_client *client = kssl_get_client(s);
	struct ctx_bridge *bridge;

	if (!kssl_client_enter(client))
		return;
	bridge = find_ctx_bridge(s);
	if (bridge && !bridge->base) {
		SSL_CTX_up_ref(base);
		bridge->base = base;
	}
	kssl_client_leave(client);
}

/* The caller frees it. */
static SSL_CTX *base_of(struct kssl *s)
{
	SSL_CTX *base;

	if (!get_base(s, &base))
		return NULL;
	if (base)
		return base;
	base = kssl_hello_new_own();
	if (base)
		keep_base(s, base);
	return base;
}

static int is_of(const struct kssl_material *material,
		 const struct kssl_info *info)
{
	return material && material->copy->settings_id == info->settings_id &&
		material->copy->inherit_id == info->inherit_id;
}

/* *@found is NULL if there is none. */
static int get_material(struct kssl *s, const struct kssl_info *info,
			struct kssl_material **found)
{
	struct kssl_client *client = kssl_get_client(s);
	const struct ctx_bridge *bridge;
	int i;

	if (!kssl_client_enter(client))
		return 0;
	*found = NULL;
	bridge = find_ctx_bridge(s);
	for (i = 0; bridge && !*found && i < RECENT; i++)
		if (is_of(bridge->recent[i], info))
			*found = kssl_material_get(bridge->recent[i]);
	kssl_client_leave(client);
	return 1;
}

static void keep_material(struct kssl *s, struct kssl_material *material)
{
	struct kssl_client *client = kssl_get_client(s);
	struct kssl_material *old = NULL;
	struct ctx_bridge *bridge;

	if (!kssl_client_enter(client))
		return;
	bridge = find_ctx_bridge(s);
	if (bridge) {
		old = bridge->recent[bridge->next];
		bridge->recent[bridge->next] = kssl_material_get(material);
		bridge->next = (bridge->next + 1) % RECENT;
	}
	kssl_client_leave(client);
	kssl_material_put(old);
}

/* The caller puts it. */
static struct kssl_material *material_of(struct kssl *s,
					 const struct kssl_info *info,
					 const struct kssl_bound *bound)
{
	struct kssl_password password = { .arg = bound->arg };
	struct kssl_material *material;

	if (!get_material(s, info, &material))
		return NULL;
	if (material)
		return material;
	if (bound->mask & KSSL_CALLBACK_PASSWORD)
		password.fn = bound->fns->password;
	material = kssl_material_new(s, &password);
	if (material)
		keep_material(s, material);
	return material;
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

static SSL *new_ssl(struct kssl *s, const struct kssl_material *material)
{
	SSL_CTX *base = base_of(s);
	SSL *ssl;

	if (!base)
		return NULL;
	ssl = kssl_hello_new_ssl(material->own && kssl_hello_owns(base) ?
				 material->own : base, material);
	SSL_CTX_free(base);
	return ssl;
}

/* The watch of @ssl gets the caller's reference of @material. */
static int watch(SSL *ssl, struct kssl_material *material)
{
	if (!kssl_openssl_start(ssl)) {
		kssl_material_put(material);
		return 0;
	}
	kssl_watch_of(ssl)->material = material;
	return 1;
}

static SSL *make_ssl(struct kssl *s, struct kssl_material *material,
		     const struct kssl_bound *bound)
{
	struct kssl_rows rows = {
		.s = s,
		.material = material,
		.info = material->info,
		.server = material->server,
	};

	rows.ssl = new_ssl(s, material);
	if (!rows.ssl) {
		kssl_material_put(material);
		return NULL;
	}
	rows.own = kssl_hello_owns(SSL_get_SSL_CTX(rows.ssl));
	if (watch(rows.ssl, material) &&
	    kssl_ssl_configure(rows.ssl, rows.info) &&
	    kssl_hello_apply(rows.ssl, material) && kssl_rows_apply(&rows)) {
		kssl_bound_apply(rows.ssl, s, bound, rows.info->verify_mode);
		return rows.ssl;
	}
	SSL_free(rows.ssl);
	return NULL;
}

static SSL *make_ssl_of(struct kssl *s, const struct kssl_info *info)
{
	struct kssl_material *material;
	struct kssl_bound bound;

	if (!info || !kssl_bound_find(s, info->settings, &bound))
		return NULL;
	material = material_of(s, info, &bound);
	return material ? make_ssl(s, material, &bound) : NULL;
}

static int set_up(struct kssl *s, struct bridge *bridge)
{
	struct kssl_info *info = kssl_cached_info(s);

	bridge->ssl = make_ssl_of(s, info);
	kssl_info_free(info);
	if (!bridge->ssl)
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
 * OpenSSL writes with write(2), but this library raises no signal. There may be
 * one after success, too: nobody minds that a ticket was not sent.
 */
static int quiet_handshake(SSL *ssl)
{
	struct kssl_quiet quiet;
	int ret;

	kssl_quiet_begin(&quiet);
	ERR_clear_error();
	errno = 0;
	ret = SSL_do_handshake(ssl);
	kssl_quiet_end(&quiet);
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

/* What can be resumed is put into the session row for whoever wants to. */
static int keep_session(struct kssl *s, SSL *ssl)
{
	SSL_SESSION *session = SSL_get_session(ssl);
	unsigned char *der = NULL;
	int len, ok;

	if (!session || !SSL_SESSION_is_resumable(session))
		return 1;
	len = i2d_SSL_SESSION(session, &der);
	if (len <= 0)
		return kssl_set_ssl_error(ENOMEM, "session");
	ok = kssl_set_session(s, der, len);
	OPENSSL_clear_free(der, len);
	return ok;
}

/*
 * Tickets of TLS 1.3 come later. The connection is good without a session, so
 * it is attached whatever comes of this.
 */
static void keep_first_session(struct kssl *s, SSL *ssl)
{
	if (!SSL_is_server(ssl) && SSL_version(ssl) == TLS1_2_VERSION)
		keep_session(s, ssl);
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
			keep_first_session(s, ssl);
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
	struct kssl_info *info = bridge ? kssl_cached_info(s) : NULL;
	enum kssl_state state;
	enum kssl_role role;

	if (!info)
		return KSSL_OPENSSL_ERROR;
	state = info->state;
	role = kssl_ssl_role(info->settings);
	kssl_info_free(info);
	if (bridge->ssl && state == KSSL_STATE_HANDSHAKE) {
		if (fd == bridge->fd)
			return step(s, bridge->ssl);
		kssl_set_error(EINVAL, "the handshake began on another socket");
		return KSSL_OPENSSL_ERROR;
	}
	if (role == KSSL_ROLE_UNSET) {
		kssl_set_error(EINVAL, "the role is unset");
		return KSSL_OPENSSL_ERROR;
	}
	if (!kssl_begin(s, fd))
		return KSSL_OPENSSL_ERROR;
	/* Nobody's password callback is to find it. */
	SSL_free(bridge->ssl);
	bridge->ssl = NULL;
	bridge->fd = fd;
	if (!set_up(s, bridge))
		return fail(s);
	return step(s, bridge->ssl);
}

/* --- tickets of TLS 1.3 -------------------------------------------------- */

struct taker {
	struct kssl *s;
	SSL *ssl;
};

/* A ticket that comes to nothing is no reason to end a connection. */
static void take_ticket(const unsigned char *msg, size_t len, void *arg)
{
	const struct taker *taker = arg;

	if (kssl_openssl_take_ticket(taker->ssl, msg, len))
		keep_session(taker->s, taker->ssl);
	ERR_clear_error();
}

static int find_sink(struct kssl *s, struct taker *taker,
		     struct kssl_sink *sink)
{
	struct bridge *bridge = bridge_of(s);

	if (!bridge)
		return 0;
	*taker = (struct taker){ s, bridge->ssl };
	*sink = (struct kssl_sink){
		.take = taker->ssl ? take_ticket : NULL,
		.arg = taker,
		.s = s,
	};
	return 1;
}

ssize_t kssl_openssl_read(struct kssl *s, int fd, void *buf, size_t len)
{
	struct taker taker;
	struct kssl_sink sink;

	return find_sink(s, &taker, &sink) ?
		kssl_read_sink(fd, buf, len, &sink) : -1;
}

enum kssl_control_result kssl_openssl_control(struct kssl *s, int fd)
{
	struct taker taker;
	struct kssl_sink sink;

	return find_sink(s, &taker, &sink) ? kssl_control_sink(fd, &sink) :
		KSSL_CONTROL_ERROR;
}
