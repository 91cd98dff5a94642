/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_ACCESS_H
#define _KSSL_ACCESS_H

#include <linux/uidgid.h>

struct kssl_object;
struct sk_buff;

/**
 * struct kssl_asker - who asked for a dump
 * @uid: his user, invalid if he is not who opened the netlink socket
 * @maker: as whom he and the opener may have made user namespaces out of that
 *	of the opener, or invalid
 * @admin: he has CAP_NET_ADMIN in the user namespace of the socket's opener
 */
struct kssl_asker {
	kuid_t uid;
	kuid_t maker;
	bool admin;
};

bool kssl_access_by_opener(const struct sk_buff *skb);
struct kssl_asker kssl_access_asker(const struct sk_buff *skb);
bool kssl_access_admin(const struct sk_buff *skb,
		       const struct kssl_object *object);
bool kssl_access_user(const struct sk_buff *skb,
		      const struct kssl_object *object);
bool kssl_access_look(const struct sk_buff *skb,
		      const struct kssl_object *object);
bool kssl_access_dump(const struct sk_buff *skb,
		      const struct kssl_asker *asker,
		      const struct kssl_object *object);

#endif /* _KSSL_ACCESS_H */
