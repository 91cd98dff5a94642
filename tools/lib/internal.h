/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libkssl share, and the few calls that its OpenSSL bridge
 * needs beyond the public header (KSSL_PRIVATE in libkssl.map).
 *
 * Functions that return int give 1 on success, or 0 with the thread's error
 * set, unless said otherwise.
 */
#ifndef KSSL_INTERNAL_H
#define KSSL_INTERNAL_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/netlink.h>

/* All else is hidden (-fvisibility=hidden); the map says what is public. */
#pragma GCC visibility push(default)
#include <kssl/kssl.h>
#pragma GCC visibility pop

#define KSSL_ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- for the bridge ------------------------------------------------------ */

#pragma GCC visibility push(default)

/*
 * kssl_bridge_slot - the pointer that the bridge keeps with a connection
 * kssl_ctx_bridge_slot - the same with a context
 *
 * The slot starts as NULL. When the handle goes, @release is called with what
 * is in it unless that is NULL; the thread's error is kept over that call.
 * The latest @release counts. NULL for a NULL handle.
 */
void **kssl_bridge_slot(struct kssl *s, void (*release)(void *));
void **kssl_ctx_bridge_slot(struct kssl_ctx *ctx, void (*release)(void *));

/*
 * kssl_client_enter - lock @client, which keeps its handles in place; EINVAL
 *	without one, ECHILD if it belongs to the parent of this process, EDEADLK
 *	in the callback of a dump
 * kssl_find_ctx - the handle of the context that @s was made from, under the
 *	client's lock; NULL without an error if the client has none
 */
int kssl_client_enter(struct kssl_client *client);
void kssl_client_leave(struct kssl_client *client);
struct kssl_ctx *kssl_find_ctx(struct kssl *s);

/*
 * kssl_set_error - set the thread's error and errno; returns 0
 */
int kssl_set_error(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * kssl_cached_info - what the kernel last said about @s
 *
 * Every reply on this handle that reports a connection (new, dup, get, set,
 * set-ctx, clear, fail) refreshes it, and begin and attach the state. Costs a
 * request only when no reply had rows yet, as those of new and dup have none.
 * What is returned is a copy, because other threads' calls on the handle
 * refresh it, too. The caller gives it to kssl_info_free(). NULL if the request
 * fails, or without memory (ENOMEM).
 */
struct kssl_info *kssl_cached_info(struct kssl *s);

/*
 * kssl_find_callbacks - what @client bound under @cookie; NULL without an error
 *	if that was another client
 *
 * The struct lives as long as @client. *@arg is what the functions take.
 */
const struct kssl_callbacks *kssl_find_callbacks(struct kssl_client *client,
						 uint64_t cookie, void **arg);

/*
 * What becomes of handshake messages: @take gets session tickets, whole, with
 * their header, but for those that come in several records and not at once; key
 * updates are those of @s. Either may be NULL.
 */
struct kssl_sink {
	void (*take)(const unsigned char *msg, size_t len, void *arg);
	void *arg;
	struct kssl *s;
};

/*
 * kssl_control_sink - kssl_control() with a sink
 * kssl_read_sink - kssl_read() with a sink
 */
enum kssl_control_result kssl_control_sink(int fd,
					   const struct kssl_sink *sink);
ssize_t kssl_read_sink(int fd, void *buf, size_t len,
		       const struct kssl_sink *sink);

struct kssl_quiet {
	sigset_t sigpipe;
	sigset_t old;
	int pending;		/* a SIGPIPE that is not ours */
};

/*
 * kssl_quiet_begin - let this thread get no SIGPIPE
 * kssl_quiet_end - take one back that was raised since, whatever else came of
 *	the calls between; keeps errno
 */
void kssl_quiet_begin(struct kssl_quiet *quiet);
void kssl_quiet_end(const struct kssl_quiet *quiet);

#pragma GCC visibility pop

/* --- error.c ------------------------------------------------------------- */

struct kssl_error {
	int err;
	char text[512];
	char attr[64];
};

/* For calls that must leave the last failure, and errno, alone. */
struct kssl_error_save {
	struct kssl_error error;
	int saved_errno;
};

void kssl_error_save(struct kssl_error_save *save);
void kssl_error_restore(const struct kssl_error_save *save);

/* Set the error with strerror's text. */
int kssl_set_errno(int err);

/*
 * Set the error from the result attributes of a reply; @type and @nested name
 * the attribute that is to blame, 0 if none.
 */
int kssl_set_result(int err, const char *text, uint32_t type, uint32_t nested);

/*
 * Set the error that @nlh, an NLMSG_ERROR or NLMSG_DONE with a negative errno,
 * reports about @request.
 */
int kssl_set_extack(const struct nlmsghdr *nlh, const struct nlmsghdr *request);

/* --- attr.c -------------------------------------------------------------- */

/*
 * kssl_attrs_parse - index the attributes of a kssl message; @tb has
 *	KSSL_A_MAX + 1 entries
 * kssl_attrs_nested - the same inside of @nest, up to @max
 * kssl_attr_uint - value of an unsigned attribute of any width, 0 without one
 * kssl_attr_str - value of a string attribute, "" without one
 */
void kssl_attrs_parse(const struct nlmsghdr *nlh, const struct nlattr **tb);
void kssl_attrs_nested(const struct nlattr *nest, const struct nlattr **tb,
		       unsigned int max);
uint64_t kssl_attr_uint(const struct nlattr *attr);
const char *kssl_attr_str(const struct nlattr *attr);

/*
 * kssl_attr_path - write the dotted name of @type, or of @nested inside of it;
 *	"" if the spec has no such attribute
 * kssl_attr_at - which attribute of @request starts at byte @off, NULL: none;
 *	when that one sits in a nest, *@nest is set to the nest
 */
void kssl_attr_path(char *path, size_t size, uint32_t type, uint32_t nested);
const struct nlattr *kssl_attr_at(const struct nlmsghdr *request, uint32_t off,
				  const struct nlattr **nest);

/* --- socket.c ------------------------------------------------------------ */

/*
 * Where requests go and replies come from. The tests put canned replies here.
 *
 * send: 0 or a negative errno
 * recv: one datagram from the kernel, as much as fits in @size bytes with
 *	-EMSGSIZE for a longer one; its length or a negative errno
 */
struct kssl_transport {
	int (*send)(void *priv, const void *buf, size_t len);
	ssize_t (*recv)(void *priv, void *buf, size_t size, int flags);
	int (*join)(void *priv, uint32_t group);
	int (*fd)(void *priv);
	void (*close)(void *priv);
};

extern const struct kssl_transport kssl_socket_transport;

/* A generic netlink socket, the priv of kssl_socket_transport. */
void *kssl_socket_open(void);

/* --- client.c ------------------------------------------------------------ */

struct kssl_handle;

/* The handles of one kind that a client has, by id. */
struct kssl_table {
	struct kssl_handle **bucket;
	unsigned int mask;	/* number of buckets - 1, if there are any */
	unsigned int n;
};

/* The requests of the next send, and the room for them. */
struct kssl_request {
	unsigned char *buf;
	size_t size;
	size_t len;
	size_t last;		/* offset of the message being built */
	unsigned int n;		/* messages, at most KSSL_BATCH_MAX */
	uint32_t first_seq;
	int err;		/* what went wrong while they were built */
	const char *err_text;	/* why, and the attribute to blame, or NULL */
	uint16_t err_type;
	uint16_t err_nested;
};

/*
 * Takes the longest of the kernel's datagrams, a reply with a row of
 * KSSL_BLOB_MAX bytes or a peer's chain of as many beside all short rows.
 */
#define KSSL_RECV_SIZE	131072

/* What a program bound, known to the kernel by its cookie. */
struct kssl_binding {
	struct kssl_callbacks fns;
	void *arg;
};

struct kssl_queued;

struct kssl_callback_table {
	struct kssl_binding **binding;
	unsigned int n;
	unsigned int size;
	uint64_t base;			/* cookie of the first */
	struct kssl_queued *head;	/* events that wait for a dispatch */
	struct kssl_queued **tail;
	unsigned int queued;
	int lost;			/* some did not fit */
	int epoll_fd;			/* -1 until somebody asks for it */
	int event_fd;			/* readable while events are queued */
};

struct kssl_client {
	const struct kssl_transport *transport;
	void *priv;
	pid_t pid;		/* of the process that opened it */
	uint16_t family;
	uint32_t events_group;
	pthread_mutex_t lock;	/* protects all members below */
	uint32_t seq;
	struct kssl_request req;
	unsigned char *recv_buf;
	struct kssl_table table[2];	/* by enum kssl_kind_index */
	struct kssl_callback_table callbacks;
};

/*
 * kssl_client_open - a client on @transport; @priv is the client's from then
 *	on, whatever is returned
 * kssl_client_foreign - whether a fork() lies between @client and the caller,
 *	who then is alone with a copy and takes no lock
 */
struct kssl_client *kssl_client_open(const struct kssl_transport *transport,
				     void *priv);
int kssl_client_foreign(const struct kssl_client *client);

/* --- request.c ----------------------------------------------------------- */

/*
 * Requests are built and sent under the client's lock. What fails while they
 * are built is kept and reported by the send, so builders return nothing.
 * kssl_req_refuse() makes the send fail with the given error, whose attribute
 * is @nested inside of @type.
 */
void kssl_req_begin(struct kssl_client *client, uint8_t cmd);
void kssl_req_begin_family(struct kssl_client *client, uint16_t family,
			   uint8_t cmd, uint8_t version);
void kssl_req_put(struct kssl_client *client, uint16_t type, const void *data,
		  size_t len);
void kssl_req_u16(struct kssl_client *client, uint16_t type, uint16_t value);
void kssl_req_u32(struct kssl_client *client, uint16_t type, uint32_t value);
void kssl_req_u64(struct kssl_client *client, uint16_t type, uint64_t value);
void kssl_req_str(struct kssl_client *client, uint16_t type, const char *value);
void kssl_req_refuse(struct kssl_client *client, int err, const char *text,
		     uint16_t type, uint16_t nested);
size_t kssl_req_nest(struct kssl_client *client, uint16_t type);
void kssl_req_nest_end(struct kssl_client *client, size_t nest);

/* Takes the reply of request @i of a send; 1, or 0 with the error set. */
typedef int kssl_reply_fn(const struct nlmsghdr *nlh, unsigned int i,
			  void *arg);

/* Takes a message of a dump; other than 0 ends it. */
typedef int kssl_dump_fn(const struct nlmsghdr *nlh, void *arg);

/*
 * kssl_req_send - send what was built and wait for every answer; @fn (NULL:
 *	none) gets those that are no errors
 * kssl_req_dump - send the one request that was built as a dump
 *
 * Of several errors the first is kept. Requests are wiped, they may carry keys.
 */
int kssl_req_send(struct kssl_client *client, kssl_reply_fn *fn, void *arg);
int kssl_req_dump(struct kssl_client *client, kssl_dump_fn *fn, void *arg);

/* --- handle.c ------------------------------------------------------------ */

enum kssl_kind_index {
	KSSL_KIND_CTX,
	KSSL_KIND_CONN,
};

/* What contexts and connections differ in. */
struct kssl_kind {
	enum kssl_kind_index index;
	size_t size;
	uint16_t attr_id;
	uint8_t cmd_get;
	uint8_t cmd_up_ref;
	uint8_t cmd_free;
	/* Takes a reply that reports the object; cannot fail. */
	void (*fill)(struct kssl_handle *handle, const struct nlmsghdr *nlh);
	/* Frees what the handle owns, not the handle. */
	void (*cleanup)(struct kssl_handle *handle);
};

extern const struct kssl_kind kssl_ctx_kind;
extern const struct kssl_kind kssl_conn_kind;

/*
 * The part that every handle starts with. Each of its references is one
 * reference of the client in the kernel.
 */
struct kssl_handle {
	const struct kssl_kind *kind;
	struct kssl_client *client;
	uint32_t id;
	unsigned int refs;		/* protected by the client's lock */
	struct kssl_handle *next;	/* in the client's table, likewise */
	void *bridge;
	void (*bridge_release)(void *bridge);
};

struct kssl_ctx {
	struct kssl_handle handle;
};

struct kssl {
	struct kssl_handle handle;
	uint32_t ctx_id;		/* atomic, read without the lock */
	struct kssl_info *info;		/* protected by the client's lock */
	int update_due;			/* atomic: the peer has asked for one */
	size_t ticket_left;		/* to come, for the thread that reads */
};

/* For a handle that may be NULL, where &s->handle would be undefined. */
static inline struct kssl_handle *kssl_ctx_handle(struct kssl_ctx *ctx)
{
	return (struct kssl_handle *)ctx;
}

static inline struct kssl_handle *kssl_conn_handle(struct kssl *s)
{
	return (struct kssl_handle *)s;
}

/*
 * kssl_handle_alloc - memory for a handle that names nothing yet
 * kssl_handle_publish - give @handle its first reference and its id, under the
 *	client's lock
 * kssl_handle_destroy - free a handle that is in no table, without the lock
 * kssl_handle_enter - kssl_client_enter() for the client of @handle, which may
 *	be NULL
 * kssl_handle_request - begin a request on @handle
 * kssl_handle_simple - a request without further attributes and with a reply
 *	that reports the object
 */
struct kssl_handle *kssl_handle_alloc(const struct kssl_kind *kind,
				      struct kssl_client *client);
void kssl_handle_publish(struct kssl_handle *handle, uint32_t id);
void kssl_handle_destroy(struct kssl_handle *handle);
int kssl_handle_enter(struct kssl_handle *handle);
void kssl_handle_request(struct kssl_handle *handle, uint8_t cmd);
int kssl_handle_simple(struct kssl_handle *handle, uint8_t cmd);

/* A kssl_reply_fn; @arg is the handle that the reply reports. */
int kssl_handle_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg);

struct kssl_handle *kssl_handle_from_id(const struct kssl_kind *kind,
					struct kssl_client *client,
					uint32_t id);
struct kssl_handle *kssl_handle_import(const struct kssl_kind *kind,
				       struct kssl_client *client, int fd,
				       enum kssl_rights rights);
int kssl_handle_up_ref(struct kssl_handle *handle);
void kssl_handle_free(struct kssl_handle *handle);

/* All of @handles on one client, at most KSSL_BATCH_MAX, none NULL. */
void kssl_handle_free_batch(struct kssl_handle **handles, unsigned int n);

/* Free the memory of all handles that are left in @table. */
void kssl_table_destroy(struct kssl_table *table);

/* --- settings.c ---------------------------------------------------------- */

/* A row as it goes into a request. */
struct kssl_row {
	int set;
	size_t len;
	void *big;			/* instead of @small if it is longer */
	unsigned char small[8];
};

struct kssl_settings {
	struct kssl_row row[KSSL_A_SETTINGS_MAX + 1];
};

/* Put the nest into the request; nothing for NULL. */
void kssl_settings_put(struct kssl_client *client,
		       const struct kssl_settings *settings);

/*
 * Attribute of the row @slot of the rows that start with @first, and of the
 * row of ex_data at @index; 0 if there is none.
 */
uint16_t kssl_slot_attr(uint16_t first, unsigned int slot);
uint16_t kssl_ex_data_attr(unsigned int index);

/* Free what the rows own, not @settings. */
void kssl_settings_cleanup(struct kssl_settings *settings);

/* --- row.c --------------------------------------------------------------- */

struct kssl_bytes {
	void *data;
	size_t len;
};

/* Copy @data into the kssl_bytes @arg, whose data is NULL for nothing. */
int kssl_take_copy(const void *data, size_t len, void *arg);

/* --- attach.c ------------------------------------------------------------ */

/*
 * Whether the library knows all of a struct @name of @size bytes, of which it
 * knows @known. A program built with a later header may use members that this
 * library does not know, and must not have them ignored.
 */
int kssl_check_size(const void *data, size_t size, size_t known,
		    const char *name);

/* --- info.c -------------------------------------------------------------- */

/*
 * Parse a reply. Lists and text point into @nlh, and @info to @settings, which
 * has the rows. The copies are one block of memory each; NULL with ENOMEM.
 */
void kssl_info_parse(const struct nlmsghdr *nlh, struct kssl_info *info,
		     struct kssl_settings_info *settings);
void kssl_ctx_info_parse(const struct nlmsghdr *nlh,
			 struct kssl_ctx_info *info,
			 struct kssl_settings_info *settings);
struct kssl_info *kssl_info_copy(const struct kssl_info *info);
struct kssl_ctx_info *kssl_ctx_info_copy(const struct kssl_ctx_info *info);

/* Family, addresses, ports and cookie of the socket in @tb. */
struct kssl_endpoints {
	uint16_t family;
	uint16_t local_port;
	uint16_t peer_port;
	uint8_t local_addr[16];
	uint8_t peer_addr[16];
	uint64_t sock_cookie;
};

void kssl_endpoints_parse(const struct nlattr *const *tb,
			  struct kssl_endpoints *ends);

/*
 * Ask the kernel about an object and give @fn the answer, under the client's
 * lock. @fn returns 1, or 0 with the error set.
 */
int kssl_query(struct kssl *s,
	       int (*fn)(const struct kssl_info *info, void *arg), void *arg);
int kssl_ctx_query(struct kssl_ctx *ctx,
		   int (*fn)(const struct kssl_ctx_info *info, void *arg),
		   void *arg);

/* --- event.c ------------------------------------------------------------- */

void kssl_event_parse(const struct nlmsghdr *nlh, struct kssl_event *event);

/* Subscribe on the socket of @client, which is the result's whatever it is. */
struct kssl_events *kssl_events_open(struct kssl_client *client);

/* --- callbacks.c --------------------------------------------------------- */

/*
 * kssl_callbacks_take - queue @nlh for the next dispatch if it is an event;
 *	whether it was one
 * kssl_callbacks_make_room - queue the events that wait in the socket, lest
 *	they leave no room for a reply
 * kssl_callbacks_lose - have the next dispatch say that events were lost
 */
void kssl_callbacks_init(struct kssl_callback_table *table);
void kssl_callbacks_cleanup(struct kssl_callback_table *table);
int kssl_callbacks_take(struct kssl_client *client,
			const struct nlmsghdr *nlh);
void kssl_callbacks_make_room(struct kssl_client *client);
void kssl_callbacks_lose(struct kssl_client *client);

#endif /* KSSL_INTERNAL_H */
