// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's side of libkssl's transport, see fake.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fake.h"

#define REPLY_SIZE	8192

void fake_init(struct fake *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->ctx_rights = KSSL_RIGHTS_ALL;
	fake->tail = &fake->head;
	fake->next_id = 1;
	fake->fd = 4711;
}

void fake_drain(struct fake *fake)
{
	struct fake_datagram *dgram;

	while ((dgram = fake->head)) {
		fake->head = dgram->next;
		free(dgram);
	}
	fake->tail = &fake->head;
}

/* Not by malloc(), whose failures some tests provoke. */
static struct fake_datagram *queue(struct fake *fake, size_t len)
{
	struct fake_datagram *dgram;

	dgram = aligned_alloc(8, (sizeof(*dgram) + len + 7) & ~(size_t)7);
	if (!dgram)
		abort();
	dgram->next = NULL;
	dgram->err = 0;
	dgram->len = len;
	*fake->tail = dgram;
	fake->tail = &dgram->next;
	return dgram;
}

void fake_queue(struct fake *fake, const void *data, size_t len)
{
	memcpy(queue(fake, len)->data, data, len);
}

void fake_queue_errno(struct fake *fake, int err)
{
	queue(fake, 0)->err = err;
}

static void queue_msg(struct fake *fake, const struct nlmsghdr *nlh)
{
	fake_queue(fake, nlh, nlh->nlmsg_len);
}

void fake_queue_done(struct fake *fake, const struct nlmsghdr *req, int err,
		     const char *text)
{
	uint64_t buf[32];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_seq = req->nlmsg_seq;
	nlh->nlmsg_flags = NLM_F_MULTI;
	*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(err)) = -err;
	if (err) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	}
	fake_queue(fake, nlh, nlh->nlmsg_len);
}

uint8_t fake_cmd(const struct nlmsghdr *req)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(req);

	return genl->cmd;
}

const struct nlattr *fake_attr(const struct nlmsghdr *req, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, req, GENL_HDRLEN)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static uint32_t attr_u32(const struct nlmsghdr *req, uint16_t type)
{
	const struct nlattr *attr = fake_attr(req, type);

	return attr ? mnl_attr_get_u32(attr) : 0;
}

struct nlmsghdr *fake_reply(void *buf, const struct nlmsghdr *req, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = FAKE_FAMILY;
	nlh->nlmsg_seq = req ? req->nlmsg_seq : 0;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = KSSL_FAMILY_VERSION;
	return nlh;
}

void fake_refuse(struct fake *fake, const struct nlmsghdr *req, int err,
		 const char *text, uint32_t off)
{
	uint64_t buf[REPLY_SIZE / 8];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *e;

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_seq = req->nlmsg_seq;
	nlh->nlmsg_flags = NLM_F_CAPPED;
	e = mnl_nlmsg_put_extra_header(nlh, sizeof(*e));
	e->error = -err;
	e->msg = *req;
	if (text || off)
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
	if (text)
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	if (off)
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, off);
	queue_msg(fake, nlh);
}

static void put_settings(struct nlmsghdr *nlh)
{
	static const uint16_t list[] = { 0xc02b, 0xc02f, 0x009c };
	static const uint16_t suites[] = { 0x1301, 0x1303 };
	struct nlattr *nest = mnl_attr_nest_start(nlh, KSSL_A_SETTINGS);
	uint64_t options = KSSL_OP_NO_TICKET | KSSL_OP_GREASE;
	int32_t depth = -1;

	mnl_attr_put_u32(nlh, KSSL_A_SETTINGS_METHOD, KSSL_METHOD_SERVER);
	/* The kernel aligns u64 by an empty attribute. */
	mnl_attr_put(nlh, KSSL_A_SETTINGS_PAD, 0, "");
	mnl_attr_put(nlh, KSSL_A_SETTINGS_OPTIONS, sizeof(options), &options);
	mnl_attr_put_u32(nlh, KSSL_A_SETTINGS_MODE, KSSL_MODE_AUTO_RETRY);
	mnl_attr_put_u16(nlh, KSSL_A_SETTINGS_MIN_PROTO, 0x0303);
	mnl_attr_put_u16(nlh, KSSL_A_SETTINGS_MAX_PROTO, 0x0304);
	mnl_attr_put_u32(nlh, KSSL_A_SETTINGS_VERIFY_MODE, KSSL_VERIFY_PEER);
	mnl_attr_put(nlh, KSSL_A_SETTINGS_VERIFY_DEPTH, sizeof(depth), &depth);
	mnl_attr_put_u32(nlh, KSSL_A_SETTINGS_TIMEOUT, 7200);
	mnl_attr_put(nlh, KSSL_A_SETTINGS_CIPHER_LIST, sizeof(list), list);
	mnl_attr_put(nlh, KSSL_A_SETTINGS_CIPHERSUITES, sizeof(suites), suites);
	mnl_attr_put_u32(nlh, KSSL_A_SETTINGS_MAX_CERT_LIST, 102400);
	mnl_attr_put_u8(nlh, KSSL_A_SETTINGS_READ_AHEAD, 1);
	mnl_attr_put_u32(nlh, KSSL_A_SETTINGS_ROLE, KSSL_ROLE_SERVER);
	mnl_attr_put_strz(nlh, KSSL_A_SETTINGS_LABEL, "front");
	mnl_attr_nest_end(nlh, nest);
}

static void put_u64(struct nlmsghdr *nlh, uint16_t type, uint64_t value)
{
	mnl_attr_put(nlh, type, sizeof(value), &value);
}

void fake_put_conn(struct nlmsghdr *nlh, const struct fake *fake, uint32_t id)
{
	static const uint8_t local[4] = { 127, 0, 0, 1 };
	static const uint8_t peer[4] = { 127, 0, 0, 2 };

	mnl_attr_put_u32(nlh, KSSL_A_ID, id);
	mnl_attr_put_u32(nlh, KSSL_A_CTX_ID, 1);
	mnl_attr_put_u32(nlh, KSSL_A_STATE, fake->state);
	mnl_attr_put_u32(nlh, KSSL_A_REFS, fake->conn_refs[id]);
	mnl_attr_put_u32(nlh, KSSL_A_HELD, fake->conn_refs[id]);
	mnl_attr_put_u32(nlh, KSSL_A_HOLDERS, 1);
	mnl_attr_put_u32(nlh, KSSL_A_UID, 1000);
	put_u64(nlh, KSSL_A_AGE, 1234567890123);
	put_u64(nlh, KSSL_A_SETTINGS_ID, 5000000000);
	put_u64(nlh, KSSL_A_INHERIT_ID, 5000000001);
	put_settings(nlh);
	mnl_attr_put_u16(nlh, KSSL_A_VERSION, 0x0304);
	mnl_attr_put_u16(nlh, KSSL_A_SUITE, 0x1301);
	mnl_attr_put_u32(nlh, KSSL_A_VERIFY_RESULT, 18);
	mnl_attr_put_u16(nlh, KSSL_A_FAMILY, 2);
	mnl_attr_put(nlh, KSSL_A_LOCAL_ADDR, sizeof(local), local);
	mnl_attr_put_u16(nlh, KSSL_A_LOCAL_PORT, 443);
	mnl_attr_put(nlh, KSSL_A_PEER_ADDR, sizeof(peer), peer);
	mnl_attr_put_u16(nlh, KSSL_A_PEER_PORT, 50000);
	put_u64(nlh, KSSL_A_SOCK_COOKIE, 99);
	mnl_attr_put_u32(nlh, KSSL_A_RESULT, -EPERM);
	mnl_attr_put_strz(nlh, KSSL_A_RESULT_TEXT, "no such suite");
	mnl_attr_put_u32(nlh, KSSL_A_TX_GENERATION, 2);
	mnl_attr_put_u32(nlh, KSSL_A_RX_GENERATION, 3);
	put_u64(nlh, KSSL_A_TX_RECORDS, 6000000000);
	put_u64(nlh, KSSL_A_RX_RECORDS, 4);
}

void fake_put_ctx(struct nlmsghdr *nlh, const struct fake *fake, uint32_t id)
{
	mnl_attr_put_u32(nlh, KSSL_A_CTX_ID, id);
	mnl_attr_put_u32(nlh, KSSL_A_REFS, fake->ctx_refs[id]);
	mnl_attr_put_u32(nlh, KSSL_A_HELD, fake->ctx_refs[id]);
	mnl_attr_put_u32(nlh, KSSL_A_HOLDERS, 1);
	mnl_attr_put_u32(nlh, KSSL_A_UID, 1000);
	put_u64(nlh, KSSL_A_AGE, 42);
	mnl_attr_put_u32(nlh, KSSL_A_CONNS, 3);
	put_u64(nlh, KSSL_A_SETTINGS_ID, 7);
	put_u64(nlh, KSSL_A_INHERIT_ID, 8);
	mnl_attr_put_u32(nlh, KSSL_A_RIGHTS, fake->ctx_rights);
	put_settings(nlh);
}

static void answer_family(struct fake *fake, const struct nlmsghdr *req)
{
	uint64_t buf[REPLY_SIZE / 8];
	struct nlmsghdr *nlh = fake_reply(buf, req, CTRL_CMD_NEWFAMILY);
	struct nlattr *groups, *group;

	nlh->nlmsg_type = GENL_ID_CTRL;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, KSSL_FAMILY_NAME);
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAKE_FAMILY);
	groups = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	group = mnl_attr_nest_start(nlh, 1);
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, FAKE_GROUP - 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, "other");
	mnl_attr_nest_end(nlh, group);
	group = mnl_attr_nest_start(nlh, 2);
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, FAKE_GROUP);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, KSSL_MCGRP_EVENTS);
	mnl_attr_nest_end(nlh, group);
	mnl_attr_nest_end(nlh, groups);
	queue_msg(fake, nlh);
}

static void answer_ctx(struct fake *fake, const struct nlmsghdr *req,
		       uint32_t id)
{
	uint64_t buf[REPLY_SIZE / 8];
	struct nlmsghdr *nlh = fake_reply(buf, req, fake_cmd(req));

	fake_put_ctx(nlh, fake, id);
	queue_msg(fake, nlh);
}

static void answer_conn(struct fake *fake, const struct nlmsghdr *req,
			uint32_t id)
{
	uint64_t buf[REPLY_SIZE / 8];
	struct nlmsghdr *nlh = fake_reply(buf, req, fake_cmd(req));

	fake_put_conn(nlh, fake, id);
	queue_msg(fake, nlh);
}

static uint32_t new_id(struct fake *fake, unsigned int *refs)
{
	uint32_t id = fake->next_id++;

	refs[id % FAKE_IDS] = 1;
	return id;
}

/* An operation on an object that must exist. */
static void answer_object(struct fake *fake, const struct nlmsghdr *req,
			  unsigned int *refs, uint32_t id,
			  void (*answer)(struct fake *fake,
					 const struct nlmsghdr *req,
					 uint32_t id))
{
	switch (fake_cmd(req)) {
	case KSSL_CMD_CTX_UP_REF:
	case KSSL_CMD_UP_REF:
		refs[id]++;
		break;
	case KSSL_CMD_CTX_FREE:
	case KSSL_CMD_FREE:
		refs[id]--;
		break;
	case KSSL_CMD_DUP:
		if (fake->state == KSSL_STATE_INITIAL)
			id = new_id(fake, refs);
		else
			refs[id]++;
		break;
	}
	answer(fake, req, id);
}

static void answer_kssl(struct fake *fake, const struct nlmsghdr *req)
{
	uint32_t ctx_id = attr_u32(req, KSSL_A_CTX_ID);
	uint32_t id = attr_u32(req, KSSL_A_ID);

	if (fake_cmd(req) == KSSL_CMD_CTX_NEW)
		answer_ctx(fake, req, new_id(fake, fake->ctx_refs));
	else if (fake_cmd(req) == KSSL_CMD_NEW && fake->ctx_refs[ctx_id])
		answer_conn(fake, req, new_id(fake, fake->conn_refs));
	else if (id && id < FAKE_IDS && fake->conn_refs[id])
		answer_object(fake, req, fake->conn_refs, id, answer_conn);
	else if (!id && ctx_id < FAKE_IDS && fake->ctx_refs[ctx_id])
		answer_object(fake, req, fake->ctx_refs, ctx_id, answer_ctx);
	else
		fake_refuse(fake, req, ENOENT, "no such object", 0);
}

static void answer(struct fake *fake, const struct nlmsghdr *req)
{
	fake->requests++;
	if (req->nlmsg_flags & NLM_F_ACK)
		fake->with_ack++;
	if (fake->refuse_at && fake->requests >= fake->refuse_at)
		fake_refuse(fake, req, fake->refuse_err, "refused", 0);
	else if (fake->answer && fake->answer(fake, req))
		return;
	else if (req->nlmsg_type == GENL_ID_CTRL)
		answer_family(fake, req);
	else
		answer_kssl(fake, req);
}

static int fake_send(void *priv, const void *buf, size_t len)
{
	struct fake *fake = priv;
	const struct nlmsghdr *nlh;
	int left = len;

	if (fake->send_err)
		return -fake->send_err;
	fake->sends++;
	if (len > sizeof(fake->last))
		return -EMSGSIZE;
	fake->last_len = len;
	memcpy(fake->last, buf, len);
	for (nlh = (void *)fake->last; mnl_nlmsg_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left))
		answer(fake, nlh);
	return 0;
}

static ssize_t fake_recv(void *priv, void *buf, size_t size, int flags)
{
	struct fake *fake = priv;
	struct fake_datagram *dgram = fake->head;
	ssize_t ret;

	if (!dgram) {
		fake->hung += !(flags & MSG_DONTWAIT);
		return -EAGAIN;
	}
	ret = dgram->err ? -dgram->err : (ssize_t)dgram->len;
	if (dgram->len > size)
		ret = -EMSGSIZE;
	else
		memcpy(buf, dgram->data, dgram->len);
	fake->head = dgram->next;
	if (!fake->head)
		fake->tail = &fake->head;
	free(dgram);
	return ret;
}

static int fake_join(void *priv, uint32_t group)
{
	struct fake *fake = priv;

	fake->joined = group;
	return 0;
}

static int fake_fd(void *priv)
{
	struct fake *fake = priv;

	return fake->fd;
}

static void fake_close(void *priv)
{
	struct fake *fake = priv;

	fake->closed++;
	fake_drain(fake);
}

const struct kssl_transport fake_transport = {
	.send = fake_send,
	.recv = fake_recv,
	.join = fake_join,
	.fd = fake_fd,
	.close = fake_close,
};

struct kssl_client *fake_client(struct fake *fake)
{
	return kssl_client_open(&fake_transport, fake);
}

struct kssl_info fake_cached(struct kssl *s)
{
	struct kssl_info *info = kssl_cached_info(s), copy = *info;

	kssl_info_free(info);
	return copy;
}
