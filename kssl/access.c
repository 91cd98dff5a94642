// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: access by id
 *
 * An id is no secret, so what it permits is decided by who asks. What a client
 * that has a reference may do is said by that, and is the handlers' business.
 * Without one, objects of other network namespaces do not exist, the object's
 * user and CAP_NET_ADMIN in the user namespace of that user may look, and only
 * the latter may take a reference, unless the object is shared. A connection
 * that its context keeps is there for the context's holders, too.
 *
 * A process can be made to write to a netlink socket that another opened, by
 * being started with it as its output for instance. What is granted to a user,
 * and what takes a file descriptor, is therefore granted only if the message
 * was addressed on purpose or the socket was opened by the same user.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/netlink.h>
#include <linux/user_namespace.h>

#include <net/sock.h>

#include "access.h"
#include "object.h"

/* Who opened the netlink socket; NULL if no process did. */
static const struct cred *opener(const struct sk_buff *skb)
{
	const struct socket *sock = NETLINK_CB(skb).sk->sk_socket;

	return sock && sock->file ? sock->file->f_cred : NULL;
}

/**
 * kssl_access_by_opener - does a request come from who opened the socket
 * @skb: the request
 *
 * Context: the request's handler.
 * Return: true if it does.
 */
bool kssl_access_by_opener(const struct sk_buff *skb)
{
	const struct cred *cred = opener(skb);

	return cred && ((NETLINK_CB(skb).flags & NETLINK_SKB_DST) ||
			uid_eq(cred->euid, current_euid()));
}

static kuid_t asking_user(const struct sk_buff *skb)
{
	return kssl_access_by_opener(skb) ? current_euid() : INVALID_UID;
}

static kuid_t maker(const struct cred *cred)
{
	return cred && cred->user_ns == current_user_ns() &&
		uid_eq(cred->euid, current_euid()) ? current_euid() :
		INVALID_UID;
}

/**
 * kssl_access_asker - say who asks for a dump
 * @skb: the request
 *
 * Context: the start of the dump, whose parts may be read by somebody else.
 * Return: who asks.
 */
struct kssl_asker kssl_access_asker(const struct sk_buff *skb)
{
	const struct cred *cred = opener(skb);
	struct kssl_asker asker = {
		.uid = asking_user(skb),
		.maker = maker(cred),
		.admin = cred && netlink_ns_capable(skb, cred->user_ns,
						    CAP_NET_ADMIN),
	};

	return asker;
}

static bool is_user(kuid_t uid, const struct kssl_object *object)
{
	return uid_valid(uid) && uid_eq(uid, object->cred->euid);
}

static bool is_visible(const struct sk_buff *skb,
		       const struct kssl_object *object)
{
	return net_eq(object->net, sock_net(NETLINK_CB(skb).sk));
}

/**
 * kssl_access_admin - does the asker administrate the user of an object
 * @skb: the request
 * @object: the object
 *
 * Asks a capability, which is audited: ask last.
 *
 * Context: the request's handler.
 * Return: true if he does.
 */
bool kssl_access_admin(const struct sk_buff *skb,
		       const struct kssl_object *object)
{
	return opener(skb) && is_visible(skb, object) &&
		netlink_ns_capable(skb, object->cred->user_ns, CAP_NET_ADMIN);
}

/**
 * kssl_access_user - is the asker the user of an object
 * @skb: the request
 * @object: the object
 *
 * Context: the request's handler.
 * Return: true if he is.
 */
bool kssl_access_user(const struct sk_buff *skb,
		      const struct kssl_object *object)
{
	return is_visible(skb, object) && is_user(asking_user(skb), object);
}

/**
 * kssl_access_look - may the asker look at an object
 * @skb: the request
 * @object: the object
 *
 * Context: the request's handler.
 * Return: true if he may.
 */
bool kssl_access_look(const struct sk_buff *skb,
		      const struct kssl_object *object)
{
	return kssl_access_user(skb, object) || kssl_access_admin(skb, object);
}

/*
 * What ns_capable() would have said of @asker, who may be gone. A capability
 * reaches the namespaces below its own, and who made a namespace has them all
 * in that and below.
 */
static bool was_admin(const struct kssl_asker *asker,
		      const struct user_namespace *of_opener,
		      const struct user_namespace *ns)
{
	for (; ns; ns = ns->parent) {
		if (ns == of_opener)
			return asker->admin;
		if (ns->parent == of_opener && uid_valid(asker->maker) &&
		    uid_eq(ns->owner, asker->maker))
			return true;
	}
	return false;
}

/**
 * kssl_access_dump - may a dump report an object
 * @skb: the request that started the dump
 * @asker: who asked then
 * @object: the object
 *
 * Context: a dump.
 * Return: true if it may.
 */
bool kssl_access_dump(const struct sk_buff *skb,
		      const struct kssl_asker *asker,
		      const struct kssl_object *object)
{
	const struct cred *cred = opener(skb);

	if (!is_visible(skb, object))
		return false;
	if (is_user(asker->uid, object))
		return true;
	return cred && was_admin(asker, cred->user_ns,
				 object->cred->user_ns);
}
