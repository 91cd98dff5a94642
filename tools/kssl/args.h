/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of one command, from left to right.
 */
#ifndef TOOL_ARGS_H
#define TOOL_ARGS_H

#include <stdbool.h>
#include <stdint.h>

struct args {
	char **word;	/* NULL behind the last */
};

static inline const char *args_peek(const struct args *args)
{
	return *args->word;
}

/*
 * args_next - take a word; NULL at the end
 * args_take - take the next word if it is @word
 * args_value - take the value that has to follow @keyword; 0 or EXIT_USAGE
 * args_once - EXIT_USAGE if *@seen, which is set; else 0
 * args_end - EXIT_USAGE if there are words left
 * parse_number - read an unsigned number, decimal, octal or hexadecimal, that
 *	is no larger than @max
 */
const char *args_next(struct args *args);
bool args_take(struct args *args, const char *word);
int args_value(struct args *args, const char *keyword, const char **value);
int args_once(const char *keyword, bool *seen);
int args_end(const struct args *args);
bool parse_number(const char *text, uint64_t max, uint64_t *value);

#endif /* TOOL_ARGS_H */
