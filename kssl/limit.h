/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_LIMIT_H
#define _KSSL_LIMIT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>

struct cred;
struct kssl_reason;
struct net;
struct user_namespace;

/**
 * struct kssl_user - a user in a user namespace, and its objects
 * @node: in the table of users
 * @ref: clients and objects of this user, and users below it
 * @objects: objects of this user and of users below it
 * @files: sockets that their connections keep, likewise
 * @uid: the user
 * @ns: the namespace
 * @parent: who made the namespace, in the one above; NULL in the topmost
 * @rcu: frees it after the last lookup
 */
struct kssl_user {
	struct hlist_node node;
	refcount_t ref;
	atomic_t objects;
	atomic_t files;
	kuid_t uid;
	struct user_namespace *ns;
	struct kssl_user *parent;
	struct rcu_head rcu;
};

int kssl_limit_init(void);
void kssl_limit_exit(void);

struct kssl_user *__must_check kssl_user_obtain(const struct cred *cred);
void kssl_user_put(struct kssl_user *user);

int __must_check kssl_limit_charge(struct kssl_user *user, struct net *net,
				   struct kssl_reason *why);
void kssl_limit_uncharge(struct kssl_user *user, struct net *net);

int __must_check kssl_limit_charge_file(struct kssl_user *user);
void kssl_limit_uncharge_file(struct kssl_user *user);

#endif /* _KSSL_LIMIT_H */
