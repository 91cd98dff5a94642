// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "error.h"
#include "pids.h"

struct sock {
	uint32_t inode;
	uint64_t cookie;
};

struct user {
	uint64_t cookie;
	uint32_t pid;
};

struct pids {
	struct sock *socks;	/* by inode */
	size_t n_socks;
	struct user *users;	/* by cookie and pid */
	size_t n_users;
	uint32_t *pid;		/* those of users */
};

/* Room for one more in an array that doubles. */
static void *grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	array = realloc(array, (n ? 2 * n : 1) * size);
	if (!array)
		die(0, "out of memory");
	return array;
}

static void add_sock(const struct diag_sock *sock, void *arg)
{
	struct pids *pids = arg;

	/* Nobody has those that are not accepted yet or are orphans. */
	if (!sock->inode)
		return;
	pids->socks = grow(pids->socks, pids->n_socks, sizeof(*pids->socks));
	pids->socks[pids->n_socks].inode = sock->inode;
	pids->socks[pids->n_socks++].cookie = sock->cookie;
}

static int compare_socks(const void *a, const void *b)
{
	const struct sock *x = a, *y = b;

	return (x->inode > y->inode) - (x->inode < y->inode);
}

static int compare_users(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	if (x->cookie != y->cookie)
		return x->cookie < y->cookie ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static void sort(void *array, size_t n, size_t size,
		 int (*compare)(const void *a, const void *b))
{
	if (n)
		qsort(array, n, size, compare);
}

static void add_user(struct pids *pids, uint32_t inode, uint32_t pid)
{
	const struct sock wanted = { .inode = inode }, *sock = NULL;

	if (pids->n_socks)
		sock = bsearch(&wanted, pids->socks, pids->n_socks,
			       sizeof(wanted), compare_socks);
	if (!sock)
		return;
	pids->users = grow(pids->users, pids->n_users, sizeof(*pids->users));
	pids->users[pids->n_users].cookie = sock->cookie;
	pids->users[pids->n_users++].pid = pid;
}

/* What is gone meanwhile, or is not to be seen, has no users for us. */
static void read_process(struct pids *pids, const char *name)
{
	char path[32], target[32];
	unsigned int inode;
	struct dirent *fd;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.10s/fd", name);
	dir = opendir(path);
	if (!dir)
		return;
	while ((fd = readdir(dir))) {
		len = readlinkat(dirfd(dir), fd->d_name, target,
				 sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (sscanf(target, "socket:[%u]", &inode) == 1)
			add_user(pids, inode, strtoul(name, NULL, 10));
	}
	closedir(dir);
}

static bool read_processes(struct pids *pids)
{
	struct dirent *process;
	DIR *dir;

	dir = opendir("/proc");
	if (!dir) {
		system_error(errno, "/proc");
		return false;
	}
	while ((process = readdir(dir)))
		if (isdigit((unsigned char)*process->d_name))
			read_process(pids, process->d_name);
	closedir(dir);
	return true;
}

/* A process may have a socket several times, and is named once. */
static void list_users(struct pids *pids)
{
	struct user *users = pids->users;
	size_t i, n = 0;

	sort(users, pids->n_users, sizeof(*users), compare_users);
	for (i = 0; i < pids->n_users; i++)
		if (!n || compare_users(&users[n - 1], &users[i]))
			users[n++] = users[i];
	pids->n_users = n;
	pids->pid = calloc(n + 1, sizeof(*pids->pid));
	if (!pids->pid)
		die(0, "out of memory");
	for (i = 0; i < n; i++)
		pids->pid[i] = users[i].pid;
}

struct pids *pids_read(void)
{
	struct pids *pids = calloc(1, sizeof(*pids));
	int err;

	if (!pids)
		die(0, "out of memory");
	err = diag_dump(add_sock, pids);
	if (err)
		system_error(err, "cannot look at TCP sockets");
	sort(pids->socks, pids->n_socks, sizeof(*pids->socks), compare_socks);
	if (err || !read_processes(pids)) {
		pids_free(pids);
		return NULL;
	}
	list_users(pids);
	return pids;
}

/* The first user of a socket with this cookie, or where it would be. */
static size_t find_first(const struct pids *pids, uint64_t cookie)
{
	size_t low = 0, high = pids->n_users, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (pids->users[middle].cookie < cookie)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t pids_of(const struct pids *pids, uint64_t cookie, const uint32_t **pid)
{
	size_t first = find_first(pids, cookie), n = first;

	while (n < pids->n_users && pids->users[n].cookie == cookie)
		n++;
	*pid = &pids->pid[first];
	return n - first;
}

void pids_free(struct pids *pids)
{
	if (!pids)
		return;
	free(pids->socks);
	free(pids->users);
	free(pids->pid);
	free(pids);
}
