// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kssl/kssl.h>

#include "args.h"
#include "command.h"
#include "error.h"
#include "exec.h"
#include "name.h"
#include "out.h"
#include "print.h"
#include "row.h"

static const struct command objects[] = {
	{ "ctx", ctx_command, NULL },
	{ "conn", conn_command, NULL },
	{ "monitor", monitor_command, NULL },
	{ "show", show_command, NULL },
	{ "exec", exec_command, NULL },
	{ "explain", explain_command, NULL },
	{ "adopt", adopt_command, NULL },
	{ NULL, NULL, NULL },
};

static const struct command *find_command(const struct command *commands,
					  const char *name)
{
	for (; commands->name; commands++)
		if (!strcmp(commands->name, name))
			return commands;
	return NULL;
}

static void print_usage(const struct command *commands)
{
	const char *lead = "Usage: kssl", *p;

	for (; commands->name; commands++) {
		printf("%s ", lead);
		lead = "       kssl";
		for (p = commands->usage; *p; p++) {
			putchar(*p);
			if (*p == '\n')
				printf("            ");
		}
		putchar('\n');
	}
}

int command_run(const struct command *commands, void (*more)(void),
		struct session *session, struct args *args)
{
	const char *name = args_next(args);
	const struct command *command;

	if (!name)
		return commands->run(session, args);
	if (!strcmp(name, "help")) {
		print_usage(commands);
		if (more)
			more();
		return 0;
	}
	command = find_command(commands, name);
	if (!command)
		return usage_error("there is no command \"%s\", see \"help\"",
				   name);
	return command->run(session, args);
}

int command_any(struct session *session, struct args *args)
{
	const char *name = args_next(args);
	const struct command *object;

	if (!strcmp(name, "help")) {
		command_usage();
		return 0;
	}
	object = find_command(objects, name);
	if (!object)
		return usage_error("there is no object \"%s\", see \"help\"",
				   name);
	return object->run(session, args);
}

void command_usage(void)
{
	puts("Usage: kssl [OPTION...] OBJECT [COMMAND [KEYWORD VALUE]...]\n"
	     "       kssl [OPTION...] -b FILE\n"
	     "OBJECT := { ctx | conn | monitor | show | explain | adopt },\n"
	     "          each with a command \"help\"\n"
	     "OPTION := { -V | -h            version, this help\n"
	     "            -j | -p            print JSON, indented\n"
	     "            -s                 print every attribute\n"
	     "            -n NETNS           in this network namespace\n"
	     "            -b FILE | -force   commands of a file or - and not\n"
	     "                               only until one fails }\n"
	     "References that commands take end with the tool: take and use them in\n"
	     "one batch, or hold them for a program with \"exec\".");
}

static int parse_name(const struct session *session, struct args *args,
		      const char **name)
{
	bool seen = *name;
	int ret;

	ret = args_once("as", &seen);
	if (!ret)
		ret = args_value(args, "as", name);
	return ret ? ret : session_check_name(session, *name);
}

int parse_rights(const char *keyword, struct args *args,
		 enum kssl_rights *rights)
{
	const char *text;
	uint64_t value;
	int ret;

	ret = args_value(args, keyword, &text);
	if (ret)
		return ret;
	if (!name_value(rights_names, text, &value))
		return usage_error("\"%s\" is neither \"use\" nor \"all\"",
				   text);
	*rights = value;
	return 0;
}

static int parse_fd(struct args *args, enum kssl_rights *rights)
{
	bool seen = *rights;
	int ret = args_once("fd", &seen);

	return ret ? ret : parse_rights("fd", args, rights);
}

/* One of the keywords that may come in any order; *@found says if it was. */
static int parse_taking(const struct session *session, struct args *args,
			struct taking *taking, bool *found)
{
	*found = true;
	if (args_take(args, "as"))
		return parse_name(session, args, &taking->name);
	if (args_take(args, "fd"))
		return parse_fd(args, &taking->fd);
	if (args_take(args, "socket"))
		return args_once("socket", &taking->socket);
	*found = false;
	return 0;
}

int taking_parse(const struct session *session, struct args *args,
		 struct kssl_settings *settings, struct taking *taking)
{
	struct rows_seen seen = { .n = 0 };
	bool found = true;
	int ret = 0;

	memset(taking, 0, sizeof(*taking));
	while (!ret && found) {
		if (settings)
			ret = rows_parse(args, settings, &seen);
		if (!ret)
			ret = parse_taking(session, args, taking, &found);
	}
	if (ret)
		return ret;
	if (!args_take(args, "exec"))
		return args_end(args);
	if (!args_peek(args))
		return usage_error("\"exec\" needs a command");
	taking->exec = args->word;
	return 0;
}

static int show_object(const struct session *session,
		       const struct object *object)
{
	struct kssl_ctx_info *ctx = NULL;
	struct kssl_info *conn = NULL;

	if (object->kind == KIND_CTX)
		ctx = kssl_ctx_get_info(object->handle);
	else
		conn = kssl_get_info(object->handle);
	if (!ctx && !conn)
		return library_error();
	out_list_begin();
	if (ctx)
		print_ctx(ctx, session->all, NULL, 0);
	else
		print_conn(conn, session->all);
	out_list_end(true);
	kssl_ctx_info_free(ctx);
	kssl_info_free(conn);
	return 0;
}

/* Programs inherit the file descriptor, which is open until the tool ends. */
static int pass_on(const char *variable, int fd)
{
	char number[16];

	if (fd < 0)
		return library_error();
	snprintf(number, sizeof(number), "%d", fd);
	if (fcntl(fd, F_SETFD, 0) || setenv(variable, number, 1))
		return system_error(errno, "%s", variable);
	return 0;
}

static int open_fds(const struct taking *taking, const struct object *object)
{
	int ret = 0;

	if (taking->fd && object->kind == KIND_CTX)
		ret = pass_on("KSSL_CTX_FD", kssl_ctx_open_fd(object->handle,
							      taking->fd));
	else if (taking->fd)
		ret = pass_on("KSSL_FD", kssl_open_fd(object->handle,
						      taking->fd));
	if (!ret && taking->socket)
		ret = pass_on("KSSL_SOCKET", kssl_sock_fd(object->handle));
	return ret;
}

int taking_done(struct session *session, const struct taking *taking,
		struct object *object, bool show)
{
	int ret;

	session_hold(session, object->kind, object->handle);
	if (taking->name)
		session_set_name(session, taking->name, object->kind,
				 object->id);
	ret = open_fds(taking, object);
	if (ret)
		return ret;
	if (taking->exec)
		return exec_run(session, taking->exec);
	return show ? show_object(session, object) : 0;
}

struct import {
	int fd;
	enum kssl_rights rights;	/* 0 for all that the fd has */
};

static int import_parse(const struct session *session, struct args *args,
			struct import *import, struct taking *taking)
{
	const char *text;
	uint64_t fd;
	int ret;

	import->rights = 0;
	if (!args_take(args, "fd"))
		return usage_error("\"fd\" is missing");
	ret = args_value(args, "fd", &text);
	if (!ret && !parse_number(text, INT32_MAX, &fd))
		ret = usage_error("\"%s\" is not a file descriptor", text);
	if (ret)
		return ret;
	import->fd = fd;
	if (args_take(args, "rights"))
		ret = parse_rights("rights", args, &import->rights);
	return ret ? ret : taking_parse(session, args, NULL, taking);
}

int import_object(struct session *session, struct args *args, enum kind kind)
{
	struct object object = { .kind = kind };
	struct kssl_client *client;
	struct taking taking;
	struct import import;
	int ret;

	ret = import_parse(session, args, &import, &taking);
	if (ret)
		return ret;
	client = session_client(session);
	if (!client)
		return EXIT_KERNEL;
	if (kind == KIND_CTX)
		object.handle = kssl_ctx_import(client, import.fd,
						import.rights);
	else
		object.handle = kssl_import(client, import.fd, import.rights);
	if (!object.handle)
		return library_error();
	object.id = kind == KIND_CTX ? kssl_ctx_id(object.handle) :
		kssl_id(object.handle);
	return taking_done(session, &taking, &object, true);
}
