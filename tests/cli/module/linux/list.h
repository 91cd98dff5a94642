/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_LINUX_LIST_H
#define TEST_LINUX_LIST_H

struct list_head {
	struct list_head *next;
};

#endif /* TEST_LINUX_LIST_H */
