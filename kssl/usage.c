// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: key usage
 *
 * A key may protect a number of records and not more (RFC 8446 section 5.5).
 * Those who listen to the events of a network namespace are told when the key
 * of a direction comes near to that, once for each key, so that they can have
 * it updated.
 *
 * Nothing is counted while data flows: how many records there were is net/tls's
 * sequence number, which begins with the key. A work reads those of all
 * connections while anybody listens, and runs while a socket is bound. From
 * what is near to the limit there are 5.9 million records of 16 KiB, for which
 * a connection of 100 Gbit/s needs twice the work's period.
 *
 * The work takes no references on objects. What it finds stays for as long as
 * it has the RCU read lock, and so does the object's network namespace, which
 * is taken down a grace period after its last object.
 */

#include <linux/timer.h>
#include <linux/workqueue.h>

#include <net/net_namespace.h>

#include <uapi/linux/tls.h>

#include "conn.h"
#include "event.h"
#include "ktls.h"
#include "sock.h"
#include "stat.h"
#include "suite.h"
#include "trace.h"
#include "usage.h"

#define PERIOD		(4 * HZ)
#define CHUNK		64	/* objects in one RCU read section */

static void look_at_all(struct work_struct *work);

static struct workqueue_struct *queue;
static DECLARE_DELAYED_WORK(look, look_at_all);

/*
 * A key that is not the one whose records were read has not come near, and of
 * a connection in its release nobody wants to know.
 */
static bool is_news(struct kssl *s, enum kssl_direction direction,
		    const struct kssl_view *view)
{
	bool news;

	spin_lock_bh(&s->object.lock);
	news = !(s->key_limits & direction) &&
		s->state == KSSL_STATE_ESTABLISHED &&
		kref_read(&s->object.ref) &&
		s->tx_generation == view->tx_generation &&
		s->rx_generation == view->rx_generation;
	if (news)
		s->key_limits |= direction;
	spin_unlock_bh(&s->object.lock);
	return news;
}

/* Nobody was told, because who listens does so in another namespace. */
static void forget(struct kssl *s, enum kssl_direction direction)
{
	spin_lock_bh(&s->object.lock);
	s->key_limits &= ~direction;
	spin_unlock_bh(&s->object.lock);
}

static void check_key(struct kssl *s, enum kssl_direction direction,
		      const struct kssl_view *view, u32 max)
{
	int option = direction == KSSL_DIRECTION_TX ? TLS_TX : TLS_RX;
	u64 records;

	if (!(view->directions & direction) ||
	    !kssl_sock_records(s, option, &records) ||
	    records < max - max / 4 || !is_news(s, direction, view))
		return;
	if (!kssl_event_key_limit(s, direction, records, max)) {
		forget(s, direction);
		return;
	}
	trace_kssl_key_limit(s, direction, records, max);
	kssl_stat_inc(s->object.net, KSSL_STAT_KEY_LIMIT);
}

static void check_conn(struct kssl *s)
{
	const struct kssl_suite *suite;
	struct kssl_view view;

	kssl_conn_view(s, &view);
	suite = kssl_suite_find(view.suite);
	if (!suite || !suite->cipher->records_max)
		return;
	check_key(s, KSSL_DIRECTION_TX, &view, suite->cipher->records_max);
	check_key(s, KSSL_DIRECTION_RX, &view, suite->cipher->records_max);
}

static void visit(struct kssl_object *object)
{
	struct kssl *s = kssl_of(object);

	if (READ_ONCE(s->state) == KSSL_STATE_ESTABLISHED &&
	    READ_ONCE(s->key_limits) != KSSL_DIRECTIONS)
		check_conn(s);
}

static void look_at_all(struct work_struct *work)
{
	unsigned long id = 0;

	if (!kssl_sock_any())
		return;
	if (kssl_event_is_wanted(&init_net))
		while (kssl_object_visit(&kssl_conn_type, &id, CHUNK, visit))
			cond_resched();
	kssl_usage_watch();
}

/**
 * kssl_usage_watch - look at all connections' keys in a while
 *
 * To be called when there is one more, that is bound.
 *
 * Context: any.
 */
void kssl_usage_watch(void)
{
	queue_delayed_work(queue, &look, round_jiffies_relative(PERIOD));
}

int __init kssl_usage_init(void)
{
	queue = alloc_workqueue("kssl", WQ_UNBOUND | WQ_FREEZABLE, 0);
	return queue ? 0 : -ENOMEM;
}

void kssl_usage_exit(void)
{
	cancel_delayed_work_sync(&look);
	destroy_workqueue(queue);
}
