// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The last failure of each thread, the counterpart of OpenSSL's error stack,
 * and how it is read from what the kernel says (NLMSG_ERROR with its TLVs, or
 * the result attributes of begin and attach).
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* By number: not every libc's kernel headers have the last two. */
#define TLV_MSG			1	/* NLMSGERR_ATTR_MSG */
#define TLV_OFFS		2	/* NLMSGERR_ATTR_OFFS */
#define TLV_MISS_TYPE		5	/* NLMSGERR_ATTR_MISS_TYPE */
#define TLV_MISS_NEST		6	/* NLMSGERR_ATTR_MISS_NEST */
#define TLV_MAX			6

static __thread struct kssl_error last;

int kssl_errno(void)
{
	return last.err;
}

const char *kssl_error_text(void)
{
	return last.text;
}

const char *kssl_error_attr(void)
{
	return last.attr;
}

void kssl_error_clear(void)
{
	memset(&last, 0, sizeof(last));
}

void kssl_error_save(struct kssl_error_save *save)
{
	save->error = last;
	save->saved_errno = errno;
}

void kssl_error_restore(const struct kssl_error_save *save)
{
	last = save->error;
	errno = save->saved_errno;
}

int kssl_set_error(int err, const char *fmt, ...)
{
	char text[sizeof(last.text)];
	va_list args;

	/* An argument may be the text of the error that this one replaces. */
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	memcpy(last.text, text, sizeof(last.text));
	last.attr[0] = '\0';
	last.err = err;
	errno = err;
	return 0;
}

int kssl_set_errno(int err)
{
	char buf[128];

	return kssl_set_error(err, "%s", strerror_r(err, buf, sizeof(buf)));
}

static int set(int err, const char *text)
{
	return *text ? kssl_set_error(err, "%s", text) : kssl_set_errno(err);
}

int kssl_set_result(int err, const char *text, uint32_t type, uint32_t nested)
{
	set(err, text);
	kssl_attr_path(last.attr, sizeof(last.attr), type, nested);
	return 0;
}

/*
 * Where the TLVs of @nlh start; its length if it has none. NLMSG_DONE carries
 * the errno alone before them, NLMSG_ERROR also the header of the request, and
 * all of the request unless it was capped.
 */
static size_t tlv_offset(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t off = sizeof(int);

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return nlh->nlmsg_len;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		off = sizeof(*err);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			off += err->msg.nlmsg_len - sizeof(err->msg);
	}
	return off;
}

static void parse_tlvs(const struct nlmsghdr *nlh, const struct nlattr **tb)
{
	size_t off = tlv_offset(nlh);
	const struct nlattr *attr;

	memset(tb, 0, (TLV_MAX + 1) * sizeof(*tb));
	if (off >= mnl_nlmsg_get_payload_len(nlh))
		return;
	mnl_attr_for_each(attr, nlh, off) {
		if (mnl_attr_get_type(attr) <= TLV_MAX)
			tb[mnl_attr_get_type(attr)] = attr;
	}
}

/* The attribute to blame: one of the request, or one that it should have. */
static void find_attr(const struct nlattr *const *tb,
		      const struct nlmsghdr *request, uint32_t *type,
		      uint32_t *nested)
{
	const struct nlattr *attr = NULL, *nest;

	*type = *nested = 0;
	if (tb[TLV_MISS_TYPE]) {
		*type = kssl_attr_uint(tb[TLV_MISS_TYPE]);
		if (tb[TLV_MISS_NEST])
			attr = kssl_attr_at(request,
					    kssl_attr_uint(tb[TLV_MISS_NEST]),
					    &nest);
		if (attr) {
			*nested = *type;
			*type = mnl_attr_get_type(attr);
		}
		return;
	}
	if (tb[TLV_OFFS])
		attr = kssl_attr_at(request, kssl_attr_uint(tb[TLV_OFFS]),
				    &nest);
	if (!attr)
		return;
	*type = mnl_attr_get_type(attr);
	if (nest) {
		*nested = *type;
		*type = mnl_attr_get_type(nest);
	}
}

int kssl_set_extack(const struct nlmsghdr *nlh, const struct nlmsghdr *request)
{
	const struct nlattr *tb[TLV_MAX + 1];
	uint32_t type, nested;
	int err;

	memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	parse_tlvs(nlh, tb);
	find_attr(tb, request, &type, &nested);

	/* Only the kssl family's attributes have names here. */
	if (request->nlmsg_type == GENL_ID_CTRL)
		type = 0;
	return kssl_set_result(-err, kssl_attr_str(tb[TLV_MSG]), type, nested);
}
