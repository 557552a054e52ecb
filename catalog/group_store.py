"""Groups written to the catalog: kept apart by method and kind, replaced as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ..models.evidence import Verdict
from .database import Catalog
from .groups import Group
from .listing import note_first

_ORDER = {str(verdict): position for position, verdict in enumerate(Verdict)}
_Row = tuple[str, str, str, float, int, tuple[int, ...]]


def put_groups(
    catalog: Catalog, method: str, duplicates: Sequence[Group], near: Sequence[Group]
) -> tuple[int, int]:
    """Replace a method's groups; returns how many there are of duplicates and of near shots.

    A content with several files is a group of its own where no other picture matches it. Unchanged
    groups are not rewritten, so that a reviewer sees only what is new.
    """
    rows = _rows(catalog, method, "duplicate", [*duplicates, *_copies(catalog, duplicates)])
    scenes = _rows(catalog, method, "near", near)
    wanted = {(row[0], row[1]): row for row in (*rows, *scenes)}
    stored = _stored(catalog, method)
    with catalog.transaction() as connection:
        gone = [key for key, row in stored.items() if wanted.get(key) != row]
        connection.executemany(
            "DELETE FROM duplicate_group WHERE method = ? AND kind = ? AND id = ?",
            ((method, *key) for key in gone),
        )
        for key, row in wanted.items():
            if stored.get(key) == row:
                continue
            kind, group_id, verdict, similarity, representative, members = row
            connection.execute(
                "INSERT INTO duplicate_group"
                " (id, method, kind, verdict, similarity, representative_id)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (group_id, method, kind, verdict, similarity, representative),
            )
            connection.executemany(
                "INSERT INTO group_member (method, kind, group_id, content_id) VALUES (?, ?, ?, ?)",
                ((method, kind, group_id, member) for member in members),
            )
    if method == "evidence" and stored != wanted:
        note_first(catalog)
    return len(rows), len(scenes)


def _copies(catalog: Catalog, duplicates: Sequence[Group]) -> list[Group]:
    """Groups of one content that several present files have; undecodable ones among them."""
    grouped = {member for group in duplicates for member in group.members}
    rows = catalog.connection.execute(
        """
        SELECT f.content_id FROM file f JOIN root r ON r.id = f.root_id
         WHERE f.present = 1 AND f.error IS NULL AND r.role <> 'excluded'
               AND f.content_id IS NOT NULL AND f.size > 0
         GROUP BY f.content_id HAVING count(*) > 1
        """
    )
    return [Group(i, (i,)) for (i,) in rows if i not in grouped]


def _rows(catalog: Catalog, method: str, kind: str, formed: Sequence[Group]) -> list[_Row]:
    digests = dict(catalog.connection.execute("SELECT id, digest FROM content"))
    found: dict[tuple[int, int], tuple[str, float]] = {
        (a, b): (verdict, similarity)
        for a, b, verdict, similarity in catalog.connection.execute(
            "SELECT a_id, b_id, verdict, similarity FROM pair WHERE method = ?", (method,)
        )
    }
    rows = []
    for group in formed:
        seed = group.representative
        links = [
            found[min(seed, member), max(seed, member)]
            for member in group.members
            if member != seed
        ] or [(str(Verdict.IDENTICAL_FILE), 1.0)]
        verdict = max((link[0] for link in links), key=lambda name: _ORDER[name])
        weakest = min(link[1] for link in links)
        rows.append((kind, _group_id(kind, digests[seed]), verdict, weakest, seed, group.members))
    return rows


def _group_id(kind: str, digest: bytes) -> str:
    """The id of the group that the content with this digest represents.

    A picture may represent its duplicates and its near shots: decisions know a group by its id
    alone, and must not take the one's files for the other's.
    """
    whole = digest.hex()
    return whole[:16] if kind == "duplicate" else whole[16:32]


def _stored(catalog: Catalog, method: str) -> dict[tuple[str, str], _Row]:
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for kind, group_id, content_id in catalog.connection.execute(
        "SELECT kind, group_id, content_id FROM group_member WHERE method = ? ORDER BY content_id",
        (method,),
    ):
        members[kind, group_id].append(content_id)
    return {
        (kind, group_id): (
            kind,
            group_id,
            verdict,
            similarity,
            representative,
            tuple(members[kind, group_id]),
        )
        for kind, group_id, verdict, similarity, representative in catalog.connection.execute(
            "SELECT kind, id, verdict, similarity, representative_id FROM duplicate_group"
            " WHERE method = ?",
            (method,),
        )
    }
