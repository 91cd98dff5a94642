/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_DERIVE_H
#define _KSSL_DERIVE_H

#include <net/kssl.h>

struct kssl_suite;

int kssl_derive(const struct kssl_suite *suite, struct kssl_crypto *crypto);
int kssl_derive_next(const struct kssl_suite *suite,
		     struct kssl_crypto *crypto);

#endif /* _KSSL_DERIVE_H */
