// SPDX-License-Identifier: GPL-2.0-only
/*
 * setsockopt() for the kernel's selftest of net/tls: the first key of each
 * direction is installed through kssl, and so is the ULP. What kssl has no
 * words for goes to net/tls as it is: what is no key, another ULP, the next
 * key of a direction.
 *
 * KSSL_SELFTEST_LOG names a file that grows by a byte for each key.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kssl/kssl.h>

#define SOL_TLS		282
#define SOCKETS_MAX	64
#define SEQ_SIZE	8

/* The linker's --wrap=setsockopt names them so. */
int __wrap_setsockopt(int fd, int level, int option, const void *value,
		      socklen_t len);
int __real_setsockopt(int fd, int level, int option, const void *value,
		      socklen_t len);

/* The order in linux/tls.h is header, iv, key, salt, sequence. */
static const struct cipher {
	uint16_t version;
	uint16_t type;
	uint16_t suite;
	uint8_t iv;
	uint8_t key;
	uint8_t salt;
} ciphers[] = {
	{ 0x0303, 51, 0xc02f, 8, 16, 4 },
	{ 0x0303, 52, 0xc030, 8, 32, 4 },
	{ 0x0303, 53, 0xc0ac, 8, 16, 4 },
	{ 0x0303, 54, 0xcca8, 12, 32, 0 },
	{ 0x0303, 57, 0xc060, 8, 16, 4 },
	{ 0x0303, 58, 0xc061, 8, 32, 4 },
	{ 0x0304, 51, 0x1301, 8, 16, 4 },
	{ 0x0304, 52, 0x1302, 8, 32, 4 },
	{ 0x0304, 53, 0x1304, 8, 16, 4 },
	{ 0x0304, 54, 0x1303, 12, 32, 0 },
	{ 0x0304, 55, 0x00c6, 8, 16, 4 },
	{ 0x0304, 56, 0x00c7, 8, 16, 4 },
};

#define N_CIPHERS	(sizeof(ciphers) / sizeof(ciphers[0]))

/* Each test has its own process, and a client belongs to one. */
static struct {
	pid_t pid;
	struct kssl_ctx *ctx;
	int n;
	struct {
		uint64_t cookie;
		struct kssl *s;
	} socks[SOCKETS_MAX];
} own;

static void give_up(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, kssl_error_text());
	abort();
}

static struct kssl_settings *all_suites(void)
{
	struct kssl_settings *set = kssl_settings_new();
	uint16_t old[N_CIPHERS], new[N_CIPHERS];
	size_t i, n_old = 0, n_new = 0;

	for (i = 0; i < N_CIPHERS; i++)
		if (ciphers[i].version == 0x0303)
			old[n_old++] = ciphers[i].suite;
		else
			new[n_new++] = ciphers[i].suite;
	if (!set || !kssl_settings_cipher_list(set, old, n_old) ||
	    !kssl_settings_ciphersuites(set, new, n_new))
		give_up("settings");
	return set;
}

static void enter_process(void)
{
	struct kssl_settings *set;
	struct kssl_client *client;

	if (own.pid == getpid())
		return;
	own.pid = getpid();
	own.n = 0;
	set = all_suites();
	client = kssl_client_new();
	own.ctx = client ? kssl_ctx_new_with(client, set) : NULL;
	if (!own.ctx)
		give_up("context");
	kssl_settings_free(set);
}

static struct kssl *make_conn(void)
{
	struct kssl_settings *set = kssl_settings_new();
	struct kssl *s;

	if (!set || !kssl_settings_role(set, KSSL_ROLE_CLIENT))
		give_up("role");
	s = kssl_new_with(own.ctx, set);
	if (!s)
		give_up("connection");
	kssl_settings_free(set);
	return s;
}

/* The connection of a socket, whatever its descriptor is by now. */
static struct kssl *conn_of(int fd)
{
	socklen_t len = sizeof(uint64_t);
	uint64_t cookie;
	int i;

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len))
		return NULL;
	enter_process();
	for (i = 0; i < own.n; i++)
		if (own.socks[i].cookie == cookie)
			return own.socks[i].s;
	if (own.n == SOCKETS_MAX)
		return NULL;
	own.socks[own.n].cookie = cookie;
	own.socks[own.n].s = make_conn();
	return own.socks[own.n++].s;
}

static int has_ulp(int fd)
{
	char name[16];
	socklen_t len = sizeof(name);

	return !getsockopt(fd, SOL_TCP, TCP_ULP, name, &len) && len;
}

static int has_key(int fd, int direction)
{
	struct tls_crypto_info info;
	socklen_t len = sizeof(info);

	return !getsockopt(fd, SOL_TLS, direction, &info, &len);
}

static const struct cipher *find_cipher(const void *value, socklen_t len)
{
	const struct tls_crypto_info *info = value;
	size_t i;

	if (!value || len < sizeof(*info))
		return NULL;
	for (i = 0; i < N_CIPHERS; i++)
		if (ciphers[i].version == info->version &&
		    ciphers[i].type == info->cipher_type)
			return len == sizeof(*info) + ciphers[i].iv +
				ciphers[i].key + ciphers[i].salt + SEQ_SIZE ?
				&ciphers[i] : NULL;
	return NULL;
}

static void note_key(void)
{
	const char *name = getenv("KSSL_SELFTEST_LOG");
	int fd = name ? open(name, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;

	if (fd < 0)
		return;
	if (write(fd, ".", 1) != 1)
		give_up("log");
	close(fd);
}

static int result(int ok)
{
	if (ok)
		return 0;
	errno = kssl_errno();
	return -1;
}

static void read_crypto(const struct cipher *cipher, const void *value,
			struct kssl_crypto *crypto)
{
	const uint8_t *at = (const uint8_t *)value +
		sizeof(struct tls_crypto_info);
	int i;

	crypto->iv = at;
	crypto->iv_len = cipher->iv;
	at += cipher->iv;
	crypto->key = at;
	crypto->key_len = cipher->key;
	at += cipher->key;
	crypto->salt = at;
	crypto->salt_len = cipher->salt;
	at += cipher->salt;
	for (i = 0; i < SEQ_SIZE; i++)
		crypto->rec_seq = crypto->rec_seq << 8 | at[i];
}

static int attach(int fd, struct kssl *s, int direction,
		  const struct cipher *cipher, const void *value)
{
	struct kssl_attach attach = {
		.size = sizeof(attach),
		.fd = fd,
		.version = cipher->version,
		.suite = cipher->suite,
		.verify_result = -1,
		.keep_key = 1,
	};

	read_crypto(cipher, value,
		    direction == TLS_TX ? &attach.tx : &attach.rx);
	note_key();
	return result(kssl_attach(s, &attach));
}

int __wrap_setsockopt(int fd, int level, int option, const void *value,
		      socklen_t len)
{
	const struct cipher *cipher;
	struct kssl *s;

	if (level == SOL_TCP && option == TCP_ULP && value && len >= 3 &&
	    !memcmp(value, "tls", 3) && !has_ulp(fd)) {
		s = conn_of(fd);
		if (s)
			return result(kssl_begin(s, fd));
	}
	if (level == SOL_TLS && (option == TLS_TX || option == TLS_RX) &&
	    has_ulp(fd) && !has_key(fd, option)) {
		cipher = find_cipher(value, len);
		s = cipher ? conn_of(fd) : NULL;
		if (s)
			return attach(fd, s, option, cipher, value);
	}
	return __real_setsockopt(fd, level, option, value, len);
}
