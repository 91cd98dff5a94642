/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rows of the settings, by their keyword: how a value is typed and how it
 * is printed. What values make sense is for the kernel to say.
 */
#ifndef TOOL_ROW_H
#define TOOL_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include <kssl/kssl.h>

struct args;

struct row {
	const char *name;
	uint16_t attr;		/* KSSL_A_SETTINGS_* */
	const char *values;	/* for the help */
	int (*parse)(struct kssl_settings *settings, const char *name,
		     const char *value);
	/* NULL where no get reports the row. */
	void (*print)(const char *name, const struct kssl_settings_info *info);
	bool new_line;		/* it starts a line of the text */
};

/* All rows, with a NULL name at the end. */
extern const struct row rows[];

/* Which rows a command has had so far. */
struct rows_seen {
	unsigned int n;
	bool row[KSSL_A_SETTINGS_MAX + 1];
};

/*
 * rows_parse - take rows into @settings until there are none next. 0 or an
 *	exit status
 * rows_print - print all rows, or those that always interest
 * row_attr - the attribute of the row with that keyword, 0 if there is none
 * rows_help - print what rows_parse() takes
 */
int rows_parse(struct args *args, struct kssl_settings *settings,
	       struct rows_seen *seen);
void rows_print(const struct kssl_settings_info *info, bool is_ctx, bool all);
uint16_t row_attr(const char *name);
void rows_help(void);

#endif /* TOOL_ROW_H */
