"""The folders' counts, kept by triggers, against a count of all files."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from twinsift.catalog.database import Catalog
from twinsift.catalog.library import list_folders

_COUNTED = """
    SELECT r.id,
           count(CASE WHEN f.error IS NULL AND c.id IS NOT NULL AND c.error IS NULL THEN 1 END),
           count(CASE WHEN f.id IS NOT NULL AND f.error IS NULL AND c.id IS NULL THEN 1 END),
           count(CASE WHEN f.error NOT LIKE 'not a picture%'
                           OR (f.error IS NULL AND c.error IS NOT NULL) THEN 1 END),
           coalesce(sum(CASE WHEN f.error IS NULL AND c.id IS NOT NULL AND c.error IS NULL
                             THEN f.size END), 0)
      FROM root r
      LEFT JOIN file f ON f.root_id = r.id AND f.present = 1
      LEFT JOIN content c ON c.id = f.content_id
     GROUP BY r.id ORDER BY r.path
"""
_CHANGES = (
    "INSERT INTO file (root_id, path, size, mtime_ns, device, inode)"
    " VALUES (:root, randomblob(8), :some, 0, 0, 0)",
    "INSERT INTO file (root_id, path, size, mtime_ns, device, inode, content_id, error)"
    " VALUES (:root, randomblob(8), :some, 0, 0, 0, :content, :error)",
    "UPDATE file SET content_id = :content, size = :some, error = NULL WHERE id % 5 = :fifth",
    "UPDATE file SET content_id = NULL, error = :error WHERE id % 5 = :fifth",
    "UPDATE file SET present = 1 - present WHERE id % 5 = :fifth",
    "UPDATE file SET root_id = :root WHERE id % 5 = :fifth",
    "UPDATE content SET error = :error WHERE id = :content",
    "UPDATE content SET error = NULL",
    "INSERT INTO content (digest, size, error) VALUES (CAST(:content AS BLOB), 1, :error)"
    " ON CONFLICT (digest) DO UPDATE SET error = excluded.error",
    "DELETE FROM file WHERE id % 17 = :some",
    "INSERT INTO root (path, added_at) VALUES (randomblob(8), 0)",
)


def _told(catalog: Catalog) -> list[tuple[int, ...]]:
    return [(f.id, f.pictures, f.pending, f.failed, f.size) for f in list_folders(catalog)]


@pytest.mark.parametrize("seed", range(4))
def test_they_are_what_counting_gives_whatever_happens(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        db = catalog.connection
        db.execute("PRAGMA synchronous = OFF")
        for number in range(3):
            db.execute("INSERT INTO root (path, added_at) VALUES (?, 0)", (bytes([65 + number]),))
            db.execute(
                "INSERT INTO content (digest, size) VALUES (CAST(? AS BLOB), 1)", (number + 1,)
            )
        for _ in range(150):
            db.execute(
                chance.choice(_CHANGES),
                {
                    "root": chance.randint(1, 3),
                    "content": chance.randint(1, 3),
                    "some": chance.randint(0, 16),
                    "fifth": chance.randint(0, 4),
                    "error": chance.choice([None, "broken", "not a picture by its content"]),
                },
            )
            assert _told(catalog) == db.execute(_COUNTED).fetchall()
        assert any(any(row[1:]) for row in _told(catalog))


def test_they_go_with_the_folder(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog, catalog.transaction() as db:
        db.execute("INSERT INTO root (id, path, added_at) VALUES (1, X'2F', 0), (2, X'30', 0)")
        db.execute(
            "INSERT INTO file (root_id, path, size, mtime_ns, device, inode)"
            " VALUES (1, X'61', 1, 0, 0, 0), (2, X'61', 1, 0, 0, 0)"
        )
        db.execute("DELETE FROM root WHERE id = 1")
        assert _told(catalog) == [(2, 0, 1, 0, 0)]
