/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_EVENT_H
#define _KSSL_EVENT_H

#include <net/kssl.h>

void kssl_event_ctx(struct kssl_ctx *ctx, enum kssl_event_type type);
void kssl_event_conn(struct kssl *s, enum kssl_event_type type);

#endif /* _KSSL_EVENT_H */
