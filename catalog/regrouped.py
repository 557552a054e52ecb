"""A group that was shown, as it stands now: matching may have changed its files, or its id."""

from __future__ import annotations

import json

from .database import Catalog
from .review import GroupDetail, load_group
from .settings import KEEP_RULES


def group_now(
    catalog: Catalog, shown: GroupDetail, *, order: tuple[str, ...] = KEEP_RULES
) -> GroupDetail | None:
    """The group that holds most of the pictures of the one shown; None where none does any more.

    `order` holds the rules that suggest the keeper.
    """
    now = load_group(catalog, shown.id, kind=shown.kind, order=order)
    if now is not None:
        return now
    contents = json.dumps(sorted({member.content_id for member in shown.members}))
    row = catalog.connection.execute(
        "SELECT m.group_id FROM json_each(?) j JOIN group_member m ON m.content_id = j.value"
        " WHERE m.method = 'evidence' AND m.kind = ?"
        " GROUP BY m.group_id ORDER BY count(*) DESC, m.group_id LIMIT 1",
        (contents, shown.kind),
    ).fetchone()
    return None if row is None else load_group(catalog, row[0], kind=shown.kind, order=order)


def difference(shown: GroupDetail, now: GroupDetail | None) -> str:
    """What changed in a group since it was shown, in words; '' where its files are the same."""
    if now is None:
        return "this group has changed since it was shown, and is no longer one group"
    if files(shown) == files(now):
        return ""
    before, after = len(shown.members), len(now.members)
    if before == after:
        return "this group has changed since it was shown: other files"
    return f"this group has {'grown' if after > before else 'shrunk'}: {before} → {after} files"


def files(detail: GroupDetail) -> frozenset[tuple[int, int]]:
    """The files of a group, each with its content (ids)."""
    return frozenset((member.file_id, member.content_id) for member in detail.members)
