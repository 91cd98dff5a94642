/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_NETLINK_H
#define _KSSL_NETLINK_H

#include <net/genetlink.h>

extern struct genl_family kssl_nl_family;

int kssl_netlink_init(void);
void kssl_netlink_exit(void);

#endif /* _KSSL_NETLINK_H */
