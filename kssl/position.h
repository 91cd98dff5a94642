/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_POSITION_H
#define _KSSL_POSITION_H

#include <linux/types.h>

struct sock;

/**
 * struct kssl_origin - where the count of a direction's plaintext began
 * @wire: bytes that TCP had sent, or the reader had taken from it
 * @records: number of the first record
 * @control: bytes in records that are no data, to be left out
 * @known: it has begun
 * @paused: a key is being replaced, with which the records are numbered anew
 */
struct kssl_origin {
	u64 wire;
	u64 records;
	u64 control;
	bool known;
	bool paused;
};

void kssl_position_start(struct sock *sk, int direction, u64 rec_seq,
			 struct kssl_origin *origin);
void kssl_position_adopt(struct sock *sk, int direction,
			 struct kssl_origin *origin);
int kssl_position_read(struct sock *sk, int direction,
		       const struct kssl_origin *origin, u64 *bytes);

#endif /* _KSSL_POSITION_H */
