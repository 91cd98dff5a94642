/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_HANDLE_H
#define _KSSL_HANDLE_H

#include <linux/types.h>

struct file;
struct kssl_object;

struct file *__must_check kssl_handle_open(struct kssl_object *object,
					   u8 rights);
struct kssl_object *kssl_handle_object(const struct file *file, u8 *rights);

#endif /* _KSSL_HANDLE_H */
