// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Calls that raise SIGPIPE and cannot be told not to.
 */
#include <errno.h>
#include <time.h>

#include "internal.h"

void kssl_quiet_begin(struct kssl_quiet *quiet)
{
	sigset_t pending;

	sigemptyset(&quiet->sigpipe);
	sigaddset(&quiet->sigpipe, SIGPIPE);
	sigemptyset(&pending);
	sigpending(&pending);
	quiet->pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &quiet->sigpipe, &quiet->old);
}

void kssl_quiet_end(const struct kssl_quiet *quiet)
{
	const struct timespec now = { 0, 0 };
	int err = errno;

	if (!quiet->pending)
		sigtimedwait(&quiet->sigpipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &quiet->old, NULL);
	errno = err;
}
