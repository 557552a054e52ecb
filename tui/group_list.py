"""The list of groups: one row each, columns that give way as the window gets narrower."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style

from ..catalog.group_table import GroupSummary
from ..models.text import printable
from .cells import column
from .line_list import LineList
from .theme import CURSOR, DECIDED, MARK, OPEN, PARTLY
from .triage import Triage
from .wording import SHORT_VERDICTS, home_short, percent, size


class GroupList(LineList):
    """The groups that a Triage shows; the Triage's cursor and the list's are one."""

    def __init__(self, triage: Triage, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.triage = triage
        self.range_from: int | None = None
        """The row from which a range is being marked."""

    def row_count(self) -> int:
        """The groups shown."""
        return len(self.triage.shown)

    def follow(self, *, hold: bool = False) -> None:
        """Take over rows and cursor of the Triage."""
        self.recount(self.triage.row, hold=hold)

    def watch_cursor(self, before: int, after: int) -> None:
        """Tell the Triage where the cursor is."""
        self.triage.row = after
        if self.range_from is not None:
            self.refresh()
        super().watch_cursor(before, after)

    def titles(self, width: int) -> str:
        """The column titles for rows of `width` cells."""
        similar, folder = _optional(width)
        text = f"    {column('verdict', 11)} "
        if similar:
            text += f"{'alike':>5} "
        text += f"{'files':>5}  {'frees':>7}  "
        name = _name_width(width, similar, folder)
        return text + (f"{column('name', name)}  folder" if folder else "name")

    def draw_row(self, row: int, width: int, style: Style) -> list[Segment]:
        """One group."""
        group = self.triage.shown[row]
        similar, folder = _optional(width)
        dim = style + self.component("dim")
        text = dim if group.is_decided else style
        marked = self.triage.is_marked(row) or self._in_range(row)
        gutter = CURSOR if row == self.cursor else " "
        segments = [
            Segment(gutter, style + self.component("strong")),
            Segment(MARK if marked else " ", style + self.component("marked")),
            self._state(group, style),
            Segment(f" {column(SHORT_VERDICTS[group.verdict], 11)} ", text),
        ]
        if similar:
            segments.append(Segment(f"{percent(group.similarity):>5} ", dim))
        segments.append(Segment(f"{group.files:>5}  {size(group.frees):>7}  ", text))
        room = _name_width(width, similar, folder)
        strong = text if group.is_decided else style + self.component("strong")
        segments.append(Segment(column(printable(group.name), room, "middle"), strong))
        if folder:
            rest = width - sum(segment.cell_length for segment in segments) - 3
            shown = column(printable(home_short(group.folder)), rest, "end")
            segments.append(Segment(f"  {shown} ", dim))
        return segments

    def _in_range(self, row: int) -> bool:
        if self.range_from is None:
            return False
        return min(self.range_from, self.cursor) <= row <= max(self.range_from, self.cursor)

    def _state(self, group: GroupSummary, style: Style) -> Segment:
        if group.is_decided:
            return Segment(DECIDED, style + self.component("keep"))
        return Segment(PARTLY if group.decided else OPEN, style + self.component("dim"))


def _optional(width: int) -> tuple[bool, bool]:
    """Whether there is room for the similarity, and for the folder."""
    return width >= 56, width >= 68


def _name_width(width: int, similar: bool, folder: bool) -> int:
    rest = width - 32 - (6 if similar else 0)
    return max(4, rest if not folder else max(14, (rest - 3) * 45 // 100))
