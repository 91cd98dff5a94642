// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Dumps. The callbacks run between the messages of the dump, under the
 * client's lock; nothing is collected, so a dump of any length costs no memory.
 */
#include <errno.h>
#include <sys/socket.h>

#include "internal.h"

struct dump_conns {
	int (*cb)(const struct kssl_info *info, void *arg);
	void *arg;
};

static int conn_part(const struct nlmsghdr *nlh, void *arg)
{
	struct dump_conns *dump = arg;
	struct kssl_settings_info settings;
	struct kssl_info info;

	kssl_info_parse(nlh, &info, &settings);
	return dump->cb(&info, dump->arg);
}

static void put_filter(struct kssl_client *client,
		       const struct kssl_filter *filter)
{
	uint32_t mask = filter->mask;

	if (mask & KSSL_FILTER_CTX)
		kssl_req_u32(client, KSSL_A_CTX_ID, filter->ctx_id);
	if (mask & KSSL_FILTER_LABEL)
		kssl_req_str(client, KSSL_A_LABEL, filter->label);
	if (mask & KSSL_FILTER_STATE)
		kssl_req_u32(client, KSSL_A_STATE, filter->state);
	if (mask & KSSL_FILTER_UID)
		kssl_req_u32(client, KSSL_A_UID, filter->uid);
	if (mask & KSSL_FILTER_PEER_ADDR)
		kssl_req_put(client, KSSL_A_PEER_ADDR, filter->peer_addr,
			     filter->peer_family == AF_INET ? 4 : 16);
	if (mask & KSSL_FILTER_PEER_PORT)
		kssl_req_u16(client, KSSL_A_PEER_PORT, filter->peer_port);
}

/* What the request could not express; a filter that is ignored would lie. */
static int check_filter(const struct kssl_filter *filter)
{
	uint32_t known = KSSL_FILTER_CTX | KSSL_FILTER_LABEL |
			 KSSL_FILTER_STATE | KSSL_FILTER_UID |
			 KSSL_FILTER_PEER_ADDR | KSSL_FILTER_PEER_PORT;

	if (filter->mask & ~known)
		return kssl_set_error(EINVAL, "unknown bits 0x%x in the mask of the filter",
				      filter->mask & ~known);
	if (filter->mask & KSSL_FILTER_LABEL && !filter->label)
		return kssl_set_error(EINVAL, "the filter has no label");
	if (filter->mask & KSSL_FILTER_PEER_ADDR &&
	    filter->peer_family != AF_INET && filter->peer_family != AF_INET6)
		return kssl_set_error(EINVAL, "address family %u in the filter",
				      filter->peer_family);
	return 1;
}

int kssl_dump(struct kssl_client *client, const struct kssl_filter *filter,
	      int (*cb)(const struct kssl_info *info, void *arg), void *arg)
{
	struct dump_conns dump = { cb, arg };
	int ok;

	if ((filter && !check_filter(filter)) || !kssl_client_enter(client))
		return 0;
	kssl_req_begin(client, KSSL_CMD_GET);
	if (filter)
		put_filter(client, filter);
	ok = kssl_req_dump(client, conn_part, &dump);
	kssl_client_leave(client);
	return ok;
}

struct dump_ctxs {
	int (*cb)(const struct kssl_ctx_info *info, void *arg);
	void *arg;
};

static int ctx_part(const struct nlmsghdr *nlh, void *arg)
{
	struct dump_ctxs *dump = arg;
	struct kssl_settings_info settings;
	struct kssl_ctx_info info;

	kssl_ctx_info_parse(nlh, &info, &settings);
	return dump->cb(&info, dump->arg);
}

int kssl_ctx_dump(struct kssl_client *client,
		  int (*cb)(const struct kssl_ctx_info *info, void *arg),
		  void *arg)
{
	struct dump_ctxs dump = { cb, arg };
	int ok;

	if (!kssl_client_enter(client))
		return 0;
	kssl_req_begin(client, KSSL_CMD_CTX_GET);
	ok = kssl_req_dump(client, ctx_part, &dump);
	kssl_client_leave(client);
	return ok;
}
