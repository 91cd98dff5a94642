// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The handshake's ends: begin, fail, attach; and key updates. All but fail are
 * finished after their netlink handler, so their outcome comes as attributes of
 * the reply and not as an NLMSG_ERROR.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "internal.h"

/* Where the reply of a begin, attach or rekey goes. */
struct outcome {
	struct kssl *s;		/* NULL if the connection has no handle */
	uint32_t id;
	int *fd;		/* of an attach that asks for one, or NULL */
};

static int result_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];
	struct outcome *outcome = arg;
	int32_t result;

	(void)i;
	kssl_attrs_parse(nlh, tb);
	outcome->id = kssl_attr_uint(tb[KSSL_A_ID]);
	if (outcome->s && outcome->s->info && tb[KSSL_A_STATE])
		outcome->s->info->state = kssl_attr_uint(tb[KSSL_A_STATE]);

	result = kssl_attr_uint(tb[KSSL_A_RESULT]);
	if (!result && outcome->fd && tb[KSSL_A_FD])
		*outcome->fd = kssl_attr_uint(tb[KSSL_A_FD]);
	if (!result)
		return 1;
	return kssl_set_result(-result, kssl_attr_str(tb[KSSL_A_RESULT_TEXT]),
			       kssl_attr_uint(tb[KSSL_A_RESULT_ATTR]),
			       kssl_attr_uint(tb[KSSL_A_RESULT_NESTED]));
}

int kssl_begin(struct kssl *s, int fd)
{
	struct outcome outcome = { .s = s };
	int ok;

	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return 0;
	kssl_handle_request(&s->handle, KSSL_CMD_BEGIN);
	kssl_req_u32(s->handle.client, KSSL_A_FD, fd);
	ok = kssl_req_send(s->handle.client, result_reply, &outcome);
	kssl_client_leave(s->handle.client);
	return ok;
}

int kssl_fail(struct kssl *s)
{
	return kssl_handle_simple(kssl_conn_handle(s), KSSL_CMD_FAIL);
}

/* What is not given is not sent; the kernel says what it misses. */
static void put_bytes(struct kssl_client *client, uint16_t type,
		      const void *data, size_t len)
{
	if (data)
		kssl_req_put(client, type, data, len);
}

static void put_crypto(struct kssl_client *client, uint16_t type,
		       const struct kssl_crypto *crypto, int adopt)
{
	size_t nest;

	if (!crypto->key && !crypto->secret)
		return;
	nest = kssl_req_nest(client, type);
	put_bytes(client, KSSL_A_CRYPTO_KEY, crypto->key, crypto->key_len);
	put_bytes(client, KSSL_A_CRYPTO_IV, crypto->iv, crypto->iv_len);
	put_bytes(client, KSSL_A_CRYPTO_SALT, crypto->salt, crypto->salt_len);
	put_bytes(client, KSSL_A_CRYPTO_SECRET, crypto->secret,
		  crypto->secret_len);
	if (!adopt)
		kssl_req_u64(client, KSSL_A_CRYPTO_REC_SEQ, crypto->rec_seq);
	kssl_req_nest_end(client, nest);
}

static void put_attach(struct kssl_client *client,
		       const struct kssl_attach *attach)
{
	const uint8_t resumed = 1;

	kssl_req_u32(client, KSSL_A_FD, attach->fd);
	if (attach->version)
		kssl_req_u16(client, KSSL_A_VERSION, attach->version);
	if (attach->suite)
		kssl_req_u16(client, KSSL_A_SUITE, attach->suite);
	if (attach->verify_result >= 0)
		kssl_req_u32(client, KSSL_A_VERIFY_RESULT,
			     attach->verify_result);
	put_crypto(client, KSSL_A_TX, &attach->tx,
		   attach->adopt & KSSL_DIRECTION_TX);
	put_crypto(client, KSSL_A_RX, &attach->rx,
		   attach->adopt & KSSL_DIRECTION_RX);
	if (attach->adopt)
		kssl_req_u32(client, KSSL_A_ADOPT, attach->adopt);
	put_bytes(client, KSSL_A_ALPN, attach->alpn, attach->alpn_len);
	if (attach->sni)
		kssl_req_str(client, KSSL_A_SNI, attach->sni);
	if (attach->resumed)
		kssl_req_put(client, KSSL_A_RESUMED, &resumed,
			     sizeof(resumed));
	if (attach->record_limit)
		kssl_req_u16(client, KSSL_A_RECORD_LIMIT,
			     attach->record_limit);
	put_bytes(client, KSSL_A_PEER_CHAIN, attach->peer_chain,
		  attach->peer_chain_len);
	if (attach->keep_key)
		kssl_req_put(client, KSSL_A_KEEP_KEY, NULL, 0);
	if (attach->expect_no_pad)
		kssl_req_put(client, KSSL_A_EXPECT_NO_PAD, NULL, 0);
	if (attach->rights)
		kssl_req_u32(client, KSSL_A_RIGHTS, attach->rights);
}

int kssl_check_size(const void *data, size_t size, size_t known,
		    const char *name)
{
	const unsigned char *byte = data;
	size_t i;

	if (size < known)
		return kssl_set_error(EINVAL, "size of struct %s not set",
				      name);
	for (i = known; i < size; i++)
		if (byte[i])
			return kssl_set_error(E2BIG,
					      "struct %s is newer than the library",
					      name);
	return 1;
}

/* Whatever is wrong with the rest, this holds no descriptor. */
static void clear_conn_fd(const struct kssl_attach *attach)
{
	size_t end = offsetof(struct kssl_attach, conn_fd) +
		sizeof(attach->conn_fd);

	if (attach && attach->size >= end && attach->conn_fd)
		*attach->conn_fd = -1;
}

static int check_attach(const struct kssl_attach *attach)
{
	clear_conn_fd(attach);
	if (!kssl_check_size(attach, attach ? attach->size : 0,
			     sizeof(*attach), "kssl_attach"))
		return 0;
	if (attach->verify_result > UINT32_MAX)
		return kssl_set_error(EINVAL, "no verify result has that value");
	if (!attach->rights != !attach->conn_fd)
		return kssl_set_error(EINVAL,
				      "rights and conn_fd need each other");
	return 1;
}

int kssl_attach(struct kssl *s, const struct kssl_attach *attach)
{
	struct outcome outcome = { .s = s };
	int ok;

	if (!check_attach(attach))
		return 0;
	outcome.fd = attach->conn_fd;
	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return 0;
	kssl_handle_request(&s->handle, KSSL_CMD_ATTACH);
	put_attach(s->handle.client, attach);
	ok = kssl_req_send(s->handle.client, result_reply, &outcome);
	kssl_client_leave(s->handle.client);
	return ok;
}

int kssl_ctx_attach(struct kssl_ctx *ctx, const struct kssl_settings *settings,
		    const struct kssl_attach *attach, uint32_t *id)
{
	struct outcome outcome = { .s = NULL };
	int ok;

	if (!check_attach(attach))
		return 0;
	outcome.fd = attach->conn_fd;
	if (!kssl_handle_enter(kssl_ctx_handle(ctx)))
		return 0;
	kssl_handle_request(&ctx->handle, KSSL_CMD_ATTACH);
	kssl_settings_put(ctx->handle.client, settings);
	put_attach(ctx->handle.client, attach);
	ok = kssl_req_send(ctx->handle.client, result_reply, &outcome);
	kssl_client_leave(ctx->handle.client);
	if (ok && id)
		*id = outcome.id;
	return ok;
}

/*
 * An update that asks for nothing answers the peer that asked for one, also
 * when kssl_read_with() could not. What the peer asks meanwhile stays due.
 */
int kssl_rekey_with(struct kssl *s, enum kssl_direction direction,
		    unsigned int flags, const struct kssl_crypto *key)
{
	int answers = direction == KSSL_DIRECTION_TX &&
		!(flags & KSSL_REKEY_REQUEST);
	struct outcome outcome = { .s = s };
	int ok, due;

	if (flags & ~(KSSL_REKEY_REQUEST | KSSL_REKEY_NO_WAIT))
		return kssl_set_error(EINVAL, "unknown flags");
	if (key && !key->key && !key->secret)
		return kssl_set_error(EINVAL, "neither a key nor a secret");
	if (!kssl_handle_enter(kssl_conn_handle(s)))
		return 0;
	kssl_handle_request(&s->handle, KSSL_CMD_REKEY);
	kssl_req_u32(s->handle.client, KSSL_A_DIRECTION, direction);
	if (flags & KSSL_REKEY_REQUEST)
		kssl_req_put(s->handle.client, KSSL_A_REQUEST_UPDATE, NULL, 0);
	if (flags & KSSL_REKEY_NO_WAIT)
		kssl_req_put(s->handle.client, KSSL_A_NO_WAIT, NULL, 0);
	if (key)
		put_crypto(s->handle.client, KSSL_A_KEY, key, 0);
	due = answers &&
		__atomic_exchange_n(&s->update_due, 0, __ATOMIC_ACQ_REL);
	ok = kssl_req_send(s->handle.client, result_reply, &outcome);
	if (!ok && due)
		__atomic_store_n(&s->update_due, 1, __ATOMIC_RELEASE);
	kssl_client_leave(s->handle.client);
	return ok;
}

int kssl_rekey(struct kssl *s, enum kssl_direction direction,
	       unsigned int flags)
{
	return kssl_rekey_with(s, direction, flags, NULL);
}
