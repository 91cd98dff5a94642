// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: netlink attributes
 *
 * Attributes to what the objects understand, and objects to attributes. What
 * a row is, is said by the settings table only. No policy.
 */

#include <linux/cred.h>

#include "client.h"
#include "netlink-attr.h"
#include "netlink-gen.h"
#include "reason.h"

static void parse_row(const struct kssl_row *row, const struct nlattr *attr,
		      const struct nlattr *mask, struct kssl_value *value)
{
	memset(value, 0, sizeof(*value));
	value->attr = row->attr;
	value->mask = row->bits;
	switch (row->type) {
	case KSSL_ROW_U8:
		value->num = nla_get_u8(attr);
		break;
	case KSSL_ROW_U16:
		value->num = nla_get_u16(attr);
		break;
	case KSSL_ROW_U32:
		value->num = nla_get_u32(attr);
		if (mask)
			value->mask = nla_get_u32(mask);
		break;
	case KSSL_ROW_S32:
		value->num = (s64)nla_get_s32(attr);
		break;
	case KSSL_ROW_U64:
		value->num = nla_get_u64(attr);
		if (mask)
			value->mask = nla_get_u64(mask);
		break;
	case KSSL_ROW_SUITES:
		value->data = nla_data(attr);
		value->len = nla_len(attr);
		break;
	case KSSL_ROW_TEXT:
		value->data = nla_data(attr);
		value->len = strnlen(value->data, nla_len(attr));
		break;
	}
}

/**
 * kssl_nl_parse_settings - read the rows of a request
 * @nest: the request's settings, validated, or NULL
 * @values: takes the rows that are present; lists and texts stay in @nest
 * @why: takes the reason of a refusal
 *
 * Return: how many rows there are, or -EINVAL for a mask without its row.
 */
int kssl_nl_parse_settings(const struct nlattr *nest,
			   struct kssl_value values[KSSL_ROWS],
			   struct kssl_reason *why)
{
	const struct nlattr *attr, *mask;
	const struct kssl_row *row;
	int n = 0;

	if (!nest)
		return 0;
	for (row = kssl_rows; row < kssl_rows + KSSL_ROWS; row++) {
		attr = nla_find_nested(nest, row->attr);
		mask = row->mask_attr ?
			nla_find_nested(nest, row->mask_attr) : NULL;
		if (attr)
			parse_row(row, attr, mask, &values[n++]);
		else if (mask)
			return kssl_refuse_nested(why, -EINVAL,
						  KSSL_A_SETTINGS,
						  row->mask_attr,
						  "a mask without its row");
	}
	return n;
}

/* The policy has checked that what is there fits. */
static u8 copy_bytes(const struct nlattr *nest, u16 type, u8 *to)
{
	const struct nlattr *attr = nla_find_nested(nest, type);

	if (!attr)
		return 0;
	memcpy(to, nla_data(attr), nla_len(attr));
	return nla_len(attr);
}

/**
 * kssl_nl_parse_crypto - read what protects a direction
 * @nest: a validated direction of the request
 * @crypto: takes it; the caller wipes it
 *
 * Return: 0, or -EINVAL without a record sequence.
 */
int kssl_nl_parse_crypto(const struct nlattr *nest, struct kssl_crypto *crypto)
{
	const struct nlattr *seq = nla_find_nested(nest,
						   KSSL_A_CRYPTO_REC_SEQ);

	if (!seq)
		return -EINVAL;
	crypto->rec_seq = nla_get_u64(seq);
	crypto->key_len = copy_bytes(nest, KSSL_A_CRYPTO_KEY, crypto->key);
	crypto->iv_len = copy_bytes(nest, KSSL_A_CRYPTO_IV, crypto->iv);
	crypto->salt_len = copy_bytes(nest, KSSL_A_CRYPTO_SALT, crypto->salt);
	crypto->secret_len = copy_bytes(nest, KSSL_A_CRYPTO_SECRET,
					crypto->secret);
	return 0;
}

static int fill_blob(struct sk_buff *skb, const struct kssl_row *row,
		     const struct kssl_blob *blob)
{
	struct nlattr *attr;
	u32 len = blob ? blob->len : 0;
	u32 nul = row->type == KSSL_ROW_TEXT;

	attr = nla_reserve(skb, row->attr, len + nul);
	if (!attr)
		return -EMSGSIZE;
	if (len)
		memcpy(nla_data(attr), blob->data, len);
	if (nul)
		((u8 *)nla_data(attr))[len] = 0;
	return 0;
}

static int fill_row(struct sk_buff *skb, const struct kssl_row *row,
		    const union kssl_slot *slot)
{
	switch (row->type) {
	case KSSL_ROW_U8:
		return nla_put_u8(skb, row->attr, slot->num);
	case KSSL_ROW_U16:
		return nla_put_u16(skb, row->attr, slot->num);
	case KSSL_ROW_U32:
		return nla_put_u32(skb, row->attr, slot->num);
	case KSSL_ROW_S32:
		return nla_put_s32(skb, row->attr, slot->num);
	case KSSL_ROW_U64:
		return nla_put_u64_64bit(skb, row->attr, slot->num,
					 KSSL_A_SETTINGS_PAD);
	case KSSL_ROW_SUITES:
	case KSSL_ROW_TEXT:
		return fill_blob(skb, row, slot->blob);
	}
	return -EINVAL;
}

/* Rows are reported with what is in effect, so the role with the method's. */
static int fill_settings(struct sk_buff *skb,
			 const struct kssl_settings *settings, bool conn)
{
	const union kssl_slot role = { .num = kssl_settings_role(settings) };
	const union kssl_slot *slot;
	enum kssl_row_id id;
	struct nlattr *nest;
	int err;

	err = nla_put_u64_64bit(skb, KSSL_A_SETTINGS_ID, settings->dup->number,
				KSSL_A_PAD) ?:
		nla_put_u64_64bit(skb, KSSL_A_INHERIT_ID,
				  settings->inherit->number, KSSL_A_PAD);
	nest = nla_nest_start(skb, KSSL_A_SETTINGS);
	if (!nest)
		return -EMSGSIZE;
	for (id = 0; id < KSSL_ROWS && !err; id++) {
		slot = conn && id == KSSL_ROW_ROLE ? &role :
			kssl_settings_slot(settings, id);
		err = fill_row(skb, &kssl_rows[id], slot);
	}
	nla_nest_end(skb, nest);
	return err;
}

static int fill_object(struct sk_buff *skb, struct kssl_object *object,
		       const struct kssl_client *client,
		       struct user_namespace *ns)
{
	uid_t uid = from_kuid_munged(ns, object->cred->euid);

	/* The reference of who asks for this does not count. */
	return nla_put_u32(skb, KSSL_A_REFS, kssl_object_refs(object) - 1) ?:
		nla_put_u32(skb, KSSL_A_HELD,
			    kssl_client_held(client, object)) ?:
		nla_put_u32(skb, KSSL_A_HOLDERS,
			    READ_ONCE(object->holders)) ?:
		nla_put_u32(skb, KSSL_A_UID, uid) ?:
		nla_put_u64_64bit(skb, KSSL_A_AGE, kssl_object_age(object),
				  KSSL_A_PAD);
}

static int fill_negotiated(struct sk_buff *skb, const struct kssl_view *view)
{
	int err;

	if (!view->version)
		return 0;
	err = nla_put_u16(skb, KSSL_A_VERSION, view->version) ?:
		nla_put_u16(skb, KSSL_A_SUITE, view->suite);
	if (!err && view->verified)
		err = nla_put_u32(skb, KSSL_A_VERIFY_RESULT,
				  view->verify_result);
	return err;
}

/**
 * kssl_nl_fill_sock - report the socket of a connection
 * @skb: the message
 * @view: the connection
 *
 * Return: 0 or -EMSGSIZE.
 */
int kssl_nl_fill_sock(struct sk_buff *skb, const struct kssl_view *view)
{
	u32 size = view->family == AF_INET6 ? sizeof(struct in6_addr) :
		sizeof(struct in_addr);

	if (!view->family)
		return 0;
	return nla_put_u16(skb, KSSL_A_FAMILY, view->family) ?:
		nla_put(skb, KSSL_A_LOCAL_ADDR, size, view->local.addr) ?:
		nla_put_u16(skb, KSSL_A_LOCAL_PORT, view->local.port) ?:
		nla_put(skb, KSSL_A_PEER_ADDR, size, view->peer.addr) ?:
		nla_put_u16(skb, KSSL_A_PEER_PORT, view->peer.port) ?:
		nla_put_u64_64bit(skb, KSSL_A_SOCK_COOKIE, view->cookie,
				  KSSL_A_PAD);
}

static int fill_result(struct sk_buff *skb, const struct kssl_view *view)
{
	int err;

	if (!view->result)
		return 0;
	err = nla_put_s32(skb, KSSL_A_RESULT, view->result);
	if (!err && view->result_text)
		err = nla_put_string(skb, KSSL_A_RESULT_TEXT,
				     view->result_text);
	return err;
}

/**
 * kssl_nl_fill_ctx - report a context
 * @skb: the message
 * @ctx: the context, of which the caller has a reference of its own
 * @client: who asks, or NULL if that is no client
 * @ns: the user namespace of who asks
 *
 * Return: 0 or -EMSGSIZE.
 */
int kssl_nl_fill_ctx(struct sk_buff *skb, struct kssl_ctx *ctx,
		     const struct kssl_client *client,
		     struct user_namespace *ns)
{
	struct kssl_settings settings = kssl_ctx_settings(ctx);
	int err;

	err = nla_put_u32(skb, KSSL_A_CTX_ID, ctx->object.id) ?:
		fill_object(skb, &ctx->object, client, ns) ?:
		nla_put_u32(skb, KSSL_A_CONNS, atomic_read(&ctx->conns)) ?:
		fill_settings(skb, &settings, false);
	kssl_settings_put(&settings);
	return err;
}

/**
 * kssl_nl_fill_conn - report a connection
 * @skb: the message
 * @s: the connection, of which the caller has a reference of its own
 * @client: who asks, or NULL if that is no client
 * @ns: the user namespace of who asks
 *
 * Return: 0 or -EMSGSIZE.
 */
int kssl_nl_fill_conn(struct sk_buff *skb, struct kssl *s,
		      const struct kssl_client *client,
		      struct user_namespace *ns)
{
	struct kssl_settings settings = kssl_conn_settings(s);
	struct kssl_view view;
	int err;

	kssl_conn_view(s, &view);
	err = nla_put_u32(skb, KSSL_A_ID, s->object.id) ?:
		nla_put_u32(skb, KSSL_A_CTX_ID, s->ctx->object.id) ?:
		nla_put_u32(skb, KSSL_A_STATE, view.state) ?:
		fill_object(skb, &s->object, client, ns) ?:
		fill_negotiated(skb, &view) ?:
		kssl_nl_fill_sock(skb, &view) ?:
		fill_result(skb, &view) ?:
		fill_settings(skb, &settings, true);
	kssl_settings_put(&settings);
	return err;
}
