// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: ex_data of kernel users
 *
 * A kernel user that wants to keep something with contexts and connections
 * takes an index, with functions to duplicate and to free what is there. The
 * pointers of an object are in a table of their own, beside the snapshots, made
 * when the first one is set. Indices are the same for contexts and for
 * connections, and new does not copy a context's.
 *
 * exdata_lock guards indices and tables. The functions are called without it,
 * in an SRCU section, so an index goes in this order: nothing more is set;
 * dups that were at work end; what objects have is taken from them and freed;
 * releases that were at work end. Only then are its functions forgotten.
 * The lock is innermost and taken with bottom halves off, because an object
 * can be released in any context. drain_mutex is taken before it.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>

#include "conn.h"
#include "ctx.h"
#include "exdata.h"

/**
 * struct ex_index - an index
 * @used: somebody has it
 * @open: pointers can be set
 * @arg: what the functions are called with
 * @dup: duplicates a pointer, or NULL
 * @free: frees a pointer, or NULL
 */
struct ex_index {
	bool used;
	bool open;
	void *arg;
	kssl_ex_dup_t dup;
	kssl_ex_free_t free;
};

static DEFINE_SPINLOCK(exdata_lock);	/* protects all that follows */
static struct ex_index indices[KSSL_EX_INDICES];
static LIST_HEAD(tables);

/* One drain has tables out of sight while it goes through them. */
static DEFINE_MUTEX(drain_mutex);

DEFINE_STATIC_SRCU(exdata_srcu);

static bool is_open(int index)
{
	return index >= 0 && index < KSSL_EX_INDICES &&
		READ_ONCE(indices[index].open);
}

/**
 * kssl_get_ex_new_index - take an index for ex_data
 * @arg: what the functions are called with
 * @dup: makes what a dup gets from what the connection has, may sleep; returns
 *	that, NULL for nothing, or an ERR_PTR() with which the dup fails. When
 *	it is NULL, the dup gets the same pointer
 * @free: frees what an object had, in any context; or NULL
 *
 * Follows SSL_get_ex_new_index(3). There are KSSL_EX_INDICES of them for all
 * kernel users; the index ends with kssl_free_ex_index().
 *
 * Context: any.
 * Return: the index; -EINVAL with @free but without @dup, when a pointer would
 * be freed twice; -ENOSPC.
 */
int kssl_get_ex_new_index(void *arg, kssl_ex_dup_t dup, kssl_ex_free_t free)
{
	int index;

	if (free && !dup)
		return -EINVAL;
	spin_lock_bh(&exdata_lock);
	for (index = 0; index < KSSL_EX_INDICES; index++)
		if (!indices[index].used)
			break;
	if (index < KSSL_EX_INDICES)
		indices[index] = (struct ex_index){
			true, true, arg, dup, free };
	spin_unlock_bh(&exdata_lock);
	return index < KSSL_EX_INDICES ? index : -ENOSPC;
}
EXPORT_SYMBOL_GPL(kssl_get_ex_new_index);

static void free_ptr(int index, void *ptr)
{
	if (ptr && indices[index].free)
		indices[index].free(ptr, indices[index].arg);
}

/* Takes and frees the pointers of all objects. */
static void drain(int index)
{
	struct kssl_exdata *table;
	LIST_HEAD(todo);
	void *ptr;

	spin_lock_bh(&exdata_lock);
	list_splice_init(&tables, &todo);
	while ((table = list_first_entry_or_null(&todo, struct kssl_exdata,
						 node))) {
		list_move(&table->node, &tables);
		ptr = table->ptr[index];
		WRITE_ONCE(table->ptr[index], NULL);
		spin_unlock_bh(&exdata_lock);
		free_ptr(index, ptr);
		cond_resched();
		spin_lock_bh(&exdata_lock);
	}
	spin_unlock_bh(&exdata_lock);
}

/**
 * kssl_free_ex_index - give an index back
 * @index: the index, which the caller uses no more
 *
 * What objects have there is freed. On return none of its functions runs or
 * will be called, so the module that they are in may go.
 *
 * Context: may sleep; not in one of the functions.
 */
void kssl_free_ex_index(int index)
{
	spin_lock_bh(&exdata_lock);
	WRITE_ONCE(indices[index].open, false);
	spin_unlock_bh(&exdata_lock);
	/* A dup may be reading what is about to be freed. */
	synchronize_srcu(&exdata_srcu);
	mutex_lock(&drain_mutex);
	drain(index);
	mutex_unlock(&drain_mutex);
	synchronize_srcu(&exdata_srcu);
	spin_lock_bh(&exdata_lock);
	indices[index] = (struct ex_index){};
	spin_unlock_bh(&exdata_lock);
}
EXPORT_SYMBOL_GPL(kssl_free_ex_index);

static struct kssl_exdata *table_of(struct kssl_object *object)
{
	/* Pairs with need_table(). */
	return smp_load_acquire(&object->exdata);
}

/* Gives an object a table unless it has one. */
static int need_table(struct kssl_object *object)
{
	struct kssl_exdata *table;

	if (table_of(object))
		return 0;
	table = kzalloc_obj(*table, GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;
	spin_lock_bh(&exdata_lock);
	if (!object->exdata) {
		list_add(&table->node, &tables);
		/* Pairs with table_of(). */
		smp_store_release(&object->exdata, table);
		table = NULL;
	}
	spin_unlock_bh(&exdata_lock);
	kfree(table);
	return 0;
}

static int set_ptr(struct kssl_object *object, int index, void *ptr)
{
	int err = -EINVAL;

	spin_lock_bh(&exdata_lock);
	if (is_open(index)) {
		WRITE_ONCE(object->exdata->ptr[index], ptr);
		err = 0;
	}
	spin_unlock_bh(&exdata_lock);
	return err;
}

static int exdata_set(struct kssl_object *object, int index, void *ptr)
{
	int err;

	if (!is_open(index))
		return -EINVAL;
	err = need_table(object);
	return err ?: set_ptr(object, index, ptr);
}

static void *exdata_get(struct kssl_object *object, int index)
{
	struct kssl_exdata *table = table_of(object);

	if (!table || index < 0 || index >= KSSL_EX_INDICES)
		return NULL;
	return READ_ONCE(table->ptr[index]);
}

/**
 * kssl_set_ex_data - keep a pointer with a connection
 * @s: the connection
 * @index: an index that the caller has
 * @ptr: the pointer, freed with @s; the caller frees what was there before
 *
 * Follows SSL_set_ex_data(3).
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for an index that nobody has; -ENOMEM. On failure @ptr
 * stays the caller's.
 */
int kssl_set_ex_data(struct kssl *s, int index, void *ptr)
{
	return exdata_set(&s->object, index, ptr);
}
EXPORT_SYMBOL_GPL(kssl_set_ex_data);

/**
 * kssl_get_ex_data - the pointer that is kept with a connection
 * @s: the connection
 * @index: an index that the caller has
 *
 * Follows SSL_get_ex_data(3).
 *
 * Context: any.
 * Return: the pointer, NULL if none was set.
 */
void *kssl_get_ex_data(struct kssl *s, int index)
{
	return exdata_get(&s->object, index);
}
EXPORT_SYMBOL_GPL(kssl_get_ex_data);

/**
 * kssl_ctx_set_ex_data - keep a pointer with a context
 * @ctx: the context
 * @index: an index that the caller has
 * @ptr: the pointer, freed with @ctx; the caller frees what was there before
 *
 * Follows SSL_CTX_set_ex_data(3).
 *
 * Context: may sleep.
 * Return: as kssl_set_ex_data().
 */
int kssl_ctx_set_ex_data(struct kssl_ctx *ctx, int index, void *ptr)
{
	return exdata_set(&ctx->object, index, ptr);
}
EXPORT_SYMBOL_GPL(kssl_ctx_set_ex_data);

/**
 * kssl_ctx_get_ex_data - the pointer that is kept with a context
 * @ctx: the context
 * @index: an index that the caller has
 *
 * Follows SSL_CTX_get_ex_data(3).
 *
 * Context: any.
 * Return: the pointer, NULL if none was set.
 */
void *kssl_ctx_get_ex_data(struct kssl_ctx *ctx, int index)
{
	return exdata_get(&ctx->object, index);
}
EXPORT_SYMBOL_GPL(kssl_ctx_get_ex_data);

static int dup_ptr(struct kssl_object *to, int index, void *ptr)
{
	if (!ptr)
		return 0;
	if (indices[index].dup) {
		ptr = indices[index].dup(ptr, indices[index].arg);
		if (IS_ERR_OR_NULL(ptr))
			return PTR_ERR_OR_ZERO(ptr);
	}
	/* The index may be on its way out. */
	if (set_ptr(to, index, ptr))
		free_ptr(index, ptr);
	return 0;
}

/**
 * kssl_exdata_dup - duplicate the pointers of an object
 * @to: a new object, not published yet
 * @from: the object
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, or what a dup function says; @to then has some of them,
 * for kssl_exdata_release().
 */
int kssl_exdata_dup(struct kssl_object *to, struct kssl_object *from)
{
	struct kssl_exdata *table = table_of(from);
	int index, idx, err;

	if (!table)
		return 0;
	err = need_table(to);
	idx = srcu_read_lock(&exdata_srcu);
	for (index = 0; index < KSSL_EX_INDICES && !err; index++)
		if (is_open(index))
			err = dup_ptr(to, index,
				      READ_ONCE(table->ptr[index]));
	srcu_read_unlock(&exdata_srcu, idx);
	return err;
}

/**
 * kssl_exdata_release - free the pointers of an object
 * @object: one in its release
 *
 * Context: any.
 */
void kssl_exdata_release(struct kssl_object *object)
{
	struct kssl_exdata *table = object->exdata;
	int index, idx;

	if (!table)
		return;
	/* Begins before the table is out of sight of whom waits for it. */
	idx = srcu_read_lock(&exdata_srcu);
	spin_lock_bh(&exdata_lock);
	list_del(&table->node);
	spin_unlock_bh(&exdata_lock);
	for (index = 0; index < KSSL_EX_INDICES; index++)
		free_ptr(index, table->ptr[index]);
	srcu_read_unlock(&exdata_srcu, idx);
	kfree(table);
}
