"""The few operations that touch a person's file: none overwrites, none loses a byte if cut off.

Each is called with a journal row already on disk and leaves the file, at any moment, under a name
that the row tells: its source, its destination, or a temporary name made of the row's token
(`part_path`, `aside_path`), so that `catalog.recovery` can finish or take back what was cut off.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from blake3 import blake3

from ..models.text import printable
from .attributes import Attributes
from .errors import RefusedError
from .exclusive_rename import rename_exclusively
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
PREFIX = b".twinsift-"
"""How every name begins that this program makes beside a person's files."""


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
    for block in _blocks(descriptor):
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


def _blocks(descriptor: int) -> Iterator[bytes]:
    """Everything in an open file from its beginning, in pieces."""
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


def part_path(destination: bytes, token: str) -> bytes:
    """Where a copy to `destination` grows until it is complete and verified."""
    return os.path.join(os.path.dirname(destination), PREFIX + os.fsencode(token) + b".part")


def aside_path(source: bytes, token: str) -> bytes:
    """Where `source` waits for its removal while it is looked at a last time."""
    return os.path.join(os.path.dirname(source), PREFIX + os.fsencode(token) + b".aside")


def prove_apart(held: Held, token: str) -> None:
    """Make sure that a held file and its keeper are two files, not one seen through two mounts.

    An overlay or a network mount gives the one file another device and inode, and locks of its own.
    So the file is renamed aside for a moment, to a name that no cache can know: where that name
    shows up beside the keeper too, both are in one folder.

    Raises:
        RefusedError: they are the same file, or the keeper is being changed; all is as it was.
        OSError: the system refused a step; look at the disk as after `relocate`.
    """
    keeper = held.keeper
    if keeper is None or os.path.dirname(keeper.path) == os.path.dirname(held.path):
        return
    aside = aside_path(held.path, token)
    rename_exclusively(held.path, aside)
    try:
        in_one_folder = os.path.lexists(aside_path(keeper.path, token))
        is_alias = in_one_folder and os.path.basename(keeper.path) == os.path.basename(held.path)
        stays = keeper.is_at(keeper.path)
    finally:
        _put_back(aside, held.path)
    if is_alias or not stays:
        raise RefusedError(
            f"it is the same file as the one that is kept, {printable(keeper.path)}, or that one is"
            " being changed by another program"
        )


def relocate(held: Held, destination: bytes, digest: bytes, token: str) -> None:
    """Give a held file the name `destination`, in a folder that exists; a copy is verified.

    After an error the caller looks at the disk (catalog.recovery.resolve): a folder that couldn't
    be made durable, for one, fails a move that has happened.

    Raises:
        FileExistsError: something has that name; nothing was touched.
        RefusedError: another program changed or replaced the file meanwhile.
        OSError: the system refused a step.
    """
    if os.path.lexists(destination):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), destination)
    try:
        rename_exclusively(held.path, destination)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_and_remove(held, destination, digest, token)
        return
    _check_gone(held, destination)
    # The new name first: a power failure may then show both names, but never none.
    sync_folder(os.path.dirname(destination))
    sync_folder(os.path.dirname(held.path))


def remove(held: Held, token: str) -> None:
    """Delete a held file for good, after a last look at what is deleted.

    Raises:
        RefusedError: another file has taken its place; that one was put back.
        OSError: the system refused a step; look at the disk as after `relocate`.
    """
    aside = aside_path(held.path, token)
    rename_exclusively(held.path, aside)  # from here on nobody can put another file in its place
    _check_gone(held, aside)
    try:
        os.unlink(aside)
    except OSError:
        _put_back(aside, held.path)
        raise
    sync_folder(os.path.dirname(held.path))


def _check_gone(held: Held, now: bytes) -> None:
    """Take back a rename to `now` that took another file along, or left none that is kept.

    The keeper is looked at when the file is out of its place already: of two programs on whatever
    machines, each removing what the other one keeps, the later sees it and puts its own file back.

    Raises:
        RefusedError: the file is back in its place.
    """
    keeper = held.keeper
    if keeper is not None and not keeper.is_at(keeper.path):
        _put_back(now, held.path)
        raise RefusedError(
            f"the file that is kept, {printable(keeper.path)}, was taken away by another program"
        )
    if not held.is_at(now):
        _put_back(now, held.path)
        raise RefusedError(f"{printable(held.path)} was changed by another program")


def _put_back(path: bytes, source: bytes) -> None:
    """Undo a rename.

    Raises:
        RefusedError: the source's name is taken again; the file stays at `path`.
    """
    try:
        rename_exclusively(path, source)
    except FileExistsError as error:
        raise RefusedError(
            f"{printable(source)} was replaced by another program; the file that was there is now"
            f" at {printable(path)}"
        ) from error
    sync_folder(os.path.dirname(source))


def _copy_and_remove(held: Held, destination: bytes, digest: bytes, token: str) -> None:
    """`relocate` between file systems: copy, verify, name, and only then remove the source."""
    part = part_path(destination, token)
    try:
        attributes = Attributes.of(held.descriptor)
        copied = copy(held.descriptor, part, digest, attributes, held.path)
        rename_exclusively(part, destination)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)
        raise
    sync_folder(os.path.dirname(destination))
    try:
        remove(held, token)
    except RefusedError as error:
        if held.is_at(held.path) and identity_at(destination) == copied:
            os.unlink(destination)  # it stays for another reason than that it was edited
            raise
        raise RefusedError(
            f"{printable(held.path)} was edited while it was copied and stays there; what it was is"
            f" at {printable(destination)}"
        ) from error
    except OSError:
        # The copy goes only when the source is proved to be there, unedited, under its name.
        if held.is_at(held.path) and identity_at(destination) == copied:
            os.unlink(destination)
        raise


def copy(
    descriptor: int, part: bytes, digest: bytes, attributes: Attributes, name: bytes
) -> Identity:
    """Copy an open file to the new name `part` and give it attributes; durable on return.

    Raises:
        RefusedError: the copy, read again, hasn't the digest; `name` is what it is told of.
    """
    target = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        found = os.fstat(descriptor)
        has_holes = getattr(found, "st_blocks", sys.maxsize) * 512 < found.st_size
        for block in _blocks(descriptor):
            if has_holes and not block.strip(b"\0"):
                os.lseek(target, len(block), os.SEEK_CUR)  # a hole stays one
                continue
            rest = block
            while rest:
                rest = rest[os.write(target, rest) :]
        if has_holes:
            os.ftruncate(target, os.lseek(target, 0, os.SEEK_CUR))
        attributes.give(target)
        os.fsync(target)
        if hasattr(os, "posix_fadvise"):  # so that verifying reads the disk, not the memory
            os.posix_fadvise(target, 0, 0, os.POSIX_FADV_DONTNEED)
        if digest_of(target) != digest:
            raise RefusedError(f"the copy of {printable(name)} differs from it; it was removed")
        return Identity.of(os.fstat(target))
    finally:
        os.close(target)


def make_folders(folder: bytes, *, mode: int = 0o777) -> None:
    """Make a folder and those above it that are missing, each durable before the next."""
    missing: list[bytes] = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for path in reversed(missing):
        try:
            os.mkdir(path, mode)
        except FileExistsError:
            if not os.path.isdir(path):  # else another program made it this instant
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path) from None
        sync_folder(os.path.dirname(path))


def sync_folder(folder: bytes) -> None:
    """Make the names in a folder durable; where a file system can't, it has been asked."""
    if os.name == "nt":
        return  # folders can't be opened there
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EROFS):
            raise
    finally:
        os.close(descriptor)


def reason_of(error: OSError | RefusedError, path: bytes) -> str:
    """An error's reason, in words that follow the name of the file `path`."""
    if isinstance(error, RefusedError):
        return str(error).removeprefix(printable(path)).lstrip()
    text = f"{error.strerror or error}".lower()
    blamed = error.filename
    if isinstance(error, NotADirectoryError) and isinstance(blamed, bytes) and blamed != path:
        return f"{text}: {printable(blamed)}"
    return text
