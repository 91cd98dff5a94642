/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdint.h>

#include <kssl/kssl.h>

/*
 * How a server's connections get from one generation of it to the next.
 *
 * The context has the row keep, so it holds the connections and these hold
 * their sockets. Somebody has to hold the context meanwhile: the service
 * manager does, by a file descriptor, or the next generation, which has found
 * it by its label. What only the program knows is in ex_data of each
 * connection, written once for each response, before the request is consumed.
 * Where in the response the connection is, the kernel knows.
 */

/* A response, so that the next generation can go on with it. */
struct response {
	uint32_t version;	/* of this struct: RESPONSE_VERSION */
	uint16_t status;
	uint8_t keep_alive;
	uint8_t has_body;
	int64_t request_end;	/* bytes received, with its request */
	int64_t start;		/* bytes sent before it */
	int64_t size;		/* of the body */
	/* What the body is from. */
	uint64_t dev, ino;
	int64_t mtime_sec, mtime_nsec;
	char path[1024];
};

#define RESPONSE_VERSION	1

enum handover {
	HANDOVER_NONE,
	HANDOVER_STORE,		/* the service manager's store */
	HANDOVER_SHARE,		/* from process to process of one user */
};

/*
 * handover_error - why one of the others has failed
 * handover_ctx - the context of the generation before, or a new one, with the
 *	row keep, held for the next generation; NULL with handover_error(), also
 *	if there is one before that cannot be had, or nobody to hold it
 * handover_alone - wait until no other process has the context; returns 1, or 0
 *	if one has it after a minute still
 * handover_ended - has libkssl's last call on a connection failed because that
 *	has ended? Then it is no failure: they may at any time
 *
 * response_save - have @response kept with the connection, 1 or 0
 * response_load - 1, 0 if the connection had none, -1 if there is one that this
 *	program does not understand
 */
const char *handover_error(void);
struct kssl_ctx *handover_ctx(struct kssl_client *client, enum handover how,
			      const char *label);
int handover_alone(struct kssl_ctx *ctx);
int handover_ended(void);

int response_save(struct kssl *s, const struct response *response);
int response_load(struct kssl *s, struct response *response);

#endif /* HANDOVER_H */
