// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why kernel TLS is not active on a socket, and what would make it so. What is
 * asked of the socket is what any holder of it may ask; of its keys only the
 * version and the cipher.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kssl/kssl.h>

#include "args.h"
#include "command.h"
#include "diag.h"
#include "error.h"
#include "file.h"
#include "name.h"
#include "out.h"
#include "print.h"

#ifndef SOL_TLS
#define SOL_TLS		282
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

#define ULP_NAME_MAX	16
#define RESULT_MAX	128

struct direction {
	bool active;
	struct tls_crypto_info info;
	uint16_t conf;
};

struct facts {
	struct file file;
	bool is_sock;
	int family;
	int type;
	int protocol;
	uint8_t state;
	char ulp[ULP_NAME_MAX + 1];
	bool tls_loaded;
	struct direction tx;
	struct direction rx;
	uint64_t cookie;
	bool has_conn;		/* what follows is of a connection of kssl */
	uint32_t id;
	uint32_t ctx_id;
	enum kssl_state conn_state;
	int result;
	char result_text[RESULT_MAX];
};

struct verdict {
	const char *reason;
	const char *why;
	const char *remedy;
};

static const struct verdict not_socket = {
	"not-socket", "the file is not a socket",
	"name the descriptor of a connected TCP socket",
};

static const struct verdict not_tcp = {
	"not-tcp", "kernel TLS is for TCP sockets alone",
	"use a TCP socket",
};

static const struct verdict mptcp = {
	"mptcp", "kernel TLS does not know Multipath TCP",
	"make the socket with IPPROTO_TCP, or IPPROTO_MPTCP off",
};

static const struct verdict listening = {
	"listening", "the socket listens and has no peer",
	"look at a socket that accept() returned",
};

static const struct verdict not_connected = {
	"not-connected", "the socket is not connected",
	"connect it first, and wait until it is: the tls ULP needs that",
};

static const struct verdict half_closed = {
	"half-closed",
	"one end has closed the connection before the socket had the tls ULP",
	"too late for this socket: set the ULP when the handshake begins, as begin does",
};

static const struct verdict no_module = {
	"no-module", "the kernel's module tls is not loaded",
	"modprobe tls",
};

static const struct verdict other_ulp = {
	"other-ulp", "the socket has another ULP, and can have but one",
	"do not use both on one socket",
};

static const struct verdict no_ulp = {
	"no-ulp", "no program has asked for kernel TLS on the socket",
	"build and configure the program's TLS library for kTLS, or attach the socket with kssl",
};

static const struct verdict begun = {
	"handshake", "the handshake has begun and the keys are not installed",
	"attach the connection when the handshake is done",
};

static const struct verdict refused = {
	"refused", "kssl has refused the last attach, with the text below",
	"change the settings or what is negotiated",
};

static const struct verdict no_keys = {
	"no-keys", "the socket has the tls ULP and no keys",
	"finish the handshake; if it is done, the library kept what the kernel cannot carry",
};

static const struct verdict tx_only = {
	"tx-only", "what is sent is encrypted by the kernel, what comes in is not decrypted",
	"install receive keys: OpenSSL before 3.2 does so for TLS 1.2 alone",
};

static const struct verdict rx_only = {
	"rx-only", "what comes in is decrypted by the kernel, what is sent is not encrypted",
	"install transmit keys",
};

static const struct name tcp_states[] = {
	{ TCP_ESTABLISHED, "established" },
	{ TCP_SYN_SENT, "syn-sent" },
	{ TCP_SYN_RECV, "syn-recv" },
	{ TCP_FIN_WAIT1, "fin-wait-1" },
	{ TCP_FIN_WAIT2, "fin-wait-2" },
	{ TCP_TIME_WAIT, "time-wait" },
	{ TCP_CLOSE, "close" },
	{ TCP_CLOSE_WAIT, "close-wait" },
	{ TCP_LAST_ACK, "last-ack" },
	{ TCP_LISTEN, "listen" },
	{ TCP_CLOSING, "closing" },
	{ 0, NULL },
};

static const struct name cipher_names[] = {
	{ 51, "aes-gcm-128" },
	{ 52, "aes-gcm-256" },
	{ 53, "aes-ccm-128" },
	{ 54, "chacha20-poly1305" },
	{ 55, "sm4-gcm" },
	{ 56, "sm4-ccm" },
	{ 57, "aria-gcm-128" },
	{ 58, "aria-gcm-256" },
	{ 0, NULL },
};

static const struct name conf_names[] = {
	{ TLS_CONF_BASE, "none" },
	{ TLS_CONF_SW, "sw" },
	{ TLS_CONF_HW, "hw" },
	{ TLS_CONF_HW_RECORD, "hw-record" },
	{ 0, NULL },
};

/* --- facts -------------------------------------------------------------- */

static bool get_int(int fd, int name, int *value)
{
	socklen_t len = sizeof(*value);

	return !getsockopt(fd, SOL_SOCKET, name, value, &len);
}

static void read_direction(int fd, int name, struct direction *direction)
{
	socklen_t len = sizeof(direction->info);

	/* This length asks for the version and the cipher, and no key. */
	direction->active = !getsockopt(fd, SOL_TLS, name, &direction->info,
					&len);
}

static void read_tcp(int fd, struct facts *facts)
{
	socklen_t len = ULP_NAME_MAX;
	struct diag_sock diag;
	struct tcp_info info;

	if (getsockopt(fd, IPPROTO_TCP, TCP_ULP, facts->ulp, &len))
		facts->ulp[0] = '\0';
	len = sizeof(info);
	if (!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		facts->state = info.tcpi_state;
	len = sizeof(facts->cookie);
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &facts->cookie, &len))
		facts->cookie = 0;
	facts->tls_loaded = !access("/proc/net/tls_stat", F_OK);
	if (strcmp(facts->ulp, "tls"))
		return;
	read_direction(fd, TLS_TX, &facts->tx);
	read_direction(fd, TLS_RX, &facts->rx);
	if (diag_sock(fd, &diag))
		return;
	facts->tx.conf = diag.tx_conf;
	facts->rx.conf = diag.rx_conf;
}

/* Without kssl, or where one may not look, there is no connection. */
static void read_conn(int fd, struct facts *facts)
{
	struct kssl_client *client = kssl_client_new();
	struct kssl_info *info;

	info = client ? kssl_info_by_socket(client, fd) : NULL;
	if (info) {
		facts->has_conn = true;
		facts->id = info->id;
		facts->ctx_id = info->ctx_id;
		facts->conn_state = info->state;
		facts->result = info->result;
		snprintf(facts->result_text, sizeof(facts->result_text), "%s",
			 info->result_text);
	}
	kssl_info_free(info);
	kssl_client_free(client);
}

/*
 * Goes where the socket is, as /proc and netlink tell of one namespace only.
 * Returns the way back, or -1 if there is none to go.
 */
static int enter_netns_of(int fd)
{
	struct stat here, there;
	int old, new;

	old = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	new = ioctl(fd, SIOCGSKNS);
	if (old >= 0 && new >= 0 && !fstat(old, &here) && !fstat(new, &there) &&
	    here.st_ino != there.st_ino && !setns(new, CLONE_NEWNET)) {
		close(new);
		return old;
	}
	if (new >= 0)
		close(new);
	if (old >= 0)
		close(old);
	return -1;
}

static void leave_netns(int old)
{
	if (old < 0)
		return;
	if (setns(old, CLONE_NEWNET))
		die(errno, "cannot return to the network namespace");
	close(old);
}

static bool is_tcp(const struct facts *facts)
{
	return (facts->family == AF_INET || facts->family == AF_INET6) &&
		facts->type == SOCK_STREAM && facts->protocol == IPPROTO_TCP;
}

static void read_facts(int fd, struct facts *facts)
{
	int old;

	facts->is_sock = get_int(fd, SO_TYPE, &facts->type);
	if (!facts->is_sock || !get_int(fd, SO_DOMAIN, &facts->family) ||
	    !get_int(fd, SO_PROTOCOL, &facts->protocol) || !is_tcp(facts))
		return;
	old = enter_netns_of(fd);
	read_tcp(fd, facts);
	read_conn(fd, facts);
	leave_netns(old);
}

/* --- verdict ------------------------------------------------------------ */

static const struct verdict *judge_sock(const struct facts *facts)
{
	if (!facts->is_sock)
		return &not_socket;
	if (facts->protocol == IPPROTO_MPTCP)
		return &mptcp;
	return is_tcp(facts) ? NULL : &not_tcp;
}

static const struct verdict *judge_state(const struct facts *facts)
{
	switch (facts->state) {
	case TCP_ESTABLISHED:
		return NULL;
	case TCP_LISTEN:
		return &listening;
	case TCP_CLOSE:
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return &not_connected;
	default:
		/* A ULP that was set before stays useful. */
		return *facts->ulp ? NULL : &half_closed;
	}
}

static const struct verdict *judge_ulp(const struct facts *facts)
{
	if (!strcmp(facts->ulp, "tls"))
		return NULL;
	if (*facts->ulp)
		return &other_ulp;
	if (facts->has_conn && facts->result)
		return &refused;
	return facts->tls_loaded ? &no_ulp : &no_module;
}

static const struct verdict *judge_keys(const struct facts *facts)
{
	if (facts->tx.active && facts->rx.active)
		return NULL;
	if (facts->tx.active)
		return &tx_only;
	if (facts->rx.active)
		return &rx_only;
	if (facts->has_conn && facts->result)
		return &refused;
	if (facts->has_conn && facts->conn_state == KSSL_STATE_HANDSHAKE)
		return &begun;
	return &no_keys;
}

/* NULL when kernel TLS is active in both directions. */
static const struct verdict *judge(const struct facts *facts)
{
	const struct verdict *verdict = judge_sock(facts);

	if (!verdict)
		verdict = judge_state(facts);
	if (!verdict)
		verdict = judge_ulp(facts);
	return verdict ? verdict : judge_keys(facts);
}

/* --- output ------------------------------------------------------------- */

static void print_direction(const char *which,
			    const struct direction *direction)
{
	char key[16];

	if (!direction->active)
		return;
	snprintf(key, sizeof(key), "%s-version", which);
	print_name(key, proto_names, direction->info.version);
	snprintf(key, sizeof(key), "%s-cipher", which);
	print_name(key, cipher_names, direction->info.cipher_type);
	if (!direction->conf)
		return;
	snprintf(key, sizeof(key), "%s-conf", which);
	print_name(key, conf_names, direction->conf);
}

static void print_ends(int fd, const struct facts *facts)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} addr;
	socklen_t len = sizeof(addr);

	if (!getsockname(fd, &addr.any, &len))
		print_sockaddr("local", &addr.any);
	len = sizeof(addr);
	if (!getpeername(fd, &addr.any, &len))
		print_sockaddr("peer", &addr.any);
	print_name("tcp-state", tcp_states, facts->state);
	out_uint("sock-cookie", facts->cookie, NULL);
	if (*facts->ulp)
		out_str("ulp", facts->ulp, NULL);
}

static void print_facts(int fd, const struct facts *facts)
{
	if (!facts->is_sock || !is_tcp(facts))
		return;
	out_break();
	print_ends(fd, facts);
	if (facts->tx.active || facts->rx.active)
		out_break();
	print_direction("tx", &facts->tx);
	print_direction("rx", &facts->rx);
	if (!facts->has_conn)
		return;
	out_break();
	out_uint("id", facts->id, "conn %u", facts->id);
	out_uint("ctx-id", facts->ctx_id, "ctx %u", facts->ctx_id);
	print_name("state", state_names, facts->conn_state);
	if (!facts->result)
		return;
	out_int("result", -facts->result, NULL);
	if (*facts->result_text)
		out_label("result-text", facts->result_text);
}

static void print(int fd, const struct facts *facts,
		  const struct verdict *verdict)
{
	const char *active = "both";

	if (verdict)
		active = verdict == &tx_only ? "tx" :
			verdict == &rx_only ? "rx" : "none";
	out_list_begin();
	out_object_begin();
	if (facts->file.pid)
		out_int("pid", facts->file.pid, NULL);
	out_int("fd", facts->file.fd, NULL);
	out_str("ktls", active, NULL);
	if (verdict) {
		out_str("reason", verdict->reason, NULL);
		out_break();
		out_label("why", verdict->why);
		out_break();
		out_label("remedy", verdict->remedy);
	}
	print_facts(fd, facts);
	out_object_end();
	out_list_end(true);
}

int explain_command(struct session *session, struct args *args)
{
	const char *word = args_next(args);
	const struct verdict *verdict;
	struct facts facts;
	int fd, ret;

	(void)session;
	if (word && !strcmp(word, "help")) {
		puts("Usage: kssl explain { FD | PID/FD }");
		return 0;
	}
	memset(&facts, 0, sizeof(facts));
	if (!word || !file_parse(word, &facts.file))
		return usage_error("\"explain\" needs FD or PID/FD");
	ret = args_end(args);
	if (ret)
		return ret;
	fd = file_get(&facts.file, &ret);
	if (fd < 0)
		return ret;
	read_facts(fd, &facts);
	verdict = judge(&facts);
	print(fd, &facts, verdict);
	close(fd);
	return verdict ? EXIT_INACTIVE : 0;
}
