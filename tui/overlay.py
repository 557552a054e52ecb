"""Pixel pictures on top of the text that Textual writes, put down where their marks are seen.

All text for the terminal passes through `pass_on`. Marks never reach the terminal: where the
picture stands already they are skipped, else they become blanks, and once all of a picture's marks
are seen it is painted. What Textual writes over a picture takes it away; a picture that comes back
from below a dialog or from another screen is painted anew, one that stayed costs nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from .drawn import FIRST_MARK, LAST_MARK, Pixels, Renderer

_PART = re.compile(
    r"\x1b\[(?P<row>\d*)(?:;(?P<column>\d*))?H"
    r"|\x1b\[[0-9;:?<>=]*[A-Za-z]"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|(?P<line>[\r\n]+)"
    rf"|(?P<marks>[{FIRST_MARK}-{LAST_MARK}]+)"
    rf"|(?P<text>[^\x1b\r\n{FIRST_MARK}-{LAST_MARK}]+)"
    r"|\x1b"
)


class Overlay:
    """What the screen of the terminal holds: marks where pictures belong, and pictures."""

    def __init__(self, renderer: Renderer) -> None:
        self.renderer = renderer
        self._marks = np.zeros((0, 0), np.int32)
        """The number of the picture that belongs into each cell, 0 for text."""
        self._shown = np.zeros((0, 0), np.int32)
        """The number of the picture that stands in each cell, 0 for none."""
        self._tiles = np.zeros((0, 0, 2), np.int32)
        """The column and row of its picture that stands in each cell."""
        self._damaged: set[int] = set()
        """The numbers of pictures that lost cells in this update."""
        self._standing: dict[int, Pixels] = {}
        """The pictures that stand on the screen; none that has gone may lend its number."""

    def resize(self, columns: int, rows: int) -> None:
        """The screen has this size; if it had another, nothing stands on it any more."""
        if self._marks.shape != (rows, columns):
            self._marks = np.zeros((rows, columns), np.int32)
            self.redraw()

    def redraw(self) -> None:
        """Paint all pictures anew with the next update: the screen was lost."""
        self._shown = np.zeros_like(self._marks)
        self._tiles = np.zeros((*self._marks.shape, 2), np.int32)
        self._standing.clear()

    def pass_on(self, text: str) -> str:
        """The text of an update without marks, followed by the pictures that it calls for."""
        written: list[str] = []
        self._damaged.clear()
        row = column = 0
        for part in _PART.finditer(text):
            if part["marks"]:
                written += self._pass_marks(part["marks"], column, row)
                column += len(part["marks"])
                continue
            written.append(part[0])
            if part["text"]:
                width = cell_len(part["text"])
                if row < len(self._marks):
                    self._marks[row, column : column + width] = 0
                    self._take(row, slice(column, column + width))
                column += width
            elif part["line"]:
                row, column = row + part["line"].count("\n"), 0
            elif part["row"] is not None:
                row, column = int(part["row"] or 1) - 1, int(part["column"] or 1) - 1
        return "".join(written) + self._paint()

    def _pass_marks(self, marks: str, column: int, row: int) -> Iterator[str]:
        """Steps over cells in which the picture stands already, blanks for the others."""
        numbers = np.array([ord(mark) - ord(FIRST_MARK) for mark in marks], np.int32)
        if row >= len(self._marks) or column + len(marks) > self._marks.shape[1]:
            yield " " * len(marks)
            return
        here = slice(column, column + len(marks))
        self._marks[row, here] = numbers
        stands = self._shown[row, here] == numbers
        if not stands.all():
            self._take(row, np.flatnonzero(~stands) + column)
        edges = [0, *(np.flatnonzero(np.diff(stands)) + 1).tolist(), len(marks)]
        for start, end in itertools.pairwise(edges):
            yield f"\x1b[{end - start}C" if stands[start] else " " * (end - start)

    def _take(self, row: int, columns: slice | NDArray[np.intp]) -> None:
        """Something else is written to some cells of a row."""
        lost = self._shown[row, columns]
        if lost.any():
            self._damaged.update(np.unique(lost).tolist())
            self._shown[row, columns] = 0

    def _paint(self) -> str:
        """The pictures all of whose marks are seen and that don't stand there yet."""
        painted: list[str] = []
        for pixels, column, row in self._places():
            box = np.s_[row : row + pixels.rows, column : column + pixels.columns]
            if (self._shown[box] != pixels.number).any():
                self._shown[box] = pixels.number
                self._tiles[box] = np.indices((pixels.rows, pixels.columns))[::-1].transpose(
                    1, 2, 0
                )
                self._damaged.discard(pixels.number)
                self._standing[pixels.number] = pixels
                painted.append(self.renderer.paint(pixels, column, row))
        if self._standing:
            left = set(np.unique(self._shown).tolist())
            self._standing = {n: pixels for n, pixels in self._standing.items() if n in left}
        return "".join(painted) + self._mend()

    def _mend(self) -> str:
        """What is left of damaged pictures, where it no longer goes on from the cell before."""
        mended: list[str] = []
        for number in self._damaged & self._standing.keys():
            for row in np.flatnonzero((self._shown == number).any(1)).tolist():
                here = np.flatnonzero(self._shown[row] == number)
                for run in np.split(here, np.flatnonzero(np.diff(here) > 1) + 1):
                    column = int(run[0])
                    x, y = self._tiles[row, column].tolist()
                    if x and (text := self.renderer.mend(self._standing[number], (x, y), len(run))):
                        mended.append(f"\x1b[{row + 1};{column + 1}H{text}")
        return "".join(mended)

    def _places(self) -> Iterator[tuple[Pixels, int, int]]:
        """The pictures that are seen whole, each with its first column and row."""
        marks = self._marks
        if not marks.any():
            return
        above = np.zeros_like(marks)
        above[1:] = marks[:-1]
        before = np.zeros_like(marks)
        before[:, 1:] = marks[:, :-1]
        corners = (marks != 0) & (marks != above) & (marks != before)
        for row, column in zip(*(part.tolist() for part in np.nonzero(corners)), strict=True):
            pixels = Pixels.find(int(marks[row, column]))
            if pixels is None:
                continue
            box = marks[row : row + pixels.rows, column : column + pixels.columns]
            if box.shape == (pixels.rows, pixels.columns) and (box == pixels.number).all():
                yield pixels, column, row
