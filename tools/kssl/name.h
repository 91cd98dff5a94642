/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The names that values of the netlink family have in its specification.
 */
#ifndef TOOL_NAME_H
#define TOOL_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name {
	uint64_t value;
	const char *name;
};

/* Each table ends with a NULL name. */
extern const struct name method_names[];
extern const struct name role_names[];
extern const struct name state_names[];
extern const struct name event_names[];
extern const struct name direction_names[];
extern const struct name rights_names[];
extern const struct name proto_names[];
extern const struct name op_names[];
extern const struct name mode_names[];
extern const struct name verify_names[];
extern const struct name verify_flag_names[];
extern const struct name host_flag_names[];
extern const struct name dane_flag_names[];
extern const struct name callback_names[];
extern const struct name slot_names[];
extern const struct name group_names[];
extern const struct name sigalg_names[];

/*
 * name_of - the name of @value, or NULL
 * name_value - the value of @name; false if it has none
 * name_bits - all bits that have a name
 */
const char *name_of(const struct name *names, uint64_t value);
bool name_value(const struct name *names, const char *name, uint64_t *value);
uint64_t name_bits(const struct name *names);

#endif /* TOOL_NAME_H */
