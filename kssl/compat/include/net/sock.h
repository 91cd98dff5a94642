/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Until 6.7 there was no setsockopt for kernel code that ran the hooks of
 * security modules and cgroups; the socket's own is what there is.
 */
#ifndef _KSSL_COMPAT_NET_SOCK_H
#define _KSSL_COMPAT_NET_SOCK_H

#include_next <net/sock.h>

#ifndef KSSL_HAVE_DO_SOCK_SETSOCKOPT
static inline int do_sock_setsockopt(struct socket *sock, bool compat,
				     int level, int optname, sockptr_t optval,
				     int optlen)
{
	return READ_ONCE(sock->ops)->setsockopt(sock, level, optname, optval,
						optlen);
}
#endif

#endif /* _KSSL_COMPAT_NET_SOCK_H */
