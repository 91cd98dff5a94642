/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values that are more than a number: how they are typed, and how they are
 * printed. Each parser returns 0 or an exit status, with the message printed.
 */
#ifndef TOOL_VALUE_H
#define TOOL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kssl.h>

struct name;

/* What a value becomes; the kernel says what is too long. */
struct bytes {
	unsigned char *data;
	size_t len;
};

struct codes {
	uint16_t code[KSSL_CODES_MAX + 1];	/* one more, for the kernel */
	size_t n;
};

struct serials {
	uint32_t serial[KSSL_TICKET_KEYS_MAX + 1];
	size_t n;
};

/*
 * value_bad - "name: value is not a value that it can have"
 * value_words - call @add for each word of @value, up to @sep. An empty value
 *	and "none" have no words
 * value_file - what is in the file that @value names, or in stdin for "-"
 * value_take_input - claim standard input; false if it was claimed before
 * value_hex - pairs of hexadecimal digits, or "none"
 * value_names - names with commas between, as a byte of length and the name
 * value_address - an address of IPv4 or IPv6, or "none"
 * value_tlsa - TLSA records as "USAGE SELECTOR MTYPE HEX" with commas between
 * value_codes - names of @names or 0xNNNN with colons between
 * value_serials - serial numbers of keys with commas between
 *
 * Bytes are to be freed.
 */
int value_bad(const char *name, const char *value);
int value_words(const char *name, const char *value, char sep,
		bool (*add)(const char *word, void *arg), void *arg);
int value_file(const char *name, const char *value, struct bytes *bytes);
bool value_take_input(void);
int value_hex(const char *name, const char *value, struct bytes *bytes);
int value_names(const char *name, const char *value, struct bytes *bytes);
int value_address(const char *name, const char *value, struct bytes *bytes);
int value_tlsa(const char *name, const char *value, struct bytes *bytes);
int value_codes(const char *name, const char *value, const struct name *names,
		struct codes *codes);
int value_serials(const char *name, const char *value,
		  struct serials *serials);

/*
 * The counterparts. print_size is for what nobody wants to see.
 */
void print_hex(const char *name, const uint8_t *data, size_t len);
void print_names(const char *name, const uint8_t *data, size_t len);
void print_address(const char *name, const uint8_t *data, size_t len);
void print_size(const char *name, size_t len);
void print_codes(const char *name, const struct name *names,
		 const uint16_t *codes, size_t n);
void print_serials(const char *name, const uint32_t *serials, size_t n);

#endif /* TOOL_VALUE_H */
