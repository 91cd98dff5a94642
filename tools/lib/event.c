// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events, on a socket of their own: notifications there cannot push a reply
 * out of a client's receive buffer.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

struct kssl_events {
	struct kssl_client *client;
};

struct kssl_events *kssl_events_open(struct kssl_client *client)
{
	struct kssl_events *events = malloc(sizeof(*events));
	int err = ENOMEM;

	if (events)
		err = -client->transport->join(client->priv,
					       client->events_group);
	if (err) {
		free(events);
		kssl_client_free(client);
		kssl_set_errno(err);
		return NULL;
	}
	events->client = client;
	return events;
}

struct kssl_events *kssl_events_new(void)
{
	struct kssl_client *client = kssl_client_new();

	return client ? kssl_events_open(client) : NULL;
}

void kssl_events_free(struct kssl_events *events)
{
	if (!events)
		return;
	kssl_client_free(events->client);
	free(events);
}

int kssl_events_fd(const struct kssl_events *events)
{
	return events->client->transport->fd(events->client->priv);
}

void kssl_event_parse(const struct nlmsghdr *nlh, struct kssl_event *event)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];
	struct kssl_endpoints ends;

	kssl_attrs_parse(nlh, tb);
	kssl_endpoints_parse(tb, &ends);
	*event = (struct kssl_event) {
		.type = kssl_attr_uint(tb[KSSL_A_EVENT]),
		.id = kssl_attr_uint(tb[KSSL_A_ID]),
		.ctx_id = kssl_attr_uint(tb[KSSL_A_CTX_ID]),
		.state = kssl_attr_uint(tb[KSSL_A_STATE]),
		.uid = kssl_attr_uint(tb[KSSL_A_UID]),
		.family = ends.family,
		.local_port = ends.local_port,
		.peer_port = ends.peer_port,
		.sock_cookie = ends.sock_cookie,
		.cookie = kssl_attr_uint(tb[KSSL_A_COOKIE]),
		.direction = kssl_attr_uint(tb[KSSL_A_DIRECTION]),
		.key_records = kssl_attr_uint(tb[KSSL_A_KEY_RECORDS]),
		.key_records_max = kssl_attr_uint(tb[KSSL_A_KEY_RECORDS_MAX]),
	};
	memcpy(event->local_addr, ends.local_addr, sizeof(event->local_addr));
	memcpy(event->peer_addr, ends.peer_addr, sizeof(event->peer_addr));
}

static int dispatch_datagram(const struct kssl_client *client, int len,
			     void (*cb)(const struct kssl_event *event,
					void *arg), void *arg)
{
	const struct nlmsghdr *nlh = (void *)client->recv_buf;
	struct kssl_event event;
	int n = 0;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_type != client->family)
			continue;
		kssl_event_parse(nlh, &event);
		cb(&event, arg);
		n++;
	}
	return n;
}

int kssl_events_dispatch(struct kssl_events *events,
			 void (*cb)(const struct kssl_event *event, void *arg),
			 void *arg)
{
	struct kssl_client *client = events->client;
	ssize_t len;
	int n = 0;

	for (;;) {
		len = client->transport->recv(client->priv, client->recv_buf,
					      KSSL_RECV_SIZE, MSG_DONTWAIT);
		if (len == -EAGAIN)
			return n;
		if (len < 0) {
			kssl_set_errno(-len);
			return -1;
		}
		n += dispatch_datagram(client, len, cb, arg);
	}
}
