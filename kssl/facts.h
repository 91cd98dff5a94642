/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_FACTS_H
#define _KSSL_FACTS_H

#include <linux/refcount.h>

#include <net/kssl.h>

/**
 * struct kssl_facts - what was negotiated, but for version and suite
 * @ref: the connection and its readers
 * @resumed: a session was resumed
 * @alpn_len: bytes of the protocol
 * @sni_len: bytes of the host name
 * @record_limit: bytes of plaintext in a record, 0 without a limit
 * @chain_len: bytes of the peer's certificates
 * @data: the protocol, the host name and the certificates, in this order
 *
 * Immutable.
 */
struct kssl_facts {
	refcount_t ref;
	bool resumed;
	u8 alpn_len;
	u8 sni_len;
	u16 record_limit;
	u32 chain_len;
	u8 data[];
};

static inline const u8 *kssl_facts_alpn(const struct kssl_facts *facts)
{
	return facts->data;
}

static inline const u8 *kssl_facts_sni(const struct kssl_facts *facts)
{
	return facts->data + facts->alpn_len;
}

static inline const u8 *kssl_facts_chain(const struct kssl_facts *facts)
{
	return kssl_facts_sni(facts) + facts->sni_len;
}

struct kssl_facts *__must_check
kssl_facts_new(const struct kssl_negotiated *negotiated,
	       struct kssl_reason *why);
void kssl_facts_get(struct kssl_facts *facts);
void kssl_facts_put(struct kssl_facts *facts);

#endif /* _KSSL_FACTS_H */
