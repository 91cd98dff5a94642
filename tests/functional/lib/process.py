# SPDX-License-Identifier: GPL-2.0-only
"""Other processes: objects that live in one, other users and namespaces."""

import ctypes
import os
import pickle
import signal
import socket
import time
import traceback

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_DUMPABLE = 4

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def unshare(flags):
    _check(_libc.unshare(flags))


def setns(fd, kind=0):
    _check(_libc.setns(fd, kind))


def become(uid):
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # A change of user takes /proc/self away from who makes it.
    _check(_libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))


def new_user_ns():
    """A user namespace whose root is the user of this process."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"),
                       ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _leave_fds(keep):
    """Puts /dev/null where the parent's files were.

    They must not live on here, and Python may close them again later.
    """
    null = os.open("/dev/null", os.O_RDWR)
    for name in os.listdir("/proc/self/fd"):
        fd = int(name)
        if fd > 2 and fd != null and fd not in keep:
            try:
                os.dup2(null, fd)
            except OSError:
                pass


def fork(run, keep=()):
    """Starts a process that does run() and nothing else; returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _leave_fds(set(keep))
        run()
        status = 0
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
    finally:
        os._exit(status)


def kill(pid):
    """Kills a process with SIGKILL and waits for its end."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


class Remote:
    """An object in a process of its own, used as if it were in this one.

    make() is called there, after before(), as the user uid. Arguments and
    results of its methods have to be such that they can be pickled.
    """

    def __init__(self, make, uid=None, before=None, keep=()):
        here, there = socket.socketpair()

        def serve():
            if before:
                before()
            if uid is not None:
                become(uid)
            with there.makefile("rwb") as stream:
                _serve(make, stream)

        self._pid = fork(serve, keep=(there.fileno(), *keep))
        there.close()
        self._stream = here.makefile("rwb")
        here.close()
        self._answer()

    def _call(self, name, args, kwargs):
        pickle.dump((name, args, kwargs), self._stream)
        self._stream.flush()
        return self._answer()

    def _answer(self):
        passed, result = pickle.load(self._stream)
        if not passed:
            raise result
        return result

    def __getattr__(self, name):
        return lambda *args, **kwargs: self._call(name, args, kwargs)

    def __call__(self, *args, **kwargs):
        return self._call("__call__", args, kwargs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def pid(self):
        return self._pid

    def kill(self):
        """Kills the process; returns when it is gone."""
        if self._pid:
            kill(self._pid)
            self._pid = None
        self._close()

    def end(self):
        """Lets the process end; returns when it is gone."""
        self._close()
        if self._pid:
            os.waitpid(self._pid, 0)
            self._pid = None

    def _close(self):
        try:
            self._stream.close()
        except OSError:
            pass


def sleeps(task):
    """Whether a task has slept for a while."""
    for _ in range(5):
        time.sleep(0.1)
        with open(f"/proc/{task}/stat", encoding="ascii") as file:
            if file.read().rpartition(") ")[2][0] != "S":
                return False
    return True


def _serve(make, stream):
    def answer(call):
        try:
            result = True, call()
        except Exception as why:  # pylint: disable=broad-except
            result = False, why
        pickle.dump(result, stream)
        stream.flush()

    made = []
    answer(lambda: made.append(make()))
    while True:
        try:
            name, args, kwargs = pickle.load(stream)
        except EOFError:
            return
        answer(lambda: getattr(made[0], name)(*args, **kwargs))
