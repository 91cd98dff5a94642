/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_NETLINK_ATTR_H
#define _KSSL_NETLINK_ATTR_H

#include <net/netlink.h>

#include "conn.h"
#include "ctx.h"

struct kssl_client;
struct user_namespace;

int kssl_nl_parse_crypto(const struct nlattr *nest,
			 struct kssl_crypto *crypto);

u32 kssl_nl_chain_size(struct kssl *s);
int kssl_nl_fill_chain(struct sk_buff *skb, struct kssl *s);
int kssl_nl_fill_sock(struct sk_buff *skb, const struct kssl_view *view);
int kssl_nl_fill_ctx(struct sk_buff *skb, struct kssl_ctx *ctx,
		     const struct kssl_client *client,
		     struct user_namespace *ns, u16 rows);
int kssl_nl_fill_conn(struct sk_buff *skb, struct kssl *s,
		      const struct kssl_client *client,
		      struct user_namespace *ns, u16 rows);

#endif /* _KSSL_NETLINK_ATTR_H */
