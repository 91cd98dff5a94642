/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_EVENT_H
#define _KSSL_EVENT_H

#include <net/kssl.h>

void kssl_event_ctx(struct kssl_ctx *ctx, enum kssl_event_type type);
void kssl_event_conn(struct kssl *s, enum kssl_event_type type);
bool kssl_event_key_limit(struct kssl *s, enum kssl_direction direction,
			  u64 records, u64 max);
bool kssl_event_is_wanted(struct net *net);

#endif /* _KSSL_EVENT_H */
