"""Groups as a person reviews them: summaries for the list, one group with its files for the screen."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..models.evidence import Evidence, Verdict
from .database import Catalog
from .keepers import Candidate, suggest


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


def list_groups(catalog: Catalog, *, method: str = "evidence", kind: str | None = "duplicate") -> list[GroupSummary]:
    """Every group with at least two files present, the most reclaimable first (`kind` None: both kinds)."""
    raise NotImplementedError


def load_group(catalog: Catalog, group_id: str, *, method: str = "evidence", kind: str = "duplicate",
               order: tuple[str, ...] = ()) -> GroupDetail | None:
    """One group with its present files, or None where it is gone."""
    raise NotImplementedError


def load_preview(catalog: Catalog, content_id: int) -> bytes | None:
    """The stored reduced picture as JPEG bytes, or None where the content couldn't be decoded."""
    row = catalog.connection.execute(
        "SELECT jpeg FROM preview WHERE content_id = ?", (content_id,)
    ).fetchone()
    return row[0] if row else None


def absolute(root: bytes, path: bytes) -> bytes:
    """The absolute path of a file of a root."""
    return os.path.join(root, path)
