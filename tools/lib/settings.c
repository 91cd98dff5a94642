// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rows that are set together. A row is kept as the payload of its attribute,
 * so that the kernel sees what the caller gave and is the one who judges it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "rows.h"

struct kssl_settings *kssl_settings_new(void)
{
	struct kssl_settings *settings = calloc(1, sizeof(*settings));

	if (!settings)
		kssl_set_errno(ENOMEM);
	return settings;
}

/* A session is a secret. */
static void row_cleanup(struct kssl_row *row)
{
	if (row->big)
		explicit_bzero(row->big, row->len);
	free(row->big);
	memset(row, 0, sizeof(*row));
}

void kssl_settings_cleanup(struct kssl_settings *settings)
{
	size_t i;

	for (i = 0; i < KSSL_ARRAY_SIZE(settings->row); i++)
		row_cleanup(&settings->row[i]);
}

void kssl_settings_free(struct kssl_settings *settings)
{
	if (!settings)
		return;
	kssl_settings_cleanup(settings);
	free(settings);
}

static const void *row_data(const struct kssl_row *row)
{
	return row->big ? row->big : row->small;
}

static int put(struct kssl_settings *settings, uint16_t type, const void *data,
	       size_t len)
{
	struct kssl_row new = { .set = 1, .len = len };

	if (!settings)
		return kssl_set_error(EINVAL, "no settings given");
	if (!type)
		return kssl_set_error(EINVAL, "no row with that index");
	if (len > sizeof(new.small)) {
		new.big = malloc(len);
		if (!new.big)
			return kssl_set_errno(ENOMEM);
	}
	if (len)
		memcpy(new.big ? new.big : new.small, data, len);
	row_cleanup(&settings->row[type]);
	settings->row[type] = new;
	return 1;
}

static uint64_t old_bits(const struct kssl_settings *settings, uint16_t type)
{
	const struct kssl_row *row = &settings->row[type];
	uint64_t u64 = 0;
	uint32_t u32 = 0;

	if (row->len == sizeof(u64)) {
		memcpy(&u64, row->small, sizeof(u64));
	} else if (row->len == sizeof(u32)) {
		memcpy(&u32, row->small, sizeof(u32));
		u64 = u32;
	}
	return u64;
}

/* A later call adds to an earlier one, as SSL_set_options(3) does. */
int kssl_settings_options(struct kssl_settings *settings, uint64_t bits,
			  uint64_t mask)
{
	if (settings) {
		bits &= mask;
		bits |= old_bits(settings, KSSL_A_SETTINGS_OPTIONS) & ~mask;
		mask |= old_bits(settings, KSSL_A_SETTINGS_OPTIONS_MASK);
	}
	return put(settings, KSSL_A_SETTINGS_OPTIONS, &bits, sizeof(bits)) &&
	       put(settings, KSSL_A_SETTINGS_OPTIONS_MASK, &mask,
		   sizeof(mask));
}

int kssl_settings_mode(struct kssl_settings *settings, uint32_t bits,
		       uint32_t mask)
{
	if (settings) {
		bits &= mask;
		bits |= old_bits(settings, KSSL_A_SETTINGS_MODE) & ~mask;
		mask |= old_bits(settings, KSSL_A_SETTINGS_MODE_MASK);
	}
	return put(settings, KSSL_A_SETTINGS_MODE, &bits, sizeof(bits)) &&
	       put(settings, KSSL_A_SETTINGS_MODE_MASK, &mask, sizeof(mask));
}

#define NUMBER(row, ROW, set, get, type)				\
int kssl_settings_##row(struct kssl_settings *settings, type value)	\
{									\
	return put(settings, KSSL_A_SETTINGS_##ROW, &value,		\
		   sizeof(value));					\
}

KSSL_ROWS_NUMBER(NUMBER)

static int put_u32(struct kssl_settings *settings, uint16_t type,
		   uint32_t value)
{
	return put(settings, type, &value, sizeof(value));
}

int kssl_settings_method(struct kssl_settings *settings,
			 enum kssl_method method)
{
	return put_u32(settings, KSSL_A_SETTINGS_METHOD, method);
}

int kssl_settings_role(struct kssl_settings *settings, enum kssl_role role)
{
	return put_u32(settings, KSSL_A_SETTINGS_ROLE, role);
}

int kssl_settings_timeout(struct kssl_settings *settings, uint32_t seconds)
{
	return put_u32(settings, KSSL_A_SETTINGS_TIMEOUT, seconds);
}

int kssl_settings_callbacks(struct kssl_settings *settings, uint32_t mask)
{
	return put_u32(settings, KSSL_A_SETTINGS_CALLBACKS, mask);
}

int kssl_settings_callbacks_cookie(struct kssl_settings *settings,
				   uint64_t cookie)
{
	return put(settings, KSSL_A_SETTINGS_CALLBACKS_COOKIE, &cookie,
		   sizeof(cookie));
}

/* Any true value is on: the narrow attribute must not cut 256 down to 0. */
#define BOOL(row, ROW, set, get)					\
int kssl_settings_##row(struct kssl_settings *settings, int on)		\
{									\
	uint8_t data = !!on;						\
									\
	return put(settings, KSSL_A_SETTINGS_##ROW, &data,		\
		   sizeof(data));					\
}

KSSL_ROWS_BOOL(BOOL)

static int put_list(struct kssl_settings *settings, uint16_t type,
		    const void *list, size_t n, size_t size)
{
	/* What cannot be counted in bytes cannot be copied either. */
	if (n > SIZE_MAX / size)
		return kssl_set_errno(ENOMEM);
	return put(settings, type, list, n * size);
}

#define CODES(row, ROW, set, get)					\
int kssl_settings_##row(struct kssl_settings *settings,			\
			const uint16_t *codes, size_t n)		\
{									\
	return put_list(settings, KSSL_A_SETTINGS_##ROW, codes, n,	\
			sizeof(*codes));				\
}

KSSL_ROWS_CODES(CODES)

#define KEYS(row, ROW, set, get)					\
int kssl_settings_##row(struct kssl_settings *settings,			\
			const uint32_t *serials, size_t n)		\
{									\
	return put_list(settings, KSSL_A_SETTINGS_##ROW, serials, n,	\
			sizeof(*serials));				\
}

KSSL_ROWS_KEYS(KEYS)

#define TEXT(row, ROW, set, get, max)					\
int kssl_settings_##row(struct kssl_settings *settings,			\
			const char *text)				\
{									\
	if (!text)							\
		text = "";						\
	return put(settings, KSSL_A_SETTINGS_##ROW, text,		\
		   strlen(text) + 1);					\
}

KSSL_ROWS_TEXT(TEXT)

#define BYTES(row, ROW, set, get)					\
int kssl_settings_##row(struct kssl_settings *settings,			\
			const void *data, size_t len)			\
{									\
	return put(settings, KSSL_A_SETTINGS_##ROW, data, len);		\
}

KSSL_ROWS_BYTES(BYTES)
BYTES(session, SESSION, set_session, get_session)

uint16_t kssl_slot_attr(uint16_t first, unsigned int slot)
{
	return slot < KSSL_CERT_SLOTS ? first + slot : 0;
}

uint16_t kssl_ex_data_attr(unsigned int index)
{
	return index < KSSL_EX_DATA_MAX ? KSSL_A_SETTINGS_EX_DATA_0 + index : 0;
}

#define SLOT_BYTES(row, ROW, set, get)					\
int kssl_settings_##row(struct kssl_settings *settings,			\
			enum kssl_cert_slot slot, const void *data,	\
			size_t len)					\
{									\
	return put(settings,						\
		   kssl_slot_attr(KSSL_A_SETTINGS_##ROW##_RSA, slot),	\
		   data, len);						\
}

KSSL_ROWS_SLOT_BYTES(SLOT_BYTES)

#define SLOT_KEY(row, ROW, set, get)					\
int kssl_settings_##row(struct kssl_settings *settings,			\
			enum kssl_cert_slot slot, uint32_t serial)	\
{									\
	return put_u32(settings,					\
		       kssl_slot_attr(KSSL_A_SETTINGS_##ROW##_RSA,	\
				      slot), serial);			\
}

KSSL_ROWS_SLOT_KEY(SLOT_KEY)

int kssl_settings_ex_data(struct kssl_settings *settings, unsigned int index,
			  const void *data, size_t len)
{
	return put(settings, kssl_ex_data_attr(index), data, len);
}

/* What a row and the head of its nest leave of the longest attribute. */
#define ROW_MAX_LEN	(UINT16_MAX - 3 - 2 * NLA_HDRLEN)

/* A mask is of use in the nest of its row only, and both are short. */
static int is_mask(uint16_t type)
{
	return type == KSSL_A_SETTINGS_OPTIONS_MASK ||
	       type == KSSL_A_SETTINGS_MODE_MASK;
}

static size_t row_size(const struct kssl_settings *settings, uint16_t type)
{
	const struct kssl_row *row = &settings->row[type];
	size_t size = NLA_HDRLEN + NLA_ALIGN(row->len);

	if (type < KSSL_A_SETTINGS_MAX && is_mask(type + 1))
		size += row_size(settings, type + 1);
	return size;
}

/*
 * No attribute can have more than 64 KiB, so a nest that is full is followed by
 * another.
 */
void kssl_settings_put(struct kssl_client *client,
		       const struct kssl_settings *settings)
{
	const struct kssl_row *row;
	uint16_t type;
	size_t nest;

	if (!settings)
		return;
	nest = kssl_req_nest(client, KSSL_A_SETTINGS);
	for (type = 0; type <= KSSL_A_SETTINGS_MAX; type++) {
		row = &settings->row[type];
		if (!row->set)
			continue;
		if (row->len > ROW_MAX_LEN) {
			kssl_req_refuse(client, EINVAL, "too long",
					KSSL_A_SETTINGS, type);
			return;
		}
		if (client->req.len - nest + row_size(settings, type) >
		    UINT16_MAX) {
			kssl_req_nest_end(client, nest);
			nest = kssl_req_nest(client, KSSL_A_SETTINGS);
		}
		kssl_req_put(client, type, row_data(row), row->len);
	}
	kssl_req_nest_end(client, nest);
}
