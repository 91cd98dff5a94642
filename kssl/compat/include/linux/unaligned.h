/* SPDX-License-Identifier: GPL-2.0-only */
/* From 6.12 on; before, it was the architecture's. */
#ifndef _KSSL_COMPAT_LINUX_UNALIGNED_H
#define _KSSL_COMPAT_LINUX_UNALIGNED_H

#ifdef KSSL_HAVE_UNALIGNED
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif /* _KSSL_COMPAT_LINUX_UNALIGNED_H */
