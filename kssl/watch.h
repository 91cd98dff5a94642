/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_WATCH_H
#define _KSSL_WATCH_H

#include <linux/poll.h>

struct file;
struct kssl;

int __must_check kssl_watch_prepare(struct kssl *s);
__poll_t kssl_watch_poll(struct kssl *s, struct file *file,
			 struct poll_table_struct *wait);
void kssl_watch_leave(struct kssl *s);
void kssl_watch_wake(struct kssl *s);
void kssl_watch_free(struct kssl *s);

#endif /* _KSSL_WATCH_H */
