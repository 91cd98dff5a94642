// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "error.h"
#include "name.h"
#include "out.h"
#include "row.h"

static int bad_value(const char *name, const char *value)
{
	return usage_error("%s: \"%s\" is not a value that it can have", name,
			   value);
}

/* What a setter of libkssl returned. */
static int stored(int ok)
{
	return ok ? 0 : library_error();
}

/* --- one of some names -------------------------------------------------- */

static int parse_method(struct kssl_settings *settings, const char *name,
			const char *value)
{
	uint64_t method;

	if (!name_value(method_names, value, &method))
		return bad_value(name, value);
	return stored(kssl_settings_method(settings, method));
}

static int parse_role(struct kssl_settings *settings, const char *name,
		      const char *value)
{
	uint64_t role;

	if (!name_value(role_names, value, &role))
		return bad_value(name, value);
	return stored(kssl_settings_role(settings, role));
}

static int parse_min_proto(struct kssl_settings *settings, const char *name,
			   const char *value)
{
	uint64_t version;

	if (!name_value(proto_names, value, &version))
		return bad_value(name, value);
	return stored(kssl_settings_min_proto(settings, version));
}

static int parse_max_proto(struct kssl_settings *settings, const char *name,
			   const char *value)
{
	uint64_t version;

	if (!name_value(proto_names, value, &version))
		return bad_value(name, value);
	return stored(kssl_settings_max_proto(settings, version));
}

static int parse_read_ahead(struct kssl_settings *settings, const char *name,
			    const char *value)
{
	bool on = !strcmp(value, "on");

	if (!on && strcmp(value, "off"))
		return bad_value(name, value);
	return stored(kssl_settings_read_ahead(settings, on));
}

/* A value that this tool knows no name of is shown as its number. */
static void print_name(const char *name, const struct name *names,
		       uint64_t value)
{
	const char *known = name_of(names, value);
	char number[20];

	if (!known) {
		snprintf(number, sizeof(number), "0x%04llx",
			 (unsigned long long)value);
		known = number;
	}
	out_str(name, known, NULL);
}

static void print_method(const char *name,
			 const struct kssl_settings_info *info)
{
	print_name(name, method_names, info->method);
}

static void print_role(const char *name, const struct kssl_settings_info *info)
{
	print_name(name, role_names, info->role);
}

static void print_min_proto(const char *name,
			    const struct kssl_settings_info *info)
{
	print_name(name, proto_names, info->min_proto);
}

static void print_max_proto(const char *name,
			    const struct kssl_settings_info *info)
{
	print_name(name, proto_names, info->max_proto);
}

static void print_read_ahead(const char *name,
			     const struct kssl_settings_info *info)
{
	out_bool(name, info->read_ahead, NULL);
}

/* --- numbers ------------------------------------------------------------ */

static int parse_verify_depth(struct kssl_settings *settings, const char *name,
			      const char *value)
{
	uint64_t depth;

	if (!strcmp(value, "default"))
		return stored(kssl_settings_verify_depth(settings, -1));
	if (!parse_number(value, INT32_MAX, &depth))
		return bad_value(name, value);
	return stored(kssl_settings_verify_depth(settings, depth));
}

static int parse_timeout(struct kssl_settings *settings, const char *name,
			 const char *value)
{
	uint64_t seconds;

	if (!parse_number(value, UINT32_MAX, &seconds))
		return bad_value(name, value);
	return stored(kssl_settings_timeout(settings, seconds));
}

static int parse_max_cert_list(struct kssl_settings *settings,
			       const char *name, const char *value)
{
	uint64_t bytes;

	if (!parse_number(value, UINT32_MAX, &bytes))
		return bad_value(name, value);
	return stored(kssl_settings_max_cert_list(settings, bytes));
}

static void print_verify_depth(const char *name,
			       const struct kssl_settings_info *info)
{
	if (info->verify_depth < 0)
		out_int(name, info->verify_depth, "%s default", name);
	else
		out_int(name, info->verify_depth, NULL);
}

static void print_timeout(const char *name,
			  const struct kssl_settings_info *info)
{
	out_uint(name, info->timeout, NULL);
}

static void print_max_cert_list(const char *name,
				const struct kssl_settings_info *info)
{
	out_uint(name, info->max_cert_list, NULL);
}

/* --- words with a separator --------------------------------------------- */

/*
 * Calls @add for each word of @value, up to @sep. An empty value and "none"
 * have no words. 0, or an exit status.
 */
static int each_word(const char *name, const char *value, char sep,
		     bool (*add)(const char *word, void *arg), void *arg)
{
	char *copy, *word, *next;
	int ret = 0;

	if (!*value || !strcmp(value, "none"))
		return 0;
	copy = strdup(value);
	if (!copy)
		die(0, "out of memory");
	for (word = copy; word && !ret; word = next) {
		next = strchr(word, sep);
		if (next)
			*next++ = '\0';
		if (!add(word, arg))
			ret = usage_error("%s: \"%s\" is unknown", name, word);
	}
	free(copy);
	return ret;
}

struct bits {
	const struct name *names;
	uint64_t max;
	uint64_t value;
};

static bool add_bit(const char *word, void *arg)
{
	struct bits *bits = arg;
	uint64_t bit;

	if (!name_value(bits->names, word, &bit) &&
	    !parse_number(word, bits->max, &bit))
		return false;
	bits->value |= bit;
	return true;
}

/*
 * "+" sets bits, "-" clears them; without either they are all that is set.
 * @bits comes with its names and bounds; *@mask is what changes.
 */
static int parse_bits(const char *name, const char *value, struct bits *bits,
		      uint64_t *mask)
{
	const char *words = value + (*value == '+' || *value == '-');
	int ret;

	if (words != value && !*words)
		return bad_value(name, value);
	ret = each_word(name, words, ',', add_bit, bits);
	*mask = bits->value;
	if (*value == '-')
		bits->value = 0;
	else if (*value != '+')
		*mask |= name_bits(bits->names);
	return ret;
}

static int parse_options(struct kssl_settings *settings, const char *name,
			 const char *value)
{
	struct bits bits = { .names = op_names, .max = UINT64_MAX };
	uint64_t mask;
	int ret;

	ret = parse_bits(name, value, &bits, &mask);
	if (ret)
		return ret;
	return stored(kssl_settings_options(settings, bits.value, mask));
}

static int parse_mode(struct kssl_settings *settings, const char *name,
		      const char *value)
{
	struct bits bits = { .names = mode_names, .max = UINT32_MAX };
	uint64_t mask;
	int ret;

	ret = parse_bits(name, value, &bits, &mask);
	if (ret)
		return ret;
	return stored(kssl_settings_mode(settings, bits.value, mask));
}

static int parse_verify_mode(struct kssl_settings *settings, const char *name,
			     const char *value)
{
	struct bits bits = { .names = verify_names, .max = UINT32_MAX };
	int ret;

	ret = each_word(name, value, ',', add_bit, &bits);
	if (ret)
		return ret;
	return stored(kssl_settings_verify_mode(settings, bits.value));
}

/* Bits without a name come last, as one number. */
static void print_bits(const char *name, const struct name *names,
		       uint64_t value)
{
	char number[20];

	out_words_begin(name, ',');
	for (; names->name; names++) {
		if (value & names->value)
			out_word(names->name);
		value &= ~names->value;
	}
	if (value) {
		snprintf(number, sizeof(number), "0x%llx",
			 (unsigned long long)value);
		out_word(number);
	}
	out_words_end();
}

static void print_options(const char *name,
			  const struct kssl_settings_info *info)
{
	print_bits(name, op_names, info->options);
}

static void print_mode(const char *name, const struct kssl_settings_info *info)
{
	print_bits(name, mode_names, info->mode);
}

static void print_verify_mode(const char *name,
			      const struct kssl_settings_info *info)
{
	print_bits(name, verify_names, info->verify_mode);
}

struct suites {
	uint16_t code[KSSL_SUITES_MAX + 1];	/* one more, for the kernel */
	size_t n;
};

static bool add_suite(const char *word, void *arg)
{
	struct suites *suites = arg;
	uint64_t code = kssl_suite_code(word);

	if (!code && (strncmp(word, "0x", 2) ||
		      !parse_number(word, UINT16_MAX, &code)))
		return false;
	if (suites->n <= KSSL_SUITES_MAX)
		suites->code[suites->n++] = code;
	return true;
}

static int parse_cipher_list(struct kssl_settings *settings, const char *name,
			     const char *value)
{
	struct suites suites = { .n = 0 };
	int ret;

	ret = each_word(name, value, ':', add_suite, &suites);
	if (ret)
		return ret;
	return stored(kssl_settings_cipher_list(settings, suites.code,
						suites.n));
}

static int parse_ciphersuites(struct kssl_settings *settings,
			      const char *name, const char *value)
{
	struct suites suites = { .n = 0 };
	int ret;

	ret = each_word(name, value, ':', add_suite, &suites);
	if (ret)
		return ret;
	return stored(kssl_settings_ciphersuites(settings, suites.code,
						 suites.n));
}

static void print_suites(const char *name, const uint16_t *codes, size_t n)
{
	char number[8];
	const char *known;
	size_t i;

	out_words_begin(name, ':');
	for (i = 0; i < n; i++) {
		known = kssl_suite_name(codes[i]);
		if (!known) {
			snprintf(number, sizeof(number), "0x%04x", codes[i]);
			known = number;
		}
		out_word(known);
	}
	out_words_end();
}

static void print_cipher_list(const char *name,
			      const struct kssl_settings_info *info)
{
	print_suites(name, info->cipher_list, info->cipher_list_n);
}

static void print_ciphersuites(const char *name,
			       const struct kssl_settings_info *info)
{
	print_suites(name, info->ciphersuites, info->ciphersuites_n);
}

/* --- text --------------------------------------------------------------- */

static int parse_label(struct kssl_settings *settings, const char *name,
		       const char *value)
{
	(void)name;
	return stored(kssl_settings_label(settings, value));
}

static void print_label(const char *name, const struct kssl_settings_info *info)
{
	out_label(name, info->label);
}

/* --- all of them -------------------------------------------------------- */

#define ROW(keyword, fn)						\
	.name = keyword, .parse = parse_##fn, .print = print_##fn

const struct row rows[] = {
	{
		ROW("method", method),
		.values = "either|client|server",
	},
	{
		ROW("role", role),
		.values = "unset|client|server",
	},
	{
		ROW("label", label),
		.values = "TEXT",
	},
	{
		ROW("min-proto", min_proto),
		.values = "any|tls1.0|tls1.1|tls1.2|tls1.3",
		.new_line = true,
	},
	{
		ROW("max-proto", max_proto),
		.values = "any|tls1.0|tls1.1|tls1.2|tls1.3",
	},
	{
		ROW("verify-mode", verify_mode),
		.values = "VERIFY[,VERIFY]...|none",
	},
	{
		ROW("verify-depth", verify_depth),
		.values = "N|default",
	},
	{
		ROW("timeout", timeout),
		.values = "SECONDS",
		.new_line = true,
	},
	{
		ROW("max-cert-list", max_cert_list),
		.values = "BYTES",
	},
	{
		ROW("read-ahead", read_ahead),
		.values = "on|off",
	},
	{
		ROW("options", options),
		.values = "[+|-]OPTION[,OPTION]...|none",
		.new_line = true,
	},
	{
		ROW("mode", mode),
		.values = "[+|-]MODE[,MODE]...|none",
		.new_line = true,
	},
	{
		ROW("cipher-list", cipher_list),
		.values = "SUITE[:SUITE]...",
		.new_line = true,
	},
	{
		ROW("ciphersuites", ciphersuites),
		.values = "SUITE[:SUITE]...|none",
		.new_line = true,
	},
	{ .name = NULL },
};

static const struct row *find_row(const char *name)
{
	const struct row *row;

	for (row = rows; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

int rows_parse(struct args *args, struct kssl_settings *settings,
	       struct rows_seen *seen)
{
	const struct row *row;
	const char *value;
	int ret;

	while (args_peek(args)) {
		row = find_row(args_peek(args));
		if (!row)
			break;
		args_next(args);
		ret = args_once(row->name, &seen->row[row - rows]);
		if (!ret)
			ret = args_value(args, row->name, &value);
		if (!ret)
			ret = row->parse(settings, row->name, value);
		if (ret)
			return ret;
		seen->n++;
	}
	return 0;
}

static void print_row(const char *name, const struct kssl_settings_info *info)
{
	find_row(name)->print(name, info);
}

void rows_print(const struct kssl_settings_info *info, bool is_ctx, bool all)
{
	const struct row *row;

	out_nest_begin("settings");
	if (!all) {
		print_row(is_ctx ? "method" : "role", info);
		if (*info->label)
			print_row("label", info);
		out_nest_end();
		return;
	}
	out_break();
	for (row = rows; row->name; row++) {
		if (row->new_line)
			out_break();
		row->print(row->name, info);
	}
	out_nest_end();
}

static void help_names(const char *what, const struct name *names)
{
	int column = printf("%s := {", what);

	for (; names->name; names++) {
		if (column + strlen(names->name) > 72)
			column = printf("\n       ");
		column += printf(" %s%s", names->name,
				 names[1].name ? " |" : " }\n");
	}
}

void rows_help(void)
{
	const struct row *row;

	printf("ROW := {");
	for (row = rows; row->name; row++)
		printf("%s %s %s", row == rows ? "" : " |\n        ",
		       row->name, row->values);
	printf(" }\n");
	help_names("VERIFY", verify_names);
	help_names("OPTION", op_names);
	help_names("MODE", mode_names);
	printf("SUITE := { IANA_NAME | 0xNNNN }\n");
	printf("OPTION, MODE and VERIFY may be numbers, too.\n");
}
