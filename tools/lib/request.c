// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests: built one after the other in the client's buffer, sent together,
 * and answered one message each. No request asks for an ack; the answer is
 * either the operation's reply or an NLMSG_ERROR.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

#define REQ_MIN_SIZE	4096
#define ATTR_MAX_LEN	(UINT16_MAX - NLA_HDRLEN)

/* Keeps the first thing that went wrong. */
static void fail(struct kssl_request *req, int err)
{
	if (!req->err)
		req->err = err;
}

void kssl_req_refuse(struct kssl_client *client, int err, const char *text,
		     uint16_t type, uint16_t nested)
{
	struct kssl_request *req = &client->req;

	if (req->err)
		return;
	req->err = err;
	req->err_text = text;
	req->err_type = type;
	req->err_nested = nested;
}

static struct nlmsghdr *current(struct kssl_client *client)
{
	return (struct nlmsghdr *)(client->req.buf + client->req.last);
}

/* realloc() could leave a copy of a key behind. */
static int grow(struct kssl_request *req, size_t size)
{
	unsigned char *buf = malloc(size);

	if (!buf)
		return 0;
	if (req->buf) {
		memcpy(buf, req->buf, req->len);
		explicit_bzero(req->buf, req->size);
		free(req->buf);
	}
	req->buf = buf;
	req->size = size;
	return 1;
}

/* Make room for @len more bytes of the message, the padding included. */
static int room(struct kssl_request *req, size_t len)
{
	size_t size = req->size ? req->size : REQ_MIN_SIZE;

	if (req->err)
		return 0;
	while (size - req->len < len)
		size *= 2;
	if (size != req->size && !grow(req, size)) {
		fail(req, ENOMEM);
		return 0;
	}
	return 1;
}

void kssl_req_begin_family(struct kssl_client *client, uint16_t family,
			   uint8_t cmd, uint8_t version)
{
	struct kssl_request *req = &client->req;
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;

	if (!room(req, NLMSG_HDRLEN + GENL_HDRLEN))
		return;
	if (!req->n)
		req->first_seq = client->seq;
	req->n++;
	req->last = req->len;
	nlh = mnl_nlmsg_put_header(req->buf + req->last);
	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = client->seq++;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	req->len = req->last + nlh->nlmsg_len;
}

void kssl_req_begin(struct kssl_client *client, uint8_t cmd)
{
	kssl_req_begin_family(client, client->family, cmd,
			      KSSL_FAMILY_VERSION);
}

void kssl_req_put(struct kssl_client *client, uint16_t type, const void *data,
		  size_t len)
{
	struct kssl_request *req = &client->req;

	if (len > ATTR_MAX_LEN) {
		fail(req, EMSGSIZE);
		return;
	}
	if (!room(req, NLA_HDRLEN + NLA_ALIGN(len)))
		return;
	mnl_attr_put(current(client), type, len, len ? data : "");
	req->len = req->last + current(client)->nlmsg_len;
}

void kssl_req_u16(struct kssl_client *client, uint16_t type, uint16_t value)
{
	kssl_req_put(client, type, &value, sizeof(value));
}

void kssl_req_u32(struct kssl_client *client, uint16_t type, uint32_t value)
{
	kssl_req_put(client, type, &value, sizeof(value));
}

void kssl_req_u64(struct kssl_client *client, uint16_t type, uint64_t value)
{
	kssl_req_put(client, type, &value, sizeof(value));
}

void kssl_req_str(struct kssl_client *client, uint16_t type, const char *value)
{
	kssl_req_put(client, type, value, strlen(value) + 1);
}

size_t kssl_req_nest(struct kssl_client *client, uint16_t type)
{
	size_t start = client->req.len;

	kssl_req_put(client, type | NLA_F_NESTED, NULL, 0);
	return start;
}

void kssl_req_nest_end(struct kssl_client *client, size_t nest)
{
	struct kssl_request *req = &client->req;

	if (req->err)
		return;
	if (req->len - nest > UINT16_MAX) {
		fail(req, EMSGSIZE);
		return;
	}
	((struct nlattr *)(req->buf + nest))->nla_len = req->len - nest;
}

static const struct nlmsghdr *request_at(const struct kssl_request *req,
					 unsigned int i)
{
	const unsigned char *pos = req->buf;

	while (i--)
		pos += ((const struct nlmsghdr *)pos)->nlmsg_len;
	return (const struct nlmsghdr *)pos;
}

static void reset(struct kssl_request *req)
{
	if (req->len)
		explicit_bzero(req->buf, req->len);
	req->len = 0;
	req->last = 0;
	req->n = 0;
	req->err = 0;
	req->err_text = NULL;
}

static int send_built(struct kssl_client *client)
{
	struct kssl_request *req = &client->req;
	int err = req->err;

	if (req->err_text)
		return kssl_set_result(err, req->err_text, req->err_type,
				       req->err_nested);
	kssl_callbacks_make_room(client);
	if (!err)
		err = -client->transport->send(client->priv, req->buf,
					       req->len);
	if (err == EMSGSIZE)
		return kssl_set_error(err, "a request of %zu bytes is more than a socket may send, see net.core.wmem_max",
				      req->len);
	return err ? kssl_set_errno(err) : 1;
}

static int take_answer(struct kssl_client *client, const struct nlmsghdr *nlh,
		       unsigned int i, kssl_reply_fn *fn, void *arg)
{
	const struct nlmsgerr *err;

	if (nlh->nlmsg_type == request_at(&client->req, i)->nlmsg_type)
		return fn ? fn(nlh, i, arg) : 1;
	err = mnl_nlmsg_get_payload(nlh);
	if (nlh->nlmsg_type == NLMSG_ERROR &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(*err) && err->error < 0)
		return kssl_set_extack(nlh, request_at(&client->req, i));
	return kssl_set_error(EPROTO, "unexpected answer of type %u",
			      nlh->nlmsg_type);
}

/* What is known of the requests of one send. */
struct answers {
	uint64_t waiting;	/* bit i: request i has no answer yet */
	int flags;		/* of the next recv */
	int ok;
};

/* A request's error must not hide the one of a request before it. */
static void take_first(struct kssl_client *client, const struct nlmsghdr *nlh,
		       struct answers *answers, kssl_reply_fn *fn, void *arg)
{
	unsigned int i = nlh->nlmsg_seq - client->req.first_seq;
	struct kssl_error_save save;

	if (kssl_callbacks_take(client, nlh))
		return;
	if (i >= client->req.n || !(answers->waiting >> i & 1))
		return;
	answers->waiting &= ~((uint64_t)1 << i);
	if (answers->ok) {
		answers->ok = take_answer(client, nlh, i, fn, arg);
		return;
	}
	kssl_error_save(&save);
	take_answer(client, nlh, i, fn, arg);
	kssl_error_restore(&save);
}

/*
 * One datagram into the buffer; its length or, with the error set, -1.
 *
 * What did not fit into the socket may have been an event, so the answers are
 * looked for all the same. They were sent before the send returned: one that
 * is not in the socket by now is lost, and not to be waited for.
 */
static int recv_datagram(struct kssl_client *client, int *flags)
{
	ssize_t len;

	do {
		len = client->transport->recv(client->priv, client->recv_buf,
					      KSSL_RECV_SIZE, *flags);
		if (len == -ENOBUFS) {
			kssl_callbacks_lose(client);
			*flags = MSG_DONTWAIT;
		}
	} while (len == -ENOBUFS);

	if (len >= 0)
		return len;
	if (len == -EAGAIN && *flags)
		kssl_set_error(ENOBUFS, "an answer did not fit into the socket");
	else
		kssl_set_errno(-len);
	return -1;
}

static int recv_answers(struct kssl_client *client, struct answers *answers,
			kssl_reply_fn *fn, void *arg)
{
	const struct nlmsghdr *nlh = (void *)client->recv_buf;
	int len = recv_datagram(client, &answers->flags);

	if (len < 0)
		return 0;
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		take_first(client, nlh, answers, fn, arg);
	return 1;
}

int kssl_req_send(struct kssl_client *client, kssl_reply_fn *fn, void *arg)
{
	struct answers answers = { .ok = 1 };

	if (!send_built(client)) {
		reset(&client->req);
		return 0;
	}
	answers.waiting = ~(uint64_t)0 >> (KSSL_BATCH_MAX - client->req.n);
	while (answers.waiting) {
		if (!recv_answers(client, &answers, fn, arg)) {
			answers.ok = 0;
			break;
		}
	}
	reset(&client->req);
	return answers.ok;
}

/* What is known of a dump. */
struct dump {
	kssl_dump_fn *fn;	/* NULL once it asked for no more */
	void *arg;
	int flags;		/* of the next recv */
	int done;
	int ok;
	int interrupted;
};

static int dump_end(struct kssl_client *client, const struct nlmsghdr *nlh)
{
	int err = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(err))
		memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	if (err < 0)
		return kssl_set_extack(nlh, request_at(&client->req, 0));
	if (nlh->nlmsg_type == NLMSG_DONE)
		return 1;
	return kssl_set_error(EPROTO, "a dump was answered by an ack");
}

static void take_part(struct kssl_client *client, const struct nlmsghdr *nlh,
		      struct dump *dump)
{
	if (kssl_callbacks_take(client, nlh) ||
	    nlh->nlmsg_seq != client->req.first_seq || dump->done)
		return;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		dump->interrupted = 1;
	if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
		dump->done = 1;
		dump->ok = dump_end(client, nlh);
	} else if (dump->fn && nlh->nlmsg_type == client->family) {
		if (dump->fn(nlh, dump->arg))
			dump->fn = NULL;
	}
}

/* The kernel runs one dump a socket: this one is read to its end. */
static void recv_dump(struct kssl_client *client, struct dump *dump)
{
	const struct nlmsghdr *nlh;
	int len;

	while (!dump->done) {
		nlh = (void *)client->recv_buf;
		len = recv_datagram(client, &dump->flags);
		if (len < 0)
			return;
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			take_part(client, nlh, dump);
	}
}

int kssl_req_dump(struct kssl_client *client, kssl_dump_fn *fn, void *arg)
{
	struct dump dump = { .fn = fn, .arg = arg };

	if (!client->req.err)
		current(client)->nlmsg_flags |= NLM_F_DUMP;
	if (send_built(client))
		recv_dump(client, &dump);
	reset(&client->req);
	if (dump.ok && dump.interrupted && dump.fn)
		return kssl_set_error(EINTR,
				      "objects changed while they were dumped");
	return dump.ok;
}
