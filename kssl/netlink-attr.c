// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: netlink attributes
 *
 * Attributes to what the objects understand, and objects to attributes; but
 * for the settings (netlink-settings.c). No policy.
 */

#include <linux/cred.h>
#include <linux/net.h>

#include <net/tls.h>

#include "client.h"
#include "ktls.h"
#include "netlink-attr.h"
#include "netlink-gen.h"
#include "netlink-settings.h"

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
 * Return: 0, or -EINVAL without a record sequence, which is 0 then.
 */
int kssl_nl_parse_crypto(const struct nlattr *nest, struct kssl_crypto *crypto)
{
	const struct nlattr *seq = nla_find_nested(nest,
						   KSSL_A_CRYPTO_REC_SEQ);

	crypto->rec_seq = seq ? nla_get_u64(seq) : 0;
	crypto->key_len = copy_bytes(nest, KSSL_A_CRYPTO_KEY, crypto->key);
	crypto->iv_len = copy_bytes(nest, KSSL_A_CRYPTO_IV, crypto->iv);
	crypto->salt_len = copy_bytes(nest, KSSL_A_CRYPTO_SALT, crypto->salt);
	crypto->secret_len = copy_bytes(nest, KSSL_A_CRYPTO_SECRET,
					crypto->secret);
	return seq ? 0 : -EINVAL;
}

static int fill_rights(struct sk_buff *skb, struct kssl_object *object,
		       const struct kssl_client *client)
{
	u8 rights = kssl_client_rights(client, object);

	return rights ? nla_put_u32(skb, KSSL_A_RIGHTS, rights) : 0;
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
		fill_rights(skb, object, client) ?:
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
		nla_put_u16(skb, KSSL_A_SUITE, view->suite) ?:
		nla_put_u32(skb, KSSL_A_DIRECTIONS, view->directions);
	if (!err && view->verified)
		err = nla_put_u32(skb, KSSL_A_VERIFY_RESULT,
				  view->verify_result);
	if (!err && view->shutdown)
		err = nla_put_u32(skb, KSSL_A_SHUTDOWN, view->shutdown);
	return err;
}

static int fill_generations(struct sk_buff *skb, const struct kssl_view *view)
{
	if (view->version != TLS_1_3_VERSION)
		return 0;
	return nla_put_u32(skb, KSSL_A_TX_GENERATION, view->tx_generation) ?:
		nla_put_u32(skb, KSSL_A_RX_GENERATION, view->rx_generation);
}

static int put_records(struct sk_buff *skb, u16 attr, struct kssl *s,
		       int direction)
{
	u64 records;

	return kssl_sock_records(s, direction, &records) ?
		nla_put_u64_64bit(skb, attr, records, KSSL_A_PAD) : 0;
}

static int fill_records(struct sk_buff *skb, struct kssl *s)
{
	return put_records(skb, KSSL_A_TX_RECORDS, s, TLS_TX) ?:
		put_records(skb, KSSL_A_RX_RECORDS, s, TLS_RX);
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

static int put_text(struct sk_buff *skb, u16 type, const u8 *text, u32 len)
{
	struct nlattr *attr = nla_reserve(skb, type, len + 1);

	if (!attr)
		return -EMSGSIZE;
	memcpy(nla_data(attr), text, len);
	((char *)nla_data(attr))[len] = 0;
	return 0;
}

static int fill_facts(struct sk_buff *skb, const struct kssl_facts *facts)
{
	int err;

	if (!facts)
		return 0;
	err = nla_put_u8(skb, KSSL_A_RESUMED, facts->resumed);
	if (!err && facts->alpn_len)
		err = nla_put(skb, KSSL_A_ALPN, facts->alpn_len,
			      kssl_facts_alpn(facts));
	if (!err && facts->sni_len)
		err = put_text(skb, KSSL_A_SNI, kssl_facts_sni(facts),
			       facts->sni_len);
	if (!err && facts->record_limit)
		err = nla_put_u16(skb, KSSL_A_RECORD_LIMIT,
				  facts->record_limit);
	return err;
}

/**
 * kssl_nl_chain_size - room that a connection's peer chain takes in a message
 * @s: the connection
 *
 * Return: bytes, 0 without a chain.
 */
u32 kssl_nl_chain_size(struct kssl *s)
{
	struct kssl_facts *facts = kssl_conn_facts(s);
	u32 size = facts ? nla_total_size(facts->chain_len) : 0;

	kssl_facts_put(facts);
	return size;
}

/**
 * kssl_nl_fill_chain - report the peer's certificates
 * @skb: the message
 * @s: the connection
 *
 * Return: 0 or -EMSGSIZE.
 */
int kssl_nl_fill_chain(struct sk_buff *skb, struct kssl *s)
{
	struct kssl_facts *facts = kssl_conn_facts(s);
	int err = 0;

	if (facts && facts->chain_len)
		err = nla_put(skb, KSSL_A_PEER_CHAIN, facts->chain_len,
			      kssl_facts_chain(facts));
	kssl_facts_put(facts);
	return err;
}

/**
 * kssl_nl_fill_ctx - report a context
 * @skb: the message
 * @ctx: the context, of which the caller has a reference of its own
 * @client: who asks, or NULL if that is no client
 * @ns: the user namespace of who asks
 * @rows: which rows
 *
 * Return: 0 or -EMSGSIZE.
 */
int kssl_nl_fill_ctx(struct sk_buff *skb, struct kssl_ctx *ctx,
		     const struct kssl_client *client,
		     struct user_namespace *ns, u16 rows)
{
	struct kssl_settings settings = kssl_ctx_settings(ctx);
	int err;

	err = nla_put_u32(skb, KSSL_A_CTX_ID, ctx->object.id) ?:
		fill_object(skb, &ctx->object, client, ns) ?:
		nla_put_u32(skb, KSSL_A_CONNS, atomic_read(&ctx->conns)) ?:
		kssl_nl_fill_settings(skb, &settings, rows, false);
	kssl_settings_put(&settings);
	return err;
}

/* -EAGAIN if there will be an answer later. */
static int fill_direction(struct sk_buff *skb, struct kssl *s, int direction,
			  int attr)
{
	u64 bytes;
	int err = kssl_sock_position(s, direction, &bytes);

	if (err)
		return err == -EAGAIN ? err : 0;
	return nla_put_u64_64bit(skb, attr, bytes, KSSL_A_PAD);
}

static int fill_position(struct sk_buff *skb, struct kssl *s)
{
	int tx = fill_direction(skb, s, TLS_TX, KSSL_A_SENT);
	int rx = fill_direction(skb, s, TLS_RX, KSSL_A_RECEIVED);

	if (tx == -EMSGSIZE || rx == -EMSGSIZE)
		return -EMSGSIZE;
	if (tx == -EAGAIN || rx == -EAGAIN)
		return nla_put_flag(skb, KSSL_A_UNSENT);
	return 0;
}

/**
 * kssl_nl_fill_conn - report a connection
 * @skb: the message
 * @s: the connection, of which the caller has a reference of its own
 * @client: who asks, or NULL if that is no client
 * @ns: the user namespace of who asks
 * @rows: which rows
 *
 * Return: 0 or -EMSGSIZE.
 */
int kssl_nl_fill_conn(struct sk_buff *skb, struct kssl *s,
		      const struct kssl_client *client,
		      struct user_namespace *ns, u16 rows)
{
	struct kssl_settings settings = kssl_conn_settings(s);
	struct kssl_facts *facts;
	struct kssl_view view;
	int err;

	facts = kssl_conn_facts(s);
	kssl_conn_view(s, &view);
	err = nla_put_u32(skb, KSSL_A_ID, s->object.id) ?:
		nla_put_u32(skb, KSSL_A_CTX_ID, kssl_conn_ctx_id(s)) ?:
		nla_put_u32(skb, KSSL_A_STATE, view.state) ?:
		fill_object(skb, &s->object, client, ns) ?:
		fill_negotiated(skb, &view) ?:
		fill_facts(skb, facts) ?:
		kssl_nl_fill_sock(skb, &view) ?:
		fill_position(skb, s) ?:
		fill_result(skb, &view) ?:
		fill_generations(skb, &view) ?:
		(view.state == KSSL_STATE_ESTABLISHED ?
		 fill_records(skb, s) : 0) ?:
		kssl_nl_fill_settings(skb, &settings, rows, true);
	kssl_facts_put(facts);
	kssl_settings_put(&settings);
	return err;
}
