"""A drawn picture: strips of cells for a widget, and, where the terminal has pixels, their code.

Where a terminal shows pixels, the strips hold letters that mark their place on the screen and never
reach the terminal: the overlay puts the picture there, and knows by them when it is covered,
uncovered, moved or gone.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from dataclasses import dataclass
from typing import Protocol

from PIL import Image
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

FIRST_MARK, LAST_MARK = "\U000f0000", "\U000ffffd"
"""The letters that mark places: a plane for private use, one cell wide, in no text we show."""

_numbers = itertools.cycle(range(1, ord(LAST_MARK) - ord(FIRST_MARK) + 1))
_known: weakref.WeakValueDictionary[int, Pixels] = weakref.WeakValueDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Pixels:
    """A picture encoded for the terminal, to fill a box of cells."""

    number: int
    """Its mark on the screen; another picture may have it once this one is gone."""
    columns: int
    rows: int
    code: str
    """What a Renderer made of it, and can paint."""

    @staticmethod
    def new(code: str, columns: int, rows: int) -> Pixels:
        """A picture with a number that no other has."""
        with _lock:
            number = next(n for n in _numbers if n not in _known)
            made = Pixels(number, columns, rows, code)
            _known[number] = made
        return made

    @staticmethod
    def find(number: int) -> Pixels | None:
        """The picture with a number, as long as somebody holds it."""
        with _lock:
            return _known.get(number)

    def strips(self) -> tuple[Strip, ...]:
        """The strips that mark its place."""
        mark = chr(ord(FIRST_MARK) + self.number)
        return (Strip([Segment(mark * self.columns, Style())], self.columns),) * self.rows


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as strips of cells, or none with the reason why there is none."""

    strips: tuple[Strip, ...]
    reason: str = ""
    pixels: Pixels | None = None


class Renderer(Protocol):
    """A way to show pixels on a terminal. `encode` is called in any thread, the others in one."""

    cell: tuple[int, int]
    """Width and height of a cell in pixels."""

    def encode(self, picture: Image.Image, columns: int, rows: int) -> str:
        """The picture in code, to fill a box of cells."""
        ...

    def paint(self, pixels: Pixels, column: int, row: int) -> str:
        """What to write so that the picture appears, its upper left corner in a cell (from 0)."""
        ...

    def mend(self, pixels: Pixels, tile: tuple[int, int], count: int) -> str:
        """What to write, at the cursor, for some cells of a row that lost those before them.

        `tile` is the column and row of the first of them in the picture. Nothing where pixels stand
        by themselves.
        """
        ...

    def hold(self, pixels: Pixels) -> str:
        """What to write so that the terminal keeps the picture and painting it costs little."""
        ...

    def holds(self, pixels: Pixels) -> bool:
        """Whether the terminal keeps the picture."""
        ...

    def forget(self) -> str:
        """What to write so that the terminal keeps none; at the end, or where it lost them."""
        ...


class KeepsNothing:
    """What a Renderer does where the terminal keeps no picture; its pixels stand by themselves."""

    def mend(self, pixels: Pixels, tile: tuple[int, int], count: int) -> str:
        """Nothing is lost."""
        return ""

    def hold(self, pixels: Pixels) -> str:
        """Nothing can be kept."""
        return ""

    def holds(self, pixels: Pixels) -> bool:
        """Never."""
        return False

    def forget(self) -> str:
        """There is nothing to forget."""
        return ""
