/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_LINUX_REFCOUNT_H
#define TEST_LINUX_REFCOUNT_H

typedef struct {
	int count;
} refcount_t;

#endif /* TEST_LINUX_REFCOUNT_H */
