// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: readiness
 *
 * What poll(2) and epoll(7) say of a connection's file: that the connection is
 * closed, and until then, of one that keeps its socket, what they say of the
 * socket. A connection that follows its socket knows nothing of that, because
 * the socket ends when its own file descriptors do.
 *
 * Who polls waits on a queue of the connection, not on the socket's: epoll
 * leaves a queue when the file that it was given goes, and the socket can be
 * gone long before. From the first poll on the connection itself waits on the
 * socket's queue and passes on what it hears, until it lets go of the socket's
 * file, which is what the queue belongs to. The watch is made with the
 * connection's first file, as poll has no way to say that there is no memory.
 *
 * The object's lock guards the connection's watch and whether it is in the
 * socket's queue, and comes before the locks of both queues.
 */

#include <linux/net.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include <net/sock.h>

#include "conn.h"
#include "watch.h"

/**
 * struct kssl_watch - who wants to know of a connection's readiness
 * @wait: who polls
 * @entry: in the queue of the socket
 * @queue: that queue, or NULL before and after
 */
struct kssl_watch {
	wait_queue_head_t wait;
	wait_queue_entry_t entry;
	wait_queue_head_t *queue;
};

/* Called with the lock of the socket's queue. */
static int pass_on(wait_queue_entry_t *entry, unsigned int mode, int flags,
		   void *key)
{
	struct kssl_watch *watch = container_of(entry, struct kssl_watch,
						entry);

	wake_up_poll(&watch->wait, key_to_poll(key) ?: ~(__poll_t)0);
	return 0;
}

/**
 * kssl_watch_prepare - let a connection's files be polled
 * @s: the connection
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int kssl_watch_prepare(struct kssl *s)
{
	struct kssl_watch *new;

	if (READ_ONCE(s->watch))
		return 0;
	new = kzalloc_obj(*new, GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	init_waitqueue_head(&new->wait);
	init_waitqueue_func_entry(&new->entry, pass_on);
	spin_lock_bh(&s->object.lock);
	if (!s->watch) {
		/* Pairs with kssl_watch_wake(). */
		smp_store_release(&s->watch, new);
		new = NULL;
	}
	spin_unlock_bh(&s->object.lock);
	kfree(new);
	return 0;
}

/* What a socket says of itself; not vfs_poll(), which may poll its device. */
static __poll_t poll_sock(struct kssl *s, struct kssl_watch *watch)
{
	struct socket *sock = sock_from_file(s->file);

	lockdep_assert_held(&s->object.lock);
	if (!watch->queue) {
		watch->queue = &sock->wq.wait;
		add_wait_queue(watch->queue, &watch->entry);
	}
	/* Pairs with the barrier before wakers look for sleepers. */
	smp_mb();
	return READ_ONCE(sock->ops)->poll(s->file, sock, NULL);
}

static bool is_over(struct kssl *s)
{
	enum kssl_state state = kssl_get_state(s);

	return state == KSSL_STATE_CLOSED || state == KSSL_STATE_ERROR;
}

/**
 * kssl_watch_poll - the readiness of a connection
 * @s: the connection
 * @file: a file that has a reference on it, made after kssl_watch_prepare()
 * @wait: where to wait for a change
 *
 * Context: may sleep.
 * Return: EPOLLHUP once the connection is closed or in error; before, the
 * readiness of the socket if it is kept.
 */
__poll_t kssl_watch_poll(struct kssl *s, struct file *file,
			 struct poll_table_struct *wait)
{
	struct kssl_watch *watch = s->watch;
	__poll_t mask = 0;

	poll_wait(file, &watch->wait, wait);
	/* No reference: who has the last one would have to end the socket. */
	spin_lock_bh(&s->object.lock);
	if (s->file)
		mask = poll_sock(s, watch);
	spin_unlock_bh(&s->object.lock);
	return is_over(s) ? EPOLLHUP : mask;
}

/**
 * kssl_watch_leave - leave the queue of a kept socket
 * @s: the connection, locked, whose file the caller puts afterwards
 */
void kssl_watch_leave(struct kssl *s)
{
	struct kssl_watch *watch = s->watch;

	lockdep_assert_held(&s->object.lock);
	if (!watch || !watch->queue)
		return;
	remove_wait_queue(watch->queue, &watch->entry);
	watch->queue = NULL;
}

/**
 * kssl_watch_wake - wake who polls a connection, whose state has changed
 * @s: the connection
 *
 * Context: any.
 */
void kssl_watch_wake(struct kssl *s)
{
	/* Pairs with kssl_watch_prepare(). */
	struct kssl_watch *watch = smp_load_acquire(&s->watch);

	if (watch)
		wake_up_poll(&watch->wait, ~(__poll_t)0);
}

/**
 * kssl_watch_free - end of a connection's watch
 * @s: the connection, in its release, when no file is left that polls it
 */
void kssl_watch_free(struct kssl *s)
{
	kfree(s->watch);
}
