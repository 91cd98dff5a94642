/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files by their descriptor, of this process or of another.
 */
#ifndef TOOL_FILE_H
#define TOOL_FILE_H

#include <stdbool.h>

struct file {
	int pid;	/* 0 for a file of our own */
	int fd;
};

/*
 * file_parse - read FD or PID/FD; false if it is neither
 * file_get - a file descriptor of our own for it, or -1 with the reason said
 *	and an exit status in *@ret
 *
 * In parts, for many files of one process; both return -1 with errno set:
 *
 * file_open_process - a file descriptor of the process, which stays the same
 *	one whatever becomes of its number
 * file_take - a file descriptor of our own for file @fd of such a @process
 * file_error - say by errno why a file cannot be had, or its process if its
 *	number is -1; returns an exit status
 */
bool file_parse(const char *word, struct file *file);
int file_get(const struct file *file, int *ret);
int file_open_process(int pid);
int file_take(int process, int fd);
int file_error(const struct file *file);

#endif /* TOOL_FILE_H */
