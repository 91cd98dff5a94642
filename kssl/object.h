/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_OBJECT_H
#define _KSSL_OBJECT_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct cred;
struct kssl_client;
struct kssl_exdata;
struct kssl_object;
struct kssl_reason;
struct kssl_user;
struct net;

/**
 * struct kssl_object_type - what differs between contexts and connections
 * @attr: the attribute that carries an id of this type
 * @missing: what to say when a request lacks the attribute
 * @not_found: what to say when there is no such id
 * @not_this: what to say when the id is one of another type
 * @release: the last reference is gone; calls kssl_object_free() in the end
 * @dropped: a client has let go, or NULL; the caller has a reference, and may
 *	sleep
 * @free: frees the memory, from an RCU callback
 */
struct kssl_object_type {
	u16 attr;
	const char *missing;
	const char *not_found;
	const char *not_this;
	void (*release)(struct kref *ref);
	void (*dropped)(struct kssl_object *object);
	void (*free)(struct rcu_head *rcu);
};

/**
 * struct kssl_hold - the references of one client on one object
 * @object_node: in the object's holds
 * @client_node: in the client's holds, guarded by the client's lock
 * @client: who holds, NULL in an embedded one that is not in use
 * @object: what is held; the hold has one reference of its kref
 * @count: how many references the client has, at least one
 * @rights: enum kssl_rights, what they permit
 *
 * All but @client_node is guarded by the object's lock.
 */
struct kssl_hold {
	struct hlist_node object_node;
	struct list_head client_node;
	struct kssl_client *client;
	struct kssl_object *object;
	u32 count;
	u8 rights;
};

/**
 * struct kssl_object - what contexts and connections have in common
 * @ref: one for each hold, kernel user and, on a context, connection; on a
 *	connection, of the attached socket or, if it keeps that, of the context
 *	that keeps the connection; and of who is at work on it
 * @id: its id, taken until its release
 * @holders: length of @holds
 * @lock: guards @holders, @holds and what the types say; taken in any context
 * @type: context or connection
 * @net: the network namespace it was made in, which outlives it
 * @cred: the credentials it was made with
 * @user: who it is charged to
 * @created: when it was made, in nanoseconds of CLOCK_BOOTTIME
 * @holds: the holds of clients on it
 * @exdata: pointers of kernel users, or NULL (exdata.c)
 * @first: memory for one of them, as most objects never have two
 * @rcu: frees it after the last lookup has lost sight of it
 */
struct kssl_object {
	struct kref ref;
	u32 id;
	u32 holders;
	spinlock_t lock;	/* see above */
	const struct kssl_object_type *type;
	struct net *net;
	const struct cred *cred;
	struct kssl_user *user;
	u64 created;
	struct hlist_head holds;
	struct kssl_exdata *exdata;
	struct kssl_hold first;
	struct rcu_head rcu;
};

/* Whether an object exists for who looks for one; must not sleep. */
typedef bool (*kssl_object_filter)(struct kssl_object *object,
				   const void *arg);

int __must_check kssl_object_init(struct kssl_object *object,
				  const struct kssl_object_type *type,
				  struct net *net, const struct cred *cred,
				  struct kssl_reason *why);
void kssl_object_publish(struct kssl_object *object);
struct kssl_object *__must_check
kssl_object_find(const struct kssl_object_type *type, u32 id,
		 kssl_object_filter filter, const void *arg,
		 struct kssl_reason *why);
struct kssl_object *__must_check
kssl_object_next(const struct kssl_object_type *type, unsigned long *id,
		 kssl_object_filter filter, const void *arg);
bool kssl_object_visit(const struct kssl_object_type *type, unsigned long *id,
		       unsigned int n,
		       void (*visit)(struct kssl_object *object));
bool __must_check kssl_object_pin(struct kssl_object *object);
void kssl_object_unpin(struct kssl_object *object);
void kssl_object_put(struct kssl_object *object);
void kssl_object_free(struct kssl_object *object);

u32 kssl_object_refs(struct kssl_object *object);
u64 kssl_object_age(const struct kssl_object *object);

#endif /* _KSSL_OBJECT_H */
