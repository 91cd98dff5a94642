// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of which socket belongs to which connection, and of sockets that
 * begin and attach refuse.
 */

#include <linux/in.h>
#include <linux/net.h>
#include <linux/sock_diag.h>

#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>

#include <uapi/linux/tls.h>

#include "../conn.h"
#include "../ctx.h"
#include "../ktls.h"
#include "../suite.h"
#include "fixture.h"

/* What get reports */

static u64 cookie_of(struct socket *sock)
{
	u32 cookie[2];

	sock_diag_save_cookie(sock->sk, cookie);
	return (u64)cookie[1] << 32 | cookie[0];
}

static u16 port_of(struct kunit *test, struct socket *sock)
{
	struct sockaddr_storage addr;

	KUNIT_ASSERT_GT(test, kernel_getsockname(sock, (void *)&addr), 0);
	/* A port is at the same place in both families' addresses. */
	return ntohs(((struct sockaddr_in *)&addr)->sin_port);
}

static const int family_params[] = { AF_INET, AF_INET6 };

static void family_desc(const int *family, char *desc)
{
	strscpy(desc, *family == AF_INET ? "IPv4" : "IPv6",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(family, family_params, family_desc);

static void sock_is_shown(struct kunit *test)
{
	const u8 lo4[4] = { 127, 0, 0, 1 }, lo6[16] = { [15] = 1 };
	int family = *(const int *)test->param_value;
	const u8 *lo = family == AF_INET ? lo4 : lo6;
	size_t size = family == AF_INET ? sizeof(lo4) : sizeof(lo6);
	struct kssl_test_pair *pair = kssl_test_pair(test, family);
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_view view;

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);
	kssl_conn_view(s, &view);

	/* Assert */
	KUNIT_EXPECT_EQ(test, view.state, KSSL_STATE_HANDSHAKE);
	KUNIT_EXPECT_EQ(test, view.family, family);
	KSSL_EXPECT_MEM(test, view.local.addr, lo, size);
	KSSL_EXPECT_MEM(test, view.peer.addr, lo, size);
	KUNIT_EXPECT_EQ(test, view.local.port, port_of(test, pair->client));
	KUNIT_EXPECT_EQ(test, view.peer.port, port_of(test, pair->server));
	KUNIT_EXPECT_EQ(test, view.cookie, cookie_of(pair->client));
	KUNIT_EXPECT_EQ(test, view.version, 0);
	KUNIT_EXPECT_EQ(test, view.suite, 0);
}

/* A socket belongs to one connection at a time */

static void sock_is_of_one_connection(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl *other = kssl_test_new(test, ctx);
	struct kssl_reason why = {};

	/* Arrange */
	KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);

	/* Act and assert: not while the first has it, nor in error */
	KUNIT_EXPECT_EQ(test, kssl_begin(other, pair->client, &why), -EBUSY);
	KUNIT_EXPECT_EQ(test, why.attr, KSSL_A_FD);
	KUNIT_EXPECT_EQ(test, kssl_get_state(other), KSSL_STATE_INITIAL);
	KUNIT_ASSERT_EQ(test, kssl_fail(s, NULL), 0);
	KUNIT_EXPECT_EQ(test, kssl_begin(other, pair->client, NULL), -EBUSY);
	KUNIT_ASSERT_EQ(test, kssl_clear(s, NULL), 0);
	KUNIT_EXPECT_EQ(test, kssl_begin(other, pair->client, NULL), 0);
	KUNIT_EXPECT_EQ(test, kssl_begin(s, pair->client, NULL), -EBUSY);
}

static void sock_can_be_left_for_another(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_test_pair *next = kssl_test_pair(test, AF_INET);
	struct kssl *s = kssl_test_new(test, ctx);

	/* Arrange */
	KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);
	KUNIT_ASSERT_EQ(test, kssl_clear(s, NULL), 0);

	/* Act and assert: whatever the first socket does */
	KUNIT_EXPECT_EQ(test, kssl_begin(s, next->client, NULL), 0);
	kssl_test_close(&pair->client);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_HANDSHAKE);
	kssl_test_close(&next->client);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_CLOSED);
}

static void sock_of_begin_is_the_only_one(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_test_pair *other = kssl_test_pair(test, AF_INET);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_attach_params params;

	/* Arrange */
	kssl_test_params(test, &params, 0x1301);
	KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);

	/* Act and assert: nor is there another when it has closed */
	KUNIT_EXPECT_EQ(test, kssl_attach(s, other->client, &params, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_HANDSHAKE);
	kssl_test_close(&pair->client);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_CLOSED);
	KUNIT_EXPECT_LT(test, kssl_attach(s, other->client, &params, NULL), 0);

	/* The other one was not touched */
	KUNIT_EXPECT_NULL(test, inet_csk(other->client->sk)->icsk_ulp_ops);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&s->object), 1);
	kssl_test_exchange(test, other, 100);
}

/* Sockets that cannot be */

static void release_sock_of(void *sock)
{
	sock_release(sock);
}

static struct socket *test_sock(struct kunit *test, int family, int type,
				int protocol)
{
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, family, type,
					       protocol, &sock), 0);
	kssl_test_defer(test, release_sock_of, sock);
	return sock;
}

static struct socket *udp(struct kunit *test)
{
	return test_sock(test, AF_INET, SOCK_DGRAM, IPPROTO_UDP);
}

static struct socket *local(struct kunit *test)
{
	return test_sock(test, AF_UNIX, SOCK_STREAM, 0);
}

static struct socket *unconnected(struct kunit *test)
{
	return test_sock(test, AF_INET, SOCK_STREAM, IPPROTO_TCP);
}

static struct socket *listening(struct kunit *test)
{
	struct socket *sock = unconnected(test);

	KUNIT_ASSERT_EQ(test, kernel_listen(sock, 1), 0);
	return sock;
}

static struct socket *reset_by_peer(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);

	kssl_test_close(&pair->server);
	kssl_test_await(test, pair->client, TCP_CLOSE);
	return pair->client;
}

static struct socket *ended_by_peer(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);

	KUNIT_ASSERT_EQ(test, kernel_sock_shutdown(pair->server, SHUT_WR), 0);
	kssl_test_await(test, pair->client, TCP_CLOSE_WAIT);
	return pair->client;
}

static int other_ulp_init(struct sock *sk)
{
	return 0;
}

static struct tcp_ulp_ops other_ulp = {
	.name	= "kssl_other",
	.owner	= THIS_MODULE,
	.init	= other_ulp_init,
};

static void unregister_ulp(void *ulp)
{
	tcp_unregister_ulp(ulp);
}

static struct socket *with_other_ulp(struct kunit *test)
{
	struct kssl_test_pair *pair;
	int err;

	KUNIT_ASSERT_EQ(test, tcp_register_ulp(&other_ulp), 0);
	kssl_test_defer(test, unregister_ulp, &other_ulp);
	pair = kssl_test_pair(test, AF_INET);
	err = do_sock_setsockopt(pair->client, false, SOL_TCP, TCP_ULP,
				 KERNEL_SOCKPTR(other_ulp.name),
				 strlen(other_ulp.name));
	KUNIT_ASSERT_EQ(test, err, 0);
	return pair->client;
}

/* A socket that does kernel TLS in one direction, by somebody else's will. */
static struct socket *with_key(struct kunit *test, int direction)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params params;

	kssl_test_params(test, &params, 0x1301);
	KUNIT_ASSERT_EQ(test, kssl_ktls_prepare(pair->client, 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, kssl_ktls_install(pair->client, direction,
						kssl_suite_find(0x1301),
						&params.tx), 0);
	return pair->client;
}

static struct socket *with_tx_key(struct kunit *test)
{
	return with_key(test, TLS_TX);
}

static struct socket *with_rx_key(struct kunit *test)
{
	return with_key(test, TLS_RX);
}

static struct socket *of_another(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl *other = kssl_test_new(test, ctx);

	KUNIT_ASSERT_EQ(test, kssl_begin(other, pair->client, NULL), 0);
	return pair->client;
}

struct refused_param {
	const char *name;
	struct socket *(*make)(struct kunit *test);
	int err;
};

static const struct refused_param refused_params[] = {
	{ "UDP", udp, -EOPNOTSUPP },
	{ "unix", local, -EOPNOTSUPP },
	{ "unconnected", unconnected, -ENOTCONN },
	{ "listening", listening, -ENOTCONN },
	{ "reset by the peer", reset_by_peer, -ENOTCONN },
	{ "ended by the peer", ended_by_peer, -ENOTCONN },
	{ "with another ULP", with_other_ulp, -EEXIST },
	{ "with a transmit key", with_tx_key, -EBUSY },
	{ "with a receive key", with_rx_key, -EBUSY },
	{ "of another connection", of_another, -EBUSY },
};

static void refused_desc(const struct refused_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(refused, refused_params, refused_desc);

static void sock_is_refused(struct kunit *test)
{
	const struct refused_param *param = test->param_value;
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl *s = kssl_test_new(test, ctx);
	struct socket *sock = param->make(test);
	struct kssl_attach_params params;
	struct kssl_reason begin = {}, attach = {};

	/* Arrange */
	kssl_test_params(test, &params, 0x1301);

	/* Act */
	KUNIT_EXPECT_EQ(test, kssl_begin(s, sock, &begin), param->err);
	KUNIT_EXPECT_EQ(test, kssl_attach(s, sock, &params, &attach),
			param->err);

	/* Assert: another socket will do */
	KUNIT_EXPECT_NOT_NULL(test, begin.text);
	KUNIT_EXPECT_EQ(test, begin.attr, KSSL_A_FD);
	KUNIT_EXPECT_NOT_NULL(test, attach.text);
	KUNIT_EXPECT_EQ(test, attach.attr, KSSL_A_FD);
	kssl_test_untouched(test, s, pair);
	kssl_test_attach(test, s, pair->client);
}

static void sock_of_begin_is_the_one_of_attach(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_test_pair *other = kssl_test_pair(test, AF_INET);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_attach_params params;
	struct kssl_reason why = {};

	/* Arrange */
	kssl_test_params(test, &params, 0x1301);
	KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);

	/* Act */
	KUNIT_EXPECT_EQ(test, kssl_attach(s, other->client, &params, &why),
			-EINVAL);

	/* Assert */
	KUNIT_EXPECT_EQ(test, why.attr, KSSL_A_FD);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_HANDSHAKE);
	kssl_test_exchange(test, other, 100);
	kssl_test_exchange(test, pair, 100);
	kssl_test_attach(test, s, pair->client);
}

static struct kunit_case sock_cases[] = {
	KUNIT_CASE_PARAM(sock_is_shown, family_gen_params),
	KUNIT_CASE(sock_is_of_one_connection),
	KUNIT_CASE(sock_can_be_left_for_another),
	KUNIT_CASE(sock_of_begin_is_the_only_one),
	KUNIT_CASE_PARAM(sock_is_refused, refused_gen_params),
	KUNIT_CASE(sock_of_begin_is_the_one_of_attach),
	{}
};

static struct kunit_suite sock_suite = {
	.name		= "kssl_sock",
	.suite_init	= kssl_test_net_init,
	.init		= kssl_test_init,
	.test_cases	= sock_cases,
};

kunit_test_suite(sock_suite);
