// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the callbacks row: whom it binds, who inherits it, and what
 * happens when either side goes first.
 */

#include <linux/net.h>
#include <linux/skbuff.h>

#include <net/sock.h>

#include "../callback.h"
#include "../client.h"
#include "../conn.h"
#include "../ctx.h"
#include "../netlink.h"
#include "fixture.h"

#define COOKIE		0x1122334455667788ULL

static int bind_ctx(struct kssl_ctx *ctx, struct kssl_client *client,
		    u32 mask)
{
	const struct kssl_who who = { .client = client };
	const struct kssl_value value = {
		.attr	= KSSL_A_SETTINGS_CALLBACKS,
		.num	= mask,
		.mask	= COOKIE,
		.data	= &who,
		.len	= sizeof(who),
	};

	return kssl_ctx_set(ctx, &value, 1, NULL);
}

/* A context with callbacks of a client that lasts as long as the test. */
static struct kssl_ctx *bound_ctx(struct kunit *test,
				  struct kssl_test_user *user, u32 mask)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);

	KUNIT_ASSERT_EQ(test, bind_ctx(ctx, user->client, mask), 0);
	return ctx;
}

/* Stays, as the connection does not change meanwhile. */
static const struct kssl_binding *binding_of(struct kssl *s)
{
	struct kssl_blob *blob = kssl_conn_binding(s);

	kssl_blob_put(blob);
	return kssl_blob_binding(blob);
}

static void callback_is_bound_to_its_client(struct kunit *test)
{
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_ctx *ctx = bound_ctx(test, user, KSSL_CALLBACK_INFO);
	const struct kssl_binding *binding;
	struct kssl_client *client;

	/* Act */
	binding = binding_of(kssl_test_new(test, ctx));

	/* Assert */
	KUNIT_ASSERT_NOT_NULL(test, binding);
	KUNIT_EXPECT_EQ(test, binding->mask, (u32)KSSL_CALLBACK_INFO);
	KUNIT_EXPECT_EQ(test, binding->cookie, COOKIE);
	client = kssl_binding_client(binding);
	KUNIT_ASSERT_NOT_NULL(test, client);
	KUNIT_EXPECT_PTR_EQ(test, client, user->client);
	kssl_client_put(client);
}

static void callback_is_shared_by_new_and_dup(struct kunit *test)
{
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_ctx *ctx = bound_ctx(test, user, KSSL_CALLBACK_VERIFY);
	struct kssl *s = kssl_test_new(test, ctx);
	const struct kssl_binding *binding = binding_of(s);

	/* Act */
	KUNIT_ASSERT_EQ(test, bind_ctx(ctx, NULL, 0), 0);

	/* Assert */
	KUNIT_EXPECT_NOT_NULL(test, binding);
	KUNIT_EXPECT_PTR_EQ(test, binding_of(kssl_test_dup(test, s)), binding);
	KUNIT_EXPECT_NULL(test, binding_of(kssl_test_new(test, ctx)));
}

static void callback_needs_somebody_to_call(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_value value = {
		.attr	= KSSL_A_SETTINGS_CALLBACKS,
		.num	= KSSL_CALLBACK_INFO,
	};
	struct kssl_reason why = {};

	KUNIT_EXPECT_EQ(test, kssl_ctx_set(ctx, &value, 1, &why), -EINVAL);
	KUNIT_EXPECT_EQ(test, why.nested, KSSL_A_SETTINGS_CALLBACKS);
	KUNIT_EXPECT_STREQ(test, why.text, "nobody to call");
	KUNIT_EXPECT_EQ(test, bind_ctx(ctx, NULL, KSSL_CALLBACK_PSK << 1),
			-EINVAL);
}

static void callback_does_not_keep_its_client(struct kunit *test)
{
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_ctx *ctx = bound_ctx(test, user, KSSL_CALLBACK_INFO);
	const struct kssl_binding *binding;

	/* Act */
	binding = binding_of(kssl_test_new(test, ctx));
	kssl_test_user_close(user);

	/* Assert */
	KUNIT_EXPECT_NULL(test, kssl_binding_client(binding));
	/* All but the test's own are gone, so the client's is, too. */
	KUNIT_EXPECT_EQ(test, refcount_read(&user->sk->sk_refcnt), 1);
}

static void callback_leaves_its_client(struct kunit *test)
{
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_ctx *ctx = bound_ctx(test, user, KSSL_CALLBACK_INFO);

	KUNIT_EXPECT_FALSE(test, list_empty(&user->client->bindings));
	KUNIT_ASSERT_EQ(test, bind_ctx(ctx, NULL, 0), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&user->client->bindings));
}

struct lost_param {
	const char *name;
	u32 mask;
	int err;
};

static const struct lost_param lost_params[] = {
	{ "message", KSSL_CALLBACK_MESSAGE, 0 },
	{ "info", KSSL_CALLBACK_INFO, 0 },
	{ "verify", KSSL_CALLBACK_VERIFY, -EOWNERDEAD },
	{ "password", KSSL_CALLBACK_PASSWORD, -EOWNERDEAD },
	{ "session id", KSSL_CALLBACK_SESSION_ID, 0 },
	{ "tmp_dh", KSSL_CALLBACK_TMP_DH, 0 },
	{ "security", KSSL_CALLBACK_SECURITY, -EOWNERDEAD },
	{ "psk", KSSL_CALLBACK_PSK, 0 },
};

static void lost_desc(const struct lost_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(lost, lost_params, lost_desc);

static void expect_refused(struct kunit *test, int err,
			   const struct kssl_reason *why)
{
	const struct lost_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test, err, param->err);
	if (!param->err)
		return;
	KUNIT_EXPECT_EQ(test, why->attr, KSSL_A_SETTINGS);
	KUNIT_EXPECT_EQ(test, why->nested, KSSL_A_SETTINGS_CALLBACKS);
	KUNIT_EXPECT_STREQ(test, why->text,
			   "callbacks: the client that has them is gone");
}

static void callback_lost_stops_begin(struct kunit *test)
{
	const struct lost_param *param = test->param_value;
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_ctx *ctx = bound_ctx(test, user, param->mask);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_reason why = {};
	int err;

	/* Act */
	kssl_test_user_close(user);
	err = kssl_begin(s, pair->client, &why);

	/* Assert */
	expect_refused(test, err, &why);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s),
			err ? KSSL_STATE_INITIAL : KSSL_STATE_HANDSHAKE);
}

static void callback_lost_stops_attach(struct kunit *test)
{
	const struct lost_param *param = test->param_value;
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_ctx *ctx = bound_ctx(test, user, param->mask);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_attach_params params;
	struct kssl_reason why = {};
	int err;

	/* Arrange: it goes during the handshake. */
	KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);
	kssl_test_params(test, &params, 0x1301);
	kssl_test_user_close(user);

	/* Act */
	err = kssl_attach(s, pair->client, &params, &why);

	/* Assert */
	expect_refused(test, err, &why);
	KUNIT_EXPECT_EQ(test, kssl_get_state(s),
			err ? KSSL_STATE_HANDSHAKE : KSSL_STATE_ESTABLISHED);
}

static void callback_is_taken_over_by_another_client(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_test_user *other = kssl_test_user(test);
	struct kssl_ctx *ctx = bound_ctx(test, user, KSSL_CALLBACK_VERIFY);

	/* Act */
	kssl_test_user_close(user);
	KUNIT_ASSERT_EQ(test, bind_ctx(ctx, other->client,
				       KSSL_CALLBACK_VERIFY), 0);

	/* Assert */
	KUNIT_EXPECT_EQ(test, kssl_begin(kssl_test_new(test, ctx),
					 pair->client, NULL), 0);
}

static u32 queued(const struct kssl_test_user *user)
{
	return skb_queue_len(&user->sk->sk_receive_queue);
}

static void callback_info_is_sent_to_its_client_alone(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_test_user *other = kssl_test_user(test);
	struct kssl_ctx *ctx = bound_ctx(test, user, KSSL_CALLBACK_INFO);
	struct kssl *s = kssl_test_new(test, ctx);

	/* Act, Assert */
	KUNIT_EXPECT_EQ(test, queued(user), 0U);
	KUNIT_ASSERT_EQ(test, kssl_begin(s, pair->client, NULL), 0);
	KUNIT_EXPECT_EQ(test, queued(user), 1U);
	KUNIT_ASSERT_EQ(test, kssl_fail(s, NULL), 0);
	KUNIT_EXPECT_EQ(test, queued(user), 2U);
	KUNIT_EXPECT_EQ(test, queued(other), 0U);
}

static void callback_without_info_is_not_told(struct kunit *test)
{
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl_test_user *user = kssl_test_user(test);
	struct kssl_ctx *ctx = bound_ctx(test, user, KSSL_CALLBACK_VERIFY |
					 KSSL_CALLBACK_MESSAGE);

	KUNIT_ASSERT_EQ(test, kssl_begin(kssl_test_new(test, ctx),
					 pair->client, NULL), 0);
	KUNIT_EXPECT_EQ(test, queued(user), 0U);
}

/* Callbacks of a kernel user */

struct witness {
	struct kssl *s;
	enum kssl_state states[8];
	int n;
};

static void witness_info(struct kssl *s, enum kssl_state state, void *arg)
{
	struct witness *witness = arg;

	witness->s = s;
	if (witness->n < ARRAY_SIZE(witness->states))
		witness->states[witness->n++] = state;
}

static const struct kssl_callbacks witness_callbacks = {
	.info = witness_info,
};

static void callback_function_sees_all_states(struct kunit *test)
{
	static const enum kssl_state wanted[] = {
		KSSL_STATE_HANDSHAKE, KSSL_STATE_ESTABLISHED,
		KSSL_STATE_CLOSED, KSSL_STATE_INITIAL,
	};
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct witness witness = {};
	struct kssl *s;

	/* Arrange */
	KUNIT_ASSERT_EQ(test, kssl_ctx_set_callbacks(ctx, &witness_callbacks,
						     &witness), 0);
	s = kssl_test_new(test, ctx);

	/* Act */
	KUNIT_EXPECT_EQ(test, kssl_begin(s, pair->client, NULL), 0);
	kssl_test_attach(test, s, pair->client);
	kssl_test_close(&pair->client);
	KUNIT_EXPECT_EQ(test, kssl_clear(s, NULL), 0);
	kssl_callbacks_unregister(&witness_callbacks);

	/* Assert */
	KUNIT_EXPECT_PTR_EQ(test, witness.s, s);
	KUNIT_ASSERT_EQ(test, (size_t)witness.n, ARRAY_SIZE(wanted));
	KSSL_EXPECT_MEM(test, witness.states, wanted, sizeof(wanted));
}

static void callback_function_is_bound_to_one_connection(struct kunit *test)
{
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_test_pair *one = kssl_test_pair(test, AF_INET);
	struct kssl_test_pair *two = kssl_test_pair(test, AF_INET);
	struct kssl *s = kssl_test_new(test, ctx);
	struct witness witness = {};

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_set_callbacks(s, &witness_callbacks,
						 &witness), 0);
	KUNIT_EXPECT_EQ(test, kssl_begin(kssl_test_new(test, ctx),
					 one->client, NULL), 0);
	KUNIT_EXPECT_EQ(test, witness.n, 0);
	KUNIT_EXPECT_EQ(test, kssl_begin(s, two->client, NULL), 0);
	KUNIT_EXPECT_EQ(test, witness.n, 1);

	/* Assert: unbound, in a state in which policy is fixed */
	KUNIT_EXPECT_EQ(test, kssl_set_callbacks(s, NULL, NULL), 0);
	KUNIT_EXPECT_EQ(test, kssl_fail(s, NULL), 0);
	KUNIT_EXPECT_EQ(test, witness.n, 1);
	kssl_callbacks_unregister(&witness_callbacks);
}

static void callback_function_is_not_called_any_more(struct kunit *test)
{
	static const struct kssl_callbacks others = { .info = witness_info };
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl *s = kssl_test_new(test, ctx);
	struct witness witness = {};

	/* Arrange */
	KUNIT_ASSERT_EQ(test, kssl_set_callbacks(s, &witness_callbacks,
						 &witness), 0);

	/* Act, Assert */
	kssl_callbacks_unregister(&others);
	KUNIT_EXPECT_EQ(test, kssl_begin(s, pair->client, NULL), 0);
	KUNIT_EXPECT_EQ(test, witness.n, 1);
	kssl_callbacks_unregister(&witness_callbacks);
	KUNIT_EXPECT_EQ(test, kssl_fail(s, NULL), 0);
	KUNIT_EXPECT_EQ(test, witness.n, 1);
}

static struct kunit_case callback_cases[] = {
	KUNIT_CASE(callback_is_bound_to_its_client),
	KUNIT_CASE(callback_is_shared_by_new_and_dup),
	KUNIT_CASE(callback_needs_somebody_to_call),
	KUNIT_CASE(callback_does_not_keep_its_client),
	KUNIT_CASE(callback_leaves_its_client),
	KUNIT_CASE_PARAM(callback_lost_stops_begin, lost_gen_params),
	KUNIT_CASE_PARAM(callback_lost_stops_attach, lost_gen_params),
	KUNIT_CASE(callback_is_taken_over_by_another_client),
	KUNIT_CASE(callback_info_is_sent_to_its_client_alone),
	KUNIT_CASE(callback_without_info_is_not_told),
	KUNIT_CASE(callback_function_sees_all_states),
	KUNIT_CASE(callback_function_is_bound_to_one_connection),
	KUNIT_CASE(callback_function_is_not_called_any_more),
	{}
};

static struct kunit_suite callback_suite = {
	.name		= "kssl_callback",
	.init		= kssl_test_init,
	.suite_init	= kssl_test_net_init,
	.test_cases	= callback_cases,
};

kunit_test_suite(callback_suite);
