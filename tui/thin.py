"""Updates of the screen thinned for a slow line: only cells that change, styles by what differs.

Textual writes a widget's whole region when it is refreshed. Here the screen is remembered, and what
it shows already is left out, unless the update is one of the whole screen: that heals whatever
another program has written over it.
"""

from __future__ import annotations

import re

import numpy as np
from rich.cells import cell_len

from .drawn import FIRST_MARK

_PART = re.compile(
    r"\x1b\[(?P<row>\d*)(?:;(?P<column>\d*))?H"
    r"|\x1b\[(?P<style>[\d;]*)m"
    r"|(?P<other>\x1b\[[0-9;:?<>=]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))"
    r"|(?P<line>[\r\n]+)"
    r"|(?P<text>[^\x1b\r\n]+)"
)
_COLOUR = r"(?:{0}[0-7]|{0}8;5;\d+|{0}8;2;\d+;\d+;\d+)"
_COLOURS = re.compile(f"({_COLOUR.format(3)});({_COLOUR.format(4)})")
_GAP = 8  # cells that are the same between two that change: moving the cursor costs as much
_UNKNOWN = -1


class Thinner:
    """What the screen shows, and what of an update is new to it."""

    def __init__(self) -> None:
        self._letters = np.zeros((0, 0), np.int32)
        self._looks = np.zeros((0, 0), np.int32)
        self._known: dict[str, int] = {}
        """A number for each style."""
        self._written: list[str] = []
        self._cursor: tuple[int, int] | None = None
        self._style = ""

    def resize(self, columns: int, rows: int) -> None:
        """The screen has this size; if it had another, nothing is known of it."""
        if self._letters.shape != (rows, columns):
            self._letters = np.full((rows, columns), _UNKNOWN, np.int32)
            self._looks = np.zeros((rows, columns), np.int32)

    def pass_on(self, text: str, *, whole: bool) -> str:
        """The update without what is on the screen already; with everything where it's `whole`."""
        if whole:
            self._letters[:] = _UNKNOWN
        self._written, self._cursor = [], None
        row = column = 0
        wanted = ""
        for part in _PART.finditer(text):
            if part["text"]:
                self._put(part["text"], wanted, row, column)
                column += cell_len(part["text"])
            elif part["style"] is not None:
                wanted = "" if part["style"] in ("", "0") else part["style"]
            elif part["row"] is not None:
                row, column = int(part["row"] or 1) - 1, int(part["column"] or 1) - 1
            elif part["line"]:
                row, column = row + part["line"].count("\n"), 0
            else:
                self._move(row, column)
                self._written.append(part["other"])
        self._turn("")
        return "".join(self._written)

    def _put(self, text: str, style: str, row: int, column: int) -> None:
        width = cell_len(text)
        here = np.s_[row, column : column + width]
        if row >= len(self._letters) or column + width > self._letters.shape[1]:
            self._write(text, style, row, column, width)
            return
        if width != len(text):  # wide letters don't come often
            self._letters[here] = _UNKNOWN
            self._write(text, style, row, column, width)
            return
        letters = np.array([ord(letter) for letter in text], np.int32)
        letters[letters >= ord(FIRST_MARK)] = _UNKNOWN  # a picture comes there
        look = self._known.setdefault(style, len(self._known))
        new = (self._letters[here] != letters) | (self._looks[here] != look)
        new |= letters == _UNKNOWN
        self._letters[here], self._looks[here] = letters, look
        places = np.flatnonzero(new)
        if len(places):
            for run in np.split(places, np.flatnonzero(np.diff(places) > _GAP) + 1):
                start, end = int(run[0]), int(run[-1]) + 1
                self._write(text[start:end], style, row, column + start, end - start)

    def _write(self, text: str, style: str, row: int, column: int, width: int) -> None:
        self._move(row, column)
        self._turn(style)
        self._written.append(text)
        self._cursor = (row, column + width)

    def _move(self, row: int, column: int) -> None:
        if self._cursor != (row, column):
            self._written.append(f"\x1b[{row + 1};{column + 1}H")
            self._cursor = (row, column)

    def _turn(self, style: str) -> None:
        """Write in another style from here on."""
        if style == self._style:
            return
        before, after = _COLOURS.fullmatch(self._style), _COLOURS.fullmatch(style)
        if before and after:
            changed = [b for a, b in zip(before.groups(), after.groups(), strict=True) if a != b]
            self._written.append(f"\x1b[{';'.join(changed)}m")
        elif style:
            self._written.append(f"\x1b[{'0;' if self._style else ''}{style}m")
        else:
            self._written.append("\x1b[m")
        self._style = style
