"""A picture in the middle of its place; of two that take turns, only what differs is sent."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from .cells import clip
from .drawn import Drawn
from .panes import PaneWidget

_TILES = 16


class Tile(PaneWidget):
    """A part of the canvas, as high as it is."""

    def render_line(self, y: int) -> Strip:
        """The tile's part of the canvas' line."""
        canvas = self.parent
        assert isinstance(canvas, Canvas)
        left = self.virtual_region.x
        return canvas.line(y, self).crop(left, left + self.size.width)


class Canvas(Horizontal):
    """Shows one of a few drawn pictures of one size, or says why there is none."""

    class Resized(Message):
        """The canvas has another size."""

    def __init__(self, *, in_tiles: bool) -> None:
        """`in_tiles`: Textual sends a changed line of a widget from its left edge on, never less.

        Narrow widgets side by side spare letters; pictures in pixels would only be cut up.
        """
        super().__init__()
        self._in_tiles = in_tiles
        self.drawn: tuple[Drawn, ...] = ()
        self.turn = 0
        """Which of them is seen."""

    def compose(self) -> ComposeResult:
        """The tiles."""
        for _ in range(_TILES if self._in_tiles else 1):
            yield Tile()

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
        tiles = list(self.query(Tile))
        if not before or [s.cell_length for s in before] != [s.cell_length for s in after]:
            for tile in tiles:
                tile.refresh()
            return
        left, top = self._corner(after)
        differing = [region.translate((left, top)) for region in changed(before, after)]
        for tile in tiles:
            place = tile.virtual_region
            parts = [
                Region(0, part.y, part.right - place.x, 1)
                for region in differing
                if (part := region.intersection(Region(place.x, region.y, place.width, 1)))
            ]
            if parts:
                tile.refresh(*parts)

    def _strips(self) -> tuple[Strip, ...]:
        return self.drawn[self.turn].strips if self.drawn else ()

    def _corner(self, strips: Sequence[Strip]) -> tuple[int, int]:
        width, height = self.size
        return (width - strips[0].cell_length) // 2, (height - len(strips)) // 2

    def on_resize(self) -> None:
        """Another size needs another picture."""
        self.post_message(self.Resized())

    def line(self, y: int, pane: PaneWidget) -> Strip:
        """A line of the picture, or of the reason why there is none, in the styles of `pane`."""
        width, height = self.size
        ground = pane.rich_style + pane.component("ground")
        strips = self._strips()
        if not strips:
            reason = self.drawn[0].reason if self.drawn else "…"
            text = clip(reason, width) if y == height // 2 else ""
            style = ground + pane.component("dim")
            return Strip([Segment(text.center(width), style)]).adjust_cell_length(width, ground)
        left, top = self._corner(strips)
        if not 0 <= y - top < len(strips):
            return Strip.blank(width, ground)
        strip = strips[y - top]
        segments = [Segment(t, ground + (s or Style())) for t, s, _ in strip]
        return Strip([Segment(" " * left, ground), *segments]).adjust_cell_length(width, ground)

    def lines(self) -> list[str]:
        """What is shown, as text."""
        tile = self.query(Tile).first()
        return [self.line(y, tile).text for y in range(self.size.height)]


def changed(before: Sequence[Strip], after: Sequence[Strip]) -> list[Region]:
    """The runs of cells in which two pictures of one size differ."""
    regions = []
    for y, (one, other) in enumerate(zip(before, after, strict=True)):
        pairs = zip(_cells(one), _cells(other), strict=True)
        x = 0
        for differs, run in itertools.groupby(a != b for a, b in pairs):
            width = len(list(run))
            if differs:
                regions.append(Region(x, y, width, 1))
            x += width
    return regions


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    """Each cell of a strip of narrow letters."""
    return [(letter, style) for text, style, _ in strip for letter in text]
