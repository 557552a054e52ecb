"""A lock between processes, held on an open file: the system lets go of it when the holder dies."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # Of the open file, not of the process (as `lockf` would be): the second of two holders in
        # one process is refused too, and closing another descriptor of the file drops nothing.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


# What the systems say where another holds it.
_HELD = frozenset((errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK))


@contextmanager
def process_lock(path: str | os.PathLike[str]) -> Iterator[bool]:
    """Hold the lock of this file; False where another holds it.

    The file is made, for its owner only, and stays: unlinking it would leave those who wait for it
    and those who come later with two files, and so two locks.

    Raises:
        OSError: the file can't be made, or its file system knows no locks.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(Path(path), flags, 0o600)
    try:
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno not in _HELD:
                raise
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)  # and with it the lock
