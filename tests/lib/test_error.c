// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The thread's error: how it is kept, and how it is read from NLMSG_ERROR.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "fake.h"
#include "tap.h"

static struct fake fake;
static struct kssl_client *client;
static struct kssl_ctx *ctx;
static struct kssl *s;

/* Offset of the attribute @type, or @nested inside of it, in @req. */
static uint32_t offset_of(const struct nlmsghdr *req, uint16_t type,
			  uint16_t nested)
{
	const struct nlattr *attr = fake_attr(req, type), *inner;

	if (nested) {
		mnl_attr_for_each_nested(inner, attr) {
			if (mnl_attr_get_type(inner) == nested)
				return (const char *)inner - (const char *)req;
		}
	}
	return (const char *)attr - (const char *)req;
}

static int refuse_min_proto(struct fake *f, const struct nlmsghdr *req)
{
	fake_refuse(f, req, EINVAL, "min above max",
		    offset_of(req, KSSL_A_SETTINGS,
			      KSSL_A_SETTINGS_MIN_PROTO));
	return 1;
}

static int refuse_id(struct fake *f, const struct nlmsghdr *req)
{
	fake_refuse(f, req, ENOENT, NULL, offset_of(req, KSSL_A_ID, 0));
	return 1;
}

static int refuse_plainly(struct fake *f, const struct nlmsghdr *req)
{
	fake_refuse(f, req, ENOMEM, NULL, 0);
	return 1;
}

static int refuse_nowhere(struct fake *f, const struct nlmsghdr *req)
{
	fake_refuse(f, req, EINVAL, "x", req->nlmsg_len + 400);
	return 1;
}

static void refuse_missing(struct fake *f, const struct nlmsghdr *req,
			   uint32_t type, uint32_t nest)
{
	uint64_t buf[64];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *e;

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_seq = req->nlmsg_seq;
	nlh->nlmsg_flags = NLM_F_CAPPED | NLM_F_ACK_TLVS;
	e = mnl_nlmsg_put_extra_header(nlh, sizeof(*e));
	e->error = -EINVAL;
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_MISS_TYPE, type);
	if (nest)
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_MISS_NEST, nest);
	fake_queue(f, nlh, nlh->nlmsg_len);
}

static int refuse_missing_fd(struct fake *f, const struct nlmsghdr *req)
{
	refuse_missing(f, req, KSSL_A_FD, 0);
	return 1;
}

static int refuse_missing_row(struct fake *f, const struct nlmsghdr *req)
{
	refuse_missing(f, req, KSSL_A_SETTINGS_LABEL,
		       offset_of(req, KSSL_A_SETTINGS, 0));
	return 1;
}

/* A kernel that did not cap: the whole request sits before the TLVs. */
static int refuse_uncapped(struct fake *f, const struct nlmsghdr *req)
{
	uint64_t buf[128];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *e;

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_seq = req->nlmsg_seq;
	nlh->nlmsg_flags = NLM_F_ACK_TLVS;
	e = mnl_nlmsg_put_extra_header(nlh, sizeof(int) + req->nlmsg_len);
	e->error = -EPERM;
	memcpy(&e->msg, req, req->nlmsg_len);
	mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, "not yours");
	fake_queue(f, nlh, nlh->nlmsg_len);
	return 1;
}

static int answer_ack(struct fake *f, const struct nlmsghdr *req)
{
	fake_refuse(f, req, 0, NULL, 0);
	return 1;
}

/* An error cut off in the middle of its header. */
static int answer_short(struct fake *f, const struct nlmsghdr *req)
{
	uint64_t buf[8];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_seq = req->nlmsg_seq;
	mnl_nlmsg_put_extra_header(nlh, 4);
	fake_queue(f, nlh, nlh->nlmsg_len);
	return 1;
}

static int failed_with(int err, const char *text, const char *attr)
{
	return kssl_errno() == err && !strcmp(kssl_error_text(), text) &&
	       !strcmp(kssl_error_attr(), attr);
}

static void test_extack(void)
{
	struct kssl_settings *set = kssl_settings_new();

	kssl_settings_options(set, 1, 1);
	kssl_settings_min_proto(set, 0x0304);

	fake.answer = refuse_min_proto;
	check(!kssl_set(s, set));
	check(failed_with(EINVAL, "min above max", "settings.min-proto"));
	check(errno == EINVAL);
	fake.answer = refuse_id;
	check(!kssl_set(s, set));
	check(failed_with(ENOENT, strerror(ENOENT), "id"));
	fake.answer = refuse_plainly;
	check(!kssl_up_ref(s));
	check(failed_with(ENOMEM, strerror(ENOMEM), ""));
	fake.answer = refuse_nowhere;
	check(!kssl_up_ref(s));
	check(failed_with(EINVAL, "x", ""));
	fake.answer = refuse_missing_fd;
	check(!kssl_begin(s, 0));
	check(failed_with(EINVAL, strerror(EINVAL), "fd"));
	fake.answer = refuse_missing_row;
	check(!kssl_set(s, set));
	check(failed_with(EINVAL, strerror(EINVAL), "settings.label"));
	fake.answer = refuse_uncapped;
	check(!kssl_set(s, set));
	check(failed_with(EPERM, "not yours", ""));
	fake.answer = answer_ack;
	check(!kssl_set(s, set) && kssl_errno() == EPROTO);
	fake.answer = answer_short;
	check(!kssl_set(s, set) && kssl_errno() == EPROTO);
	fake.answer = NULL;
	kssl_settings_free(set);
}

static void test_kept(void)
{
	struct kssl *other = kssl_new(ctx);

	check(!kssl_dup(NULL));
	check(kssl_errno() == EINVAL && kssl_error_text()[0]);
	check(kssl_up_ref(s) && kssl_errno() == EINVAL);

	/* Freeing leaves the failure and errno alone, even when it fails. */
	fake.answer = refuse_plainly;
	errno = EXDEV;
	kssl_free(other);
	kssl_free(s);
	kssl_free(NULL);
	kssl_ctx_free(NULL);
	kssl_free_many(NULL, 0);
	kssl_info_free(NULL);
	kssl_ctx_info_free(NULL);
	kssl_events_free(NULL);
	kssl_client_free(NULL);
	fake.answer = NULL;
	check(kssl_errno() == EINVAL && errno == EXDEV);

	kssl_error_clear();
	check(failed_with(0, "", ""));
}

static void *other_thread(void *arg)
{
	int *clean = arg;

	*clean = failed_with(0, "", "");
	kssl_set_error(EDOM, "%s", "other");
	return NULL;
}

static void test_per_thread(void)
{
	pthread_t thread;
	int clean = 0;

	kssl_set_error(ERANGE, "%d too %s", 3, "many");
	check(failed_with(ERANGE, "3 too many", ""));
	pthread_create(&thread, NULL, other_thread, &clean);
	pthread_join(thread, NULL);
	check(clean && failed_with(ERANGE, "3 too many", ""));

	kssl_set_error(EIO, "again: %s", kssl_error_text());
	check(failed_with(EIO, "again: 3 too many", ""));
	check(errno == EIO);
}

static void test_null_handles(void)
{
	uint64_t options;

	check(!kssl_new(NULL) && kssl_errno() == EINVAL);
	check(!kssl_new_many(NULL, NULL, 1) && kssl_errno() == EINVAL);
	check(!kssl_ctx_new(NULL, KSSL_METHOD_EITHER));
	check(!kssl_up_ref(NULL) && !kssl_ctx_up_ref(NULL));
	check(!kssl_set(NULL, NULL) && !kssl_clear(NULL) && !kssl_fail(NULL));
	check(!kssl_begin(NULL, 0));
	check(!kssl_get_options(NULL, &options));
	check(!kssl_ctx_get_options(NULL, &options));
	check(!kssl_get_info(NULL) && !kssl_ctx_get_info(NULL));
	check(!kssl_info_by_id(NULL, 1) && !kssl_ctx_info_by_id(NULL, 1));
	check(!kssl_from_id(NULL, 1) && !kssl_ctx_from_id(NULL, 1));
	check(!kssl_dump(NULL, NULL, NULL, NULL));
	check(!kssl_cached_info(NULL) && !kssl_bridge_slot(NULL, NULL));
	check(!kssl_id(NULL) && !kssl_ctx_id(NULL) && !kssl_get_client(NULL));
	check(kssl_errno() == EINVAL && *kssl_error_text());
}

int main(void)
{
	check(failed_with(0, "", ""));
	fake_init(&fake);
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_CLIENT);
	s = kssl_new(ctx);

	test_extack();
	test_kept();
	test_per_thread();
	test_null_handles();
	check(!fake.with_ack);

	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
