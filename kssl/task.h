/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_TASK_H
#define _KSSL_TASK_H

#include <linux/list.h>

struct kssl_client;

/**
 * struct kssl_work - a request that its task finishes on its way to userspace
 * @node: in the task's queue
 * @run: finishes the request and frees what contains this
 */
struct kssl_work {
	struct list_head node;
	void (*run)(struct kssl_work *work);
};

int __must_check kssl_task_check(struct kssl_client *client);
int __must_check kssl_task_queue(struct kssl_client *client,
				 struct kssl_work *work);

#endif /* _KSSL_TASK_H */
