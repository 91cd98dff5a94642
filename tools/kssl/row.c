// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "error.h"
#include "name.h"
#include "out.h"
#include "row.h"
#include "value.h"

/* What a setter of libkssl returned. */
static int stored(int ok)
{
	return ok ? 0 : library_error();
}

/* --- one of some names -------------------------------------------------- */

static int parse_method(struct kssl_settings *settings, const char *name,
			const char *value)
{
	uint64_t method;

	if (!name_value(method_names, value, &method))
		return value_bad(name, value);
	return stored(kssl_settings_method(settings, method));
}

static int parse_role(struct kssl_settings *settings, const char *name,
		      const char *value)
{
	uint64_t role;

	if (!name_value(role_names, value, &role))
		return value_bad(name, value);
	return stored(kssl_settings_role(settings, role));
}

static int parse_min_proto(struct kssl_settings *settings, const char *name,
			   const char *value)
{
	uint64_t version;

	if (!name_value(proto_names, value, &version))
		return value_bad(name, value);
	return stored(kssl_settings_min_proto(settings, version));
}

static int parse_max_proto(struct kssl_settings *settings, const char *name,
			   const char *value)
{
	uint64_t version;

	if (!name_value(proto_names, value, &version))
		return value_bad(name, value);
	return stored(kssl_settings_max_proto(settings, version));
}

static int parse_read_ahead(struct kssl_settings *settings, const char *name,
			    const char *value)
{
	bool on = !strcmp(value, "on");

	if (!on && strcmp(value, "off"))
		return value_bad(name, value);
	return stored(kssl_settings_read_ahead(settings, on));
}

/* A value that this tool knows no name of is shown as its number. */
static void print_name(const char *name, const struct name *names,
		       uint64_t value)
{
	const char *known = name_of(names, value);
	char number[20];

	if (!known) {
		snprintf(number, sizeof(number), "0x%04llx",
			 (unsigned long long)value);
		known = number;
	}
	out_str(name, known, NULL);
}

static void print_method(const char *name,
			 const struct kssl_settings_info *info)
{
	print_name(name, method_names, info->method);
}

static void print_role(const char *name, const struct kssl_settings_info *info)
{
	print_name(name, role_names, info->role);
}

static void print_min_proto(const char *name,
			    const struct kssl_settings_info *info)
{
	print_name(name, proto_names, info->min_proto);
}

static void print_max_proto(const char *name,
			    const struct kssl_settings_info *info)
{
	print_name(name, proto_names, info->max_proto);
}

static void print_read_ahead(const char *name,
			     const struct kssl_settings_info *info)
{
	out_bool(name, info->read_ahead, NULL);
}

/* --- numbers ------------------------------------------------------------ */

static int parse_verify_depth(struct kssl_settings *settings, const char *name,
			      const char *value)
{
	uint64_t depth;

	if (!strcmp(value, "default"))
		return stored(kssl_settings_verify_depth(settings, -1));
	if (!parse_number(value, INT32_MAX, &depth))
		return value_bad(name, value);
	return stored(kssl_settings_verify_depth(settings, depth));
}

static int parse_timeout(struct kssl_settings *settings, const char *name,
			 const char *value)
{
	uint64_t seconds;

	if (!parse_number(value, UINT32_MAX, &seconds))
		return value_bad(name, value);
	return stored(kssl_settings_timeout(settings, seconds));
}

static int parse_max_cert_list(struct kssl_settings *settings,
			       const char *name, const char *value)
{
	uint64_t bytes;

	if (!parse_number(value, UINT32_MAX, &bytes))
		return value_bad(name, value);
	return stored(kssl_settings_max_cert_list(settings, bytes));
}

static void print_verify_depth(const char *name,
			       const struct kssl_settings_info *info)
{
	if (info->verify_depth < 0)
		out_int(name, info->verify_depth, "%s default", name);
	else
		out_int(name, info->verify_depth, NULL);
}

static void print_timeout(const char *name,
			  const struct kssl_settings_info *info)
{
	out_uint(name, info->timeout, NULL);
}

static void print_max_cert_list(const char *name,
				const struct kssl_settings_info *info)
{
	out_uint(name, info->max_cert_list, NULL);
}

/* --- words with a separator --------------------------------------------- */

struct bits {
	const struct name *names;
	uint64_t max;
	uint64_t value;
};

static bool add_bit(const char *word, void *arg)
{
	struct bits *bits = arg;
	uint64_t bit;

	if (!name_value(bits->names, word, &bit) &&
	    !parse_number(word, bits->max, &bit))
		return false;
	bits->value |= bit;
	return true;
}

/*
 * "+" sets bits, "-" clears them; without either they are all that is set.
 * @bits comes with its names and bounds; *@mask is what changes.
 */
static int parse_bits(const char *name, const char *value, struct bits *bits,
		      uint64_t *mask)
{
	const char *words = value + (*value == '+' || *value == '-');
	int ret;

	if (words != value && !*words)
		return value_bad(name, value);
	ret = value_words(name, words, ',', add_bit, bits);
	*mask = bits->value;
	if (*value == '-')
		bits->value = 0;
	else if (*value != '+')
		*mask |= name_bits(bits->names);
	return ret;
}

static int parse_options(struct kssl_settings *settings, const char *name,
			 const char *value)
{
	struct bits bits = { .names = op_names, .max = UINT64_MAX };
	uint64_t mask;
	int ret;

	ret = parse_bits(name, value, &bits, &mask);
	if (ret)
		return ret;
	return stored(kssl_settings_options(settings, bits.value, mask));
}

static int parse_mode(struct kssl_settings *settings, const char *name,
		      const char *value)
{
	struct bits bits = { .names = mode_names, .max = UINT32_MAX };
	uint64_t mask;
	int ret;

	ret = parse_bits(name, value, &bits, &mask);
	if (ret)
		return ret;
	return stored(kssl_settings_mode(settings, bits.value, mask));
}

static int parse_verify_mode(struct kssl_settings *settings, const char *name,
			     const char *value)
{
	struct bits bits = { .names = verify_names, .max = UINT32_MAX };
	int ret;

	ret = value_words(name, value, ',', add_bit, &bits);
	if (ret)
		return ret;
	return stored(kssl_settings_verify_mode(settings, bits.value));
}

/* Bits without a name come last, as one number. */
static void print_bits(const char *name, const struct name *names,
		       uint64_t value)
{
	char number[20];

	out_words_begin(name, ',');
	for (; names->name; names++) {
		if (value & names->value)
			out_word(names->name);
		value &= ~names->value;
	}
	if (value) {
		snprintf(number, sizeof(number), "0x%llx",
			 (unsigned long long)value);
		out_word(number);
	}
	out_words_end();
}

static void print_options(const char *name,
			  const struct kssl_settings_info *info)
{
	print_bits(name, op_names, info->options);
}

static void print_mode(const char *name, const struct kssl_settings_info *info)
{
	print_bits(name, mode_names, info->mode);
}

static void print_verify_mode(const char *name,
			      const struct kssl_settings_info *info)
{
	print_bits(name, verify_names, info->verify_mode);
}

struct suites {
	uint16_t code[KSSL_SUITES_MAX + 1];	/* one more, for the kernel */
	size_t n;
};

static bool add_suite(const char *word, void *arg)
{
	struct suites *suites = arg;
	uint64_t code = kssl_suite_code(word);

	if (!code && (strncmp(word, "0x", 2) ||
		      !parse_number(word, UINT16_MAX, &code)))
		return false;
	if (suites->n <= KSSL_SUITES_MAX)
		suites->code[suites->n++] = code;
	return true;
}

static int parse_cipher_list(struct kssl_settings *settings, const char *name,
			     const char *value)
{
	struct suites suites = { .n = 0 };
	int ret;

	ret = value_words(name, value, ':', add_suite, &suites);
	if (ret)
		return ret;
	return stored(kssl_settings_cipher_list(settings, suites.code,
						suites.n));
}

static int parse_ciphersuites(struct kssl_settings *settings,
			      const char *name, const char *value)
{
	struct suites suites = { .n = 0 };
	int ret;

	ret = value_words(name, value, ':', add_suite, &suites);
	if (ret)
		return ret;
	return stored(kssl_settings_ciphersuites(settings, suites.code,
						 suites.n));
}

static void print_suites(const char *name, const uint16_t *codes, size_t n)
{
	char number[8];
	const char *known;
	size_t i;

	out_words_begin(name, ':');
	for (i = 0; i < n; i++) {
		known = kssl_suite_name(codes[i]);
		if (!known) {
			snprintf(number, sizeof(number), "0x%04x", codes[i]);
			known = number;
		}
		out_word(known);
	}
	out_words_end();
}

static void print_cipher_list(const char *name,
			      const struct kssl_settings_info *info)
{
	print_suites(name, info->cipher_list, info->cipher_list_n);
}

static void print_ciphersuites(const char *name,
			       const struct kssl_settings_info *info)
{
	print_suites(name, info->ciphersuites, info->ciphersuites_n);
}

/* --- text --------------------------------------------------------------- */

static int parse_label(struct kssl_settings *settings, const char *name,
		       const char *value)
{
	(void)name;
	return stored(kssl_settings_label(settings, value));
}

static void print_label(const char *name, const struct kssl_settings_info *info)
{
	out_label(name, info->label);
}

/* --- rows that are alike ------------------------------------------------ */

/* Rows at these defaults are not shown. */
#define NUMBER(fn, max, def)						\
static int parse_##fn(struct kssl_settings *settings, const char *name,	\
		      const char *value)				\
{									\
	uint64_t number;						\
									\
	if (!parse_number(value, max, &number))				\
		return value_bad(name, value);				\
	return stored(kssl_settings_##fn(settings, number));		\
}									\
									\
static void print_##fn(const char *name,				\
		       const struct kssl_settings_info *info)		\
{									\
	if (info->fn != (def))						\
		out_uint(name, info->fn, NULL);				\
}

NUMBER(verify_purpose, UINT8_MAX, 0)
NUMBER(verify_trust, UINT8_MAX, 0)
NUMBER(verify_time, UINT64_MAX, 0)
NUMBER(dh_auto, UINT8_MAX, 0)
NUMBER(security_level, UINT8_MAX, 2)
NUMBER(num_tickets, UINT32_MAX, 2)
NUMBER(max_early_data, UINT32_MAX, 0)
NUMBER(recv_max_early_data, UINT32_MAX, 16384)
NUMBER(block_padding, UINT32_MAX, 0)
NUMBER(max_send_fragment, UINT32_MAX, 16384)
NUMBER(split_send_fragment, UINT32_MAX, 16384)
NUMBER(max_fragment_len, UINT8_MAX, 0)
NUMBER(psk_key, UINT32_MAX, 0)
NUMBER(callbacks_cookie, UINT64_MAX, 0)

static int parse_verify_auth_level(struct kssl_settings *settings,
				   const char *name, const char *value)
{
	uint64_t level;

	if (!strcmp(value, "default"))
		return stored(kssl_settings_verify_auth_level(settings, -1));
	if (!parse_number(value, INT32_MAX, &level))
		return value_bad(name, value);
	return stored(kssl_settings_verify_auth_level(settings, level));
}

static void print_verify_auth_level(const char *name,
				    const struct kssl_settings_info *info)
{
	if (info->verify_auth_level >= 0)
		out_int(name, info->verify_auth_level, NULL);
}

#define SWITCH(fn)							\
static int parse_##fn(struct kssl_settings *settings, const char *name,	\
		      const char *value)				\
{									\
	bool on = !strcmp(value, "on");					\
									\
	if (!on && strcmp(value, "off"))				\
		return value_bad(name, value);				\
	return stored(kssl_settings_##fn(settings, on));		\
}									\
									\
static void print_##fn(const char *name,				\
		       const struct kssl_settings_info *info)		\
{									\
	if (info->fn)							\
		out_bool(name, info->fn, NULL);				\
}

SWITCH(trust_system)
SWITCH(dane_enabled)
SWITCH(quiet_shutdown)
SWITCH(share)
SWITCH(keep)

#define FLAGS(fn, names_)						\
static int parse_##fn(struct kssl_settings *settings, const char *name,	\
		      const char *value)				\
{									\
	struct bits bits = { .names = names_, .max = UINT32_MAX };	\
	int ret = value_words(name, value, ',', add_bit, &bits);	\
									\
	return ret ? ret : stored(kssl_settings_##fn(settings,		\
						     bits.value));	\
}									\
									\
static void print_##fn(const char *name,				\
		       const struct kssl_settings_info *info)		\
{									\
	if (info->fn)							\
		print_bits(name, names_, info->fn);			\
}

FLAGS(verify_flags, verify_flag_names)
FLAGS(verify_host_flags, host_flag_names)
FLAGS(dane_flags, dane_flag_names)
FLAGS(callbacks, callback_names)

#define TEXT(fn)							\
static int parse_##fn(struct kssl_settings *settings, const char *name,	\
		      const char *value)				\
{									\
	(void)name;							\
	return stored(kssl_settings_##fn(settings, value));		\
}									\
									\
static void print_##fn(const char *name,				\
		       const struct kssl_settings_info *info)		\
{									\
	if (*info->fn)							\
		out_label(name, info->fn);				\
}

TEXT(verify_email)
TEXT(psk_identity_hint)
TEXT(psk_identity)
TEXT(sni)

#define BYTES(fn, read)							\
static int parse_##fn(struct kssl_settings *settings, const char *name,	\
		      const char *value)				\
{									\
	struct bytes bytes;						\
	int ret = read(name, value, &bytes);				\
									\
	if (!ret)							\
		ret = stored(kssl_settings_##fn(settings, bytes.data,	\
						bytes.len));		\
	return drop(&bytes, ret);					\
}

/* A session is among what files hold. */
static int drop(struct bytes *bytes, int ret)
{
	if (ret == EXIT_USAGE)
		return ret;
	if (bytes->len)
		explicit_bzero(bytes->data, bytes->len);
	free(bytes->data);
	return ret;
}

#define SHOWN(fn, show)							\
static void print_##fn(const char *name,				\
		       const struct kssl_settings_info *info)		\
{									\
	show(name, info->fn, info->fn##_len);				\
}

#define FILE_ROW(fn)							\
BYTES(fn, value_file)							\
									\
static void print_##fn(const char *name,				\
		       const struct kssl_settings_info *info)		\
{									\
	print_size(name, info->fn##_len);				\
}

BYTES(verify_hosts, value_names)
SHOWN(verify_hosts, print_names)
BYTES(alpn, value_names)
SHOWN(alpn, print_names)
BYTES(verify_ip, value_address)
SHOWN(verify_ip, print_address)
BYTES(session_id_context, value_hex)
SHOWN(session_id_context, print_hex)
BYTES(client_cert_types, value_hex)
SHOWN(client_cert_types, print_hex)
BYTES(dane_mtypes, value_hex)
SHOWN(dane_mtypes, print_hex)
BYTES(dane_tlsa, value_tlsa)
SHOWN(dane_tlsa, print_hex)
FILE_ROW(trust_anchors)
FILE_ROW(crls)
FILE_ROW(tmp_dh)
FILE_ROW(ca_list)
FILE_ROW(client_ca_list)
FILE_ROW(serverinfo)
FILE_ROW(serverinfo_v2)
FILE_ROW(custom_extensions)
/* No get reports it. */
BYTES(session, value_file)

#define CODES(fn, names)						\
static int parse_##fn(struct kssl_settings *settings, const char *name,	\
		      const char *value)				\
{									\
	struct codes codes;						\
	int ret = value_codes(name, value, names, &codes);		\
									\
	return ret ? ret : stored(kssl_settings_##fn(settings,		\
						     codes.code,	\
						     codes.n));		\
}									\
									\
static void print_##fn(const char *name,				\
		       const struct kssl_settings_info *info)		\
{									\
	print_codes(name, names, info->fn, info->fn##_n);		\
}

CODES(groups, group_names)
CODES(sigalgs, sigalg_names)
CODES(client_sigalgs, sigalg_names)

static int parse_ticket_keys(struct kssl_settings *settings, const char *name,
			     const char *value)
{
	struct serials serials;
	int ret = value_serials(name, value, &serials);

	return ret ? ret : stored(kssl_settings_ticket_keys(settings,
							    serials.serial,
							    serials.n));
}

static void print_ticket_keys(const char *name,
			      const struct kssl_settings_info *info)
{
	print_serials(name, info->ticket_keys, info->ticket_keys_n);
}

/* --- rows that there are for each slot ---------------------------------- */

/* The slot at the end of a row's name. */
static enum kssl_cert_slot slot_of(const char *name)
{
	const struct name *slot;
	size_t len = strlen(name), tail;

	for (slot = slot_names; slot->name; slot++) {
		tail = strlen(slot->name);
		if (len > tail && name[len - tail - 1] == '-' &&
		    !strcmp(name + len - tail, slot->name))
			break;
	}
	return slot->value;
}

#define SLOT_BYTES(fn)							\
static int parse_##fn(struct kssl_settings *settings, const char *name,	\
		      const char *value)				\
{									\
	struct bytes bytes;						\
	int ret = value_file(name, value, &bytes);			\
									\
	if (!ret)							\
		ret = stored(kssl_settings_##fn(settings, slot_of(name), \
						bytes.data, bytes.len)); \
	return drop(&bytes, ret);					\
}									\
									\
static void print_##fn(const char *name,				\
		       const struct kssl_settings_info *info)		\
{									\
	print_size(name, info->fn##_len[slot_of(name)]);		\
}

SLOT_BYTES(certificate)
SLOT_BYTES(chain)
SLOT_BYTES(ocsp)

static int parse_private_key(struct kssl_settings *settings, const char *name,
			     const char *value)
{
	uint64_t serial;

	if (!parse_number(value, UINT32_MAX, &serial))
		return value_bad(name, value);
	return stored(kssl_settings_private_key(settings, slot_of(name),
						serial));
}

static void print_private_key(const char *name,
			      const struct kssl_settings_info *info)
{
	if (info->private_key[slot_of(name)])
		out_uint(name, info->private_key[slot_of(name)], NULL);
}

static int parse_certificate_current(struct kssl_settings *settings,
				     const char *name, const char *value)
{
	uint64_t slot;

	if (!name_value(slot_names, value, &slot))
		return value_bad(name, value);
	return stored(kssl_settings_certificate_current(settings, slot));
}

static void print_certificate_current(const char *name,
				      const struct kssl_settings_info *info)
{
	if (info->certificate_current)
		print_name(name, slot_names, info->certificate_current);
}

/* The name ends with the index. */
static int parse_ex_data(struct kssl_settings *settings, const char *name,
			 const char *value)
{
	struct bytes bytes;
	int ret = value_file(name, value, &bytes);

	if (!ret)
		ret = stored(kssl_settings_ex_data(settings,
						   name[strlen(name) - 1] - '0',
						   bytes.data, bytes.len));
	return drop(&bytes, ret);
}

/* --- all of them -------------------------------------------------------- */

#define ROW(keyword, fn)						\
	.name = keyword, .parse = parse_##fn, .print = print_##fn

const struct row rows[] = {
	{
		ROW("method", method),
		.attr = KSSL_A_SETTINGS_METHOD,
		.values = "either|client|server",
	},
	{
		ROW("role", role),
		.attr = KSSL_A_SETTINGS_ROLE,
		.values = "unset|client|server",
	},
	{
		ROW("label", label),
		.attr = KSSL_A_SETTINGS_LABEL,
		.values = "TEXT",
	},
	{
		ROW("min-proto", min_proto),
		.attr = KSSL_A_SETTINGS_MIN_PROTO,
		.values = "any|tls1.0|tls1.1|tls1.2|tls1.3",
		.new_line = true,
	},
	{
		ROW("max-proto", max_proto),
		.attr = KSSL_A_SETTINGS_MAX_PROTO,
		.values = "any|tls1.0|tls1.1|tls1.2|tls1.3",
	},
	{
		ROW("verify-mode", verify_mode),
		.attr = KSSL_A_SETTINGS_VERIFY_MODE,
		.values = "VERIFY[,VERIFY]...|none",
	},
	{
		ROW("verify-depth", verify_depth),
		.attr = KSSL_A_SETTINGS_VERIFY_DEPTH,
		.values = "N|default",
	},
	{
		ROW("timeout", timeout),
		.attr = KSSL_A_SETTINGS_TIMEOUT,
		.values = "SECONDS",
		.new_line = true,
	},
	{
		ROW("max-cert-list", max_cert_list),
		.attr = KSSL_A_SETTINGS_MAX_CERT_LIST,
		.values = "BYTES",
	},
	{
		ROW("read-ahead", read_ahead),
		.attr = KSSL_A_SETTINGS_READ_AHEAD,
		.values = "on|off",
	},
	{
		ROW("options", options),
		.attr = KSSL_A_SETTINGS_OPTIONS,
		.values = "[+|-]OPTION[,OPTION]...|none",
		.new_line = true,
	},
	{
		ROW("mode", mode),
		.attr = KSSL_A_SETTINGS_MODE,
		.values = "[+|-]MODE[,MODE]...|none",
		.new_line = true,
	},
	{
		ROW("cipher-list", cipher_list),
		.attr = KSSL_A_SETTINGS_CIPHER_LIST,
		.values = "SUITE[:SUITE]...",
		.new_line = true,
	},
	{
		ROW("ciphersuites", ciphersuites),
		.attr = KSSL_A_SETTINGS_CIPHERSUITES,
		.values = "SUITE[:SUITE]...|none",
		.new_line = true,
	},
	{
		ROW("verify-flags", verify_flags),
		.attr = KSSL_A_SETTINGS_VERIFY_FLAGS,
		.values = "FLAG[,FLAG]...|none",
		.new_line = true,
	},
	{
		ROW("verify-purpose", verify_purpose),
		.attr = KSSL_A_SETTINGS_VERIFY_PURPOSE,
		.values = "N",
	},
	{
		ROW("verify-trust", verify_trust),
		.attr = KSSL_A_SETTINGS_VERIFY_TRUST,
		.values = "N",
	},
	{
		ROW("verify-hosts", verify_hosts),
		.attr = KSSL_A_SETTINGS_VERIFY_HOSTS,
		.values = "NAME[,NAME]...|none",
	},
	{
		ROW("verify-host-flags", verify_host_flags),
		.attr = KSSL_A_SETTINGS_VERIFY_HOST_FLAGS,
		.values = "HOSTFLAG[,HOSTFLAG]...|none",
	},
	{
		ROW("verify-email", verify_email),
		.attr = KSSL_A_SETTINGS_VERIFY_EMAIL,
		.values = "TEXT",
	},
	{
		ROW("verify-ip", verify_ip),
		.attr = KSSL_A_SETTINGS_VERIFY_IP,
		.values = "ADDRESS|none",
	},
	{
		ROW("verify-time", verify_time),
		.attr = KSSL_A_SETTINGS_VERIFY_TIME,
		.values = "SECONDS",
	},
	{
		ROW("verify-auth-level", verify_auth_level),
		.attr = KSSL_A_SETTINGS_VERIFY_AUTH_LEVEL,
		.values = "N|default",
	},
	{
		ROW("trust-anchors", trust_anchors),
		.attr = KSSL_A_SETTINGS_TRUST_ANCHORS,
		.values = "FILE|-|none",
		.new_line = true,
	},
	{
		ROW("trust-system", trust_system),
		.attr = KSSL_A_SETTINGS_TRUST_SYSTEM,
		.values = "on|off",
	},
	{
		ROW("crls", crls),
		.attr = KSSL_A_SETTINGS_CRLS,
		.values = "FILE|-|none",
	},
	{
		.name = "session", .parse = parse_session,
		.attr = KSSL_A_SETTINGS_SESSION,
		.values = "FILE|-|none",
	},
	{
		ROW("session-id-context", session_id_context),
		.attr = KSSL_A_SETTINGS_SESSION_ID_CONTEXT,
		.values = "HEX|none",
	},
	{
		ROW("tmp-dh", tmp_dh),
		.attr = KSSL_A_SETTINGS_TMP_DH,
		.values = "FILE|-|none",
	},
	{
		ROW("dh-auto", dh_auto),
		.attr = KSSL_A_SETTINGS_DH_AUTO,
		.values = "0|1|2",
	},
	{
		ROW("certificate-current", certificate_current),
		.attr = KSSL_A_SETTINGS_CERTIFICATE_CURRENT,
		.values = "SLOT",
		.new_line = true,
	},
	{
		ROW("certificate-rsa", certificate),
		.attr = KSSL_A_SETTINGS_CERTIFICATE_RSA,
		.values = "FILE|-|none",
	},
	{
		ROW("certificate-rsa-pss", certificate),
		.attr = KSSL_A_SETTINGS_CERTIFICATE_RSA_PSS,
		.values = "FILE|-|none",
	},
	{
		ROW("certificate-dsa", certificate),
		.attr = KSSL_A_SETTINGS_CERTIFICATE_DSA,
		.values = "FILE|-|none",
	},
	{
		ROW("certificate-ecc", certificate),
		.attr = KSSL_A_SETTINGS_CERTIFICATE_ECC,
		.values = "FILE|-|none",
	},
	{
		ROW("certificate-gost01", certificate),
		.attr = KSSL_A_SETTINGS_CERTIFICATE_GOST01,
		.values = "FILE|-|none",
	},
	{
		ROW("certificate-gost12-256", certificate),
		.attr = KSSL_A_SETTINGS_CERTIFICATE_GOST12_256,
		.values = "FILE|-|none",
	},
	{
		ROW("certificate-gost12-512", certificate),
		.attr = KSSL_A_SETTINGS_CERTIFICATE_GOST12_512,
		.values = "FILE|-|none",
	},
	{
		ROW("certificate-ed25519", certificate),
		.attr = KSSL_A_SETTINGS_CERTIFICATE_ED25519,
		.values = "FILE|-|none",
	},
	{
		ROW("certificate-ed448", certificate),
		.attr = KSSL_A_SETTINGS_CERTIFICATE_ED448,
		.values = "FILE|-|none",
	},
	{
		ROW("chain-rsa", chain),
		.attr = KSSL_A_SETTINGS_CHAIN_RSA,
		.values = "FILE|-|none",
	},
	{
		ROW("chain-rsa-pss", chain),
		.attr = KSSL_A_SETTINGS_CHAIN_RSA_PSS,
		.values = "FILE|-|none",
	},
	{
		ROW("chain-dsa", chain),
		.attr = KSSL_A_SETTINGS_CHAIN_DSA,
		.values = "FILE|-|none",
	},
	{
		ROW("chain-ecc", chain),
		.attr = KSSL_A_SETTINGS_CHAIN_ECC,
		.values = "FILE|-|none",
	},
	{
		ROW("chain-gost01", chain),
		.attr = KSSL_A_SETTINGS_CHAIN_GOST01,
		.values = "FILE|-|none",
	},
	{
		ROW("chain-gost12-256", chain),
		.attr = KSSL_A_SETTINGS_CHAIN_GOST12_256,
		.values = "FILE|-|none",
	},
	{
		ROW("chain-gost12-512", chain),
		.attr = KSSL_A_SETTINGS_CHAIN_GOST12_512,
		.values = "FILE|-|none",
	},
	{
		ROW("chain-ed25519", chain),
		.attr = KSSL_A_SETTINGS_CHAIN_ED25519,
		.values = "FILE|-|none",
	},
	{
		ROW("chain-ed448", chain),
		.attr = KSSL_A_SETTINGS_CHAIN_ED448,
		.values = "FILE|-|none",
	},
	{
		ROW("private-key-rsa", private_key),
		.attr = KSSL_A_SETTINGS_PRIVATE_KEY_RSA,
		.values = "SERIAL",
	},
	{
		ROW("private-key-rsa-pss", private_key),
		.attr = KSSL_A_SETTINGS_PRIVATE_KEY_RSA_PSS,
		.values = "SERIAL",
	},
	{
		ROW("private-key-dsa", private_key),
		.attr = KSSL_A_SETTINGS_PRIVATE_KEY_DSA,
		.values = "SERIAL",
	},
	{
		ROW("private-key-ecc", private_key),
		.attr = KSSL_A_SETTINGS_PRIVATE_KEY_ECC,
		.values = "SERIAL",
	},
	{
		ROW("private-key-gost01", private_key),
		.attr = KSSL_A_SETTINGS_PRIVATE_KEY_GOST01,
		.values = "SERIAL",
	},
	{
		ROW("private-key-gost12-256", private_key),
		.attr = KSSL_A_SETTINGS_PRIVATE_KEY_GOST12_256,
		.values = "SERIAL",
	},
	{
		ROW("private-key-gost12-512", private_key),
		.attr = KSSL_A_SETTINGS_PRIVATE_KEY_GOST12_512,
		.values = "SERIAL",
	},
	{
		ROW("private-key-ed25519", private_key),
		.attr = KSSL_A_SETTINGS_PRIVATE_KEY_ED25519,
		.values = "SERIAL",
	},
	{
		ROW("private-key-ed448", private_key),
		.attr = KSSL_A_SETTINGS_PRIVATE_KEY_ED448,
		.values = "SERIAL",
	},
	{
		ROW("ocsp-rsa", ocsp),
		.attr = KSSL_A_SETTINGS_OCSP_RSA,
		.values = "FILE|-|none",
	},
	{
		ROW("ocsp-rsa-pss", ocsp),
		.attr = KSSL_A_SETTINGS_OCSP_RSA_PSS,
		.values = "FILE|-|none",
	},
	{
		ROW("ocsp-dsa", ocsp),
		.attr = KSSL_A_SETTINGS_OCSP_DSA,
		.values = "FILE|-|none",
	},
	{
		ROW("ocsp-ecc", ocsp),
		.attr = KSSL_A_SETTINGS_OCSP_ECC,
		.values = "FILE|-|none",
	},
	{
		ROW("ocsp-gost01", ocsp),
		.attr = KSSL_A_SETTINGS_OCSP_GOST01,
		.values = "FILE|-|none",
	},
	{
		ROW("ocsp-gost12-256", ocsp),
		.attr = KSSL_A_SETTINGS_OCSP_GOST12_256,
		.values = "FILE|-|none",
	},
	{
		ROW("ocsp-gost12-512", ocsp),
		.attr = KSSL_A_SETTINGS_OCSP_GOST12_512,
		.values = "FILE|-|none",
	},
	{
		ROW("ocsp-ed25519", ocsp),
		.attr = KSSL_A_SETTINGS_OCSP_ED25519,
		.values = "FILE|-|none",
	},
	{
		ROW("ocsp-ed448", ocsp),
		.attr = KSSL_A_SETTINGS_OCSP_ED448,
		.values = "FILE|-|none",
	},
	{
		ROW("sigalgs", sigalgs),
		.attr = KSSL_A_SETTINGS_SIGALGS,
		.values = "SIGALG[:SIGALG]...|none",
		.new_line = true,
	},
	{
		ROW("client-sigalgs", client_sigalgs),
		.attr = KSSL_A_SETTINGS_CLIENT_SIGALGS,
		.values = "SIGALG[:SIGALG]...|none",
	},
	{
		ROW("dane-enabled", dane_enabled),
		.attr = KSSL_A_SETTINGS_DANE_ENABLED,
		.values = "on|off",
		.new_line = true,
	},
	{
		ROW("dane-flags", dane_flags),
		.attr = KSSL_A_SETTINGS_DANE_FLAGS,
		.values = "DANEFLAG[,DANEFLAG]...|none",
	},
	{
		ROW("dane-mtypes", dane_mtypes),
		.attr = KSSL_A_SETTINGS_DANE_MTYPES,
		.values = "HEX|none",
	},
	{
		ROW("dane-tlsa", dane_tlsa),
		.attr = KSSL_A_SETTINGS_DANE_TLSA,
		.values = "\"USAGE SELECTOR MTYPE HEX\"[,...]|none",
	},
	{
		ROW("security-level", security_level),
		.attr = KSSL_A_SETTINGS_SECURITY_LEVEL,
		.values = "N",
		.new_line = true,
	},
	{
		ROW("ca-list", ca_list),
		.attr = KSSL_A_SETTINGS_CA_LIST,
		.values = "FILE|-|none",
	},
	{
		ROW("client-ca-list", client_ca_list),
		.attr = KSSL_A_SETTINGS_CLIENT_CA_LIST,
		.values = "FILE|-|none",
	},
	{
		.name = "ex-data-0", .parse = parse_ex_data,
		.attr = KSSL_A_SETTINGS_EX_DATA_0,
		.values = "FILE|-|none",
	},
	{
		.name = "ex-data-1", .parse = parse_ex_data,
		.attr = KSSL_A_SETTINGS_EX_DATA_1,
		.values = "FILE|-|none",
	},
	{
		.name = "ex-data-2", .parse = parse_ex_data,
		.attr = KSSL_A_SETTINGS_EX_DATA_2,
		.values = "FILE|-|none",
	},
	{
		.name = "ex-data-3", .parse = parse_ex_data,
		.attr = KSSL_A_SETTINGS_EX_DATA_3,
		.values = "FILE|-|none",
	},
	{
		.name = "ex-data-4", .parse = parse_ex_data,
		.attr = KSSL_A_SETTINGS_EX_DATA_4,
		.values = "FILE|-|none",
	},
	{
		.name = "ex-data-5", .parse = parse_ex_data,
		.attr = KSSL_A_SETTINGS_EX_DATA_5,
		.values = "FILE|-|none",
	},
	{
		.name = "ex-data-6", .parse = parse_ex_data,
		.attr = KSSL_A_SETTINGS_EX_DATA_6,
		.values = "FILE|-|none",
	},
	{
		.name = "ex-data-7", .parse = parse_ex_data,
		.attr = KSSL_A_SETTINGS_EX_DATA_7,
		.values = "FILE|-|none",
	},
	{
		ROW("serverinfo", serverinfo),
		.attr = KSSL_A_SETTINGS_SERVERINFO,
		.values = "FILE|-|none",
	},
	{
		ROW("serverinfo-v2", serverinfo_v2),
		.attr = KSSL_A_SETTINGS_SERVERINFO_V2,
		.values = "FILE|-|none",
	},
	{
		ROW("custom-extensions", custom_extensions),
		.attr = KSSL_A_SETTINGS_CUSTOM_EXTENSIONS,
		.values = "FILE|-|none",
	},
	{
		ROW("psk-identity-hint", psk_identity_hint),
		.attr = KSSL_A_SETTINGS_PSK_IDENTITY_HINT,
		.values = "TEXT",
	},
	{
		ROW("psk-identity", psk_identity),
		.attr = KSSL_A_SETTINGS_PSK_IDENTITY,
		.values = "TEXT",
	},
	{
		ROW("psk-key", psk_key),
		.attr = KSSL_A_SETTINGS_PSK_KEY,
		.values = "SERIAL",
	},
	{
		ROW("client-cert-types", client_cert_types),
		.attr = KSSL_A_SETTINGS_CLIENT_CERT_TYPES,
		.values = "HEX|none",
	},
	{
		ROW("callbacks", callbacks),
		.attr = KSSL_A_SETTINGS_CALLBACKS,
		.values = "CALLBACK[,CALLBACK]...|none",
	},
	{
		ROW("callbacks-cookie", callbacks_cookie),
		.attr = KSSL_A_SETTINGS_CALLBACKS_COOKIE,
		.values = "N",
	},
	{
		ROW("sni", sni),
		.attr = KSSL_A_SETTINGS_SNI,
		.values = "TEXT",
		.new_line = true,
	},
	{
		ROW("alpn", alpn),
		.attr = KSSL_A_SETTINGS_ALPN,
		.values = "NAME[,NAME]...|none",
	},
	{
		ROW("groups", groups),
		.attr = KSSL_A_SETTINGS_GROUPS,
		.values = "GROUP[:GROUP]...|none",
	},
	{
		ROW("num-tickets", num_tickets),
		.attr = KSSL_A_SETTINGS_NUM_TICKETS,
		.values = "N",
	},
	{
		ROW("ticket-keys", ticket_keys),
		.attr = KSSL_A_SETTINGS_TICKET_KEYS,
		.values = "SERIAL[,SERIAL]...|none",
	},
	{
		ROW("max-early-data", max_early_data),
		.attr = KSSL_A_SETTINGS_MAX_EARLY_DATA,
		.values = "BYTES",
	},
	{
		ROW("recv-max-early-data", recv_max_early_data),
		.attr = KSSL_A_SETTINGS_RECV_MAX_EARLY_DATA,
		.values = "BYTES",
	},
	{
		ROW("quiet-shutdown", quiet_shutdown),
		.attr = KSSL_A_SETTINGS_QUIET_SHUTDOWN,
		.values = "on|off",
	},
	{
		ROW("block-padding", block_padding),
		.attr = KSSL_A_SETTINGS_BLOCK_PADDING,
		.values = "BYTES",
	},
	{
		ROW("max-send-fragment", max_send_fragment),
		.attr = KSSL_A_SETTINGS_MAX_SEND_FRAGMENT,
		.values = "BYTES",
	},
	{
		ROW("split-send-fragment", split_send_fragment),
		.attr = KSSL_A_SETTINGS_SPLIT_SEND_FRAGMENT,
		.values = "BYTES",
	},
	{
		ROW("max-fragment-len", max_fragment_len),
		.attr = KSSL_A_SETTINGS_MAX_FRAGMENT_LEN,
		.values = "N",
	},
	{
		ROW("share", share),
		.attr = KSSL_A_SETTINGS_SHARE,
		.values = "on|off",
	},
	{
		ROW("keep", keep),
		.attr = KSSL_A_SETTINGS_KEEP,
		.values = "on|off",
	},
	{ .name = NULL },
};

static const struct row *find_row(const char *name)
{
	const struct row *row;

	for (row = rows; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

uint16_t row_attr(const char *name)
{
	const struct row *row = find_row(name);

	return row ? row->attr : 0;
}

int rows_parse(struct args *args, struct kssl_settings *settings,
	       struct rows_seen *seen)
{
	const struct row *row;
	const char *value;
	int ret;

	while (args_peek(args)) {
		row = find_row(args_peek(args));
		if (!row)
			break;
		args_next(args);
		ret = args_once(row->name, &seen->row[row - rows]);
		if (!ret)
			ret = args_value(args, row->name, &value);
		if (!ret)
			ret = row->parse(settings, row->name, value);
		if (ret)
			return ret;
		seen->n++;
	}
	return 0;
}

static const char *name_of_row(uint16_t attr)
{
	const struct row *row;

	for (row = rows; row->name; row++)
		if (row->attr == attr)
			return row->name;
	return "unknown";
}

/* Whether the row only looks empty, being too large to be reported. */
static bool is_large(const struct kssl_settings_info *info, uint16_t attr)
{
	size_t i;

	for (i = 0; i < info->large_rows_n; i++)
		if (info->large_rows[i] == attr)
			return true;
	return false;
}

static void print_large(const struct kssl_settings_info *info)
{
	size_t i;

	if (!info->large_rows_n)
		return;
	out_break();
	out_words_begin("large-rows", ',');
	for (i = 0; i < info->large_rows_n; i++)
		out_word(name_of_row(info->large_rows[i]));
	out_words_end();
}

static void print_row(const char *name, const struct kssl_settings_info *info)
{
	find_row(name)->print(name, info);
}

void rows_print(const struct kssl_settings_info *info, bool is_ctx, bool all)
{
	const struct row *row;

	if (!info->reported)
		return;
	out_nest_begin("settings");
	if (!all) {
		print_row(is_ctx ? "method" : "role", info);
		if (*info->label)
			print_row("label", info);
		out_nest_end();
		return;
	}
	out_break();
	for (row = rows; row->name; row++) {
		if (row->new_line)
			out_break();
		if (row->print && !is_large(info, row->attr))
			row->print(row->name, info);
	}
	print_large(info);
	out_nest_end();
}

static void help_names(const char *what, const struct name *names)
{
	int column = printf("%s := {", what);

	for (; names->name; names++) {
		if (column + strlen(names->name) > 72)
			column = printf("\n       ");
		column += printf(" %s%s", names->name,
				 names[1].name ? " |" : " }\n");
	}
}

void rows_help(void)
{
	const struct row *row;

	printf("ROW := {");
	for (row = rows; row->name; row++)
		printf("%s %s %s", row == rows ? "" : " |\n        ",
		       row->name, row->values);
	printf(" }\n");
	help_names("VERIFY", verify_names);
	help_names("OPTION", op_names);
	help_names("MODE", mode_names);
	help_names("FLAG", verify_flag_names);
	help_names("HOSTFLAG", host_flag_names);
	help_names("DANEFLAG", dane_flag_names);
	help_names("CALLBACK", callback_names);
	help_names("SLOT", slot_names);
	help_names("GROUP", group_names);
	help_names("SIGALG", sigalg_names);
	printf("SUITE := { IANA_NAME | 0xNNNN }\n");
	printf("Bits may be numbers, too, and GROUP and SIGALG 0xNNNN. FILE has\n"
	       "DER, \"-\" is stdin, SERIAL is that of a key in a keyring.\n");
}
