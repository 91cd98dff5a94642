// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * begin, attach and rekey: what goes out, and an outcome that comes in the
 * reply.
 */
#include <errno.h>
#include <string.h>

#include "fake.h"
#include "tap.h"

static struct fake fake;
static struct kssl_client *client;
static struct kssl_ctx *ctx;
static struct kssl *s;

static struct {
	int32_t result;
	const char *text;
	uint32_t attr;
	uint32_t nested;
} outcome;

static int answer_outcome(struct fake *f, const struct nlmsghdr *req)
{
	uint64_t buf[128];
	struct nlmsghdr *nlh = fake_reply(buf, req, fake_cmd(req));

	mnl_attr_put_u32(nlh, KSSL_A_ID, 77);
	mnl_attr_put_u32(nlh, KSSL_A_CTX_ID, 1);
	mnl_attr_put_u32(nlh, KSSL_A_STATE, KSSL_STATE_ESTABLISHED);
	mnl_attr_put_u32(nlh, KSSL_A_RESULT, outcome.result);
	if (outcome.text)
		mnl_attr_put_strz(nlh, KSSL_A_RESULT_TEXT, outcome.text);
	if (outcome.attr)
		mnl_attr_put_u32(nlh, KSSL_A_RESULT_ATTR, outcome.attr);
	if (outcome.nested)
		mnl_attr_put_u32(nlh, KSSL_A_RESULT_NESTED, outcome.nested);
	fake_queue(f, nlh, nlh->nlmsg_len);
	return 1;
}

static const struct nlattr *inner(uint16_t nest, uint16_t type)
{
	const struct nlattr *outer = fake_attr((void *)fake.last, nest);
	const struct nlattr *attr;

	if (outer)
		mnl_attr_for_each_nested(attr, outer)
			if (mnl_attr_get_type(attr) == type)
				return attr;
	return NULL;
}

static int is(const struct nlattr *attr, const void *data, int size)
{
	return attr && mnl_attr_get_payload_len(attr) == size &&
	       !memcmp(mnl_attr_get_payload(attr), data, size);
}

static int main_u32(uint16_t type, uint32_t value)
{
	return is(fake_attr((void *)fake.last, type), &value, sizeof(value));
}

static int main_u16(uint16_t type, uint16_t value)
{
	return is(fake_attr((void *)fake.last, type), &value, sizeof(value));
}

static struct kssl_attach keys(void)
{
	return (struct kssl_attach) {
		.size = sizeof(struct kssl_attach),
		.fd = 5,
		.version = 0x0304,
		.suite = 0x1301,
		.verify_result = -1,
		.tx = {
			.rec_seq = 0x0102030405060708,
			.key = "0123456789abcdef",
			.key_len = 16,
			.iv = "ivivivIV",
			.iv_len = 8,
			.salt = "salt",
			.salt_len = 4,
		},
		.rx = {
			.secret = "0123456789abcdef0123456789abcdef",
			.secret_len = 32,
		},
	};
}

static void test_negotiated(void)
{
	struct kssl_attach attach = keys();

	check(kssl_attach(s, &attach));
	check(!fake_attr((void *)fake.last, KSSL_A_ALPN) &&
	      !fake_attr((void *)fake.last, KSSL_A_SNI) &&
	      !fake_attr((void *)fake.last, KSSL_A_RESUMED) &&
	      !fake_attr((void *)fake.last, KSSL_A_RECORD_LIMIT) &&
	      !fake_attr((void *)fake.last, KSSL_A_PEER_CHAIN) &&
	      !fake_attr((void *)fake.last, KSSL_A_KEEP_KEY) &&
	      !fake_attr((void *)fake.last, KSSL_A_ADOPT) &&
	      !fake_attr((void *)fake.last, KSSL_A_EXPECT_NO_PAD));
	attach.alpn = "h2";
	attach.alpn_len = 2;
	attach.sni = "example.org";
	attach.resumed = 256;
	attach.record_limit = 1024;
	attach.peer_chain = "chain";
	attach.peer_chain_len = 5;
	attach.keep_key = 1;
	attach.expect_no_pad = 1;
	check(kssl_attach(s, &attach));
	check(is(fake_attr((void *)fake.last, KSSL_A_KEEP_KEY), "", 0));
	check(is(fake_attr((void *)fake.last, KSSL_A_EXPECT_NO_PAD), "", 0));
	check(is(fake_attr((void *)fake.last, KSSL_A_ALPN), "h2", 2));
	check(is(fake_attr((void *)fake.last, KSSL_A_SNI), "example.org", 12));
	check(is(fake_attr((void *)fake.last, KSSL_A_RESUMED), "\1", 1));
	check(main_u16(KSSL_A_RECORD_LIMIT, 1024));
	check(is(fake_attr((void *)fake.last, KSSL_A_PEER_CHAIN), "chain", 5));
}

/* The fake kernel gives no file descriptor. */
static void test_conn_fd(void)
{
	struct kssl_attach attach = keys();
	int fd = 77;

	check(kssl_attach(s, &attach));
	check(!fake_attr((void *)fake.last, KSSL_A_RIGHTS));
	attach.rights = KSSL_RIGHTS_USE;
	check(!kssl_attach(s, &attach) && kssl_errno() == EINVAL);
	attach.conn_fd = &fd;
	check(kssl_attach(s, &attach));
	check(main_u32(KSSL_A_RIGHTS, KSSL_RIGHTS_USE));
	check(fd == -1);
	attach.rights = 0;
	fd = 77;
	check(!kssl_attach(s, &attach) && kssl_errno() == EINVAL && fd == -1);
}

static void test_request(void)
{
	struct kssl_attach attach = keys();
	uint64_t seq = attach.tx.rec_seq, zero = 0;

	check(kssl_attach(s, &attach));
	check(fake_cmd((void *)fake.last) == KSSL_CMD_ATTACH);
	check(main_u32(KSSL_A_ID, kssl_id(s)));
	check(!fake_attr((void *)fake.last, KSSL_A_CTX_ID));
	check(main_u32(KSSL_A_FD, 5));
	check(main_u16(KSSL_A_VERSION, 0x0304));
	check(main_u16(KSSL_A_SUITE, 0x1301));
	check(!fake_attr((void *)fake.last, KSSL_A_VERIFY_RESULT));
	check(is(inner(KSSL_A_TX, KSSL_A_CRYPTO_KEY), "0123456789abcdef", 16));
	check(is(inner(KSSL_A_TX, KSSL_A_CRYPTO_IV), "ivivivIV", 8));
	check(is(inner(KSSL_A_TX, KSSL_A_CRYPTO_SALT), "salt", 4));
	check(is(inner(KSSL_A_TX, KSSL_A_CRYPTO_REC_SEQ), &seq, 8));
	check(!inner(KSSL_A_TX, KSSL_A_CRYPTO_SECRET));
	check(is(inner(KSSL_A_RX, KSSL_A_CRYPTO_SECRET), attach.rx.secret, 32));
	check(is(inner(KSSL_A_RX, KSSL_A_CRYPTO_REC_SEQ), &zero, 8));
	check(!inner(KSSL_A_RX, KSSL_A_CRYPTO_KEY));
	check(fake_cached(s).state == KSSL_STATE_ESTABLISHED);

	attach.verify_result = 18;
	memset(&attach.rx, 0, sizeof(attach.rx));
	check(kssl_attach(s, &attach));
	check(main_u32(KSSL_A_VERIFY_RESULT, 18));
	check(!fake_attr((void *)fake.last, KSSL_A_RX));

	attach.version = 0;
	attach.suite = 0;
	check(kssl_attach(s, &attach));
	check(!fake_attr((void *)fake.last, KSSL_A_VERSION));
	check(!fake_attr((void *)fake.last, KSSL_A_SUITE));
}

static void test_adopt(void)
{
	struct kssl_attach attach = keys();

	attach.version = 0;
	attach.suite = 0;
	memset(&attach.tx, 0, sizeof(attach.tx));
	attach.adopt = KSSL_DIRECTION_TX | KSSL_DIRECTION_RX;
	check(kssl_attach(s, &attach));
	check(main_u32(KSSL_A_ADOPT, attach.adopt));
	check(!fake_attr((void *)fake.last, KSSL_A_TX));
	check(is(inner(KSSL_A_RX, KSSL_A_CRYPTO_SECRET), attach.rx.secret, 32));
	check(!inner(KSSL_A_RX, KSSL_A_CRYPTO_REC_SEQ));

	attach.adopt = KSSL_DIRECTION_TX;
	check(kssl_attach(s, &attach));
	check(main_u32(KSSL_A_ADOPT, KSSL_DIRECTION_TX));
	check(inner(KSSL_A_RX, KSSL_A_CRYPTO_REC_SEQ));
}

static void test_begin(void)
{
	check(kssl_begin(s, 9));
	check(fake_cmd((void *)fake.last) == KSSL_CMD_BEGIN);
	check(main_u32(KSSL_A_ID, kssl_id(s)) && main_u32(KSSL_A_FD, 9));
	outcome.result = -ENOTCONN;
	outcome.text = "the socket is not connected";
	outcome.attr = KSSL_A_FD;
	check(!kssl_begin(s, 9) && kssl_errno() == ENOTCONN);
	check(!strcmp(kssl_error_text(), outcome.text));
	check(!strcmp(kssl_error_attr(), "fd"));
}

static void test_outcome(void)
{
	struct kssl_attach attach = keys();

	outcome.result = -EINVAL;
	outcome.text = NULL;
	outcome.attr = KSSL_A_TX;
	outcome.nested = KSSL_A_CRYPTO_KEY;
	check(!kssl_attach(s, &attach) && kssl_errno() == EINVAL);
	check(!strcmp(kssl_error_text(), strerror(EINVAL)));
	check(!strcmp(kssl_error_attr(), "tx.key"));
	outcome.attr = KSSL_A_SETTINGS;
	outcome.nested = KSSL_A_SETTINGS_MIN_PROTO;
	check(!kssl_attach(s, &attach));
	check(!strcmp(kssl_error_attr(), "settings.min-proto"));
	outcome.attr = KSSL_A_VERSION;
	outcome.nested = 0;
	check(!kssl_attach(s, &attach));
	check(!strcmp(kssl_error_attr(), "version"));
	outcome.attr = 0;
	check(!kssl_attach(s, &attach));
	check(!strcmp(kssl_error_attr(), ""));
	outcome.result = 0;
}

static void test_ctx_attach(void)
{
	struct kssl_settings *set = kssl_settings_new();
	struct kssl_attach attach = keys();
	uint32_t id = 0;

	kssl_settings_role(set, KSSL_ROLE_SERVER);
	check(kssl_ctx_attach(ctx, set, &attach, &id) && id == 77);
	check(main_u32(KSSL_A_CTX_ID, kssl_ctx_id(ctx)));
	check(!fake_attr((void *)fake.last, KSSL_A_ID));
	check(inner(KSSL_A_SETTINGS, KSSL_A_SETTINGS_ROLE));
	check(kssl_ctx_attach(ctx, NULL, &attach, NULL));
	check(!fake_attr((void *)fake.last, KSSL_A_SETTINGS));
	outcome.result = -EPERM;
	id = 0;
	check(!kssl_ctx_attach(ctx, set, &attach, &id) && !id);
	check(kssl_errno() == EPERM);
	outcome.result = 0;
	kssl_settings_free(set);
}

static int flag(uint16_t type)
{
	return is(fake_attr((void *)fake.last, type), "", 0);
}

static void test_rekey(void)
{
	const struct kssl_crypto key = {
		.secret = "secret", .secret_len = 6,
	};
	const struct kssl_crypto none = { .iv = "iv", .iv_len = 2 };
	unsigned int requests;

	check(kssl_rekey(s, KSSL_DIRECTION_RX, 0));
	check(fake_cmd((void *)fake.last) == KSSL_CMD_REKEY);
	check(main_u32(KSSL_A_ID, kssl_id(s)));
	check(main_u32(KSSL_A_DIRECTION, KSSL_DIRECTION_RX));
	check(!fake_attr((void *)fake.last, KSSL_A_KEY) &&
	      !flag(KSSL_A_REQUEST_UPDATE) && !flag(KSSL_A_NO_WAIT));
	check(kssl_rekey_with(s, KSSL_DIRECTION_TX, KSSL_REKEY_REQUEST, &key));
	check(flag(KSSL_A_REQUEST_UPDATE) && !flag(KSSL_A_NO_WAIT));
	check(is(inner(KSSL_A_KEY, KSSL_A_CRYPTO_SECRET), "secret", 6));
	check(kssl_rekey(s, KSSL_DIRECTION_TX, KSSL_REKEY_NO_WAIT));
	check(!flag(KSSL_A_REQUEST_UPDATE) && flag(KSSL_A_NO_WAIT));

	outcome.result = -EAGAIN;
	outcome.text = "somebody else sends";
	outcome.attr = KSSL_A_NO_WAIT;
	check(!kssl_rekey(s, KSSL_DIRECTION_TX, 0));
	check(kssl_errno() == EAGAIN && !strcmp(kssl_error_attr(), "no-wait"));
	memset(&outcome, 0, sizeof(outcome));
	requests = fake.requests;
	check(!kssl_rekey(s, KSSL_DIRECTION_TX, 4) && kssl_errno() == EINVAL);
	/* It would be an update to the key that the kernel derives. */
	check(!kssl_rekey_with(s, KSSL_DIRECTION_TX, 0, &none) &&
	      kssl_errno() == EINVAL);
	check(fake.requests == requests);
	check(!kssl_rekey(NULL, KSSL_DIRECTION_TX, 0) &&
	      kssl_errno() == EINVAL);
}

static void test_struct_size(void)
{
	struct {
		struct kssl_attach attach;
		char later[16];
	} newer = { .attach = keys() };
	unsigned int requests = fake.requests;
	int fd = 77;

	check(!kssl_attach(s, NULL) && kssl_errno() == EINVAL);
	newer.attach.size = 8;
	check(!kssl_attach(s, &newer.attach) && kssl_errno() == EINVAL);
	newer.attach.size = sizeof(newer);
	newer.later[15] = 1;
	newer.attach.conn_fd = &fd;
	check(!kssl_ctx_attach(ctx, NULL, &newer.attach, NULL) &&
	      kssl_errno() == E2BIG && fd == -1);
	newer.attach.conn_fd = NULL;
	newer.attach.verify_result = (int64_t)1 << 40;
	newer.later[15] = 0;
	check(!kssl_attach(s, &newer.attach) && kssl_errno() == EINVAL);
	check(fake.requests == requests);
	newer.attach.verify_result = 0;
	check(kssl_attach(s, &newer.attach));
	check(main_u32(KSSL_A_VERIFY_RESULT, 0));
}

int main(void)
{
	fake_init(&fake);
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_SERVER);
	s = kssl_new(ctx);

	fake.answer = answer_outcome;
	test_request();
	test_adopt();
	test_negotiated();
	test_conn_fd();
	test_begin();
	test_outcome();
	test_ctx_attach();
	test_rekey();
	test_struct_size();
	fake.answer = NULL;

	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
