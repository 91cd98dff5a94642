/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that are run while the tool holds its references.
 */
#ifndef TOOL_EXEC_H
#define TOOL_EXEC_H

struct session;

/*
 * exec_run - run a program and wait for its end
 *
 * Returns its exit status; 128 and the signal that killed it; 127 if there is
 * no such program, 126 if it cannot be run.
 */
int exec_run(const struct session *session, char **argv);

#endif /* TOOL_EXEC_H */
