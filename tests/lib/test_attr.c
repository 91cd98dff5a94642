// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The attribute names against those of the generated header, of which
 * names_gen.h is made.
 */
#include <string.h>

#include "internal.h"
#include "tap.h"

static const struct {
	uint32_t type;
	uint32_t nested;
	const char *path;
} names[] = {
#include "names_gen.h"
};

static int path_is(uint32_t type, uint32_t nested, const char *path)
{
	char buf[64];

	kssl_attr_path(buf, sizeof(buf), type, nested);
	return !strcmp(buf, path);
}

int main(void)
{
	size_t i;

	for (i = 0; i < KSSL_ARRAY_SIZE(names); i++)
		check_that(path_is(names[i].type, names[i].nested,
				   names[i].path), "name %s", names[i].path);
	check(KSSL_ARRAY_SIZE(names) ==
	      KSSL_A_MAX + KSSL_A_SETTINGS_MAX + 3 * KSSL_A_CRYPTO_MAX);
	check(path_is(0, 0, "") && path_is(KSSL_A_MAX + 1, 0, ""));
	check(path_is(KSSL_A_SETTINGS, KSSL_A_SETTINGS_MAX + 1, "settings"));
	check(path_is(KSSL_A_FD, 3, "fd"));
	return tap_done();
}
