/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel objects that have nothing but their rows, and other programs as their
 * peers: certificates, processes, and what these have said.
 */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <kssl/openssl.h>

#define TEXT_MAX	65536
#define DAY		(24 * 3600L)

/* The program makes it; all objects are its own. */
extern struct kssl_client *client;

/* --- certificates --------------------------------------------------------- */

struct identity {
	enum kssl_cert_slot slot;
	EVP_PKEY *key;
	X509 *cert;
	int32_t serial;		/* of the key in the keyring */
	char cert_file[64];
	char key_file[64];
};

/* The directory of all files, made by make_identities(). */
extern char dir[];

/* Of P-256, signed by @ca; all but @ca are for test.example. */
extern struct identity ca, server, expired, user;

void make_identities(void);

/* For the slot that it has, good for @end seconds from now on. */
void make_identity(struct identity *id, const char *cn, long end);

int32_t add_key(const char *name, const void *payload, size_t len);

/* --- contexts ------------------------------------------------------------- */

struct kssl_ctx *open_ctx(enum kssl_method method);

/* A client that verifies the server; a server with a certificate. */
struct kssl_ctx *open_client(void);
struct kssl_ctx *open_server(void);

void use_identity(struct kssl_ctx *ctx, const struct identity *id);
void use_trust(struct kssl_ctx *ctx, X509 *anchor);
void use_ca_list(struct kssl_ctx *ctx, X509 *issuer);
void use_host(struct kssl_ctx *ctx, const char *host);
void use_psk(struct kssl_ctx *ctx, const char *identity, const char *key);

/* --- processes ------------------------------------------------------------ */

/* Another program, and all that it has said up to now. */
struct command {
	pid_t pid;
	int in;
	int out;
	size_t len;
	char text[TEXT_MAX];
};

/* @words are separated by blanks. It ends with this process at the latest. */
void start_command(struct command *command, char *words);

/* Close its standard input. */
void end_input(struct command *command);

/* Wait for its end, which stop_command() asks it for. */
void finish_command(struct command *command);
void stop_command(struct command *command);

/* Whether it has said @text, or does before it ends; if not, show what it did.
 */
int said(const struct command *command, const char *text);
int says(struct command *command, const char *text);

/* --- handshakes ----------------------------------------------------------- */

struct shake {
	struct kssl *s;
	int fd;
	enum kssl_openssl_result result;
	struct command peer;
	char error[256];	/* of a handshake that failed */
};

/* A port that no earlier call gave. */
int next_port(void);
int listen_any(int *port);

/* Waits until somebody listens. */
int connect_server(int port);

/* s_server, for @conns connections; returns its port. */
int start_server(struct command *peer, const struct identity *id, int conns,
		 const char *options);

/* The handshake of s on fd, which blocks. */
void hands(struct shake *shake);

/* Whether what the peer sends is @text. */
int reads(struct shake *shake, const char *text);

/*
 * The server's end of a connection with the client that @words start, which
 * sends what it reads. Takes the reference on @s.
 */
int serve_client(struct shake *shake, struct kssl *s, int listener,
		 char *words);

/*
 * Whether both ends are content with what they send each other. The first
 * connects to @port; the others start s_server or s_client, and take the
 * reference on @s.
 */
int talk_to_server(struct shake *shake, int port);
int meet_server(struct shake *shake, struct kssl *s, const struct identity *id,
		const char *options);
int meet_client(struct shake *shake, struct kssl *s, const char *options);

void shake_free(struct shake *shake);

#endif /* PEER_H */
