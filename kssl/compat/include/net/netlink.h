/* SPDX-License-Identifier: GPL-2.0-only */
/* Until 7.0 the length limit of binary attributes had no macro of its own. */
#ifndef _KSSL_COMPAT_NET_NETLINK_H
#define _KSSL_COMPAT_NET_NETLINK_H

#include_next <net/netlink.h>

#ifndef NLA_POLICY_MAX_LEN
#define NLA_POLICY_MAX_LEN(_len) NLA_POLICY_MAX(NLA_BINARY, _len)
#endif

#endif /* _KSSL_COMPAT_NET_NETLINK_H */
