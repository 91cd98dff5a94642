# SPDX-License-Identifier: GPL-2.0-only
"""BPF programs that answer in the kernel's stead."""

import contextlib
import ctypes
import os
import pathlib
import struct

from . import cpu

CGROUP = pathlib.Path("/sys/fs/cgroup")
SECURITY = pathlib.Path("/sys/kernel/security")
BTF = pathlib.Path("/sys/kernel/btf/vmlinux")
SYS_BPF = 321
PROG_LOAD, PROG_ATTACH, PROG_DETACH, RAW_TRACEPOINT_OPEN = 5, 8, 9, 17
CGROUP_SOCKOPT, LSM = 25, 29
CGROUP_SETSOCKOPT, LSM_MAC = 22, 27
# struct bpf_sockopt
LEVEL, OPTNAME, OPTLEN = 24, 28, 32

libc = ctypes.CDLL(None, use_errno=True)


def _insn(code, dst=0, src=0, offset=0, value=0):
    return struct.pack("=BBhi", code, src << 4 | dst, offset, value)


def _answer(value):
    move, end = 0xb7, 0x95
    return _insn(move, 0, value=value) + _insn(end)


def _program(level, option):
    """An optlen of -1 is the answer 0, and the kernel is not asked."""
    load, store, jump_not, move = 0x61, 0x63, 0x55, 0xb7
    return b"".join((
        _insn(load, 2, 1, LEVEL),
        _insn(jump_not, 2, 0, 4, level),
        _insn(load, 2, 1, OPTNAME),
        _insn(jump_not, 2, 0, 2, option),
        _insn(move, 2, value=-1),
        _insn(store, 1, 2, OPTLEN),
        _answer(1)))


def _bpf(command, attr):
    buf = ctypes.create_string_buffer(attr, len(attr))
    ret = libc.syscall(SYS_BPF, command, buf, len(attr))
    if ret < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return ret


def _load(kind, attach, code, btf_id=0):
    text = ctypes.create_string_buffer(code, len(code))
    name = ctypes.create_string_buffer(b"GPL")
    attr = struct.pack("=IIQQIIQII16sII36xI", kind, len(code) // 8,
                       ctypes.addressof(text), ctypes.addressof(name), 0, 0,
                       0, 0, 0, b"", 0, attach, btf_id)
    return _bpf(PROG_LOAD, attr)


# How much follows a type of that kind in BTF: bytes, and bytes for each of the
# members that the type counts. Nothing follows the others.
BTF_EXTRA = {1: (4, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8),
             13: (0, 8), 14: (4, 0), 15: (0, 12), 17: (4, 0), 19: (0, 12)}
BTF_FUNC = 12


def _function(name):
    """The number of a kernel's function among its types, from BTF."""
    data = BTF.read_bytes()
    head, types, size, strings = struct.unpack_from("=4I", data, 4)
    wanted = data.index(b"\0" + name.encode() + b"\0", head + strings) + 1
    wanted -= head + strings
    at, end, number = head + types, head + types + size, 1
    while at < end:
        where, info = struct.unpack_from("=2I", data, at)
        kind = info >> 24 & 0x7f
        if kind == BTF_FUNC and where == wanted:
            return number
        extra, each = BTF_EXTRA.get(kind, (0, 0))
        at += 12 + extra + each * (info & 0xffffff)
        number += 1
    raise KeyError(name)


def has_security():
    if not BTF.exists():
        return False
    if not os.path.ismount(SECURITY):
        os.system(f"mount -t securityfs none {SECURITY}")
    active = (SECURITY / "lsm").read_text(encoding="ascii")
    return "bpf" in active.split(",")


@contextlib.contextmanager
def security(hook, error):
    """While it lasts, a security module answers that hook with an error."""
    program = _load(LSM, LSM_MAC, _answer(-error),
                    _function(f"bpf_lsm_{hook}"))
    attr = struct.pack("=QII", 0, program, 0)
    try:
        with cpu.alone():
            link = _bpf(RAW_TRACEPOINT_OPEN, attr)
        try:
            yield
        finally:
            with cpu.alone():
                os.close(link)
    finally:
        os.close(program)


@contextlib.contextmanager
def answered(level, option):
    """While it lasts, setting that option does nothing and succeeds."""
    if not os.path.ismount(CGROUP):
        os.system(f"mount -t cgroup2 none {CGROUP}")
    program = _load(CGROUP_SOCKOPT, CGROUP_SETSOCKOPT,
                    _program(level, option))
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
