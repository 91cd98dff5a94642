// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "command.h"
#include "error.h"
#include "exec.h"

#define EXIT_CANNOT_RUN	126
#define EXIT_NOT_FOUND	127
#define EXIT_SIGNAL	128

static int spawn(const struct session *session, char **argv, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int err;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGQUIT);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	/* The rest of a batch is no input for its programs. */
	if (session->input_taken)
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
						 "/dev/null", O_RDONLY, 0);
	err = posix_spawnp(pid, argv[0], &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return err;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return system_error(errno, "waiting for a program");
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   EXIT_SIGNAL + WTERMSIG(status);
}

/* As in system(3), signals of the terminal are for the program. */
int exec_run(const struct session *session, char **argv)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, intr, quit;
	int err, ret;
	pid_t pid;

	fflush(stdout);
	sigaction(SIGINT, &ignore, &intr);
	sigaction(SIGQUIT, &ignore, &quit);
	err = spawn(session, argv, &pid);
	ret = err ? 0 : wait_for(pid);
	sigaction(SIGINT, &intr, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	if (!err)
		return ret;
	system_error(err, "%s", argv[0]);
	return err == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

int exec_command(struct session *session, struct args *args)
{
	if (!args_peek(args))
		return usage_error("\"exec\" needs a command");
	return exec_run(session, args->word);
}
