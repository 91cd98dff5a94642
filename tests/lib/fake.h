/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel made of canned replies, behind libkssl's transport. It keeps counts
 * as the module does, so that a test can see what the library left in it.
 */
#ifndef FAKE_H
#define FAKE_H

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "internal.h"

#define FAKE_FAMILY	0x1234
#define FAKE_GROUP	77
#define FAKE_IDS	512
#define FAKE_SEND_MAX	(4 << 20)	/* all rows at their longest */

/* One datagram on its way to the library, or an errno instead. */
struct fake_datagram {
	struct fake_datagram *next;
	int err;
	size_t len;
	uint64_t data[];
};

struct fake {
	struct fake_datagram *head;
	struct fake_datagram **tail;

	/* Objects: references by id, contexts and connections apart. */
	unsigned int ctx_refs[FAKE_IDS];
	unsigned int conn_refs[FAKE_IDS];
	uint32_t next_id;
	uint32_t state;		/* of every connection, in replies */
	uint32_t ctx_rights;	/* on every context, in replies */

	/* What the library did. */
	unsigned int sends;
	unsigned int requests;
	unsigned int with_ack;	/* requests that had NLM_F_ACK */
	unsigned int hung;	/* waits for what never comes */
	uint32_t joined;
	int closed;
	size_t last_len;
	uint64_t last[FAKE_SEND_MAX / 8];	/* the latest send */

	/* What it shall meet. */
	int send_err;
	int fd;			/* what the transport says it has */
	unsigned int refuse_at;	/* requests from this one on fail, 0: none */
	int refuse_err;
	/* Answers in place of the fake if it returns other than 0. */
	int (*answer)(struct fake *fake, const struct nlmsghdr *req);
};

extern const struct kssl_transport fake_transport;

void fake_init(struct fake *fake);
void fake_drain(struct fake *fake);

/* A client on @fake, which the caller frees after the client. */
struct kssl_client *fake_client(struct fake *fake);

/* Queue a datagram, or an errno for the recv. */
void fake_queue(struct fake *fake, const void *data, size_t len);
void fake_queue_errno(struct fake *fake, int err);

/* Start a message in @buf that answers @req. */
struct nlmsghdr *fake_reply(void *buf, const struct nlmsghdr *req, uint8_t cmd);

/* Queue an NLMSG_ERROR for @req; @text NULL and @off 0: without. */
void fake_refuse(struct fake *fake, const struct nlmsghdr *req, int err,
		 const char *text, uint32_t off);

/* Queue the end of the dump @req, with the errno @err and @text unless 0. */
void fake_queue_done(struct fake *fake, const struct nlmsghdr *req, int err,
		     const char *text);

uint8_t fake_cmd(const struct nlmsghdr *req);
const struct nlattr *fake_attr(const struct nlmsghdr *req, uint16_t type);

/* Put what a reply of that kind has. */
void fake_put_conn(struct nlmsghdr *nlh, const struct fake *fake, uint32_t id);
void fake_put_ctx(struct nlmsghdr *nlh, const struct fake *fake, uint32_t id);

/* kssl_cached_info(), but for what it points to. */
struct kssl_info fake_cached(struct kssl *s);

#endif /* FAKE_H */
