// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Replies into structs, the single getters, and the copy that a handle keeps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fake.h"
#include "tap.h"

static struct fake fake;
static struct kssl_client *client;
static struct kssl_ctx *ctx;
static struct kssl *s;

static void check_settings(const struct kssl_settings_info *rows)
{
	check(rows->method == KSSL_METHOD_SERVER);
	check(rows->role == KSSL_ROLE_SERVER);
	check(rows->options == (KSSL_OP_NO_TICKET | KSSL_OP_GREASE));
	check(rows->mode == KSSL_MODE_AUTO_RETRY);
	check(rows->min_proto == 0x0303 && rows->max_proto == 0x0304);
	check(rows->verify_mode == KSSL_VERIFY_PEER);
	check(rows->verify_depth == -1);
	check(rows->timeout == 7200);
	check(rows->max_cert_list == 102400);
	check(rows->read_ahead == 1);
	check(rows->cipher_list_n == 3 && rows->cipher_list[0] == 0xc02b &&
	      rows->cipher_list[2] == 0x009c);
	check(rows->ciphersuites_n == 2 && rows->ciphersuites[1] == 0x1303);
	check(!strcmp(rows->label, "front"));
}

static void check_info(const struct kssl_info *info)
{
	static const uint8_t local[16] = { 127, 0, 0, 1 };
	static const uint8_t peer[16] = { 127, 0, 0, 2 };

	check(info->id == kssl_id(s) && info->ctx_id == 1);
	check(info->state == KSSL_STATE_INITIAL);
	check(info->refs == 1 && info->held == 1 && info->holders == 1);
	check(info->uid == 1000 && info->age == 1234567890123);
	check(info->settings_id == 5000000000);
	check(info->inherit_id == 5000000001);
	check(info->version == 0x0304 && info->suite == 0x1301);
	check(info->verify_result == 18);
	check(info->family == AF_INET);
	check(info->local_port == 443 && info->peer_port == 50000);
	check(!memcmp(info->local_addr, local, 16));
	check(!memcmp(info->peer_addr, peer, 16));
	check(info->sock_cookie == 99);
	check(info->result == EPERM);
	check(!strcmp(info->result_text, "no such suite"));
	check(info->tx_generation == 2 && info->rx_generation == 3);
	check(info->tx_records == 6000000000 && info->rx_records == 4);
	check_settings(info->settings);
}

static void test_conn(void)
{
	struct kssl_info *info = kssl_get_info(s);

	check_info(info);
	kssl_info_free(info);
	info = kssl_info_by_id(client, kssl_id(s));
	check_info(info);
	kssl_info_free(info);
	check(!kssl_info_by_id(client, 400) && kssl_errno() == ENOENT);
}

static void test_ctx(void)
{
	struct kssl_ctx_info *info = kssl_ctx_get_info(ctx);

	check(info->id == 1 && info->refs == 1 && info->held == 1);
	check(info->holders == 1 && info->conns == 3 && info->uid == 1000);
	check(info->age == 42 && info->settings_id == 7);
	check(info->inherit_id == 8);
	check_settings(info->settings);
	kssl_ctx_info_free(info);
	info = kssl_ctx_info_by_id(client, 1);
	check(info && info->id == 1);
	kssl_ctx_info_free(info);
	check(!kssl_ctx_info_by_id(client, 400) && kssl_errno() == ENOENT);
}

static void test_getters(void)
{
	enum kssl_method method = KSSL_METHOD_EITHER;
	enum kssl_role role = KSSL_ROLE_UNSET;
	uint16_t codes[8] = { 0 };
	uint64_t u64 = 0;
	uint32_t u32 = 0;
	uint16_t u16 = 0;
	int32_t s32 = 0;
	char label[16];
	int on = 0;

	check(kssl_get_options(s, &u64) &&
	      u64 == (KSSL_OP_NO_TICKET | KSSL_OP_GREASE));
	check(kssl_ctx_get_mode(ctx, &u32) && u32 == KSSL_MODE_AUTO_RETRY);
	check(kssl_get_min_proto_version(s, &u16) && u16 == 0x0303);
	check(kssl_ctx_get_max_proto_version(ctx, &u16) && u16 == 0x0304);
	check(kssl_get_verify_mode(s, &u32) && u32 == 1);
	check(kssl_ctx_get_verify_depth(ctx, &s32) && s32 == -1);
	check(kssl_get_max_cert_list(s, &u32) && u32 == 102400);
	check(kssl_ctx_get_read_ahead(ctx, &on) && on == 1);
	check(kssl_get_timeout(s, &u32) && u32 == 7200);
	check(kssl_ctx_get_method(ctx, &method) &&
	      method == KSSL_METHOD_SERVER);
	check(kssl_get_role(s, &role) && role == KSSL_ROLE_SERVER);

	check(kssl_get_cipher_list(s, codes, 8) == 3 && codes[2] == 0x009c);
	codes[1] = 1;
	check(kssl_ctx_get_cipher_list(ctx, codes, 1) == 3 && codes[1] == 1);
	check(kssl_get_ciphersuites(s, NULL, 0) == 2);
	check(kssl_ctx_get_ciphersuites(ctx, codes, 8) == 2);
	fake.refuse_at = 1;
	fake.refuse_err = EPERM;
	check(kssl_get_cipher_list(s, codes, 8) == -1 && kssl_errno() == EPERM);
	check(!kssl_get_timeout(s, &u32) && kssl_errno() == EPERM);
	fake.refuse_at = 0;

	check(kssl_get_label(s, label, sizeof(label)) &&
	      !strcmp(label, "front"));
	check(kssl_ctx_get_label(ctx, label, 4) && !strcmp(label, "fro"));
	label[0] = 'x';
	check(kssl_get_label(s, label, 0) && label[0] == 'x');
}

static int reply_bare(struct fake *f, const struct nlmsghdr *req)
{
	uint64_t buf[64];
	struct nlmsghdr *nlh = fake_reply(buf, req, KSSL_CMD_GET);

	mnl_attr_put_u32(nlh, KSSL_A_ID, 9);
	/* Wrong width, no terminator, no such attribute. */
	mnl_attr_put(nlh, KSSL_A_UID, 3, "abc");
	mnl_attr_put(nlh, KSSL_A_RESULT_TEXT, 3, "abc");
	mnl_attr_put_u32(nlh, KSSL_A_MAX + 5, 1);
	mnl_attr_put(nlh, KSSL_A_LOCAL_ADDR, 20, "01234567890123456789");
	fake_queue(f, nlh, nlh->nlmsg_len);
	return 1;
}

static void test_bare(void)
{
	struct kssl_info *info;

	fake.answer = reply_bare;
	info = kssl_info_by_id(client, 9);
	fake.answer = NULL;
	check(info && info->id == 9 && info->verify_result == -1);
	check(info->uid == 0 && !strcmp(info->result_text, ""));
	check(info->result == 0 && info->family == 0);
	check(!memcmp(info->local_addr, "0123456789012345", 16));
	check(info->settings->cipher_list_n == 0);
	check(info->settings->label[0] == '\0');
	kssl_info_free(info);
}

static int reply_negotiated(struct fake *f, const struct nlmsghdr *req)
{
	static const uint16_t large[] = { KSSL_A_SETTINGS_CRLS };
	const uint64_t read = 5000000000;
	uint64_t buf[128];
	struct nlmsghdr *nlh = fake_reply(buf, req, KSSL_CMD_GET);

	mnl_attr_put_u32(nlh, KSSL_A_ID, 9);
	mnl_attr_put(nlh, KSSL_A_ALPN, 2, "h2");
	mnl_attr_put_strz(nlh, KSSL_A_SNI, "example.org");
	mnl_attr_put_u8(nlh, KSSL_A_RESUMED, 1);
	mnl_attr_put_u16(nlh, KSSL_A_RECORD_LIMIT, 1024);
	mnl_attr_put_u32(nlh, KSSL_A_SHUTDOWN, KSSL_SHUTDOWN_SENT);
	mnl_attr_put(nlh, KSSL_A_UNSENT, 0, NULL);
	mnl_attr_put(nlh, KSSL_A_RECEIVED, sizeof(read), &read);
	mnl_attr_put_u32(nlh, KSSL_A_DIRECTIONS, KSSL_DIRECTION_RX);
	mnl_attr_put(nlh, KSSL_A_LARGE_ROWS, sizeof(large), large);
	if (fake_attr(req, KSSL_A_WITH_PEER_CHAIN))
		mnl_attr_put(nlh, KSSL_A_PEER_CHAIN, 5, "chain");
	fake_queue(f, nlh, nlh->nlmsg_len);
	return 1;
}

static void test_negotiated(void)
{
	struct kssl_info *info = kssl_get_info(s);
	void *der = info;
	size_t len = 1;

	check(!info->alpn && !info->alpn_len && !*info->sni &&
	      !info->resumed && !info->record_limit && !info->directions);
	check(info->settings->reported && !info->settings->large_rows_n);
	kssl_info_free(info);
	check(kssl_get_peer_chain(s, &der, &len) && !der && !len);

	fake.answer = reply_negotiated;
	info = kssl_info_by_id(client, 9);
	check(info->alpn_len == 2 && !memcmp(info->alpn, "h2", 2));
	check(!strcmp(info->sni, "example.org") && info->resumed == 1);
	check(info->record_limit == 1024);
	check(info->shutdown == KSSL_SHUTDOWN_SENT);
	check(info->sent == -1 && info->unsent == 1);
	check(info->received == 5000000000);
	check(info->directions == KSSL_DIRECTION_RX);
	check(!info->settings->reported && info->settings->large_rows_n == 1 &&
	      info->settings->large_rows[0] == KSSL_A_SETTINGS_CRLS);
	kssl_info_free(info);
	check(kssl_get_peer_chain(s, &der, &len) && len == 5 &&
	      !memcmp(der, "chain", 5));
	free(der);
	fake.answer = NULL;
}

/* As the kernel answers new, dup and set-ctx of the same rows. */
static int reply_no_rows(struct fake *f, const struct nlmsghdr *req)
{
	uint64_t buf[128], number = 5000000000;
	struct nlmsghdr *nlh = fake_reply(buf, req, fake_cmd(req));

	mnl_attr_put_u32(nlh, KSSL_A_ID, kssl_id(s));
	mnl_attr_put_u32(nlh, KSSL_A_CTX_ID, 77);
	mnl_attr_put(nlh, KSSL_A_SETTINGS_ID, sizeof(number), &number);
	number += f->state == KSSL_STATE_ERROR ? 2 : 1;
	mnl_attr_put(nlh, KSSL_A_INHERIT_ID, sizeof(number), &number);
	fake_queue(f, nlh, nlh->nlmsg_len);
	return 1;
}

static void test_set_ctx(void)
{
	struct kssl_info *info;

	check(!kssl_set_ctx(s, NULL) && kssl_errno() == EINVAL);
	check(!kssl_set_ctx(NULL, ctx) && kssl_errno() == EINVAL);
	fake.answer = reply_no_rows;
	check(kssl_set_ctx(s, ctx));
	check(fake_cmd((void *)fake.last) == KSSL_CMD_SET_CTX);
	check(kssl_attr_uint(fake_attr((void *)fake.last, KSSL_A_CTX_ID)) == 1);
	check(kssl_get_ctx_id(s) == 77);
	/* The snapshots are those whose rows an earlier reply had. */
	info = kssl_cached_info(s);
	check_settings(info->settings);
	kssl_info_free(info);
	fake.state = KSSL_STATE_ERROR;
	check(kssl_set_ctx(s, ctx));
	info = kssl_cached_info(s);
	check(!info->settings->reported);
	kssl_info_free(info);
	fake.state = KSSL_STATE_INITIAL;
	fake.answer = NULL;
}

static void test_set_shutdown(void)
{
	check(!kssl_set_shutdown(NULL, 1) && kssl_errno() == EINVAL);
	check(kssl_set_shutdown(s, KSSL_SHUTDOWN_RECEIVED));
	check(fake_cmd((void *)fake.last) == KSSL_CMD_SET_SHUTDOWN);
	check(kssl_attr_uint(fake_attr((void *)fake.last, KSSL_A_SHUTDOWN)) ==
	      KSSL_SHUTDOWN_RECEIVED);
}

static void test_add_control(void)
{
	const struct nlmsghdr *last = (void *)fake.last;

	check(!kssl_add_control(NULL, 1, 2) && kssl_errno() == EINVAL);
	check(kssl_add_control(s, 1, 2));
	check(fake_cmd(last) == KSSL_CMD_ADD_CONTROL);
	check(kssl_attr_uint(fake_attr(last, KSSL_A_CONTROL_SENT)) == 1);
	check(kssl_attr_uint(fake_attr(last, KSSL_A_CONTROL_RECEIVED)) == 2);
}

static void test_cached(void)
{
	unsigned int requests = fake.requests;
	struct kssl_info *info = kssl_cached_info(s);

	check_info(info);
	check(fake.requests == requests);
	kssl_info_free(info);
	fake.state = KSSL_STATE_ERROR;
	check(fake_cached(s).state == KSSL_STATE_INITIAL);
	check(kssl_fail(s));
	check(fake_cached(s).state == KSSL_STATE_ERROR);
	fake.state = KSSL_STATE_INITIAL;
	check(kssl_clear(s));
	check(fake_cached(s).state == KSSL_STATE_INITIAL);
}

int main(void)
{
	fake_init(&fake);
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_SERVER);
	s = kssl_new(ctx);
	check(kssl_get_ctx_id(s) == 1 && kssl_ctx_id(ctx) == 1);
	check(kssl_get_client(s) == client && kssl_ctx_client(ctx) == client);

	test_conn();
	test_ctx();
	test_getters();
	test_bare();
	test_negotiated();
	test_cached();
	test_set_ctx();
	test_set_shutdown();
	test_add_control();

	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
