// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kssl/kssl.h>

#include "args.h"
#include "error.h"
#include "session.h"

/* One reference. */
struct held {
	struct held *next;
	enum kind kind;
	uint32_t id;
	void *handle;
};

struct label {
	struct label *next;
	enum kind kind;
	uint32_t id;
	char name[];
};

static const char *const kind_names[] = {
	[KIND_CTX] = "context",
	[KIND_CONN] = "connection",
};

struct kssl_client *session_client(struct session *session)
{
	if (!session->client)
		session->client = kssl_client_new();
	if (!session->client)
		library_error();
	return session->client;
}

void session_end(struct session *session)
{
	struct label *label;
	struct held *held;

	/* With the client go its references, and the handles of them. */
	kssl_client_free(session->client);
	while ((held = session->held)) {
		session->held = held->next;
		free(held);
	}
	while ((label = session->labels)) {
		session->labels = label->next;
		free(label);
	}
}

/* --- ids and their names ------------------------------------------------ */

static const struct label *find_label(const struct session *session,
				      const char *name)
{
	const struct label *label;

	for (label = session->labels; label; label = label->next)
		if (!strcmp(label->name, name))
			return label;
	return NULL;
}

int session_id(const struct session *session, enum kind kind, const char *text,
	       uint32_t *id)
{
	const struct label *label;
	uint64_t number;

	if (*text != '@') {
		if (!parse_number(text, UINT32_MAX, &number) || !number)
			return usage_error("\"%s\" is not the id of a %s",
					   text, kind_names[kind]);
		*id = number;
		return 0;
	}
	label = find_label(session, text + 1);
	if (!label)
		return usage_error("there is no name \"%s\"", text + 1);
	if (label->kind != kind)
		return usage_error("\"%s\" is the name of a %s", text + 1,
				   kind_names[label->kind]);
	*id = label->id;
	return 0;
}

int session_parse_id(const struct session *session, enum kind kind,
		     const char *keyword, struct args *args, uint32_t *id)
{
	const char *text;
	int ret;

	ret = args_value(args, keyword, &text);
	return ret ? ret : session_id(session, kind, text, id);
}

/* Names become part of the names of environment variables. */
int session_check_name(const struct session *session, const char *name)
{
	const char *p;

	for (p = name; isalnum((unsigned char)*p) || *p == '_'; p++)
		;
	if (*p || !*name)
		return usage_error("\"%s\" cannot be a name: letters, digits and _ only",
				   name);
	if (find_label(session, name))
		return usage_error("there is a name \"%s\" already", name);
	return 0;
}

static void set_variable(const char *name, uint32_t id)
{
	char number[12];

	snprintf(number, sizeof(number), "%u", id);
	if (setenv(name, number, 1))
		die(0, "out of memory");
}

void session_set_name(struct session *session, const char *name,
		      enum kind kind, uint32_t id)
{
	struct label *label = malloc(sizeof(*label) + strlen(name) + 1);
	char *variable;

	if (!label || asprintf(&variable, "KSSL_ID_%s", name) < 0)
		die(0, "out of memory");
	label->kind = kind;
	label->id = id;
	strcpy(label->name, name);
	label->next = session->labels;
	session->labels = label;
	set_variable(variable, id);
	free(variable);
}

/* --- references --------------------------------------------------------- */

static uint32_t handle_id(enum kind kind, const void *handle)
{
	return kind == KIND_CTX ? kssl_ctx_id(handle) : kssl_id(handle);
}

static void handle_free(enum kind kind, void *handle)
{
	if (kind == KIND_CTX)
		kssl_ctx_free(handle);
	else
		kssl_free(handle);
}

void session_hold(struct session *session, enum kind kind, void *handle)
{
	struct held *held = malloc(sizeof(*held));

	if (!held)
		die(0, "out of memory");
	held->kind = kind;
	held->id = handle_id(kind, handle);
	held->handle = handle;
	held->next = session->held;
	session->held = held;

	set_variable(kind == KIND_CTX ? "KSSL_CTX_ID" : "KSSL_ID", held->id);
	if (kind == KIND_CONN)
		set_variable("KSSL_CTX_ID", kssl_get_ctx_id(handle));
}

static struct held **find_held(struct session *session, enum kind kind,
			       uint32_t id)
{
	struct held **pos;

	for (pos = &session->held; *pos; pos = &(*pos)->next)
		if ((*pos)->kind == kind && (*pos)->id == id)
			return pos;
	return NULL;
}

int session_drop(struct session *session, enum kind kind, uint32_t id)
{
	struct held **pos = find_held(session, kind, id);
	struct held *held;

	if (!pos)
		return system_error(0, "this run has no reference on %s %u",
				    kind_names[kind], id);
	held = *pos;
	*pos = held->next;
	handle_free(kind, held->handle);
	free(held);
	return 0;
}

int session_borrow(struct session *session, enum kind kind, uint32_t id,
		   struct object *object)
{
	struct held **pos = find_held(session, kind, id);
	struct kssl_client *client = session_client(session);

	if (!client)
		return EXIT_KERNEL;
	object->kind = kind;
	object->id = id;
	object->borrowed = !pos;
	if (pos)
		object->handle = (*pos)->handle;
	else if (kind == KIND_CTX)
		object->handle = kssl_ctx_from_id(client, id);
	else
		object->handle = kssl_from_id(client, id);
	return object->handle ? 0 : library_error();
}

void session_return(struct object *object)
{
	if (object->borrowed)
		handle_free(object->kind, object->handle);
}

int session_up_ref(struct session *session, enum kind kind, uint32_t id,
		   struct object *object)
{
	int ret = session_borrow(session, kind, id, object);

	/* What was borrowed is a reference already. */
	if (ret || object->borrowed)
		return ret;
	if (kind == KIND_CTX ? kssl_ctx_up_ref(object->handle) :
	    kssl_up_ref(object->handle))
		return 0;
	return library_error();
}
