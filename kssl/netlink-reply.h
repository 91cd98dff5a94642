/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_NETLINK_REPLY_H
#define _KSSL_NETLINK_REPLY_H

#include <net/genetlink.h>

#include "conn.h"
#include "ctx.h"

struct kssl_client;
struct socket;
struct user_namespace;

int kssl_nl_refuse(struct genl_info *info, int err,
		   const struct kssl_reason *why);
int kssl_nl_refuse_text(struct genl_info *info, int err, u16 attr,
			const char *text);
const char *kssl_nl_errno_text(int err);
int kssl_nl_no_memory(struct genl_info *info);
int kssl_nl_require(struct genl_info *info, u16 attr, const char *text);

int kssl_nl_check_opener(const struct sk_buff *skb, struct genl_info *info,
			 u16 attr);

struct user_namespace *kssl_nl_user_ns(const struct sk_buff *skb);
struct kssl_client *kssl_nl_find_client(const struct sk_buff *skb);
struct kssl_client *__must_check
kssl_nl_obtain_client(struct sk_buff *skb, struct genl_info *info);

struct kssl_settings kssl_nl_settings_of(struct kssl_object *object);
bool kssl_nl_is_held(const struct sk_buff *skb, struct kssl_object *object);
bool kssl_nl_is_kept(const struct sk_buff *skb, struct kssl_object *object);
bool kssl_nl_exists(struct kssl_object *object, const void *skb);
u8 kssl_nl_rights(const struct sk_buff *skb, struct kssl_object *object);
struct kssl_object *__must_check
kssl_nl_find_used(struct sk_buff *skb, struct genl_info *info,
		  const struct kssl_object_type *type, u8 *rights);
struct kssl_object *__must_check
kssl_nl_find_held(struct sk_buff *skb, struct genl_info *info,
		  const struct kssl_object_type *type);
struct kssl_object *__must_check
kssl_nl_find_seen(struct sk_buff *skb, struct genl_info *info,
		  const struct kssl_object_type *type);
struct kssl_object *__must_check
kssl_nl_find_takable(struct sk_buff *skb, struct genl_info *info,
		     const struct kssl_object_type *type, u8 *rights);
struct socket *__must_check
kssl_nl_socket(struct sk_buff *skb, struct genl_info *info);
struct kssl *__must_check
kssl_nl_make_conn(struct sk_buff *skb, struct genl_info *info,
		  struct kssl_client *client);

struct sk_buff *kssl_nl_reply_new(struct genl_info *info, void **hdr);
struct sk_buff *kssl_nl_reply_new_size(struct genl_info *info, u32 size,
				       void **hdr);
int kssl_nl_reply_send(struct genl_info *info, struct sk_buff *reply,
		       void *hdr, int err);
int kssl_nl_fill(struct sk_buff *reply, struct kssl_object *object,
		 const struct sk_buff *skb, u16 rows);
int kssl_nl_take_and_reply(struct sk_buff *skb, struct genl_info *info,
			   struct kssl_client *client,
			   struct kssl_object *object, u8 rights,
			   struct sk_buff *reply, void *hdr, u16 rows);

#endif /* _KSSL_NETLINK_REPLY_H */
