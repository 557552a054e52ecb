"""Facts of two files in a table that scrolls: what differs first, then what is the same."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .cells import Keep, clip, column
from .facts import Fact
from .panes import COMPONENTS
from .theme import BETTER, DIFFERS

_LABEL = 14


class FactTable(ScrollView):
    """A row a fact: its name, both values, the better one marked."""

    COMPONENT_CLASSES = COMPONENTS

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Fact] = []

    def show(self, rows: Sequence[Fact]) -> None:
        """Show other rows; those that differ come first."""
        self.rows = [row for row in rows if row.differs] + [row for row in rows if not row.differs]
        self.virtual_size = Size(0, len(self.rows))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A row."""
        width = self.scrollable_content_region.width
        at = y + self.scroll_offset.y
        style = self.rich_style
        if at >= len(self.rows):
            return Strip.blank(width, style)
        fact = self.rows[at]
        mark = f"{DIFFERS} " if fact.differs else "  "
        half = max(4, (width - _LABEL - 3) // 2)
        name = self._part("strong" if fact.differs else "dim")
        segments = [Segment(mark, style + name), Segment(column(fact.label, _LABEL), style + name)]
        for place in range(2):
            segments += self._value(fact, place, half, style)
            segments.append(Segment(" ", style))
        return Strip(segments).adjust_cell_length(width, style)

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"pane--{name}", partial=True) if name else Style()

    def _value(self, fact: Fact, place: int, width: int, style: Style) -> list[Segment]:
        keep: Keep = "end" if fact.is_path else "middle"
        value = fact.values[place] or "–"
        if place in fact.better:
            told = f"{BETTER} {fact.word}"
            if cell_len(value) + cell_len(told) >= width:
                told = BETTER
            text = f"{clip(value, width - len(told) - 1, keep)} {told}"
            return [Segment(column(text, width), style + self._part("better"))]
        return [
            Segment(column(value, width, keep), style + self._part("" if fact.differs else "dim"))
        ]
