/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * net/tls has learnt to update keys in 6.14, and tells of an update that the
 * peer has made. Since then the first key that kernel code gives to it makes a
 * kernel with FORTIFY_SOURCE warn of a field-spanning write, once for each
 * boot.
 */
#ifndef _KSSL_COMPAT_NET_TLS_H
#define _KSSL_COMPAT_NET_TLS_H

#include_next <net/tls.h>

#ifdef KSSL_HAVE_TLS_REKEY
#define KSSL_TLS_REKEYS 1
#define KSSL_TLS_WARNS_ONCE IS_ENABLED(CONFIG_FORTIFY_SOURCE)

static inline bool tls_rekey_pending(const struct tls_context *ctx)
{
	return tls_sw_ctx_rx(ctx)->key_update_pending;
}
#else
#define KSSL_TLS_REKEYS 0
#define KSSL_TLS_WARNS_ONCE 0

static inline bool tls_rekey_pending(const struct tls_context *ctx)
{
	return false;
}
#endif

#endif /* _KSSL_COMPAT_NET_TLS_H */
