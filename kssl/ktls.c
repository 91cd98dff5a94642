// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: kernel TLS
 *
 * What kssl asks of net/tls: is a socket fit, put the ULP on it, would a
 * cipher be had, install a key, forget its copy. It is asked through
 * setsockopt, as userspace does it, with the hooks of security modules where
 * the kernel offers them.
 *
 * Called in the task that attaches, without a lock; net/tls takes the socket's.
 */

#include <crypto/aead.h>
#include <crypto/algapi.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/kmod.h>
#include <linux/net.h>
#include <linux/string.h>

#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "ktls.h"
#include "reason.h"
#include "suite.h"

#define ULP_NAME	"tls"
#define TAG_SIZE	16

static int set_option(struct socket *sock, int level, int option,
		      const void *value, unsigned int len)
{
	return do_sock_setsockopt(sock, false, level, option,
				  KERNEL_SOCKPTR((void *)value), len);
}

/* The states in which a socket with the ULP still takes keys. */
static bool is_open(const struct sock *sk, bool ulp)
{
	return sk->sk_state == TCP_ESTABLISHED ||
		(ulp && sk->sk_state == TCP_CLOSE_WAIT);
}

/* A cgroup program can answer setsockopt() in net/tls's stead. */
static bool has_ulp(struct sock *sk)
{
	const struct tcp_ulp_ops *ops;

	sock_owned_by_me(sk);
	ops = inet_csk(sk)->icsk_ulp_ops;
	return ops && !strcmp(ops->name, ULP_NAME) && tls_get_ctx(sk);
}

static bool has_key(struct sock *sk, int direction)
{
	const struct tls_context *tls;
	bool has;

	lock_sock(sk);
	tls = has_ulp(sk) ? tls_get_ctx(sk) : NULL;
	has = tls && kssl_ktls_conf(tls, direction) != TLS_BASE;
	release_sock(sk);
	return has;
}

static u32 keyed_directions(struct sock *sk)
{
	const struct tls_context *tls = tls_get_ctx(sk);

	return (tls->tx_conf != TLS_BASE ? KSSL_DIRECTION_TX : 0) |
		(tls->rx_conf != TLS_BASE ? KSSL_DIRECTION_RX : 0);
}

static int check_ulp(struct sock *sk, u32 keyed, bool *ulp,
		     struct kssl_reason *why)
{
	const struct tcp_ulp_ops *ops = inet_csk(sk)->icsk_ulp_ops;

	*ulp = ops;
	if (!ops)
		return 0;
	if (!has_ulp(sk))
		return kssl_refuse(why, -EEXIST, KSSL_A_FD,
				   "the socket has another ULP");
	if (!(keyed_directions(sk) & ~keyed))
		return 0;
	/* From 6.14 on net/tls would take this for a key update. */
	return kssl_refuse(why, -EBUSY, KSSL_A_FD,
			   "the socket is kTLS already");
}

static int check_sock(struct sock *sk, u32 keyed, bool *ulp,
		      struct kssl_reason *why)
{
	int err;

	if (!sk || !sk_is_tcp(sk))
		return kssl_refuse(why, -EOPNOTSUPP, KSSL_A_FD,
				   "not a TCP socket");
	lock_sock(sk);
	err = check_ulp(sk, keyed, ulp, why);
	if (!err && !is_open(sk, *ulp))
		err = kssl_refuse(why, -ENOTCONN, KSSL_A_FD,
				  "the socket is not connected");
	release_sock(sk);
	return err;
}

/**
 * kssl_ktls_prepare - make a socket ready to take keys
 * @sock: the socket
 * @keyed: KSSL_DIRECTION_* that may have a key
 * @why: takes the reason of a refusal, or NULL
 *
 * Puts the tls ULP on a TCP socket that has none. Without keys that changes
 * nothing for its users, and from then on a FIN of the peer does no harm.
 *
 * Context: may sleep, and waits for the socket's lock.
 * Return: 0; -EOPNOTSUPP not a TCP socket; -ENOTCONN not connected; -EEXIST
 * another ULP; -EBUSY it has other keys already; -ENOENT net/tls is not loaded;
 * -EPERM a cgroup program has answered and net/tls was not asked; or
 * what net/tls, a security module or a cgroup program says.
 */
int kssl_ktls_prepare(struct socket *sock, u32 keyed, struct kssl_reason *why)
{
	bool ulp;
	int err;

	err = check_sock(sock->sk, keyed, &ulp, why);
	if (err || ulp)
		return err;
	err = set_option(sock, SOL_TCP, TCP_ULP, ULP_NAME, strlen(ULP_NAME));
	/* Somebody else may have been first, with the same ULP. */
	if (err && err != -EEXIST)
		return kssl_refuse(why, err, KSSL_A_FD,
				   "the tls ULP cannot be put on the socket");
	err = check_sock(sock->sk, keyed, &ulp, why);
	if (err || ulp)
		return err;
	return kssl_refuse(why, -EPERM, KSSL_A_FD,
			   "a cgroup program keeps the tls ULP off the socket");
}

static int try_key(struct crypto_aead *aead, const struct kssl_crypto *crypto)
{
	if (!crypto->key_len)
		return 0;
	return crypto_aead_setkey(aead, crypto->key, crypto->key_len) ?:
		crypto_aead_setauthsize(aead, TAG_SIZE);
}

/**
 * kssl_ktls_try - make sure that a cipher can be had with the keys
 * @suite: the suite
 * @tx: the key of the transmit direction, of the right size, or none
 * @rx: the key of the receive direction, likewise
 * @why: takes the reason of a refusal, or NULL
 *
 * What can go wrong in the crypto API goes wrong here, before anything is
 * installed.
 *
 * Context: may sleep, and load a module.
 * Return: 0, or what the crypto API says (-ENOENT: no such cipher).
 */
int kssl_ktls_try(const struct kssl_suite *suite,
		  const struct kssl_crypto *tx, const struct kssl_crypto *rx,
		  struct kssl_reason *why)
{
	struct crypto_aead *aead;
	int err;

	aead = crypto_alloc_aead(suite->cipher->aead, 0, 0);
	if (IS_ERR(aead))
		return kssl_refuse(why, PTR_ERR(aead), KSSL_A_SUITE,
				   "the kernel does not have the cipher");
	err = try_key(aead, tx) ?: try_key(aead, rx);
	crypto_free_aead(aead);
	if (err)
		kssl_refuse(why, err, KSSL_A_SUITE,
			    "the kernel's cipher refuses the key");
	return err;
}

/* All of struct tls12_crypto_info_*: header, iv, key, salt, sequence. */
struct key_info {
	struct tls_crypto_info info;
	u8 bytes[KSSL_IV_MAX + KSSL_KEY_MAX + KSSL_SALT_MAX + sizeof(__be64)];
};

static unsigned int build_info(struct key_info *key,
			       const struct kssl_suite *suite,
			       const struct kssl_crypto *crypto)
{
	__be64 seq = cpu_to_be64(crypto->rec_seq);
	u8 *p = key->bytes;

	BUILD_BUG_ON(sizeof(struct tls12_crypto_info_aes_gcm_256) !=
		     sizeof(key->info) + TLS_CIPHER_AES_GCM_256_IV_SIZE +
		     TLS_CIPHER_AES_GCM_256_KEY_SIZE +
		     TLS_CIPHER_AES_GCM_256_SALT_SIZE + sizeof(seq));
	BUILD_BUG_ON(sizeof(struct key_info) <
		     sizeof(struct tls12_crypto_info_chacha20_poly1305));

	key->info.version = suite->version;
	key->info.cipher_type = suite->cipher->type;
	memcpy(p, crypto->iv, crypto->iv_len);
	p += crypto->iv_len;
	memcpy(p, crypto->key, crypto->key_len);
	p += crypto->key_len;
	memcpy(p, crypto->salt, crypto->salt_len);
	p += crypto->salt_len;
	memcpy(p, &seq, sizeof(seq));
	p += sizeof(seq);
	return p - (u8 *)key;
}

/**
 * kssl_ktls_check_writers - make sure that nobody is writing plaintext
 * @sock: the socket
 * @why: takes the reason of a refusal, or NULL
 *
 * Who waits for room in the socket goes on with plaintext whatever keys there
 * are by then. Who waits for the socket's lock cannot be seen.
 *
 * Context: may sleep, and waits for the socket's lock.
 * Return: 0, or -EBUSY.
 */
int kssl_ktls_check_writers(struct socket *sock, struct kssl_reason *why)
{
	bool writing;

	lock_sock(sock->sk);
	writing = sock->sk->sk_write_pending;
	release_sock(sock->sk);
	if (!writing)
		return 0;
	return kssl_refuse(why, -EBUSY, KSSL_A_FD,
			   "somebody is writing to the socket");
}

static int put_key(struct socket *sock, int direction,
		   const struct kssl_suite *suite,
		   const struct kssl_crypto *crypto)
{
	struct key_info key;
	int err;

	err = set_option(sock, SOL_TLS, direction, &key,
			 build_info(&key, suite, crypto));
	memzero_explicit(&key, sizeof(key));
	return err;
}

/**
 * kssl_ktls_install - install the first key of a direction
 * @sock: a socket that kssl_ktls_prepare() made ready
 * @direction: TLS_TX or TLS_RX
 * @suite: the suite
 * @crypto: key, iv and salt of the right sizes, and the record sequence
 *
 * Context: may sleep, and waits for the socket's lock.
 * Return: 0; -EBUSY when somebody else has installed one before, which net/tls
 * might take for an update, as it takes this one if they do at the same time;
 * -EPERM when a cgroup program has answered
 * and net/tls was not asked; or what net/tls says. On failure there is no key.
 */
int kssl_ktls_install(struct socket *sock, int direction,
		      const struct kssl_suite *suite,
		      const struct kssl_crypto *crypto)
{
	int err;

	if (has_key(sock->sk, direction))
		return -EBUSY;
	err = put_key(sock, direction, suite, crypto);
	if (!err && !has_key(sock->sk, direction))
		err = -EPERM;
	return err;
}

/**
 * kssl_ktls_replace - install another key of a direction
 * @sock: a socket that has one, of a kernel that can replace it
 * @direction: TLS_TX or TLS_RX
 * @suite: the suite
 * @crypto: as kssl_ktls_install()
 *
 * Context: may sleep, and waits for the socket's lock.
 * Return: 0, which a cgroup program may have answered in net/tls's stead; or
 * what net/tls says.
 */
int kssl_ktls_replace(struct socket *sock, int direction,
		      const struct kssl_suite *suite,
		      const struct kssl_crypto *crypto)
{
	return put_key(sock, direction, suite, crypto);
}

static void set_flag(struct socket *sock, int option)
{
	const u32 on = 1;

	set_option(sock, SOL_TLS, option, &on, sizeof(on));
}

/**
 * kssl_ktls_set_zerocopy - let a device encrypt file pages where they lie
 * @sock: a socket with the ULP
 *
 * For sendfile() of files that do not change. A cgroup program that refuses
 * costs no more than speed.
 *
 * Context: may sleep, and waits for the socket's lock.
 */
void kssl_ktls_set_zerocopy(struct socket *sock)
{
	set_flag(sock, TLS_TX_ZEROCOPY_RO);
}

/**
 * kssl_ktls_expect_no_pad - decrypt in place, as if no record was padded
 * @sock: a socket that has a receive key of TLS 1.3
 *
 * A record that is padded is decrypted twice. A cgroup program that refuses
 * costs no more than speed.
 *
 * Context: may sleep, and waits for the socket's lock.
 */
void kssl_ktls_expect_no_pad(struct socket *sock)
{
	set_flag(sock, TLS_RX_EXPECT_NO_PAD);
}

/* What getsockopt() tells of a direction's key. */
static union tls_crypto_context *copy_of(struct tls_context *tls,
					 int direction)
{
	return direction == TLS_TX ? &tls->crypto_send : &tls->crypto_recv;
}

/**
 * kssl_ktls_find_key - find the keys that somebody else has installed
 * @sock: the socket
 * @directions: KSSL_DIRECTION_* that must have a key
 * @key: takes what net/tls says of them, which is the same for both
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep, and waits for the socket's lock.
 * Return: 0; -ENODATA one of them has no key; -EOPNOTSUPP, -ENOTCONN, -EEXIST
 * as kssl_ktls_prepare().
 */
int kssl_ktls_find_key(struct socket *sock, u32 directions,
		       struct kssl_ktls_key *key, struct kssl_reason *why)
{
	struct sock *sk = sock->sk;
	const struct tls_prot_info *prot;
	bool ulp;
	int err;

	err = check_sock(sk, KSSL_DIRECTIONS, &ulp, why);
	if (err)
		return err;
	lock_sock(sk);
	if (!has_ulp(sk) || directions & ~keyed_directions(sk)) {
		err = kssl_refuse(why, -ENODATA, KSSL_A_ADOPT,
				  "the direction has no key to adopt");
	} else {
		prot = &tls_get_ctx(sk)->prot_info;
		key->version = prot->version;
		key->cipher = prot->cipher_type;
	}
	release_sock(sk);
	return err;
}

/* A copy that was wiped says nothing; salt and iv are there in any case. */
static bool is_key(struct tls_context *tls, int direction,
		   const struct kssl_cipher *cipher,
		   const struct kssl_crypto *crypto)
{
	const struct cipher_context *nonce =
		direction == TLS_TX ? &tls->tx : &tls->rx;
	const u8 *key = (u8 *)(&copy_of(tls, direction)->info + 1) +
		cipher->iv_size;

	if (crypto_memneq(nonce->iv, crypto->salt, cipher->salt_size) ||
	    crypto_memneq(nonce->iv + cipher->salt_size, crypto->iv,
			  cipher->iv_size))
		return false;
	return !memchr_inv(key, 0, cipher->key_size) ||
		!crypto_memneq(key, crypto->key, cipher->key_size);
}

/**
 * kssl_ktls_same_key - compare a key of TLS 1.3 with that of a direction
 * @sock: the socket
 * @direction: TLS_TX or TLS_RX
 * @cipher: the cipher of the direction's key
 * @crypto: key, iv and salt of the right sizes
 *
 * Context: may sleep, and waits for the socket's lock.
 * Return: 0; -EKEYREJECTED it is another one, or there is none.
 */
int kssl_ktls_same_key(struct socket *sock, int direction,
		       const struct kssl_cipher *cipher,
		       const struct kssl_crypto *crypto)
{
	struct sock *sk = sock->sk;
	struct tls_context *tls;
	bool same;

	lock_sock(sk);
	tls = has_ulp(sk) ? tls_get_ctx(sk) : NULL;
	same = tls && kssl_ktls_conf(tls, direction) != TLS_BASE &&
		tls->prot_info.cipher_type == cipher->type &&
		is_key(tls, direction, cipher, crypto);
	release_sock(sk);
	return same ? 0 : -EKEYREJECTED;
}

/**
 * kssl_ktls_read_nonce - the nonce that goes with a direction's key
 * @sock: the socket
 * @direction: TLS_TX or TLS_RX, which has a key
 * @cipher: the cipher of the key
 * @crypto: takes salt and iv; those of TLS 1.2 change with each record
 *
 * Context: may sleep, and waits for the socket's lock.
 */
void kssl_ktls_read_nonce(struct socket *sock, int direction,
			  const struct kssl_cipher *cipher,
			  struct kssl_crypto *crypto)
{
	struct sock *sk = sock->sk;
	struct tls_context *tls;
	const char *nonce;

	lock_sock(sk);
	tls = has_ulp(sk) ? tls_get_ctx(sk) : NULL;
	if (tls && kssl_ktls_conf(tls, direction) != TLS_BASE &&
	    tls->prot_info.cipher_type == cipher->type) {
		nonce = direction == TLS_TX ? tls->tx.iv : tls->rx.iv;
		crypto->salt_len = cipher->salt_size;
		crypto->iv_len = cipher->iv_size;
		memcpy(crypto->salt, nonce, crypto->salt_len);
		memcpy(crypto->iv, nonce + crypto->salt_len, crypto->iv_len);
	}
	release_sock(sk);
}

/**
 * kssl_ktls_wipe - wipe the copy of a key that net/tls keeps for getsockopt()
 * @sock: the socket
 * @direction: TLS_TX or TLS_RX
 *
 * The cipher has the key, and &struct cipher_context has salt, iv and record
 * sequence, so with TLS_SW nothing but getsockopt() reads more of the copy
 * than its header (6.1, 6.12, 7.3): do_tls_setsockopt_conf() compares version
 * and cipher type with those of the other direction, or of the next key of
 * this one, which then overwrites all of the copy. A device reads the key
 * again when it is reset, and its fallback the salt, so with TLS_HW the copy
 * stays.
 *
 * getsockopt() writes iv and sequence to the copy before it reports it, so
 * these are still told, but the key and the salt are 0.
 *
 * Context: may sleep, and waits for the socket's lock.
 */
void kssl_ktls_wipe(struct socket *sock, int direction)
{
	union tls_crypto_context *copy;
	struct sock *sk = sock->sk;
	struct tls_context *tls;

	lock_sock(sk);
	tls = has_ulp(sk) ? tls_get_ctx(sk) : NULL;
	if (tls && kssl_ktls_conf(tls, direction) == TLS_SW) {
		copy = copy_of(tls, direction);
		memzero_explicit(&copy->info + 1,
				 sizeof(*copy) - sizeof(copy->info));
	}
	release_sock(sk);
}

/* The owner of the socket's lock may be counting. */
static u64 read_seq(const char *seq)
{
	u64 seen, again = 0;
	unsigned int i;

	do {
		seen = again;
		for (i = 0, again = 0; i < TLS_MAX_REC_SEQ_SIZE; i++)
			again = again << 8 | (u8)READ_ONCE(seq[i]);
	} while (seen != again);
	return seen;
}

/**
 * kssl_ktls_records - the sequence number of a direction's next record
 * @sk: the socket, which nobody can be closing
 * @direction: TLS_TX or TLS_RX
 * @records: takes it
 *
 * Does not wait for the socket's owner, so a record that is being made may be
 * counted or not, and while a key is being replaced the number may be of
 * either key.
 *
 * Context: any.
 * Return: true; false when the direction has no key.
 */
bool kssl_ktls_records(const struct sock *sk, int direction, u64 *records)
{
	const struct tls_context *tls = tls_get_ctx(sk);

	if (!tls || kssl_ktls_conf(tls, direction) == TLS_BASE)
		return false;
	*records = read_seq(direction == TLS_TX ? tls->tx.rec_seq :
			    tls->rx.rec_seq);
	return true;
}

/*
 * Connects a socket of the kernel's with *@listener, which must stay until the
 * connection is not needed: its end resets what was not accepted.
 */
static int __init connect_self(struct socket *sock, struct socket **listener)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int err;

	err = sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
			       listener);
	if (err)
		return err;
	err = kernel_bind(*listener, (void *)&addr, sizeof(addr));
	if (!err)
		err = kernel_listen(*listener, 1);
	if (!err)
		err = kernel_getsockname(*listener, (struct sockaddr *)&addr);
	if (err < 0)
		return err;
	/* Loading the module must not wait where loopback is filtered. */
	sock_set_sndtimeo(sock->sk, 1);
	return kernel_connect(sock, (void *)&addr, sizeof(addr), 0);
}

/*
 * On a host that panics on warnings, net/tls's one would let any user's first
 * attach do so. It is provoked here, where the administrator loads the module.
 * That it fails, on a host without loopback say, is no reason not to load.
 */
static void __init provoke_warning(void)
{
	const struct kssl_crypto crypto = {
		.key_len = TLS_CIPHER_AES_GCM_128_KEY_SIZE,
		.iv_len = TLS_CIPHER_AES_GCM_128_IV_SIZE,
		.salt_len = TLS_CIPHER_AES_GCM_128_SALT_SIZE,
	};
	const struct kssl_suite *suite = kssl_suite_find(0x1301);
	struct socket *sock, *listener = NULL;
	int err;

	if (sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
			     &sock))
		return;
	err = connect_self(sock, &listener);
	if (!err)
		err = kssl_ktls_prepare(sock, 0, NULL);
	if (!err)
		err = kssl_ktls_install(sock, TLS_TX, suite, &crypto);
	if (err)
		pr_debug("no kernel TLS on a loopback connection: %d\n", err);
	sock_release(sock);
	if (listener)
		sock_release(listener);
}

/**
 * kssl_ktls_init - make sure that attaches find net/tls loaded
 *
 * Most users must not load modules, so a missing ULP would refuse them all.
 */
void __init kssl_ktls_init(void)
{
	if (IS_MODULE(CONFIG_TLS))
		request_module("tcp-ulp-" ULP_NAME);
	if (KSSL_TLS_WARNS_ONCE)
		provoke_warning();
}
