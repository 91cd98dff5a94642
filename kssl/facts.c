// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: negotiated facts
 *
 * What a handshake settled besides what net/tls has to know, and who the peer
 * is. It is told at attach by whoever made the handshake, never changes, and
 * is there for the holders that come later.
 */

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "facts.h"
#include "format.h"
#include "reason.h"

static int check(const struct kssl_negotiated *negotiated,
		 struct kssl_reason *why)
{
	const char *text;

	if (negotiated->alpn_len > KSSL_NAME_MAX)
		return kssl_refuse(why, -EINVAL, KSSL_A_ALPN, "too long");
	if (negotiated->sni_len > KSSL_NAME_MAX)
		return kssl_refuse(why, -EINVAL, KSSL_A_SNI, "too long");
	text = kssl_format_text(negotiated->sni, negotiated->sni_len);
	if (text)
		return kssl_refuse(why, -EINVAL, KSSL_A_SNI, text);
	if (negotiated->chain_len > KSSL_BLOB_MAX)
		return kssl_refuse(why, -EINVAL, KSSL_A_PEER_CHAIN,
				   "too long");
	text = kssl_format_der_list(negotiated->chain, negotiated->chain_len);
	return text ? kssl_refuse(why, -EINVAL, KSSL_A_PEER_CHAIN, text) : 0;
}

static bool is_empty(const struct kssl_negotiated *negotiated)
{
	return !negotiated->alpn_len && !negotiated->sni_len &&
		!negotiated->chain_len && !negotiated->resumed &&
		!negotiated->record_limit;
}

/**
 * kssl_facts_new - keep what was negotiated
 * @negotiated: what that is; copied
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep.
 * Return: the facts with one reference for the caller; NULL when there are
 * none; an ERR_PTR(): -EINVAL for what is malformed or too long, -ENOMEM.
 */
struct kssl_facts *kssl_facts_new(const struct kssl_negotiated *negotiated,
				  struct kssl_reason *why)
{
	struct kssl_facts *facts;
	u8 *to;
	int err;

	err = check(negotiated, why);
	if (err)
		return ERR_PTR(err);
	if (is_empty(negotiated))
		return NULL;
	facts = kmalloc_flex(*facts, data, negotiated->alpn_len +
			     negotiated->sni_len + negotiated->chain_len,
			     GFP_KERNEL_ACCOUNT);
	if (!facts)
		return ERR_PTR(-ENOMEM);
	refcount_set(&facts->ref, 1);
	facts->resumed = negotiated->resumed;
	facts->record_limit = negotiated->record_limit;
	facts->alpn_len = negotiated->alpn_len;
	facts->sni_len = negotiated->sni_len;
	facts->chain_len = negotiated->chain_len;
	to = facts->data;
	memcpy(to, negotiated->alpn, facts->alpn_len);
	to += facts->alpn_len;
	memcpy(to, negotiated->sni, facts->sni_len);
	to += facts->sni_len;
	memcpy(to, negotiated->chain, facts->chain_len);
	return facts;
}

/**
 * kssl_facts_get - take a reference on facts
 * @facts: some that cannot go meanwhile, or NULL
 */
void kssl_facts_get(struct kssl_facts *facts)
{
	if (facts)
		refcount_inc(&facts->ref);
}

/**
 * kssl_facts_put - drop a reference on facts
 * @facts: the facts, or NULL
 *
 * Context: any.
 */
void kssl_facts_put(struct kssl_facts *facts)
{
	if (facts && refcount_dec_and_test(&facts->ref))
		kfree(facts);
}
