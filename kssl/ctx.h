/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_CTX_H
#define _KSSL_CTX_H

#include <linux/atomic.h>
#include <linux/list.h>

#include <net/kssl.h>

#include "object.h"
#include "settings.h"

/**
 * struct kssl_ctx - a context
 * @object: what it has in common with connections
 * @settings: what its next connection inherits; which snapshots these are is
 *	guarded by the object's lock
 * @conns: connections that were made from it and exist, each of which has a
 *	reference
 * @users: references of kernel users
 * @kept: connections that it holds, by their kept; empty unless somebody holds
 *	the context, guarded by the object's lock as @users is
 */
struct kssl_ctx {
	struct kssl_object object;
	struct kssl_settings settings;
	atomic_t conns;
	unsigned int users;
	struct list_head kept;
};

extern const struct kssl_object_type kssl_ctx_type;

static inline struct kssl_ctx *kssl_ctx_of(struct kssl_object *object)
{
	return container_of(object, struct kssl_ctx, object);
}

int kssl_ctx_init(void);
void kssl_ctx_exit(void);

struct kssl_ctx *__must_check
kssl_ctx_create(struct net *net, const struct cred *cred,
		const struct kssl_value *values, unsigned int n,
		struct kssl_reason *why);
struct kssl_ctx *kssl_ctx_get(struct kssl_ctx *ctx);
void kssl_ctx_put(struct kssl_ctx *ctx);
void kssl_ctx_close(struct kssl_ctx *ctx);
void kssl_ctx_keep(struct kssl_ctx *ctx, struct kssl *s);
void kssl_ctx_let_go(struct kssl_ctx *ctx, struct kssl *s);
bool kssl_ctx_keeps(struct kssl_ctx *ctx, struct kssl *s);
struct kssl_settings kssl_ctx_settings(struct kssl_ctx *ctx);
int kssl_ctx_swap(struct kssl_ctx *ctx, const struct kssl_settings *old,
		  const struct kssl_settings *new);
int __must_check kssl_ctx_change(struct kssl_ctx *ctx,
				 const struct kssl_value *values,
				 unsigned int n, struct kssl_settings *old,
				 struct kssl_settings *new,
				 struct kssl_reason *why);

#endif /* _KSSL_CTX_H */
