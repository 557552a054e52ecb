"""Runs work in a child process that stops before every system call that changes what is on a disk.

The kernel itself stops it (a seccomp filter that reports to the tracer, ptrace), so nothing that
the work calls is missed: Python's own calls, those of the C library through ctypes, SQLite's. All
of Linux's calls that change a file's bytes, names or attributes, or that make them durable, are in
the list; what is left out (reads, locks, stat) leaves the disk as it is.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
import traceback
from collections.abc import Callable

_CALLS = {
    "x86_64": """
        write=1 pwrite64=18 writev=20 pwritev=296 pwritev2=328 sendfile=40 copy_file_range=326
        fallocate=285 msync=26 truncate=76 ftruncate=77 fsync=74 fdatasync=75
        sync_file_range=277 sync=162 syncfs=306 creat=85 mknod=133 mknodat=259 rename=82
        renameat=264 renameat2=316 link=86 linkat=265 symlink=88 symlinkat=266 unlink=87
        unlinkat=263 rmdir=84 mkdir=83 mkdirat=258 utime=132 utimes=235 utimensat=280
        futimesat=261 chmod=90 fchmod=91 fchmodat=268 fchmodat2=452 chown=92 fchown=93 lchown=94
        fchownat=260 setxattr=188 lsetxattr=189 fsetxattr=190 removexattr=197 lremovexattr=198
        fremovexattr=199
    """,
    "aarch64": """
        write=64 pwrite64=68 writev=66 pwritev=70 pwritev2=287 sendfile=71 copy_file_range=285
        fallocate=47 msync=227 truncate=45 ftruncate=46 fsync=82 fdatasync=83 sync_file_range=84
        sync=81 syncfs=267 mknodat=33 renameat=38 renameat2=276 linkat=37 symlinkat=36
        unlinkat=35 mkdirat=34 utimensat=88 fchmod=52 fchmodat=53 fchmodat2=452 fchown=55
        fchownat=54 setxattr=5 lsetxattr=6 fsetxattr=7 removexattr=14 lremovexattr=15
        fremovexattr=16
    """,
}
"""Names and numbers of the calls, by processor (asm/unistd.h)."""
# Calls that change something only with one of these bits, or with this value, in an argument.
_MAKING = os.O_CREAT | os.O_TRUNC
_FICLONE = 0x40049409
_OPENING = {"x86_64": ((2, 1), (257, 2)), "aarch64": ((56, 2),)}
_IOCTL = {"x86_64": 16, "aarch64": 29}

_TRACEME, _CONT, _SETOPTIONS, _GETEVENTMSG = 0, 7, 0x4200, 0x4201  # linux/ptrace.h
_TRACESECCOMP, _EXITKILL = 1 << 7, 1 << 20
_STOPPED_BY_FILTER = signal.SIGTRAP | 7 << 8
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2  # linux/prctl.h, linux/seccomp.h
_RET_TRACE, _RET_ALLOW = 0x7FF00000, 0x7FFF0000
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # linux/bpf_common.h

Stop = Callable[[str], bool]
"""Called with the name of the call that comes next; True kills the child before it is made."""


def missing() -> str:
    """Why no child can be traced here; '' where one can."""
    if not sys.platform.startswith("linux") or platform.machine() not in _CALLS:
        return "needs Linux's ptrace, on a processor whose calls are listed"
    libc = ctypes.CDLL(None, use_errno=True)
    return "" if hasattr(libc, "ptrace") else "the C library has no ptrace"


def run(work: Callable[[], None], at_stop: Stop) -> bool:
    """Do work in a child, stopped before each call that touches a disk; whether it came to its end.

    Raises:
        AssertionError: the work raised an error (printed by the child), or can't be traced.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    program, names = _program()
    child = os.fork()
    if child == 0:
        try:
            if libc.ptrace(_TRACEME, 0, None, None) != 0:
                os._exit(4)
            os.kill(os.getpid(), signal.SIGSTOP)
            _install(libc, program)
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    message = ctypes.c_ulong()
    _, status = os.waitpid(child, 0)
    assert os.WIFSTOPPED(status), "this process may not be traced"
    libc.ptrace(_SETOPTIONS, child, None, _TRACESECCOMP | _EXITKILL)
    deliver = 0
    while True:
        libc.ptrace(_CONT, child, None, deliver)
        _, status = os.waitpid(child, 0)
        if not os.WIFSTOPPED(status):
            break
        deliver = 0
        if status >> 8 != _STOPPED_BY_FILTER:
            deliver = os.WSTOPSIG(status)
            continue
        libc.ptrace(_GETEVENTMSG, child, None, ctypes.byref(message))
        if at_stop(names[message.value]):
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            assert os.WIFSIGNALED(status)
            return False
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0, "the child failed, see above"
    return True


def _program() -> tuple[bytes, list[str]]:
    """The filter, and the names of the calls by the number that it reports for each."""
    machine = platform.machine()
    calls = [call.split("=") for call in _CALLS[machine].split()]
    steps: list[tuple[int, int, int, int]] = []
    for number, (_, call) in enumerate(calls):
        steps += [(_LOAD, 0, 0, 0), (_EQUAL, 0, 1, int(call))]
        steps += [(_RETURN, 0, 0, _RET_TRACE | number)]
    for call, argument in _OPENING[machine]:
        steps += [(_LOAD, 0, 0, 0), (_EQUAL, 0, 3, call)]
        steps += [(_LOAD, 0, 0, 16 + 8 * argument), (_ANY_BIT, 0, 1, _MAKING)]
        steps += [(_RETURN, 0, 0, _RET_TRACE | len(calls))]
    steps += [(_LOAD, 0, 0, 0), (_EQUAL, 0, 3, _IOCTL[machine])]
    steps += [(_LOAD, 0, 0, 16 + 8 * 1), (_EQUAL, 0, 1, _FICLONE)]
    steps += [(_RETURN, 0, 0, _RET_TRACE | len(calls) + 1)]
    steps += [(_RETURN, 0, 0, _RET_ALLOW)]
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    return program, [*(name for name, _ in calls), "open", "clone"]


def _install(libc: ctypes.CDLL, program: bytes) -> None:
    """Have the kernel stop this process at the calls of a filter from now on."""
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    pointer = ctypes.create_string_buffer(header, len(header))
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")
    if libc.prctl(_SET_SECCOMP, _FILTER, ctypes.addressof(pointer), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")
