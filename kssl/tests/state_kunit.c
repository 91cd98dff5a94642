// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the states of a connection: what each operation does in each
 * of them, and how a connection and its socket part.
 */

#include <linux/delay.h>
#include <linux/net.h>

#include <net/sock.h>
#include <net/tcp_states.h>

#include "../conn.h"
#include "../ctx.h"
#include "fixture.h"

/* Not a state of its own, but nearly: begin, attach or rekey is at work. */
#define BUSY	(KSSL_STATE_ERROR + 1)

/* A connection that is brought to a state, and a socket for operations. */
struct scene {
	struct kssl_ctx *ctx;
	struct kssl *s;
	struct kssl_test_pair *pair;
};

static void scene_set(struct kunit *test, struct scene *scene)
{
	scene->ctx = kssl_test_ctx(test, KSSL_METHOD_CLIENT);
	scene->s = kssl_test_new(test, scene->ctx);
	scene->pair = kssl_test_pair(test, AF_INET);
}

static void bring_to(struct kunit *test, struct scene *scene, int state)
{
	struct socket *sock = scene->pair->client;
	struct kssl *s = scene->s;
	int err = 0;

	if (state == KSSL_STATE_ESTABLISHED)
		kssl_test_attach(test, s, sock);
	else if (state == BUSY)
		err = kssl_conn_claim(s, BIT(KSSL_STATE_INITIAL), NULL);
	else if (state != KSSL_STATE_INITIAL)
		err = kssl_begin(s, sock, NULL);
	if (!err && state == KSSL_STATE_ERROR)
		err = kssl_fail(s, NULL);
	KUNIT_ASSERT_EQ(test, err, 0);
	if (state == KSSL_STATE_CLOSED) {
		kssl_test_close(&scene->pair->client);
		scene->pair = kssl_test_pair(test, AF_INET);
	}
	if (state != BUSY)
		KUNIT_ASSERT_EQ(test, kssl_get_state(s), state);
}

static int do_begin(struct kunit *test, struct scene *scene,
		    struct kssl_reason *why)
{
	return kssl_begin(scene->s, scene->pair->client, why);
}

static int do_attach(struct kunit *test, struct scene *scene,
		     struct kssl_reason *why)
{
	struct kssl_attach_params params;

	kssl_test_params(test, &params, 0x1301);
	return kssl_attach(scene->s, scene->pair->client, &params, why);
}

static int do_fail(struct kunit *test, struct scene *scene,
		   struct kssl_reason *why)
{
	return kssl_fail(scene->s, why);
}

static int do_clear(struct kunit *test, struct scene *scene,
		    struct kssl_reason *why)
{
	return kssl_clear(scene->s, why);
}

static int do_set(struct kunit *test, struct scene *scene,
		  struct kssl_reason *why)
{
	const struct kssl_value value = {
		.attr	= KSSL_A_SETTINGS_VERIFY_DEPTH,
		.num	= 3,
	};

	return kssl_set(scene->s, &value, 1, why);
}

static int do_label(struct kunit *test, struct scene *scene,
		    struct kssl_reason *why)
{
	const struct kssl_value value = {
		.attr	= KSSL_A_SETTINGS_LABEL,
		.data	= "label",
		.len	= 5,
	};

	return kssl_set(scene->s, &value, 1, why);
}

/* What an operation does in a state: -EBUSY, or the state it leads to. */
struct op_param {
	const char *op;
	const char *in;
	int (*act)(struct kunit *test, struct scene *scene,
		   struct kssl_reason *why);
	int state;
	int result;
};

#define INITIAL		KSSL_STATE_INITIAL
#define HANDSHAKE	KSSL_STATE_HANDSHAKE
#define ESTABLISHED	KSSL_STATE_ESTABLISHED
#define CLOSED		KSSL_STATE_CLOSED
#define ERROR		KSSL_STATE_ERROR
#define OP(_op, _state, _result) \
	{ #_op, #_state, do_ ## _op, _state, _result }

static const struct op_param op_params[] = {
	OP(begin, INITIAL, HANDSHAKE),
	OP(begin, HANDSHAKE, -EBUSY),
	OP(begin, ESTABLISHED, -EBUSY),
	OP(begin, CLOSED, -EBUSY),
	OP(begin, ERROR, -EBUSY),
	OP(begin, BUSY, -EBUSY),

	OP(attach, INITIAL, ESTABLISHED),
	OP(attach, HANDSHAKE, ESTABLISHED),
	OP(attach, ESTABLISHED, -EBUSY),
	OP(attach, CLOSED, -EBUSY),
	OP(attach, ERROR, -EBUSY),
	OP(attach, BUSY, -EBUSY),

	OP(fail, INITIAL, -EBUSY),
	OP(fail, HANDSHAKE, ERROR),
	OP(fail, ESTABLISHED, -EBUSY),
	OP(fail, CLOSED, -EBUSY),
	OP(fail, ERROR, -EBUSY),
	OP(fail, BUSY, -EBUSY),

	OP(clear, INITIAL, INITIAL),
	OP(clear, HANDSHAKE, INITIAL),
	OP(clear, ESTABLISHED, -EBUSY),
	OP(clear, CLOSED, INITIAL),
	OP(clear, ERROR, INITIAL),
	OP(clear, BUSY, -EBUSY),

	OP(set, INITIAL, INITIAL),
	OP(set, HANDSHAKE, -EBUSY),
	OP(set, ESTABLISHED, -EBUSY),
	OP(set, CLOSED, -EBUSY),
	OP(set, ERROR, -EBUSY),
	OP(set, BUSY, -EBUSY),

	OP(label, INITIAL, INITIAL),
	OP(label, HANDSHAKE, HANDSHAKE),
	OP(label, ESTABLISHED, ESTABLISHED),
	OP(label, CLOSED, CLOSED),
	OP(label, ERROR, ERROR),
	OP(label, BUSY, INITIAL),
};

static void op_desc(const struct op_param *param, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s in %s", param->op,
		 param->in);
}

KUNIT_ARRAY_PARAM(op, op_params, op_desc);

static void state_decides_about_operations(struct kunit *test)
{
	const struct op_param *param = test->param_value;
	struct kssl_reason why = {};
	enum kssl_state before;
	struct scene scene;
	int err;

	/* Arrange */
	scene_set(test, &scene);
	bring_to(test, &scene, param->state);
	before = kssl_get_state(scene.s);

	/* Act */
	err = param->act(test, &scene, &why);
	if (param->state == BUSY)
		kssl_conn_unclaim(scene.s, 0, NULL);

	/* Assert */
	KUNIT_EXPECT_EQ(test, err, min(param->result, 0));
	KUNIT_EXPECT_EQ(test, kssl_get_state(scene.s),
			err ? before : param->result);
	KUNIT_EXPECT_EQ(test, !why.text, !err);
	if (err)
		KUNIT_EXPECT_EQ(test, why.attr, param->act == do_set ?
				KSSL_A_SETTINGS : KSSL_A_ID);
}

static void state_initial_lets_another_go_first(struct kunit *test)
{
	struct scene scene;

	scene_set(test, &scene);
	KUNIT_EXPECT_EQ(test, kssl_conn_claim(scene.s, BIT(INITIAL), NULL), 0);
	KUNIT_EXPECT_EQ(test, kssl_conn_claim(scene.s, BIT(INITIAL), NULL),
			-EBUSY);
	kssl_conn_unclaim(scene.s, 0, NULL);
	KUNIT_EXPECT_EQ(test, kssl_conn_claim(scene.s, BIT(INITIAL), NULL), 0);
	kssl_conn_unclaim(scene.s, 0, NULL);
}

static void state_error_comes_from_established_only(struct kunit *test)
{
	static const int states[] = { ESTABLISHED, CLOSED };
	struct scene scene;
	int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		scene_set(test, &scene);
		bring_to(test, &scene, states[i]);
		KUNIT_ASSERT_EQ(test, kssl_conn_claim(scene.s, BIT(states[i]),
						      NULL), 0);
		kssl_conn_break(scene.s);
		kssl_conn_unclaim(scene.s, 0, NULL);
		KUNIT_EXPECT_EQ(test, kssl_get_state(scene.s),
				i ? CLOSED : ERROR);
	}
}

/* What get reports */

static void state_gives_a_claim_back_silently(struct kunit *test)
{
	static const struct kssl_reason why = { .text = "why" };
	struct kssl_view view;
	struct scene scene;

	scene_set(test, &scene);
	KUNIT_ASSERT_EQ(test, kssl_conn_claim(scene.s, BIT(INITIAL), NULL), 0);
	kssl_conn_give_up(scene.s, -EINTR, &why);
	kssl_conn_yield(scene.s);
	kssl_conn_view(scene.s, &view);
	KUNIT_EXPECT_EQ(test, view.result, 0);

	kssl_conn_give_up(scene.s, -EINTR, &why);
	KUNIT_EXPECT_EQ(test, kssl_conn_claim(scene.s, BIT(INITIAL), NULL), 0);
	kssl_conn_yield(scene.s);
	kssl_conn_view(scene.s, &view);
	KUNIT_EXPECT_EQ(test, view.result, -EINTR);
	KUNIT_EXPECT_STREQ(test, view.result_text, "why");
}

static void expect_blank(struct kunit *test, struct kssl *s)
{
	struct kssl_view blank = {}, view;

	kssl_conn_view(s, &view);
	KSSL_EXPECT_MEM(test, &view, &blank, sizeof(view));
	KUNIT_EXPECT_NULL(test, s->sock);
	KUNIT_EXPECT_NULL(test, s->secrets);
}

static void state_initial_is_blank(struct kunit *test)
{
	struct scene scene;

	scene_set(test, &scene);
	expect_blank(test, scene.s);
}

static void state_clear_drops_what_was_negotiated(struct kunit *test)
{
	struct scene scene;
	struct kssl_view view;

	/* Arrange */
	scene_set(test, &scene);
	KUNIT_ASSERT_EQ(test, do_label(test, &scene, NULL), 0);
	bring_to(test, &scene, KSSL_STATE_ESTABLISHED);
	kssl_test_close(&scene.pair->client);
	kssl_conn_view(scene.s, &view);
	KUNIT_EXPECT_EQ(test, view.state, KSSL_STATE_CLOSED);
	KUNIT_EXPECT_EQ(test, view.version, 0x0304);
	KUNIT_EXPECT_EQ(test, view.suite, 0x1301);
	KUNIT_EXPECT_EQ(test, view.family, 0);

	/* Act */
	KUNIT_ASSERT_EQ(test, kssl_clear(scene.s, NULL), 0);

	/* Assert: settings and references stay */
	expect_blank(test, scene.s);
	KUNIT_EXPECT_NOT_NULL(test, kssl_settings_blob(&scene.s->settings,
						       KSSL_ROW_LABEL));
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&scene.s->object), 1);
}

/* The result of begin and attach */

static void state_shows_the_last_result(struct kunit *test)
{
	struct kssl_reason why = {};
	struct kssl_view view;
	struct scene scene;

	/* Arrange */
	scene_set(test, &scene);
	kssl_test_close(&scene.pair->server);
	kssl_test_await(test, scene.pair->client, TCP_CLOSE);

	/* Act */
	KUNIT_EXPECT_EQ(test, kssl_begin(scene.s, scene.pair->client, &why),
			-ENOTCONN);
	kssl_conn_view(scene.s, &view);

	/* Assert */
	KUNIT_EXPECT_EQ(test, view.state, KSSL_STATE_INITIAL);
	KUNIT_EXPECT_EQ(test, view.result, -ENOTCONN);
	KUNIT_EXPECT_STREQ(test, view.result_text, why.text);
	KUNIT_EXPECT_EQ(test, why.attr, KSSL_A_FD);

	/* It is kept for those that get, whether or not the caller wants it. */
	KUNIT_EXPECT_EQ(test, kssl_begin(scene.s, scene.pair->client, NULL),
			-ENOTCONN);
	kssl_conn_view(scene.s, &view);
	KUNIT_EXPECT_STREQ(test, view.result_text, why.text);

	scene.pair = kssl_test_pair(test, AF_INET);
	KUNIT_EXPECT_EQ(test, kssl_begin(scene.s, scene.pair->client, NULL),
			0);
	kssl_conn_view(scene.s, &view);
	KUNIT_EXPECT_EQ(test, view.result, 0);
	KUNIT_EXPECT_NULL(test, view.result_text);
}

/* The end of the socket */

static const int bound_params[] = { HANDSHAKE, ESTABLISHED };

static void bound_desc(const int *state, char *desc)
{
	strscpy(desc, *state == HANDSHAKE ? "in handshake" : "established",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bound, bound_params, bound_desc);

static void state_is_closed_with_the_socket(struct kunit *test)
{
	int state = *(const int *)test->param_value;
	struct scene scene;

	/* Arrange */
	scene_set(test, &scene);
	bring_to(test, &scene, state);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&scene.s->object),
			state == ESTABLISHED ? 2 : 1);

	/* Act */
	kssl_test_close(&scene.pair->client);

	/* Assert */
	KUNIT_EXPECT_EQ(test, kssl_get_state(scene.s), KSSL_STATE_CLOSED);
	KUNIT_EXPECT_NULL(test, scene.s->sock);
	KUNIT_EXPECT_EQ(test, kssl_object_refs(&scene.s->object), 1);
}

/* Waits for a state, but not for ever. */
static enum kssl_state last_state(struct kssl *s, enum kssl_state state)
{
	int i;

	for (i = 0; i < 500 && kssl_get_state(s) != state; i++)
		msleep(20);
	return kssl_get_state(s);
}

static void state_is_closed_by_an_orderly_end(struct kunit *test)
{
	struct scene scene;

	/* Arrange */
	scene_set(test, &scene);
	bring_to(test, &scene, KSSL_STATE_ESTABLISHED);

	/* Act: each end closes with a FIN, the other one first */
	sock_release(scene.pair->server);
	scene.pair->server = NULL;
	kssl_test_await(test, scene.pair->client, TCP_CLOSE_WAIT);
	KUNIT_EXPECT_EQ(test, kssl_get_state(scene.s), ESTABLISHED);
	sock_release(scene.pair->client);
	scene.pair->client = NULL;

	/* Assert: when the last FIN is acknowledged */
	KUNIT_EXPECT_EQ(test, last_state(scene.s, KSSL_STATE_CLOSED),
			KSSL_STATE_CLOSED);
}

static void state_error_stays_when_the_socket_ends(struct kunit *test)
{
	struct scene scene;

	/* Arrange */
	scene_set(test, &scene);
	bring_to(test, &scene, KSSL_STATE_ERROR);

	/* Act */
	kssl_test_close(&scene.pair->client);

	/* Assert */
	KUNIT_EXPECT_EQ(test, kssl_get_state(scene.s), KSSL_STATE_ERROR);
	KUNIT_EXPECT_NULL(test, scene.s->sock);
	KUNIT_EXPECT_EQ(test, kssl_clear(scene.s, NULL), 0);
}

static void state_established_is_held_by_the_socket(struct kunit *test)
{
	struct kssl_object *object;
	struct scene scene;
	struct kssl *s;
	u32 id;

	/* Arrange */
	scene_set(test, &scene);
	s = kssl_new(scene.ctx);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	id = kssl_id(s);
	kssl_test_attach(test, s, scene.pair->client);

	/* Act and assert */
	kssl_free(s);
	object = kssl_object_find(&kssl_conn_type, id, NULL, NULL, NULL);
	KUNIT_ASSERT_PTR_EQ(test, object, &s->object);
	kssl_object_unpin(object);
	kssl_test_close(&scene.pair->client);
	object = kssl_object_find(&kssl_conn_type, id, NULL, NULL, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(object), -ENOENT);
}

static void state_handshake_is_not_held_by_the_socket(struct kunit *test)
{
	struct kssl_object *object;
	struct scene scene;
	struct kssl *s;
	u32 id;

	/* Arrange */
	scene_set(test, &scene);
	s = kssl_new(scene.ctx);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	id = kssl_id(s);
	KUNIT_ASSERT_EQ(test, kssl_begin(s, scene.pair->client, NULL), 0);

	/* Act */
	kssl_free(s);

	/* Assert */
	object = kssl_object_find(&kssl_conn_type, id, NULL, NULL, NULL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(object), -ENOENT);
	KUNIT_EXPECT_EQ(test, kssl_begin(scene.s, scene.pair->client, NULL),
			0);
}

/* The frozen rule, beyond what the table of operations says */

static void state_handshake_fixes_policy(struct kunit *test)
{
	const struct kssl_value values[] = {
		{ .attr = KSSL_A_SETTINGS_LABEL, .data = "x", .len = 1 },
		{ .attr = KSSL_A_SETTINGS_VERIFY_DEPTH, .num = 3 },
	};
	struct kssl_settings before;
	struct kssl_reason why = {};
	struct scene scene;

	/* Arrange */
	scene_set(test, &scene);
	bring_to(test, &scene, KSSL_STATE_HANDSHAKE);
	before = scene.s->settings;

	/* Act */
	KUNIT_EXPECT_EQ(test, kssl_set(scene.s, values, 2, &why), -EBUSY);

	/* Assert: not even the row that may change */
	KUNIT_EXPECT_EQ(test, why.nested, KSSL_A_SETTINGS_VERIFY_DEPTH);
	KUNIT_EXPECT_PTR_EQ(test, scene.s->settings.dup, before.dup);
	KUNIT_EXPECT_PTR_EQ(test, scene.s->settings.inherit, before.inherit);
}

/* What a handshake has no use for, or what comes of it. */
static bool is_no_policy(u16 attr)
{
	switch (attr) {
	case KSSL_A_SETTINGS_LABEL:
	case KSSL_A_SETTINGS_SESSION:
	case KSSL_A_SETTINGS_QUIET_SHUTDOWN:
	case KSSL_A_SETTINGS_SHARE:
	case KSSL_A_SETTINGS_EX_DATA_0 ... KSSL_A_SETTINGS_EX_DATA_7:
	case KSSL_A_SETTINGS_CALLBACKS:
	case KSSL_A_SETTINGS_CALLBACKS_COOKIE:
		return true;
	default:
		return false;
	}
}

static void state_handshake_fixes_each_row_of_policy(struct kunit *test)
{
	struct kssl_settings *settings = kssl_test_settings(test), new;
	const struct kssl_row *row;
	struct kssl_value value;
	int err;

	for (row = kssl_rows; row < kssl_rows + KSSL_ROWS; row++) {
		value = (struct kssl_value){
			.attr	= row->attr,
			.data	= row->def_codes,
			.len	= row->def_len,
			.num	= row->def,
			.mask	= row->bits,
		};
		err = kssl_settings_change(settings, &value, 1,
					   KSSL_LEVEL_ANY, true, &new, NULL);
		KUNIT_EXPECT_EQ_MSG(test, err,
				    is_no_policy(row->attr) ? 0 : -EBUSY,
				    "%s", row->name);
		if (!err)
			kssl_settings_put(&new);
	}
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE_PARAM(state_decides_about_operations, op_gen_params),
	KUNIT_CASE(state_initial_lets_another_go_first),
	KUNIT_CASE(state_error_comes_from_established_only),
	KUNIT_CASE(state_gives_a_claim_back_silently),
	KUNIT_CASE(state_initial_is_blank),
	KUNIT_CASE(state_clear_drops_what_was_negotiated),
	KUNIT_CASE(state_shows_the_last_result),
	KUNIT_CASE_PARAM(state_is_closed_with_the_socket, bound_gen_params),
	KUNIT_CASE(state_is_closed_by_an_orderly_end),
	KUNIT_CASE(state_error_stays_when_the_socket_ends),
	KUNIT_CASE(state_established_is_held_by_the_socket),
	KUNIT_CASE(state_handshake_is_not_held_by_the_socket),
	KUNIT_CASE(state_handshake_fixes_policy),
	KUNIT_CASE(state_handshake_fixes_each_row_of_policy),
	{}
};

static struct kunit_suite state_suite = {
	.name		= "kssl_state",
	.suite_init	= kssl_test_net_init,
	.init		= kssl_test_init,
	.test_cases	= state_cases,
};

kunit_test_suite(state_suite);
