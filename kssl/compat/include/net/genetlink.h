/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Until 6.6 a dump's attributes were in a struct of their own, and until 6.1
 * there was one kind of operations.
 */
#ifndef _KSSL_COMPAT_NET_GENETLINK_H
#define _KSSL_COMPAT_NET_GENETLINK_H

#include_next <net/genetlink.h>

#ifndef KSSL_HAVE_GENL_INFO_DUMP
#define genl_info_dump(cb) genl_dumpit_info(cb)
#endif

#ifndef KSSL_HAVE_GENL_SPLIT_OPS
#define genl_split_ops genl_ops
#endif

#endif /* _KSSL_COMPAT_NET_GENETLINK_H */
