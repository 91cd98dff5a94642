// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "handover.h"
#include "http.h"

static const char *reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 413:
		return "Content Too Large";
	case 431:
		return "Request Header Fields Too Large";
	default:
		return "Bad Request";
	}
}

size_t http_head(const struct response *r, char *buf, size_t size)
{
	return snprintf(buf, size,
			"HTTP/1.1 %d %s\r\n"
			"Content-Type: application/octet-stream\r\n"
			"Content-Length: %lld\r\n"
			"Connection: %s\r\n\r\n",
			r->status, reason(r->status), (long long)r->size,
			r->keep_alive ? "keep-alive" : "close");
}

/* --- files ---------------------------------------------------------------- */

/* Resolves %XX in place; returns 0 if that is wrong or gives a NUL. */
static int unescape(char *path)
{
	char *out = path;
	unsigned int c;

	for (; *path; path++) {
		c = *path;
		if (c == '%') {
			if (!isxdigit((unsigned char)path[1]) ||
			    !isxdigit((unsigned char)path[2]) ||
			    sscanf(path + 1, "%2x", &c) != 1 || !c)
				return 0;
			path += 2;
		}
		*out++ = c;
	}
	*out = '\0';
	return 1;
}

/* Opens what the request names, and nothing outside of the root. */
static int open_file(int root, const char *path, struct stat *st)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	path += strspn(path, "/");
	if (!*path)
		path = "index.html";
	fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd < 0 || (!fstat(fd, st) && S_ISREG(st->st_mode)))
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

static void refuse(struct response *r, int status)
{
	r->status = status;
	r->keep_alive = 0;
}

static int respond_file(struct response *r, int root)
{
	struct stat st;
	int fd = open_file(root, r->path, &st);

	if (fd < 0) {
		refuse(r, 404);
		return -1;
	}
	r->status = 200;
	r->size = st.st_size;
	r->dev = st.st_dev;
	r->ino = st.st_ino;
	r->mtime_sec = st.st_mtim.tv_sec;
	r->mtime_nsec = st.st_mtim.tv_nsec;
	return fd;
}

static int is_same(const struct response *r, const struct stat *st)
{
	return st->st_size == r->size && st->st_dev == r->dev &&
		st->st_ino == r->ino && st->st_mtim.tv_sec == r->mtime_sec &&
		st->st_mtim.tv_nsec == r->mtime_nsec;
}

int http_reopen(const struct response *r, int root)
{
	struct stat st;
	int fd = open_file(root, r->path, &st);

	if (fd < 0 || is_same(r, &st))
		return fd;
	close(fd);
	errno = ESTALE;
	return -1;
}

/* --- requests ------------------------------------------------------------- */

/* The value of a header field in the head, "" if there is none. */
static const char *field(const char *head, const char *name)
{
	size_t len = strlen(name);

	while ((head = strstr(head, "\r\n"))) {
		head += 2;
		if (!strncasecmp(head, name, len) && head[len] == ':')
			return head + len + 1 + strspn(head + len + 1, " \t");
	}
	return "";
}

/* The method and the HTTP version's last digit; the path goes to @r. */
static int parse(const char *head, struct response *r, char *method,
		 char *minor)
{
	return sscanf(head, "%7[A-Z] %1023[^ \r\n?]%*[^ \r\n] HTTP/1.%c",
		      method, r->path, minor) == 3 ||
		sscanf(head, "%7[A-Z] %1023[^ \r\n?] HTTP/1.%c", method,
		       r->path, minor) == 3;
}

static int has_content(const char *head)
{
	return *field(head, "Transfer-Encoding") ||
		atoll(field(head, "Content-Length"));
}

int http_respond(struct response *r, const char *head, int root)
{
	char method[8], minor;
	int is_head, file = -1;

	if (!strstr(head, "\r\n\r\n")) {
		refuse(r, 431);
		return -1;
	}
	if (!parse(head, r, method, &minor)) {
		refuse(r, 400);
		return -1;
	}
	r->keep_alive = minor == '1' &&
		strncasecmp(field(head, "Connection"), "close", 5);
	is_head = !strcmp(method, "HEAD");
	/* Requests with a body are nothing for this server. */
	if (has_content(head))
		refuse(r, 413);
	else if (!is_head && strcmp(method, "GET"))
		refuse(r, 405);
	else if (*r->path != '/' || !unescape(r->path))
		refuse(r, 404);
	else
		file = respond_file(r, root);
	if (is_head && file >= 0) {
		close(file);
		file = -1;
	}
	r->has_body = file >= 0;
	return file;
}
