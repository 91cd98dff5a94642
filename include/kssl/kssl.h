/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkssl: TLS connections as kernel objects, from userspace.
 *
 * The calls have the names and return values of their OpenSSL counterparts
 * (SSL_new(3)): pointers are NULL on failure, integers 1 on success and 0 on
 * failure unless said otherwise. The reason of the last failure in the calling
 * thread is kept until the next failure, see kssl_errno().
 *
 * A client is a netlink socket. It owns the references that are taken through
 * it, and the kernel drops them when the socket closes, however that comes
 * about. A client and the handles made through it may be used from all threads
 * (one mutex); kssl_client_free() must come last. After fork() every call of
 * the child on the parent's client fails with ECHILD.
 *
 * All file descriptors are close-on-exec. Nothing is printed, no signal is
 * raised or handled, and there is no global state but the thread's error.
 */
#ifndef KSSL_KSSL_H
#define KSSL_KSSL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/kssl.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kssl_client;	/* a netlink socket and the references it owns */
struct kssl_ctx;	/* one client's handle on a context */
struct kssl;		/* one client's handle on a connection */
struct kssl_settings;	/* rows that are set together, or not at all */
struct kssl_events;	/* a socket that receives events */

/* --- errors ------------------------------------------------------------- */

/*
 * kssl_errno - errno of the last failed call in this thread, 0 if none failed
 * kssl_error_text - what was refused and why, never NULL, in the words of the
 *	kernel where it was the kernel that refused; valid until the next call
 *	in this thread
 * kssl_error_attr - dotted name of the netlink attribute that is to blame,
 *	such as "settings.min-proto", or "" if none is
 * kssl_error_clear - forget the last failure
 *
 * kssl_free(), kssl_ctx_free() and the other freeing calls leave the last
 * failure alone.
 */
int kssl_errno(void);
const char *kssl_error_text(void);
const char *kssl_error_attr(void);
void kssl_error_clear(void);

/* --- client ------------------------------------------------------------- */

/*
 * kssl_client_new - open a client
 *
 * Loads the kssl module if the system permits that.
 *
 * Errors: ENOENT the kernel has no kssl family; EMFILE, ENFILE, ENOMEM.
 */
struct kssl_client *kssl_client_new(void);

/*
 * kssl_client_free - close a client
 *
 * The kernel drops every reference that was taken through it. Handles that
 * still exist may only be given to kssl_free() and kssl_ctx_free() before, not
 * after, this call. NULL is allowed.
 */
void kssl_client_free(struct kssl_client *client);

/* --- settings that are set together ------------------------------------- */

/*
 * A kssl_settings collects rows; kssl_ctx_set(), kssl_set() and others apply
 * all of them or none. The setters check nothing, the kernel does. Each
 * returns 1, or 0 with ENOMEM.
 *
 * options and mode: the bits of @mask take the values they have in @bits.
 * cipher_list and ciphersuites: @n IANA codes in order of preference, at most
 * KSSL_SUITES_MAX; copied.
 * label: at most KSSL_LABEL_MAX bytes; copied.
 */
struct kssl_settings *kssl_settings_new(void);
void kssl_settings_free(struct kssl_settings *settings);
int kssl_settings_method(struct kssl_settings *settings,
			 enum kssl_method method);
int kssl_settings_options(struct kssl_settings *settings, uint64_t bits,
			  uint64_t mask);
int kssl_settings_mode(struct kssl_settings *settings, uint32_t bits,
		       uint32_t mask);
int kssl_settings_min_proto(struct kssl_settings *settings, uint16_t version);
int kssl_settings_max_proto(struct kssl_settings *settings, uint16_t version);
int kssl_settings_verify_mode(struct kssl_settings *settings, uint32_t mode);
int kssl_settings_verify_depth(struct kssl_settings *settings, int depth);
int kssl_settings_timeout(struct kssl_settings *settings, uint32_t seconds);
int kssl_settings_cipher_list(struct kssl_settings *settings,
			      const uint16_t *codes, size_t n);
int kssl_settings_ciphersuites(struct kssl_settings *settings,
			       const uint16_t *codes, size_t n);
int kssl_settings_max_cert_list(struct kssl_settings *settings,
				uint32_t bytes);
int kssl_settings_read_ahead(struct kssl_settings *settings, int on);
int kssl_settings_role(struct kssl_settings *settings, enum kssl_role role);
int kssl_settings_label(struct kssl_settings *settings, const char *label);

/* --- contexts ----------------------------------------------------------- */

/*
 * kssl_ctx_new - make a context with the default settings
 * kssl_ctx_new_with - make a context with the defaults changed by @settings
 * kssl_ctx_from_id - take a reference on an existing context by its id, which
 *	needs a reference held by this client already or CAP_NET_ADMIN in the
 *	user namespace of the context's user
 * kssl_ctx_up_ref - one more reference; 1 or 0 (EOVERFLOW: one too many)
 * kssl_ctx_free - drop one reference; NULL is allowed. The handle is gone with
 *	its last reference. Connections made from the context stay whole.
 * kssl_ctx_set - apply rows, all or none; existing connections keep theirs
 *
 * The caller owns one reference on what is returned.
 */
struct kssl_ctx *kssl_ctx_new(struct kssl_client *client,
			      enum kssl_method method);
struct kssl_ctx *kssl_ctx_new_with(struct kssl_client *client,
				   const struct kssl_settings *settings);
struct kssl_ctx *kssl_ctx_from_id(struct kssl_client *client, uint32_t id);
int kssl_ctx_up_ref(struct kssl_ctx *ctx);
void kssl_ctx_free(struct kssl_ctx *ctx);
int kssl_ctx_set(struct kssl_ctx *ctx, const struct kssl_settings *settings);
uint32_t kssl_ctx_id(const struct kssl_ctx *ctx);
struct kssl_client *kssl_ctx_client(const struct kssl_ctx *ctx);

/* --- connections -------------------------------------------------------- */

/*
 * kssl_new - make a connection that inherits all settings of @ctx
 * kssl_new_with - the same, then apply @settings
 * kssl_dup - in state initial, a new connection from the same context with the
 *	duplicated settings copied; in any other state @s itself with one more
 *	reference
 * kssl_from_id - take a reference on an existing connection by its id (see
 *	kssl_ctx_from_id())
 * kssl_up_ref - one more reference; 1 or 0 (EOVERFLOW: one too many)
 * kssl_free - drop one reference; NULL is allowed. Nothing is sent to the
 *	peer. The handle is gone with its last reference.
 * kssl_set - apply rows, all or none; from kssl_begin() on only the label
 *	(EBUSY)
 * kssl_clear - back to state initial; EBUSY while attached
 *
 * The caller owns one reference on what is returned.
 */
struct kssl *kssl_new(struct kssl_ctx *ctx);
struct kssl *kssl_new_with(struct kssl_ctx *ctx,
			   const struct kssl_settings *settings);
struct kssl *kssl_dup(struct kssl *s);
struct kssl *kssl_from_id(struct kssl_client *client, uint32_t id);
int kssl_up_ref(struct kssl *s);
void kssl_free(struct kssl *s);
int kssl_set(struct kssl *s, const struct kssl_settings *settings);
int kssl_clear(struct kssl *s);
uint32_t kssl_id(const struct kssl *s);
uint32_t kssl_get_ctx_id(const struct kssl *s);
struct kssl_client *kssl_get_client(const struct kssl *s);

/*
 * kssl_new_many - make @n connections from @ctx
 * kssl_free_many - drop one reference on each of @n connections
 *
 * Requests are sent KSSL_BATCH_MAX at a time. kssl_new_many() returns 1 with
 * all of @out filled, or 0 with nothing made.
 */
int kssl_new_many(struct kssl_ctx *ctx, struct kssl **out, size_t n);
void kssl_free_many(struct kssl **conns, size_t n);

/* --- single settings ---------------------------------------------------- */

/*
 * Setters return 1 or 0; getters ask the kernel and return 1 or 0. The
 * functions of options and mode set or clear the given bits and leave the
 * others, as SSL_set_options(3) does.
 */
int kssl_ctx_set_options(struct kssl_ctx *ctx, uint64_t value);
int kssl_ctx_get_options(struct kssl_ctx *ctx, uint64_t *value);
int kssl_set_options(struct kssl *s, uint64_t value);
int kssl_get_options(struct kssl *s, uint64_t *value);

int kssl_ctx_set_mode(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_mode(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_mode(struct kssl *s, uint32_t value);
int kssl_get_mode(struct kssl *s, uint32_t *value);

int kssl_ctx_set_min_proto_version(struct kssl_ctx *ctx, uint16_t value);
int kssl_ctx_get_min_proto_version(struct kssl_ctx *ctx, uint16_t *value);
int kssl_set_min_proto_version(struct kssl *s, uint16_t value);
int kssl_get_min_proto_version(struct kssl *s, uint16_t *value);

int kssl_ctx_set_max_proto_version(struct kssl_ctx *ctx, uint16_t value);
int kssl_ctx_get_max_proto_version(struct kssl_ctx *ctx, uint16_t *value);
int kssl_set_max_proto_version(struct kssl *s, uint16_t value);
int kssl_get_max_proto_version(struct kssl *s, uint16_t *value);

int kssl_ctx_set_verify_mode(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_verify_mode(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_verify_mode(struct kssl *s, uint32_t value);
int kssl_get_verify_mode(struct kssl *s, uint32_t *value);

int kssl_ctx_set_verify_depth(struct kssl_ctx *ctx, int32_t value);
int kssl_ctx_get_verify_depth(struct kssl_ctx *ctx, int32_t *value);
int kssl_set_verify_depth(struct kssl *s, int32_t value);
int kssl_get_verify_depth(struct kssl *s, int32_t *value);

int kssl_ctx_set_max_cert_list(struct kssl_ctx *ctx, uint32_t value);
int kssl_ctx_get_max_cert_list(struct kssl_ctx *ctx, uint32_t *value);
int kssl_set_max_cert_list(struct kssl *s, uint32_t value);
int kssl_get_max_cert_list(struct kssl *s, uint32_t *value);

int kssl_ctx_set_read_ahead(struct kssl_ctx *ctx, int value);
int kssl_ctx_get_read_ahead(struct kssl_ctx *ctx, int *value);
int kssl_set_read_ahead(struct kssl *s, int value);
int kssl_get_read_ahead(struct kssl *s, int *value);

int kssl_ctx_clear_options(struct kssl_ctx *ctx, uint64_t bits);
int kssl_clear_options(struct kssl *s, uint64_t bits);
int kssl_ctx_clear_mode(struct kssl_ctx *ctx, uint32_t bits);
int kssl_clear_mode(struct kssl *s, uint32_t bits);

int kssl_ctx_set_timeout(struct kssl_ctx *ctx, uint32_t seconds);
int kssl_ctx_get_timeout(struct kssl_ctx *ctx, uint32_t *seconds);
int kssl_get_timeout(struct kssl *s, uint32_t *seconds);
int kssl_ctx_get_method(struct kssl_ctx *ctx, enum kssl_method *method);

/*
 * Lists: the getters store at most @max codes and return how many the row has,
 * or -1. The setters return 1 or 0.
 */
int kssl_ctx_set_cipher_list(struct kssl_ctx *ctx, const uint16_t *codes,
			     size_t n);
int kssl_ctx_get_cipher_list(struct kssl_ctx *ctx, uint16_t *codes,
			     size_t max);
int kssl_set_cipher_list(struct kssl *s, const uint16_t *codes, size_t n);
int kssl_get_cipher_list(struct kssl *s, uint16_t *codes, size_t max);
int kssl_ctx_set_ciphersuites(struct kssl_ctx *ctx, const uint16_t *codes,
			      size_t n);
int kssl_ctx_get_ciphersuites(struct kssl_ctx *ctx, uint16_t *codes,
			      size_t max);
int kssl_set_ciphersuites(struct kssl *s, const uint16_t *codes, size_t n);
int kssl_get_ciphersuites(struct kssl *s, uint16_t *codes, size_t max);

int kssl_set_accept_state(struct kssl *s);
int kssl_set_connect_state(struct kssl *s);
int kssl_get_role(struct kssl *s, enum kssl_role *role);

/* The label getters store a terminated string of at most @size bytes. */
int kssl_ctx_set_label(struct kssl_ctx *ctx, const char *label);
int kssl_ctx_get_label(struct kssl_ctx *ctx, char *label, size_t size);
int kssl_set_label(struct kssl *s, const char *label);
int kssl_get_label(struct kssl *s, char *label, size_t size);

/* --- what an object is -------------------------------------------------- */

/* All rows of an object. The lists belong to the struct that holds this. */
struct kssl_settings_info {
	enum kssl_method method;
	enum kssl_role role;
	uint64_t options;
	uint32_t mode;
	uint16_t min_proto;
	uint16_t max_proto;
	uint32_t verify_mode;
	int32_t verify_depth;
	uint32_t timeout;		/* seconds */
	uint32_t max_cert_list;		/* bytes */
	int read_ahead;
	const uint16_t *cipher_list;	/* IANA codes */
	size_t cipher_list_n;
	const uint16_t *ciphersuites;	/* IANA codes */
	size_t ciphersuites_n;
	char label[KSSL_LABEL_MAX + 1];
};

struct kssl_ctx_info {
	uint32_t id;
	uint32_t refs;		/* references of all holders */
	uint32_t held;		/* of them, this client's */
	uint32_t holders;	/* clients that hold some */
	uint32_t conns;		/* connections made from it that exist */
	uint32_t uid;		/* its user */
	uint64_t age;		/* milliseconds */
	uint64_t settings_id;	/* snapshot of the rows that dup copies */
	uint64_t inherit_id;	/* snapshot of the rows that new inherits */
	struct kssl_settings_info settings;
};

struct kssl_info {
	uint32_t id;
	uint32_t ctx_id;
	enum kssl_state state;
	uint32_t refs;
	uint32_t held;
	uint32_t holders;
	uint32_t uid;
	uint64_t age;
	uint64_t settings_id;
	uint64_t inherit_id;
	uint16_t version;	/* 0 before attach */
	uint16_t suite;		/* IANA code, 0 before attach */
	int64_t verify_result;	/* X509_V_*, -1 if none was given */
	uint16_t family;	/* AF_INET, AF_INET6, or 0 without a socket */
	uint16_t local_port;	/* host byte order */
	uint16_t peer_port;
	uint8_t local_addr[16];	/* network byte order */
	uint8_t peer_addr[16];
	uint64_t sock_cookie;
	int result;		/* 0 or errno of the last begin or attach */
	const char *result_text;	/* its text, "" if none */
	struct kssl_settings_info settings;
};

/*
 * The structs grow at their end only. Free them with the call named here, NULL
 * is allowed. Errors: ENOENT no such object, EPERM not permitted to look.
 */
struct kssl_ctx_info *kssl_ctx_get_info(struct kssl_ctx *ctx);
struct kssl_ctx_info *kssl_ctx_info_by_id(struct kssl_client *client,
					  uint32_t id);
void kssl_ctx_info_free(struct kssl_ctx_info *info);
struct kssl_info *kssl_get_info(struct kssl *s);
struct kssl_info *kssl_info_by_id(struct kssl_client *client, uint32_t id);
void kssl_info_free(struct kssl_info *info);

#define KSSL_FILTER_CTX		0x01
#define KSSL_FILTER_LABEL	0x02
#define KSSL_FILTER_STATE	0x04
#define KSSL_FILTER_UID		0x08
#define KSSL_FILTER_PEER_ADDR	0x10
#define KSSL_FILTER_PEER_PORT	0x20

struct kssl_filter {
	uint32_t mask;		/* which members filter, KSSL_FILTER_* */
	uint32_t ctx_id;
	enum kssl_state state;
	uint32_t uid;
	const char *label;
	uint16_t peer_family;	/* AF_INET or AF_INET6 */
	uint16_t peer_port;
	uint8_t peer_addr[16];
};

/*
 * kssl_dump - call @cb for every connection that this client may see and that
 *	@filter (NULL: none) lets through
 * kssl_ctx_dump - call @cb for every context that this client may see
 *
 * The struct is the library's and valid during the callback, which must not
 * call into the same client. A callback that returns other than 0 ends the
 * dump. Return 1, or 0 on an error.
 */
int kssl_dump(struct kssl_client *client, const struct kssl_filter *filter,
	      int (*cb)(const struct kssl_info *info, void *arg), void *arg);
int kssl_ctx_dump(struct kssl_client *client,
		  int (*cb)(const struct kssl_ctx_info *info, void *arg),
		  void *arg);

/* --- handshake and attach ----------------------------------------------- */

/*
 * What protects one direction: key, iv and salt as <linux/tls.h> has them for
 * the suite's cipher, or secret, the TLS 1.3 traffic secret of the direction,
 * from which the kernel derives them (RFC 8446 section 7.3).
 */
struct kssl_crypto {
	uint64_t rec_seq;	/* sequence number of the next record */
	const void *key;
	size_t key_len;
	const void *iv;
	size_t iv_len;
	const void *salt;
	size_t salt_len;
	const void *secret;	/* instead of key, iv and salt */
	size_t secret_len;
};

struct kssl_attach {
	size_t size;		/* sizeof(struct kssl_attach) */
	int fd;			/* connected TCP socket */
	uint16_t version;	/* 0x0303 or 0x0304 */
	uint16_t suite;		/* IANA code */
	int64_t verify_result;	/* X509_V_*, 0 for good, -1 for none */
	struct kssl_crypto tx;
	struct kssl_crypto rx;
};

/*
 * kssl_begin - bind @s to the connected TCP socket @fd, put the tls ULP on the
 *	socket and enter state handshake
 * kssl_fail - end the handshake, state error
 * kssl_attach - install the keys of both directions within the settings of @s
 * kssl_ctx_attach - the same on a connection that is made from @ctx with the
 *	rows of @settings (NULL: none) and then belongs to the socket: it goes
 *	when the socket closes; one request. Stores its id in @id unless NULL.
 *
 * Return 1 or 0. All or nothing: after a failure the connection and the byte
 * stream are as they were, unless the text says that the socket was shut down.
 * The caller wipes its own copy of the keys; the library keeps none.
 *
 * Errors: EINVAL a value that cannot be; EPERM the settings forbid it;
 * ENOTSOCK, EOPNOTSUPP not a TCP socket; EOPNOTSUPP a suite that net/tls
 * cannot carry; ENOTCONN not connected; EBUSY the socket is kTLS already or
 * belongs to another connection; ENOENT no such cipher in the kernel, or no
 * tls ULP; and what net/tls says.
 */
int kssl_begin(struct kssl *s, int fd);
int kssl_fail(struct kssl *s);
int kssl_attach(struct kssl *s, const struct kssl_attach *attach);
int kssl_ctx_attach(struct kssl_ctx *ctx, const struct kssl_settings *settings,
		    const struct kssl_attach *attach, uint32_t *id);

/* --- suites ------------------------------------------------------------- */

/*
 * kssl_suite_name - IANA name of @code if net/tls can carry the suite through
 *	kssl, else NULL
 * kssl_suite_code - the code of such a name, or 0
 * kssl_suite_supported - 1 if kssl can carry @code in TLS @version
 */
const char *kssl_suite_name(uint16_t code);
uint16_t kssl_suite_code(const char *name);
int kssl_suite_supported(uint16_t version, uint16_t code);

/* --- data --------------------------------------------------------------- */

enum kssl_control_result {
	KSSL_CONTROL_ERROR = -1,	/* see kssl_errno() */
	KSSL_CONTROL_CLOSED = 0,	/* close_notify, nothing more comes */
	KSSL_CONTROL_MORE = 1,		/* consumed, go on reading */
};

/*
 * kssl_control - consume the control record that makes a plain read() of an
 *	attached socket fail with EIO
 *
 * Session tickets are consumed. A fatal alert gives KSSL_CONTROL_ERROR with
 * ECONNRESET and the alert's name as text, a KeyUpdate EKEYEXPIRED, any other
 * record EPROTO. Application data is left alone (KSSL_CONTROL_MORE). EAGAIN:
 * there is no record yet. An alert that ends the connection stays in place, so
 * every later call, in whichever process, meets it again.
 */
enum kssl_control_result kssl_control(int fd);

/*
 * kssl_read - as SSL_read(3): bytes read; 0 when the peer has sent
 *	close_notify; -1 with kssl_errno(). EAGAIN on a non-blocking socket;
 *	ECONNABORTED when the peer closed without close_notify.
 * kssl_write - bytes written, or -1 with kssl_errno(). All of @len on a
 *	blocking socket. No SIGPIPE.
 * kssl_shutdown - send close_notify. 1 when the peer's has been received too,
 *	0 when it has not yet (read on until kssl_read() gives 0; another call
 *	would send it again), -1 with kssl_errno() (EAGAIN: call again).
 *
 * They set errno too. @fd is an attached socket, of this process or not.
 */
ssize_t kssl_read(int fd, void *buf, size_t len);
ssize_t kssl_write(int fd, const void *buf, size_t len);
int kssl_shutdown(int fd);

/* --- events ------------------------------------------------------------- */

struct kssl_event {
	enum kssl_event_type type;
	uint32_t id;		/* 0 if the event is of a context */
	uint32_t ctx_id;
	enum kssl_state state;
	uint32_t uid;
	uint16_t family;	/* 0 without a socket */
	uint16_t local_port;
	uint16_t peer_port;
	uint8_t local_addr[16];
	uint8_t peer_addr[16];
	uint64_t sock_cookie;
};

/*
 * kssl_events_new - subscribe to the events of this network namespace
 * kssl_events_fd - a file descriptor that polls readable when there are some
 * kssl_events_dispatch - call @cb for each event that waits, without blocking;
 *	returns how many, or -1. ENOBUFS: events were lost, dump to catch up.
 */
struct kssl_events *kssl_events_new(void);
void kssl_events_free(struct kssl_events *events);
int kssl_events_fd(const struct kssl_events *events);
int kssl_events_dispatch(struct kssl_events *events,
			 void (*cb)(const struct kssl_event *event, void *arg),
			 void *arg);

#ifdef __cplusplus
}
#endif

#endif /* KSSL_KSSL_H */
