// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What libkssl-openssl makes of rows that outlive a handshake or call back: two
 * kernel objects that have nothing but their rows talk to each other.
 */
#define OPENSSL_SUPPRESS_DEPRECATED	/* a tmp_dh callback returns a DH */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <openssl/dh.h>
#include <openssl/pem.h>

#include <kssl/openssl.h>

#include "../lib/tap.h"
#include "../lib/tls_pair.h"

#define SESSION_MAX	65536

static struct kssl_client *client;

/* --- keys and contexts ---------------------------------------------------- */

static uint32_t add_key(const char *name, const void *data, size_t len)
{
	long serial = syscall(SYS_add_key, "user", name, data, len,
			      KEY_SPEC_PROCESS_KEYRING);

	MUST(serial > 0);
	return serial;
}

static uint32_t add_private_key(void)
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(tls_key(), &der);
	uint32_t serial;

	MUST(len > 0);
	serial = add_key("bridge-private", der, len);
	OPENSSL_free(der);
	return serial;
}

static struct kssl_ctx *open_ctx(enum kssl_method method, int version)
{
	struct kssl_settings *rows = kssl_settings_new();
	struct kssl_ctx *ctx;

	MUST(rows && kssl_settings_method(rows, method));
	MUST(kssl_settings_min_proto(rows, version));
	MUST(kssl_settings_max_proto(rows, version));
	ctx = kssl_ctx_new_with(client, rows);
	MUST(ctx);
	kssl_settings_free(rows);
	return ctx;
}

static void use_certificate(struct kssl_ctx *ctx, uint32_t key)
{
	struct kssl_settings *rows = kssl_settings_new();
	unsigned char *der = NULL;
	int len = i2d_X509(tls_cert(), &der);

	MUST(rows && len > 0);
	MUST(kssl_settings_certificate(rows, KSSL_CERT_SLOT_RSA, der, len));
	MUST(kssl_settings_private_key(rows, KSSL_CERT_SLOT_RSA, key));
	MUST(kssl_ctx_set(ctx, rows));
	kssl_settings_free(rows);
	OPENSSL_free(der);
}

static void use_trust(struct kssl_ctx *ctx)
{
	unsigned char *der = NULL;
	int len = i2d_X509(tls_cert(), &der);

	MUST(len > 0 && kssl_ctx_set_trust_anchors(ctx, der, len));
	MUST(kssl_ctx_set_verify_mode(ctx, KSSL_VERIFY_PEER));
	OPENSSL_free(der);
}

static struct kssl_ctx *open_server(int version)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER, version);

	use_certificate(ctx, add_private_key());
	return ctx;
}

static struct kssl_ctx *open_client(int version)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_CLIENT, version);

	use_trust(ctx);
	return ctx;
}

/* --- pairs ---------------------------------------------------------------- */

enum { CLIENT, SERVER };

struct pair {
	struct kssl *s[2];
	int fd[2];
	enum kssl_openssl_result result[2];
	int err[2];
	char text[2][256];
};

static void tcp_pair(int fd[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	MUST(listener >= 0);
	MUST(!bind(listener, (struct sockaddr *)&addr, sizeof(addr)));
	MUST(!listen(listener, 1));
	MUST(!getsockname(listener, (struct sockaddr *)&addr, &len));
	MUST((fd[0] = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
	MUST(!connect(fd[0], (struct sockaddr *)&addr, len));
	MUST((fd[1] = accept(listener, NULL, NULL)) >= 0);
	close(listener);
	tls_nonblocking(fd[0], 1);
	tls_nonblocking(fd[1], 1);
}

static int wants(enum kssl_openssl_result result)
{
	return result == KSSL_OPENSSL_WANT_READ ||
		result == KSSL_OPENSSL_WANT_WRITE;
}

static void step(struct pair *pair, int i)
{
	pair->result[i] = kssl_openssl_handshake(pair->s[i], pair->fd[i]);
	if (wants(pair->result[i]) ||
	    pair->result[i] == KSSL_OPENSSL_ATTACHED)
		return;
	pair->err[i] = kssl_errno();
	snprintf(pair->text[i], sizeof(pair->text[i]), "%s", kssl_error_text());
	/* The other end need not wait. */
	shutdown(pair->fd[i], SHUT_RDWR);
}

/* Whether both are attached. */
static int hands(struct pair *pair)
{
	int i, round;

	for (i = 0; i < 2; i++)
		pair->result[i] = KSSL_OPENSSL_WANT_READ;
	for (round = 0; round < TLS_ROUNDS; round++) {
		if (!wants(pair->result[0]) && !wants(pair->result[1]))
			break;
		tls_wait_either(pair->fd[0], pair->fd[1]);
		for (i = 0; i < 2; i++)
			if (wants(pair->result[i]))
				step(pair, i);
	}
	return pair->result[0] == KSSL_OPENSSL_ATTACHED &&
		pair->result[1] == KSSL_OPENSSL_ATTACHED;
}

static void pair_init(struct pair *pair, struct kssl_ctx *client_ctx,
		      struct kssl_ctx *server_ctx)
{
	memset(pair, 0, sizeof(*pair));
	MUST(pair->s[CLIENT] = kssl_new(client_ctx));
	MUST(pair->s[SERVER] = kssl_new(server_ctx));
	tcp_pair(pair->fd);
}

static void pair_free(struct pair *pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		close(pair->fd[i]);
		kssl_free(pair->s[i]);
	}
}

static int shake(struct pair *pair, struct kssl_ctx *client_ctx,
		 struct kssl_ctx *server_ctx)
{
	int i;

	pair_init(pair, client_ctx, server_ctx);
	if (hands(pair))
		return 1;
	for (i = 0; i < 2; i++)
		printf("# end %d: result %d, %s\n", i, pair->result[i],
		       pair->text[i]);
	return 0;
}

/* The server's record of data, with the tickets that are before it. */
static int hears(struct pair *pair)
{
	char byte = 0;

	MUST(kssl_write(pair->fd[SERVER], "x", 1) == 1);
	tls_nonblocking(pair->fd[CLIENT], 0);
	return kssl_openssl_read(pair->s[CLIENT], pair->fd[CLIENT], &byte,
				 1) == 1 && byte == 'x';
}

static int is_resumed(struct kssl *s)
{
	struct kssl_info *info = kssl_get_info(s);
	int resumed;

	MUST(info);
	resumed = info->resumed;
	kssl_info_free(info);
	return resumed;
}

static ssize_t session_of(struct kssl *s, unsigned char *session)
{
	return kssl_get_session(s, session, SESSION_MAX);
}

/* 1 if the client resumes with @session, 0 if not, -1 without a connection. */
static int resumes(struct kssl_ctx *client_ctx, struct kssl_ctx *server_ctx,
		   const unsigned char *session, size_t len)
{
	struct pair pair;
	int resumed = -1;

	pair_init(&pair, client_ctx, server_ctx);
	MUST(kssl_set_session(pair.s[CLIENT], session, len));
	if (hands(&pair)) {
		resumed = is_resumed(pair.s[CLIENT]);
		check(is_resumed(pair.s[SERVER]) == resumed);
		check(hears(&pair));
	}
	pair_free(&pair);
	return resumed;
}

/* --- sessions of TLS 1.3, which come after the hand-over ------------------ */

/* Returns its length, 0 for none. */
static size_t make_session(struct kssl_ctx *client_ctx,
			   struct kssl_ctx *server_ctx, unsigned char *session)
{
	struct pair pair;
	ssize_t len = 0;

	if (shake(&pair, client_ctx, server_ctx) && hears(&pair))
		len = session_of(pair.s[CLIENT], session);
	pair_free(&pair);
	return len > 0 ? len : 0;
}

static void test_tickets_of(struct kssl_ctx *server_ctx, uint16_t suite)
{
	static unsigned char session[SESSION_MAX];
	struct kssl_ctx *client_ctx = open_client(TLS1_3_VERSION);
	size_t len;

	MUST(kssl_ctx_set_ciphersuites(client_ctx, &suite, 1));
	len = make_session(client_ctx, server_ctx, session);
	check_that(len > 0, "suite %04x: tickets become a session", suite);
	check_that(len && resumes(client_ctx, server_ctx, session, len) == 1,
		   "suite %04x: which is resumed", suite);
	kssl_ctx_free(client_ctx);
}

static void test_tickets(void)
{
	struct kssl_ctx *server_ctx = open_server(TLS1_3_VERSION);
	static const uint16_t suites[] = { 0x1301, 0x1302, 0x1303, 0x1304 };
	size_t i;

	MUST(kssl_ctx_set_ciphersuites(server_ctx, suites, 4));
	for (i = 0; i < 4; i++)
		test_tickets_of(server_ctx, suites[i]);
	kssl_ctx_free(server_ctx);
}

/* Each ticket is taken by itself, and the latest is the session. */
static void test_control(void)
{
	struct kssl_ctx *server_ctx = open_server(TLS1_3_VERSION);
	struct kssl_ctx *client_ctx = open_client(TLS1_3_VERSION);
	static unsigned char one[SESSION_MAX], two[SESSION_MAX];
	ssize_t one_len, two_len;
	struct pair pair;
	char byte;

	MUST(shake(&pair, client_ctx, server_ctx));
	check(session_of(pair.s[CLIENT], one) == 0);
	tls_wait(pair.fd[CLIENT]);
	check(kssl_openssl_control(pair.s[CLIENT], pair.fd[CLIENT]) ==
	      KSSL_CONTROL_MORE);
	one_len = session_of(pair.s[CLIENT], one);
	tls_wait(pair.fd[CLIENT]);
	check(kssl_openssl_control(pair.s[CLIENT], pair.fd[CLIENT]) ==
	      KSSL_CONTROL_MORE);
	two_len = session_of(pair.s[CLIENT], two);
	check(one_len > 0 && two_len > 0);
	check(one_len != two_len || memcmp(one, two, one_len));
	check(kssl_openssl_control(pair.s[CLIENT], pair.fd[CLIENT]) ==
	      KSSL_CONTROL_ERROR && kssl_errno() == EAGAIN);
	check(resumes(client_ctx, server_ctx, one, one_len) == 1);
	check(resumes(client_ctx, server_ctx, two, two_len) == 1);
	/* Nobody else's socket, and no SSL: as kssl_read(). */
	SSL_free(kssl_openssl_take_ssl(pair.s[CLIENT]));
	MUST(kssl_write(pair.fd[SERVER], "x", 1) == 1);
	tls_wait(pair.fd[CLIENT]);
	check(kssl_openssl_read(pair.s[CLIENT], pair.fd[CLIENT], &byte, 1) ==
	      1);
	check(kssl_openssl_read(NULL, pair.fd[CLIENT], &byte, 1) == -1 &&
	      kssl_errno() == EINVAL);
	pair_free(&pair);
	kssl_ctx_free(client_ctx);
	kssl_ctx_free(server_ctx);
}

/* kssl_read() has no object to keep a session in. */
static void test_thrown_away(void)
{
	struct kssl_ctx *server_ctx = open_server(TLS1_3_VERSION);
	struct kssl_ctx *client_ctx = open_client(TLS1_3_VERSION);
	static unsigned char session[SESSION_MAX];
	struct pair pair;
	char byte;

	MUST(shake(&pair, client_ctx, server_ctx));
	MUST(kssl_write(pair.fd[SERVER], "x", 1) == 1);
	tls_nonblocking(pair.fd[CLIENT], 0);
	check(kssl_read(pair.fd[CLIENT], &byte, 1) == 1 && byte == 'x');
	check(session_of(pair.s[CLIENT], session) == 0);
	pair_free(&pair);
	kssl_ctx_free(client_ctx);
	kssl_ctx_free(server_ctx);
}

/* Messages that are no tickets, and SSLs that take none. */
static void test_bad_tickets(void)
{
	static const unsigned char junk[] = { 4, 0, 0, 3, 1, 2, 3 };
	static const unsigned char large[16385] = { 4 };
	struct kssl_ctx *server_ctx = open_server(TLS1_3_VERSION);
	struct kssl_ctx *client_ctx = open_client(TLS1_3_VERSION);
	struct pair pair;
	SSL *ssl[2];
	int i;

	MUST(shake(&pair, client_ctx, server_ctx));
	for (i = 0; i < 2; i++)
		MUST(ssl[i] = kssl_openssl_ssl(pair.s[i]));
	check(!kssl_openssl_take_ticket(NULL, junk, sizeof(junk)) &&
	      kssl_errno() == EINVAL);
	check(!kssl_openssl_take_ticket(ssl[SERVER], junk, sizeof(junk)) &&
	      kssl_errno() == EINVAL);
	check(!kssl_openssl_take_ticket(ssl[CLIENT], large, sizeof(large)) &&
	      kssl_errno() == EMSGSIZE);
	check(!kssl_openssl_take_ticket(ssl[CLIENT], junk, sizeof(junk)) &&
	      kssl_errno() == EPROTO);
	check(hears(&pair));
	pair_free(&pair);
	kssl_ctx_free(client_ctx);
	kssl_ctx_free(server_ctx);
}

/* A process that was not there when the session was made. */
static int resumes_elsewhere(int version, const unsigned char *session,
			     size_t len, struct kssl_ctx *server_ctx)
{
	struct pair pair = { .s[SERVER] = kssl_new(server_ctx) };
	enum kssl_openssl_result result = KSSL_OPENSSL_WANT_READ;
	int status, resumed = -1;
	pid_t pid;

	MUST(pair.s[SERVER]);
	tcp_pair(pair.fd);
	fflush(stdout);
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		struct kssl *s;
		char byte;

		close(pair.fd[SERVER]);
		MUST(client = kssl_client_new());
		s = kssl_new(open_client(version));
		MUST(s && kssl_set_session(s, session, len));
		tls_nonblocking(pair.fd[CLIENT], 0);
		MUST(kssl_openssl_handshake(s, pair.fd[CLIENT]) ==
		     KSSL_OPENSSL_ATTACHED);
		/* The server must be attached before this end goes. */
		MUST(kssl_read(pair.fd[CLIENT], &byte, 1) == 1);
		_exit(!is_resumed(s));
	}
	close(pair.fd[CLIENT]);
	tls_nonblocking(pair.fd[SERVER], 0);
	result = kssl_openssl_handshake(pair.s[SERVER], pair.fd[SERVER]);
	kssl_write(pair.fd[SERVER], "x", 1);
	shutdown(pair.fd[SERVER], SHUT_WR);
	MUST(waitpid(pid, &status, 0) == pid);
	if (result == KSSL_OPENSSL_ATTACHED)
		resumed = is_resumed(pair.s[SERVER]) && !status;
	close(pair.fd[SERVER]);
	kssl_free(pair.s[SERVER]);
	return resumed;
}

static void test_other_process(void)
{
	static const int version[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	static unsigned char session[SESSION_MAX];
	int i;

	for (i = 0; i < 2; i++) {
		struct kssl_ctx *server_ctx = open_server(version[i]);
		struct kssl_ctx *client_ctx = open_client(version[i]);
		size_t len = make_session(client_ctx, server_ctx, session);

		check_that(len && resumes_elsewhere(version[i], session, len,
						    server_ctx) == 1,
			   "%s: another process resumes the session",
			   tls_version_name(version[i]));
		kssl_ctx_free(client_ctx);
		kssl_ctx_free(server_ctx);
	}
}

/* --- keys of tickets ------------------------------------------------------ */

/*
 * What a server does after a restart: whether a ticket under the keys @old
 * resumes with a context of other handles that has @new.
 */
static int survives(int version, const uint32_t *old, size_t n_old,
		    const uint32_t *new, size_t n_new)
{
	struct kssl_ctx *first = open_server(version);
	struct kssl_ctx *second = open_server(version);
	struct kssl_ctx *client_ctx = open_client(version);
	static unsigned char session[SESSION_MAX];
	int resumed = -1;
	size_t len;

	MUST(kssl_ctx_set_tlsext_ticket_keys(first, old, n_old));
	MUST(kssl_ctx_set_tlsext_ticket_keys(second, new, n_new));
	len = make_session(client_ctx, first, session);
	kssl_ctx_free(first);
	if (len)
		resumed = resumes(client_ctx, second, session, len);
	kssl_ctx_free(second);
	kssl_ctx_free(client_ctx);
	return resumed;
}

static void test_ticket_keys(void)
{
	static const unsigned char bytes[80] = "0123456789", more[80] = "other";
	uint32_t a = add_key("ticket-a", bytes, 48);
	uint32_t b = add_key("ticket-b", more, 80);
	const uint32_t ab[] = { a, b }, ba[] = { b, a };
	static const int version[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	int i;

	for (i = 0; i < 2; i++) {
		const char *name = tls_version_name(version[i]);

		check_that(survives(version[i], NULL, 0, NULL, 0) == 0,
			   "%s: no shared key, no resumption", name);
		check_that(survives(version[i], ab, 1, ab, 1) == 1,
			   "%s: a shared key of 48 bytes resumes", name);
		check_that(survives(version[i], ba, 1, ba, 1) == 1,
			   "%s: a shared key of 80 bytes resumes", name);
		check_that(survives(version[i], ab, 1, ba, 2) == 1,
			   "%s: an old key resumes", name);
		check_that(survives(version[i], ab, 2, ab + 1, 1) == 0,
			   "%s: the first key encrypts", name);
	}
}

/* The end @i refuses before it sends anything. */
static void refuses(struct pair *pair, int i, int err, const char *text)
{
	check(!hands(pair));
	check(pair->result[i] == KSSL_OPENSSL_ERROR);
	if (!check(pair->err[i] == err && strstr(pair->text[i], text)))
		printf("# %d, %s\n", pair->err[i], pair->text[i]);
}

static void test_bad_ticket_key(void)
{
	static const unsigned char bytes[79] = "short";
	uint32_t serial = add_key("ticket-bad", bytes, sizeof(bytes));
	struct kssl_ctx *server_ctx = open_server(TLS1_3_VERSION);
	struct kssl_ctx *client_ctx = open_client(TLS1_3_VERSION);
	struct pair pair;

	MUST(kssl_ctx_set_tlsext_ticket_keys(server_ctx, &serial, 1));
	pair_init(&pair, client_ctx, server_ctx);
	refuses(&pair, SERVER, EINVAL, "ticket-keys");
	pair_free(&pair);
	kssl_ctx_free(client_ctx);
	kssl_ctx_free(server_ctx);
}

/* --- one reading for each snapshot ---------------------------------------- */

static void update_key(uint32_t serial, const char *text)
{
	MUST(!syscall(SYS_keyctl, KEYCTL_UPDATE, serial, text, strlen(text)));
}

/* Whoever looks at the key again finds that it has become something else. */
static void test_snapshots(void)
{
	struct kssl_ctx *client_ctx = open_client(TLS1_3_VERSION);
	struct kssl_ctx *server_ctx = open_ctx(KSSL_METHOD_SERVER,
					       TLS1_3_VERSION);
	uint32_t key = add_private_key();
	struct pair pair;
	int i;

	use_certificate(server_ctx, key);
	MUST(shake(&pair, client_ctx, server_ctx));
	pair_free(&pair);
	update_key(key, "nonsense");
	for (i = 0; i < 2; i++) {
		check(shake(&pair, client_ctx, server_ctx));
		pair_free(&pair);
	}
	use_certificate(server_ctx, key);
	pair_init(&pair, client_ctx, server_ctx);
	refuses(&pair, SERVER, EINVAL, "private-key");
	pair_free(&pair);
	kssl_ctx_free(client_ctx);
	kssl_ctx_free(server_ctx);
}

/* --- callbacks ------------------------------------------------------------ */

/* What the functions of one end have seen, and what they answer. */
struct calls {
	struct kssl *s;
	struct kssl *watched;	/* whose SSL is there during the function */
	int found;
	int answer;
	int messages[2];
	int tickets;
	int verified, bad;
	int ids, dhs, checks, passwords, keys;
	char identity[64];
};

static void on_message(struct kssl *s, int write, int version,
		       int content_type, const void *buf, size_t len, void *arg)
{
	struct calls *calls = arg;

	(void)version;
	calls->s = s;
	if (content_type != SSL3_RT_HANDSHAKE || !len)
		return;
	calls->messages[!!write]++;
	calls->tickets += *(const unsigned char *)buf ==
		SSL3_MT_NEWSESSION_TICKET;
}

static int on_verify(struct kssl *s, int preverify_ok, void *store, void *arg)
{
	struct calls *calls = arg;

	calls->s = s;
	calls->verified++;
	calls->bad += !preverify_ok;
	if (calls->answer)
		X509_STORE_CTX_set_error(store, X509_V_OK);
	return calls->answer;
}

static int on_password(char *buf, int size, int rwflag, void *arg)
{
	static const char word[] = "secret";
	struct calls *calls = arg;

	(void)rwflag;
	calls->passwords++;
	if (calls->watched && kssl_openssl_ssl(calls->watched))
		calls->found++;
	if (!calls->answer || size < (int)sizeof(word))
		return -1;
	memcpy(buf, word, sizeof(word));
	return strlen(word);
}

static int on_session_id(struct kssl *s, unsigned char *id,
			 unsigned int *id_len, void *arg)
{
	struct calls *calls = arg;

	calls->s = s;
	memset(id, 0xa5, *id_len);
	id[0] = calls->ids++;
	return calls->answer;
}

static void *on_tmp_dh(struct kssl *s, int is_export, int keylength, void *arg)
{
	struct calls *calls = arg;
	static DH *dh;

	(void)is_export, (void)keylength;
	calls->s = s;
	calls->dhs++;
	if (!dh)
		MUST(dh = DH_new_by_nid(NID_ffdhe2048));
	return calls->answer ? dh : NULL;
}

static int on_security(struct kssl *s, int op, int bits, int nid, void *other,
		       void *arg)
{
	struct calls *calls = arg;

	(void)op, (void)bits, (void)nid, (void)other;
	calls->s = s;
	calls->checks++;
	return calls->answer;
}

static unsigned int give_key(struct calls *calls, unsigned char *psk)
{
	calls->keys++;
	if (!calls->answer)
		return 0;
	memset(psk, 7, 32);
	return 32;
}

static unsigned int on_psk_client(struct kssl *s, const char *hint,
				  char *identity, unsigned int max_identity,
				  unsigned char *psk, unsigned int max_psk,
				  void *arg)
{
	struct calls *calls = arg;

	(void)hint, (void)max_psk;
	calls->s = s;
	snprintf(identity, max_identity, "somebody");
	return give_key(calls, psk);
}

static unsigned int on_psk_server(struct kssl *s, const char *identity,
				  unsigned char *psk, unsigned int max_psk,
				  void *arg)
{
	struct calls *calls = arg;

	(void)max_psk;
	calls->s = s;
	snprintf(calls->identity, sizeof(calls->identity), "%s", identity);
	return give_key(calls, psk);
}

static const struct kssl_callbacks functions = {
	.size = sizeof(functions),
	.message = on_message,
	.verify = on_verify,
	.password = on_password,
	.session_id = on_session_id,
	.tmp_dh = on_tmp_dh,
	.security = on_security,
	.psk_client = on_psk_client,
	.psk_server = on_psk_server,
};

/* The same @mask at both ends, with answers of their own. */
struct bound {
	struct kssl_ctx *ctx[2];
	struct calls calls[2];
	struct pair pair;
};

static void bound_init(struct bound *bound, int version, uint32_t mask)
{
	int i;

	memset(bound, 0, sizeof(*bound));
	bound->ctx[CLIENT] = open_client(version);
	bound->ctx[SERVER] = open_server(version);
	for (i = 0; i < 2; i++) {
		bound->calls[i].answer = 1;
		MUST(kssl_ctx_set_callbacks(bound->ctx[i], mask, &functions,
					    &bound->calls[i]));
	}
}

/* Functions are called with the connection that they are for. */
static int bound_shake(struct bound *bound)
{
	int ok, i;

	for (i = 0; i < 2; i++)
		bound->calls[i].s = NULL;
	ok = shake(&bound->pair, bound->ctx[CLIENT], bound->ctx[SERVER]);
	for (i = 0; i < 2; i++)
		if (bound->calls[i].s)
			check(bound->calls[i].s == bound->pair.s[i]);
	return ok;
}

static void bound_free(struct bound *bound)
{
	pair_free(&bound->pair);
	kssl_ctx_free(bound->ctx[CLIENT]);
	kssl_ctx_free(bound->ctx[SERVER]);
}

static void test_message(void)
{
	struct bound bound;

	bound_init(&bound, TLS1_3_VERSION, KSSL_CALLBACK_MESSAGE);
	MUST(bound_shake(&bound));
	/* Hello and Finished; hello, extensions, certificate, and so on. */
	check(bound.calls[CLIENT].messages[1] == 2);
	check(bound.calls[CLIENT].messages[0] == 5);
	check(bound.calls[SERVER].messages[0] == 2);
	check(bound.calls[SERVER].messages[1] == 7);
	check(bound.calls[SERVER].tickets == 2);
	check(!bound.calls[CLIENT].tickets);
	check(hears(&bound.pair));
	check(bound.calls[CLIENT].tickets == 2);
	bound_free(&bound);
}

static void test_verify(void)
{
	struct bound bound;

	bound_init(&bound, TLS1_3_VERSION, KSSL_CALLBACK_VERIFY);
	MUST(bound_shake(&bound));
	check(bound.calls[CLIENT].verified == 1);
	check(!bound.calls[CLIENT].bad);
	check(!bound.calls[SERVER].verified);
	pair_free(&bound.pair);
	/* It overrules what OpenSSL finds, for good and for bad. */
	bound.calls[CLIENT].answer = 0;
	check(!bound_shake(&bound));
	check(bound.pair.err[CLIENT] == EPROTO);
	pair_free(&bound.pair);
	bound.calls[CLIENT].answer = 1;
	MUST(kssl_ctx_set_trust_anchors(bound.ctx[CLIENT], NULL, 0));
	check(bound_shake(&bound));
	check(bound.calls[CLIENT].bad == 1);
	bound_free(&bound);
}

/* A key in PEM under the password that the function gives. */
static uint32_t add_locked_key(void)
{
	BIO *bio = BIO_new(BIO_s_mem());
	uint32_t serial;
	char *text;
	long len;

	MUST(bio);
	MUST(PEM_write_bio_PKCS8PrivateKey(bio, tls_key(), EVP_aes_256_cbc(),
					   "secret", 6, NULL, NULL));
	len = BIO_get_mem_data(bio, &text);
	serial = add_key("bridge-locked", text, len);
	BIO_free(bio);
	return serial;
}

static void test_password(void)
{
	struct bound bound;

	bound_init(&bound, TLS1_3_VERSION, KSSL_CALLBACK_PASSWORD);
	use_certificate(bound.ctx[SERVER], add_locked_key());
	check(bound_shake(&bound));
	check(bound.calls[SERVER].passwords > 0);
	check(!bound.calls[CLIENT].passwords);
	pair_free(&bound.pair);
	bound.calls[SERVER].answer = 0;
	use_certificate(bound.ctx[SERVER], add_locked_key());
	pair_init(&bound.pair, bound.ctx[CLIENT], bound.ctx[SERVER]);
	refuses(&bound.pair, SERVER, EINVAL, "private-key");
	bound_free(&bound);
}

/* In a second handshake the first one's SSL is gone before it is called. */
static void test_password_again(void)
{
	struct calls *calls;
	struct bound bound;
	struct pair *pair;
	int i;

	bound_init(&bound, TLS1_3_VERSION, KSSL_CALLBACK_PASSWORD);
	use_certificate(bound.ctx[SERVER], add_locked_key());
	pair = &bound.pair;
	pair_init(pair, bound.ctx[CLIENT], bound.ctx[SERVER]);
	calls = &bound.calls[SERVER];
	calls->watched = pair->s[SERVER];
	for (i = 0; i < 2; i++) {
		step(pair, SERVER);
		check(pair->result[SERVER] == KSSL_OPENSSL_WANT_READ);
		check(calls->passwords && !calls->found);
		check(kssl_openssl_ssl(pair->s[SERVER]));
		MUST(kssl_fail(pair->s[SERVER]) && kssl_clear(pair->s[SERVER]));
		/* Else the key is known. */
		MUST(kssl_use_private_key(pair->s[SERVER], KSSL_CERT_SLOT_RSA,
					  add_locked_key()));
		calls->passwords = 0;
	}
	bound_free(&bound);
}

static void test_session_id(void)
{
	struct bound bound;
	const unsigned char *id;
	unsigned int len;

	bound_init(&bound, TLS1_2_VERSION, KSSL_CALLBACK_SESSION_ID);
	MUST(kssl_ctx_set_options(bound.ctx[SERVER], KSSL_OP_NO_TICKET));
	MUST(bound_shake(&bound));
	id = SSL_SESSION_get_id(
		SSL_get_session(kssl_openssl_ssl(bound.pair.s[CLIENT])), &len);
	check(bound.calls[SERVER].ids == 1);
	check(len == 32 && id[0] == 0 && id[1] == 0xa5 && id[31] == 0xa5);
	pair_free(&bound.pair);
	bound.calls[SERVER].answer = 0;
	check(!bound_shake(&bound));
	bound_free(&bound);
}

static void test_tmp_dh(void)
{
	static const uint16_t dhe = 0x009e;
	struct bound bound;

	bound_init(&bound, TLS1_2_VERSION, KSSL_CALLBACK_TMP_DH);
	MUST(kssl_ctx_set_cipher_list(bound.ctx[CLIENT], &dhe, 1));
	check(bound_shake(&bound));
	check(bound.calls[SERVER].dhs > 0 && !bound.calls[CLIENT].dhs);
	pair_free(&bound.pair);
	bound.calls[SERVER].answer = 0;
	check(!bound_shake(&bound));
	bound_free(&bound);
}

static void test_security(void)
{
	struct bound bound;

	bound_init(&bound, TLS1_3_VERSION, KSSL_CALLBACK_SECURITY);
	check(bound_shake(&bound));
	check(bound.calls[CLIENT].checks > 0 && bound.calls[SERVER].checks > 0);
	pair_free(&bound.pair);
	bound.calls[CLIENT].answer = 0;
	check(!bound_shake(&bound));
	bound_free(&bound);
}

/* The functions come before the rows. */
static void test_psk(void)
{
	static const uint16_t psk = 0x00a8;
	static const uint16_t sha256 = 0x1301;	/* such keys have its hash */
	static const int version[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct bound bound;
	int i, end;

	for (i = 0; i < 2; i++) {
		const char *name = tls_version_name(version[i]);

		bound_init(&bound, version[i], KSSL_CALLBACK_PSK);
		MUST(kssl_ctx_set_verify_mode(bound.ctx[CLIENT], 0));
		for (end = 0; end < 2; end++) {
			MUST(kssl_ctx_set_cipher_list(bound.ctx[end], &psk, 1));
			MUST(kssl_ctx_set_ciphersuites(bound.ctx[end], &sha256,
						       1));
		}
		check_that(bound_shake(&bound), "%s: functions give the key",
			   name);
		check(bound.calls[CLIENT].keys && bound.calls[SERVER].keys);
		check(!strcmp(bound.calls[SERVER].identity, "somebody"));
		check(!SSL_get0_peer_certificate(
				kssl_openssl_ssl(bound.pair.s[CLIENT])));
		bound_free(&bound);
	}
}

/* Lists that the kernel does not report unless it is asked for them. */
static void test_long_lists(void)
{
	static const int version[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	uint16_t codes[2][100];
	struct kssl_ctx *ctx[2];
	struct pair pair;
	int i, end;

	/* None is OpenSSL's but the last. */
	for (i = 0; i < 100; i++) {
		codes[0][i] = 0xfe00 + i;
		codes[1][i] = 0x1380 + i;
	}
	codes[0][99] = 0xc02f;
	codes[1][99] = 0x1302;
	for (i = 0; i < 2; i++) {
		ctx[CLIENT] = open_client(version[i]);
		ctx[SERVER] = open_server(version[i]);
		for (end = 0; end < 2; end++) {
			MUST(kssl_ctx_set_cipher_list(ctx[end], codes[0], 100));
			MUST(kssl_ctx_set_ciphersuites(ctx[end], codes[1],
						       100));
		}
		check_that(shake(&pair, ctx[CLIENT], ctx[SERVER]) &&
			   hears(&pair), "%s: lists of 100 codes",
			   tls_version_name(version[i]));
		check(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(
			kssl_openssl_ssl(pair.s[CLIENT]))) == codes[i][99]);
		pair_free(&pair);
		kssl_ctx_free(ctx[CLIENT]);
		kssl_ctx_free(ctx[SERVER]);
	}
}

/* A cookie that this client gave to none of its functions. */
static void test_unknown_functions(void)
{
	struct kssl_ctx *client_ctx = open_client(TLS1_3_VERSION);
	struct kssl_ctx *server_ctx = open_server(TLS1_3_VERSION);
	struct kssl_settings *rows = kssl_settings_new();
	struct pair pair;

	MUST(rows && kssl_settings_callbacks(rows, KSSL_CALLBACK_MESSAGE));
	MUST(kssl_settings_callbacks_cookie(rows, 12345));
	MUST(kssl_ctx_set(client_ctx, rows));
	kssl_settings_free(rows);
	pair_init(&pair, client_ctx, server_ctx);
	refuses(&pair, CLIENT, EOPNOTSUPP, "callbacks");
	pair_free(&pair);
	kssl_ctx_free(client_ctx);
	kssl_ctx_free(server_ctx);
}

/* --- what is trusted ------------------------------------------------------ */

static void write_anchor(const char *name)
{
	FILE *file = fopen(name, "w");

	MUST(file && PEM_write_X509(file, tls_cert()) && !fclose(file));
}

static void test_trust_system(void)
{
	char name[] = "/tmp/kssl-anchor-XXXXXX";
	struct kssl_ctx *server_ctx = open_server(TLS1_3_VERSION);
	struct kssl_ctx *client_ctx = open_ctx(KSSL_METHOD_CLIENT,
					       TLS1_3_VERSION);
	struct pair pair;

	close(mkstemp(name));
	write_anchor(name);
	setenv("SSL_CERT_FILE", name, 1);
	MUST(kssl_ctx_set_verify_mode(client_ctx, KSSL_VERIFY_PEER));
	pair_init(&pair, client_ctx, server_ctx);
	refuses(&pair, CLIENT, EPROTO, "certificate");
	pair_free(&pair);
	MUST(kssl_ctx_set_trust_system(client_ctx, 1));
	check(shake(&pair, client_ctx, server_ctx));
	pair_free(&pair);
	unsetenv("SSL_CERT_FILE");
	unlink(name);
	kssl_ctx_free(client_ctx);
	kssl_ctx_free(server_ctx);
}

/* A record of RFC 6698: DANE-EE, the key, SHA-256. */
static size_t make_tlsa(unsigned char *record)
{
	static const unsigned char head[] = { 0, 35, 3, 1, 1 };
	unsigned char *der = NULL;
	unsigned int len;
	int size = i2d_PUBKEY(tls_key(), &der);

	MUST(size > 0);
	memcpy(record, head, sizeof(head));
	MUST(EVP_Digest(der, size, record + sizeof(head), &len, EVP_sha256(),
			NULL));
	OPENSSL_free(der);
	return sizeof(head) + len;
}

static void use_dane(struct kssl_ctx *ctx)
{
	struct kssl_settings *rows = kssl_settings_new();
	unsigned char tlsa[64];

	MUST(rows && kssl_settings_dane_enabled(rows, 1));
	MUST(kssl_settings_dane_tlsa(rows, tlsa, make_tlsa(tlsa)));
	MUST(kssl_settings_verify_mode(rows, KSSL_VERIFY_PEER |
				       KSSL_VERIFY_FAIL_IF_NO_PEER_CERT));
	MUST(kssl_ctx_set(ctx, rows));
	kssl_settings_free(rows);
}

/* Each end knows the other by a record alone. */
static void test_dane(void)
{
	static const unsigned char off[] = { 1, 0 }, on[] = { 1, 1, 2, 2 };
	struct kssl_ctx *ctx[2];
	struct pair pair;
	int i;

	ctx[CLIENT] = open_ctx(KSSL_METHOD_CLIENT, TLS1_3_VERSION);
	ctx[SERVER] = open_server(TLS1_3_VERSION);
	use_certificate(ctx[CLIENT], add_private_key());
	for (i = 0; i < 2; i++)
		use_dane(ctx[i]);
	check(shake(&pair, ctx[CLIENT], ctx[SERVER]));
	pair_free(&pair);
	for (i = 0; i < 2; i++) {
		MUST(kssl_ctx_set_dane_mtypes(ctx[i], on, sizeof(on)));
		check(shake(&pair, ctx[CLIENT], ctx[SERVER]));
		pair_free(&pair);
		MUST(kssl_ctx_set_dane_mtypes(ctx[i], off, sizeof(off)));
		pair_init(&pair, ctx[CLIENT], ctx[SERVER]);
		refuses(&pair, i, EINVAL, "dane-tlsa");
		pair_free(&pair);
		MUST(kssl_ctx_set_dane_mtypes(ctx[i], NULL, 0));
	}
	kssl_ctx_free(ctx[CLIENT]);
	kssl_ctx_free(ctx[SERVER]);
}

/* --- openssl.cnf ---------------------------------------------------------- */

static void print_bytes(const char *what, const unsigned char *at, size_t n)
{
	printf("%s", what);
	while (n--)
		printf(" %02x", *at++);
	printf("\n");
}

/* Says what a client asks for, and ends the handshake. */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
	static const unsigned int types[] = {
		TLSEXT_TYPE_supported_groups, TLSEXT_TYPE_signature_algorithms,
		TLSEXT_TYPE_supported_versions,
	};
	const unsigned char *at;
	size_t n, i;

	(void)arg;
	n = SSL_client_hello_get0_ciphers(ssl, &at);
	print_bytes("suites", at, n);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (SSL_client_hello_get0_ext(ssl, types[i], &at, &n))
			print_bytes("extension", at, n);
	*alert = SSL_AD_HANDSHAKE_FAILURE;
	return SSL_CLIENT_HELLO_ERROR;
}

static void listen_to(int fd)
{
	SSL_CTX *ssl_ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	MUST(ssl_ctx);
	SSL_CTX_set_client_hello_cb(ssl_ctx, on_hello, NULL);
	MUST((ssl = SSL_new(ssl_ctx)) && SSL_set_fd(ssl, fd));
	SSL_accept(ssl);
	SSL_free(ssl);
	SSL_CTX_free(ssl_ctx);
}

/* The hello of a kernel object, or of an SSL with the same lists. */
static void say_hello(int kernel)
{
	struct kssl_ctx *ctx;
	struct kssl *s;
	SSL_CTX *ssl_ctx;
	SSL *ssl;
	int fd[2];

	tcp_pair(fd);
	tls_nonblocking(fd[SERVER], 0);
	if (kernel) {
		MUST(client = kssl_client_new());
		MUST(ctx = open_ctx(KSSL_METHOD_CLIENT, 0));
		MUST(s = kssl_new(ctx));
		kssl_openssl_handshake(s, fd[CLIENT]);
	} else {
		MUST(ssl_ctx = SSL_CTX_new(TLS_client_method()));
		MUST((ssl = SSL_new(ssl_ctx)) && SSL_set_fd(ssl, fd[CLIENT]));
		SSL_set_security_level(ssl, 2);
		SSL_connect(ssl);
	}
	listen_to(fd[SERVER]);
}

static const char hostile[] =
	"openssl_conf = init\n"
	"[init]\nssl_conf = modules\n"
	"[modules]\nsystem_default = hostile\n"
	"[hostile]\n"
	"MinProtocol = TLSv1.3\n"
	"CipherString = AES256-SHA@SECLEVEL=0\n"
	"Ciphersuites = TLS_AES_256_GCM_SHA384\n"
	"Groups = P-521\n"
	"SignatureAlgorithms = RSA+SHA512\n"
	"ClientSignatureAlgorithms = RSA+SHA512\n"
	"Options = -SessionTicket,NoRenegotiation\n"
	"VerifyMode = Require\n"
	"NumTickets = 0\n";

/* This program's @word with the configuration @conf; all that it says. */
static void run_self(const char *conf, const char *word, char *text, size_t max)
{
	size_t len = 0;
	ssize_t n;
	int out[2];
	pid_t pid;

	MUST(!pipe2(out, O_CLOEXEC));
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		setenv("OPENSSL_CONF", conf, 1);
		dup2(out[1], 1);
		execl("/proc/self/exe", "bridge_test", word, NULL);
		_exit(127);
	}
	close(out[1]);
	while (len < max - 1 && (n = read(out[0], text + len,
					  max - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	close(out[0]);
	MUST(waitpid(pid, NULL, 0) == pid);
}

static void write_conf(const char *name)
{
	FILE *file = fopen(name, "w");

	MUST(file && fputs(hostile, file) >= 0 && !fclose(file));
}

/* Not the suites, which are the rows': those of the defaults differ. */
static const char *extensions(const char *text)
{
	const char *at = strstr(text, "extension");

	return at ? at : "";
}

static void test_configuration(void)
{
	static char plain[4096], ours[4096], theirs[4096], changed[4096];
	char name[] = "/tmp/kssl-conf-XXXXXX";

	close(mkstemp(name));
	write_conf(name);
	run_self("/dev/null", "openssl", plain, sizeof(plain));
	run_self(name, "openssl", changed, sizeof(changed));
	run_self("/dev/null", "kssl", ours, sizeof(ours));
	run_self(name, "kssl", theirs, sizeof(theirs));
	unlink(name);
	check(strlen(extensions(plain)) > 0 && strcmp(plain, changed));
	check_that(!strcmp(ours, theirs), "openssl.cnf does not show");
	check_that(!strcmp(extensions(ours), extensions(plain)),
		   "without it, groups and schemes are OpenSSL's");
	if (strcmp(ours, theirs) || strcmp(extensions(ours), extensions(plain)))
		printf("# %s# %s# %s", plain, ours, theirs);
}

/* --- all ------------------------------------------------------------------ */

int main(int argc, char **argv)
{
	if (argc > 1) {
		say_hello(!strcmp(argv[1], "kssl"));
		return 0;
	}
	client = kssl_client_new();
	if (!client)
		return !!printf("not ok 1 - %s\n", kssl_error_text());
	test_tickets();
	test_control();
	test_thrown_away();
	test_bad_tickets();
	test_other_process();
	test_ticket_keys();
	test_bad_ticket_key();
	test_snapshots();
	test_message();
	test_verify();
	test_password();
	test_password_again();
	test_session_id();
	test_tmp_dh();
	test_security();
	test_psk();
	test_long_lists();
	test_unknown_functions();
	test_trust_system();
	test_dane();
	test_configuration();
	kssl_client_free(client);
	return tap_done();
}
