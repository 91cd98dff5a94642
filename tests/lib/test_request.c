// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The transport's use: opening, batches and their answers, dumps, and what is
 * left in the buffers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fake.h"
#include "tap.h"

static struct fake fake;
static struct kssl_client *client;
static struct kssl_ctx *ctx;

static int refuse_family(struct fake *f, const struct nlmsghdr *req)
{
	fake_refuse(f, req, ENOENT, NULL, 0);
	return 1;
}

static int name_no_id(struct fake *f, const struct nlmsghdr *req)
{
	uint64_t buf[64];
	struct nlmsghdr *nlh = fake_reply(buf, req, CTRL_CMD_NEWFAMILY);

	nlh->nlmsg_type = GENL_ID_CTRL;
	fake_queue(f, nlh, nlh->nlmsg_len);
	return 1;
}

static void test_open(void)
{
	static struct fake other;

	fake_init(&other);
	other.answer = refuse_family;
	check(!fake_client(&other) && kssl_errno() == ENOENT);
	check(strstr(kssl_error_text(), "kssl") && other.closed == 1);
	check(!strcmp(kssl_error_attr(), ""));
	other.answer = name_no_id;
	check(!fake_client(&other) && kssl_errno() == EPROTO);
	other.send_err = EACCES;
	check(!fake_client(&other) && kssl_errno() == EACCES);
	check(other.closed == 3);

	check(client->family == FAKE_FAMILY);
	check(client->events_group == FAKE_GROUP);
}

static void test_failed_transport(void)
{
	fake.send_err = ENOBUFS;
	check(!kssl_new(ctx) && kssl_errno() == ENOBUFS);
	fake.send_err = 0;
	fake_queue_errno(&fake, ENOMEM);
	check(!kssl_ctx_up_ref(ctx) && kssl_errno() == ENOMEM);
	/* The answer that was not read belongs to no later request. */
	check(kssl_ctx_up_ref(ctx));
	kssl_ctx_free(ctx);
	/* Its reference was taken, though, and lasts as long as the client. */
	check(fake.ctx_refs[kssl_ctx_id(ctx)] == 2);
}

static unsigned int answered;

/* Only the first answer fits. */
static int answer_one(struct fake *f, const struct nlmsghdr *req)
{
	(void)f;
	return fake_cmd(req) == KSSL_CMD_NEW && answered++ > 0;
}

static void test_lost(void)
{
	struct kssl *s[3];

	/* What was lost may have been no answer. */
	fake_queue_errno(&fake, ENOBUFS);
	check(kssl_new_many(ctx, s, 3) && !fake.head);
	kssl_free_many(s, 3);

	fake.hung = 0;
	fake.answer = answer_one;
	fake_queue_errno(&fake, ENOBUFS);
	check(!kssl_new_many(ctx, s, 3) && kssl_errno() == ENOBUFS);
	check(!fake.hung && !fake.head);
	fake.answer = NULL;
	/* The one that is known of was given back. */
	check(!fake.conn_refs[fake.next_id - 1]);
}

/* Answers of a batch in one datagram, in reverse, and some twice. */
static struct nlmsghdr *kept[8];
static unsigned int kept_n;

static int keep_answers(struct fake *f, const struct nlmsghdr *req)
{
	static uint64_t buf[8][512];
	struct nlmsghdr *nlh = fake_reply(buf[kept_n], req, KSSL_CMD_NEW);
	char all[32768];
	size_t len = 0;
	unsigned int i;

	if (fake_cmd(req) != KSSL_CMD_NEW)
		return 0;
	f->conn_refs[100 + kept_n] = 1;
	fake_put_conn(nlh, f, 100 + kept_n);
	kept[kept_n++] = nlh;
	if (kept_n < 3)
		return 1;
	for (i = 3; i--;) {
		memcpy(all + len, kept[i], kept[i]->nlmsg_len);
		len += NLMSG_ALIGN(kept[i]->nlmsg_len);
		memcpy(all + len, kept[i], kept[i]->nlmsg_len);
		len += NLMSG_ALIGN(kept[i]->nlmsg_len);
	}
	fake_queue(f, all, len);
	return 1;
}

static void test_answers(void)
{
	struct kssl *s[3];

	fake.answer = keep_answers;
	check(kssl_new_many(ctx, s, 3));
	fake.answer = NULL;
	check(kssl_id(s[0]) == 100 && kssl_id(s[1]) == 101 &&
	      kssl_id(s[2]) == 102);
	kssl_free_many(s, 3);
	check(!fake.conn_refs[100] && !fake.conn_refs[102]);
}

static int refuse_all(struct fake *f, const struct nlmsghdr *req)
{
	char text[32];

	if (fake_cmd(req) != KSSL_CMD_NEW)
		return 0;
	snprintf(text, sizeof(text), "number %u", f->requests);
	fake_refuse(f, req, EPERM, text, 0);
	return 1;
}

static void test_first_error(void)
{
	struct kssl *s[3];
	char text[32];

	snprintf(text, sizeof(text), "number %u", fake.requests + 1);
	fake.answer = refuse_all;
	check(!kssl_new_many(ctx, s, 3) && kssl_errno() == EPERM);
	fake.answer = NULL;
	check(!strcmp(kssl_error_text(), text));
}

/* Requests may carry keys, so nothing of one stays in the client's memory. */
static void test_wiped(void)
{
	static uint16_t list[20000];
	struct kssl_settings *set = kssl_settings_new();
	size_t i, dirty = 0;

	memset(list, 0xaa, sizeof(list));
	kssl_settings_cipher_list(set, list, 20000);
	check(kssl_ctx_set(ctx, set));
	check(fake.last_len > 40000 && client->req.size > 40000);
	for (i = 0; i < fake.last_len; i++)
		dirty += client->req.buf[i] == 0xaa;
	check(!dirty);
	kssl_settings_free(set);
}

static unsigned int dumped;
static int stop_at;
static int dump_intr;
static int dump_err;
static struct kssl_filter filter;

/* Ten objects in datagrams of two. */
static int answer_dump(struct fake *f, const struct nlmsghdr *req)
{
	uint64_t buf[2048];
	struct nlmsghdr *nlh;
	uint32_t id;
	size_t len = 0;

	if ((req->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		return 0;
	for (id = 1; id <= 10; id++) {
		nlh = fake_reply((char *)buf + len, req, fake_cmd(req));
		nlh->nlmsg_flags = NLM_F_MULTI;
		if (dump_intr && id == 5)
			nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
		if (fake_cmd(req) == KSSL_CMD_GET)
			fake_put_conn(nlh, f, id);
		else
			fake_put_ctx(nlh, f, id);
		len += NLMSG_ALIGN(nlh->nlmsg_len);
		if (id % 2 == 0) {
			fake_queue(f, buf, len);
			len = 0;
		}
	}
	fake_queue_done(f, req, dump_err, "dump broke");
	return 1;
}

static int count_conn(const struct kssl_info *info, void *arg)
{
	dumped += info->id == dumped + 1 && arg == &dumped &&
		  info->settings->cipher_list_n == 3;
	return (int)dumped == stop_at;
}

static int count_ctx(const struct kssl_ctx_info *info, void *arg)
{
	dumped += info->id == dumped + 1 && arg == &dumped;
	return (int)dumped == stop_at;
}

static int call_back(const struct kssl_info *info, void *arg)
{
	unsigned int requests = fake.requests;

	(void)info;
	kssl_ctx_free(ctx);
	*(int *)arg = !kssl_new(ctx) && kssl_errno() == EDEADLK &&
		      fake.requests == requests;
	return 1;
}

static int dump(void)
{
	dumped = 0;
	return kssl_dump(client, &filter, count_conn, &dumped);
}

static void test_dump(void)
{
	int refused = 0;

	fake.answer = answer_dump;
	check(dump() && dumped == 10);
	dumped = 0;
	check(kssl_dump(client, NULL, count_conn, &dumped) && dumped == 10);
	dumped = 0;
	check(kssl_ctx_dump(client, count_ctx, &dumped) && dumped == 10);

	check(kssl_dump(client, NULL, call_back, &refused) && refused);

	/* Ended by its callback, it is read to its end all the same. */
	stop_at = 3;
	check(dump() && dumped == 3 && !fake.head);
	stop_at = 0;

	dump_intr = 1;
	check(!dump() && kssl_errno() == EINTR && dumped == 10);
	dump_intr = 0;
	dump_err = EPERM;
	check(!dump() && kssl_errno() == EPERM && dumped == 10);
	check(!strcmp(kssl_error_text(), "dump broke"));
	dump_err = 0;
	fake_queue_errno(&fake, ENOBUFS);
	check(dump() && dumped == 10);
	fake_queue_errno(&fake, ENOMEM);
	check(!dump() && kssl_errno() == ENOMEM && dumped == 0);
	fake_drain(&fake);
	fake.answer = NULL;

	fake.refuse_at = 1;
	fake.refuse_err = EBUSY;
	check(!dump() && kssl_errno() == EBUSY);
	check(!strcmp(kssl_error_text(), "refused"));
	fake.refuse_at = 0;
	check(kssl_ctx_up_ref(ctx));
	kssl_ctx_free(ctx);
}

static int has(uint16_t type, const void *data, int size)
{
	const struct nlattr *attr = fake_attr((void *)fake.last, type);

	return attr && mnl_attr_get_payload_len(attr) == size &&
	       !memcmp(mnl_attr_get_payload(attr), data, size);
}

static void test_filter(void)
{
	uint32_t u32 = 5, state = KSSL_STATE_CLOSED, uid = 1000;
	uint16_t port = 443;

	fake.answer = answer_dump;
	filter = (struct kssl_filter) {
		.mask = 0x3f,
		.ctx_id = u32,
		.state = state,
		.uid = uid,
		.label = "front",
		.peer_family = AF_INET6,
		.peer_port = port,
		.peer_addr = "0123456789abcde",
	};
	check(dump());
	check(has(KSSL_A_CTX_ID, &u32, 4) && has(KSSL_A_STATE, &state, 4));
	check(has(KSSL_A_UID, &uid, 4) && has(KSSL_A_PEER_PORT, &port, 2));
	check(has(KSSL_A_LABEL, "front", 6));
	check(has(KSSL_A_PEER_ADDR, "0123456789abcde", 16));
	filter.peer_family = AF_INET;
	filter.mask = KSSL_FILTER_PEER_ADDR;
	check(dump());
	check(has(KSSL_A_PEER_ADDR, "0123", 4));
	check(!fake_attr((void *)fake.last, KSSL_A_CTX_ID));
	check(!fake_attr((void *)fake.last, KSSL_A_LABEL));

	filter.peer_family = 0;
	check(!dump() && kssl_errno() == EINVAL);
	filter.mask = 0x40;
	check(!dump() && kssl_errno() == EINVAL);
	filter.mask = KSSL_FILTER_LABEL;
	filter.label = NULL;
	check(!dump() && kssl_errno() == EINVAL);
	fake.answer = NULL;
}

int main(void)
{
	fake_init(&fake);
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_SERVER);

	test_open();
	test_failed_transport();
	test_lost();
	test_answers();
	test_first_error();
	test_wiped();
	test_dump();
	test_filter();
	check(!fake.with_ack);

	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
