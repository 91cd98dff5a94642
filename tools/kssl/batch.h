/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands from a file, one a line. Words are separated by blanks; quotes of
 * both kinds keep blanks, a backslash keeps the next character, at the end of a
 * line it joins it with the next one, and # at the start of a word begins a
 * comment.
 */
#ifndef TOOL_BATCH_H
#define TOOL_BATCH_H

#include <stdbool.h>

struct session;

/*
 * batch_run - run the commands of @file ("-": standard input)
 *
 * Ends at the first one that fails unless @force. Returns the status of the
 * first one that failed, or 0.
 */
int batch_run(struct session *session, const char *file, bool force);

#endif /* TOOL_BATCH_H */
