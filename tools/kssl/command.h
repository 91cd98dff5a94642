/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands, in a table for each object that they are about.
 */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

#include <stdbool.h>

#include <linux/kssl.h>

#include "session.h"

struct args;
struct kssl_settings;

/* Returns 0 or an exit status. */
typedef int command_fn(struct session *session, struct args *args);

struct command {
	const char *name;
	command_fn *run;
	const char *usage;	/* what follows "kssl ", one or more lines */
};

/*
 * command_run - run the command that the words name, the first of @commands if
 *	there are none; "help" prints how they are used and calls @more, unless
 *	it is NULL
 * command_any - run any command, one line of a batch
 * command_usage - print how the tool is used
 */
int command_run(const struct command *commands, void (*more)(void),
		struct session *session, struct args *args);
int command_any(struct session *session, struct args *args);
void command_usage(void);

/* The objects. */
command_fn ctx_command;
command_fn conn_command;
command_fn monitor_command;
command_fn show_command;
command_fn exec_command;
command_fn explain_command;
command_fn adopt_command;

/*
 * What a command that takes a reference may have: rows, "as NAME", "fd RIGHTS",
 * "socket" of a connection, and at the end "exec".
 *
 * taking_parse - read it, to the end of the words, the rows into @settings
 *	unless there can be none (NULL); 0 or an exit status
 * taking_done - the reference has been taken through @handle: keep it, name
 *	the object, open what programs are to inherit, and run the command or
 *	else print the object if @show. 0 or an exit status
 */
#define TAKING	"[ as NAME ] [ fd RIGHTS ]\n" \
		"         [ exec PROGRAM [ ARG ]... ]"
#define TAKING_CONN	"[ as NAME ] [ fd RIGHTS ]\n" \
			"         [ socket ] [ exec PROGRAM [ ARG ]... ]"

struct taking {
	const char *name;
	enum kssl_rights fd;	/* 0 for none */
	bool socket;
	char **exec;
};

/*
 * parse_rights - read the value that has to follow @keyword; 0 or EXIT_USAGE
 */
int parse_rights(const char *keyword, struct args *args,
		 enum kssl_rights *rights);

int taking_parse(const struct session *session, struct args *args,
		 struct kssl_settings *settings, struct taking *taking);
int taking_done(struct session *session, const struct taking *taking,
		struct object *object, bool show);

/*
 * import_object - run "import fd N [ rights RIGHTS ]" and what may follow; 0 or
 *	an exit status
 */
int import_object(struct session *session, struct args *args, enum kind kind);

#endif /* TOOL_COMMAND_H */
