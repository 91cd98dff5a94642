// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rows that are set together. A row is kept as the payload of its attribute,
 * so that the kernel sees what the caller gave and is the one who judges it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct kssl_settings *kssl_settings_new(void)
{
	struct kssl_settings *settings = calloc(1, sizeof(*settings));

	if (!settings)
		kssl_set_errno(ENOMEM);
	return settings;
}

static void row_cleanup(struct kssl_row *row)
{
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

/* Rows of one value: name, attribute, type here, type in the attribute. */
#define SCALAR_ROW(name, attr, type, wire)				\
int kssl_settings_##name(struct kssl_settings *settings, type value)	\
{									\
	wire data = value;						\
									\
	return put(settings, KSSL_A_SETTINGS_##attr, &data,		\
		   sizeof(data));					\
}

SCALAR_ROW(method, METHOD, enum kssl_method, uint32_t)
SCALAR_ROW(min_proto, MIN_PROTO, uint16_t, uint16_t)
SCALAR_ROW(max_proto, MAX_PROTO, uint16_t, uint16_t)
SCALAR_ROW(verify_mode, VERIFY_MODE, uint32_t, uint32_t)
SCALAR_ROW(verify_depth, VERIFY_DEPTH, int, int32_t)
SCALAR_ROW(timeout, TIMEOUT, uint32_t, uint32_t)
SCALAR_ROW(max_cert_list, MAX_CERT_LIST, uint32_t, uint32_t)
SCALAR_ROW(role, ROLE, enum kssl_role, uint32_t)

/* Any true value is on: the narrow attribute must not cut 256 down to 0. */
int kssl_settings_read_ahead(struct kssl_settings *settings, int on)
{
	uint8_t data = !!on;

	return put(settings, KSSL_A_SETTINGS_READ_AHEAD, &data, sizeof(data));
}

static int put_list(struct kssl_settings *settings, uint16_t type,
		    const uint16_t *codes, size_t n)
{
	/* What cannot be counted in bytes cannot be copied either. */
	if (n > SIZE_MAX / sizeof(*codes))
		return kssl_set_errno(ENOMEM);
	return put(settings, type, codes, n * sizeof(*codes));
}

int kssl_settings_cipher_list(struct kssl_settings *settings,
			      const uint16_t *codes, size_t n)
{
	return put_list(settings, KSSL_A_SETTINGS_CIPHER_LIST, codes, n);
}

int kssl_settings_ciphersuites(struct kssl_settings *settings,
			       const uint16_t *codes, size_t n)
{
	return put_list(settings, KSSL_A_SETTINGS_CIPHERSUITES, codes, n);
}

int kssl_settings_label(struct kssl_settings *settings, const char *label)
{
	if (!label)
		label = "";
	return put(settings, KSSL_A_SETTINGS_LABEL, label, strlen(label) + 1);
}

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
		if (row->set)
			kssl_req_put(client, type, row_data(row), row->len);
	}
	kssl_req_nest_end(client, nest);
}
