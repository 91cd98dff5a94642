// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Data and control records of an attached socket, with SSL_read(3)'s manners.
 *
 * Nothing is remembered between calls but in an object that is given, so the
 * descriptor may have come from another process. What must stay known is left
 * in the socket instead: an alert that ends the connection is looked at but not
 * taken, and every later call meets it again. Control records are therefore
 * peeked at first. That also keeps application data in its place.
 *
 * What was peeked at is what is taken next, so one thread at a time may read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>

#include "internal.h"

/* From linux/tls.h, which older kernel headers lack in part. */
#define SOL_TLS			282
#define TLS_SET_RECORD_TYPE	1
#define TLS_GET_RECORD_TYPE	2

#define RECORD_ALERT		21
#define RECORD_HANDSHAKE	22
#define RECORD_DATA		23
#define RECORD_MAX		16384	/* of plaintext, in bytes */

#define ALERT_LEN		2
#define ALERT_WARNING		1
#define ALERT_CLOSE_NOTIFY	0
#define ALERT_USER_CANCELED	90

#define HANDSHAKE_HEADER	4
#define KEY_UPDATE_LEN		5	/* with its request */
#define HANDSHAKE_TICKET	4
#define HANDSHAKE_KEY_UPDATE	24

/* How often, and how far apart, a key update is tried while others have one. */
#define BUSY_MOMENT_NS		2000000
#define BUSY_TRIES		500
#define BUSY_TRIES_NONBLOCK	5

/* RFC 8446 section 6 and RFC 5246 section 7.2. */
static const struct {
	uint8_t code;
	const char *name;
} alerts[] = {
	{ 10, "unexpected_message" },
	{ 20, "bad_record_mac" },
	{ 21, "decryption_failed" },
	{ 22, "record_overflow" },
	{ 30, "decompression_failure" },
	{ 40, "handshake_failure" },
	{ 41, "no_certificate" },
	{ 42, "bad_certificate" },
	{ 43, "unsupported_certificate" },
	{ 44, "certificate_revoked" },
	{ 45, "certificate_expired" },
	{ 46, "certificate_unknown" },
	{ 47, "illegal_parameter" },
	{ 48, "unknown_ca" },
	{ 49, "access_denied" },
	{ 50, "decode_error" },
	{ 51, "decrypt_error" },
	{ 60, "export_restriction" },
	{ 70, "protocol_version" },
	{ 71, "insufficient_security" },
	{ 80, "internal_error" },
	{ 86, "inappropriate_fallback" },
	{ 100, "no_renegotiation" },
	{ 109, "missing_extension" },
	{ 110, "unsupported_extension" },
	{ 111, "certificate_unobtainable" },
	{ 112, "unrecognized_name" },
	{ 113, "bad_certificate_status_response" },
	{ 114, "bad_certificate_hash_value" },
	{ 115, "unknown_psk_identity" },
	{ 116, "certificate_required" },
	{ 120, "no_application_protocol" },
};

/* What is at the head of the receive queue. */
enum head {
	HEAD_ERROR = -1,
	HEAD_NONE,	/* nothing; the error is EAGAIN */
	HEAD_CLOSED,	/* close_notify, still there */
	HEAD_TAKEN,	/* a control record, consumed */
	HEAD_DATA,	/* application data, still there */
};

/* Receives from one record and stores its type, -1 if there was none. */
static ssize_t recv_record(int fd, void *buf, size_t len, int flags, int *type)
{
	union {
		char buf[CMSG_SPACE(sizeof(uint8_t))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	ssize_t ret;

	*type = -1;
	do {
		ret = recvmsg(fd, &msg, flags | MSG_DONTWAIT);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return ret;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg && cmsg->cmsg_level == SOL_TLS &&
	    cmsg->cmsg_type == TLS_GET_RECORD_TYPE)
		*type = *CMSG_DATA(cmsg);
	return ret;
}

static enum head fail(int err, const char *text)
{
	kssl_set_error(err, "%s", text);
	return HEAD_ERROR;
}

static enum head fail_errno(int err)
{
	kssl_set_errno(err);
	return HEAD_ERROR;
}

static enum head fail_eof(void)
{
	return fail(ECONNABORTED, "the peer closed without close_notify");
}

/* Consumes @len bytes that were seen at the head. */
static enum head take(int fd, unsigned char *buf, size_t len, int type)
{
	int got;
	ssize_t ret = recv_record(fd, buf, len, 0, &got);

	if (ret < 0)
		return fail_errno(errno);
	if ((size_t)ret != len || got != type)
		return fail(EPROTO, "somebody else reads, too");
	return HEAD_TAKEN;
}

/*
 * Takes a record, or a message of one, that is no data and so none of the bytes
 * that whoever takes the connection over has to skip. A KeyUpdate is not for
 * here: the kernel leaves it out itself.
 */
static enum head take_counted(int fd, unsigned char *buf, size_t len, int type,
			      const struct kssl_sink *sink)
{
	enum head taken = take(fd, buf, len, type);
	struct kssl_error_save save;

	if (taken != HEAD_TAKEN || !sink || !sink->s)
		return taken;
	kssl_error_save(&save);
	kssl_add_control(sink->s, 0, len);
	kssl_error_restore(&save);
	return HEAD_TAKEN;
}

/* HEAD_TAKEN for an alert that says nothing and is yet to be taken. */
static enum head check_alert(const unsigned char *alert, size_t len)
{
	size_t i;

	if (len < ALERT_LEN)
		return fail(EPROTO, "an alert is too short");
	if (alert[1] == ALERT_CLOSE_NOTIFY)
		return HEAD_CLOSED;
	if (alert[1] == ALERT_USER_CANCELED)
		return HEAD_TAKEN;
	for (i = 0; i < KSSL_ARRAY_SIZE(alerts); i++)
		if (alerts[i].code == alert[1])
			return fail(ECONNRESET, alerts[i].name);
	kssl_set_error(ECONNRESET, "alert %u", alert[1]);
	return HEAD_ERROR;
}

static enum head take_alert(int fd, const unsigned char *head, size_t len,
			    const struct kssl_sink *sink)
{
	enum head what = check_alert(head, len);
	unsigned char alert[ALERT_LEN];

	if (what != HEAD_TAKEN)
		return what;
	return take_counted(fd, alert, ALERT_LEN, RECORD_ALERT, sink);
}

/* What may be otherwise at the next attempt. */
static int may_pass(int err)
{
	return err == EAGAIN || err == EBUSY || err == ENOMEM || err == ENOBUFS;
}

/*
 * Answers the peer that has asked for an update, now or before. Whoever sends
 * may wait for the peer, who waits for us to read: so nobody is waited for, and
 * what cannot be done now is left to the next call.
 *
 * An answer is due before the next data that is sent (RFC 8446 section 4.6.3),
 * and no reason not to read. What this library can never give is therefore the
 * caller's to give, who is told once.
 */
static int answer_update(struct kssl *s)
{
	struct kssl_error_save save;
	int err = 0;

	if (!__atomic_exchange_n(&s->update_due, 0, __ATOMIC_ACQ_REL))
		return 1;
	kssl_error_save(&save);
	if (!kssl_rekey(s, KSSL_DIRECTION_TX, KSSL_REKEY_NO_WAIT))
		err = kssl_errno();
	if (may_pass(err))
		__atomic_store_n(&s->update_due, 1, __ATOMIC_RELEASE);
	else if (err && err != EPIPE)
		return 0;
	/* EPIPE: a direction that has ended has no keys to update. */
	kssl_error_restore(&save);
	return 1;
}

static int is_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && !(flags & O_NONBLOCK);
}

/*
 * Updates the receive key, unless that was done before (EAGAIN).
 *
 * Somebody else who updates a key of the connection, or attaches the other
 * direction, is soon done. poll() would not tell when, as net/tls has nothing
 * to read until there is a key; so even a non-blocking socket is worth a moment
 * before it has EAGAIN. On a blocking one, what takes much longer is no update
 * but a connection that is not attached.
 */
static int follow_update(int fd, struct kssl *s)
{
	const struct timespec moment = { .tv_nsec = BUSY_MOMENT_NS };
	int blocking = is_blocking(fd);
	int tries = blocking ? BUSY_TRIES : BUSY_TRIES_NONBLOCK;

	while (!kssl_rekey(s, KSSL_DIRECTION_RX, 0)) {
		if (kssl_errno() == EAGAIN)
			return 1;
		if (kssl_errno() != EBUSY)
			return 0;
		if (!--tries)
			return blocking ? 0 :
				kssl_set_error(EAGAIN,
					       "somebody else updates a key");
		nanosleep(&moment, NULL);
	}
	return 1;
}

/*
 * The key comes before the record is taken: after a failure, the next call
 * meets the record again, and the key may be there already. The answer comes
 * after that, since a record that was taken is not answered twice.
 */
static enum head take_update(int fd, const unsigned char *head, size_t len,
			     struct kssl *s)
{
	unsigned char msg[KEY_UPDATE_LEN];
	enum head taken;
	int followed;

	if (len != KEY_UPDATE_LEN || head[1] || head[2] || head[3] != 1 ||
	    head[4] > 1)
		return fail(EPROTO, "not a KeyUpdate as it has to be");
	followed = s && follow_update(fd, s);
	if (s && !followed && kssl_errno() != EOPNOTSUPP)
		return HEAD_ERROR;
	taken = take(fd, msg, sizeof(msg), RECORD_HANDSHAKE);
	if (taken != HEAD_TAKEN)
		return taken;
	if (!followed)
		return fail(EKEYEXPIRED, "the peer has updated its key");
	if (msg[4])
		__atomic_store_n(&s->update_due, 1, __ATOMIC_RELEASE);
	return answer_update(s) ? HEAD_TAKEN : HEAD_ERROR;
}

/*
 * Takes what has come of a ticket that goes on in further records (RFC 8446
 * section 5.1). They may be on their way, and a peek does not see beyond the
 * first, so the object remembers how much is left. A ticket that does not come
 * whole is of no use, but must not be taken for other messages.
 */
static enum head take_rest(int fd, unsigned char *msg,
			   const struct kssl_sink *sink)
{
	size_t *left = &sink->s->ticket_left;
	enum head taken = HEAD_TAKEN;
	ssize_t len;
	int type;

	while (*left && taken == HEAD_TAKEN) {
		len = recv_record(fd, msg, *left, MSG_PEEK, &type);
		if (len < 0) {
			fail_errno(errno);
			return kssl_errno() == EAGAIN ? HEAD_NONE : HEAD_ERROR;
		}
		if (!len && type == -1)
			return fail_eof();
		if (!len || type != RECORD_HANDSHAKE)
			return fail(EPROTO, "a ticket without its end");
		taken = take_counted(fd, msg, len, type, sink);
		if (taken == HEAD_TAKEN) {
			msg += len;
			*left -= len;
		}
	}
	return taken;
}

static enum head skip_rest(int fd, const struct kssl_sink *sink)
{
	unsigned char msg[RECORD_MAX];

	return take_rest(fd, msg, sink);
}

/*
 * Takes one ticket; a record may hold several. There may be no KeyUpdate behind
 * it, though: net/tls sees one at the start of a record only, so it could not
 * be followed. Nobody sends that.
 */
static enum head take_ticket(int fd, const unsigned char *head,
			     const struct kssl_sink *sink)
{
	size_t size = HANDSHAKE_HEADER +
		((size_t)head[1] << 16 | head[2] << 8 | head[3]);
	unsigned char msg[RECORD_MAX + 1];
	enum head taken;
	ssize_t len;
	int type;

	if (size > RECORD_MAX)
		return fail(EPROTO, "a message is longer than a record");
	len = recv_record(fd, msg, size + 1, MSG_PEEK, &type);
	if (len < 0)
		return fail_errno(errno);
	if ((size_t)len > size && msg[size] == HANDSHAKE_KEY_UPDATE)
		return fail(EPROTO, "a KeyUpdate in the middle of a record");
	if ((size_t)len >= size) {
		taken = take_counted(fd, msg, size, RECORD_HANDSHAKE, sink);
	} else if (sink && sink->s) {
		sink->s->ticket_left = size;
		taken = take_rest(fd, msg, sink);
	} else {
		return fail(EPROTO, "a ticket is longer than its record");
	}
	if (taken == HEAD_TAKEN && sink && sink->take)
		sink->take(msg, size, sink->arg);
	return taken;
}

static enum head take_handshake(int fd, const unsigned char *head, size_t len,
				const struct kssl_sink *sink)
{
	if (sink && sink->s && sink->s->ticket_left)
		return skip_rest(fd, sink);
	if (len < HANDSHAKE_HEADER)
		return fail(EPROTO, "a handshake message is too short");
	switch (head[0]) {
	case HANDSHAKE_TICKET:
		return take_ticket(fd, head, sink);
	case HANDSHAKE_KEY_UPDATE:
		return take_update(fd, head, len, sink ? sink->s : NULL);
	default:
		kssl_set_error(EPROTO, "handshake message of type %u", head[0]);
		return HEAD_ERROR;
	}
}

/*
 * Whether what failed is to be done again: somebody had taken a KeyUpdate and
 * not followed it. Once in a call: if @fd is not the socket of the object,
 * there is nothing to follow, and no end to it.
 */
static int try_again(int fd, int err, const struct kssl_sink *sink,
		     int *followed)
{
	if (err != EKEYEXPIRED || !sink || !sink->s || *followed)
		return kssl_set_errno(err);
	*followed = 1;
	return follow_update(fd, sink->s);
}

static enum head take_control(int fd, const struct kssl_sink *sink)
{
	/* One byte more, as nothing may follow (RFC 8446 section 5.1). */
	unsigned char head[KEY_UPDATE_LEN + 1];
	int type, followed = 0;
	ssize_t len;

	do {
		len = recv_record(fd, head, sizeof(head), MSG_PEEK, &type);
	} while (len < 0 && try_again(fd, errno, sink, &followed));
	if (len < 0)
		return kssl_errno() == EAGAIN ? HEAD_NONE : HEAD_ERROR;
	switch (type) {
	case RECORD_DATA:
		return HEAD_DATA;
	case RECORD_ALERT:
		return take_alert(fd, head, len, sink);
	case RECORD_HANDSHAKE:
		return take_handshake(fd, head, len, sink);
	case -1:
		if (!len)
			return fail_eof();
		return fail(EOPNOTSUPP, "the socket receives no TLS records");
	default:
		kssl_set_error(EPROTO, "record of type %d", type);
		return HEAD_ERROR;
	}
}

static int answer_before(const struct kssl_sink *sink)
{
	return !sink || !sink->s || answer_update(sink->s);
}

enum kssl_control_result kssl_control_sink(int fd,
					   const struct kssl_sink *sink)
{
	if (!answer_before(sink))
		return KSSL_CONTROL_ERROR;
	switch (take_control(fd, sink)) {
	case HEAD_ERROR:
	case HEAD_NONE:
		return KSSL_CONTROL_ERROR;
	case HEAD_CLOSED:
		return KSSL_CONTROL_CLOSED;
	default:
		return KSSL_CONTROL_MORE;
	}
}

enum kssl_control_result kssl_control(int fd)
{
	return kssl_control_sink(fd, NULL);
}

static int check_handle(const struct kssl *s)
{
	return s ? 1 : kssl_set_error(EINVAL, "no object given");
}

enum kssl_control_result kssl_control_with(struct kssl *s, int fd)
{
	const struct kssl_sink sink = { .s = s };

	return check_handle(s) ? kssl_control_sink(fd, &sink) :
		KSSL_CONTROL_ERROR;
}

static ssize_t read_data(int fd, void *buf, size_t len,
			 const struct kssl_sink *sink)
{
	int followed = 0;
	ssize_t ret;

	for (;;) {
		ret = recv(fd, buf, len, 0);
		if (ret > 0)
			return ret;
		/* 0 may also have been a record without data (RFC 8446 5.1). */
		if (ret && errno != EIO) {
			if (try_again(fd, errno, sink, &followed))
				continue;
			return -1;
		}
		switch (take_control(fd, sink)) {
		case HEAD_CLOSED:
			return 0;
		case HEAD_ERROR:
			return -1;
		default:
			break;
		}
	}
}

ssize_t kssl_read_sink(int fd, void *buf, size_t len,
		       const struct kssl_sink *sink)
{
	/* A result of 0 would mean that the peer has closed. */
	if (!len)
		kssl_set_error(EINVAL, "nothing to read into");
	return len && answer_before(sink) ? read_data(fd, buf, len, sink) : -1;
}

ssize_t kssl_read(int fd, void *buf, size_t len)
{
	return kssl_read_sink(fd, buf, len, NULL);
}

ssize_t kssl_read_with(struct kssl *s, int fd, void *buf, size_t len)
{
	const struct kssl_sink sink = { .s = s };

	return check_handle(s) ? kssl_read_sink(fd, buf, len, &sink) : -1;
}

ssize_t kssl_write(int fd, const void *buf, size_t len)
{
	size_t done = 0;
	ssize_t ret;

	while (done < len) {
		ret = send(fd, (const char *)buf + done, len - done,
			   MSG_NOSIGNAL);
		if (ret >= 0) {
			done += ret;
		} else if (errno != EINTR || !done) {
			/* After a part this is for the next call to report. */
			if (done)
				break;
			kssl_set_errno(errno);
			return -1;
		}
	}
	return done;
}

/* It may have raised SIGPIPE after a part was sent, too. */
static ssize_t sendfile_quietly(int fd, int file, off_t *offset, size_t count)
{
	struct kssl_quiet quiet;
	ssize_t ret;

	kssl_quiet_begin(&quiet);
	ret = sendfile(fd, file, offset, count);
	kssl_quiet_end(&quiet);
	return ret;
}

ssize_t kssl_sendfile(int fd, int file, off_t *offset, size_t count)
{
	size_t done = 0;
	ssize_t ret;

	while (done < count) {
		ret = sendfile_quietly(fd, file, offset, count - done);
		if (!ret)
			break;
		if (ret > 0) {
			done += ret;
		} else if (errno != EINTR || !done) {
			if (done)
				break;
			kssl_set_errno(errno);
			return -1;
		}
	}
	return done;
}

static int send_record(int fd, uint8_t type, void *data, size_t len, int flags)
{
	union {
		char buf[CMSG_SPACE(sizeof(uint8_t))];
		struct cmsghdr align;
	} control = { .buf = { 0 } };
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = CMSG_LEN(sizeof(uint8_t));
	*CMSG_DATA(cmsg) = type;
	if (sendmsg(fd, &msg, flags | MSG_NOSIGNAL) < 0)
		return kssl_set_errno(errno);
	return 1;
}

static int send_close_notify(int fd)
{
	unsigned char alert[ALERT_LEN] = { ALERT_WARNING, ALERT_CLOSE_NOTIFY };

	return send_record(fd, RECORD_ALERT, alert, sizeof(alert), 0);
}

/* A record that has a type of its own ends the one before, and this is none. */
int kssl_flush(int fd)
{
	return send_record(fd, RECORD_DATA, NULL, 0, MSG_DONTWAIT);
}

/*
 * Whether the peer's close_notify is next; -1 with the error set when it can no
 * longer come. All else is left to whoever reads, who may have to follow it.
 */
static int peer_closed(int fd)
{
	unsigned char alert[ALERT_LEN];
	enum head head = HEAD_DATA;
	ssize_t len;
	int type;

	len = recv_record(fd, alert, sizeof(alert), MSG_PEEK, &type);
	if (len < 0 && errno != EAGAIN && errno != EKEYEXPIRED)
		head = fail_errno(errno);
	else if (len == 0 && type == -1)
		head = fail_eof();
	else if (len >= 0 && type == RECORD_ALERT)
		head = check_alert(alert, len);
	return head == HEAD_ERROR ? -1 : head == HEAD_CLOSED;
}

int kssl_shutdown(int fd)
{
	struct kssl_error_save save;
	int closed;

	if (send_close_notify(fd))
		return peer_closed(fd);
	kssl_error_save(&save);
	if (save.error.err != EPIPE && save.error.err != ECONNRESET)
		return -1;
	/* A peer that closed first and for good misses nothing. */
	closed = peer_closed(fd);
	if (closed == 1)
		return 1;
	kssl_error_restore(&save);
	return -1;
}
