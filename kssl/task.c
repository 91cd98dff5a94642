// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: work in the requesting task
 *
 * A generic netlink handler must not wait for a socket, send on it or load a
 * module: it holds a lock that all families share, and one stuck peer would
 * stop them all. Requests that have to are checked and put together in the
 * handler, and finished by task work, which runs in the same task before its
 * system call returns.
 *
 * Task work runs last in, first out, and a batch has many requests. So each
 * task has one piece of task work and a queue of its own, on the list of the
 * client that it asks through, guarded by the client's lock.
 */

#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include <uapi/linux/kssl.h>

#include "client.h"
#include "task.h"

/**
 * struct task_queue - what one task has to finish for one client
 * @node: in the client's tasks
 * @works: the requests, oldest first
 * @count: how many
 * @task: the task, for comparison only
 * @client: the client, with a reference
 * @head: the task work
 */
struct task_queue {
	struct list_head node;
	struct list_head works;
	unsigned int count;
	struct task_struct *task;
	struct kssl_client *client;
	struct callback_head head;
};

static void run_queue(struct callback_head *head)
{
	struct task_queue *queue = container_of(head, struct task_queue, head);
	struct kssl_work *work, *next;

	spin_lock_bh(&queue->client->lock);
	list_del(&queue->node);
	spin_unlock_bh(&queue->client->lock);

	list_for_each_entry_safe(work, next, &queue->works, node)
		work->run(work);
	kssl_client_put(queue->client);
	kfree(queue);
	/* kssl_exit() waits until this function, too, has been left. */
	module_put(THIS_MODULE);
}

/*
 * The current task's queue, or NULL. Only the task itself adds to its queue and
 * only it runs the queue.
 */
static struct task_queue *find_queue(struct kssl_client *client)
{
	struct task_queue *queue, *found = NULL;

	spin_lock_bh(&client->lock);
	list_for_each_entry(queue, &client->tasks, node) {
		if (queue->task == current) {
			found = queue;
			break;
		}
	}
	spin_unlock_bh(&client->lock);
	return found;
}

static void add_work(struct task_queue *queue, struct kssl_work *work)
{
	list_add_tail(&work->node, &queue->works);
	queue->count++;
}

static struct task_queue *queue_new(struct kssl_client *client)
{
	struct task_queue *queue;

	queue = kzalloc_obj(*queue, GFP_KERNEL_ACCOUNT);
	if (!queue)
		return NULL;
	INIT_LIST_HEAD(&queue->works);
	queue->task = current;
	queue->client = kssl_client_get(client);
	init_task_work(&queue->head, run_queue);
	return queue;
}

/**
 * kssl_task_check - may the current task have one more request to finish?
 * @client: the client that the request came from
 *
 * Context: a process's system call.
 * Return: 0; -E2BIG when the system call has brought KSSL_BATCH_MAX of this
 * client already.
 */
int kssl_task_check(struct kssl_client *client)
{
	struct task_queue *queue = find_queue(client);

	return queue && queue->count == KSSL_BATCH_MAX ? -E2BIG : 0;
}

/**
 * kssl_task_queue - let the current task finish a request
 * @client: the client that the request came from
 * @work: the request; on success its run function is called, in the order of
 *	the calls, before the current system call returns
 *
 * Context: a process's system call; may sleep.
 * Return: 0; -EOPNOTSUPP in a kernel thread; -ESRCH when the task is exiting;
 * -ENODEV when the module is being unloaded; -ENOMEM.
 */
int kssl_task_queue(struct kssl_client *client, struct kssl_work *work)
{
	struct task_queue *queue;
	int err;

	if (current->flags & PF_KTHREAD)
		return -EOPNOTSUPP;
	queue = find_queue(client);
	if (queue) {
		add_work(queue, work);
		return 0;
	}
	/* Fails once the module is going, when a pin would come too late. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	queue = queue_new(client);
	if (!queue) {
		err = -ENOMEM;
		goto put_module;
	}

	add_work(queue, work);
	spin_lock_bh(&client->lock);
	list_add_tail(&queue->node, &client->tasks);
	spin_unlock_bh(&client->lock);
	err = task_work_add(current, &queue->head, TWA_RESUME);
	if (!err)
		return 0;

	spin_lock_bh(&client->lock);
	list_del(&queue->node);
	spin_unlock_bh(&client->lock);
	kssl_client_put(client);
	kfree(queue);
put_module:
	module_put(THIS_MODULE);
	return err;
}
