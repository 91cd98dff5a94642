// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A service manager for one service: starts it, starts it again when it dies,
 * and keeps file descriptors for it meanwhile. It does for a test, a container
 * or a machine without systemd what a unit with FileDescriptorStoreMax= does,
 * by the same protocol (sd_notify(3), sd_listen_fds(3)).
 *
 *   keeper [-n MAX] COMMAND [ARGUMENT...]
 *
 * SIGHUP replaces the service: it gets SIGTERM, and when it has gone, the next
 * generation starts. SIGTERM ends the service and then the keeper; what was
 * kept goes with it. MAX (16) is how many file descriptors may be kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_FD	3	/* of those that are passed on */
#define FDS_MAX		250	/* in one datagram: the kernel takes 253 */
#define NAME_MAX_LEN	255
#define STATE_MAX	4096
#define FIRST_DELAY	20	/* milliseconds */
#define LAST_DELAY	5000
#define TERM_LIMIT	90000	/* until SIGKILL follows SIGTERM */

struct kept {
	int fd;
	char name[NAME_MAX_LEN + 1];
};

static struct {
	char **command;
	int notify;		/* the socket that the service writes to */
	int signals;
	char address[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	struct kept *store;
	int kept, max;
	pid_t pid;		/* 0: none runs */
	long long deadline;	/* of the next start or SIGKILL, 0: none */
	int delay;		/* of the next start, 0 for one that is ready */
	int ending;
} keeper;

static void die(const char *what)
{
	fprintf(stderr, "keeper: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* --- the store ----------------------------------------------------------- */

static int is_name(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (*c < ' ' || *c > '~' || *c == ':')
			return 0;
	return *name && c - name <= NAME_MAX_LEN;
}

/* Takes @fd, whether there is room or not. */
static void store(const char *name, int fd)
{
	struct kept *kept = &keeper.store[keeper.kept];

	if (keeper.kept == keeper.max) {
		fprintf(stderr, "keeper: no room for %s\n", name);
		close(fd);
		return;
	}
	kept->fd = fd;
	snprintf(kept->name, sizeof(kept->name), "%s", name);
	keeper.kept++;
}

static void forget(const char *name)
{
	int i, left = 0;

	for (i = 0; i < keeper.kept; i++) {
		if (!strcmp(keeper.store[i].name, name))
			close(keeper.store[i].fd);
		else
			keeper.store[left++] = keeper.store[i];
	}
	keeper.kept = left;
}

/* --- what the service says ------------------------------------------------ */

/* The value of NAME in lines of NAME=VALUE, to be freed, or NULL. */
static char *value_of(const char *state, const char *name)
{
	size_t len = strlen(name);

	while (*state) {
		if (!strncmp(state, name, len) && state[len] == '=') {
			state += len + 1;
			return strndup(state, strcspn(state, "\n"));
		}
		state += strcspn(state, "\n");
		state += *state == '\n';
	}
	return NULL;
}

static int says(const char *state, const char *name)
{
	char *value = value_of(state, name);
	int yes = value && !strcmp(value, "1");

	free(value);
	return yes;
}

/* Takes the file descriptors. Those that nothing is said of are closed. */
static void obey(const char *state, int *fds, int count)
{
	char *name = value_of(state, "FDNAME");
	int i, keep;

	if (says(state, "FDSTOREREMOVE") && name)
		forget(name);
	keep = says(state, "FDSTORE") && (!name || is_name(name));
	for (i = 0; i < count; i++) {
		if (keep)
			store(name ? name : "stored", fds[i]);
		else
			close(fds[i]);
	}
	free(name);
	if (says(state, "READY")) {
		fprintf(stderr, "keeper: %d is ready\n", keeper.pid);
		keeper.delay = 0;
	}
}

/* Puts what came with a datagram into @fds and @pid; returns how many fds. */
static int take_control(struct msghdr *msg, int *fds, pid_t *pid)
{
	struct ucred cred;
	struct cmsghdr *cmsg;
	int count = 0;

	*pid = 0;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET)
			continue;
		if (cmsg->cmsg_type == SCM_RIGHTS) {
			count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(*fds);
			memcpy(fds, CMSG_DATA(cmsg), count * sizeof(*fds));
		} else if (cmsg->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&cred, CMSG_DATA(cmsg), sizeof(cred));
			*pid = cred.pid;
		}
	}
	return count;
}

/* One datagram; returns 0 when there is none. */
static int hear(void)
{
	static union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(FDS_MAX * sizeof(int)) +
			 CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char state[STATE_MAX + 1];
	struct iovec iov = { .iov_base = state, .iov_len = STATE_MAX };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	int fds[FDS_MAX], count;
	pid_t pid;
	ssize_t n;

	n = recvmsg(keeper.notify, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EINTR;
	state[n] = '\0';
	count = take_control(&msg, fds, &pid);
	/*
	 * Only the service itself, and only what came whole. Processes outside
	 * of the keeper's pid namespace have no pid, and are no service that
	 * does not run.
	 */
	if (!pid || pid != keeper.pid || strlen(state) != (size_t)n ||
	    msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		fprintf(stderr, "keeper: bad message of %d\n", pid);
		*state = '\0';
	}
	obey(state, fds, count);
	return 1;
}

/* --- the service ---------------------------------------------------------- */

/* Puts what is kept where the service expects it. */
static void pass_fds(void)
{
	int i, high = FIRST_FD + keeper.kept;

	/* None may be in the way of another. */
	for (i = 0; i < keeper.kept; i++) {
		keeper.store[i].fd = fcntl(keeper.store[i].fd, F_DUPFD_CLOEXEC,
					   high);
		if (keeper.store[i].fd < 0)
			die("dup");
	}
	for (i = 0; i < keeper.kept; i++)
		if (dup2(keeper.store[i].fd, FIRST_FD + i) < 0)
			die("dup");
}

static void set_number(const char *name, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	setenv(name, text, 1);
}

static void set_environment(void)
{
	char *names = NULL;
	size_t len;
	FILE *out = open_memstream(&names, &len);
	int i;

	if (!out)
		die("memory");
	for (i = 0; i < keeper.kept; i++)
		fprintf(out, "%s%s", i ? ":" : "", keeper.store[i].name);
	fclose(out);
	setenv("NOTIFY_SOCKET", keeper.address, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	set_number("LISTEN_PID", getpid());
	set_number("LISTEN_FDS", keeper.kept);
	set_number("FDSTORE", keeper.max);
	free(names);
}

static void run_service(void)
{
	sigset_t none;

	set_environment();
	pass_fds();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(*keeper.command, keeper.command);
	die(*keeper.command);
}

static void start(void)
{
	keeper.deadline = 0;
	keeper.pid = fork();
	if (!keeper.pid)
		run_service();
	if (keeper.pid < 0) {
		/* What is kept must not end for want of a process. */
		perror("keeper: fork");
		keeper.pid = 0;
		keeper.deadline = now() + LAST_DELAY;
		return;
	}
	fprintf(stderr, "keeper: started %d with %d kept\n", keeper.pid,
		keeper.kept);
}

static void terminate(void)
{
	if (!keeper.pid)
		return;
	kill(keeper.pid, SIGTERM);
	keeper.deadline = now() + TERM_LIMIT;
}

/* One that dies before it is ready has to wait, longer each time. */
static int next_delay(void)
{
	int delay = keeper.delay;

	keeper.delay = delay ? delay * 2 : FIRST_DELAY;
	if (keeper.delay > LAST_DELAY)
		keeper.delay = LAST_DELAY;
	return delay;
}

static void reap(void)
{
	int status;

	if (!keeper.pid || waitpid(keeper.pid, &status, WNOHANG) <= 0)
		return;
	/* What it said last comes before its end. */
	while (hear())
		;
	if (WIFSIGNALED(status))
		fprintf(stderr, "keeper: %d died of signal %d\n", keeper.pid,
			WTERMSIG(status));
	keeper.pid = 0;
	keeper.deadline = now() + next_delay();
}

static void handle_signal(void)
{
	struct signalfd_siginfo info;

	if (read(keeper.signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		reap();
		break;
	case SIGHUP:
		terminate();
		break;
	default:
		keeper.ending = 1;
		terminate();
	}
}

static void handle_deadline(void)
{
	if (!keeper.deadline || now() < keeper.deadline)
		return;
	if (keeper.pid) {
		kill(keeper.pid, SIGKILL);
		keeper.deadline = now() + TERM_LIMIT;
	} else {
		start();
	}
}

static int timeout(void)
{
	long long left = keeper.deadline - now();

	if (!keeper.deadline)
		return -1;
	return left > 0 ? left : 0;
}

/* Drops what has come to its end, such as an object's file descriptor. */
static void drop_ended(const struct pollfd *fds)
{
	int i, left = 0;

	for (i = 0; i < keeper.kept; i++) {
		if (fds[i].revents & (POLLHUP | POLLERR))
			close(keeper.store[i].fd);
		else
			keeper.store[left++] = keeper.store[i];
	}
	keeper.kept = left;
}

static void keep(void)
{
	struct pollfd *fds = calloc(keeper.max + 2, sizeof(*fds));
	int i;

	if (!fds)
		die("memory");
	fds[0] = (struct pollfd){ .fd = keeper.notify, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = keeper.signals, .events = POLLIN };
	start();
	while (!keeper.ending || keeper.pid) {
		for (i = 0; i < keeper.kept; i++)
			fds[i + 2] = (struct pollfd){
				.fd = keeper.store[i].fd,
			};
		if (poll(fds, keeper.kept + 2, timeout()) < 0)
			continue;
		drop_ended(fds + 2);
		if (fds[0].revents)
			hear();
		if (fds[1].revents)
			handle_signal();
		if (!keeper.ending || keeper.pid)
			handle_deadline();
	}
	free(fds);
}

/* --- setting up ----------------------------------------------------------- */

static void open_notify(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(addr.sun_family);
	int on = 1;

	keeper.notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (keeper.notify < 0 ||
	    setsockopt(keeper.notify, SOL_SOCKET, SO_PASSCRED, &on,
		       sizeof(on)) ||
	    bind(keeper.notify, (struct sockaddr *)&addr, len))
		die("socket");
	/* The kernel has chosen an abstract address. */
	len = sizeof(addr);
	if (getsockname(keeper.notify, (struct sockaddr *)&addr, &len))
		die("socket");
	len -= offsetof(struct sockaddr_un, sun_path);
	memcpy(keeper.address, addr.sun_path, len);
	keeper.address[0] = '@';
}

static void open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	keeper.signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (keeper.signals < 0)
		die("signalfd");
}

int main(int argc, char **argv)
{
	int opt;

	keeper.max = 16;
	while ((opt = getopt(argc, argv, "+n:")) == 'n')
		keeper.max = atoi(optarg);
	if (opt != -1 || optind == argc || keeper.max < 0) {
		fputs("usage: keeper [-n MAX] COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	keeper.command = argv + optind;
	keeper.store = calloc(keeper.max + 1, sizeof(*keeper.store));
	if (!keeper.store)
		die("memory");
	open_notify();
	open_signals();
	keep();
	return 0;
}
