"""Draws any picture for the terminal there is: what every view of a picture begins with.

`artist.draw(picture, columns, rows)` takes 5 to 200 ms, so call it in a thread; `fill` does the
same for a picture that has the shape of its box already. Render the strips of what it returns, a
strip a line, wherever the picture shall be; it appears there, and goes with them. A terminal that
keeps pictures (kitty) gets each but once: a widget that shows two drawings in turn costs some
4 KB a change, and `PictureApp.hold(drawn, ...)` sends them before they are shown, so that the
first change costs no more. Hold on to the drawings as long as they may be shown.
"""

from __future__ import annotations

from dataclasses import replace

from PIL import Image

from . import graphics
from .allowance import allowance
from .drawn import Drawn, Pixels, Renderer
from .terminal import Colours, Drawing, Terminal

OFF = "pictures are off (screen.pictures)"

_MANY = (Colours.TRUECOLOR, Colours.EIGHT_BIT)
_LOW_SHARE = 0.6  # of the sides of the box that a picture gets where bytes are dear


class Artist:
    """Draws pictures for a terminal, in any thread."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.renderer = renderer(terminal)
        """What shows pixels; None where pictures are drawn as letters."""

    @property
    def is_off(self) -> bool:
        """Whether pictures aren't shown at all."""
        return self.terminal.drawing is Drawing.NONE

    def set_cell(self, cell: tuple[int, int]) -> None:
        """A cell has another width and height in pixels: what is drawn from now on fits them."""
        self.terminal = replace(self.terminal, cell=cell)
        if self.renderer is not None:
            self.renderer.cell = cell

    def holds(self, drawn: Drawn) -> bool:
        """Whether the terminal keeps the picture just now, so that showing it costs little."""
        if self.renderer is None or drawn.pixels is None:
            return False
        return self.renderer.holds(drawn.pixels)

    def draw(self, picture: Image.Image, columns: int, rows: int) -> Drawn:
        """The picture as large as fits into a box of cells.

        Raises:
            OSError, ValueError: the picture can't be decoded.
        """
        return self.fill(picture, *self.fit(*picture.size, columns, rows))

    def fill(self, picture: Image.Image, columns: int, rows: int) -> Drawn:
        """The picture stretched to a box of cells.

        Raises:
            OSError, ValueError: the picture can't be decoded.
        """
        if self.is_off:
            return Drawn((), OFF)
        if columns <= 0 or rows <= 0:
            return Drawn((), "there is no room for a picture")
        if self.renderer is not None:
            pixels = Pixels.new(self.renderer.encode(picture, columns, rows), columns, rows)
            return Drawn(pixels.strips(), pixels=pixels)
        drawing, colours = self.terminal.drawing, self.terminal.colours
        if self.terminal.low_bandwidth and drawing is Drawing.HALFBLOCK and colours in _MANY:
            most = allowance(columns, rows, low_bandwidth=True)
            return Drawn(tuple(graphics.draw_thriftily(picture, columns, rows, most)))
        points = graphics.reduce(picture, columns, rows)
        return Drawn(tuple(graphics.draw(points, drawing, colours)))

    def fit(self, width: int, height: int, columns: int, rows: int) -> tuple[int, int]:
        """The columns and rows that a picture of some pixels gets of a box of cells."""
        if self.terminal.low_bandwidth and columns > 0 and rows > 0:
            columns, rows = max(1, int(columns * _LOW_SHARE)), max(1, int(rows * _LOW_SHARE))
        return graphics.fit(width, height, columns, rows, self.terminal.cell)


def renderer(terminal: Terminal) -> Renderer | None:
    """What shows pixels on a terminal; None where there is nothing but letters."""
    low = terminal.low_bandwidth
    match terminal.drawing:
        case Drawing.KITTY:
            from .picture_kitty import KittyRenderer

            inside_tmux = terminal.multiplexer == "tmux"
            return KittyRenderer(terminal.cell, tmux=inside_tmux, low_bandwidth=low)
        case Drawing.SIXEL:
            from .picture_sixel import SixelRenderer

            return SixelRenderer(terminal.cell, colours=terminal.sixel_colours, low_bandwidth=low)
        case Drawing.ITERM2:
            from .picture_iterm2 import Iterm2Renderer

            return Iterm2Renderer(terminal.cell, low_bandwidth=low)
        case _:
            return None
