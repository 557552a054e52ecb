"""Groups made ready to be sorted and filtered at once: every order, and the texts to look in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import overload

import numpy as np
from numpy.typing import NDArray

from ..catalog.group_table import VERDICTS, GroupSummary, GroupTable
from ..models.text import printable
from .text_index import TextIndex
from .wording import SHORT_VERDICTS

Rows = NDArray[np.intp]
"""Places in a table of groups."""


class Sort(StrEnum):
    """Orders of the list; each breaks ties by id, so that the order never depends on chance."""

    RECLAIM = "most bytes freed"
    SIMILARITY = "least similar"
    FILES = "most files"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Groups made ready for a Triage in another thread: at 100,000 that takes longer than a key."""

    table: GroupTable
    places: dict[str, int]
    """Places in the table by id."""
    texts: TextIndex
    """What a filter's text is looked for in, a line for each place."""
    orders: dict[Sort, Rows]
    """All places in each order."""


def prepare(groups: GroupTable) -> Prepared:
    """Make groups of one kind ready to be taken over; any thread may do it."""
    places = dict(zip(groups.ids, range(len(groups)), strict=True))
    return Prepared(groups, places, TextIndex(_lines(groups)), _orders(groups))


class Shown(Sequence[GroupSummary]):
    """Groups in the order in which they are shown; each is made when it's looked at."""

    def __init__(
        self,
        table: GroupTable,
        decided: NDArray[np.int32],
        freed: NDArray[np.int64],
        places: Rows,
    ) -> None:
        """`decided` counts the decided files by place, `freed` their bytes, as they are now."""
        self._table = table
        self._decided = decided
        self._freed = freed
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, row: int) -> GroupSummary: ...
    @overload
    def __getitem__(self, row: slice) -> Shown: ...
    def __getitem__(self, row: int | slice) -> GroupSummary | Shown:
        if isinstance(row, slice):
            return Shown(self._table, self._decided, self._freed, self.places[row])
        place = int(self.places[row])
        decided, freed = int(self._decided[place]), int(self._freed[place])
        return replace(self._table[place], decided=decided, freed=freed)

    def ids(self) -> list[str]:
        """The ids of all of them."""
        return [self._table.ids[place] for place in self.places.tolist()]


def _lines(groups: GroupTable) -> Iterator[str]:
    """What the text of a filter is looked for in: folder, name, and the verdict's words."""
    folders = [printable(folder) for folder in groups.folders]
    said = [f"{verdict} {SHORT_VERDICTS[verdict]}" for verdict in VERDICTS]
    rows = zip(groups.folder.tolist(), groups.names, groups.verdicts.tolist(), strict=True)
    for folder, name, verdict in rows:
        yield f"{folders[folder]}/{printable(name)} {said[verdict]}"


def _orders(groups: GroupTable) -> dict[Sort, Rows]:
    """The places in each order; of equals the lowest id comes first."""
    ids, names = np.array(groups.ids, str), _ranks(groups.names)
    places = {folder: place for place, folder in enumerate(sorted(groups.folders))}
    folders = np.array([places[folder] for folder in groups.folders], np.intp)[groups.folder]
    return {
        Sort.RECLAIM: np.lexsort((ids, -groups.reclaim)),
        Sort.SIMILARITY: np.lexsort((ids, groups.similarity)),
        Sort.FILES: np.lexsort((ids, -groups.reclaim, -groups.files)),
        Sort.FOLDER: np.lexsort((ids, names, folders)),
    }


def _ranks(names: Sequence[bytes]) -> Rows:
    """For each name how many different ones come before it, byte by byte."""
    return np.unique(np.array(names, "S"), return_inverse=True)[1]
