// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every call that needs memory, with each of its allocations failing in turn:
 * ENOMEM is reported, nothing stays behind in the kernel, and the next try
 * works.
 */
#include <errno.h>
#include <stdlib.h>

#include "fake.h"
#include "tap.h"

static struct fake fake;
static struct kssl_client *client;
static struct kssl_ctx *ctx;
static struct kssl *s;

static unsigned int fail_in;	/* 0: never */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int failing(void)
{
	return fail_in && !--fail_in;
}

void *__wrap_malloc(size_t size)
{
	return failing() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return failing() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return failing() ? NULL : __real_realloc(old, size);
}

static unsigned int refs(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < FAKE_IDS; i++)
		n += fake.conn_refs[i] + fake.ctx_refs[i];
	return n;
}

static int make_client(void)
{
	static struct fake other;
	struct kssl_client *made;

	fake_init(&other);
	made = fake_client(&other);
	kssl_client_free(made);
	return made && other.closed == 1;
}

static int make_events(void)
{
	static struct fake other;
	struct kssl_client *made;
	struct kssl_events *events;

	fake_init(&other);
	made = fake_client(&other);
	if (!made)
		return 0;
	events = kssl_events_open(made);
	kssl_events_free(events);
	return events && other.closed == 1;
}

static int make_ctx(void)
{
	struct kssl_ctx *made = kssl_ctx_new(client, KSSL_METHOD_EITHER);

	kssl_ctx_free(made);
	return !!made;
}

static int make_conn(void)
{
	struct kssl *made = kssl_new(ctx);

	kssl_free(made);
	return !!made;
}

static int make_many(void)
{
	struct kssl *made[80];

	if (!kssl_new_many(ctx, made, 80))
		return 0;
	kssl_free_many(made, 80);
	return 1;
}

static int make_dup(void)
{
	struct kssl *made = kssl_dup(s);

	kssl_free(made);
	return !!made;
}

static int make_from_id(void)
{
	struct kssl *made;

	fake.conn_refs[500] = 1;
	made = kssl_from_id(client, 500);
	kssl_free(made);
	if (fake.conn_refs[500] != 1)
		return -1;
	fake.conn_refs[500] = 0;
	return !!made;
}

/* One connection that the context keeps. */
static int answer_take_over(struct fake *f, const struct nlmsghdr *req)
{
	struct nlmsghdr *nlh;
	uint64_t buf[1024];

	if (fake_cmd(req) == KSSL_CMD_SOCK_FD) {
		nlh = fake_reply(buf, req, KSSL_CMD_SOCK_FD);
		mnl_attr_put_u32(nlh, KSSL_A_FD, 1000);
		fake_queue(f, nlh, nlh->nlmsg_len);
		return 1;
	}
	if (!(req->nlmsg_flags & NLM_F_DUMP))
		return 0;
	nlh = fake_reply(buf, req, KSSL_CMD_GET);
	nlh->nlmsg_flags = NLM_F_MULTI;
	fake_put_conn(nlh, f, 500);
	fake_queue(f, nlh, nlh->nlmsg_len);
	fake_queue_done(f, req, 0, NULL);
	return 1;
}

static int give_back(struct kssl *taken, int fd, void *arg)
{
	*(int *)arg = fd == 1000;
	kssl_free(taken);
	return 0;
}

static int take_over(void)
{
	int taken = 0, ok;

	fake.conn_refs[500] = 1;
	fake.answer = answer_take_over;
	ok = kssl_ctx_take_over(ctx, give_back, &taken);
	fake.answer = NULL;
	if (fake.conn_refs[500] != 1 || ok != taken)
		return -1;
	fake.conn_refs[500] = 0;
	return ok;
}

static int make_info(void)
{
	struct kssl_info *made = kssl_get_info(s);

	kssl_info_free(made);
	return !!made;
}

static int make_ctx_info(void)
{
	struct kssl_ctx_info *made = kssl_ctx_get_info(ctx);

	kssl_ctx_info_free(made);
	return !!made;
}

static int make_settings(void)
{
	static uint16_t list[10000];
	struct kssl_settings *made = kssl_settings_new();
	int ok = made && kssl_settings_cipher_list(made, list, 10000) &&
		 kssl_settings_label(made, "a label") && kssl_set(s, made);

	kssl_settings_free(made);
	return ok;
}

static int set_list(void)
{
	static const uint16_t list[100];

	return kssl_set_cipher_list(s, list, 100);
}

static void info(struct kssl_client *c, const struct kssl_event *event,
		 void *arg)
{
	(void)c;
	(void)event;
	(void)arg;
}

static int bind_functions(void)
{
	struct kssl_callbacks fns = { .size = sizeof(fns), .info = info };
	static char args[100];
	static unsigned int i;

	/* Another argument each time, for a binding that is not there yet. */
	return kssl_set_callbacks(s, KSSL_CALLBACK_INFO, &fns,
				  &args[i++ % 100]);
}

static const struct {
	const char *name;
	int (*call)(void);
} calls[] = {
	{ "kssl_client_new", make_client },
	{ "kssl_events_new", make_events },
	{ "kssl_ctx_new", make_ctx },
	{ "kssl_new", make_conn },
	{ "kssl_new_many", make_many },
	{ "kssl_dup", make_dup },
	{ "kssl_from_id", make_from_id },
	{ "kssl_ctx_take_over", take_over },
	{ "kssl_get_info", make_info },
	{ "kssl_ctx_get_info", make_ctx_info },
	{ "kssl_settings", make_settings },
	{ "kssl_set_cipher_list", set_list },
	{ "kssl_set_callbacks", bind_functions },
};

/*
 * A call may do without a copy for kssl_cached_info(), so success is no
 * failure of the test; the number of allocations bounds the loop.
 */
static int survives(int (*call)(void))
{
	unsigned int n, before = refs();
	int ok;

	for (n = 1; n < 1000; n++) {
		fake.next_id = 100;
		fail_in = n;
		kssl_error_clear();
		ok = call();
		if (ok < 0 || (!ok && kssl_errno() != ENOMEM))
			return 0;
		if (refs() != before)
			return 0;
		/* All of its allocations came before the one to fail. */
		if (fail_in)
			break;
	}
	fail_in = 0;
	return ok && n < 1000 && call() == 1;
}

int main(void)
{
	size_t i;

	fake_init(&fake);
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_SERVER);
	s = kssl_new(ctx);

	for (i = 0; i < KSSL_ARRAY_SIZE(calls); i++)
		check_that(survives(calls[i].call), "%s without memory",
			   calls[i].name);

	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
