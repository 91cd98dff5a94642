/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_STAT_H
#define _KSSL_STAT_H

struct net;

/**
 * enum kssl_stat - what is counted in each network namespace
 * @KSSL_STAT_CURR_KEPT: sockets that connections have pinned now
 * @KSSL_STAT_CTX_NEW: contexts that were made
 * @KSSL_STAT_CTX_FREE: contexts that are gone
 * @KSSL_STAT_NEW: connections that new made
 * @KSSL_STAT_DUP: connections that dup made
 * @KSSL_STAT_FREE: connections that are gone
 * @KSSL_STAT_BEGIN: handshakes that began
 * @KSSL_STAT_BEGIN_ERROR: begins that were refused
 * @KSSL_STAT_ATTACH: connections that were attached
 * @KSSL_STAT_ATTACH_ERROR: attaches that were refused
 * @KSSL_STAT_CLOSED: connections that entered state closed
 * @KSSL_STAT_ERROR: connections that entered state error
 * @KSSL_STAT_EVENT_LOST: events that did not reach a listener, as far as
 *	the sender is told
 * @KSSL_STAT_KEY_LIMIT: keys that came near to their limit while somebody
 *	listened
 * @KSSL_STAT_REKEY: keys that were updated
 * @KSSL_STAT_REKEY_ERROR: updates that were refused
 * @KSSL_STATS: how many there are
 */
enum kssl_stat {
	KSSL_STAT_CURR_KEPT,
	KSSL_STAT_CTX_NEW,
	KSSL_STAT_CTX_FREE,
	KSSL_STAT_NEW,
	KSSL_STAT_DUP,
	KSSL_STAT_FREE,
	KSSL_STAT_BEGIN,
	KSSL_STAT_BEGIN_ERROR,
	KSSL_STAT_ATTACH,
	KSSL_STAT_ATTACH_ERROR,
	KSSL_STAT_CLOSED,
	KSSL_STAT_ERROR,
	KSSL_STAT_EVENT_LOST,
	KSSL_STAT_KEY_LIMIT,
	KSSL_STAT_REKEY,
	KSSL_STAT_REKEY_ERROR,
	KSSL_STATS
};

int kssl_stat_init(void);
void kssl_stat_exit(void);

void kssl_stat_inc(struct net *net, enum kssl_stat stat);
void kssl_stat_dec(struct net *net, enum kssl_stat stat);

#endif /* _KSSL_STAT_H */
