/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints for the life of an object. Each edge that can be refused has a
 * twin with the errno. Neither pointers nor what the settings say is in them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kssl

#if !defined(_KSSL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _KSSL_TRACE_H

#include <linux/tracepoint.h>

#include "conn.h"
#include "ctx.h"

TRACE_DEFINE_ENUM(KSSL_STATE_INITIAL);
TRACE_DEFINE_ENUM(KSSL_STATE_HANDSHAKE);
TRACE_DEFINE_ENUM(KSSL_STATE_ESTABLISHED);
TRACE_DEFINE_ENUM(KSSL_STATE_CLOSED);
TRACE_DEFINE_ENUM(KSSL_STATE_ERROR);

#define kssl_show_state(state)						\
	__print_symbolic(state,						\
			 { KSSL_STATE_INITIAL,		"initial" },	\
			 { KSSL_STATE_HANDSHAKE,	"handshake" },	\
			 { KSSL_STATE_ESTABLISHED,	"established" }, \
			 { KSSL_STATE_CLOSED,		"closed" },	\
			 { KSSL_STATE_ERROR,		"error" })

TRACE_DEFINE_ENUM(KSSL_DIRECTION_TX);
TRACE_DEFINE_ENUM(KSSL_DIRECTION_RX);

#define kssl_show_direction(direction)					\
	__print_symbolic(direction,					\
			 { KSSL_DIRECTION_TX,		"tx" },		\
			 { KSSL_DIRECTION_RX,		"rx" })

#define kssl_show_kind(is_ctx)						\
	__print_symbolic(is_ctx, { 0, "conn" }, { 1, "ctx" })

DECLARE_EVENT_CLASS(kssl_ctx_class,
	TP_PROTO(const struct kssl_ctx *ctx),
	TP_ARGS(ctx),
	TP_STRUCT__entry(
		__field(u32, ctx_id)
	),
	TP_fast_assign(
		__entry->ctx_id = ctx->object.id;
	),
	TP_printk("ctx=%u", __entry->ctx_id)
);

#define DEFINE_KSSL_CTX_EVENT(name)					\
	DEFINE_EVENT(kssl_ctx_class, name,				\
		     TP_PROTO(const struct kssl_ctx *ctx),		\
		     TP_ARGS(ctx))

DECLARE_EVENT_CLASS(kssl_ctx_err_class,
	TP_PROTO(const struct kssl_ctx *ctx, int err),
	TP_ARGS(ctx, err),
	TP_STRUCT__entry(
		__field(u32, ctx_id)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->ctx_id = ctx ? ctx->object.id : 0;
		__entry->err = err;
	),
	TP_printk("ctx=%u err=%d", __entry->ctx_id, __entry->err)
);

#define DEFINE_KSSL_CTX_ERR_EVENT(name)					\
	DEFINE_EVENT(kssl_ctx_err_class, name,				\
		     TP_PROTO(const struct kssl_ctx *ctx, int err),	\
		     TP_ARGS(ctx, err))

/* What all events of a connection have. */
#define KSSL_CONN_FIELDS						\
		__field(u32, id)					\
		__field(u32, ctx_id)					\
		__field(u32, state)

/*
 * set-ctx may put the context of a connection meanwhile; as all objects it is
 * freed after a grace period.
 */
#define KSSL_CONN_ASSIGNMENTS(s)					\
	do {								\
		rcu_read_lock();					\
		__entry->id = (s)->object.id;				\
		__entry->ctx_id = READ_ONCE((s)->ctx)->object.id;	\
		__entry->state = READ_ONCE((s)->state);			\
		rcu_read_unlock();					\
	} while (0)

#define KSSL_CONN_FORMAT	"id=%u ctx=%u state=%s"
#define KSSL_CONN_VARARGS						\
	__entry->id, __entry->ctx_id, kssl_show_state(__entry->state)

DECLARE_EVENT_CLASS(kssl_conn_class,
	TP_PROTO(const struct kssl *s),
	TP_ARGS(s),
	TP_STRUCT__entry(
		KSSL_CONN_FIELDS
	),
	TP_fast_assign(
		KSSL_CONN_ASSIGNMENTS(s);
	),
	TP_printk(KSSL_CONN_FORMAT, KSSL_CONN_VARARGS)
);

#define DEFINE_KSSL_CONN_EVENT(name)					\
	DEFINE_EVENT(kssl_conn_class, name,				\
		     TP_PROTO(const struct kssl *s),			\
		     TP_ARGS(s))

DECLARE_EVENT_CLASS(kssl_conn_err_class,
	TP_PROTO(const struct kssl *s, int err),
	TP_ARGS(s, err),
	TP_STRUCT__entry(
		KSSL_CONN_FIELDS
		__field(int, err)
	),
	TP_fast_assign(
		KSSL_CONN_ASSIGNMENTS(s);
		__entry->err = err;
	),
	TP_printk(KSSL_CONN_FORMAT " err=%d", KSSL_CONN_VARARGS, __entry->err)
);

#define DEFINE_KSSL_CONN_ERR_EVENT(name)				\
	DEFINE_EVENT(kssl_conn_err_class, name,				\
		     TP_PROTO(const struct kssl *s, int err),		\
		     TP_ARGS(s, err))

/* The cookie is what SO_COOKIE and "ss -e" say of the socket, 0 if unknown. */
DECLARE_EVENT_CLASS(kssl_sock_class,
	TP_PROTO(const struct kssl *s, u64 cookie),
	TP_ARGS(s, cookie),
	TP_STRUCT__entry(
		KSSL_CONN_FIELDS
		__field(u64, cookie)
	),
	TP_fast_assign(
		KSSL_CONN_ASSIGNMENTS(s);
		__entry->cookie = cookie;
	),
	TP_printk(KSSL_CONN_FORMAT " cookie=%llu", KSSL_CONN_VARARGS,
		  __entry->cookie)
);

#define DEFINE_KSSL_SOCK_EVENT(name)					\
	DEFINE_EVENT(kssl_sock_class, name,				\
		     TP_PROTO(const struct kssl *s, u64 cookie),	\
		     TP_ARGS(s, cookie))

DECLARE_EVENT_CLASS(kssl_sock_err_class,
	TP_PROTO(const struct kssl *s, u64 cookie, int err),
	TP_ARGS(s, cookie, err),
	TP_STRUCT__entry(
		KSSL_CONN_FIELDS
		__field(int, err)
		__field(u64, cookie)
	),
	TP_fast_assign(
		KSSL_CONN_ASSIGNMENTS(s);
		__entry->err = err;
		__entry->cookie = cookie;
	),
	TP_printk(KSSL_CONN_FORMAT " cookie=%llu err=%d", KSSL_CONN_VARARGS,
		  __entry->cookie, __entry->err)
);

#define DEFINE_KSSL_SOCK_ERR_EVENT(name)				\
	DEFINE_EVENT(kssl_sock_err_class, name,				\
		     TP_PROTO(const struct kssl *s, u64 cookie, int err), \
		     TP_ARGS(s, cookie, err))

/* References of one client, by its port, or of kernel users, port 0. */
DECLARE_EVENT_CLASS(kssl_hold_class,
	TP_PROTO(const struct kssl_object *object, u32 portid, u32 held),
	TP_ARGS(object, portid, held),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u32, is_ctx)
		__field(u32, portid)
		__field(u32, held)
	),
	TP_fast_assign(
		__entry->id = object->id;
		__entry->is_ctx = object->type == &kssl_ctx_type;
		__entry->portid = portid;
		__entry->held = held;
	),
	TP_printk("%s=%u portid=%u held=%u", kssl_show_kind(__entry->is_ctx),
		  __entry->id, __entry->portid, __entry->held)
);

#define DEFINE_KSSL_HOLD_EVENT(name)					\
	DEFINE_EVENT(kssl_hold_class, name,				\
		     TP_PROTO(const struct kssl_object *object,		\
			      u32 portid, u32 held),			\
		     TP_ARGS(object, portid, held))

DECLARE_EVENT_CLASS(kssl_hold_err_class,
	TP_PROTO(const struct kssl_object *object, u32 portid, int err),
	TP_ARGS(object, portid, err),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u32, is_ctx)
		__field(u32, portid)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->id = object->id;
		__entry->is_ctx = object->type == &kssl_ctx_type;
		__entry->portid = portid;
		__entry->err = err;
	),
	TP_printk("%s=%u portid=%u err=%d", kssl_show_kind(__entry->is_ctx),
		  __entry->id, __entry->portid, __entry->err)
);

#define DEFINE_KSSL_HOLD_ERR_EVENT(name)				\
	DEFINE_EVENT(kssl_hold_err_class, name,				\
		     TP_PROTO(const struct kssl_object *object,		\
			      u32 portid, int err),			\
		     TP_ARGS(object, portid, err))

/* Outside of state initial, dup gives the same connection once more. */
TRACE_EVENT(kssl_dup,
	TP_PROTO(const struct kssl *from, const struct kssl *s),
	TP_ARGS(from, s),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u32, from)
	),
	TP_fast_assign(
		__entry->id = s->object.id;
		__entry->from = from->object.id;
	),
	TP_printk("id=%u from=%u", __entry->id, __entry->from)
);

/* rekey.c */
TRACE_EVENT(kssl_rekey,
	TP_PROTO(const struct kssl *s, u32 direction),
	TP_ARGS(s, direction),
	TP_STRUCT__entry(
		KSSL_CONN_FIELDS
		__field(u32, direction)
	),
	TP_fast_assign(
		KSSL_CONN_ASSIGNMENTS(s);
		__entry->direction = direction;
	),
	TP_printk(KSSL_CONN_FORMAT " direction=%s", KSSL_CONN_VARARGS,
		  kssl_show_direction(__entry->direction))
);

TRACE_EVENT(kssl_rekey_err,
	TP_PROTO(const struct kssl *s, u32 direction, int err),
	TP_ARGS(s, direction, err),
	TP_STRUCT__entry(
		KSSL_CONN_FIELDS
		__field(u32, direction)
		__field(int, err)
	),
	TP_fast_assign(
		KSSL_CONN_ASSIGNMENTS(s);
		__entry->direction = direction;
		__entry->err = err;
	),
	TP_printk(KSSL_CONN_FORMAT " direction=%s err=%d", KSSL_CONN_VARARGS,
		  kssl_show_direction(__entry->direction), __entry->err)
);

/* usage.c */
TRACE_EVENT(kssl_key_limit,
	TP_PROTO(const struct kssl *s, u32 direction, u64 records, u64 max),
	TP_ARGS(s, direction, records, max),
	TP_STRUCT__entry(
		KSSL_CONN_FIELDS
		__field(u32, direction)
		__field(u64, records)
		__field(u64, max)
	),
	TP_fast_assign(
		KSSL_CONN_ASSIGNMENTS(s);
		__entry->direction = direction;
		__entry->records = records;
		__entry->max = max;
	),
	TP_printk(KSSL_CONN_FORMAT " direction=%s records=%llu max=%llu",
		  KSSL_CONN_VARARGS,
		  kssl_show_direction(__entry->direction), __entry->records,
		  __entry->max)
);

/* ctx.c */
DEFINE_KSSL_CTX_EVENT(kssl_ctx_new);
DEFINE_KSSL_CTX_ERR_EVENT(kssl_ctx_new_err);
DEFINE_KSSL_CTX_EVENT(kssl_ctx_set);
DEFINE_KSSL_CTX_ERR_EVENT(kssl_ctx_set_err);
DEFINE_KSSL_CTX_EVENT(kssl_ctx_gone);

/* conn.c */
DEFINE_KSSL_CONN_EVENT(kssl_new);
DEFINE_KSSL_CTX_ERR_EVENT(kssl_new_err);
DEFINE_KSSL_CONN_ERR_EVENT(kssl_dup_err);
DEFINE_KSSL_CONN_EVENT(kssl_set);
DEFINE_KSSL_CONN_ERR_EVENT(kssl_set_err);
DEFINE_KSSL_CONN_EVENT(kssl_set_ctx);
DEFINE_KSSL_CONN_ERR_EVENT(kssl_set_ctx_err);
DEFINE_KSSL_CONN_EVENT(kssl_fail);
DEFINE_KSSL_CONN_ERR_EVENT(kssl_fail_err);
DEFINE_KSSL_CONN_EVENT(kssl_clear);
DEFINE_KSSL_CONN_ERR_EVENT(kssl_clear_err);
DEFINE_KSSL_CONN_EVENT(kssl_gone);

/* client.c, and the functions for kernel users */
DEFINE_KSSL_HOLD_EVENT(kssl_hold);
DEFINE_KSSL_HOLD_ERR_EVENT(kssl_hold_err);
DEFINE_KSSL_HOLD_EVENT(kssl_drop);
DEFINE_KSSL_HOLD_ERR_EVENT(kssl_drop_err);

/* attach.c, keep.c and sock.c */
DEFINE_KSSL_SOCK_EVENT(kssl_begin);
DEFINE_KSSL_SOCK_ERR_EVENT(kssl_begin_err);
DEFINE_KSSL_SOCK_EVENT(kssl_attach);
DEFINE_KSSL_SOCK_ERR_EVENT(kssl_attach_err);
DEFINE_KSSL_SOCK_EVENT(kssl_pin);
DEFINE_KSSL_SOCK_ERR_EVENT(kssl_pin_err);
DEFINE_KSSL_SOCK_EVENT(kssl_unpin);
DEFINE_KSSL_SOCK_EVENT(kssl_closed);

#endif /* _KSSL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
