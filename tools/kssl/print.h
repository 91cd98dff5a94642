/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How contexts, connections and events are printed.
 */
#ifndef TOOL_PRINT_H
#define TOOL_PRINT_H

#include <stdbool.h>

#include <kssl/kssl.h>

struct name;
struct out_piece;
struct sockaddr;

/*
 * print_ctx - print a context with its @n @conns, if that is not NULL
 * print_ctx_unseen - print connections of a context that may not be looked at
 * print_conn - print a connection
 * print_conn_pids - print a connection, and the @n processes that have its
 *	socket
 * print_event - print an event
 * print_overrun - say that events were lost, and print_present_ctx() and
 *	print_present_conn() are going to say what there is
 *
 * With @all every attribute is printed.
 *
 * print_name - print a value by its name, or as a number if it has none
 * print_sockaddr - print one end, "local" or "peer", of a TCP socket
 */
void print_ctx(const struct kssl_ctx_info *info, bool all,
	       struct out_piece *conns, size_t n);
void print_ctx_unseen(uint32_t id, struct out_piece *conns, size_t n);
void print_conn(const struct kssl_info *info, bool all);
void print_conn_pids(const struct kssl_info *info, bool all,
		     const uint32_t *pids, size_t n);
void print_event(const struct kssl_event *event);
void print_overrun(void);
void print_present_ctx(const struct kssl_ctx_info *info);
void print_present_conn(const struct kssl_info *info);
void print_name(const char *key, const struct name *names, uint64_t value);
void print_sockaddr(const char *which, const struct sockaddr *addr);

#endif /* TOOL_PRINT_H */
