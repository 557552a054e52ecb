"""Typed rows of the index side: what was found out about contents and files, in and out."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..models.features import Features
from .database import Catalog
from .identity import Identity
from .reading import Job
from .roots import Scope

if TYPE_CHECKING:  # an index run without embeddings needs no numpy here
    import numpy as np
    from numpy.typing import NDArray

BATCH = 64
"""Most rows a commit: a reviewer's own write then waits some 4 ms at the worst."""
NOT_A_PICTURE = "not a picture"
"""Error of files that neither are nor claim to be pictures: remembered, never shown as failures."""

_PAGE = 1024
_IN_SCOPE = "f.root_id = ? AND f.path >= ? AND f.path < ? AND f.present = 1"
_FAILED = "(f.error <> ? OR (f.error IS NULL AND c.error IS NOT NULL))"
_PENDING = (
    " FROM file f JOIN root r ON r.id = f.root_id LEFT JOIN content c ON c.id = f.content_id"
    " WHERE " + _IN_SCOPE + " AND f.error IS NULL AND (c.id IS NULL OR c.extractor <>"
    " CASE WHEN c.error IS NULL THEN ? ELSE ? END)"
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How the files of some scopes stand."""

    files: int
    pictures: int
    failed: int
    """Files that can't be used."""


# Writing: all of these want to be inside a transaction.


def put_features(connection: sqlite3.Connection, features: Features, extractor: str) -> int:
    """Store everything about a decoded content, in place of what was known; its id."""
    found = features.metadata
    content_id = _put_content(
        connection,
        {
            "digest": features.digest,
            "size": features.size,
            "error": None,
            "extractor": extractor,
            "format": features.format,
            "width": features.width,
            "height": features.height,
            "pixel_digest": features.pixel_digest,
            "captured_at": found.captured_at,
            "camera": found.camera,
            "gps": found.gps,
            "exif_count": found.exif_count,
            "lossless": int(features.lossless),
            "quality": features.quality,
            "contrast": features.contrast,
            "frames": features.frames,
        },
    )
    connection.executemany(
        "INSERT INTO hash (content_id, kind, value) VALUES (?, ?, ?)",
        [(content_id, kind, value) for kind, value in features.hashes],
    )
    points = features.keypoints
    connection.execute(
        "INSERT INTO descriptor (content_id, kind, width, height, count, positions, vectors)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            content_id,
            points.kind,
            points.width,
            points.height,
            points.count,
            points.positions,
            points.vectors,
        ),
    )
    connection.execute("INSERT INTO preview VALUES (?, ?)", (content_id, features.preview))
    return content_id


def put_refused(
    connection: sqlite3.Connection, digest: bytes, size: int, error: str, attempt: str
) -> int:
    """Store that a content can't be decoded, and why, in place of what was known; its id."""
    return _put_content(
        connection, {"digest": digest, "size": size, "error": error, "extractor": attempt}
    )


def _put_content(connection: sqlite3.Connection, row: dict[str, Any]) -> int:
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    content_id = content_with(connection, row["digest"])
    if content_id is None:
        return connection.execute(
            f"INSERT INTO content ({names}) VALUES ({marks}) RETURNING id",  # noqa: S608 - our own
            tuple(row.values()),
        ).fetchone()[0]
    updates = ", ".join(f"{name} = ?" for name in row)
    connection.execute(
        f"UPDATE content SET {updates} WHERE id = ?",  # noqa: S608 - our own column names
        (*row.values(), content_id),
    )
    # What hung on an earlier extraction no longer holds. Embeddings are made from the file itself.
    for table in ("hash", "descriptor", "preview"):
        connection.execute(f"DELETE FROM {table} WHERE content_id = ?", (content_id,))  # noqa: S608
    return content_id


def content_with(
    connection: sqlite3.Connection, digest: bytes, extractor: str | None = None
) -> int | None:
    """The id of the content with this digest (and with features by this extractor, if given)."""
    row = connection.execute(
        "SELECT id FROM content WHERE digest = ?1 AND (?2 IS NULL OR (error IS NULL"
        " AND extractor = ?2))",
        (digest, extractor),
    ).fetchone()
    return row[0] if row else None


def link(connection: sqlite3.Connection, file_id: int, identity: Identity, content_id: int) -> None:
    """Store which content a file has, and its identity when it was read."""
    connection.execute(
        "UPDATE file SET content_id = ?, size = ?, mtime_ns = ?, device = ?, inode = ?,"
        " error = NULL WHERE id = ?",
        (content_id, *identity, file_id),
    )


def put_file_error(connection: sqlite3.Connection, file_id: int, error: str) -> None:
    """Store why a file has no content."""
    connection.execute(
        "UPDATE file SET content_id = NULL, error = ? WHERE id = ?", (error, file_id)
    )


def put_embedding(
    connection: sqlite3.Connection, content_id: int, model: str, vector: NDArray[np.float32]
) -> None:
    """Store a content's embedding, float32 (n,), as float16."""
    connection.execute(
        "INSERT INTO embedding VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET vector = excluded.vector",
        (content_id, model, vector.astype("<f2").tobytes()),
    )


def forget_passed_over(catalog: Catalog, decoders: str) -> None:
    """Let the files that weren't pictures be looked at anew where other decoders are at hand."""
    name, known = "decoders", decoders.encode()
    row = catalog.connection.execute("SELECT value FROM fact WHERE name = ?", (name,))
    if row.fetchone() == (known,):
        return
    with catalog.transaction() as connection:
        connection.execute("UPDATE file SET error = NULL WHERE error = ?", (NOT_A_PICTURE,))
        connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, known))


# Reading.


def has_pending(catalog: Catalog) -> bool:
    """Whether any file that is there has neither content nor error: by the kept counts, at once."""
    return _exists(catalog, "FROM tally WHERE pending > 0")


def has_failed(catalog: Catalog, scope: Scope) -> bool:
    """Whether any file of the scope's root can't be used: by the kept counts, at once."""
    return _exists(catalog, "FROM tally WHERE failed > 0 AND root_id = ?", scope.root.id)


def _exists(catalog: Catalog, rows: str, *values: str | int) -> bool:
    query = f"SELECT EXISTS (SELECT 1 {rows})"
    return bool(catalog.connection.execute(query, values).fetchone()[0])


def count_jobs(catalog: Catalog, covered: Iterable[Scope], key: str, attempt: str) -> int:
    """How many files `jobs` will give.

    Where nothing changed that is told without going through the files.
    """
    stale = "FROM content c WHERE c.extractor <> CASE WHEN c.error IS NULL THEN ? ELSE ? END"
    if not has_pending(catalog) and not _exists(catalog, stale, key, attempt):
        return 0
    return sum(
        catalog.connection.execute(
            "SELECT count(*)" + _PENDING, (*scope.bounds, key, attempt)
        ).fetchone()[0]
        for scope in covered
    )


def jobs(catalog: Catalog, covered: Iterable[Scope], key: str, attempt: str) -> Iterator[Job]:
    """The files to read: without content, or whose content was extracted or refused otherwise.

    They are looked up page by page, so that no read transaction stays open over the decoding (the
    write-ahead log could not be emptied meanwhile).
    """
    for scope in covered:
        last = -1
        while True:
            rows = catalog.connection.execute(
                "SELECT f.id, r.path, f.path" + _PENDING + " AND f.id > ? ORDER BY f.id LIMIT ?",
                (*scope.bounds, key, attempt, last, _PAGE),
            ).fetchall()
            if not rows:
                break
            for file_id, root, path in rows:
                yield Job(file_id, os.path.join(root, path))
            last = rows[-1][0]


def count(catalog: Catalog, covered: Iterable[Scope]) -> Counts:
    """How many files are there, and how many of them are pictures that were read."""
    found = [_count(catalog, scope) for scope in covered]
    return Counts(*(sum(column) for column in zip((0, 0, 0), *found, strict=True)))


def _count(catalog: Catalog, scope: Scope) -> tuple[int, int, int]:
    if not scope.folder:  # of a whole root most is counted as it changes
        return catalog.connection.execute(
            "SELECT (SELECT count(*) FROM file WHERE root_id = root.id AND present = 1), pictures,"
            " failed FROM root JOIN tally ON root_id = id WHERE id = ?",
            (scope.root.id,),
        ).fetchone()
    return catalog.connection.execute(
        "SELECT count(*), count(CASE WHEN f.error IS NULL AND c.id IS NOT NULL"  # noqa: S608
        f" AND c.error IS NULL THEN 1 END), count(CASE WHEN {_FAILED} THEN 1 END)"
        " FROM file f LEFT JOIN content c ON c.id = f.content_id WHERE " + _IN_SCOPE,
        (NOT_A_PICTURE, *scope.bounds),
    ).fetchone()


def failures(catalog: Catalog, covered: Iterable[Scope]) -> list[tuple[bytes, str]]:
    """Files that can't be used, absolute, with the reason; in the order of their paths."""
    found: list[tuple[bytes, str]] = []
    for scope in covered:
        rows = catalog.connection.execute(
            "SELECT f.path, coalesce(f.error, c.error)"  # noqa: S608
            " FROM file f LEFT JOIN content c ON c.id = f.content_id WHERE " + _IN_SCOPE + " AND"
            f" {_FAILED} ORDER BY f.path",
            (*scope.bounds, NOT_A_PICTURE),
        )
        found += [(os.path.join(scope.root.path, path), reason) for path, reason in rows]
    return found


def contents_without_embedding(catalog: Catalog, covered: Iterable[Scope], model: str) -> list[int]:
    """Ids of the decoded contents of present files that this network hasn't seen, in order."""
    found: set[int] = set()
    for scope in covered:
        rows = catalog.connection.execute(
            "SELECT c.id FROM file f JOIN content c ON c.id = f.content_id"  # noqa: S608
            f" WHERE {_IN_SCOPE} AND f.error IS NULL AND c.error IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM embedding e WHERE e.content_id = c.id AND e.model = ?)",
            (*scope.bounds, model),
        )
        found.update(content_id for (content_id,) in rows)
    return sorted(found)


def places(
    catalog: Catalog, content_ids: Sequence[int]
) -> Iterator[tuple[int, bytes, tuple[bytes, ...]]]:
    """Id and digest of contents, and where files with them are (absolute), page by page."""
    for start in range(0, len(content_ids), _PAGE):
        page = content_ids[start : start + _PAGE]
        marks = ", ".join("?" * len(page))
        rows = catalog.connection.execute(
            "SELECT c.id, c.digest, r.path, f.path FROM content c"  # noqa: S608
            " JOIN file f ON f.content_id = c.id JOIN root r ON r.id = f.root_id"
            f" WHERE f.present = 1 AND f.error IS NULL AND c.id IN ({marks}) ORDER BY c.id, f.id",
            tuple(page),
        ).fetchall()
        for (content_id, digest), same in itertools.groupby(rows, key=lambda row: row[:2]):
            yield content_id, digest, tuple(os.path.join(*row[2:]) for row in same)
