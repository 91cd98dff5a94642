/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_REASON_H
#define _KSSL_REASON_H

#include <net/kssl.h>

/* Says in @why, which may be NULL, what was refused; returns @err. */
static inline int kssl_refuse_nested(struct kssl_reason *why, int err,
				     u16 attr, u16 nested, const char *text)
{
	if (why) {
		why->text = text;
		why->attr = attr;
		why->nested = nested;
	}
	return err;
}

static inline int kssl_refuse(struct kssl_reason *why, int err, u16 attr,
			      const char *text)
{
	return kssl_refuse_nested(why, err, attr, 0, text);
}

#endif /* _KSSL_REASON_H */
