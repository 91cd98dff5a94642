/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_POLICY_H
#define _KSSL_POLICY_H

#include <net/kssl.h>

struct kssl_settings;
struct kssl_suite;

int __must_check kssl_policy_check(const struct kssl_settings *settings,
				   const struct kssl_attach_params *params,
				   const struct kssl_suite *suite,
				   struct kssl_reason *why);

#endif /* _KSSL_POLICY_H */
