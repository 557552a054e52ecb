"""Carrying out file actions: each journalled before and after, the disk asked when one fails.

What apply, undo and purge have in common. Whoever carries out has cleared the files (held, locked,
verified) first. After an error the disk is asked what has happened, as after a crash
(catalog.recovery), so the journal never says more, or less, than is true.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from . import fileops, journal, recovery, trash
from .attributes import Attributes
from .database import Catalog
from .destinations import free_path
from .errors import RefusedError
from .journal import Action
from .progress import Meter
from .regular_file import Held
from .replacement import put_link
from .retinue import renamed

_ATTEMPTS = 100  # free names tried for one file while another program takes each of them
_LINKS = ("hardlink", "reflink", "symlink")
_FREEING = ("trash", "delete", "purge", *_LINKS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a batch ended."""

    batch_id: int | None
    """None where there was nothing to do."""
    done: int
    refused: int
    """Left alone: a check before the act did not pass."""
    failed: int
    """Could not be carried out; the file is where its message says, or at its source."""
    bytes_freed: int
    messages: tuple[tuple[bytes, str], ...]
    """Path and reason of each file that was not simply done."""


@dataclass(slots=True)
class Tally:
    """An outcome in the making."""

    batch_id: int
    name: str
    """The batch's name in the trash."""
    meter: Meter
    counts: dict[str, int] = field(default_factory=lambda: {"done": 0, "refused": 0, "failed": 0})
    bytes_freed: int = 0
    messages: list[tuple[bytes, str]] = field(default_factory=list)

    def add(self, path: bytes, state: str, reason: str, *, freed: int = 0) -> None:
        """Count one file; an intent that stays open counts as failed."""
        self.counts["failed" if state == "intent" else state] += 1
        if state == "done":
            self.bytes_freed += freed
        if reason:
            self.messages.append((path, reason))
        self.meter.add(failed=state != "done")

    def outcome(self) -> Outcome:
        """What was counted."""
        self.meter.tell()
        return Outcome(
            self.batch_id,
            self.counts["done"],
            self.counts["refused"],
            self.counts["failed"],
            self.bytes_freed,
            tuple(self.messages),
        )


@dataclass(frozen=True, slots=True)
class Task:
    """An action with its file, held and cleared for it, and what does it (else by its verb)."""

    action: Action
    held: Held
    do: Callable[[Action], None] | None = None


@contextmanager
def alone(catalog: Catalog) -> Iterator[None]:
    """The only batch of this catalog, with whatever an earlier one left open settled first.

    Raises:
        CatalogError: another process is applying, or the journal can't be written.
    """
    with catalog.exclusive("apply"), journal.writing(catalog):
        recovery.settle_all(catalog)
        yield


def refuse(catalog: Catalog, action: Action, refusal: OSError | RefusedError, tally: Tally) -> None:
    """Note an action that was not cleared; nothing was begun."""
    place = _place(action)
    reason = fileops.reason_of(refusal, place)
    journal.enter(catalog, [replace(action, state="refused", reason=reason)])
    tally.add(place, "refused", reason)


def carry_out(catalog: Catalog, tasks: Sequence[Task], tally: Tally) -> bool:
    """Journal the tasks as one, then do them one by one; whether the first was done.

    The first is a picture, the others go along with it: where it isn't done, they stay.
    """
    intents = [_seen(task) for task in tasks]
    intents = journal.enter(catalog, intents)
    planned = intents[0].destination
    for action, task in zip(intents, tasks, strict=True):
        follower = action.companion_of is not None
        if follower and planned and action.destination and intents[0].destination != planned:
            action = _follow(catalog, action, planned, intents[0].destination)
        action, error = _act(catalog, action, task, tally.name)
        state = _settle(catalog, action, error, task, tally)
        if not follower:
            intents[0] = action
        if not follower and state != "done":
            for left in intents[1:]:
                journal.settle(catalog, left, "failed", "stays with its picture")
            return False
    return True


def _seen(task: Task) -> Action:
    """A task's action with what is there now: what the act and a recovery compare with."""
    action, held = task.action, task.held
    attributes = action.attributes
    if action.verb in _LINKS:
        attributes = Attributes.of(held.descriptor).to_json()
    if action.verb == "unlink":
        return action  # is about the link, not about what it leads to
    size, *rest = held.identity
    mtime_ns, device, inode = rest
    return replace(
        action, size=size, mtime_ns=mtime_ns, device=device, inode=inode, attributes=attributes
    )


def _follow(catalog: Catalog, action: Action, planned: bytes, became: bytes | None) -> Action:
    """A companion's action under the name that its picture has got in the end."""
    if became is None or action.destination is None:
        return action
    folder, name = os.path.split(action.destination)
    wanted = os.path.join(folder, renamed(name, planned, became))
    return journal.redirect(catalog, action, free_path(wanted))


def _settle(
    catalog: Catalog,
    action: Action,
    error: OSError | RefusedError | None,
    task: Task,
    tally: Tally,
) -> str:
    state, reason = ("done", "") if error is None else recovery.resolve(action)
    place = _place(action)
    if error is not None:
        reason = "; ".join(filter(None, (fileops.reason_of(error, place), reason)))
    if state != "intent":
        journal.settle(catalog, action, state, reason)
    frees = action.verb in _FREEING and task.held.links == 1
    tally.add(place, state, reason, freed=task.held.identity.size if frees else 0)
    return state


def _place(action: Action) -> bytes:
    """The name under which a person knows the action's file."""
    return action.source if action.verb != "restore" else action.destination or action.source


def _act(
    catalog: Catalog, action: Action, task: Task, name: str
) -> tuple[Action, OSError | RefusedError | None]:
    """Do an intent; the action with the destination it had in the end, and the error if any."""
    held = task.held
    try:
        fileops.prove_apart(held, action.token)
        if task.do is not None:
            task.do(action)
            return action, None
        if action.verb in _LINKS:
            put_link(held, action.verb, action.digest, action.token)
            return action, None
        for _ in range(_ATTEMPTS):
            try:
                if action.destination is None:
                    fileops.remove(held, action.token)
                    return action, None
                if action.verb == "trash":
                    trash.enter(action, name)
                else:
                    fileops.make_folders(os.path.dirname(action.destination))
                fileops.relocate(held, action.destination, action.digest, action.token)
                return action, None
            except FileExistsError:
                if action.destination is None or action.verb == "restore":
                    raise
                action = journal.redirect(catalog, action, free_path(action.destination))
        raise RefusedError("every name that was tried is taken by another program")
    except (OSError, RefusedError) as error:
        return action, error
