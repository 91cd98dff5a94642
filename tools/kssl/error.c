// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kssl/kssl.h>

#include "error.h"

static void say(int err, const char *fmt, va_list args)
{
	/* Together with what was printed, in the right order. */
	fflush(stdout);
	fputs("kssl: ", stderr);
	vfprintf(stderr, fmt, args);
	if (err)
		fprintf(stderr, ": %s", strerror(err));
	fputc('\n', stderr);
}

int usage_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(0, fmt, args);
	va_end(args);
	return EXIT_USAGE;
}

int system_error(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(err, fmt, args);
	va_end(args);
	return EXIT_KERNEL;
}

void die(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(err, fmt, args);
	va_end(args);
	exit(EXIT_KERNEL);
}

int library_error(void)
{
	const char *attr = kssl_error_attr();

	return system_error(0, "%s%s%s%s", kssl_error_text(),
			    *attr ? " [" : "", attr, *attr ? "]" : "");
}
