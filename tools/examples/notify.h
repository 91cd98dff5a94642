/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NOTIFY_H
#define NOTIFY_H

/*
 * What a service says to its manager (sd_notify(3)), and the file descriptors
 * that the manager keeps for it (sd_pid_notify_with_fds(3), sd_listen_fds(3)).
 * A manager is systemd, or keeper.c.
 *
 * notify - tell @state, lines of NAME=VALUE, with @fd unless that is -1; 1, or
 *	0 if there is no manager or it cannot be reached
 * notify_store - have @fd, under @name, kept for the next generation; likewise,
 *	and 0 if @fd is none
 * notify_take - the file descriptor with @name that was kept, or -1; for the
 *	caller to close
 */
int notify(const char *state, int fd);
int notify_store(const char *name, int fd);
int notify_take(const char *name);

#endif /* NOTIFY_H */
