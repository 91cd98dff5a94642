// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "error.h"
#include "name.h"
#include "out.h"
#include "value.h"

/* More than an attribute can have, so what is cut is refused as too long. */
#define FILE_SIZE	(UINT16_MAX + 1)

static bool input_taken;

int value_bad(const char *name, const char *value)
{
	return usage_error("%s: \"%s\" is not a value that it can have", name,
			   value);
}

int value_words(const char *name, const char *value, char sep,
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

static void append(struct bytes *bytes, const void *data, size_t len)
{
	bytes->data = realloc(bytes->data, bytes->len + len + 1);
	if (!bytes->data)
		die(0, "out of memory");
	memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
}

bool value_take_input(void)
{
	bool taken = input_taken;

	input_taken = true;
	return !taken;
}

/* Into one buffer and past stdio's, because a session is a secret. */
static int read_all(int fd, struct bytes *bytes)
{
	ssize_t n;

	bytes->data = malloc(FILE_SIZE);
	if (!bytes->data)
		die(0, "out of memory");
	do {
		n = read(fd, bytes->data + bytes->len,
			 FILE_SIZE - bytes->len);
		if (n > 0)
			bytes->len += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? errno : 0;
}

static int open_file(const char *name, const char *value, int *fd)
{
	if (!strcmp(value, "-")) {
		*fd = STDIN_FILENO;
		return value_take_input() ? 0 :
			usage_error("%s: standard input is taken already",
				    name);
	}
	*fd = open(value, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return usage_error("%s: %s: %s", name, value, strerror(errno));
	return 0;
}

int value_file(const char *name, const char *value, struct bytes *bytes)
{
	int err, fd, ret;

	*bytes = (struct bytes){ 0 };
	if (!strcmp(value, "none"))
		return 0;
	ret = open_file(name, value, &fd);
	if (ret)
		return ret;
	err = read_all(fd, bytes);
	if (fd != STDIN_FILENO)
		close(fd);
	if (!err)
		return 0;
	explicit_bzero(bytes->data, bytes->len);
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
	return usage_error("%s: %s: %s", name, value, strerror(err));
}

static bool add_hex(const char *text, struct bytes *bytes)
{
	unsigned int byte;
	unsigned char c;
	int end;

	for (; *text; text += 2) {
		end = 0;
		if (strspn(text, "0123456789abcdefABCDEF") < 2 ||
		    sscanf(text, "%2x%n", &byte, &end) != 1 || end != 2)
			return false;
		c = byte;
		append(bytes, &c, 1);
	}
	return true;
}

int value_hex(const char *name, const char *value, struct bytes *bytes)
{
	*bytes = (struct bytes){ 0 };
	if (!strcmp(value, "none") || add_hex(value, bytes))
		return 0;
	free(bytes->data);
	return value_bad(name, value);
}

static bool add_name(const char *word, void *arg)
{
	size_t len = strlen(word);
	unsigned char head = len;

	if (!len || len > KSSL_NAME_MAX)
		return false;
	append(arg, &head, 1);
	append(arg, word, len);
	return true;
}

int value_names(const char *name, const char *value, struct bytes *bytes)
{
	int ret;

	*bytes = (struct bytes){ 0 };
	ret = value_words(name, value, ',', add_name, bytes);
	if (ret)
		free(bytes->data);
	return ret;
}

int value_address(const char *name, const char *value, struct bytes *bytes)
{
	unsigned char addr[KSSL_IP_MAX];

	*bytes = (struct bytes){ 0 };
	if (!strcmp(value, "none"))
		return 0;
	if (inet_pton(AF_INET, value, addr) == 1)
		append(bytes, addr, 4);
	else if (inet_pton(AF_INET6, value, addr) == 1)
		append(bytes, addr, sizeof(addr));
	else
		return value_bad(name, value);
	return 0;
}

/* One record: its length as 16 bits, then three numbers and the data. */
static bool add_record(const char *word, void *arg)
{
	struct bytes rdata = { 0 };
	unsigned int head[3];
	unsigned char byte;
	int i, end = 0;
	uint16_t size;
	bool ok;

	if (sscanf(word, "%3u %3u %3u %n", &head[0], &head[1], &head[2],
		   &end) != 3 || !end)
		return false;
	for (i = 0; i < 3; i++) {
		byte = head[i];
		if (head[i] > UINT8_MAX)
			return false;
		append(&rdata, &byte, 1);
	}
	ok = word[end] && add_hex(word + end, &rdata);
	if (ok) {
		size = htons(rdata.len);
		append(arg, &size, sizeof(size));
		append(arg, rdata.data, rdata.len);
	}
	free(rdata.data);
	return ok;
}

int value_tlsa(const char *name, const char *value, struct bytes *bytes)
{
	int ret;

	*bytes = (struct bytes){ 0 };
	ret = value_words(name, value, ',', add_record, bytes);
	if (ret)
		free(bytes->data);
	return ret;
}

struct coder {
	const struct name *names;
	struct codes *codes;
};

static bool add_code(const char *word, void *arg)
{
	struct coder *coder = arg;
	struct codes *codes = coder->codes;
	uint64_t code;

	if (!name_value(coder->names, word, &code) &&
	    (strncmp(word, "0x", 2) || !parse_number(word, UINT16_MAX, &code)))
		return false;
	if (codes->n <= KSSL_CODES_MAX)
		codes->code[codes->n++] = code;
	return true;
}

int value_codes(const char *name, const char *value, const struct name *names,
		struct codes *codes)
{
	struct coder coder = { names, codes };

	codes->n = 0;
	return value_words(name, value, ':', add_code, &coder);
}

static bool add_serial(const char *word, void *arg)
{
	struct serials *serials = arg;
	uint64_t serial;

	if (!parse_number(word, UINT32_MAX, &serial))
		return false;
	if (serials->n <= KSSL_TICKET_KEYS_MAX)
		serials->serial[serials->n++] = serial;
	return true;
}

int value_serials(const char *name, const char *value,
		  struct serials *serials)
{
	serials->n = 0;
	return value_words(name, value, ',', add_serial, serials);
}

void print_hex(const char *name, const uint8_t *data, size_t len)
{
	char *text;
	size_t i;

	if (!len)
		return;
	text = malloc(2 * len + 1);
	if (!text)
		die(0, "out of memory");
	for (i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	out_str(name, text, NULL);
	free(text);
}

/* The kernel has checked that they are whole, but not what is in them. */
void print_names(const char *name, const uint8_t *data, size_t len)
{
	char word[KSSL_NAME_MAX + 1];
	size_t i, size;

	if (!len)
		return;
	out_words_begin(name, ',');
	for (; len; data += 1 + size, len -= 1 + size) {
		size = data[0];
		for (i = 0; i < size; i++)
			word[i] = data[1 + i] > ' ' && data[1 + i] < 0x7f ?
				data[1 + i] : '?';
		word[size] = '\0';
		out_word(word);
	}
	out_words_end();
}

void print_address(const char *name, const uint8_t *data, size_t len)
{
	char text[INET6_ADDRSTRLEN];

	if (len && inet_ntop(len == 4 ? AF_INET : AF_INET6, data, text,
			     sizeof(text)))
		out_str(name, text, NULL);
}

void print_size(const char *name, size_t len)
{
	if (len)
		out_uint(name, len, "%s %zu bytes", name, len);
}

void print_codes(const char *name, const struct name *names,
		 const uint16_t *codes, size_t n)
{
	const char *known;
	char number[8];
	size_t i;

	if (!n)
		return;
	out_words_begin(name, ':');
	for (i = 0; i < n; i++) {
		known = name_of(names, codes[i]);
		snprintf(number, sizeof(number), "0x%04x", codes[i]);
		out_word(known ? known : number);
	}
	out_words_end();
}

void print_serials(const char *name, const uint32_t *serials, size_t n)
{
	char number[12];
	size_t i;

	if (!n)
		return;
	out_words_begin(name, ',');
	for (i = 0; i < n; i++) {
		snprintf(number, sizeof(number), "%u", serials[i]);
		out_word(number);
	}
	out_words_end();
}
