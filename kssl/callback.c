// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: callbacks
 *
 * A binding is the value of the callbacks row: who has which functions. It is a
 * blob, so new, dup and changes of other rows share it. It is bound to the
 * client that set it or to functions of a kernel user, and keeps neither: it
 * learns that they are gone.
 *
 * The bindings of a client are in its list, guarded by its lock. Either the
 * client goes first and takes them out of it, or the last snapshot with the
 * binding does; the latter finds the client by RCU, as it may be going. The
 * bindings of kernel users are in a list with a lock of its own. Both locks are
 * innermost and taken with bottom halves off, because the last snapshot can go
 * in any context.
 *
 * Functions are called inside of an SRCU section, for which unregistering
 * waits.
 */

#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "callback.h"
#include "client.h"
#include "conn.h"
#include "ctx.h"
#include "reason.h"

static LIST_HEAD(kernel_bindings);
static DEFINE_SPINLOCK(kernel_lock);	/* protects kernel_bindings */
DEFINE_STATIC_SRCU(callbacks_srcu);

static struct kssl_binding *binding_of(struct kssl_blob *blob)
{
	return (struct kssl_binding *)blob->data;
}

static void unbind_client(struct kssl_binding *binding)
{
	struct kssl_client *client;

	rcu_read_lock();
	client = rcu_dereference(binding->client);
	if (client) {
		spin_lock_bh(&client->lock);
		/* It may have gone since. */
		if (rcu_access_pointer(binding->client))
			list_del(&binding->node);
		spin_unlock_bh(&client->lock);
	}
	rcu_read_unlock();
}

static void free_client_binding(struct kssl_blob *blob)
{
	unbind_client(binding_of(blob));
	kfree(blob);
}

static void free_kernel_binding(struct kssl_blob *blob)
{
	spin_lock_bh(&kernel_lock);
	list_del(&binding_of(blob)->node);
	spin_unlock_bh(&kernel_lock);
	kfree(blob);
}

static void bind_client(struct kssl_binding *binding,
			struct kssl_client *client)
{
	RCU_INIT_POINTER(binding->client, client);
	spin_lock_bh(&client->lock);
	list_add(&binding->node, &client->bindings);
	spin_unlock_bh(&client->lock);
}

static void bind_kernel(struct kssl_binding *binding)
{
	spin_lock_bh(&kernel_lock);
	list_add(&binding->node, &kernel_bindings);
	spin_unlock_bh(&kernel_lock);
}

/**
 * kssl_binding_new - bind callbacks
 * @value: of the callbacks row, checked: the bits, as mask the cookie, and as
 *	data a struct kssl_who, whose client cannot go meanwhile
 *
 * Context: may sleep.
 * Return: the blob, NULL when no callback is bound, or ERR_PTR(-ENOMEM).
 */
struct kssl_blob *kssl_binding_new(const struct kssl_value *value)
{
	const struct kssl_who *who = value->data;
	struct kssl_binding *binding;
	struct kssl_blob *blob;

	if (!value->num)
		return NULL;
	blob = kssl_blob_alloc(sizeof(*binding));
	if (!blob)
		return ERR_PTR(-ENOMEM);
	binding = binding_of(blob);
	memset(binding, 0, sizeof(*binding));
	binding->callbacks = who->callbacks;
	binding->arg = who->arg;
	binding->cookie = value->mask;
	binding->mask = value->num;
	if (who->client) {
		blob->release = free_client_binding;
		bind_client(binding, who->client);
	} else {
		blob->release = free_kernel_binding;
		bind_kernel(binding);
	}
	return blob;
}

/**
 * kssl_binding_client - who is bound
 * @binding: the binding
 *
 * Context: any.
 * Return: the client with a reference for the caller, or NULL when it is gone
 * or was none.
 */
struct kssl_client *kssl_binding_client(const struct kssl_binding *binding)
{
	struct kssl_client *client;

	rcu_read_lock();
	client = rcu_dereference(binding->client);
	if (client && !refcount_inc_not_zero(&client->ref))
		client = NULL;
	rcu_read_unlock();
	return client;
}

/**
 * kssl_binding_info - tell a kernel user of a state
 * @binding: the binding
 * @s: the connection
 * @state: the state that it came to
 *
 * Context: any.
 */
void kssl_binding_info(const struct kssl_binding *binding, struct kssl *s,
		       enum kssl_state state)
{
	const struct kssl_callbacks *callbacks;
	int idx;

	idx = srcu_read_lock(&callbacks_srcu);
	callbacks = READ_ONCE(binding->callbacks);
	if (callbacks)
		callbacks->info(s, state, binding->arg);
	srcu_read_unlock(&callbacks_srcu, idx);
}

/**
 * kssl_callbacks_check - are the callbacks there that a handshake needs
 * @settings: the settings
 * @why: takes the reason of a refusal, or NULL
 *
 * Without them the handshake would take what a callback might have refused.
 *
 * Return: 0, or -EOWNERDEAD when the client that has them is gone.
 */
int kssl_callbacks_check(const struct kssl_settings *settings,
			 struct kssl_reason *why)
{
	const struct kssl_blob *blob =
		kssl_settings_blob(settings, KSSL_ROW_CALLBACKS);
	const struct kssl_binding *binding = kssl_blob_binding(blob);

	if (!binding || !(binding->mask & KSSL_CALLBACKS_NEEDED) ||
	    rcu_access_pointer(binding->client))
		return 0;
	return kssl_refuse_nested(why, -EOWNERDEAD, KSSL_A_SETTINGS,
				  KSSL_A_SETTINGS_CALLBACKS,
				  "callbacks: the client that has them is gone");
}

/**
 * kssl_callbacks_disown - take a client from its bindings
 * @client: the client, whose socket nobody can use any more
 *
 * Context: may sleep.
 */
void kssl_callbacks_disown(struct kssl_client *client)
{
	struct kssl_binding *binding;

	spin_lock_bh(&client->lock);
	while ((binding = list_first_entry_or_null(&client->bindings,
						   struct kssl_binding,
						   node))) {
		list_del(&binding->node);
		RCU_INIT_POINTER(binding->client, NULL);
		spin_unlock_bh(&client->lock);
		cond_resched();
		spin_lock_bh(&client->lock);
	}
	spin_unlock_bh(&client->lock);
}

/* The row's value for callbacks of a kernel user. */
static struct kssl_value value_of(const struct kssl_who *who)
{
	return (struct kssl_value){
		.attr	= KSSL_A_SETTINGS_CALLBACKS,
		.num	= who->callbacks ? KSSL_CALLBACK_INFO : 0,
		.data	= who,
		.len	= sizeof(*who),
	};
}

/**
 * kssl_ctx_set_callbacks - bind functions to a context
 * @ctx: the context
 * @callbacks: the functions, all of them given; or NULL to unbind
 * @arg: what they are called with; it outlives the binding
 *
 * Follows SSL_CTX_set_info_callback(3). Connections that are made from now on
 * inherit the binding, and so do their duplicates. It is in the place of one
 * that a client made. @callbacks may go after kssl_callbacks_unregister().
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int kssl_ctx_set_callbacks(struct kssl_ctx *ctx,
			   const struct kssl_callbacks *callbacks, void *arg)
{
	const struct kssl_who who = { .callbacks = callbacks, .arg = arg };
	const struct kssl_value value = value_of(&who);

	return kssl_ctx_set(ctx, &value, 1, NULL);
}
EXPORT_SYMBOL_GPL(kssl_ctx_set_callbacks);

/**
 * kssl_set_callbacks - bind functions to a connection
 * @s: the connection, in any state
 * @callbacks: the functions, all of them given; or NULL to unbind
 * @arg: what they are called with; it outlives the binding
 *
 * Follows SSL_set_info_callback(3); otherwise as kssl_ctx_set_callbacks().
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int kssl_set_callbacks(struct kssl *s, const struct kssl_callbacks *callbacks,
		       void *arg)
{
	const struct kssl_who who = { .callbacks = callbacks, .arg = arg };
	const struct kssl_value value = value_of(&who);

	return kssl_set(s, &value, 1, NULL);
}
EXPORT_SYMBOL_GPL(kssl_set_callbacks);

/**
 * kssl_callbacks_unregister - detach functions from all that they are bound to
 * @callbacks: the functions; the caller binds them no more
 *
 * On return none of them runs or will be called, so what they and their
 * arguments need may go: their module, too.
 *
 * Context: may sleep; not in one of the functions.
 */
void kssl_callbacks_unregister(const struct kssl_callbacks *callbacks)
{
	struct kssl_binding *binding;

	spin_lock_bh(&kernel_lock);
	list_for_each_entry(binding, &kernel_bindings, node) {
		if (binding->callbacks != callbacks)
			continue;
		WRITE_ONCE(binding->callbacks, NULL);
		WRITE_ONCE(binding->mask, 0);
	}
	spin_unlock_bh(&kernel_lock);
	synchronize_srcu(&callbacks_srcu);
}
EXPORT_SYMBOL_GPL(kssl_callbacks_unregister);
