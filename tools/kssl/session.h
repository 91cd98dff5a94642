/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of the tool: its client, the references that it has taken through it
 * and the names that a batch gave to ids. All of them end with the run.
 */
#ifndef TOOL_SESSION_H
#define TOOL_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct args;
struct kssl;
struct kssl_client;
struct kssl_ctx;

enum kind {
	KIND_CTX,
	KIND_CONN,
};

struct held;
struct label;

struct session {
	struct kssl_client *client;	/* opened when it is needed */
	bool all;			/* print every attribute */
	bool input_taken;		/* standard input is the batch */
	struct held *held;		/* references, newest first */
	struct label *labels;
};

/* An object that a command works on. */
struct object {
	enum kind kind;
	uint32_t id;
	void *handle;		/* struct kssl_ctx or struct kssl */
	bool borrowed;		/* the run had no reference before */
};

/*
 * session_client - the client; NULL with the reason said
 * session_end - let go of everything
 */
struct kssl_client *session_client(struct session *session);
void session_end(struct session *session);

/*
 * session_id - read an id or @NAME, which has to be of that kind; 0 or
 *	EXIT_USAGE
 * session_parse_id - the same for the value that has to follow @keyword
 */
int session_id(const struct session *session, enum kind kind, const char *text,
	       uint32_t *id);
int session_parse_id(const struct session *session, enum kind kind,
		     const char *keyword, struct args *args, uint32_t *id);

/*
 * session_check_name - can @name be given to an id? 0 or EXIT_USAGE
 * session_set_name - give it, in the environment of commands too
 */
int session_check_name(const struct session *session, const char *name);
void session_set_name(struct session *session, const char *name,
		      enum kind kind, uint32_t id);

/*
 * session_hold - the run has one more reference, that on @handle
 * session_drop - drop a reference that the run has; 0 or EXIT_KERNEL
 */
void session_hold(struct session *session, enum kind kind, void *handle);
int session_drop(struct session *session, enum kind kind, uint32_t id);

/*
 * session_borrow - find the handle of an object, by its id if the run has no
 *	reference; 0 or EXIT_KERNEL
 * session_return - the end of that
 * session_up_ref - the same, with one more reference for the caller to hold
 */
int session_borrow(struct session *session, enum kind kind, uint32_t id,
		   struct object *object);
void session_return(struct object *object);
int session_up_ref(struct session *session, enum kind kind, uint32_t id,
		   struct object *object);

#endif /* TOOL_SESSION_H */
