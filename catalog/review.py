"""Groups as a person reviews them: each with its files and what tells them apart."""

from __future__ import annotations

import itertools
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..models.calibration import probability
from ..models.evidence import Evidence, Verdict
from .compositions import holder
from .database import Catalog
from .keepers import Candidate, suggest
from .proportions import Shape, stretch, stretched
from .settings import KEEP_RULES

_FRAME = 0.02  # of the picture: thinner than that is no frame
_CHUNK = 500  # groups read by one query: the first ones come at once, and each query costs little

_MEMBERS = """
    SELECT j.key, g.id, g.verdict, g.similarity, g.representative_id,
           f.id, c.id, f.path, r.path, r.role, f.size, f.mtime_ns, f.device, f.inode, c.digest,
           c.format, c.width, c.height, c.captured_at, c.camera, c.exif_count, c.lossless,
           c.quality, p.verdict, p.similarity, p.evidence, d.verb, d.target, c.gps
      FROM json_each(?3) j
      CROSS JOIN duplicate_group g ON g.method = ?1 AND g.kind = ?2 AND g.id = j.value
      JOIN group_member m ON m.method = g.method AND m.kind = g.kind AND m.group_id = g.id
      JOIN content c ON c.id = m.content_id
      JOIN file f ON f.content_id = c.id AND f.present = 1 AND f.error IS NULL
      JOIN root r ON r.id = f.root_id AND r.role <> 'excluded'
      LEFT JOIN decision d ON d.file_id = f.id AND d.content_id = c.id
      LEFT JOIN pair p ON p.method = m.method
           AND p.a_id = min(c.id, g.representative_id)
           AND p.b_id = max(c.id, g.representative_id)
     ORDER BY j.key, c.id <> g.representative_id, r.path, f.path
"""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a group, with what tells it from the others."""

    file_id: int
    content_id: int
    path: bytes
    """Absolute."""
    root: bytes
    reference: bool
    size: int
    mtime_ns: int
    device: int
    inode: int
    digest: bytes
    format: str
    width: int
    height: int
    captured_at: str | None
    camera: str | None
    exif_count: int
    lossless: bool
    quality: int | None
    is_representative: bool
    verdict: Verdict
    """What the file is to the representative; 'identical file' for the representative itself."""
    similarity: float
    probability: float | None
    """Estimated probability that it is a copy of the representative, 0..1; None: no estimate."""
    evidence: Evidence
    holds: bool
    """Whether it shows the picture reduced among other things: never removed in bulk."""
    suggested: bool
    """Whether this is the suggested keeper."""
    reason: str
    """Why it's the suggested keeper ('' for the others)."""
    verb: str | None
    """The decision: 'keep', 'trash', 'move', 'delete', or None."""
    target: bytes | None
    gps: str | None = None
    """Where it was taken, '47.37690, 8.54170'."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A file that shows a group's picture among others: a collage. It is no copy, and no member."""

    file_id: int
    content_id: int
    path: bytes
    """Absolute."""


@dataclass(frozen=True, slots=True)
class GroupDetail:
    """One group with its files, the suggested keeper first."""

    id: str
    kind: str
    verdict: Verdict
    similarity: float
    members: tuple[Member, ...]
    shown_in: tuple[Holder, ...] = ()
    """Collages and the like that show the group's picture, by path."""

    @property
    def kept_in_bulk(self) -> set[int]:
        """Ids of the files that accepting the suggestion keeps: the keeper, and what holds more."""
        return {m.file_id for m in self.members if m is self.keeper or m.holds}

    @property
    def decided(self) -> int:
        """How many of the files something is decided about."""
        return sum(member.verb is not None for member in self.members)

    @property
    def is_decided(self) -> bool:
        """Whether something is decided about every file."""
        return self.decided == len(self.members)

    @property
    def freed(self) -> int:
        """Bytes that the decisions free; an inode only where none of its links here stays."""
        sizes = {(m.device, m.inode): m.size for m in self.members}
        for member in self.members:
            if member.verb in (None, "keep", "move"):
                sizes.pop((member.device, member.inode), None)
        return sum(sizes.values())

    @property
    def keeper(self) -> Member:
        """The suggested keeper."""
        return self.members[0]

    @property
    def representative(self) -> Member | None:
        """The first file of the picture that all others match, or None where it has none left."""
        return next((member for member in self.members if member.is_representative), None)

    @property
    def weakest(self) -> Member | None:
        """The file whose match with the representative is the least certain: the weakest link.

        Its verdict, similarity and evidence are the link's. None where all are the same bytes.
        """
        links = [m for m in self.members if m.verdict is not Verdict.IDENTICAL_FILE]
        return min(links, key=_certainty, default=None)


def _certainty(member: Member) -> tuple[float, float, int]:
    probability = 1.0 if member.probability is None else member.probability
    return probability, member.similarity, member.content_id


def load_group(
    catalog: Catalog,
    group_id: str,
    *,
    method: str = "evidence",
    kind: str = "duplicate",
    order: tuple[str, ...] = KEEP_RULES,
) -> GroupDetail | None:
    """One group with its present files, suggested keeper first, or None where it is gone."""
    found = load_groups(catalog, [group_id], method=method, kind=kind, order=order)
    return next(iter(found), None)


def load_groups(
    catalog: Catalog,
    group_ids: Sequence[str],
    *,
    method: str = "evidence",
    kind: str = "duplicate",
    order: tuple[str, ...] = KEEP_RULES,
) -> Iterator[GroupDetail]:
    """Groups of one kind in the order of their ids as given; those that are gone are left out."""
    for chunk in _chunks(group_ids):
        rows = catalog.connection.execute(_MEMBERS, (method, kind, json.dumps(chunk)))
        holders = _holders(catalog, method, kind, chunk)
        for _, of_group in itertools.groupby(rows, key=lambda row: row[0]):
            detail = _detail(kind, list(of_group), order)
            if detail is not None:
                yield replace(detail, shown_in=holders.get(detail.id, ()))


def file_member(catalog: Catalog, file_id: int) -> Member | None:
    """A file by itself, as a member of no group; None where it is gone."""
    return _lone(catalog, "file f", "f.id = ? AND f.present = 1 AND f.error IS NULL", file_id)


def content_member(catalog: Catalog, content_id: int) -> Member | None:
    """A content without its files: its `path`, `root` and everything of the disk are empty."""
    nowhere = (
        "(SELECT 0 AS id, id AS content_id, X'' AS path, 0 AS root_id, 0 AS size, 0 AS mtime_ns,"
        " 0 AS device, 0 AS inode FROM content) f"
    )
    return _lone(catalog, nowhere, "c.id = ?", content_id)


def _lone(catalog: Catalog, source: str, condition: str, number: int) -> Member | None:
    row = catalog.connection.execute(
        f"""
        SELECT f.id, c.id, f.path, coalesce(r.path, X''), coalesce(r.role, 'normal'), f.size,
               f.mtime_ns, f.device, f.inode, c.digest, c.format, c.width, c.height,
               c.captured_at, c.camera, c.exif_count, c.lossless, c.quality, NULL, NULL, NULL,
               d.verb, d.target, c.gps
          FROM {source} JOIN content c ON c.id = f.content_id
          LEFT JOIN root r ON r.id = f.root_id
          LEFT JOIN decision d ON d.file_id = f.id AND d.content_id = c.id
         WHERE {condition}
        """,  # noqa: S608
        (number,),
    ).fetchone()
    return None if row is None else _member(row, -1)


def _chunks(group_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(group_ids), _CHUNK):
        yield group_ids[start : start + _CHUNK]


def _holders(
    catalog: Catalog, method: str, kind: str, group_ids: Sequence[str]
) -> dict[str, tuple[Holder, ...]]:
    """The collages that hold a picture of each group."""
    found: dict[str, list[Holder]] = defaultdict(list)
    for group_id, file_id, content_id, path, root in catalog.connection.execute(
        """
        SELECT DISTINCT m.group_id, f.id, h.container_id, f.path, r.path
          FROM json_each(?3) j
          CROSS JOIN group_member m ON m.method = ?1 AND m.kind = ?2 AND m.group_id = j.value
          CROSS JOIN holding h ON h.method = m.method AND h.part_id = m.content_id
          JOIN file f ON f.content_id = h.container_id AND f.present = 1 AND f.error IS NULL
          JOIN root r ON r.id = f.root_id AND r.role <> 'excluded'
         ORDER BY r.path, f.path
        """,
        (method, kind, json.dumps(group_ids)),
    ):
        found[group_id].append(Holder(file_id, content_id, absolute(root, path)))
    return {group_id: tuple(holders) for group_id, holders in found.items()}


def _detail(
    kind: str, rows: Sequence[tuple[Any, ...]], order: tuple[str, ...]
) -> GroupDetail | None:
    if len(rows) < 2:
        return None
    _, group_id, verdict, similarity, representative = rows[0][:5]
    members = [_member(row[5:], representative) for row in rows]
    holding = _holding(members)
    members = [replace(m, holds=m.content_id in holding) for m in members]
    best, reason = suggest(_candidates(members), order)
    members[best] = replace(members[best], suggested=True, reason=reason)
    members.insert(0, members.pop(best))
    return GroupDetail(group_id, kind, Verdict(verdict), similarity, tuple(members))


def suggested_keeper(detail: GroupDetail, order: tuple[str, ...]) -> Member:
    """The file that rules in another order would suggest, with its reason."""
    best, reason = suggest(_candidates(detail.members), order)
    return replace(detail.members[best], suggested=True, reason=reason)


def _member(row: tuple[Any, ...], representative: int) -> Member:
    content_id, verdict = row[1], row[18]
    same = content_id == representative or verdict is None
    evidence = Evidence(hamming=0, method="digest") if same else Evidence.from_json(row[20])
    return Member(
        file_id=row[0],
        content_id=content_id,
        path=absolute(row[3], row[2]),
        root=row[3],
        reference=row[4] == "reference",
        size=row[5],
        mtime_ns=row[6],
        device=row[7],
        inode=row[8],
        digest=row[9],
        format=row[10] or "",
        width=row[11] or 0,
        height=row[12] or 0,
        captured_at=row[13],
        camera=row[14],
        exif_count=row[15],
        lossless=bool(row[16]),
        quality=row[17],
        is_representative=content_id == representative,
        verdict=Verdict.IDENTICAL_FILE if same else Verdict(verdict),
        similarity=1.0 if same else row[19],
        probability=probability(evidence),
        evidence=evidence,
        holds=False,
        suggested=False,
        reason="",
        verb=row[21],
        target=row[22],
        gps=row[23],
    )


def _holding(members: Sequence[Member]) -> set[int]:
    """Ids of the contents that show the picture reduced, with more than a plain border around."""
    found: set[int] = set()
    for seed in (member for member in members if member.is_representative):
        for member in members:
            low, high = sorted((seed, member), key=lambda m: m.content_id)
            e = member.evidence
            which = holder(e, max(low.width, low.height), max(high.width, high.height))
            if which is not None and which[1] and not e.framed:
                found.add((low if which[0] else high).content_id)
        break
    return found


def _framed(members: Sequence[Member]) -> set[int]:
    """Ids of the files that show the picture with a border or a caption's bar around it.

    Of two pictures that differ by a frame, the framed one is covered less by what they share.
    """
    framed: set[int] = set()
    seed = {member.content_id for member in members if member.is_representative}
    votes = 0
    for member in members:
        e = member.evidence
        if member.verdict is not Verdict.FRAMED or e.cover_a is None or e.cover_b is None:
            continue
        low_first = all(member.content_id < other for other in seed)
        own, other = (e.cover_a, e.cover_b) if low_first else (e.cover_b, e.cover_a)
        if own < other - _FRAME:
            framed.add(member.file_id)
        elif other < own - _FRAME:
            votes += 1
    if votes:  # the representative itself has the frame that others lack
        framed |= {member.file_id for member in members if member.is_representative}
    return framed


def _stretched(members: Sequence[Member]) -> set[int]:
    """Ids of the contents whose proportions were changed."""
    seed = next((member.content_id for member in members if member.is_representative), None)
    shapes = {
        m.content_id: Shape(
            m.content_id,
            stretch(m.evidence, first=seed is not None and seed < m.content_id),
            m.captured_at is not None,
        )
        for m in members
        if m.verdict.is_duplicate
    }
    return stretched(list(shapes.values()))


def _candidates(members: Sequence[Member]) -> list[Candidate]:
    framed, out_of_shape = _framed(members), _stretched(members)
    return [
        Candidate(
            path=m.path,
            reference=m.reference,
            width=m.width,
            height=m.height,
            lossless=m.lossless,
            size=m.size,
            exif_count=m.exif_count,
            captured_at=m.captured_at,
            mtime_ns=m.mtime_ns,
            framed=m.file_id in framed,
            holds=m.holds,
            stretched=m.content_id in out_of_shape,
            format=m.format,
            quality=m.quality,
        )
        for m in members
    ]


def load_preview(catalog: Catalog, content_id: int) -> bytes | None:
    """The stored reduced picture as JPEG bytes, or None where the content couldn't be decoded."""
    row = catalog.connection.execute(
        "SELECT jpeg FROM preview WHERE content_id = ?", (content_id,)
    ).fetchone()
    return row[0] if row else None


def absolute(root: bytes, path: bytes) -> bytes:
    """The absolute path of a file of a root."""
    return os.path.join(root, path)
