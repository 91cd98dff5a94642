// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: events
 *
 * What happens to objects is told to the multicast group "events" of their
 * network namespace. An event has what everybody may see of a socket anyway;
 * whoever wants more asks for it and has to be permitted. Nothing is built
 * when nobody listens, and a listener that is too slow learns of the loss from
 * netlink (ENOBUFS).
 */

#include <linux/cred.h>

#include <net/net_namespace.h>

#include "conn.h"
#include "ctx.h"
#include "event.h"
#include "netlink.h"
#include "netlink-attr.h"

static struct sk_buff *event_new(struct kssl_object *object, void **hdr)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&kssl_nl_family, object->net, 0))
		return NULL;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!skb)
		return NULL;
	*hdr = genlmsg_put(skb, 0, 0, &kssl_nl_family, 0, KSSL_CMD_EVENT);
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static void event_send(struct kssl_object *object, struct sk_buff *skb,
		       void *hdr, int err)
{
	if (err) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	genlmsg_multicast_netns(&kssl_nl_family, object->net, skb, 0, 0,
				GFP_ATOMIC);
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

/**
 * kssl_event_conn - tell what happened to a connection
 * @s: the connection, which may be in its release
 * @type: what happened
 *
 * Context: any, without the connection's lock.
 */
void kssl_event_conn(struct kssl *s, enum kssl_event_type type)
{
	struct kssl_view view;
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = event_new(&s->object, &hdr);
	if (!skb)
		return;
	kssl_conn_view(s, &view);
	err = fill_object(skb, &s->object, type) ?:
		nla_put_u32(skb, KSSL_A_ID, s->object.id) ?:
		nla_put_u32(skb, KSSL_A_CTX_ID, kssl_conn_ctx_id(s)) ?:
		nla_put_u32(skb, KSSL_A_STATE, view.state) ?:
		kssl_nl_fill_sock(skb, &view);
	event_send(&s->object, skb, hdr, err);
}
