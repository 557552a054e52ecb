"""The groups of the list as columns: 100,000 of them are sorted and sifted within a key press.

A row becomes an object only where it's looked at. Objects for all rows would cost a second to make,
and every pass of the garbage collector over them would hold up the screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from ..models.evidence import Verdict

VERDICTS = tuple(Verdict)
"""The verdicts by their codes, strongest first."""


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
    freed: int = 0
    """Bytes that the decisions free, as the plan counts them; companions aside."""

    @property
    def frees(self) -> int:
        """Bytes freed as decided, or while files are open, those that could be."""
        return self.freed if self.is_decided else self.reclaim

    @property
    def is_decided(self) -> bool:
        """Whether every file of the group has a decision."""
        return self.decided >= self.files


@dataclass(frozen=True, slots=True, eq=False)
class GroupTable(Sequence[GroupSummary]):
    """GroupSummary's fields in columns of one length; nothing in them is changed."""

    ids: list[str]
    near: NDArray[np.bool_]
    """The kind: whether it is 'near'."""
    verdicts: NDArray[np.uint8]
    """Codes: places in VERDICTS."""
    similarity: NDArray[np.float64]
    files: NDArray[np.int32]
    reclaim: NDArray[np.int64]
    folders: Sequence[bytes]
    """Each folder once."""
    folder: NDArray[np.int32]
    """Places in `folders`."""
    names: list[bytes]
    decided: NDArray[np.int32]
    freed: NDArray[np.int64]

    @classmethod
    def of(cls, groups: Iterable[GroupSummary]) -> GroupTable:
        """The columns of some groups, in their order."""
        rows = list(groups)
        folders = {folder: place for place, folder in enumerate({g.folder: 0 for g in rows})}
        return cls(
            ids=[g.id for g in rows],
            near=np.array([g.kind == "near" for g in rows], bool),
            verdicts=np.array([VERDICTS.index(g.verdict) for g in rows], np.uint8),
            similarity=np.array([g.similarity for g in rows], np.float64),
            files=np.array([g.files for g in rows], np.int32),
            reclaim=np.array([g.reclaim for g in rows], np.int64),
            folders=list(folders),
            folder=np.array([folders[g.folder] for g in rows], np.int32),
            names=[g.name for g in rows],
            decided=np.array([g.decided for g in rows], np.int32),
            freed=np.array([g.freed for g in rows], np.int64),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, row: int) -> GroupSummary: ...
    @overload
    def __getitem__(self, row: slice) -> GroupTable: ...
    def __getitem__(self, row: int | slice) -> GroupSummary | GroupTable:
        if isinstance(row, slice):
            return self.take(np.arange(len(self))[row])
        return GroupSummary(
            self.ids[row],
            "near" if self.near[row] else "duplicate",
            VERDICTS[self.verdicts[row]],
            float(self.similarity[row]),
            int(self.files[row]),
            int(self.reclaim[row]),
            self.folders[self.folder[row]],
            self.names[row],
            int(self.decided[row]),
            int(self.freed[row]),
        )

    def __iter__(self) -> Iterator[GroupSummary]:
        return (self[row] for row in range(len(self)))

    def take(self, rows: NDArray[np.intp]) -> GroupTable:
        """Some rows, in the order that is given."""
        places = rows.tolist()
        return GroupTable(
            [self.ids[row] for row in places],
            self.near[rows],
            self.verdicts[rows],
            self.similarity[rows],
            self.files[rows],
            self.reclaim[rows],
            self.folders,
            self.folder[rows],
            [self.names[row] for row in places],
            self.decided[rows],
            self.freed[rows],
        )

    def of_kind(self, kind: str) -> GroupTable:
        """The groups of one kind, in their order."""
        return self.take(np.flatnonzero(self.near == (kind == "near")))


def joined(pieces: Sequence[GroupTable], folders: Sequence[bytes]) -> GroupTable:
    """Tables one after the other; their places of folders are all in `folders`."""
    if not pieces:
        return GroupTable.of(())
    return GroupTable(
        [group_id for piece in pieces for group_id in piece.ids],
        np.concatenate([piece.near for piece in pieces]),
        np.concatenate([piece.verdicts for piece in pieces]),
        np.concatenate([piece.similarity for piece in pieces]),
        np.concatenate([piece.files for piece in pieces]),
        np.concatenate([piece.reclaim for piece in pieces]),
        folders,
        np.concatenate([piece.folder for piece in pieces]),
        [name for piece in pieces for name in piece.names],
        np.concatenate([piece.decided for piece in pieces]),
        np.concatenate([piece.freed for piece in pieces]),
    )
