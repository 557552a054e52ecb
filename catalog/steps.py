"""The history of decisions: every change is one step, which can be undone and redone at will.

A step holds the rows that it replaced and the rows that it put there, so that undo and redo survive
a restart. It ends where a batch was applied: those files are no longer where the decision found
them, and the batch itself can be undone (see catalog.undo).
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .database import Catalog


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the undo history."""

    id: int
    group_id: str
    """'' where the step covers several groups."""
    kind: str
    """'decide', 'clear', 'distinct' or 'accept'."""
    decided_at: float
    """Seconds since the epoch."""


class Row(NamedTuple):
    """A row of the table decision, as it is kept in a step's JSON (target in hex)."""

    file_id: int
    content_id: int
    verb: str
    target: str | None
    group_id: str
    step_id: int = 0


_Rows = dict[int, Row | None]
"""Decision rows by file; None where the file has none."""


Told = Callable[[int], None]
"""Is called with the number of files that were seen to since the last call; it may raise."""

_AT_ONCE = 500  # files between two calls of that


def nobody(files: int) -> None:
    """Nobody is told."""


def record(
    connection: sqlite3.Connection,
    kind: str,
    group_id: str,
    decided: Iterable[Row],
    *,
    cleared: Sequence[int] = (),
    distinct: dict[str, Any] | None = None,
) -> Step | None:
    """Write a step and put its rows in place; whatever could be redone no longer can.

    None where the decisions stand already: a step that changes nothing would be one to undo.
    """
    rows: _Rows = dict.fromkeys(cleared)
    rows.update((row.file_id, row) for row in decided)
    before = _rows_of(connection, rows)
    if distinct is None and all(_are_alike(row, rows[file_id]) for file_id, row in before.items()):
        return None
    connection.execute("DELETE FROM step WHERE undone = 1 AND id > ?", (_sealed(connection),))
    step_id = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM step").fetchone()[0]
    after: _Rows = {i: row and row._replace(step_id=step_id) for i, row in rows.items()}
    step = Step(step_id, group_id, kind, time.time())
    connection.execute(
        "INSERT INTO step (id, group_id, kind, before, after, decided_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            step.id,
            step.group_id,
            step.kind,
            _packed(before, None),
            _packed(after, distinct),
            step.decided_at,
        ),
    )
    _put(connection, after)
    if distinct is not None:
        _put_apart(connection, distinct)
    return step


def undoable(catalog: Catalog) -> Step | None:
    """The latest step that stands: what `undo` would take back; None where there is none."""
    return _next(catalog.connection, forward=False)


def redoable(catalog: Catalog) -> Step | None:
    """The step that was undone last: what `redo` would do again; None where there is none."""
    return _next(catalog.connection, forward=True)


def undo(catalog: Catalog, told: Told = nobody) -> Step | None:
    """Take back the latest step that stands, or return None where there is none.

    Steps from before the last applied batch stay: their files are no longer where the decision
    found them, and the batch itself can be undone (see catalog.undo). Where `told` raises, nothing
    is taken back.
    """
    return _travel(catalog, told, forward=False)


def redo(catalog: Catalog, told: Told = nobody) -> Step | None:
    """Do again the step that was undone last, or return None where there is none."""
    return _travel(catalog, told, forward=True)


def seal(connection: sqlite3.Connection) -> None:
    """Close the undo history at its present end, inside the caller's transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO fact (name, value) SELECT 'decisions.sealed',"
        " CAST(CAST(max(id) AS TEXT) AS BLOB) FROM step HAVING max(id) > 0"
    )


def _sealed(connection: sqlite3.Connection) -> int:
    """The id of the last step that can no longer be undone; 0 where all can."""
    row = connection.execute("SELECT value FROM fact WHERE name = 'decisions.sealed'").fetchone()
    return int(row[0]) if row else 0


def _next(connection: sqlite3.Connection, *, forward: bool) -> Step | None:
    undone, way = (1, "") if forward else (0, "DESC")
    row = connection.execute(
        f"SELECT id, group_id, kind, decided_at FROM step WHERE undone = {undone} AND id > ?"  # noqa: S608
        f" ORDER BY id {way} LIMIT 1",
        (_sealed(connection),),
    ).fetchone()
    return None if row is None else Step(*row)


def _travel(catalog: Catalog, told: Told, *, forward: bool) -> Step | None:
    """Go one step back or forward in the history."""
    with catalog.transaction() as connection:
        step = _next(connection, forward=forward)
        if step is None:
            return None
        state = "after" if forward else "before"
        # Row by row: a step of 100,000 groups parsed at once would hold up the other threads.
        rows = connection.execute(
            f"SELECT j.value FROM step s, json_each(s.{state}, '$.files') j"  # noqa: S608
            " WHERE s.id = ?",
            (step.id,),
        )
        while files := rows.fetchmany(_AT_ONCE):
            _put(connection, _unpacked(json.loads(text) for (text,) in files))
            told(len(files))
        (apart,) = connection.execute(
            "SELECT json_extract(after, '$.distinct') FROM step WHERE id = ?", (step.id,)
        ).fetchone()
        if apart is not None:
            (_put_apart if forward else _put_together)(connection, json.loads(apart))
        connection.execute("UPDATE step SET undone = ? WHERE id = ?", (not forward, step.id))
        return step


def _packed(rows: _Rows, distinct: dict[str, Any] | None) -> str:
    # File by file: 100,000 groups written at once would hold up the other threads.
    files = (json.dumps([file_id] if row is None else row) for file_id, row in rows.items())
    return f'{{"files": [{",".join(files)}], "distinct": {json.dumps(distinct)}}}'


def _unpacked(files: Iterable[list[Any]]) -> _Rows:
    return {file[0]: Row(*file) if len(file) > 1 else None for file in files}


def _rows_of(connection: sqlite3.Connection, file_ids: Iterable[int]) -> _Rows:
    """The decision rows that stand now."""
    rows: _Rows = {}
    for file_id in file_ids:
        row = connection.execute(
            "SELECT file_id, content_id, verb, lower(hex(target)), group_id, step_id FROM decision"
            " WHERE file_id = ?",
            (file_id,),
        ).fetchone()
        # hex(NULL) is '', and so is that of no path: a target is absolute.
        rows[file_id] = None if row is None else Row(*row)._replace(target=row[3] or None)
    return rows


def _are_alike(row: Row | None, other: Row | None) -> bool:
    """Whether two rows decide the same, whichever steps put them there."""
    return row is other or (
        row is not None and other is not None and row._replace(step_id=other.step_id) == other
    )


def _put(connection: sqlite3.Connection, rows: _Rows) -> None:
    """Make these the decision rows; one whose file has gone or changed lapses."""
    for file_id, row in rows.items():
        connection.execute("DELETE FROM decision WHERE file_id = ?", (file_id,))
        if row is not None:
            target = None if row.target is None else bytes.fromhex(row.target)
            connection.execute(
                "INSERT INTO decision (file_id, content_id, verb, target, group_id, step_id)"
                " SELECT ?, ?, ?, ?, ?, ? FROM file WHERE id = ? AND present AND content_id = ?",
                (
                    *row._replace(target=None)[:3],
                    target,
                    row.group_id,
                    row.step_id,
                    file_id,
                    row.content_id,
                ),
            )


def _pairs(distinct: dict[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """Each two digests of a 'distinct' step, the lower first (they are stored in order)."""
    return itertools.combinations([bytes.fromhex(digest) for digest in distinct["digests"]], 2)


def _put_apart(connection: sqlite3.Connection, distinct: dict[str, Any]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO distinct_pair (low, high, decided_at) VALUES (?, ?, ?)",
        ((low, high, distinct["at"]) for low, high in _pairs(distinct)),
    )
    connection.execute(
        "DELETE FROM duplicate_group WHERE method = ? AND kind = ? AND id = ?", distinct["key"]
    )


def _put_together(connection: sqlite3.Connection, distinct: dict[str, Any]) -> None:
    """Take back a 'distinct' mark; the group returns with the members that no other one has now."""
    connection.executemany(  # a pair that an earlier step marked has another time and stays
        "DELETE FROM distinct_pair WHERE low = ? AND high = ? AND decided_at = ?",
        ((low, high, distinct["at"]) for low, high in _pairs(distinct)),
    )
    method, kind, group_id = distinct["key"]
    verdict, similarity, representative = distinct["group"]
    made = connection.execute(
        "INSERT OR IGNORE INTO duplicate_group"
        " (id, method, kind, verdict, similarity, representative_id)"
        " SELECT ?, ?, ?, ?, ?, id FROM content WHERE id = ?",
        (group_id, method, kind, verdict, similarity, representative),
    )
    if made.rowcount != 1:
        return  # matching again has formed it already, or its pictures are forgotten
    connection.executemany(
        "INSERT INTO group_member (method, kind, group_id, content_id) SELECT ?1, ?2, ?3, id"
        " FROM content WHERE id = ?4 AND NOT EXISTS"
        " (SELECT 1 FROM group_member WHERE method = ?1 AND kind = ?2 AND content_id = ?4)",
        ((method, kind, group_id, content) for content in distinct["contents"]),
    )
