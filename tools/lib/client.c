// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A client: a netlink socket, whose references in the kernel last as long as
 * it is open, and the handles that stand for them.
 *
 * One mutex covers a client's request from its first attribute to its last
 * reply, so replies need no dispatching. After fork() the copy in the child is
 * the same client to the kernel; its use there would mix up both processes'
 * replies and references, so the child may only free its memory.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

int kssl_client_foreign(const struct kssl_client *client)
{
	return client->pid != getpid();
}

int kssl_client_enter(struct kssl_client *client)
{
	if (!client)
		return kssl_set_error(EINVAL, "no client given");
	if (kssl_client_foreign(client))
		return kssl_set_error(ECHILD,
				      "the client belongs to the process that opened it, this one needs its own");
	if (pthread_mutex_lock(&client->lock))
		return kssl_set_error(EDEADLK,
				      "a dump's callback uses the client that dumps");
	return 1;
}

void kssl_client_leave(struct kssl_client *client)
{
	pthread_mutex_unlock(&client->lock);
}

static uint32_t group_id(const struct nlattr *groups, const char *wanted)
{
	const struct nlattr *group, *attr;
	const char *name;
	uint32_t id;

	mnl_attr_for_each_nested(group, groups) {
		name = "";
		id = 0;
		mnl_attr_for_each_nested(attr, group) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
				name = kssl_attr_str(attr);
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
				id = kssl_attr_uint(attr);
		}
		if (!strcmp(name, wanted))
			return id;
	}
	return 0;
}

static int family_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	struct kssl_client *client = arg;
	const struct nlattr *attr;

	(void)i;
	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_FAMILY_ID:
			client->family = kssl_attr_uint(attr);
			break;
		case CTRL_ATTR_MCAST_GROUPS:
			client->events_group = group_id(attr,
							KSSL_MCGRP_EVENTS);
			break;
		}
	}
	if (client->family)
		return 1;
	return kssl_set_error(EPROTO, "the kernel named no id of the family");
}

/* The kernel loads the module when somebody asks for its family by name. */
static int resolve_family(struct kssl_client *client)
{
	int ok;

	if (!kssl_client_enter(client))
		return 0;
	kssl_req_begin_family(client, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	kssl_req_str(client, CTRL_ATTR_FAMILY_NAME, KSSL_FAMILY_NAME);
	ok = kssl_req_send(client, family_reply, client);
	kssl_client_leave(client);

	if (!ok && kssl_errno() == ENOENT)
		kssl_set_error(ENOENT,
			       "the kernel has no kssl family: the module kssl is not loaded");
	return ok;
}

/* A callback that calls back shall hear of it, not wait for itself. */
static int init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;
	int err = pthread_mutexattr_init(&attr);

	if (err)
		return err;
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	err = pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return err;
}

struct kssl_client *kssl_client_open(const struct kssl_transport *transport,
				     void *priv)
{
	struct kssl_client *client = calloc(1, sizeof(*client));
	int err;

	if (!client) {
		transport->close(priv);
		kssl_set_errno(ENOMEM);
		return NULL;
	}
	client->transport = transport;
	client->priv = priv;
	client->pid = getpid();
	kssl_callbacks_init(&client->callbacks);
	client->recv_buf = malloc(KSSL_RECV_SIZE);
	err = client->recv_buf ? init_lock(&client->lock) : ENOMEM;
	if (err) {
		transport->close(priv);
		free(client->recv_buf);
		free(client);
		kssl_set_errno(err);
		return NULL;
	}
	if (!resolve_family(client)) {
		kssl_client_free(client);
		return NULL;
	}
	return client;
}

struct kssl_client *kssl_client_new(void)
{
	void *priv = kssl_socket_open();

	return priv ? kssl_client_open(&kssl_socket_transport, priv) : NULL;
}

void kssl_client_free(struct kssl_client *client)
{
	struct kssl_error_save save;

	if (!client)
		return;
	kssl_error_save(&save);
	client->transport->close(client->priv);
	kssl_callbacks_cleanup(&client->callbacks);
	kssl_table_destroy(&client->table[KSSL_KIND_CONN]);
	kssl_table_destroy(&client->table[KSSL_KIND_CTX]);
	/* In a forked child the mutex may be held for ever: leave it alone. */
	if (!kssl_client_foreign(client))
		pthread_mutex_destroy(&client->lock);
	if (client->req.buf)
		explicit_bzero(client->req.buf, client->req.size);
	free(client->req.buf);
	free(client->recv_buf);
	free(client);
	kssl_error_restore(&save);
}
