// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: what the suites have in common
 *
 * Objects, sockets and clients that go with the test that asked for them, also
 * when that was aborted. At the end of each test nothing of it may be left:
 * kssl_test_init() counts before the test and, as the last that is done for
 * it, after.
 */

#include <kunit/resource.h>

#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <net/sock.h>

#include <uapi/linux/tls.h>

#include "../client.h"
#include "../conn.h"
#include "../ctx.h"
#include "../suite.h"
#include "fixture.h"

#define PATIENCE	(10 * HZ)

struct action {
	void (*fn)(void *arg);
	void *arg;
};

static int action_init(struct kunit_resource *res, void *context)
{
	res->data = kmemdup(context, sizeof(struct action), GFP_KERNEL);
	return res->data ? 0 : -ENOMEM;
}

static void action_free(struct kunit_resource *res)
{
	struct action *action = res->data;

	action->fn(action->arg);
	kfree(action);
}

/**
 * kssl_test_defer - call a function when the test is over, last come first
 * @test: the test
 * @fn: the function
 * @arg: its argument
 */
void kssl_test_defer(struct kunit *test, void (*fn)(void *arg), void *arg)
{
	struct action action = { fn, arg };
	void *added;

	added = kunit_alloc_resource(test, action_init, action_free,
				     GFP_KERNEL, &action);
	if (!added)
		fn(arg);
	KUNIT_ASSERT_NOT_NULL(test, added);
}

/* How much there is of what a test might leave behind. */
struct census {
	struct kunit *test;
	int objects;
	int dup_refs;
	int inherit_refs;
};

static int count_objects(const struct kssl_object_type *type)
{
	struct kssl_object *object;
	unsigned long id = 0;
	int n = 0;

	while ((object = kssl_object_next(type, &id, NULL, NULL))) {
		kssl_object_unpin(object);
		id++;
		n++;
	}
	return n;
}

static void count_all(struct census *census)
{
	struct kssl_settings settings = kssl_settings_default();

	census->objects = count_objects(&kssl_ctx_type) +
		count_objects(&kssl_conn_type);
	census->dup_refs = refcount_read(&settings.dup->ref);
	census->inherit_refs = refcount_read(&settings.inherit->ref);
	kssl_settings_put(&settings);
}

static void check_census(void *arg)
{
	struct census *before = arg, after;
	struct kunit *test = before->test;

	count_all(&after);
	KUNIT_EXPECT_EQ(test, after.objects, before->objects);
	KUNIT_EXPECT_EQ(test, after.dup_refs, before->dup_refs);
	KUNIT_EXPECT_EQ(test, after.inherit_refs, before->inherit_refs);
	rcu_barrier();
}

int kssl_test_init(struct kunit *test)
{
	struct census *census;

	census = kunit_kzalloc(test, sizeof(*census), GFP_KERNEL);
	if (!census)
		return -ENOMEM;
	census->test = test;
	count_all(census);
	kssl_test_defer(test, check_census, census);
	return 0;
}

/* Nothing has put up the loopback interface of a kernel without userspace. */
int kssl_test_net_init(struct kunit_suite *suite)
{
	struct net_device *lo = init_net.loopback_dev;
	int err;

	rtnl_lock();
	err = dev_change_flags(lo, lo->flags | IFF_UP, NULL);
	rtnl_unlock();
	return err;
}

const struct kssl_row *kssl_test_row(u16 attr)
{
	enum kssl_row_id id = kssl_row_find(attr);

	return id < KSSL_ROWS ? &kssl_rows[id] : NULL;
}

static void free_settings(void *settings)
{
	kssl_settings_put(settings);
}

/**
 * kssl_test_settings - the default settings
 * @test: the test
 *
 * Return: settings that the test may replace by others; what they are then is
 * put when the test is over.
 */
struct kssl_settings *kssl_test_settings(struct kunit *test)
{
	struct kssl_settings *settings;

	settings = kunit_kzalloc(test, sizeof(*settings), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, settings);
	*settings = kssl_settings_default();
	kssl_test_defer(test, free_settings, settings);
	return settings;
}

static void free_ctx(void *ctx)
{
	kssl_ctx_free(ctx);
}

static void free_conn(void *s)
{
	kssl_free(s);
}

struct kssl_ctx *kssl_test_ctx(struct kunit *test, enum kssl_method method)
{
	struct kssl_ctx *ctx = kssl_ctx_new(&init_net, method);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	kssl_test_defer(test, free_ctx, ctx);
	return ctx;
}

struct kssl *kssl_test_new(struct kunit *test, struct kssl_ctx *ctx)
{
	struct kssl *s = kssl_new(ctx);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	kssl_test_defer(test, free_conn, s);
	return s;
}

struct kssl *kssl_test_dup(struct kunit *test, struct kssl *s)
{
	struct kssl *dup = kssl_dup(s);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dup);
	kssl_test_defer(test, free_conn, dup);
	return dup;
}

/* Closes a file like a process does, which not every context can. */
struct closing {
	struct work_struct work;
	struct file *file;
};

static void close_work(struct work_struct *work)
{
	__fput_sync(container_of(work, struct closing, work)->file);
}

/**
 * kssl_test_user_close - close the socket of a user
 * @user: the user
 *
 * All that its close does is done on return.
 */
void kssl_test_user_close(struct kssl_test_user *user)
{
	struct closing closing = { .file = user->file };

	if (!user->file)
		return;
	user->file = NULL;
	INIT_WORK_ONSTACK(&closing.work, close_work);
	schedule_work(&closing.work);
	flush_work(&closing.work);
	destroy_work_on_stack(&closing.work);
}

static void free_user(void *arg)
{
	struct kssl_test_user *user = arg;

	kssl_test_user_close(user);
	sock_put(user->sk);
}

static struct socket *open_netlink(struct kunit *test)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	struct socket *sock;
	int err;

	err = sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW,
			       NETLINK_GENERIC, &sock);
	KUNIT_ASSERT_EQ(test, err, 0);
	err = kernel_bind(sock, (void *)&addr, sizeof(addr));
	if (err)
		sock_release(sock);
	KUNIT_ASSERT_EQ(test, err, 0);
	return sock;
}

static u32 port_of(struct kunit *test, struct socket *sock)
{
	struct sockaddr_nl addr;

	KUNIT_ASSERT_GT(test, kernel_getsockname(sock, (void *)&addr), 0);
	return addr.nl_pid;
}

/**
 * kssl_test_user - open a netlink socket and make it a client
 * @test: the test
 *
 * Return: the user; it is closed when the test is over, if not before.
 */
struct kssl_test_user *kssl_test_user(struct kunit *test)
{
	struct kssl_test_user *user;
	struct socket *sock;
	struct file *file;

	user = kunit_kzalloc(test, sizeof(*user), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, user);
	sock = open_netlink(test);
	file = sock_alloc_file(sock, 0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	sock_hold(sock->sk);
	user->sk = sock->sk;
	user->file = file;
	kssl_test_defer(test, free_user, user);

	user->portid = port_of(test, sock);
	user->client = kssl_client_obtain(user->sk, user->portid);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, user->client);
	return user;
}

/**
 * kssl_test_close - close one end of a TCP connection at once
 * @end: the end, or NULL when it is closed already
 *
 * The peer gets a reset, and the socket is destroyed on return.
 */
void kssl_test_close(struct socket **end)
{
	if (!*end)
		return;
	sock_no_linger((*end)->sk);
	sock_release(*end);
	*end = NULL;
}

static void close_pair(void *arg)
{
	struct kssl_test_pair *pair = arg;

	kssl_test_close(&pair->client);
	kssl_test_close(&pair->server);
}

static int loopback_addr(int family, struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = family;
	if (family == AF_INET6) {
		in6->sin6_addr = in6addr_loopback;
		return sizeof(*in6);
	}
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*in);
}

static int connect_to(struct socket *listener, struct kssl_test_pair *pair)
{
	struct sockaddr_storage addr;
	int err, len;

	len = kernel_getsockname(listener, (void *)&addr);
	if (len < 0)
		return len;
	err = sock_create_kern(&init_net, addr.ss_family, SOCK_STREAM,
			       IPPROTO_TCP, &pair->client);
	if (!err)
		err = kernel_connect(pair->client, (void *)&addr, len, 0);
	if (!err)
		err = kernel_accept(listener, &pair->server, 0);
	return err;
}

static int connect_pair(int family, struct kssl_test_pair *pair)
{
	struct sockaddr_storage addr;
	int len = loopback_addr(family, &addr);
	struct socket *listener;
	int err;

	err = sock_create_kern(&init_net, family, SOCK_STREAM, IPPROTO_TCP,
			       &listener);
	if (err)
		return err;
	err = kernel_bind(listener, (void *)&addr, len);
	if (!err)
		err = kernel_listen(listener, 1);
	if (!err)
		err = connect_to(listener, pair);
	sock_release(listener);
	return err;
}

/* A test that waits for data that never comes fails and does not hang. */
static void limit_patience(struct socket *sock)
{
	sock->sk->sk_rcvtimeo = PATIENCE;
	sock->sk->sk_sndtimeo = PATIENCE;
}

/**
 * kssl_test_pair - connect two TCP sockets of the kernel
 * @test: the test, in a suite with kssl_test_net_init()
 * @family: AF_INET or AF_INET6
 *
 * Return: the ends; those still open are closed when the test is over.
 */
struct kssl_test_pair *kssl_test_pair(struct kunit *test, int family)
{
	struct kssl_test_pair *pair;

	pair = kunit_kzalloc(test, sizeof(*pair), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pair);
	kssl_test_defer(test, close_pair, pair);
	KUNIT_ASSERT_EQ(test, connect_pair(family, pair), 0);
	limit_patience(pair->client);
	limit_patience(pair->server);
	return pair;
}

/**
 * kssl_test_await - wait until TCP is in a state, as its packets can be late
 * @test: the test
 * @sock: the socket
 * @state: the state, TCP_*
 */
void kssl_test_await(struct kunit *test, struct socket *sock, int state)
{
	unsigned long end = jiffies + PATIENCE;

	while (READ_ONCE(sock->sk->sk_state) != state &&
	       time_before(jiffies, end))
		msleep(20);
	KUNIT_ASSERT_EQ(test, READ_ONCE(sock->sk->sk_state), state);
}

int kssl_test_send(struct socket *sock, const void *data, size_t len)
{
	struct kvec vec = { (void *)data, len };
	struct msghdr msg = {};

	return kernel_sendmsg(sock, &msg, &vec, 1, len);
}

/**
 * kssl_test_recv - receive exactly so much
 * @sock: the socket
 * @data: takes it
 * @len: how much
 *
 * Return: @len, less at the end of the stream, or a negative errno.
 */
int kssl_test_recv(struct socket *sock, void *data, size_t len)
{
	struct msghdr msg = {};
	struct kvec vec;
	size_t got = 0;
	int n;

	while (got < len) {
		vec.iov_base = (u8 *)data + got;
		vec.iov_len = len - got;
		n = kernel_recvmsg(sock, &msg, &vec, 1, len - got, 0);
		if (n < 0)
			return n;
		if (!n)
			break;
		got += n;
	}
	return got;
}

static void expect_passage(struct kunit *test, struct socket *from,
			   struct socket *to, size_t len, u8 seed)
{
	u8 *sent = kunit_kzalloc(test, len, GFP_KERNEL);
	u8 *got = kunit_kzalloc(test, len, GFP_KERNEL);
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, sent);
	KUNIT_ASSERT_NOT_NULL(test, got);
	for (i = 0; i < len; i++)
		sent[i] = seed + i * 7 + i / 251;
	KUNIT_ASSERT_EQ(test, kssl_test_send(from, sent, len), (int)len);
	KUNIT_ASSERT_EQ(test, kssl_test_recv(to, got, len), (int)len);
	KSSL_EXPECT_MEM(test, got, sent, len);
}

/**
 * kssl_test_exchange - expect that what one end sends is what the other gets
 * @test: the test
 * @pair: the ends
 * @len: how many bytes to send in each direction
 */
void kssl_test_exchange(struct kunit *test, struct kssl_test_pair *pair,
			size_t len)
{
	expect_passage(test, pair->client, pair->server, len, 1);
	expect_passage(test, pair->server, pair->client, len, 2);
}

static const struct kssl_suite *get_suite(struct kunit *test, u16 code)
{
	const struct kssl_suite *suite = kssl_suite_find(code);

	KUNIT_ASSERT_NOT_NULL_MSG(test, suite, "suite %#06x", code);
	return suite;
}

/**
 * kssl_test_allow - let a suite be the only one that a context's settings list
 * @test: the test
 * @ctx: the context
 * @code: the suite
 */
void kssl_test_allow(struct kunit *test, struct kssl_ctx *ctx, u16 code)
{
	const struct kssl_suite *suite = get_suite(test, code);
	struct kssl_value value = {
		.attr = suite->version == TLS_1_3_VERSION ?
			KSSL_A_SETTINGS_CIPHERSUITES :
			KSSL_A_SETTINGS_CIPHER_LIST,
		.data = &code,
		.len = sizeof(code),
	};

	KUNIT_ASSERT_EQ(test, kssl_ctx_set(ctx, &value, 1, NULL), 0);
}

static void fill_crypto(struct kssl_crypto *crypto,
			const struct kssl_cipher *cipher, u8 seed)
{
	memset(crypto, 0, sizeof(*crypto));
	crypto->rec_seq = seed;
	crypto->key_len = cipher->key_size;
	crypto->iv_len = cipher->iv_size;
	crypto->salt_len = cipher->salt_size;
	memset(crypto->key, seed, cipher->key_size);
	memset(crypto->iv, seed + 1, cipher->iv_size);
	memset(crypto->salt, seed + 2, cipher->salt_size);
}

/**
 * kssl_test_params - what an attach with keys needs
 * @test: the test
 * @params: takes it
 * @code: the suite
 */
void kssl_test_params(struct kunit *test, struct kssl_attach_params *params,
		      u16 code)
{
	const struct kssl_suite *suite = get_suite(test, code);

	memset(params, 0, sizeof(*params));
	params->version = suite->version;
	params->suite = code;
	fill_crypto(&params->tx, suite->cipher, 0x20);
	fill_crypto(&params->rx, suite->cipher, 0x40);
}

/**
 * kssl_test_mirror - what the other end's attach needs
 * @params: what one end's needs
 * @mirror: takes it
 */
void kssl_test_mirror(const struct kssl_attach_params *params,
		      struct kssl_attach_params *mirror)
{
	*mirror = *params;
	mirror->tx = params->rx;
	mirror->rx = params->tx;
}

/**
 * kssl_test_attach - attach with a suite that the default settings list
 * @test: the test
 * @s: the connection, with a role
 * @sock: the socket
 */
void kssl_test_attach(struct kunit *test, struct kssl *s, struct socket *sock)
{
	struct kssl_attach_params params;

	kssl_test_params(test, &params, 0x1301);
	KUNIT_ASSERT_EQ(test, kssl_attach(s, sock, &params, NULL), 0);
}

/**
 * kssl_test_untouched - expect a connection that is as new
 * @test: the test
 * @s: the connection
 * @pair: sockets that are to carry plaintext
 */
void kssl_test_untouched(struct kunit *test, struct kssl *s,
			 struct kssl_test_pair *pair)
{
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_INITIAL);
	KUNIT_EXPECT_NULL(test, s->sock);
	KUNIT_EXPECT_NULL(test, s->secrets);
	KUNIT_EXPECT_EQ(test, s->version, 0);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&s->object), 1);
	kssl_test_exchange(test, pair, 100);
}
