"""Emptying the trash: files that are gone for good, each only while what replaced it is there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from ..models.text import printable
from . import journal, regular_file, trash
from .carrying import Outcome, Tally, Task, alone, carry_out, refuse
from .database import Catalog
from .destinations import Protected
from .errors import RefusedError
from .journal import Action
from .progress import Control, Meter, Report, silent
from .regular_file import Held

_DAY = 86_400.0


def trashed(
    catalog: Catalog, batch_id: int | None = None, older_than_days: float = 0.0
) -> list[Action]:
    """What the journal knows to be in a trash, oldest first: of one batch, or of old enough ones.

    A batch that lies in the future, by a clock that has jumped, is never old enough.

    Raises:
        RefusedError: there is no such batch.
    """
    latest = time.time() - older_than_days * _DAY
    chosen = [
        batch
        for batch in reversed(journal.batches(catalog))
        if batch.kind == "apply"
        and (batch.id == batch_id if batch_id is not None else batch.created_at <= latest)
    ]
    if batch_id is not None and not chosen:
        raise RefusedError(f"there is no applied batch {batch_id}", "`twinsift undo --list`")
    return [
        action
        for batch in chosen
        for action in journal.actions(catalog, batch.id)
        if action.verb == "trash" and action.state == "done"
    ]


def purge(
    catalog: Catalog,
    actions: Sequence[Action],
    *,
    confirmed: int,
    report: Report = silent,
    control: Control | None = None,
) -> Outcome:
    """Delete for good what `trashed` told of; a file whose keeper isn't there any more stays.

    `confirmed` is the number of files that the person typed.

    Raises:
        RefusedError: the consent was to another number; nothing was touched.
        CatalogError: another process is applying, or the journal can't be written.
        Interrupted: `control` was stopped; what was purged until then is gone.
    """
    if confirmed != len(actions):
        raise RefusedError(
            f"consent was given to purge {confirmed} files, but there are {len(actions)}",
            "look again",
        )
    if not actions:
        return Outcome(None, 0, 0, 0, 0, ())
    control = control or Control()
    with alone(catalog), journal.batch(catalog, "purge", "") as batch_id:
        protected = Protected(catalog.connection)
        notes = {batch.id: batch.note for batch in journal.batches(catalog)}
        tally = Tally(batch_id, "", Meter(report, "purge", len(actions)))
        for action in actions:
            control.checkpoint()
            stored = action.destination or action.source
            gone = replace(
                action,
                batch_id=batch_id,
                verb="purge",
                source=stored,
                destination=None,
                companion_of=None,
                state="intent",
                reason="",
            )
            try:
                with _cleared(catalog, protected, action, stored) as held:
                    gone = replace(gone, keeper=held.keeper.path if held.keeper else None)
                    done = carry_out(catalog, [Task(gone, held)], tally)
            except (OSError, RefusedError) as refusal:
                refuse(catalog, gone, refusal, tally)
                continue
            if done:
                trash.tidy(stored, notes[action.batch_id])
        return tally.outcome()


@contextmanager
def _cleared(
    catalog: Catalog, protected: Protected, action: Action, stored: bytes
) -> Iterator[Held]:
    """The file in the trash, held and verified, and a file that justifies its end, held too."""
    if not trash.is_in_trash(stored):
        raise RefusedError(f"{printable(stored)} is in no trash")
    protected.check(stored)
    with ExitStack() as stack:
        held = stack.enter_context(regular_file.hold(stored, alone=True))
        if held.digest() != action.digest:
            raise RefusedError("has changed since it was put into the trash")
        for path, digest in _keepers(catalog, action):
            kept = _verified(stack, path, digest, held)
            if kept is not None:
                yield replace(held, keeper=kept)
                return
        keeper = printable(action.keeper or b"")
        raise RefusedError(
            f"the file that was kept in its stead, {keeper}, isn't there any more, nor is another"
            " of its content",
            f"`twinsift undo {action.batch_id}` brings this one back",
        )


def _verified(stack: ExitStack, path: bytes, digest: bytes, purged: Held) -> Held | None:
    """The file at `path`, held, where it has this digest and is another than the one to purge."""
    try:
        kept = stack.enter_context(regular_file.hold(path, alone=False))
        if kept.identity[2:] != purged.identity[2:] and kept.digest() == digest:
            return kept
    except (OSError, RefusedError):
        pass
    return None


def _keepers(catalog: Catalog, action: Action) -> Iterator[tuple[bytes, bytes]]:
    """Path and digest of what may justify that a trashed file goes for good, the likeliest first.

    That is the file that was kept when it was trashed; where that has been moved since, its new
    place; where it has itself gone to the trash, what was kept instead of it, and so on; and any
    file of the library with the same bytes as one of these.
    """
    waiting = [(action.keeper, action.keeper_digest)]
    seen: set[tuple[bytes, bytes]] = set()
    digests = [action.digest]
    while waiting:
        path, digest = waiting.pop(0)
        if path is None or digest is None or (path, digest) in seen:
            continue
        seen.add((path, digest))
        digests.append(digest)
        if not trash.is_in_trash(path):
            yield path, digest
        rows = catalog.connection.execute(
            "SELECT verb, destination, keeper, keeper_digest FROM action"
            " WHERE state = 'done' AND source = ? AND digest = ? ORDER BY id DESC",
            (path, digest),
        )
        for verb, destination, keeper, keeper_digest in rows.fetchall():
            waiting.append((keeper, keeper_digest) if verb != "move" else (destination, digest))
    for digest in dict.fromkeys(digests):
        rows = catalog.connection.execute(
            "SELECT r.path, f.path FROM file f JOIN root r ON r.id = f.root_id"
            " JOIN content c ON c.id = f.content_id WHERE c.digest = ? AND f.present",
            (digest,),
        )
        for root, path in rows.fetchall():
            yield os.path.join(root, path), digest
