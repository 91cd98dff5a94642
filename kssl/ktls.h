/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_KTLS_H
#define _KSSL_KTLS_H

#include <net/kssl.h>

struct kssl_suite;
struct socket;

int __must_check kssl_ktls_prepare(struct socket *sock,
				   struct kssl_reason *why);
int __must_check kssl_ktls_try(const struct kssl_suite *suite,
			       const struct kssl_crypto *tx,
			       const struct kssl_crypto *rx,
			       struct kssl_reason *why);
int __must_check kssl_ktls_install(struct socket *sock, int direction,
				   const struct kssl_suite *suite,
				   const struct kssl_crypto *crypto);
void kssl_ktls_init(void);

#endif /* _KSSL_KTLS_H */
