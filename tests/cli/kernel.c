// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands in for the kernel when the tool is tested without the module:
 * the library's canned replies, with dumps, events and a log of the requests.
 *
 *   FAKE_LOG=FILE      each request goes there, its attributes as type=hex
 *   FAKE_NO_FAMILY=1   there is no kssl family
 *   FAKE_STATE=N       the state of every connection
 *
 * A verify-depth of 101 is refused, so that there is a refusal to be seen.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fake.h"

struct kernel {
	struct fake fake;	/* first: what the transport gets */
	bool has_events;
	int fd;
};

static FILE *log_file;

static void log_attrs(const void *data, int len, const char *prefix)
{
	const struct nlattr *attr;
	const unsigned char *p;
	char nested[32];
	int i;

	for (attr = data; mnl_attr_ok(attr, len); ) {
		p = mnl_attr_get_payload(attr);
		snprintf(nested, sizeof(nested), "%s%u", prefix,
			 mnl_attr_get_type(attr));
		if (attr->nla_type & NLA_F_NESTED) {
			strcat(nested, ".");
			log_attrs(p, mnl_attr_get_payload_len(attr), nested);
		} else {
			fprintf(log_file, " %s=", nested);
			for (i = 0; i < mnl_attr_get_payload_len(attr); i++)
				fprintf(log_file, "%02x", p[i]);
		}
		len -= MNL_ALIGN(attr->nla_len);
		attr = mnl_attr_next(attr);
	}
}

static void log_request(const struct nlmsghdr *req)
{
	const char *path = getenv("FAKE_LOG");

	if (!log_file && path)
		log_file = fopen(path, "ae");
	if (!log_file || req->nlmsg_type == GENL_ID_CTRL)
		return;
	fprintf(log_file, "%u%s", fake_cmd(req),
		req->nlmsg_flags & NLM_F_DUMP ? " dump" : "");
	log_attrs((const char *)mnl_nlmsg_get_payload(req) + GENL_HDRLEN,
		  mnl_nlmsg_get_payload_len(req) - GENL_HDRLEN, "");
	fputc('\n', log_file);
	fflush(log_file);
}

static bool refused(struct fake *fake, const struct nlmsghdr *req)
{
	const struct nlattr *nest = fake_attr(req, KSSL_A_SETTINGS), *attr;

	if (!nest)
		return false;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) != KSSL_A_SETTINGS_VERIFY_DEPTH ||
		    mnl_attr_get_u32(attr) != 101)
			continue;
		fake_refuse(fake, req, EINVAL, "out of range",
			    (const char *)attr - (const char *)req);
		return true;
	}
	return false;
}

static void dump(struct fake *fake, const struct nlmsghdr *req)
{
	bool conns = fake_cmd(req) == KSSL_CMD_GET;
	const unsigned int *refs = conns ? fake->conn_refs : fake->ctx_refs;
	char buf[8192] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	uint32_t id;

	for (id = 1; id < fake->next_id; id++) {
		if (!refs[id])
			continue;
		nlh = fake_reply(buf, req, fake_cmd(req));
		nlh->nlmsg_flags |= NLM_F_MULTI;
		if (conns)
			fake_put_conn(nlh, fake, id);
		else
			fake_put_ctx(nlh, fake, id);
		fake_queue(fake, nlh, nlh->nlmsg_len);
	}
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = req->nlmsg_seq;
	memset(mnl_nlmsg_put_extra_header(nlh, sizeof(int)), 0, sizeof(int));
	fake_queue(fake, nlh, nlh->nlmsg_len);
}

/* A row that is asked for has no text's bytes. */
static bool answer_row(struct fake *fake, const struct nlmsghdr *req)
{
	static const uint8_t bytes[] = { 'r', 'o', 'w', 0, 0xff };
	const struct nlattr *row = fake_attr(req, KSSL_A_ROW);
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = fake_reply(buf, req, fake_cmd(req));
	struct nlattr *nest;

	if (fake_cmd(req) == KSSL_CMD_SESSION_GET) {
		mnl_attr_put_strz(nlh, KSSL_A_SESSION, "secret");
	} else if (row) {
		nest = mnl_attr_nest_start(nlh, KSSL_A_SETTINGS);
		mnl_attr_put(nlh, mnl_attr_get_u32(row), sizeof(bytes), bytes);
		mnl_attr_nest_end(nlh, nest);
	} else {
		return false;
	}
	fake_queue(fake, nlh, nlh->nlmsg_len);
	return true;
}

static int answer(struct fake *fake, const struct nlmsghdr *req)
{
	log_request(req);
	if (req->nlmsg_type == GENL_ID_CTRL) {
		if (!getenv("FAKE_NO_FAMILY"))
			return 0;
		fake_refuse(fake, req, ENOENT, NULL, 0);
		return 1;
	}
	if (refused(fake, req) || answer_row(fake, req))
		return 1;
	if ((req->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		return 0;
	dump(fake, req);
	return 1;
}

void *kssl_socket_open(void)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));
	const char *state = getenv("FAKE_STATE");

	if (!kernel)
		abort();
	fake_init(&kernel->fake);
	kernel->fake.answer = answer;
	kernel->fake.state = state ? atoi(state) : KSSL_STATE_INITIAL;
	kernel->fd = eventfd(1, EFD_CLOEXEC);
	return kernel;
}

/* --- events ------------------------------------------------------------- */

static void queue_event(struct fake *fake, enum kssl_event_type type,
			uint32_t id)
{
	char buf[1024] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = fake_reply(buf, NULL, KSSL_CMD_EVENT);

	mnl_attr_put_u32(nlh, KSSL_A_EVENT, type);
	if (id)
		mnl_attr_put_u32(nlh, KSSL_A_ID, id);
	mnl_attr_put_u32(nlh, KSSL_A_CTX_ID, 1);
	if (id)
		mnl_attr_put_u32(nlh, KSSL_A_STATE, KSSL_STATE_INITIAL);
	mnl_attr_put_u32(nlh, KSSL_A_UID, 1000);
	fake_queue(fake, nlh, nlh->nlmsg_len);
}

static int kernel_join(void *priv, uint32_t group)
{
	struct kernel *kernel = priv;

	(void)group;
	kernel->has_events = true;
	queue_event(&kernel->fake, KSSL_EVENT_TYPE_CTX_NEW, 0);
	queue_event(&kernel->fake, KSSL_EVENT_TYPE_NEW, 2);
	queue_event(&kernel->fake, KSSL_EVENT_TYPE_STATE, 2);
	fake_queue_errno(&kernel->fake, ENOBUFS);
	queue_event(&kernel->fake, KSSL_EVENT_TYPE_GONE, 2);
	queue_event(&kernel->fake, KSSL_EVENT_TYPE_CTX_GONE, 0);
	queue_event(&kernel->fake, 99, 0);
	return 0;
}

static ssize_t kernel_recv(void *priv, void *buf, size_t size, int flags)
{
	struct kernel *kernel = priv;
	ssize_t len = fake_transport.recv(priv, buf, size, flags);

	/* There is no more to see: somebody presses Ctrl-C. */
	if (len == -EAGAIN && kernel->has_events)
		kill(getpid(), SIGINT);
	return len;
}

static int kernel_send(void *priv, const void *buf, size_t len)
{
	return fake_transport.send(priv, buf, len);
}

static int kernel_fd(void *priv)
{
	return ((struct kernel *)priv)->fd;
}

static void kernel_close(void *priv)
{
	struct kernel *kernel = priv;

	fake_transport.close(priv);
	close(kernel->fd);
	free(kernel);
}

const struct kssl_transport kssl_socket_transport = {
	.send = kernel_send,
	.recv = kernel_recv,
	.join = kernel_join,
	.fd = kernel_fd,
	.close = kernel_close,
};
