"""A list of files with a line about each: what a batch did, or could not do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult

from ..models.text import printable
from .cells import clip
from .line_list import LineList
from .place import Place
from .theme import CURSOR
from .wording import home_short


@dataclass(frozen=True, slots=True)
class Line:
    """One file and what is said about it."""

    path: bytes
    said: str
    tone: str = "dim"
    """A component class of LineList: 'dim', 'keep', 'trash', 'move', 'delete'."""
    glyph: str = " "


class _Lines(LineList):
    """Two rows a file: its path, and below what is said about it."""

    def __init__(self, lines: Sequence[Line], empty: str) -> None:
        super().__init__(empty=empty)
        self._lines = lines

    def row_count(self) -> int:
        return 2 * len(self._lines)

    def can_rest(self, row: int) -> bool:
        return row % 2 == 0

    def draw_row(self, row: int, width: int, style: Style) -> list[Segment]:
        line = self._lines[row // 2]
        tone = style + self.component(line.tone)
        if row % 2:
            return [Segment(f"     {clip(printable(line.said), width - 6)}", tone)]
        mark = CURSOR if row == self.cursor else " "
        path = clip(printable(home_short(line.path)), width - 6, "end")
        return [
            Segment(f" {mark}", style + self.component("strong")),
            Segment(f"{line.glyph} ", tone),
            Segment(path, style),
        ]


class ReportScreen(Place):
    """The list, over the screen of the place it belongs to."""

    def __init__(
        self, place: str, title: str, lines: Sequence[Line], *, empty: str = "", message: str = ""
    ) -> None:
        super().__init__()
        self.place = place
        self._title = title
        self._lines = lines
        self._empty = empty
        self._message = message

    def body(self) -> ComposeResult:
        """The list."""
        yield _Lines(self._lines, self._empty)

    def on_mount(self) -> None:
        """Say what the list is."""
        self.query_one(_Lines).focus()
        self.tell_where(self._title)
        if self._message:
            self.say(self._message, "good")
