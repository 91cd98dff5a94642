/* SPDX-License-Identifier: GPL-2.0-only */
/* Until 7.0, but with backports, there were no allocators of typed objects. */
#ifndef _KSSL_COMPAT_LINUX_SLAB_H
#define _KSSL_COMPAT_LINUX_SLAB_H

#include_next <linux/slab.h>

#ifndef kmalloc_obj
#define kmalloc_obj(_obj, _gfp) kmalloc(sizeof(_obj), _gfp)
#define kzalloc_obj(_obj, _gfp) kzalloc(sizeof(_obj), _gfp)
#define kmalloc_flex(_obj, _member, _count, _gfp) \
	kmalloc(struct_size((typeof(_obj) *)NULL, _member, _count), _gfp)
#define kzalloc_flex(_obj, _member, _count, _gfp) \
	kzalloc(struct_size((typeof(_obj) *)NULL, _member, _count), _gfp)
#endif

#endif /* _KSSL_COMPAT_LINUX_SLAB_H */
