// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: dumps
 *
 * Objects by rising id. One that lives throughout a dump is reported once; who
 * asks is settled when the dump starts, because its other parts may be read by
 * a process with other rights.
 */

#include <linux/cred.h>
#include <linux/in6.h>

#include <net/ipv6.h>
#include <net/sock.h>

#include "access.h"
#include "client.h"
#include "netlink.h"
#include "netlink-attr.h"
#include "netlink-gen.h"
#include "netlink-reply.h"
#include "netlink-settings.h"

/**
 * struct dump - where a dump is, in the callback's ctx
 * @next: the lowest id that was not reported yet
 * @asker: who started it
 * @started: @asker is known and the attributes were checked
 */
struct dump {
	unsigned long next;
	struct kssl_asker asker;
	bool started;
};

/* What get takes and dumps do not; *@text takes what to say. */
static const struct nlattr *find_surplus(struct netlink_callback *cb, u16 id,
					 const char **text)
{
	const struct {
		u16 attr;
		const char *text;
	} surplus[] = {
		{ id, "a dump is not of one object" },
		{ KSSL_A_FD, "a dump is not of one object" },
		{ KSSL_A_ROW, "a dump does not report a row" },
		{ KSSL_A_WITH_PEER_CHAIN, "a dump does not report chains" },
	};
	const struct nlattr *attr = NULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(surplus) && !attr; i++) {
		attr = nlmsg_find_attr(cb->nlh, GENL_HDRLEN, surplus[i].attr);
		*text = surplus[i].text;
	}
	return attr;
}

static int refuse_dump(struct netlink_callback *cb, const struct nlattr *attr,
		       const char *text)
{
	NL_SET_BAD_ATTR(cb->extack, attr);
	cb->extack->_msg = text;
	return -EINVAL;
}

/* Not a start callback, which cannot give a text in 6.1. */
static int start_dump(struct netlink_callback *cb, u16 id)
{
	struct dump *dump = (struct dump *)cb->ctx;
	const struct nlattr *attr;
	const char *text;

	BUILD_BUG_ON(sizeof(*dump) >
		     sizeof_field(struct netlink_callback, ctx));
	attr = find_surplus(cb, id, &text);
	if (attr)
		return refuse_dump(cb, attr, text);
	attr = nlmsg_find_attr(cb->nlh, GENL_HDRLEN, KSSL_A_PEER_ADDR);
	if (attr && nla_len(attr) != sizeof(struct in_addr) &&
	    nla_len(attr) != sizeof(struct in6_addr))
		return refuse_dump(cb, attr,
				   "neither an IPv4 nor an IPv6 address");
	dump->asker = kssl_access_asker(cb->skb);
	dump->started = true;
	return 0;
}

static bool may_dump(struct netlink_callback *cb, const struct dump *dump,
		     struct kssl_object *object)
{
	return kssl_nl_is_held(cb->skb, object) ||
		kssl_access_dump(cb->skb, &dump->asker, object) ||
		kssl_nl_is_kept(cb->skb, object);
}

static void *put_dump_header(struct sk_buff *skb, struct netlink_callback *cb,
			     u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			   cb->nlh->nlmsg_seq, &kssl_nl_family, NLM_F_MULTI,
			   cmd);
}

static int dump_object(struct sk_buff *skb, struct netlink_callback *cb,
		       struct kssl_object *object)
{
	struct kssl_client *client = kssl_nl_find_client(cb->skb);
	struct user_namespace *ns = kssl_nl_user_ns(cb->skb);
	bool is_ctx = object->type == &kssl_ctx_type;
	void *hdr;
	int err;

	hdr = put_dump_header(skb, cb, is_ctx ? KSSL_CMD_CTX_GET :
			      KSSL_CMD_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (is_ctx)
		err = kssl_nl_fill_ctx(skb, kssl_ctx_of(object), client, ns,
				       KSSL_NL_ROWS_SMALL);
	else
		err = kssl_nl_fill_conn(skb, kssl_of(object), client, ns,
					KSSL_NL_ROWS_SMALL);
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

static bool is_label(struct kssl *s, const struct nlattr *label)
{
	struct kssl_settings settings = kssl_conn_settings(s);
	const struct kssl_blob *blob = kssl_settings_blob(&settings,
							  KSSL_ROW_LABEL);
	u32 len = strnlen(nla_data(label), nla_len(label));
	bool same = len == (blob ? blob->len : 0) &&
		(!len || !memcmp(blob->data, nla_data(label), len));

	kssl_settings_put(&settings);
	return same;
}

/* A server that listens for both families has its IPv4 peers in IPv6. */
static bool is_addr(const struct kssl_view *view, const struct nlattr *attr)
{
	int size = view->family == AF_INET6 ? sizeof(struct in6_addr) :
		sizeof(struct in_addr);
	const u8 *addr = view->peer.addr;

	if (size == sizeof(struct in6_addr) &&
	    nla_len(attr) == sizeof(struct in_addr) &&
	    ipv6_addr_v4mapped((const struct in6_addr *)addr)) {
		addr += size - sizeof(struct in_addr);
		size = sizeof(struct in_addr);
	}
	return nla_len(attr) == size && !memcmp(nla_data(attr), addr, size);
}

static bool is_peer(const struct kssl_view *view, const struct nlattr *addr,
		    const struct nlattr *port)
{
	if ((addr || port) && !view->family)
		return false;
	if (port && nla_get_u16(port) != view->peer.port)
		return false;
	return !addr || is_addr(view, addr);
}

/* Is @object what the request's attributes, which may be NULL, ask for? */
static bool passes(struct kssl_object *object, struct nlattr **attrs,
		   struct user_namespace *ns)
{
	struct kssl *s = kssl_of(object);
	struct kssl_view view;

	if (object->type == &kssl_ctx_type || !attrs)
		return true;
	if (attrs[KSSL_A_CTX_ID] &&
	    nla_get_u32(attrs[KSSL_A_CTX_ID]) != kssl_conn_ctx_id(s))
		return false;
	if (attrs[KSSL_A_UID] && nla_get_u32(attrs[KSSL_A_UID]) !=
	    from_kuid_munged(ns, object->cred->euid))
		return false;
	if (attrs[KSSL_A_LABEL] && !is_label(s, attrs[KSSL_A_LABEL]))
		return false;
	kssl_conn_view(s, &view);
	if (attrs[KSSL_A_STATE] &&
	    nla_get_u32(attrs[KSSL_A_STATE]) != view.state)
		return false;
	return is_peer(&view, attrs[KSSL_A_PEER_ADDR],
		       attrs[KSSL_A_PEER_PORT]);
}

static int dump_type(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct kssl_object_type *type)
{
	struct user_namespace *ns = kssl_nl_user_ns(cb->skb);
	struct dump *dump = (struct dump *)cb->ctx;
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct kssl_object *object;
	int err;

	err = dump->started ? 0 : start_dump(cb, type->attr);
	if (err)
		return err;
	while ((object = kssl_object_next(type, &dump->next, kssl_nl_exists,
					  cb->skb))) {
		if (may_dump(cb, dump, object) && passes(object, attrs, ns))
			err = dump_object(skb, cb, object);
		kssl_object_unpin(object);
		if (err)
			break;
		dump->next++;
		cond_resched();
	}
	/* What did not fit comes with the next part. */
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

int kssl_nl_ctx_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_type(skb, cb, &kssl_ctx_type);
}

int kssl_nl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_type(skb, cb, &kssl_conn_type);
}
