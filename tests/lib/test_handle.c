// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles: that their references and the kernel's are the same number, one
 * handle an object, in batches, from ids, and after fork().
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "tap.h"

static struct fake fake;
static struct kssl_client *client;
static struct kssl_ctx *ctx;

static unsigned int conn_refs(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < FAKE_IDS; i++)
		n += fake.conn_refs[i];
	return n;
}

static void test_lifetime(void)
{
	struct kssl *s = kssl_new(ctx);

	check(fake.conn_refs[kssl_id(s)] == 1);
	check(kssl_up_ref(s) && fake.conn_refs[kssl_id(s)] == 2);
	kssl_free(s);
	check(fake.conn_refs[kssl_id(s)] == 1);
	kssl_free(s);
	check(conn_refs() == 0);

	check(kssl_ctx_up_ref(ctx) && fake.ctx_refs[kssl_ctx_id(ctx)] == 2);
	kssl_ctx_free(ctx);
	check(fake.ctx_refs[kssl_ctx_id(ctx)] == 1);

	/* A refused up_ref counts nowhere. */
	s = kssl_new(ctx);
	fake.refuse_at = 1;
	fake.refuse_err = EOVERFLOW;
	check(!kssl_up_ref(s) && kssl_errno() == EOVERFLOW);
	fake.refuse_at = 0;
	kssl_free(s);
	check(conn_refs() == 0);
}

static void test_dup(void)
{
	struct kssl *s = kssl_new(ctx), *copy;

	copy = kssl_dup(s);
	check(copy && copy != s && kssl_id(copy) != kssl_id(s));
	check(fake.conn_refs[kssl_id(s)] == 1);
	check(fake.conn_refs[kssl_id(copy)] == 1);
	kssl_free(copy);

	fake.state = KSSL_STATE_HANDSHAKE;
	copy = kssl_dup(s);
	check(copy == s && fake.conn_refs[kssl_id(s)] == 2);
	check(fake_cached(s).state == KSSL_STATE_HANDSHAKE);
	kssl_free(copy);
	check(fake.conn_refs[kssl_id(s)] == 1);
	fake.state = KSSL_STATE_INITIAL;
	kssl_free(s);
	check(conn_refs() == 0);

	s = kssl_new(ctx);
	fake.refuse_at = 1;
	fake.refuse_err = EDQUOT;
	check(!kssl_dup(s) && kssl_errno() == EDQUOT);
	fake.refuse_at = 0;
	kssl_free(s);
}

static void test_from_id(void)
{
	struct kssl_ctx *same_ctx;
	struct kssl *s, *same;

	fake.conn_refs[300] = 5;
	s = kssl_from_id(client, 300);
	check(s && kssl_id(s) == 300 && fake.conn_refs[300] == 6);
	check(kssl_get_ctx_id(s) == 1 && fake_cached(s).id == 300);
	same = kssl_from_id(client, 300);
	check(same == s && fake.conn_refs[300] == 7);
	kssl_free(s);
	kssl_free(same);
	check(fake.conn_refs[300] == 5);
	fake.conn_refs[300] = 0;

	check(!kssl_from_id(client, 301) && kssl_errno() == ENOENT);
	same_ctx = kssl_ctx_from_id(client, kssl_ctx_id(ctx));
	check(same_ctx == ctx && fake.ctx_refs[kssl_ctx_id(ctx)] == 2);
	kssl_ctx_free(same_ctx);
	check(!kssl_ctx_from_id(client, 301) && kssl_errno() == ENOENT);
}

static int refuse_get(struct fake *f, const struct nlmsghdr *req)
{
	if (fake_cmd(req) != KSSL_CMD_GET)
		return 0;
	fake_refuse(f, req, EPERM, "not to be seen", 0);
	return 1;
}

/* What cannot be looked at is let go again. */
static void test_from_id_undone(void)
{
	fake.conn_refs[300] = 5;
	fake.answer = refuse_get;
	check(!kssl_from_id(client, 300) && kssl_errno() == EPERM);
	check(fake.conn_refs[300] == 5);
	fake.answer = NULL;
	fake.conn_refs[300] = 0;
}

static void test_many(void)
{
	struct kssl *s[150];
	unsigned int i, sends = fake.sends, same = 0;

	check(kssl_new_many(ctx, s, 150));
	check(fake.sends == sends + 3 && conn_refs() == 150);
	for (i = 1; i < 150; i++)
		same += kssl_id(s[i]) != kssl_id(s[i - 1]) + 1;
	check(!same);
	kssl_free_many(s, 150);
	check(fake.sends == sends + 6 && conn_refs() == 0);

	check(kssl_new_many(ctx, s, 0));
	kssl_free_many(s, 0);
	check(fake.sends == sends + 6);

	/* One in the second batch is refused: no handle is left of any. */
	fake.refuse_at = fake.requests + 70;
	fake.refuse_err = EDQUOT;
	fake.next_id = 1;
	check(!kssl_new_many(ctx, s, 150) && kssl_errno() == EDQUOT);
	fake.refuse_at = 0;
	for (i = 0; i < 150; i++)
		same += !!s[i];
	check(!same);
}

static int refuse_70th(struct fake *f, const struct nlmsghdr *req)
{
	if (fake_cmd(req) != KSSL_CMD_NEW || f->next_id < 71)
		return 0;
	fake_refuse(f, req, EDQUOT, "one too many", 0);
	return 1;
}

static void test_many_undone(void)
{
	struct kssl *s[150];
	unsigned int i, left = 0;

	fake.next_id = 2;
	fake.answer = refuse_70th;
	check(!kssl_new_many(ctx, s, 150) && kssl_errno() == EDQUOT);
	check(!strcmp(kssl_error_text(), "one too many"));
	check(conn_refs() == 0);
	for (i = 0; i < 150; i++)
		left += !!s[i];
	check(!left);
	fake.answer = NULL;
}

/* NULL, the same handle twice and handles of several clients. */
static void test_free_many_mixed(void)
{
	static struct fake other_fake;
	struct kssl_client *other;
	struct kssl_ctx *other_ctx;
	struct kssl *s[6];

	fake_init(&other_fake);
	other = fake_client(&other_fake);
	other_ctx = kssl_ctx_new(other, KSSL_METHOD_EITHER);
	s[0] = kssl_new(ctx);
	s[1] = NULL;
	s[2] = s[0];
	kssl_up_ref(s[0]);
	s[3] = kssl_new(other_ctx);
	s[4] = kssl_new(ctx);
	s[5] = NULL;
	kssl_free_many(s, 6);
	check(conn_refs() == 0);
	check(!other_fake.conn_refs[1] && !other_fake.conn_refs[2]);
	kssl_ctx_free(other_ctx);
	kssl_client_free(other);
}

static int released;

static void release(void *arg)
{
	released += *(int *)arg;
	kssl_set_error(EDOM, "released");
}

static void test_bridge_slot(void)
{
	struct kssl *s = kssl_new(ctx);
	int one = 1, ten = 10;
	void **slot = kssl_bridge_slot(s, release);

	check(slot && !*slot);
	*slot = &one;
	check(*kssl_bridge_slot(s, release) == &one);
	kssl_set_error(ERANGE, "kept");
	kssl_free(s);
	check(released == 1 && kssl_errno() == ERANGE);

	/* An empty slot has nothing to release. */
	s = kssl_new(ctx);
	kssl_bridge_slot(s, release);
	kssl_free(s);
	check(released == 1);

	kssl_ctx_up_ref(ctx);
	*kssl_ctx_bridge_slot(ctx, release) = &ten;
	kssl_ctx_free(ctx);
	check(released == 1);
	*kssl_ctx_bridge_slot(ctx, release) = NULL;
}

/* In the child nothing is sent, and memory can be given back. */
static int child(struct kssl *s)
{
	unsigned int sends = fake.sends;
	uint32_t id = kssl_id(s);

	if (kssl_new(ctx) || kssl_errno() != ECHILD ||
	    !*kssl_error_text())
		return 1;
	if (kssl_up_ref(s) || kssl_dup(s) || kssl_get_info(s) ||
	    kssl_from_id(client, id) || kssl_errno() != ECHILD)
		return 2;
	if (kssl_dump(client, NULL, NULL, NULL) || kssl_errno() != ECHILD)
		return 3;
	kssl_free(s);
	kssl_ctx_free(ctx);
	if (fake.sends != sends || fake.conn_refs[id] != 1)
		return 4;
	kssl_client_free(client);
	return fake.closed == 1 ? 0 : 5;
}

static void test_fork(void)
{
	struct kssl *s = kssl_new(ctx);
	int status = -1;
	pid_t pid;

	fflush(stdout);
	/* The child must not wait for a lock that nobody there can release. */
	pthread_mutex_lock(&client->lock);
	pid = fork();
	if (!pid)
		_exit(child(s));
	pthread_mutex_unlock(&client->lock);
	waitpid(pid, &status, 0);
	check_that(WIFEXITED(status) && !WEXITSTATUS(status),
		   "calls of a forked child (%d)", status);
	check(kssl_up_ref(s));
	kssl_free(s);
	kssl_free(s);
	check(conn_refs() == 0);
}

/* Handles that were not freed: their memory goes with the client. */
static void test_left_handles(void)
{
	static struct fake other_fake;
	struct kssl_client *other;
	struct kssl_ctx *other_ctx;
	struct kssl *s[40];
	int hundred = 100;

	fake_init(&other_fake);
	other = fake_client(&other_fake);
	other_ctx = kssl_ctx_new(other, KSSL_METHOD_EITHER);
	kssl_new_many(other_ctx, s, 40);
	*kssl_bridge_slot(s[7], release) = &hundred;
	kssl_client_free(other);
	check(other_fake.closed == 1 && released == 101);
}

int main(void)
{
	fake_init(&fake);
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_SERVER);
	check(fake.ctx_refs[1] == 1);

	test_lifetime();
	test_dup();
	test_from_id();
	test_from_id_undone();
	test_many();
	memset(fake.conn_refs, 0, sizeof(fake.conn_refs));
	test_many_undone();
	test_free_many_mixed();
	test_bridge_slot();
	test_fork();
	test_left_handles();

	kssl_ctx_free(ctx);
	check(fake.ctx_refs[1] == 0 && !fake.closed);
	kssl_client_free(client);
	check(fake.closed == 1);
	check(!fake.with_ack);
	return tap_done();
}
