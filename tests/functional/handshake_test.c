// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handshakes of kernel objects that have nothing but their rows, with the
 * commands of OpenSSL as peers: what they say they have seen counts.
 */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kssl/openssl.h>

#include "../lib/peer.h"
#include "../lib/tap.h"
#include "../lib/tls_pair.h"

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

/* --- tests: verification -------------------------------------------------- */

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

	use_host(ctx, "test.example");
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
	use_host(ctx, "other.example");
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
	use_ca_list(ctx, ca.cert);
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

/* "0123" is 30313233 to the command. */
static void test_psk(void)
{
	static const uint16_t suite = 0x1301;
	struct kssl_ctx *ctx = open_ctx(KSSL_METHOD_SERVER);
	struct shake shake;

	MUST(kssl_ctx_set_ciphersuites(ctx, &suite, 1));
	use_psk(ctx, "me", "0123456789abcdef");
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
	use_psk(ctx, "me", "0123456789abcdef");
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
