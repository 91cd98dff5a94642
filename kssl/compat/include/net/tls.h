/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Since net/tls has learnt to update keys (6.14), the first key that kernel
 * code gives to it makes a kernel with FORTIFY_SOURCE warn of a field-spanning
 * write, once for each boot.
 */
#ifndef _KSSL_COMPAT_NET_TLS_H
#define _KSSL_COMPAT_NET_TLS_H

#include_next <net/tls.h>

#ifdef KSSL_HAVE_TLS_REKEY
#define KSSL_TLS_WARNS_ONCE IS_ENABLED(CONFIG_FORTIFY_SOURCE)
#else
#define KSSL_TLS_WARNS_ONCE 0
#endif

#endif /* _KSSL_COMPAT_NET_TLS_H */
