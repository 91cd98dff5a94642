// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handshakes of kernel objects that have nothing but their rows, with the
 * commands of OpenSSL as peers: what they say they have seen counts.
 */
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <openssl/pem.h>

#include <kssl/openssl.h>

#include "../lib/tap.h"
#include "../lib/tls_pair.h"

#define ARGS_MAX	40
#define TEXT_MAX	65536
#define DAY		(24 * 3600L)

static struct kssl_client *client;
static char dir[] = "/tmp/kssl-handshake-XXXXXX";

/* --- certificates --------------------------------------------------------- */

struct identity {
	EVP_PKEY *key;
	X509 *cert;
	int32_t serial;		/* of the key in the keyring */
	char cert_file[64];
	char key_file[64];
};

static struct identity ca, server, expired, user;

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	MUST(ext && X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
}

static void set_name(X509 *cert, const char *cn)
{
	X509_NAME *name = X509_get_subject_name(cert);

	MUST(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					(const unsigned char *)cn, -1, -1, 0));
}

static void write_files(struct identity *id, const char *cn)
{
	FILE *file;

	snprintf(id->cert_file, sizeof(id->cert_file), "%s/%s.pem", dir, cn);
	snprintf(id->key_file, sizeof(id->key_file), "%s/%s.key", dir, cn);
	MUST(file = fopen(id->cert_file, "w"));
	MUST(PEM_write_X509(file, id->cert));
	fclose(file);
	MUST(file = fopen(id->key_file, "w"));
	MUST(PEM_write_PrivateKey(file, id->key, NULL, NULL, 0, NULL, NULL));
	fclose(file);
}

static void add_key(struct identity *id, const char *cn)
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(id->key, &der);

	MUST(len > 0);
	id->serial = syscall(SYS_add_key, "user", cn, der, (size_t)len,
			     KEY_SPEC_PROCESS_KEYRING);
	MUST(id->serial > 0);
	OPENSSL_free(der);
}

/* A certificate of P-256 that is good for @end seconds from now on. */
static void make_identity(struct identity *id, const char *cn, long end)
{
	static int number;
	int is_ca = id == &ca;

	MUST(id->key = EVP_EC_gen("P-256"));
	MUST(id->cert = X509_new());
	X509_set_version(id->cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(id->cert), ++number);
	X509_gmtime_adj(X509_getm_notBefore(id->cert), -2 * DAY);
	X509_gmtime_adj(X509_getm_notAfter(id->cert), end);
	X509_set_pubkey(id->cert, id->key);
	set_name(id->cert, cn);
	X509_set_issuer_name(id->cert, X509_get_subject_name(ca.cert));
	if (is_ca)
		add_extension(id->cert, NID_basic_constraints, "CA:TRUE");
	else
		add_extension(id->cert, NID_subject_alt_name,
			      "DNS:test.example");
	MUST(X509_sign(id->cert, ca.key, EVP_sha256()));
	write_files(id, cn);
	add_key(id, cn);
}

static void make_identities(void)
{
	MUST(mkdtemp(dir));
	make_identity(&ca, "ca", DAY);
	make_identity(&server, "server", DAY);
	make_identity(&expired, "expired", -DAY);
	make_identity(&user, "user", DAY);
}

/* --- contexts ------------------------------------------------------------- */

static void use_identity(struct kssl_ctx *ctx, const struct identity *id)
{
	struct kssl_settings *rows = kssl_settings_new();
	unsigned char *der = NULL;
	int len = i2d_X509(id->cert, &der);

	MUST(rows && len > 0);
	MUST(kssl_settings_certificate(rows, KSSL_CERT_SLOT_ECC, der, len));
	MUST(kssl_settings_private_key(rows, KSSL_CERT_SLOT_ECC, id->serial));
	MUST(kssl_ctx_set(ctx, rows));
	kssl_settings_free(rows);
	OPENSSL_free(der);
}

static void use_trust(struct kssl_ctx *ctx, X509 *anchor)
{
	unsigned char *der = NULL;
	int len = i2d_X509(anchor, &der);

	MUST(len > 0);
	MUST(kssl_ctx_set_trust_anchors(ctx, der, len));
	OPENSSL_free(der);
}

static void use_ca_list(struct kssl_ctx *ctx)
{
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(X509_get_subject_name(ca.cert), &der);

	MUST(len > 0);
	MUST(kssl_ctx_set_client_ca_list(ctx, der, len));
	OPENSSL_free(der);
}

static struct kssl_ctx *open_ctx(enum kssl_method method)
{
	struct kssl_settings *rows = kssl_settings_new();
	struct kssl_ctx *ctx;

	MUST(rows && kssl_settings_method(rows, method));
	MUST(ctx = kssl_ctx_new_with(client, rows));
	kssl_settings_free(rows);
	return ctx;
}

/* A client that verifies the server; a server with a certificate. */
static struct kssl_ctx *open_client(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_CLIENT);

	MUST(kssl_ctx_set_verify_mode(ctx, KSSL_VERIFY_PEER));
	use_trust(ctx, ca.cert);
	return ctx;
}

static struct kssl_ctx *open_server(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);

	use_identity(ctx, &server);
	return ctx;
}

/* --- commands ------------------------------------------------------------- */

/* A command of OpenSSL, and all that it has said when it is over. */
struct command {
	pid_t pid;
	int in;
	int out;
	char text[TEXT_MAX];
};

/* @words are separated by blanks. */
static void start_command(struct command *command, char *words)
{
	char *argv[ARGS_MAX + 1], *word, *save = NULL;
	int in[2], out[2], n = 0;

	for (word = strtok_r(words, " ", &save); word && n < ARGS_MAX;
	     word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	argv[n] = NULL;
	MUST(!pipe2(in, O_CLOEXEC) && !pipe2(out, O_CLOEXEC));
	command->pid = fork();
	MUST(command->pid >= 0);
	if (!command->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	command->in = in[1];
	command->out = out[0];
}

static void finish_command(struct command *command)
{
	size_t len = 0;
	ssize_t n;

	while (len < TEXT_MAX - 1 &&
	       (n = read(command->out, command->text + len,
			 TEXT_MAX - 1 - len)) > 0)
		len += n;
	command->text[len] = '\0';
	close(command->in);
	close(command->out);
	MUST(waitpid(command->pid, NULL, 0) == command->pid);
}

static int said(const struct command *command, const char *text)
{
	if (strstr(command->text, text))
		return 1;
	printf("# the peer did not say \"%s\" but:\n", text);
	for (text = command->text; *text; text += strcspn(text, "\n"),
	     text += *text == '\n')
		printf("# %.*s\n", (int)strcspn(text, "\n"), text);
	return 0;
}

/* Whether it has shown the bytes @hex, in however many lines. */
static int showed(const struct command *command, const char *hex)
{
	static char digits[TEXT_MAX];
	const char *at = command->text;
	size_t n = 0;

	for (; *at; at++)
		if (*at != ' ' && *at != '\n')
			digits[n++] = *at;
	digits[n] = '\0';
	return !!strstr(digits, hex);
}

/* --- a handshake with a command ------------------------------------------- */

struct shake {
	struct kssl *s;
	int fd;
	enum kssl_openssl_result result;
	struct command peer;
	char error[256];	/* of a handshake that failed */
};

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int listen_any(int *port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in addr = loopback(0);
	socklen_t len = sizeof(addr);

	MUST(fd >= 0 && !bind(fd, (struct sockaddr *)&addr, len));
	MUST(!listen(fd, 1));
	MUST(!getsockname(fd, (struct sockaddr *)&addr, &len));
	*port = ntohs(addr.sin_port);
	return fd;
}

static int connect_to(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in addr = loopback(port);

	MUST(fd >= 0);
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	close(fd);
	return -1;
}

/* The socket blocks, so there is one call. */
static void hands(struct shake *shake)
{
	shake->result = kssl_openssl_handshake(shake->s, shake->fd);
	shake->error[0] = '\0';
	if (shake->result != KSSL_OPENSSL_ATTACHED)
		snprintf(shake->error, sizeof(shake->error), "%s",
			 kssl_error_text());
}

/* What the peer sends arrives. */
static int reads(struct shake *shake, const char *text)
{
	char buf[256];
	size_t len = 0;
	ssize_t n;

	while (len < strlen(text)) {
		n = kssl_read(shake->fd, buf + len, strlen(text) - len);
		if (n <= 0)
			return 0;
		len += n;
	}
	return !memcmp(buf, text, len);
}

static int start_server(struct command *peer, const struct identity *id,
			int conns, const char *options)
{
	static int port = 21000;
	char words[1024];

	snprintf(words, sizeof(words),
		 "openssl s_server -accept 127.0.0.1:%d -cert %s -key %s "
		 "-naccept %d %s", ++port, id->cert_file, id->key_file, conns,
		 options);
	start_command(peer, words);
	return port;
}

static int connect_server(int port)
{
	int fd = -1, i;

	for (i = 0; i < TLS_ROUNDS && fd < 0; i++) {
		fd = connect_to(port);
		if (fd < 0)
			usleep(10000);
	}
	MUST(fd >= 0);
	return fd;
}

/* Whether both ends are content with what they send each other. */
static int talk_to_server(struct shake *shake, int port)
{
	int ok;

	shake->fd = connect_server(port);
	hands(shake);
	ok = shake->result == KSSL_OPENSSL_ATTACHED &&
		kssl_write(shake->fd, "hello\n", 6) == 6 &&
		write(shake->peer.in, "answer\n", 7) == 7 &&
		reads(shake, "answer\n");
	if (ok)
		kssl_shutdown(shake->fd);
	shutdown(shake->fd, SHUT_RDWR);
	return ok;
}

/* Takes the reference on @s. */
static int meet_server(struct shake *shake, struct kssl *s,
		       const struct identity *id, const char *options)
{
	int ok;

	shake->s = s;
	MUST(s);
	ok = talk_to_server(shake, start_server(&shake->peer, id, 1, options));
	finish_command(&shake->peer);
	return ok && said(&shake->peer, "hello");
}

static int meet_client(struct shake *shake, struct kssl *s, const char *options)
{
	char words[1024];
	int listener, port, ok;

	shake->s = s;
	MUST(s);
	listener = listen_any(&port);
	snprintf(words, sizeof(words),
		 "openssl s_client -connect 127.0.0.1:%d -CAfile %s %s", port,
		 ca.cert_file, options);
	start_command(&shake->peer, words);
	MUST((shake->fd = accept(listener, NULL, NULL)) >= 0);
	close(listener);
	hands(shake);
	ok = shake->result == KSSL_OPENSSL_ATTACHED &&
		write(shake->peer.in, "hello\n", 6) == 6 &&
		reads(shake, "hello\n") &&
		kssl_write(shake->fd, "answer\n", 7) == 7;
	if (ok)
		kssl_shutdown(shake->fd);
	shutdown(shake->fd, SHUT_WR);
	finish_command(&shake->peer);
	return ok && said(&shake->peer, "answer");
}

static void shake_free(struct shake *shake)
{
	close(shake->fd);
	kssl_free(shake->s);
}

/* --- tests: verification -------------------------------------------------- */

static void set_host(struct kssl_ctx *ctx, const char *host)
{
	unsigned char name[KSSL_NAME_MAX + 1] = { strlen(host) };

	memcpy(name + 1, host, strlen(host));
	MUST(kssl_ctx_set_verify_hosts(ctx, name, 1 + strlen(host)));
}

static void expect_refusal(struct kssl_ctx *ctx, const struct identity *id,
			   const char *text)
{
	struct shake shake;

	check_that(!meet_server(&shake, kssl_new(ctx), id, "") &&
		   shake.result == KSSL_OPENSSL_ERROR &&
		   strstr(shake.error, text), "%s: %s", text, shake.error);
	shake_free(&shake);
}

static void test_verify(void)
{
	struct kssl_ctx *ctx = open_client();
	struct kssl_info *info;
	struct shake shake;
	void *chain;
	size_t len;

	set_host(ctx, "test.example");
	check(meet_server(&shake, kssl_new(ctx), &server, ""));
	info = kssl_get_info(shake.s);
	check(info && !info->verify_result);
	kssl_info_free(info);
	check(kssl_get_peer_chain(shake.s, &chain, &len));
	check(len == (size_t)i2d_X509(server.cert, NULL));
	free(chain);
	shake_free(&shake);

	expect_refusal(ctx, &expired, "certificate has expired");
	expect_refusal(ctx, &ca, "hostname mismatch");
	set_host(ctx, "other.example");
	expect_refusal(ctx, &server, "hostname mismatch");
	use_trust(ctx, user.cert);
	expect_refusal(ctx, &server, "unable to get local issuer");
	expect_refusal(ctx, &ca, "self-signed certificate");
	kssl_ctx_free(ctx);
}

static void test_mutual(void)
{
	struct kssl_ctx *ctx = open_server();
	char options[256];
	struct shake shake;

	MUST(kssl_ctx_set_verify_mode(ctx, KSSL_VERIFY_PEER |
				      KSSL_VERIFY_FAIL_IF_NO_PEER_CERT));
	use_trust(ctx, ca.cert);
	use_ca_list(ctx);
	snprintf(options, sizeof(options), "-cert %s -key %s", user.cert_file,
		 user.key_file);
	check(meet_client(&shake, kssl_new(ctx), options));
	check(said(&shake.peer, "Acceptable client certificate CA names\n"
				"CN = ca\n"));
	check(said(&shake.peer, "Verification: OK"));
	shake_free(&shake);
	check(!meet_client(&shake, kssl_new(ctx), ""));
	check(strstr(shake.error, "did not return a certificate"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* A record of full data about the end's own certificate (RFC 6698). */
static void test_dane(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_CLIENT);
	int len = i2d_X509(server.cert, NULL) + 3;
	unsigned char *record, *at;
	struct shake shake;

	MUST(record = calloc(1, len + 2));
	record[0] = len >> 8;
	record[1] = len;
	record[2] = 3;
	at = record + 5;
	MUST(i2d_X509(server.cert, &at) > 0);
	MUST(kssl_ctx_set_verify_mode(ctx, KSSL_VERIFY_PEER));
	MUST(kssl_ctx_set_dane_enabled(ctx, 1));
	MUST(kssl_ctx_set_dane_tlsa(ctx, record, len + 2));
	check(meet_server(&shake, kssl_new(ctx), &server, ""));
	shake_free(&shake);
	expect_refusal(ctx, &user, "no matching DANE TLSA records");
	free(record);
	kssl_ctx_free(ctx);
}

/* --- tests: extensions ---------------------------------------------------- */

static void test_names(void)
{
	static const char protocols[] = "\2h2\10http/1.1";
	struct kssl_ctx *ctx = open_client();
	struct kssl_info *info;
	char options[256];
	struct shake shake;

	snprintf(options, sizeof(options),
		 "-servername test.example -cert2 %s -key2 %s -tlsextdebug",
		 server.cert_file, server.key_file);
	MUST(kssl_ctx_set_tlsext_host_name(ctx, "test.example"));
	MUST(kssl_ctx_set_alpn_protos(ctx, protocols, strlen(protocols)));
	check(meet_server(&shake, kssl_new(ctx), &server, options));
	check(said(&shake.peer, "Hostname in TLS extension: \"test.example\""));
	info = kssl_get_info(shake.s);
	check(info && !strcmp(info->sni, "test.example"));
	kssl_info_free(info);
	shake_free(&shake);
	check(meet_server(&shake, kssl_new(ctx), &server, "-alpn http/1.1"));
	check(said(&shake.peer, "ALPN protocols selected: http/1.1"));
	info = kssl_get_info(shake.s);
	check(info && info->alpn_len == 8 &&
	      !memcmp(info->alpn, "http/1.1", 8));
	kssl_info_free(info);
	shake_free(&shake);
	kssl_ctx_free(ctx);

	ctx = open_server();
	MUST(kssl_ctx_set_alpn_protos(ctx, protocols, strlen(protocols)));
	check(meet_client(&shake, kssl_new(ctx), "-alpn http/1.1,h2"));
	check(said(&shake.peer, "ALPN protocol: h2"));
	shake_free(&shake);
	check(!meet_client(&shake, kssl_new(ctx), "-alpn other"));
	check(said(&shake.peer, "no application protocol"));
	shake_free(&shake);
	check(meet_client(&shake, kssl_new(ctx), ""));
	check(said(&shake.peer, "No ALPN negotiated"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* Extension 4660, which is 0x1234. */
static void test_custom_extensions(void)
{
	static const unsigned char custom[] = {
		0, 0, 0x01, 0x80, 0x12, 0x34, 0, 2, 'a', 'b',
	};
	static const unsigned char taken[] = {
		0, 0, 0, 0x80, 0, 0x10, 0, 2, 'a', 'b',
	};
	struct kssl_ctx *ctx = open_client();
	struct shake shake;

	MUST(kssl_ctx_set_custom_extensions(ctx, custom, sizeof(custom)));
	check(meet_server(&shake, kssl_new(ctx), &server, "-msg"));
	check(showed(&shake.peer, "123400026162"));
	shake_free(&shake);
	/* Connections share an SSL_CTX, and one without the row has none. */
	MUST(kssl_ctx_set_custom_extensions(ctx, NULL, 0));
	check(meet_server(&shake, kssl_new(ctx), &server, "-msg"));
	check(!showed(&shake.peer, "123400026162"));
	shake_free(&shake);
	MUST(kssl_ctx_set_custom_extensions(ctx, taken, sizeof(taken)));
	check(!meet_server(&shake, kssl_new(ctx), &server, ""));
	check(strstr(shake.error, "extension 16"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* The client asks for it in the way of TLS 1.2 alone. */
static void test_serverinfo(void)
{
	static const char shown[] = "-----BEGIN SERVERINFO FOR EXTENSION 4660";
	static const unsigned char info[] = {
		0, 0, 0x01, 0x80, 0x12, 0x34, 0, 2, 'c', 'd',
	};
	struct kssl_ctx *ctx = open_server();
	struct shake shake;
	int v2;

	for (v2 = 0; v2 < 2; v2++) {
		if (v2)
			MUST(kssl_ctx_use_serverinfo(ctx, NULL, 0));
		MUST(v2 ? kssl_ctx_use_serverinfo_v2(ctx, info, sizeof(info)) :
		     kssl_ctx_use_serverinfo(ctx, info + 4, sizeof(info) - 4));
		check(meet_client(&shake, kssl_new(ctx),
				  "-tls1_2 -serverinfo 4660"));
		check(said(&shake.peer, shown));
		shake_free(&shake);
		check(meet_client(&shake, kssl_new(ctx), "-tls1_2"));
		check(!strstr(shake.peer.text, shown));
		shake_free(&shake);
		check(meet_client(&shake, kssl_new(ctx), "-serverinfo 4660"));
		check(!strstr(shake.peer.text, shown));
		shake_free(&shake);
	}
	kssl_ctx_free(ctx);
}

static void test_staple(void)
{
	/* What a client makes of it does not matter here. */
	static const unsigned char response[] = { 0x30, 3, 0x0a, 1, 6 };
	struct kssl_ctx *ctx = open_server();
	struct shake shake;

	check(meet_client(&shake, kssl_new(ctx), "-status"));
	check(said(&shake.peer, "OCSP response: no response sent"));
	shake_free(&shake);
	MUST(kssl_ctx_set_tlsext_status_ocsp_resp(ctx, KSSL_CERT_SLOT_ECC,
						  response, sizeof(response)));
	check(meet_client(&shake, kssl_new(ctx), "-status"));
	check(said(&shake.peer, "OCSP Response Status: unauthorized (0x6)"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* --- tests: algorithms ---------------------------------------------------- */

static void test_algorithms(void)
{
	static const uint16_t group = 0x0018, sigalg = 0x0403;
	struct kssl_ctx *ctx = open_client();
	struct shake shake;

	MUST(kssl_ctx_set_groups(ctx, &group, 1));
	MUST(kssl_ctx_set_sigalgs(ctx, &sigalg, 1));
	check(meet_server(&shake, kssl_new(ctx), &server, ""));
	check(said(&shake.peer, "Supported groups: secp384r1\n"));
	check(said(&shake.peer, "Signature Algorithms: ECDSA+SHA256\n"));
	shake_free(&shake);
	check(!meet_server(&shake, kssl_new(ctx), &server, "-groups X25519"));
	shake_free(&shake);
	kssl_ctx_free(ctx);

	/* P-256 has 128 bits, level 4 wants 192. */
	ctx = open_client();
	MUST(kssl_ctx_set_security_level(ctx, 4));
	check(!meet_server(&shake, kssl_new(ctx), &server, ""));
	shake_free(&shake);
	MUST(kssl_ctx_set_security_level(ctx, 3));
	check(meet_server(&shake, kssl_new(ctx), &server, ""));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

static int32_t add_psk(const char *payload)
{
	int32_t serial = syscall(SYS_add_key, "user", "psk", payload,
				 strlen(payload), KEY_SPEC_PROCESS_KEYRING);

	MUST(serial > 0);
	return serial;
}

/* "0123" is 30313233 to the command. */
static void test_psk(void)
{
	static const uint16_t suite = 0x1301;
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);
	struct shake shake;

	MUST(kssl_ctx_set_ciphersuites(ctx, &suite, 1));
	MUST(kssl_ctx_set_psk_key(ctx, add_psk("0123456789abcdef")));
	MUST(kssl_ctx_set_psk_identity(ctx, "me"));
	check(meet_client(&shake, kssl_new(ctx), "-tls1_3 -psk_identity me "
			  "-psk 30313233343536373839616263646566"));
	check(said(&shake.peer, "no peer certificate available"));
	shake_free(&shake);
	check(!meet_client(&shake, kssl_new(ctx), "-tls1_3 -psk_identity you "
			   "-psk 30313233343536373839616263646566"));
	shake_free(&shake);
	check(!meet_client(&shake, kssl_new(ctx), "-tls1_3 -psk_identity me "
			   "-psk 30"));
	shake_free(&shake);
	kssl_ctx_free(ctx);

	ctx = open_ctx(KSSL_METHOD_CLIENT);
	MUST(kssl_ctx_set_ciphersuites(ctx, &suite, 1));
	MUST(kssl_ctx_set_psk_key(ctx, add_psk("0123456789abcdef")));
	MUST(kssl_ctx_set_psk_identity(ctx, "me"));
	check(meet_server(&shake, kssl_new(ctx), &server,
			  "-nocert -psk_identity me "
			  "-psk 30313233343536373839616263646566"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* --- tests: sessions ------------------------------------------------------ */

/* Another process, which has nothing but the bytes of the session. */
static int resume_elsewhere(const struct shake *first, int port,
			    const unsigned char *session, size_t len)
{
	struct shake shake = { .peer = first->peer };
	struct kssl_info *info;
	int status = 1;
	pid_t pid = fork();

	MUST(pid >= 0);
	if (pid) {
		MUST(waitpid(pid, &status, 0) == pid);
		return !status;
	}
	client = kssl_client_new();
	MUST(client && (shake.s = kssl_new(open_client())));
	MUST(kssl_set_session(shake.s, session, len));
	if (!talk_to_server(&shake, port))
		_exit(1);
	info = kssl_get_info(shake.s);
	_exit(!info || !info->resumed);
}

static void test_resumption(void)
{
	static unsigned char session[KSSL_BLOB_MAX];
	struct kssl_ctx *ctx = open_client();
	struct shake shake = { 0 };
	ssize_t len;
	int port;

	MUST(kssl_ctx_set_max_proto_version(ctx, TLS1_2_VERSION));
	MUST(shake.s = kssl_new(ctx));
	port = start_server(&shake.peer, &server, 2, "-tls1_2");
	check(talk_to_server(&shake, port));
	len = kssl_get_session(shake.s, session, sizeof(session));
	check(len > 0);
	check(resume_elsewhere(&shake, port, session, len > 0 ? len : 0));
	finish_command(&shake.peer);
	check(said(&shake.peer, "Reused session-id"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* --- tests: openssl.cnf --------------------------------------------------- */

static const char conf[] =
	"openssl_conf = init\n"
	"[init]\nssl_conf = ssl\n"
	"[ssl]\nsystem_default = all\n"
	"[all]\nMinProtocol = TLSv1.3\n"
	"CipherString = ECDHE-ECDSA-CHACHA20-POLY1305:@SECLEVEL=4\n"
	"Options = NoExtendedMasterSecret\n";

/* In a process of its own, which has read that file. */
static int run_with_conf(void)
{
	struct kssl_ctx *ctx;
	struct shake shake;
	SSL_CTX *plain;
	SSL *ssl;
	int ok;

	MUST(plain = SSL_CTX_new(TLS_method()));
	/* The commands shall not read it. */
	unsetenv("OPENSSL_CONF");
	ok = SSL_CTX_get_min_proto_version(plain) == TLS1_3_VERSION &&
		SSL_CTX_get_security_level(plain) == 4;
	SSL_CTX_free(plain);
	make_identities();
	ctx = open_client();
	ok = ok && meet_server(&shake, kssl_new(ctx), &server, "-tls1_2") &&
		(ssl = kssl_openssl_ssl(shake.s)) &&
		SSL_get_security_level(ssl) == 2 &&
		!(SSL_get_options(ssl) & SSL_OP_NO_EXTENDED_MASTER_SECRET) &&
		strcmp(SSL_get_cipher_name(ssl),
		       "ECDHE-ECDSA-CHACHA20-POLY1305");
	return !ok;
}

static void test_conf(char *self)
{
	char path[64], words[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/openssl.cnf", dir);
	MUST(file = fopen(path, "w"));
	MUST(fputs(conf, file) >= 0 && !fclose(file));
	snprintf(words, sizeof(words), "env OPENSSL_CONF=%s %s conf", path,
		 self);
	check(!system(words));
}

int main(int argc, char *argv[])
{
	signal(SIGPIPE, SIG_IGN);
	client = kssl_client_new();
	if (!client) {
		printf("Bail out! %s\n", kssl_error_text());
		return 1;
	}
	if (argc > 1)
		return run_with_conf();
	make_identities();
	test_verify();
	test_mutual();
	test_dane();
	test_names();
	test_custom_extensions();
	test_serverinfo();
	test_staple();
	test_algorithms();
	test_psk();
	test_resumption();
	test_conf(argv[0]);
	kssl_client_free(client);
	return tap_done();
}
