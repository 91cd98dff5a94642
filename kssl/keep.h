/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_KEEP_H
#define _KSSL_KEEP_H

struct file;
struct kssl;
struct kssl_reason;
struct socket;

int __must_check kssl_keep_pin(struct kssl *s, struct socket *sock,
			       struct file **file, struct kssl_reason *why);
struct file *__must_check kssl_keep_file(struct kssl *s,
					 struct kssl_reason *why);
void kssl_keep_put(struct kssl *s, struct file *file);
struct file *kssl_keep_take(struct kssl *s);
void kssl_keep_unpin(struct kssl *s, struct file *file);
void kssl_keep_release(struct kssl *s);

#endif /* _KSSL_KEEP_H */
