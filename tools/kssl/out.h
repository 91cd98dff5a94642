/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Output as text or as JSON. What is printed is said once for both: a key and
 * a value for JSON, and how the value reads in text.
 *
 * Text has one line for each object, and further lines start with a tab. The
 * fields of a line are separated by a space.
 */
#ifndef TOOL_OUT_H
#define TOOL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An object that was captured to be printed later, inside of another. */
struct out_piece {
	struct json_object *json;
	char *text;
};

void out_setup(bool json, bool pretty);

/*
 * out_list_begin - what follows are the objects of one list
 * out_list_end - the end of the list; when not @ok an empty one is not printed
 * out_object_begin - an object follows, in a list or alone
 * out_object_end - the end of it; an object that is alone is flushed
 */
void out_list_begin(void);
void out_list_end(bool ok);
void out_object_begin(void);
void out_object_end(void);

/*
 * out_nest_begin - in JSON, an object inside of the object follows
 * out_array_begin - an array of objects follows, see out_piece_put()
 * out_break - in text, go on in a new line
 * out_glue - in text, no space before the next field
 */
void out_nest_begin(const char *key);
void out_nest_end(void);
void out_array_begin(const char *key);
void out_array_end(void);
void out_break(void);
void out_glue(void);

/*
 * One field. With a NULL @fmt the text is the key and the value.
 *
 * out_label - a free text, which is quoted in text where it has to be
 * out_words_begin - a field of any number of words, or numbers, joined by @sep
 *	in text, or "none" without any
 */
__attribute__((format(printf, 3, 4)))
void out_uint(const char *key, uint64_t value, const char *fmt, ...);
__attribute__((format(printf, 3, 4)))
void out_int(const char *key, int64_t value, const char *fmt, ...);
__attribute__((format(printf, 3, 4)))
void out_bool(const char *key, bool value, const char *fmt, ...);
__attribute__((format(printf, 3, 4)))
void out_str(const char *key, const char *value, const char *fmt, ...);
void out_label(const char *key, const char *value);
void out_words_begin(const char *key, char sep);
void out_word(const char *word);
void out_number(uint64_t number);
void out_words_end(void);

/*
 * out_capture_begin - keep the next object instead of printing it; its text is
 *	indented
 * out_capture_end - store it in @piece
 * out_piece_put - print it, into the array that was begun
 */
void out_capture_begin(void);
void out_capture_end(struct out_piece *piece);
void out_piece_put(struct out_piece *piece);

#endif /* TOOL_OUT_H */
