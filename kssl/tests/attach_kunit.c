// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of attach: what goes over an attached socket, and what is left
 * when net/tls refuses a key.
 */

#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/in.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/tcp.h>

#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include <uapi/linux/tls.h>

#include "../conn.h"
#include "../ctx.h"
#include "../suite.h"
#include "fixture.h"

#define DATA_SIZE	50
#define RECORD_SIZE	72

static struct kssl *test_conn(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);

	return kssl_test_new(test, ctx);
}

/* Data under each cipher */

struct carry_param {
	const char *name;
	u16 code;
	bool secrets;
};

static const struct carry_param carry_params[] = {
	{ "TLS 1.2 AES-128-GCM", 0xc02f },
	{ "TLS 1.2 AES-256-GCM", 0xc030 },
	{ "TLS 1.2 AES-128-CCM", 0xc09e },
	{ "TLS 1.2 CHACHA20-POLY1305", 0xcca8 },
	{ "TLS 1.3 AES-128-GCM", 0x1301 },
	{ "TLS 1.3 AES-256-GCM", 0x1302 },
	{ "TLS 1.3 CHACHA20-POLY1305", 0x1303 },
	{ "TLS 1.3 AES-128-CCM", 0x1304 },
	{ "TLS 1.3 AES-128-GCM by secret", 0x1301, true },
	{ "TLS 1.3 AES-256-GCM by secret", 0x1302, true },
	{ "TLS 1.3 CHACHA20-POLY1305 by secret", 0x1303, true },
	{ "TLS 1.3 AES-128-CCM by secret", 0x1304, true },
};

static void carry_desc(const struct carry_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(carry, carry_params, carry_desc);

static void use_secret(struct kssl_crypto *crypto, u8 size, u8 seed)
{
	u64 rec_seq = crypto->rec_seq;

	memset(crypto, 0, sizeof(*crypto));
	crypto->rec_seq = rec_seq;
	crypto->secret_len = size;
	memset(crypto->secret, seed, size);
}

/* Attaches both ends, as one process at each end of a network would. */
static void attach_pair(struct kunit *test, struct kssl_test_pair *pair,
			const struct kssl_attach_params *params)
{
	const enum kssl_method method[] = {
		KSSL_METHOD_CLIENT, KSSL_METHOD_SERVER,
	};
	struct kssl_attach_params each = *params;
	struct socket *sock = pair->client;
	struct kssl_ctx *ctx;
	struct kssl *s;
	int i;

	for (i = 0; i < ARRAY_SIZE(method); i++) {
		ctx = kssl_test_ctx(test, method[i]);
		kssl_test_allow(test, ctx, params->suite);
		s = kssl_test_new(test, ctx);
		KUNIT_ASSERT_EQ(test, kssl_attach(s, sock, &each, NULL), 0);
		KUNIT_EXPECT_EQ(test, kssl_get_state(s),
				KSSL_STATE_ESTABLISHED);
		kssl_test_mirror(params, &each);
		sock = pair->server;
	}
}

static void attach_carries_data(struct kunit *test)
{
	const struct carry_param *param = test->param_value;
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params params;
	u8 size;

	/* Arrange */
	kssl_test_params(test, &params, param->code);
	if (param->secrets) {
		size = kssl_suite_find(param->code)->hash_size;
		use_secret(&params.tx, size, 0x55);
		use_secret(&params.rx, size, 0xaa);
	}

	/* Act */
	attach_pair(test, pair, &params);

	/* Assert: a byte, part of a record, and more than one of them */
	kssl_test_exchange(test, pair, 1);
	kssl_test_exchange(test, pair, 1000);
	kssl_test_exchange(test, pair, 40000);
}

static void attach_carries_data_over_ipv6(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET6);
	struct kssl_attach_params params;

	kssl_test_params(test, &params, 0x1301);
	attach_pair(test, pair, &params);
	kssl_test_exchange(test, pair, 1000);
}

static void attach_takes_a_key_and_a_secret(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params params;

	kssl_test_params(test, &params, 0x1301);
	use_secret(&params.rx, 32, 0x55);
	attach_pair(test, pair, &params);
	kssl_test_exchange(test, pair, 1000);
}

/*
 * Section 3 of RFC 8448: the application traffic secrets, and the record in
 * which each end sends the bytes from 0 to 49. The server has sent a session
 * ticket before.
 */
static const u8 client_secret[32] = {
	0x9e, 0x40, 0x64, 0x6c, 0xe7, 0x9a, 0x7f, 0x9d,
	0xc0, 0x5a, 0xf8, 0x88, 0x9b, 0xce, 0x65, 0x52,
	0x87, 0x5a, 0xfa, 0x0b, 0x06, 0xdf, 0x00, 0x87,
	0xf7, 0x92, 0xeb, 0xb7, 0xc1, 0x75, 0x04, 0xa5,
};

static const u8 server_secret[32] = {
	0xa1, 0x1a, 0xf9, 0xf0, 0x55, 0x31, 0xf8, 0x56,
	0xad, 0x47, 0x11, 0x6b, 0x45, 0xa9, 0x50, 0x32,
	0x82, 0x04, 0xb4, 0xf4, 0x4b, 0xfb, 0x6b, 0x3a,
	0x4b, 0x4f, 0x1f, 0x3f, 0xcb, 0x63, 0x16, 0x43,
};

static const u8 client_record[RECORD_SIZE] = {
	0x17, 0x03, 0x03, 0x00, 0x43, 0xa2, 0x3f, 0x70, 0x54, 0xb6, 0x2c, 0x94,
	0xd0, 0xaf, 0xfa, 0xfe, 0x82, 0x28, 0xba, 0x55, 0xcb, 0xef, 0xac, 0xea,
	0x42, 0xf9, 0x14, 0xaa, 0x66, 0xbc, 0xab, 0x3f, 0x2b, 0x98, 0x19, 0xa8,
	0xa5, 0xb4, 0x6b, 0x39, 0x5b, 0xd5, 0x4a, 0x9a, 0x20, 0x44, 0x1e, 0x2b,
	0x62, 0x97, 0x4e, 0x1f, 0x5a, 0x62, 0x92, 0xa2, 0x97, 0x70, 0x14, 0xbd,
	0x1e, 0x3d, 0xea, 0xe6, 0x3a, 0xee, 0xbb, 0x21, 0x69, 0x49, 0x15, 0xe4,
};

static const u8 server_record[RECORD_SIZE] = {
	0x17, 0x03, 0x03, 0x00, 0x43, 0x2e, 0x93, 0x7e, 0x11, 0xef, 0x4a, 0xc7,
	0x40, 0xe5, 0x38, 0xad, 0x36, 0x00, 0x5f, 0xc4, 0xa4, 0x69, 0x32, 0xfc,
	0x32, 0x25, 0xd0, 0x5f, 0x82, 0xaa, 0x1b, 0x36, 0xe3, 0x0e, 0xfa, 0xf9,
	0x7d, 0x90, 0xe6, 0xdf, 0xfc, 0x60, 0x2d, 0xcb, 0x50, 0x1a, 0x59, 0xa8,
	0xfc, 0xc4, 0x9c, 0x4b, 0xf2, 0xe5, 0xf0, 0xa2, 0x1c, 0x00, 0x47, 0xc2,
	0xab, 0xf3, 0x32, 0x54, 0x0d, 0xd0, 0x32, 0xe1, 0x67, 0xc2, 0x95, 0x5d,
};

static void rfc8448_client(struct kssl_attach_params *params)
{
	memset(params, 0, sizeof(*params));
	params->version = 0x0304;
	params->suite = 0x1301;
	params->tx.secret_len = sizeof(client_secret);
	memcpy(params->tx.secret, client_secret, sizeof(client_secret));
	params->rx.secret_len = sizeof(server_secret);
	memcpy(params->rx.secret, server_secret, sizeof(server_secret));
	params->rx.rec_seq = 1;
}

/* The attached end sends and gets data where the other sees records. */
static void expect_records(struct kunit *test, struct socket *attached,
			   struct socket *plain, const u8 *sent, const u8 *got)
{
	u8 data[DATA_SIZE], record[RECORD_SIZE];
	int i;

	for (i = 0; i < DATA_SIZE; i++)
		data[i] = i;
	KUNIT_ASSERT_EQ(test, kssl_test_send(attached, data, DATA_SIZE),
			DATA_SIZE);
	KUNIT_ASSERT_EQ(test, kssl_test_recv(plain, record, RECORD_SIZE),
			RECORD_SIZE);
	KSSL_EXPECT_MEM(test, record, sent, RECORD_SIZE);

	memset(data, 0, sizeof(data));
	KUNIT_ASSERT_EQ(test, kssl_test_send(plain, got, RECORD_SIZE),
			RECORD_SIZE);
	KUNIT_ASSERT_EQ(test, kssl_test_recv(attached, data, DATA_SIZE),
			DATA_SIZE);
	for (i = 0; i < DATA_SIZE; i++)
		KUNIT_EXPECT_EQ(test, data[i], i);
}

static void attach_as_the_client_of_rfc8448(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params params;
	struct kssl *s = test_conn(test);

	rfc8448_client(&params);
	KUNIT_ASSERT_EQ(test, kssl_attach(s, pair->client, &params, NULL), 0);
	expect_records(test, pair->client, pair->server, client_record,
		       server_record);
}

static void attach_as_the_server_of_rfc8448(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params client, params;
	struct kssl *s = test_conn(test);

	rfc8448_client(&client);
	kssl_test_mirror(&client, &params);
	KUNIT_ASSERT_EQ(test, kssl_attach(s, pair->server, &params, NULL), 0);
	expect_records(test, pair->server, pair->client, server_record,
		       client_record);
}

/* What the connection keeps */

static void attach_keeps_what_was_negotiated(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params params;
	struct kssl *s = test_conn(test);
	struct kssl_view view;

	/* Arrange */
	kssl_test_params(test, &params, 0xc02f);
	params.verified = true;
	params.verify_result = 18;

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_attach(s, pair->client, &params, NULL), 0);
	kssl_conn_view(s, &view);

	/* Assert */
	KUNIT_EXPECT_EQ(test, view.state, KSSL_STATE_ESTABLISHED);
	KUNIT_EXPECT_EQ(test, view.version, 0x0303);
	KUNIT_EXPECT_EQ(test, view.suite, 0xc02f);
	KUNIT_EXPECT_TRUE(test, view.verified);
	KUNIT_EXPECT_EQ(test, view.verify_result, 18);
	KUNIT_EXPECT_EQ(test, view.family, AF_INET);
	KUNIT_EXPECT_EQ(test, view.result, 0);
}

static void attach_keeps_secrets_and_no_keys(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params params;
	struct kssl *s = test_conn(test);

	/* Arrange */
	kssl_test_params(test, &params, 0x1301);
	use_secret(&params.tx, 32, 0x55);

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_attach(s, pair->client, &params, NULL), 0);

	/* Assert */
	KUNIT_ASSERT_NOT_NULL(test, s->secrets);
	KUNIT_EXPECT_EQ(test, s->secrets->tx_len, 32);
	KSSL_EXPECT_MEM(test, s->secrets->tx, params.tx.secret, 32);
	KUNIT_EXPECT_EQ(test, s->secrets->rx_len, 0);
}

static void attach_by_keys_keeps_no_secret(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl *s = test_conn(test);

	kssl_test_attach(test, s, pair->client);
	KUNIT_ASSERT_NOT_NULL(test, s->secrets);
	KUNIT_EXPECT_EQ(test, s->secrets->tx_len, 0);
	KUNIT_EXPECT_EQ(test, s->secrets->rx_len, 0);
}

static void secrets_go_with_the_socket(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params params;
	struct kssl *s = test_conn(test);

	/* Arrange */
	kssl_test_params(test, &params, 0x1301);
	use_secret(&params.rx, 32, 0x55);
	KUNIT_ASSERT_EQ(test, kssl_attach(s, pair->client, &params, NULL), 0);
	KUNIT_ASSERT_NOT_NULL(test, s->secrets);

	/* Act */
	kssl_test_close(&pair->client);

	/* Assert */
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_CLOSED);
	KUNIT_EXPECT_NULL(test, s->secrets);
}

static void attach_leaves_its_params_alone(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params params, before;
	struct kssl *s = test_conn(test);

	rfc8448_client(&params);
	before = params;
	KUNIT_ASSERT_EQ(test, kssl_attach(s, pair->client, &params, NULL), 0);
	KSSL_EXPECT_MEM(test, &params, &before, sizeof(params));
}

/* A second one */

static void attach_is_once(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params params, mirror;
	struct kssl *s = test_conn(test), *other = test_conn(test);
	struct kssl *peer = test_conn(test);

	/* Arrange */
	kssl_test_params(test, &params, 0x1301);
	kssl_test_mirror(&params, &mirror);
	KUNIT_ASSERT_EQ(test, kssl_attach(s, pair->client, &params, NULL), 0);
	KUNIT_ASSERT_EQ(test, kssl_attach(peer, pair->server, &mirror, NULL),
			0);

	/* Act */
	KUNIT_EXPECT_EQ(test, kssl_attach(s, pair->client, &mirror, NULL),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, kssl_attach(other, pair->client, &mirror, NULL),
			-EBUSY);

	/* Assert: the keys are the first ones */
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_ESTABLISHED);
	KUNIT_EXPECT_EQ(test, kssl_get_state(other), KSSL_STATE_INITIAL);
	kssl_test_exchange(test, pair, 1000);
}

/* A FIN that came in during the handshake */

static void attach_after_begin_and_fin(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_attach_params params;
	struct kssl *s = test_conn(test);
	u8 record[RECORD_SIZE], data[DATA_SIZE] = {};

	/* Arrange */
	KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);
	KUNIT_ASSERT_EQ(test, kernel_sock_shutdown(pair->server, SHUT_WR), 0);
	kssl_test_await(test, pair->client, TCP_CLOSE_WAIT);

	/* Act */
	rfc8448_client(&params);
	KUNIT_EXPECT_EQ(test, kssl_attach(s, pair->client, &params, NULL), 0);

	/* Assert: the other direction is still open */
	KUNIT_ASSERT_EQ(test, kssl_test_send(pair->client, data, DATA_SIZE),
			DATA_SIZE);
	KUNIT_ASSERT_EQ(test, kssl_test_recv(pair->server, record,
					     RECORD_SIZE), RECORD_SIZE);
	KSSL_EXPECT_MEM(test, record, client_record, 5);
}

/* When net/tls refuses a key */

static const struct proto_ops broken_ops;
static const struct proto_ops *whole_ops;
static int broken_level;
static int broken_option;
static int broken_result;

static void break_sock(struct socket *sock)
{
	whole_ops = sock->ops;
	sock->ops = &broken_ops;
}

/* net/tls gives the socket other operations with the ULP and each key. */
static int broken_setsockopt(struct socket *sock, int level, int option,
			     sockptr_t value, unsigned int len)
{
	int err;

	if (level == broken_level && option == broken_option)
		return broken_result;
	err = whole_ops->setsockopt(sock, level, option, value, len);
	if (sock->ops != &broken_ops)
		break_sock(sock);
	return err;
}

static int broken_shutdown(struct socket *sock, int how)
{
	return whole_ops->shutdown(sock, how);
}

static const struct proto_ops broken_ops = {
	.setsockopt	= broken_setsockopt,
	.shutdown	= broken_shutdown,
};

static int broken_attach(struct kunit *test, struct kssl *s,
			 struct socket *sock, int option, int result,
			 struct kssl_reason *why)
{
	struct kssl_attach_params params;
	int err;

	kssl_test_params(test, &params, 0x1301);
	use_secret(&params.tx, 32, 0x55);
	broken_level = SOL_TLS;
	broken_option = option;
	broken_result = result;
	break_sock(sock);
	err = kssl_attach(s, sock, &params, why);
	sock->ops = whole_ops;
	return err;
}

/* A cgroup program can say that a key was installed and install none. */
static const struct broken_param {
	const char *name;
	bool begun;
	int result;
	int err;
} broken_params[] = {
	{ "initial, an error", false, -ENOBUFS, -ENOBUFS },
	{ "in handshake, an error", true, -ENOBUFS, -ENOBUFS },
	{ "initial, a lie", false, 0, -EPERM },
	{ "in handshake, a lie", true, 0, -EPERM },
};

static void broken_desc(const struct broken_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(broken, broken_params, broken_desc);

static void attach_with_the_first_key_refused(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	const struct broken_param *param = test->param_value;
	struct kssl *s = test_conn(test);
	struct kssl_reason why = {};
	enum kssl_state state;

	/* Arrange */
	if (param->begun)
		KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);
	state = kssl_get_state(s);

	/* Act */
	KUNIT_EXPECT_EQ(test, broken_attach(test, s, pair->client, TLS_TX,
					    param->result, &why), param->err);

	/* Assert: all is as it was, and another attempt is welcome */
	KUNIT_EXPECT_EQ(test, why.attr, KSSL_A_TX);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), state);
	KUNIT_EXPECT_EQ(test, !s->sock, !param->begun);
	KUNIT_EXPECT_NULL(test, s->secrets);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&s->object), 1);
	kssl_test_exchange(test, pair, 100);
	kssl_test_attach(test, s, pair->client);
}

static void attach_with_the_second_key_refused(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	const struct broken_param *param = test->param_value;
	struct kssl *s = test_conn(test);
	struct kssl_reason why = {};
	u8 byte = 0;

	/* Arrange */
	if (param->begun)
		KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);

	/* Act */
	KUNIT_EXPECT_EQ(test, broken_attach(test, s, pair->client, TLS_RX,
					    param->result, &why), param->err);

	/* Assert: net/tls may take a byte, but none goes out any more */
	kssl_test_send(pair->client, &byte, 1);
	KUNIT_EXPECT_EQ(test, kssl_test_recv(pair->server, &byte, 1), 0);
	KUNIT_EXPECT_EQ(test, why.attr, KSSL_A_RX);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_ERROR);
	KUNIT_EXPECT_NULL(test, s->secrets);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&s->object), 1);
	KUNIT_EXPECT_EQ(test, kssl_clear(s, NULL), 0);
}

static void begin_with_no_ulp_put_on(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl *s = test_conn(test);
	struct kssl_reason why = {};

	/* Arrange */
	broken_level = SOL_TCP;
	broken_option = TCP_ULP;
	broken_result = 0;

	/* Act */
	break_sock(pair->client);
	KUNIT_EXPECT_EQ(test, kssl_begin(s, pair->client, &why), -EPERM);
	pair->client->ops = whole_ops;

	/* Assert */
	KUNIT_EXPECT_EQ(test, why.attr, KSSL_A_FD);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s), KSSL_STATE_INITIAL);
	KUNIT_EXPECT_NULL(test, s->sock);
	kssl_test_exchange(test, pair, 100);
}

/* A socket of another network namespace */

static DECLARE_COMPLETION(net_is_gone);
static struct net *watched_net;

static void net_exit(struct net *net)
{
	if (net == watched_net)
		complete(&net_is_gone);
}

static struct pernet_operations net_watch = {
	.exit = net_exit,
};

static void unwatch_nets(void *unused)
{
	unregister_pernet_subsys(&net_watch);
}

static struct net *test_net(struct kunit *test)
{
	struct net *net;

	KUNIT_ASSERT_EQ(test, register_pernet_subsys(&net_watch), 0);
	kssl_test_defer(test, unwatch_nets, NULL);
	reinit_completion(&net_is_gone);
	net = copy_net_ns(CLONE_NEWNET, current_user_ns(), &init_net);
	KUNIT_ASSERT_FALSE(test, IS_ERR(net));
	watched_net = net;
	return net;
}

static bool outlives_put(struct net *net)
{
	bool alive;

	/* Its memory stays until the end of the grace period at least. */
	rcu_read_lock();
	put_net(net);
	alive = check_net(net);
	rcu_read_unlock();
	return alive;
}

static void attach_keeps_the_namespace(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct net *net = test_net(test);
	struct kssl_ctx *ctx;
	struct kssl *s;

	/* Arrange */
	ctx = kssl_ctx_new(net, KSSL_METHOD_CLIENT);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx);
	s = kssl_new(ctx);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	kssl_test_attach(test, s, pair->client);

	/* Act */
	kssl_free(s);
	kssl_ctx_free(ctx);

	/* Assert: it lasts as long as the socket and no longer */
	KUNIT_EXPECT_TRUE(test, outlives_put(net));
	kssl_test_close(&pair->client);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&net_is_gone,
							  20 * HZ), 0UL);
}

static struct kunit_case attach_cases[] = {
	KUNIT_CASE_PARAM(attach_carries_data, carry_gen_params),
	KUNIT_CASE(attach_carries_data_over_ipv6),
	KUNIT_CASE(attach_takes_a_key_and_a_secret),
	KUNIT_CASE(attach_as_the_client_of_rfc8448),
	KUNIT_CASE(attach_as_the_server_of_rfc8448),
	KUNIT_CASE(attach_keeps_what_was_negotiated),
	KUNIT_CASE(attach_keeps_secrets_and_no_keys),
	KUNIT_CASE(attach_by_keys_keeps_no_secret),
	KUNIT_CASE(secrets_go_with_the_socket),
	KUNIT_CASE(attach_leaves_its_params_alone),
	KUNIT_CASE(attach_is_once),
	KUNIT_CASE(attach_after_begin_and_fin),
	KUNIT_CASE_PARAM(attach_with_the_first_key_refused, broken_gen_params),
	KUNIT_CASE_PARAM(attach_with_the_second_key_refused, broken_gen_params),
	KUNIT_CASE(begin_with_no_ulp_put_on),
	KUNIT_CASE(attach_keeps_the_namespace),
	{}
};

static struct kunit_suite attach_suite = {
	.name		= "kssl_attach",
	.suite_init	= kssl_test_net_init,
	.init		= kssl_test_init,
	.test_cases	= attach_cases,
};

kunit_test_suite(attach_suite);
