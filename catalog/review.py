"""Groups as a person reviews them: summaries for the list, one group with its files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..models.evidence import Evidence, Verdict
from .database import Catalog
from .keepers import Candidate, suggest
from .settings import KEEP_RULES

_FRAME = 0.02  # of the picture: thinner than that is no frame


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """One row of the groups list."""

    id: str
    kind: str
    """'duplicate' or 'near'."""
    verdict: Verdict
    """The weakest member's verdict."""
    similarity: float
    """The weakest member's similarity to the representative, 0..1."""
    files: int
    reclaim: int
    """Bytes freed if only the largest file stays; hard links of one inode count once."""
    folder: bytes
    """Absolute folder of the representative's first file."""
    name: bytes
    """Name of the representative's first file."""
    decided: int
    """How many of the files have a decision."""

    @property
    def is_decided(self) -> bool:
        """Whether every file of the group has a decision."""
        return self.decided >= self.files


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
    evidence: Evidence
    suggested: bool
    """Whether this is the suggested keeper."""
    reason: str
    """Why it's the suggested keeper ('' for the others)."""
    verb: str | None
    """The decision: 'keep', 'trash', 'move', 'delete', or None."""
    target: bytes | None


@dataclass(frozen=True, slots=True)
class GroupDetail:
    """One group with its files, the suggested keeper first."""

    id: str
    kind: str
    verdict: Verdict
    similarity: float
    members: tuple[Member, ...]

    @property
    def keeper(self) -> Member:
        """The suggested keeper."""
        return self.members[0]


def list_groups(
    catalog: Catalog, *, method: str = "evidence", kind: str | None = "duplicate"
) -> list[GroupSummary]:
    """Every group with at least two files present, most reclaimable first (`kind` None: both)."""
    rows = catalog.connection.execute(
        """
        SELECT g.id, g.kind, g.verdict, g.similarity,
               count(*), sum(f.size) - max(f.size), count(DISTINCT f.device || ':' || f.inode),
               max(f.size),
               min(CASE WHEN m.content_id = g.representative_id THEN f.id END), min(f.id),
               count(d.file_id)
          FROM duplicate_group g
          JOIN group_member m ON m.method = g.method AND m.kind = g.kind AND m.group_id = g.id
          JOIN file f ON f.content_id = m.content_id AND f.present = 1 AND f.error IS NULL
          JOIN root r ON r.id = f.root_id AND r.role <> 'excluded'
          LEFT JOIN decision d ON d.file_id = f.id AND d.content_id = f.content_id
         WHERE g.method = ? AND g.kind = coalesce(?, g.kind)
         GROUP BY g.method, g.kind, g.id
        HAVING count(*) > 1
        """,
        (method, kind),
    ).fetchall()
    places = {
        file_id: os.path.split(absolute(root, path))
        for file_id, root, path in catalog.connection.execute(
            """
            SELECT DISTINCT f.id, r.path, f.path
              FROM group_member m JOIN file f ON f.content_id = m.content_id
              JOIN root r ON r.id = f.root_id
             WHERE m.method = ?
            """,
            (method,),
        )
    }
    found = []
    for group_id, of_kind, verdict, similarity, count, reclaim, inodes, largest, *rest in rows:
        shown, first, decided = rest
        if inodes < count:  # hard links share their blocks: removing one of them frees nothing
            reclaim = _reclaimable(catalog, method, of_kind, group_id) - largest
        folder, name = places[first if shown is None else shown]
        found.append(
            GroupSummary(
                id=group_id,
                kind=of_kind,
                verdict=Verdict(verdict),
                similarity=similarity,
                files=count,
                reclaim=reclaim,
                folder=folder,
                name=name,
                decided=decided,
            )
        )
    found.sort(key=lambda g: (-g.reclaim, g.id))
    return found


def _reclaimable(catalog: Catalog, method: str, kind: str, group_id: str) -> int:
    """Bytes that a group's files take up on disk, each inode once."""
    return catalog.connection.execute(
        """
        SELECT coalesce(sum(size), 0) FROM (
          SELECT DISTINCT f.device, f.inode, f.size
            FROM group_member m
            JOIN file f ON f.content_id = m.content_id AND f.present = 1 AND f.error IS NULL
            JOIN root r ON r.id = f.root_id AND r.role <> 'excluded'
           WHERE m.method = ? AND m.kind = ? AND m.group_id = ?)
        """,
        (method, kind, group_id),
    ).fetchone()[0]


def load_group(
    catalog: Catalog,
    group_id: str,
    *,
    method: str = "evidence",
    kind: str = "duplicate",
    order: tuple[str, ...] = KEEP_RULES,
) -> GroupDetail | None:
    """One group with its present files, suggested keeper first, or None where it is gone."""
    group = catalog.connection.execute(
        "SELECT verdict, similarity, representative_id FROM duplicate_group"
        " WHERE method = ? AND kind = ? AND id = ?",
        (method, kind, group_id),
    ).fetchone()
    if group is None:
        return None
    representative = group[2]
    rows = catalog.connection.execute(
        """
        SELECT f.id, c.id, f.path, r.path, r.role, f.size, f.mtime_ns, f.device, f.inode, c.digest,
               c.format, c.width, c.height, c.captured_at, c.camera, c.exif_count, c.lossless,
               c.quality, p.verdict, p.similarity, p.evidence, d.verb, d.target
          FROM group_member m
          JOIN content c ON c.id = m.content_id
          JOIN file f ON f.content_id = c.id AND f.present = 1 AND f.error IS NULL
          JOIN root r ON r.id = f.root_id AND r.role <> 'excluded'
          LEFT JOIN decision d ON d.file_id = f.id AND d.content_id = c.id
          LEFT JOIN pair p ON p.method = m.method
               AND p.a_id = min(c.id, ?4) AND p.b_id = max(c.id, ?4)
         WHERE m.method = ?1 AND m.kind = ?2 AND m.group_id = ?3
         ORDER BY c.id <> ?4, r.path, f.path
        """,
        (method, kind, group_id, representative),
    ).fetchall()
    if len(rows) < 2:
        return None
    members = [_member(row, representative) for row in rows]
    framed = _framed(members)
    candidates = [_candidate(member, member.file_id in framed) for member in members]
    best, reason = suggest(candidates, order)
    members[best] = replace(members[best], suggested=True, reason=reason)
    members.insert(0, members.pop(best))
    return GroupDetail(group_id, kind, Verdict(group[0]), group[1], tuple(members))


def _member(row: tuple[Any, ...], representative: int) -> Member:
    content_id, verdict, evidence = row[1], row[18], row[20]
    same = content_id == representative or verdict is None
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
        evidence=Evidence(hamming=0, method="digest") if same else Evidence.from_json(evidence),
        suggested=False,
        reason="",
        verb=row[21],
        target=row[22],
    )


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


def _candidate(member: Member, framed: bool) -> Candidate:
    return Candidate(
        member.path,
        member.reference,
        member.width,
        member.height,
        member.lossless,
        member.size,
        member.exif_count,
        member.captured_at,
        member.mtime_ns,
        framed,
    )


def load_preview(catalog: Catalog, content_id: int) -> bytes | None:
    """The stored reduced picture as JPEG bytes, or None where the content couldn't be decoded."""
    row = catalog.connection.execute(
        "SELECT jpeg FROM preview WHERE content_id = ?", (content_id,)
    ).fetchone()
    return row[0] if row else None


def absolute(root: bytes, path: bytes) -> bytes:
    """The absolute path of a file of a root."""
    return os.path.join(root, path)
