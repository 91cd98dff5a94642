/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_ADOPT_H
#define _KSSL_ADOPT_H

#include <net/kssl.h>

struct kssl_suite;
struct socket;

int __must_check kssl_adopt_find(struct socket *sock,
				 struct kssl_attach_params *params,
				 struct kssl_reason *why);
int __must_check kssl_adopt_check(struct socket *sock,
				  const struct kssl_suite *suite,
				  struct kssl_attach_params *params,
				  struct kssl_reason *why);

#endif /* _KSSL_ADOPT_H */
