"""The few operations that touch a person's file: none overwrites, none loses a byte if cut off.

Each is called with a journal row already on disk and leaves the file, at any moment, under a name
that the row tells: its source, its destination, or a temporary name made of the row's token
(`part_path`, `aside_path`), so that `catalog.recovery` can finish or take back what was cut off.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress

from ..models.text import printable
from .attributes import Attributes
from .errors import RefusedError
from .exclusive_rename import rename_exclusively
from .identity import Identity
from .regular_file import Held, blocks, digest_of, identity_at

PREFIX = b".twinsift-"
"""How every name begins that this program makes beside a person's files."""


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
        for block in blocks(descriptor):
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
