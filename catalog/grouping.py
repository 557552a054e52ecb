"""Groups formed from the stored pairs, only where a pair has changed since the last forming."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from ..models.evidence import Verdict
from ..models.seams import seam_share
from . import compositions, groups, pairs
from .compositions import Held, Size
from .database import Catalog
from .group_store import put_groups
from .groups import Group
from .judging import Judges
from .links import FINGERPRINT, Link, Links
from .pairs import Pair
from .pictures import Entry, PictureLoader
from .progress import Control

VERSION = 1
_FACT = "grouped"
_SEAMED = 0.5  # share of a part's sides that must be seams
_PARTIAL = frozenset((Verdict.CROPPED, Verdict.FRAMED))


@dataclass(frozen=True, slots=True)
class Grouped:
    """What a forming of groups came to.

    `formed` counts the pictures whose groups were formed anew, `judged` the pairs it had compared.
    """

    groups: int
    near_groups: int
    formed: int
    judged: int


def regroup(
    catalog: Catalog,
    method: str,
    entries: Mapping[int, Entry],
    judges: Judges,
    control: Control,
) -> Grouped:
    """Form the groups of all pictures that are linked by a pair which has changed.

    The unit is the connected component of copies and near shots: one that was formed before from
    the very same pairs keeps its groups, so a new picture costs what it is linked with, not the
    catalog. Forming depends on the pairs alone, so the result is that of forming all anew.
    """
    forming = _Forming(catalog, method, entries, judges, control)
    links = forming.load()
    before = _formed_before(catalog)
    changed, found = links.choose(lambda mark: mark not in before)
    unchanged = links.items - changed
    duplicates, near, holding = forming.form(found)
    if forming.judged:
        links = forming.load()
    counts = put_groups(catalog, method, duplicates, near, unchanged=unchanged)
    _put_holding(catalog, method, holding, unchanged)
    _remember(catalog, links.fingerprints)
    return Grouped(*counts, formed=len(changed), judged=forming.judged)


class _Forming:
    def __init__(
        self,
        catalog: Catalog,
        method: str,
        entries: Mapping[int, Entry],
        judges: Judges,
        control: Control,
    ) -> None:
        self._catalog = catalog
        self._method = method
        self._entries = entries
        self._judges = judges
        self._control = control
        self._loader = PictureLoader(catalog)
        self._cuts = pairs.cut_pairs(catalog)
        self._copies: dict[Pair, float] = {}
        self._near: dict[Pair, float] = {}
        self._held: dict[Pair, Held] = {}
        self.judged = 0

    def load(self) -> Links:
        related = pairs.related(self._catalog, self._method)
        salt = f"{VERSION}.{groups.VERSION}.{compositions.VERSION}".encode()
        return Links(related, self._cuts, self._entries.keys(), salt)

    def form(self, found: Sequence[Link]) -> tuple[list[Group], list[Group], set[Pair]]:
        """Groups of copies and of near shots, and which composition holds what: (part, holder)."""
        self._take(found)
        while True:
            known = self.judged
            alone = compositions.compositions(self._held.values(), self._copies, self._is_pasted)
            formed, holding = self._form_copies(alone)
            if self.judged == known:  # else a picture on a collage may have come to light
                return formed, self._form_near(formed), holding

    def _take(self, found: Iterable[Link]) -> None:
        copies = {link.pair: link for link in found if link.verdict.is_duplicate}
        self._copies.update((pair, link.similarity) for pair, link in copies.items())
        self._near.update(
            (link.pair, link.similarity) for link in found if link.verdict is Verdict.NEAR_SHOT
        )
        partial = [pair for pair, link in copies.items() if link.verdict in _PARTIAL]
        for judged in pairs.find(self._catalog, self._method, partial):
            pair = judged.a_id, judged.b_id
            held = compositions.held(pair, judged.evidence, *(self._size(i) for i in pair))
            if held is not None:
                self._held[pair] = held

    def _size(self, content_id: int) -> Size:
        facts = self._entries[content_id].facts
        width, height = self._catalog.connection.execute(
            "SELECT width, height FROM descriptor WHERE content_id = ?", (content_id,)
        ).fetchone()
        return Size(max(facts.width, facts.height), width, height)

    def _is_pasted(self, held: Held) -> bool:
        return seam_share(self._loader.load(held.container).grey, held.corners) >= _SEAMED

    def _form_copies(self, alone: Mapping[int, Set[int]]) -> tuple[list[Group], set[Pair]]:
        away = {(min(i, c), max(i, c)) for c, those in alone.items() for i in those}
        kept = {pair: value for pair, value in self._copies.items() if pair not in away}
        formed = groups.form(
            kept,
            {i: entry.digest for i, entry in self._entries.items()},
            apart=self._cuts | away,
            containers={held.container for held in self._held.values() if held.reduced},
            judge=self._judge,
        )
        holding = {
            (low, high) if high in alone else (high, low)
            for low, high in self._copies.keys() & away
        }
        return formed, holding

    def _judge(self, asked: Sequence[Pair]) -> Mapping[Pair, float]:
        """Compare pairs that nobody proposed, unless they were compared before."""
        self._control.checkpoint()
        stored = {(j.a_id, j.b_id) for j in pairs.find(self._catalog, self._method, asked)}
        judged = list(self._judges.judge([pair for pair in asked if pair not in stored]))
        pairs.put_judged(self._catalog, self._method, judged, empty=True)
        self.judged += len(judged)
        links = [Link((j.a_id, j.b_id), j.verdict, j.similarity) for j in judged]
        self._take(links)
        return {link.pair: link.similarity for link in links if link.verdict.is_duplicate}

    def _form_near(self, formed: Sequence[Group]) -> list[Group]:
        group_of = {i: n for n, group in enumerate(formed) for i in group.members}
        # Copies of one picture may look like near shots of each other: that is settled already.
        apart = {
            pair: value
            for pair, value in self._near.items()
            if group_of.get(pair[0], -1) != group_of.get(pair[1], -2)
        }
        digests = {i: self._entries[i].digest for pair in apart for i in pair}
        return groups.form(apart, digests, apart=self._cuts)


def _put_holding(catalog: Catalog, method: str, holding: Set[Pair], unchanged: Set[int]) -> None:
    """Replace what is known of compositions, but for those whose links are as before."""
    stored = set(
        catalog.connection.execute(
            "SELECT part_id, container_id FROM holding WHERE method = ?", (method,)
        )
    )
    wanted = {pair for pair in stored if pair[1] in unchanged} | holding
    if stored == wanted:
        return
    with catalog.transaction() as connection:
        connection.executemany(
            "DELETE FROM holding WHERE method = ? AND part_id = ? AND container_id = ?",
            ((method, *pair) for pair in stored - wanted),
        )
        connection.executemany(
            "INSERT INTO holding (method, part_id, container_id) VALUES (?, ?, ?)",
            ((method, *pair) for pair in wanted - stored),
        )


def _formed_before(catalog: Catalog) -> set[bytes]:
    row = catalog.connection.execute("SELECT value FROM fact WHERE name = ?", (_FACT,)).fetchone()
    marks = row[0] if row else b""
    return {marks[at : at + FINGERPRINT] for at in range(0, len(marks), FINGERPRINT)}


def _remember(catalog: Catalog, fingerprints: Iterable[bytes]) -> None:
    marks = b"".join(sorted(fingerprints))
    row = catalog.connection.execute("SELECT value FROM fact WHERE name = ?", (_FACT,)).fetchone()
    if row == (marks,):
        return
    with catalog.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (_FACT, marks))
