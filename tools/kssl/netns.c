// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "netns.h"

#define NETNS_DIR	"/run/netns"

int netns_enter(const char *name)
{
	char path[PATH_MAX];
	int fd, ret = 0;

	if (!*name || *name == '.' || strchr(name, '/') ||
	    strlen(name) > NAME_MAX)
		return usage_error("\"%s\" is not the name of a network namespace",
				   name);
	snprintf(path, sizeof(path), "%s/%s", NETNS_DIR, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return system_error(errno, "network namespace \"%s\"", name);
	if (setns(fd, CLONE_NEWNET))
		ret = system_error(errno, "network namespace \"%s\"", name);
	close(fd);
	return ret;
}
