// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The data calls against a socket that behaves as one with kTLS: the linker
 * puts the functions here in the place of recv() and its relatives.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake.h"
#include "tap.h"

#define FD	42

static struct fake fake;
static struct kssl_client *client;
static struct kssl *s;

static unsigned int updates[3];	/* requests by direction */
static int update_err[3];	/* their results */
static uint64_t counted;	/* bytes received that are no data */
static unsigned int update_errs;	/* how many get that, 0: all */

static struct record {
	int type;		/* -1: not a kTLS socket's */
	size_t len;
	size_t off;
	unsigned char data[2048];
} queue[16];
static unsigned int head, tail;
static int eof;			/* what comes after the last record */
static int recv_err;		/* instead of a recv() */
static unsigned int recv_errs;	/* how many get that, 0: one */
static int eio_once;		/* a recv() that another reader emptied */
static int pipe_at_end;		/* a sendfile() sends a part before its EPIPE */

static int send_err[8];		/* of each send, 0: it goes through */
static size_t send_max;		/* bytes a send takes at most */
static unsigned int sends, alerts, flushes;
static size_t sent;

static void put(int type, const void *data, size_t len)
{
	struct record *record = &queue[tail++];

	record->type = type;
	record->len = len;
	record->off = 0;
	memcpy(record->data, data, len);
}

static void reset(void)
{
	head = 0;
	tail = 0;
	eof = 0;
	recv_err = 0;
	recv_errs = 0;
	eio_once = 0;
	pipe_at_end = 0;
	memset(send_err, 0, sizeof(send_err));
	send_max = 0;
	sends = 0;
	alerts = 0;
	flushes = 0;
	sent = 0;
	memset(updates, 0, sizeof(updates));
	memset(update_err, 0, sizeof(update_err));
	update_errs = 0;
	counted = 0;
	kssl_error_clear();
}

/* Answers key updates as the test wants, and looks at what is counted. */
static int answer(struct fake *f, const struct nlmsghdr *req)
{
	uint64_t buf[64];
	struct nlmsghdr *nlh;
	unsigned int dir;

	if (fake_cmd(req) == KSSL_CMD_ADD_CONTROL &&
	    !kssl_attr_uint(fake_attr(req, KSSL_A_CONTROL_SENT)))
		counted += kssl_attr_uint(fake_attr(req,
						    KSSL_A_CONTROL_RECEIVED));
	if (fake_cmd(req) != KSSL_CMD_REKEY)
		return 0;
	dir = kssl_attr_uint(fake_attr(req, KSSL_A_DIRECTION));
	nlh = fake_reply(buf, req, KSSL_CMD_REKEY);
	mnl_attr_put_u32(nlh, KSSL_A_ID, kssl_id(s));
	mnl_attr_put_u32(nlh, KSSL_A_RESULT, -update_err[dir]);
	if (update_err[dir])
		mnl_attr_put_strz(nlh, KSSL_A_RESULT_TEXT, "no update");
	if (update_errs && !--update_errs)
		memset(update_err, 0, sizeof(update_err));
	updates[dir]++;
	fake_queue(f, nlh, nlh->nlmsg_len);
	return 1;
}

static ssize_t fail(int err)
{
	errno = err;
	return -1;
}

static ssize_t fail_recv(void)
{
	int err = recv_err;

	if (!recv_errs || !--recv_errs)
		recv_err = 0;
	return fail(err);
}

static ssize_t take(void *buf, size_t len, int flags)
{
	struct record *record = &queue[head];

	if (len > record->len - record->off)
		len = record->len - record->off;
	memcpy(buf, record->data + record->off, len);
	if (!(flags & MSG_PEEK)) {
		record->off += len;
		if (record->off == record->len)
			head++;
	}
	return len;
}

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	if (fd != FD)
		return fail(EBADF);
	if (recv_err)
		return fail_recv();
	if (eio_once) {
		eio_once = 0;
		return fail(EIO);
	}
	if (head == tail)
		return eof ? 0 : fail(EAGAIN);
	if (queue[head].type != 23 && queue[head].type != -1)
		return fail(EIO);
	return take(buf, len, flags);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

	if (fd != FD || !(flags & MSG_DONTWAIT))
		return fail(EBADF);
	if (recv_err)
		return fail_recv();
	if (head == tail || queue[head].type == -1)
		msg->msg_controllen = 0;
	if (head == tail)
		return eof ? 0 : fail(EAGAIN);
	if (queue[head].type >= 0) {
		cmsg->cmsg_level = 282;
		cmsg->cmsg_type = 2;
		cmsg->cmsg_len = CMSG_LEN(1);
		*CMSG_DATA(cmsg) = queue[head].type;
	}
	return take(msg->msg_iov->iov_base, msg->msg_iov->iov_len, flags);
}

static ssize_t send_some(int fd, size_t len, int flags)
{
	int err = send_err[sends++];

	if (fd != FD || !(flags & MSG_NOSIGNAL))
		return fail(EBADF);
	if (err)
		return fail(err);
	if (send_max && len > send_max)
		len = send_max;
	sent += len;
	return len;
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	(void)buf;
	return send_some(fd, len, flags);
}

/* A file of 250 bytes. */
ssize_t __wrap_sendfile(int fd, int file, off_t *offset, size_t count)
{
	ssize_t ret;

	(void)file;
	if (count > 250 - (size_t)*offset)
		count = 250 - *offset;
	if (!count)
		return 0;
	ret = send_some(fd, count, MSG_NOSIGNAL);
	if ((ret < 0 && errno == EPIPE) || pipe_at_end)
		raise(SIGPIPE);
	if (ret > 0)
		*offset += ret;
	return ret;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	const struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	ssize_t ret = send_some(fd, msg->msg_iov->iov_len, flags);

	if (ret == 2 && cmsg->cmsg_level == 282 && cmsg->cmsg_type == 1 &&
	    *CMSG_DATA(cmsg) == 21 &&
	    !memcmp(msg->msg_iov->iov_base, "\1\0", 2))
		alerts++;
	if (!ret && cmsg->cmsg_level == 282 && cmsg->cmsg_type == 1 &&
	    *CMSG_DATA(cmsg) == 23 && flags & MSG_DONTWAIT)
		flushes++;
	return ret;
}

static void put_alert(uint8_t level, uint8_t code)
{
	unsigned char alert[2] = { level, code };

	put(21, alert, 2);
}

static size_t message(unsigned char *to, uint8_t type, size_t len)
{
	memset(to, 0xff, 4 + len);
	to[0] = type;
	to[1] = len >> 16;
	to[2] = len >> 8;
	to[3] = len;
	return 4 + len;
}

static void put_handshake(uint8_t type, size_t len)
{
	unsigned char buf[2048];

	put(22, buf, message(buf, type, len));
}

static void put_update(int request)
{
	const unsigned char msg[] = { 24, 0, 0, 1, request };

	put(22, msg, sizeof(msg));
}

static int failed(int err, const char *text)
{
	return kssl_errno() == err && errno == err &&
	       !strcmp(kssl_error_text(), text);
}

static void test_read(void)
{
	char buf[16];

	reset();
	put(23, "hello", 5);
	check(kssl_read(FD, buf, 3) == 3 && !memcmp(buf, "hel", 3));
	check(kssl_read(FD, buf, sizeof(buf)) == 2 && !memcmp(buf, "lo", 2));
	check(kssl_read(FD, buf, sizeof(buf)) == -1 && kssl_errno() == EAGAIN);
	check(errno == EAGAIN);
	eof = 1;
	check(kssl_read(FD, buf, sizeof(buf)) == -1);
	check(failed(ECONNABORTED, "the peer closed without close_notify"));
	recv_err = ECONNRESET;
	check(kssl_read(FD, buf, sizeof(buf)) == -1);
	check(failed(ECONNRESET, strerror(ECONNRESET)));
	recv_err = EINTR;
	check(kssl_read(FD, buf, sizeof(buf)) == -1 && kssl_errno() == EINTR);
	check(kssl_read(FD, buf, 0) == -1 && kssl_errno() == EINVAL);
}

static void test_read_past_control(void)
{
	unsigned char two[2048];
	size_t len;
	char buf[16];

	reset();
	put_handshake(4, 1500);
	len = message(two, 4, 200);
	len += message(two + len, 4, 600);
	put(22, two, len);
	put_alert(1, 90);
	put(23, "data", 4);
	check(kssl_read(FD, buf, sizeof(buf)) == 4 && !memcmp(buf, "data", 4));
	check(head == tail);

	/* Somebody else consumed the control record in between. */
	put(23, "more", 4);
	eio_once = 1;
	check(kssl_read(FD, buf, sizeof(buf)) == 4);
	eio_once = 1;
	check(kssl_read(FD, buf, sizeof(buf)) == -1 && kssl_errno() == EAGAIN);
}

/* net/tls ends a read after such a record when another kind follows. */
static void test_empty(void)
{
	char buf[16];

	reset();
	put(23, "", 0);
	put_handshake(4, 100);
	put(23, "", 0);
	put(23, "data", 4);
	check(kssl_read(FD, buf, sizeof(buf)) == 4 && !memcmp(buf, "data", 4));
	put(23, "", 0);
	check(kssl_read(FD, buf, sizeof(buf)) == -1 && kssl_errno() == EAGAIN);
	put(23, "", 0);
	put_alert(1, 0);
	check(kssl_read(FD, buf, sizeof(buf)) == 0);

	reset();
	put(23, "", 0);
	eof = 1;
	check(kssl_read(FD, buf, sizeof(buf)) == -1);
	check(failed(ECONNABORTED, "the peer closed without close_notify"));
}

static void test_close_notify(void)
{
	char buf[16];

	reset();
	put(23, "x", 1);
	put_alert(1, 0);
	eof = 1;
	check(kssl_control(FD) == KSSL_CONTROL_MORE);
	check(kssl_read(FD, buf, sizeof(buf)) == 1);
	/* It stays, so that everybody learns of it, kssl_shutdown() too. */
	check(kssl_read(FD, buf, sizeof(buf)) == 0);
	check(kssl_read(FD, buf, sizeof(buf)) == 0);
	check(kssl_control(FD) == KSSL_CONTROL_CLOSED);
	check(kssl_shutdown(FD) == 1 && alerts == 1);
	check(kssl_errno() == 0);
}

static void test_control(void)
{
	unsigned char two[128];
	size_t len;

	reset();
	check(kssl_control(FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EAGAIN);
	put_handshake(4, 0);
	put(23, "data", 4);
	check(kssl_control(FD) == KSSL_CONTROL_MORE && head == 1);
	check(kssl_control(FD) == KSSL_CONTROL_MORE && head == 1);

	reset();
	put_alert(2, 40);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR);
	check(failed(ECONNRESET, "handshake_failure"));
	check(kssl_control(FD) == KSSL_CONTROL_ERROR);
	check(failed(ECONNRESET, "handshake_failure"));

	reset();
	put_alert(2, 255);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR);
	check(failed(ECONNRESET, "alert 255"));

	reset();
	put(21, "\2", 1);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR && kssl_errno() == EPROTO);

	reset();
	put(22, "\30\0\0\1\0", 5);
	put(23, "data", 4);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EKEYEXPIRED && head == 1);
	check(kssl_control(FD) == KSSL_CONTROL_MORE);

	/* Neither a request nor none; cut; longer than it may be. */
	reset();
	put(22, "\30\0\0\1\2", 5);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR && kssl_errno() == EPROTO);
	reset();
	put(22, "\30\0\0\1", 4);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR && kssl_errno() == EPROTO);
	reset();
	put_handshake(24, 2);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR && kssl_errno() == EPROTO);

	reset();
	/* It ends its record, and has one of its own. */
	put(22, "\30\0\0\1\0\4", 6);
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EPROTO && head == 0);
	check(!updates[KSSL_DIRECTION_RX]);
	reset();
	len = message(two, 4, 100);
	memcpy(two + len, "\30\0\0\1\0", 5);
	put(22, two, len + 5);
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR);
	check(failed(EPROTO, "a KeyUpdate in the middle of a record"));
	check(kssl_control(FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EPROTO && head == 0);

	reset();
	put_handshake(0, 0);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR);
	check(failed(EPROTO, "handshake message of type 0"));

	reset();
	put(22, "\4\0", 2);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR && kssl_errno() == EPROTO);

	reset();
	put(20, "\1", 1);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR);
	check(failed(EPROTO, "record of type 20"));

	reset();
	put(-1, "GET /", 5);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EOPNOTSUPP);

	reset();
	eof = 1;
	check(kssl_control(FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == ECONNABORTED);
	recv_err = EBADMSG;
	check(kssl_control(FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EBADMSG);
	recv_err = EINTR;
	check(kssl_control(FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == ECONNABORTED);
	check(kssl_control(-1) == KSSL_CONTROL_ERROR && kssl_errno() == EBADF);
}

static size_t taken_len;		/* of the latest ticket */

static void take_message(const unsigned char *msg, size_t len, void *arg)
{
	taken_len = memcmp(msg, arg, len) ? 0 : len;
}

/* A ticket that goes on in a later record, which may be yet to come. */
static void test_spanning(void)
{
	unsigned char buf[2048], byte;
	const struct kssl_sink sink = {
		.s = s, .take = take_message, .arg = buf,
	};

	/* Nobody could remember what is left, so nothing is taken. */
	reset();
	message(buf, 4, 1000);
	put(22, buf, 600);
	put(22, buf + 600, 404);
	put(23, "x", 1);
	check(kssl_control(FD) == KSSL_CONTROL_ERROR);
	check(failed(EPROTO, "a ticket is longer than its record"));
	check(kssl_read(FD, &byte, 1) == -1 && kssl_errno() == EPROTO);
	check(head == 0 && queue[0].off == 0);
	check(kssl_control_sink(FD, &sink) == KSSL_CONTROL_MORE && head == 2);
	check(taken_len == 1004 && counted == 1004);

	/* In three records, the last with one more ticket. */
	reset();
	taken_len = 0;
	put(22, buf, 600);
	check(kssl_read_with(s, FD, &byte, 1) == -1 && kssl_errno() == EAGAIN);
	check(head == 1 && counted == 600);
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EAGAIN);
	put(22, buf + 600, 2);
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EAGAIN && head == 2);
	message(buf + 1004, 4, 10);
	put(22, buf + 602, 402 + 14);
	put(23, "x", 1);
	check(kssl_control_sink(FD, &sink) == KSSL_CONTROL_MORE && head == 2);
	check(!taken_len && counted == 1004);
	check(kssl_read_with(s, FD, &byte, 1) == 1 && byte == 'x');
	check(counted == 1018);

	/* It never comes. */
	reset();
	put(22, buf, 600);
	put(23, "x", 1);
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR);
	check(failed(EPROTO, "a ticket without its end") && head == 1);
	check(kssl_clear(s));
	reset();
	put(22, buf, 600);
	eof = 1;
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == ECONNABORTED);
	check(kssl_clear(s));
	reset();
	put_handshake(4, 100);
	check(kssl_control_with(s, FD) == KSSL_CONTROL_MORE && head == 1);
}

static void test_update(void)
{
	char buf[16];

	reset();
	put_update(0);
	put(23, "new", 3);
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == 3);
	check(updates[KSSL_DIRECTION_RX] == 1 && !updates[KSSL_DIRECTION_TX]);

	reset();
	put_update(1);
	put(23, "new", 3);
	check(kssl_control_with(s, FD) == KSSL_CONTROL_MORE && head == 1);
	check(updates[KSSL_DIRECTION_RX] == 1 &&
	      updates[KSSL_DIRECTION_TX] == 1);
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == 3);
	check(updates[KSSL_DIRECTION_TX] == 1);

	/* The record stays until the key is there, and is answered once. */
	reset();
	put_update(1);
	put(23, "new", 3);
	update_err[KSSL_DIRECTION_RX] = ENOMEM;
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == -1);
	check(failed(ENOMEM, "no update") && head == 0);
	update_err[KSSL_DIRECTION_RX] = EAGAIN;
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == 3);
	check(updates[KSSL_DIRECTION_TX] == 1);

	/* No object, and an object that cannot follow. */
	reset();
	check(kssl_read_with(NULL, FD, buf, sizeof(buf)) == -1 &&
	      kssl_errno() == EINVAL);
	check(kssl_control_with(NULL, FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EINVAL);
	put_update(1);
	update_err[KSSL_DIRECTION_RX] = EOPNOTSUPP;
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == -1);
	check(failed(EKEYEXPIRED, "the peer has updated its key") && head == 1);
}

/* Somebody had taken the record, and perhaps updated the key meanwhile. */
static void test_update_taken(void)
{
	char buf[16];

	reset();
	put(23, "new", 3);
	recv_err = EKEYEXPIRED;
	check(kssl_read_with(s, FD, buf, 1) == 1);
	recv_err = EKEYEXPIRED;
	update_err[KSSL_DIRECTION_RX] = EAGAIN;
	check(kssl_read_with(s, FD, buf, 1) == 1);
	check(updates[KSSL_DIRECTION_RX] == 2);
	recv_err = EKEYEXPIRED;
	update_err[KSSL_DIRECTION_RX] = ENOKEY;
	check(kssl_read_with(s, FD, buf, 1) == -1 && kssl_errno() == ENOKEY);
	recv_err = EKEYEXPIRED;
	check(kssl_read(FD, buf, 1) == -1 && kssl_errno() == EKEYEXPIRED);

	reset();
	put_handshake(4, 100);
	recv_err = EKEYEXPIRED;
	check(kssl_control_with(s, FD) == KSSL_CONTROL_MORE && head == 1);
	check(updates[KSSL_DIRECTION_RX] == 1);
	recv_err = EKEYEXPIRED;
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EAGAIN && updates[KSSL_DIRECTION_RX] == 2);
	recv_err = EKEYEXPIRED;
	update_err[KSSL_DIRECTION_RX] = ENOKEY;
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == ENOKEY);
	recv_err = EKEYEXPIRED;
	check(kssl_control(FD) == KSSL_CONTROL_ERROR &&
	      kssl_errno() == EKEYEXPIRED);

	/* The update is of another socket's connection. */
	reset();
	recv_err = EKEYEXPIRED;
	recv_errs = 100;
	update_err[KSSL_DIRECTION_RX] = EAGAIN;
	check(kssl_read_with(s, FD, buf, 1) == -1);
	check(failed(EKEYEXPIRED, strerror(EKEYEXPIRED)));
	check(updates[KSSL_DIRECTION_RX] == 1);
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR);
	check(failed(EKEYEXPIRED, strerror(EKEYEXPIRED)));
	check(updates[KSSL_DIRECTION_RX] == 2);
}

/* An update of somebody else is waited for, but not for ever. */
static void test_update_busy(void)
{
	int flags = fcntl(FD, F_GETFL);
	char buf[16];

	reset();
	put_update(0);
	put(23, "new", 3);
	update_err[KSSL_DIRECTION_RX] = EBUSY;
	update_errs = 8;
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == 3);
	check(updates[KSSL_DIRECTION_RX] == 9);
	recv_err = EKEYEXPIRED;
	put(23, "more", 4);
	update_err[KSSL_DIRECTION_RX] = EBUSY;
	update_errs = 8;
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == 4);
	put_update(0);
	update_err[KSSL_DIRECTION_RX] = EBUSY;
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR);
	check(failed(EBUSY, "no update") && head == 3);

	reset();
	put_update(0);
	put(23, "new", 3);
	check(!fcntl(FD, F_SETFL, flags | O_NONBLOCK));
	update_err[KSSL_DIRECTION_RX] = EBUSY;
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == -1);
	check(failed(EAGAIN, "somebody else updates a key") && head == 0);
	recv_err = EKEYEXPIRED;
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == -1 &&
	      kssl_errno() == EAGAIN);
	update_errs = 2;
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == 3);
	fcntl(FD, F_SETFL, flags);
}

/* What cannot be answered at once is answered later. */
static void test_update_later(void)
{
	static const int passing[] = { EAGAIN, EBUSY, ENOMEM };
	const struct kssl_sink sink = { .s = s };
	char buf[16];
	size_t i;

	for (i = 0; i < KSSL_ARRAY_SIZE(passing); i++) {
		reset();
		put_update(1);
		put(23, "new", 3);
		update_err[KSSL_DIRECTION_TX] = passing[i];
		check(kssl_read_with(s, FD, buf, 1) == 1 && !kssl_errno());
		check(kssl_read_with(s, FD, buf, 1) == 1 && !kssl_errno());
		check(updates[KSSL_DIRECTION_TX] == 2);
		update_err[KSSL_DIRECTION_TX] = 0;
		check(kssl_read_with(s, FD, buf, 1) == 1);
		check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR);
		check(updates[KSSL_DIRECTION_TX] == 3);
	}

	/* So it is in the calls of the bridge. */
	reset();
	put_update(1);
	put(23, "new", 3);
	update_err[KSSL_DIRECTION_TX] = EAGAIN;
	check(kssl_read_sink(FD, buf, 1, &sink) == 1);
	check(kssl_control_sink(FD, &sink) == KSSL_CONTROL_MORE);
	update_err[KSSL_DIRECTION_TX] = 0;
	check(kssl_read_sink(FD, buf, 1, &sink) == 1);
	check(updates[KSSL_DIRECTION_TX] == 3);

	/* The program's own update is an answer, but if it asks for one. */
	reset();
	put_update(1);
	update_err[KSSL_DIRECTION_TX] = EAGAIN;
	check(kssl_control_with(s, FD) == KSSL_CONTROL_MORE);
	check(!kssl_rekey(s, KSSL_DIRECTION_TX, 0));
	update_err[KSSL_DIRECTION_TX] = 0;
	check(kssl_rekey(s, KSSL_DIRECTION_TX, KSSL_REKEY_REQUEST));
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR);
	check(updates[KSSL_DIRECTION_TX] == 4);
	put_update(1);
	update_err[KSSL_DIRECTION_TX] = EAGAIN;
	check(kssl_control_with(s, FD) == KSSL_CONTROL_MORE);
	update_err[KSSL_DIRECTION_TX] = 0;
	check(kssl_rekey(s, KSSL_DIRECTION_TX, 0));
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR);
	check(updates[KSSL_DIRECTION_TX] == 6);

	/* A cleared connection owes nothing. */
	reset();
	put_update(1);
	update_err[KSSL_DIRECTION_TX] = EAGAIN;
	check(kssl_control_with(s, FD) == KSSL_CONTROL_MORE && kssl_clear(s));
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR);
	check(updates[KSSL_DIRECTION_TX] == 1);
}

/* What can never be answered is told once. */
static void test_update_never(void)
{
	static const int lasting[] = { ENOKEY, ENOTCONN, ESTALE };
	char buf[16];
	size_t i;

	for (i = 0; i < KSSL_ARRAY_SIZE(lasting); i++) {
		reset();
		put_update(1);
		put(23, "new", 3);
		update_err[KSSL_DIRECTION_TX] = lasting[i];
		check(kssl_read_with(s, FD, buf, sizeof(buf)) == -1);
		check(failed(lasting[i], "no update") && head == 1);
		check(kssl_read_with(s, FD, buf, sizeof(buf)) == 3);
		check(updates[KSSL_DIRECTION_TX] == 1);
	}
	/* Nothing will be sent to a peer that was told so. */
	reset();
	put_update(1);
	put(23, "new", 3);
	update_err[KSSL_DIRECTION_TX] = EPIPE;
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == 3 && !kssl_errno());
	check(kssl_control_with(s, FD) == KSSL_CONTROL_ERROR);
	check(updates[KSSL_DIRECTION_TX] == 1);
}

/* All but data, and but the KeyUpdate that the kernel knows of. */
static void test_count(void)
{
	const struct kssl_sink sink = { .s = s };
	char buf[16];

	reset();
	put_handshake(4, 100);
	put_update(0);
	put_handshake(4, 200);
	put_alert(1, 90);
	put(23, "data", 4);
	check(kssl_read_with(s, FD, buf, sizeof(buf)) == 4);
	check(counted == 104 + 204 + 2);
	put_handshake(4, 300);
	kssl_set_error(ERANGE, "before");
	check(kssl_control_sink(FD, &sink) == KSSL_CONTROL_MORE);
	check(counted == 104 + 204 + 2 + 304 && kssl_errno() == ERANGE);
	/* What stays is not counted, and nothing without the object. */
	put_handshake(4, 100);
	check(kssl_control(FD) == KSSL_CONTROL_MORE);
	put_alert(1, 0);
	check(kssl_control_with(s, FD) == KSSL_CONTROL_CLOSED);
	check(counted == 104 + 204 + 2 + 304);
}

static void test_write(void)
{
	char buf[100] = { 0 };

	reset();
	send_max = 30;
	check(kssl_write(FD, buf, 100) == 100 && sends == 4 && sent == 100);
	reset();
	check(kssl_write(FD, buf, 0) == 0 && sends == 0);
	send_err[0] = EAGAIN;
	check(kssl_write(FD, buf, 100) == -1 && kssl_errno() == EAGAIN);

	reset();
	send_max = 30;
	send_err[1] = EPIPE;
	check(kssl_write(FD, buf, 100) == 30 && kssl_errno() == 0);
	reset();
	send_err[0] = EPIPE;
	check(kssl_write(FD, buf, 100) == -1 && errno == EPIPE);

	/* A signal interrupts what has not begun, and nothing else. */
	reset();
	send_err[0] = EINTR;
	check(kssl_write(FD, buf, 100) == -1 && kssl_errno() == EINTR);
	reset();
	send_max = 60;
	send_err[1] = EINTR;
	check(kssl_write(FD, buf, 100) == 100 && sends == 3);
}

static int sigpipe_pending(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigpending(&signals);
	return sigismember(&signals, SIGPIPE);
}

static void test_sendfile(void)
{
	sigset_t sigpipe;
	off_t offset = 100;

	reset();
	send_max = 60;
	check(kssl_sendfile(FD, 3, &offset, 100) == 100 && sends == 2);
	check(offset == 200 && sent == 100);
	check(kssl_sendfile(FD, 3, &offset, 100) == 50 && offset == 250);
	check(kssl_sendfile(FD, 3, &offset, 100) == 0);

	offset = 0;
	reset();
	send_err[0] = EAGAIN;
	check(kssl_sendfile(FD, 3, &offset, 100) == -1 &&
	      kssl_errno() == EAGAIN && !offset);
	reset();
	send_max = 60;
	send_err[1] = EAGAIN;
	check(kssl_sendfile(FD, 3, &offset, 100) == 60 && offset == 60);
	check(kssl_errno() == 0);
	reset();
	send_max = 60;
	send_err[1] = EINTR;
	check(kssl_sendfile(FD, 3, &offset, 100) == 100 && sends == 3);

	/* sendfile() cannot be told to raise no signal. */
	reset();
	send_err[0] = EPIPE;
	check(kssl_sendfile(FD, 3, &offset, 50) == -1 && errno == EPIPE);
	check(!sigpipe_pending());
	offset = 0;
	reset();
	pipe_at_end = 1;
	check(kssl_sendfile(FD, 3, &offset, 50) == 50 && !sigpipe_pending());

	/* One that was there before stays. */
	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigprocmask(SIG_BLOCK, &sigpipe, NULL);
	raise(SIGPIPE);
	check(kssl_sendfile(FD, 3, &offset, 50) == 50 && sigpipe_pending());
	signal(SIGPIPE, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &sigpipe, NULL);
}

static void test_flush(void)
{
	reset();
	check(kssl_flush(FD) && flushes == 1 && !sent);
	send_err[0] = EAGAIN;
	sends = 0;
	check(!kssl_flush(FD) && kssl_errno() == EAGAIN);
}

static void test_shutdown(void)
{
	unsigned int i;

	reset();
	kssl_set_error(ERANGE, "before");
	check(kssl_shutdown(FD) == 0 && alerts == 1);
	check(kssl_errno() == ERANGE);

	/* What others have to follow or to read stays for them. */
	put_handshake(4, 100);
	put_update(1);
	put(23, "late", 4);
	put_alert(1, 90);
	put_alert(1, 0);
	for (i = 0; i < 4; i++) {
		check(kssl_shutdown(FD) == 0 && head == i);
		head++;
	}
	check(kssl_shutdown(FD) == 1 && head == 4 && alerts == 6);
	recv_err = EKEYEXPIRED;
	check(kssl_shutdown(FD) == 0 && kssl_errno() == ERANGE);
	recv_err = EBADMSG;
	check(kssl_shutdown(FD) == -1 && kssl_errno() == EBADMSG);

	reset();
	send_err[0] = EAGAIN;
	check(kssl_shutdown(FD) == -1 && kssl_errno() == EAGAIN);
	reset();
	eof = 1;
	check(kssl_shutdown(FD) == -1 && kssl_errno() == ECONNABORTED);
	reset();
	put_alert(2, 20);
	check(kssl_shutdown(FD) == -1);
	check(failed(ECONNRESET, "bad_record_mac"));

	/* The peer may be gone altogether by the time. */
	reset();
	put_alert(1, 0);
	send_err[0] = EPIPE;
	check(kssl_shutdown(FD) == 1);
	reset();
	eof = 1;
	send_err[0] = EPIPE;
	check(kssl_shutdown(FD) == -1 && kssl_errno() == EPIPE);
	check(errno == EPIPE);
}

int main(void)
{
	struct kssl_ctx *ctx;

	/* All calls on it are replaced but fcntl(). */
	if (dup2(open("/dev/null", O_RDWR), FD) != FD)
		return 1;
	fake_init(&fake);
	fake.answer = answer;
	client = fake_client(&fake);
	ctx = kssl_ctx_new(client, KSSL_METHOD_CLIENT);
	s = kssl_new(ctx);

	test_read();
	test_read_past_control();
	test_empty();
	test_close_notify();
	test_control();
	test_spanning();
	test_update();
	test_update_taken();
	test_update_busy();
	test_update_later();
	test_update_never();
	test_count();
	test_write();
	test_sendfile();
	test_flush();
	test_shutdown();

	kssl_free(s);
	kssl_ctx_free(ctx);
	kssl_client_free(client);
	return tap_done();
}
