/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_CALLBACK_H
#define _KSSL_CALLBACK_H

#include <linux/list.h>
#include <linux/types.h>

#include <net/kssl.h>

#include "settings.h"

struct kssl_client;

/* The callbacks without which no handshake may go on. */
#define KSSL_CALLBACKS_NEEDED	(KSSL_CALLBACK_VERIFY | \
				 KSSL_CALLBACK_PASSWORD | \
				 KSSL_CALLBACK_SECURITY)

/**
 * struct kssl_who - whom a new value of the callbacks row binds
 * @client: the client, or NULL for a kernel user
 * @callbacks: the functions of a kernel user
 * @arg: what they are called with
 */
struct kssl_who {
	struct kssl_client *client;
	const struct kssl_callbacks *callbacks;
	void *arg;
};

/**
 * struct kssl_binding - value of the callbacks row, in a blob
 * @node: in the bindings of @client or in those of the kernel's users
 * @client: who is bound; NULL once it is gone, and for a kernel user
 * @callbacks: functions of a kernel user; NULL once they are unregistered
 * @arg: what these are called with
 * @cookie: by which the client knows its functions
 * @mask: which there are, KSSL_CALLBACK_*
 *
 * Nothing here keeps the one who is bound from going. @client changes under
 * that client's lock, @callbacks and @mask under the lock of the kernel's
 * bindings.
 */
struct kssl_binding {
	struct list_head node;
	struct kssl_client __rcu *client;
	const struct kssl_callbacks *callbacks;
	void *arg;
	u64 cookie;
	u32 mask;
};

struct kssl_blob *__must_check
kssl_binding_new(const struct kssl_value *value);
struct kssl_client *kssl_binding_client(const struct kssl_binding *binding);
void kssl_binding_info(const struct kssl_binding *binding, struct kssl *s,
		       enum kssl_state state);

static inline const struct kssl_binding *
kssl_blob_binding(const struct kssl_blob *blob)
{
	return blob ? (const struct kssl_binding *)blob->data : NULL;
}

int kssl_callbacks_check(const struct kssl_settings *settings,
			 struct kssl_reason *why);
void kssl_callbacks_disown(struct kssl_client *client);

#endif /* _KSSL_CALLBACK_H */
