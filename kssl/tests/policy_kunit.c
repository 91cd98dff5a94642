// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what attach refuses: what the settings forbid, and keys of
 * wrong sizes. After each refusal the connection and its socket are as they
 * were.
 */

#include "../conn.h"
#include "../ctx.h"
#include "../suite.h"
#include "fixture.h"

/* What the settings forbid */

struct policy_param {
	const char *name;
	struct kssl_value value;
	bool no_role;
	bool is_client;
	u16 version;
	u16 suite;
	bool verified;
	u32 verify_result;
	u16 record_limit;
	int err;
	u16 attr;
	u16 nested;
};

#define NUM(_attr, _num)				\
	{						\
		.attr	= KSSL_A_SETTINGS_ ## _attr,	\
		.num	= (_num),			\
	}
#define LIST(_attr, _list)				\
	{						\
		.attr	= KSSL_A_SETTINGS_ ## _attr,	\
		.data	= (_list),			\
		.len	= sizeof(_list),		\
	}

static const u16 cbc_suite[] = { 0xc013, 0xc02f };
static const u16 ccm_suite[] = { 0x1304 };
static const u16 no_suite[] = {};

static const struct policy_param policy_params[] = {
	{
		.name		= "TLS 1.2 by default",
		.version	= 0x0303,
		.suite		= 0xc02f,
	}, {
		.name		= "TLS 1.3 by default",
		.version	= 0x0304,
		.suite		= 0x1301,
	}, {
		.name		= "role unset",
		.no_role	= true,
		.version	= 0x0304,
		.suite		= 0x1301,
		.err		= -EPERM,
		.attr		= KSSL_A_SETTINGS,
		.nested		= KSSL_A_SETTINGS_ROLE,
	}, {
		.name		= "TLS 1.2 at min-proto",
		.value		= NUM(MIN_PROTO, 0x0303),
		.version	= 0x0303,
		.suite		= 0xc02f,
	}, {
		.name		= "TLS 1.2 below min-proto",
		.value		= NUM(MIN_PROTO, 0x0304),
		.version	= 0x0303,
		.suite		= 0xc02f,
		.err		= -EPERM,
		.attr		= KSSL_A_VERSION,
	}, {
		.name		= "TLS 1.3 at max-proto",
		.value		= NUM(MAX_PROTO, 0x0304),
		.version	= 0x0304,
		.suite		= 0x1301,
	}, {
		.name		= "TLS 1.3 above max-proto",
		.value		= NUM(MAX_PROTO, 0x0303),
		.version	= 0x0304,
		.suite		= 0x1301,
		.err		= -EPERM,
		.attr		= KSSL_A_VERSION,
	}, {
		.name		= "TLS 1.2 above max-proto",
		.value		= NUM(MAX_PROTO, 0x0302),
		.version	= 0x0303,
		.suite		= 0xc02f,
		.err		= -EPERM,
		.attr		= KSSL_A_VERSION,
	}, {
		.name		= "TLS 1.2 with no-tlsv1-2",
		.value		= NUM(OPTIONS, KSSL_OP_NO_TLSV1_2),
		.version	= 0x0303,
		.suite		= 0xc02f,
		.err		= -EPERM,
		.attr		= KSSL_A_VERSION,
	}, {
		.name		= "TLS 1.3 with no-tlsv1-2",
		.value		= NUM(OPTIONS, KSSL_OP_NO_TLSV1_2),
		.version	= 0x0304,
		.suite		= 0x1301,
	}, {
		.name		= "TLS 1.3 with no-tlsv1-3",
		.value		= NUM(OPTIONS, KSSL_OP_NO_TLSV1_3),
		.version	= 0x0304,
		.suite		= 0x1301,
		.err		= -EPERM,
		.attr		= KSSL_A_VERSION,
	}, {
		.name		= "TLS 1.2 with no-tlsv1-3",
		.value		= NUM(OPTIONS, KSSL_OP_NO_TLSV1_3),
		.version	= 0x0303,
		.suite		= 0xc02f,
	}, {
		.name		= "no version",
		.version	= 0,
		.suite		= 0x1301,
		.err		= -EINVAL,
		.attr		= KSSL_A_VERSION,
	}, {
		.name		= "TLS 1.1",
		.version	= 0x0302,
		.suite		= 0xc02f,
		.err		= -EINVAL,
		.attr		= KSSL_A_VERSION,
	}, {
		.name		= "TLS 1.4",
		.version	= 0x0305,
		.suite		= 0x1301,
		.err		= -EINVAL,
		.attr		= KSSL_A_VERSION,
	}, {
		.name		= "a TLS 1.3 suite that is not listed",
		.version	= 0x0304,
		.suite		= 0x1304,
		.err		= -EPERM,
		.attr		= KSSL_A_SUITE,
	}, {
		.name		= "a TLS 1.3 suite that is listed",
		.value		= LIST(CIPHERSUITES, ccm_suite),
		.version	= 0x0304,
		.suite		= 0x1304,
	}, {
		.name		= "a TLS 1.3 suite that is no longer listed",
		.value		= LIST(CIPHERSUITES, ccm_suite),
		.version	= 0x0304,
		.suite		= 0x1301,
		.err		= -EPERM,
		.attr		= KSSL_A_SUITE,
	}, {
		.name		= "a TLS 1.3 suite of an empty list",
		.value		= LIST(CIPHERSUITES, no_suite),
		.version	= 0x0304,
		.suite		= 0x1301,
		.err		= -EPERM,
		.attr		= KSSL_A_SUITE,
	}, {
		.name		= "a TLS 1.2 suite that is not listed",
		.version	= 0x0303,
		.suite		= 0x009c,
		.err		= -EPERM,
		.attr		= KSSL_A_SUITE,
	}, {
		.name		= "a suite that net/tls cannot carry",
		.value		= LIST(CIPHER_LIST, cbc_suite),
		.version	= 0x0303,
		.suite		= 0xc013,
		.err		= -EOPNOTSUPP,
		.attr		= KSSL_A_SUITE,
	}, {
		.name		= "no suite",
		.version	= 0x0304,
		.suite		= 0,
		.err		= -EOPNOTSUPP,
		.attr		= KSSL_A_SUITE,
	}, {
		.name		= "a suite of TLS 1.2 with TLS 1.3",
		.version	= 0x0304,
		.suite		= 0xc02f,
		.err		= -EINVAL,
		.attr		= KSSL_A_SUITE,
	}, {
		.name		= "a suite of TLS 1.3 with TLS 1.2",
		.version	= 0x0303,
		.suite		= 0x1301,
		.err		= -EINVAL,
		.attr		= KSSL_A_SUITE,
	}, {
		.name		= "a server's verify-mode peer and no result",
		.value		= NUM(VERIFY_MODE, KSSL_VERIFY_PEER),
		.version	= 0x0304,
		.suite		= 0x1301,
	}, {
		.name		= "a server that needs a result and has none",
		.value		= NUM(VERIFY_MODE, KSSL_VERIFY_PEER |
				      KSSL_VERIFY_FAIL_IF_NO_PEER_CERT),
		.version	= 0x0304,
		.suite		= 0x1301,
		.err		= -EPERM,
		.attr		= KSSL_A_VERIFY_RESULT,
	}, {
		.name		= "a client's verify-mode peer and no result",
		.value		= NUM(VERIFY_MODE, KSSL_VERIFY_PEER),
		.is_client	= true,
		.version	= 0x0304,
		.suite		= 0x1301,
		.err		= -EPERM,
		.attr		= KSSL_A_VERIFY_RESULT,
	}, {
		.name		= "verify-mode peer and a bad result",
		.value		= NUM(VERIFY_MODE, KSSL_VERIFY_PEER),
		.version	= 0x0304,
		.suite		= 0x1301,
		.verified	= true,
		.verify_result	= 10,
		.err		= -EPERM,
		.attr		= KSSL_A_VERIFY_RESULT,
	}, {
		.name		= "verify-mode peer and a good result",
		.value		= NUM(VERIFY_MODE, KSSL_VERIFY_PEER),
		.version	= 0x0304,
		.suite		= 0x1301,
		.verified	= true,
	}, {
		.name		= "verify-mode none and a bad result",
		.version	= 0x0304,
		.suite		= 0x1301,
		.verified	= true,
		.verify_result	= 10,
	}, {
		.name		= "128 bits at level 3",
		.value		= NUM(SECURITY_LEVEL, 3),
		.version	= 0x0304,
		.suite		= 0x1301,
	}, {
		.name		= "128 bits at level 4",
		.value		= NUM(SECURITY_LEVEL, 4),
		.version	= 0x0304,
		.suite		= 0x1301,
		.err		= -EPERM,
		.attr		= KSSL_A_SUITE,
	}, {
		.name		= "256 bits at level 5",
		.value		= NUM(SECURITY_LEVEL, 5),
		.version	= 0x0304,
		.suite		= 0x1302,
	}, {
		.name		= "forward secrecy at level 3",
		.value		= NUM(SECURITY_LEVEL, 3),
		.version	= 0x0303,
		.suite		= 0xc02f,
	}, {
		.name		= "TLS 1.2 and 128 bits at level 4",
		.value		= NUM(SECURITY_LEVEL, 4),
		.version	= 0x0303,
		.suite		= 0xc02f,
		.err		= -EPERM,
		.attr		= KSSL_A_SUITE,
	}, {
		.name		= "a limit of a full TLS 1.2 record",
		.version	= 0x0303,
		.suite		= 0xc02f,
		.record_limit	= 16384,
	}, {
		.name		= "a limit below a TLS 1.2 record",
		.version	= 0x0303,
		.suite		= 0xc02f,
		.record_limit	= 16383,
		.err		= -EOPNOTSUPP,
		.attr		= KSSL_A_RECORD_LIMIT,
	}, {
		.name		= "a limit of a full TLS 1.3 record",
		.version	= 0x0304,
		.suite		= 0x1301,
		.record_limit	= 16385,
	}, {
		.name		= "a limit below a TLS 1.3 record",
		.version	= 0x0304,
		.suite		= 0x1301,
		.record_limit	= 16384,
		.err		= -EOPNOTSUPP,
		.attr		= KSSL_A_RECORD_LIMIT,
	},
};

static void policy_desc(const struct policy_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(policy, policy_params, policy_desc);

static void policy_arrange(struct kunit *test,
			   const struct policy_param *param, struct kssl *s,
			   struct kssl_attach_params *params)
{
	const struct kssl_value role = NUM(ROLE, param->is_client ?
					   KSSL_ROLE_CLIENT : KSSL_ROLE_SERVER);
	bool known = kssl_suite_find(param->suite);
	struct kssl_value value = param->value;

	value.mask = value.num;
	if (!param->no_role)
		KUNIT_ASSERT_EQ(test, kssl_set(s, &role, 1, NULL), 0);
	if (value.attr)
		KUNIT_ASSERT_EQ(test, kssl_set(s, &value, 1, NULL), 0);
	kssl_test_params(test, params, known ? param->suite : 0x1301);
	params->suite = param->suite;
	params->version = param->version;
	params->verified = param->verified;
	params->verify_result = param->verify_result;
	params->negotiated.record_limit = param->record_limit;
}

static void policy_is_kept_by_attach(struct kunit *test)
{
	const struct policy_param *param = test->param_value;
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_EITHER);
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_attach_params params;
	struct kssl_reason why = {};
	int err;

	/* Arrange */
	policy_arrange(test, param, s, &params);

	/* Act */
	err = kssl_attach(s, pair->client, &params, &why);

	/* Assert */
	KUNIT_EXPECT_EQ(test, err, param->err);
	KUNIT_EXPECT_EQ(test, !why.text, !param->err);
	KUNIT_EXPECT_EQ(test, why.attr, param->attr);
	KUNIT_EXPECT_EQ(test, why.nested, param->nested);
	KUNIT_EXPECT_EQ(test, s->result, param->err);
	if (param->err)
		kssl_test_untouched(test, s, pair);
	else
		KUNIT_EXPECT_EQ(test, kssl_get_state(s),
				KSSL_STATE_ESTABLISHED);
}

/* Keys of wrong sizes */

struct size_param {
	const char *name;
	u16 code;
	void (*spoil)(struct kssl_crypto *crypto);
	u16 nested;
};

static void no_key(struct kssl_crypto *crypto)
{
	crypto->key_len = 0;
}

static void short_key(struct kssl_crypto *crypto)
{
	crypto->key_len--;
}

static void long_key(struct kssl_crypto *crypto)
{
	crypto->key_len++;
}

static void short_iv(struct kssl_crypto *crypto)
{
	crypto->iv_len--;
}

static void long_iv(struct kssl_crypto *crypto)
{
	crypto->iv_len++;
}

static void no_salt(struct kssl_crypto *crypto)
{
	crypto->salt_len = 0;
}

static void long_salt(struct kssl_crypto *crypto)
{
	crypto->salt_len++;
}

static void key_and_secret(struct kssl_crypto *crypto)
{
	crypto->secret_len = 32;
}

static void short_secret(struct kssl_crypto *crypto)
{
	crypto->key_len = 0;
	crypto->secret_len = 31;
}

static void long_secret(struct kssl_crypto *crypto)
{
	crypto->key_len = 0;
	crypto->secret_len = 48;
}

static void only_secret(struct kssl_crypto *crypto)
{
	crypto->key_len = 0;
	crypto->secret_len = 32;
}

static const struct size_param size_params[] = {
	{ "no key, 0x1301", 0x1301, no_key, 0 },
	{ "short key, 0x1301", 0x1301, short_key, KSSL_A_CRYPTO_KEY },
	{ "long key, 0x1301", 0x1301, long_key, KSSL_A_CRYPTO_KEY },
	{ "short iv, 0x1301", 0x1301, short_iv, KSSL_A_CRYPTO_IV },
	{ "long iv, 0x1301", 0x1301, long_iv, KSSL_A_CRYPTO_IV },
	{ "no salt, 0x1301", 0x1301, no_salt, KSSL_A_CRYPTO_SALT },
	{ "long salt, 0x1301", 0x1301, long_salt, KSSL_A_CRYPTO_SALT },
	{ "short key, 0x1303", 0x1303, short_key, KSSL_A_CRYPTO_KEY },
	{ "short iv, 0x1303", 0x1303, short_iv, KSSL_A_CRYPTO_IV },
	{ "long salt, 0x1303", 0x1303, long_salt, KSSL_A_CRYPTO_SALT },
	{ "no key, 0xc02f", 0xc02f, no_key, 0 },
	{ "short key, 0xc030", 0xc030, short_key, KSSL_A_CRYPTO_KEY },
	{ "long key, 0xc030", 0xc030, long_key, KSSL_A_CRYPTO_KEY },
	{ "key and secret", 0x1301, key_and_secret, KSSL_A_CRYPTO_SECRET },
	{ "short secret", 0x1301, short_secret, KSSL_A_CRYPTO_SECRET },
	{ "long secret", 0x1301, long_secret, KSSL_A_CRYPTO_SECRET },
	{ "half a secret", 0x1302, only_secret, KSSL_A_CRYPTO_SECRET },
	{ "secret of TLS 1.2", 0xc02f, only_secret, KSSL_A_CRYPTO_SECRET },
};

static void size_desc(const struct size_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(size, size_params, size_desc);

static void expect_size_refused(struct kunit *test, bool rx)
{
	const struct size_param *param = test->param_value;
	struct kssl_ctx *ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	struct kssl_test_pair *pair = kssl_test_pair(test, AF_INET);
	struct kssl *s = kssl_test_new(test, ctx);
	struct kssl_attach_params params;
	struct kssl_reason why = {};

	/* Arrange */
	kssl_test_params(test, &params, param->code);
	param->spoil(rx ? &params.rx : &params.tx);

	/* Act */
	KUNIT_EXPECT_EQ(test, kssl_attach(s, pair->client, &params, &why),
			-EINVAL);

	/* Assert */
	KUNIT_EXPECT_NOT_NULL(test, why.text);
	KUNIT_EXPECT_EQ(test, why.attr, rx ? KSSL_A_RX : KSSL_A_TX);
	KUNIT_EXPECT_EQ(test, why.nested, param->nested);
	kssl_test_untouched(test, s, pair);
	kssl_test_attach(test, s, pair->client);
}

static void policy_of_transmit_keys_is_kept(struct kunit *test)
{
	expect_size_refused(test, false);
}

static void policy_of_receive_keys_is_kept(struct kunit *test)
{
	expect_size_refused(test, true);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE_PARAM(policy_is_kept_by_attach, policy_gen_params),
	KUNIT_CASE_PARAM(policy_of_transmit_keys_is_kept, size_gen_params),
	KUNIT_CASE_PARAM(policy_of_receive_keys_is_kept, size_gen_params),
	{}
};

static struct kunit_suite policy_suite = {
	.name		= "kssl_policy",
	.suite_init	= kssl_test_net_init,
	.init		= kssl_test_init,
	.test_cases	= policy_cases,
};

kunit_test_suite(policy_suite);
