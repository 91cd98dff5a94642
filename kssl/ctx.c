// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: contexts
 *
 * A context (SSL_CTX) is an object with settings, which the connections made
 * from it inherit. Clients, kernel users and each of its connections have
 * references on it. Changing its settings changes no existing connection.
 *
 * With the row keep a context holds the connections that keep their sockets,
 * until they are closed or the last client or kernel user lets go of the
 * context. Its connections alone do not count: they would keep themselves.
 *
 * The object's lock guards which snapshots the context has. A change is made
 * from the snapshots seen and takes effect only if they are still the
 * context's, so that two changes at once cannot undo each other.
 */

#include <linux/cred.h>
#include <linux/export.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "conn.h"
#include "ctx.h"
#include "event.h"
#include "exdata.h"
#include "reason.h"
#include "stat.h"
#include "trace.h"

static struct kmem_cache *ctx_cache;

static void ctx_release(struct kref *ref)
{
	struct kssl_object *object = container_of(ref, struct kssl_object,
						  ref);
	struct kssl_ctx *ctx = kssl_ctx_of(object);

	trace_kssl_ctx_gone(ctx);
	kssl_stat_inc(object->net, KSSL_STAT_CTX_FREE);
	kssl_event_ctx(ctx, KSSL_EVENT_TYPE_CTX_GONE);
	kssl_exdata_release(object);
	kssl_settings_put(&ctx->settings);
	kssl_object_free(object);
}

static void ctx_free_rcu(struct rcu_head *rcu)
{
	struct kssl_object *object = container_of(rcu, struct kssl_object,
						  rcu);

	kmem_cache_free(ctx_cache, kssl_ctx_of(object));
}

static bool is_held(const struct kssl_ctx *ctx)
{
	lockdep_assert_held(&ctx->object.lock);
	return ctx->users || !hlist_empty(&ctx->object.holds);
}

/* The next connection that the context must not hold any longer. */
static struct kssl *next_to_drop(struct kssl_ctx *ctx)
{
	struct kssl *s = NULL;

	spin_lock_bh(&ctx->object.lock);
	if (!is_held(ctx))
		s = list_first_entry_or_null(&ctx->kept, struct kssl, kept);
	if (s)
		list_del_init(&s->kept);
	spin_unlock_bh(&ctx->object.lock);
	return s;
}

/* A client has let go, perhaps the last that did not. */
static void ctx_dropped(struct kssl_object *object)
{
	struct kssl_ctx *ctx = kssl_ctx_of(object);
	struct kssl *s;

	while ((s = next_to_drop(ctx))) {
		kssl_object_put(&s->object);
		/* As many as there are files. */
		cond_resched();
	}
}

const struct kssl_object_type kssl_ctx_type = {
	.attr		= KSSL_A_CTX_ID,
	.missing	= "ctx-id is missing",
	.not_found	= "no such context",
	.not_this	= "the id is of a connection, not of a context",
	.release	= ctx_release,
	.dropped	= ctx_dropped,
	.free		= ctx_free_rcu,
};

int __init kssl_ctx_init(void)
{
	ctx_cache = KMEM_CACHE(kssl_ctx, SLAB_ACCOUNT);
	return ctx_cache ? 0 : -ENOMEM;
}

void kssl_ctx_exit(void)
{
	kmem_cache_destroy(ctx_cache);
}

/**
 * kssl_ctx_create - make a context
 * @net: the network namespace it belongs to
 * @cred: whose it is
 * @values: rows that differ from the defaults
 * @n: how many @values there are
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep.
 * Return: the context with one reference for the caller, or an ERR_PTR():
 * -ENOMEM, or as kssl_limit_charge() and kssl_settings_change().
 */
struct kssl_ctx *kssl_ctx_create(struct net *net, const struct cred *cred,
				 const struct kssl_value *values,
				 unsigned int n, struct kssl_reason *why)
{
	struct kssl_settings defaults = kssl_settings_default();
	struct kssl_ctx *ctx;
	int err;

	ctx = kmem_cache_zalloc(ctx_cache, GFP_KERNEL);
	if (!ctx) {
		err = -ENOMEM;
		goto put_defaults;
	}
	err = kssl_settings_change(&defaults, values, n, KSSL_LEVEL_NEW_CTX,
				   false, &ctx->settings, why);
	if (err)
		goto free_ctx;
	err = kssl_object_init(&ctx->object, &kssl_ctx_type, net, cred,
			       why);
	if (err)
		goto put_settings;
	INIT_LIST_HEAD(&ctx->kept);
	kssl_settings_put(&defaults);
	trace_kssl_ctx_new(ctx);
	kssl_stat_inc(net, KSSL_STAT_CTX_NEW);
	kssl_object_publish(&ctx->object);
	kssl_event_ctx(ctx, KSSL_EVENT_TYPE_CTX_NEW);
	return ctx;

put_settings:
	kssl_settings_put(&ctx->settings);
free_ctx:
	kmem_cache_free(ctx_cache, ctx);
put_defaults:
	kssl_settings_put(&defaults);
	trace_kssl_ctx_new_err(NULL, err);
	return ERR_PTR(err);
}

static void add_user(struct kssl_ctx *ctx)
{
	spin_lock_bh(&ctx->object.lock);
	ctx->users++;
	spin_unlock_bh(&ctx->object.lock);
}

/**
 * kssl_ctx_new - make a context with the default settings
 * @net: the network namespace it belongs to, which has to outlive it: let go
 *	of it in a pernet pre_exit at the latest
 * @method: which ends its connections may be
 *
 * Follows SSL_CTX_new(3). The context is owned by the caller's credentials.
 *
 * Context: may sleep.
 * Return: the context with one reference for the caller, which ends with
 * kssl_ctx_free(), or an ERR_PTR(): -EINVAL, -ENOMEM,
 * or as kssl_limit_charge().
 */
struct kssl_ctx *kssl_ctx_new(struct net *net, enum kssl_method method)
{
	struct kssl_value value = {
		.attr	= KSSL_A_SETTINGS_METHOD,
		.num	= method,
	};

	struct kssl_ctx *ctx;

	ctx = kssl_ctx_create(net, current_cred(), &value, 1, NULL);
	if (!IS_ERR(ctx))
		add_user(ctx);
	return ctx;
}
EXPORT_SYMBOL_GPL(kssl_ctx_new);

/**
 * kssl_ctx_up_ref - take one more reference on a context
 * @ctx: one that the caller has a reference on
 *
 * Follows SSL_CTX_up_ref(3).
 *
 * Context: any.
 * Return: true.
 */
bool kssl_ctx_up_ref(struct kssl_ctx *ctx)
{
	kssl_ctx_get(ctx);
	add_user(ctx);
	trace_kssl_hold(&ctx->object, 0, kref_read(&ctx->object.ref));
	return true;
}
EXPORT_SYMBOL_GPL(kssl_ctx_up_ref);

static void drop_user(struct kssl_ctx *ctx)
{
	trace_kssl_drop(&ctx->object, 0, kref_read(&ctx->object.ref) - 1);
	spin_lock_bh(&ctx->object.lock);
	ctx->users--;
	spin_unlock_bh(&ctx->object.lock);
}

/**
 * kssl_ctx_free - drop a reference on a context
 * @ctx: the context, or NULL
 *
 * Follows SSL_CTX_free(3). Connections made from it stay whole, but for those
 * that nobody holds when the last client and kernel user of a context with keep
 * lets go of it.
 *
 * Context: any.
 */
void kssl_ctx_free(struct kssl_ctx *ctx)
{
	struct kssl *s;

	if (!ctx)
		return;
	drop_user(ctx);
	while ((s = next_to_drop(ctx)))
		kssl_object_put(&s->object);
	kssl_ctx_put(ctx);
}
EXPORT_SYMBOL_GPL(kssl_ctx_free);

/**
 * kssl_ctx_close - kssl_ctx_free() for a file descriptor that is closed
 * @ctx: the context
 *
 * Context: may sleep.
 */
void kssl_ctx_close(struct kssl_ctx *ctx)
{
	drop_user(ctx);
	ctx_dropped(&ctx->object);
	kssl_ctx_put(ctx);
}

/**
 * kssl_ctx_get - take a reference that holds no connections
 * @ctx: a context that cannot go meanwhile
 *
 * Context: any.
 * Return: @ctx.
 */
struct kssl_ctx *kssl_ctx_get(struct kssl_ctx *ctx)
{
	kref_get(&ctx->object.ref);
	return ctx;
}

/**
 * kssl_ctx_put - drop a reference that kssl_ctx_get() took
 * @ctx: the context
 *
 * Context: any.
 */
void kssl_ctx_put(struct kssl_ctx *ctx)
{
	kssl_object_put(&ctx->object);
}

/**
 * kssl_ctx_keep - hold a connection that keeps its socket, if there is reason
 * @ctx: the context of @s
 * @s: the connection, established
 *
 * Context: any.
 */
void kssl_ctx_keep(struct kssl_ctx *ctx, struct kssl *s)
{
	spin_lock_bh(&ctx->object.lock);
	if (is_held(ctx) && kssl_settings_num(&ctx->settings, KSSL_ROW_KEEP)) {
		kref_get(&s->object.ref);
		list_add_tail(&s->kept, &ctx->kept);
	}
	spin_unlock_bh(&ctx->object.lock);
}

/**
 * kssl_ctx_let_go - undo kssl_ctx_keep()
 * @ctx: the context of @s
 * @s: a connection that the caller has a reference on
 *
 * Context: any.
 */
void kssl_ctx_let_go(struct kssl_ctx *ctx, struct kssl *s)
{
	bool kept;

	spin_lock_bh(&ctx->object.lock);
	kept = !list_empty(&s->kept);
	list_del_init(&s->kept);
	spin_unlock_bh(&ctx->object.lock);
	if (kept)
		kssl_object_put(&s->object);
}

/**
 * kssl_ctx_keeps - does a context hold a connection that keeps its socket
 * @ctx: the context of @s
 * @s: the connection
 *
 * Context: any.
 * Return: true if it does.
 */
bool kssl_ctx_keeps(struct kssl_ctx *ctx, struct kssl *s)
{
	bool keeps;

	spin_lock_bh(&ctx->object.lock);
	keeps = !list_empty(&s->kept);
	spin_unlock_bh(&ctx->object.lock);
	return keeps;
}

/**
 * kssl_ctx_id - the id of a context
 * @ctx: the context
 *
 * Return: its id, never 0.
 */
u32 kssl_ctx_id(const struct kssl_ctx *ctx)
{
	return ctx->object.id;
}
EXPORT_SYMBOL_GPL(kssl_ctx_id);

/**
 * kssl_ctx_settings - take references on the settings that a context has now
 * @ctx: the context
 *
 * Context: any.
 * Return: settings that the caller has to put.
 */
struct kssl_settings kssl_ctx_settings(struct kssl_ctx *ctx)
{
	struct kssl_settings settings;

	spin_lock_bh(&ctx->object.lock);
	settings = kssl_settings_get(&ctx->settings);
	spin_unlock_bh(&ctx->object.lock);
	return settings;
}

/**
 * kssl_ctx_swap - replace settings if they are the ones expected
 * @ctx: the context
 * @old: what it is expected to have
 * @new: what it is to have; references are taken
 *
 * Context: any.
 * Return: 0, or -EAGAIN when it has others, with nothing changed.
 */
int kssl_ctx_swap(struct kssl_ctx *ctx, const struct kssl_settings *old,
		  const struct kssl_settings *new)
{
	struct kssl_settings drop;

	spin_lock_bh(&ctx->object.lock);
	drop = ctx->settings;
	if (drop.dup != old->dup || drop.inherit != old->inherit) {
		spin_unlock_bh(&ctx->object.lock);
		return -EAGAIN;
	}
	ctx->settings = kssl_settings_get(new);
	spin_unlock_bh(&ctx->object.lock);
	kssl_settings_put(&drop);
	return 0;
}

/**
 * kssl_ctx_change - change rows of a context so that it can be undone
 * @ctx: the context
 * @values: the rows and their new values
 * @n: how many @values there are
 * @old: takes what the context had, on success, for the caller to put
 * @new: takes what it has now, on success, for the caller to put
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep.
 * Return: 0, or as kssl_settings_change().
 */
int kssl_ctx_change(struct kssl_ctx *ctx, const struct kssl_value *values,
		    unsigned int n, struct kssl_settings *old,
		    struct kssl_settings *new, struct kssl_reason *why)
{
	int err;

	for (;;) {
		*old = kssl_ctx_settings(ctx);
		err = kssl_settings_change(old, values, n, KSSL_LEVEL_CTX,
					   false, new, why);
		if (err)
			break;
		if (!kssl_ctx_swap(ctx, old, new)) {
			trace_kssl_ctx_set(ctx);
			return 0;
		}
		kssl_settings_put(new);
		kssl_settings_put(old);
	}
	kssl_settings_put(old);
	trace_kssl_ctx_set_err(ctx, err);
	return err;
}

/**
 * kssl_ctx_set - change rows of a context, all or none
 * @ctx: the context
 * @values: the rows and their new values
 * @n: how many @values there are
 * @why: takes the reason of a refusal, or NULL
 *
 * Existing connections keep what they have.
 *
 * Context: may sleep.
 * Return: 0, or as kssl_settings_change().
 */
int kssl_ctx_set(struct kssl_ctx *ctx, const struct kssl_value *values,
		 unsigned int n, struct kssl_reason *why)
{
	struct kssl_settings old, new;
	int err;

	err = kssl_ctx_change(ctx, values, n, &old, &new, why);
	if (err)
		return err;
	kssl_settings_put(&new);
	kssl_settings_put(&old);
	return 0;
}
EXPORT_SYMBOL_GPL(kssl_ctx_set);
