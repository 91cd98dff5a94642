// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "error.h"

const char *args_next(struct args *args)
{
	return *args->word ? *args->word++ : NULL;
}

bool args_take(struct args *args, const char *word)
{
	if (!*args->word || strcmp(*args->word, word))
		return false;
	args->word++;
	return true;
}

int args_value(struct args *args, const char *keyword, const char **value)
{
	*value = args_next(args);
	return *value ? 0 : usage_error("\"%s\" needs a value", keyword);
}

int args_once(const char *keyword, bool *seen)
{
	if (*seen)
		return usage_error("\"%s\" is given twice", keyword);
	*seen = true;
	return 0;
}

int args_end(const struct args *args)
{
	if (!*args->word)
		return 0;
	return usage_error("\"%s\" is not expected here", *args->word);
}

bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	/* strtoull() takes signs and spaces. */
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !*end && !errno && *value <= max;
}
