// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libkssl on the real module: objects, references, settings, errors, dumps and
 * events. The data path is in libkssl_io_test.c. Needs root.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kssl/kssl.h>

#include "../lib/tap.h"
#include "tcp.h"

static struct kssl_client *client;
static struct kssl_ctx *ctx;

static int failed(int err, const char *attr)
{
	if (kssl_errno() == err && *kssl_error_text() &&
	    !strcmp(kssl_error_attr(), attr))
		return 1;
	printf("# errno %d, text \"%s\", attribute \"%s\"\n", kssl_errno(),
	       kssl_error_text(), kssl_error_attr());
	return 0;
}

static uint32_t refs(struct kssl *s)
{
	struct kssl_info *info = kssl_get_info(s);
	uint32_t n = info && info->refs == info->held ? info->refs : 0;

	kssl_info_free(info);
	return n;
}

static uint32_t conns(struct kssl_ctx *c)
{
	struct kssl_ctx_info *info = kssl_ctx_get_info(c);
	uint32_t n = info ? info->conns : UINT32_MAX;

	kssl_ctx_info_free(info);
	return n;
}

static enum kssl_state state(struct kssl *s)
{
	struct kssl_info *info = kssl_get_info(s);
	enum kssl_state st = info ? info->state : KSSL_STATE_ERROR;

	kssl_info_free(info);
	return st;
}

static int gone(uint32_t id)
{
	struct kssl_info *info = kssl_info_by_id(client, id);

	kssl_info_free(info);
	return !info && kssl_errno() == ENOENT;
}

static void test_references(void)
{
	struct kssl *s = kssl_new(ctx);
	uint32_t id = kssl_id(s);

	check(s && id && kssl_get_ctx_id(s) == kssl_ctx_id(ctx));
	check(refs(s) == 1 && conns(ctx) == 1);
	check(kssl_up_ref(s) && refs(s) == 2);
	kssl_free(s);
	check(refs(s) == 1);
	kssl_free(s);
	check(gone(id) && conns(ctx) == 0);
	check(kssl_ctx_up_ref(ctx));
	kssl_ctx_free(ctx);
	check(kssl_ctx_id(ctx));
}

static void test_ctx_goes_first(void)
{
	struct kssl_ctx *own = kssl_ctx_new(client, KSSL_METHOD_SERVER);
	enum kssl_method method = KSSL_METHOD_EITHER;
	struct kssl *s = kssl_new(own);
	uint32_t id = kssl_ctx_id(own);
	struct kssl *copy;

	check(kssl_ctx_get_method(own, &method) &&
	      method == KSSL_METHOD_SERVER);
	kssl_ctx_free(own);
	check(state(s) == KSSL_STATE_INITIAL);
	copy = kssl_dup(s);
	check(copy && copy != s && kssl_get_ctx_id(copy) == id);
	kssl_free(copy);
	kssl_free(s);
	check(!kssl_ctx_from_id(client, id) && failed(ENOENT, "ctx-id"));
}

static void test_inherit(void)
{
	uint64_t options = 0;
	uint32_t mode = 0, timeout = 0;
	uint16_t version = 0, codes[4] = { 0 };
	static const uint16_t list[] = { 0xc02f, 0xc02b };
	char label[KSSL_LABEL_MAX + 1];
	struct kssl *s, *later;
	struct kssl_ctx *own = kssl_ctx_new(client, KSSL_METHOD_EITHER);

	check(kssl_ctx_set_options(own, KSSL_OP_NO_TICKET | KSSL_OP_GREASE));
	check(kssl_ctx_set_min_proto_version(own, 0x0303));
	check(kssl_ctx_set_cipher_list(own, list, 2));
	check(kssl_ctx_set_label(own, "web"));
	check(kssl_ctx_set_timeout(own, 300));
	s = kssl_new(own);
	check(kssl_get_options(s, &options) &&
	      (options & KSSL_OP_NO_TICKET) && (options & KSSL_OP_GREASE));
	check(kssl_get_min_proto_version(s, &version) && version == 0x0303);
	check(kssl_get_cipher_list(s, codes, 4) == 2 && codes[0] == 0xc02f &&
	      codes[1] == 0xc02b);
	check(kssl_get_label(s, label, sizeof(label)) &&
	      !strcmp(label, "web"));
	check(kssl_get_timeout(s, &timeout) && timeout == 300);

	/* From then on neither sees the other's changes. */
	check(kssl_ctx_clear_options(own, KSSL_OP_NO_TICKET));
	check(kssl_get_options(s, &options) && (options & KSSL_OP_NO_TICKET));
	check(kssl_set_mode(s, KSSL_MODE_ASYNC));
	check(kssl_ctx_get_mode(own, &mode) && !(mode & KSSL_MODE_ASYNC));
	later = kssl_new(own);
	check(kssl_get_options(later, &options) &&
	      !(options & KSSL_OP_NO_TICKET));
	kssl_free(later);
	kssl_free(s);
	kssl_ctx_free(own);
}

static void test_dup(void)
{
	enum kssl_role role = KSSL_ROLE_UNSET;
	struct kssl *s = kssl_new(ctx), *copy;
	uint16_t version = 0;
	char label[8];
	int pair[2];

	check(kssl_set_max_proto_version(s, 0x0303));
	check(kssl_set_accept_state(s) && kssl_set_label(s, "one"));
	copy = kssl_dup(s);
	check(copy && copy != s && kssl_id(copy) != kssl_id(s));
	check(kssl_get_max_proto_version(copy, &version) && version == 0x0303);
	check(kssl_get_role(copy, &role) && role == KSSL_ROLE_SERVER);
	/* The label is the context's: only new inherits it. */
	check(kssl_get_label(copy, label, sizeof(label)) && !*label);
	check(refs(s) == 1 && refs(copy) == 1);
	kssl_free(copy);

	check(tcp_pair(pair) == 0 && kssl_begin(s, pair[0]));
	check(state(s) == KSSL_STATE_HANDSHAKE);
	copy = kssl_dup(s);
	check(copy == s && refs(s) == 2);
	kssl_free(copy);
	check(refs(s) == 1);

	check(kssl_fail(s) && state(s) == KSSL_STATE_ERROR);
	check(kssl_clear(s) && state(s) == KSSL_STATE_INITIAL);
	check(kssl_get_max_proto_version(s, &version) && version == 0x0303);
	copy = kssl_dup(s);
	check(copy && copy != s);
	kssl_free(copy);
	kssl_free(s);
	tcp_close(pair);
}

/* What is set from begin on would bypass the policy that is attached under. */
static void test_frozen(void)
{
	struct kssl *s = kssl_new(ctx);
	uint16_t version = 1;
	int pair[2];

	tcp_pair(pair);
	check(kssl_begin(s, pair[0]));
	check(!kssl_set_min_proto_version(s, 0x0302) &&
	      kssl_errno() == EBUSY && *kssl_error_text());
	check(kssl_get_min_proto_version(s, &version) && version == 0);
	check(kssl_set_label(s, "late"));
	check(!kssl_begin(s, pair[1]) && *kssl_error_text());
	kssl_free(s);
	tcp_close(pair);
}

static void test_errors(void)
{
	struct kssl_settings *set = kssl_settings_new();
	static const uint16_t bad[] = { 0x1301 };
	char label[KSSL_LABEL_MAX + 2];
	struct kssl *s = kssl_new(ctx);
	uint16_t version = 1;

	/* All rows or none. */
	kssl_settings_min_proto(set, 0x0304);
	kssl_settings_max_proto(set, 0x0303);
	kssl_settings_mode(set, 4, 4);
	check(!kssl_set(s, set) && kssl_errno() == EINVAL);
	check(!strcmp(kssl_error_attr(), "settings.min-proto") ||
	      !strcmp(kssl_error_attr(), "settings.max-proto"));
	check(kssl_get_min_proto_version(s, &version) && version == 0);
	check(!kssl_new_with(ctx, set) && kssl_errno() == EINVAL);
	check(!kssl_ctx_set(ctx, set) && kssl_errno() == EINVAL);
	kssl_settings_free(set);

	check(!kssl_set_min_proto_version(s, 0x0200) &&
	      failed(EINVAL, "settings.min-proto"));
	check(!kssl_set_options(s, 1ULL << 63) &&
	      failed(EINVAL, "settings.options"));
	check(!kssl_set_verify_mode(s, KSSL_VERIFY_CLIENT_ONCE) &&
	      failed(EINVAL, "settings.verify-mode"));
	check(!kssl_set_verify_depth(s, 101) &&
	      failed(EINVAL, "settings.verify-depth"));
	check(!kssl_set_cipher_list(s, bad, 1) &&
	      failed(EINVAL, "settings.cipher-list"));
	memset(label, 'x', sizeof(label));
	label[sizeof(label) - 1] = '\0';
	check(!kssl_set_label(s, label) && failed(EINVAL, "settings.label"));
	check(!kssl_from_id(client, UINT32_MAX) && failed(ENOENT, "id"));
	check(!kssl_ctx_from_id(client, UINT32_MAX) &&
	      failed(ENOENT, "ctx-id"));
	kssl_free(s);
}

static void test_begin_errors(void)
{
	struct kssl *s = kssl_new(ctx);
	int fd, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	check(!kssl_begin(s, 9999) && failed(EBADF, "fd"));
	check(!kssl_begin(s, null) && failed(ENOTSOCK, "fd"));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	check(!kssl_begin(s, fd) && failed(EOPNOTSUPP, "fd"));
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(!kssl_begin(s, fd) && failed(ENOTCONN, "fd"));
	close(fd);
	close(null);
	check(state(s) == KSSL_STATE_INITIAL);
	kssl_free(s);
}

static int count(const struct kssl_info *info, void *arg)
{
	check(info->id && info->ctx_id);
	*(unsigned int *)arg += 1;
	return 0;
}

static int count_quietly(const struct kssl_info *info, void *arg)
{
	(void)info;
	*(unsigned int *)arg += 1;
	return 0;
}

static int count_two(const struct kssl_info *info, void *arg)
{
	(void)info;
	return ++*(unsigned int *)arg == 2;
}

static int count_ctx(const struct kssl_ctx_info *info, void *arg)
{
	*(unsigned int *)arg += info->id == kssl_ctx_id(ctx);
	return 0;
}

static unsigned int dumped(uint32_t mask, struct kssl_filter filter)
{
	unsigned int n = 0;

	filter.mask = mask | KSSL_FILTER_CTX;
	filter.ctx_id = kssl_ctx_id(ctx);
	return kssl_dump(client, &filter, count, &n) ? n : UINT32_MAX;
}

static void test_dump(void)
{
	struct kssl_filter filter = { 0 };
	struct kssl *a = kssl_new(ctx), *b = kssl_new(ctx), *c = kssl_new(ctx);
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	unsigned int n = 0;
	int pair[2];

	tcp_pair(pair);
	getpeername(pair[0], (struct sockaddr *)&peer, &len);
	kssl_set_label(a, "x");
	check(kssl_begin(c, pair[0]));

	check(dumped(0, filter) == 3);
	filter.label = "x";
	check(dumped(KSSL_FILTER_LABEL, filter) == 1);
	filter.label = "y";
	check(dumped(KSSL_FILTER_LABEL, filter) == 0);
	filter.state = KSSL_STATE_INITIAL;
	check(dumped(KSSL_FILTER_STATE, filter) == 2);
	filter.state = KSSL_STATE_HANDSHAKE;
	check(dumped(KSSL_FILTER_STATE, filter) == 1);
	filter.uid = getuid();
	check(dumped(KSSL_FILTER_UID, filter) == 3);
	filter.uid = 54321;
	check(dumped(KSSL_FILTER_UID, filter) == 0);
	filter.peer_family = AF_INET;
	memcpy(filter.peer_addr, &peer.sin_addr, 4);
	filter.peer_port = ntohs(peer.sin_port);
	check(dumped(KSSL_FILTER_PEER_ADDR, filter) == 1);
	check(dumped(KSSL_FILTER_PEER_ADDR | KSSL_FILTER_PEER_PORT,
		     filter) == 1);
	filter.peer_port++;
	check(dumped(KSSL_FILTER_PEER_PORT, filter) == 0);

	check(kssl_dump(client, NULL, count_two, &n) && n == 2);
	n = 0;
	check(kssl_ctx_dump(client, count_ctx, &n) && n == 1);
	kssl_free(a);
	kssl_free(b);
	kssl_free(c);
	tcp_close(pair);
}

#define MANY 1000

static void test_many(void)
{
	static struct kssl *s[MANY];
	struct kssl_filter filter = {
		.mask = KSSL_FILTER_CTX,
		.ctx_id = kssl_ctx_id(ctx),
	};
	unsigned int n = 0;

	check(kssl_new_many(ctx, s, MANY) && conns(ctx) == MANY);
	check(kssl_dump(client, &filter, count_quietly, &n) && n == MANY);
	kssl_free_many(s, MANY);
	check(conns(ctx) == 0);
}

static void test_two_clients(void)
{
	struct kssl_client *other = kssl_client_new();
	struct kssl *s = kssl_new(ctx), *taken, *again;
	struct kssl_info *info;

	taken = kssl_from_id(other, kssl_id(s));
	check(taken && taken != s && kssl_id(taken) == kssl_id(s));
	again = kssl_from_id(other, kssl_id(s));
	check(again == taken);
	info = kssl_get_info(s);
	check(info->refs == 3 && info->held == 1 && info->holders == 2);
	kssl_info_free(info);
	/* One client's references cannot be dropped by another. */
	kssl_free(taken);
	info = kssl_get_info(s);
	check(info->refs == 2 && info->held == 1);
	kssl_info_free(info);
	/* With its socket all of a client's references go. */
	kssl_client_free(other);
	check(refs(s) == 1);
	kssl_free(s);
}

static int unprivileged(uint32_t id)
{
	struct kssl_client *own;

	if (setgid(65534) || setuid(65534))
		return 1;
	own = kssl_client_new();
	if (!own)
		return 2;
	if (kssl_from_id(own, id) ||
	    (kssl_errno() != EPERM && kssl_errno() != ENOENT))
		return 3;
	if (kssl_info_by_id(own, id) || kssl_errno() != EPERM)
		return 4;
	if (!kssl_ctx_new(own, KSSL_METHOD_EITHER))
		return 5;
	kssl_client_free(own);
	return 0;
}

/* After fork() the parent's client is of no use, and its own is another's. */
static int child(struct kssl *s)
{
	struct kssl_client *own;
	struct kssl *taken;

	if (kssl_new(ctx) || kssl_errno() != ECHILD || !*kssl_error_text())
		return 1;
	if (kssl_up_ref(s) || kssl_errno() != ECHILD)
		return 2;
	own = kssl_client_new();
	if (!own)
		return 3;
	taken = kssl_from_id(own, kssl_id(s));
	if (!taken)
		return 4;
	kssl_free(s);
	kssl_client_free(client);
	return refs(taken) == 0 && kssl_id(taken) ? 0 : 5;
}

static int status_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
	       WEXITSTATUS(status) : -1;
}

static void test_processes(void)
{
	struct kssl *s = kssl_new(ctx);
	pid_t pid;
	int ret;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(child(s));
	ret = status_of(pid);
	check_that(!ret, "a forked child's calls (%d)", ret);
	check(refs(s) == 1);
	pid = fork();
	if (!pid)
		_exit(unprivileged(kssl_id(s)));
	ret = status_of(pid);
	check_that(!ret, "another user's calls (%d)", ret);
	kssl_free(s);
}

#define THREADS 4
#define ROUNDS 200

static void *thread(void *arg)
{
	uint16_t version = 0x0301 + !!arg;
	struct kssl *s, *copy;
	uint16_t seen;
	long i, bad = 0;

	for (i = 0; i < ROUNDS; i++) {
		s = kssl_new(ctx);
		bad += !s || !kssl_set_min_proto_version(s, version);
		copy = kssl_dup(s);
		bad += !copy || !kssl_up_ref(copy);
		bad += !kssl_get_min_proto_version(copy, &seen) ||
		       seen != version;
		bad += !!kssl_from_id(client, UINT32_MAX) ||
		       kssl_errno() != ENOENT;
		kssl_free(s);
		kssl_free(copy);
		kssl_free(copy);
	}
	return (void *)bad;
}

static void test_threads(void)
{
	pthread_t threads[THREADS];
	void *bad;
	long i, sum = 0;

	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, thread, (void *)(i % 2));
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &bad);
		sum += (long)bad;
	}
	check(sum == 0);
	check(conns(ctx) == 0);
}

static struct kssl_event seen[32];
static int seen_n;

static void see(const struct kssl_event *event, void *arg)
{
	(void)arg;
	if (seen_n < 32)
		seen[seen_n++] = *event;
}

static int is_event(int i, enum kssl_event_type type, uint32_t id,
		    uint32_t ctx_id)
{
	return i < seen_n && seen[i].type == type && seen[i].id == id &&
	       seen[i].ctx_id == ctx_id && seen[i].uid == getuid();
}

static void test_events(void)
{
	struct kssl_events *events = kssl_events_new();
	struct kssl_ctx *own;
	struct kssl *s;
	struct pollfd poll_fd = { .events = POLLIN };
	uint32_t id, ctx_id;
	int pair[2];
	int n = 0;

	check(events && fcntl(kssl_events_fd(events), F_GETFD) == FD_CLOEXEC);
	check(kssl_events_dispatch(events, see, NULL) == 0);
	poll_fd.fd = kssl_events_fd(events);
	check(poll(&poll_fd, 1, 0) == 0);

	tcp_pair(pair);
	own = kssl_ctx_new(client, KSSL_METHOD_EITHER);
	s = kssl_new(own);
	id = kssl_id(s);
	ctx_id = kssl_ctx_id(own);
	check(kssl_begin(s, pair[0]));
	kssl_fail(s);
	kssl_free(s);
	kssl_ctx_free(own);
	while (seen_n < 6 && poll(&poll_fd, 1, 60000) == 1)
		n += kssl_events_dispatch(events, see, NULL);
	check(n == 6 && seen_n == 6);
	check(is_event(0, KSSL_EVENT_TYPE_CTX_NEW, 0, ctx_id));
	check(is_event(1, KSSL_EVENT_TYPE_NEW, id, ctx_id));
	check(is_event(2, KSSL_EVENT_TYPE_STATE, id, ctx_id) &&
	      seen[2].state == KSSL_STATE_HANDSHAKE &&
	      seen[2].family == AF_INET && seen[2].local_port);
	check(is_event(3, KSSL_EVENT_TYPE_STATE, id, ctx_id) &&
	      seen[3].state == KSSL_STATE_ERROR);
	check(is_event(4, KSSL_EVENT_TYPE_GONE, id, ctx_id));
	check(is_event(5, KSSL_EVENT_TYPE_CTX_GONE, 0, ctx_id));
	kssl_events_free(events);
	tcp_close(pair);
}

int main(void)
{
	client = kssl_client_new();
	if (!check(client)) {
		printf("# %s\n", kssl_error_text());
		return tap_done();
	}
	ctx = kssl_ctx_new(client, KSSL_METHOD_EITHER);
	check(ctx && kssl_ctx_client(ctx) == client);

	test_references();
	test_ctx_goes_first();
	test_inherit();
	test_dup();
	test_frozen();
	test_errors();
	test_begin_errors();
	test_dump();
	test_many();
	test_two_clients();
	test_processes();
	test_threads();
	test_events();

	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
