/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_KTLS_H
#define _KSSL_KTLS_H

#include <net/kssl.h>
#include <net/tls.h>

struct kssl_cipher;
struct kssl_suite;
struct socket;

#define KSSL_DIRECTIONS	(KSSL_DIRECTION_TX | KSSL_DIRECTION_RX)

#define KSSL_RECORD_HANDSHAKE	22	/* RFC 8446 section 5.1 */
#define KSSL_KEY_UPDATE		24	/* RFC 8446 section 4.6.3 */

/* Who has the key of a direction; TLS_BASE if there is none. */
static inline u8 kssl_ktls_conf(const struct tls_context *tls, int direction)
{
	return direction == TLS_TX ? tls->tx_conf : tls->rx_conf;
}

/**
 * struct kssl_ktls_key - what net/tls tells of a key besides its bytes
 * @version: TLS version
 * @cipher: TLS_CIPHER_*
 */
struct kssl_ktls_key {
	u16 version;
	u16 cipher;
};

int __must_check kssl_ktls_prepare(struct socket *sock, u32 keyed,
				   struct kssl_reason *why);
int __must_check kssl_ktls_try(const struct kssl_suite *suite,
			       const struct kssl_crypto *tx,
			       const struct kssl_crypto *rx,
			       struct kssl_reason *why);
int __must_check kssl_ktls_check_writers(struct socket *sock,
					 struct kssl_reason *why);
int __must_check kssl_ktls_install(struct socket *sock, int direction,
				   const struct kssl_suite *suite,
				   const struct kssl_crypto *crypto);
int __must_check kssl_ktls_replace(struct socket *sock, int direction,
				   const struct kssl_suite *suite,
				   const struct kssl_crypto *crypto);
int __must_check kssl_ktls_find_key(struct socket *sock, u32 directions,
				    struct kssl_ktls_key *key,
				    struct kssl_reason *why);
int __must_check kssl_ktls_same_key(struct socket *sock, int direction,
				    const struct kssl_cipher *cipher,
				    const struct kssl_crypto *crypto);
void kssl_ktls_read_nonce(struct socket *sock, int direction,
			  const struct kssl_cipher *cipher,
			  struct kssl_crypto *crypto);
void kssl_ktls_set_zerocopy(struct socket *sock);
void kssl_ktls_expect_no_pad(struct socket *sock);
void kssl_ktls_wipe(struct socket *sock, int direction);
bool kssl_ktls_records(const struct sock *sk, int direction, u64 *records);
void kssl_ktls_init(void);

#endif /* _KSSL_KTLS_H */
