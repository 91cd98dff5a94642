// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of what the formats take and refuse.
 */

#include <linux/slab.h>

#include "../format.h"
#include "fixture.h"

struct format_param {
	const char *name;
	const char *(*format)(const u8 *data, u32 len);
	bool good;
	u32 len;
	u8 data[80];
};

#define GOOD(_format, _name, _len, ...)					\
	{ _name, kssl_format_ ## _format, true, _len, { __VA_ARGS__ } }
#define BAD(_format, _name, _len, ...)					\
	{ _name, kssl_format_ ## _format, false, _len, { __VA_ARGS__ } }

static const struct format_param format_params[] = {
	GOOD(text, "text of words", 3, 'a', ' ', '~'),
	GOOD(text, "text beyond ASCII", 2, 0xc3, 0xbc),
	BAD(text, "text with NUL", 2, 'a', 0),
	BAD(text, "text with the last control", 1, 0x1f),
	BAD(text, "text with delete", 1, 0x7f),
	GOOD(names, "names", 5, 1, 'a', 2, 'b', 0),
	BAD(names, "names, one empty", 3, 1, 'a', 0),
	BAD(names, "names, one too long", 4, 1, 'a', 2, 'b'),
	GOOD(hosts, "hosts", 5, 1, 'a', 2, 'b', 'c'),
	BAD(hosts, "hosts with a control", 5, 1, 'a', 2, 'b', 0),
	BAD(hosts, "hosts, one empty", 3, 1, 'a', 0),
	GOOD(ip, "address of IPv4", 4),
	GOOD(ip, "address of IPv6", 16),
	BAD(ip, "address of 3 bytes", 3),
	BAD(ip, "address of 5 bytes", 5),
	BAD(ip, "address of 17 bytes", 17),
	GOOD(der, "an empty SEQUENCE", 2, 0x30, 0),
	GOOD(der, "a SEQUENCE", 4, 0x30, 2, 5, 0),
	BAD(der, "two SEQUENCEs", 4, 0x30, 0, 0x30, 0),
	BAD(der, "a SET", 2, 0x31, 0),
	BAD(der, "indefinite length", 4, 0x30, 0x80, 0, 0),
	BAD(der, "long length where short fits", 4, 0x30, 0x81, 1, 0),
	BAD(der, "length with a leading zero", 5, 0x30, 0x82, 0, 1, 0),
	BAD(der, "length of four bytes", 6, 0x30, 0x84, 0, 0, 0, 0),
	BAD(der, "length longer than the value", 3, 0x30, 2, 5),
	BAD(der, "length cut off", 3, 0x30, 0x82, 1),
	BAD(der, "length that would wrap", 6, 0x30, 0x84, 0xff, 0xff, 0xff,
	    0xfa),
	BAD(der, "reserved length", 2, 0x30, 0xff),
	GOOD(der_list, "a list of SEQUENCEs", 6, 0x30, 0, 0x30, 2, 5, 0),
	BAD(der_list, "a list with a tail", 3, 0x30, 0, 0x30),
	GOOD(extensions, "extensions", 9, 0, 1, 0, 1, 'x', 0, 2, 0, 0),
	BAD(extensions, "extensions, one twice", 8, 0, 1, 0, 0, 0, 1, 0, 0),
	BAD(extensions, "extensions, the last too long", 5, 0, 1, 0, 2, 'x'),
	GOOD(extensions_v2, "extensions with context", 9, 0, 0, 1, 0, 0, 1, 0,
	     1, 'x'),
	BAD(extensions_v2, "extensions with context, one twice", 16,
	    0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0),
	GOOD(mtypes, "matching types", 4, 1, 2, 2, 0),
	BAD(mtypes, "half a matching type", 3, 1, 2, 2),
	BAD(mtypes, "matching type 0", 2, 0, 1),
	BAD(mtypes, "matching type 3", 2, 3, 1),
	BAD(mtypes, "matching type twice", 4, 1, 1, 1, 2),
	GOOD(tlsa, "TLSA in full", 6, 0, 4, 3, 1, 0, 'x'),
	GOOD(tlsa, "TLSA of SHA-256", 37, 0, 35, 3, 1, 1),
	GOOD(tlsa, "TLSA of SHA-512", 69, 0, 67, 0, 0, 2),
	BAD(tlsa, "TLSA of SHA-256, too short", 36, 0, 34, 3, 1, 1),
	BAD(tlsa, "TLSA of SHA-512, too long", 70, 0, 68, 3, 1, 2),
	BAD(tlsa, "TLSA of nothing", 5, 0, 3, 3, 1, 0),
	BAD(tlsa, "TLSA usage 4", 6, 0, 4, 4, 1, 0, 'x'),
	BAD(tlsa, "TLSA selector 2", 6, 0, 4, 3, 2, 0, 'x'),
	BAD(tlsa, "TLSA matching type 3", 6, 0, 4, 3, 1, 3, 'x'),
	BAD(tlsa, "TLSA shorter than its header", 4, 0, 2, 3, 1),
};

static void format_desc(const struct format_param *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(format, format_params, format_desc);

/* A copy of exactly this size, so that a byte too many is noticed. */
static const char *check(struct kunit *test, const struct format_param *param,
			 u32 len)
{
	const char *text;
	u8 *data = kmemdup(param->data, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	text = param->format(data, len);
	kfree(data);
	return text;
}

static void format_takes_or_refuses(struct kunit *test)
{
	const struct format_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test, !check(test, param, param->len), param->good);
	KUNIT_EXPECT_NULL(test, param->format(NULL, 0));
}

/* Where these values may end other than at their end. */
static bool may_end(const struct format_param *param, u32 len)
{
	return param->format == kssl_format_text ||
		param->format == kssl_format_ip ||
		(param->format == kssl_format_names && len == 2) ||
		(param->format == kssl_format_hosts && len == 2) ||
		(param->format == kssl_format_der_list && len == 2) ||
		(param->format == kssl_format_extensions && len == 5) ||
		(param->format == kssl_format_mtypes && len == 2);
}

static void format_refuses_what_is_cut_off(struct kunit *test)
{
	const struct format_param *param = test->param_value;
	u32 len;

	for (len = 1; param->good && len < param->len; len++)
		if (!may_end(param, len))
			KUNIT_EXPECT_NOT_NULL_MSG(test,
						  check(test, param, len),
						  "%u bytes", len);
}

static void format_takes_100_extensions(struct kunit *test)
{
	u8 *data = kunit_kzalloc(test, 101 * 4, GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < 101; i++)
		data[i * 4 + 1] = i;
	KUNIT_EXPECT_NULL(test, kssl_format_extensions(data, 100 * 4));
	KUNIT_EXPECT_STREQ(test, kssl_format_extensions(data, 101 * 4),
			   "more than 100 extensions");
}

static void format_takes_long_der(struct kunit *test)
{
	const u32 sizes[] = { 127, 128, 255, 256, 65516 };
	u32 i, head;
	u8 *data = kunit_kzalloc(test, 65520, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		head = sizes[i] < 128 ? 2 : sizes[i] < 256 ? 3 : 4;
		data[0] = 0x30;
		data[1] = head == 2 ? sizes[i] : 0x80 + head - 2;
		data[2] = head == 4 ? sizes[i] >> 8 : sizes[i];
		data[3] = sizes[i];
		KUNIT_EXPECT_NULL(test, kssl_format_der(data,
							head + sizes[i]));
		KUNIT_EXPECT_NOT_NULL(test,
				      kssl_format_der(data,
						      head + sizes[i] - 1));
	}
}

static void format_checks_codes(struct kunit *test)
{
	const u16 codes[] = { 0x0403, 0x0804, 0x0403 };
	const u8 *data = (const u8 *)codes;

	KUNIT_EXPECT_NULL(test, kssl_format_codes(NULL, 0));
	KUNIT_EXPECT_NULL(test, kssl_format_codes(data, 4));
	KUNIT_EXPECT_NOT_NULL(test, kssl_format_codes(data, 3));
	KUNIT_EXPECT_STREQ(test, kssl_format_codes(data, 6),
			   "a code is in the list twice");
}

static struct kunit_case format_cases[] = {
	KUNIT_CASE_PARAM(format_takes_or_refuses, format_gen_params),
	KUNIT_CASE_PARAM(format_refuses_what_is_cut_off, format_gen_params),
	KUNIT_CASE(format_takes_100_extensions),
	KUNIT_CASE(format_takes_long_der),
	KUNIT_CASE(format_checks_codes),
	{}
};

static struct kunit_suite format_suite = {
	.name		= "kssl_format",
	.test_cases	= format_cases,
};

kunit_test_suite(format_suite);
