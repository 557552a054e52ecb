"""Judged pairs in the catalog: what was proposed, what was found, what the person cut apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..models.evidence import Evidence, Verdict
from .database import Catalog

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

METHOD = "evidence"
"""Name of the method that is twinsift's own; the other is catalog.sift_ssim's."""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair of contents (a_id < b_id) with its verdict; without evidence nothing was found."""

    a_id: int
    b_id: int
    verdict: Verdict
    similarity: float
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class MatchSummary:
    """What a match run did: counts, and `seconds` of wall time."""

    pictures: int
    candidates: int
    judged: int
    pairs: int
    groups: int
    near_groups: int
    seconds: float
    formed: int = 0
    """Pictures whose groups were formed anew: those linked by a pair that changed."""


def stale(catalog: Catalog, method: str, keys: Mapping[int, str]) -> set[int]:
    """Contents that this method hasn't proposed candidates for, or did with another key."""
    matched = dict(
        catalog.connection.execute(
            "SELECT content_id, judge FROM matched WHERE method = ?", (method,)
        )
    )
    return {content_id for content_id, key in keys.items() if matched.get(content_id) != key}


def put_candidates(
    catalog: Catalog, method: str, keys: Mapping[int, str], pairs: NDArray[np.int64]
) -> None:
    """Store the pairs to judge for contents, together with the key that proposed them.

    What was found about those contents before is forgotten: it was found with another key.
    """
    with catalog.transaction() as connection:
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS fresh (id INTEGER PRIMARY KEY)")
        connection.execute("DELETE FROM fresh")
        connection.executemany("INSERT INTO fresh VALUES (?)", ((i,) for i in keys))
        for table in ("pair", "candidate"):
            connection.execute(
                f"DELETE FROM {table} WHERE method = ? AND"  # noqa: S608  two literals
                " (a_id IN (SELECT id FROM fresh) OR b_id IN (SELECT id FROM fresh))",
                (method,),
            )
        connection.executemany(
            "INSERT INTO candidate (method, a_id, b_id) VALUES (?, ?, ?)",
            ((method, int(a), int(b)) for a, b in pairs),
        )
        connection.executemany(
            "INSERT OR REPLACE INTO matched (method, content_id, judge) VALUES (?, ?, ?)",
            ((method, i, key) for i, key in keys.items()),
        )


def count_candidates(catalog: Catalog, method: str) -> int:
    """How many pairs are yet to be judged."""
    row = catalog.connection.execute("SELECT count(*) FROM candidate WHERE method = ?", (method,))
    return row.fetchone()[0]


def candidates(catalog: Catalog, method: str, limit: int) -> list[Pair]:
    """The next pairs to judge, ascending, so that a picture's pairs come together."""
    return catalog.connection.execute(
        "SELECT a_id, b_id FROM candidate WHERE method = ? ORDER BY a_id, b_id LIMIT ?",
        (method, limit),
    ).fetchall()


def put_judged(
    catalog: Catalog, method: str, judged: Sequence[Judged], *, empty: bool = False
) -> None:
    """Store verdicts and take their pairs off the list, in one transaction.

    A pair of which nothing was found at all is stored only where `empty` is set: most are such.
    """
    with catalog.transaction() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO pair (a_id, b_id, method, verdict, similarity, evidence)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                (j.a_id, j.b_id, method, str(j.verdict), j.similarity, j.evidence.to_json())
                for j in judged
                if empty or j.evidence.method
            ),
        )
        connection.executemany(
            "DELETE FROM candidate WHERE method = ? AND a_id = ? AND b_id = ?",
            ((method, j.a_id, j.b_id) for j in judged),
        )


def all_judged(catalog: Catalog, method: str) -> Iterator[Judged]:
    """Every stored pair whose contents both have a present file."""
    rows = catalog.connection.execute(
        """
        WITH here AS MATERIALIZED (
          SELECT DISTINCT f.content_id AS id FROM file f JOIN root r ON r.id = f.root_id
           WHERE f.present = 1 AND f.error IS NULL AND r.role <> 'excluded')
        SELECT a_id, b_id, verdict, similarity, evidence FROM pair
         WHERE method = ? AND a_id IN (SELECT id FROM here) AND b_id IN (SELECT id FROM here)
        """,
        (method,),
    )
    for a, b, verdict, similarity, evidence in rows:
        yield Judged(a, b, Verdict(verdict), similarity, Evidence.from_json(evidence))


def related(catalog: Catalog, method: str) -> list[tuple[int, int, str, float]]:
    """All pairs that are copies or near shots, as (low, high, verdict, similarity), ascending.

    Read from an index that holds no others; files may have vanished since.
    """
    return catalog.connection.execute(
        "SELECT a_id, b_id, verdict, similarity FROM pair INDEXED BY pair_related"
        " WHERE method = ? AND verdict <> 'unrelated' ORDER BY a_id, b_id",
        (method,),
    ).fetchall()


def find(catalog: Catalog, method: str, wanted: Iterable[Pair]) -> Iterator[Judged]:
    """Those of the wanted pairs that are stored."""
    for a, b in wanted:
        row = catalog.connection.execute(
            "SELECT verdict, similarity, evidence FROM pair"
            " WHERE method = ? AND a_id = ? AND b_id = ?",
            (method, a, b),
        ).fetchone()
        if row is not None:
            yield Judged(a, b, Verdict(row[0]), row[1], Evidence.from_json(row[2]))


def cut_pairs(catalog: Catalog) -> set[Pair]:
    """Pairs of content ids that the person called no duplicates."""
    rows: Iterable[Pair] = catalog.connection.execute(
        """
        SELECT min(a.id, b.id), max(a.id, b.id) FROM distinct_pair d
          JOIN content a ON a.digest = d.low JOIN content b ON b.digest = d.high
        """
    )
    return set(rows)
