// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: clients
 *
 * A client is a netlink socket. It has references on objects, counted for each
 * object in a hold, and a hold has one reference of the object's kref. When the
 * socket is released its holds go, in the context of that release, so before
 * the wait of a killed process's parent returns.
 *
 * Clients are found by network namespace, port and socket. The port is not
 * enough: it can be taken anew before the release notifier of its last owner
 * has run. A dead socket is told from its successor by SOCK_DEAD, and a client
 * holds its socket so that the address cannot be taken anew either. Users
 * choose their ports, so the hash of the table has a secret.
 *
 * clients_lock makes one change of the table at a time, in process context.
 * Lock order: object lock, then client lock. Each hold pins the module, and one
 * of a client in another network namespace, which imported the object, pins the
 * object's.
 */

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <net/sock.h>

#include "callback.h"
#include "client.h"
#include "limit.h"
#include "object.h"
#include "trace.h"

static struct rhltable clients;
static DEFINE_SPINLOCK(clients_lock);	/* see above */

static const struct rhashtable_params client_params = {
	.key_len		= sizeof_field(struct kssl_client, key),
	.key_offset		= offsetof(struct kssl_client, key),
	.head_offset		= offsetof(struct kssl_client, node),
	.automatic_shrinking	= true,
};

static struct kssl_client *client_new(struct sock *sk, u32 portid)
{
	struct kssl_client *client;

	client = kzalloc_obj(*client, GFP_KERNEL_ACCOUNT);
	if (!client)
		return NULL;
	client->user = kssl_user_obtain(sk->sk_socket->file->f_cred);
	if (!client->user) {
		kfree(client);
		return NULL;
	}
	refcount_set(&client->ref, 1);
	sock_hold(sk);
	client->sk = sk;
	client->key.net = sock_net(sk);
	client->key.portid = portid;
	client->cred = get_cred(sk->sk_socket->file->f_cred);
	spin_lock_init(&client->lock);
	INIT_LIST_HEAD(&client->holds);
	INIT_LIST_HEAD(&client->bindings);
	INIT_LIST_HEAD(&client->tasks);
	return client;
}

/**
 * kssl_client_get - take a reference on a client
 * @client: one that cannot go meanwhile
 *
 * Return: @client.
 */
struct kssl_client *kssl_client_get(struct kssl_client *client)
{
	refcount_inc(&client->ref);
	return client;
}

/**
 * kssl_client_put - drop a reference on a client
 * @client: the client
 */
void kssl_client_put(struct kssl_client *client)
{
	if (!refcount_dec_and_test(&client->ref))
		return;
	sock_put(client->sk);
	put_cred(client->cred);
	kssl_user_put(client->user);
	kfree_rcu(client, rcu);
}

/**
 * kssl_client_find - find the client of a netlink socket
 * @sk: the socket, in use by the caller's request
 * @portid: its port
 *
 * Return: the client, which stays at least as long as the request, or NULL.
 */
struct kssl_client *kssl_client_find(struct sock *sk, u32 portid)
{
	const struct kssl_client_key key = {
		.net = sock_net(sk), .portid = portid,
	};
	struct kssl_client *client, *found = NULL;
	struct rhlist_head *list, *node;

	rcu_read_lock();
	list = rhltable_lookup(&clients, &key, client_params);
	rhl_for_each_entry_rcu(client, node, list, node) {
		if (client->sk == sk) {
			found = client;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/**
 * kssl_client_obtain - find the client of a netlink socket, or make it
 * @sk: the socket, in use by the caller's request
 * @portid: its port
 *
 * Context: may sleep.
 * Return: the client, which stays at least as long as the request;
 * ERR_PTR(-ENOMEM); ERR_PTR(-EPERM) for a socket that no process opened.
 */
struct kssl_client *kssl_client_obtain(struct sock *sk, u32 portid)
{
	struct kssl_client *client = kssl_client_find(sk, portid);
	struct kssl_client *new, *other;
	int err = 0;

	if (client)
		return client;
	if (!sk->sk_socket || !sk->sk_socket->file)
		return ERR_PTR(-EPERM);
	new = client_new(sk, portid);
	if (!new)
		return ERR_PTR(-ENOMEM);

	spin_lock(&clients_lock);
	other = kssl_client_find(sk, portid);
	if (!other)
		err = rhltable_insert(&clients, &new->node, client_params);
	spin_unlock(&clients_lock);
	if (!other && !err)
		return new;
	kssl_client_put(new);
	return other ?: ERR_PTR(-ENOMEM);
}

static struct kssl_hold *find_hold(const struct kssl_client *client,
				   struct kssl_object *object)
{
	struct kssl_hold *hold;

	lockdep_assert_held(&object->lock);
	hlist_for_each_entry(hold, &object->holds, object_node)
		if (hold->client == client)
			return hold;
	return NULL;
}

/* A client pins the namespace of what it has imported from another one. */
static struct net *foreign_net(const struct kssl_client *client,
			       const struct kssl_object *object)
{
	return net_eq(sock_net(client->sk), object->net) ? NULL : object->net;
}

/* Uses the memory in the object, or else *@spare, which is then NULL. */
static struct kssl_hold *add_hold(struct kssl_client *client,
				  struct kssl_object *object,
				  struct kssl_hold **spare)
{
	struct net *foreign = foreign_net(client, object);
	struct kssl_hold *hold = &object->first;

	lockdep_assert_held(&object->lock);
	if (hold->client) {
		hold = *spare;
		if (!hold)
			return NULL;
		*spare = NULL;
	}
	kref_get(&object->ref);
	if (foreign)
		get_net(foreign);
	hold->client = client;
	hold->object = object;
	hold->count = 1;
	hold->rights = 0;
	hlist_add_head(&hold->object_node, &object->holds);
	object->holders++;
	spin_lock(&client->lock);
	list_add_tail(&hold->client_node, &client->holds);
	spin_unlock(&client->lock);
	return hold;
}

/* Takes a hold from its object. The caller puts the object afterwards. */
static void del_hold(struct kssl_hold *hold)
{
	struct kssl_object *object = hold->object;

	lockdep_assert_held(&object->lock);
	hlist_del(&hold->object_node);
	object->holders--;
	if (hold == &object->first)
		hold->client = NULL;
	else
		kfree(hold);
}

/* *@held takes how many references the client has then. */
static int take(struct kssl_client *client, struct kssl_object *object,
		u8 rights, u32 *held)
{
	struct kssl_hold *hold, *spare = NULL;
	bool added = false;
	int err = 0;

	/* Fails once the module is going, when a pin would come too late. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
again:
	spin_lock_bh(&object->lock);
	hold = find_hold(client, object);
	if (!hold) {
		hold = add_hold(client, object, &spare);
		added = hold;
	} else if (hold->count == KSSL_HELD_MAX) {
		err = -EOVERFLOW;
	} else {
		hold->count++;
	}
	if (hold && !err)
		hold->rights = max(hold->rights, rights);
	*held = hold ? hold->count : 0;
	spin_unlock_bh(&object->lock);

	if (!hold) {
		spare = kmalloc_obj(*spare, GFP_KERNEL_ACCOUNT);
		if (spare)
			goto again;
		err = -ENOMEM;
	}
	kfree(spare);
	if (!added)
		module_put(THIS_MODULE);
	return err;
}

/**
 * kssl_client_take - one more reference of a client on an object
 * @client: the client
 * @object: the object, of which the caller has a reference
 * @rights: enum kssl_rights, what is permitted from now on, unless the
 *	client has more already
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM; -EOVERFLOW when the client has too many; -ENODEV when
 * the module is being unloaded.
 */
int kssl_client_take(struct kssl_client *client, struct kssl_object *object,
		     u8 rights)
{
	u32 held;
	int err;

	err = take(client, object, rights, &held);
	if (err)
		trace_kssl_hold_err(object, client->key.portid, err);
	else
		trace_kssl_hold(object, client->key.portid, held);
	return err;
}

/**
 * kssl_client_unhold - one reference less of a client, without what follows
 * @client: the client
 * @object: the object, of which the caller has a reference besides
 * @rights: takes what the client's references permitted, enum kssl_rights
 *
 * kssl_client_take() undoes it.
 *
 * Context: any.
 * Return: how many the client has left, or -EPERM when it had none. When that
 * is 0, kssl_client_let_go() has to follow.
 */
int kssl_client_unhold(struct kssl_client *client, struct kssl_object *object,
		       u8 *rights)
{
	struct kssl_hold *hold;
	int left = -EPERM;

	spin_lock_bh(&object->lock);
	hold = find_hold(client, object);
	if (hold) {
		left = --hold->count;
		*rights = hold->rights;
	}
	if (!left) {
		spin_lock(&client->lock);
		list_del(&hold->client_node);
		spin_unlock(&client->lock);
		del_hold(hold);
	}
	spin_unlock_bh(&object->lock);
	if (left < 0)
		trace_kssl_drop_err(object, client->key.portid, left);
	else
		trace_kssl_drop(object, client->key.portid, left);
	return left;
}

/**
 * kssl_client_let_go - drop what a client's hold had that is gone
 * @client: the client
 * @object: the object
 *
 * A context that nobody holds by then lets go of the connections that it keeps.
 *
 * Context: may sleep.
 */
void kssl_client_let_go(const struct kssl_client *client,
			struct kssl_object *object)
{
	struct net *foreign = foreign_net(client, object);

	if (object->type->dropped)
		object->type->dropped(object);
	kssl_object_put(object);
	if (foreign)
		put_net(foreign);
	module_put(THIS_MODULE);
}

/**
 * kssl_client_drop - one reference less of a client on an object
 * @client: the client
 * @object: the object, of which the caller has a reference besides
 *
 * Context: may sleep.
 * Return: how many the client has left, or -EPERM when it had none.
 */
int kssl_client_drop(struct kssl_client *client, struct kssl_object *object)
{
	u8 rights;
	int left = kssl_client_unhold(client, object, &rights);

	if (!left)
		kssl_client_let_go(client, object);
	return left;
}

/**
 * kssl_client_untake - undo kssl_client_take()
 * @client: the client
 * @object: the object, of which the caller has a reference besides
 * @rights: what the client's references permitted before, or 0
 *
 * If another thread of the client has got more rights at the same time, they
 * go as well.
 *
 * Context: may sleep.
 */
void kssl_client_untake(struct kssl_client *client,
			struct kssl_object *object, u8 rights)
{
	struct kssl_hold *hold;

	spin_lock_bh(&object->lock);
	hold = find_hold(client, object);
	if (hold && rights)
		hold->rights = rights;
	spin_unlock_bh(&object->lock);
	kssl_client_drop(client, object);
}

/**
 * kssl_client_held - how many references a client has on an object
 * @client: the client, or NULL
 * @object: the object
 *
 * Context: any.
 * Return: the number.
 */
u32 kssl_client_held(const struct kssl_client *client,
		     struct kssl_object *object)
{
	struct kssl_hold *hold;
	u32 count;

	spin_lock_bh(&object->lock);
	hold = find_hold(client, object);
	count = hold ? hold->count : 0;
	spin_unlock_bh(&object->lock);
	return count;
}

/**
 * kssl_client_rights - what the references of a client on an object permit
 * @client: the client, or NULL
 * @object: the object
 *
 * Context: any.
 * Return: enum kssl_rights, or 0 without a reference.
 */
u8 kssl_client_rights(const struct kssl_client *client,
		      struct kssl_object *object)
{
	struct kssl_hold *hold;
	u8 rights;

	spin_lock_bh(&object->lock);
	hold = find_hold(client, object);
	rights = hold ? hold->rights : 0;
	spin_unlock_bh(&object->lock);
	return rights;
}

/**
 * kssl_client_release - let go of everything that a client has
 * @client: a client whose socket nobody can use any more, out of the table
 *
 * Context: may sleep; frees in place however much it is, so that all is gone
 * on return, without a lock held that others wait for.
 */
void kssl_client_release(struct kssl_client *client)
{
	struct kssl_hold *hold, *next;
	struct kssl_object *object;
	LIST_HEAD(holds);

	kssl_callbacks_disown(client);
	spin_lock_bh(&client->lock);
	list_splice_init(&client->holds, &holds);
	spin_unlock_bh(&client->lock);

	list_for_each_entry_safe(hold, next, &holds, client_node) {
		object = hold->object;
		spin_lock_bh(&object->lock);
		del_hold(hold);
		spin_unlock_bh(&object->lock);
		trace_kssl_drop(object, client->key.portid, 0);
		kssl_client_let_go(client, object);
		cond_resched();
	}
	kssl_client_put(client);
}

/* Takes one client of a dead socket on this port from the table. */
static struct kssl_client *unlink_dead(const struct net *net, u32 portid)
{
	const struct kssl_client_key key = { .net = net, .portid = portid };
	struct kssl_client *client, *dead = NULL;
	struct rhlist_head *list, *node;

	spin_lock(&clients_lock);
	rcu_read_lock();
	list = rhltable_lookup(&clients, &key, client_params);
	rhl_for_each_entry_rcu(client, node, list, node) {
		if (sock_flag(client->sk, SOCK_DEAD)) {
			dead = client;
			break;
		}
	}
	if (dead)
		rhltable_remove(&clients, &dead->node, client_params);
	rcu_read_unlock();
	spin_unlock(&clients_lock);
	return dead;
}

static int client_notify(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	struct netlink_notify *notify = data;
	struct kssl_client *client;

	if (event != NETLINK_URELEASE ||
	    notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	while ((client = unlink_dead(notify->net, notify->portid)))
		kssl_client_release(client);
	return NOTIFY_DONE;
}

static struct notifier_block client_notifier = {
	.notifier_call = client_notify,
};

int __init kssl_client_init(void)
{
	int err;

	err = rhltable_init(&clients, &client_params);
	if (err)
		return err;
	err = netlink_register_notifier(&client_notifier);
	if (err)
		rhltable_destroy(&clients);
	return err;
}

static void release_client(void *client, void *arg)
{
	kssl_client_release(client);
}

/* Only clients without holds are left, or the module would be pinned. */
void kssl_client_exit(void)
{
	netlink_unregister_notifier(&client_notifier);
	rhltable_free_and_destroy(&clients, release_client, NULL);
}
