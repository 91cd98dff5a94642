/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KSSL_TESTS_FIXTURE_H
#define _KSSL_TESTS_FIXTURE_H

#include <kunit/test.h>

#include <linux/socket.h>
#include <linux/string.h>

#include <net/kssl.h>

struct file;
struct kssl_client;
struct kssl_row;
struct kssl_settings;
struct sock;
struct socket;

#define KSSL_EXPECT_MEM(test, left, right, size) \
	KUNIT_EXPECT_EQ(test, memcmp(left, right, size), 0)

/**
 * struct kssl_test_pair - the two ends of a TCP connection over loopback
 * @client: the end that connected; NULL once it is closed
 * @server: the end that accepted; NULL once it is closed
 */
struct kssl_test_pair {
	struct socket *client;
	struct socket *server;
};

/**
 * struct kssl_test_user - a netlink socket as a process would have it
 * @file: its file; NULL once it is closed
 * @sk: the socket, held, so that it can be named after it was closed
 * @portid: its port
 * @client: the client that it is
 */
struct kssl_test_user {
	struct file *file;
	struct sock *sk;
	u32 portid;
	struct kssl_client *client;
};

/* What a suite has as its .init, and one with sockets as its .suite_init. */
int kssl_test_init(struct kunit *test);
int kssl_test_net_init(struct kunit_suite *suite);

void kssl_test_defer(struct kunit *test, void (*fn)(void *arg), void *arg);

/* The row of an attribute, or NULL. */
const struct kssl_row *kssl_test_row(u16 attr);

/* All that follows lasts as long as the test. */
struct kssl_settings *kssl_test_settings(struct kunit *test);
struct kssl_ctx *kssl_test_ctx(struct kunit *test, enum kssl_method method);
struct kssl *kssl_test_new(struct kunit *test, struct kssl_ctx *ctx);
struct kssl *kssl_test_dup(struct kunit *test, struct kssl *s);
struct kssl_test_user *kssl_test_user(struct kunit *test);
void kssl_test_user_close(struct kssl_test_user *user);

struct kssl_test_pair *kssl_test_pair(struct kunit *test, int family);
void kssl_test_close(struct socket **end);
void kssl_test_await(struct kunit *test, struct socket *sock, int state);
int kssl_test_send(struct socket *sock, const void *data, size_t len);
int kssl_test_recv(struct socket *sock, void *data, size_t len);
void kssl_test_exchange(struct kunit *test, struct kssl_test_pair *pair,
			size_t len);

void kssl_test_allow(struct kunit *test, struct kssl_ctx *ctx, u16 code);
void kssl_test_params(struct kunit *test, struct kssl_attach_params *params,
		      u16 code);
void kssl_test_mirror(const struct kssl_attach_params *params,
		      struct kssl_attach_params *mirror);
void kssl_test_untouched(struct kunit *test, struct kssl *s,
			 struct kssl_test_pair *pair);
void kssl_test_attach(struct kunit *test, struct kssl *s,
		      struct socket *sock);

#endif /* _KSSL_TESTS_FIXTURE_H */
