// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <kssl/kssl.h>

#include "args.h"
#include "command.h"
#include "error.h"
#include "print.h"

struct monitor {
	struct session *session;
	bool ctx;
	bool conn;
};

static void print(const struct kssl_event *event, void *arg)
{
	const struct monitor *monitor = arg;

	if (event->id ? monitor->conn : monitor->ctx)
		print_event(event);
}

static int present_ctx(const struct kssl_ctx_info *info, void *arg)
{
	(void)arg;
	print_present_ctx(info);
	return 0;
}

static int present_conn(const struct kssl_info *info, void *arg)
{
	(void)arg;
	print_present_conn(info);
	return 0;
}

/* What was lost cannot be had back, but where it led to can be seen. */
static int resynchronise(const struct monitor *monitor)
{
	struct kssl_client *client = session_client(monitor->session);

	if (!client)
		return EXIT_KERNEL;
	print_overrun();
	if (monitor->ctx && !kssl_ctx_dump(client, present_ctx, NULL))
		return library_error();
	if (monitor->conn && !kssl_dump(client, NULL, present_conn, NULL))
		return library_error();
	return 0;
}

static int dispatch(struct monitor *monitor, struct kssl_events *events)
{
	if (kssl_events_dispatch(events, print, monitor) >= 0)
		return 0;
	return kssl_errno() == ENOBUFS ? resynchronise(monitor) :
					 library_error();
}

/* Until a signal comes, or nobody reads what is printed. */
static int watch(struct monitor *monitor, struct kssl_events *events,
		 int signals)
{
	struct pollfd fds[] = {
		{ .fd = kssl_events_fd(events), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	int ret;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return system_error(errno, "poll");
		if (fds[1].revents)
			return 0;
		if (!fds[0].revents)
			continue;
		ret = dispatch(monitor, events);
		if (ret)
			return ret;
		if (ferror(stdout))
			return system_error(0, "cannot print");
	}
}

static int run(struct monitor *monitor)
{
	struct kssl_events *events = kssl_events_new();
	sigset_t ends, old;
	int ret, signals;

	if (!events)
		return library_error();
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, &old);
	signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0) {
		ret = system_error(errno, "signalfd");
	} else {
		ret = watch(monitor, events, signals);
		close(signals);
	}
	/* A signal that ended this is used up; without that it would kill. */
	while (sigtimedwait(&ends, NULL, &(struct timespec){ 0 }) > 0)
		;
	sigprocmask(SIG_SETMASK, &old, NULL);
	kssl_events_free(events);
	return ret;
}

static void help(void)
{
	puts("Usage: kssl monitor [ all | ctx | conn ]");
}

int monitor_command(struct session *session, struct args *args)
{
	struct monitor monitor = { session, true, true };

	if (args_take(args, "help")) {
		help();
		return 0;
	}
	if (args_take(args, "ctx"))
		monitor.conn = false;
	else if (args_take(args, "conn"))
		monitor.ctx = false;
	else
		args_take(args, "all");
	if (args_end(args))
		return EXIT_USAGE;
	return run(&monitor);
}
