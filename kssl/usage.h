/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_USAGE_H
#define _KSSL_USAGE_H

int kssl_usage_init(void);
void kssl_usage_exit(void);

void kssl_usage_watch(void);

#endif /* _KSSL_USAGE_H */
