// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "error.h"
#include "out.h"

#define DEPTH_MAX	4

enum separator {
	SEP_LINE,	/* at the start of an object's first line */
	SEP_SPACE,
	SEP_BREAK,
	SEP_NONE,
};

static struct {
	bool json;
	int flags;			/* of the JSON, JSON_C_TO_STRING_* */
	bool in_list;
	unsigned int listed;		/* objects of the list so far */

	struct json_object *stack[DEPTH_MAX];	/* what is being built */
	unsigned int depth;

	FILE *stream;			/* of a captured text, else NULL */
	char *captured;
	size_t captured_size;
	bool capture;
	struct json_object *captured_json;
	enum separator sep;
	char word_sep;
	unsigned int words;
} out;

/* Memory that the tool cannot go on without. */
static void *need(void *memory)
{
	if (!memory)
		die(ENOMEM, "no output");
	return memory;
}

void out_setup(bool json, bool pretty)
{
	memset(&out, 0, sizeof(out));
	out.json = json;
	out.flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	if (pretty)
		out.flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
}

static FILE *text(void)
{
	return out.stream ? out.stream : stdout;
}

static void separate(void)
{
	const char *indent = out.capture ? "    " : "";

	switch (out.sep) {
	case SEP_LINE:
		fputs(indent, text());
		break;
	case SEP_SPACE:
		fputc(' ', text());
		break;
	case SEP_BREAK:
		fprintf(text(), "\n%s\t", indent);
		break;
	case SEP_NONE:
		break;
	}
	out.sep = SEP_SPACE;
}

static struct json_object *top(void)
{
	return out.stack[out.depth - 1];
}

static void push(struct json_object *object)
{
	if (out.depth == DEPTH_MAX)
		abort();
	out.stack[out.depth++] = object;
}

/* Adds a value to what is being built, an object or an array. */
static void add(const char *key, struct json_object *value)
{
	int err;

	need(value);
	if (key)
		err = json_object_object_add(top(), key, value);
	else
		err = json_object_array_add(top(), value);
	if (err)
		need(NULL);
}

static void print_json(struct json_object *object)
{
	bool spaced = out.flags & JSON_C_TO_STRING_SPACED;

	if (out.in_list)
		fputs(!out.listed++ ? spaced ? "[ " : "[" :
		      spaced ? ", " : ",", stdout);
	fputs(need((void *)json_object_to_json_string_ext(object, out.flags)),
	      stdout);
	json_object_put(object);
}

void out_list_begin(void)
{
	out.in_list = true;
	out.listed = 0;
}

void out_list_end(bool ok)
{
	bool spaced = out.flags & JSON_C_TO_STRING_SPACED;

	out.in_list = false;
	if (!out.json)
		return;
	if (out.listed)
		puts(spaced ? " ]" : "]");
	else if (ok)
		puts("[]");
}

void out_object_begin(void)
{
	out.sep = SEP_LINE;
	if (out.json)
		push(need(json_object_new_object()));
}

void out_object_end(void)
{
	if (!out.json) {
		if (out.sep != SEP_LINE)
			fputc('\n', text());
		out.sep = SEP_LINE;
	} else if (out.capture) {
		out.captured_json = out.stack[--out.depth];
	} else {
		print_json(out.stack[--out.depth]);
		if (!out.in_list)
			putchar('\n');
	}
	if (!out.in_list && !out.capture)
		fflush(stdout);
}

void out_nest_begin(const char *key)
{
	struct json_object *nest;

	if (!out.json)
		return;
	nest = json_object_new_object();
	add(key, nest);
	push(nest);
}

void out_nest_end(void)
{
	if (out.json)
		out.depth--;
}

void out_array_begin(const char *key)
{
	struct json_object *array;

	if (!out.json) {
		fputc('\n', text());
		out.sep = SEP_LINE;
		return;
	}
	array = json_object_new_array();
	add(key, array);
	push(array);
}

void out_array_end(void)
{
	if (out.json)
		out.depth--;
}

void out_break(void)
{
	out.sep = SEP_BREAK;
}

void out_glue(void)
{
	out.sep = SEP_NONE;
}

/* The text of a field that is not simply its key and value. */
#define PRINT_TEXT(fmt)							\
	do {								\
		va_list args;						\
									\
		va_start(args, fmt);					\
		vfprintf(text(), fmt, args);				\
		va_end(args);						\
	} while (0)

void out_uint(const char *key, uint64_t value, const char *fmt, ...)
{
	if (out.json) {
		add(key, json_object_new_uint64(value));
		return;
	}
	separate();
	if (fmt)
		PRINT_TEXT(fmt);
	else
		fprintf(text(), "%s %llu", key, (unsigned long long)value);
}

void out_int(const char *key, int64_t value, const char *fmt, ...)
{
	if (out.json) {
		add(key, json_object_new_int64(value));
		return;
	}
	separate();
	if (fmt)
		PRINT_TEXT(fmt);
	else
		fprintf(text(), "%s %lld", key, (long long)value);
}

void out_bool(const char *key, bool value, const char *fmt, ...)
{
	if (out.json) {
		add(key, json_object_new_boolean(value));
		return;
	}
	separate();
	if (fmt)
		PRINT_TEXT(fmt);
	else
		fprintf(text(), "%s %s", key, value ? "on" : "off");
}

void out_str(const char *key, const char *value, const char *fmt, ...)
{
	if (out.json) {
		add(key, json_object_new_string(value));
		return;
	}
	separate();
	if (fmt)
		PRINT_TEXT(fmt);
	else
		fprintf(text(), "%s %s", key, value);
}

/* How many bytes of continuation belong to a UTF-8 lead byte; -1 to none. */
static int tail_length(unsigned char lead)
{
	if (lead < 0x80)
		return 0;
	if (lead >= 0xc2 && lead < 0xe0)
		return 1;
	if (lead >= 0xe0 && lead < 0xf0)
		return 2;
	if (lead >= 0xf0 && lead < 0xf5)
		return 3;
	return -1;
}

/* The length of the UTF-8 sequence that @p starts with, 0 if that is none. */
static int sequence_length(const unsigned char *p)
{
	int i, n = tail_length(*p);

	for (i = 1; i <= n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong, surrogates, too large; controls that terminals obey. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f) ||
	    (p[0] == 0xc2 && p[1] < 0xa0))
		return 0;
	return n + 1;
}

/* A copy of @value in which what is no printable UTF-8 is replaced. */
static char *clean(const char *value)
{
	const unsigned char *p = (const unsigned char *)value;
	char *copy = need(malloc(strlen(value) * 3 + 1)), *to = copy;
	int len;

	while (*p) {
		len = sequence_length(p);
		if (len == 0 || (len == 1 && iscntrl(*p))) {
			to = stpcpy(to, "\xef\xbf\xbd");
			p++;
		} else {
			memcpy(to, p, len);
			to += len;
			p += len;
		}
	}
	*to = '\0';
	return copy;
}

static void print_quoted(const char *value)
{
	fputc('"', text());
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', text());
		fputc(*value, text());
	}
	fputc('"', text());
}

void out_label(const char *key, const char *value)
{
	char *shown = clean(value);

	if (out.json) {
		add(key, json_object_new_string(shown));
	} else {
		separate();
		fprintf(text(), "%s ", key);
		if (!*shown || strpbrk(shown, " \"'\\#"))
			print_quoted(shown);
		else
			fputs(shown, text());
	}
	free(shown);
}

void out_words_begin(const char *key, char sep)
{
	struct json_object *array;

	out.words = 0;
	out.word_sep = sep;
	if (out.json) {
		array = json_object_new_array();
		add(key, array);
		push(array);
	} else {
		separate();
		fprintf(text(), "%s ", key);
	}
}

void out_word(const char *word)
{
	if (out.json) {
		add(NULL, json_object_new_string(word));
		return;
	}
	if (out.words++)
		fputc(out.word_sep, text());
	fputs(word, text());
}

void out_number(uint64_t number)
{
	if (out.json) {
		add(NULL, json_object_new_uint64(number));
		return;
	}
	if (out.words++)
		fputc(out.word_sep, text());
	fprintf(text(), "%llu", (unsigned long long)number);
}

void out_words_end(void)
{
	if (out.json)
		out.depth--;
	else if (!out.words)
		fputs("none", text());
}

void out_capture_begin(void)
{
	out.capture = true;
	if (!out.json)
		out.stream = need(open_memstream(&out.captured,
						 &out.captured_size));
}

void out_capture_end(struct out_piece *piece)
{
	out.capture = false;
	if (out.json) {
		piece->json = out.captured_json;
		piece->text = NULL;
		return;
	}
	if (fclose(out.stream))
		need(NULL);
	out.stream = NULL;
	piece->json = NULL;
	piece->text = out.captured;
}

void out_piece_put(struct out_piece *piece)
{
	if (piece->json)
		add(NULL, piece->json);
	else
		fputs(piece->text, text());
	free(piece->text);
}
