"""Settling actions that were cut off, by a crash or by an error, from what the disk shows.

An action's file is under one of four names: its source, its destination, or one of the two
temporary names made of its token. Whatever is found is finished where the file has arrived,
verified by digest, and taken back where it has not; nothing is removed that isn't held elsewhere.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

from ..models.text import printable
from . import fileops, journal, regular_file, replacement, trash
from .database import Catalog
from .destinations import free_path
from .errors import CatalogError, RefusedError
from .fileops import sync_folder
from .identity import Identity
from .journal import Action


class Resolution(NamedTuple):
    """How an action ended: 'done', 'failed', or 'intent' while its disk isn't there to tell."""

    state: str
    reason: str
    """'' where the file is simply at its destination, or, after a failure, at its source."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """One action that had been cut off, for the person to see."""

    path: bytes
    verb: str
    state: str
    """As Resolution's."""
    reason: str


def recover(catalog: Catalog) -> list[Recovered]:
    """Settle what an earlier run left open; call it before reviewing or applying.

    Does nothing while another process applies: what is open then is its work in progress.

    Raises:
        CatalogError: the journal can't be written.
    """
    if not journal.has_open_batch(catalog):
        return []
    with ExitStack() as stack:
        try:
            stack.enter_context(catalog.exclusive("apply"))
        except CatalogError:
            return []
        return settle_all(catalog)


def settle_all(catalog: Catalog) -> list[Recovered]:
    """`recover` for one who holds the lock 'apply' already."""
    found: list[Recovered] = []
    with journal.writing(catalog):
        for action in journal.open_intents(catalog):
            state, reason = resolve(action, catalog)
            if state == "failed" and _was_left_behind(catalog, action):
                state, reason = _send_after(catalog, action)
            if state == "failed":
                reason = reason or "the run was cut off; the file is where it was"
            if state != "intent":
                journal.settle(catalog, action, state, reason)
            found.append(Recovered(action.source, action.verb, state, reason))
        journal.close_batches(catalog)
    return found


def _was_left_behind(catalog: Catalog, action: Action) -> bool:
    """Whether a companion is still there although its picture has gone."""
    if action.companion_of is None:
        return False
    row = catalog.connection.execute(
        "SELECT 1 FROM action WHERE batch_id = ? AND source = ? AND state = 'done'",
        (action.batch_id, action.companion_of),
    ).fetchone()
    return row is not None


def _send_after(catalog: Catalog, action: Action) -> Resolution:
    """Do what was begun with a companion whose picture has gone: it was held and verified for it.

    It is looked at again; where it has changed since, it stays.
    """
    (note,) = catalog.connection.execute(
        "SELECT note FROM batch WHERE id = ?", (action.batch_id,)
    ).fetchone()
    if action.destination is None:
        return Resolution("failed", "")
    try:
        with regular_file.hold(action.source, alone=True) as held:
            if held.digest() != action.digest:
                return Resolution("failed", "was changed by another program")
            if action.verb == "trash":
                trash.enter(action, note)
            else:
                fileops.make_folders(os.path.dirname(action.destination))
            fileops.relocate(held, action.destination, action.digest, action.token)
    except (OSError, RefusedError) as error:
        state, reason = resolve(action)
        told = fileops.reason_of(error, action.source)
        return Resolution(state, "; ".join(filter(None, (told, reason))))
    return Resolution("done", "")


def resolve(action: Action, catalog: Catalog | None = None) -> Resolution:
    """Bring an action's file to where it belongs, and say where that is; writes no journal.

    After a restart the catalog helps to know the disk again, whose number may be another one.
    """
    try:
        return _resolve(action, catalog)
    except (OSError, RefusedError) as error:
        return Resolution(
            "intent", f"can't be settled yet: {fileops.reason_of(error, action.source)}"
        )


def _resolve(action: Action, catalog: Catalog | None) -> Resolution:
    if action.verb in replacement.VERBS:
        return Resolution(*replacement.resolve(action))
    kept_as = _bring_back_aside(action)
    if kept_as is not None:
        return Resolution("failed", f"its name was taken meanwhile; it is at {printable(kept_as)}")
    here = regular_file.stat_at(action.source)
    if action.destination is None:
        if here is not None:
            return Resolution("failed", "")
        if not _volume_is_there(action, catalog):
            return Resolution("intent", "can't be settled while its disk isn't there")
        return Resolution("done", "")
    _finish_part(action, action.destination)
    if _has_arrived(action):
        return _leave_source(action, action.destination)
    if here is not None:
        return Resolution("failed", "")
    return _find_lost(action, action.destination, catalog)


def _has_arrived(action: Action) -> bool:
    return action.destination is not None and _is_it(action, action.destination)


def _is_it(action: Action, path: bytes) -> bool:
    return regular_file.holds(path, action.digest, action.size)


def _bring_back_aside(action: Action) -> bytes | None:
    """Deal with a source that was renamed aside; where it is now if its own name is taken."""
    aside = fileops.aside_path(action.source, action.token)
    if regular_file.stat_at(aside) is None:
        return None
    folder = os.path.dirname(aside)
    half_renamed = regular_file.is_same_file(aside, action.source)  # between link and unlink
    if half_renamed or (_has_arrived(action) and _is_it(action, aside)):
        os.unlink(aside)
    else:
        back = free_path(action.source)
        fileops.rename_exclusively(aside, back)
        if back != action.source:
            sync_folder(folder)
            return back
    sync_folder(folder)
    return None


def _finish_part(action: Action, destination: bytes) -> None:
    """Remove a copy that was cut off, or name it where it has become the only one."""
    part = fileops.part_path(destination, action.token)
    if regular_file.stat_at(part) is None:
        return
    if _is_it(action, destination) or _is_it(action, action.source):
        os.unlink(part)
    elif _is_it(action, part):
        fileops.rename_exclusively(part, destination)
    sync_folder(os.path.dirname(part))


def _leave_source(action: Action, destination: bytes) -> Resolution:
    """The file is at its destination, verified: see to it that it isn't at its source too."""
    here, there = regular_file.identity_at(action.source), regular_file.identity_at(destination)
    if here is not None and here == there:
        if regular_file.is_same_file(action.source, destination):  # cut off between link and unlink
            os.unlink(destination)
            sync_folder(os.path.dirname(destination))
        return Resolution("failed", "")
    sync_folder(os.path.dirname(destination))
    if _is_it(action, action.source):  # cut off between copy and removal
        try:
            with regular_file.hold(action.source, alone=True) as held:
                fileops.remove(held, action.token)
        except (OSError, RefusedError) as error:
            reason = fileops.reason_of(error, action.source)
            return Resolution(
                "failed", f"is still there ({reason}); a copy of it is at {printable(destination)}"
            )
    folder = os.path.dirname(action.source)
    if os.path.isdir(folder):
        sync_folder(folder)
    return Resolution("done", "")


def _find_lost(action: Action, destination: bytes, catalog: Catalog | None) -> Resolution:
    """Nothing is at the source, and the destination doesn't hold what was sent there."""
    there = regular_file.identity_at(destination)
    if there is not None and (
        action.verb == "trash"  # nobody else writes there
        or (there.inode == action.inode and there.device == _device_of(action.source))
    ):
        # It was edited in the moment before it was moved: the person wants it where it was.
        fileops.rename_exclusively(destination, action.source)
        sync_folder(os.path.dirname(action.source))
        return Resolution("failed", "it was changed by another program, and put back")
    if not _volume_is_there(action, catalog) or not os.path.isdir(os.path.dirname(destination)):
        return Resolution("intent", "can't be settled while its disk isn't there")
    return Resolution("failed", f"is neither there nor at {printable(destination)}")


def _volume_is_there(action: Action, catalog: Catalog | None) -> bool:
    """Whether the file system that held the source is mounted where it was.

    A restart may number the disks anew. Then it is known by the record of the trash that the source
    was in, or by another file of the catalog that was on it with the source, and is there,
    unchanged, on the disk where the source's folder is now.
    """
    device = _device_of(action.source)
    if device == action.device or trash.has_record(action.source):
        return True
    if catalog is None:
        return False
    rows = catalog.connection.execute(
        "SELECT r.path, f.path, f.size, f.mtime_ns FROM file f JOIN root r ON r.id = f.root_id"
        " WHERE f.device = ? AND f.present AND f.id IS NOT ? LIMIT 100",
        (action.device, action.file_id),
    )
    for root, path, size, mtime_ns in rows:
        found = regular_file.identity_at(os.path.join(root, path))
        if found is not None and found[:3] == (size, mtime_ns, device):
            return True
    return False


def _device_of(path: bytes) -> int:
    """The device of the nearest folder above `path` that is there."""
    folder = os.path.dirname(path)
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return Identity.of(os.stat(folder)).device
