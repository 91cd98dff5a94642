// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"

struct request {
	struct nlmsghdr nlh;
	struct inet_diag_req_v2 req;
};

/* Sockets that may have a file. */
#define STATES	(~(1U << TCP_TIME_WAIT | 1U << TCP_SYN_RECV | 1U << 12))

struct reading {
	diag_fn *fn;
	void *arg;
	bool dump;
	int err;
	bool done;
};

static const struct nlattr *find_attr(const void *data, size_t len, int type)
{
	const struct nlattr *attr = data;
	size_t size;

	while (len >= sizeof(*attr) && attr->nla_len >= sizeof(*attr) &&
	       attr->nla_len <= len) {
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		size = NLA_ALIGN(attr->nla_len);
		if (size >= len)
			break;
		len -= size;
		attr = (const void *)((const char *)attr + size);
	}
	return NULL;
}

static const struct nlattr *find_inside(const struct nlattr *nest, int type)
{
	if (!nest)
		return NULL;
	return find_attr((const char *)nest + NLA_HDRLEN,
			 nest->nla_len - NLA_HDRLEN, type);
}

static uint16_t read_u16(const struct nlattr *attr)
{
	uint16_t value = 0;

	if (attr && attr->nla_len >= NLA_HDRLEN + sizeof(value))
		memcpy(&value, (const char *)attr + NLA_HDRLEN, sizeof(value));
	return value;
}

static void read_sock(const struct nlmsghdr *nlh, struct diag_sock *sock)
{
	const struct inet_diag_msg *msg = NLMSG_DATA(nlh);
	const struct nlattr *tls;

	tls = find_attr(msg + 1, nlh->nlmsg_len - NLMSG_LENGTH(sizeof(*msg)),
			INET_DIAG_ULP_INFO);
	tls = find_inside(tls, INET_ULP_INFO_TLS);
	sock->cookie = (uint64_t)msg->id.idiag_cookie[1] << 32 |
		msg->id.idiag_cookie[0];
	sock->inode = msg->idiag_inode;
	sock->tx_conf = read_u16(find_inside(tls, TLS_INFO_TXCONF));
	sock->rx_conf = read_u16(find_inside(tls, TLS_INFO_RXCONF));
}

static void read_message(const struct nlmsghdr *nlh, struct reading *reading)
{
	const struct nlmsgerr *error = NLMSG_DATA(nlh);
	struct diag_sock sock;

	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		reading->err = -error->error;
		reading->done = true;
		break;
	case NLMSG_DONE:
		reading->done = true;
		break;
	case SOCK_DIAG_BY_FAMILY:
		if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			break;
		read_sock(nlh, &sock);
		reading->fn(&sock, reading->arg);
		reading->done |= !reading->dump;
	}
}

static int receive(int nl, struct reading *reading)
{
	char buf[32768] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh;
	ssize_t len;

	while (!reading->done) {
		len = recv(nl, buf, sizeof(buf), 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return errno;
		for (nlh = (void *)buf; NLMSG_OK(nlh, len);
		     nlh = NLMSG_NEXT(nlh, len))
			read_message(nlh, reading);
	}
	return reading->err;
}

static int ask(struct request *request, diag_fn *fn, void *arg)
{
	struct reading reading = {
		.fn = fn,
		.arg = arg,
		.dump = request->nlh.nlmsg_flags & NLM_F_ROOT,
	};
	int nl, err;

	nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (nl < 0)
		return errno;
	request->nlh.nlmsg_len = sizeof(*request);
	request->nlh.nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->nlh.nlmsg_flags |= NLM_F_REQUEST;
	request->req.sdiag_protocol = IPPROTO_TCP;
	request->req.idiag_states = STATES;
	err = send(nl, request, sizeof(*request), 0) < 0 ? errno :
		receive(nl, &reading);
	close(nl);
	return err;
}

int diag_dump(diag_fn *fn, void *arg)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct request request;
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++) {
		memset(&request, 0, sizeof(request));
		request.nlh.nlmsg_flags = NLM_F_DUMP;
		request.req.sdiag_family = families[i];
		err = ask(&request, fn, arg);
	}
	return err;
}

static void put_end(const struct sockaddr_storage *addr, __be16 *port,
		    void *to)
{
	const struct sockaddr_in6 *in6 = (const void *)addr;
	const struct sockaddr_in *in = (const void *)addr;

	if (addr->ss_family == AF_INET6) {
		*port = in6->sin6_port;
		memcpy(to, &in6->sin6_addr, sizeof(in6->sin6_addr));
	} else {
		*port = in->sin_port;
		memcpy(to, &in->sin_addr, sizeof(in->sin_addr));
	}
}

static int put_id(int fd, struct inet_diag_sockid *id)
{
	struct sockaddr_storage local, peer;
	socklen_t len = sizeof(local);
	uint64_t cookie;

	if (getsockname(fd, (struct sockaddr *)&local, &len))
		return errno;
	len = sizeof(peer);
	if (getpeername(fd, (struct sockaddr *)&peer, &len))
		return errno;
	len = sizeof(cookie);
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len))
		return errno;
	put_end(&local, &id->idiag_sport, id->idiag_src);
	put_end(&peer, &id->idiag_dport, id->idiag_dst);
	if (local.ss_family == AF_INET6)
		id->idiag_if = ((struct sockaddr_in6 *)&peer)->sin6_scope_id;
	id->idiag_cookie[0] = cookie;
	id->idiag_cookie[1] = cookie >> 32;
	return 0;
}

static void take_sock(const struct diag_sock *sock, void *arg)
{
	*(struct diag_sock *)arg = *sock;
}

int diag_sock(int fd, struct diag_sock *sock)
{
	struct request request = {
		.req.idiag_ext = 1 << (INET_DIAG_INFO - 1),
	};
	socklen_t len = sizeof(int);
	int family, err;

	memset(sock, 0, sizeof(*sock));
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len))
		return errno;
	request.req.sdiag_family = family;
	err = put_id(fd, &request.req.id);
	return err ? err : ask(&request, take_sock, sock);
}
