// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "name.h"
#include "out.h"
#include "print.h"
#include "row.h"

void print_name(const char *key, const struct name *names, uint64_t value)
{
	const char *name = name_of(names, value);
	char number[20];

	if (!name) {
		snprintf(number, sizeof(number), "%llu",
			 (unsigned long long)value);
		name = number;
	}
	out_str(key, name, NULL);
}

/* One end of a socket; the text has address and port in one. */
static void print_end(const char *which, uint16_t family, const uint8_t *addr,
		      uint16_t port)
{
	char buf[INET6_ADDRSTRLEN], key[16];

	if (!inet_ntop(family, addr, buf, sizeof(buf)))
		return;
	snprintf(key, sizeof(key), "%s-addr", which);
	out_str(key, buf, family == AF_INET6 ? "%s [%s]" : "%s %s", which,
		buf);
	out_glue();
	snprintf(key, sizeof(key), "%s-port", which);
	out_uint(key, port, ":%u", port);
}

void print_sockaddr(const char *which, const struct sockaddr *addr)
{
	const struct sockaddr_in6 *in6 = (const void *)addr;
	const struct sockaddr_in *in = (const void *)addr;

	if (addr->sa_family == AF_INET6)
		print_end(which, AF_INET6, in6->sin6_addr.s6_addr,
			  ntohs(in6->sin6_port));
	else
		print_end(which, AF_INET, (const uint8_t *)&in->sin_addr,
			  ntohs(in->sin_port));
}

static void print_family(uint16_t family)
{
	out_str("family", family == AF_INET6 ? "inet6" : "inet", NULL);
}

static void print_age(uint64_t age)
{
	out_uint("age", age, "age %llu.%03us", (unsigned long long)age / 1000,
		 (unsigned int)(age % 1000));
}

/* Who holds an object and which snapshots it has. */
static void print_holders(uint32_t held, enum kssl_rights rights,
			  uint32_t holders, uint32_t uid,
			  uint64_t settings_id, uint64_t inherit_id)
{
	out_uint("held", held, NULL);
	if (rights)
		print_name("rights", rights_names, rights);
	out_uint("holders", holders, NULL);
	out_uint("uid", uid, NULL);
	out_uint("settings-id", settings_id, NULL);
	out_uint("inherit-id", inherit_id, NULL);
}

static void print_ctx_fields(const struct kssl_ctx_info *info, bool all)
{
	out_uint("ctx-id", info->id, "ctx %u", info->id);
	out_uint("conns", info->conns, NULL);
	out_uint("refs", info->refs, NULL);
	if (all)
		print_holders(info->held, info->rights, info->holders,
			      info->uid, info->settings_id, info->inherit_id);
	print_age(info->age);
	rows_print(info->settings, true, all);
}

static void print_conns(struct out_piece *conns, size_t n)
{
	size_t i;

	out_array_begin("connections");
	for (i = 0; i < n; i++)
		out_piece_put(&conns[i]);
	out_array_end();
}

void print_ctx(const struct kssl_ctx_info *info, bool all,
	       struct out_piece *conns, size_t n)
{
	out_object_begin();
	print_ctx_fields(info, all);
	if (conns)
		print_conns(conns, n);
	out_object_end();
}

void print_ctx_unseen(uint32_t id, struct out_piece *conns, size_t n)
{
	out_object_begin();
	out_uint("ctx-id", id, "ctx %u", id);
	print_conns(conns, n);
	out_object_end();
}

/* The suite's name says its version too, but only to those who know. */
static void print_negotiated(uint16_t version, uint16_t suite)
{
	const char *name = kssl_suite_name(suite);
	char number[8];

	if (!version)
		return;
	if (!name) {
		snprintf(number, sizeof(number), "0x%04x", suite);
		name = number;
	}
	print_name("version", proto_names, version);
	out_str("suite", name, NULL);
}

/* A protocol's name can have any bytes. */
static void print_alpn(const uint8_t *alpn, size_t len)
{
	char text[KSSL_NAME_MAX + 1];
	size_t i;

	for (i = 0; i < len && i < KSSL_NAME_MAX; i++)
		text[i] = alpn[i] > ' ' && alpn[i] < 0x7f ? alpn[i] : '?';
	text[i] = '\0';
	out_str("alpn", text, NULL);
}

static void print_shutdown(uint32_t bits)
{
	out_words_begin("shutdown", ',');
	if (bits & KSSL_SHUTDOWN_SENT)
		out_word("sent");
	if (bits & KSSL_SHUTDOWN_RECEIVED)
		out_word("received");
	out_words_end();
}

static void print_directions(uint32_t bits)
{
	out_words_begin("directions", ',');
	if (bits & KSSL_DIRECTION_TX)
		out_word("tx");
	if (bits & KSSL_DIRECTION_RX)
		out_word("rx");
	out_words_end();
}

static void print_facts(const struct kssl_info *info)
{
	if (info->alpn_len)
		print_alpn(info->alpn, info->alpn_len);
	if (*info->sni)
		out_label("sni", info->sni);
	if (info->resumed)
		out_bool("resumed", true, "resumed");
	if (info->record_limit)
		out_uint("record-limit", info->record_limit, NULL);
	if (info->shutdown)
		print_shutdown(info->shutdown);
	if (info->directions)
		print_directions(info->directions);
}

static void print_position(const struct kssl_info *info)
{
	if (info->sent >= 0)
		out_uint("sent", info->sent, NULL);
	if (info->unsent)
		out_bool("unsent", true, "unsent");
	if (info->received >= 0)
		out_uint("received", info->received, NULL);
}

static void print_updates(const struct kssl_info *info)
{
	out_break();
	out_uint("tx-generation", info->tx_generation, NULL);
	out_uint("rx-generation", info->rx_generation, NULL);
	out_uint("tx-records", info->tx_records, NULL);
	out_uint("rx-records", info->rx_records, NULL);
}

/* How the last begin, attach or rekey ended, where that was not well. */
static void print_result(const struct kssl_info *info)
{
	if (!info->result)
		return;
	out_break();
	out_int("result", -info->result, NULL);
	if (*info->result_text)
		out_label("result-text", info->result_text);
}

static void print_socket(const struct kssl_info *info, bool all)
{
	if (!info->family)
		return;
	print_end("local", info->family, info->local_addr, info->local_port);
	print_end("peer", info->family, info->peer_addr, info->peer_port);
	if (all)
		print_family(info->family);
	out_uint("sock-cookie", info->sock_cookie, NULL);
	out_break();
}

static void print_conn_fields(const struct kssl_info *info, bool all)
{
	out_uint("id", info->id, "conn %u", info->id);
	out_uint("ctx-id", info->ctx_id, "ctx %u", info->ctx_id);
	print_name("state", state_names, info->state);
	print_negotiated(info->version, info->suite);
	if (all && info->verify_result >= 0)
		out_int("verify-result", info->verify_result, NULL);
	if (all)
		print_facts(info);
	if (all || info->family)
		out_break();
	print_socket(info, all);
	if (all)
		print_position(info);
	out_uint("refs", info->refs, NULL);
	if (all)
		print_holders(info->held, info->rights, info->holders,
			      info->uid, info->settings_id, info->inherit_id);
	else
		out_uint("holders", info->holders, NULL);
	print_age(info->age);
	rows_print(info->settings, false, all);
	if (all && info->version)
		print_updates(info);
	print_result(info);
}

void print_conn(const struct kssl_info *info, bool all)
{
	out_object_begin();
	print_conn_fields(info, all);
	out_object_end();
}

void print_conn_pids(const struct kssl_info *info, bool all,
		     const uint32_t *pids, size_t n)
{
	size_t i;

	out_object_begin();
	print_conn_fields(info, all);
	if (info->family) {
		out_break();
		out_words_begin("pids", ',');
		for (i = 0; i < n; i++)
			out_number(pids[i]);
		out_words_end();
	}
	out_object_end();
}

static void print_event_as(const char *name, const struct kssl_event *event)
{
	out_object_begin();
	out_str("event", name, "%s", name);
	if (event->id)
		out_uint("id", event->id, "conn %u", event->id);
	out_uint("ctx-id", event->ctx_id, "ctx %u", event->ctx_id);
	if (event->id)
		print_name("state", state_names, event->state);
	out_uint("uid", event->uid, NULL);
	if (event->family) {
		print_end("local", event->family, event->local_addr,
			  event->local_port);
		print_end("peer", event->family, event->peer_addr,
			  event->peer_port);
		print_family(event->family);
		out_uint("sock-cookie", event->sock_cookie, NULL);
	}
	if (event->direction) {
		print_name("direction", direction_names, event->direction);
		out_uint("key-records", event->key_records, NULL);
		out_uint("key-records-max", event->key_records_max, NULL);
	}
	out_object_end();
}

void print_event(const struct kssl_event *event)
{
	const char *name = name_of(event_names, event->type);
	char number[12];

	snprintf(number, sizeof(number), "%u", event->type);
	print_event_as(name ? name : number, event);
}

void print_overrun(void)
{
	out_object_begin();
	out_str("event", "overrun",
		"overrun: events were lost, what is present now follows");
	out_object_end();
}

void print_present_ctx(const struct kssl_ctx_info *info)
{
	const struct kssl_event event = {
		.ctx_id = info->id,
		.uid = info->uid,
	};

	print_event_as("present", &event);
}

void print_present_conn(const struct kssl_info *info)
{
	struct kssl_event event = {
		.id = info->id,
		.ctx_id = info->ctx_id,
		.state = info->state,
		.uid = info->uid,
		.family = info->family,
		.local_port = info->local_port,
		.peer_port = info->peer_port,
		.sock_cookie = info->sock_cookie,
	};

	memcpy(event.local_addr, info->local_addr, sizeof(event.local_addr));
	memcpy(event.peer_addr, info->peer_addr, sizeof(event.peer_addr));
	print_event_as("present", &event);
}
