// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handshakes of kernel objects that have nothing but their rows, with peers
 * that are not OpenSSL's commands: GnuTLS and curl. What they say they have
 * seen counts, and what the kernel's object has.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>

#include <kssl/openssl.h>

#include "../lib/peer.h"
#include "../lib/tap.h"
#include "../lib/tls_pair.h"

#define WORDS_MAX	1024
#define BODY_SIZE	5000

/* A second certificate of the server. */
static struct identity rsa = { .slot = KSSL_CERT_SLOT_RSA };

static const struct version {
	int number;
	const char *name;
	const char *priority;	/* by which GnuTLS has nothing else */
	const char *option;	/* by which OpenSSL's commands have not */
} versions[] = {
	{ TLS1_2_VERSION, "TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.2",
	  "-tls1_2" },
	{ TLS1_3_VERSION, "TLS1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.3",
	  "-tls1_3" },
};

/* --- GnuTLS --------------------------------------------------------------- */

__attribute__((format(printf, 2, 3)))
static void start_words(struct command *peer, const char *format, ...)
{
	char words[WORDS_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	start_command(peer, words);
}

/* A server that sends back what it gets, on the port that it returns. */
static int start_gnutls(struct command *peer, const struct identity *id,
			const char *options)
{
	int port = next_port();

	start_words(peer, "gnutls-serv --echo -p %d --x509certfile %s "
		    "--x509keyfile %s %s", port, id->cert_file, id->key_file,
		    options);
	return port;
}

static int talk_to_echo(struct shake *shake, int port)
{
	int ok;

	shake->fd = connect_server(port);
	hands(shake);
	ok = shake->result == KSSL_OPENSSL_ATTACHED &&
		kssl_write(shake->fd, "hello\n", 6) == 6 &&
		reads(shake, "hello\n");
	if (ok)
		kssl_shutdown(shake->fd);
	shutdown(shake->fd, SHUT_RDWR);
	return ok;
}

/* Whether the handshake is refused, and GnuTLS says @text then. */
static int is_refused_by(struct shake *shake, struct kssl *s,
			 const struct identity *id, const char *options,
			 const char *text)
{
	int ok;

	shake->s = s;
	MUST(s);
	ok = !talk_to_echo(shake, start_gnutls(&shake->peer, id, options)) &&
		says(&shake->peer, text);
	stop_command(&shake->peer);
	return ok;
}

/* Takes the reference on @s. */
static int meet_gnutls(struct shake *shake, struct kssl *s,
		       const struct identity *id, const char *options)
{
	int ok;

	shake->s = s;
	MUST(s);
	ok = talk_to_echo(shake, start_gnutls(&shake->peer, id, options));
	stop_command(&shake->peer);
	return ok;
}

static int meet_gnutls_client(struct shake *shake, struct kssl *s,
			      const char *options)
{
	char words[WORDS_MAX];
	int listener, port, ok;

	listener = listen_any(&port);
	snprintf(words, sizeof(words),
		 "gnutls-cli -V -p %d --x509cafile %s "
		 "--verify-hostname test.example %s 127.0.0.1", port,
		 ca.cert_file, options);
	ok = serve_client(shake, s, listener, words);
	close(listener);
	return ok;
}

/* --- what the kernel's object has ----------------------------------------- */

static int has_version(struct kssl *s, const struct version *version)
{
	struct kssl_info *info = kssl_get_info(s);
	int ok = info && info->version == version->number;

	kssl_info_free(info);
	return ok;
}

static int has_result(struct kssl *s, int64_t result)
{
	struct kssl_info *info = kssl_get_info(s);
	int ok = info && info->verify_result == result;

	kssl_info_free(info);
	return ok;
}

static int has_state(struct kssl *s, enum kssl_state state)
{
	struct kssl_info *info = kssl_get_info(s);
	int ok = info && info->state == state;

	kssl_info_free(info);
	return ok;
}

static int has_sni(struct kssl *s, const char *name)
{
	struct kssl_info *info = kssl_get_info(s);
	int ok = info && !strcmp(info->sni, name);

	kssl_info_free(info);
	return ok;
}

static int has_alpn(struct kssl *s, const char *name)
{
	struct kssl_info *info = kssl_get_info(s);
	int ok = info && info->alpn_len == strlen(name) &&
		!memcmp(info->alpn, name, strlen(name));

	kssl_info_free(info);
	return ok;
}

static int is_resumed(struct kssl *s)
{
	struct kssl_info *info = kssl_get_info(s);
	int ok = info && info->resumed;

	kssl_info_free(info);
	return ok;
}

/* Whether @id's certificate is the first that the peer showed. */
static int has_shown(struct kssl *s, const struct identity *id)
{
	unsigned char *der = NULL;
	int n = i2d_X509(id->cert, &der), ok;
	void *chain = NULL;
	size_t len = 0;

	ok = kssl_get_peer_chain(s, &chain, &len) && len >= (size_t)n &&
		!memcmp(chain, der, n);
	free(chain);
	OPENSSL_free(der);
	return ok;
}

/* --- tests: certificates -------------------------------------------------- */

static void test_mutual_server(const struct version *version)
{
	struct kssl_ctx *ctx = open_server();
	char options[256];
	struct shake shake;

	MUST(kssl_ctx_set_verify_mode(ctx, KSSL_VERIFY_PEER |
				      KSSL_VERIFY_FAIL_IF_NO_PEER_CERT));
	use_trust(ctx, ca.cert);
	use_ca_list(ctx, ca.cert);
	snprintf(options, sizeof(options),
		 "--priority %s --x509certfile %s --x509keyfile %s",
		 version->priority, user.cert_file, user.key_file);
	check(meet_gnutls_client(&shake, kssl_new(ctx), options));
	check(said(&shake.peer, version->name));
	check(said(&shake.peer, "Status: The certificate is trusted"));
	check(said(&shake.peer, "- Server's trusted authorities:\n"
				"   [0]: CN=ca\n"));
	check(said(&shake.peer, "Successfully sent 1 certificate(s)"));
	check(has_version(shake.s, version) && has_result(shake.s, 0) &&
	      has_shown(shake.s, &user));
	shake_free(&shake);

	snprintf(options, sizeof(options), "--priority %s", version->priority);
	check(!meet_gnutls_client(&shake, kssl_new(ctx), options));
	check(strstr(shake.error, "did not return a certificate"));
	check(has_state(shake.s, KSSL_STATE_ERROR));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

static void test_mutual_client(const struct version *version)
{
	struct kssl_ctx *ctx = open_client();
	char options[256];
	struct shake shake;

	snprintf(options, sizeof(options), "--priority %s --x509cafile %s "
		 "--require-client-cert --verify-client-cert",
		 version->priority, ca.cert_file);
	check(is_refused_by(&shake, kssl_new(ctx), &server, options,
			    "Error in handshake"));
	shake_free(&shake);
	use_identity(ctx, &user);
	check(meet_gnutls(&shake, kssl_new(ctx), &server, options));
	check(said(&shake.peer, version->name));
	check(said(&shake.peer, "Status: The certificate is trusted"));
	check(said(&shake.peer, "Subject: CN=user\n"));
	check(has_version(shake.s, version) && has_result(shake.s, 0) &&
	      has_shown(shake.s, &server));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/*
 * In TLS 1.3 OpenSSL's client sends an alert about the server's certificate in
 * the clear, which GnuTLS takes for a record that does not decrypt.
 */
static void expect_refusal(struct kssl_ctx *ctx, const struct identity *id,
			   const struct version *version, const char *text)
{
	int readable = version->number == TLS1_2_VERSION;
	char options[128];
	struct shake shake;

	snprintf(options, sizeof(options), "--priority %s", version->priority);
	check_that(is_refused_by(&shake, kssl_new(ctx), id, options, readable ?
				 "A TLS fatal alert has been received" :
				 "Error in handshake") &&
		   shake.result == KSSL_OPENSSL_ERROR &&
		   has_state(shake.s, KSSL_STATE_ERROR) &&
		   strstr(shake.error, text), "%s: %s: %s", version->name, text,
		   shake.error);
	shake_free(&shake);
}

static void test_verify(const struct version *version)
{
	struct kssl_ctx *ctx = open_client();

	use_host(ctx, "other.example");
	expect_refusal(ctx, &server, version, "hostname mismatch");
	use_host(ctx, "test.example");
	expect_refusal(ctx, &expired, version, "certificate has expired");
	kssl_ctx_free(ctx);

	ctx = open_client();
	use_trust(ctx, user.cert);
	expect_refusal(ctx, &ca, version, "self-signed certificate");
	kssl_ctx_free(ctx);
}

/* --- tests: names --------------------------------------------------------- */

static void test_client_names(void)
{
	static const char protocols[] = "\2h2\10http/1.1";
	struct kssl_ctx *ctx = open_client();
	struct shake shake;

	MUST(kssl_ctx_set_tlsext_host_name(ctx, "test.example"));
	MUST(kssl_ctx_set_alpn_protos(ctx, protocols, strlen(protocols)));
	check(meet_gnutls(&shake, kssl_new(ctx), &server,
			  "--alpn http/1.1 --alpn-fatal "
			  "--sni-hostname test.example --sni-hostname-fatal"));
	check(said(&shake.peer, "Given server name[1]: test.example\n"));
	check(said(&shake.peer, "Application protocol: http/1.1\n"));
	check(has_sni(shake.s, "test.example") &&
	      has_alpn(shake.s, "http/1.1"));
	shake_free(&shake);
	check(is_refused_by(&shake, kssl_new(ctx), &server,
			    "--alpn other --alpn-fatal", "Error in handshake"));
	check(strstr(shake.error, "no application protocol"));
	shake_free(&shake);
	MUST(kssl_ctx_set_tlsext_host_name(ctx, "other.example"));
	check(is_refused_by(&shake, kssl_new(ctx), &server,
			    "--sni-hostname test.example --sni-hostname-fatal",
			    "Error in handshake"));
	check(strstr(shake.error, "unrecognized name"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

static void test_server_names(void)
{
	static const char protocols[] = "\2h2\10http/1.1";
	struct kssl_ctx *ctx = open_server();
	struct shake shake;

	MUST(kssl_ctx_set_alpn_protos(ctx, protocols, strlen(protocols)));
	check(meet_gnutls_client(&shake, kssl_new(ctx),
			  "--alpn http/1.1 --sni-hostname test.example"));
	check(said(&shake.peer, "Application protocol: http/1.1\n"));
	check(has_sni(shake.s, "test.example") &&
	      has_alpn(shake.s, "http/1.1"));
	shake_free(&shake);
	check(!meet_gnutls_client(&shake, kssl_new(ctx),
			   "--alpn other --sni-hostname test.example"));
	check(said(&shake.peer, "No supported application protocol"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* --- tests: pre-shared keys ----------------------------------------------- */

#define PSK	"0123456789abcdef"
#define PSK_HEX	"30313233343536373839616263646566"

/*
 * OpenSSL's callbacks know no hash but SHA-256 for TLS 1.3. For TLS 1.2 both
 * have ChaCha20 with ECDHE, but gnutls-cli 3.7.9 crashes when it meets that at
 * a server of OpenSSL, s_server included.
 */
static const struct psk {
	const struct version *version;
	const char *server_kx;
	const char *client_kx;
	int64_t client_result;	/* the server's verify result */
} psks[] = {
	{ &versions[0], "-KX-ALL:+ECDHE-PSK", "-KX-ALL:+PSK", 0 },
	{ &versions[1], "+ECDHE-PSK:+PSK", "+ECDHE-PSK:+PSK", -1 },
};

static struct kssl_ctx *open_psk(enum kssl_method method, const char *key)
{
	static const uint16_t suite13 = 0x1301, suites12[] = { 0xccac, 0x00a8 };
	struct kssl_ctx *ctx = open_ctx(method);

	MUST(kssl_ctx_set_ciphersuites(ctx, &suite13, 1));
	MUST(kssl_ctx_set_cipher_list(ctx, suites12, 2));
	use_psk(ctx, "me", key);
	return ctx;
}

static void write_passwd(const char *path)
{
	FILE *file = fopen(path, "w");

	MUST(file && fputs("me:" PSK_HEX "\n", file) >= 0);
	MUST(!fclose(file));
}

/* A PSK is what authenticates the server (RFC 8446 section 2.2). */
static void test_psk_client(const struct psk *psk)
{
	struct kssl_ctx *ctx = open_psk(KSSL_METHOD_CLIENT, PSK);
	char options[256], path[64];
	struct shake shake;

	snprintf(path, sizeof(path), "%s/passwd", dir);
	write_passwd(path);
	snprintf(options, sizeof(options), "--priority %s:%s --pskpasswd %s",
		 psk->version->priority, psk->server_kx, path);
	MUST(kssl_ctx_set_verify_mode(ctx, KSSL_VERIFY_PEER));
	check(meet_gnutls(&shake, kssl_new(ctx), &server, options));
	check(said(&shake.peer, "PSK authentication. Connected as 'me'"));
	check(has_version(shake.s, psk->version) && has_result(shake.s, 0));
	shake_free(&shake);
	kssl_ctx_free(ctx);

	ctx = open_psk(KSSL_METHOD_CLIENT, "another key of 24 bytes.");
	check(is_refused_by(&shake, kssl_new(ctx), &server, options,
			    "Error in handshake"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

static void test_psk_server(const struct psk *psk)
{
	struct kssl_ctx *ctx = open_psk(KSSL_METHOD_SERVER, PSK);
	char options[256];
	struct shake shake;

	snprintf(options, sizeof(options), "--priority %s:%s --pskusername me "
		 "--pskkey " PSK_HEX, psk->version->priority, psk->client_kx);
	check(meet_gnutls_client(&shake, kssl_new(ctx), options));
	check(said(&shake.peer, "PSK authentication. Connected as 'me'"));
	check(has_version(shake.s, psk->version) &&
	      has_result(shake.s, psk->client_result));
	shake_free(&shake);
	snprintf(options, sizeof(options), "--priority %s:%s --pskusername you "
		 "--pskkey " PSK_HEX, psk->version->priority, psk->client_kx);
	check(!meet_gnutls_client(&shake, kssl_new(ctx), options));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* --- tests: sessions ------------------------------------------------------ */

/* The program again: it resumes the session that its standard input is. */
static int resume(const char *cert_file, int port)
{
	static unsigned char session[KSSL_BLOB_MAX];
	size_t len = fread(session, 1, sizeof(session), stdin);
	FILE *file = fopen(cert_file, "r");
	struct shake shake = { 0 };

	MUST(len && file && (ca.cert = PEM_read_X509(file, NULL, NULL, NULL)));
	fclose(file);
	MUST(shake.s = kssl_new(open_client()));
	MUST(kssl_set_session(shake.s, session, len));
	shake.fd = connect_server(port);
	hands(&shake);
	printf("%s\n", shake.error);
	printf("resumed: %d\n", is_resumed(shake.s));
	printf("written: %zd\n", kssl_write(shake.fd, "again\n", 6));
	kssl_shutdown(shake.fd);
	return 0;
}

/* @saved goes to another process, which meets the same server. */
static int resumes_elsewhere(struct kssl *saved, const char *self, int port)
{
	static unsigned char session[KSSL_BLOB_MAX];
	ssize_t len = kssl_get_session(saved, session, sizeof(session));
	static struct command other;

	if (len <= 0)
		return 0;
	start_words(&other, "%s resume %s %d", self, ca.cert_file, port);
	MUST(write(other.in, session, len) == len);
	end_input(&other);
	finish_command(&other);
	return said(&other, "resumed: 1\nwritten: 6\n");
}

/* In TLS 1.3 it comes in a ticket, with nothing else behind. */
static void await_session(const struct shake *shake)
{
	static unsigned char session[KSSL_BLOB_MAX];

	while (!kssl_get_session(shake->s, session, sizeof(session))) {
		tls_wait(shake->fd);
		MUST(kssl_openssl_control(shake->s, shake->fd) ==
		     KSSL_CONTROL_MORE);
	}
}

static void test_session(const struct version *version, const char *self)
{
	struct kssl_ctx *ctx = open_client();
	struct shake shake = { 0 };
	char options[128];
	int port;

	MUST(kssl_ctx_set_max_proto_version(ctx, version->number));
	snprintf(options, sizeof(options), "--priority %s", version->priority);
	MUST(shake.s = kssl_new(ctx));
	port = start_gnutls(&shake.peer, &server, options);
	check(talk_to_echo(&shake, port) && !is_resumed(shake.s));
	check(resumes_elsewhere(shake.s, self, port));
	check(says(&shake.peer, "*** This is a resumed session"));
	check(says(&shake.peer, "received cmd: again"));
	stop_command(&shake.peer);
	shake_free(&shake);

	MUST(shake.s = kssl_new(ctx));
	port = start_server(&shake.peer, &server, 2, version->option);
	shake.fd = connect_server(port);
	hands(&shake);
	check(shake.result == KSSL_OPENSSL_ATTACHED && !is_resumed(shake.s));
	await_session(&shake);
	kssl_shutdown(shake.fd);
	shutdown(shake.fd, SHUT_RDWR);
	check(resumes_elsewhere(shake.s, self, port));
	finish_command(&shake.peer);
	check(said(&shake.peer, "Reused session-id"));
	check(said(&shake.peer, "again"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* Until the client has said goodbye, and that it is over. */
static int see_off(struct shake *shake)
{
	char c;
	int ok = shake->result == KSSL_OPENSSL_ATTACHED &&
		!kssl_read(shake->fd, &c, 1) && kssl_shutdown(shake->fd) == 1;

	shutdown(shake->fd, SHUT_WR);
	return ok;
}

/* The client connects twice: two objects, and tickets of one context. */
static void test_tickets(const struct version *version)
{
	struct kssl_ctx *ctx = open_server();
	struct shake shake = { 0 };
	int listener, port, i;

	/* It waits for one, and a second would meet a socket that is closed. */
	MUST(kssl_ctx_set_num_tickets(ctx, 1));
	listener = listen_any(&port);
	start_words(&shake.peer,
		    "gnutls-cli -r --waitresumption -p %d --priority %s "
		    "--x509cafile %s --verify-hostname test.example 127.0.0.1",
		    port, version->priority, ca.cert_file);
	for (i = 0; i < 2; i++) {
		MUST(shake.s = kssl_new(ctx));
		MUST((shake.fd = accept(listener, NULL, NULL)) >= 0);
		hands(&shake);
		check(is_resumed(shake.s) == i);
		check(has_version(shake.s, version));
		if (i)
			end_input(&shake.peer);
		check(see_off(&shake));
		shake_free(&shake);
	}
	finish_command(&shake.peer);
	check(said(&shake.peer, "*** This is a resumed session"));
	close(listener);
	kssl_ctx_free(ctx);
}

/* --- tests: what was negotiated without the rows -------------------------- */

/* A program's own handshake of TLS 1.2, of which the rows knew nothing. */
static SSL *open_own(SSL_CTX *ssl_ctx, struct shake *shake, int port)
{
	SSL *ssl;

	shake->fd = connect_server(port);
	MUST(ssl = SSL_new(ssl_ctx));
	MUST(kssl_openssl_start(ssl) && SSL_set_fd(ssl, shake->fd));
	MUST(SSL_connect(ssl) == 1);
	return ssl;
}

static int has_ulp(int fd)
{
	char name[16] = "";
	socklen_t len = sizeof(name);

	return !getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, &len) && len;
}

/* Whether the kernel says no, and changes nothing by that. */
static int is_forbidden(struct shake *shake, SSL *ssl, const char *text)
{
	struct kssl_info *info;
	int ok;

	ok = kssl_openssl_attach(shake->s, ssl) == KSSL_OPENSSL_ERROR &&
		kssl_errno() == EPERM && !strcmp(kssl_error_text(), text);
	if (!ok)
		printf("# %s\n", kssl_error_text());
	MUST(info = kssl_get_info(shake->s));
	ok = ok && info->state == KSSL_STATE_INITIAL && !info->version &&
		!info->suite && !info->family && info->result == EPERM &&
		!strcmp(info->result_text, text);
	kssl_info_free(info);
	return ok && !has_ulp(shake->fd);
}

/* What OpenSSL encrypts goes out, and comes back, as it is. */
static int echoes(SSL *ssl)
{
	char buf[6];

	return SSL_write(ssl, "hello\n", 6) == 6 &&
		SSL_read(ssl, buf, 6) == 6 && !memcmp(buf, "hello\n", 6);
}

static void test_policy(void)
{
	static const uint16_t other[] = { 0xc02b, 0x00a8 };
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_CLIENT);
	SSL_CTX *ssl_ctx = tls_ctx(0, NULL);
	struct shake shake = { 0 };
	char options[128];
	SSL *ssl;

	MUST(kssl_openssl_prepare(ssl_ctx));
	MUST(SSL_CTX_set_cipher_list(ssl_ctx, "ECDHE-ECDSA-AES256-GCM-SHA384"));
	snprintf(options, sizeof(options), "--priority %s",
		 versions[0].priority);
	ssl = open_own(ssl_ctx, &shake,
		       start_gnutls(&shake.peer, &server, options));
	MUST(shake.s = kssl_new(ctx));
	MUST(kssl_set_min_proto_version(shake.s, TLS1_3_VERSION));
	check(is_forbidden(&shake, ssl, "the TLS version is below min-proto"));
	check(echoes(ssl));
	MUST(kssl_set_min_proto_version(shake.s, 0));
	MUST(kssl_set_cipher_list(shake.s, other, 2));
	check(is_forbidden(&shake, ssl,
			   "the settings do not list the cipher suite"));
	check(echoes(ssl));

	/* It is good for those settings that allow it. */
	kssl_free(shake.s);
	MUST(shake.s = kssl_new(ctx));
	check(kssl_openssl_attach(shake.s, ssl) == KSSL_OPENSSL_ATTACHED);
	check(has_ulp(shake.fd) && has_version(shake.s, &versions[0]));
	check(kssl_write(shake.fd, "hello\n", 6) == 6 &&
	      reads(&shake, "hello\n"));
	SSL_free(ssl);
	SSL_CTX_free(ssl_ctx);
	stop_command(&shake.peer);
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* --- tests: curl ---------------------------------------------------------- */

static void make_body(char body[BODY_SIZE])
{
	int i;

	for (i = 0; i < BODY_SIZE; i++)
		body[i] = 'a' + i * 7 % 26;
}

static int reads_request(struct shake *shake)
{
	char buf[4096];
	size_t len = 0;
	ssize_t n;

	do {
		n = kssl_read(shake->fd, buf + len, sizeof(buf) - 1 - len);
		if (n <= 0)
			return 0;
		len += n;
		buf[len] = '\0';
	} while (!strstr(buf, "\r\n\r\n"));
	return !strncmp(buf, "GET /page HTTP/1.1\r\n", 20);
}

/* The header by the library, the body by the socket. */
static int answers(struct shake *shake)
{
	char header[128], body[BODY_SIZE];
	int len;

	if (shake->result != KSSL_OPENSSL_ATTACHED || !reads_request(shake))
		return 0;
	make_body(body);
	len = snprintf(header, sizeof(header), "HTTP/1.1 200 OK\r\n"
		       "Content-Length: %d\r\nConnection: close\r\n\r\n",
		       BODY_SIZE);
	return kssl_write(shake->fd, header, len) == len &&
		write(shake->fd, body, BODY_SIZE) == BODY_SIZE &&
		kssl_shutdown(shake->fd) >= 0;
}

static int has_fetched(const char *path)
{
	char body[BODY_SIZE], page[BODY_SIZE + 1];
	FILE *file = fopen(path, "r");
	size_t len;

	if (!file)
		return 0;
	len = fread(page, 1, sizeof(page), file);
	fclose(file);
	remove(path);
	make_body(body);
	return len == BODY_SIZE && !memcmp(page, body, BODY_SIZE);
}

static int meet_curl(struct shake *shake, struct kssl *s, const char *options)
{
	char path[64];
	int listener, port, ok;

	shake->s = s;
	MUST(s);
	listener = listen_any(&port);
	snprintf(path, sizeof(path), "%s/page", dir);
	start_words(&shake->peer, "curl -sSv -q -o %s --cacert %s %s "
		    "--resolve test.example:%d:127.0.0.1 "
		    "https://test.example:%d/page", path, ca.cert_file,
		    options, port, port);
	MUST((shake->fd = accept(listener, NULL, NULL)) >= 0);
	close(listener);
	hands(shake);
	ok = answers(shake);
	shutdown(shake->fd, SHUT_WR);
	finish_command(&shake->peer);
	return ok && has_fetched(path);
}

static const struct fetch {
	const struct version *version;
	const char *options;
	const char *suite;
	const char *subject;
} fetches[] = {
	{ &versions[0], "--tls-max 1.2 --ciphers ECDHE-ECDSA-AES256-GCM-SHA384",
	  "TLSv1.2 / ECDHE-ECDSA-AES256-GCM-SHA384", "subject: CN=server\n" },
	{ &versions[0], "--tls-max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256",
	  "TLSv1.2 / ECDHE-RSA-AES128-GCM-SHA256", "subject: CN=rsa\n" },
	{ &versions[1],
	  "--tlsv1.3 --tls13-ciphers TLS_CHACHA20_POLY1305_SHA256",
	  "TLSv1.3 / TLS_CHACHA20_POLY1305_SHA256", "subject: CN=server\n" },
};

static void test_curl(void)
{
	static const char protocols[] = "\10http/1.1";
	struct kssl_ctx *ctx = open_server();
	struct shake shake;
	size_t i;

	use_identity(ctx, &rsa);
	MUST(kssl_ctx_set_alpn_protos(ctx, protocols, strlen(protocols)));
	for (i = 0; i < sizeof(fetches) / sizeof(fetches[0]); i++) {
		check(meet_curl(&shake, kssl_new(ctx), fetches[i].options));
		check(said(&shake.peer, fetches[i].suite));
		check(said(&shake.peer, fetches[i].subject));
		check(said(&shake.peer, "ALPN: server accepted http/1.1"));
		check(has_version(shake.s, fetches[i].version) &&
		      has_sni(shake.s, "test.example") &&
		      has_alpn(shake.s, "http/1.1"));
		shake_free(&shake);
	}
	kssl_ctx_free(ctx);
}

int main(int argc, char *argv[])
{
	int i;

	signal(SIGPIPE, SIG_IGN);
	client = kssl_client_new();
	if (!client) {
		printf("Bail out! %s\n", kssl_error_text());
		return 1;
	}
	if (argc == 4 && !strcmp(argv[1], "resume"))
		return resume(argv[2], atoi(argv[3]));
	make_identities();
	make_identity(&rsa, "rsa", DAY);
	for (i = 0; i < 2; i++) {
		test_mutual_server(&versions[i]);
		test_mutual_client(&versions[i]);
		test_verify(&versions[i]);
		test_psk_client(&psks[i]);
		test_psk_server(&psks[i]);
		test_tickets(&versions[i]);
		test_session(&versions[i], argv[0]);
	}
	test_client_names();
	test_server_names();
	test_policy();
	test_curl();
	kssl_client_free(client);
	return tap_done();
}
