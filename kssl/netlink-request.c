// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: begin and attach over netlink
 *
 * The handler reads the request, takes references on the connection and the
 * socket's file and allocates the reply. The rest waits for the socket, so it
 * is done by task work (task.c), which also sends the reply.
 */

#include <linux/net.h>
#include <linux/slab.h>

#include <net/sock.h>

#include "access.h"
#include "attach.h"
#include "client.h"
#include "conn.h"
#include "ctx.h"
#include "netlink.h"
#include "netlink-attr.h"
#include "netlink-gen.h"
#include "netlink-reply.h"
#include "reason.h"
#include "task.h"

/**
 * struct request - a begin or attach on its way to its task work
 * @work: in the task's queue
 * @conn: the connection, with a reference
 * @sock: the socket, with a reference on its file
 * @client: where the reply goes, kept alive by the task's queue
 * @reply: the reply, begun
 * @hdr: its header
 * @is_attach: an attach
 * @facts: of an attach, or NULL
 * @params: of an attach; wiped when this is freed
 */
struct request {
	struct kssl_work work;
	struct kssl *conn;
	struct socket *sock;
	struct kssl_client *client;
	struct sk_buff *reply;
	void *hdr;
	bool is_attach;
	struct kssl_facts *facts;
	struct kssl_attach_params params;
};

static void request_free(struct request *request)
{
	nlmsg_free(request->reply);
	if (request->sock)
		sockfd_put(request->sock);
	kssl_free(request->conn);
	kssl_facts_put(request->facts);
	kfree_sensitive(request);
}

static int fill_result(struct sk_buff *skb, struct kssl *s, int result,
		       const struct kssl_reason *why)
{
	int err;

	err = nla_put_u32(skb, KSSL_A_ID, kssl_id(s)) ?:
		nla_put_u32(skb, KSSL_A_CTX_ID, kssl_conn_ctx_id(s)) ?:
		nla_put_u32(skb, KSSL_A_STATE, kssl_get_state(s)) ?:
		nla_put_s32(skb, KSSL_A_RESULT, result);
	if (!err && why->text)
		err = nla_put_string(skb, KSSL_A_RESULT_TEXT, why->text);
	if (!err && why->attr)
		err = nla_put_u32(skb, KSSL_A_RESULT_ATTR, why->attr);
	if (!err && why->nested)
		err = nla_put_u32(skb, KSSL_A_RESULT_NESTED, why->nested);
	return err;
}

/* By then another socket may have the port of one that is dead. */
static void send_result(struct request *request, int result,
			const struct kssl_reason *why)
{
	struct kssl_client *client = request->client;

	if (sock_flag(client->sk, SOCK_DEAD) ||
	    fill_result(request->reply, request->conn, result, why))
		return;
	genlmsg_end(request->reply, request->hdr);
	genlmsg_unicast(sock_net(client->sk), request->reply, client->portid);
	request->reply = NULL;
}

/* The outcome stands even if the reply is lost; get reports it, too. */
static void run_request(struct kssl_work *work)
{
	struct request *request = container_of(work, struct request, work);
	struct kssl_reason why = {};
	int err;

	if (request->is_attach)
		err = kssl_attach_facts(request->conn, request->sock,
					&request->params, request->facts,
					&why);
	else
		err = kssl_begin(request->conn, request->sock, &why);
	send_result(request, err, &why);
	request_free(request);
}

static int request_socket(struct sk_buff *skb, struct genl_info *info,
			  struct request *request)
{
	int err;

	err = kssl_nl_require(info, KSSL_A_FD, "fd is missing");
	if (err)
		return err;
	if (!kssl_access_by_opener(skb))
		return kssl_nl_refuse_text(info, -EPERM, KSSL_A_FD,
				   "another user opened the netlink socket");
	request->sock = sockfd_lookup(nla_get_s32(info->attrs[KSSL_A_FD]),
				      &err);
	if (request->sock)
		return 0;
	return kssl_nl_refuse_text(info, err, KSSL_A_FD, err == -EBADF ?
			   "no such file descriptor" : "not a socket");
}

static int request_params(struct genl_info *info,
			  struct kssl_attach_params *params)
{
	struct nlattr **attrs = info->attrs;
	int err;

	err = kssl_nl_require(info, KSSL_A_VERSION, "version is missing") ?:
		kssl_nl_require(info, KSSL_A_SUITE, "suite is missing") ?:
		kssl_nl_require(info, KSSL_A_TX, "tx is missing") ?:
		kssl_nl_require(info, KSSL_A_RX, "rx is missing");
	if (err)
		return err;
	params->version = nla_get_u16(attrs[KSSL_A_VERSION]);
	params->suite = nla_get_u16(attrs[KSSL_A_SUITE]);
	params->verified = attrs[KSSL_A_VERIFY_RESULT];
	if (params->verified)
		params->verify_result =
			nla_get_u32(attrs[KSSL_A_VERIFY_RESULT]);
	if (kssl_nl_parse_crypto(attrs[KSSL_A_TX], &params->tx))
		return kssl_nl_refuse_text(info, -EINVAL, KSSL_A_TX,
				   "rec-seq is missing");
	if (kssl_nl_parse_crypto(attrs[KSSL_A_RX], &params->rx))
		return kssl_nl_refuse_text(info, -EINVAL, KSSL_A_RX,
				   "rec-seq is missing");
	return 0;
}

static int request_facts(struct genl_info *info, struct request *request)
{
	struct nlattr **attrs = info->attrs;
	struct kssl_negotiated negotiated = {};
	struct kssl_reason why = {};
	struct kssl_facts *facts;

	if (attrs[KSSL_A_ALPN]) {
		negotiated.alpn = nla_data(attrs[KSSL_A_ALPN]);
		negotiated.alpn_len = nla_len(attrs[KSSL_A_ALPN]);
	}
	if (attrs[KSSL_A_SNI]) {
		negotiated.sni = nla_data(attrs[KSSL_A_SNI]);
		negotiated.sni_len = strnlen(nla_data(attrs[KSSL_A_SNI]),
					     nla_len(attrs[KSSL_A_SNI]));
	}
	if (attrs[KSSL_A_PEER_CHAIN]) {
		negotiated.chain = nla_data(attrs[KSSL_A_PEER_CHAIN]);
		negotiated.chain_len = nla_len(attrs[KSSL_A_PEER_CHAIN]);
	}
	if (attrs[KSSL_A_RESUMED])
		negotiated.resumed = nla_get_u8(attrs[KSSL_A_RESUMED]);
	if (attrs[KSSL_A_RECORD_LIMIT])
		negotiated.record_limit =
			nla_get_u16(attrs[KSSL_A_RECORD_LIMIT]);
	facts = kssl_facts_new(&negotiated, &why);
	if (IS_ERR(facts))
		return kssl_nl_refuse(info, PTR_ERR(facts), &why);
	request->facts = facts;
	return 0;
}

/* No client has a connection that is made here, so its context has to. */
static int check_keeper(struct genl_info *info, struct kssl *s)
{
	struct kssl_settings own = kssl_conn_settings(s);
	struct kssl_settings of_ctx = kssl_ctx_settings(s->ctx);
	bool lost = kssl_settings_num(&own, KSSL_ROW_KEEP) &&
		!kssl_settings_num(&of_ctx, KSSL_ROW_KEEP);
	struct kssl_reason why = {};

	kssl_settings_put(&of_ctx);
	kssl_settings_put(&own);
	if (!lost)
		return 0;
	kssl_refuse_nested(&why, -EINVAL, KSSL_A_SETTINGS,
			   KSSL_A_SETTINGS_KEEP,
			   "keep needs a context with keep");
	return kssl_nl_refuse(info, -EINVAL, &why);
}

/* The connection that is named, or one made from the context that is. */
static int request_conn(struct sk_buff *skb, struct genl_info *info,
			struct kssl_client *client, struct request *request)
{
	struct kssl_object *object;
	struct kssl *s;

	if (request->is_attach && info->attrs[KSSL_A_CTX_ID]) {
		if (info->attrs[KSSL_A_ID])
			return kssl_nl_refuse_text(info, -EINVAL, KSSL_A_CTX_ID,
					   "id and ctx-id exclude each other");
		s = kssl_nl_make_conn(skb, info, client);
		if (IS_ERR(s))
			return PTR_ERR(s);
		request->conn = s;
		return check_keeper(info, s);
	}
	if (request->is_attach && info->attrs[KSSL_A_SETTINGS])
		return kssl_nl_refuse_text(info, -EINVAL, KSSL_A_SETTINGS,
				   "settings need ctx-id");
	object = kssl_nl_find_held(skb, info, &kssl_conn_type);
	if (IS_ERR(object))
		return PTR_ERR(object);
	request->conn = kssl_of(object);
	return 0;
}

static int submit(struct sk_buff *skb, struct genl_info *info,
		  struct kssl_client *client, struct request *request)
{
	int err;

	if (request->is_attach) {
		err = request_params(info, &request->params) ?:
			request_facts(info, request);
		if (err)
			return err;
	}
	err = request_socket(skb, info, request);
	if (err)
		return err;
	request->reply = kssl_nl_reply_new(info, &request->hdr);
	if (!request->reply)
		return kssl_nl_no_memory(info);
	err = request_conn(skb, info, client, request);
	if (err)
		return err;
	request->client = client;
	request->work.run = run_request;
	err = kssl_task_queue(client, &request->work);
	return err ? kssl_nl_refuse_text(info, err, 0,
				 "this task cannot finish the request") : 0;
}

static int request_doit(struct sk_buff *skb, struct genl_info *info,
			bool is_attach)
{
	struct kssl_client *client = kssl_nl_obtain_client(skb, info);
	struct request *request;
	int err;

	if (IS_ERR(client))
		return PTR_ERR(client);
	request = kzalloc_obj(*request, GFP_KERNEL_ACCOUNT);
	if (!request)
		return kssl_nl_refuse_text(info, -ENOMEM, 0, "out of memory");
	request->is_attach = is_attach;
	err = submit(skb, info, client, request);
	if (err)
		request_free(request);
	return err;
}

int kssl_nl_begin_doit(struct sk_buff *skb, struct genl_info *info)
{
	return request_doit(skb, info, false);
}

/*
 * What nobody else may see must not stay in the request's buffer, which is
 * echoed on an error. The same attribute can be there several times.
 */
static void wipe(const struct nlmsghdr *nlh)
{
	struct nlattr *attr;
	int left;

	nlmsg_for_each_attr(attr, nlh, GENL_HDRLEN, left)
		if (nla_type(attr) == KSSL_A_TX || nla_type(attr) == KSSL_A_RX)
			memzero_explicit(nla_data(attr), nla_len(attr));
}

int kssl_nl_attach_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = request_doit(skb, info, true);

	wipe(info->nlhdr);
	return err;
}
