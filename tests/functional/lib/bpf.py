# SPDX-License-Identifier: GPL-2.0-only
"""A cgroup program that answers setsockopt() in the kernel's stead."""

import contextlib
import ctypes
import os
import pathlib
import struct

from . import cpu

CGROUP = pathlib.Path("/sys/fs/cgroup")
SYS_BPF = 321
PROG_LOAD, PROG_ATTACH, PROG_DETACH = 5, 8, 9
CGROUP_SOCKOPT = 25
CGROUP_SETSOCKOPT = 22
# struct bpf_sockopt
LEVEL, OPTNAME, OPTLEN = 24, 28, 32

libc = ctypes.CDLL(None, use_errno=True)


def _insn(code, dst=0, src=0, offset=0, value=0):
    return struct.pack("=BBhi", code, src << 4 | dst, offset, value)


def _program(level, option):
    """An optlen of -1 is the answer 0, and the kernel is not asked."""
    load, store, jump_not, move, end = 0x61, 0x63, 0x55, 0xb7, 0x95
    return b"".join((
        _insn(load, 2, 1, LEVEL),
        _insn(jump_not, 2, 0, 4, level),
        _insn(load, 2, 1, OPTNAME),
        _insn(jump_not, 2, 0, 2, option),
        _insn(move, 2, value=-1),
        _insn(store, 1, 2, OPTLEN),
        _insn(move, 0, value=1),
        _insn(end)))


def _bpf(command, attr):
    buf = ctypes.create_string_buffer(attr, len(attr))
    ret = libc.syscall(SYS_BPF, command, buf, len(attr))
    if ret < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return ret


def _load(code):
    text = ctypes.create_string_buffer(code, len(code))
    name = ctypes.create_string_buffer(b"GPL")
    attr = struct.pack("=IIQQIIQII16sII", CGROUP_SOCKOPT, len(code) // 8,
                       ctypes.addressof(text), ctypes.addressof(name), 0, 0,
                       0, 0, 0, b"", 0, CGROUP_SETSOCKOPT)
    return _bpf(PROG_LOAD, attr)


@contextlib.contextmanager
def answered(level, option):
    """While it lasts, setting that option does nothing and succeeds."""
    if not os.path.ismount(CGROUP):
        os.system(f"mount -t cgroup2 none {CGROUP}")
    program = _load(_program(level, option))
    group = os.open(CGROUP, os.O_RDONLY)
    attr = struct.pack("=IIII", group, program, CGROUP_SETSOCKOPT, 0)
    try:
        with cpu.alone():
            _bpf(PROG_ATTACH, attr)
        try:
            yield
        finally:
            with cpu.alone():
                _bpf(PROG_DETACH, attr)
    finally:
        os.close(group)
        os.close(program)
