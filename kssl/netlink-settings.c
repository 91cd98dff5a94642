// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: settings in netlink messages
 *
 * Attributes to rows and rows to attributes. What a row is, is said by the
 * settings table only. No policy but one: keys are named by whoever opened the
 * socket.
 */

#include <linux/bitmap.h>
#include <linux/key.h>
#include <linux/slab.h>

#include "access.h"
#include "callback.h"
#include "client.h"
#include "netlink-settings.h"
#include "reason.h"

static void parse_row(const struct kssl_row *row, const struct nlattr *attr,
		      const struct nlattr *mask, struct kssl_value *value)
{
	value->attr = row->attr;
	value->mask = row->bits;
	switch (row->type) {
	case KSSL_TYPE_U8:
		value->num = nla_get_u8(attr);
		break;
	case KSSL_TYPE_U16:
		value->num = nla_get_u16(attr);
		break;
	case KSSL_TYPE_U32:
		value->num = nla_get_u32(attr);
		if (mask)
			value->mask = nla_get_u32(mask);
		break;
	case KSSL_TYPE_S32:
		value->num = (s64)nla_get_s32(attr);
		break;
	case KSSL_TYPE_U64:
		value->num = nla_get_u64(attr);
		if (mask)
			value->mask = nla_get_u64(mask);
		break;
	case KSSL_TYPE_CODES:
	case KSSL_TYPE_BYTES:
	case KSSL_TYPE_KEYS:
		value->data = nla_data(attr);
		value->len = nla_len(attr);
		break;
	case KSSL_TYPE_CALLBACKS:
		value->num = nla_get_u32(attr);
		value->mask = mask ? nla_get_u64(mask) : 0;
		break;
	case KSSL_TYPE_TEXT:
		value->data = nla_data(attr);
		value->len = strnlen(value->data, nla_len(attr));
		break;
	case KSSL_TYPE_KEY:
		value->data = nla_data(attr);
		value->len = nla_get_u32(attr) ? sizeof(u32) : 0;
		break;
	}
}

static const struct kssl_row *row_of_mask(u16 attr)
{
	const struct kssl_row *row;

	for (row = kssl_rows; row < kssl_rows + KSSL_ROWS; row++)
		if (row->mask_attr == attr)
			return row;
	return NULL;
}

/**
 * struct parser - the settings of a request while they are read
 * @skb: the request
 * @nest: those that are being read; a request can have several
 * @values: the rows that were read
 * @who: the client, as whom callbacks are bound to
 * @n: how many there are
 * @seen: their attributes, and those of masks
 * @why: takes the reason of a refusal
 */
struct parser {
	const struct sk_buff *skb;
	const struct nlattr *nest;
	struct kssl_value *values;
	struct kssl_who *who;
	int n;
	DECLARE_BITMAP(seen, KSSL_A_SETTINGS_MAX + 1);
	struct kssl_reason *why;
};

static int refuse(struct parser *parser, u16 attr, int err, const char *text)
{
	return kssl_refuse_nested(parser->why, err, KSSL_A_SETTINGS, attr,
				  text);
}

static int parse_attr(struct parser *parser, const struct nlattr *attr)
{
	u16 type = nla_type(attr);
	enum kssl_row_id id = kssl_row_find(type);
	const struct nlattr *mask = NULL;
	const struct kssl_row *row;
	struct kssl_value *value;

	if (type == KSSL_A_SETTINGS_PAD)
		return 0;
	if (type > KSSL_A_SETTINGS_MAX)
		return refuse(parser, type, -EINVAL, "no such setting");
	if (__test_and_set_bit(type, parser->seen))
		return refuse(parser, type, -EINVAL, "a setting twice");
	if (id == KSSL_ROWS) {
		row = row_of_mask(type);
		if (!row)
			return refuse(parser, type, -EINVAL,
				      "no such setting");
		if (!nla_find_nested(parser->nest, row->attr))
			return refuse(parser, type, -EINVAL,
				      row->type == KSSL_TYPE_CALLBACKS ?
				      "a cookie without callbacks" :
				      "a mask without its row");
		return 0;
	}
	row = &kssl_rows[id];
	/*
	 * A process can be made to write what another one wanted to be
	 * written, and the keys that it may use are its own.
	 */
	if (kssl_row_has_keys(row) && !kssl_access_by_opener(parser->skb))
		return refuse(parser, type, -EPERM,
			      "another user opened the netlink socket");
	if (row->mask_attr)
		mask = nla_find_nested(parser->nest, row->mask_attr);
	value = &parser->values[parser->n++];
	parse_row(row, attr, mask, value);
	if (row->type == KSSL_TYPE_CALLBACKS) {
		value->data = parser->who;
		value->len = sizeof(*parser->who);
	}
	return 0;
}

static int count_settings(const struct genl_info *info)
{
	struct nlattr *nest, *attr;
	int left, rest, n = 0;

	nlmsg_for_each_attr(nest, info->nlhdr, GENL_HDRLEN, left)
		if (nla_type(nest) == KSSL_A_SETTINGS)
			nla_for_each_nested(attr, nest, rest)
				n++;
	/* With more of them, one is there twice. */
	return min(n, KSSL_A_SETTINGS_MAX + 1);
}

static int parse_all(struct parser *parser, const struct genl_info *info)
{
	struct nlattr *nest, *attr;
	int left, rest, err;

	nlmsg_for_each_attr(nest, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(nest) != KSSL_A_SETTINGS)
			continue;
		parser->nest = nest;
		nla_for_each_nested(attr, nest, rest) {
			err = parse_attr(parser, attr);
			if (err)
				return err;
		}
	}
	return 0;
}

static bool is_secret(u16 attr)
{
	enum kssl_row_id id = kssl_row_find(attr);

	return id < KSSL_ROWS && kssl_rows[id].secret;
}

/**
 * kssl_nl_wipe_settings - wipe what is secret in the settings of a request
 * @nest: the settings, validated
 */
void kssl_nl_wipe_settings(const struct nlattr *nest)
{
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, nest, left)
		if (is_secret(nla_type(attr)))
			memzero_explicit(nla_data(attr), nla_len(attr));
}

/**
 * kssl_nl_parse_settings - read the rows of a request
 * @skb: the request
 * @info: the request, validated
 * @values: takes the rows that are present, for kfree(); NULL when there are
 *	none. What is not a number stays in @skb
 * @why: takes the reason of a refusal
 *
 * Context: the request's handler.
 * Return: how many rows there are; -EINVAL for a row that is there twice, a
 * mask without its row or a cookie without callbacks; -EPERM for a key when
 * another user opened the socket, or when no process did; -ENOMEM.
 */
int kssl_nl_parse_settings(const struct sk_buff *skb,
			   const struct genl_info *info,
			   struct kssl_value **values,
			   struct kssl_reason *why)
{
	struct parser parser = { .skb = skb, .why = why };
	int err, n = count_settings(info);
	struct kssl_client *client;
	size_t size;

	*values = NULL;
	if (!n)
		return 0;
	client = kssl_client_obtain(NETLINK_CB(skb).sk,
				    NETLINK_CB(skb).portid);
	if (IS_ERR(client))
		return PTR_ERR(client);
	size = array_size(n, sizeof(*parser.values));
	parser.values = kzalloc(size_add(size, sizeof(*parser.who)),
				GFP_KERNEL_ACCOUNT);
	if (!parser.values)
		return -ENOMEM;
	parser.who = (struct kssl_who *)(parser.values + n);
	parser.who->client = client;
	err = parse_all(&parser, info);
	if (err) {
		kfree(parser.values);
		return err;
	}
	*values = parser.values;
	return parser.n;
}

static int fill_bytes(struct sk_buff *skb, const struct kssl_row *row,
		      const struct kssl_blob *blob)
{
	struct nlattr *attr;
	u32 len = blob ? blob->len : 0;
	u32 nul = row->type == KSSL_TYPE_TEXT;

	attr = nla_reserve(skb, row->attr, len + nul);
	if (!attr)
		return -EMSGSIZE;
	if (len)
		memcpy(nla_data(attr), blob->data, len);
	if (nul)
		((u8 *)nla_data(attr))[len] = 0;
	return 0;
}

static int fill_keys(struct sk_buff *skb, const struct kssl_row *row,
		     const struct kssl_blob *blob)
{
	u32 i, n = kssl_blob_n_keys(blob);
	struct nlattr *attr;
	s32 *serials;

	if (!n && row->type == KSSL_TYPE_KEY)
		return nla_put_u32(skb, row->attr, 0);
	attr = nla_reserve(skb, row->attr, n * sizeof(*serials));
	if (!attr)
		return -EMSGSIZE;
	serials = nla_data(attr);
	for (i = 0; i < n; i++)
		serials[i] = key_serial(kssl_blob_keys(blob)[i]);
	return 0;
}

static int fill_binding(struct sk_buff *skb, const struct kssl_row *row,
			const struct kssl_binding *binding)
{
	return nla_put_u32(skb, row->attr,
			   binding ? READ_ONCE(binding->mask) : 0) ?:
		nla_put_u64_64bit(skb, row->mask_attr,
				  binding ? binding->cookie : 0,
				  KSSL_A_SETTINGS_PAD);
}

static int fill_row(struct sk_buff *skb, const struct kssl_row *row,
		    const union kssl_slot *slot)
{
	switch (row->type) {
	case KSSL_TYPE_U8:
		return nla_put_u8(skb, row->attr, slot->num);
	case KSSL_TYPE_U16:
		return nla_put_u16(skb, row->attr, slot->num);
	case KSSL_TYPE_U32:
		return nla_put_u32(skb, row->attr, slot->num);
	case KSSL_TYPE_S32:
		return nla_put_s32(skb, row->attr, slot->num);
	case KSSL_TYPE_U64:
		return nla_put_u64_64bit(skb, row->attr, slot->num,
					 KSSL_A_SETTINGS_PAD);
	case KSSL_TYPE_CODES:
	case KSSL_TYPE_TEXT:
	case KSSL_TYPE_BYTES:
		return fill_bytes(skb, row, slot->blob);
	case KSSL_TYPE_CALLBACKS:
		return fill_binding(skb, row, kssl_blob_binding(slot->blob));
	case KSSL_TYPE_KEY:
	case KSSL_TYPE_KEYS:
		return fill_keys(skb, row, slot->blob);
	}
	return -EINVAL;
}

/*
 * What can be long takes no more of a message than this, however much of it
 * there is: with all else that is reported of a connection it fits into
 * NLMSG_GOODSIZE of 4 KiB pages, which a part of a dump has in any case. An
 * object that did not fit would be the last of every dump.
 */
#define LONG_ROWS_ROOM	1024

/* The rest of the rows are short however they are set. */
static bool can_be_long(const struct kssl_row *row)
{
	return kssl_row_is_blob(row) && !kssl_row_has_keys(row) &&
		(row->secret || row->private || row->max > KSSL_SMALL_MAX);
}

/* Finds the rows that are not reported unless asked for. */
static void find_large(const struct kssl_settings *settings,
		       unsigned long *large)
{
	const struct kssl_blob *blob;
	const struct kssl_row *row;
	u32 room = LONG_ROWS_ROOM;
	enum kssl_row_id id;

	bitmap_zero(large, KSSL_ROWS);
	for (id = 0; id < KSSL_ROWS; id++) {
		row = &kssl_rows[id];
		if (!can_be_long(row))
			continue;
		blob = kssl_settings_blob(settings, id);
		if (!blob)
			continue;
		if (row->secret || row->private ||
		    blob->len > KSSL_SMALL_MAX || blob->len > room)
			__set_bit(id, large);
		else
			room -= blob->len;
	}
}

static bool is_reported(enum kssl_row_id id, const unsigned long *large,
			u16 rows)
{
	if (kssl_rows[id].secret)
		return false;
	return rows == KSSL_NL_ROWS_SMALL ?
		!kssl_rows[id].private && !test_bit(id, large) :
		rows == kssl_rows[id].attr;
}

/* Rows are reported with what is in effect, so the role with the method's. */
static int fill_rows(struct sk_buff *skb,
		     const struct kssl_settings *settings,
		     const unsigned long *large, u16 rows, bool conn)
{
	const union kssl_slot role = { .num = kssl_settings_role(settings) };
	const union kssl_slot *slot;
	enum kssl_row_id id;
	int err = 0;

	for (id = 0; id < KSSL_ROWS && !err; id++) {
		slot = conn && id == KSSL_ROW_ROLE ? &role :
			kssl_settings_slot(settings, id);
		if (is_reported(id, large, rows))
			err = fill_row(skb, &kssl_rows[id], slot);
	}
	return err;
}

/* Names the rows that nobody sees without asking for each. */
static int fill_large(struct sk_buff *skb, const unsigned long *large)
{
	u16 attrs[KSSL_ROWS];
	unsigned int id;
	u32 n = 0;

	for_each_set_bit(id, large, KSSL_ROWS)
		attrs[n++] = kssl_rows[id].attr;
	return n ? nla_put(skb, KSSL_A_LARGE_ROWS, n * sizeof(*attrs), attrs) :
		0;
}

/**
 * kssl_nl_row_size - room that a row takes in a message
 * @settings: the settings
 * @attr: the row's attribute
 *
 * Return: bytes, 0 for a row that is not there or not reported by itself.
 */
u32 kssl_nl_row_size(const struct kssl_settings *settings, u16 attr)
{
	enum kssl_row_id id = kssl_row_find(attr);
	const struct kssl_blob *blob;

	if (id == KSSL_ROWS || !kssl_row_is_blob(&kssl_rows[id]) ||
	    kssl_rows[id].secret)
		return 0;
	blob = kssl_settings_blob(settings, id);
	return blob ? nla_total_size(blob->len) : 0;
}

/**
 * kssl_nl_fill_settings - report settings
 * @skb: the message
 * @settings: the settings
 * @rows: which rows, KSSL_NL_ROWS_* or an attribute
 * @conn: they are a connection's
 *
 * Return: 0 or -EMSGSIZE.
 */
int kssl_nl_fill_settings(struct sk_buff *skb,
			  const struct kssl_settings *settings, u16 rows,
			  bool conn)
{
	DECLARE_BITMAP(large, KSSL_ROWS);
	struct nlattr *nest;
	int err;

	find_large(settings, large);
	err = nla_put_u64_64bit(skb, KSSL_A_SETTINGS_ID, settings->dup->number,
				KSSL_A_PAD) ?:
		nla_put_u64_64bit(skb, KSSL_A_INHERIT_ID,
				  settings->inherit->number, KSSL_A_PAD) ?:
		fill_large(skb, large);
	if (err || rows == KSSL_NL_ROWS_NONE)
		return err;
	nest = nla_nest_start(skb, KSSL_A_SETTINGS);
	if (!nest)
		return -EMSGSIZE;
	err = fill_rows(skb, settings, large, rows, conn);
	nla_nest_end(skb, nest);
	return err;
}
