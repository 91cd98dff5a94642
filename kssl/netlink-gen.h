/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/kssl.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _LINUX_KSSL_GEN_H
#define _LINUX_KSSL_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/kssl.h>

/* Common nested types */
extern const struct nla_policy kssl_crypto_nl_policy[KSSL_A_CRYPTO_SECRET + 1];
extern const struct nla_policy kssl_settings_nl_policy[KSSL_A_SETTINGS_KEEP + 1];

extern const struct nla_policy kssl_ctx_new_nl_policy[KSSL_A_SETTINGS + 1];

extern const struct nla_policy kssl_ctx_get_nl_policy[KSSL_A_ROW + 1];

extern const struct nla_policy kssl_ctx_set_nl_policy[KSSL_A_SETTINGS + 1];

extern const struct nla_policy kssl_ctx_up_ref_nl_policy[KSSL_A_CTX_ID + 1];

extern const struct nla_policy kssl_ctx_free_nl_policy[KSSL_A_CTX_ID + 1];

extern const struct nla_policy kssl_new_nl_policy[KSSL_A_SETTINGS + 1];

extern const struct nla_policy kssl_dup_nl_policy[KSSL_A_ID + 1];

extern const struct nla_policy kssl_up_ref_nl_policy[KSSL_A_ID + 1];

extern const struct nla_policy kssl_free_nl_policy[KSSL_A_ID + 1];

extern const struct nla_policy kssl_get_nl_policy[KSSL_A_WITH_PEER_CHAIN + 1];

extern const struct nla_policy kssl_set_nl_policy[KSSL_A_SETTINGS + 1];

extern const struct nla_policy kssl_clear_nl_policy[KSSL_A_ID + 1];

extern const struct nla_policy kssl_begin_nl_policy[KSSL_A_FD + 1];

extern const struct nla_policy kssl_fail_nl_policy[KSSL_A_ID + 1];

extern const struct nla_policy kssl_attach_nl_policy[KSSL_A_EXPECT_NO_PAD + 1];

extern const struct nla_policy kssl_set_ctx_nl_policy[KSSL_A_CTX_ID + 1];

extern const struct nla_policy kssl_session_get_nl_policy[KSSL_A_ID + 1];

extern const struct nla_policy kssl_set_shutdown_nl_policy[KSSL_A_SHUTDOWN + 1];

extern const struct nla_policy kssl_open_fd_nl_policy[KSSL_A_RIGHTS + 1];

extern const struct nla_policy kssl_import_nl_policy[KSSL_A_RIGHTS + 1];

extern const struct nla_policy kssl_sock_fd_nl_policy[KSSL_A_ID + 1];

extern const struct nla_policy kssl_add_control_nl_policy[KSSL_A_CONTROL_RECEIVED + 1];

extern const struct nla_policy kssl_rekey_nl_policy[KSSL_A_NO_WAIT + 1];

/* Ops table for kssl */
extern const struct genl_ops kssl_nl_ops[23];

int kssl_nl_ctx_new_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_ctx_get_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_ctx_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kssl_nl_ctx_set_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_ctx_up_ref_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_ctx_free_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_new_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_dup_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_up_ref_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_free_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_get_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int kssl_nl_set_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_clear_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_begin_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_fail_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_attach_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_set_ctx_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_set_shutdown_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_open_fd_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_import_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_sock_fd_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_add_control_doit(struct sk_buff *skb, struct genl_info *info);
int kssl_nl_rekey_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* _LINUX_KSSL_GEN_H */
