// SPDX-License-Identifier: LGPL-2.1-or-later
/* needs: -lssl -lcrypto libkssl-openssl */
/*
 * What the bridge hands to the kernel, tried out without one: with the keys
 * and sequence numbers that kssl_attach() was given, the next record of the
 * peer can be decrypted, and the peer understands one that is made with them.
 * And what it refuses to hand over goes on working.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include <kssl/openssl.h>

#include "tap.h"
#include "tls_pair.h"

/* --- in place of the kernel ---------------------------------------------- */

struct crypto {
	uint64_t rec_seq;
	unsigned char key[KSSL_KEY_MAX];
	unsigned char iv[KSSL_IV_MAX];
	unsigned char salt[KSSL_SALT_MAX];
	unsigned char secret[KSSL_SECRET_MAX];
	size_t key_len, iv_len, salt_len, secret_len;
};

static struct {
	unsigned int calls;
	int err;		/* to be given back */
	int fd;
	uint16_t version;
	uint16_t suite;
	int64_t verify_result;
	struct crypto dir[2];	/* rx, tx */
} attached;

static void copy(unsigned char *to, size_t *to_len, const void *from,
		 size_t len)
{
	*to_len = from ? len : 0;
	if (from)
		memcpy(to, from, len);
}

static void copy_crypto(struct crypto *to, const struct kssl_crypto *from)
{
	memset(to, 0, sizeof(*to));
	to->rec_seq = from->rec_seq;
	copy(to->key, &to->key_len, from->key, from->key_len);
	copy(to->iv, &to->iv_len, from->iv, from->iv_len);
	copy(to->salt, &to->salt_len, from->salt, from->salt_len);
	copy(to->secret, &to->secret_len, from->secret, from->secret_len);
}

int kssl_attach(struct kssl *s, const struct kssl_attach *attach)
{
	(void)s;
	attached.calls++;
	if (attached.err) {
		errno = attached.err;
		return 0;
	}
	attached.fd = attach->fd;
	attached.version = attach->version;
	attached.suite = attach->suite;
	attached.verify_result = attach->verify_result;
	copy_crypto(&attached.dir[0], &attach->rx);
	copy_crypto(&attached.dir[1], &attach->tx);
	return 1;
}

int kssl_ctx_attach(struct kssl_ctx *ctx, const struct kssl_settings *settings,
		    const struct kssl_attach *attach, uint32_t *id)
{
	(void)ctx;
	(void)settings;
	if (id)
		*id = 7;
	return kssl_attach(NULL, attach);
}

/* The library only passes it on. */
static struct kssl *some_conn(void)
{
	static int object;

	return (struct kssl *)&object;
}

/* --- records -------------------------------------------------------------- */

#define HEADER	5
#define TAG	16
#define RECORD	(HEADER + 8 + 16384 + 256)

static void put64(unsigned char *out, uint64_t value)
{
	int i;

	for (i = 7; i >= 0; i--, value >>= 8)
		out[i] = value;
}

/* HKDF-Expand-Label of RFC 8446 section 7.1, without a context. */
static void expand(const struct crypto *crypto, const char *label,
		   unsigned char *out, size_t len)
{
	unsigned char info[64] = { len >> 8, len, 6 + strlen(label) };
	const char *digest = crypto->secret_len == 48 ? "SHA384" : "SHA256";
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("digest", (char *)digest, 0),
		OSSL_PARAM_construct_octet_string("key", (void *)crypto->secret,
						  crypto->secret_len),
		OSSL_PARAM_construct_octet_string("info", info,
						  10 + strlen(label)),
		OSSL_PARAM_construct_int("mode", &mode),
		OSSL_PARAM_construct_end(),
	};

	sprintf((char *)info + 3, "tls13 %s", label);
	MUST(EVP_KDF_derive(ctx, out, len, params) > 0);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static const char *cipher_name(void)
{
	switch (attached.suite) {
	case 0xc02f: case 0x1301:
		return "AES-128-GCM";
	case 0xc030: case 0x1302:
		return "AES-256-GCM";
	case 0xc09c: case 0x1304:
		return "AES-128-CCM";
	case 0xcca8: case 0x1303:
		return "ChaCha20-Poly1305";
	default:
		return "unknown";
	}
}

struct aead {
	unsigned char key[32];
	unsigned char nonce[12];
	unsigned char aad[13];
	int aad_len;
	int explicit;		/* bytes of the nonce in the record */
};

static void xor_seq(unsigned char *nonce, uint64_t seq)
{
	unsigned char bytes[8];
	int i;

	put64(bytes, seq);
	for (i = 0; i < 8; i++)
		nonce[4 + i] ^= bytes[i];
}

/* Key and nonce of the record @seq; the AAD follows by set_aad(). */
static void set_keys(struct aead *aead, const struct crypto *crypto,
		     const unsigned char *explicit)
{
	int chacha = !strcmp(cipher_name(), "ChaCha20-Poly1305");

	memset(aead, 0, sizeof(*aead));
	if (attached.version == TLS1_3_VERSION) {
		expand(crypto, "key", aead->key,
		       strstr(cipher_name(), "128") ? 16 : 32);
		expand(crypto, "iv", aead->nonce, sizeof(aead->nonce));
		xor_seq(aead->nonce, crypto->rec_seq);
		return;
	}
	memcpy(aead->key, crypto->key, crypto->key_len);
	if (chacha) {
		memcpy(aead->nonce, crypto->iv, sizeof(aead->nonce));
		xor_seq(aead->nonce, crypto->rec_seq);
		return;
	}
	memcpy(aead->nonce, crypto->salt, crypto->salt_len);
	memcpy(aead->nonce + 4, explicit, 8);
	aead->explicit = 8;
}

static void set_aad(struct aead *aead, const struct crypto *crypto,
		    const unsigned char *header, size_t plain_len)
{
	if (attached.version == TLS1_3_VERSION) {
		memcpy(aead->aad, header, HEADER);
		aead->aad_len = HEADER;
		return;
	}
	put64(aead->aad, crypto->rec_seq);
	memcpy(aead->aad + 8, header, 3);
	aead->aad[11] = plain_len >> 8;
	aead->aad[12] = plain_len;
	aead->aad_len = 13;
}

static int run_aead(const struct aead *aead, int enc, const unsigned char *in,
		    int len, unsigned char *out, unsigned char *tag)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_name(), NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int ccm = !!strstr(cipher_name(), "CCM"), n, ok;

	MUST(cipher && ctx);
	MUST(EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, enc, NULL));
	MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL));
	if (!enc || ccm)
		MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG,
					 enc ? NULL : tag));
	MUST(EVP_CipherInit_ex2(ctx, NULL, aead->key, aead->nonce, enc, NULL));
	if (ccm)
		MUST(EVP_CipherUpdate(ctx, NULL, &n, NULL, len));
	MUST(EVP_CipherUpdate(ctx, NULL, &n, aead->aad, aead->aad_len));
	ok = EVP_CipherUpdate(ctx, out, &n, in, len) > 0;
	if (ok && (!ccm || enc))
		ok = EVP_CipherFinal_ex(ctx, out + n, &n) > 0;
	if (ok && enc)
		MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag));
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return ok;
}

static void read_all(int fd, unsigned char *buf, size_t len)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (len) {
		MUST(poll(&pollfd, 1, 60000) == 1);
		n = read(fd, buf, len);
		MUST(n > 0);
		buf += n;
		len -= n;
	}
}

/*
 * Read a record from @fd as the kernel would, next in order. Returns its type,
 * or -1 if it cannot be decrypted.
 */
static int open_record(int fd, unsigned char *out, size_t *out_len)
{
	struct crypto *crypto = &attached.dir[0];
	unsigned char record[RECORD], *body = record + HEADER;
	struct aead aead;
	size_t len, plain;

	read_all(fd, record, HEADER);
	len = record[3] << 8 | record[4];
	MUST(len <= sizeof(record) - HEADER);
	read_all(fd, body, len);
	set_keys(&aead, crypto, body);
	plain = len - TAG - aead.explicit;
	set_aad(&aead, crypto, record, plain);
	crypto->rec_seq++;
	if (!run_aead(&aead, 0, body + aead.explicit, plain, out,
		      body + len - TAG))
		return -1;
	*out_len = plain;
	if (attached.version != TLS1_3_VERSION)
		return record[0];
	while (*out_len && !out[*out_len - 1])
		(*out_len)--;
	return out[--*out_len];
}

/* Write application data to @fd as the kernel would. */
static void seal_record(int fd, const char *text)
{
	struct crypto *crypto = &attached.dir[1];
	size_t plain = strlen(text), len;
	unsigned char record[RECORD] = { 23, 3, 3 }, in[RECORD], *body;
	struct aead aead;

	memcpy(in, text, plain);
	if (attached.version == TLS1_3_VERSION)
		in[plain++] = 23;
	set_keys(&aead, crypto, crypto->iv);
	len = aead.explicit + plain + TAG;
	record[3] = len >> 8;
	record[4] = len;
	set_aad(&aead, crypto, record, plain);
	body = record + HEADER;
	memcpy(body, crypto->iv, aead.explicit);
	MUST(run_aead(&aead, 1, in, plain, body + aead.explicit,
		      body + len - TAG));
	crypto->rec_seq++;
	MUST(write(fd, record, HEADER + len) == (ssize_t)(HEADER + len));
}

/* --- a pair of ends ------------------------------------------------------- */

struct pair {
	SSL_CTX *ctx[2];	/* client, server */
	SSL *ssl[2];
	int fd[2];
	SSL_SESSION *session;
};

static void pair_init(struct pair *pair, const struct tls_suite *suite)
{
	int i;

	memset(pair, 0, sizeof(*pair));
	for (i = 0; i < 2; i++) {
		pair->ctx[i] = tls_ctx(i, suite);
		MUST(kssl_openssl_prepare(pair->ctx[i]));
	}
	tls_keep_sessions(pair->ctx[0], &pair->session);
}

static void pair_connect(struct pair *pair)
{
	int i;

	MUST(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair->fd));
	for (i = 0; i < 2; i++) {
		MUST(pair->ssl[i] = SSL_new(pair->ctx[i]));
		MUST(kssl_openssl_start(pair->ssl[i]));
		MUST(SSL_set_fd(pair->ssl[i], pair->fd[i]));
	}
	SSL_set_connect_state(pair->ssl[0]);
	SSL_set_accept_state(pair->ssl[1]);
	if (pair->session)
		MUST(SSL_set_session(pair->ssl[0], pair->session));
	MUST(tls_handshake(pair->ssl[0], pair->ssl[1]));
}

static void pair_disconnect(struct pair *pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		SSL_free(pair->ssl[i]);
		close(pair->fd[i]);
	}
}

static void pair_free(struct pair *pair)
{
	SSL_SESSION_free(pair->session);
	SSL_CTX_free(pair->ctx[0]);
	SSL_CTX_free(pair->ctx[1]);
}

/* A text from one end to the other, both OpenSSL. */
static int passes(SSL *from, SSL *to)
{
	static const char text[] = "as if nothing had happened";
	char buf[64];

	return SSL_write(from, text, sizeof(text)) == sizeof(text) &&
		SSL_read(to, buf, sizeof(buf)) == sizeof(text) &&
		!memcmp(buf, text, sizeof(text));
}

/* After end @end was attached: both directions by what the kernel was given. */
static int keys_fit(struct pair *pair, int end)
{
	static const char there[] = "to the kernel", back[] = "from the kernel";
	SSL *peer = pair->ssl[!end];
	unsigned char buf[RECORD];
	char text[64] = "";
	size_t len;
	int type;

	MUST(SSL_write(peer, there, strlen(there)) == (int)strlen(there));
	do
		type = open_record(pair->fd[end], buf, &len);
	while (type == 22);
	if (type != 23 || len != strlen(there) || memcmp(buf, there, len))
		return 0;
	seal_record(pair->fd[end], back);
	seal_record(pair->fd[end], back);
	return SSL_read(peer, text, sizeof(text)) == (int)strlen(back) &&
		SSL_read(peer, text, sizeof(text)) == (int)strlen(back) &&
		!strcmp(text, back);
}

static int attach(SSL *ssl)
{
	return kssl_openssl_attach(some_conn(), ssl);
}

/* --- the tests ------------------------------------------------------------ */

static void test_matrix_entry(int end, const struct tls_suite *suite,
			      enum tls_tickets tickets)
{
	struct pair pair;
	int ok = 1;

	pair_init(&pair, suite);
	if (tickets == TICKETS_OFF)
		tls_tickets_off(pair.ctx[1]);
	if (tickets == TICKETS_RESUMED) {
		pair_connect(&pair);
		MUST(passes(pair.ssl[1], pair.ssl[0]));
		/* An end that was handed over keeps its session good. */
		ok = attach(pair.ssl[end]) == KSSL_OPENSSL_ATTACHED;
		SSL_set_shutdown(pair.ssl[!end], SSL_SENT_SHUTDOWN |
				 SSL_RECEIVED_SHUTDOWN);
		pair_disconnect(&pair);
	}
	pair_connect(&pair);
	ok = ok && SSL_session_reused(pair.ssl[0]) ==
			(tickets == TICKETS_RESUMED);
	ok = ok && attach(pair.ssl[end]) == KSSL_OPENSSL_ATTACHED &&
		attached.fd == pair.fd[end] && keys_fit(&pair, end);
	check_that(ok, "%s %s %s, %s", end ? "server" : "client",
		   tls_version_name(suite->version), suite->label,
		   tls_tickets_name[tickets]);
	pair_disconnect(&pair);
	pair_free(&pair);
}

static void test_matrix(void)
{
	enum tls_tickets tickets;
	size_t i;
	int end;

	for (end = 0; end < 2; end++)
		for (i = 0; i < TLS_SUITES; i++)
			for (tickets = 0; tickets < TICKETS_MODES; tickets++)
				test_matrix_entry(end, &tls_suites[i], tickets);
}

/* With data, tickets and new keys before the hand-over. */
static void test_late(int end, const struct tls_suite *suite)
{
	struct pair pair;
	int i;

	pair_init(&pair, suite);
	pair_connect(&pair);
	for (i = 0; i < 3; i++) {
		MUST(passes(pair.ssl[0], pair.ssl[1]));
		MUST(passes(pair.ssl[1], pair.ssl[0]));
	}
	if (suite->version == TLS1_3_VERSION) {
		MUST(SSL_key_update(pair.ssl[0], SSL_KEY_UPDATE_REQUESTED));
		MUST(passes(pair.ssl[0], pair.ssl[1]));
		MUST(passes(pair.ssl[1], pair.ssl[0]));
		MUST(passes(pair.ssl[0], pair.ssl[1]));
		MUST(SSL_new_session_ticket(pair.ssl[1]));
		MUST(SSL_do_handshake(pair.ssl[1]) == 1);
		MUST(passes(pair.ssl[1], pair.ssl[0]));
	}
	check_that(attach(pair.ssl[end]) == KSSL_OPENSSL_ATTACHED &&
		   keys_fit(&pair, end),
		   "%s %s after data, tickets and key updates",
		   end ? "server" : "client",
		   tls_version_name(suite->version));
	pair_disconnect(&pair);
	pair_free(&pair);
}

static void test_verify_result(void)
{
	struct pair pair;

	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	check(attach(pair.ssl[0]) == KSSL_OPENSSL_ATTACHED);
	check(attached.verify_result ==
	      X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
	check(attach(pair.ssl[1]) == KSSL_OPENSSL_ATTACHED);
	check(attached.verify_result == -1);
	check(attached.version == TLS1_3_VERSION);
	check(attached.suite == 0x1301);
	pair_disconnect(&pair);
	pair_free(&pair);
}

static unsigned int give_psk(SSL *ssl, const char *hint, char *identity,
			     unsigned int max_identity, unsigned char *psk,
			     unsigned int max_psk)
{
	(void)ssl;
	(void)hint;
	MUST(max_identity > 2 && max_psk >= 16);
	memcpy(identity, "me", 3);
	memset(psk, 'k', 16);
	return 16;
}

static unsigned int find_psk(SSL *ssl, const char *identity, unsigned char *psk,
			     unsigned int max_psk)
{
	(void)ssl;
	/* A ticket comes as an identity, too. */
	if (strcmp(identity, "me"))
		return 0;
	MUST(max_psk >= 16);
	memset(psk, 'k', 16);
	return 16;
}

/* The server's key does for its certificate; a client's is told in TLS 1.2. */
static void test_psk_result(const struct tls_suite *suite)
{
	int64_t client_result = suite->version == TLS1_3_VERSION ? -1 : 0;
	struct pair pair;
	int i;

	pair_init(&pair, suite);
	SSL_CTX_set_psk_client_callback(pair.ctx[0], give_psk);
	SSL_CTX_set_psk_server_callback(pair.ctx[1], find_psk);
	/* The second connection resumes what the key began. */
	for (i = 0; i < 2; i++) {
		pair_connect(&pair);
		MUST(passes(pair.ssl[1], pair.ssl[0]));
		MUST(!SSL_get0_peer_certificate(pair.ssl[0]));
		check_that(attach(pair.ssl[0]) == KSSL_OPENSSL_ATTACHED &&
			   !attached.verify_result &&
			   attach(pair.ssl[1]) == KSSL_OPENSSL_ATTACHED &&
			   attached.verify_result == client_result,
			   "%s: verify results of a pre-shared key%s",
			   tls_version_name(suite->version),
			   i ? ", resumed" : "");
		MUST(SSL_session_reused(pair.ssl[0]) ==
		     (i || suite->version == TLS1_3_VERSION));
		pair_disconnect(&pair);
	}
	pair_free(&pair);
}

static void test_psk_results(void)
{
	static const struct tls_suite suite12 = {
		"CHACHA20", "ECDHE-PSK-CHACHA20-POLY1305", TLS1_2_VERSION,
	};

	test_psk_result(&suite12);
	test_psk_result(&tls_suites[4]);
}

/* A resumed session does not tell who a client is that showed nothing. */
static void test_resumed_result(void)
{
	struct pair pair;
	int i;

	pair_init(&pair, &tls_suites[4]);
	for (i = 0; i < 2; i++) {
		pair_connect(&pair);
		MUST(passes(pair.ssl[1], pair.ssl[0]));
		MUST(SSL_session_reused(pair.ssl[0]) == i);
		check(attach(pair.ssl[0]) == KSSL_OPENSSL_ATTACHED);
		check(attached.verify_result ==
		      X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
		check(attach(pair.ssl[1]) == KSSL_OPENSSL_ATTACHED);
		check(attached.verify_result == -1);
		pair_disconnect(&pair);
	}
	pair_free(&pair);
}

static int refused(SSL *ssl, int err)
{
	unsigned int calls = attached.calls;

	return attach(ssl) == KSSL_OPENSSL_UNSUITABLE && kssl_errno() == err &&
		*kssl_error_text() && attached.calls == calls;
}

/* @prepare spoils a pair before it connects; it goes on working regardless. */
static void test_refused(const char *name, const struct tls_suite *suite,
			 void (*spoil)(struct pair *pair))
{
	struct pair pair;

	pair_init(&pair, suite);
	if (spoil)
		spoil(&pair);
	pair_connect(&pair);
	check_that(refused(pair.ssl[0], EOPNOTSUPP) &&
		   refused(pair.ssl[1], EOPNOTSUPP) &&
		   passes(pair.ssl[0], pair.ssl[1]) &&
		   passes(pair.ssl[1], pair.ssl[0]), "refused: %s (%s)", name,
		   kssl_error_text());
	pair_disconnect(&pair);
	pair_free(&pair);
}

static void spoil_read_ahead(struct pair *pair)
{
	SSL_CTX_set_read_ahead(pair->ctx[0], 1);
	SSL_CTX_set_read_ahead(pair->ctx[1], 1);
}

static void spoil_fragment(struct pair *pair)
{
	SSL_CTX_set_tlsext_max_fragment_length(pair->ctx[0],
					       TLSEXT_max_fragment_length_512);
}

static unsigned int keylog_lines;

static void own_keylog(const SSL *ssl, const char *line)
{
	(void)ssl;
	(void)line;
	keylog_lines++;
}

static void spoil_keylog(struct pair *pair)
{
	SSL_CTX_set_keylog_callback(pair->ctx[0], own_keylog);
	SSL_CTX_set_keylog_callback(pair->ctx[1], own_keylog);
}

static void test_refusals(void)
{
	static const struct tls_suite cbc = {
		"CBC", "AES256-SHA", TLS1_2_VERSION
	};
	struct pair pair;

	test_refused("a suite with CBC", &cbc, NULL);
	test_refused("read_ahead", &tls_suites[0], spoil_read_ahead);
	test_refused("max_fragment_length", &tls_suites[0], spoil_fragment);

	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	SSL_shutdown(pair.ssl[0]);
	check(refused(pair.ssl[0], EOPNOTSUPP));
	SSL_free(pair.ssl[0]);
	MUST(pair.ssl[0] = SSL_new(pair.ctx[0]));
	SSL_set_fd(pair.ssl[0], pair.fd[0]);
	check(refused(pair.ssl[0], EBUSY));
	pair_disconnect(&pair);
	pair_free(&pair);
}

/* Callbacks that took the place of the library's. */
static void test_callbacks_lost(void)
{
	struct pair pair;

	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	pair_disconnect(&pair);
	spoil_keylog(&pair);
	MUST(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.fd));
	MUST(pair.ssl[0] = SSL_new(pair.ctx[0]));
	check(!kssl_openssl_start(pair.ssl[0]) && kssl_errno() == EINVAL);
	MUST(pair.ssl[1] = SSL_new(pair.ctx[1]));
	SSL_set_fd(pair.ssl[0], pair.fd[0]);
	SSL_set_fd(pair.ssl[1], pair.fd[1]);
	SSL_set_connect_state(pair.ssl[0]);
	SSL_set_accept_state(pair.ssl[1]);
	MUST(tls_handshake(pair.ssl[0], pair.ssl[1]));
	check(refused(pair.ssl[0], EOPNOTSUPP));
	check(refused(pair.ssl[1], EOPNOTSUPP));
	pair_disconnect(&pair);
	pair_free(&pair);
}

static unsigned int messages;

static void own_message(int write_p, int version, int content_type,
			const void *buf, size_t len, SSL *ssl, void *arg)
{
	(void)write_p, (void)version, (void)content_type, (void)buf, (void)len;
	(void)ssl;
	MUST(arg == &messages);
	messages++;
}

static void test_callbacks_kept(void)
{
	struct pair pair;

	memset(&pair, 0, sizeof(pair));
	pair.ctx[0] = tls_ctx(0, &tls_suites[4]);
	pair.ctx[1] = tls_ctx(1, &tls_suites[4]);
	SSL_CTX_set_keylog_callback(pair.ctx[0], own_keylog);
	check(kssl_openssl_prepare(pair.ctx[0]));
	check(kssl_openssl_prepare(pair.ctx[0]));
	check(kssl_openssl_prepare(pair.ctx[1]));
	MUST(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.fd));
	MUST(pair.ssl[1] = SSL_new(pair.ctx[1]));
	check(!kssl_openssl_set_msg_callback(pair.ssl[1], own_message,
					     &messages));
	MUST(pair.ssl[0] = SSL_new(pair.ctx[0]));
	check(kssl_openssl_start(pair.ssl[0]));
	check(kssl_openssl_start(pair.ssl[1]));
	check(kssl_openssl_set_msg_callback(pair.ssl[1], own_message,
					    &messages));
	SSL_set_fd(pair.ssl[0], pair.fd[0]);
	SSL_set_fd(pair.ssl[1], pair.fd[1]);
	SSL_set_connect_state(pair.ssl[0]);
	SSL_set_accept_state(pair.ssl[1]);
	keylog_lines = 0;
	messages = 0;
	MUST(tls_handshake(pair.ssl[0], pair.ssl[1]));
	check(keylog_lines >= 4);
	check(messages >= 10);
	check(attach(pair.ssl[1]) == KSSL_OPENSSL_ATTACHED);
	check(keys_fit(&pair, 1));
	pair_disconnect(&pair);
	pair_free(&pair);
}

/* A copy that SSL_dup() makes counts by itself. */
static void test_dup(void)
{
	struct pair pair;
	SSL *copy;

	pair_init(&pair, &tls_suites[4]);
	MUST(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.fd));
	MUST(pair.ssl[0] = SSL_new(pair.ctx[0]));
	MUST(kssl_openssl_start(pair.ssl[0]));
	MUST(copy = SSL_dup(pair.ssl[0]));
	SSL_free(pair.ssl[0]);
	pair.ssl[0] = copy;
	MUST(pair.ssl[1] = SSL_new(pair.ctx[1]));
	SSL_set_fd(pair.ssl[0], pair.fd[0]);
	SSL_set_fd(pair.ssl[1], pair.fd[1]);
	SSL_set_connect_state(pair.ssl[0]);
	SSL_set_accept_state(pair.ssl[1]);
	MUST(tls_handshake(pair.ssl[0], pair.ssl[1]));
	check(attach(pair.ssl[0]) == KSSL_OPENSSL_ATTACHED);
	check(keys_fit(&pair, 0));
	pair_disconnect(&pair);
	pair_free(&pair);
}

/* The peer's next record, of which only @n bytes arrive at first. */
static void test_partial(int n)
{
	unsigned char record[256];
	struct pair pair;
	char buf[64];
	BIO *bio;
	int len;

	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	MUST(bio = BIO_new(BIO_s_mem()));
	SSL_set0_wbio(pair.ssl[0], bio);
	MUST(SSL_write(pair.ssl[0], "partial", 7) == 7);
	len = BIO_read(bio, record, sizeof(record));
	MUST(len > n);
	MUST(write(pair.fd[0], record, n) == n);
	MUST(SSL_read(pair.ssl[1], buf, sizeof(buf)) < 0);
	check_that(refused(pair.ssl[1], EBUSY),
		   "refused: %d bytes of a record read", n);
	MUST(write(pair.fd[0], record + n, len - n) == len - n);
	check(SSL_read(pair.ssl[1], buf, sizeof(buf)) == 7);
	SSL_set_fd(pair.ssl[0], pair.fd[0]);
	check(attach(pair.ssl[1]) == KSSL_OPENSSL_ATTACHED);
	check(keys_fit(&pair, 1));
	pair_disconnect(&pair);
	pair_free(&pair);
}

/* A record read, and only some of its bytes taken. */
static void test_pending(void)
{
	struct pair pair;
	char buf[64];

	pair_init(&pair, &tls_suites[0]);
	pair_connect(&pair);
	MUST(SSL_write(pair.ssl[0], "pending", 7) == 7);
	MUST(SSL_read(pair.ssl[1], buf, 3) == 3);
	check(refused(pair.ssl[1], EBUSY));
	check(SSL_read(pair.ssl[1], buf, sizeof(buf)) == 4);
	check(attach(pair.ssl[1]) == KSSL_OPENSSL_ATTACHED);
	check(keys_fit(&pair, 1));
	pair_disconnect(&pair);
	pair_free(&pair);
}

/* A write that waits for space, also when a read was tried afterwards. */
static void test_unwritten(void)
{
	static char data[1 << 20], buf[1 << 20];
	struct pair pair;
	int n, i, sent;

	pair_init(&pair, &tls_suites[4]);
	for (i = 0; i < 2; i++)
		SSL_CTX_set_mode(pair.ctx[i], SSL_MODE_ENABLE_PARTIAL_WRITE);
	pair_connect(&pair);
	for (sent = 0; ; sent += n) {
		n = SSL_write(pair.ssl[1], data, sizeof(data));
		if (n <= 0)
			break;
	}
	MUST(SSL_get_error(pair.ssl[1], n) == SSL_ERROR_WANT_WRITE);
	check(refused(pair.ssl[1], EBUSY));
	MUST(SSL_read(pair.ssl[1], buf, sizeof(buf)) < 0);
	check(SSL_want(pair.ssl[1]) == SSL_READING);
	check(refused(pair.ssl[1], EBUSY));
	for (i = 0; i < sent; i += n) {
		n = SSL_read(pair.ssl[0], buf, sizeof(buf));
		MUST(n > 0);
	}
	n = SSL_write(pair.ssl[1], data, sizeof(data));
	check(n > 0);
	for (i = 0; i < n; )
		i += SSL_read(pair.ssl[0], buf, sizeof(buf));
	/* A read that finds nothing is no obstacle. */
	MUST(SSL_read(pair.ssl[1], buf, sizeof(buf)) < 0);
	check(attach(pair.ssl[1]) == KSSL_OPENSSL_ATTACHED);
	check(keys_fit(&pair, 1));
	pair_disconnect(&pair);
	pair_free(&pair);
}

/* Data in the flight of the client's Finished stays for the kernel. */
static void test_same_flight(const struct tls_suite *suite)
{
	struct pair pair;
	unsigned char buf[RECORD];
	size_t len;
	int ret = 0, n;

	pair_init(&pair, suite);
	MUST(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.fd));
	for (n = 0; n < 2; n++) {
		MUST(pair.ssl[n] = SSL_new(pair.ctx[n]));
		MUST(kssl_openssl_start(pair.ssl[n]));
		MUST(SSL_set_fd(pair.ssl[n], pair.fd[n]));
	}
	SSL_set_connect_state(pair.ssl[0]);
	SSL_set_accept_state(pair.ssl[1]);
	for (n = 0; n < 10 && ret != 1; n++) {
		ret = SSL_do_handshake(pair.ssl[0]);
		if (ret == 1)
			MUST(SSL_write(pair.ssl[0], "early bird", 10) == 10);
		SSL_do_handshake(pair.ssl[1]);
	}
	check(attach(pair.ssl[1]) == KSSL_OPENSSL_ATTACHED);
	check(open_record(pair.fd[1], buf, &len) == 23 && len == 10 &&
	      !memcmp(buf, "early bird", 10));
	pair_disconnect(&pair);
	pair_free(&pair);
}

static void test_inert(void)
{
	struct pair pair;
	char c;

	pair_init(&pair, &tls_suites[0]);
	pair_connect(&pair);
	(void)BIO_set_close(SSL_get_rbio(pair.ssl[1]), BIO_CLOSE);
	check(attach(pair.ssl[1]) == KSSL_OPENSSL_ATTACHED);
	check(SSL_write(pair.ssl[1], "x", 1) <= 0);
	SSL_shutdown(pair.ssl[1]);
	SSL_free(pair.ssl[1]);
	pair.ssl[1] = NULL;
	ERR_clear_error();
	check(read(pair.fd[0], &c, 1) == -1 && errno == EAGAIN);
	check(fcntl(pair.fd[1], F_GETFD) >= 0);
	pair_disconnect(&pair);
	pair_free(&pair);
}

static void test_kernel_refuses(void)
{
	struct pair pair;

	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	attached.err = EPERM;
	check(attach(pair.ssl[1]) == KSSL_OPENSSL_ERROR);
	attached.err = 0;
	check(passes(pair.ssl[0], pair.ssl[1]));
	check(attach(pair.ssl[1]) == KSSL_OPENSSL_ATTACHED);
	check(keys_fit(&pair, 1));
	pair_disconnect(&pair);
	pair_free(&pair);
}

static void test_ctx_attach(void)
{
	static int object;
	struct pair pair;
	uint32_t id = 0;

	pair_init(&pair, &tls_suites[4]);
	pair_connect(&pair);
	check(kssl_openssl_ctx_attach((struct kssl_ctx *)&object, NULL,
				      pair.ssl[1], &id) ==
	      KSSL_OPENSSL_ATTACHED);
	check(id == 7);
	check(keys_fit(&pair, 1));
	pair_disconnect(&pair);
	pair_free(&pair);
}

static void test_arguments(void)
{
	check(!kssl_openssl_prepare(NULL) && kssl_errno() == EINVAL);
	check(!kssl_openssl_start(NULL) && kssl_errno() == EINVAL);
	check(kssl_openssl_attach(NULL, NULL) == KSSL_OPENSSL_ERROR);
	check(kssl_errno() == EINVAL);
}

int main(void)
{
	test_arguments();
	test_matrix();
	test_late(0, &tls_suites[4]);
	test_late(1, &tls_suites[4]);
	test_late(0, &tls_suites[1]);
	test_late(1, &tls_suites[1]);
	test_verify_result();
	test_psk_results();
	test_resumed_result();
	test_refusals();
	test_callbacks_lost();
	test_callbacks_kept();
	test_dup();
	test_partial(3);
	test_partial(5);
	test_partial(12);
	test_pending();
	test_unwritten();
	test_same_flight(&tls_suites[4]);
	test_same_flight(&tls_suites[0]);
	test_inert();
	test_kernel_refuses();
	test_ctx_attach();
	return tap_done();
}
