// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: objects
 *
 * Contexts and connections are objects: a kref, an id and the holds of the
 * clients that have references. One table has the ids of all network
 * namespaces; they are given out cyclically, and an id stays taken until its
 * object's release, so that a stale one never names a new object.
 *
 * The table's own lock, taken with bottom halves off, is innermost. Lookups go
 * by RCU and kref_get_unless_zero(); objects are freed after a grace period.
 * An object's lock comes before a client's lock and before those of the wait
 * queues that watch.c enters.
 *
 * An object does not keep its network namespace. Whoever has a reference that
 * can outlive that keeps it himself; who has just found an object may be in
 * another namespace and its last holder gone, so what is found is pinned, both
 * together.
 */

#include <linux/cred.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/xarray.h>

#include <net/net_namespace.h>

#include "limit.h"
#include "object.h"
#include "reason.h"

static DEFINE_XARRAY_FLAGS(kssl_ids, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH |
				     XA_FLAGS_ACCOUNT);
static u32 next_id;	/* guarded by the lock of kssl_ids */

/**
 * kssl_object_init - set up the common part of an object and reserve its id
 * @object: zeroed memory
 * @type: its type
 * @net: the namespace it belongs to
 * @cred: the credentials it is made with; a reference is taken
 * @why: takes the reason of a refusal, or NULL
 *
 * The caller has the only reference. Nobody finds the object before
 * kssl_object_publish().
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, as kssl_limit_charge(), or -EBUSY when all ids are taken.
 */
int kssl_object_init(struct kssl_object *object,
		     const struct kssl_object_type *type, struct net *net,
		     const struct cred *cred, struct kssl_reason *why)
{
	struct kssl_user *user = kssl_user_obtain(cred);
	int err;

	if (!user)
		return -ENOMEM;
	err = kssl_limit_charge(user, net, why);
	if (err)
		goto put_user;
	err = xa_alloc_cyclic_bh(&kssl_ids, &object->id, NULL,
				 XA_LIMIT(1, U32_MAX), &next_id,
				 GFP_KERNEL_ACCOUNT);
	if (err < 0)
		goto uncharge;
	kref_init(&object->ref);
	spin_lock_init(&object->lock);
	INIT_HLIST_HEAD(&object->holds);
	object->type = type;
	object->net = net;
	object->cred = get_cred(cred);
	object->user = user;
	object->created = ktime_get_boottime_ns();
	return 0;

uncharge:
	kssl_limit_uncharge(user, net);
put_user:
	kssl_user_put(user);
	return err;
}

/**
 * kssl_object_publish - let an object be found by its id
 * @object: one that is complete
 *
 * Cannot fail, because the id is reserved.
 */
void kssl_object_publish(struct kssl_object *object)
{
	xa_store_bh(&kssl_ids, object->id, object, GFP_ATOMIC);
}

/**
 * kssl_object_pin - take a reference on an object and on its namespace
 * @object: one that the caller has a reference on, or found under the RCU
 *	read lock that he still has
 *
 * Context: any.
 * Return: true, for kssl_object_unpin(); false when the object is going.
 */
bool kssl_object_pin(struct kssl_object *object)
{
	/* First, because the release of an object uses its namespace. */
	if (!maybe_get_net(object->net))
		return false;
	if (kref_get_unless_zero(&object->ref))
		return true;
	put_net(object->net);
	return false;
}

/**
 * kssl_object_unpin - drop what kssl_object_pin() took
 * @object: the object
 *
 * Context: any.
 */
void kssl_object_unpin(struct kssl_object *object)
{
	struct net *net = object->net;

	kssl_object_put(object);
	put_net(net);
}

/**
 * kssl_object_find - find an object by its id
 * @type: the type that it has to be of
 * @id: the id
 * @filter: says whether it exists for the caller, or NULL
 * @arg: what @filter is called with
 * @why: takes the reason of a failure, or NULL
 *
 * Context: any.
 * Return: the object, pinned for the caller; ERR_PTR(-ENOENT) when there is
 * none, ERR_PTR(-EINVAL) when it is of another type.
 */
struct kssl_object *kssl_object_find(const struct kssl_object_type *type,
				     u32 id, kssl_object_filter filter,
				     const void *arg, struct kssl_reason *why)
{
	struct kssl_object *object;
	bool found;

	rcu_read_lock();
	object = xa_load(&kssl_ids, id);
	found = object && (!filter || filter(object, arg)) &&
		kssl_object_pin(object);
	rcu_read_unlock();
	if (!found)
		return ERR_PTR(kssl_refuse(why, -ENOENT, type->attr,
					   type->not_found));
	if (object->type == type)
		return object;
	kssl_object_unpin(object);
	return ERR_PTR(kssl_refuse(why, -EINVAL, type->attr, type->not_this));
}

/**
 * kssl_object_next - walk all objects of a type, by rising id
 * @type: the type
 * @id: where to start; takes the id of what is found
 * @filter: says whether one exists for the caller, or NULL
 * @arg: what @filter is called with
 *
 * Context: may sleep, between two of them.
 * Return: the object, pinned for the caller, or NULL at the end.
 */
struct kssl_object *kssl_object_next(const struct kssl_object_type *type,
				     unsigned long *id,
				     kssl_object_filter filter,
				     const void *arg)
{
	struct kssl_object *object;
	bool found;

	for (;; (*id)++) {
		rcu_read_lock();
		object = xa_find(&kssl_ids, id, U32_MAX, XA_PRESENT);
		found = object && object->type == type &&
			(!filter || filter(object, arg)) &&
			kssl_object_pin(object);
		rcu_read_unlock();
		if (found || !object)
			return object;
		/* There may be millions of others. */
		cond_resched();
	}
}

/**
 * kssl_object_visit - look at a few objects of a type, by rising id
 * @type: the type
 * @id: where to start; takes where to go on
 * @n: of how many objects of any type
 * @visit: called for each one of @type, which may be in its release, with the
 *	RCU read lock
 *
 * Unlike kssl_object_next() this takes no references.
 *
 * Context: any.
 * Return: whether there are more.
 */
bool kssl_object_visit(const struct kssl_object_type *type, unsigned long *id,
		       unsigned int n,
		       void (*visit)(struct kssl_object *object))
{
	struct kssl_object *object = NULL;

	rcu_read_lock();
	for (; n; n--, (*id)++) {
		object = xa_find(&kssl_ids, id, U32_MAX, XA_PRESENT);
		if (!object)
			break;
		if (object->type == type)
			visit(object);
	}
	rcu_read_unlock();
	return object;
}

/**
 * kssl_object_put - drop a reference
 * @object: the object
 *
 * Context: any.
 */
void kssl_object_put(struct kssl_object *object)
{
	kref_put(&object->ref, object->type->release);
}

/**
 * kssl_object_free - end of an object, called last by its type's release
 * @object: one without references, which may be in the table or not yet
 */
void kssl_object_free(struct kssl_object *object)
{
	xa_erase_bh(&kssl_ids, object->id);
	kssl_limit_uncharge(object->user, object->net);
	kssl_user_put(object->user);
	put_cred(object->cred);
	call_rcu(&object->rcu, object->type->free);
}

/**
 * kssl_object_refs - how many references all holders have
 * @object: the object, of which the caller has a reference that counts as one
 *
 * Context: any.
 * Return: the references of clients, kernel users, sockets, connections and
 * contexts; U32_MAX stands for any larger number.
 */
u32 kssl_object_refs(struct kssl_object *object)
{
	struct kssl_hold *hold;
	u64 refs;

	spin_lock_bh(&object->lock);
	refs = kref_read(&object->ref);
	hlist_for_each_entry(hold, &object->holds, object_node)
		refs += hold->count - 1;
	spin_unlock_bh(&object->lock);
	return min_t(u64, refs, U32_MAX);
}

/**
 * kssl_object_age - how long ago an object was made
 * @object: the object
 *
 * Return: milliseconds, time in suspend included.
 */
u64 kssl_object_age(const struct kssl_object *object)
{
	return div_u64(ktime_get_boottime_ns() - object->created,
		       NSEC_PER_MSEC);
}
