"""Bringing an older catalog up to date: one transaction a step, after a backup beside the file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib.resources import files
from pathlib import Path

APPLICATION_ID = (
    0x54574E53  # "TWNS" in PRAGMA application_id: tells a catalog from a foreign database
)
VERSION = 5

_DECISION_2 = """
CREATE TABLE decision_2 (
  file_id INTEGER PRIMARY KEY REFERENCES file (id) ON DELETE CASCADE,
  content_id INTEGER NOT NULL REFERENCES content (id),
  verb TEXT NOT NULL
    CHECK (verb IN ('keep', 'trash', 'move', 'delete', 'hardlink', 'reflink', 'symlink')),
  target BLOB,
  group_id TEXT NOT NULL,
  step_id INTEGER NOT NULL
) STRICT
"""
_ACTION_2 = """
CREATE TABLE action_2 (
  id INTEGER PRIMARY KEY,
  batch_id INTEGER NOT NULL REFERENCES batch (id),
  verb TEXT NOT NULL CHECK (verb IN ('move', 'trash', 'delete', 'restore', 'purge',
                                     'hardlink', 'reflink', 'symlink', 'unlink')),
  source BLOB NOT NULL,
  destination BLOB,
  digest BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
  device INTEGER NOT NULL, inode INTEGER NOT NULL,
  keeper BLOB, keeper_digest BLOB,
  file_id INTEGER,
  token TEXT NOT NULL,
  decision TEXT NOT NULL DEFAULT '',
  attributes TEXT NOT NULL DEFAULT '',
  companion_of BLOB,
  state TEXT NOT NULL CHECK (state IN ('intent', 'done', 'refused', 'failed', 'undone', 'purged')),
  reason TEXT NOT NULL DEFAULT '',
  at REAL NOT NULL
) STRICT
"""
_ACTION_1 = (
    "id, batch_id, verb, source, destination, digest, size, mtime_ns, device, inode, keeper,"
    " keeper_digest, file_id, token, decision, state, reason, at"
)
_HOLDING_3 = """
CREATE TABLE holding (
  method TEXT NOT NULL,
  part_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  container_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  PRIMARY KEY (method, part_id, container_id)
) STRICT, WITHOUT ROWID
"""
_TALLY_5 = """
CREATE TABLE tally (
  root_id INTEGER PRIMARY KEY REFERENCES root (id) ON DELETE CASCADE,
  pictures INTEGER NOT NULL DEFAULT 0,
  pending INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  size INTEGER NOT NULL DEFAULT 0
) STRICT
"""
_STANDING_5 = """
CREATE VIEW standing AS
  SELECT f.id AS file_id, f.root_id, f.content_id,
         f.error IS NULL AND c.id IS NOT NULL AND c.error IS NULL AS is_picture,
         f.error IS NULL AND c.id IS NULL AS is_pending,
         coalesce(f.error NOT LIKE 'not a picture%', c.error IS NOT NULL) AS is_failed,
         f.size
    FROM file f LEFT JOIN content c ON c.id = f.content_id
   WHERE f.present = 1
"""
_TALLIED_5 = (
    """
    CREATE TRIGGER tally_root AFTER INSERT ON root BEGIN
      INSERT INTO tally (root_id) VALUES (NEW.id);
    END;
    """,
    """
    CREATE TRIGGER tally_file_made AFTER INSERT ON file BEGIN
      UPDATE tally SET pictures = pictures + s.is_picture, pending = pending + s.is_pending,
                       failed = failed + s.is_failed, size = tally.size + s.size * s.is_picture
        FROM standing s WHERE s.file_id = NEW.id AND tally.root_id = s.root_id;
    END;
    """,
    """
    CREATE TRIGGER tally_file_gone BEFORE DELETE ON file BEGIN
      UPDATE tally SET pictures = pictures - s.is_picture, pending = pending - s.is_pending,
                       failed = failed - s.is_failed, size = tally.size - s.size * s.is_picture
        FROM standing s WHERE s.file_id = OLD.id AND tally.root_id = s.root_id;
    END;
    """,
    """
    CREATE TRIGGER tally_file_before
    BEFORE UPDATE OF root_id, size, content_id, present, error ON file BEGIN
      UPDATE tally SET pictures = pictures - s.is_picture, pending = pending - s.is_pending,
                       failed = failed - s.is_failed, size = tally.size - s.size * s.is_picture
        FROM standing s WHERE s.file_id = OLD.id AND tally.root_id = s.root_id;
    END;
    """,
    """
    CREATE TRIGGER tally_file_after
    AFTER UPDATE OF root_id, size, content_id, present, error ON file BEGIN
      UPDATE tally SET pictures = pictures + s.is_picture, pending = pending + s.is_pending,
                       failed = failed + s.is_failed, size = tally.size + s.size * s.is_picture
        FROM standing s WHERE s.file_id = NEW.id AND tally.root_id = s.root_id;
    END;
    """,
    """
    CREATE TRIGGER tally_content_before BEFORE UPDATE OF error ON content
    WHEN (OLD.error IS NULL) <> (NEW.error IS NULL) BEGIN
      UPDATE tally SET pictures = pictures - s.is_picture, failed = failed - s.is_failed,
                       size = tally.size - s.size
        FROM (SELECT root_id, sum(is_picture) AS is_picture, sum(is_failed) AS is_failed,
                     sum(size * is_picture) AS size
                FROM standing WHERE content_id = OLD.id GROUP BY root_id) s
       WHERE tally.root_id = s.root_id;
    END;
    """,
    """
    CREATE TRIGGER tally_content_after AFTER UPDATE OF error ON content
    WHEN (OLD.error IS NULL) <> (NEW.error IS NULL) BEGIN
      UPDATE tally SET pictures = pictures + s.is_picture, failed = failed + s.is_failed,
                       size = tally.size + s.size
        FROM (SELECT root_id, sum(is_picture) AS is_picture, sum(is_failed) AS is_failed,
                     sum(size * is_picture) AS size
                FROM standing WHERE content_id = NEW.id GROUP BY root_id) s
       WHERE tally.root_id = s.root_id;
    END;
    """,
)

_STEPS: dict[int, Sequence[str]] = {
    # Links instead of copies, purging, companions: SQLite can't widen a CHECK of a table in place.
    2: (
        _DECISION_2,
        "INSERT INTO decision_2 SELECT file_id, content_id, verb, target, group_id, step_id"
        " FROM decision",
        "DROP TABLE decision",
        "ALTER TABLE decision_2 RENAME TO decision",
        _ACTION_2,
        f"INSERT INTO action_2 ({_ACTION_1}) SELECT {_ACTION_1} FROM action",  # noqa: S608
        "DROP TABLE action",
        "ALTER TABLE action_2 RENAME TO action",
        "CREATE INDEX action_batch ON action (batch_id)",
        "CREATE INDEX action_open ON action (state) WHERE state = 'intent'",
        "CREATE INDEX action_destination ON action (destination) WHERE state = 'done'",
    ),
    # Each group's weakest link; collages beside the groups of what they hold; grouping without a
    # look at what is unrelated, which is nearly all.
    3: (
        "ALTER TABLE duplicate_group ADD COLUMN weakest_id INTEGER REFERENCES content (id)",
        "ALTER TABLE duplicate_group ADD COLUMN probability REAL",
        _HOLDING_3,
        "CREATE INDEX holding_container ON holding (container_id)",
        "CREATE INDEX pair_related ON pair (method, a_id, b_id, verdict, similarity)"
        " WHERE verdict <> 'unrelated'",
    ),
    # Where a picture was taken: told beside the other facts.
    4: ("ALTER TABLE content ADD COLUMN gps TEXT",),
    # The folders' counts, kept instead of counted.
    5: (
        _TALLY_5,
        _STANDING_5,
        "INSERT INTO tally SELECT r.id, total(is_picture), total(is_pending),"
        " total(is_failed), total(s.size * is_picture)"
        " FROM root r LEFT JOIN standing s ON s.root_id = r.id GROUP BY r.id",
        *_TALLIED_5,
    ),
}
"""What brings a catalog from the version before to each of these; written once, never changed."""


def migrate(path: Path, connection: sqlite3.Connection) -> None:
    """Make the schema of VERSION in an empty catalog, or bring an older one to it.

    An older one is copied to `backup_path` first. Cut off at any point, it has the version before.

    Raises:
        sqlite3.Error: a step failed; the catalog is as it was before that step.
        OSError: the backup can't be written; nothing was changed.
    """
    version = _version(connection)
    if 0 < version < VERSION:
        _back_up(connection, backup_path(path, version))
    while (version := _version(connection)) != VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Read inside the transaction: another process may have just done it.
            if _version(connection) == version:
                _step(connection, version)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def backup_path(path: Path, version: int) -> Path:
    """Where the catalog of an older version is kept."""
    return path.with_name(f"{path.name}.version-{version}")


def _step(connection: sqlite3.Connection, version: int) -> None:
    if version == 0:
        schema = files("twinsift.catalog").joinpath("schema.sql").read_text(encoding="utf-8")
        for statement in _statements(schema):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        version = VERSION
    else:
        version += 1
        for statement in _STEPS[version]:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version}")


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _back_up(connection: sqlite3.Connection, place: Path) -> None:
    os.close(os.open(place, os.O_RDWR | os.O_CREAT, 0o600))
    with closing(sqlite3.connect(place)) as copy:
        connection.backup(copy)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would commit the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
