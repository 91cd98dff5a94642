# SPDX-License-Identifier: GPL-2.0-only
"""Keys in the kernel's keyrings, of type user, by their serial numbers."""

import ctypes
import os

# The numbers of add_key(2) and keyctl(2).
_ADD_KEY, _KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219),
                     "riscv64": (217, 219)}[os.uname().machine]
_PROCESS_KEYRING = -2
_REVOKE, _SETPERM, _DESCRIBE, _UNLINK, _SET_TIMEOUT = 3, 5, 6, 9, 15

_libc = ctypes.CDLL(None, use_errno=True)


def _call(*args):
    result = _libc.syscall(*[ctypes.c_long(arg) if isinstance(arg, int) else arg
                             for arg in args])
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def add(name, data=b"secret"):
    """A new key in the process's keyring; one of that name goes."""
    return _call(_ADD_KEY, b"user", name.encode(), data, len(data),
                 _PROCESS_KEYRING)


def revoke(serial):
    _call(_KEYCTL, _REVOKE, serial)


def expire(serial, seconds):
    _call(_KEYCTL, _SET_TIMEOUT, serial, seconds)


def set_permissions(serial, mask):
    _call(_KEYCTL, _SETPERM, serial, mask)


def unlink(serial):
    _call(_KEYCTL, _UNLINK, serial, _PROCESS_KEYRING)


def exists(serial):
    """Whether there is such a key, used by somebody."""
    try:
        _call(_KEYCTL, _DESCRIBE, serial, None, 0)
    except OSError:
        return False
    return True
