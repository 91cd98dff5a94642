// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events: the subscription, and notifications into structs.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "fake.h"
#include "tap.h"

static struct fake fake;
static struct kssl_event got[8];
static int got_n;

static void take(const struct kssl_event *event, void *arg)
{
	*(int *)arg += 1;
	got[got_n++] = *event;
}

static void notify(uint32_t type, uint32_t id, int with_socket)
{
	static const uint8_t addr[16] = { 0x20, 1, [15] = 1 };
	uint64_t buf[128];
	struct nlmsghdr *nlh = fake_reply(buf, NULL, KSSL_CMD_EVENT);
	uint64_t cookie = 4;

	mnl_attr_put_u32(nlh, KSSL_A_EVENT, type);
	if (id)
		mnl_attr_put_u32(nlh, KSSL_A_ID, id);
	mnl_attr_put_u32(nlh, KSSL_A_CTX_ID, 2);
	if (id)
		mnl_attr_put_u32(nlh, KSSL_A_STATE, KSSL_STATE_ESTABLISHED);
	mnl_attr_put_u32(nlh, KSSL_A_UID, 1000);
	if (with_socket) {
		mnl_attr_put_u16(nlh, KSSL_A_FAMILY, AF_INET6);
		mnl_attr_put(nlh, KSSL_A_LOCAL_ADDR, sizeof(addr), addr);
		mnl_attr_put_u16(nlh, KSSL_A_LOCAL_PORT, 443);
		mnl_attr_put(nlh, KSSL_A_PEER_ADDR, sizeof(addr), addr);
		mnl_attr_put_u16(nlh, KSSL_A_PEER_PORT, 5);
		mnl_attr_put(nlh, KSSL_A_SOCK_COOKIE, sizeof(cookie), &cookie);
	}
	fake_queue(&fake, nlh, nlh->nlmsg_len);
}

static void notify_key_limit(void)
{
	uint64_t buf[32], records = 1ULL << 40, max = 1ULL << 41;
	struct nlmsghdr *nlh = fake_reply(buf, NULL, KSSL_CMD_EVENT);

	mnl_attr_put_u32(nlh, KSSL_A_EVENT, KSSL_EVENT_TYPE_KEY_LIMIT);
	mnl_attr_put_u32(nlh, KSSL_A_ID, 9);
	mnl_attr_put_u32(nlh, KSSL_A_DIRECTION, KSSL_DIRECTION_RX);
	mnl_attr_put(nlh, KSSL_A_KEY_RECORDS, sizeof(records), &records);
	mnl_attr_put(nlh, KSSL_A_KEY_RECORDS_MAX, sizeof(max), &max);
	fake_queue(&fake, nlh, nlh->nlmsg_len);
}

/* Not from the family. */
static void notify_other(void)
{
	uint64_t buf[8];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = NLMSG_NOOP;
	fake_queue(&fake, nlh, nlh->nlmsg_len);
}

int main(void)
{
	struct kssl_events *events;
	struct kssl_client *client;
	int calls = 0;

	fake_init(&fake);
	client = fake_client(&fake);
	events = kssl_events_open(client);
	check(events && fake.joined == FAKE_GROUP);
	check(kssl_events_fd(events) == 4711);
	check(kssl_events_dispatch(events, take, &calls) == 0);

	notify(KSSL_EVENT_TYPE_CTX_NEW, 0, 0);
	notify_other();
	notify(KSSL_EVENT_TYPE_STATE, 9, 1);
	check(kssl_events_dispatch(events, take, &calls) == 2 && calls == 2);
	check(got[0].type == KSSL_EVENT_TYPE_CTX_NEW && got[0].id == 0);
	check(got[0].ctx_id == 2 && got[0].uid == 1000);
	check(got[0].family == 0 && got[0].sock_cookie == 0);
	check(got[1].type == KSSL_EVENT_TYPE_STATE && got[1].id == 9);
	check(got[1].state == KSSL_STATE_ESTABLISHED);
	check(got[1].family == AF_INET6 && got[1].sock_cookie == 4);
	check(got[1].local_port == 443 && got[1].peer_port == 5);
	check(got[1].local_addr[0] == 0x20 && got[1].peer_addr[15] == 1);

	notify(KSSL_EVENT_TYPE_GONE, 9, 1);
	fake_queue_errno(&fake, ENOBUFS);
	notify(KSSL_EVENT_TYPE_CTX_GONE, 0, 0);
	check(kssl_events_dispatch(events, take, &calls) == -1);
	check(kssl_errno() == ENOBUFS && calls == 3);
	check(kssl_events_dispatch(events, take, &calls) == 1 && calls == 4);

	notify_key_limit();
	check(kssl_events_dispatch(events, take, &calls) == 1);
	check(got[4].type == KSSL_EVENT_TYPE_KEY_LIMIT && got[4].id == 9);
	check(got[4].direction == KSSL_DIRECTION_RX && !got[3].direction);
	check(got[4].key_records == 1ULL << 40 &&
	      got[4].key_records_max == 1ULL << 41);

	kssl_events_free(events);
	check(fake.closed == 1);
	return tap_done();
}
