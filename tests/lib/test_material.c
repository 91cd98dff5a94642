// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the bridge makes of the rows that the kernel reports, and of those that
 * it has to ask for.
 */
#include <errno.h>
#include <string.h>

#include "fake.h"
#include "openssl.h"
#include "tap.h"

static const uint16_t large_rows[] = {
	KSSL_A_SETTINGS_CIPHER_LIST, KSSL_A_SETTINGS_CIPHERSUITES,
};

static struct fake fake;
static uint16_t codes[2][KSSL_SUITES_MAX];	/* as the attributes above */
static size_t codes_n[2];
static uint32_t refused;		/* the row that cannot be had */

/* A connection with rows of codes alone, in its report if they are short. */
static int answer(struct fake *f, const struct nlmsghdr *req)
{
	uint32_t row = kssl_attr_uint(fake_attr(req, KSSL_A_ROW));
	uint64_t buf[256];
	struct nlmsghdr *nlh = fake_reply(buf, req, KSSL_CMD_GET);
	struct nlattr *nest;
	size_t i, len;

	if (fake_cmd(req) != KSSL_CMD_GET)
		return 0;
	if (row && row == refused) {
		fake_refuse(f, req, EPERM, "refused", 0);
		return 1;
	}
	mnl_attr_put_u32(nlh, KSSL_A_ID,
			 kssl_attr_uint(fake_attr(req, KSSL_A_ID)));
	if (codes_n[0] > 64)
		mnl_attr_put(nlh, KSSL_A_LARGE_ROWS, sizeof(large_rows),
			     large_rows);
	nest = mnl_attr_nest_start(nlh, KSSL_A_SETTINGS);
	for (i = 0; i < 2; i++) {
		len = codes_n[i] * sizeof(codes[i][0]);
		if (row ? row == large_rows[i] : len <= KSSL_SMALL_MAX)
			mnl_attr_put(nlh, large_rows[i], len, codes[i]);
	}
	mnl_attr_nest_end(nlh, nest);
	fake_queue(f, nlh, nlh->nlmsg_len);
	return 1;
}

static void test_codes(struct kssl *s, size_t n)
{
	static const struct kssl_password nobody;
	struct kssl_material *material;
	const struct kssl_settings_info *info;
	size_t i;

	for (i = 0; i < n; i++) {
		codes[0][i] = 0xc000 + i;
		codes[1][i] = 0x1300 + i;
	}
	codes_n[0] = n;
	codes_n[1] = n;
	material = kssl_material_new(s, &nobody);
	if (!check_that(material, "%zu codes", n))
		return;
	info = material->info;
	check(info->cipher_list_n == n &&
	      !memcmp(info->cipher_list, codes[0], n * sizeof(codes[0][0])));
	check(info->ciphersuites_n == n &&
	      !memcmp(info->ciphersuites, codes[1], n * sizeof(codes[1][0])));
	kssl_material_put(material);

	if (n <= 64)
		return;
	refused = KSSL_A_SETTINGS_CIPHERSUITES;
	check(!kssl_material_new(s, &nobody) && kssl_errno() == EPERM);
	refused = 0;
}

int main(void)
{
	struct kssl_client *client;
	struct kssl_ctx *ctx;
	struct kssl *s;

	fake_init(&fake);
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_CLIENT);
	s = kssl_new(ctx);
	fake.answer = answer;
	test_codes(s, 64);
	test_codes(s, 65);
	test_codes(s, KSSL_SUITES_MAX);
	fake.answer = NULL;
	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
