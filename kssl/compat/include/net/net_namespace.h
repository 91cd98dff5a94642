/* SPDX-License-Identifier: GPL-2.0-only */
/* Until 6.6 a table of sysctls ended with an empty entry. */
#ifndef _KSSL_COMPAT_NET_NET_NAMESPACE_H
#define _KSSL_COMPAT_NET_NET_NAMESPACE_H

#include_next <net/net_namespace.h>

#ifndef KSSL_HAVE_NET_SYSCTL_SZ
static inline struct ctl_table_header *
register_net_sysctl_sz(struct net *net, const char *path,
		       void *table, size_t size)
{
	return register_net_sysctl(net, path, table);
}
#endif

#endif /* _KSSL_COMPAT_NET_NET_NAMESPACE_H */
