"""The groups as a person goes through them: filtered, sorted, marked, and which one is next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ..catalog.group_table import VERDICTS, GroupSummary, GroupTable
from ..catalog.review import GroupDetail
from ..models.evidence import Verdict
from .prepared import Prepared, Rows, Shown, Sort, prepare


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the groups that are shown."""

    groups: int
    decided: int
    reclaim: int
    """Bytes freed if every group that is open keeps its largest file."""
    freed: int
    """Bytes freed by what is decided about the others."""


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
        self.row = 0
        """The cursor's row in `shown`."""
        self._since: dict[str, tuple[int, int] | None] = {}
        """Files decided, and bytes these free, of the groups that changed since the last reading
        began; None: removed.
        """
        self._hold(prepare(GroupTable.of(())))
        self._lay_out(np.zeros(0, np.intp))

    def _hold(self, prepared: Prepared) -> None:
        self._all = prepared
        table = prepared.table
        self._decided = table.decided.copy()
        self._freed = table.freed.copy()
        self._there = np.ones(len(table), bool)
        self._marked = np.zeros(len(table), bool)

    # Taking over what the catalog says ----------------------------------------------------------

    def reading_begins(self) -> None:
        """Note that the groups are being read; what is decided from now on may be missing there."""
        self._since.clear()

    def take(self, prepared: Prepared) -> None:
        """Replace the groups; cursor, marks, filters and what was decided meanwhile stay."""
        here, marked = self.current, self._ids(np.flatnonzero(self._marked))
        self._hold(prepared)
        for group_id, decided in self._since.items():
            place = prepared.places.get(group_id)
            if place is None:
                continue
            if decided is None:
                self._there[place] = False
            else:
                self._decided[place], self._freed[place] = decided
        places = [p for p in map(prepared.places.get, marked) if p is not None]
        self._marked[np.array(places, np.intp)] = True
        self._marked &= self._there
        self._arrange(here)

    def load(self, groups: Iterable[GroupSummary]) -> None:
        """Prepare groups and take over those of this Triage's kind."""
        table = groups if isinstance(groups, GroupTable) else GroupTable.of(groups)
        self.take(prepare(table.of_kind(self.kind)))

    def update(self, group_id: str, *, decided: int, freed: int) -> None:
        """Note how many files of a group are decided, and the bytes that frees.

        The group keeps its row until the next arranging.
        """
        self._since[group_id] = decided, freed
        place = self._place(group_id)
        if place is None:
            return
        before = self._totals_of(place)
        self._decided[place], self._freed[place] = decided, freed
        if self._rows[place] >= 0:
            after, now = self._totals_of(place), self._totals
            self._totals = Totals(
                now.groups,
                now.decided + after.decided - before.decided,
                now.reclaim + after.reclaim - before.reclaim,
                now.freed + after.freed - before.freed,
            )

    def note(self, detail: GroupDetail) -> None:
        """Note what is decided about a group by now."""
        self.update(detail.id, decided=detail.decided, freed=detail.freed)

    def remove(self, group_id: str) -> None:
        """Take a group off the list; the cursor then is on the one that follows it."""
        self._since[group_id] = None
        place = self._place(group_id)
        if place is None:
            return
        self._there[place] = self._marked[place] = False
        row = int(self._rows[place])
        if row >= 0:
            self._lay_out(np.delete(self.shown.places, row))
            self.row = max(0, min(self.row - (row < self.row), len(self.shown) - 1))

    def arrange(self) -> None:
        """Filter and sort anew; the cursor stays on its group, or near its row where that left."""
        self._arrange(self.current)

    def _arrange(self, here: GroupSummary | None) -> None:
        table, wanted = self._all.table, self._there
        if self.text:
            wanted = wanted & self._all.texts.lines_with(self.text)
        if self.verdict is not None:
            wanted = wanted & (table.verdicts == VERDICTS.index(self.verdict))
        if self.open_only:
            wanted = wanted & (self._decided < table.files)
        order = self._all.orders[self.sort]
        self._lay_out(order[wanted[order]])
        if here is None or not self.go_to(here.id):
            self.row = max(0, min(self.row, len(self.shown) - 1))

    def _lay_out(self, places: Rows) -> None:
        """Show the groups at these places of the table."""
        table = self._all.table
        self.shown = Shown(table, self._decided, self._freed, places)
        self._rows = np.full(len(table), -1, np.intp)
        """Rows in `shown` by place; -1: not shown."""
        self._rows[places] = np.arange(len(places))
        self._totals = self._totals_of(places)

    def _totals_of(self, places: Rows | int) -> Totals:
        """Sums over the groups at some places of the table, or at one."""
        table = self._all.table
        is_decided = self._decided[places] >= table.files[places]
        return Totals(
            int(np.size(places)),
            int(np.count_nonzero(is_decided)),
            int(np.sum(table.reclaim[places], where=~is_decided)),
            int(np.sum(self._freed[places], where=is_decided)),
        )

    def _place(self, group_id: str) -> int | None:
        place = self._all.places.get(group_id)
        return place if place is not None and self._there[place] else None

    # Looking --------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return int(np.count_nonzero(self._there))

    @property
    def current(self) -> GroupSummary | None:
        """The group under the cursor."""
        return self.shown[self.row] if 0 <= self.row < len(self.shown) else None

    def find(self, group_id: str) -> GroupSummary | None:
        """A group by its id, shown or not."""
        place = self._place(group_id)
        return None if place is None else self._summary(place)

    def _summary(self, place: int) -> GroupSummary:
        decided, freed = int(self._decided[place]), int(self._freed[place])
        return replace(self._all.table[place], decided=decided, freed=freed)

    def _ids(self, places: Rows) -> list[str]:
        return [self._all.table.ids[place] for place in places.tolist()]

    def totals(self) -> Totals:
        """Sums over what is shown."""
        return self._totals

    def progress(self) -> tuple[int, int]:
        """Groups decided and groups in all, whatever is shown."""
        decided = self._there & (self._decided >= self._all.table.files)
        return int(np.count_nonzero(decided)), len(self)

    def verdicts(self) -> list[Verdict]:
        """The verdicts that occur, strongest first."""
        often = np.bincount(self._all.table.verdicts[self._there], minlength=len(VERDICTS))
        return [verdict for verdict, groups in zip(VERDICTS, often, strict=True) if groups]

    def open_ids(self) -> list[str]:
        """Ids of the open groups among those that are marked and shown, or shown if none is."""
        places = self.shown.places
        marked = places[self._marked[places]]
        chosen = marked if len(marked) else places
        is_open = self._decided[chosen] < self._all.table.files[chosen]
        return self._ids(chosen[is_open])

    # Moving ---------------------------------------------------------------------------------------

    def go_to(self, group_id: str) -> bool:
        """Put the cursor on a group; False where it isn't shown."""
        place = self._place(group_id)
        if place is None or self._rows[place] < 0:
            return False
        self.row = int(self._rows[place])
        return True

    def show(self, group_id: str) -> bool:
        """Put the cursor on a group, dropping filters that hide it; False where it isn't there."""
        if self._place(group_id) is None:
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
        places = self.shown.places
        rows = np.flatnonzero(self._decided[places] < self._all.table.files[places])
        rows = rows[rows != self.row]
        if not len(rows):
            return None
        return int(rows[np.searchsorted(rows, self.row) % len(rows)])

    # Marking --------------------------------------------------------------------------------------

    @property
    def marks(self) -> set[str]:
        """The ids of all groups that are marked, shown or not."""
        return set(self._ids(np.flatnonzero(self._marked)))

    def marked(self) -> int:
        """How many of the groups that are shown are marked."""
        return int(np.count_nonzero(self._marked[self.shown.places]))

    def marked_ids(self) -> list[str]:
        """Ids of the groups that are marked and shown, in their order."""
        places = self.shown.places
        return self._ids(places[self._marked[places]])

    def is_marked(self, row: int) -> bool:
        """Whether the group of a row is marked."""
        return bool(self._marked[self.shown.places[row]])

    def toggle_mark(self, group_id: str) -> None:
        """Mark a group, or unmark it."""
        place = self._place(group_id)
        if place is not None:
            self._marked[place] ^= True

    def mark_rows(self, first: int, last: int) -> None:
        """Mark the groups of some rows, both ends included, in either order."""
        low, high = sorted((first, last))
        self._marked[self.shown.places[max(0, low) : high + 1]] = True

    def unmark(self) -> None:
        """Take all marks away."""
        self._marked[:] = False

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


_T = TypeVar("_T")


def _after(choices: Sequence[_T], now: _T) -> _T:
    return choices[(choices.index(now) + 1) % len(choices)]
