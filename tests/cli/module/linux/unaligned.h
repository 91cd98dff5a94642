/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Enough of the kernel's headers to compile the module's tables here. It is
 * included before all others.
 */
#ifndef TEST_LINUX_UNALIGNED_H
#define TEST_LINUX_UNALIGNED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define BIT_ULL(n)	(1ULL << (n))
#define U32_MAX		UINT32_MAX
#define S32_MAX		INT32_MAX
#define S64_MAX		INT64_MAX
#define __must_check
#define __init
#define __rcu
#define __aligned(n)	__attribute__((aligned(n)))

static inline u16 get_unaligned_be16(const void *at)
{
	const u8 *byte = at;

	return byte[0] << 8 | byte[1];
}

#endif /* TEST_LINUX_UNALIGNED_H */
