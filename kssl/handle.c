// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: handles
 *
 * File descriptors of contexts and connections. One is a capability: it has a
 * reference on its object, travels as any file descriptor does, and whoever has
 * it can import the object with the rights that it carries (netlink-handle.c).
 *
 * A file may leave the network namespace of its object and outlive everything
 * else in it, so it pins that. It pins no other file, so that files in flight
 * over unix sockets make no cycles through it.
 */

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <net/net_namespace.h>

#include "conn.h"
#include "ctx.h"
#include "handle.h"
#include "watch.h"

/**
 * struct kssl_handle - what a file has
 * @object: its object, with a reference
 * @rights: enum kssl_rights
 */
struct kssl_handle {
	struct kssl_object *object;
	u8 rights;
};

static bool is_ctx(const struct kssl_object *object)
{
	return object->type == &kssl_ctx_type;
}

/* A file holds the connections of a context with keep as a client does. */
static void hold(struct kssl_object *object)
{
	if (is_ctx(object))
		kssl_ctx_up_ref(kssl_ctx_of(object));
	else
		kssl_up_ref(kssl_of(object));
}

static void let_go(struct kssl_object *object)
{
	if (is_ctx(object))
		kssl_ctx_close(kssl_ctx_of(object));
	else
		kssl_free(kssl_of(object));
}

static void handle_free(struct kssl_handle *handle)
{
	struct net *net = handle->object->net;

	let_go(handle->object);
	kfree(handle);
	put_net(net);
}

static int handle_release(struct inode *inode, struct file *file)
{
	handle_free(file->private_data);
	return 0;
}

static __poll_t conn_poll(struct file *file, struct poll_table_struct *wait)
{
	const struct kssl_handle *handle = file->private_data;

	return kssl_watch_poll(kssl_of(handle->object), file, wait);
}

static void show_conn(struct seq_file *seq, struct kssl *s)
{
	seq_printf(seq, "kssl-id:\t%u\n", kssl_id(s));
	seq_printf(seq, "kssl-ctx-id:\t%u\n", kssl_conn_ctx_id(s));
	seq_printf(seq, "kssl-state:\t%u\n", kssl_get_state(s));
}

static void handle_show(struct seq_file *seq, struct file *file)
{
	const struct kssl_handle *handle = file->private_data;

	if (is_ctx(handle->object))
		seq_printf(seq, "kssl-ctx-id:\t%u\n", handle->object->id);
	else
		show_conn(seq, kssl_of(handle->object));
	seq_printf(seq, "kssl-rights:\t%u\n", handle->rights);
}

/* Without poll, so that epoll and systemd's fd store know there is nothing. */
static const struct file_operations ctx_fops = {
	.owner		= THIS_MODULE,
	.release	= handle_release,
	.show_fdinfo	= handle_show,
	.llseek		= noop_llseek,
};

static const struct file_operations conn_fops = {
	.owner		= THIS_MODULE,
	.release	= handle_release,
	.poll		= conn_poll,
	.show_fdinfo	= handle_show,
	.llseek		= noop_llseek,
};

/**
 * kssl_handle_open - make a file of an object
 * @object: the object, of which the caller has a reference
 * @rights: enum kssl_rights, what the file permits
 *
 * Context: may sleep.
 * Return: the file, which has a reference on @object until its last close, or
 * an ERR_PTR(): -ENOMEM, -ENFILE.
 */
struct file *kssl_handle_open(struct kssl_object *object, u8 rights)
{
	struct kssl_handle *handle;
	struct file *file;

	if (!is_ctx(object) && kssl_watch_prepare(kssl_of(object)))
		return ERR_PTR(-ENOMEM);
	handle = kmalloc_obj(*handle, GFP_KERNEL_ACCOUNT);
	if (!handle)
		return ERR_PTR(-ENOMEM);
	handle->object = object;
	handle->rights = rights;
	hold(object);
	get_net(object->net);
	if (is_ctx(object))
		file = anon_inode_getfile("[kssl_ctx]", &ctx_fops, handle,
					  O_RDWR | O_CLOEXEC);
	else
		file = anon_inode_getfile("[kssl]", &conn_fops, handle,
					  O_RDWR | O_CLOEXEC);
	if (IS_ERR(file))
		handle_free(handle);
	return file;
}

/**
 * kssl_handle_object - the object that a file is of
 * @file: any file
 * @rights: takes what the file permits
 *
 * Return: the object, which stays as long as @file does, or NULL if the file
 * is something else.
 */
struct kssl_object *kssl_handle_object(const struct file *file, u8 *rights)
{
	const struct kssl_handle *handle = file->private_data;

	if (file->f_op != &ctx_fops && file->f_op != &conn_fops)
		return NULL;
	*rights = handle->rights;
	return handle->object;
}
