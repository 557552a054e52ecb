"""The groups as a person goes through them: filtered, sorted, marked, and which one is next."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeVar

from ..catalog.listing import GroupSummary
from ..models.evidence import Verdict
from ..models.text import printable
from .wording import SHORT_VERDICTS


class Sort(StrEnum):
    """Orders of the list; each breaks ties by id, so that the order never depends on chance."""

    RECLAIM = "most bytes freed"
    SIMILARITY = "least similar"
    FILES = "most files"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the groups that are shown."""

    groups: int
    decided: int
    reclaim: int
    """Bytes freed if every group shown keeps its largest file."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Groups made ready for a Triage in another thread: at 100,000 that takes longer than a key."""

    groups: dict[str, GroupSummary]
    haystacks: dict[str, str]
    """What a filter's text is looked for in, by group."""
    orders: dict[Sort, list[str]]
    """Ids in each order."""


class Triage:
    """The list of groups of one kind with its filters, marks and cursor; knows no screen.

    The cursor is a group, not a row: groups that arrive or leave don't move it to another one.
    """

    def __init__(self, kind: str = "duplicate") -> None:
        self.kind = kind
        self.sort = Sort.RECLAIM
        self.verdict: Verdict | None = None
        self.text = ""
        self.open_only = False
        self.marks: set[str] = set()
        self.shown: list[GroupSummary] = []
        self.row = 0
        """The cursor's row in `shown`."""
        self._all: dict[str, GroupSummary] = {}
        self._numbered: dict[str, int] | None = None
        self._haystacks: dict[str, str] = {}
        self._orders: dict[Sort, list[str]] = {sort: [] for sort in Sort}
        self._added_up: tuple[Verdict | None, str, bool] | None = None
        """The filters that the totals are those of; None where they have to be added up anew."""
        self._since: dict[str, int | None] = {}
        """Files decided of the groups that changed since the last reading began; None: removed."""
        self._decided = 0
        self._totals = Totals(0, 0, 0)

    # Taking over what the catalog says ----------------------------------------------------------

    def reading_begins(self) -> None:
        """Note that the groups are being read; what is decided from now on may be missing there."""
        self._since.clear()

    def prepare(self, groups: Iterable[GroupSummary]) -> Prepared:
        """Make groups ready to be taken over; changes nothing here, so any thread may do it."""
        mine = {group.id: group for group in groups if group.kind == self.kind}
        folders: dict[bytes, str] = {}
        haystacks = {}
        for group in mine.values():
            folder = folders.get(group.folder)
            if folder is None:
                folder = folders[group.folder] = printable(group.folder).casefold()
            said = f"{group.verdict} {SHORT_VERDICTS[group.verdict]}"
            haystacks[group.id] = f"{folder}/{printable(group.name).casefold()} {said}"
        return Prepared(mine, haystacks, {sort: _ordered(mine.values(), sort) for sort in Sort})

    def take(self, prepared: Prepared) -> None:
        """Replace the groups; cursor, marks, filters and what was decided meanwhile stay."""
        self._all = prepared.groups
        self._haystacks = prepared.haystacks
        self._orders = prepared.orders
        self._added_up = None
        for group_id, decided in self._since.items():
            group = self._all.get(group_id)
            if decided is None:
                self._drop(group_id)
            elif group is not None:
                self._all[group_id] = replace(group, decided=decided)
        self.marks &= self._all.keys()
        self._decided = sum(group.is_decided for group in self._all.values())
        self.arrange()

    def load(self, groups: Iterable[GroupSummary]) -> None:
        """Prepare groups and take them over."""
        self.take(self.prepare(groups))

    def update(self, group_id: str, *, decided: int) -> None:
        """Note how many files of a group are decided; it keeps its row until the next arranging."""
        self._since[group_id] = decided
        group = self._all.get(group_id)
        if group is None:
            return
        self._all[group_id] = changed = replace(group, decided=decided)
        turned = changed.is_decided - group.is_decided
        self._decided += turned
        row = self._rows.get(group_id)
        if row is not None:
            self.shown[row] = changed
            self._totals = replace(self._totals, decided=self._totals.decided + turned)

    def remove(self, group_id: str) -> None:
        """Take a group off the list; the cursor then is on the one that follows it."""
        self._since[group_id] = None
        group = self._drop(group_id)
        self.marks.discard(group_id)
        if group is not None:
            self._decided -= group.is_decided
        row = self._rows.get(group_id)
        if row is not None:
            gone = self.shown.pop(row)
            self._numbered = None
            self._totals = Totals(
                self._totals.groups - 1,
                self._totals.decided - gone.is_decided,
                self._totals.reclaim - gone.reclaim,
            )
            self.row = max(0, min(self.row - (row < self.row), len(self.shown) - 1))

    def _drop(self, group_id: str) -> GroupSummary | None:
        group = self._all.pop(group_id, None)
        if group is not None:
            for order in self._orders.values():
                order.remove(group_id)
        return group

    def arrange(self) -> None:
        """Filter and sort anew; the cursor stays on its group, or near its row where that left."""
        here = self.current
        groups, wanted = self._all, self._orders[self.sort]
        if self.text:
            text, haystacks = self.text.casefold(), self._haystacks
            wanted = [group_id for group_id in wanted if text in haystacks[group_id]]
        if self.verdict is not None:
            wanted = [group_id for group_id in wanted if groups[group_id].verdict is self.verdict]
        if self.open_only:
            wanted = [group_id for group_id in wanted if not groups[group_id].is_decided]
        self.shown = [groups[group_id] for group_id in wanted]
        self._numbered = None
        filters = (self.verdict, self.text, self.open_only)
        if filters != self._added_up or self.open_only:
            self._added_up = filters
            self._totals = Totals(
                len(self.shown),
                sum(group.decided >= group.files for group in self.shown),
                sum(group.reclaim for group in self.shown),
            )
        try:
            self.row = wanted.index(here.id if here is not None else "")
        except ValueError:
            self.row = max(0, min(self.row, len(self.shown) - 1))

    @property
    def _rows(self) -> dict[str, int]:
        """Rows by group; numbered when first asked for, since a key press has no time for it."""
        if self._numbered is None:
            self._numbered = {group.id: row for row, group in enumerate(self.shown)}
        return self._numbered

    # Looking --------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._all)

    @property
    def current(self) -> GroupSummary | None:
        """The group under the cursor."""
        return self.shown[self.row] if 0 <= self.row < len(self.shown) else None

    def find(self, group_id: str) -> GroupSummary | None:
        """A group by its id, shown or not."""
        return self._all.get(group_id)

    def totals(self) -> Totals:
        """Sums over what is shown."""
        return self._totals

    def progress(self) -> tuple[int, int]:
        """Groups decided and groups in all, whatever is shown."""
        return self._decided, len(self._all)

    def verdicts(self) -> list[Verdict]:
        """The verdicts that occur, strongest first."""
        there = {group.verdict for group in self._all.values()}
        return [verdict for verdict in Verdict if verdict in there]

    def chosen(self) -> list[GroupSummary]:
        """The marked groups that are shown, or all that are shown where none is marked."""
        marked = [group for group in self.shown if group.id in self.marks]
        return marked or list(self.shown)

    # Moving and marking ---------------------------------------------------------------------------

    def go_to(self, group_id: str) -> bool:
        """Put the cursor on a group; False where it isn't shown."""
        row = self._rows.get(group_id)
        if row is None:
            return False
        self.row = row
        return True

    def show(self, group_id: str) -> bool:
        """Put the cursor on a group, dropping filters that hide it; False where it isn't there."""
        if group_id not in self._all:
            return False
        if not self.go_to(group_id):
            self.text, self.verdict, self.open_only = "", None, False
            self.arrange()
        return self.go_to(group_id)

    def step(self, rows: int) -> bool:
        """Move the cursor; False at the end of the list."""
        row = self.row + rows
        if not 0 <= row < len(self.shown):
            return False
        self.row = row
        return True

    def next_open(self) -> bool:
        """Put the cursor on the next undecided group, from the top again after the last one."""
        row = self._next_open_row()
        if row is not None:
            self.row = row
        return row is not None

    def upcoming(self) -> GroupSummary | None:
        """The group that `next_open` would go to."""
        row = self._next_open_row()
        return None if row is None else self.shown[row]

    def _next_open_row(self) -> int | None:
        rows = itertools.chain(range(self.row + 1, len(self.shown)), range(self.row))
        return next((row for row in rows if not self.shown[row].is_decided), None)

    def toggle_mark(self, group_id: str) -> None:
        """Mark a group, or unmark it."""
        self.marks ^= {group_id}

    def marked(self) -> int:
        """How many of the groups that are shown are marked."""
        if not (self.text or self.verdict or self.open_only):
            return len(self.marks)
        return sum(group_id in self._rows for group_id in self.marks)

    def mark_rows(self, first: int, last: int) -> None:
        """Mark the groups of some rows, both ends included, in either order."""
        low, high = sorted((first, last))
        self.marks |= {group.id for group in self.shown[max(0, low) : high + 1]}

    # Choosing what is shown -----------------------------------------------------------------------

    def next_sort(self) -> None:
        """The next order."""
        self.sort = _after(list(Sort), self.sort)
        self.arrange()

    def next_verdict(self) -> None:
        """Show the next verdict that occurs alone, and after the last one all."""
        choices: list[Verdict | None] = [None, *self.verdicts()]
        self.verdict = _after(choices, self.verdict if self.verdict in choices else None)
        self.arrange()


_ORDERS: dict[Sort, tuple[tuple[Callable[[GroupSummary], Any], bool], ...]] = {
    Sort.RECLAIM: ((attrgetter("reclaim"), True),),
    Sort.SIMILARITY: ((attrgetter("similarity"), False),),
    Sort.FILES: ((attrgetter("reclaim"), True), (attrgetter("files"), True)),
    Sort.FOLDER: ((attrgetter("folder", "name"), False),),
}
"""What is sorted by, the weightiest last, and whether the largest comes first."""


def _ordered(groups: Iterable[GroupSummary], sort: Sort) -> list[str]:
    """The ids of groups in an order; ties are in the order of the ids."""
    ordered = sorted(groups, key=attrgetter("id"))
    for key, largest_first in _ORDERS[sort]:
        ordered.sort(key=key, reverse=largest_first)  # stable, also in reverse
    return [group.id for group in ordered]


_T = TypeVar("_T")


def _after(choices: Sequence[_T], now: _T) -> _T:
    return choices[(choices.index(now) + 1) % len(choices)]
