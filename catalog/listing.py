"""The groups as rows of a list: all of them in one query, and the first ones before the rest.

Reading 100,000 groups takes seconds of processor time, whatever the query. So that the list stands
at once, the matcher notes which groups free the most, and `first_groups` reads those alone; while
the files are as the match found them, these are the first of all (`groups_in_order`).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .database import Catalog
from .group_table import VERDICTS, GroupSummary, GroupTable, joined
from .review import absolute

_FIRST = 400  # groups noted as the first: some screens full
_KINDS = ("duplicate", "near")
_AT_ONCE = 1_000  # rows made into columns in one go: what else goes on has its turn in between
_CODES = {str(verdict): code for code, verdict in enumerate(VERDICTS)}
_SEPARATOR = os.sep.encode()
_FIRST_FACT = "groups.first"
_NOTE_FACT = "groups.first.note"
_STAMP_FACT = "groups.stamp"

_FILES = """
    (SELECT group_concat(id || state) FROM batch),
    (SELECT group_concat(id || role || coalesce(scanned_at, '')) FROM root)
"""
"""What differs once the files of groups may: file actions, folders and their scans."""

_PRESENT = """
          JOIN file f ON f.content_id = m.content_id AND f.present = 1 AND f.error IS NULL
          JOIN root r ON r.id = f.root_id AND r.role <> 'excluded'
"""

_ROWS = f"""
    SELECT x.id, x.kind, x.verdict, x.similarity, x.files, x.reclaim, x.decided, x.freed,
           r.path, f.path
      FROM (
        SELECT g.id, g.kind, g.verdict, g.similarity,
               count(*) AS files, sum(f.size) - max(f.size) AS reclaim,
               count(d.file_id) AS decided,
               coalesce(sum(f.size) FILTER (WHERE d.verb NOT IN ('keep', 'move')), 0) AS freed,
               coalesce(min(CASE WHEN m.content_id = g.representative_id THEN f.id END),
                        min(f.id)) AS first
          FROM {{source}}
          JOIN group_member m ON m.method = g.method AND m.kind = g.kind AND m.group_id = g.id
          {_PRESENT}
          LEFT JOIN decision d ON d.file_id = f.id AND d.content_id = f.content_id
         WHERE g.method = :method AND g.kind IN (:one, :other)
         GROUP BY g.method, g.kind, g.id
        HAVING count(*) > 1) x
      JOIN file f ON f.id = x.first
      JOIN root r ON r.id = f.root_id
"""  # noqa: S608  # put together from texts of this module alone


def list_groups(
    catalog: Catalog, *, method: str = "evidence", kind: str | None = "duplicate"
) -> GroupTable:
    """Every group with at least two files present, most reclaimable first (`kind` None: both)."""
    return _summaries(catalog, "duplicate_group g", method, kind)


def first_groups(catalog: Catalog) -> GroupTable:
    """The groups of both kinds that free the most as far as the last match knows, without the rest.

    Empty where no match has noted them; `list_groups` then has to be waited for.
    """
    noted = _fact(catalog.connection, _FIRST_FACT)
    if noted is None:
        return GroupTable.of(())
    source = "json_each(:only) j CROSS JOIN duplicate_group g ON g.id = j.value"
    return _summaries(catalog, source, "evidence", None, only=noted.decode())


def groups_in_order(
    catalog: Catalog, *, method: str = "evidence", kind: str = "duplicate"
) -> Iterator[GroupSummary]:
    """`list_groups` one by one; the first ones come at once, however many there are."""
    told: set[str] = set()
    least = _least_noted(catalog).get(kind) if method == "evidence" else None
    if least is not None:
        for group in first_groups(catalog):
            if group.kind == kind and group.reclaim > least:
                told.add(group.id)
                yield group
    for group in list_groups(catalog, method=method, kind=kind):
        if group.id not in told:
            yield group


def count_groups(catalog: Catalog, kind: str) -> int:
    """How many groups there were when the first were noted, those with a single file among them."""
    noted = _fact(catalog.connection, _NOTE_FACT)
    return _count(catalog, kind) if noted is None else json.loads(noted)["counts"][kind]


def is_noted(catalog: Catalog) -> bool:
    """Whether the first groups were noted, and no file has changed since."""
    return bool(_least_noted(catalog))


def _count(catalog: Catalog, kind: str) -> int:
    return catalog.connection.execute(
        "SELECT count(*) FROM duplicate_group WHERE method = 'evidence' AND kind = ?", (kind,)
    ).fetchone()[0]


def note_first(catalog: Catalog) -> None:
    """Note which groups free the most, and that the groups are others now; the matcher calls it."""
    files = _files(catalog)
    first: list[str] = []
    least: dict[str, int] = {}
    for kind in _KINDS:
        rows = catalog.connection.execute(
            f"""
            SELECT m.group_id, sum(f.size) - max(f.size) FROM group_member m {_PRESENT}
             WHERE m.method = 'evidence' AND m.kind = ?
             GROUP BY m.method, m.kind, m.group_id HAVING count(*) > 1
             ORDER BY 2 DESC, m.group_id LIMIT {_FIRST}
            """,  # noqa: S608
            (kind,),
        ).fetchall()
        first += [group_id for group_id, _ in rows]
        # No other group frees more; -1: there is no other.
        least[kind] = rows[-1][1] if len(rows) == _FIRST else -1
    counts = {kind: _count(catalog, kind) for kind in _KINDS}
    note = {"files": files, "least": least, "counts": counts}
    with catalog.transaction() as connection:
        stamp = int(_fact(connection, _STAMP_FACT) or 0) + 1
        connection.executemany(
            "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)",
            [
                (_FIRST_FACT, json.dumps(first).encode()),
                (_NOTE_FACT, json.dumps(note).encode()),
                (_STAMP_FACT, b"%d" % stamp),
            ],
        )


def stamp(catalog: Catalog) -> tuple[object, ...]:
    """What differs once the list may: groups, decisions, file actions, folders and their scans.

    The indexer commits many times a second; most of that changes no row of the list.
    """
    return catalog.connection.execute(
        f"""
        SELECT (SELECT value FROM fact WHERE name = ?),
               (SELECT max(id) FROM step), (SELECT total(undone) FROM step), {_FILES}
        """,  # noqa: S608
        (_STAMP_FACT,),
    ).fetchone()


def _files(catalog: Catalog) -> list[str | None]:
    return list(catalog.connection.execute(f"SELECT {_FILES}").fetchone())


def _least_noted(catalog: Catalog) -> dict[str, int]:
    """By kind, what the groups that weren't noted free at most; empty where that isn't known."""
    noted = _fact(catalog.connection, _NOTE_FACT)
    note = None if noted is None else json.loads(noted)
    return note["least"] if note is not None and note["files"] == _files(catalog) else {}


def _fact(connection: sqlite3.Connection, name: str) -> bytes | None:
    row = connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def _summaries(
    catalog: Catalog, source: str, method: str, kind: str | None, only: str = ""
) -> GroupTable:
    one, other = _KINDS if kind is None else (kind, kind)
    linked = _linked(catalog, method, only)
    rows = catalog.connection.execute(
        _ROWS.format(source=source), {"method": method, "one": one, "other": other, "only": only}
    )
    folders: dict[tuple[bytes, bytes], int] = {}
    pieces = []
    while some := rows.fetchmany(_AT_ONCE):
        pieces.append(_piece(some, linked, folders))
    table = joined(pieces, [absolute(*folder) if folder[1] else folder[0] for folder in folders])
    return table.take(np.lexsort((np.array(table.ids, str), -table.reclaim)))


def _piece(
    rows: Sequence[tuple[Any, ...]],
    linked: Mapping[tuple[str, str], tuple[int, int]],
    folders: dict[tuple[bytes, bytes], int],
) -> GroupTable:
    """Some rows as columns; `folders` gets the places of those that are new."""
    ids, kinds, verdicts, similarity, files, reclaim, decided, freed, roots, paths = zip(
        *rows, strict=True
    )
    if linked:
        keys = zip(kinds, ids, strict=True)
        figures = zip(keys, reclaim, freed, strict=True)
        exact = [linked.get(key, (most, now)) for key, most, now in figures]
        reclaim, freed = zip(*exact, strict=True)
    below = [path.rpartition(_SEPARATOR) for path in paths]
    where = [
        folders.setdefault((root, folder), len(folders))
        for root, (folder, _, _) in zip(roots, below, strict=True)
    ]
    return GroupTable(
        list(ids),
        np.array([kind == "near" for kind in kinds], bool),
        np.array([_CODES[verdict] for verdict in verdicts], np.uint8),
        np.array(similarity, np.float64),
        np.array(files, np.int32),
        np.array(reclaim, np.int64),
        (),
        np.array(where, np.int32),
        [name for _, _, name in below],
        np.array(decided, np.int32),
        np.array(freed, np.int64),
    )


def _linked(catalog: Catalog, method: str, only: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Bytes freed, at most and as decided, by the groups that hold several links of one inode.

    Links share their blocks.

    `only` are the ids to look among as JSON, '' for all groups.
    """
    asked = {"method": method, "only": only}
    if only:
        source = "json_each(:only) j CROSS JOIN group_member m ON m.group_id = j.value"
        links = f"""
            SELECT m.kind, m.group_id FROM {source} JOIN file f ON f.content_id = m.content_id
             WHERE m.method = :method AND m.kind IN ('duplicate', 'near')
             GROUP BY m.kind, m.group_id, f.inode, f.device HAVING count(*) > 1
        """  # noqa: S608
    else:
        links = """
            SELECT DISTINCT m.kind, m.group_id
              FROM (SELECT inode, device FROM file GROUP BY inode, device HAVING count(*) > 1) l
              CROSS JOIN file f ON f.inode = l.inode AND f.device = l.device
              JOIN group_member m ON m.content_id = f.content_id AND m.method = :method
        """
    groups = set(catalog.connection.execute(links, asked))
    return {
        (kind, group_id): _reclaimable(catalog, method, kind, group_id) for kind, group_id in groups
    }


def _reclaimable(catalog: Catalog, method: str, kind: str, group_id: str) -> tuple[int, int]:
    """Bytes that a group frees if its largest file stays, and as decided; each inode once."""
    return catalog.connection.execute(
        f"""
        SELECT coalesce(sum(size) - max(size), 0), coalesce(sum(size) FILTER (WHERE goes), 0) FROM (
          SELECT f.size AS size, min(coalesce(d.verb NOT IN ('keep', 'move'), 0)) AS goes
            FROM group_member m {_PRESENT}
            LEFT JOIN decision d ON d.file_id = f.id AND d.content_id = f.content_id
           WHERE m.method = ? AND m.kind = ? AND m.group_id = ?
           GROUP BY f.device, f.inode, f.size)
        """,  # noqa: S608
        (method, kind, group_id),
    ).fetchone()
