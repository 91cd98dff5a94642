// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Private keys that nobody can read: the kernel signs with them, and OpenSSL's
 * commands verify that.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/keyctl.h>

#include <kssl/openssl.h>

#include "../lib/peer.h"
#include "../lib/tap.h"
#include "../lib/tls_pair.h"

/* Of include/linux/key.h: what who does not possess a key but owns it may. */
#define KEY_POS_ALL	0x3f000000
#define KEY_USR_SEARCH	0x00080000

static struct identity rsa = { .slot = KSSL_CERT_SLOT_RSA };
static struct identity other = { .slot = KSSL_CERT_SLOT_RSA };

/* --- keys ----------------------------------------------------------------- */

/* One of the same name would take the place of the key before. */
static int32_t add_asymmetric(const void *der, size_t len)
{
	static int number;
	char name[16];

	snprintf(name, sizeof(name), "kssl%d", ++number);
	return syscall(SYS_add_key, "asymmetric", name, der, len,
		       KEY_SPEC_PROCESS_KEYRING);
}

static int32_t add_private(EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int32_t serial;
	int len;

	MUST(info && (len = i2d_PKCS8_PRIV_KEY_INFO(info, &der)) > 0);
	serial = add_asymmetric(der, len);
	PKCS8_PRIV_KEY_INFO_free(info);
	OPENSSL_free(der);
	return serial;
}

static int32_t add_public(X509 *cert)
{
	unsigned char *der = NULL;
	int32_t serial;
	int len;

	MUST((len = i2d_X509(cert, &der)) > 0);
	MUST((serial = add_asymmetric(der, len)) > 0);
	OPENSSL_free(der);
	return serial;
}

static long payload_size(int32_t serial)
{
	return syscall(SYS_keyctl, KEYCTL_READ, serial, NULL, 0L);
}

static void restrict_to(int32_t serial, uint32_t user)
{
	MUST(!syscall(SYS_keyctl, KEYCTL_SETPERM, serial, KEY_POS_ALL | user));
}

/* From here on the process is the key's owner and nothing more. */
static void dispossess(int32_t serial)
{
	MUST(!syscall(SYS_keyctl, KEYCTL_UNLINK, serial,
		      KEY_SPEC_PROCESS_KEYRING));
}

static void revoke_key(int32_t serial)
{
	MUST(!syscall(SYS_keyctl, KEYCTL_REVOKE, serial));
}

/* The certificate of @id and the key @serial. */
static struct kssl_ctx *open_with(const struct identity *id, int32_t serial)
{
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);
	struct identity copy = *id;

	copy.serial = serial;
	use_identity(ctx, &copy);
	return ctx;
}

/* --- signatures ----------------------------------------------------------- */

static const struct scheme {
	const char *version;
	const char *name;
	const char *digest;
	const char *type;
} schemes[] = {
	{ "-tls1_3", "rsa_pss_rsae_sha256", "SHA256", "RSA-PSS" },
	{ "-tls1_3", "rsa_pss_rsae_sha384", "SHA384", "RSA-PSS" },
	{ "-tls1_3", "rsa_pss_rsae_sha512", "SHA512", "RSA-PSS" },
	{ "-tls1_2", "rsa_pss_rsae_sha256", "SHA256", "RSA-PSS" },
	{ "-tls1_2", "RSA+SHA256", "SHA256", "RSA" },
	{ "-tls1_2", "RSA+SHA384", "SHA384", "RSA" },
	{ "-tls1_2", "RSA+SHA512", "SHA512", "RSA" },
};

#define SCHEMES	(sizeof(schemes) / sizeof(schemes[0]))

static int verified(const struct command *peer, const struct scheme *scheme)
{
	char digest[64], type[64];

	snprintf(digest, sizeof(digest), "Peer signing digest: %s\n",
		 scheme->digest);
	snprintf(type, sizeof(type), "Peer signature type: %s\n", scheme->type);
	return said(peer, digest) && said(peer, type);
}

static void check_server(const struct scheme *scheme)
{
	struct kssl_ctx *ctx = open_with(&rsa, rsa.serial);
	char options[128];
	struct shake shake;

	snprintf(options, sizeof(options),
		 "-verify_return_error %s -sigalgs %s:ECDSA+SHA256",
		 scheme->version, scheme->name);
	check_that(meet_client(&shake, kssl_new(ctx), options) &&
		   said(&shake.peer, "Verification: OK") &&
		   verified(&shake.peer, scheme), "server: %s %s %s",
		   scheme->version, scheme->name, shake.error);
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

static void check_client(const struct scheme *scheme)
{
	struct kssl_ctx *ctx = open_client();
	char options[256];
	struct shake shake;

	use_identity(ctx, &rsa);
	snprintf(options, sizeof(options), "-Verify 1 -verify_return_error "
		 "-CAfile %s %s -client_sigalgs %s:ECDSA+SHA256", ca.cert_file,
		 scheme->version, scheme->name);
	check_that(meet_server(&shake, kssl_new(ctx), &server, options) &&
		   said(&shake.peer, "CN = rsa") &&
		   verified(&shake.peer, scheme), "client: %s %s %s",
		   scheme->version, scheme->name, shake.error);
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

static void test_signatures(void)
{
	size_t i;

	check(payload_size(rsa.serial) < 0 && errno == EOPNOTSUPP);
	for (i = 0; i < SCHEMES; i++) {
		check_server(&schemes[i]);
		check_client(&schemes[i]);
	}
}

/* This end's choice, where the peer takes everything. */
static void test_row(void)
{
	static const struct scheme pkcs1 = {
		.digest = "SHA384", .type = "RSA",
	};
	static const uint16_t sigalg = 0x0501;
	struct kssl_ctx *ctx = open_with(&rsa, rsa.serial);
	struct shake shake;

	MUST(kssl_ctx_set_sigalgs(ctx, &sigalg, 1));
	check(meet_client(&shake, kssl_new(ctx), "-tls1_2"));
	check(verified(&shake.peer, &pkcs1));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* Leave to search for a key is all that it takes to use it. */
static void test_search_only(void)
{
	int32_t serial = add_private(rsa.key);
	struct kssl_ctx *ctx;
	struct shake shake;
	char text[256];

	restrict_to(serial, KEY_USR_SEARCH);
	ctx = open_with(&rsa, serial);
	dispossess(serial);
	check(syscall(SYS_keyctl, KEYCTL_DESCRIBE, serial, text,
		      sizeof(text)) < 0 && errno == EACCES);
	check(meet_client(&shake, kssl_new(ctx), ""));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* Suites whose key exchange decrypts are not for such a key. */
static void test_decryption(void)
{
	struct kssl_ctx *ctx = open_with(&rsa, rsa.serial);
	struct shake shake;

	check(!meet_client(&shake, kssl_new(ctx),
			   "-tls1_2 -cipher AES128-GCM-SHA256"));
	check_that(shake.result == KSSL_OPENSSL_ERROR, "key exchange: %s",
		   shake.error);
	shake_free(&shake);
	check(meet_client(&shake, kssl_new(ctx), "-tls1_2"));
	shake_free(&shake);
	kssl_ctx_free(ctx);
}

/* --- refusals ------------------------------------------------------------- */

/* At once, with @text as all of the reason, and the peer is sent nothing. */
static void expect_refusal(struct kssl_ctx *ctx, int err, const char *text)
{
	struct shake shake = { .s = kssl_new(ctx) };
	int listener, port, fd;
	char byte;

	MUST(shake.s);
	listener = listen_any(&port);
	fd = connect_server(port);
	MUST((shake.fd = accept(listener, NULL, NULL)) >= 0);
	close(listener);
	tls_nonblocking(shake.fd, 1);
	hands(&shake);
	check_that(shake.result == KSSL_OPENSSL_ERROR && kssl_errno() == err &&
		   !strcmp(shake.error, text), "refused: %s", shake.error);
	shutdown(shake.fd, SHUT_RDWR);
	check(!read(fd, &byte, 1));
	shake_free(&shake);
	close(fd);
	kssl_ctx_free(ctx);
}

static void test_wrong_keys(void)
{
	expect_refusal(open_with(&server, rsa.serial), EOPNOTSUPP,
		       "private-key: only RSA keys can sign through the keyring");
	expect_refusal(open_with(&server, add_public(server.cert)), EOPNOTSUPP,
		       "private-key: only RSA keys can sign through the keyring");
	expect_refusal(open_with(&rsa, add_public(rsa.cert)), EINVAL,
		       "private-key: the key is a public one");
	expect_refusal(open_with(&other, rsa.serial), EINVAL,
		       "private-key: not that of the certificate");
}

/* Keys that would have to be read. */
static struct kssl_ctx *open_unreadable(const struct identity *id)
{
	struct kssl_ctx *ctx;

	restrict_to(id->serial, KEY_USR_SEARCH);
	ctx = open_with(id, id->serial);
	dispossess(id->serial);
	return ctx;
}

static void test_unreadable(void)
{
	expect_refusal(open_unreadable(&other), EACCES,
		       "private-key: no permission to read the key");
	expect_refusal(open_unreadable(&user), EACCES,
		       "private-key: no permission to read the key, and only "
		       "RSA keys can sign through the keyring");
}

static void test_revoked(void)
{
	int32_t serial = add_private(rsa.key);
	struct kssl_ctx *ctx = open_with(&rsa, serial);

	/* The kernel is the first to see it. */
	revoke_key(serial);
	expect_refusal(ctx, EKEYREVOKED, "the key is revoked");
	check(strstr(kssl_error_attr(), "private-key-rsa"));
}

/* A client in a process of its own, on @fd. */
static pid_t start_client(int fd, int version)
{
	pid_t pid = fork();
	SSL *ssl;

	MUST(pid >= 0);
	if (pid)
		return pid;
	ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
	SSL_set_max_proto_version(ssl, version);
	SSL_set_fd(ssl, fd);
	_exit(SSL_connect(ssl) == 1);
}

/* The key is good when the handshake begins, but not when it has to sign. */
static void test_revoked_later(int version)
{
	int32_t serial = add_private(rsa.key);
	struct kssl_ctx *ctx = open_with(&rsa, serial);
	struct shake shake = { .s = kssl_new(ctx) };
	int listener, port, fd, status;
	pid_t pid;

	MUST(shake.s);
	listener = listen_any(&port);
	fd = connect_server(port);
	MUST((shake.fd = accept(listener, NULL, NULL)) >= 0);
	tls_nonblocking(shake.fd, 1);
	hands(&shake);
	check(shake.result == KSSL_OPENSSL_WANT_READ);
	revoke_key(serial);
	pid = start_client(fd, version);
	tls_nonblocking(shake.fd, 0);
	hands(&shake);
	check_that(shake.result == KSSL_OPENSSL_ERROR &&
		   kssl_errno() == EKEYREVOKED &&
		   !strcmp(shake.error, "private-key: the key is revoked"),
		   "revoked, %s: %s", tls_version_name(version), shake.error);
	close(fd);
	shake_free(&shake);
	MUST(waitpid(pid, &status, 0) == pid);
	check(!status);
	close(listener);
	kssl_ctx_free(ctx);
}

static void run(void)
{
	make_identities();
	make_identity(&rsa, "rsa", DAY);
	make_identity(&other, "other", DAY);
	/* The kernel does not load it by itself, and some have it built in. */
	if (system("modprobe -q pkcs8_key_parser"))
		printf("# no module pkcs8_key_parser\n");
	rsa.serial = add_private(rsa.key);
	if (rsa.serial < 0) {
		MUST(errno == EBADMSG || errno == ENODEV || errno == ENOPKG);
		tap_skip("keys that only sign", "no PKCS 8 in keyrings");
		return;
	}
	test_signatures();
	test_row();
	test_search_only();
	test_decryption();
	test_wrong_keys();
	test_unreadable();
	test_revoked();
	test_revoked_later(TLS1_2_VERSION);
	test_revoked_later(TLS1_3_VERSION);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	client = kssl_client_new();
	if (!client) {
		printf("Bail out! %s\n", kssl_error_text());
		return 1;
	}
	run();
	kssl_client_free(client);
	return tap_done();
}
