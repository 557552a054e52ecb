"""What the workers of test_workers.py do; a module of its own, since workers import it by name."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from twinsift.catalog import confinement
from twinsift.models.errors import PictureError


def double(number: int) -> int:
    return 2 * number


def add(number: int, more: int) -> int:
    return number + more


def nothing(_: int) -> None:
    """What a job has to say of a file that isn't the one any more."""


def who(_: int) -> int:
    return os.getpid()


def misbehave(deed: str) -> str:
    """Do what damaged pictures make decoders do."""
    match deed:
        case "segfault":
            ctypes.string_at(0)
        case "abort":
            os.abort()
        case "exit":
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(600)
        case "glut":
            return str(len(bytearray(2 << 30)))
        case "watched glut":  # as on macOS and Windows, where the kernel keeps no limit
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))
            confinement.watch(200 << 20)
            held = bytearray(b"x") * (400 << 20)
            time.sleep(600)
            return str(len(held))
        case "opencv glut":
            raise RuntimeError("(-4:Insufficient memory) Failed to allocate 4000000000 bytes")
        case "picture error":
            raise PictureError("it is broken", "mend it")
        case "any error":
            raise KeyError("two\nlines")
        case "chatter":
            os.write(1, b"noise of a C library on stdout\n")
            os.write(2, b"noise of a C library on stderr\n")
            sys.stdout.write("noise of a plugin")
            sys.stdout.flush()
    return deed


def threads_and_limits(_: int) -> dict[str, object]:
    import resource

    import cv2

    return {
        "opencv": cv2.getNumThreads(),
        "omp": os.environ["OMP_NUM_THREADS"],
        "data": resource.getrlimit(resource.RLIMIT_DATA)[0],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "interrupt": signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
    }


def niceness(_: int) -> tuple[int, str]:
    session = Path("/proc/self/autogroup")
    return os.nice(0), session.read_text().split()[-1] if session.exists() else ""


def tell_pid_and_hang(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)
