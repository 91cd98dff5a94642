/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What went wrong, on standard error, and the exit status that says so.
 */
#ifndef TOOL_ERROR_H
#define TOOL_ERROR_H

enum {
	EXIT_USAGE = 1,		/* what was typed makes no sense */
	EXIT_KERNEL = 2,	/* it was refused */
	EXIT_INACTIVE = 3,	/* explain: kernel TLS is not active */
};

/*
 * usage_error - say what is wrong with a command; returns EXIT_USAGE
 * library_error - say why libkssl's last call failed; returns EXIT_KERNEL
 * system_error - say what failed, and errno's text unless @err is 0; returns
 *	EXIT_KERNEL
 * die - the same, then exit
 */
__attribute__((format(printf, 1, 2)))
int usage_error(const char *fmt, ...);
int library_error(void);
__attribute__((format(printf, 2, 3)))
int system_error(int err, const char *fmt, ...);
__attribute__((format(printf, 2, 3), noreturn))
void die(int err, const char *fmt, ...);

#endif /* TOOL_ERROR_H */
