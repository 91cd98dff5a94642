// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include <kssl/kssl.h>

#include "args.h"
#include "command.h"
#include "error.h"
#include "exec.h"
#include "out.h"
#include "print.h"
#include "row.h"

static const struct command objects[] = {
	{ "ctx", ctx_command, NULL },
	{ "conn", conn_command, NULL },
	{ "monitor", monitor_command, NULL },
	{ "show", show_command, NULL },
	{ "exec", exec_command, NULL },
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
	     "OBJECT := { ctx | conn | monitor | show }, each with a command \"help\"\n"
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

int taking_parse(const struct session *session, struct args *args,
		 struct kssl_settings *settings, struct taking *taking)
{
	struct rows_seen seen = { .n = 0 };
	int ret = 0;

	taking->name = NULL;
	taking->exec = NULL;
	do {
		if (settings)
			ret = rows_parse(args, settings, &seen);
		if (ret || !args_take(args, "as"))
			break;
		ret = parse_name(session, args, &taking->name);
	} while (!ret);
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

int taking_done(struct session *session, const struct taking *taking,
		struct object *object, bool show)
{
	session_hold(session, object->kind, object->handle);
	if (taking->name)
		session_set_name(session, taking->name, object->kind,
				 object->id);
	if (taking->exec)
		return exec_run(session, taking->exec);
	return show ? show_object(session, object) : 0;
}
