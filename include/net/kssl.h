/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS connections as kernel objects: the interface for other modules.
 *
 * The functions have the names and the meaning of their OpenSSL counterparts
 * (SSL_new(3)). Contracts are with the functions, in kssl/ctx.c, kssl/conn.c,
 * kssl/attach.c, kssl/rekey.c, kssl/callback.c and kssl/exdata.c.
 */
#ifndef _NET_KSSL_H
#define _NET_KSSL_H

#include <linux/types.h>

#include <uapi/linux/kssl.h>

struct kssl;
struct kssl_ctx;
struct net;
struct socket;

/**
 * struct kssl_reason - why a call was refused
 * @text: what was refused and why, a constant string; NULL when nothing was
 * @attr: the attribute that is to blame, KSSL_A_*, or 0
 * @nested: the attribute inside of @attr, KSSL_A_SETTINGS_* or KSSL_A_CRYPTO_*,
 *	or 0
 */
struct kssl_reason {
	const char *text;
	u16 attr;
	u16 nested;
};

/**
 * struct kssl_value - what one row of the settings is to become
 * @attr: the row, KSSL_A_SETTINGS_*
 * @len: size of @data in bytes
 * @data: the value of a row that is a list (u16 codes), a text, bytes, or
 *	serial numbers of keys (s32)
 * @num: the value of any other row, sign extended
 * @mask: for options and mode, the bits of @num that count; the others stay
 */
struct kssl_value {
	u16 attr;
	u32 len;
	const void *data;
	u64 num;
	u64 mask;
};

/**
 * struct kssl_crypto - what protects one direction
 * @rec_seq: sequence number of the direction's next record
 * @key: traffic key, sized for the suite
 * @iv: the part of the nonce that linux/tls.h calls iv
 * @salt: the part of the nonce that linux/tls.h calls salt
 * @secret: TLS 1.3 traffic secret, from which the others are derived
 * @key_len: bytes in @key, 0 when @secret is given
 * @iv_len: bytes in @iv
 * @salt_len: bytes in @salt
 * @secret_len: bytes in @secret, 0 when @key is given
 */
struct kssl_crypto {
	u64 rec_seq;
	u8 key[KSSL_KEY_MAX];
	u8 iv[KSSL_IV_MAX];
	u8 salt[KSSL_SALT_MAX];
	u8 secret[KSSL_SECRET_MAX];
	u8 key_len;
	u8 iv_len;
	u8 salt_len;
	u8 secret_len;
};

/**
 * struct kssl_negotiated - what else was negotiated, for later holders to know
 * @alpn: the protocol (RFC 7301), without a length
 * @sni: the host name that the client asked for, without a terminator
 * @chain: the peer's certificates, its own first, DER one after the other
 * @alpn_len: bytes of @alpn, up to KSSL_NAME_MAX, or 0
 * @sni_len: bytes of @sni, up to KSSL_NAME_MAX, or 0
 * @chain_len: bytes of @chain, up to KSSL_BLOB_MAX, or 0
 * @record_limit: bytes of plaintext that the peer takes in a record, in TLS 1.3
 *	with the content's type (RFC 8449 section 4), or 0
 * @resumed: a session was resumed
 */
struct kssl_negotiated {
	const u8 *alpn;
	const u8 *sni;
	const u8 *chain;
	u32 alpn_len;
	u32 sni_len;
	u32 chain_len;
	u16 record_limit;
	bool resumed;
};

/**
 * struct kssl_attach_params - what was negotiated, and its keys
 * @version: TLS version, 0x0303 or 0x0304
 * @suite: IANA code of the cipher suite
 * @directions: which of @tx and @rx to attach, KSSL_DIRECTION_*; 0 for both
 * @adopt: those of @directions that do kTLS already and are taken over as they
 *	are; @tx or @rx has no more than a secret, which is compared. @version
 *	and @suite may be 0 then, but for the suite of TLS 1.2.
 * @verified: @verify_result is known
 * @verify_result: X509_V_*, 0 when the peer's certificate is good
 * @keep_key: leave the copies of the keys that net/tls reports to who has the
 *	socket, and which are wiped otherwise
 * @expect_no_pad: the peer is not expected to pad its records (TLS 1.3), so
 *	they are decrypted in place
 * @negotiated: what else was negotiated
 * @tx: the transmit direction
 * @rx: the receive direction
 */
struct kssl_attach_params {
	u16 version;
	u16 suite;
	u32 directions;
	u32 adopt;
	bool verified;
	u32 verify_result;
	bool keep_key;
	bool expect_no_pad;
	struct kssl_negotiated negotiated;
	struct kssl_crypto tx;
	struct kssl_crypto rx;
};

/**
 * struct kssl_rekey_params - which key is updated, and to what
 * @direction: whose key
 * @request_update: ask the peer to update its key, too; only with
 *	KSSL_DIRECTION_TX
 * @no_wait: do not wait while somebody else sends
 * @key: the new key or secret, with @rec_seq 0; with neither, it follows from
 *	the traffic secret that the connection has
 */
struct kssl_rekey_params {
	enum kssl_direction direction;
	bool request_update;
	bool no_wait;
	struct kssl_crypto key;
};

/**
 * struct kssl_callbacks - functions of a kernel user
 * @info: a connection has come to a state; called in any context, so it may
 *	not sleep, and with no lock of the connection
 */
struct kssl_callbacks {
	void (*info)(struct kssl *s, enum kssl_state state, void *arg);
};

/* How many indices there are for the pointers of kernel users. */
#define KSSL_EX_INDICES	16

typedef void *(*kssl_ex_dup_t)(void *ptr, void *arg);
typedef void (*kssl_ex_free_t)(void *ptr, void *arg);

struct kssl_ctx *kssl_ctx_new(struct net *net, enum kssl_method method);
bool kssl_ctx_up_ref(struct kssl_ctx *ctx);
void kssl_ctx_free(struct kssl_ctx *ctx);
int kssl_ctx_set(struct kssl_ctx *ctx, const struct kssl_value *values,
		 unsigned int n, struct kssl_reason *why);
int kssl_ctx_set_callbacks(struct kssl_ctx *ctx,
			   const struct kssl_callbacks *callbacks, void *arg);
int kssl_ctx_set_ex_data(struct kssl_ctx *ctx, int index, void *ptr);
void *kssl_ctx_get_ex_data(struct kssl_ctx *ctx, int index);
u32 kssl_ctx_id(const struct kssl_ctx *ctx);

struct kssl *kssl_new(struct kssl_ctx *ctx);
struct kssl *kssl_dup(struct kssl *s);
bool kssl_up_ref(struct kssl *s);
void kssl_free(struct kssl *s);
int kssl_set(struct kssl *s, const struct kssl_value *values, unsigned int n,
	     struct kssl_reason *why);
int kssl_set_callbacks(struct kssl *s, const struct kssl_callbacks *callbacks,
		       void *arg);
void kssl_callbacks_unregister(const struct kssl_callbacks *callbacks);
int kssl_get_ex_new_index(void *arg, kssl_ex_dup_t dup, kssl_ex_free_t free);
void kssl_free_ex_index(int index);
int kssl_set_ex_data(struct kssl *s, int index, void *ptr);
void *kssl_get_ex_data(struct kssl *s, int index);
int kssl_set_ctx(struct kssl *s, struct kssl_ctx *ctx,
		 struct kssl_reason *why);
int kssl_set_shutdown(struct kssl *s, u32 bits, struct kssl_reason *why);
int kssl_clear(struct kssl *s, struct kssl_reason *why);
u32 kssl_id(const struct kssl *s);
enum kssl_state kssl_get_state(struct kssl *s);

int kssl_begin(struct kssl *s, struct socket *sock, struct kssl_reason *why);
int kssl_fail(struct kssl *s, struct kssl_reason *why);
int kssl_attach(struct kssl *s, struct socket *sock,
		const struct kssl_attach_params *params,
		struct kssl_reason *why);
int kssl_rekey(struct kssl *s, const struct kssl_rekey_params *params,
	       struct kssl_reason *why);

#endif /* _NET_KSSL_H */
