// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: begin, attach and rekey over netlink
 *
 * The handler reads the request, pins the connection, takes a reference on the
 * socket's file, but for rekey, and allocates the reply. The rest waits for the
 * socket, so it is done by task work (task.c), which also sends the reply.
 */

#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/slab.h>

#include <net/sock.h>

#include "attach.h"
#include "client.h"
#include "conn.h"
#include "ctx.h"
#include "handle.h"
#include "netlink.h"
#include "netlink-attr.h"
#include "netlink-gen.h"
#include "netlink-reply.h"
#include "reason.h"
#include "task.h"

/**
 * struct request - a begin, attach or rekey on its way to its task work
 * @work: in the task's queue
 * @conn: the connection, pinned
 * @sock: the socket, with a reference on its file; NULL for rekey
 * @client: where the reply goes, kept alive by the task's queue
 * @reply: the reply, begun
 * @hdr: its header
 * @handle: a file of the connection that an attach gives, or NULL
 * @fd: where it goes, or negative
 * @rights: that it has
 * @cmd: KSSL_CMD_BEGIN, KSSL_CMD_ATTACH or KSSL_CMD_REKEY
 * @facts: of an attach, or NULL
 * @params: of an attach; wiped when this is freed
 * @rekey: of a rekey, likewise
 */
struct request {
	struct kssl_work work;
	struct kssl *conn;
	struct socket *sock;
	struct kssl_client *client;
	struct sk_buff *reply;
	void *hdr;
	struct file *handle;
	int fd;
	u8 rights;
	u8 cmd;
	struct kssl_facts *facts;
	union {
		struct kssl_attach_params params;
		struct kssl_rekey_params rekey;
	};
};

static void request_free(struct request *request)
{
	nlmsg_free(request->reply);
	if (request->sock)
		sockfd_put(request->sock);
	if (request->handle)
		fput(request->handle);
	if (request->conn)
		kssl_object_unpin(&request->conn->object);
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

static int fill_handle(struct sk_buff *skb, const struct request *request)
{
	return nla_put_u32(skb, KSSL_A_RIGHTS, request->rights) ?:
		nla_put_s32(skb, KSSL_A_FD, request->fd);
}

/*
 * By then another socket may have the port of one that is dead. Returns whether
 * the reply was sent.
 */
static bool send_result(struct request *request, int result,
			const struct kssl_reason *why)
{
	struct kssl_client *client = request->client;
	struct net *net = sock_net(client->sk);
	struct sk_buff *reply = request->reply;

	if (sock_flag(client->sk, SOCK_DEAD) ||
	    fill_result(reply, request->conn, result, why) ||
	    (!result && request->handle && fill_handle(reply, request)))
		return false;
	genlmsg_end(reply, request->hdr);
	request->reply = NULL;
	return !genlmsg_unicast(net, reply, client->key.portid);
}

/* Before anything is done, because later there is no way back. */
static int reserve_fd(struct request *request, struct kssl_reason *why)
{
	int fd;

	if (!request->handle)
		return 0;
	/* A task that ends has no files any more when it does its work. */
	fd = current->files ? get_unused_fd_flags(O_CLOEXEC) : -EMFILE;
	if (fd < 0)
		return kssl_refuse(why, fd, KSSL_A_RIGHTS,
				   "no file descriptor is free");
	request->fd = fd;
	return 0;
}

static void settle_fd(struct request *request, bool given)
{
	if (request->fd < 0)
		return;
	if (!given) {
		put_unused_fd(request->fd);
		return;
	}
	fd_install(request->fd, request->handle);
	request->handle = NULL;
}

static int run(struct request *request, struct kssl_reason *why)
{
	switch (request->cmd) {
	case KSSL_CMD_ATTACH:
		return kssl_attach_facts(request->conn, request->sock,
					 &request->params, request->facts,
					 why);
	case KSSL_CMD_REKEY:
		return kssl_rekey(request->conn, &request->rekey, why);
	default:
		return kssl_begin(request->conn, request->sock, why);
	}
}

/* The outcome stands even if the reply is lost; get reports it, too. */
static void run_request(struct kssl_work *work)
{
	struct request *request = container_of(work, struct request, work);
	struct kssl_reason why = {};
	bool sent;
	int err;

	err = reserve_fd(request, &why) ?: run(request, &why);
	sent = send_result(request, err, &why);
	settle_fd(request, sent && !err);
	request_free(request);
}

static int request_socket(struct sk_buff *skb, struct genl_info *info,
			  struct request *request)
{
	struct socket *sock = kssl_nl_socket(skb, info);

	if (IS_ERR(sock))
		return PTR_ERR(sock);
	request->sock = sock;
	return 0;
}

/* Where the record sequence of an adopted direction is, net/tls knows. */
static int request_direction(struct genl_info *info, u16 attr, bool adopt,
			     struct kssl_crypto *crypto)
{
	struct nlattr *nest = info->attrs[attr];
	bool has_seq;

	if (!nest)
		return 0;
	has_seq = !kssl_nl_parse_crypto(nest, crypto);
	if (has_seq != adopt)
		return 0;
	return kssl_nl_refuse_text(info, -EINVAL, attr, adopt ?
				   "an adopted direction has its rec-seq" :
				   "rec-seq is missing");
}

static int request_crypto(struct genl_info *info,
			  struct kssl_attach_params *params)
{
	struct nlattr **attrs = info->attrs;

	if (attrs[KSSL_A_ADOPT])
		params->adopt = nla_get_u32(attrs[KSSL_A_ADOPT]);
	params->directions = params->adopt |
		(attrs[KSSL_A_TX] ? KSSL_DIRECTION_TX : 0) |
		(attrs[KSSL_A_RX] ? KSSL_DIRECTION_RX : 0);
	if (!params->directions)
		return kssl_nl_require(info, KSSL_A_TX,
				       "tx and rx are missing") ?: -EINVAL;
	return request_direction(info, KSSL_A_TX,
				 params->adopt & KSSL_DIRECTION_TX,
				 &params->tx) ?:
		request_direction(info, KSSL_A_RX,
				  params->adopt & KSSL_DIRECTION_RX,
				  &params->rx);
}

static int request_params(struct genl_info *info,
			  struct kssl_attach_params *params)
{
	struct nlattr **attrs = info->attrs;

	if (attrs[KSSL_A_VERSION])
		params->version = nla_get_u16(attrs[KSSL_A_VERSION]);
	if (attrs[KSSL_A_SUITE])
		params->suite = nla_get_u16(attrs[KSSL_A_SUITE]);
	params->verified = attrs[KSSL_A_VERIFY_RESULT];
	if (params->verified)
		params->verify_result =
			nla_get_u32(attrs[KSSL_A_VERIFY_RESULT]);
	params->keep_key = nla_get_flag(attrs[KSSL_A_KEEP_KEY]);
	params->expect_no_pad = nla_get_flag(attrs[KSSL_A_EXPECT_NO_PAD]);
	return request_crypto(info, params);
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

/* What is attached already tells these. */
static int require_negotiated(struct genl_info *info)
{
	if (info->attrs[KSSL_A_ADOPT])
		return 0;
	return kssl_nl_require(info, KSSL_A_VERSION, "version is missing") ?:
		kssl_nl_require(info, KSSL_A_SUITE, "suite is missing");
}

/*
 * No client has a connection that is made here, so its context has to, or the
 * file that is asked for.
 */
static int check_keeper(struct genl_info *info, struct kssl *s)
{
	struct kssl_settings own = kssl_conn_settings(s);
	struct kssl_ctx *ctx = kssl_conn_ctx(s);
	struct kssl_settings of_ctx = kssl_ctx_settings(ctx);
	bool lost = kssl_settings_num(&own, KSSL_ROW_KEEP) &&
		!kssl_settings_num(&of_ctx, KSSL_ROW_KEEP);
	struct kssl_reason why = {};

	kssl_settings_put(&of_ctx);
	kssl_settings_put(&own);
	kssl_ctx_put(ctx);
	if (!lost || info->attrs[KSSL_A_RIGHTS])
		return 0;
	kssl_refuse_nested(&why, -EINVAL, KSSL_A_SETTINGS,
			   KSSL_A_SETTINGS_KEEP,
			   "keep needs a context with keep, or rights");
	return kssl_nl_refuse(info, -EINVAL, &why);
}

/* To use a connection is to go on with its keys, not to say what they are. */
static struct kssl_object *find_to_rekey(struct sk_buff *skb,
					 struct genl_info *info)
{
	struct kssl_object *object;
	u8 rights;

	object = kssl_nl_find_used(skb, info, &kssl_conn_type, &rights);
	if (IS_ERR(object) || !info->attrs[KSSL_A_KEY] ||
	    rights == KSSL_RIGHTS_ALL)
		return object;
	kssl_object_unpin(object);
	return ERR_PTR(kssl_nl_refuse_text(info, -EPERM, KSSL_A_KEY,
				"the reference does not permit to give a key"));
}

/* The connection that is named, or one made from the context that is. */
static int request_conn(struct sk_buff *skb, struct genl_info *info,
			struct kssl_client *client, struct request *request)
{
	struct kssl_object *object;
	struct kssl *s;
	int err;

	if (request->cmd == KSSL_CMD_ATTACH && info->attrs[KSSL_A_CTX_ID]) {
		if (info->attrs[KSSL_A_ID])
			return kssl_nl_refuse_text(info, -EINVAL, KSSL_A_CTX_ID,
					   "id and ctx-id exclude each other");
		err = require_negotiated(info);
		if (err)
			return err;
		s = kssl_nl_make_conn(skb, info, client);
		if (IS_ERR(s))
			return PTR_ERR(s);
		request->conn = s;
		return check_keeper(info, s);
	}
	if (request->cmd == KSSL_CMD_ATTACH && info->attrs[KSSL_A_SETTINGS])
		return kssl_nl_refuse_text(info, -EINVAL, KSSL_A_SETTINGS,
				   "settings need ctx-id");
	object = request->cmd == KSSL_CMD_REKEY ?
		find_to_rekey(skb, info) :
		kssl_nl_find_held(skb, info, &kssl_conn_type);
	if (IS_ERR(object))
		return PTR_ERR(object);
	request->conn = kssl_of(object);
	if (request->cmd != KSSL_CMD_ATTACH ||
	    kssl_get_state(request->conn) == KSSL_STATE_ESTABLISHED)
		return 0;
	return require_negotiated(info);
}

/* Who attaches has all rights. */
static int request_handle(struct genl_info *info, struct request *request)
{
	const struct nlattr *attr = info->attrs[KSSL_A_RIGHTS];
	struct file *file;

	if (request->cmd != KSSL_CMD_ATTACH || !attr)
		return 0;
	request->rights = nla_get_u32(attr);
	file = kssl_handle_open(&request->conn->object, request->rights);
	if (IS_ERR(file))
		return kssl_nl_refuse_text(info, PTR_ERR(file), KSSL_A_RIGHTS,
					   "no file can be made");
	request->handle = file;
	return 0;
}

static int request_rekey(struct genl_info *info,
			 struct kssl_rekey_params *params)
{
	struct nlattr **attrs = info->attrs;
	int err;

	err = kssl_nl_require(info, KSSL_A_DIRECTION, "direction is missing");
	if (err)
		return err;
	params->direction = nla_get_u32(attrs[KSSL_A_DIRECTION]);
	params->request_update = nla_get_flag(attrs[KSSL_A_REQUEST_UPDATE]);
	params->no_wait = nla_get_flag(attrs[KSSL_A_NO_WAIT]);
	if (!attrs[KSSL_A_KEY])
		return 0;
	/* Without a sequence it is the one that there must be. */
	kssl_nl_parse_crypto(attrs[KSSL_A_KEY], &params->key);
	if (!params->key.key_len && !params->key.secret_len) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[KSSL_A_KEY],
				    "neither a key nor a secret");
		return -EINVAL;
	}
	return 0;
}

static int read_request(struct sk_buff *skb, struct genl_info *info,
			struct request *request)
{
	int err = 0;

	if (request->cmd == KSSL_CMD_REKEY)
		return request_rekey(info, &request->rekey);
	if (request->cmd == KSSL_CMD_ATTACH)
		err = request_params(info, &request->params) ?:
			request_facts(info, request);
	return err ?: request_socket(skb, info, request);
}

static int submit(struct sk_buff *skb, struct genl_info *info,
		  struct kssl_client *client, struct request *request)
{
	int err;

	err = read_request(skb, info, request);
	if (err)
		return err;
	request->reply = kssl_nl_reply_new(info, &request->hdr);
	if (!request->reply)
		return kssl_nl_no_memory(info);
	err = request_conn(skb, info, client, request) ?:
		request_handle(info, request);
	if (err)
		return err;
	request->client = client;
	request->work.run = run_request;
	err = kssl_task_queue(client, &request->work);
	return err ? kssl_nl_refuse_text(info, err, 0,
					 kssl_nl_errno_text(err)) : 0;
}

static int request_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kssl_client *client = kssl_nl_obtain_client(skb, info);
	struct request *request;
	int err;

	if (IS_ERR(client))
		return PTR_ERR(client);
	err = kssl_task_check(client);
	if (err)
		return kssl_nl_refuse_text(info, err, 0,
					   kssl_nl_errno_text(err));
	request = kzalloc_obj(*request, GFP_KERNEL_ACCOUNT);
	if (!request)
		return kssl_nl_refuse_text(info, -ENOMEM, 0, "out of memory");
	request->cmd = info->genlhdr->cmd;
	request->fd = -1;
	err = submit(skb, info, client, request);
	if (err)
		request_free(request);
	return err;
}

int kssl_nl_begin_doit(struct sk_buff *skb, struct genl_info *info)
{
	return request_doit(skb, info);
}

int kssl_nl_attach_doit(struct sk_buff *skb, struct genl_info *info)
{
	return request_doit(skb, info);
}

int kssl_nl_rekey_doit(struct sk_buff *skb, struct genl_info *info)
{
	return request_doit(skb, info);
}
