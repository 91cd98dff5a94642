// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: formats
 *
 * What the settings that are more than a number have to look like. The kernel
 * looks at the framing only: whoever makes the handshake can then walk a value
 * without fear. Pure functions of their arguments, no lock.
 *
 * Each returns NULL for a value that is well formed, else a text that says
 * what is wrong. An empty value is well formed unless said otherwise.
 */

#include <linux/string.h>
#include <linux/unaligned.h>

#include "format.h"

#define DER_SEQUENCE	0x30
#define DER_LONG	0x80

#define EXT_HEADER	4	/* type, length */
#define EXT_CONTEXT	4
#define EXT_LIST_MAX	100	/* as many have ever been assigned */

#define TLSA_HEADER	3	/* usage, selector, matching type */
#define TLSA_USAGE_MAX	3
#define TLSA_SELECTOR_MAX	1

/* Matching types of RFC 6698 section 2.1.3, and their sizes. */
enum {
	MTYPE_FULL,
	MTYPE_SHA256,
	MTYPE_SHA512,
	MTYPES,
};

static const u8 mtype_size[MTYPES] = {
	[MTYPE_SHA256] = 32,
	[MTYPE_SHA512] = 64,
};

/**
 * kssl_format_text - text that may be printed on terminals and in logs
 * @data: the text, without a terminator
 * @len: its size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_text(const u8 *data, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		if (data[i] < ' ' || data[i] == 0x7f)
			return "control character in text";
	return NULL;
}

/**
 * kssl_format_codes - 16 bit codes in host byte order, none of them twice
 * @data: the codes, aligned
 * @len: their size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_codes(const u8 *data, u32 len)
{
	const u16 *code = (const u16 *)data;
	u32 i, j, n = len / sizeof(*code);

	if (len % sizeof(*code))
		return "not a list of 16 bit codes";
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (code[j] == code[i])
				return "a code is in the list twice";
	return NULL;
}

/**
 * kssl_format_names - names with a byte of length before each (RFC 7301)
 * @data: the names
 * @len: their size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_names(const u8 *data, u32 len)
{
	while (len) {
		u32 size = 1 + data[0];

		if (size == 1)
			return "an empty name";
		if (size > len)
			return "a name is longer than the list";
		data += size;
		len -= size;
	}
	return NULL;
}

/**
 * kssl_format_hosts - names as above that are text
 * @data: the names
 * @len: their size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_hosts(const u8 *data, u32 len)
{
	const char *text = kssl_format_names(data, len);

	while (len && !text) {
		u32 size = 1 + data[0];

		text = kssl_format_text(data + 1, size - 1);
		data += size;
		len -= size;
	}
	return text;
}

/**
 * kssl_format_ip - an address of IPv4 or IPv6
 * @data: the address
 * @len: its size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_ip(const u8 *data, u32 len)
{
	return !len || len == 4 || len == 16 ? NULL :
		"an address has 4 or 16 bytes";
}

/*
 * Size in bytes of the SEQUENCE that begins at @data (X.690 section 8.1), or 0
 * if none that fits into @len does.
 */
static u32 der_size(const u8 *data, u32 len)
{
	u32 size, n, i;

	if (len < 2 || data[0] != DER_SEQUENCE)
		return 0;
	size = data[1];
	n = 0;
	if (size & DER_LONG) {
		n = size & ~DER_LONG;
		if (!n || n > 3 || n + 2 > len)
			return 0;
		for (size = 0, i = 0; i < n; i++)
			size = size << 8 | data[2 + i];
		/* The shortest form is the only one. */
		if (size < DER_LONG || !(size >> 8 * (n - 1)))
			return 0;
	}
	return size <= len - 2 - n ? 2 + n + size : 0;
}

/**
 * kssl_format_der - one SEQUENCE in DER
 * @data: the SEQUENCE
 * @len: its size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_der(const u8 *data, u32 len)
{
	return !len || der_size(data, len) == len ? NULL :
		"not one object in DER";
}

/**
 * kssl_format_der_list - SEQUENCEs in DER, one after the other
 * @data: the SEQUENCEs
 * @len: their size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_der_list(const u8 *data, u32 len)
{
	while (len) {
		u32 size = der_size(data, len);

		if (!size)
			return "not a list of objects in DER";
		data += size;
		len -= size;
	}
	return NULL;
}

/* Size of the extension that begins at @data, @skip bytes before its type. */
static u32 ext_size(const u8 *data, u32 len, u32 skip)
{
	u32 size;

	if (len < skip + EXT_HEADER)
		return 0;
	size = skip + EXT_HEADER + get_unaligned_be16(data + skip + 2);
	return size <= len ? size : 0;
}

/* Whether the extension at @at is one of those before it. */
static bool is_repeated(const u8 *data, const u8 *at, u32 skip)
{
	const u8 *type = at + skip;

	while (data < at) {
		if (!memcmp(data + skip, type, sizeof(u16)))
			return true;
		data += ext_size(data, at - data, skip);
	}
	return false;
}

static const char *check_extensions(const u8 *data, u32 len, u32 skip)
{
	const u8 *at, *end = data + len;
	u32 size, n = 0;

	for (at = data; at < end; at += size) {
		size = ext_size(at, end - at, skip);
		if (!size)
			return "not a list of extensions";
		if (++n > EXT_LIST_MAX)
			return "more than 100 extensions";
		if (is_repeated(data, at, skip))
			return "an extension is in the list twice";
	}
	return NULL;
}

/**
 * kssl_format_extensions - TLS extensions: type, length, data
 * @data: the extensions
 * @len: their size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_extensions(const u8 *data, u32 len)
{
	return check_extensions(data, len, 0);
}

/**
 * kssl_format_extensions_v2 - TLS extensions: context, type, length, data
 * @data: the extensions
 * @len: their size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_extensions_v2(const u8 *data, u32 len)
{
	return check_extensions(data, len, EXT_CONTEXT);
}

/**
 * kssl_format_mtypes - DANE matching types, each with its strength
 * @data: pairs of bytes
 * @len: their size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_mtypes(const u8 *data, u32 len)
{
	bool seen[MTYPES] = {};
	u32 i;

	if (len % 2)
		return "not pairs of a matching type and its strength";
	for (i = 0; i < len; i += 2) {
		if (data[i] == MTYPE_FULL || data[i] >= MTYPES)
			return "a matching type other than 1 and 2";
		if (seen[data[i]])
			return "a matching type is in the list twice";
		seen[data[i]] = true;
	}
	return NULL;
}

static const char *check_tlsa(const u8 *data, u32 len)
{
	u8 mtype = data[2];

	if (data[0] > TLSA_USAGE_MAX)
		return "a TLSA usage above 3";
	if (data[1] > TLSA_SELECTOR_MAX)
		return "a TLSA selector above 1";
	if (mtype >= MTYPES)
		return "a TLSA matching type above 2";
	len -= TLSA_HEADER;
	if (!len || (mtype_size[mtype] && len != mtype_size[mtype]))
		return "a TLSA record not of the size of its matching type";
	return NULL;
}

/**
 * kssl_format_tlsa - TLSA records, each with its length before it
 * @data: the records
 * @len: their size in bytes
 *
 * Return: NULL, or what is wrong.
 */
const char *kssl_format_tlsa(const u8 *data, u32 len)
{
	const char *text = NULL;
	u32 size;

	while (len && !text) {
		if (len < sizeof(u16))
			return "not a list of TLSA records";
		size = get_unaligned_be16(data);
		data += sizeof(u16);
		len -= sizeof(u16);
		if (size < TLSA_HEADER || size > len)
			return "not a list of TLSA records";
		text = check_tlsa(data, size);
		data += size;
		len -= size;
	}
	return text;
}
