"""Regular files as they are this moment: found without following links, held open, locked, read.

Nothing here changes a file. What is held stays the file that was looked at, whatever becomes of its
name; that it still has the name is asked again (`Held.is_at`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from blake3 import blake3

from ..models.text import printable
from .errors import RefusedError
from .identity import Identity

try:
    import fcntl
except ImportError:  # Windows, where an open file can't be replaced anyway
    fcntl = None

_CHUNK = 1 << 20  # bytes read and written at a time
_SAMPLES, _SAMPLE = 16, 4096  # pieces of a file, and bytes of each, that a quick look takes
# O_NONBLOCK: a FIFO that takes a file's place this instant can't hang us.
_READING = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class Held:
    """A regular file, open for reading and locked against other programs that ask for locks."""

    path: bytes
    descriptor: int
    identity: Identity
    links: int
    """Names that the file had when it was opened; one of several frees nothing when removed."""
    keeper: Held | None = None
    """The file that stays in its stead, for one that is removed."""

    def digest(self) -> bytes:
        """BLAKE3-256 of the whole file as it is now."""
        return digest_of(self.descriptor)

    def is_at(self, path: bytes) -> bool:
        """Whether `path` leads to this very file, unedited since it was opened."""
        return identity_at(path) == self.identity


@contextmanager
def hold(path: bytes, *, alone: bool) -> Iterator[Held]:
    """Open the regular file at `path` and lock it, `alone` or together with other readers.

    The lock keeps a second twinsift, with whatever catalog, from removing the file that the first
    one keeps. Where the file system knows no locks it goes without.

    Raises:
        RefusedError: nothing is there, it is no regular file, or another program holds it.
        OSError: it can't be read.
    """
    found = stat_at(path)
    if found is None:
        raise RefusedError(f"{printable(path)} is gone")
    if not stat.S_ISREG(found.st_mode):
        raise RefusedError(f"{printable(path)} is not a regular file")
    descriptor = os.open(path, _READING)
    try:
        opened = os.fstat(descriptor)
        if (opened.st_dev, opened.st_ino) != (found.st_dev, found.st_ino):
            raise RefusedError(f"{printable(path)} is being replaced by another program")
        _lock(path, descriptor, alone)
        held = Held(path, descriptor, Identity.of(opened), opened.st_nlink)
        if not held.is_at(path):  # whoever held the lock before us may have moved it
            raise RefusedError(f"{printable(path)} is being changed by another program")
        yield held
    finally:
        os.close(descriptor)


def _lock(path: bytes, descriptor: int, alone: bool) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RefusedError(f"{printable(path)} is in use by another program") from error
    except OSError:
        pass  # no locks on this file system, or only for files open for writing (NFS)


def stat_at(path: bytes) -> os.stat_result | None:
    """`lstat`, or None where nothing has that name.

    Raises:
        OSError: whether something is there can't be told.
    """
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def identity_at(path: bytes) -> Identity | None:
    """The identity of the regular file at `path`, or None where there is none."""
    found = stat_at(path)
    return None if found is None or not stat.S_ISREG(found.st_mode) else Identity.of(found)


def is_same_file(one: bytes, other: bytes) -> bool:
    """Whether two paths are two names of one file; False for one name reached in two ways."""
    a, b = stat_at(one), stat_at(other)
    if a is None or b is None or (a.st_dev, a.st_ino) != (b.st_dev, b.st_ino):
        return False
    return a.st_nlink > 1


def digest_of(descriptor: int) -> bytes:
    """BLAKE3-256 of everything in an open file, whatever its position."""
    hasher = blake3()
    for block in blocks(descriptor):
        hasher.update(block)
    return hasher.digest()


def sample_of(descriptor: int) -> bytes:
    """BLAKE3-256 of the size and of 16 pieces of an open file, its ends among them.

    A quick look that sees a cut, a shift, another picture, and most edits of a picture's file,
    since these change its length or its head. It does not see a few bytes changed in between.
    """
    size = os.fstat(descriptor).st_size
    hasher = blake3(size.to_bytes(8, "little"))
    last = max(0, size - _SAMPLE)
    for number in range(_SAMPLES):
        os.lseek(descriptor, last * number // (_SAMPLES - 1), os.SEEK_SET)
        hasher.update(os.read(descriptor, _SAMPLE))
    return hasher.digest()


def sample_of_file(path: bytes) -> bytes:
    """`sample_of` the regular file at a path.

    Raises:
        RefusedError: it is no regular file.
        OSError: it can't be read.
    """
    descriptor = os.open(path, _READING)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise RefusedError(f"{printable(path)} is not a regular file")
        return sample_of(descriptor)
    finally:
        os.close(descriptor)


def blocks(descriptor: int) -> Iterator[bytes]:
    """Everything in an open file from its beginning, in pieces of up to 1 MiB."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    while block := os.read(descriptor, _CHUNK):
        yield block


def holds(path: bytes, digest: bytes, size: int) -> bool:
    """Whether `path` is a regular file with exactly these bytes."""
    found = identity_at(path)
    if found is None or found.size != size:
        return False
    descriptor = os.open(path, _READING)
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode) and digest_of(descriptor) == digest
    finally:
        os.close(descriptor)
