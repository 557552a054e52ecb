"""What a file action that has happened changes in the catalog: the file's row and its decision.

Every function writes inside the caller's transaction, the one that records the action's outcome.
"""

from __future__ import annotations

import json
import os
import sqlite3

from .identity import Identity
from .steps import seal


def decision_of(connection: sqlite3.Connection, file_id: int | None) -> str:
    """A file's decision as JSON that `restored` can bring back; '' where there is none."""
    row = connection.execute(
        "SELECT content_id, verb, lower(hex(target)), group_id, step_id FROM decision"
        " WHERE file_id = ?",
        (file_id,),
    ).fetchone()
    return "" if row is None else json.dumps(row)


def file_at(connection: sqlite3.Connection, path: bytes) -> int | None:
    """The id of the row of the file at an absolute path, or None where there is none."""
    root = _root_of(connection, path)
    row = (
        root
        and connection.execute(
            "SELECT id FROM file WHERE root_id = ? AND path = ?", root
        ).fetchone()
    )
    return row[0] if row else None


def removed(
    connection: sqlite3.Connection,
    file_id: int | None,
    verb: str,
    destination: bytes | None,
    found: Identity | None,
) -> None:
    """A file has left its place: it is absent now, or, moved into an indexed folder, present there.

    Its decision is carried out and goes; a file moved within the library is kept where it is now,
    and so is one that a hard link or a clone took the place of.
    The undo history of decisions ends here, since they are about files that are no longer there.
    """
    seal(connection)
    decision = connection.execute(
        "DELETE FROM decision WHERE file_id = ? RETURNING content_id, group_id, step_id", (file_id,)
    ).fetchone()
    stays = verb in ("move", "hardlink", "reflink")
    if stays and destination and _place(connection, file_id, destination, found):
        if decision is not None:
            _decide(connection, file_id, decision[0], "keep", None, *decision[1:])
    else:
        connection.execute("UPDATE file SET present = 0 WHERE id = ?", (file_id,))


def restored(
    connection: sqlite3.Connection,
    file_id: int | None,
    path: bytes | None,
    decision: str,
    found: Identity | None,
) -> None:
    """A file is back at `path`, and so is the decision (of `decision_of`) that had removed it."""
    if path is None or not _place(connection, file_id, path, found) or not decision:
        return
    content_id, verb, target, group_id, step_id = json.loads(decision)
    # hex(NULL) is ''; a target is never empty.
    target = bytes.fromhex(target) if target else None
    _decide(connection, file_id, content_id, verb, target, group_id, step_id)


def _decide(
    connection: sqlite3.Connection,
    file_id: int | None,
    content_id: int,
    verb: str,
    target: bytes | None,
    group_id: str,
    step_id: int,
) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO decision (file_id, content_id, verb, target, group_id, step_id)"
        " SELECT id, ?, ?, ?, ?, ? FROM file WHERE id = ? AND content_id = ?",
        (content_id, verb, target, group_id, step_id, file_id, content_id),
    )


def _place(
    connection: sqlite3.Connection, file_id: int | None, path: bytes, found: Identity | None
) -> bool:
    """Make a file's row say that it is at `path`; False where that is in no indexed folder."""
    root = _root_of(connection, path)
    if root is None:
        return False
    root_id, relative = root
    # Another row of this name tells of a file that was there before.
    connection.execute(
        "DELETE FROM file WHERE root_id = ? AND path = ? AND id IS NOT ?",
        (root_id, relative, file_id),
    )
    connection.execute(
        "UPDATE file SET root_id = ?, path = ?, present = 1 WHERE id = ?",
        (root_id, relative, file_id),
    )
    if found is not None:  # a copy has another inode; stored so that the next scan needn't open it
        connection.execute(
            "UPDATE file SET size = ?, mtime_ns = ?, device = ?, inode = ? WHERE id = ?",
            (*found, file_id),
        )
    return True


def _root_of(connection: sqlite3.Connection, path: bytes) -> tuple[int, bytes] | None:
    """The deepest indexed folder that holds `path`, and the path below it."""
    best: tuple[int, bytes] | None = None
    for root_id, root in connection.execute("SELECT id, path FROM root WHERE role != 'excluded'"):
        top = os.path.join(root, b"")
        if path.startswith(top) and (best is None or len(path) - len(top) < len(best[1])):
            best = (root_id, path[len(top) :])
    return best
