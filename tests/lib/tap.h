/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Test results as TAP, one line a check, and a plan at the end.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>

static unsigned int tap_count;
static unsigned int tap_failures;

__attribute__((format(printf, 2, 3)))
static inline int tap_result(int passed, const char *name, ...)
{
	va_list args;

	printf("%sok %u - ", passed ? "" : "not ", ++tap_count);
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	putchar('\n');
	/* A check that kills the program must not take these lines with it. */
	fflush(stdout);
	if (!passed)
		tap_failures++;
	return passed;
}

static inline int tap_skip(const char *name, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++tap_count, name, why);
	fflush(stdout);
	return 1;
}

static inline int tap_done(void)
{
	printf("1..%u\n", tap_count);
	return tap_failures ? 1 : 0;
}

/* The condition itself is the name where it says enough. */
#define check(cond)							\
	tap_result(!!(cond), "%s:%d %s", __func__, __LINE__, #cond)
#define check_that(cond, ...)	tap_result(!!(cond), __VA_ARGS__)

#endif /* TAP_H */
