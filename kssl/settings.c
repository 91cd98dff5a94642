// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: settings
 *
 * What an object has in the rows of the table (row.c) is kept in two immutable
 * snapshots, one of the rows that dup copies and one of the rows that only new
 * inherits. Snapshots are shared: new and dup take references. A
 * change copies the slots of a snapshot, replaces some and gets a new number;
 * large values are blobs that the copies share.
 *
 * Snapshots and blobs never change once they can be reached, so reading them
 * needs a reference and no lock. Which snapshots an object has is guarded by
 * that object's lock.
 */

#include <linux/atomic.h>
#include <linux/key.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "callback.h"
#include "reason.h"
#include "settings.h"

static atomic64_t last_number = ATOMIC64_INIT(0);
static struct kssl_settings defaults;

/**
 * kssl_blob_alloc - memory for a large value
 * @len: its size in bytes
 *
 * Context: may sleep.
 * Return: a blob with one reference, of which the caller sets data and
 * release, or NULL.
 */
struct kssl_blob *kssl_blob_alloc(u32 len)
{
	struct kssl_blob *blob;

	blob = kmalloc_flex(*blob, data, len, GFP_KERNEL_ACCOUNT);
	if (!blob)
		return NULL;
	refcount_set(&blob->ref, 1);
	blob->len = len;
	return blob;
}

static void free_plain(struct kssl_blob *blob)
{
	kfree(blob);
}

static void free_secret(struct kssl_blob *blob)
{
	kfree_sensitive(blob);
}

static struct kssl_blob *blob_new(const struct kssl_row *row,
				  const void *data, u32 len)
{
	struct kssl_blob *blob = kssl_blob_alloc(len);

	if (!blob)
		return NULL;
	blob->release = row->secret ? free_secret : free_plain;
	memcpy(blob->data, data, len);
	return blob;
}

static void free_keys(struct kssl_blob *blob)
{
	u32 i;

	for (i = 0; i < kssl_blob_n_keys(blob); i++)
		key_put(kssl_blob_keys(blob)[i]);
	kfree(blob);
}

static const char *bad_key(int err)
{
	switch (err) {
	case -ENOKEY:
		return "no such key";
	case -EACCES:
		return "no permission to use the key";
	case -EKEYREVOKED:
		return "the key is revoked";
	case -EKEYEXPIRED:
		return "the key has expired";
	default:
		return "the key cannot be used";
	}
}

/*
 * Negative serials are special keyrings, and looking for one of those can
 * make it. A key under construction is not waited for.
 */
static struct key *find_key(s32 serial)
{
	struct key *key;
	key_ref_t ref;
	int err;

	if (serial <= 0)
		return ERR_PTR(-ENOKEY);
	ref = lookup_user_key(serial, KEY_LOOKUP_PARTIAL, KEY_NEED_SEARCH);
	if (IS_ERR(ref))
		return ERR_CAST(ref);
	key = key_ref_to_ptr(ref);
	err = key_validate(key);
	if (!err && !key_is_positive(key))
		err = -ENOKEY;
	if (!err)
		return key;
	key_put(key);
	return ERR_PTR(err);
}

/* Pins the keys with these serial numbers, which the caller may use. */
static struct kssl_blob *keys_new(const struct kssl_row *row,
				  const s32 *serials, u32 n,
				  struct kssl_reason *why)
{
	struct kssl_blob *blob = kssl_blob_alloc(n * sizeof(struct key *));
	struct key **keys;
	int err;
	u32 i;

	if (!blob)
		return ERR_PTR(-ENOMEM);
	keys = (struct key **)blob->data;
	for (i = 0; i < n; i++) {
		keys[i] = find_key(serials[i]);
		if (!IS_ERR(keys[i]))
			continue;
		err = PTR_ERR(keys[i]);
		blob->len = i * sizeof(*keys);
		free_keys(blob);
		return ERR_PTR(kssl_refuse_nested(why, err, KSSL_A_SETTINGS,
						  row->attr, bad_key(err)));
	}
	blob->release = free_keys;
	return blob;
}

/**
 * kssl_blob_get - take a reference on a blob
 * @blob: one that cannot go meanwhile, or NULL
 */
void kssl_blob_get(struct kssl_blob *blob)
{
	if (blob)
		refcount_inc(&blob->ref);
}

/**
 * kssl_blob_put - drop a reference on a blob
 * @blob: the blob, or NULL
 *
 * Context: any.
 */
void kssl_blob_put(struct kssl_blob *blob)
{
	if (blob && refcount_dec_and_test(&blob->ref))
		blob->release(blob);
}

static struct kssl_snapshot *snapshot_alloc(u16 first, u16 n)
{
	struct kssl_snapshot *snapshot;

	snapshot = kzalloc_flex(*snapshot, slot, n, GFP_KERNEL_ACCOUNT);
	if (!snapshot)
		return NULL;
	refcount_set(&snapshot->ref, 1);
	snapshot->first = first;
	snapshot->n = n;
	snapshot->number = atomic64_inc_return(&last_number);
	return snapshot;
}

static struct kssl_snapshot *snapshot_copy(const struct kssl_snapshot *old)
{
	struct kssl_snapshot *new = snapshot_alloc(old->first, old->n);
	u16 i;

	if (!new)
		return NULL;
	for (i = 0; i < old->n; i++) {
		new->slot[i] = old->slot[i];
		if (kssl_row_is_blob(&kssl_rows[old->first + i]))
			kssl_blob_get(new->slot[i].blob);
	}
	return new;
}

/**
 * kssl_snapshot_get - take a reference on a snapshot
 * @snapshot: one that cannot go meanwhile
 *
 * Return: @snapshot.
 */
struct kssl_snapshot *kssl_snapshot_get(struct kssl_snapshot *snapshot)
{
	refcount_inc(&snapshot->ref);
	return snapshot;
}

/**
 * kssl_snapshot_put - drop a reference on a snapshot
 * @snapshot: the snapshot, or NULL
 *
 * Context: any.
 */
void kssl_snapshot_put(struct kssl_snapshot *snapshot)
{
	u16 i;

	if (!snapshot || !refcount_dec_and_test(&snapshot->ref))
		return;
	for (i = 0; i < snapshot->n; i++)
		if (kssl_row_is_blob(&kssl_rows[snapshot->first + i]))
			kssl_blob_put(snapshot->slot[i].blob);
	kfree(snapshot);
}

static struct kssl_snapshot *snapshot_default(u16 first, u16 n)
{
	struct kssl_snapshot *snapshot = snapshot_alloc(first, n);
	const struct kssl_row *row;
	u16 i;

	if (!snapshot)
		return NULL;
	for (i = 0; i < n; i++) {
		row = &kssl_rows[first + i];
		snapshot->slot[i].num = row->def;
		if (!row->def_len)
			continue;
		snapshot->slot[i].blob = blob_new(row, row->def_codes,
						  row->def_len);
		if (!snapshot->slot[i].blob) {
			kssl_snapshot_put(snapshot);
			return NULL;
		}
	}
	return snapshot;
}

int __init kssl_settings_init(void)
{
	defaults.dup = snapshot_default(0, KSSL_ROWS_DUP);
	defaults.inherit = snapshot_default(KSSL_ROWS_DUP,
					    KSSL_ROWS - KSSL_ROWS_DUP);
	if (defaults.dup && defaults.inherit)
		return 0;
	kssl_settings_exit();
	return -ENOMEM;
}

void kssl_settings_exit(void)
{
	kssl_settings_put(&defaults);
}

/**
 * kssl_settings_default - take references on the default settings
 *
 * Return: settings that the caller has to put.
 */
struct kssl_settings kssl_settings_default(void)
{
	return kssl_settings_get(&defaults);
}

/**
 * kssl_settings_get - take references on settings
 * @settings: some that cannot go meanwhile
 *
 * Return: a copy of @settings that the caller has to put.
 */
struct kssl_settings kssl_settings_get(const struct kssl_settings *settings)
{
	kssl_snapshot_get(settings->dup);
	kssl_snapshot_get(settings->inherit);
	return *settings;
}

/**
 * kssl_settings_put - drop the references of settings
 * @settings: the settings; members may be NULL
 *
 * Context: any.
 */
void kssl_settings_put(struct kssl_settings *settings)
{
	kssl_snapshot_put(settings->dup);
	kssl_snapshot_put(settings->inherit);
}

static const char *wrong_level(const struct kssl_row *row, u8 level)
{
	if (level == KSSL_LEVEL_CONN)
		return "not a setting of a connection";
	if (row->levels & KSSL_LEVEL_NEW_CTX)
		return "fixed since the context was made";
	return "not a setting of a context";
}

static int check_value(const struct kssl_row *row,
		       const struct kssl_value *value, u8 level, bool frozen,
		       struct kssl_reason *why)
{
	if (!(row->levels & level))
		return kssl_refuse_nested(why, -EINVAL, KSSL_A_SETTINGS,
					  row->attr, wrong_level(row, level));
	if (frozen && !row->live)
		return kssl_refuse_nested(why, -EBUSY, KSSL_A_SETTINGS,
					  row->attr,
					  "fixed since the handshake began");
	return kssl_row_check(row, value, why);
}

/**
 * struct conflict - two rows that contradict each other
 * @text: what about
 * @one: a row
 * @other: the other row, or the same
 */
struct conflict {
	const char *text;
	enum kssl_row_id one;
	enum kssl_row_id other;
};

static struct conflict find_conflict(const struct kssl_settings *settings)
{
	u64 min = kssl_settings_num(settings, KSSL_ROW_MIN_PROTO);
	u64 max = kssl_settings_num(settings, KSSL_ROW_MAX_PROTO);
	u64 verify = kssl_settings_num(settings, KSSL_ROW_VERIFY_MODE);
	u64 method = kssl_settings_num(settings, KSSL_ROW_METHOD);
	u64 role = kssl_settings_num(settings, KSSL_ROW_ROLE);
	u64 split = kssl_settings_num(settings, KSSL_ROW_SPLIT_SEND_FRAGMENT);
	u64 fragment = kssl_settings_num(settings,
					 KSSL_ROW_MAX_SEND_FRAGMENT);

	if (min && max && min > max)
		return (struct conflict){ "min-proto is above max-proto",
			KSSL_ROW_MIN_PROTO, KSSL_ROW_MAX_PROTO };
	if (verify && !(verify & KSSL_VERIFY_PEER))
		return (struct conflict){
			"verify-mode has bits that need peer",
			KSSL_ROW_VERIFY_MODE, KSSL_ROW_VERIFY_MODE };
	if (role && method && role != method)
		return (struct conflict){
			"the context's method does not allow this role",
			KSSL_ROW_ROLE, KSSL_ROW_METHOD };
	if (kssl_settings_blob(settings, KSSL_ROW_SERVERINFO) &&
	    kssl_settings_blob(settings, KSSL_ROW_SERVERINFO_V2))
		return (struct conflict){
			"serverinfo and serverinfo-v2 exclude each other",
			KSSL_ROW_SERVERINFO, KSSL_ROW_SERVERINFO_V2 };
	if (kssl_settings_blob(settings, KSSL_ROW_DANE_TLSA) &&
	    !kssl_settings_num(settings, KSSL_ROW_DANE_ENABLED))
		return (struct conflict){
			"TLSA records need dane-enabled",
			KSSL_ROW_DANE_TLSA, KSSL_ROW_DANE_ENABLED };
	if (split > fragment)
		return (struct conflict){
			"split-send-fragment is above max-send-fragment",
			KSSL_ROW_SPLIT_SEND_FRAGMENT,
			KSSL_ROW_MAX_SEND_FRAGMENT };
	return (struct conflict){};
}

/* Blames of two rows in conflict one that the request has. */
static int check_conflict(const struct kssl_settings *settings,
			  const struct kssl_value *values, unsigned int n,
			  struct kssl_reason *why)
{
	const struct conflict conflict = find_conflict(settings);
	u16 attr = kssl_rows[conflict.other].attr;
	unsigned int i;

	if (!conflict.text)
		return 0;
	for (i = 0; i < n; i++)
		if (values[i].attr == kssl_rows[conflict.one].attr)
			attr = values[i].attr;
	return kssl_refuse_nested(why, -EINVAL, KSSL_A_SETTINGS, attr,
				  conflict.text);
}

/* A blob with the value of a row, or NULL for an empty one. */
static struct kssl_blob *make_blob(const struct kssl_row *row,
				   const struct kssl_value *value,
				   struct kssl_reason *why)
{
	struct kssl_blob *blob;

	if (row->type == KSSL_TYPE_CALLBACKS)
		return kssl_binding_new(value);
	if (!value->len)
		return NULL;
	if (kssl_row_has_keys(row))
		return keys_new(row, value->data, value->len / sizeof(s32),
				why);
	blob = blob_new(row, value->data, value->len);
	return blob ?: ERR_PTR(-ENOMEM);
}

static int store(struct kssl_snapshot *snapshot, enum kssl_row_id id,
		 const struct kssl_value *value, struct kssl_reason *why)
{
	union kssl_slot *slot = &snapshot->slot[id - snapshot->first];
	const struct kssl_row *row = &kssl_rows[id];
	u64 mask = kssl_row_mask(row, value);
	struct kssl_blob *blob;

	if (!kssl_row_is_blob(row)) {
		slot->num = (slot->num & ~mask) | (value->num & mask);
		return 0;
	}
	blob = make_blob(row, value, why);
	if (IS_ERR(blob))
		return PTR_ERR(blob);
	kssl_blob_put(slot->blob);
	slot->blob = blob;
	return 0;
}

/* Makes *@snapshot one that is not @old's, so that it may be written. */
static int make_own(struct kssl_snapshot **snapshot,
		    struct kssl_snapshot *old)
{
	struct kssl_snapshot *copy;

	if (*snapshot != old)
		return 0;
	copy = snapshot_copy(old);
	if (!copy)
		return -ENOMEM;
	kssl_snapshot_put(old);
	*snapshot = copy;
	return 0;
}

static int change_row(const struct kssl_settings *old,
		      const struct kssl_value *value, u8 level, bool frozen,
		      struct kssl_settings *new, struct kssl_reason *why)
{
	enum kssl_row_id id = kssl_row_find(value->attr);
	bool dup = id < KSSL_ROWS_DUP;
	int err;

	if (id == KSSL_ROWS)
		return kssl_refuse_nested(why, -EINVAL, KSSL_A_SETTINGS,
					  value->attr, "no such setting");
	err = check_value(&kssl_rows[id], value, level, frozen, why);
	if (err)
		return err;
	if (dup)
		err = make_own(&new->dup, old->dup);
	else
		err = make_own(&new->inherit, old->inherit);
	if (err)
		return err;
	return store(dup ? new->dup : new->inherit, id, value, why);
}

/**
 * kssl_settings_change - make settings that differ in some rows
 * @old: the settings to start from, unchanged
 * @values: the rows and their new values
 * @n: how many @values there are
 * @level: whose settings they are, one of KSSL_LEVEL_*
 * @frozen: the handshake began, so only live rows may change
 * @new: takes the result, which the caller has to put, on success only
 * @why: takes the reason of a refusal, or NULL
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a row that does not exist, is not of this level, is
 * out of its bounds or contradicts another; -EBUSY for a frozen row; -ENOKEY,
 * -EACCES, -EKEYREVOKED, -EKEYEXPIRED for a row that names a key, which is
 * looked up and pinned with the rights of the current task; -ENOMEM.
 */
int kssl_settings_change(const struct kssl_settings *old,
			 const struct kssl_value *values, unsigned int n,
			 u8 level, bool frozen, struct kssl_settings *new,
			 struct kssl_reason *why)
{
	struct kssl_settings result = kssl_settings_get(old);
	unsigned int i;
	int err = 0;

	for (i = 0; i < n && !err; i++)
		err = change_row(old, &values[i], level, frozen, &result, why);
	if (!err && n)
		err = check_conflict(&result, values, n, why);
	if (err) {
		kssl_settings_put(&result);
		return err;
	}
	*new = result;
	return 0;
}

static void copy_slot(struct kssl_snapshot *to, enum kssl_row_id id,
		      const struct kssl_settings *from)
{
	union kssl_slot *slot = &to->slot[id - to->first];
	bool blob = kssl_row_is_blob(&kssl_rows[id]);
	union kssl_slot old = *slot;

	*slot = *kssl_settings_slot(from, id);
	if (blob) {
		kssl_blob_get(slot->blob);
		kssl_blob_put(old.blob);
	}
}

static bool same_slot(const struct kssl_settings *a,
		      const struct kssl_settings *b, enum kssl_row_id id)
{
	const struct kssl_blob *of_a, *of_b;

	if (!kssl_row_is_blob(&kssl_rows[id]))
		return kssl_settings_num(a, id) == kssl_settings_num(b, id);
	of_a = kssl_settings_blob(a, id);
	of_b = kssl_settings_blob(b, id);
	if (of_a == of_b)
		return true;
	return of_a && of_b && of_a->len == of_b->len &&
		!memcmp(of_a->data, of_b->data, of_a->len);
}

/**
 * kssl_settings_switch - make what settings become with another context
 * @old: the settings of a connection, unchanged
 * @from: the settings of the context that it leaves
 * @to: the settings of the context that it goes to
 * @new: takes the result, which the caller has to put, on success only
 *
 * Follows SSL_set_SSL_CTX(3): the certificates and what goes with them are
 * those of @to, all other rows stay, but for a session id context that is the
 * one of @from.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int kssl_settings_switch(const struct kssl_settings *old,
			 const struct kssl_settings *from,
			 const struct kssl_settings *to,
			 struct kssl_settings *new)
{
	struct kssl_snapshot *dup = snapshot_copy(old->dup);
	enum kssl_row_id id;

	if (!dup)
		return -ENOMEM;
	for (id = 0; id < KSSL_ROWS_DUP; id++)
		if (kssl_rows[id].cert)
			copy_slot(dup, id, to);
	if (same_slot(old, from, KSSL_ROW_SESSION_ID_CONTEXT))
		copy_slot(dup, KSSL_ROW_SESSION_ID_CONTEXT, to);
	new->dup = dup;
	new->inherit = kssl_snapshot_get(old->inherit);
	return 0;
}

static int check_row_keys(const struct kssl_settings *settings,
			  enum kssl_row_id id, struct kssl_reason *why)
{
	const struct kssl_blob *blob = kssl_settings_blob(settings, id);
	int err;
	u32 i;

	for (i = 0; i < kssl_blob_n_keys(blob); i++) {
		err = key_validate(kssl_blob_keys(blob)[i]);
		if (err)
			return kssl_refuse_nested(why, err, KSSL_A_SETTINGS,
						  kssl_rows[id].attr,
						  bad_key(err));
	}
	return 0;
}

/**
 * kssl_settings_check_keys - are the keys that settings name still good
 * @settings: the settings
 * @why: takes the reason of a refusal, or NULL
 *
 * Return: 0, -EKEYREVOKED, -EKEYEXPIRED or -ENOKEY.
 */
int kssl_settings_check_keys(const struct kssl_settings *settings,
			     struct kssl_reason *why)
{
	enum kssl_row_id id;
	int err = 0;

	for (id = 0; id < KSSL_ROWS && !err; id++)
		if (kssl_row_has_keys(&kssl_rows[id]))
			err = check_row_keys(settings, id, why);
	return err;
}

/**
 * kssl_settings_has_suite - is a cipher suite in a list
 * @settings: the settings
 * @id: the list, KSSL_ROW_CIPHER_LIST or KSSL_ROW_CIPHERSUITES
 * @code: the suite's IANA code
 *
 * Return: true if it is.
 */
bool kssl_settings_has_suite(const struct kssl_settings *settings,
			     enum kssl_row_id id, u16 code)
{
	const struct kssl_blob *blob = kssl_settings_blob(settings, id);
	const u16 *codes;
	u32 i;

	if (!blob)
		return false;
	codes = (const u16 *)blob->data;
	for (i = 0; i < blob->len / sizeof(*codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

/**
 * kssl_settings_same_policy - do settings differ in live rows at most
 * @a: some settings
 * @b: others, made from @a by a change
 *
 * Return: true if all rows that are policy are the same.
 */
bool kssl_settings_same_policy(const struct kssl_settings *a,
			       const struct kssl_settings *b)
{
	const union kssl_slot *of_a, *of_b;
	enum kssl_row_id id;
	bool same = true;

	for (id = 0; id < KSSL_ROWS && same; id++) {
		if (kssl_rows[id].live)
			continue;
		of_a = kssl_settings_slot(a, id);
		of_b = kssl_settings_slot(b, id);
		if (kssl_row_is_blob(&kssl_rows[id]))
			same = of_a->blob == of_b->blob;
		else
			same = of_a->num == of_b->num;
	}
	return same;
}

/**
 * kssl_settings_role - the role of a connection with these settings
 * @settings: the settings
 *
 * Return: the role that was set, else the only one that the method allows,
 * else KSSL_ROLE_UNSET.
 */
enum kssl_role kssl_settings_role(const struct kssl_settings *settings)
{
	u64 role = kssl_settings_num(settings, KSSL_ROW_ROLE);

	BUILD_BUG_ON((int)KSSL_ROLE_CLIENT != (int)KSSL_METHOD_CLIENT);
	BUILD_BUG_ON((int)KSSL_ROLE_SERVER != (int)KSSL_METHOD_SERVER);
	return role ?: kssl_settings_num(settings, KSSL_ROW_METHOD);
}
