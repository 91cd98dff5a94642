/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_SETTINGS_H
#define _KSSL_SETTINGS_H

#include <linux/refcount.h>
#include <linux/types.h>

#include <net/kssl.h>

#include "row.h"

struct key;

/**
 * struct kssl_blob - a value too large to be copied, shared by snapshots
 * @ref: the snapshots that have it
 * @len: bytes of @data
 * @release: frees it
 * @data: u16 codes in order of preference, text without a terminator, bytes
 *	as they came, pointers to the keys that a row names, or a binding
 */
struct kssl_blob {
	refcount_t ref;
	u32 len;
	void (*release)(struct kssl_blob *blob);
	u8 data[] __aligned(sizeof(u64));
};

union kssl_slot {
	u64 num;
	struct kssl_blob *blob;
};

/**
 * struct kssl_snapshot - immutable values of some of the rows
 * @ref: the objects and readers that have it
 * @first: id of its first row
 * @n: how many rows it has
 * @number: never that of another snapshot
 * @slot: the values; a row's blob may be NULL, which is an empty one
 */
struct kssl_snapshot {
	refcount_t ref;
	u16 first;
	u16 n;
	u64 number;
	union kssl_slot slot[];
};

/**
 * struct kssl_settings - all rows of an object
 * @dup: snapshot of the rows that dup copies
 * @inherit: snapshot of the rows that only new inherits
 *
 * Taking the settings of another object is two references and no copy.
 */
struct kssl_settings {
	struct kssl_snapshot *dup;
	struct kssl_snapshot *inherit;
};

int kssl_settings_init(void);
void kssl_settings_exit(void);

struct kssl_blob *kssl_blob_alloc(u32 len);
void kssl_blob_get(struct kssl_blob *blob);
void kssl_blob_put(struct kssl_blob *blob);

struct kssl_settings kssl_settings_default(void);
struct kssl_settings kssl_settings_get(const struct kssl_settings *settings);
void kssl_settings_put(struct kssl_settings *settings);
int __must_check kssl_settings_change(const struct kssl_settings *old,
				      const struct kssl_value *values,
				      unsigned int n, u8 level, bool frozen,
				      struct kssl_settings *new,
				      struct kssl_reason *why);

struct kssl_snapshot *kssl_snapshot_get(struct kssl_snapshot *snapshot);
void kssl_snapshot_put(struct kssl_snapshot *snapshot);

static inline const union kssl_slot *
kssl_settings_slot(const struct kssl_settings *settings, enum kssl_row_id id)
{
	return id < KSSL_ROWS_DUP ? &settings->dup->slot[id] :
		&settings->inherit->slot[id - KSSL_ROWS_DUP];
}

static inline u64 kssl_settings_num(const struct kssl_settings *settings,
				    enum kssl_row_id id)
{
	return kssl_settings_slot(settings, id)->num;
}

static inline const struct kssl_blob *
kssl_settings_blob(const struct kssl_settings *settings, enum kssl_row_id id)
{
	return kssl_settings_slot(settings, id)->blob;
}

/* The keys of a row that names some. */
static inline struct key *const *kssl_blob_keys(const struct kssl_blob *blob)
{
	return (struct key *const *)blob->data;
}

static inline u32 kssl_blob_n_keys(const struct kssl_blob *blob)
{
	return blob ? blob->len / sizeof(struct key *) : 0;
}

bool kssl_settings_has_suite(const struct kssl_settings *settings,
			     enum kssl_row_id id, u16 code);
int __must_check kssl_settings_switch(const struct kssl_settings *old,
				      const struct kssl_settings *from,
				      const struct kssl_settings *to,
				      struct kssl_settings *new);
int kssl_settings_check_keys(const struct kssl_settings *settings,
			     struct kssl_reason *why);
bool kssl_settings_same_policy(const struct kssl_settings *a,
			       const struct kssl_settings *b);
enum kssl_role kssl_settings_role(const struct kssl_settings *settings);

#endif /* _KSSL_SETTINGS_H */
