// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: limits
 *
 * How many objects there may be, of a network namespace and of a user. A user
 * is one in a user namespace, and what it has counts for who made that
 * namespace as well, up to the topmost one: new namespaces give nobody more.
 * Memory is not counted here but charged to cgroups.
 *
 * An object costs one atomic operation for each level and one for its network
 * namespace. Users are found by RCU and kept by the clients that are theirs;
 * users_lock, which is innermost and taken in any context, guards their table.
 *
 * The administrator sets the limits by sysctl: net.kssl.max_objects in each
 * network namespace, which a new one has from the first one and can only be
 * read in those of other user namespaces, and net.kssl.max_objects_per_user.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/user_namespace.h>

#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "limit.h"
#include "reason.h"

#define USER_HASH_BITS		8
#define MAX_OBJECTS		4194304
#define MAX_OBJECTS_PER_USER	2097152

/**
 * struct limit_net - the objects of a network namespace
 * @objects: how many there are
 * @max: how many there may be
 * @table: its sysctls
 * @header: the same, registered
 */
struct limit_net {
	atomic_t objects;
	int max;
	void *table;
	struct ctl_table_header *header;
};

static unsigned int limit_net_id __read_mostly;
static int max_per_user __read_mostly = MAX_OBJECTS_PER_USER;

static DEFINE_HASHTABLE(users, USER_HASH_BITS);
static DEFINE_SPINLOCK(users_lock);	/* protects users */

static u32 user_hash(const struct user_namespace *ns, kuid_t uid)
{
	return hash_ptr(ns, 32) ^ __kuid_val(uid);
}

/* With a reference for the caller. */
static struct kssl_user *user_find(const struct user_namespace *ns,
				   kuid_t uid)
{
	struct kssl_user *user;

	rcu_read_lock();
	hash_for_each_possible_rcu(users, user, node, user_hash(ns, uid))
		if (user->ns == ns && uid_eq(user->uid, uid) &&
		    refcount_inc_not_zero(&user->ref))
			break;
	rcu_read_unlock();
	return user;
}

static struct kssl_user *user_new(struct user_namespace *ns, kuid_t uid,
				  struct kssl_user *parent)
{
	struct kssl_user *user;

	user = kzalloc_obj(*user, GFP_KERNEL_ACCOUNT);
	if (!user)
		return NULL;
	refcount_set(&user->ref, 1);
	user->uid = uid;
	user->ns = get_user_ns(ns);
	user->parent = parent;
	return user;
}

static void user_free(struct kssl_user *user)
{
	put_user_ns(user->ns);
	kfree_rcu(user, rcu);
}

/* Takes over the reference on @parent. */
static struct kssl_user *user_add(struct user_namespace *ns, kuid_t uid,
				  struct kssl_user *parent)
{
	struct kssl_user *new = user_new(ns, uid, parent), *other;

	if (!new) {
		kssl_user_put(parent);
		return NULL;
	}
	spin_lock_bh(&users_lock);
	other = user_find(ns, uid);
	if (!other)
		hash_add_rcu(users, &new->node, user_hash(ns, uid));
	spin_unlock_bh(&users_lock);
	if (!other)
		return new;
	user_free(new);
	kssl_user_put(parent);
	return other;
}

/* The namespace above @ns on a level; *@uid is who made the one below it. */
static struct user_namespace *ns_on_level(struct user_namespace *ns,
					  int level, kuid_t *uid)
{
	while (ns->level > level) {
		*uid = ns->owner;
		ns = ns->parent;
	}
	return ns;
}

/**
 * kssl_user_obtain - find the user of credentials, or make it known
 * @cred: the credentials
 *
 * Context: may sleep.
 * Return: the user with a reference for the caller, or NULL without memory.
 */
struct kssl_user *kssl_user_obtain(const struct cred *cred)
{
	struct kssl_user *user = user_find(cred->user_ns, cred->euid);
	struct kssl_user *parent = NULL;
	struct user_namespace *ns;
	kuid_t uid;
	int level;

	if (user)
		return user;
	for (level = 0; level <= cred->user_ns->level; level++) {
		uid = cred->euid;
		ns = ns_on_level(cred->user_ns, level, &uid);
		user = user_find(ns, uid);
		if (user)
			kssl_user_put(parent);
		else
			user = user_add(ns, uid, parent);
		if (!user)
			return NULL;
		parent = user;
	}
	return user;
}

/**
 * kssl_user_put - drop a reference on a user
 * @user: the user, or NULL
 *
 * Context: any.
 */
void kssl_user_put(struct kssl_user *user)
{
	struct kssl_user *parent;

	while (user && refcount_dec_and_test(&user->ref)) {
		parent = user->parent;
		spin_lock_bh(&users_lock);
		hash_del_rcu(&user->node);
		spin_unlock_bh(&users_lock);
		user_free(user);
		user = parent;
	}
}

/* Counts one more unless there are @max. */
static bool add_below(atomic_t *count, int max)
{
	if (likely(atomic_inc_return(count) <= max))
		return true;
	atomic_dec(count);
	return false;
}

static void uncharge_users(struct kssl_user *user,
			   const struct kssl_user *end)
{
	for (; user != end; user = user->parent)
		atomic_dec(&user->objects);
}

static int charge_users(struct kssl_user *user)
{
	struct kssl_user *level;

	for (level = user; level; level = level->parent) {
		if (add_below(&level->objects, READ_ONCE(max_per_user)))
			continue;
		uncharge_users(user, level);
		return -EDQUOT;
	}
	return 0;
}

/**
 * kssl_limit_charge - count one more object
 * @user: whose it is
 * @net: the network namespace it belongs to
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: any.
 * Return: 0; -EDQUOT when the user, or who made the user's namespace, has as
 * many as may be; -ENOSPC when the network namespace has.
 */
int kssl_limit_charge(struct kssl_user *user, struct net *net,
		      struct kssl_reason *why)
{
	struct limit_net *limit = net_generic(net, limit_net_id);

	if (charge_users(user))
		return kssl_refuse(why, -EDQUOT, 0,
				   "more than net.kssl.max_objects_per_user allows");
	if (add_below(&limit->objects, READ_ONCE(limit->max)))
		return 0;
	uncharge_users(user, NULL);
	return kssl_refuse(why, -ENOSPC, 0,
			   "more than net.kssl.max_objects allows");
}

/**
 * kssl_limit_uncharge - count one object less
 * @user: whose it was
 * @net: the network namespace it belonged to
 *
 * Context: any.
 */
void kssl_limit_uncharge(struct kssl_user *user, struct net *net)
{
	struct limit_net *limit = net_generic(net, limit_net_id);

	atomic_dec(&limit->objects);
	uncharge_users(user, NULL);
}

static void uncharge_files(struct kssl_user *user, const struct kssl_user *end)
{
	for (; user != end; user = user->parent)
		atomic_dec(&user->files);
}

static bool charge_files(struct kssl_user *user, int max)
{
	struct kssl_user *level;

	for (level = user; level; level = level->parent) {
		if (add_below(&level->files, max))
			continue;
		uncharge_files(user, level);
		return false;
	}
	return true;
}

/**
 * kssl_limit_charge_file - count one more file that is pinned
 * @user: whose it is
 *
 * Return: 0; -ETOOMANYREFS when there are as many as RLIMIT_NOFILE of the
 * caller, who has neither CAP_SYS_RESOURCE nor CAP_SYS_ADMIN.
 */
int kssl_limit_charge_file(struct kssl_user *user)
{
	if (charge_files(user, min_t(unsigned long, rlimit(RLIMIT_NOFILE),
				     INT_MAX)))
		return 0;
	/* Who is refused is told to the audit, so ask only now. */
	if ((capable(CAP_SYS_RESOURCE) || capable(CAP_SYS_ADMIN)) &&
	    charge_files(user, INT_MAX))
		return 0;
	return -ETOOMANYREFS;
}

/**
 * kssl_limit_uncharge_file - count one pinned file less
 * @user: whose it was
 *
 * Context: any.
 */
void kssl_limit_uncharge_file(struct kssl_user *user)
{
	uncharge_files(user, NULL);
}

/* Old kernels want an end. */
static void *table_new(struct limit_net *limit, const struct net *net)
{
	const struct ctl_table table[] = {
		{
			.procname	= "max_objects",
			.data		= &limit->max,
			.maxlen		= sizeof(limit->max),
			.mode		= net->user_ns == &init_user_ns ?
				0644 : 0444,
			.proc_handler	= proc_dointvec_minmax,
			.extra1		= SYSCTL_ZERO,
		},
		{
			.procname	= "max_objects_per_user",
			.data		= &max_per_user,
			.maxlen		= sizeof(max_per_user),
			.mode		= net_eq(net, &init_net) ?
				0644 : 0444,
			.proc_handler	= proc_dointvec_minmax,
			.extra1		= SYSCTL_ZERO,
		},
		{}
	};

	return kmemdup(table, sizeof(table), GFP_KERNEL_ACCOUNT);
}

static int __net_init limit_net_init(struct net *net)
{
	struct limit_net *limit = net_generic(net, limit_net_id);
	const struct limit_net *first = net_generic(&init_net, limit_net_id);

	limit->max = net_eq(net, &init_net) ? MAX_OBJECTS :
		READ_ONCE(first->max);
	limit->table = table_new(limit, net);
	if (!limit->table)
		return -ENOMEM;
	limit->header = register_net_sysctl_sz(net, "net/kssl", limit->table,
					       2);
	if (limit->header)
		return 0;
	kfree(limit->table);
	return -ENOMEM;
}

/* Objects do not outlive their namespace. */
static void __net_exit limit_net_exit(struct net *net)
{
	struct limit_net *limit = net_generic(net, limit_net_id);

	unregister_net_sysctl_table(limit->header);
	kfree(limit->table);
	WARN_ON_ONCE(atomic_read(&limit->objects));
}

static struct pernet_operations limit_net_ops = {
	.init	= limit_net_init,
	.exit	= limit_net_exit,
	.id	= &limit_net_id,
	.size	= sizeof(struct limit_net),
};

int __init kssl_limit_init(void)
{
	return register_pernet_subsys(&limit_net_ops);
}

void kssl_limit_exit(void)
{
	unregister_pernet_subsys(&limit_net_ops);
}
