// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "handover.h"
#include "notify.h"

#define EX_DATA		0	/* the index where a response is kept */
#define ALONE_SECONDS	60	/* for the old process to end */

/* What libkssl knows nothing of; NULL where it has the reason. */
static const char *failure;

const char *handover_error(void)
{
	return failure ? failure : kssl_error_text();
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* --- the context --------------------------------------------------------- */

static struct kssl_ctx *new_ctx(struct kssl_client *client, enum handover how,
				const char *label)
{
	struct kssl_ctx *ctx = kssl_ctx_new(client, KSSL_METHOD_SERVER);

	if (ctx && kssl_ctx_set_label(ctx, label) &&
	    kssl_ctx_set_keep(ctx, how != HANDOVER_NONE) &&
	    kssl_ctx_set_share(ctx, how == HANDOVER_SHARE))
		return ctx;
	kssl_ctx_free(ctx);
	return NULL;
}

/* One file descriptor for all connections, those to come included. */
static int store(struct kssl_ctx *ctx)
{
	int fd = kssl_ctx_open_fd(ctx, KSSL_RIGHTS_ALL), ok;

	if (fd < 0)
		return 0;
	ok = notify_store("context", fd);
	close(fd);
	if (!ok)
		failure = "no service manager stores the context";
	return ok;
}

static struct kssl_ctx *import_ctx(struct kssl_client *client, int fd)
{
	struct kssl_ctx *ctx = kssl_ctx_import(client, fd, KSSL_RIGHTS_ALL);

	close(fd);
	return ctx;
}

struct search {
	const char *label;
	uint32_t id;
};

static int is_ours(const struct kssl_ctx_info *info, void *arg)
{
	struct search *search = arg;

	if (info->uid == geteuid() && info->holders &&
	    !strcmp(info->settings->label, search->label))
		search->id = info->id;
	return search->id;
}

/* *@found is NULL if there is none; returns 0 if one cannot be had. */
static int shared_ctx(struct kssl_client *client, const char *label,
		      struct kssl_ctx **found)
{
	struct search search = { .label = label };

	*found = NULL;
	if (!kssl_ctx_dump(client, is_ours, &search))
		return 0;
	if (search.id)
		*found = kssl_ctx_from_id(client, search.id);
	return *found || !search.id || kssl_errno() == ENOENT;
}

struct kssl_ctx *handover_ctx(struct kssl_client *client, enum handover how,
			      const char *label)
{
	int fd = how == HANDOVER_STORE ? notify_take("context") : -1;
	struct kssl_ctx *ctx = NULL;

	/* A new one would not have the connections of this, whatever is wrong. */
	if (fd >= 0)
		return import_ctx(client, fd);
	if (how == HANDOVER_SHARE && !shared_ctx(client, label, &ctx))
		return NULL;
	if (ctx)
		return ctx;
	ctx = new_ctx(client, how, label);
	if (!ctx || how != HANDOVER_STORE || store(ctx))
		return ctx;
	kssl_ctx_free(ctx);
	return NULL;
}

static int is_alone(struct kssl_ctx *ctx)
{
	struct kssl_ctx_info *info = kssl_ctx_get_info(ctx);
	int alone = info && info->holders == 1;

	kssl_ctx_info_free(info);
	return alone;
}

int handover_alone(struct kssl_ctx *ctx)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	time_t limit = now() + ALONE_SECONDS;
	int alone;

	/* Not so many pauses: on a busy machine, each may take much longer. */
	while (!(alone = is_alone(ctx)) && now() < limit)
		nanosleep(&pause, NULL);
	return alone;
}

/* --- connections --------------------------------------------------------- */

int handover_ended(void)
{
	/* While somebody looks at it, its id exists and is forbidden. */
	return kssl_errno() == ENOENT || kssl_errno() == EPERM ||
		kssl_errno() == ENOTCONN;
}

int response_save(struct kssl *s, const struct response *response)
{
	size_t len = offsetof(struct response, path);

	len += strlen(response->path) + 1;
	return kssl_set_ex_data(s, EX_DATA, response, len);
}

int response_load(struct kssl *s, struct response *response)
{
	ssize_t len;

	memset(response, 0, sizeof(*response));
	len = kssl_get_ex_data(s, EX_DATA, response, sizeof(*response));
	if (!len)
		return 0;
	if (len <= (ssize_t)offsetof(struct response, path) ||
	    len > (ssize_t)sizeof(*response) ||
	    response->version != RESPONSE_VERSION)
		return -1;
	response->path[sizeof(response->path) - 1] = '\0';
	return 1;
}
