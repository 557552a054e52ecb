"""Groups written to the catalog: kept apart by method and kind, only those that changed."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from ..models.calibration import probability
from ..models.evidence import Evidence, Verdict
from .database import Catalog
from .groups import Group
from .listing import is_noted, note_first

_ORDER = {str(verdict): position for position, verdict in enumerate(Verdict)}
_SAME = str(Verdict.IDENTICAL_FILE)


class _Row(NamedTuple):
    """A group as it is stored."""

    verdict: str
    similarity: float
    probability: float | None
    representative: int
    weakest: int | None
    members: tuple[int, ...]


class _Link(NamedTuple):
    """What a member is to the representative."""

    member: int
    verdict: str
    similarity: float
    probability: float | None

    @property
    def certainty(self) -> tuple[float, float, int]:
        """Sorts the weakest first."""
        return 1.0 if self.probability is None else self.probability, self.similarity, self.member


_Key = tuple[str, str]
"""Kind and id of a group."""


def put_groups(
    catalog: Catalog,
    method: str,
    duplicates: Sequence[Group],
    near: Sequence[Group],
    *,
    unchanged: Set[int] = frozenset(),
) -> tuple[int, int]:
    """Replace a method's groups; returns how many there are of duplicates and of near shots.

    Groups of the contents in `unchanged` stay as they are stored. A content with several files is
    a group of its own where no other picture matches it. Equal groups are not rewritten, so that a
    reviewer sees only what is new.
    """
    stored = _stored(catalog, method)
    left = {
        key: row
        for key, row in stored.items()
        if row.representative in unchanged and len(row.members) > 1
    }
    grouped = {i for group in duplicates for i in group.members}
    grouped.update(i for (kind, _), row in left.items() if kind == "duplicate" for i in row.members)
    wanted = {
        **left,
        **_rows(catalog, method, "duplicate", [*duplicates, *_copies(catalog, grouped)]),
        **_rows(catalog, method, "near", near),
    }
    if stored != wanted:
        with catalog.transaction() as connection:
            _write(connection, method, stored, wanted)
    if method == "evidence" and (stored != wanted or not is_noted(catalog)):
        note_first(catalog)
    kinds = [kind for kind, _ in wanted]
    return kinds.count("duplicate"), kinds.count("near")


def _write(
    connection: sqlite3.Connection,
    method: str,
    stored: Mapping[_Key, _Row],
    wanted: Mapping[_Key, _Row],
) -> None:
    connection.executemany(
        "DELETE FROM duplicate_group WHERE method = ? AND kind = ? AND id = ?",
        ((method, *key) for key, row in stored.items() if wanted.get(key) != row),
    )
    fresh = {key: row for key, row in wanted.items() if stored.get(key) != row}
    connection.executemany(
        "INSERT INTO duplicate_group (method, kind, id, verdict, similarity, probability,"
        " representative_id, weakest_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((method, *key, *row[:-1]) for key, row in fresh.items()),
    )
    connection.executemany(
        "INSERT INTO group_member (method, kind, group_id, content_id) VALUES (?, ?, ?, ?)",
        ((method, *key, member) for key, row in fresh.items() for member in row.members),
    )


def _copies(catalog: Catalog, grouped: Set[int]) -> list[Group]:
    """Groups of one content that several present files have; undecodable ones among them."""
    rows = catalog.connection.execute(
        """
        SELECT f.content_id FROM file f JOIN root r ON r.id = f.root_id
         WHERE f.present = 1 AND f.error IS NULL AND r.role <> 'excluded'
               AND f.content_id IS NOT NULL AND f.size > 0
         GROUP BY f.content_id HAVING count(*) > 1
        """
    )
    return [Group(i, (i,)) for (i,) in rows if i not in grouped]


def _rows(catalog: Catalog, method: str, kind: str, formed: Sequence[Group]) -> dict[_Key, _Row]:
    rows: dict[_Key, _Row] = {}
    for group in formed:
        seed = group.representative
        (digest,) = catalog.connection.execute(
            "SELECT digest FROM content WHERE id = ?", (seed,)
        ).fetchone()
        links = [_link(catalog, method, seed, i) for i in group.members if i != seed]
        weakest = min(links, key=lambda link: link.certainty, default=None)
        rows[kind, _group_id(kind, digest)] = _Row(
            max((link.verdict for link in links), key=_ORDER.__getitem__, default=_SAME),
            min((link.similarity for link in links), default=1.0),
            weakest and weakest.probability,
            seed,
            weakest and weakest.member,
            group.members,
        )
    return rows


def _group_id(kind: str, digest: bytes) -> str:
    """The id of the group that the content with this digest represents.

    A picture may represent its duplicates and its near shots: decisions know a group by its id
    alone, and must not take the one's files for the other's.
    """
    whole = digest.hex()
    return whole[:16] if kind == "duplicate" else whole[16:32]


def _link(catalog: Catalog, method: str, seed: int, member: int) -> _Link:
    verdict, similarity, evidence = catalog.connection.execute(
        "SELECT verdict, similarity, evidence FROM pair WHERE method = ? AND a_id = ? AND b_id = ?",
        (method, min(seed, member), max(seed, member)),
    ).fetchone()
    return _Link(member, verdict, similarity, probability(Evidence.from_json(evidence)))


def _stored(catalog: Catalog, method: str) -> dict[_Key, _Row]:
    members: dict[_Key, list[int]] = defaultdict(list)
    for kind, group_id, content_id in catalog.connection.execute(
        "SELECT kind, group_id, content_id FROM group_member WHERE method = ?"
        " ORDER BY kind, group_id, content_id",
        (method,),
    ):
        members[kind, group_id].append(content_id)
    rows = catalog.connection.execute(
        "SELECT kind, id, verdict, similarity, probability, representative_id, weakest_id"
        " FROM duplicate_group WHERE method = ?",
        (method,),
    )
    return {
        (row[0], row[1]): _Row._make((*row[2:], tuple(members[row[0], row[1]]))) for row in rows
    }
