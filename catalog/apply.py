"""Carrying out a plan, and undoing what was carried out: one file at a time, each journalled.

For each file: a last look at the disk (catalog.preflight), the intent made durable, the act
(catalog.fileops), the outcome recorded. After an error the disk is asked what has happened, as
after a crash (catalog.recovery), so the journal never says more, or less, than is true.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from ..models.text import printable
from . import fileops, journal, recovery, trash
from .database import Catalog
from .destinations import Protected, free_path
from .errors import RefusedError
from .fileops import Held
from .journal import Action, BatchSummary
from .plan import Plan, PlanItem
from .preflight import Preflight
from .progress import Control, Meter, Report, silent

_ATTEMPTS = 100  # free names tried for one file while another program takes each of them


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
class _Tally:
    """An outcome in the making."""

    batch_id: int
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


def apply_plan(
    catalog: Catalog,
    plan: Plan,
    *,
    delete_confirmed: bool = False,
    report: Report = silent,
    control: Control | None = None,
) -> Outcome:
    """Carry out a plan's items as one batch; one that can't be is left alone and told, not raised.

    Raises:
        RefusedError: the plan deletes for good and that was not confirmed; nothing was touched.
        CatalogError: another process is applying, or the journal can't be written.
        Interrupted: `control` was stopped; files done until then stay done.
    """
    if plan.deletions and not delete_confirmed:
        raise RefusedError(
            f"{plan.deletions} files would be deleted for good", "confirm that, or use the trash"
        )
    if not plan.items:
        return Outcome(None, 0, 0, 0, 0, ())
    control = control or Control()
    with _alone(catalog), journal.batch(catalog, "apply", plan.name) as batch_id:
        preflight = Preflight(catalog, plan.items)
        tally = _Tally(batch_id, Meter(report, "apply", len(plan.items)))
        for item in plan.items:
            control.checkpoint()
            _apply_item(catalog, preflight, item, plan.name, tally)
        return tally.outcome()


def undo_batch(
    catalog: Catalog,
    batch_id: int | None = None,
    *,
    report: Report = silent,
    control: Control | None = None,
) -> Outcome:
    """Bring back the files of an applied batch, by default the latest that isn't undone.

    A file that can't be brought back (deleted for good, changed since, its place taken) is left
    where it is and told; undoing the batch again tries it again.

    Raises:
        RefusedError: there is no such batch.
        CatalogError: another process is applying, or the journal can't be written.
        Interrupted: `control` was stopped; files brought back until then stay so.
    """
    control = control or Control()
    with _alone(catalog):
        original = _batch_to_undo(catalog, batch_id)
        actions = [a for a in journal.actions(catalog, original.id) if a.state == "done"]
        with journal.batch(catalog, "undo", original.note, undoes=original.id) as undo_id:
            protected = Protected(catalog.connection)
            tally = _Tally(undo_id, Meter(report, "undo", len(actions)))
            for action in reversed(actions):
                control.checkpoint()
                _undo_action(catalog, protected, action, original.note, tally)
            return tally.outcome()


@contextmanager
def _alone(catalog: Catalog) -> Iterator[None]:
    """The only batch of this catalog, with whatever an earlier one left open settled first."""
    with catalog.exclusive("apply"), journal.writing(catalog):
        recovery.settle_all(catalog)
        yield


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


def _apply_item(
    catalog: Catalog, preflight: Preflight, item: PlanItem, name: str, tally: _Tally
) -> None:
    action = Action(
        id=0,
        batch_id=tally.batch_id,
        verb=item.verb.value,
        source=item.source,
        destination=item.destination,
        digest=item.digest,
        size=item.size,
        mtime_ns=item.mtime_ns,
        device=item.device,
        inode=item.inode,
        keeper=item.keeper,
        keeper_digest=item.keeper_digest,
        file_id=item.file_id,
        token="",
        decision="",
        state="intent",
        reason="",
    )
    _carry_out(catalog, action, preflight.cleared(item), name, tally)


def _undo_action(
    catalog: Catalog, protected: Protected, done: Action, name: str, tally: _Tally
) -> None:
    back = replace(
        done,
        batch_id=tally.batch_id,
        verb="restore",
        source=done.destination or done.source,
        destination=done.source if done.destination else None,
        keeper=None,
        keeper_digest=None,
        state="intent",
        reason="",
    )
    brought = _carry_out(catalog, back, _cleared_for_undo(protected, done), name, tally)
    if brought and done.verb == "trash":
        trash.tidy(back.source, name)


@contextmanager
def _cleared_for_undo(protected: Protected, done: Action) -> Iterator[Held]:
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
    with fileops.hold(done.destination, alone=True) as held:
        if held.digest() != done.digest or not held.is_at(held.path):
            raise RefusedError(f"{printable(held.path)} has changed since it was put there")
        yield held


def _carry_out(
    catalog: Catalog,
    action: Action,
    clearance: AbstractContextManager[Held],
    name: str,
    tally: _Tally,
) -> bool:
    """Clear, journal, act and record one file; whether it was done."""
    place = action.source if action.verb != "restore" else action.destination or action.source
    error: OSError | RefusedError | None = None
    freed = 0
    try:
        with clearance as held:
            seen = held.identity  # what the act and a recovery compare with
            action = replace(
                action, size=seen.size, mtime_ns=seen.mtime_ns, device=seen.device, inode=seen.inode
            )
            action = journal.enter(catalog, action)
            action, error = _act(catalog, action, held, name)
            freed = seen.size if held.links == 1 and action.verb in ("trash", "delete") else 0
    except (OSError, RefusedError) as refusal:  # from the clearance: nothing was begun
        reason = fileops.reason_of(refusal, place)
        journal.enter(catalog, replace(action, state="refused", reason=reason))
        tally.add(place, "refused", reason)
        return False
    state, reason = ("done", "") if error is None else recovery.resolve(action)
    if error is not None:
        reason = "; ".join(filter(None, (fileops.reason_of(error, place), reason)))
    if state != "intent":
        journal.settle(catalog, action, state, reason)
    tally.add(place, state, reason, freed=freed)
    return state == "done"


def _act(
    catalog: Catalog, action: Action, held: Held, name: str
) -> tuple[Action, OSError | RefusedError | None]:
    """Do an intent; the action with the destination it had in the end, and the error if any."""
    try:
        fileops.prove_apart(held, action.token)
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
