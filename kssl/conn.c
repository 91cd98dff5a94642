// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: connections
 *
 * A connection (SSL) is an object made from a context, of which it has a
 * reference, with settings of its own and a state:
 *
 *   initial -> handshake -> established -> closed
 *
 * and error from any. It is established with one direction, too; the other can
 * be attached later. begin, attach (attach.c) and rekey (rekey.c) take some
 * time, in the task that asks for them: they claim the connection, work without
 * its lock while everybody else is refused what would disturb them, and give it
 * back.
 *
 * Clients, kernel users and the socket that it is attached to have references
 * on it. The object's lock guards everything that can change; it is taken with
 * bottom halves off because a socket can end in any context.
 */

#include <linux/cred.h>
#include <linux/export.h>
#include <linux/slab.h>

#include <net/net_namespace.h>

#include "conn.h"
#include "ctx.h"
#include "event.h"
#include "exdata.h"
#include "keep.h"
#include "reason.h"
#include "sock.h"
#include "stat.h"
#include "trace.h"
#include "watch.h"

static struct kmem_cache *conn_cache;

static void conn_release(struct kref *ref)
{
	struct kssl_object *object = container_of(ref, struct kssl_object,
						  ref);
	struct kssl *s = kssl_of(object);
	struct kssl_ctx *ctx = s->ctx;

	trace_kssl_gone(s);
	kssl_stat_inc(object->net, KSSL_STAT_FREE);
	kssl_event_conn(s, KSSL_EVENT_TYPE_GONE);
	/* usage.c may be looking at it still. */
	kssl_sock_unbind(s);
	kssl_keep_release(s);
	kssl_watch_free(s);
	kssl_exdata_release(object);
	kssl_settings_put(&s->settings);
	kfree_sensitive(s->secrets);
	kssl_facts_put(s->facts);
	atomic_dec(&ctx->conns);
	kssl_object_free(object);
	kssl_ctx_put(ctx);
}

static void conn_free_rcu(struct rcu_head *rcu)
{
	struct kssl_object *object = container_of(rcu, struct kssl_object,
						  rcu);

	kmem_cache_free(conn_cache, kssl_of(object));
}

const struct kssl_object_type kssl_conn_type = {
	.attr		= KSSL_A_ID,
	.missing	= "id is missing",
	.not_found	= "no such connection",
	.not_this	= "the id is of a context, not of a connection",
	.release	= conn_release,
	.free		= conn_free_rcu,
};

int __init kssl_conn_init(void)
{
	conn_cache = KMEM_CACHE(kssl, SLAB_ACCOUNT);
	return conn_cache ? 0 : -ENOMEM;
}

void kssl_conn_exit(void)
{
	kmem_cache_destroy(conn_cache);
}

/*
 * Takes over the references of @settings, on failure too. @from is the
 * connection that is duplicated, or NULL.
 */
static struct kssl *conn_make(struct kssl_ctx *ctx, const struct cred *cred,
			      struct kssl_settings *settings,
			      struct kssl *from, struct kssl_reason *why)
{
	struct kssl *s;
	int err;

	s = kmem_cache_zalloc(conn_cache, GFP_KERNEL);
	if (!s) {
		kssl_settings_put(settings);
		return ERR_PTR(-ENOMEM);
	}
	err = kssl_object_init(&s->object, &kssl_conn_type, ctx->object.net,
			       cred, why);
	if (err) {
		kmem_cache_free(conn_cache, s);
		kssl_settings_put(settings);
		return ERR_PTR(err);
	}
	err = from ? kssl_exdata_dup(&s->object, &from->object) : 0;
	if (err) {
		kssl_exdata_release(&s->object);
		kssl_object_free(&s->object);
		kssl_settings_put(settings);
		kssl_refuse(why, err, 0, "ex_data cannot be duplicated");
		return ERR_PTR(err);
	}
	s->settings = *settings;
	s->ctx = ctx;
	INIT_LIST_HEAD(&s->kept);
	kssl_ctx_get(ctx);
	atomic_inc(&ctx->conns);
	if (from)
		trace_kssl_dup(from, s);
	else
		trace_kssl_new(s);
	kssl_stat_inc(s->object.net, from ? KSSL_STAT_DUP : KSSL_STAT_NEW);
	kssl_object_publish(&s->object);
	kssl_event_conn(s, KSSL_EVENT_TYPE_NEW);
	return s;
}

static struct kssl *create(struct kssl_ctx *ctx, const struct cred *cred,
			   const struct kssl_value *values, unsigned int n,
			   struct kssl_reason *why)
{
	struct kssl_settings inherited = kssl_ctx_settings(ctx), settings;
	int err;

	if (!n)
		return conn_make(ctx, cred, &inherited, NULL, why);
	err = kssl_settings_change(&inherited, values, n, KSSL_LEVEL_CONN,
				   false, &settings, why);
	kssl_settings_put(&inherited);
	if (err)
		return ERR_PTR(err);
	return conn_make(ctx, cred, &settings, NULL, why);
}

/**
 * kssl_conn_create - make a connection that differs from its context
 * @ctx: the context
 * @cred: whose it is
 * @values: rows that differ from the context's
 * @n: how many @values there are
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep.
 * Return: the connection with one reference for the caller, or an ERR_PTR():
 * -ENOMEM, or as kssl_limit_charge() and kssl_settings_change().
 */
struct kssl *kssl_conn_create(struct kssl_ctx *ctx, const struct cred *cred,
			      const struct kssl_value *values, unsigned int n,
			      struct kssl_reason *why)
{
	struct kssl *s = create(ctx, cred, values, n, why);

	if (IS_ERR(s))
		trace_kssl_new_err(ctx, PTR_ERR(s));
	return s;
}

/**
 * kssl_new - make a connection
 * @ctx: the context whose settings it inherits, all of them
 *
 * Follows SSL_new(3). Takes references on the settings and copies nothing, so
 * its cost does not depend on them. The connection is owned by the caller's
 * credentials and keeps a reference on @ctx.
 *
 * Context: may sleep.
 * Return: the connection in state initial with one reference for the caller,
 * which ends with kssl_free(), or an ERR_PTR(): -ENOMEM, or as
 * kssl_limit_charge().
 */
struct kssl *kssl_new(struct kssl_ctx *ctx)
{
	return kssl_conn_create(ctx, current_cred(), NULL, 0, NULL);
}
EXPORT_SYMBOL_GPL(kssl_new);

/**
 * kssl_conn_dup - kssl_dup() on behalf of others
 * @s: the connection
 * @cred: whose the new one is
 * @why: takes the reason of a refusal, or NULL
 *
 * Return: as kssl_dup().
 */
struct kssl *kssl_conn_dup(struct kssl *s, const struct cred *cred,
			   struct kssl_reason *why)
{
	struct kssl_settings settings = { NULL, NULL }, current_ones;
	struct kssl_ctx *ctx;
	struct kssl *dup;

	spin_lock_bh(&s->object.lock);
	ctx = s->ctx;
	if (s->state == KSSL_STATE_INITIAL && !s->busy) {
		settings.dup = kssl_snapshot_get(s->settings.dup);
		kssl_ctx_get(ctx);
	} else {
		kref_get(&s->object.ref);
	}
	spin_unlock_bh(&s->object.lock);
	if (!settings.dup) {
		trace_kssl_dup(s, s);
		return s;
	}

	current_ones = kssl_ctx_settings(ctx);
	settings.inherit = kssl_snapshot_get(current_ones.inherit);
	kssl_settings_put(&current_ones);
	dup = conn_make(ctx, cred, &settings, s, why);
	if (IS_ERR(dup))
		trace_kssl_dup_err(s, PTR_ERR(dup));
	kssl_ctx_put(ctx);
	return dup;
}

/**
 * kssl_dup - duplicate a connection
 * @s: the connection
 *
 * Follows SSL_dup(3). In state initial, makes a connection from the same
 * context that has the duplicated rows of @s and all others as the context has
 * them now, and what the dup functions of ex_data make. In any other state,
 * takes one more reference on @s.
 *
 * Context: may sleep.
 * Return: the new connection, or @s itself, with one reference for the caller;
 * an ERR_PTR(): -ENOMEM, as kssl_limit_charge(), or what a dup function of
 * ex_data says.
 */
struct kssl *kssl_dup(struct kssl *s)
{
	return kssl_conn_dup(s, current_cred(), NULL);
}
EXPORT_SYMBOL_GPL(kssl_dup);

/**
 * kssl_up_ref - take one more reference on a connection
 * @s: one that the caller has a reference on
 *
 * Follows SSL_up_ref(3).
 *
 * Context: any.
 * Return: true.
 */
bool kssl_up_ref(struct kssl *s)
{
	kref_get(&s->object.ref);
	trace_kssl_hold(&s->object, 0, kref_read(&s->object.ref));
	return true;
}
EXPORT_SYMBOL_GPL(kssl_up_ref);

/**
 * kssl_free - drop a reference on a connection
 * @s: the connection, or NULL
 *
 * Follows SSL_free(3). The last one frees everything; nothing is sent to the
 * peer.
 *
 * Context: any.
 */
void kssl_free(struct kssl *s)
{
	if (!s)
		return;
	trace_kssl_drop(&s->object, 0, kref_read(&s->object.ref) - 1);
	kssl_object_put(&s->object);
}
EXPORT_SYMBOL_GPL(kssl_free);

/**
 * kssl_id - the id of a connection
 * @s: the connection
 *
 * Return: its id, never 0.
 */
u32 kssl_id(const struct kssl *s)
{
	return s->object.id;
}
EXPORT_SYMBOL_GPL(kssl_id);

/**
 * kssl_get_state - the state of a connection
 * @s: the connection
 *
 * Context: any.
 * Return: its state, which may change at once if the socket ends.
 */
enum kssl_state kssl_get_state(struct kssl *s)
{
	return READ_ONCE(s->state);
}
EXPORT_SYMBOL_GPL(kssl_get_state);

/**
 * kssl_conn_settings - take references on the settings of a connection
 * @s: the connection
 *
 * Context: any.
 * Return: settings that the caller has to put.
 */
struct kssl_settings kssl_conn_settings(struct kssl *s)
{
	struct kssl_settings settings;

	spin_lock_bh(&s->object.lock);
	settings = kssl_settings_get(&s->settings);
	spin_unlock_bh(&s->object.lock);
	return settings;
}

/**
 * kssl_conn_binding - take a reference on the callbacks of a connection
 * @s: the connection
 *
 * Context: any.
 * Return: the blob with the binding, for the caller to put, or NULL.
 */
struct kssl_blob *kssl_conn_binding(struct kssl *s)
{
	struct kssl_blob *blob;

	spin_lock_bh(&s->object.lock);
	blob = kssl_settings_slot(&s->settings, KSSL_ROW_CALLBACKS)->blob;
	kssl_blob_get(blob);
	spin_unlock_bh(&s->object.lock);
	return blob;
}

/**
 * kssl_conn_ctx - take a reference on the context that a connection has now
 * @s: the connection
 *
 * Context: any.
 * Return: the context, for the caller to put.
 */
struct kssl_ctx *kssl_conn_ctx(struct kssl *s)
{
	struct kssl_ctx *ctx;

	spin_lock_bh(&s->object.lock);
	ctx = s->ctx;
	kssl_ctx_get(ctx);
	spin_unlock_bh(&s->object.lock);
	return ctx;
}

/**
 * kssl_conn_ctx_id - the id of the context that a connection has now
 * @s: the connection
 *
 * Context: any.
 * Return: its id.
 */
u32 kssl_conn_ctx_id(struct kssl *s)
{
	u32 id;

	spin_lock_bh(&s->object.lock);
	id = s->ctx->object.id;
	spin_unlock_bh(&s->object.lock);
	return id;
}

static bool is_frozen(const struct kssl *s)
{
	return s->busy || s->state != KSSL_STATE_INITIAL;
}

/**
 * kssl_conn_swap - replace settings if they are the ones expected
 * @s: the connection
 * @old: what it is expected to have
 * @new: what it is to have; references are taken
 *
 * Context: any.
 * Return: 0; -EAGAIN when it has others, or when @new is another policy and
 * that was fixed meanwhile; then nothing is changed.
 */
int kssl_conn_swap(struct kssl *s, const struct kssl_settings *old,
		   const struct kssl_settings *new)
{
	bool same = kssl_settings_same_policy(old, new);
	struct kssl_settings drop;

	spin_lock_bh(&s->object.lock);
	drop = s->settings;
	if (drop.dup != old->dup || drop.inherit != old->inherit ||
	    (is_frozen(s) && !same)) {
		spin_unlock_bh(&s->object.lock);
		return -EAGAIN;
	}
	s->settings = kssl_settings_get(new);
	spin_unlock_bh(&s->object.lock);
	kssl_settings_put(&drop);
	return 0;
}

static struct kssl_settings settings_and_frozen(struct kssl *s, bool *frozen)
{
	struct kssl_settings settings;

	spin_lock_bh(&s->object.lock);
	*frozen = is_frozen(s);
	settings = kssl_settings_get(&s->settings);
	spin_unlock_bh(&s->object.lock);
	return settings;
}

/**
 * kssl_conn_change - change rows of a connection so that it can be undone
 * @s: the connection
 * @values: the rows and their new values
 * @n: how many @values there are
 * @old: takes what the connection had, on success, for the caller to put
 * @new: takes what it has now, on success, for the caller to put
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep.
 * Return: 0, or as kssl_settings_change().
 */
int kssl_conn_change(struct kssl *s, const struct kssl_value *values,
		     unsigned int n, struct kssl_settings *old,
		     struct kssl_settings *new, struct kssl_reason *why)
{
	bool frozen;
	int err;

	for (;;) {
		*old = settings_and_frozen(s, &frozen);
		err = kssl_settings_change(old, values, n, KSSL_LEVEL_CONN,
					   frozen, new, why);
		if (err)
			break;
		if (!kssl_conn_swap(s, old, new)) {
			trace_kssl_set(s);
			return 0;
		}
		kssl_settings_put(new);
		kssl_settings_put(old);
	}
	kssl_settings_put(old);
	trace_kssl_set_err(s, err);
	return err;
}

/**
 * kssl_set - change rows of a connection, all or none
 * @s: the connection
 * @values: the rows and their new values
 * @n: how many @values there are
 * @why: takes the reason of a refusal, or NULL
 *
 * From begin on only rows that are no policy can change.
 *
 * Context: may sleep.
 * Return: 0, or as kssl_settings_change().
 */
int kssl_set(struct kssl *s, const struct kssl_value *values, unsigned int n,
	     struct kssl_reason *why)
{
	struct kssl_settings old, new;
	int err;

	err = kssl_conn_change(s, values, n, &old, &new, why);
	if (err)
		return err;
	kssl_settings_put(&new);
	kssl_settings_put(&old);
	return 0;
}
EXPORT_SYMBOL_GPL(kssl_set);

static const char * const in_state[] = {
	[KSSL_STATE_INITIAL]		= "the handshake has not begun",
	[KSSL_STATE_HANDSHAKE]		= "the handshake has begun",
	[KSSL_STATE_ESTABLISHED]	= "the connection is attached",
	[KSSL_STATE_CLOSED]		= "the connection is closed",
	[KSSL_STATE_ERROR]		= "the connection is in error",
};

static int check_state(const struct kssl *s, unsigned int states,
		       struct kssl_reason *why)
{
	lockdep_assert_held(&s->object.lock);
	if (s->busy)
		return kssl_refuse(why, -EBUSY, KSSL_A_ID,
				   "begin, attach or rekey is at work");
	if (!(BIT(s->state) & states))
		return kssl_refuse(why, -EBUSY, KSSL_A_ID,
				   in_state[s->state]);
	return 0;
}

/**
 * kssl_conn_claim - keep everybody else from changing a connection
 * @s: the connection
 * @states: bits of the states it may be in, by enum kssl_state
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: any.
 * Return: 0, which ends with kssl_conn_unclaim() or kssl_conn_yield(), or
 * -EBUSY.
 */
int kssl_conn_claim(struct kssl *s, unsigned int states,
		    struct kssl_reason *why)
{
	int err;

	spin_lock_bh(&s->object.lock);
	err = check_state(s, states, why);
	if (!err)
		s->busy = true;
	spin_unlock_bh(&s->object.lock);
	return err;
}

/**
 * kssl_conn_announce - tell those who listen that the state has changed
 * @s: the connection
 *
 * Context: any.
 */
void kssl_conn_announce(struct kssl *s)
{
	kssl_event_conn(s, KSSL_EVENT_TYPE_STATE);
	kssl_watch_wake(s);
}

/**
 * kssl_conn_enter - move a claimed connection to another state
 * @s: the connection
 * @state: the state
 *
 * Context: any.
 */
void kssl_conn_enter(struct kssl *s, enum kssl_state state)
{
	spin_lock_bh(&s->object.lock);
	WRITE_ONCE(s->state, state);
	spin_unlock_bh(&s->object.lock);
	if (state == KSSL_STATE_ERROR)
		kssl_stat_inc(s->object.net, KSSL_STAT_ERROR);
	kssl_conn_announce(s);
}

/**
 * kssl_conn_break - move an established connection to state error
 * @s: the connection, claimed; one that was closed meanwhile stays so
 *
 * Context: any.
 */
void kssl_conn_break(struct kssl *s)
{
	bool breaks;

	spin_lock_bh(&s->object.lock);
	breaks = s->state == KSSL_STATE_ESTABLISHED;
	if (breaks)
		WRITE_ONCE(s->state, KSSL_STATE_ERROR);
	spin_unlock_bh(&s->object.lock);
	if (!breaks)
		return;
	kssl_stat_inc(s->object.net, KSSL_STAT_ERROR);
	kssl_conn_announce(s);
}

/**
 * kssl_conn_yield - give a claimed connection back, to claim it again later
 * @s: the connection, which nothing was done to; get reports nothing new
 *
 * Context: any.
 */
void kssl_conn_yield(struct kssl *s)
{
	spin_lock_bh(&s->object.lock);
	s->busy = false;
	spin_unlock_bh(&s->object.lock);
}

static void set_result(struct kssl *s, int result,
		       const struct kssl_reason *why)
{
	lockdep_assert_held(&s->object.lock);
	s->result = result;
	s->result_text = result && why ? why->text : NULL;
}

/**
 * kssl_conn_unclaim - end what kssl_conn_claim() began
 * @s: the connection
 * @result: 0 or the negative errno to report by get
 * @why: the text to report with it, or NULL
 *
 * Context: any.
 */
void kssl_conn_unclaim(struct kssl *s, int result,
		       const struct kssl_reason *why)
{
	spin_lock_bh(&s->object.lock);
	s->busy = false;
	set_result(s, result, why);
	spin_unlock_bh(&s->object.lock);
}

/**
 * kssl_conn_give_up - report by get what became of a claim that was not made
 * @s: the connection; whoever has claimed it reports his own result instead
 * @result: the negative errno
 * @why: the text to report with it
 *
 * Context: any.
 */
void kssl_conn_give_up(struct kssl *s, int result,
		       const struct kssl_reason *why)
{
	spin_lock_bh(&s->object.lock);
	if (!s->busy)
		set_result(s, result, why);
	spin_unlock_bh(&s->object.lock);
}

/**
 * kssl_conn_view - what a connection is at one moment
 * @s: the connection
 * @view: takes it
 *
 * Context: any.
 */
void kssl_conn_view(struct kssl *s, struct kssl_view *view)
{
	memset(view, 0, sizeof(*view));
	spin_lock_bh(&s->object.lock);
	view->state = s->state;
	view->verified = s->verified;
	view->shutdown = s->shutdown;
	view->version = s->version;
	view->suite = s->suite;
	view->directions = s->directions;
	view->verify_result = s->verify_result;
	view->tx_generation = s->tx_generation;
	view->rx_generation = s->rx_generation;
	view->result = s->result;
	view->result_text = s->result_text;
	if (s->sock) {
		view->family = s->sock->family;
		view->local = s->sock->local;
		view->peer = s->sock->peer;
		view->cookie = s->sock->cookie;
	}
	spin_unlock_bh(&s->object.lock);
}

/**
 * kssl_conn_facts - take a reference on what was negotiated
 * @s: the connection
 *
 * Context: any.
 * Return: the facts, for the caller to put, or NULL if there are none.
 */
struct kssl_facts *kssl_conn_facts(struct kssl *s)
{
	struct kssl_facts *facts;

	spin_lock_bh(&s->object.lock);
	facts = s->facts;
	kssl_facts_get(facts);
	spin_unlock_bh(&s->object.lock);
	return facts;
}

/**
 * kssl_fail - end the handshake of a connection
 * @s: the connection, in state handshake
 * @why: takes the reason of a refusal, or NULL
 *
 * The connection enters state error and stays bound to its socket until
 * kssl_clear().
 *
 * Context: any.
 * Return: 0, or -EBUSY in any other state.
 */
int kssl_fail(struct kssl *s, struct kssl_reason *why)
{
	int err;

	spin_lock_bh(&s->object.lock);
	err = check_state(s, BIT(KSSL_STATE_HANDSHAKE), why);
	if (!err)
		WRITE_ONCE(s->state, KSSL_STATE_ERROR);
	spin_unlock_bh(&s->object.lock);
	if (err) {
		trace_kssl_fail_err(s, err);
		return err;
	}
	trace_kssl_fail(s);
	kssl_stat_inc(s->object.net, KSSL_STAT_ERROR);
	kssl_conn_announce(s);
	return 0;
}
EXPORT_SYMBOL_GPL(kssl_fail);

/**
 * kssl_set_shutdown - note that a close_notify alert was sent or received
 * @s: the connection, attached or after that
 * @bits: KSSL_SHUTDOWN_*, which are added
 * @why: takes the reason of a refusal, or NULL
 *
 * Follows SSL_set_shutdown(3), but for that bits are never taken away. Nothing
 * is sent. kssl_clear() forgets them.
 *
 * Context: any.
 * Return: 0; -EBUSY before the connection was attached; -EINVAL for other bits.
 */
int kssl_set_shutdown(struct kssl *s, u32 bits, struct kssl_reason *why)
{
	int err;

	if (bits & ~(u32)(KSSL_SHUTDOWN_SENT | KSSL_SHUTDOWN_RECEIVED))
		return kssl_refuse(why, -EINVAL, KSSL_A_SHUTDOWN,
				   "unknown bits");
	spin_lock_bh(&s->object.lock);
	err = check_state(s, BIT(KSSL_STATE_ESTABLISHED) |
			  BIT(KSSL_STATE_CLOSED), why);
	if (!err)
		s->shutdown |= bits;
	spin_unlock_bh(&s->object.lock);
	return err;
}
EXPORT_SYMBOL_GPL(kssl_set_shutdown);

/*
 * Gives a connection another context and settings if it has the ones expected.
 * Takes over nothing.
 */
static int swap_ctx(struct kssl *s, struct kssl_ctx *from,
		    const struct kssl_settings *old, struct kssl_ctx *to,
		    const struct kssl_settings *new, struct kssl_reason *why)
{
	struct kssl_settings drop;
	int err;

	spin_lock_bh(&s->object.lock);
	drop = s->settings;
	err = check_state(s, BIT(KSSL_STATE_INITIAL) |
			  BIT(KSSL_STATE_HANDSHAKE), why);
	if (!err && (s->ctx != from || drop.dup != old->dup ||
		     drop.inherit != old->inherit))
		err = -EAGAIN;
	if (err) {
		spin_unlock_bh(&s->object.lock);
		return err;
	}
	s->ctx = to;
	kssl_ctx_get(to);
	s->settings = kssl_settings_get(new);
	spin_unlock_bh(&s->object.lock);
	atomic_inc(&to->conns);
	atomic_dec(&from->conns);
	kssl_ctx_put(from);
	kssl_settings_put(&drop);
	return 0;
}

static int try_set_ctx(struct kssl *s, struct kssl_ctx *to,
		       struct kssl_reason *why)
{
	struct kssl_ctx *from = kssl_conn_ctx(s);
	struct kssl_settings of_from = kssl_ctx_settings(from);
	struct kssl_settings of_to = kssl_ctx_settings(to);
	struct kssl_settings old = kssl_conn_settings(s), new;
	int err;

	err = kssl_settings_switch(&old, &of_from, &of_to, &new);
	if (!err) {
		err = swap_ctx(s, from, &old, to, &new, why);
		kssl_settings_put(&new);
	}
	kssl_settings_put(&old);
	kssl_settings_put(&of_to);
	kssl_settings_put(&of_from);
	kssl_ctx_put(from);
	return err;
}

/**
 * kssl_set_ctx - switch a connection to another context
 * @s: the connection, in state initial or handshake
 * @ctx: the context, of the same network namespace
 * @why: takes the reason of a refusal, or NULL
 *
 * Follows SSL_set_SSL_CTX(3), which servers call when they see the host name
 * that a client asks for: the certificates and what goes with them (the rows
 * of the table that say so) become those of @ctx, and so does a session id
 * context that was the old one's. All other rows stay.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY in any other state; -EINVAL for a context of another
 * network namespace; -ENOMEM.
 */
int kssl_set_ctx(struct kssl *s, struct kssl_ctx *ctx, struct kssl_reason *why)
{
	int err = 0;

	if (!net_eq(s->object.net, ctx->object.net))
		err = kssl_refuse(why, -EINVAL, KSSL_A_CTX_ID,
				  "the context is of another network namespace");
	if (!err) {
		do {
			err = try_set_ctx(s, ctx, why);
		} while (err == -EAGAIN);
	}
	if (err)
		trace_kssl_set_ctx_err(s, err);
	else
		trace_kssl_set_ctx(s);
	return err;
}
EXPORT_SYMBOL_GPL(kssl_set_ctx);

/**
 * kssl_clear - return a connection to state initial
 * @s: the connection, not attached
 * @why: takes the reason of a refusal, or NULL
 *
 * Follows SSL_clear(3): the socket and what was negotiated are dropped,
 * settings and references stay.
 *
 * Context: any.
 * Return: 0, or -EBUSY while attached.
 */
int kssl_clear(struct kssl *s, struct kssl_reason *why)
{
	struct kssl_secrets *secrets;
	struct kssl_facts *facts;
	struct kssl_sock *sock;
	bool changed;
	int err;

	spin_lock_bh(&s->object.lock);
	err = check_state(s, ~(u32)BIT(KSSL_STATE_ESTABLISHED), why);
	/* In error, and sock.c is about to close it. */
	if (!err && s->file)
		err = kssl_refuse(why, -EBUSY, KSSL_A_ID,
				  in_state[KSSL_STATE_ESTABLISHED]);
	if (err) {
		spin_unlock_bh(&s->object.lock);
		trace_kssl_clear_err(s, err);
		return err;
	}
	changed = s->state != KSSL_STATE_INITIAL;
	WRITE_ONCE(s->state, KSSL_STATE_INITIAL);
	sock = s->sock;
	secrets = s->secrets;
	facts = s->facts;
	s->sock = NULL;
	s->secrets = NULL;
	s->facts = NULL;
	s->verified = false;
	s->shutdown = 0;
	s->version = 0;
	s->suite = 0;
	s->directions = 0;
	s->keep_keys = 0;
	s->key_limits = 0;
	s->verify_result = 0;
	s->tx_generation = 0;
	s->rx_generation = 0;
	s->result = 0;
	s->result_text = NULL;
	spin_unlock_bh(&s->object.lock);

	trace_kssl_clear(s);
	kfree_sensitive(secrets);
	kssl_facts_put(facts);
	if (sock)
		kssl_sock_detach(sock, s);
	if (changed)
		kssl_conn_announce(s);
	return 0;
}
EXPORT_SYMBOL_GPL(kssl_clear);
