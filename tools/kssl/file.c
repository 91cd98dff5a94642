// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "args.h"
#include "error.h"
#include "file.h"

bool file_parse(const char *word, struct file *file)
{
	const char *slash = strchr(word, '/');
	uint64_t pid = 0, fd;
	char number[12];

	if (slash) {
		if (slash - word >= (int)sizeof(number))
			return false;
		snprintf(number, sizeof(number), "%.*s", (int)(slash - word),
			 word);
		if (!parse_number(number, INT_MAX, &pid) || !pid)
			return false;
		word = slash + 1;
	}
	if (!parse_number(word, INT_MAX, &fd))
		return false;
	file->pid = pid;
	file->fd = fd;
	return true;
}

int file_error(const struct file *file)
{
	switch (errno) {
	case EPERM:
		return system_error(0, "the files of process %d cannot be had: ptrace(2) says to whom they can",
				    file->pid);
	case ESRCH:
		return system_error(0, "there is no process %d", file->pid);
	case EBADF:
		return system_error(0, "process %d has no file %d", file->pid,
				    file->fd);
	default:
		if (file->fd < 0)
			return system_error(errno, "process %d", file->pid);
		return system_error(errno, "file %d of process %d", file->fd,
				    file->pid);
	}
}

int file_open_process(int pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

int file_take(int process, int fd)
{
	return syscall(SYS_pidfd_getfd, process, fd, 0);
}

int file_get(const struct file *file, int *ret)
{
	int process, fd;

	if (!file->pid) {
		fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			*ret = system_error(errno, "file %d", file->fd);
		return fd;
	}
	process = file_open_process(file->pid);
	fd = process < 0 ? -1 : file_take(process, file->fd);
	if (fd < 0)
		*ret = file_error(file);
	if (process >= 0)
		close(process);
	return fd;
}
