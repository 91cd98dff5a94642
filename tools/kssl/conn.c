// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <kssl/kssl.h>

#include "args.h"
#include "command.h"
#include "error.h"
#include "name.h"
#include "out.h"
#include "print.h"
#include "raw.h"
#include "row.h"

/* --- show --------------------------------------------------------------- */

static int show_one(struct session *session, uint32_t id)
{
	struct kssl_client *client = session_client(session);
	struct kssl_info *info;

	if (!client)
		return EXIT_KERNEL;
	info = kssl_info_by_id(client, id);
	if (!info)
		return library_error();
	out_list_begin();
	print_conn(info, session->all);
	out_list_end(true);
	kssl_info_free(info);
	return 0;
}

static int print_one(const struct kssl_info *info, void *arg)
{
	const struct session *session = arg;

	print_conn(info, session->all);
	return 0;
}

static int show_all(struct session *session, const struct kssl_filter *filter)
{
	struct kssl_client *client = session_client(session);
	int ok;

	if (!client)
		return EXIT_KERNEL;
	out_list_begin();
	ok = kssl_dump(client, filter, print_one, session);
	out_list_end(ok);
	return ok ? 0 : library_error();
}

static int filter_ctx(const struct session *session, const char *value,
		      struct kssl_filter *filter)
{
	filter->mask |= KSSL_FILTER_CTX;
	return session_id(session, KIND_CTX, value, &filter->ctx_id);
}

static int filter_label(const struct session *session, const char *value,
			struct kssl_filter *filter)
{
	(void)session;
	filter->mask |= KSSL_FILTER_LABEL;
	filter->label = value;
	return 0;
}

static int filter_state(const struct session *session, const char *value,
			struct kssl_filter *filter)
{
	uint64_t state;

	(void)session;
	if (!name_value(state_names, value, &state))
		return usage_error("\"%s\" is not a state", value);
	filter->mask |= KSSL_FILTER_STATE;
	filter->state = state;
	return 0;
}

static int filter_uid(const struct session *session, const char *value,
		      struct kssl_filter *filter)
{
	const struct passwd *user;
	uint64_t uid;

	(void)session;
	if (!parse_number(value, UINT32_MAX, &uid)) {
		user = getpwnam(value);
		if (!user)
			return usage_error("there is no user \"%s\"", value);
		uid = user->pw_uid;
	}
	filter->mask |= KSSL_FILTER_UID;
	filter->uid = uid;
	return 0;
}

/* ADDR, ADDR:PORT, [ADDR]:PORT or :PORT; @addr is overwritten. */
static bool parse_peer(char *addr, struct kssl_filter *filter)
{
	char *port = strrchr(addr, ':');
	uint64_t number;

	/* Without brackets, colons belong to an IPv6 address. */
	if (port && port != addr && port[-1] != ']' &&
	    memchr(addr, ':', port - addr))
		port = NULL;
	if (port) {
		*port++ = '\0';
		if (!parse_number(port, UINT16_MAX, &number))
			return false;
		filter->mask |= KSSL_FILTER_PEER_PORT;
		filter->peer_port = number;
		if (!*addr)
			return true;
	}
	if (*addr == '[' && addr[strlen(addr) - 1] == ']') {
		addr[strlen(addr) - 1] = '\0';
		addr++;
	} else if (inet_pton(AF_INET, addr, filter->peer_addr) == 1) {
		filter->mask |= KSSL_FILTER_PEER_ADDR;
		filter->peer_family = AF_INET;
		return true;
	}
	filter->mask |= KSSL_FILTER_PEER_ADDR;
	filter->peer_family = AF_INET6;
	return inet_pton(AF_INET6, addr, filter->peer_addr) == 1;
}

static int filter_peer(const struct session *session, const char *value,
		       struct kssl_filter *filter)
{
	char addr[80];

	(void)session;
	if (strlen(value) < sizeof(addr)) {
		strcpy(addr, value);
		if (parse_peer(addr, filter))
			return 0;
	}
	return usage_error("\"%s\" is not an address with or without a port",
			   value);
}

static const struct {
	const char *name;
	int (*parse)(const struct session *session, const char *value,
		     struct kssl_filter *filter);
} filters[] = {
	{ "ctx", filter_ctx },
	{ "label", filter_label },
	{ "state", filter_state },
	{ "uid", filter_uid },
	{ "peer", filter_peer },
};

#define FILTERS	(sizeof(filters) / sizeof(filters[0]))

static size_t find_filter(const char *name)
{
	size_t i;

	for (i = 0; i < FILTERS; i++)
		if (!strcmp(filters[i].name, name))
			break;
	return i;
}

static int parse_filter(const struct session *session, struct args *args,
			struct kssl_filter *filter)
{
	bool seen[FILTERS] = { false };
	const char *value;
	size_t i;
	int ret;

	while (args_peek(args)) {
		i = find_filter(args_peek(args));
		if (i == FILTERS)
			return args_end(args);
		args_next(args);
		ret = args_once(filters[i].name, &seen[i]);
		if (!ret)
			ret = args_value(args, filters[i].name, &value);
		if (!ret)
			ret = filters[i].parse(session, value, filter);
		if (ret)
			return ret;
	}
	return 0;
}

static int conn_show(struct session *session, struct args *args)
{
	struct kssl_filter filter = { .mask = 0 };
	uint32_t id;
	int ret;

	if (args_take(args, "id")) {
		ret = session_parse_id(session, KIND_CONN, "id", args, &id);
		if (!ret)
			ret = args_end(args);
		return ret ? ret : show_one(session, id);
	}
	ret = parse_filter(session, args, &filter);
	return ret ? ret : show_all(session, &filter);
}

/* --- new, dup ----------------------------------------------------------- */

static int make(struct session *session, uint32_t ctx_id,
		const struct kssl_settings *settings,
		const struct taking *taking)
{
	struct object ctx, object = { .kind = KIND_CONN };
	int ret;

	ret = session_borrow(session, KIND_CTX, ctx_id, &ctx);
	if (ret)
		return ret;
	object.handle = kssl_new_with(ctx.handle, settings);
	if (!object.handle)
		ret = library_error();
	session_return(&ctx);
	if (ret)
		return ret;
	object.id = kssl_id(object.handle);
	return taking_done(session, taking, &object, true);
}

static int conn_new(struct session *session, struct args *args)
{
	struct kssl_settings *settings = kssl_settings_new();
	struct taking taking;
	uint32_t ctx_id;
	int ret;

	if (!settings)
		return library_error();
	if (!args_take(args, "ctx"))
		ret = usage_error("\"ctx\" is missing");
	else
		ret = session_parse_id(session, KIND_CTX, "ctx", args,
				       &ctx_id);
	if (!ret)
		ret = taking_parse(session, args, settings, &taking);
	if (!ret)
		ret = make(session, ctx_id, settings, &taking);
	kssl_settings_free(settings);
	return ret;
}

/* The id that a command is about, which comes first. */
static int parse_id(const struct session *session, struct args *args,
		    uint32_t *id)
{
	if (!args_take(args, "id"))
		return usage_error("\"id\" is missing");
	return session_parse_id(session, KIND_CONN, "id", args, id);
}

static int dup_one(struct session *session, uint32_t id,
		   const struct taking *taking)
{
	struct object from, object = { .kind = KIND_CONN };
	int ret;

	ret = session_borrow(session, KIND_CONN, id, &from);
	if (ret)
		return ret;
	object.handle = kssl_dup(from.handle);
	if (!object.handle)
		ret = library_error();
	session_return(&from);
	if (ret)
		return ret;
	object.id = kssl_id(object.handle);
	return taking_done(session, taking, &object, true);
}

static int conn_dup(struct session *session, struct args *args)
{
	struct taking taking;
	uint32_t id;
	int ret;

	ret = parse_id(session, args, &id);
	if (!ret)
		ret = taking_parse(session, args, NULL, &taking);
	return ret ? ret : dup_one(session, id, &taking);
}

/* --- commands on one connection ----------------------------------------- */

static int change(struct session *session, uint32_t id,
		  const struct kssl_settings *settings)
{
	struct object object;
	int ret;

	ret = session_borrow(session, KIND_CONN, id, &object);
	if (ret)
		return ret;
	if (!kssl_set(object.handle, settings))
		ret = library_error();
	session_return(&object);
	return ret;
}

static int conn_set(struct session *session, struct args *args)
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

static int conn_up_ref(struct session *session, struct args *args)
{
	struct object object;
	struct taking taking;
	uint32_t id;
	int ret;

	ret = parse_id(session, args, &id);
	if (!ret)
		ret = taking_parse(session, args, NULL, &taking);
	if (!ret)
		ret = session_up_ref(session, KIND_CONN, id, &object);
	return ret ? ret : taking_done(session, &taking, &object, false);
}

static int conn_free(struct session *session, struct args *args)
{
	uint32_t id;
	int ret;

	ret = parse_id(session, args, &id);
	if (!ret)
		ret = args_end(args);
	return ret ? ret : session_drop(session, KIND_CONN, id);
}

static int conn_clear(struct session *session, struct args *args)
{
	struct object object;
	uint32_t id;
	int ret;

	ret = parse_id(session, args, &id);
	if (!ret)
		ret = args_end(args);
	if (!ret)
		ret = session_borrow(session, KIND_CONN, id, &object);
	if (ret)
		return ret;
	if (!kssl_clear(object.handle))
		ret = library_error();
	session_return(&object);
	return ret;
}

static int parse_update(struct args *args, enum kssl_direction *direction,
			unsigned int *flags)
{
	if (args_take(args, "tx"))
		*direction = KSSL_DIRECTION_TX;
	else if (args_take(args, "rx"))
		*direction = KSSL_DIRECTION_RX;
	else
		return usage_error("\"tx\" or \"rx\" is missing");
	if (*direction == KSSL_DIRECTION_TX && args_take(args, "request"))
		*flags |= KSSL_REKEY_REQUEST;
	if (*direction == KSSL_DIRECTION_TX && args_take(args, "no-wait"))
		*flags |= KSSL_REKEY_NO_WAIT;
	return args_end(args);
}

static int conn_rekey(struct session *session, struct args *args)
{
	enum kssl_direction direction = KSSL_DIRECTION_TX;
	unsigned int flags = 0;
	struct object object;
	uint32_t id;
	int ret;

	ret = parse_id(session, args, &id);
	if (!ret)
		ret = parse_update(args, &direction, &flags);
	if (!ret)
		ret = session_borrow(session, KIND_CONN, id, &object);
	if (ret)
		return ret;
	if (!kssl_rekey(object.handle, direction, flags))
		ret = library_error();
	session_return(&object);
	return ret;
}

static int switch_ctx(struct session *session, uint32_t id, uint32_t ctx_id)
{
	struct object object, ctx;
	int ret;

	ret = session_borrow(session, KIND_CONN, id, &object);
	if (ret)
		return ret;
	ret = session_borrow(session, KIND_CTX, ctx_id, &ctx);
	if (!ret) {
		if (!kssl_set_ctx(object.handle, ctx.handle))
			ret = library_error();
		session_return(&ctx);
	}
	session_return(&object);
	return ret;
}

static int conn_set_ctx(struct session *session, struct args *args)
{
	uint32_t id, ctx_id;
	int ret;

	ret = parse_id(session, args, &id);
	if (!ret && !args_take(args, "ctx"))
		ret = usage_error("\"ctx\" is missing");
	if (!ret)
		ret = session_parse_id(session, KIND_CTX, "ctx", args,
				       &ctx_id);
	if (!ret)
		ret = args_end(args);
	return ret ? ret : switch_ctx(session, id, ctx_id);
}

static int conn_row(struct session *session, struct args *args)
{
	uint32_t id;
	int ret;

	ret = parse_id(session, args, &id);
	return ret ? ret : raw_row(session, KIND_CONN, id, args);
}

static int conn_import(struct session *session, struct args *args)
{
	return import_object(session, args, KIND_CONN);
}

static const struct command commands[] = {
	{ "show", conn_show,
	  "conn show [ id CONN | FILTER... ]" },
	{ "new", conn_new,
	  "conn new ctx CTX [ ROW ]... " TAKING },
	{ "set", conn_set, "conn set id CONN ROW..." },
	{ "row", conn_row, "conn row id CONN name ROW >FILE" },
	{ "set-ctx", conn_set_ctx, "conn set-ctx id CONN ctx CTX" },
	{ "dup", conn_dup,
	  "conn dup id CONN " TAKING_CONN },
	{ "up-ref", conn_up_ref,
	  "conn up-ref id CONN " TAKING_CONN },
	{ "import", conn_import,
	  "conn import fd N [ rights RIGHTS ] " TAKING_CONN },
	{ "free", conn_free, "conn free id CONN" },
	{ "clear", conn_clear, "conn clear id CONN" },
	{ "rekey", conn_rekey,
	  "conn rekey id CONN { tx [ request ] [ no-wait ] | rx }" },
	{ NULL, NULL, NULL },
};

static void help(void)
{
	puts("FILTER := { ctx CTX | label TEXT | uid USER | peer [ADDR][:PORT] |\n"
	     "            state { initial | handshake | established | closed |\n"
	     "                    error } }");
	rows_help();
}

int conn_command(struct session *session, struct args *args)
{
	return command_run(commands, help, session, args);
}
