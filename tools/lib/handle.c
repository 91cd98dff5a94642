// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles: what contexts and connections have in common in this process.
 *
 * A client has one handle an object, found by its id. The handle counts the
 * references that the client holds in the kernel and goes with the last one.
 * The client's lock protects the counts and the tables; what a handle owns is
 * freed without that lock, since the bridge may call back from there.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define TABLE_MIN	16

static struct kssl_table *table_of(struct kssl_handle *handle)
{
	return &handle->client->table[handle->kind->index];
}

/* Ids are handed out in a row, so their low bits spread well. */
static struct kssl_handle **bucket_of(const struct kssl_table *table,
				      uint32_t id)
{
	return &table->bucket[id & table->mask];
}

static struct kssl_handle *table_find(const struct kssl_table *table,
				      uint32_t id)
{
	struct kssl_handle *handle;

	if (!table->bucket)
		return NULL;
	for (handle = *bucket_of(table, id); handle; handle = handle->next)
		if (handle->id == id)
			return handle;
	return NULL;
}

struct kssl_ctx *kssl_find_ctx(struct kssl *s)
{
	const struct kssl_client *client = s->handle.client;

	return (struct kssl_ctx *)table_find(&client->table[KSSL_KIND_CTX],
					     kssl_get_ctx_id(s));
}

static void table_link(struct kssl_table *table, struct kssl_handle *handle)
{
	struct kssl_handle **bucket = bucket_of(table, handle->id);

	handle->next = *bucket;
	*bucket = handle;
}

/* A table that cannot grow gets slower and nothing else. */
static void table_grow(struct kssl_table *table)
{
	struct kssl_table new = { .n = table->n };
	struct kssl_handle *handle, *next;
	unsigned int i;

	new.mask = (table->mask + 1) * 2 - 1;
	new.bucket = calloc((size_t)new.mask + 1, sizeof(*new.bucket));
	if (!new.bucket)
		return;
	for (i = 0; i <= table->mask; i++) {
		for (handle = table->bucket[i]; handle; handle = next) {
			next = handle->next;
			table_link(&new, handle);
		}
	}
	free(table->bucket);
	*table = new;
}

static int table_reserve(struct kssl_table *table)
{
	if (table->bucket)
		return 1;
	table->bucket = calloc(TABLE_MIN, sizeof(*table->bucket));
	if (!table->bucket)
		return 0;
	table->mask = TABLE_MIN - 1;
	return 1;
}

static void table_remove(struct kssl_table *table, struct kssl_handle *handle)
{
	struct kssl_handle **pos = bucket_of(table, handle->id);

	while (*pos != handle)
		pos = &(*pos)->next;
	*pos = handle->next;
	table->n--;
}

void kssl_table_destroy(struct kssl_table *table)
{
	struct kssl_handle *handle;
	unsigned int i;

	if (!table->bucket)
		return;
	for (i = 0; i <= table->mask; i++) {
		while ((handle = table->bucket[i])) {
			table->bucket[i] = handle->next;
			kssl_handle_destroy(handle);
		}
	}
	free(table->bucket);
	memset(table, 0, sizeof(*table));
}

struct kssl_handle *kssl_handle_alloc(const struct kssl_kind *kind,
				      struct kssl_client *client)
{
	struct kssl_handle *handle = calloc(1, kind->size);

	if (!handle || !table_reserve(&client->table[kind->index])) {
		free(handle);
		kssl_set_errno(ENOMEM);
		return NULL;
	}
	handle->kind = kind;
	handle->client = client;
	return handle;
}

void kssl_handle_publish(struct kssl_handle *handle, uint32_t id)
{
	struct kssl_table *table = table_of(handle);

	handle->id = id;
	handle->refs = 1;
	if (++table->n > table->mask)
		table_grow(table);
	table_link(table, handle);
}

void kssl_handle_destroy(struct kssl_handle *handle)
{
	struct kssl_error_save save;

	kssl_error_save(&save);
	if (handle->bridge)
		handle->bridge_release(handle->bridge);
	handle->kind->cleanup(handle);
	free(handle);
	kssl_error_restore(&save);
}

int kssl_handle_enter(struct kssl_handle *handle)
{
	if (!handle)
		return kssl_set_error(EINVAL, "no object given");
	return kssl_client_enter(handle->client);
}

void kssl_handle_request(struct kssl_handle *handle, uint8_t cmd)
{
	kssl_req_begin(handle->client, cmd);
	kssl_req_u32(handle->client, handle->kind->attr_id, handle->id);
}

int kssl_handle_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	struct kssl_handle *handle = arg;

	(void)i;
	handle->kind->fill(handle, nlh);
	return 1;
}

int kssl_handle_simple(struct kssl_handle *handle, uint8_t cmd)
{
	int ok;

	if (!kssl_handle_enter(handle))
		return 0;
	kssl_handle_request(handle, cmd);
	ok = kssl_req_send(handle->client, kssl_handle_reply, handle);
	kssl_client_leave(handle->client);
	return ok;
}

/* What became of the two requests of from_id. */
struct take {
	struct kssl_handle *handle;
	int taken;
};

static int take_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	struct take *take = arg;

	if (i == 0)
		take->taken = 1;
	else
		take->handle->kind->fill(take->handle, nlh);
	return 1;
}

/* The handle that the client has for the object already counts, if any. */
static struct kssl_handle *take_ref(struct kssl_handle *handle, uint32_t id)
{
	struct kssl_handle *old = table_find(table_of(handle), id);
	struct take take = { .handle = old ? old : handle };
	struct kssl_error_save save;

	handle->id = id;
	kssl_handle_request(handle, handle->kind->cmd_up_ref);
	kssl_handle_request(handle, handle->kind->cmd_get);
	if (!kssl_req_send(handle->client, take_reply, &take)) {
		if (!take.taken)
			return NULL;
		kssl_error_save(&save);
		kssl_handle_request(handle, handle->kind->cmd_free);
		kssl_req_send(handle->client, NULL, NULL);
		kssl_error_restore(&save);
		return NULL;
	}
	if (old)
		old->refs++;
	else
		kssl_handle_publish(handle, id);
	return take.handle;
}

struct kssl_handle *kssl_handle_from_id(const struct kssl_kind *kind,
					struct kssl_client *client,
					uint32_t id)
{
	struct kssl_handle *handle, *found = NULL;

	if (!kssl_client_enter(client))
		return NULL;
	handle = kssl_handle_alloc(kind, client);
	if (handle)
		found = take_ref(handle, id);
	kssl_client_leave(client);

	if (handle && found != handle)
		kssl_handle_destroy(handle);
	return found;
}

/* What an import gave a reference on. */
struct import {
	struct kssl_handle *handle;
	struct kssl_handle *result;
	const struct kssl_kind *kind;
	uint32_t id;
};

/* A connection is reported with its context's id besides its own. */
static int import_reply(const struct nlmsghdr *nlh, unsigned int i, void *arg)
{
	const struct nlattr *tb[KSSL_A_MAX + 1];
	struct import *import = arg;
	struct kssl_handle *handle = import->handle, *old;

	(void)i;
	kssl_attrs_parse(nlh, tb);
	import->kind = tb[KSSL_A_ID] ? &kssl_conn_kind : &kssl_ctx_kind;
	import->id = kssl_attr_uint(tb[import->kind->attr_id]);
	if (import->kind != handle->kind)
		return 1;
	old = table_find(table_of(handle), import->id);
	import->result = old ? old : handle;
	handle->kind->fill(import->result, nlh);
	if (old)
		old->refs++;
	else
		kssl_handle_publish(handle, import->id);
	return 1;
}

/* Takes @import->handle into use, or leaves it to the caller to destroy. */
static void import_ref(struct import *import, int fd, enum kssl_rights rights)
{
	struct kssl_client *client = import->handle->client;

	kssl_req_begin(client, KSSL_CMD_IMPORT);
	kssl_req_u32(client, KSSL_A_FD, fd);
	if (rights)
		kssl_req_u32(client, KSSL_A_RIGHTS, rights);
	if (!kssl_req_send(client, import_reply, import) || import->result)
		return;
	kssl_req_begin(client, import->kind->cmd_free);
	kssl_req_u32(client, import->kind->attr_id, import->id);
	kssl_req_send(client, NULL, NULL);
	kssl_set_error(EINVAL, "the file descriptor is of a %s",
		       import->kind == &kssl_ctx_kind ?
		       "context, not of a connection" :
		       "connection, not of a context");
}

struct kssl_handle *kssl_handle_import(const struct kssl_kind *kind,
				       struct kssl_client *client, int fd,
				       enum kssl_rights rights)
{
	struct import import = { .handle = NULL };

	if (!kssl_client_enter(client))
		return NULL;
	import.handle = kssl_handle_alloc(kind, client);
	if (import.handle)
		import_ref(&import, fd, rights);
	kssl_client_leave(client);

	if (import.handle && import.result != import.handle)
		kssl_handle_destroy(import.handle);
	return import.result;
}

int kssl_handle_up_ref(struct kssl_handle *handle)
{
	int ok;

	if (!kssl_handle_enter(handle))
		return 0;
	kssl_handle_request(handle, handle->kind->cmd_up_ref);
	ok = kssl_req_send(handle->client, NULL, NULL);
	if (ok)
		handle->refs++;
	kssl_client_leave(handle->client);
	return ok;
}

/* Returns @handle if that was its last reference. */
static struct kssl_handle *drop(struct kssl_handle *handle)
{
	if (--handle->refs)
		return NULL;
	table_remove(table_of(handle), handle);
	return handle;
}

void kssl_handle_free_batch(struct kssl_handle **handles, unsigned int n)
{
	struct kssl_handle *gone[KSSL_BATCH_MAX];
	struct kssl_client *client = handles[0]->client;
	int foreign = kssl_client_foreign(client);
	struct kssl_error_save save;
	unsigned int i;

	/*
	 * A child has no say in its parent's references, and the lock may have
	 * been held by a thread that it does not have. A dump's callback cannot
	 * free: the reference stays.
	 */
	kssl_error_save(&save);
	if (!foreign) {
		if (pthread_mutex_lock(&client->lock))
			return;
		for (i = 0; i < n; i++)
			kssl_handle_request(handles[i],
					    handles[i]->kind->cmd_free);
		kssl_req_send(client, NULL, NULL);
	}
	for (i = 0; i < n; i++)
		gone[i] = drop(handles[i]);
	if (!foreign)
		kssl_client_leave(client);

	for (i = 0; i < n; i++)
		if (gone[i])
			kssl_handle_destroy(gone[i]);
	kssl_error_restore(&save);
}

void kssl_handle_free(struct kssl_handle *handle)
{
	if (handle)
		kssl_handle_free_batch(&handle, 1);
}

static void **slot(struct kssl_handle *handle, void (*release)(void *))
{
	if (!handle) {
		kssl_set_error(EINVAL, "no object given");
		return NULL;
	}
	handle->bridge_release = release;
	return &handle->bridge;
}

void **kssl_bridge_slot(struct kssl *s, void (*release)(void *))
{
	return slot(kssl_conn_handle(s), release);
}

void **kssl_ctx_bridge_slot(struct kssl_ctx *ctx, void (*release)(void *))
{
	return slot(kssl_ctx_handle(ctx), release);
}
