// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Each row on both levels: its setter sends the row's attribute and no other,
 * its getter asks for that attribute and reads it back, and so does the parser
 * of all rows. The fake keeps the payloads that it was sent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "rows.h"
#include "tap.h"

static struct fake fake;
static struct kssl_client *client;
static struct kssl_ctx *ctx;
static struct kssl *s;

/* What is kept of each object, and which rows were met at all. */
static struct {
	int len;		/* -1: never sent */
	unsigned char data[512];
} kept[2][KSSL_A_SETTINGS_MAX + 1];
static int met[KSSL_A_SETTINGS_MAX + 1];
static unsigned int n_sent;	/* rows of the latest request */
static uint16_t asked;		/* row of the latest get */

static int is_conn(const struct nlmsghdr *req)
{
	return fake_cmd(req) == KSSL_CMD_SET || fake_cmd(req) == KSSL_CMD_GET ||
	       fake_cmd(req) == KSSL_CMD_SESSION_GET;
}

static void keep(const struct nlmsghdr *req)
{
	const struct nlattr *nest = fake_attr(req, KSSL_A_SETTINGS), *attr;
	uint16_t type;

	n_sent = 0;
	mnl_attr_for_each_nested(attr, nest) {
		type = mnl_attr_get_type(attr);
		n_sent++;
		kept[is_conn(req)][type].len = mnl_attr_get_payload_len(attr);
		memcpy(kept[is_conn(req)][type].data,
		       mnl_attr_get_payload(attr),
		       mnl_attr_get_payload_len(attr));
	}
}

static void put_kept(struct nlmsghdr *nlh, int conn, uint16_t row)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, KSSL_A_SETTINGS);
	uint16_t type;

	for (type = 1; type <= KSSL_A_SETTINGS_MAX; type++)
		if ((!row || row == type) && kept[conn][type].len >= 0)
			mnl_attr_put(nlh, type, kept[conn][type].len,
				     kept[conn][type].data);
	mnl_attr_nest_end(nlh, nest);
}

static int answer(struct fake *f, const struct nlmsghdr *req)
{
	const struct nlattr *row;
	uint64_t buf[4096];
	struct nlmsghdr *nlh;

	switch (fake_cmd(req)) {
	case KSSL_CMD_SET:
	case KSSL_CMD_CTX_SET:
		keep(req);
		return 0;
	case KSSL_CMD_GET:
	case KSSL_CMD_CTX_GET:
		row = fake_attr(req, KSSL_A_ROW);
		asked = row ? mnl_attr_get_u32(row) : 0;
		nlh = fake_reply(buf, req, fake_cmd(req));
		put_kept(nlh, is_conn(req), asked);
		break;
	case KSSL_CMD_SESSION_GET:
		asked = KSSL_A_SETTINGS_SESSION;
		if (kept[1][asked].len <= 0) {
			fake_refuse(f, req, ENODATA, "no session", 0);
			return 1;
		}
		nlh = fake_reply(buf, req, fake_cmd(req));
		mnl_attr_put(nlh, KSSL_A_SESSION, kept[1][asked].len,
			     kept[1][asked].data);
		break;
	default:
		return 0;
	}
	fake_queue(f, nlh, nlh->nlmsg_len);
	return 1;
}

/* Whether the latest set of an object was that row alone. */
static int sent(int conn, uint16_t attr, const void *data, int len)
{
	met[attr] = 1;
	return n_sent == 1 && kept[conn][attr].len == len &&
	       !memcmp(kept[conn][attr].data, data, len);
}

/* The attribute of the name that a function has in C. */
static int named(uint16_t attr, const char *name, const char *suffix)
{
	char path[64], want[64];
	size_t i;

	snprintf(want, sizeof(want), "settings.%s%s", name, suffix);
	for (i = 0; want[i]; i++)
		if (want[i] == '_')
			want[i] = '-';
	kssl_attr_path(path, sizeof(path), KSSL_A_SETTINGS, attr);
	return !strcmp(path, want);
}

static const struct kssl_settings_info *all(struct kssl_info **info)
{
	kssl_info_free(*info);
	*info = kssl_get_info(s);
	return (*info)->settings;
}

#define TEST_NUMBER(row, ROW, set, get, type)				\
static void test_##row(void)						\
{									\
	type a = (type)0x7b5a4b3a2b1a0b6aULL, b = a ^ 3, got = 0;	\
	uint16_t attr = KSSL_A_SETTINGS_##ROW;				\
	struct kssl_info *info = NULL;					\
									\
	check_that(named(attr, #row, ""), "name of " #row);		\
	check_that(kssl_ctx_##set(ctx, a) &&				\
		   sent(0, attr, &a, sizeof(a)), "kssl_ctx_" #set);	\
	check_that(kssl_##set(s, b) && sent(1, attr, &b, sizeof(b)),	\
		   "kssl_" #set);					\
	check_that(kssl_ctx_##get(ctx, &got) && got == a &&		\
		   asked == attr, "kssl_ctx_" #get);			\
	check_that(kssl_##get(s, &got) && got == b && asked == attr,	\
		   "kssl_" #get);					\
	check_that(all(&info)->row == b, "member " #row);		\
	kssl_info_free(info);						\
}

#define TEST_BOOL(row, ROW, set, get)					\
static void test_##row(void)						\
{									\
	uint16_t attr = KSSL_A_SETTINGS_##ROW;				\
	struct kssl_info *info = NULL;					\
	int on = -1;							\
									\
	check_that(named(attr, #row, ""), "name of " #row);		\
	check_that(kssl_ctx_##set(ctx, 256) && sent(0, attr, "\1", 1),	\
		   "kssl_ctx_" #set);					\
	check_that(kssl_##set(s, 0) && sent(1, attr, "", 1),		\
		   "kssl_" #set);					\
	check_that(kssl_ctx_##get(ctx, &on) && on == 1 &&		\
		   asked == attr, "kssl_ctx_" #get);			\
	check_that(kssl_##get(s, &on) && on == 0 && asked == attr,	\
		   "kssl_" #get);					\
	check_that(kssl_##set(s, 1) && all(&info)->row == 1,		\
		   "member " #row);					\
	kssl_info_free(info);						\
}

/* A list of two items on the context and of three on the connection. */
#define TEST_LIST(row, ROW, set, get, type, count)			\
static void test_##row(void)						\
{									\
	static const type list[] = { KSSL_A_SETTINGS_##ROW, 0xa7, 0x21 };		\
	uint16_t attr = KSSL_A_SETTINGS_##ROW;				\
	struct kssl_info *info = NULL;					\
	type got[3] = { 0 };						\
									\
	check_that(named(attr, #row, ""), "name of " #row);		\
	check_that(kssl_ctx_##set(ctx, list, 2) &&			\
		   sent(0, attr, list, 2 * sizeof(*list)),		\
		   "kssl_ctx_" #set);					\
	check_that(kssl_##set(s, list, 3) &&				\
		   sent(1, attr, list, sizeof(list)), "kssl_" #set);	\
	check_that(kssl_ctx_##get(ctx, got, 3) == 2 && asked == attr &&	\
		   got[1] == list[1] && !got[2], "kssl_ctx_" #get);	\
	got[1] = 7;							\
	check_that(kssl_##get(s, got, 1) == 3 && asked == attr &&	\
		   got[0] == list[0] && got[1] == 7, "kssl_" #get);	\
	check_that(all(&info)->row##count == 3 &&			\
		   !memcmp(all(&info)->row, list, sizeof(list)),	\
		   "member " #row);					\
	check_that(kssl_##set(s, NULL, 0) && sent(1, attr, "", 0) &&	\
		   kssl_##get(s, got, 3) == 0 && !all(&info)->row,	\
		   "empty " #row);					\
	kssl_info_free(info);						\
}
#define TEST_CODES(row, ROW, set, get)					\
	TEST_LIST(row, ROW, set, get, uint16_t, _n)
#define TEST_KEYS(row, ROW, set, get)					\
	TEST_LIST(row, ROW, set, get, uint32_t, _n)
#define TEST_BYTES(row, ROW, set, get)					\
	TEST_LIST(row, ROW, set, get, uint8_t, _len)

#define TEST_TEXT(row, ROW, set, get, max)				\
static void test_##row(void)						\
{									\
	uint16_t attr = KSSL_A_SETTINGS_##ROW;				\
	struct kssl_info *info = NULL;					\
	char got[32] = "", longest[max + 1];				\
									\
	memset(longest, 'x', max);					\
	longest[max] = '\0';						\
	check_that(named(attr, #row, ""), "name of " #row);		\
	check_that(kssl_ctx_##set(ctx, #row) &&				\
		   sent(0, attr, #row, sizeof(#row)), "kssl_ctx_" #set); \
	check_that(kssl_##set(s, longest) &&				\
		   sent(1, attr, longest, max + 1), "kssl_" #set);	\
	check_that(kssl_ctx_##get(ctx, got, sizeof(got)) &&		\
		   !strcmp(got, #row) && asked == attr,			\
		   "kssl_ctx_" #get);					\
	check_that(kssl_##get(s, got, 4) && !strcmp(got, "xxx") &&	\
		   asked == attr, "kssl_" #get);			\
	check_that(!strcmp(all(&info)->row, longest), "member " #row);	\
	check_that(kssl_##set(s, NULL) && sent(1, attr, "", 1),		\
		   "no " #row);						\
	kssl_info_free(info);						\
}

static const char *const slots[KSSL_CERT_SLOTS] = {
	"_rsa", "_rsa_pss", "_dsa", "_ecc", "_gost01", "_gost12_256",
	"_gost12_512", "_ed25519", "_ed448",
};

#define TEST_SLOT_BYTES(row, ROW, set, get)				\
static void test_##row(void)						\
{									\
	uint16_t attr = KSSL_A_SETTINGS_##ROW##_RSA;			\
	struct kssl_info *info = NULL;					\
	char der[3] = "0", got[3];					\
	int i;								\
									\
	for (i = 0; i < KSSL_CERT_SLOTS; i++, attr++) {			\
		der[2] = i;						\
		check_that(named(attr, #row, slots[i]),			\
			   "name of " #row "%s", slots[i]);		\
		check_that(kssl_ctx_##set(ctx, i, der, 3) &&		\
			   sent(0, attr, der, 3), "kssl_ctx_" #set);	\
		check_that(kssl_##set(s, i, der, 2) &&			\
			   sent(1, attr, der, 2), "kssl_" #set);	\
		check_that(kssl_ctx_##get(ctx, i, got, 3) == 3 &&	\
			   !memcmp(got, der, 3) && asked == attr,	\
			   "kssl_ctx_" #get);				\
		check_that(kssl_##get(s, i, NULL, 0) == 2 &&		\
			   asked == attr, "kssl_" #get);		\
		check_that(all(&info)->row##_len[i] == 2 &&		\
			   !memcmp(all(&info)->row[i], der, 2),		\
			   "member " #row);				\
	}								\
	kssl_error_clear();						\
	check(!kssl_ctx_##set(ctx, i, der, 3) && kssl_errno() == EINVAL); \
	check(kssl_##get(s, i, got, 3) == -1 && kssl_errno() == EINVAL); \
	kssl_info_free(info);						\
}

#define TEST_SLOT_KEY(row, ROW, set, get)				\
static void test_##row(void)						\
{									\
	uint16_t attr = KSSL_A_SETTINGS_##ROW##_RSA;			\
	uint32_t a = 1000, b = 2000, got = 0;				\
	struct kssl_info *info = NULL;					\
	int i;								\
									\
	for (i = 0; i < KSSL_CERT_SLOTS; i++, attr++, a++, b++) {	\
		check_that(named(attr, #row, slots[i]),			\
			   "name of " #row "%s", slots[i]);		\
		check_that(kssl_ctx_##set(ctx, i, a) &&			\
			   sent(0, attr, &a, 4), "kssl_ctx_" #set);	\
		check_that(kssl_##set(s, i, b) &&			\
			   sent(1, attr, &b, 4), "kssl_" #set);		\
		check_that(kssl_ctx_##get(ctx, i, &got) && got == a &&	\
			   asked == attr, "kssl_ctx_" #get);		\
		check_that(kssl_##get(s, i, &got) && got == b &&	\
			   asked == attr, "kssl_" #get);		\
		check_that(all(&info)->row[i] == b, "member " #row);	\
	}								\
	check(!row##_beyond(i));				\
	kssl_info_free(info);						\
}

/* The slot after the last one. */
static int private_key_beyond(int slot)
{
	uint32_t got;

	return kssl_use_private_key(s, slot, 1) ||
	       kssl_get_private_key(s, slot, &got) || kssl_errno() != EINVAL;
}

#define KSSL_ROWS(X)							\
	KSSL_ROWS_NUMBER(X##_NUMBER)					\
	KSSL_ROWS_BOOL(X##_BOOL)					\
	KSSL_ROWS_CODES(X##_CODES)					\
	KSSL_ROWS_KEYS(X##_KEYS)					\
	KSSL_ROWS_TEXT(X##_TEXT)					\
	KSSL_ROWS_BYTES(X##_BYTES)					\
	KSSL_ROWS_SLOT_BYTES(X##_SLOT_BYTES)				\
	KSSL_ROWS_SLOT_KEY(X##_SLOT_KEY)

KSSL_ROWS(TEST)

static void test_ex_data(void)
{
	unsigned char data[2] = "x", got[2];
	char suffix[8];
	unsigned int i;

	for (i = 0; i < KSSL_EX_DATA_MAX; i++) {
		data[1] = i;
		snprintf(suffix, sizeof(suffix), "_%u", i);
		check(named(KSSL_A_SETTINGS_EX_DATA_0 + i, "ex_data", suffix));
		check(kssl_ctx_set_ex_data(ctx, i, data, 1) &&
		      sent(0, KSSL_A_SETTINGS_EX_DATA_0 + i, data, 1));
		check(kssl_set_ex_data(s, i, data, 2) &&
		      sent(1, KSSL_A_SETTINGS_EX_DATA_0 + i, data, 2));
		check(kssl_ctx_get_ex_data(ctx, i, got, 2) == 1);
		check(kssl_get_ex_data(s, i, got, 2) == 2 && got[1] == i &&
		      asked == KSSL_A_SETTINGS_EX_DATA_0 + i);
	}
	check(!kssl_set_ex_data(s, i, data, 2) && kssl_errno() == EINVAL);
	check(kssl_get_ex_data(s, i, got, 2) == -1);
}

static void test_session(void)
{
	char got[8];
	void *data;
	size_t len;

	check(kssl_get_session(s, got, sizeof(got)) == 0);
	check(kssl_get_row(s, KSSL_A_SETTINGS_SESSION, &data, &len) && !data &&
	      !len);
	check(kssl_set_session(s, "secret", 6) &&
	      sent(1, KSSL_A_SETTINGS_SESSION, "secret", 6));
	check(kssl_get_session(s, got, 3) == 6 && !memcmp(got, "sec", 3));
	check(kssl_get_row(s, KSSL_A_SETTINGS_SESSION, &data, &len) &&
	      len == 6 && !memcmp(data, "secret", 6));
	free(data);
}

static void test_odd_rows(void)
{
	uint32_t u32 = 7000;
	uint64_t u64 = 3;

	check(kssl_ctx_set_timeout(ctx, u32) &&
	      sent(0, KSSL_A_SETTINGS_TIMEOUT, &u32, 4));
	check(kssl_ctx_get_timeout(ctx, &u32) && u32 == 7000);
	u32 = KSSL_ROLE_SERVER;
	check(kssl_set_accept_state(s) &&
	      sent(1, KSSL_A_SETTINGS_ROLE, &u32, 4));
	check(kssl_set_options(s, 3) && kssl_get_options(s, &u64) &&
	      u64 == 3 && asked == KSSL_A_SETTINGS_OPTIONS);
	check(kssl_ctx_set_mode(ctx, 4) && kssl_ctx_get_mode(ctx, &u32) &&
	      u32 == 4 && asked == KSSL_A_SETTINGS_MODE);
}

static void test_any_row(void)
{
	void *data;
	size_t len;

	check(kssl_ctx_set_label(ctx, "any"));
	check(kssl_ctx_get_row(ctx, KSSL_A_SETTINGS_LABEL, &data, &len) &&
	      len == 4 && !memcmp(data, "any", 4));
	free(data);
	check(!kssl_ctx_get_row(ctx, 0, &data, &len) &&
	      kssl_errno() == EINVAL);
	check(!kssl_get_row(s, KSSL_A_SETTINGS_MAX + 1, &data, &len) &&
	      kssl_errno() == EINVAL);
	/* A kernel that does not know the row reports nothing. */
	kept[0][KSSL_A_SETTINGS_LABEL].len = -1;
	check(!kssl_ctx_get_row(ctx, KSSL_A_SETTINGS_LABEL, &data, &len) &&
	      kssl_errno() == EOPNOTSUPP);
	check(!strcmp(kssl_error_attr(), "settings.label"));
}

/* What the tests above met, and what other tests do. */
static void test_all_met(void)
{
	uint16_t type;
	char path[64];

	met[KSSL_A_SETTINGS_PAD] = 1;
	met[KSSL_A_SETTINGS_METHOD] = 1;
	met[KSSL_A_SETTINGS_OPTIONS] = 1;
	met[KSSL_A_SETTINGS_OPTIONS_MASK] = 1;
	met[KSSL_A_SETTINGS_MODE] = 1;
	met[KSSL_A_SETTINGS_MODE_MASK] = 1;
	met[KSSL_A_SETTINGS_CALLBACKS] = 1;
	met[KSSL_A_SETTINGS_CALLBACKS_COOKIE] = 1;
	for (type = 1; type <= KSSL_A_SETTINGS_MAX; type++) {
		kssl_attr_path(path, sizeof(path), KSSL_A_SETTINGS, type);
		check_that(met[type], "%s has functions", path);
	}
}

#define RUN_NUMBER(row, ...)		test_##row();
#define RUN_BOOL(row, ...)		test_##row();
#define RUN_CODES(row, ...)		test_##row();
#define RUN_KEYS(row, ...)		test_##row();
#define RUN_TEXT(row, ...)		test_##row();
#define RUN_BYTES(row, ...)		test_##row();
#define RUN_SLOT_BYTES(row, ...)	test_##row();
#define RUN_SLOT_KEY(row, ...)		test_##row();

int main(void)
{
	uint16_t i;

	fake_init(&fake);
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_EITHER);
	s = kssl_new(ctx);
	for (i = 0; i <= KSSL_A_SETTINGS_MAX; i++)
		kept[0][i].len = kept[1][i].len = -1;
	fake.answer = answer;

	KSSL_ROWS(RUN)
	test_ex_data();
	test_session();
	test_odd_rows();
	test_any_row();
	test_all_met();

	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
