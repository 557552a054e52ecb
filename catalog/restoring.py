"""Putting back what a trash holds, by the record beside the files, with or without a catalog.

What the catalog's journal knows is undone there, so that both agree. Of the rest the record itself
is the intent: it tells source, destination and digest, and the temporary names are made of these,
so that a run that was cut off is settled by the next one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from blake3 import blake3

from ..models.text import printable
from . import fileops, journal, recovery, regular_file, trash
from .carrying import Outcome
from .database import Catalog
from .errors import RefusedError
from .journal import Action
from .progress import Control, Meter, Report, silent
from .trash import Record, Stored
from .undo import undo_batch


def restore(
    folder: bytes,
    catalog: Catalog | None = None,
    *,
    report: Report = silent,
    control: Control | None = None,
) -> Outcome:
    """Put every file that the trash `folder` (or one batch's folder in it) holds where it was.

    Nothing is overwritten: a file whose place is taken stays in the trash and is told.

    Raises:
        RefusedError: the folder is no trash.
        CatalogError: another process is applying, or the journal can't be written.
        Interrupted: `control` was stopped; what is back stays so, and the rest is still there.
    """
    control = control or Control()
    outcomes: list[Outcome] = []
    for batch in trash.batch_folders(os.path.abspath(folder)):
        record = trash.read_record(batch)
        if catalog is not None:
            for summary in journal.batches(catalog):
                if summary.kind == "apply" and summary.note == record.name and summary.undoable:
                    outcomes.append(
                        undo_batch(
                            catalog, summary.id, within=batch, report=report, control=control
                        )
                    )
        known = {path for outcome in outcomes for path, _ in outcome.messages}
        outcomes.append(_restore_batch(record, known, report, control))
    return _together(outcomes)


def _restore_batch(record: Record, told: set[bytes], report: Report, control: Control) -> Outcome:
    """Put back what a record tells of; what was `told` by the journal's undo is passed over."""
    done, refused, failed = 0, 0, 0
    messages = [
        (record.folder, f"line {number} of its record can't be used: {fault}")
        for number, fault in record.unread
    ]
    meter = Meter(report, "restore", len(record.files))
    for stored in record.files:
        control.checkpoint()
        if stored.source in told:
            continue
        state, reason = _restore(stored)
        done += state == "done"
        refused += state == "refused"
        failed += state in ("failed", "intent")
        if reason:
            messages.append((stored.source, reason))
        if state == "done":
            trash.tidy_folder(stored.path, record.folder)
        meter.add(failed=state in ("refused", "failed", "intent"))
    meter.tell()
    return Outcome(None, done, refused + len(record.unread), failed, 0, tuple(messages))


def _restore(stored: Stored) -> tuple[str, str]:
    """Put one file back: 'done', 'refused', 'failed' or '' (it isn't there), and why."""
    action = _intent(stored)
    try:
        left = _has_temporary_names(action)
        if regular_file.stat_at(stored.path) is None and not left:
            return "", ""  # it never got there, or was taken out again
        if left or _is_at_both(action):
            state, reason = recovery.resolve(action)
            if state != "failed":
                return state, reason
        with regular_file.hold(stored.path, alone=True) as held:
            if held.digest() != stored.digest:
                raise RefusedError(f"{printable(stored.path)} has changed since it was put there")
            if os.path.lexists(stored.source):
                raise RefusedError(
                    "there is a file of that name now; the one to bring back stays at"
                    f" {printable(stored.path)}"
                )
            try:
                fileops.make_folders(os.path.dirname(stored.source))
                fileops.relocate(held, stored.source, stored.digest, action.token)
            except (OSError, RefusedError) as error:
                state, reason = recovery.resolve(action)
                told = fileops.reason_of(error, stored.source)
                return state, "; ".join(filter(None, (told, reason)))
        return "done", ""
    except (OSError, RefusedError) as error:
        return "refused", fileops.reason_of(error, stored.source)


def _intent(stored: Stored) -> Action:
    """What the record says is to be done, as the journal would have it."""
    found = regular_file.identity_at(stored.path)
    device, inode = (0, 0) if found is None else found[2:]
    token = blake3(stored.path + b"\0" + stored.digest).hexdigest()[:16]
    return Action(
        id=0,
        batch_id=0,
        verb="restore",
        source=stored.path,
        destination=stored.source,
        digest=stored.digest,
        size=stored.size,
        mtime_ns=stored.mtime_ns,
        device=device,
        inode=inode,
        keeper=None,
        keeper_digest=None,
        file_id=None,
        token=token,
    )


def _has_temporary_names(action: Action) -> bool:
    """Whether an earlier run was cut off while it copied, or removed what it had copied."""
    names = (
        fileops.part_path(action.destination or b"", action.token),
        fileops.aside_path(action.source, action.token),
    )
    return any(regular_file.stat_at(name) is not None for name in names)


def _is_at_both(action: Action) -> bool:
    """Whether the file is back already, and only its name in the trash is left to be removed."""
    destination = action.destination or b""
    return regular_file.is_same_file(action.source, destination) or regular_file.holds(
        destination, action.digest, action.size
    )


def _together(outcomes: Iterable[Outcome]) -> Outcome:
    outcomes = list(outcomes)
    return Outcome(
        None,
        sum(outcome.done for outcome in outcomes),
        sum(outcome.refused for outcome in outcomes),
        sum(outcome.failed for outcome in outcomes),
        0,
        tuple(message for outcome in outcomes for message in outcome.messages),
    )
