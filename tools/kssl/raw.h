/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One row of an object as the kernel has it, whatever its size.
 */
#ifndef TOOL_RAW_H
#define TOOL_RAW_H

#include "session.h"

struct args;

/*
 * raw_row - read "name ROW" to the end of the words and write the row's bytes
 *	to standard output, which must not be a terminal. 0 or an exit status
 */
int raw_row(struct session *session, enum kind kind, uint32_t id,
	    struct args *args);

#endif /* TOOL_RAW_H */
