"""Renames that lose no file: one that never replaces, one that exchanges two names atomically."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable

_RENAME_NOREPLACE = 1  # linux/fs.h
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_EXCL = 4  # sys/stdio.h of macOS
_RENAME_SWAP = 2  # sys/stdio.h of macOS
_AT_FDCWD = -100  # fcntl.h


def rename_exclusively(source: bytes, destination: bytes) -> None:
    """Rename, failing where `destination` exists (`os.rename` would replace it silently on POSIX).

    Raises:
        FileExistsError: something has that name.
        OSError: EXDEV between file systems; ENOTSUP where neither an exclusive rename nor a hard
            link exists, so that nothing can be moved without the risk of overwriting.
    """
    if os.name == "nt":
        os.rename(source, destination)
        return
    if _exclusive_rename is not None:
        code = _exclusive_rename(source, destination)
        if code == 0:
            return
        if code not in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
            raise OSError(code, os.strerror(code), source, None, destination)
    _link_and_unlink(source, destination)


def _link_and_unlink(source: bytes, destination: bytes) -> None:
    """An exclusive rename in two calls; cut off between them, the file has both names."""
    try:
        os.link(source, destination, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise
        reason = "this file system can't move a file without the risk of overwriting another"
        raise OSError(errno.ENOTSUP, reason, source) from error
    if not os.path.samestat(os.lstat(source), os.lstat(destination)):
        raise OSError(errno.EBUSY, "the file was replaced by another program", source)
    os.unlink(source)


def exchange(one: bytes, other: bytes) -> bool:
    """Exchange the files of two names in one atomic step; False where the system can't do that.

    Raises:
        OSError: one of the names leads to nothing, or the step failed; both are as they were.
    """
    if _exchange is None:
        return False
    code = _exchange(one, other)
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    if code != 0:
        raise OSError(code, os.strerror(code), one, None, other)
    return True


def _find(linux_flag: int, macos_flag: int) -> Callable[[bytes, bytes], int] | None:
    """The C library's rename with a flag as a function that returns the errno, or None."""
    if os.name != "posix":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "renameat2"):  # Linux, glibc 2.28
        at2 = library.renameat2
        at2.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]

        def call(source: bytes, destination: bytes) -> int:
            done = at2(_AT_FDCWD, source, _AT_FDCWD, destination, linux_flag)
            return 0 if done == 0 else ctypes.get_errno()

        return call
    if hasattr(library, "renamex_np"):  # macOS 10.12
        np = library.renamex_np
        np.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint]

        def call(source: bytes, destination: bytes) -> int:
            return 0 if np(source, destination, macos_flag) == 0 else ctypes.get_errno()

        return call
    return None


_exclusive_rename = _find(_RENAME_NOREPLACE, _RENAME_EXCL)
_exchange = _find(_RENAME_EXCHANGE, _RENAME_SWAP)
