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

#include <kssl/settings.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kssl_client;	/* a netlink socket and the references it owns */
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

/* --- contexts ----------------------------------------------------------- */

/*
 * kssl_ctx_new - make a context with the default settings
 * kssl_ctx_new_with - make a context with the defaults changed by @settings
 * kssl_ctx_from_id - take a reference on an existing context by its id, which
 *	needs a reference held by this client already, the same user and the
 *	context's row share, or CAP_NET_ADMIN in the user namespace of the
 *	context's user
 * kssl_ctx_up_ref - one more reference; 1 or 0 (EOVERFLOW: one too many)
 * kssl_ctx_free - drop one reference; NULL is allowed. The handle is gone with
 *	its last reference. Connections made from the context stay whole, but
 *	for those that only it keeps (row keep), if nobody else holds it.
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
 * kssl_from_id - take a reference on an existing connection by its id, which
 *	needs a reference held by this client already, the same user and the
 *	connection's row share, all rights on the context that keeps the
 *	connection (row keep), or CAP_NET_ADMIN in the user namespace of the
 *	connection's user
 * kssl_up_ref - one more reference; 1 or 0 (EOVERFLOW: one too many)
 * kssl_free - drop one reference; NULL is allowed. Nothing is sent to the
 *	peer. The handle is gone with its last reference.
 * kssl_set - apply rows, all or none; from kssl_begin() on only those that are
 *	no policy: label, ex_data, session, quiet_shutdown, callbacks, share
 *	(EBUSY)
 * kssl_clear - back to state initial; EBUSY while attached
 * kssl_set_ctx - switch to @ctx, in state initial or handshake (EBUSY in any
 *	other), as SSL_set_SSL_CTX(3) does for SNI: certificates, keys,
 *	signature schemes, security level and what goes with them become those
 *	of @ctx, all other rows stay. Takes no reference from the caller. Both
 *	must be of one client (EINVAL).
 * kssl_set_shutdown - tell later holders of the close_notify alerts that were
 *	sent or received, KSSL_SHUTDOWN_*, which are added to those told
 *	before, and forgotten by kssl_clear(); nothing is sent. EBUSY before
 *	the connection was attached.
 *
 * kssl_add_control - tell of records of an attached connection that are no
 *	data: bytes of their plaintext that were sent and received, for which
 *	the members sent and received of struct kssl_info would be too large.
 *	ENOTCONN when it is not attached.
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
int kssl_set_ctx(struct kssl *s, struct kssl_ctx *ctx);
int kssl_set_shutdown(struct kssl *s, uint32_t bits);
int kssl_add_control(struct kssl *s, uint32_t sent, uint32_t received);
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

/* --- file descriptors --------------------------------------------------- */

/*
 * kssl_open_fd - make a file descriptor of a connection
 * kssl_ctx_open_fd - make a file descriptor of a context
 *
 * It has a reference on the object until its last close, and it is a capability
 * that travels as other file descriptors do: by fork(), over unix sockets
 * (SCM_RIGHTS), by pidfd_getfd(2), in a service manager's store. poll(2) says
 * EPOLLHUP of a connection's once the connection is closed or in error and,
 * before that and if the connection keeps its socket, what it says of the
 * socket. A context's cannot be polled. While somebody has one of a context
 * with the row keep, the context's kept connections live.
 *
 * @rights: KSSL_RIGHTS_USE permits to look, kssl_sock_fd(),
 * kssl_set_shutdown(), kssl_add_control(), kssl_rekey() but not
 * kssl_rekey_with(), kssl_up_ref() and kssl_free(), and to open another of the
 * same kind; KSSL_RIGHTS_ALL permits everything; 0 stands for as many as this
 * client has. The caller closes what is returned, which is -1 on failure.
 * Errors: EPERM no reference, fewer rights than were asked for, or a client
 * that another user opened; EMFILE, ENFILE, ENOMEM.
 */
int kssl_open_fd(struct kssl *s, enum kssl_rights rights);
int kssl_ctx_open_fd(struct kssl_ctx *ctx, enum kssl_rights rights);

/*
 * kssl_import - take a reference on the connection that @fd is of
 * kssl_ctx_import - take a reference on the context that @fd is of
 *
 * The reference has the rights of @fd, or @rights if that is not 0. A client
 * has the best rights that it ever got on an object, until it lets go of its
 * last reference. @fd stays the caller's. The object can be of another network
 * namespace and another user.
 *
 * NULL on failure. Errors: EBADF; EINVAL @fd is of something else; EPERM it
 * has fewer rights than @rights; EOVERFLOW one reference too many; ENOMEM.
 */
struct kssl *kssl_import(struct kssl_client *client, int fd,
			 enum kssl_rights rights);
struct kssl_ctx *kssl_ctx_import(struct kssl_client *client, int fd,
				 enum kssl_rights rights);

/*
 * kssl_sock_fd - make a file descriptor of the socket that @s keeps
 *
 * As of dup(2), so file status flags such as O_NONBLOCK are shared with the
 * socket's other file descriptors. The caller closes it, which does not end the
 * connection.
 *
 * -1 on failure. Errors: ENOTCONN not attached, or not any more; EOPNOTSUPP
 * the connection does not keep its socket (row keep); EPERM no reference;
 * EMFILE; EACCES, or another of its own, a security module forbids it.
 */
int kssl_sock_fd(struct kssl *s);

/*
 * kssl_ctx_take_over - go on with the connections that @ctx keeps: call @cb for
 *	each that is established, with a reference on it and a file descriptor
 *	of its socket as of kssl_sock_fd()
 *
 * Both are the callback's, to kssl_free() and to close. It may call the library
 * with any client, and ends this by returning other than 0. A connection that
 * ends meanwhile is passed over. The context's other holders are not asked and
 * not told: the process before should be gone, or leave its connections alone.
 *
 * Returns 1, or 0 on an error, when what @cb got before stays the callback's.
 * Errors: EPERM not all rights on @ctx; EMFILE; EOVERFLOW one reference too
 * many; EACCES, or another of its own, a security module forbids it; ENOMEM.
 */
int kssl_ctx_take_over(struct kssl_ctx *ctx,
		       int (*cb)(struct kssl *s, int fd, void *arg), void *arg);

/* --- what an object is -------------------------------------------------- */

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
	const struct kssl_settings_info *settings;	/* never NULL */
	enum kssl_rights rights;	/* this client's, 0 without any */
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
	const uint8_t *alpn;	/* negotiated protocol, NULL if none */
	size_t alpn_len;
	const char *sni;	/* host name that was asked for, "" if none */
	int resumed;		/* 1 if a session was resumed */
	/* Bytes of plaintext, in TLS 1.3 with the content's type */
	uint16_t record_limit;	/* 0 if none was negotiated */
	uint32_t shutdown;	/* KSSL_SHUTDOWN_* that holders told of */
	uint32_t directions;	/* KSSL_DIRECTION_* that are attached */
	uint16_t family;	/* AF_INET, AF_INET6, or 0 without a socket */
	uint16_t local_port;	/* host byte order */
	uint16_t peer_port;
	uint8_t local_addr[16];	/* network byte order */
	uint8_t peer_addr[16];
	uint64_t sock_cookie;
	int result;	/* 0 or errno of the last begin, attach or rekey */
	const char *result_text;	/* its text, "" if none */
	const struct kssl_settings_info *settings;	/* never NULL */
	enum kssl_rights rights;	/* this client's, 0 without any */
	int64_t sent;		/* bytes of data since attach, -1: unknown */
	int64_t received;	/* likewise */
	int unsent;		/* 1: ask again for what is -1 of them */
	uint32_t tx_generation;	/* key updates since attach */
	uint32_t rx_generation;
	uint64_t tx_records;	/* number of the next record under its key, */
	uint64_t rx_records;	/* 0 without a socket */
};

/*
 * The structs, that of the rows too, grow at their end only. Free them with the
 * call named here, NULL is allowed. Errors: ENOENT no such object, EPERM not
 * permitted to look.
 *
 * kssl_info_by_socket() tells of the connection that the TCP socket @fd belongs
 * to, whoever has that. Errors: ENOENT it belongs to none; EBADF, ENOTSOCK.
 */
struct kssl_ctx_info *kssl_ctx_get_info(struct kssl_ctx *ctx);
struct kssl_ctx_info *kssl_ctx_info_by_id(struct kssl_client *client,
					  uint32_t id);
void kssl_ctx_info_free(struct kssl_ctx_info *info);
struct kssl_info *kssl_get_info(struct kssl *s);
struct kssl_info *kssl_info_by_id(struct kssl_client *client, uint32_t id);
struct kssl_info *kssl_info_by_socket(struct kssl_client *client, int fd);
void kssl_info_free(struct kssl_info *info);

/*
 * kssl_get_peer_chain - the certificates that the peer sent, its own first, DER
 *	one after the other
 *
 * Stores memory of *@len bytes in *@der that the caller must free(), or NULL if
 * there are none. Returns 1 or 0.
 */
int kssl_get_peer_chain(struct kssl *s, void **der, size_t *len);

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
 * call into the same client (EDEADLK). A callback that returns other than 0
 * ends the dump. Return 1, or 0 on an error.
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
	struct kssl_crypto tx;	/* neither key nor secret: not this */
	struct kssl_crypto rx;	/* direction */
	const void *alpn;	/* negotiated protocol, no length, or NULL */
	size_t alpn_len;	/* at most KSSL_NAME_MAX */
	const char *sni;	/* host name that was asked for, or NULL */
	int resumed;		/* whether a session was resumed */
	/*
	 * Bytes of plaintext that the peer takes in a record, in TLS 1.3 with
	 * the content's type (RFC 6066 section 4, RFC 8449), or 0
	 */
	uint16_t record_limit;
	const void *peer_chain;	/* DER, the peer's own first, or NULL */
	size_t peer_chain_len;	/* at most KSSL_BLOB_MAX */
	int keep_key;		/* let getsockopt() report the keys */
	uint32_t adopt;		/* KSSL_DIRECTION_* that do kTLS already */
	int expect_no_pad;	/* TLS 1.3: the peer does not pad records */
	int *conn_fd;		/* takes a file descriptor of the connection, */
	enum kssl_rights rights;	/* with these rights; or NULL and 0 */
};

/*
 * kssl_begin - bind @s to the connected TCP socket @fd, put the tls ULP on the
 *	socket and enter state handshake
 * kssl_fail - end the handshake, state error
 * kssl_attach - install the keys of one or both directions within the settings
 *	of @s. On a connection that has one, add the other; version and suite
 *	may be 0 then, and the rest of what was negotiated has to be left out.
 *	A direction of adopt is taken over as it is; its struct kssl_crypto has
 *	a secret, which is compared, or nothing. version and suite may be 0, but
 *	for the suite of TLS 1.2.
 * kssl_ctx_attach - the same on a connection that is made from @ctx with the
 *	rows of @settings (NULL: none); one request. The caller gets no
 *	reference: the socket has one until it is destroyed or, with the row
 *	keep, @ctx until either end shuts the connection down or nobody holds
 *	@ctx any more. Stores the id in @id unless NULL.
 *
 * With rights, *conn_fd takes what kssl_open_fd() gives, for the caller to
 * close, in the same request; after a failure it is -1.
 *
 * Return 1 or 0. All or nothing: after a failure the connection and the byte
 * stream are as they were, unless the text says that the socket was shut down.
 * The caller wipes its own copy of the keys; the library keeps none.
 *
 * Errors: EINVAL a value that cannot be; EPERM the settings forbid it, or not
 * all rights on @s or @ctx; EDQUOT, ENOSPC too many objects; EKEYREVOKED,
 * EKEYEXPIRED, ENOKEY a key of the settings;
 * ENOTSOCK, EOPNOTSUPP not a TCP socket; EOPNOTSUPP a suite that net/tls
 * cannot carry; ENOTCONN not connected; EBUSY the socket is kTLS already or
 * belongs to another connection, or the direction is attached;
 * ENODATA a direction to adopt has no key; EKEYREJECTED its secret is another;
 * EMFILE no file descriptor is free;
 * ENOENT no such cipher in the kernel, or no tls ULP; and what net/tls says.
 */
int kssl_begin(struct kssl *s, int fd);
int kssl_fail(struct kssl *s);
int kssl_attach(struct kssl *s, const struct kssl_attach *attach);
int kssl_ctx_attach(struct kssl_ctx *ctx, const struct kssl_settings *settings,
		    const struct kssl_attach *attach, uint32_t *id);

/* --- key update --------------------------------------------------------- */

#define KSSL_REKEY_REQUEST	0x01	/* ask the peer for an update, too */
#define KSSL_REKEY_NO_WAIT	0x02	/* EAGAIN while somebody else sends */

/*
 * kssl_rekey - update the key of one direction of an attached TLS 1.3
 *	connection: for KSSL_DIRECTION_TX, tell the peer and go on under the
 *	next key, whoever writes meanwhile; for KSSL_DIRECTION_RX, follow the
 *	peer, whose KeyUpdate was received
 * kssl_rekey_with - the same with a key or secret that is given, and rec_seq 0,
 *	for a connection whose traffic secret the kernel does not have
 *
 * @flags are of KSSL_REKEY_*, for KSSL_DIRECTION_TX only. Return 1 or 0. After
 * a failure the keys are as they were, unless the text says that the socket was
 * shut down.
 *
 * Errors: EINVAL neither a key nor a secret in what is given; EOPNOTSUPP the
 * kernel cannot, or TLS 1.2; EAGAIN no KeyUpdate was received, or what was
 * written has yet to go out; EBUSY not attached, or another update is at work;
 * ENOKEY no traffic secret is known; ESTALE somebody else has changed the key;
 * EPIPE close_notify was sent; EINTR.
 */
int kssl_rekey(struct kssl *s, enum kssl_direction direction,
	       unsigned int flags);
int kssl_rekey_with(struct kssl *s, enum kssl_direction direction,
		    unsigned int flags, const struct kssl_crypto *key);

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
 * record EPROTO, also a ticket that is longer than its record. Application data
 * is left alone (KSSL_CONTROL_MORE). EAGAIN: there is no record yet. An alert
 * that ends the connection stays in place, so every later call, in whichever
 * process, meets it again.
 *
 * kssl_control_with - the same, but a ticket may be in several records, whose
 *	rest is for later calls on this handle if it has not come (EAGAIN), and
 *	a KeyUpdate is followed: the receive key of @s, whose socket @fd is, is
 *	updated, and the transmit key if the peer asks for that. Where that
 *	cannot be done at once, because others send or the socket is full, a
 *	later call on this handle does it. EKEYEXPIRED only where the kernel
 *	cannot update keys, or on another's socket; what kssl_rekey() says.
 */
enum kssl_control_result kssl_control(int fd);
enum kssl_control_result kssl_control_with(struct kssl *s, int fd);

/*
 * kssl_read - as SSL_read(3): bytes read; 0 when the peer has sent
 *	close_notify; -1 with kssl_errno(). EAGAIN on a non-blocking socket;
 *	ECONNABORTED when the peer closed without close_notify.
 * kssl_read_with - the same with kssl_control_with(). poll() does not tell of a
 *	KeyUpdate behind data that was read, so read until EAGAIN before poll().
 * kssl_write - bytes written, or -1 with kssl_errno(). All of @len on a
 *	blocking socket. No SIGPIPE.
 * kssl_sendfile - as SSL_sendfile(3): bytes of @file sent from *@offset on,
 *	which moves, or from the file's own position if that is NULL; fewer than
 *	@count at the end of the file or on a non-blocking socket, 0 at the end;
 *	-1 with kssl_errno(). No SIGPIPE.
 * kssl_flush - send what writes with MSG_MORE have left in an open record; 1,
 *	or 0 with kssl_errno() (EAGAIN: wait until the socket is writable)
 * kssl_shutdown - send close_notify. 1 when the peer's has been received too,
 *	0 when it has not yet (read on until kssl_read() gives 0; another call
 *	would send it again), -1 with kssl_errno() (EAGAIN: call again).
 *
 * They set errno too. @fd is an attached socket, of this process or not, from
 * which one thread at a time reads.
 */
ssize_t kssl_read(int fd, void *buf, size_t len);
ssize_t kssl_read_with(struct kssl *s, int fd, void *buf, size_t len);
ssize_t kssl_write(int fd, const void *buf, size_t len);
ssize_t kssl_sendfile(int fd, int file, off_t *offset, size_t count);
int kssl_flush(int fd);
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
	uint64_t cookie;	/* of the callbacks it is for, 0 in the group */
	uint32_t direction;	/* KSSL_DIRECTION_* of KEY_LIMIT, else 0 */
	uint64_t key_records;	/* that its key has protected */
	uint64_t key_records_max;	/* that it may protect */
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

/* --- callbacks ---------------------------------------------------------- */

/*
 * Functions of a program. What they return is what the functions that the
 * manual pages name return. The library calls info; the others are called where
 * the handshake runs, which is libkssl-openssl, from within its calls. Pointers
 * without a type are what OpenSSL calls its own function with.
 */
struct kssl_callbacks {
	size_t size;	/* sizeof(struct kssl_callbacks) */
	/* SSL_set_msg_callback(3) */
	void (*message)(struct kssl *s, int write, int version,
			int content_type, const void *buf, size_t len,
			void *arg);
	/* The connection entered the state that @event names. */
	void (*info)(struct kssl_client *client,
		     const struct kssl_event *event, void *arg);
	/* SSL_set_verify(3); @store is the X509_STORE_CTX. 1 goes on. */
	int (*verify)(struct kssl *s, int preverify_ok, void *store,
		      void *arg);
	/* pem_password_cb(3): length of what was put into @buf, or -1 */
	int (*password)(char *buf, int size, int rwflag, void *arg);
	/* SSL_set_generate_session_id(3): 1 or 0 */
	int (*session_id)(struct kssl *s, unsigned char *id,
			  unsigned int *id_len, void *arg);
	/* SSL_set_tmp_dh_callback(3): a DH that stays the program's */
	void *(*tmp_dh)(struct kssl *s, int is_export, int keylength,
			void *arg);
	/* SSL_set_security_callback(3): 1 or 0 */
	int (*security)(struct kssl *s, int op, int bits, int nid, void *other,
			void *arg);
	/* SSL_set_psk_client_callback(3): length of the key, 0 for none */
	unsigned int (*psk_client)(struct kssl *s, const char *hint,
				   char *identity, unsigned int max_identity,
				   unsigned char *psk, unsigned int max_psk,
				   void *arg);
	/* SSL_set_psk_server_callback(3): length of the key, 0 for none */
	unsigned int (*psk_server)(struct kssl *s, const char *identity,
				   unsigned char *psk, unsigned int max_psk,
				   void *arg);
};

/*
 * kssl_ctx_set_callbacks - bind functions to a context, for the connections
 *	that are made from it later
 * kssl_set_callbacks - bind functions to a connection
 *
 * @mask has the bits of enum kssl_callback that are bound; 0 binds none and
 * needs no @callbacks. The struct is copied, @arg is not; both are kept until
 * the client is freed, and calls with the same functions and @arg share one
 * copy. KSSL_CALLBACK_PSK needs psk_client, psk_server or both.
 *
 * Return 1 or 0. Errors: EINVAL a bit without its function, or what setters
 * say; ENOMEM.
 */
int kssl_ctx_set_callbacks(struct kssl_ctx *ctx, uint32_t mask,
			   const struct kssl_callbacks *callbacks, void *arg);
int kssl_set_callbacks(struct kssl *s, uint32_t mask,
		       const struct kssl_callbacks *callbacks, void *arg);

/*
 * kssl_client_fd - a file descriptor that polls readable when events for bound
 *	info functions may wait; the client's, not to be read or closed. -1 with
 *	EMFILE, ENFILE or ENOMEM.
 * kssl_client_dispatch - call the info function for each event that waits,
 *	without blocking; returns how many were called, or -1. The functions may
 *	use the client. ENOBUFS: events were lost, dump to catch up.
 */
int kssl_client_fd(struct kssl_client *client);
int kssl_client_dispatch(struct kssl_client *client);

#ifdef __cplusplus
}
#endif

#endif /* KSSL_KSSL_H */
