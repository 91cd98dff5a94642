// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kssl/kssl.h>

#include "args.h"
#include "error.h"
#include "raw.h"
#include "row.h"

static int parse_name(struct args *args, uint16_t *attr)
{
	const char *name;
	int ret;

	if (!args_take(args, "name"))
		return usage_error("\"name\" is missing");
	ret = args_value(args, "name", &name);
	if (ret)
		return ret;
	*attr = row_attr(name);
	return *attr ? args_end(args) :
		usage_error("there is no row \"%s\"", name);
}

/* Past stdio, whose buffer would keep a session. */
static int write_all(const unsigned char *data, size_t len)
{
	ssize_t n;

	fflush(stdout);
	for (; len; data += n, len -= n) {
		n = write(STDOUT_FILENO, data, len);
		if (n < 0 && errno != EINTR)
			return system_error(errno, "cannot print");
		if (n < 0)
			n = 0;
	}
	return 0;
}

static int write_row(const struct object *object, uint16_t attr)
{
	void *data;
	size_t len;
	int ok, ret;

	if (object->kind == KIND_CTX)
		ok = kssl_ctx_get_row(object->handle, attr, &data, &len);
	else
		ok = kssl_get_row(object->handle, attr, &data, &len);
	if (!ok)
		return library_error();
	ret = write_all(data, len);
	if (len)
		explicit_bzero(data, len);
	free(data);
	return ret;
}

int raw_row(struct session *session, enum kind kind, uint32_t id,
	    struct args *args)
{
	struct object object;
	uint16_t attr = 0;
	int ret;

	ret = parse_name(args, &attr);
	if (ret)
		return ret;
	if (isatty(STDOUT_FILENO))
		return usage_error("the bytes of a row are not for a terminal");
	ret = session_borrow(session, kind, id, &object);
	if (ret)
		return ret;
	ret = write_row(&object, attr);
	session_return(&object);
	return ret;
}
