/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Until 6.7 a reference on a file that may be at its end was tried for under
 * another name, and until 6.8 receive_fd() had no argument for an address in
 * userspace.
 */
#ifndef _KSSL_COMPAT_LINUX_FILE_H
#define _KSSL_COMPAT_LINUX_FILE_H

#include_next <linux/file.h>

#ifdef KSSL_HAVE___RECEIVE_FD
static inline int kssl_receive_fd(struct file *file, int __user *ufd,
				  unsigned int o_flags)
{
	return receive_fd(file, o_flags);
}

#define receive_fd kssl_receive_fd
#endif

#ifndef KSSL_HAVE_GET_FILE_ACTIVE
#include <linux/fs.h>

static inline struct file *get_file_active(struct file **f)
{
	struct file *file = READ_ONCE(*f);

	return file && get_file_rcu(file) ? file : NULL;
}
#endif

#endif /* _KSSL_COMPAT_LINUX_FILE_H */
