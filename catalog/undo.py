"""Undoing a batch: files brought back from where they went, and put in the place of links."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..models.text import printable
from . import journal, regular_file, trash
from .attributes import Attributes
from .carrying import Outcome, Tally, Task, alone, carry_out, refuse
from .database import Catalog
from .destinations import Protected
from .errors import RefusedError
from .identity import Identity
from .journal import Action, BatchSummary
from .progress import Control, Meter, Report, silent
from .regular_file import Held
from .replacement import VERBS as REPLACING
from .replacement import put_file


def undo_batch(
    catalog: Catalog,
    batch_id: int | None = None,
    *,
    within: bytes | None = None,
    report: Report = silent,
    control: Control | None = None,
) -> Outcome:
    """Bring back the files of an applied batch, by default the latest that isn't undone.

    A file that can't be brought back (deleted for good, changed since, its place taken) is left
    where it is and told; undoing the batch again tries it again. With `within`, only what went into
    that folder comes back.

    Raises:
        RefusedError: there is no such batch.
        CatalogError: another process is applying, or the journal can't be written.
        Interrupted: `control` was stopped; files brought back until then stay so.
    """
    control = control or Control()
    with alone(catalog):
        original = _batch_to_undo(catalog, batch_id)
        actions = [a for a in journal.actions(catalog, original.id) if a.state == "done"]
        if within is not None:
            inside = os.path.join(within, b"")
            actions = [a for a in actions if a.destination and a.destination.startswith(inside)]
        with journal.batch(catalog, "undo", original.note, undoes=original.id) as undo_id:
            protected = Protected(catalog.connection)
            tally = Tally(undo_id, original.note, Meter(report, "undo", len(actions)))
            for action in reversed(actions):
                control.checkpoint()
                _undo_action(catalog, protected, action, tally)
            return tally.outcome()


def _batch_to_undo(catalog: Catalog, batch_id: int | None) -> BatchSummary:
    batches = journal.batches(catalog)
    if batch_id is not None:
        for summary in batches:
            if summary.id == batch_id and summary.kind == "apply":
                return summary
        raise RefusedError(
            f"there is no applied batch {batch_id}", "see the journal for their numbers"
        )
    tried = {summary.undoes for summary in batches}
    for summary in batches:
        # One that only deleted is offered once, to tell that it can't be undone, then passed over.
        if summary.kind == "apply" and (
            summary.undoable or (summary.done and summary.id not in tried)
        ):
            return summary
    raise RefusedError("no applied batch is left to undo", "see the journal")


def _undo_action(catalog: Catalog, protected: Protected, done: Action, tally: Tally) -> None:
    back = replace(
        done,
        batch_id=tally.batch_id,
        keeper=None,
        keeper_digest=None,
        companion_of=None,  # each comes back by itself
        state="intent",
        reason="",
    )
    if done.verb in REPLACING:
        back = replace(back, verb="unlink")
        clearance = _cleared_link(protected, done, back)
    else:
        back = replace(
            back,
            verb="restore",
            source=done.destination or done.source,
            destination=done.source if done.destination else None,
        )
        if _is_back(done):
            (intent,) = journal.enter(catalog, [back])
            journal.settle(catalog, intent, "done")
            tally.add(done.source, "done", "")
            return
        clearance = _cleared(protected, done, back)
    try:
        with clearance as task:
            brought = carry_out(catalog, [task], tally)
    except (OSError, RefusedError) as refusal:  # from the clearance: nothing was begun
        refuse(catalog, back, refusal, tally)
        return
    if brought and done.verb == "trash":
        trash.tidy(back.source, tally.name)


def _is_back(done: Action) -> bool:
    """Whether the file was brought back by other means (`twinsift restore` without the catalog)."""
    try:
        return (
            done.destination is not None
            and regular_file.stat_at(done.destination) is None
            and regular_file.holds(done.source, done.digest, done.size)
        )
    except OSError:
        return False


@contextmanager
def _cleared(protected: Protected, done: Action, back: Action) -> Iterator[Task]:
    """What a batch took away, held and verified, where it can be brought back."""
    if done.destination is None:
        raise RefusedError("was deleted for good, which can't be undone")
    protected.check(done.source)
    protected.check(done.destination)
    if os.path.lexists(done.source):
        raise RefusedError(
            f"there is a file of that name now; the one to bring back stays at"
            f" {printable(done.destination)}"
        )
    with regular_file.hold(done.destination, alone=True) as held:
        if held.digest() != done.digest or not held.is_at(held.path):
            raise RefusedError(f"{printable(held.path)} has changed since it was put there")
        yield Task(back, held)


@contextmanager
def _cleared_link(protected: Protected, done: Action, back: Action) -> Iterator[Task]:
    """The link that took a file's place, and the bytes that it leads to, verified."""
    protected.check(done.source)
    found = regular_file.stat_at(done.source)
    if found is None:
        raise RefusedError("is gone")
    target = os.path.realpath(done.source) if done.verb == "symlink" else done.source
    with regular_file.hold(target, alone=False) as content:
        if content.digest() != done.digest:
            raise RefusedError("has other bytes now than the file that the link took the place of")
        link = Identity.of(found)
        if Identity.of(os.lstat(done.source)) != link:
            raise RefusedError("is being changed by another program")

        def put(action: Action) -> None:
            attributes = Attributes.from_json(action.attributes)
            put_file(
                action.source, link, content.descriptor, attributes, action.digest, action.token
            )

        back = replace(back, mtime_ns=link.mtime_ns, device=link.device, inode=link.inode)
        yield Task(back, Held(done.source, content.descriptor, link, 1), put)
