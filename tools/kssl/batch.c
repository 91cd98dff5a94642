// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "batch.h"
#include "command.h"
#include "error.h"
#include "session.h"
#include "value.h"

struct batch {
	FILE *stream;
	const char *name;
	unsigned int lines;	/* read so far */
	char *line;		/* the command, whose words point into it */
	size_t size;
	char **words;
};

/* Removes the end of a line; true if a backslash joins it with the next. */
static bool chomp(char *line)
{
	size_t end = strcspn(line, "\n"), backslashes = 0;

	line[end] = '\0';
	while (backslashes < end && line[end - 1 - backslashes] == '\\')
		backslashes++;
	/* An even number of them are pairs, each of which stands for one. */
	if (backslashes % 2)
		line[end - 1] = '\0';
	return backslashes % 2;
}

static void append(struct batch *batch, size_t len, const char *part)
{
	size_t size = len + strlen(part) + 1;

	if (size > batch->size) {
		batch->line = realloc(batch->line, size);
		if (!batch->line)
			die(0, "out of memory");
		batch->size = size;
	}
	strcpy(batch->line + len, part);
}

/* Reads a command and stores the line that it starts in; false at the end. */
static bool read_command(struct batch *batch, unsigned int *start)
{
	bool joined = true;
	char *part = NULL;
	size_t room = 0;

	*start = batch->lines + 1;
	append(batch, 0, "");
	while (joined && getline(&part, &room, batch->stream) >= 0) {
		batch->lines++;
		joined = chomp(part);
		append(batch, strlen(batch->line), part);
	}
	free(part);
	return batch->lines >= *start;
}

/*
 * Moves the word at *@from to *@to, without its quotes. Returns false when a
 * quote is not closed.
 */
static bool take_word(char **from, char **to)
{
	char quote = '\0', *p = *from, *q = *to;

	for (; *p && (quote || !strchr(" \t\r", *p)); p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? '\0' : *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			*q++ = *++p;
		else
			*q++ = *p;
	}
	*from = *p ? p + 1 : p;
	*q++ = '\0';
	*to = q;
	return !quote;
}

/* Splits the command in place: words only get shorter. */
static int split(struct batch *batch)
{
	char *from = batch->line, *to = batch->line;
	size_t n = 0;

	free(batch->words);
	batch->words = calloc(strlen(from) / 2 + 2, sizeof(*batch->words));
	if (!batch->words)
		die(0, "out of memory");
	for (;;) {
		from += strspn(from, " \t\r");
		if (!*from || *from == '#')
			return 0;
		batch->words[n++] = to;
		if (!take_word(&from, &to))
			return usage_error("a quote is not closed");
	}
}

static int run_line(struct session *session, struct batch *batch)
{
	struct args args;
	int ret;

	ret = split(batch);
	if (ret || !batch->words[0])
		return ret;
	args.word = batch->words;
	return command_any(session, &args);
}

static int run_lines(struct session *session, struct batch *batch, bool force)
{
	int first = 0, ret = 0;
	unsigned int start;

	while ((!ret || force) && read_command(batch, &start)) {
		ret = run_line(session, batch);
		if (!ret)
			continue;
		fflush(stdout);
		fprintf(stderr, "Command failed %s:%u\n", batch->name, start);
		if (!first)
			first = ret;
	}
	if (ferror(batch->stream))
		return system_error(errno, "%s", batch->name);
	return first;
}

int batch_run(struct session *session, const char *file, bool force)
{
	struct batch batch = { .stream = stdin, .name = file };
	int ret;

	session->input_taken = !strcmp(file, "-");
	if (session->input_taken)
		value_take_input();
	else
		batch.stream = fopen(file, "re");
	if (!batch.stream)
		return usage_error("%s: %s", file, strerror(errno));
	ret = run_lines(session, &batch, force);
	if (!session->input_taken)
		fclose(batch.stream);
	free(batch.line);
	free(batch.words);
	return ret;
}
