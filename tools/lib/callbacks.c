// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Functions that a program binds to contexts and connections. The kernel knows
 * them by a cookie, which is the place in the client's table plus a random
 * number, so that a connection that another client bound names nothing here.
 *
 * Events for bound info functions come to the socket of the requests, so
 * whoever waits for a reply meets them: they are queued, and the functions are
 * called without the client's lock.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

/* A program that never dispatches does not keep more than these. */
#define QUEUE_MAX	4096
#define TABLE_MIN	4

struct kssl_queued {
	struct kssl_queued *next;
	struct kssl_event event;
};

void kssl_callbacks_init(struct kssl_callback_table *table)
{
	table->tail = &table->head;
	table->epoll_fd = -1;
	table->event_fd = -1;
}

static void free_queue(struct kssl_queued *queued)
{
	struct kssl_queued *next;

	for (; queued; queued = next) {
		next = queued->next;
		free(queued);
	}
}

void kssl_callbacks_cleanup(struct kssl_callback_table *table)
{
	unsigned int i;

	free_queue(table->head);
	for (i = 0; i < table->n; i++)
		free(table->binding[i]);
	free(table->binding);
	if (table->epoll_fd >= 0)
		close(table->epoll_fd);
	if (table->event_fd >= 0)
		close(table->event_fd);
}

/* --- binding -------------------------------------------------------------- */

static const struct kssl_binding *find(const struct kssl_callback_table *table,
				       uint64_t cookie)
{
	uint64_t place = cookie - table->base;

	return place < table->n ? table->binding[place] : NULL;
}

const struct kssl_callbacks *kssl_find_callbacks(struct kssl_client *client,
						 uint64_t cookie, void **arg)
{
	const struct kssl_binding *binding;

	if (!kssl_client_enter(client))
		return NULL;
	binding = find(&client->callbacks, cookie);
	kssl_client_leave(client);
	if (!binding)
		return NULL;
	*arg = binding->arg;
	return &binding->fns;
}

static uint32_t functions(const struct kssl_callbacks *fns)
{
	return (fns->message ? KSSL_CALLBACK_MESSAGE : 0) |
	       (fns->info ? KSSL_CALLBACK_INFO : 0) |
	       (fns->verify ? KSSL_CALLBACK_VERIFY : 0) |
	       (fns->password ? KSSL_CALLBACK_PASSWORD : 0) |
	       (fns->session_id ? KSSL_CALLBACK_SESSION_ID : 0) |
	       (fns->tmp_dh ? KSSL_CALLBACK_TMP_DH : 0) |
	       (fns->security ? KSSL_CALLBACK_SECURITY : 0) |
	       (fns->psk_client || fns->psk_server ? KSSL_CALLBACK_PSK : 0);
}

static int check(uint32_t mask, const struct kssl_callbacks *fns)
{
	uint32_t missing;

	if (!kssl_check_size(fns, fns ? fns->size : 0, sizeof(*fns),
			     "kssl_callbacks"))
		return 0;
	missing = mask & ~functions(fns);
	if (missing)
		return kssl_set_error(EINVAL, "no function for the callbacks 0x%x",
				      missing);
	return 1;
}

static int same(const struct kssl_binding *a, const struct kssl_binding *b)
{
	return a->arg == b->arg && !memcmp(&a->fns, &b->fns, sizeof(a->fns));
}

/* 0 is the kernel's word for no cookie, and no number of places wraps. */
static int choose_base(struct kssl_callback_table *table)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) < 0)
		return kssl_set_errno(errno);
	table->base = (random >> 1) + 1;
	return 1;
}

static int table_grow(struct kssl_callback_table *table)
{
	unsigned int size = table->size ? table->size * 2 : TABLE_MIN;
	struct kssl_binding **binding;

	if (!table->base && !choose_base(table))
		return 0;
	binding = malloc(size * sizeof(*binding));
	if (!binding)
		return kssl_set_errno(ENOMEM);
	if (table->n)
		memcpy(binding, table->binding, table->n * sizeof(*binding));
	free(table->binding);
	table->binding = binding;
	table->size = size;
	return 1;
}

/* Store the cookie of @new, which may be there already. */
static int add_binding(struct kssl_callback_table *table,
		       const struct kssl_binding *new, uint64_t *cookie)
{
	struct kssl_binding *binding;
	unsigned int i;

	for (i = 0; i < table->n; i++)
		if (same(table->binding[i], new))
			break;
	if (i == table->n) {
		if (table->n == table->size && !table_grow(table))
			return 0;
		binding = malloc(sizeof(*binding));
		if (!binding)
			return kssl_set_errno(ENOMEM);
		*binding = *new;
		table->binding[table->n++] = binding;
	}
	*cookie = table->base + i;
	return 1;
}

static int bind_functions(struct kssl_client *client,
			  const struct kssl_callbacks *fns, void *arg,
			  uint64_t *cookie)
{
	struct kssl_binding new = { .fns = *fns, .arg = arg };
	int ok;

	new.fns.size = sizeof(new.fns);
	if (!kssl_client_enter(client))
		return 0;
	ok = add_binding(&client->callbacks, &new, cookie);
	kssl_client_leave(client);
	return ok;
}

static int put(struct kssl_settings *rows, struct kssl_client *client,
	       uint32_t mask, const struct kssl_callbacks *fns, void *arg)
{
	uint64_t cookie = 0;

	if (mask && !(check(mask, fns) &&
		      bind_functions(client, fns, arg, &cookie)))
		return 0;
	return kssl_settings_callbacks(rows, mask) &&
	       kssl_settings_callbacks_cookie(rows, cookie);
}

int kssl_ctx_set_callbacks(struct kssl_ctx *ctx, uint32_t mask,
			   const struct kssl_callbacks *callbacks, void *arg)
{
	struct kssl_settings rows = { 0 };
	int ok;

	ok = put(&rows, kssl_ctx_client(ctx), mask, callbacks, arg) &&
	     kssl_ctx_set(ctx, &rows);
	kssl_settings_cleanup(&rows);
	return ok;
}

int kssl_set_callbacks(struct kssl *s, uint32_t mask,
		       const struct kssl_callbacks *callbacks, void *arg)
{
	struct kssl_settings rows = { 0 };
	int ok;

	ok = put(&rows, kssl_get_client(s), mask, callbacks, arg) &&
	     kssl_set(s, &rows);
	kssl_settings_cleanup(&rows);
	return ok;
}

/* --- info events ---------------------------------------------------------- */

static void signal_queued(const struct kssl_callback_table *table)
{
	uint64_t one = 1;

	/* It cannot fail: nobody adds up to the counter's limit. */
	if (table->event_fd >= 0 &&
	    write(table->event_fd, &one, sizeof(one)) < 0)
		return;
}

static void enqueue(struct kssl_callback_table *table,
		    const struct nlmsghdr *nlh)
{
	struct kssl_queued *queued = NULL;

	if (table->queued < QUEUE_MAX)
		queued = malloc(sizeof(*queued));
	if (queued) {
		queued->next = NULL;
		kssl_event_parse(nlh, &queued->event);
		*table->tail = queued;
		table->tail = &queued->next;
		table->queued++;
	} else {
		table->lost = 1;
	}
	signal_queued(table);
}

int kssl_callbacks_take(struct kssl_client *client, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != client->family ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) ||
	    genl->cmd != KSSL_CMD_EVENT)
		return 0;
	enqueue(&client->callbacks, nlh);
	return 1;
}

void kssl_callbacks_lose(struct kssl_client *client)
{
	struct kssl_callback_table *table = &client->callbacks;

	/* Without functions there are no events. */
	if (!table->n)
		return;
	table->lost = 1;
	signal_queued(table);
}

/*
 * All that waits in the socket; 0 or an errno. Once something did not fit, the
 * kernel drops what else is sent, replies too, until the socket is empty.
 */
static int receive(struct kssl_client *client)
{
	const struct nlmsghdr *nlh;
	ssize_t len;
	int left;

	for (;;) {
		len = client->transport->recv(client->priv, client->recv_buf,
					      KSSL_RECV_SIZE, MSG_DONTWAIT);
		if (len == -ENOBUFS) {
			kssl_callbacks_lose(client);
			continue;
		}
		if (len < 0)
			return len == -EAGAIN ? 0 : -len;
		left = len;
		for (nlh = (void *)client->recv_buf; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left))
			kssl_callbacks_take(client, nlh);
	}
}

void kssl_callbacks_make_room(struct kssl_client *client)
{
	if (client->callbacks.n && receive(client))
		kssl_callbacks_lose(client);
}

static int add_fd(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) ? errno : 0;
}

/* 0 or an errno, with nothing opened. */
static int open_fds(struct kssl_client *client)
{
	struct kssl_callback_table *table = &client->callbacks;
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	int event_fd = eventfd(table->queued || table->lost,
			       EFD_CLOEXEC | EFD_NONBLOCK);
	int err = epoll_fd < 0 || event_fd < 0 ? errno : 0;

	if (!err)
		err = add_fd(epoll_fd, event_fd);
	if (!err)
		err = add_fd(epoll_fd, client->transport->fd(client->priv));
	if (!err) {
		table->epoll_fd = epoll_fd;
		table->event_fd = event_fd;
		return 0;
	}
	if (epoll_fd >= 0)
		close(epoll_fd);
	if (event_fd >= 0)
		close(event_fd);
	return err;
}

int kssl_client_fd(struct kssl_client *client)
{
	int fd, err = 0;

	if (!kssl_client_enter(client))
		return -1;
	if (client->callbacks.epoll_fd < 0)
		err = open_fds(client);
	fd = client->callbacks.epoll_fd;
	kssl_client_leave(client);
	if (err)
		kssl_set_errno(err);
	return fd;
}

/* Take over the queue, and whether something is missing in it. */
static struct kssl_queued *take_queue(struct kssl_callback_table *table,
				      int *lost)
{
	struct kssl_queued *head = table->head;
	uint64_t counter;

	*lost = table->lost;
	table->lost = 0;
	table->head = NULL;
	table->tail = &table->head;
	table->queued = 0;
	/* EAGAIN: there was nothing, and nothing is left to be read. */
	if (table->event_fd >= 0 &&
	    read(table->event_fd, &counter, sizeof(counter)) < 0)
		return head;
	return head;
}

static int call(struct kssl_client *client, const struct kssl_event *event)
{
	const struct kssl_callbacks *fns;
	void *arg;

	fns = kssl_find_callbacks(client, event->cookie, &arg);
	if (!fns || !fns->info)
		return 0;
	fns->info(client, event, arg);
	return 1;
}

int kssl_client_dispatch(struct kssl_client *client)
{
	struct kssl_queued *queue, *queued;
	int err, lost, n = 0;

	if (!kssl_client_enter(client))
		return -1;
	err = receive(client);
	queue = take_queue(&client->callbacks, &lost);
	kssl_client_leave(client);

	for (queued = queue; queued; queued = queued->next)
		n += call(client, &queued->event);
	free_queue(queue);
	if (lost && !err)
		err = ENOBUFS;
	if (!err)
		return n;
	kssl_set_errno(err);
	return -1;
}
