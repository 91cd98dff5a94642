// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the module's table of settings as Documentation/settings.rst has it,
 * one row a line, its cells separated by tabs: name, type, bounds, default,
 * where it is set, marks. What it has no words for is an error.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../kssl/row.c"

static const char * const types[] = {
	[KSSL_TYPE_U8] = "u8",
	[KSSL_TYPE_U16] = "u16",
	[KSSL_TYPE_U32] = "u32",
	[KSSL_TYPE_S32] = "s32",
	[KSSL_TYPE_U64] = "u64",
	[KSSL_TYPE_CODES] = "codes",
	[KSSL_TYPE_TEXT] = "text",
	[KSSL_TYPE_BYTES] = "bytes",
	[KSSL_TYPE_KEY] = "key",
	[KSSL_TYPE_KEYS] = "keys",
	[KSSL_TYPE_CALLBACKS] = "bits",
};

static const struct {
	const char *(*format)(const u8 *data, u32 len);
	const char *name;
} formats[] = {
	{ NULL, "" },
	{ kssl_format_text, "" },
	{ kssl_format_codes, "" },
	{ kssl_format_names, ", names" },
	{ kssl_format_hosts, ", names" },
	{ kssl_format_ip, ", address" },
	{ kssl_format_der, ", one DER" },
	{ kssl_format_der_list, ", DER" },
	{ kssl_format_extensions, ", V1" },
	{ kssl_format_extensions_v2, ", V2" },
	{ kssl_format_mtypes, ", pairs" },
	{ kssl_format_tlsa, ", TLSA" },
};

static void die(const struct kssl_row *row, const char *what)
{
	fprintf(stderr, "rows: no words for the %s of %s\n", what, row->name);
	exit(1);
}

static const char *format_name(const struct kssl_row *row)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (formats[i].format == row->format)
			return formats[i].name;
	die(row, "format");
	return NULL;
}

static void print_blob_bounds(const struct kssl_row *row)
{
	const struct kssl_value empty = { .attr = row->attr };
	bool some = row->check && row->check(row, &empty);

	if (row->check && row->check != check_suites)
		die(row, "check");
	switch (row->type) {
	case KSSL_TYPE_KEY:
		printf("serial");
		break;
	case KSSL_TYPE_KEYS:
		printf("%" PRId64 " serials", row->max / (s64)sizeof(u32));
		break;
	case KSSL_TYPE_CODES:
		printf("%d to %" PRId64, some, row->max / (s64)sizeof(u16));
		break;
	default:
		printf("%" PRId64 "%s", row->max, format_name(row));
	}
}

/* One below a large power of two is easier to read as that. */
static void print_max(const struct kssl_row *row)
{
	u64 max = row->max;

	if (max > USHRT_MAX && !(max & (max + 1)))
		printf("2^%d-1", __builtin_popcountll(max));
	else
		printf("%" PRIu64, max);
}

static void print_bounds(const struct kssl_row *row)
{
	if (kssl_row_is_blob(row) && !row->bits) {
		print_blob_bounds(row);
	} else if (row->bits) {
		if (row->check && row->check != check_callbacks)
			die(row, "check");
		printf("0x%" PRIx64, row->bits);
	} else if (row->check == check_proto) {
		printf("0, 0x%x to 0x%x", PROTO_MIN, PROTO_MAX);
	} else if (row->check) {
		die(row, "check");
	} else {
		printf("%" PRId64 " to ", row->min);
		print_max(row);
	}
}

static void print_default(const struct kssl_row *row)
{
	u32 i;

	for (i = 0; i < row->def_len / sizeof(*row->def_codes); i++)
		printf("%s0x%04x", i ? "," : "", row->def_codes[i]);
	if (row->def_len)
		return;
	if (kssl_row_is_blob(row))
		printf("none");
	else if (row->bits && row->def)
		printf("0x%" PRIx64, row->def);
	else
		printf("%" PRId64, (s64)row->def);
}

static const char *level(const struct kssl_row *row)
{
	switch (row->levels) {
	case KSSL_LEVEL_ANY:
		return "both";
	case KSSL_LEVEL_ANY_CTX:
		return "ctx";
	case KSSL_LEVEL_NEW_CTX:
		return "new ctx";
	case KSSL_LEVEL_CONN:
		return "conn";
	}
	die(row, "level");
	return NULL;
}

int main(void)
{
	const struct kssl_row *row;

	for (row = kssl_rows; row < kssl_rows + KSSL_ROWS; row++) {
		printf("%s\t%s\t", row->name, types[row->type]);
		print_bounds(row);
		putchar('\t');
		print_default(row);
		printf("\t%s\t%s%s%s%s%s\n", level(row),
		       row < kssl_rows + KSSL_ROWS_DUP ? "D" : "",
		       row->cert ? "C" : "", row->live ? "L" : "",
		       row->private ? "P" : "", row->secret ? "S" : "");
	}
	return 0;
}
