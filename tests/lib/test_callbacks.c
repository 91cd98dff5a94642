// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Functions that are bound: their cookies in requests, and the events that
 * call them, wherever in the stream of replies these come.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "tap.h"

static struct fake fake;
static struct kssl_client *client;
static struct kssl_ctx *ctx;
static struct kssl *s;

static unsigned int calls;
static struct kssl_event last;
static void *last_arg;
static int use_client;

static void info(struct kssl_client *c, const struct kssl_event *event,
		 void *arg)
{
	calls++;
	last = *event;
	last_arg = arg;
	if (use_client)
		use_client = c == client && kssl_fail(s);
}

static int verify(struct kssl *conn, int preverify_ok, void *store, void *arg)
{
	(void)conn;
	(void)store;
	(void)arg;
	return preverify_ok;
}

static const struct kssl_callbacks both = {
	.size = sizeof(both),
	.info = info,
	.verify = verify,
};

static uint64_t number(uint16_t type)
{
	const struct nlattr *nest = fake_attr((void *)fake.last,
					      KSSL_A_SETTINGS);
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return kssl_attr_uint(attr);
	return UINT64_MAX;
}

static uint64_t cookie(void)
{
	return number(KSSL_A_SETTINGS_CALLBACKS_COOKIE);
}

static void queue_event(uint64_t to)
{
	uint64_t buf[128];
	struct nlmsghdr *nlh = fake_reply(buf, NULL, KSSL_CMD_EVENT);

	mnl_attr_put_u32(nlh, KSSL_A_EVENT, KSSL_EVENT_TYPE_STATE);
	mnl_attr_put_u32(nlh, KSSL_A_ID, kssl_id(s));
	mnl_attr_put_u32(nlh, KSSL_A_STATE, KSSL_STATE_ESTABLISHED);
	mnl_attr_put(nlh, KSSL_A_COOKIE, sizeof(to), &to);
	fake_queue(&fake, nlh, nlh->nlmsg_len);
}

static void test_bind(void)
{
	uint64_t first, second;
	void *arg = NULL;

	check(kssl_ctx_set_callbacks(ctx, KSSL_CALLBACK_INFO, &both, &calls));
	check(fake_cmd((void *)fake.last) == KSSL_CMD_CTX_SET);
	check(number(KSSL_A_SETTINGS_CALLBACKS) == KSSL_CALLBACK_INFO);
	first = cookie();
	check(first && first != UINT64_MAX);
	check(kssl_find_callbacks(client, first, &arg)->verify == verify &&
	      arg == &calls);

	/* The functions and their argument make the cookie, not the mask. */
	check(kssl_set_callbacks(s, KSSL_CALLBACK_INFO | KSSL_CALLBACK_VERIFY,
				 &both, &calls));
	check(cookie() == first);
	check(number(KSSL_A_SETTINGS_CALLBACKS) ==
	      (KSSL_CALLBACK_INFO | KSSL_CALLBACK_VERIFY));
	check(kssl_set_callbacks(s, KSSL_CALLBACK_INFO, &both, &last));
	second = cookie();
	check(second != first);
	check(kssl_find_callbacks(client, second, &arg) && arg == &last);
	check(!kssl_find_callbacks(client, second + 1, &arg));
	check(!kssl_find_callbacks(client, 0, &arg));

	check(kssl_set_callbacks(s, 0, NULL, NULL) && cookie() == 0);
	check(number(KSSL_A_SETTINGS_CALLBACKS) == 0);
}

static void test_refused(void)
{
	struct {
		struct kssl_callbacks known;
		void *unknown;
	} newer = { .known = both, .unknown = NULL };
	unsigned int sends = fake.sends;

	check(!kssl_set_callbacks(s, KSSL_CALLBACK_INFO | KSSL_CALLBACK_PSK,
				  &both, NULL) && kssl_errno() == EINVAL);
	check(strstr(kssl_error_text(), "0x80"));
	check(!kssl_set_callbacks(s, 1 << 20, &both, NULL));
	check(!kssl_set_callbacks(s, KSSL_CALLBACK_INFO, NULL, NULL) &&
	      kssl_errno() == EINVAL);
	check(!kssl_set_callbacks(NULL, KSSL_CALLBACK_INFO, &both, NULL) &&
	      kssl_errno() == EINVAL);
	newer.known.size = sizeof(newer);
	newer.unknown = &newer;
	check(!kssl_set_callbacks(s, KSSL_CALLBACK_INFO, &newer.known, NULL) &&
	      kssl_errno() == E2BIG);
	check(fake.sends == sends);
	newer.unknown = NULL;
	check(kssl_set_callbacks(s, KSSL_CALLBACK_INFO, &newer.known, NULL));
}

/* More bindings than a table starts with keep their places. */
static void test_many(void)
{
	static char args[100];
	uint64_t cookies[100];
	void *arg;
	int i;

	for (i = 0; i < 100; i++) {
		kssl_set_callbacks(s, KSSL_CALLBACK_INFO, &both, &args[i]);
		cookies[i] = cookie();
	}
	for (i = 0; i < 100; i++)
		if (!kssl_find_callbacks(client, cookies[i], &arg) ||
		    arg != &args[i])
			break;
	check(i == 100);
}

static void test_dispatch(void)
{
	uint64_t to;

	kssl_set_callbacks(s, KSSL_CALLBACK_INFO, &both, &last);
	to = cookie();
	calls = 0;
	check(kssl_client_dispatch(client) == 0);
	queue_event(to);
	queue_event(to + 1000);	/* another client's */
	check(kssl_client_dispatch(client) == 1 && calls == 1);
	check(last.id == kssl_id(s) && last.cookie == to &&
	      last.state == KSSL_STATE_ESTABLISHED && last_arg == &last);

	/* Before a reply, in the middle of other calls. */
	queue_event(to);
	check(kssl_up_ref(s) && calls == 1);
	queue_event(to);
	kssl_free(s);
	use_client = 1;
	check(kssl_client_dispatch(client) == 2 && calls == 3);
	check(use_client);
	use_client = 0;
	check(kssl_client_dispatch(client) == 0);
}

static void test_lost(void)
{
	uint64_t to = last.cookie;
	int i;

	calls = 0;
	queue_event(to);
	fake_queue_errno(&fake, ENOBUFS);
	check(kssl_client_dispatch(client) == -1 && kssl_errno() == ENOBUFS);
	check(calls == 1);
	for (i = 0; i < 5000; i++)
		queue_event(to);
	calls = 0;
	check(kssl_client_dispatch(client) == -1 && kssl_errno() == ENOBUFS);
	check(calls == 4096);
	check(kssl_client_dispatch(client) == 0);
}

/* A kernel whose last event did not fit: it sends nothing to a full socket. */
static int answer_if_empty(struct fake *f, const struct nlmsghdr *req)
{
	(void)req;
	return f->head != NULL;
}

static void test_congested(void)
{
	uint64_t to = last.cookie;

	fake.answer = answer_if_empty;
	fake_queue_errno(&fake, ENOBUFS);
	queue_event(to);
	queue_event(to);
	check(kssl_up_ref(s) && !fake.hung);
	kssl_free(s);
	fake.answer = NULL;
	calls = 0;
	check(kssl_client_dispatch(client) == -1 && kssl_errno() == ENOBUFS);
	check(calls == 2);
	check(kssl_client_dispatch(client) == 0);
}

static int readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

static void test_fd(void)
{
	int fd, fds[2];

	check(kssl_client_fd(client) == -1 && kssl_errno() == EBADF);
	check(!pipe(fds));
	fake.fd = fds[0];
	fd = kssl_client_fd(client);
	check(fd >= 0 && kssl_client_fd(client) == fd);
	check(!readable(fd));
	/* The socket itself is readable ... */
	check(write(fds[1], "x", 1) == 1 && readable(fd));
	check(read(fds[0], &(char){ 0 }, 1) == 1 && !readable(fd));
	/* ... or was until a request took the event from it. */
	queue_event(last.cookie);
	check(kssl_up_ref(s) && readable(fd));
	check(kssl_client_dispatch(client) == 1 && !readable(fd));
	/* What tells of lost events only is worth a dispatch as well. */
	fake_queue_errno(&fake, ENOBUFS);
	kssl_free(s);
	check(readable(fd));
	check(kssl_client_dispatch(client) == -1 && kssl_errno() == ENOBUFS);
	check(!readable(fd));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	fake_init(&fake);
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_SERVER);
	s = kssl_new(ctx);

	test_bind();
	test_refused();
	test_many();
	test_dispatch();
	test_lost();
	test_congested();
	test_fd();

	/* What is still queued goes with the client. */
	queue_event(last.cookie);
	check(kssl_up_ref(s));
	kssl_free(s);
	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
