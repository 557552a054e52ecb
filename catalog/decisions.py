"""What a person decides about the files of a group: recorded at once, undone and redone at will.

A decision touches no file; `catalog.plan` turns decisions into file actions. Every change is one
step that holds the rows it replaced and the rows it put there, so that undo and redo survive a
restart. A decision belongs to one content: it lapses when the file changes.
"""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from ..models.text import printable
from .database import Catalog
from .errors import RefusedError
from .review import GroupDetail


class Verb(StrEnum):
    """What is to happen to a file."""

    KEEP = "keep"
    TRASH = "trash"
    MOVE = "move"
    DELETE = "delete"
    HARDLINK = "hardlink"
    REFLINK = "reflink"
    SYMLINK = "symlink"

    @property
    def removes(self) -> bool:
        """Whether the file leaves its place, be it for a link that takes it."""
        return self is not Verb.KEEP

    @property
    def links(self) -> bool:
        """Whether a link to the file that is kept, or a clone of it, takes the file's place."""
        return self in (Verb.HARDLINK, Verb.REFLINK, Verb.SYMLINK)


@dataclass(frozen=True, slots=True)
class Choice:
    """One file's decision, valid for the content that the person was shown."""

    file_id: int
    content_id: int
    verb: Verb
    target: bytes | None = None
    """Absolute folder of a move."""


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


class _Row(NamedTuple):
    """A row of the table decision, as it is kept in a step's JSON (target in hex)."""

    file_id: int
    content_id: int
    verb: str
    target: str | None
    group_id: str
    step_id: int


_Rows = dict[int, _Row | None]
"""Decision rows by file; None where the file has none."""


Told = Callable[[int], None]
"""Is called with the number of files that were seen to since the last call; it may raise."""

_AT_ONCE = 500  # files between two calls of that


def nobody(files: int) -> None:
    """Nobody is told."""


def keep_only(
    detail: GroupDetail, keep: Collection[int], verb: Verb = Verb.TRASH, target: bytes | None = None
) -> list[Choice]:
    """Choices that keep the files `keep` of a group and do `verb` with the others.

    Files of reference folders are kept whatever is asked, and so are hard links of a kept file:
    removing those frees nothing.
    """
    inodes = {(m.device, m.inode) for m in detail.members if m.file_id in keep or m.reference}
    return [
        Choice(m.file_id, m.content_id, Verb.KEEP)
        if m.reference or (m.device, m.inode) in inodes
        else Choice(m.file_id, m.content_id, verb, target)
        for m in detail.members
    ]


def decide(catalog: Catalog, group_id: str, choices: Sequence[Choice]) -> Step:
    """Record decisions about files of one group as one step; other files keep theirs.

    Raises:
        RefusedError: no file of the group would stay, a file of a reference folder would be
            touched, or a file has changed since it was shown. Nothing is recorded then.
    """
    with catalog.transaction() as connection:
        _check(connection, group_id, choices)
        return _record(connection, "decide", group_id, [(group_id, choice) for choice in choices])


def accept(catalog: Catalog, details: Iterable[GroupDetail], verb: Verb = Verb.TRASH) -> Step:
    """Record the suggested keeper of many groups, and `verb` for their other files, as one step.

    Raises:
        RefusedError: one of the groups holds near shots, or as for `decide`; nothing is recorded.
    """
    with catalog.transaction() as connection:
        chosen: list[tuple[str, Choice]] = []
        for detail in details:
            if detail.kind != "duplicate":
                raise RefusedError(
                    f"group {detail.id} holds near shots, which are never accepted in bulk",
                    "decide it in review",
                )
            choices = keep_only(detail, detail.kept_in_bulk, verb)
            _check(connection, detail.id, choices)
            chosen += [(detail.id, choice) for choice in choices]
        return _record(connection, "accept", "", chosen)


def clear(catalog: Catalog, group_id: str) -> Step:
    """Forget the decisions about a group's files, as one step."""
    with catalog.transaction() as connection:
        found = connection.execute(
            "SELECT file_id FROM decision WHERE group_id = ?1 UNION"
            " SELECT d.file_id FROM group_member m JOIN file f ON f.content_id = m.content_id"
            " JOIN decision d ON d.file_id = f.id WHERE m.group_id = ?1",
            (group_id,),
        )
        return _record(connection, "clear", group_id, [], cleared=[row[0] for row in found])


def mark_distinct(
    catalog: Catalog, group_id: str, *, method: str = "evidence", kind: str = "duplicate"
) -> Step:
    """Record that no two contents of a group are duplicates, and take the group off the list.

    The mark is keyed by content, so neither renaming nor matching again brings the group back.

    Raises:
        RefusedError: the group is gone, or all its files are identical byte for byte.
    """
    with catalog.transaction() as connection:
        key = (method, kind, group_id)
        group = connection.execute(
            "SELECT verdict, similarity, representative_id FROM duplicate_group"
            " WHERE method = ? AND kind = ? AND id = ?",
            key,
        ).fetchone()
        members = connection.execute(
            "SELECT c.id, c.digest FROM group_member m JOIN content c ON c.id = m.content_id"
            " WHERE m.method = ? AND m.kind = ? AND m.group_id = ? ORDER BY c.digest",
            key,
        ).fetchall()
        if group is None:
            raise RefusedError(f"group {group_id} is gone", "go on with the next one")
        if len(members) < 2:
            raise RefusedError(
                f"the files of group {group_id} are identical byte for byte",
                "keep all of them instead",
            )
        decided = connection.execute("SELECT file_id FROM decision WHERE group_id = ?", (group_id,))
        distinct = {
            "key": key,
            "group": group,
            "contents": [content for content, _ in members],
            "digests": [digest.hex() for _, digest in members],
            "at": time.time(),
        }
        cleared = [row[0] for row in decided]
        return _record(connection, "distinct", group_id, [], cleared=cleared, distinct=distinct)


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


def _check(connection: sqlite3.Connection, group_id: str, choices: Sequence[Choice]) -> None:
    """Refuse choices that break a promise; see `decide`."""
    verbs: dict[int, Verb] = {}
    for choice in choices:
        row = connection.execute(
            "SELECT r.path, f.path, r.role, f.present, f.content_id FROM file f"
            " JOIN root r ON r.id = f.root_id WHERE f.id = ?",
            (choice.file_id,),
        ).fetchone()
        if row is None:
            raise RefusedError(
                "a file of the group is no longer in the catalog", "load the group again"
            )
        root, path, role, present, content_id = row
        name = printable(os.path.join(root, path))
        if not present or content_id != choice.content_id:
            raise RefusedError(f"{name} has changed since it was shown", "load the group again")
        if choice.verb.removes and role != "normal":
            raise RefusedError(f"{name} is in a folder marked {role}: never touched", "keep it")
        if (choice.verb is Verb.MOVE) != (choice.target is not None):
            raise RefusedError(
                f"{name}: a move, and nothing else, needs a folder", "name the folder"
            )
        if choice.target is not None and not os.path.isabs(choice.target):
            raise RefusedError(
                f"{printable(choice.target)} isn't an absolute folder", "give it in full"
            )
        verbs[choice.file_id] = choice.verb
    if any(verb.removes for verb in verbs.values()):
        stays = _standing_verbs(connection, group_id, choices) | verbs
        if all(verb.removes for verb in stays.values()):
            raise RefusedError("no file of the group would be kept", "keep at least one")


def _standing_verbs(
    connection: sqlite3.Connection, group_id: str, choices: Sequence[Choice]
) -> dict[int, Verb]:
    """What stands for each file present in the group now; a file without a decision is kept."""
    found: dict[int, Verb] = {}
    for content_id in {choice.content_id for choice in choices}:
        rows = connection.execute(
            "SELECT f.id, coalesce(d.verb, 'keep') FROM group_member a"
            " JOIN group_member b USING (method, kind, group_id)"
            " JOIN file f ON f.content_id = b.content_id AND f.present"
            " LEFT JOIN decision d ON d.file_id = f.id AND d.content_id = f.content_id"
            " WHERE a.content_id = ? AND a.group_id = ? AND a.method = 'evidence'",
            (content_id, group_id),
        ).fetchall()
        found.update((file_id, Verb(verb)) for file_id, verb in rows)
        if rows:
            break  # every content of the group leads to the same rows
    return found


def _record(
    connection: sqlite3.Connection,
    kind: str,
    group_id: str,
    chosen: Sequence[tuple[str, Choice]],
    *,
    cleared: Sequence[int] = (),
    distinct: dict[str, Any] | None = None,
) -> Step:
    """Write a step and put its rows in place; whatever could be redone no longer can."""
    connection.execute("DELETE FROM step WHERE undone = 1 AND id > ?", (_sealed(connection),))
    step_id = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM step").fetchone()[0]
    after: _Rows = dict.fromkeys(cleared)
    for group, choice in chosen:
        target = None if choice.target is None else choice.target.hex()
        after[choice.file_id] = _Row(
            choice.file_id, choice.content_id, choice.verb.value, target, group, step_id
        )
    step = Step(step_id, group_id, kind, time.time())
    connection.execute(
        "INSERT INTO step (id, group_id, kind, before, after, decided_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            step.id,
            step.group_id,
            step.kind,
            _packed(_rows_of(connection, after), None),
            _packed(after, distinct),
            step.decided_at,
        ),
    )
    _put(connection, after)
    if distinct is not None:
        _put_apart(connection, distinct)
    return step


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
    return {file[0]: _Row(*file) if len(file) > 1 else None for file in files}


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
        rows[file_id] = None if row is None else _Row(*row)._replace(target=row[3] or None)
    return rows


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
