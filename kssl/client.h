/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_CLIENT_H
#define _KSSL_CLIENT_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct kssl_object;
struct kssl_reason;
struct kssl_user;
struct sock;

/* References of one client on one object, and one more is EOVERFLOW. */
#define KSSL_HELD_MAX	S32_MAX

/* Of one size without padding, as it is hashed. */
struct kssl_client_key {
	const struct net *net;
	unsigned long portid;
};

/**
 * struct kssl_client - a netlink socket that has references or had some
 * @node: in the table of clients
 * @key: where it is in that: the socket's namespace and port
 * @ref: the table's, one for each task queue, and those of
 *	kssl_binding_client()
 * @sk: the socket, held, so that its address stays its own
 * @cred: credentials of who opened the socket
 * @user: the user, so that its objects find it
 * @lock: guards @holds, @bindings and @tasks; taken inside of an object's lock
 * @holds: its holds, by their client_node
 * @bindings: what its callbacks are bound to (callback.c)
 * @tasks: requests that are to be finished in their tasks
 * @rcu: frees it after the last lookup
 */
struct kssl_client {
	struct rhlist_head node;
	struct kssl_client_key key;
	refcount_t ref;
	struct sock *sk;
	const struct cred *cred;
	struct kssl_user *user;
	spinlock_t lock;	/* see above */
	struct list_head holds;
	struct list_head bindings;
	struct list_head tasks;
	struct rcu_head rcu;
};

int kssl_client_init(void);
void kssl_client_exit(void);

struct kssl_client *__must_check kssl_client_obtain(struct sock *sk,
						    u32 portid);
struct kssl_client *kssl_client_find(struct sock *sk, u32 portid);
struct kssl_client *kssl_client_get(struct kssl_client *client);
void kssl_client_put(struct kssl_client *client);

int __must_check kssl_client_take(struct kssl_client *client,
				  struct kssl_object *object, u8 rights);
int kssl_client_drop(struct kssl_client *client, struct kssl_object *object);
int __must_check kssl_client_unhold(struct kssl_client *client,
				    struct kssl_object *object, u8 *rights);
void kssl_client_let_go(const struct kssl_client *client,
			struct kssl_object *object);
void kssl_client_untake(struct kssl_client *client,
			struct kssl_object *object, u8 rights);
u32 kssl_client_held(const struct kssl_client *client,
		     struct kssl_object *object);
u8 kssl_client_rights(const struct kssl_client *client,
		      struct kssl_object *object);
void kssl_client_release(struct kssl_client *client);

#endif /* _KSSL_CLIENT_H */
