// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets of another process on which its TLS library has set up kernel TLS
 * become connections of kssl, and the process knows nothing of it. Without
 * "keep" such a connection lives as long as its socket does, in whichever
 * process; with it, as long as anybody has a reference.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <kssl/kssl.h>

#include "args.h"
#include "command.h"
#include "error.h"
#include "file.h"
#include "name.h"
#include "out.h"
#include "print.h"
#include "value.h"

#ifndef SOL_TLS
#define SOL_TLS		282
#endif

#define SUITES_MAX	16

struct suites {
	uint16_t code[SUITES_MAX];
	size_t n;
};

/* Sockets that were seen, by their cookies. */
struct seen {
	uint64_t *cookie;
	size_t n, room;
};

struct adoption {
	struct file file;		/* fd -1: all that the process has */
	struct suites suites;		/* to try, one after the other */
	struct kssl_settings *ctx;	/* rows of the context */
	struct kssl_settings *conn;	/* and of its connections */
	struct taking taking;
};

/* --- one socket --------------------------------------------------------- */

/* The version of a direction's key, or 0 without one. */
static uint16_t key_version(int fd, int direction)
{
	struct tls_crypto_info info;
	socklen_t len = sizeof(info);

	/* This length asks for the version and the cipher, and no key. */
	return getsockopt(fd, SOL_TLS, direction, &info, &len) ? 0 :
		info.version;
}

static uint32_t directions(int fd)
{
	return (key_version(fd, TLS_TX) ? KSSL_DIRECTION_TX : 0) |
		(key_version(fd, TLS_RX) ? KSSL_DIRECTION_RX : 0);
}

static bool is_tls13(int fd)
{
	return key_version(fd, TLS_TX) == TLS_1_3_VERSION ||
		key_version(fd, TLS_RX) == TLS_1_3_VERSION;
}

/* Are those that were named of TLS 1.2? */
static bool no_tls13(const struct suites *suites)
{
	size_t i;

	for (i = 0; i < suites->n; i++)
		if (kssl_suite_supported(TLS_1_3_VERSION, suites->code[i]))
			return false;
	return true;
}

/*
 * The kernel says of a suite if it is not of the key's cipher. In TLS 1.3 it
 * can tell the suite by the key.
 */
static bool attach(struct kssl *s, int fd, const struct suites *suites)
{
	struct kssl_attach attach = {
		.size = sizeof(attach),
		.fd = fd,
		.verify_result = -1,
		.adopt = directions(fd),
	};
	size_t i = 0;

	do {
		if (i < suites->n)
			attach.suite = suites->code[i];
		if (kssl_attach(s, &attach))
			return true;
	} while (++i < suites->n && kssl_errno() == EINVAL);
	if (!suites->n || kssl_errno() != EINVAL || !is_tls13(fd) ||
	    !no_tls13(suites))
		return false;
	attach.suite = 0;
	return kssl_attach(s, &attach);
}

/* Returns NULL with libkssl's error. */
static struct kssl *adopt(struct kssl_ctx *ctx,
			  const struct adoption *adoption, int fd)
{
	struct kssl *s = kssl_new_with(ctx, adoption->conn);

	if (s && attach(s, fd, &adoption->suites))
		return s;
	kssl_free(s);
	return NULL;
}

static int adopt_one(struct session *session, struct kssl_ctx *ctx,
		     const struct adoption *adoption)
{
	const struct file *file = &adoption->file;
	struct object object = { .kind = KIND_CONN };
	int fd, ret;

	fd = file_get(file, &ret);
	if (fd < 0)
		return ret;
	if (!directions(fd)) {
		close(fd);
		return system_error(0, "file %d of process %d does no kernel TLS, \"kssl explain %d/%d\" says why",
				    file->fd, file->pid, file->pid, file->fd);
	}
	object.handle = adopt(ctx, adoption, fd);
	close(fd);
	if (!object.handle)
		return library_error();
	object.id = kssl_id(object.handle);
	return taking_done(session, &adoption->taking, &object, true);
}

/* --- all of a process --------------------------------------------------- */

/* A process may have several file descriptors of one socket. */
static bool is_new(struct seen *seen, int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len))
		return true;
	for (i = 0; i < seen->n; i++)
		if (seen->cookie[i] == cookie)
			return false;
	if (seen->n == seen->room) {
		seen->room = 2 * seen->room + 64;
		seen->cookie = realloc(seen->cookie,
				       seen->room * sizeof(*seen->cookie));
		if (!seen->cookie)
			die(errno, "memory");
	}
	seen->cookie[seen->n++] = cookie;
	return true;
}

/*
 * What is a connection already stays what it is. A socket that ends meanwhile
 * is none of those that there are. With exec, all output is the program's.
 */
static int adopt_and_print(struct session *session, struct kssl_ctx *ctx,
			   const struct adoption *adoption, int fd)
{
	struct kssl_client *client = session_client(session);
	struct kssl_info *info = kssl_info_by_socket(client, fd);

	if (!info && kssl_errno() == ENOENT && adopt(ctx, adoption, fd))
		info = kssl_info_by_socket(client, fd);
	if (!info)
		return kssl_errno() == ENOTCONN ? 0 : library_error();
	if (!adoption->taking.exec)
		print_conn(info, session->all);
	kssl_info_free(info);
	return 0;
}

static bool is_socket(DIR *dir, const char *name)
{
	char target[32] = "";

	return readlinkat(dirfd(dir), name, target, sizeof(target) - 1) > 0 &&
		!strncmp(target, "socket:", strlen("socket:"));
}

static int adopt_file(struct session *session, struct kssl_ctx *ctx,
		      const struct adoption *adoption, int process, int number,
		      struct seen *seen)
{
	struct file file = { .pid = adoption->file.pid, .fd = number };
	int fd = file_take(process, number), ret = 0;

	/* Closed meanwhile. */
	if (fd < 0 && errno == EBADF)
		return 0;
	if (fd < 0)
		return file_error(&file);
	if (directions(fd) && is_new(seen, fd))
		ret = adopt_and_print(session, ctx, adoption, fd);
	close(fd);
	return ret;
}

static int adopt_files(struct session *session, struct kssl_ctx *ctx,
		       const struct adoption *adoption, int process,
		       struct seen *seen)
{
	struct dirent *entry;
	char path[32];
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", adoption->file.pid);
	dir = opendir(path);
	if (!dir)
		return system_error(errno, "the files of process %d",
				    adoption->file.pid);
	while ((entry = readdir(dir)))
		if (is_socket(dir, entry->d_name) &&
		    adopt_file(session, ctx, adoption, process,
			       atoi(entry->d_name), seen))
			ret = EXIT_KERNEL;
	closedir(dir);
	return ret;
}

static int adopt_all(struct session *session, struct kssl_ctx *ctx,
		     const struct adoption *adoption)
{
	struct object object = {
		.kind = KIND_CTX, .id = kssl_ctx_id(ctx), .handle = ctx,
	};
	int process = file_open_process(adoption->file.pid), ret;
	bool show = !adoption->taking.exec;
	struct seen seen = {};

	if (process < 0)
		return file_error(&adoption->file);
	if (show)
		out_list_begin();
	ret = adopt_files(session, ctx, adoption, process, &seen);
	if (show)
		out_list_end(seen.n && !ret);
	close(process);
	free(seen.cookie);
	if (!seen.n && !ret)
		return system_error(0, "process %d has no socket that does kernel TLS",
				    adoption->file.pid);
	/* Who is to take them over gets all or nothing. */
	return ret ? ret : taking_done(session, &adoption->taking, &object,
				       false);
}

/* --- words -------------------------------------------------------------- */

static bool parse_file(const char *word, struct file *file)
{
	uint64_t pid;

	if (strchr(word, '/'))
		return file_parse(word, file);
	if (!parse_number(word, INT_MAX, &pid) || !pid)
		return false;
	file->pid = pid;
	file->fd = -1;
	return true;
}

static bool add_suite(const char *word, void *arg)
{
	struct suites *suites = arg;
	uint16_t code = kssl_suite_code(word);

	if (!code || suites->n == SUITES_MAX)
		return false;
	suites->code[suites->n++] = code;
	return true;
}

static int parse_role(struct args *args, struct kssl_settings *settings)
{
	const char *text;
	uint64_t role;
	int ret;

	if (!args_take(args, "role"))
		return usage_error("\"role\" is missing, which the kernel cannot tell");
	ret = args_value(args, "role", &text);
	if (ret)
		return ret;
	if (!name_value(role_names, text, &role))
		return value_bad("role", text);
	return kssl_settings_role(settings, role) ? 0 : library_error();
}

static int parse_suites(struct args *args, struct suites *suites)
{
	const char *text;
	int ret;

	suites->n = 0;
	if (!args_take(args, "suite"))
		return 0;
	ret = args_value(args, "suite", &text);
	return ret ? ret : value_words("suite", text, ':', add_suite, suites);
}

static int parse(const struct session *session, struct args *args,
		 struct adoption *adoption)
{
	const char *word = args_next(args);
	int ret;

	if (!word || !parse_file(word, &adoption->file))
		return usage_error("\"adopt\" needs PID or PID/FD");
	ret = parse_role(args, adoption->conn);
	if (!ret)
		ret = parse_suites(args, &adoption->suites);
	if (!ret)
		ret = taking_parse(session, args, adoption->ctx,
				   &adoption->taking);
	if (!ret && adoption->file.fd < 0 && adoption->taking.socket)
		ret = usage_error("\"socket\" needs PID/FD");
	return ret;
}

static int run(struct session *session, const struct adoption *adoption)
{
	struct kssl_client *client = session_client(session);
	struct kssl_ctx *ctx;

	if (!client)
		return EXIT_KERNEL;
	ctx = kssl_ctx_new_with(client, adoption->ctx);
	if (!ctx)
		return library_error();
	/* The references of this run end with its client. */
	if (adoption->file.fd < 0)
		return adopt_all(session, ctx, adoption);
	return adopt_one(session, ctx, adoption);
}

int adopt_command(struct session *session, struct args *args)
{
	struct adoption adoption;
	int ret;

	if (args_take(args, "help")) {
		puts("Usage: kssl adopt PID[/FD] role { client | server } [ suite SUITE[:SUITE]... ]\n"
		     "                  [ ROW ]... [ as NAME ] [ fd RIGHTS ]\n"
		     "                  [ socket ] [ exec PROGRAM [ ARG ]... ]");
		return 0;
	}
	adoption.ctx = kssl_settings_new();
	adoption.conn = kssl_settings_new();
	if (!adoption.ctx || !adoption.conn)
		ret = library_error();
	else
		ret = parse(session, args, &adoption);
	if (!ret)
		ret = run(session, &adoption);
	kssl_settings_free(adoption.conn);
	kssl_settings_free(adoption.ctx);
	return ret;
}
