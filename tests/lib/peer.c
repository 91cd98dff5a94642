// SPDX-License-Identifier: LGPL-2.1-or-later
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <openssl/pem.h>

#include "peer.h"
#include "tls_pair.h"

#define ARGS_MAX	40
#define PATIENCE	60000	/* milliseconds for something to be said */

struct kssl_client *client;

/* --- certificates --------------------------------------------------------- */

char dir[] = "/tmp/kssl-peer-XXXXXX";

struct identity ca = { .slot = KSSL_CERT_SLOT_ECC };
struct identity server = { .slot = KSSL_CERT_SLOT_ECC };
struct identity expired = { .slot = KSSL_CERT_SLOT_ECC };
struct identity user = { .slot = KSSL_CERT_SLOT_ECC };

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

int32_t add_key(const char *name, const void *payload, size_t len)
{
	int32_t serial = syscall(SYS_add_key, "user", name, payload, len,
				 KEY_SPEC_PROCESS_KEYRING);

	MUST(serial > 0);
	return serial;
}

static void keep_key(struct identity *id, const char *cn)
{
	unsigned char *der = NULL;
	int len = i2d_PrivateKey(id->key, &der);

	MUST(len > 0);
	id->serial = add_key(cn, der, len);
	OPENSSL_free(der);
}

void make_identity(struct identity *id, const char *cn, long end)
{
	static int number;
	int is_ca = id == &ca;

	MUST(id->key = id->slot == KSSL_CERT_SLOT_RSA ? EVP_RSA_gen(2048) :
	     EVP_EC_gen("P-256"));
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
	keep_key(id, cn);
}

void make_identities(void)
{
	MUST(mkdtemp(dir));
	make_identity(&ca, "ca", DAY);
	make_identity(&server, "server", DAY);
	make_identity(&expired, "expired", -DAY);
	make_identity(&user, "user", DAY);
}

/* --- contexts ------------------------------------------------------------- */

void use_identity(struct kssl_ctx *ctx, const struct identity *id)
{
	struct kssl_settings *rows = kssl_settings_new();
	unsigned char *der = NULL;
	int len = i2d_X509(id->cert, &der);

	MUST(rows && len > 0);
	MUST(kssl_settings_certificate(rows, id->slot, der, len));
	MUST(kssl_settings_private_key(rows, id->slot, id->serial));
	MUST(kssl_ctx_set(ctx, rows));
	kssl_settings_free(rows);
	OPENSSL_free(der);
}

void use_trust(struct kssl_ctx *ctx, X509 *anchor)
{
	unsigned char *der = NULL;
	int len = i2d_X509(anchor, &der);

	MUST(len > 0);
	MUST(kssl_ctx_set_trust_anchors(ctx, der, len));
	OPENSSL_free(der);
}

void use_ca_list(struct kssl_ctx *ctx, X509 *issuer)
{
	unsigned char *der = NULL;
	int len = i2d_X509_NAME(X509_get_subject_name(issuer), &der);

	MUST(len > 0);
	MUST(kssl_ctx_set_client_ca_list(ctx, der, len));
	OPENSSL_free(der);
}

void use_host(struct kssl_ctx *ctx, const char *host)
{
	unsigned char name[KSSL_NAME_MAX + 1] = { strlen(host) };

	memcpy(name + 1, host, strlen(host));
	MUST(kssl_ctx_set_verify_hosts(ctx, name, 1 + strlen(host)));
}

void use_psk(struct kssl_ctx *ctx, const char *identity, const char *key)
{
	MUST(kssl_ctx_set_psk_key(ctx, add_key("psk", key, strlen(key))));
	MUST(kssl_ctx_set_psk_identity(ctx, identity));
}

struct kssl_ctx *open_ctx(enum kssl_method method)
{
	struct kssl_settings *rows = kssl_settings_new();
	struct kssl_ctx *ctx;

	MUST(rows && kssl_settings_method(rows, method));
	MUST(ctx = kssl_ctx_new_with(client, rows));
	kssl_settings_free(rows);
	return ctx;
}

struct kssl_ctx *open_client(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_CLIENT);

	MUST(kssl_ctx_set_verify_mode(ctx, KSSL_VERIFY_PEER));
	use_trust(ctx, ca.cert);
	return ctx;
}

struct kssl_ctx *open_server(void)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);

	use_identity(ctx, &server);
	return ctx;
}

/* --- processes ------------------------------------------------------------ */

void start_command(struct command *command, char *words)
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
		prctl(PR_SET_PDEATHSIG, SIGKILL);
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
	command->len = 0;
	command->text[0] = '\0';
}

/* Whether there was more. */
static int listen_to(struct command *command)
{
	ssize_t n = read(command->out, command->text + command->len,
			 TEXT_MAX - 1 - command->len);

	if (n <= 0)
		return 0;
	command->len += n;
	command->text[command->len] = '\0';
	return 1;
}

void end_input(struct command *command)
{
	if (command->in >= 0)
		close(command->in);
	command->in = -1;
}

void finish_command(struct command *command)
{
	while (listen_to(command))
		;
	end_input(command);
	close(command->out);
	MUST(waitpid(command->pid, NULL, 0) == command->pid);
}

void stop_command(struct command *command)
{
	kill(command->pid, SIGTERM);
	finish_command(command);
}

int said(const struct command *command, const char *text)
{
	if (strstr(command->text, text))
		return 1;
	printf("# the peer did not say \"%s\" but:\n", text);
	for (text = command->text; *text; text += strcspn(text, "\n"),
	     text += *text == '\n')
		printf("# %.*s\n", (int)strcspn(text, "\n"), text);
	return 0;
}

int says(struct command *command, const char *text)
{
	struct pollfd pollfd = { .fd = command->out, .events = POLLIN };

	while (!strstr(command->text, text) &&
	       poll(&pollfd, 1, PATIENCE) == 1 && listen_to(command))
		;
	return said(command, text);
}

/* --- handshakes ----------------------------------------------------------- */

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

int next_port(void)
{
	static int port = 21000;

	return ++port;
}

int listen_any(int *port)
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

int connect_server(int port)
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

int start_server(struct command *peer, const struct identity *id, int conns,
		 const char *options)
{
	int port = next_port();
	char words[1024];

	snprintf(words, sizeof(words),
		 "openssl s_server -accept 127.0.0.1:%d -cert %s -key %s "
		 "-naccept %d %s", port, id->cert_file, id->key_file, conns,
		 options);
	start_command(peer, words);
	return port;
}

void hands(struct shake *shake)
{
	shake->result = kssl_openssl_handshake(shake->s, shake->fd);
	shake->error[0] = '\0';
	if (shake->result != KSSL_OPENSSL_ATTACHED)
		snprintf(shake->error, sizeof(shake->error), "%s",
			 kssl_error_text());
}

int reads(struct shake *shake, const char *text)
{
	char buf[256];
	size_t len = 0;
	ssize_t n;

	while (len < strlen(text)) {
		n = kssl_openssl_read(shake->s, shake->fd, buf + len,
				      strlen(text) - len);
		if (n <= 0)
			return 0;
		len += n;
	}
	return !memcmp(buf, text, len);
}

int serve_client(struct shake *shake, struct kssl *s, int listener,
		 char *words)
{
	int ok;

	shake->s = s;
	MUST(s);
	start_command(&shake->peer, words);
	MUST((shake->fd = accept(listener, NULL, NULL)) >= 0);
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

int talk_to_server(struct shake *shake, int port)
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

int meet_server(struct shake *shake, struct kssl *s, const struct identity *id,
		const char *options)
{
	int ok;

	shake->s = s;
	MUST(s);
	ok = talk_to_server(shake, start_server(&shake->peer, id, 1, options));
	finish_command(&shake->peer);
	return ok && said(&shake->peer, "hello");
}

int meet_client(struct shake *shake, struct kssl *s, const char *options)
{
	char words[1024];
	int listener, port, ok;

	listener = listen_any(&port);
	snprintf(words, sizeof(words),
		 "openssl s_client -connect 127.0.0.1:%d -CAfile %s %s", port,
		 ca.cert_file, options);
	ok = serve_client(shake, s, listener, words);
	close(listener);
	return ok;
}

void shake_free(struct shake *shake)
{
	close(shake->fd);
	kssl_free(shake->s);
}
