// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Watching a handshake: a finished SSL has no getter for its traffic secrets
 * and record sequence numbers, so they are collected on the way.
 *
 * Secrets come through the keylog callback of the SSL_CTX. Records are counted
 * by the message callback: OpenSSL reports each record's header before, and
 * each handshake message after, it has used the keys of its time, so the count
 * starts again when a message passes after which keys change.
 *
 * Both hang on the SSL's ex_data, which also frees them.
 */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "internal.h"
#include "openssl.h"

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static int ssl_index = -1;
static int ctx_index = -1;

/* In the SSL_CTX's ex_data: the program's own keylog callback. */
struct chain {
	SSL_CTX_keylog_cb_func keylog;
};

static void watch_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
		       long argl, void *argp)
{
	struct kssl_watch *watch = ptr;

	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	if (watch)
		kssl_material_put(watch->material);
	OPENSSL_clear_free(watch, sizeof(*watch));
}

/* SSL_dup() copies the message callback; its copy starts to watch anew. */
static int watch_dup(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from,
		     void **data, int idx, long argl, void *argp)
{
	const struct kssl_watch *old = *data;
	struct kssl_watch *new;

	(void)to, (void)from, (void)idx, (void)argl, (void)argp;
	if (!old)
		return 1;
	new = OPENSSL_zalloc(sizeof(*new));
	if (!new)
		return 0;
	new->timeout = old->timeout;
	new->forward = old->forward;
	new->forward_arg = old->forward_arg;
	*data = new;
	return 1;
}

static void chain_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
		       long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	OPENSSL_free(ptr);
}

static void make_indices(void)
{
	ssl_index = SSL_get_ex_new_index(0, NULL, NULL, watch_dup, watch_free);
	ctx_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, chain_free);
}

static int have_indices(void)
{
	if (CRYPTO_THREAD_run_once(&once, make_indices) && ssl_index >= 0 &&
	    ctx_index >= 0)
		return 1;
	return kssl_set_ssl_error(ENOMEM, "no ex_data index");
}

struct kssl_watch *kssl_watch_of(const SSL *ssl)
{
	return ssl_index < 0 ? NULL : SSL_get_ex_data(ssl, ssl_index);
}

void kssl_watch_park(const SSL *ssl, struct kssl_watch *watch)
{
	watch->parked = !SSL_is_server(ssl) &&
		SSL_version(ssl) == TLS1_3_VERSION;
	OPENSSL_cleanse(&watch->dir[1], sizeof(watch->dir[1]));
	if (!watch->parked)
		OPENSSL_cleanse(&watch->dir[0], sizeof(watch->dir[0]));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Returns how many bytes @hex, all of it, stands for, or 0. */
static size_t parse_hex(const char *hex, unsigned char *out, size_t size)
{
	size_t n, len = strlen(hex) / 2;
	int high, low;

	if (strlen(hex) % 2 || len > size)
		return 0;
	for (n = 0; n < len; n++) {
		high = hex_digit(hex[2 * n]);
		low = hex_digit(hex[2 * n + 1]);
		if (high < 0 || low < 0)
			return 0;
		out[n] = high << 4 | low;
	}
	return len;
}

/*
 * Where the secret of a line "LABEL CLIENT_RANDOM SECRET" begins, if it is a
 * traffic secret of @end; *@first tells the first one from an updated one.
 */
static const char *traffic_secret(const char *line, const char *end,
				  int *first)
{
	static const char label[] = "_TRAFFIC_SECRET_";
	size_t len = strlen(end), random = 2 * SSL3_RANDOM_SIZE;

	if (strncmp(line, end, len) ||
	    strncmp(line + len, label, strlen(label)))
		return NULL;
	line += len + strlen(label);
	if ((*line != '0' && *line != 'N') || line[1] != ' ')
		return NULL;
	*first = *line == '0';
	line += 2;
	if (strspn(line, "0123456789abcdefABCDEF") != random ||
	    line[random] != ' ')
		return NULL;
	return line + random + 1;
}

static void take_secret(struct kssl_seen *seen, const char *line,
			const char *end)
{
	const char *hex;
	int first;

	hex = traffic_secret(line, end, &first);
	if (!hex)
		return;
	seen->secret_len = parse_hex(hex, seen->secret, sizeof(seen->secret));
	if (first) {
		seen->secrets = 0;
		seen->updates = 0;
	}
	seen->secrets++;
}

static void on_keylog(const SSL *ssl, const char *line)
{
	struct kssl_watch *watch = kssl_watch_of(ssl);
	const struct chain *chain;

	if (watch) {
		int server = SSL_is_server(ssl);

		take_secret(&watch->dir[!server], line, "CLIENT");
		take_secret(&watch->dir[server], line, "SERVER");
	}
	chain = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), ctx_index);
	if (chain && chain->keylog)
		chain->keylog(ssl, line);
}

static void count(struct kssl_seen *seen, int content_type,
		  const unsigned char *buf, size_t len)
{
	if (content_type == SSL3_RT_HEADER) {
		seen->records++;
		return;
	}
	if (content_type != SSL3_RT_HANDSHAKE || !len)
		return;
	if (buf[0] == SSL3_MT_FINISHED) {
		seen->records = 0;
		seen->finished = 1;
	} else if (buf[0] == SSL3_MT_KEY_UPDATE) {
		seen->records = 0;
		seen->updates++;
	}
}

/*
 * Only the SSL_CTX has a session timeout, and it may be shared with others. The
 * session is there when the first hello goes out, its tickets come later.
 */
static void set_timeout(SSL *ssl, const struct kssl_watch *watch)
{
	SSL_SESSION *session = SSL_get_session(ssl);

	if (session && !SSL_session_reused(ssl) && !watch->dir[1].finished)
		SSL_SESSION_set_timeout(session, watch->timeout);
}

static void on_message(int write_p, int version, int content_type,
		       const void *buf, size_t len, SSL *ssl, void *arg)
{
	struct kssl_watch *watch = kssl_watch_of(ssl);

	(void)arg;
	if (!watch)
		return;
	if (!watch->parked)
		count(&watch->dir[!!write_p], content_type, buf, len);
	if (write_p && content_type == SSL3_RT_HANDSHAKE && watch->timeout >= 0)
		set_timeout(ssl, watch);
	if (watch->bound.mask & KSSL_CALLBACK_MESSAGE)
		watch->bound.fns->message(watch->s, write_p, version,
					  content_type, buf, len,
					  watch->bound.arg);
	if (watch->forward)
		watch->forward(write_p, version, content_type, buf, len, ssl,
			       watch->forward_arg);
}

static int chain_keylog(SSL_CTX *ssl_ctx)
{
	SSL_CTX_keylog_cb_func old = SSL_CTX_get_keylog_callback(ssl_ctx);
	struct chain *chain = SSL_CTX_get_ex_data(ssl_ctx, ctx_index);

	if (old == on_keylog)
		return 1;
	if (!chain) {
		chain = OPENSSL_zalloc(sizeof(*chain));
		if (!chain || !SSL_CTX_set_ex_data(ssl_ctx, ctx_index, chain)) {
			OPENSSL_free(chain);
			return kssl_set_ssl_error(ENOMEM, "out of memory");
		}
	}
	chain->keylog = old;
	SSL_CTX_set_keylog_callback(ssl_ctx, on_keylog);
	return 1;
}

int kssl_openssl_prepare(SSL_CTX *ssl_ctx)
{
	if (!ssl_ctx)
		return kssl_set_error(EINVAL, "no SSL_CTX given");
	if (!have_indices() || !chain_keylog(ssl_ctx))
		return 0;
	SSL_CTX_clear_options(ssl_ctx, SSL_OP_ENABLE_KTLS);
	SSL_CTX_set_options(ssl_ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_read_ahead(ssl_ctx, 0);
	/* It would come as records that net/tls gives to nobody. */
	SSL_CTX_set_post_handshake_auth(ssl_ctx, 0);
	return 1;
}

int kssl_openssl_start(SSL *ssl)
{
	struct kssl_watch *watch;

	if (!ssl)
		return kssl_set_error(EINVAL, "no SSL given");
	if (SSL_CTX_get_keylog_callback(SSL_get_SSL_CTX(ssl)) != on_keylog)
		return kssl_set_error(EINVAL, "the SSL_CTX is not prepared");
	if (!SSL_in_before(ssl))
		return kssl_set_error(EINVAL, "the handshake has begun");
	watch = kssl_watch_of(ssl);
	if (!watch) {
		watch = OPENSSL_zalloc(sizeof(*watch));
		if (!watch || !SSL_set_ex_data(ssl, ssl_index, watch)) {
			OPENSSL_free(watch);
			return kssl_set_ssl_error(ENOMEM, "out of memory");
		}
		watch->timeout = -1;
	}
	SSL_set_msg_callback(ssl, on_message);
	return 1;
}

int kssl_openssl_set_msg_callback(SSL *ssl, kssl_msg_fn *fn, void *arg)
{
	struct kssl_watch *watch = ssl ? kssl_watch_of(ssl) : NULL;

	if (!watch)
		return kssl_set_error(EINVAL, "the SSL was not started");
	watch->forward = fn;
	watch->forward_arg = arg;
	return 1;
}
