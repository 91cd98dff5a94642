/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_NETLINK_SETTINGS_H
#define _KSSL_NETLINK_SETTINGS_H

#include <net/genetlink.h>

#include "settings.h"

/* Which rows a message reports: these, or a row by its attribute. */
#define KSSL_NL_ROWS_NONE	0
#define KSSL_NL_ROWS_SMALL	U16_MAX

int kssl_nl_parse_settings(const struct sk_buff *skb,
			   const struct genl_info *info,
			   struct kssl_value **values,
			   struct kssl_reason *why);
void kssl_nl_wipe_settings(const struct nlattr *nest);
u32 kssl_nl_row_size(const struct kssl_settings *settings, u16 attr);
int kssl_nl_fill_settings(struct sk_buff *skb,
			  const struct kssl_settings *settings, u16 rows,
			  bool conn);

#endif /* _KSSL_NETLINK_SETTINGS_H */
