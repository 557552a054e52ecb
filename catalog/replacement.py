"""Putting a link in a copy's place, or a file in a link's: the old goes when the new is proved.

The newcomer is made under a temporary name beside the file and verified. One atomic step exchanges
the two names (two steps, with the old one aside, where a file system can't exchange). Only when
the newcomer is verified in its place, and the old one is seen to be what it was, does the old one
go. Cut off anywhere, `resolve` finds both by name and inode, and finishes or takes back.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable

from ..models.text import printable
from . import fileops, reflink, regular_file
from .attributes import Attributes
from .destinations import free_path
from .errors import RefusedError
from .exclusive_rename import exchange, rename_exclusively
from .fileops import aside_path, sync_folder
from .identity import Identity
from .journal import Action
from .regular_file import Held

VERBS = frozenset(("hardlink", "reflink", "symlink", "unlink"))
"""The actions whose file keeps its name; 'unlink' brings a file back in a link's place."""


def newcomer_path(source: bytes, token: str) -> bytes:
    """Where what will take the place of `source` is made."""
    return os.path.join(os.path.dirname(source), fileops.PREFIX + os.fsencode(token) + b".new")


def put_link(held: Held, verb: str, digest: bytes, token: str) -> None:
    """Replace a held file by a link to its held keeper, which has the same bytes, or by a clone.

    After an error the caller looks at the disk (`resolve`).

    Raises:
        RefusedError: the file system has no such links, or another program interfered.
        OSError: the system refused a step.
    """
    keeper = held.keeper
    if keeper is None:
        raise ValueError("a link leads to a keeper")
    newcomer = newcomer_path(held.path, token)
    is_there: Callable[[bytes], bool]
    if verb == "symlink":
        folder = os.path.realpath(os.path.dirname(held.path))
        os.symlink(os.path.relpath(os.path.realpath(keeper.path), folder), newcomer)
        is_there = lambda place: _target(place) == keeper.identity  # noqa: E731
    elif verb == "hardlink":
        _hard_link(keeper.path, newcomer)
        is_there = keeper.is_at
    else:
        reflink.clone(keeper.path, newcomer)
        descriptor = os.open(newcomer, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        try:
            Attributes.of(held.descriptor).give(descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        is_there = lambda place: regular_file.holds(place, digest, held.identity.size)  # noqa: E731
    if not is_there(newcomer):
        raise RefusedError(
            f"the link to {printable(keeper.path)} doesn't lead there; it was removed"
        )
    _swap(held.path, held.is_at, is_there, token)


def put_file(
    path: bytes, link: Identity, content: int, attributes: Attributes, digest: bytes, token: str
) -> None:
    """Replace the link at `path`, seen as `link` by lstat, by a file of its own with these bytes.

    `content` is a descriptor of what the link leads to. After an error look at the disk, as above.

    Raises:
        RefusedError: the copy's digest is another one, or another program interfered.
        OSError: the system refused a step.
    """
    newcomer = newcomer_path(path, token)
    copied = fileops.copy(content, newcomer, digest, attributes, path)
    _swap(path, lambda p: _entry(p) == link, lambda p: regular_file.identity_at(p) == copied, token)


def _hard_link(source: bytes, destination: bytes) -> None:
    try:
        os.link(source, destination, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise
        raise RefusedError(
            "this file system has no hard links, or forbids this one", "choose the trash"
        ) from error


def _swap(
    path: bytes, is_old: Callable[[bytes], bool], is_new: Callable[[bytes], bool], token: str
) -> None:
    """Exchange a file with its newcomer, look at both, and remove the old one."""
    newcomer, aside = newcomer_path(path, token), aside_path(path, token)
    sync_folder(os.path.dirname(path))
    exchanged = exchange(newcomer, path)
    old = newcomer if exchanged else aside
    if not exchanged:
        rename_exclusively(path, aside)
        rename_exclusively(newcomer, path)
    if not (is_old(old) and is_new(path)):
        if exchanged:
            exchange(newcomer, path)
            if is_new(newcomer):
                os.unlink(newcomer)
            else:  # somebody's file, put in our link's place this instant
                rename_exclusively(newcomer, free_path(path))
        raise RefusedError(f"{printable(path)} was changed by another program")
    sync_folder(os.path.dirname(path))
    os.unlink(old)
    sync_folder(os.path.dirname(path))


def resolve(action: Action) -> tuple[str, str]:
    """Finish or take back a replacement that was cut off: state and reason as in catalog.recovery.

    Raises:
        OSError: the system refused a step; nothing is lost by trying again.
        RefusedError: a name was taken this instant; the same.
    """
    path = action.source
    newcomer, aside = newcomer_path(path, action.token), aside_path(path, action.token)
    old = next((p for p in (path, newcomer, aside) if _is_old(action, p)), None)
    for name in (newcomer, aside):  # a rename in two calls, cut off between them
        if regular_file.is_same_file(name, path):
            os.unlink(name)
            old = old if old != name else path
    if old == path:
        return _take_back(action, newcomer)
    if old is None:
        return _without_old(action, newcomer)
    if _leads(path, action.digest) and _is_unedited(action, old):
        sync_folder(os.path.dirname(path))
        os.unlink(old)
        sync_folder(os.path.dirname(path))
        return "done", ""
    if regular_file.stat_at(path) is None:
        rename_exclusively(old, path)
        return _take_back(action, newcomer)
    back = free_path(path)
    rename_exclusively(old, back)
    sync_folder(os.path.dirname(path))
    return "failed", f"was changed by another program; what it was is at {printable(back)}"


def _take_back(action: Action, newcomer: bytes) -> tuple[str, str]:
    """The old one has its name: the newcomer goes, unless nothing else holds what it holds."""
    reason = ""
    if regular_file.stat_at(newcomer) is not None:
        if not _leads(action.source, action.digest) and regular_file.holds(
            newcomer, action.digest, action.size
        ):
            kept = free_path(action.source)
            rename_exclusively(newcomer, kept)
            reason = f"was changed by another program; what it was is at {printable(kept)}"
        else:
            os.unlink(newcomer)
    sync_folder(os.path.dirname(action.source))
    return "failed", reason


def _without_old(action: Action, newcomer: bytes) -> tuple[str, str]:
    """What was replaced is gone: that is well where its content is in its place."""
    path = action.source
    if not os.path.isdir(os.path.dirname(path)):
        return "intent", "can't be settled while its disk isn't there"
    waiting = regular_file.stat_at(newcomer) is not None
    if waiting and regular_file.stat_at(path) is None and _leads(newcomer, action.digest):
        rename_exclusively(newcomer, path)
        waiting = False
    there = _leads(path, action.digest)
    if waiting:
        return _take_back(action, newcomer)
    sync_folder(os.path.dirname(path))
    return ("done", "") if there else ("failed", "was changed or removed by another program")


def _is_old(action: Action, path: bytes) -> bool:
    """Whether a name of the source's folder has the inode that the action was to replace.

    The device isn't compared: it is that of the folder, and a restart may have numbered it anew.
    """
    found = _entry(path)
    return found is not None and found.inode == action.inode


def _is_unedited(action: Action, path: bytes) -> bool:
    found = regular_file.stat_at(path)
    if found is None or found.st_mtime_ns != action.mtime_ns:
        return False
    return stat.S_ISLNK(found.st_mode) or found.st_size == action.size


def _entry(path: bytes) -> Identity | None:
    """The identity of what has this name, be it a link."""
    found = regular_file.stat_at(path)
    return None if found is None else Identity.of(found)


def _target(path: bytes) -> Identity | None:
    """The identity of what a symbolic link leads to; None where it is no link, or leads nowhere."""
    try:
        return Identity.of(os.stat(path)) if os.path.islink(path) else None
    except OSError:
        return None


def _leads(path: bytes, digest: bytes) -> bool:
    """Whether a name, or what it links to, is a regular file with this digest."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        return regular_file.digest_of(descriptor) == digest
    finally:
        os.close(descriptor)
