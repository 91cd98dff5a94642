/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>

struct response;

/*
 * As much of HTTP/1.1 as a server of files needs.
 *
 * http_respond - fill @r, which is zeroed, with the response to the request
 *	@head, a string that ends after the empty line or is too long. Returns
 *	a file descriptor of the body, for the caller to close, or -1 if there
 *	is none. Files are looked up below the directory @root alone.
 * http_reopen - the body of a response that another process made, or -1 with
 *	errno, ENOENT or ESTALE if it is not the same any more
 * http_head - write the head, which depends on @r alone; returns its length
 */
int http_respond(struct response *r, const char *head, int root);
int http_reopen(const struct response *r, int root);
size_t http_head(const struct response *r, char *buf, size_t size);

#endif /* HTTP_H */
