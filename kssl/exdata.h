/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_EXDATA_H
#define _KSSL_EXDATA_H

#include <linux/list.h>

#include <net/kssl.h>

struct kssl_object;

/**
 * struct kssl_exdata - pointers that kernel users keep with an object
 * @node: in the list of all of them
 * @ptr: the pointers, by index
 *
 * All is guarded by the lock of that list, but that @ptr can be read without.
 */
struct kssl_exdata {
	struct list_head node;
	void *ptr[KSSL_EX_INDICES];
};

int __must_check kssl_exdata_dup(struct kssl_object *to,
				 struct kssl_object *from);
void kssl_exdata_release(struct kssl_object *object);

#endif /* _KSSL_EXDATA_H */
