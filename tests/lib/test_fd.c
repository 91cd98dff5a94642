// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * File descriptors of objects: what is asked for, and that the references of an
 * import are counted where they are; what a context keeps.
 */
#include <errno.h>
#include <string.h>

#include "fake.h"
#include "tap.h"

#define KEPT	300	/* the first of those that a context keeps, */
#define KEPT_N	100	/* and how many there are */

/* The fake's file descriptors: an object's number above one of these. */
#define CONN_FD	1000
#define CTX_FD	2000

static struct fake fake;
static struct kssl_client *client;
static struct kssl_ctx *ctx;
static uint32_t sock_broken;	/* of what connection the socket */
static int sock_err;		/* cannot be had, and why */

static uint32_t asked(const struct nlmsghdr *req, uint16_t type)
{
	const struct nlattr *attr = fake_attr(req, type);

	return attr ? mnl_attr_get_u32(attr) : 0;
}

static void answer_import(struct fake *f, const struct nlmsghdr *req)
{
	uint32_t fd = asked(req, KSSL_A_FD), rights = asked(req, KSSL_A_RIGHTS);
	uint64_t buf[1024];
	struct nlmsghdr *nlh = fake_reply(buf, req, KSSL_CMD_IMPORT);

	if (fd >= CTX_FD) {
		f->ctx_refs[fd - CTX_FD]++;
		fake_put_ctx(nlh, f, fd - CTX_FD);
	} else {
		f->conn_refs[fd - CONN_FD]++;
		fake_put_conn(nlh, f, fd - CONN_FD);
	}
	mnl_attr_put_u32(nlh, KSSL_A_RIGHTS, rights ? rights : KSSL_RIGHTS_ALL);
	fake_queue(f, nlh, nlh->nlmsg_len);
}

static void answer_fd(struct fake *f, const struct nlmsghdr *req)
{
	uint32_t id = asked(req, KSSL_A_ID), ctx_id = asked(req, KSSL_A_CTX_ID);
	struct nlmsghdr *nlh;
	uint64_t buf[64];

	if (fake_cmd(req) == KSSL_CMD_SOCK_FD && id == sock_broken) {
		fake_refuse(f, req, sock_err, "no socket", 0);
		return;
	}
	nlh = fake_reply(buf, req, fake_cmd(req));
	mnl_attr_put_u32(nlh, KSSL_A_FD, id ? CONN_FD + id : CTX_FD + ctx_id);
	fake_queue(f, nlh, nlh->nlmsg_len);
}

/* What passes the filter of a context is there, or ends before it is asked. */
static int answer_dump(struct fake *f, const struct nlmsghdr *req)
{
	uint64_t buf[1024];
	struct nlmsghdr *nlh;
	uint32_t id;

	if (asked(req, KSSL_A_CTX_ID) != kssl_ctx_id(ctx) ||
	    asked(req, KSSL_A_STATE) != KSSL_STATE_ESTABLISHED)
		return 0;
	for (id = KEPT; id < KEPT + KEPT_N; id++) {
		nlh = fake_reply(buf, req, KSSL_CMD_GET);
		nlh->nlmsg_flags = NLM_F_MULTI;
		fake_put_conn(nlh, f, id);
		fake_queue(f, nlh, nlh->nlmsg_len);
	}
	fake_queue_done(f, req, 0, NULL);
	return 1;
}

static int answer(struct fake *f, const struct nlmsghdr *req)
{
	switch (fake_cmd(req)) {
	case KSSL_CMD_IMPORT:
		answer_import(f, req);
		return 1;
	case KSSL_CMD_OPEN_FD:
	case KSSL_CMD_SOCK_FD:
		answer_fd(f, req);
		return 1;
	case KSSL_CMD_GET:
		return req->nlmsg_flags & NLM_F_DUMP && answer_dump(f, req);
	}
	return 0;
}

static const struct nlmsghdr *last(void)
{
	return (const struct nlmsghdr *)fake.last;
}

static void test_open(void)
{
	struct kssl *s = kssl_new(ctx);

	check(kssl_open_fd(s, 0) == (int)(CONN_FD + kssl_id(s)));
	check(fake_cmd(last()) == KSSL_CMD_OPEN_FD);
	check(!fake_attr(last(), KSSL_A_RIGHTS));
	check(kssl_ctx_open_fd(ctx, KSSL_RIGHTS_USE) ==
	      (int)(CTX_FD + kssl_ctx_id(ctx)));
	check(asked(last(), KSSL_A_RIGHTS) == KSSL_RIGHTS_USE);
	check(!fake_attr(last(), KSSL_A_ID));
	check(kssl_sock_fd(s) == (int)(CONN_FD + kssl_id(s)));
	check(fake_cmd(last()) == KSSL_CMD_SOCK_FD);

	fake.refuse_at = 1;
	fake.refuse_err = EMFILE;
	check(kssl_open_fd(s, 0) == -1 && kssl_errno() == EMFILE);
	check(kssl_ctx_open_fd(ctx, 0) == -1 && kssl_sock_fd(s) == -1);
	fake.refuse_at = 0;
	kssl_free(s);
	check(kssl_open_fd(NULL, 0) == -1 && kssl_errno() == EINVAL);
	check(kssl_ctx_open_fd(NULL, 0) == -1 && kssl_sock_fd(NULL) == -1);
}

static void test_import(void)
{
	struct kssl_ctx *same_ctx;
	struct kssl *s, *same;

	fake.conn_refs[300] = 5;
	s = kssl_import(client, CONN_FD + 300, 0);
	check(s && kssl_id(s) == 300 && fake.conn_refs[300] == 6);
	check(fake_cached(s).rights == KSSL_RIGHTS_ALL);
	same = kssl_import(client, CONN_FD + 300, KSSL_RIGHTS_USE);
	check(same == s && fake.conn_refs[300] == 7);
	check(asked(last(), KSSL_A_RIGHTS) == KSSL_RIGHTS_USE);
	check(fake_cached(s).rights == KSSL_RIGHTS_USE);
	kssl_free(s);
	kssl_free(same);
	check(fake.conn_refs[300] == 5);

	same_ctx = kssl_ctx_import(client, CTX_FD + kssl_ctx_id(ctx), 0);
	check(same_ctx == ctx && fake.ctx_refs[kssl_ctx_id(ctx)] == 2);
	kssl_ctx_free(same_ctx);
	check(fake.ctx_refs[kssl_ctx_id(ctx)] == 1);
}

/* A reference on what was not wanted is given back. */
static void test_other_kind(void)
{
	check(!kssl_import(client, CTX_FD + kssl_ctx_id(ctx), 0));
	check(kssl_errno() == EINVAL && fake.ctx_refs[kssl_ctx_id(ctx)] == 1);
	check(!kssl_ctx_import(client, CONN_FD + 300, 0));
	check(kssl_errno() == EINVAL && fake.conn_refs[300] == 5);

	fake.refuse_at = 1;
	fake.refuse_err = EBADF;
	check(!kssl_import(client, 77, 0) && kssl_errno() == EBADF);
	check(!kssl_ctx_import(client, 77, 0) && kssl_errno() == EBADF);
	fake.refuse_at = 0;
	check(!kssl_import(NULL, 77, 0) && kssl_errno() == EINVAL);
}

static void test_by_socket(void)
{
	struct kssl_info *info;

	fake.answer = NULL;
	info = kssl_info_by_socket(client, 12);
	check(!info && fake_cmd(last()) == KSSL_CMD_GET);
	check(asked(last(), KSSL_A_FD) == 12 && !fake_attr(last(), KSSL_A_ID));
	fake.answer = answer;
}

struct taken {
	unsigned int n;
	unsigned int end_at;
	int wrong;
};

/* It may use the client, which a dump's callback cannot. */
static int take(struct kssl *s, int fd, void *arg)
{
	struct taken *taken = arg;

	taken->n++;
	if (fd != (int)(CONN_FD + kssl_id(s)) || !kssl_up_ref(s) ||
	    fake.conn_refs[kssl_id(s)] != 3)
		taken->wrong = 1;
	kssl_free(s);
	kssl_free(s);
	return taken->n == taken->end_at;
}

/* How many were taken; -1 for a failure. */
static int take_over(struct taken *taken)
{
	taken->n = 0;
	taken->wrong = 0;
	return kssl_ctx_take_over(ctx, take, taken) ? (int)taken->n : -1;
}

static void test_take_over(void)
{
	const unsigned int all = KEPT_N - 1;
	struct taken taken = {};
	unsigned int id;

	for (id = KEPT; id < KEPT + KEPT_N; id++)
		fake.conn_refs[id] = 1;
	fake.conn_refs[KEPT + 5] = 0;
	check(take_over(&taken) == (int)all && !taken.wrong);

	/* Not kept, or ended after the reference was taken. */
	sock_broken = KEPT + 7;
	sock_err = EOPNOTSUPP;
	check(take_over(&taken) == (int)all - 1 && !taken.wrong);
	sock_err = ENOTCONN;
	check(take_over(&taken) == (int)all - 1);

	/* What else fails is told, and what was given is the callback's. */
	sock_err = EMFILE;
	check(take_over(&taken) == -1 && kssl_errno() == EMFILE);
	check(!strcmp(kssl_error_text(), "no socket") && taken.n == 6);
	/* A security module's. */
	sock_err = EPERM;
	check(take_over(&taken) == -1 && kssl_errno() == EPERM);
	sock_broken = 0;

	taken.end_at = 2;
	check(take_over(&taken) == 2);
	taken.end_at = 0;
	fake.ctx_rights = KSSL_RIGHTS_USE;
	check(take_over(&taken) == -1 && kssl_errno() == EPERM && !taken.n);
	check(strstr(kssl_error_text(), "all rights on the context"));
	fake.ctx_rights = KSSL_RIGHTS_ALL;
	check(!kssl_ctx_take_over(NULL, take, &taken) &&
	      kssl_errno() == EINVAL);

	for (id = KEPT; id < KEPT + KEPT_N; id++)
		taken.wrong |= fake.conn_refs[id] != (id != KEPT + 5);
	check(!taken.wrong && take_over(&taken) == (int)all);
	for (id = KEPT; id < KEPT + KEPT_N; id++)
		fake.conn_refs[id] = 0;
}

int main(void)
{
	fake_init(&fake);
	fake.answer = answer;
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_EITHER);

	test_open();
	test_import();
	test_other_kind();
	test_by_socket();
	test_take_over();

	kssl_ctx_free(ctx);
	kssl_client_free(client);
	fake_drain(&fake);
	return tap_done();
}
