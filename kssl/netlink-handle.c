// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: file descriptors over netlink
 *
 * What gives a file descriptor or takes one: handles (handle.c) are opened and
 * imported, and a connection gives out the socket that it keeps (keep.c). All
 * of these act on the file descriptors of the requesting process, so it has to
 * be who opened the netlink socket.
 */

#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>

#include "client.h"
#include "handle.h"
#include "keep.h"
#include "netlink.h"
#include "netlink-attr.h"
#include "netlink-gen.h"
#include "netlink-reply.h"
#include "netlink-settings.h"
#include "reason.h"

/* Fewer rights than there are can be asked for, and no more. */
static int wanted_rights(struct genl_info *info, u8 has, u8 *rights)
{
	const struct nlattr *attr = info->attrs[KSSL_A_RIGHTS];

	*rights = attr ? nla_get_u32(attr) : has;
	if (*rights <= has)
		return 0;
	return kssl_nl_refuse_text(info, -EPERM, KSSL_A_RIGHTS,
				   "there is the right to use only");
}

static int fill_handle(struct sk_buff *reply, const struct kssl_object *object,
		       u8 rights, int fd)
{
	return nla_put_u32(reply, object->type->attr, object->id) ?:
		nla_put_u32(reply, KSSL_A_RIGHTS, rights) ?:
		nla_put_s32(reply, KSSL_A_FD, fd);
}

static int open_fd(struct genl_info *info, struct kssl_object *object,
		   u8 rights, struct sk_buff *reply, void *hdr)
{
	struct file *file = kssl_handle_open(object, rights);
	int fd, err;

	if (IS_ERR(file)) {
		nlmsg_free(reply);
		return kssl_nl_refuse_text(info, PTR_ERR(file), 0,
					   "no file can be made");
	}
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		fput(file);
		nlmsg_free(reply);
		return kssl_nl_refuse_text(info, fd, 0,
					   "no file descriptor is free");
	}
	err = kssl_nl_reply_send(info, reply, hdr,
				 fill_handle(reply, object, rights, fd));
	if (err) {
		put_unused_fd(fd);
		fput(file);
		return err;
	}
	fd_install(fd, file);
	return 0;
}

int kssl_nl_open_fd_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kssl_object *object;
	struct sk_buff *reply;
	void *hdr;
	u8 has, rights;
	int err;

	if (info->attrs[KSSL_A_ID] && info->attrs[KSSL_A_CTX_ID])
		return kssl_nl_refuse_text(info, -EINVAL, KSSL_A_CTX_ID,
					   "id and ctx-id exclude each other");
	err = kssl_nl_check_opener(skb, info, 0);
	if (err)
		return err;
	object = kssl_nl_find_used(skb, info, info->attrs[KSSL_A_CTX_ID] ?
				   &kssl_ctx_type : &kssl_conn_type, &has);
	if (IS_ERR(object))
		return PTR_ERR(object);
	err = wanted_rights(info, has, &rights);
	if (err)
		goto put;
	reply = kssl_nl_reply_new(info, &hdr);
	err = reply ? open_fd(info, object, rights, reply, hdr) :
		kssl_nl_no_memory(info);
put:
	kssl_object_unpin(object);
	return err;
}

static int import(struct sk_buff *skb, struct genl_info *info,
		  const struct file *file)
{
	struct kssl_client *client = kssl_nl_obtain_client(skb, info);
	struct kssl_object *object;
	struct sk_buff *reply;
	u8 has, rights;
	void *hdr;
	int err;

	if (IS_ERR(client))
		return PTR_ERR(client);
	object = kssl_handle_object(file, &has);
	if (!object)
		return kssl_nl_refuse_text(info, -EINVAL, KSSL_A_FD,
				"the file descriptor is of no object");
	err = wanted_rights(info, has, &rights);
	if (err)
		return err;
	reply = kssl_nl_reply_new(info, &hdr);
	if (!reply)
		return kssl_nl_no_memory(info);
	/* What the file has is not the reference that a reply leaves out. */
	kref_get(&object->ref);
	err = kssl_nl_take_and_reply(skb, info, client, object, rights, reply,
				     hdr, KSSL_NL_ROWS_SMALL);
	kssl_object_put(object);
	return err;
}

int kssl_nl_import_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct file *file;
	int err;

	err = kssl_nl_require(info, KSSL_A_FD, "fd is missing") ?:
		kssl_nl_check_opener(skb, info, KSSL_A_FD);
	if (err)
		return err;
	file = fget(nla_get_s32(info->attrs[KSSL_A_FD]));
	if (!file)
		return kssl_nl_refuse_text(info, -EBADF, KSSL_A_FD,
					   "no such file descriptor");
	err = import(skb, info, file);
	fput(file);
	return err;
}

static int fill_sock_fd(struct sk_buff *reply, struct kssl *s, int fd)
{
	return nla_put_u32(reply, KSSL_A_ID, kssl_id(s)) ?:
		nla_put_s32(reply, KSSL_A_FD, fd);
}

/* receive_fd(), which asks security modules, installs what it makes at once. */
static int give_sock(struct genl_info *info, struct kssl *s, struct file *file)
{
	struct sk_buff *reply;
	void *hdr;
	int fd, err;

	reply = kssl_nl_reply_new(info, &hdr);
	if (!reply)
		return kssl_nl_no_memory(info);
	fd = receive_fd(file, NULL, O_CLOEXEC);
	if (fd < 0) {
		nlmsg_free(reply);
		return kssl_nl_refuse_text(info, fd, 0,
				fd == -EMFILE || fd == -ENOMEM ?
				"no file descriptor is free" :
				"a security module keeps the socket back");
	}
	err = kssl_nl_reply_send(info, reply, hdr, fill_sock_fd(reply, s, fd));
	if (err)
		close_fd(fd);
	return err;
}

int kssl_nl_sock_fd_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kssl_reason why = {};
	struct kssl_object *object;
	struct file *file;
	int err;

	err = kssl_nl_check_opener(skb, info, 0);
	if (err)
		return err;
	object = kssl_nl_find_used(skb, info, &kssl_conn_type, NULL);
	if (IS_ERR(object))
		return PTR_ERR(object);
	file = kssl_keep_file(kssl_of(object), &why);
	if (IS_ERR(file)) {
		err = kssl_nl_refuse(info, PTR_ERR(file), &why);
	} else {
		err = give_sock(info, kssl_of(object), file);
		kssl_keep_put(kssl_of(object), file);
	}
	kssl_object_unpin(object);
	return err;
}
