// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: netlink family
 *
 * The family and the handlers of the requests that are done at once: find the
 * objects, call them, report. Policy is the objects' and access.c's.
 *
 * Replies are allocated before anything changes, and what was changed is
 * undone when the reply cannot be queued, unless somebody else has changed it
 * meanwhile. clear, fail, set-ctx and set-shutdown are not undone; get shows
 * them. Handlers run in parallel and wait for no socket: begin, attach and
 * rekey (netlink-request.c) are finished by task work.
 */

#include <linux/cred.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>

#include "access.h"
#include "client.h"
#include "netlink.h"
#include "netlink-attr.h"
#include "netlink-gen.h"
#include "netlink-reply.h"
#include "netlink-settings.h"
#include "reason.h"

static const struct genl_multicast_group groups[] = {
	{ .name = KSSL_MCGRP_EVENTS, },
};

/*
 * However a request ended, what nobody else may see must not stay in its
 * buffer, which is echoed on an error and not cleared when it is freed. The
 * same attribute can be there several times.
 */
static void wipe_request(const struct genl_split_ops *ops,
			 struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr;
	int left;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, left) {
		switch (nla_type(attr)) {
		case KSSL_A_TX:
		case KSSL_A_RX:
		case KSSL_A_KEY:
			memzero_explicit(nla_data(attr), nla_len(attr));
			break;
		case KSSL_A_SETTINGS:
			kssl_nl_wipe_settings(attr);
			break;
		}
	}
}

struct genl_family kssl_nl_family __ro_after_init = {
	.name		= KSSL_FAMILY_NAME,
	.version	= KSSL_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.post_doit	= wipe_request,
	.module		= THIS_MODULE,
	.ops		= kssl_nl_ops,
	.n_ops		= ARRAY_SIZE(kssl_nl_ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

/* Contexts */

int kssl_nl_ctx_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kssl_client *client = kssl_nl_obtain_client(skb, info);
	struct kssl_reason why = {};
	struct kssl_value *values;
	struct sk_buff *reply;
	struct kssl_ctx *ctx;
	void *hdr;
	int err, n;

	if (IS_ERR(client))
		return PTR_ERR(client);
	n = kssl_nl_parse_settings(skb, info, &values, &why);
	if (n < 0)
		return kssl_nl_refuse(info, n, &why);
	reply = kssl_nl_reply_new(info, &hdr);
	if (!reply) {
		err = kssl_nl_no_memory(info);
		goto free_values;
	}
	ctx = kssl_ctx_create(genl_info_net(info), client->cred, values, n,
			      &why);
	if (IS_ERR(ctx)) {
		nlmsg_free(reply);
		err = kssl_nl_refuse(info, PTR_ERR(ctx), &why);
		goto free_values;
	}
	err = kssl_nl_take_and_reply(skb, info, client, &ctx->object,
				     KSSL_RIGHTS_ALL, reply, hdr,
				     KSSL_NL_ROWS_SMALL);
	kssl_ctx_put(ctx);
free_values:
	kfree(values);
	return err;
}

/* Which row the request asks for; *@size takes the room that it needs. */
static int wanted_rows(struct sk_buff *skb, struct genl_info *info,
		       struct kssl_object *object, u32 *size)
{
	const struct nlattr *attr = info->attrs[KSSL_A_ROW];
	struct kssl_settings settings;
	enum kssl_row_id id;

	if (!attr)
		return KSSL_NL_ROWS_SMALL;
	id = nla_get_u32(attr) > KSSL_A_SETTINGS_MAX ? KSSL_ROWS :
		kssl_row_find(nla_get_u32(attr));
	if (id == KSSL_ROWS || kssl_rows[id].secret)
		return kssl_nl_refuse_text(info, -EINVAL, KSSL_A_ROW,
					   "no row that get reports");
	if (kssl_rows[id].private &&
	    kssl_nl_rights(skb, object) != KSSL_RIGHTS_ALL)
		return kssl_nl_refuse_text(info, -EPERM, KSSL_A_ROW,
					   "a holder alone sees this row");
	settings = kssl_nl_settings_of(object);
	*size = kssl_nl_row_size(&settings, kssl_rows[id].attr);
	kssl_settings_put(&settings);
	return kssl_rows[id].attr;
}

/* Takes over @object, which is pinned, or an ERR_PTR(). */
static int report(struct sk_buff *skb, struct genl_info *info,
		  struct kssl_object *object)
{
	struct sk_buff *reply;
	int err, rows;
	u32 size = 0;
	bool chain;
	void *hdr;

	if (IS_ERR(object))
		return PTR_ERR(object);
	rows = wanted_rows(skb, info, object, &size);
	if (rows < 0) {
		err = rows;
		goto put;
	}
	chain = object->type == &kssl_conn_type &&
		info->attrs[KSSL_A_WITH_PEER_CHAIN];
	if (chain)
		size += kssl_nl_chain_size(kssl_of(object));
	reply = kssl_nl_reply_new_size(info, size, &hdr);
	if (!reply) {
		err = kssl_nl_no_memory(info);
		goto put;
	}
	/* EMSGSIZE: what was asked for has grown meanwhile. */
	err = kssl_nl_fill(reply, object, skb, rows);
	if (!err && chain)
		err = kssl_nl_fill_chain(reply, kssl_of(object));
	err = kssl_nl_reply_send(info, reply, hdr, err);
put:
	kssl_object_unpin(object);
	return err;
}

int kssl_nl_ctx_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return report(skb, info, kssl_nl_find_seen(skb, info, &kssl_ctx_type));
}

int kssl_nl_ctx_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kssl_settings old, new;
	struct kssl_reason why = {};
	struct kssl_object *object;
	struct kssl_value *values;
	struct sk_buff *reply;
	struct kssl_ctx *ctx;
	int err, n;
	void *hdr;

	err = kssl_nl_require(info, KSSL_A_SETTINGS, "settings are missing");
	if (err)
		return err;
	n = kssl_nl_parse_settings(skb, info, &values, &why);
	if (n < 0)
		return kssl_nl_refuse(info, n, &why);
	object = kssl_nl_find_held(skb, info, &kssl_ctx_type);
	if (IS_ERR(object)) {
		err = PTR_ERR(object);
		goto free_values;
	}
	ctx = kssl_ctx_of(object);
	reply = kssl_nl_reply_new(info, &hdr);
	if (!reply) {
		err = kssl_nl_no_memory(info);
		goto put;
	}
	err = kssl_ctx_change(ctx, values, n, &old, &new, &why);
	if (err) {
		nlmsg_free(reply);
		kssl_nl_refuse(info, err, &why);
		goto put;
	}
	err = kssl_nl_reply_send(info, reply, hdr,
				 kssl_nl_fill(reply, object, skb,
					      KSSL_NL_ROWS_SMALL));
	if (err)
		kssl_ctx_swap(ctx, &new, &old);
	kssl_settings_put(&new);
	kssl_settings_put(&old);
put:
	kssl_object_unpin(object);
free_values:
	kfree(values);
	return err;
}

static int up_ref(struct sk_buff *skb, struct genl_info *info,
		  const struct kssl_object_type *type)
{
	struct kssl_client *client = kssl_nl_obtain_client(skb, info);
	struct kssl_object *object;
	struct sk_buff *reply;
	void *hdr;
	u8 rights;
	int err;

	if (IS_ERR(client))
		return PTR_ERR(client);
	object = kssl_nl_find_takable(skb, info, type, &rights);
	if (IS_ERR(object))
		return PTR_ERR(object);
	reply = kssl_nl_reply_new(info, &hdr);
	err = reply ? kssl_nl_take_and_reply(skb, info, client, object, rights,
					     reply, hdr, KSSL_NL_ROWS_NONE) :
		kssl_nl_no_memory(info);
	kssl_object_unpin(object);
	return err;
}

static int fill_counts(struct sk_buff *reply, struct kssl_object *object,
		       u32 refs, u32 held)
{
	return nla_put_u32(reply, object->type->attr, object->id) ?:
		nla_put_u32(reply, KSSL_A_REFS, refs) ?:
		nla_put_u32(reply, KSSL_A_HELD, held);
}

/*
 * One reference less. It is taken away before the reply is filled, as another
 * thread of the client may drop one, too. What follows from the last one, that
 * a context lets go of connections, comes when the reply is on its way and the
 * reference is not to be given back.
 */
static int drop(struct sk_buff *skb, struct genl_info *info,
		const struct kssl_object_type *type)
{
	struct kssl_object *object = kssl_nl_find_used(skb, info, type, NULL);
	struct kssl_client *client = kssl_nl_find_client(skb);
	struct sk_buff *reply;
	int err, left;
	void *hdr;
	u8 rights;
	u32 refs;

	if (IS_ERR(object))
		return PTR_ERR(object);
	reply = kssl_nl_reply_new(info, &hdr);
	if (!reply) {
		err = kssl_nl_no_memory(info);
		goto put;
	}
	left = kssl_client_unhold(client, object, &rights);
	if (left < 0) {
		nlmsg_free(reply);
		err = kssl_nl_refuse_text(info, left, object->type->attr,
					  "this client has no reference on it");
		goto put;
	}
	/* Neither ours counts nor that of a hold that is gone. */
	refs = kssl_object_refs(object) - 1 - !left;
	err = fill_counts(reply, object, refs, left);
	err = kssl_nl_reply_send(info, reply, hdr, err);
	/* Out of memory leaves one reference less, which is no harm. */
	if (err && kssl_client_take(client, object, rights))
		pr_debug("a reference could not be given back\n");
	if (!left)
		kssl_client_let_go(client, object);
put:
	kssl_object_unpin(object);
	return err;
}

int kssl_nl_ctx_up_ref_doit(struct sk_buff *skb, struct genl_info *info)
{
	return up_ref(skb, info, &kssl_ctx_type);
}

int kssl_nl_ctx_free_doit(struct sk_buff *skb, struct genl_info *info)
{
	return drop(skb, info, &kssl_ctx_type);
}

/* Connections */

int kssl_nl_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kssl_client *client = kssl_nl_obtain_client(skb, info);
	struct sk_buff *reply;
	struct kssl *s;
	void *hdr;
	int err;

	if (IS_ERR(client))
		return PTR_ERR(client);
	reply = kssl_nl_reply_new(info, &hdr);
	if (!reply)
		return kssl_nl_no_memory(info);
	s = kssl_nl_make_conn(skb, info, client);
	if (IS_ERR(s)) {
		nlmsg_free(reply);
		return PTR_ERR(s);
	}
	err = kssl_nl_take_and_reply(skb, info, client, &s->object,
				     KSSL_RIGHTS_ALL, reply, hdr,
				     KSSL_NL_ROWS_NONE);
	kssl_object_unpin(&s->object);
	return err;
}

int kssl_nl_dup_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kssl_reason why = {};
	struct kssl_client *client;
	struct kssl_object *object;
	struct sk_buff *reply;
	struct kssl *s;
	void *hdr;
	int err;

	object = kssl_nl_find_held(skb, info, &kssl_conn_type);
	if (IS_ERR(object))
		return PTR_ERR(object);
	/* Not before: another thread may have made the client meanwhile. */
	client = kssl_nl_find_client(skb);
	reply = kssl_nl_reply_new(info, &hdr);
	if (!reply) {
		err = kssl_nl_no_memory(info);
		goto put;
	}
	s = kssl_conn_dup(kssl_of(object), client->cred, &why);
	if (!IS_ERR(s))
		get_net(s->object.net);
	/* The reply counts one reference that is not the client's. */
	kssl_object_unpin(object);
	if (IS_ERR(s)) {
		nlmsg_free(reply);
		return kssl_nl_refuse(info, PTR_ERR(s), &why);
	}
	err = kssl_nl_take_and_reply(skb, info, client, &s->object,
				     KSSL_RIGHTS_ALL, reply, hdr,
				     KSSL_NL_ROWS_NONE);
	object = &s->object;
put:
	kssl_object_unpin(object);
	return err;
}

int kssl_nl_up_ref_doit(struct sk_buff *skb, struct genl_info *info)
{
	return up_ref(skb, info, &kssl_conn_type);
}

int kssl_nl_free_doit(struct sk_buff *skb, struct genl_info *info)
{
	return drop(skb, info, &kssl_conn_type);
}

/*
 * What keeps the namespace of a socket's connection may go with the socket. It
 * stays until the RCU read lock is dropped.
 */
static struct kssl *pin_conn_of(struct sock *sk)
{
	struct kssl *s, *pinned = NULL;

	rcu_read_lock();
	s = kssl_sock_conn(sk);
	if (s) {
		if (kssl_object_pin(&s->object))
			pinned = s;
		kssl_object_put(&s->object);
	}
	rcu_read_unlock();
	return pinned;
}

/* Whoever has a socket may look at the connection that it belongs to. */
static struct kssl_object *find_by_socket(struct sk_buff *skb,
					  struct genl_info *info)
{
	struct kssl *s = NULL;
	struct socket *sock;

	if (info->attrs[KSSL_A_ID])
		return ERR_PTR(kssl_nl_refuse_text(info, -EINVAL, KSSL_A_FD,
					"id and fd exclude each other"));
	sock = kssl_nl_socket(skb, info);
	if (IS_ERR(sock))
		return ERR_CAST(sock);
	if (sock->sk)
		s = pin_conn_of(sock->sk);
	sockfd_put(sock);
	if (s)
		return &s->object;
	return ERR_PTR(kssl_nl_refuse_text(info, -ENOENT, KSSL_A_FD,
				"the socket belongs to no connection"));
}

int kssl_nl_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	static const u16 filters[] = {
		KSSL_A_CTX_ID, KSSL_A_LABEL, KSSL_A_STATE, KSSL_A_UID,
		KSSL_A_PEER_ADDR, KSSL_A_PEER_PORT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(filters); i++)
		if (info->attrs[filters[i]])
			return kssl_nl_refuse_text(info, -EINVAL, filters[i],
						   "only dumps are filtered");
	return report(skb, info, info->attrs[KSSL_A_FD] ?
		      find_by_socket(skb, info) :
		      kssl_nl_find_seen(skb, info, &kssl_conn_type));
}

int kssl_nl_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kssl_settings old, new;
	struct kssl_reason why = {};
	struct kssl_object *object;
	struct kssl_value *values;
	struct sk_buff *reply;
	struct kssl *s;
	int err, n;
	void *hdr;

	err = kssl_nl_require(info, KSSL_A_SETTINGS, "settings are missing");
	if (err)
		return err;
	n = kssl_nl_parse_settings(skb, info, &values, &why);
	if (n < 0)
		return kssl_nl_refuse(info, n, &why);
	object = kssl_nl_find_held(skb, info, &kssl_conn_type);
	if (IS_ERR(object)) {
		err = PTR_ERR(object);
		goto free_values;
	}
	s = kssl_of(object);
	reply = kssl_nl_reply_new(info, &hdr);
	if (!reply) {
		err = kssl_nl_no_memory(info);
		goto put;
	}
	err = kssl_conn_change(s, values, n, &old, &new, &why);
	if (err) {
		nlmsg_free(reply);
		kssl_nl_refuse(info, err, &why);
		goto put;
	}
	err = kssl_nl_reply_send(info, reply, hdr,
				 kssl_nl_fill(reply, object, skb,
					      KSSL_NL_ROWS_SMALL));
	if (err)
		kssl_conn_swap(s, &new, &old);
	kssl_settings_put(&new);
	kssl_settings_put(&old);
put:
	kssl_object_unpin(object);
free_values:
	kfree(values);
	return err;
}

/* What a request does to a connection that it has found. */
typedef int (*change_fn)(struct kssl *s, struct nlattr **attrs,
			 struct kssl_reason *why);

/* Undoes it; what nobody can undo has none. */
typedef void (*undo_fn)(struct kssl *s, struct nlattr **attrs);

/* Calls @change on a connection that is pinned, reports it and unpins it. */
static int change_conn(struct sk_buff *skb, struct genl_info *info,
		       struct kssl_object *object, change_fn change,
		       undo_fn undo)
{
	struct kssl_reason why = {};
	struct sk_buff *reply;
	void *hdr;
	int err;

	if (IS_ERR(object))
		return PTR_ERR(object);
	reply = kssl_nl_reply_new(info, &hdr);
	if (!reply) {
		err = kssl_nl_no_memory(info);
		goto put;
	}
	err = change(kssl_of(object), info->attrs, &why);
	if (err) {
		nlmsg_free(reply);
		kssl_nl_refuse(info, err, &why);
		goto put;
	}
	err = kssl_nl_reply_send(info, reply, hdr,
				 kssl_nl_fill(reply, object, skb,
					      KSSL_NL_ROWS_SMALL));
	if (err && undo)
		undo(kssl_of(object), info->attrs);
put:
	kssl_object_unpin(object);
	return err;
}

static int do_clear(struct kssl *s, struct nlattr **attrs,
		    struct kssl_reason *why)
{
	return kssl_clear(s, why);
}

int kssl_nl_clear_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_conn(skb, info,
			   kssl_nl_find_held(skb, info, &kssl_conn_type),
			   do_clear, NULL);
}

static int do_fail(struct kssl *s, struct nlattr **attrs,
		   struct kssl_reason *why)
{
	return kssl_fail(s, why);
}

int kssl_nl_fail_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_conn(skb, info,
			   kssl_nl_find_held(skb, info, &kssl_conn_type),
			   do_fail, NULL);
}

static int do_set_shutdown(struct kssl *s, struct nlattr **attrs,
			   struct kssl_reason *why)
{
	return kssl_set_shutdown(s, nla_get_u32(attrs[KSSL_A_SHUTDOWN]), why);
}

int kssl_nl_set_shutdown_doit(struct sk_buff *skb, struct genl_info *info)
{
	return kssl_nl_require(info, KSSL_A_SHUTDOWN, "shutdown is missing") ?:
		change_conn(skb, info,
			    kssl_nl_find_used(skb, info, &kssl_conn_type,
					      NULL),
			    do_set_shutdown, NULL);
}

static u64 bytes_of(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static int do_add_control(struct kssl *s, struct nlattr **attrs,
			  struct kssl_reason *why)
{
	int err;

	err = kssl_sock_add_control(s, bytes_of(attrs[KSSL_A_CONTROL_SENT]),
				    bytes_of(attrs[KSSL_A_CONTROL_RECEIVED]));
	return err ? kssl_refuse(why, err, KSSL_A_ID,
				 "the connection is not attached") : 0;
}

/* Counts are sums, modulo 2^64. It may be closed by now, and has none then. */
static void undo_add_control(struct kssl *s, struct nlattr **attrs)
{
	kssl_sock_add_control(s, -bytes_of(attrs[KSSL_A_CONTROL_SENT]),
			      -bytes_of(attrs[KSSL_A_CONTROL_RECEIVED]));
}

int kssl_nl_add_control_doit(struct sk_buff *skb, struct genl_info *info)
{
	return change_conn(skb, info,
			   kssl_nl_find_used(skb, info, &kssl_conn_type, NULL),
			   do_add_control, undo_add_control);
}

int kssl_nl_set_ctx_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kssl_reason why = {};
	struct kssl_object *object, *ctx;
	struct sk_buff *reply;
	void *hdr;
	int err;

	object = kssl_nl_find_held(skb, info, &kssl_conn_type);
	if (IS_ERR(object))
		return PTR_ERR(object);
	ctx = kssl_nl_find_held(skb, info, &kssl_ctx_type);
	if (IS_ERR(ctx)) {
		err = PTR_ERR(ctx);
		goto put;
	}
	reply = kssl_nl_reply_new(info, &hdr);
	if (!reply) {
		err = kssl_nl_no_memory(info);
		goto put_ctx;
	}
	err = kssl_set_ctx(kssl_of(object), kssl_ctx_of(ctx), &why);
	if (err) {
		nlmsg_free(reply);
		kssl_nl_refuse(info, err, &why);
		goto put_ctx;
	}
	err = kssl_nl_reply_send(info, reply, hdr,
				 kssl_nl_fill(reply, object, skb,
					      KSSL_NL_ROWS_SMALL));
put_ctx:
	kssl_object_unpin(ctx);
put:
	kssl_object_unpin(object);
	return err;
}

static int fill_session(struct sk_buff *reply, struct kssl *s,
			const struct kssl_blob *session)
{
	return nla_put_u32(reply, KSSL_A_ID, kssl_id(s)) ?:
		nla_put(reply, KSSL_A_SESSION, session->len, session->data);
}

int kssl_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct kssl_blob *session;
	struct kssl_settings settings;
	struct kssl_object *object;
	struct sk_buff *reply;
	void *hdr;
	int err;

	object = kssl_nl_find_held(skb, info, &kssl_conn_type);
	if (IS_ERR(object))
		return PTR_ERR(object);
	settings = kssl_conn_settings(kssl_of(object));
	session = kssl_settings_blob(&settings, KSSL_ROW_SESSION);
	if (!session) {
		err = kssl_nl_refuse_text(info, -ENODATA, KSSL_A_ID,
					  "the connection has no session");
		goto put;
	}
	reply = kssl_nl_reply_new_size(info, nla_total_size(session->len),
				       &hdr);
	if (!reply) {
		err = kssl_nl_no_memory(info);
		goto put;
	}
	err = kssl_nl_reply_send(info, reply, hdr,
				 fill_session(reply, kssl_of(object),
					      session));
put:
	kssl_settings_put(&settings);
	kssl_object_unpin(object);
	return err;
}

int __init kssl_netlink_init(void)
{
	return genl_register_family(&kssl_nl_family);
}

void kssl_netlink_exit(void)
{
	genl_unregister_family(&kssl_nl_family);
}
