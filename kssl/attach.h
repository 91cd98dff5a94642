/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_ATTACH_H
#define _KSSL_ATTACH_H

#include <net/kssl.h>

struct kssl_facts;
struct kssl_suite;

int kssl_attach_prepare(const struct kssl_suite *suite,
			struct kssl_crypto *crypto, bool adopt, u16 attr,
			struct kssl_reason *why);
int kssl_attach_facts(struct kssl *s, struct socket *sock,
		      const struct kssl_attach_params *params,
		      struct kssl_facts *facts, struct kssl_reason *why);

#endif /* _KSSL_ATTACH_H */
