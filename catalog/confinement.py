"""The limits under which a worker process reads foreign files: memory, time, cores, Ctrl-C.

On Linux the kernel refuses memory beyond the limit (RLIMIT_DATA counts all that is private and
writable since Linux 4.7), which a decoder meets as an allocation that fails. macOS takes the limit
and doesn't keep it, and Windows has none: there a thread looks at what the process holds, and ends
it. A decoder releases the interpreter's lock, so the thread runs while the decoder does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable

GLUT = 77
"""Exit code of a worker that took more memory than it may."""
_NICENESS = 5
_LOOK_SECONDS = 0.02  # a decoder fills some 100 MiB in that time


def confine(memory_mb: int) -> None:
    """Put this process under its limits for good."""
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        import resource

        _give_way()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = memory_mb << 20
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):  # not every platform lets it be set
            resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    if sys.platform != "linux":
        watch(memory_mb << 20)


def _give_way() -> None:
    """Leave the cores to what is not in the background: a person reviewing meanwhile comes first.

    Linux shares them among sessions before it looks at processes (sched(7), autogroup). A worker
    has a session of its own, in which its niceness counts for nothing: the session needs one too.
    """
    os.nice(_NICENESS)
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as session:
        session.write(str(_NICENESS))


def alarm(seconds: float) -> None:
    """Have the kernel kill this process: where a decoder hangs and the parent is gone too."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def watch(most: int) -> None:
    """End this process with GLUT as soon as it has held more than `most` bytes."""
    peak = _peak_windows if sys.platform == "win32" else _peak_posix

    def look() -> None:
        while peak() <= most:
            time.sleep(_LOOK_SECONDS)
        os._exit(GLUT)

    threading.Thread(target=look, name="memory-watch", daemon=True).start()


def _peak_posix() -> int:
    """The most bytes that this process has held in memory."""
    import resource

    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found << 10  # KiB but on macOS


class _Counters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS of psapi.h."""

    _fields_ = (
        ("cb", ctypes.c_uint32),
        ("PageFaultCount", ctypes.c_uint32),
        ("PeakWorkingSetSize", ctypes.c_size_t),
        ("WorkingSetSize", ctypes.c_size_t),
        ("QuotaPeakPagedPoolUsage", ctypes.c_size_t),
        ("QuotaPagedPoolUsage", ctypes.c_size_t),
        ("QuotaPeakNonPagedPoolUsage", ctypes.c_size_t),
        ("QuotaNonPagedPoolUsage", ctypes.c_size_t),
        ("PagefileUsage", ctypes.c_size_t),
        ("PeakPagefileUsage", ctypes.c_size_t),
    )


def _peak_windows() -> int:
    """The most bytes that this process has committed."""
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - it is there on Windows only
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    found = _Counters(cb=ctypes.sizeof(_Counters))
    ask: Callable[..., int] = kernel.K32GetProcessMemoryInfo
    ask(ctypes.c_void_p(kernel.GetCurrentProcess()), ctypes.byref(found), found.cb)
    return int(found.PeakPagefileUsage)
