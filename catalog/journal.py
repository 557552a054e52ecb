"""The journal of file actions: the intent on disk before a file is touched, the outcome after.

A batch is what one apply or one undo does; an action is one file of it. An action that is still an
intent when no batch is running was cut off: `catalog.recovery` looks at the disk and settles it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, replace

from ..models.text import printable
from . import aftermath
from .database import Catalog
from .errors import CatalogError
from .regular_file import identity_at

_COLUMNS = (
    "id, batch_id, verb, source, destination, digest, size, mtime_ns, device, inode, keeper,"
    " keeper_digest, file_id, token, decision, attributes, companion_of, state, reason"
)


@dataclass(frozen=True, slots=True)
class Action:
    """One file of a batch; paths are absolute bytes."""

    id: int
    batch_id: int
    verb: str
    """'move', 'trash', 'delete', 'hardlink', 'reflink', 'symlink'; 'restore' (from elsewhere) and
    'unlink' (a file in a link's place) in a batch that undoes another; 'purge'."""
    source: bytes
    destination: bytes | None
    """None where the file keeps its name, or nothing remains."""
    digest: bytes
    size: int
    mtime_ns: int
    device: int
    inode: int
    keeper: bytes | None
    keeper_digest: bytes | None
    file_id: int | None
    token: str = ""
    decision: str = ""
    attributes: str = ""
    """`Attributes.to_json` of a file that a link replaces."""
    companion_of: bytes | None = None
    """The picture that the file went along with."""
    state: str = "intent"
    """'intent', 'done', 'refused', 'failed', 'undone' or 'purged'."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """One row of the journal screen: a batch and how many of its files ended how."""

    id: int
    created_at: float
    """Seconds since the epoch."""
    kind: str
    """'apply', 'undo' or 'purge'."""
    undoes: int | None
    state: str
    """'open' while it runs or where it was cut off and can't be settled yet; else 'closed'."""
    note: str
    done: int
    refused: int
    failed: int
    undone: int
    """Brought back, or purged from the trash."""
    undoable: int
    """Files that `undo_batch` can still bring back."""
    size: int
    """Bytes of the files done."""


def open_batch(catalog: Catalog, kind: str, note: str, *, undoes: int | None = None) -> int:
    """Begin a batch and return its id."""
    with catalog.transaction() as connection:
        row = connection.execute(
            "INSERT INTO batch (created_at, kind, undoes, state, note) VALUES (?, ?, ?, 'open', ?)"
            " RETURNING id",
            (time.time(), kind, undoes, note),
        ).fetchone()
    return row[0]


def close_batches(catalog: Catalog) -> None:
    """Close every batch that has no open intent; call it only with the lock 'apply' held."""
    with catalog.transaction() as connection:
        connection.execute(
            "UPDATE batch SET state = 'closed' WHERE state = 'open' AND NOT EXISTS"
            " (SELECT 1 FROM action WHERE batch_id = batch.id AND state = 'intent')"
        )


def has_open_batch(catalog: Catalog) -> bool:
    """Whether a batch is running, or was cut off."""
    row = catalog.connection.execute("SELECT 1 FROM batch WHERE state = 'open'").fetchone()
    return row is not None


def enter(catalog: Catalog, actions: Sequence[Action]) -> list[Action]:
    """Write actions, all durably or none, and return them with their ids; intents with tokens."""
    entered: list[Action] = []
    with catalog.transaction() as connection:
        for action in actions:
            action = replace(
                action,
                token=secrets.token_hex(8),
                decision=aftermath.decision_of(connection, action.file_id),
            )
            columns = _COLUMNS.removeprefix("id, ")
            row = connection.execute(
                f"INSERT INTO action ({columns}, at)"  # noqa: S608
                f" VALUES ({', '.join('?' * (columns.count(',') + 2))}) RETURNING id",
                (*astuple(action)[1:], time.time()),
            ).fetchone()
            entered.append(replace(action, id=row[0]))
    return entered


def redirect(catalog: Catalog, action: Action, destination: bytes) -> Action:
    """Change, durably, where an intent goes; its file must be at its source."""
    with catalog.transaction() as connection:
        connection.execute(
            "UPDATE action SET destination = ? WHERE id = ?", (destination, action.id)
        )
    return replace(action, destination=destination)


def settle(catalog: Catalog, action: Action, state: str, reason: str = "") -> None:
    """Write an intent's outcome, 'done' or 'failed', and let the catalog's rows follow the file."""
    place = None
    if state == "done":  # a link keeps the file's name
        place = action.destination or (action.source if action.attributes else None)
    found = None
    with suppress(OSError):  # it only saves the next scan some work
        found = None if place is None else identity_at(place)
    with catalog.transaction() as connection:
        connection.execute(
            "UPDATE action SET state = ?, reason = ?, at = ? WHERE id = ?",
            (state, reason, time.time(), action.id),
        )
        if state != "done":
            return
        match action.verb:
            case "restore" | "unlink":
                decision = _settle_original(connection, action, "undone")
                aftermath.restored(connection, action.file_id, place, decision, found)
            case "purge":
                _settle_original(connection, action, "purged")
            case _:
                aftermath.removed(connection, action.file_id, action.verb, place, found)


def _settle_original(connection: sqlite3.Connection, action: Action, state: str) -> str:
    """Note what became of the action that this one is about; the decision that it carried out."""
    column = "source" if action.verb == "unlink" else "destination"
    # A purge has no batch that it undoes; what is in the trash has its name there to itself.
    batch = (
        "" if action.verb == "purge" else "batch_id = (SELECT undoes FROM batch WHERE id = ?) AND"
    )
    row = connection.execute(
        f"UPDATE action SET state = ?, at = ? WHERE {batch} state = 'done' AND {column} = ?"  # noqa: S608
        " AND verb != 'purge' RETURNING decision",
        (state, time.time(), *((action.batch_id,) if batch else ()), action.source),
    ).fetchone()
    return row[0] if row else ""


def batches(catalog: Catalog) -> list[BatchSummary]:
    """Every batch, the latest first."""
    rows = catalog.connection.execute(
        "SELECT b.id, b.created_at, b.kind, b.undoes, b.state, b.note,"
        " count(a.id) FILTER (WHERE a.state = 'done'),"
        " count(a.id) FILTER (WHERE a.state = 'refused'),"
        " count(a.id) FILTER (WHERE a.state = 'failed'),"
        " count(a.id) FILTER (WHERE a.state IN ('undone', 'purged')),"
        " count(a.id) FILTER (WHERE a.state = 'done' AND b.kind = 'apply' AND a.verb != 'delete'),"
        " coalesce(sum(a.size) FILTER (WHERE a.state = 'done'), 0)"
        " FROM batch b LEFT JOIN action a ON a.batch_id = b.id GROUP BY b.id ORDER BY b.id DESC"
    )
    return [BatchSummary(*row) for row in rows]


def actions(catalog: Catalog, batch_id: int) -> list[Action]:
    """The files of a batch in the order in which they were acted on."""
    rows = catalog.connection.execute(
        f"SELECT {_COLUMNS} FROM action WHERE batch_id = ? ORDER BY id",  # noqa: S608
        (batch_id,),
    )
    return [Action(*row) for row in rows]


def open_intents(catalog: Catalog) -> list[Action]:
    """Actions whose outcome isn't known."""
    rows = catalog.connection.execute(
        f"SELECT {_COLUMNS} FROM action WHERE state = 'intent' ORDER BY id"  # noqa: S608
    )
    return [Action(*row) for row in rows]


@contextmanager
def batch(catalog: Catalog, kind: str, note: str, *, undoes: int | None = None) -> Iterator[int]:
    """A batch that is closed when the block ends, also by an error that left no intent open."""
    batch_id = open_batch(catalog, kind, note, undoes=undoes)
    try:
        yield batch_id
    finally:
        close_batches(catalog)


@contextmanager
def writing(catalog: Catalog) -> Iterator[None]:
    """Tell a person when the journal can't be written.

    Raises:
        CatalogError: the database refused; no file is touched without a journal.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise CatalogError(
            f"the journal in {printable(os.fsencode(catalog.path))} can't be written: {error}",
            "mend that and run again: whatever was begun is settled first",
        ) from error
