"""Clones of files that share their blocks on disk, where the file system can (Btrfs, XFS, APFS)."""

from __future__ import annotations

import ctypes
import errno
import os
import sys

from .errors import RefusedError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_FICLONE = 0x40049409  # linux/fs.h: _IOW(0x94, 9, int)
_CLONE_NOFOLLOW = 1  # sys/clonefile.h of macOS
_UNABLE = frozenset(
    (
        *(errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS, errno.EXDEV),
        errno.ETXTBSY,
    )
)


def clone(source: bytes, destination: bytes) -> None:
    """Make the new file `destination` a clone of a regular file: its own inode, the same blocks.

    Raises:
        RefusedError: the file system, or the platform, has no clones; nothing was made.
        FileExistsError: something has that name.
        OSError: another failure; nothing was made.
    """
    try:
        if sys.platform == "darwin":
            _clone_macos(source, destination)
        else:
            _clone_linux(source, destination)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _UNABLE:
            raise
        raise RefusedError(
            "this file system can't let two files share their blocks (reflink)",
            "choose a hard link, or the trash",
        ) from error


def _clone_linux(source: bytes, destination: bytes) -> None:
    if fcntl is None or not sys.platform.startswith("linux"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        writing = os.open(destination, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.ioctl(writing, _FICLONE, reading)
        except OSError:
            os.unlink(destination)
            raise
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _clone_macos(source: bytes, destination: bytes) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    library.clonefile.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    if library.clonefile(source, destination, _CLONE_NOFOLLOW) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), source, None, destination)
