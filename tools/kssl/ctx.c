// SPDX-License-Identifier: GPL-2.0-only
#include <kssl/kssl.h>

#include "args.h"
#include "command.h"
#include "error.h"
#include "out.h"
#include "print.h"
#include "raw.h"
#include "row.h"

static int show_one(struct session *session, uint32_t id)
{
	struct kssl_client *client = session_client(session);
	struct kssl_ctx_info *info;

	if (!client)
		return EXIT_KERNEL;
	info = kssl_ctx_info_by_id(client, id);
	if (!info)
		return library_error();
	out_list_begin();
	print_ctx(info, session->all, NULL, 0);
	out_list_end(true);
	kssl_ctx_info_free(info);
	return 0;
}

static int print_one(const struct kssl_ctx_info *info, void *arg)
{
	const struct session *session = arg;

	print_ctx(info, session->all, NULL, 0);
	return 0;
}

static int show_all(struct session *session)
{
	struct kssl_client *client = session_client(session);
	int ok;

	if (!client)
		return EXIT_KERNEL;
	out_list_begin();
	ok = kssl_ctx_dump(client, print_one, session);
	out_list_end(ok);
	return ok ? 0 : library_error();
}

static int ctx_show(struct session *session, struct args *args)
{
	uint32_t id = 0;
	int ret = 0;

	if (args_take(args, "id"))
		ret = session_parse_id(session, KIND_CTX, "id", args, &id);
	if (!ret)
		ret = args_end(args);
	if (ret)
		return ret;
	return id ? show_one(session, id) : show_all(session);
}

static int make(struct session *session, const struct kssl_settings *settings,
		const struct taking *taking)
{
	struct kssl_client *client = session_client(session);
	struct object object = { .kind = KIND_CTX };

	if (!client)
		return EXIT_KERNEL;
	object.handle = kssl_ctx_new_with(client, settings);
	if (!object.handle)
		return library_error();
	object.id = kssl_ctx_id(object.handle);
	return taking_done(session, taking, &object, true);
}

static int ctx_new(struct session *session, struct args *args)
{
	struct kssl_settings *settings = kssl_settings_new();
	struct taking taking;
	int ret;

	if (!settings)
		return library_error();
	ret = taking_parse(session, args, settings, &taking);
	if (!ret)
		ret = make(session, settings, &taking);
	kssl_settings_free(settings);
	return ret;
}

/* The id that a command is about, which comes first. */
static int parse_id(const struct session *session, struct args *args,
		    uint32_t *id)
{
	if (!args_take(args, "id"))
		return usage_error("\"id\" is missing");
	return session_parse_id(session, KIND_CTX, "id", args, id);
}

static int change(struct session *session, uint32_t id,
		  const struct kssl_settings *settings)
{
	struct object object;
	int ret;

	ret = session_borrow(session, KIND_CTX, id, &object);
	if (ret)
		return ret;
	if (!kssl_ctx_set(object.handle, settings))
		ret = library_error();
	session_return(&object);
	return ret;
}

static int ctx_set(struct session *session, struct args *args)
{
	struct kssl_settings *settings = kssl_settings_new();
	struct rows_seen seen = { .n = 0 };
	uint32_t id;
	int ret;

	if (!settings)
		return library_error();
	ret = parse_id(session, args, &id);
	if (!ret)
		ret = rows_parse(args, settings, &seen);
	if (!ret)
		ret = args_end(args);
	if (!ret && !seen.n)
		ret = usage_error("\"set\" needs a row");
	if (!ret)
		ret = change(session, id, settings);
	kssl_settings_free(settings);
	return ret;
}

static int ctx_up_ref(struct session *session, struct args *args)
{
	struct object object;
	struct taking taking;
	uint32_t id;
	int ret;

	ret = parse_id(session, args, &id);
	if (!ret)
		ret = taking_parse(session, args, NULL, &taking);
	if (!ret)
		ret = session_up_ref(session, KIND_CTX, id, &object);
	return ret ? ret : taking_done(session, &taking, &object, false);
}

static int ctx_free(struct session *session, struct args *args)
{
	uint32_t id;
	int ret;

	ret = parse_id(session, args, &id);
	if (!ret)
		ret = args_end(args);
	return ret ? ret : session_drop(session, KIND_CTX, id);
}

static int ctx_row(struct session *session, struct args *args)
{
	uint32_t id;
	int ret;

	ret = parse_id(session, args, &id);
	return ret ? ret : raw_row(session, KIND_CTX, id, args);
}

static int ctx_import(struct session *session, struct args *args)
{
	return import_object(session, args, KIND_CTX);
}

static const struct command commands[] = {
	{ "show", ctx_show, "ctx show [ id CTX ]" },
	{ "new", ctx_new,
	  "ctx new [ ROW ]... " TAKING },
	{ "set", ctx_set, "ctx set id CTX ROW..." },
	{ "row", ctx_row, "ctx row id CTX name ROW >FILE" },
	{ "up-ref", ctx_up_ref,
	  "ctx up-ref id CTX " TAKING },
	{ "import", ctx_import,
	  "ctx import fd N [ rights RIGHTS ] " TAKING },
	{ "free", ctx_free, "ctx free id CTX" },
	{ NULL, NULL, NULL },
};

int ctx_command(struct session *session, struct args *args)
{
	return command_run(commands, rows_help, session, args);
}
