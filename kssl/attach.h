/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_ATTACH_H
#define _KSSL_ATTACH_H

#include <net/kssl.h>

struct kssl_facts;

int kssl_attach_facts(struct kssl *s, struct socket *sock,
		      const struct kssl_attach_params *params,
		      struct kssl_facts *facts, struct kssl_reason *why);

#endif /* _KSSL_ATTACH_H */
