/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_CONN_H
#define _KSSL_CONN_H

#include <net/kssl.h>

#include "facts.h"
#include "object.h"
#include "settings.h"
#include "sock.h"

struct file;
struct kssl_ctx;
struct kssl_watch;

/* Bytes of a TLS 1.3 nonce, which linux/tls.h splits into salt and iv. */
#define KSSL_NONCE_SIZE	12

/**
 * struct kssl_secrets - what key updates of an attached connection need
 * @tx_len: bytes of @tx, 0 if the direction was given a key instead
 * @rx_len: bytes of @rx, likewise
 * @tx: traffic secret of the transmit direction
 * @rx: of the receive direction
 * @tx_nonce: goes with the transmit key, and tells that from another
 * @rx_nonce: likewise for the receive key
 */
struct kssl_secrets {
	u8 tx_len;
	u8 rx_len;
	u8 tx[KSSL_SECRET_MAX];
	u8 rx[KSSL_SECRET_MAX];
	u8 tx_nonce[KSSL_NONCE_SIZE];
	u8 rx_nonce[KSSL_NONCE_SIZE];
};

static inline void kssl_crypto_nonce(const struct kssl_crypto *crypto,
				     u8 *nonce)
{
	memcpy(nonce, crypto->salt, crypto->salt_len);
	memcpy(nonce + crypto->salt_len, crypto->iv, crypto->iv_len);
}

/**
 * struct kssl - a connection
 * @object: what it has in common with contexts; its lock guards all that
 *	follows
 * @ctx: the context it was made from or switched to, of which it has a
 *	reference
 * @settings: its settings
 * @sock: the socket it is bound to, or NULL
 * @file: the socket's file, if it is kept, or NULL (keep.c)
 * @watch: who polls it, or NULL (watch.c)
 * @kept: in what its context holds, guarded by the context's lock
 * @secrets: what key updates need while it is attached with TLS 1.3, or NULL
 * @facts: what else was negotiated, or NULL
 * @result_text: text of the last begin, attach or rekey, or NULL
 * @result: result of the last begin, attach or rekey
 * @state: where it is
 * @busy: one of them is at work; what it looks at does not change
 * @verified: @verify_result was given
 * @shutdown: KSSL_SHUTDOWN_* that holders have told of
 * @version: negotiated TLS version, 0 before attach
 * @suite: negotiated cipher suite, 0 before attach
 * @directions: KSSL_DIRECTION_* that were attached
 * @keep_keys: KSSL_DIRECTION_* whose keys' copies net/tls may keep
 * @key_limits: KSSL_DIRECTION_* whose key has come near to its limit, which
 *	those who listen were told (usage.c)
 * @verify_result: X509_V_* of the peer's certificate
 * @tx_generation: updates of the transmit key since attach
 * @rx_generation: updates of the receive key since attach
 */
struct kssl {
	struct kssl_object object;
	struct kssl_ctx *ctx;
	struct kssl_settings settings;
	struct kssl_sock *sock;
	struct file *file;
	struct kssl_watch *watch;
	struct list_head kept;
	struct kssl_secrets *secrets;
	struct kssl_facts *facts;
	const char *result_text;
	int result;
	u8 state;
	bool busy;
	bool verified;
	u8 shutdown;
	u8 directions;
	u8 keep_keys;
	u16 version;
	u16 suite;
	u8 key_limits;
	u32 verify_result;
	u32 tx_generation;
	u32 rx_generation;
};

/**
 * struct kssl_view - what a connection is at one moment
 * @state: as in &struct kssl
 * @verified: likewise
 * @shutdown: likewise
 * @version: likewise
 * @suite: likewise
 * @directions: likewise
 * @verify_result: likewise
 * @tx_generation: likewise
 * @rx_generation: likewise
 * @result: likewise
 * @result_text: likewise
 * @family: of the socket, 0 without one
 * @local: the socket's own end
 * @peer: the other end
 * @cookie: the socket's cookie
 */
struct kssl_view {
	u8 state;
	bool verified;
	u8 shutdown;
	u8 directions;
	u16 version;
	u16 suite;
	u32 verify_result;
	u32 tx_generation;
	u32 rx_generation;
	int result;
	const char *result_text;
	u16 family;
	struct kssl_addr local;
	struct kssl_addr peer;
	u64 cookie;
};

extern const struct kssl_object_type kssl_conn_type;

static inline struct kssl *kssl_of(struct kssl_object *object)
{
	return container_of(object, struct kssl, object);
}

int kssl_conn_init(void);
void kssl_conn_exit(void);

struct kssl *__must_check
kssl_conn_create(struct kssl_ctx *ctx, const struct cred *cred,
		 const struct kssl_value *values, unsigned int n,
		 struct kssl_reason *why);
struct kssl *__must_check kssl_conn_dup(struct kssl *s,
					const struct cred *cred,
					struct kssl_reason *why);
struct kssl_settings kssl_conn_settings(struct kssl *s);
struct kssl_blob *kssl_conn_binding(struct kssl *s);
struct kssl_ctx *kssl_conn_ctx(struct kssl *s);
u32 kssl_conn_ctx_id(struct kssl *s);
int kssl_conn_swap(struct kssl *s, const struct kssl_settings *old,
		   const struct kssl_settings *new);
int __must_check kssl_conn_change(struct kssl *s,
				  const struct kssl_value *values,
				  unsigned int n, struct kssl_settings *old,
				  struct kssl_settings *new,
				  struct kssl_reason *why);

int kssl_conn_claim(struct kssl *s, unsigned int states,
		    struct kssl_reason *why);
void kssl_conn_announce(struct kssl *s);
void kssl_conn_enter(struct kssl *s, enum kssl_state state);
void kssl_conn_break(struct kssl *s);
void kssl_conn_yield(struct kssl *s);
void kssl_conn_unclaim(struct kssl *s, int result,
		       const struct kssl_reason *why);
void kssl_conn_give_up(struct kssl *s, int result,
		       const struct kssl_reason *why);
void kssl_conn_view(struct kssl *s, struct kssl_view *view);
struct kssl_facts *kssl_conn_facts(struct kssl *s);

#endif /* _KSSL_CONN_H */
