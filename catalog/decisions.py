"""What a person decides about the files of a group, recorded at once as a step of `catalog.steps`.

A decision touches no file; `catalog.plan` turns decisions into file actions. A decision belongs to
one content: it lapses when the file changes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..models.text import printable
from . import steps
from .database import Catalog
from .errors import RefusedError
from .review import GroupDetail
from .steps import Step


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


def decide(catalog: Catalog, group_id: str, choices: Sequence[Choice]) -> Step | None:
    """Record decisions about files of one group as one step; other files keep theirs.

    None where they stand already: nothing is recorded then.

    Raises:
        RefusedError: no file of the group would stay, a file of a reference folder would be
            touched, or a file has changed since it was shown. Nothing is recorded then.
    """
    with catalog.transaction() as connection:
        _check(connection, group_id, choices)
        rows = [_row(group_id, choice) for choice in choices]
        return steps.record(connection, "decide", group_id, rows)


def accept(
    catalog: Catalog, details: Iterable[GroupDetail], verb: Verb = Verb.TRASH
) -> Step | None:
    """Record the suggested keeper of many groups, and `verb` for their other files, as one step.

    None as for `decide`.

    Raises:
        RefusedError: one of the groups holds near shots, or as for `decide`; nothing is recorded.
    """
    with catalog.transaction() as connection:
        chosen: list[steps.Row] = []
        for detail in details:
            if detail.kind != "duplicate":
                raise RefusedError(
                    f"group {detail.id} holds near shots, which are never accepted in bulk",
                    "decide it in review",
                )
            choices = keep_only(detail, detail.kept_in_bulk, verb)
            _check(connection, detail.id, choices)
            chosen += [_row(detail.id, choice) for choice in choices]
        return steps.record(connection, "accept", "", chosen)


def clear(catalog: Catalog, group_id: str) -> Step | None:
    """Forget the decisions about a group's files, as one step; None where there were none."""
    with catalog.transaction() as connection:
        found = connection.execute(
            "SELECT file_id FROM decision WHERE group_id = ?1 UNION"
            " SELECT d.file_id FROM group_member m JOIN file f ON f.content_id = m.content_id"
            " JOIN decision d ON d.file_id = f.id WHERE m.group_id = ?1",
            (group_id,),
        )
        return steps.record(connection, "clear", group_id, [], cleared=[row[0] for row in found])


def mark_distinct(
    catalog: Catalog, group_id: str, *, method: str = "evidence", kind: str = "duplicate"
) -> Step | None:
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
        return steps.record(
            connection, "distinct", group_id, [], cleared=cleared, distinct=distinct
        )


def _row(group_id: str, choice: Choice) -> steps.Row:
    target = None if choice.target is None else choice.target.hex()
    return steps.Row(choice.file_id, choice.content_id, choice.verb.value, target, group_id)


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
