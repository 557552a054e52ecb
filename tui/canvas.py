"""A picture in the middle of its place; of two that take turns, only what differs is sent."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from .cells import clip
from .panes import PaneWidget
from .preview import Drawn

_GAP = 6  # cells that are the same between two that differ: moving the cursor costs as much


class Canvas(PaneWidget):
    """Shows one of a few drawn pictures of one size, or says why there is none."""

    class Resized(Message):
        """The canvas has another size."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: tuple[Drawn, ...] = ()
        self.turn = 0
        """Which of them is seen."""

    def show(self, drawn: Sequence[Drawn]) -> None:
        """Show other pictures; whose turn it is stays."""
        before = self._strips()
        self.drawn = tuple(drawn)
        if self.turn >= len(self.drawn):
            self.turn = 0
        self._refresh(before)

    def flip(self) -> None:
        """Show the other picture."""
        if len(self.drawn) > 1:
            before = self._strips()
            self.turn = (self.turn + 1) % len(self.drawn)
            self._refresh(before)

    def _refresh(self, before: Sequence[Strip]) -> None:
        after = self._strips()
        if not before or [s.cell_length for s in before] != [s.cell_length for s in after]:
            self.refresh()
            return
        left, top = self._corner(after)
        regions = [region.translate((left, top)) for region in changed(before, after)]
        if regions:
            self.refresh(*regions)

    def _strips(self) -> tuple[Strip, ...]:
        return self.drawn[self.turn].strips if self.drawn else ()

    def _corner(self, strips: Sequence[Strip]) -> tuple[int, int]:
        width, height = self.size
        return (width - strips[0].cell_length) // 2, (height - len(strips)) // 2

    def on_resize(self) -> None:
        """Another size needs another picture."""
        self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """A line of the picture, or of the reason why there is none."""
        width, height = self.size
        ground = self.rich_style + self.component("ground")
        strips = self._strips()
        if not strips:
            reason = self.drawn[0].reason if self.drawn else "…"
            text = clip(reason, width) if y == height // 2 else ""
            style = ground + self.component("dim")
            return Strip([Segment(text.center(width), style)]).adjust_cell_length(width, ground)
        left, top = self._corner(strips)
        if not 0 <= y - top < len(strips):
            return Strip.blank(width, ground)
        strip = strips[y - top]
        segments = [Segment(t, ground + (s or Style())) for t, s, _ in strip]
        return Strip([Segment(" " * left, ground), *segments]).adjust_cell_length(width, ground)


def changed(before: Sequence[Strip], after: Sequence[Strip]) -> list[Region]:
    """The parts of lines in which two pictures of one size differ."""
    regions = []
    for y, (one, other) in enumerate(zip(before, after, strict=True)):
        start = end = -1
        for x, (a, b) in enumerate(zip(_cells(one), _cells(other), strict=True)):
            if a == b:
                continue
            if start >= 0 and x - end > _GAP:
                regions.append(Region(start, y, end - start, 1))
                start = x
            elif start < 0:
                start = x
            end = x + 1
        if start >= 0:
            regions.append(Region(start, y, end - start, 1))
    return regions


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    """Each cell of a strip of narrow letters."""
    return [(letter, style) for text, style, _ in strip for letter in text]
