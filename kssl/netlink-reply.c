// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: requests and replies
 *
 * What the handlers have in common: find the client and the objects that a
 * request names, refuse it, report. Refusals carry a text and the attribute
 * that is to blame.
 */

#include <linux/cred.h>
#include <linux/net.h>
#include <linux/slab.h>

#include <net/sock.h>

#include "access.h"
#include "client.h"
#include "netlink.h"
#include "netlink-attr.h"
#include "netlink-reply.h"
#include "netlink-settings.h"
#include "reason.h"

/* The same attribute can be there several times, the nested one in any. */
static struct nlattr *find_blamed(const struct genl_info *info,
				  const struct kssl_reason *why,
				  struct nlattr **nested)
{
	struct nlattr *attr, *found = NULL;
	int left;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, left) {
		if (nla_type(attr) != why->attr)
			continue;
		found = attr;
		*nested = why->nested ? nla_find_nested(attr, why->nested) :
			NULL;
		if (*nested || !why->nested)
			break;
	}
	return found;
}

/**
 * kssl_nl_refuse - tell the client why it is refused
 * @info: the request
 * @err: the negative errno
 * @why: the text, and the attribute that is to blame
 *
 * Return: @err.
 */
int kssl_nl_refuse(struct genl_info *info, int err,
		   const struct kssl_reason *why)
{
	struct nlattr *attr = NULL, *nested = NULL;

	if (!info->extack)
		return err;
	if (why->attr)
		attr = find_blamed(info, why, &nested);
	if (attr)
		NL_SET_BAD_ATTR(info->extack, nested ?: attr);
	/* The macros want the text itself, and this one is constant, too. */
	if (why->text)
		info->extack->_msg = why->text;
	else if (err == -ENOMEM)
		NL_SET_ERR_MSG(info->extack, "out of memory");
	return err;
}

/**
 * kssl_nl_refuse_text - kssl_nl_refuse() with a text of the handler's
 * @info: the request
 * @err: the negative errno
 * @attr: the attribute that is to blame, or 0
 * @text: the text, a constant
 *
 * Return: @err.
 */
int kssl_nl_refuse_text(struct genl_info *info, int err, u16 attr,
			const char *text)
{
	const struct kssl_reason why = { .text = text, .attr = attr };

	return kssl_nl_refuse(info, err, &why);
}

/**
 * kssl_nl_errno_text - what to say where the errno alone tells why
 * @err: the negative errno of kssl_client_take(), kssl_task_check() or
 *	kssl_task_queue()
 *
 * Return: the text.
 */
const char *kssl_nl_errno_text(int err)
{
	switch (err) {
	case -E2BIG:
		return "too many requests at once";
	case -EOVERFLOW:
		return "too many references on one object";
	case -ENODEV:
		return "the module is being unloaded";
	case -ENOMEM:
		return "out of memory";
	default:
		return "this task cannot finish the request";
	}
}

/**
 * kssl_nl_no_memory - refuse a request whose reply cannot be allocated
 * @info: the request
 *
 * Return: -ENOMEM.
 */
int kssl_nl_no_memory(struct genl_info *info)
{
	return kssl_nl_refuse_text(info, -ENOMEM, 0, "no memory for the reply");
}

/**
 * kssl_nl_require - refuse a request that lacks an attribute
 * @info: the request
 * @attr: the attribute
 * @text: what to say, a constant
 *
 * Return: 0 or -EINVAL.
 */
int kssl_nl_require(struct genl_info *info, u16 attr, const char *text)
{
	if (info->attrs[attr])
		return 0;
	NL_SET_ERR_ATTR_MISS(info->extack, NULL, attr);
	return kssl_nl_refuse_text(info, -EINVAL, 0, text);
}

/**
 * kssl_nl_check_opener - refuse to take or give a file on behalf of others
 * @skb: the request
 * @info: the request
 * @attr: the attribute that is to blame, or 0
 *
 * Return: 0 or -EPERM.
 */
int kssl_nl_check_opener(const struct sk_buff *skb, struct genl_info *info,
			 u16 attr)
{
	if (kssl_access_by_opener(skb))
		return 0;
	return kssl_nl_refuse_text(info, -EPERM, attr,
				   "another user opened the netlink socket");
}

/**
 * kssl_nl_user_ns - the user namespace in which a reply names users
 * @skb: the request
 *
 * Return: that of who opened the netlink socket.
 */
struct user_namespace *kssl_nl_user_ns(const struct sk_buff *skb)
{
	return sk_user_ns(NETLINK_CB(skb).sk);
}

/**
 * kssl_nl_find_client - find the client that asks
 * @skb: the request
 *
 * Return: the client, or NULL if it never had a reference.
 */
struct kssl_client *kssl_nl_find_client(const struct sk_buff *skb)
{
	return kssl_client_find(NETLINK_CB(skb).sk, NETLINK_CB(skb).portid);
}

/**
 * kssl_nl_obtain_client - find the client that asks, or make it
 * @skb: the request
 * @info: the request
 *
 * Return: the client, or an ERR_PTR() with the request refused.
 */
struct kssl_client *kssl_nl_obtain_client(struct sk_buff *skb,
					  struct genl_info *info)
{
	struct kssl_client *client;

	client = kssl_client_obtain(NETLINK_CB(skb).sk,
				    NETLINK_CB(skb).portid);
	if (IS_ERR(client))
		kssl_nl_refuse_text(info, PTR_ERR(client), 0,
				    PTR_ERR(client) == -ENOMEM ?
				    "out of memory" :
				    "this socket cannot own references");
	return client;
}

/**
 * kssl_nl_rights - what the references of the client that asks permit
 * @skb: the request
 * @object: references on what
 *
 * Return: enum kssl_rights, or 0 without a reference.
 */
u8 kssl_nl_rights(const struct sk_buff *skb, struct kssl_object *object)
{
	struct kssl_client *client = kssl_nl_find_client(skb);

	return client ? kssl_client_rights(client, object) : 0;
}

/**
 * kssl_nl_is_held - does the client that asks have a reference
 * @skb: the request
 * @object: on what
 *
 * Return: true if it does.
 */
bool kssl_nl_is_held(const struct sk_buff *skb, struct kssl_object *object)
{
	struct kssl_client *client = kssl_nl_find_client(skb);

	return client && kssl_client_held(client, object);
}

/**
 * kssl_nl_is_kept - does the client that asks hold an object's context
 * @skb: the request
 * @object: the object, which may be in its release
 *
 * A context that keeps connections keeps them for who has all rights on it.
 * Takes no references, so that nothing can end here that belongs to others.
 *
 * Context: any; @object is pinned, or under the RCU read lock.
 * Return: true if that context keeps the object.
 */
bool kssl_nl_is_kept(const struct sk_buff *skb, struct kssl_object *object)
{
	struct kssl_client *client = kssl_nl_find_client(skb);
	struct kssl_ctx *ctx;
	struct kssl *s;
	bool kept;

	if (!client || object->type != &kssl_conn_type)
		return false;
	s = kssl_of(object);
	/* A context is freed a grace period after its last connection. */
	rcu_read_lock();
	spin_lock_bh(&object->lock);
	ctx = s->ctx;
	spin_unlock_bh(&object->lock);
	/* It may have got another meanwhile, but not while that keeps it. */
	kept = kssl_ctx_keeps(ctx, s) && READ_ONCE(s->ctx) == ctx &&
		kssl_client_rights(client, &ctx->object) == KSSL_RIGHTS_ALL;
	rcu_read_unlock();
	return kept;
}

/**
 * kssl_nl_exists - does an object exist for the client that asks
 * @object: the object, which may be in its release
 * @skb: the request
 *
 * That is one of its own network namespace, one that it has imported, or one
 * that is kept by a context which it has imported. For kssl_object_find() and
 * kssl_object_next().
 *
 * Context: any.
 * Return: true if it does.
 */
bool kssl_nl_exists(struct kssl_object *object, const void *skb)
{
	const struct sock *sk = NETLINK_CB((const struct sk_buff *)skb).sk;

	return net_eq(object->net, sock_net(sk)) ||
		kssl_nl_is_held(skb, object) || kssl_nl_is_kept(skb, object);
}

static struct kssl_object *find(struct sk_buff *skb, struct genl_info *info,
				const struct kssl_object_type *type)
{
	struct kssl_reason why = {};
	struct kssl_object *object;
	int err;
	u32 id;

	err = kssl_nl_require(info, type->attr, type->missing);
	if (err)
		return ERR_PTR(err);
	id = nla_get_u32(info->attrs[type->attr]);
	object = kssl_object_find(type, id, kssl_nl_exists, skb, &why);
	if (IS_ERR(object))
		kssl_nl_refuse(info, PTR_ERR(object), &why);
	return object;
}

static struct kssl_object *forbid(struct genl_info *info,
				  struct kssl_object *object, const char *text)
{
	u16 attr = object->type->attr;

	kssl_object_unpin(object);
	return ERR_PTR(kssl_nl_refuse_text(info, -EPERM, attr, text));
}

/* Another thread of the client may let go at once, so *@has is asked once. */
static struct kssl_object *find_with(struct sk_buff *skb,
				     struct genl_info *info,
				     const struct kssl_object_type *type,
				     u8 rights, u8 *has)
{
	struct kssl_object *object = find(skb, info, type);

	if (IS_ERR(object))
		return object;
	*has = kssl_nl_rights(skb, object);
	if (*has >= rights)
		return object;
	return forbid(info, object, *has ?
		      "the reference permits use only" :
		      "this client has no reference on it");
}

/**
 * kssl_nl_find_used - find an object that the client may at least use
 * @skb: the request
 * @info: the request
 * @type: the object's type
 * @rights: takes what its references permit, enum kssl_rights; or NULL
 *
 * Return: the object, which the caller unpins, or an ERR_PTR() with the request
 * refused: -EINVAL, -ENOENT, -EPERM.
 */
struct kssl_object *kssl_nl_find_used(struct sk_buff *skb,
				      struct genl_info *info,
				      const struct kssl_object_type *type,
				      u8 *rights)
{
	u8 has;

	return find_with(skb, info, type, KSSL_RIGHTS_USE, rights ?: &has);
}

/**
 * kssl_nl_find_held - find an object of which the client has all rights
 * @skb: the request
 * @info: the request
 * @type: the object's type
 *
 * Return: as kssl_nl_find_used().
 */
struct kssl_object *kssl_nl_find_held(struct sk_buff *skb,
				      struct genl_info *info,
				      const struct kssl_object_type *type)
{
	u8 has;

	return find_with(skb, info, type, KSSL_RIGHTS_ALL, &has);
}

/**
 * kssl_nl_find_seen - find an object that the client may look at
 * @skb: the request
 * @info: the request
 * @type: the object's type
 *
 * Return: as kssl_nl_find_held().
 */
struct kssl_object *kssl_nl_find_seen(struct sk_buff *skb,
				      struct genl_info *info,
				      const struct kssl_object_type *type)
{
	struct kssl_object *object = find(skb, info, type);

	if (IS_ERR(object) || kssl_nl_is_held(skb, object) ||
	    kssl_nl_is_kept(skb, object) || kssl_access_look(skb, object))
		return object;
	return forbid(info, object, "it belongs to another user");
}

/**
 * kssl_nl_settings_of - the settings of an object
 * @object: the object
 *
 * Return: settings that the caller has to put.
 */
struct kssl_settings kssl_nl_settings_of(struct kssl_object *object)
{
	return object->type == &kssl_ctx_type ?
		kssl_ctx_settings(kssl_ctx_of(object)) :
		kssl_conn_settings(kssl_of(object));
}

static bool is_shared(struct kssl_object *object)
{
	struct kssl_settings settings = kssl_nl_settings_of(object);
	bool share = kssl_settings_num(&settings, KSSL_ROW_SHARE);

	kssl_settings_put(&settings);
	return share;
}

/**
 * kssl_nl_socket - the socket whose file descriptor a request names
 * @skb: the request
 * @info: the request
 *
 * Return: the socket, for sockfd_put(), or an ERR_PTR() with the request
 * refused: -EINVAL, -EPERM, -EBADF, -ENOTSOCK.
 */
struct socket *kssl_nl_socket(struct sk_buff *skb, struct genl_info *info)
{
	struct socket *sock;
	int err;

	err = kssl_nl_require(info, KSSL_A_FD, "fd is missing") ?:
		kssl_nl_check_opener(skb, info, KSSL_A_FD);
	if (err)
		return ERR_PTR(err);
	sock = sockfd_lookup(nla_get_s32(info->attrs[KSSL_A_FD]), &err);
	if (!sock)
		kssl_nl_refuse_text(info, err, KSSL_A_FD, err == -EBADF ?
				    "no such file descriptor" :
				    "not a socket");
	return sock ?: ERR_PTR(err);
}

/**
 * kssl_nl_find_takable - find an object that the client may have by its id
 * @skb: the request
 * @info: the request
 * @type: the object's type
 * @rights: takes what the reference is to permit, enum kssl_rights
 *
 * That is one it has already, one that is kept by a context of which it has all
 * rights, or one of a user whom it administrates. The same user is not enough,
 * because an id must not be a way around the rules of ptrace, unless the
 * object's settings share it.
 *
 * What a client has already, it gets once more with the same rights, even if
 * another of its threads lets go of it meanwhile: that it is permitted for
 * another reason was not asked then.
 *
 * Return: as kssl_nl_find_held().
 */
struct kssl_object *kssl_nl_find_takable(struct sk_buff *skb,
					 struct genl_info *info,
					 const struct kssl_object_type *type,
					 u8 *rights)
{
	struct kssl_object *object = find(skb, info, type);

	if (IS_ERR(object))
		return object;
	*rights = kssl_nl_rights(skb, object);
	if (*rights)
		return object;
	*rights = KSSL_RIGHTS_ALL;
	if (kssl_nl_is_kept(skb, object) ||
	    (is_shared(object) && kssl_access_user(skb, object)) ||
	    kssl_access_admin(skb, object))
		return object;
	return forbid(info, object, "a reference by id needs CAP_NET_ADMIN");
}

/**
 * kssl_nl_make_conn - make a connection as a request asks for it
 * @skb: the request, with ctx-id and rows
 * @info: the request
 * @client: who asks
 *
 * Return: the connection, which the caller unpins, or an ERR_PTR() with the
 * request refused.
 */
struct kssl *kssl_nl_make_conn(struct sk_buff *skb, struct genl_info *info,
			       struct kssl_client *client)
{
	struct kssl_reason why = {};
	struct kssl_value *values;
	struct kssl_object *ctx;
	struct kssl *s;
	int n;

	n = kssl_nl_parse_settings(skb, info, &values, &why);
	if (n < 0)
		return ERR_PTR(kssl_nl_refuse(info, n, &why));
	ctx = kssl_nl_find_held(skb, info, &kssl_ctx_type);
	if (IS_ERR(ctx)) {
		kfree(values);
		return ERR_CAST(ctx);
	}
	s = kssl_conn_create(kssl_ctx_of(ctx), client->cred, values, n, &why);
	/* Of the context's namespace, which need not be the client's. */
	if (!IS_ERR(s))
		get_net(s->object.net);
	kssl_object_unpin(ctx);
	kfree(values);
	if (IS_ERR(s))
		kssl_nl_refuse(info, PTR_ERR(s), &why);
	return s;
}

/**
 * kssl_nl_reply_new - begin the reply to a request
 * @info: the request
 * @hdr: takes the reply's header
 *
 * Return: the reply, or NULL.
 */
struct sk_buff *kssl_nl_reply_new(struct genl_info *info, void **hdr)
{
	return kssl_nl_reply_new_size(info, 0, hdr);
}

/**
 * kssl_nl_reply_new_size - begin a reply that can be large
 * @info: the request
 * @size: bytes that it needs beyond the usual
 * @hdr: takes the reply's header
 *
 * Return: the reply, or NULL.
 */
struct sk_buff *kssl_nl_reply_new_size(struct genl_info *info, u32 size,
				       void **hdr)
{
	struct sk_buff *reply;

	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE + size, GFP_KERNEL_ACCOUNT);
	if (!reply)
		return NULL;
	*hdr = genlmsg_put_reply(reply, info, &kssl_nl_family, 0,
				 info->genlhdr->cmd);
	if (*hdr)
		return reply;
	nlmsg_free(reply);
	return NULL;
}

/**
 * kssl_nl_reply_send - end the reply to a request and queue it
 * @info: the request
 * @reply: the reply, which is gone afterwards
 * @hdr: its header
 * @err: what came of filling it
 *
 * Return: 0, or a negative errno when it could not be filled or queued.
 */
int kssl_nl_reply_send(struct genl_info *info, struct sk_buff *reply,
		       void *hdr, int err)
{
	if (err) {
		nlmsg_free(reply);
		return kssl_nl_refuse_text(info, err, 0,
					   "the reply is too long");
	}
	genlmsg_end(reply, hdr);
	err = genlmsg_reply(reply, info);
	return err ? kssl_nl_refuse_text(info, err, 0,
					 "the reply cannot be queued") : 0;
}

/**
 * kssl_nl_fill - report an object
 * @reply: the reply
 * @object: the object, of which the caller has a reference of its own
 * @skb: the request
 * @rows: which rows, KSSL_NL_ROWS_* or an attribute
 *
 * Return: 0 or -EMSGSIZE.
 */
int kssl_nl_fill(struct sk_buff *reply, struct kssl_object *object,
		 const struct sk_buff *skb, u16 rows)
{
	struct kssl_client *client = kssl_nl_find_client(skb);
	struct user_namespace *ns = kssl_nl_user_ns(skb);

	if (object->type == &kssl_ctx_type)
		return kssl_nl_fill_ctx(reply, kssl_ctx_of(object), client,
					ns, rows);
	return kssl_nl_fill_conn(reply, kssl_of(object), client, ns, rows);
}

/**
 * kssl_nl_take_and_reply - give a client a reference and report it, or neither
 * @skb: the request
 * @info: the request
 * @client: the client
 * @object: what it gets a reference on
 * @rights: enum kssl_rights
 * @reply: the reply, which is gone afterwards
 * @hdr: its header
 * @rows: as kssl_nl_fill()
 *
 * Return: 0, or a negative errno with the request refused.
 */
int kssl_nl_take_and_reply(struct sk_buff *skb, struct genl_info *info,
			   struct kssl_client *client,
			   struct kssl_object *object, u8 rights,
			   struct sk_buff *reply, void *hdr, u16 rows)
{
	u8 had = kssl_client_rights(client, object);
	int err;

	err = kssl_client_take(client, object, rights);
	if (err) {
		nlmsg_free(reply);
		return kssl_nl_refuse_text(info, err, 0,
					   kssl_nl_errno_text(err));
	}
	err = kssl_nl_reply_send(info, reply, hdr,
				 kssl_nl_fill(reply, object, skb, rows));
	if (err)
		kssl_client_untake(client, object, had);
	return err;
}
