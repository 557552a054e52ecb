"""The first half of an index run: what is on disk now, against what the catalog remembers.

The walk and the remembered rows come in the same order and are merged, so memory doesn't grow with
the library. Everything found is written at once in small steps; killing the run loses nothing.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .database import Catalog
from .identity import Identity
from .progress import Control, Meter
from .reading import EMPTY
from .roots import Scope
from .store import BATCH, NOT_A_PICTURE, has_failed, has_pending
from .walk import Found, UnreadableFolder, WalkRules, walk


@dataclass(slots=True)
class ScanResult:
    """What one scan found."""

    unchanged: int = 0
    moved: int = 0
    vanished: set[int] = field(default_factory=set)
    """Ids of the rows whose file is gone."""
    missing: list[bytes] = field(default_factory=list)
    """Scopes that aren't there (an unmounted disk, say); what is known of them stays as it is."""
    unreadable: list[tuple[bytes, str]] = field(default_factory=list)
    """Folders that can't be listed, absolute, with the reason; what is known of them stays."""


_Row = tuple[bytes, int, int, int, int, int, int]
"""A remembered file: as Found, whether it is present, id."""


def scan(
    catalog: Catalog, covered: Sequence[Scope], rules: WalkRules, meter: Meter, control: Control
) -> ScanResult:
    """Bring the file rows of the scopes up to the disk; nothing is opened, no content is touched.

    New and changed files become rows without content; `catalog.indexer` reads those. A file that
    was only moved or renamed keeps its row, and with it its content and decisions.

    Raises:
        Interrupted: a stop was asked for; what was found so far is stored.
    """
    result = ScanResult()
    with Catalog.open(catalog.path) as reader:  # the walk reads on while rows are written
        for scope in covered:
            _scan_scope(catalog, reader, scope, rules, result, meter, control)
    if has_pending(catalog):  # what is new may be what was elsewhere before
        moved = _follow_moves(catalog)
        result.moved = len(moved)
        result.vanished -= moved
        _share_linked(catalog, covered)
    return result


def _scan_scope(
    catalog: Catalog,
    reader: Catalog,
    scope: Scope,
    rules: WalkRules,
    result: ScanResult,
    meter: Meter,
    control: Control,
) -> None:
    if not os.path.isdir(scope.path):
        result.missing.append(scope.path)
        return
    merge = _Merge(reader, scope)
    writer = _Writer(catalog, scope.root.id)
    unreadable: list[tuple[bytes, str]] = []
    seen = kept = 0
    try:
        for found in walk(scope.root.path, scope.folder, rules):
            control.checkpoint()
            if isinstance(found, UnreadableFolder):
                unreadable.append((os.path.join(scope.root.path, found.path), found.reason))
                kept += merge.keep_below(found.path)
                continue
            meter.add(len(found))
            if merge.take_unchanged(found):
                seen += len(found)
                result.unchanged += len(found)
                continue
            for file in found:
                row = merge.take(file[0])
                if row is None:
                    writer.insert(file)
                    continue
                seen += 1
                if row[:5] != file:
                    writer.change(row, file)
                    continue
                result.unchanged += 1
                if not row[5]:
                    writer.reappear(row)
    finally:
        writer.flush()
        result.unreadable += unreadable
    gone = merge.rest()
    if gone and seen + kept == 0 and _is_unmounted(scope, gone):
        result.missing.append(scope.path)
        return
    for row in gone:
        writer.vanish(row)
    writer.flush()
    result.vanished |= {row[6] for row in gone}
    if not scope.folder:
        with catalog.transaction() as connection:
            connection.execute(
                "UPDATE root SET scanned_at = ? WHERE id = ?", (time.time(), scope.root.id)
            )


_ROWS = 4096  # read at a time


class _Merge:
    """The remembered rows, consumed in step with the walk; those passed over have vanished."""

    def __init__(self, reader: Catalog, scope: Scope) -> None:
        self._cursor = reader.connection.execute(
            "SELECT path, size, mtime_ns, device, inode, present, id FROM file"
            " WHERE root_id = ? AND path >= ? AND path < ? ORDER BY path",
            scope.bounds,
        )
        self._rows: list[_Row] = []
        self._at = 0
        self._gone: list[_Row] = []

    def take_unchanged(self, found: Sequence[Found]) -> bool:
        """Take the rows of some files if they are the very next ones, all present as they were.

        That is how nearly all files are: compared as lists, they cost half of what they do singly.
        """
        self._fill(len(found))
        rows = self._rows[self._at : self._at + len(found)]
        same = len(rows) == len(found) and all(row[5] for row in rows)
        if same and [row[:5] for row in rows] == found:
            self._at += len(found)
            return True
        return False

    def take(self, path: bytes) -> _Row | None:
        """The row of exactly this path, if there is one."""
        self._pass(path)
        row = self._next()
        if row is None or row[0] != path:
            return None
        self._at += 1
        return row

    def keep_below(self, folder: bytes) -> int:
        """Leave the rows below a folder alone; how many there are."""
        start = folder + b"/" if folder else b""
        self._pass(start)
        kept = 0
        while (row := self._next()) is not None and row[0].startswith(start):
            self._at += 1
            kept += 1
        return kept

    def rest(self) -> list[_Row]:
        """The rows, present so far, that the walk didn't come by."""
        self._pass(None)
        return self._gone

    def _pass(self, path: bytes | None) -> None:
        while (row := self._next()) is not None and (path is None or row[0] < path):
            if row[5]:
                self._gone.append(row)
            self._at += 1

    def _next(self) -> _Row | None:
        self._fill(1)
        return self._rows[self._at] if self._at < len(self._rows) else None

    def _fill(self, wanted: int) -> None:
        """Have the next rows at hand, as far as there are any."""
        if len(self._rows) - self._at < wanted:
            self._rows = self._rows[self._at :] + self._cursor.fetchmany(_ROWS)
            self._at = 0


def _is_unmounted(scope: Scope, gone: Sequence[_Row]) -> bool:
    """Whether a folder in which nothing is left looks like the empty place of an unmounted disk."""
    with os.scandir(scope.path) as entries:
        if next(entries, None) is None:
            return True
    device = Identity.of(os.stat(scope.path)).device
    return all(row[3] != device for row in gone)


class _Writer:
    """Row changes of one root, committed in small batches.

    Each names the path that it saw: a file action may have moved the row meanwhile.
    """

    def __init__(self, catalog: Catalog, root_id: int) -> None:
        self._catalog = catalog
        self._root_id = root_id
        self._statements: list[tuple[str, tuple[int | bytes, ...]]] = []

    def insert(self, found: Found) -> None:
        self._add(
            "INSERT INTO file (root_id, path, size, mtime_ns, device, inode)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (self._root_id, *found),
        )

    def change(self, row: _Row, found: Found) -> None:
        self._add(
            "UPDATE file SET size = ?, mtime_ns = ?, device = ?, inode = ?,"
            " content_id = NULL, error = NULL, present = 1"
            " WHERE id = ? AND root_id = ? AND path = ?",
            (*found[1:], row[6], self._root_id, row[0]),
        )

    def reappear(self, row: _Row) -> None:
        self._set_present(row, 1)

    def vanish(self, row: _Row) -> None:
        self._set_present(row, 0)

    def flush(self) -> None:
        if self._statements:
            _write(self._catalog, self._statements)
            self._statements = []

    def _set_present(self, row: _Row, present: int) -> None:
        self._add(
            "UPDATE file SET present = ? WHERE id = ? AND root_id = ? AND path = ?",
            (present, row[6], self._root_id, row[0]),
        )

    def _add(self, statement: str, values: tuple[int | bytes, ...]) -> None:
        self._statements.append((statement, values))
        if len(self._statements) >= BATCH:
            self.flush()


_SAME_FILE = (
    "b.inode = a.inode AND b.device = a.device AND b.size = a.size AND b.mtime_ns = a.mtime_ns"
)


def _follow_moves(catalog: Catalog) -> set[int]:
    """Give rows of vanished files the place at which their file turned up; the ids of these rows.

    The same inode on the same device with the same size and time is the same file. Both rows are
    in the catalog by now, so a run that was killed in between finds them again.
    """
    rows = catalog.connection.execute(
        "SELECT a.id, b.id FROM file a JOIN file b ON " + _SAME_FILE + " WHERE a.present = 0"  # noqa: S608
        " AND a.content_id IS NOT NULL AND b.present = 1 AND b.content_id IS NULL"
        " AND b.error IS NULL AND a.id <> b.id ORDER BY b.id, a.id DESC"
    ).fetchall()
    pairs: list[tuple[int, int]] = []
    used: set[int] = set()
    for old, new in rows:
        if old not in used and new not in used:
            used |= {old, new}
            pairs.append((old, new))
    for start in range(0, len(pairs), BATCH):
        with catalog.transaction() as connection:
            for old, new in pairs[start : start + BATCH]:
                _move(connection, old, new)
    return {old for old, _ in pairs}


def _move(connection: sqlite3.Connection, old: int, new: int) -> None:
    place = connection.execute(
        "SELECT root_id, path FROM file WHERE id = ? AND content_id IS NULL", (new,)
    ).fetchone()
    if place is None:
        return
    connection.execute("DELETE FROM file WHERE id = ?", (new,))
    connection.execute(
        "UPDATE file SET root_id = ?, path = ?, present = 1, error = NULL WHERE id = ?",
        (*place, old),
    )


def _share_linked(catalog: Catalog, covered: Sequence[Scope]) -> None:
    """Give new hard links the content of the file that they are a name of, without opening it."""
    for scope in covered:
        rows = catalog.connection.execute(
            "SELECT a.id, min(b.content_id) FROM file a JOIN file b ON " + _SAME_FILE + " WHERE"  # noqa: S608
            " a.root_id = ? AND a.path >= ? AND a.path < ? AND a.present = 1"
            " AND a.content_id IS NULL AND a.error IS NULL AND b.present = 1"
            " AND b.content_id IS NOT NULL GROUP BY a.id",
            scope.bounds,
        ).fetchall()
        _write(
            catalog,
            [
                ("UPDATE file SET content_id = ? WHERE id = ? AND content_id IS NULL", (content, a))
                for a, content in rows
            ],
        )


def _write(catalog: Catalog, statements: Sequence[tuple[str, tuple[int | bytes, ...]]]) -> None:
    for start in range(0, len(statements), BATCH):
        with catalog.transaction() as connection:
            for statement, values in statements[start : start + BATCH]:
                connection.execute(statement, values)


def hide_excluded(catalog: Catalog, roots: Iterable[int]) -> None:
    """Take the files of excluded roots out of sight; they come back when the role does."""
    for root_id in roots:
        ids = catalog.connection.execute(
            "SELECT id FROM file WHERE root_id = ? AND present = 1", (root_id,)
        ).fetchall()
        _write(catalog, [("UPDATE file SET present = 0 WHERE id = ?", row) for row in ids])


def retry_unreadable(catalog: Catalog, covered: Sequence[Scope]) -> None:
    """Let files that couldn't be opened last time be tried again: a permission changes no time."""
    for scope in covered:
        if not has_failed(catalog, scope):
            continue
        ids = catalog.connection.execute(
            "SELECT id FROM file WHERE root_id = ? AND path >= ? AND path < ? AND present = 1"
            " AND error IS NOT NULL AND error NOT IN (?, ?)",
            (*scope.bounds, EMPTY, NOT_A_PICTURE),
        ).fetchall()
        _write(catalog, [("UPDATE file SET error = NULL WHERE id = ?", row) for row in ids])
