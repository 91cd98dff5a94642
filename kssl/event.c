// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: events
 *
 * What happens to objects is told to the multicast group "events" of their
 * network namespace. An event has what everybody may see of a socket anyway;
 * whoever wants more asks for it and has to be permitted. Nothing is built
 * when nobody listens, and a listener that is too slow learns of the loss from
 * netlink (ENOBUFS).
 *
 * The states of a connection are also told to whom its callbacks row binds:
 * that client alone, with its cookie, or functions of a kernel user.
 */

#include <linux/bottom_half.h>
#include <linux/cred.h>

#include <net/net_namespace.h>
#include <net/sock.h>

#include "callback.h"
#include "client.h"
#include "conn.h"
#include "ctx.h"
#include "event.h"
#include "netlink.h"
#include "netlink-attr.h"
#include "stat.h"

static struct sk_buff *message_new(void **hdr)
{
	struct sk_buff *skb;

	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!skb)
		return NULL;
	*hdr = genlmsg_put(skb, 0, 0, &kssl_nl_family, 0, KSSL_CMD_EVENT);
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/**
 * kssl_event_is_wanted - may somebody listen to the events of a namespace?
 * @net: the network namespace
 *
 * Context: any.
 * Return: whether somebody does, there or, for all that netlink knows, in
 * another one.
 */
bool kssl_event_is_wanted(struct net *net)
{
	return genl_has_listeners(&kssl_nl_family, net, 0);
}

static struct sk_buff *event_new(struct kssl_object *object, void **hdr)
{
	struct sk_buff *skb;

	if (!kssl_event_is_wanted(object->net))
		return NULL;
	skb = message_new(hdr);
	if (!skb)
		kssl_stat_inc(object->net, KSSL_STAT_EVENT_LOST);
	return skb;
}

static int event_send(struct kssl_object *object, struct sk_buff *skb,
		      void *hdr, int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);
	err = genlmsg_multicast_netns(&kssl_nl_family, object->net, skb, 0, 0,
				      GFP_ATOMIC);
	if (err == -ENOBUFS)
		kssl_stat_inc(object->net, KSSL_STAT_EVENT_LOST);
	return err;
}

static int fill_object(struct sk_buff *skb, struct kssl_object *object,
		       enum kssl_event_type type)
{
	uid_t uid = from_kuid_munged(object->net->user_ns, object->cred->euid);

	return nla_put_u32(skb, KSSL_A_EVENT, type) ?:
		nla_put_u32(skb, KSSL_A_UID, uid);
}

/**
 * kssl_event_ctx - tell what happened to a context
 * @ctx: the context, which may be in its release
 * @type: what happened
 *
 * Context: any, without the context's lock.
 */
void kssl_event_ctx(struct kssl_ctx *ctx, enum kssl_event_type type)
{
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = event_new(&ctx->object, &hdr);
	if (!skb)
		return;
	err = fill_object(skb, &ctx->object, type) ?:
		nla_put_u32(skb, KSSL_A_CTX_ID, ctx->object.id);
	event_send(&ctx->object, skb, hdr, err);
}

static int fill_conn(struct sk_buff *skb, struct kssl *s,
		     enum kssl_event_type type, const struct kssl_view *view)
{
	return fill_object(skb, &s->object, type) ?:
		nla_put_u32(skb, KSSL_A_ID, s->object.id) ?:
		nla_put_u32(skb, KSSL_A_CTX_ID, kssl_conn_ctx_id(s)) ?:
		nla_put_u32(skb, KSSL_A_STATE, view->state) ?:
		kssl_nl_fill_sock(skb, view);
}

/*
 * Tells one client, whose port another socket may have taken when its own is
 * dead. Netlink allocates with GFP_KERNEL unless bottom halves are off.
 */
static void send_bound(struct kssl_client *client, struct sk_buff *skb)
{
	if (sock_flag(client->sk, SOCK_DEAD)) {
		nlmsg_free(skb);
		return;
	}
	local_bh_disable();
	genlmsg_unicast(sock_net(client->sk), skb, client->key.portid);
	local_bh_enable();
}

static void tell_client(struct kssl *s, const struct kssl_binding *binding,
			const struct kssl_view *view)
{
	struct kssl_client *client = kssl_binding_client(binding);
	struct sk_buff *skb;
	void *hdr;

	if (!client)
		return;
	skb = message_new(&hdr);
	if (!skb)
		goto put;
	if (fill_conn(skb, s, KSSL_EVENT_TYPE_STATE, view) ||
	    nla_put_u64_64bit(skb, KSSL_A_COOKIE, binding->cookie,
			      KSSL_A_PAD)) {
		nlmsg_free(skb);
		goto put;
	}
	genlmsg_end(skb, hdr);
	send_bound(client, skb);
put:
	kssl_client_put(client);
}

/* Tells whoever has bound an info callback to the connection of its state. */
static void tell_bound(struct kssl *s)
{
	struct kssl_blob *blob = kssl_conn_binding(s);
	const struct kssl_binding *binding = kssl_blob_binding(blob);
	struct kssl_view view;

	if (!binding)
		return;
	if (READ_ONCE(binding->mask) & KSSL_CALLBACK_INFO) {
		kssl_conn_view(s, &view);
		kssl_binding_info(binding, s, view.state);
		tell_client(s, binding, &view);
	}
	kssl_blob_put(blob);
}

/**
 * kssl_event_conn - tell what happened to a connection
 * @s: the connection, which may be in its release
 * @type: what happened
 *
 * Whoever has bound an info callback is told of a state, too.
 *
 * Context: any, without the connection's lock.
 */
void kssl_event_conn(struct kssl *s, enum kssl_event_type type)
{
	struct kssl_view view;
	struct sk_buff *skb;
	void *hdr;

	if (type == KSSL_EVENT_TYPE_STATE)
		tell_bound(s);
	skb = event_new(&s->object, &hdr);
	if (!skb)
		return;
	kssl_conn_view(s, &view);
	event_send(&s->object, skb, hdr, fill_conn(skb, s, type, &view));
}

/**
 * kssl_event_key_limit - tell that a key comes near to its limit
 * @s: the connection
 * @direction: whose key
 * @records: how many it has protected
 * @max: how many it may
 *
 * Context: any, without the connection's lock.
 * Return: false when nobody listens.
 */
bool kssl_event_key_limit(struct kssl *s, enum kssl_direction direction,
			  u64 records, u64 max)
{
	struct kssl_view view;
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = event_new(&s->object, &hdr);
	if (!skb)
		return false;
	kssl_conn_view(s, &view);
	err = fill_conn(skb, s, KSSL_EVENT_TYPE_KEY_LIMIT, &view) ?:
		nla_put_u32(skb, KSSL_A_DIRECTION, direction) ?:
		nla_put_u64_64bit(skb, KSSL_A_KEY_RECORDS, records,
				  KSSL_A_PAD) ?:
		nla_put_u64_64bit(skb, KSSL_A_KEY_RECORDS_MAX, max,
				  KSSL_A_PAD);
	return event_send(&s->object, skb, hdr, err) != -ESRCH;
}
