"""The graphics protocol of kitty and Ghostty, with Unicode placeholders.

A picture is sent once, under a number. Where it's to be seen, text is written: U+10EEEE in the
colour of the number, with diacritics for row and column; whatever moves, covers or redraws text
(tmux too) does the same to the picture. (https://sw.kovidgoyal.net/kitty/graphics-protocol/)
"""

from __future__ import annotations

import base64
import io
import itertools
import secrets
from collections import OrderedDict

from PIL import Image

from .allowance import allowance, within
from .drawn import Pixels
from .thrift import in_colours

_PLACEHOLDER = "\U0010eeee"

_RANGES = """
    305 30D-30E 310 312 33D-33F 346 34A-34C 350-352 357 35B 363-36F 483-487 592-595 597-599 59C-5A1
    5A8-5A9 5AB-5AC 5AF 5C4 610-617 657-65B 65D-65E 6D6-6DC 6DF-6E2 6E4 6E7-6E8 6EB-6EC 730 732-733
    735-736 73A 73D 73F-741 743 745 747 749-74A 7EB-7F1 7F3 816-819 81B-823 825-827 829-82D 951
    953-954 F82-F83 F86-F87 135D-135F 17DD 193A 1A17 1A75-1A7C 1B6B 1B6D-1B73 1CD0-1CD2 1CDA-1CDB
    1CE0 1DC0-1DC1 1DC3-1DC9 1DCB-1DCC 1DD1-1DE6 1DFE 20D0-20D1 20D4-20D7 20DB-20DC 20E1 20E7 20E9
    20F0 2CEF-2CF1 2DE0-2DFF A66F A67C-A67D A6F0-A6F1 A8E0-A8F1 AAB0 AAB2-AAB3 AAB7-AAB8 AABE-AABF
    AAC1 FE20-FE26 10A0F 10A38 1D185-1D189 1D1AA-1D1AD 1D242-1D244
"""


def _code_points() -> list[str]:
    points: list[str] = []
    for part in _RANGES.split():
        first, _, last = part.partition("-")
        points += map(chr, range(int(first, 16), int(last or first, 16) + 1))
    return points


DIACRITICS = _code_points()
"""The protocol's diacritic for each number from 0."""

_CHUNK = 4096  # the protocol's most for one escape sequence
_HELD = 24  # pictures the terminal keeps for us; then the one not seen for longest has to go
_FIRST = 17  # below 16, tmux may tell the colour in another way
_COLOURS, _FEW_COLOURS = 64, 16
_BITS_A_PIXEL = 3.4  # of a photograph in 64 colours as PNG in base64; a first guess


class KittyRenderer:
    """Shows pictures by kitty's protocol, inside tmux by its passthrough."""

    def __init__(
        self, cell: tuple[int, int], *, tmux: bool = False, low_bandwidth: bool = False
    ) -> None:
        self.cell = cell
        """Width and height of a cell in pixels."""
        self._tmux = tmux
        self._low = low_bandwidth
        self._held: OrderedDict[Pixels, int] = OrderedDict()
        # Numbers are shared by all programs in a window: ours have a high byte of their own.
        self._high = 1 + secrets.randbelow(255)

    def encode(self, picture: Image.Image, columns: int, rows: int) -> str:
        """PNG of few colours in base64; the terminal scales it to the box."""
        width, height = columns * self.cell[0], rows * self.cell[1]
        most = allowance(columns, rows, low_bandwidth=self._low) - rows * (4 * columns + 16)
        colours = _FEW_COLOURS if self._low else _COLOURS

        def png(detail: float) -> str:
            size = max(1, round(width * detail)), max(1, round(height * detail))
            small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
            few = in_colours(small, colours)
            stored = io.BytesIO()
            few.save(stored, "PNG", optimize=True)
            return base64.b64encode(stored.getvalue()).decode()

        return within(max(most, 500), png, most * 8 / _BITS_A_PIXEL / (width * height))

    def paint(self, pixels: Pixels, column: int, row: int) -> str:
        """Its placeholders; before them the picture itself where the terminal hasn't got it."""
        sent = self.hold(pixels)
        self._held.move_to_end(pixels)
        lines = "".join(
            f"\x1b[{row + y + 1};{column + 1}H{self._text((0, y), pixels.columns)}"
            for y in range(pixels.rows)
        )
        return f"{sent}\x1b[0;38;5;{self._held[pixels]}m{lines}\x1b[m"

    def mend(self, pixels: Pixels, tile: tuple[int, int], count: int) -> str:
        """Placeholders that don't go on from a left neighbour."""
        if pixels not in self._held:
            return ""
        return f"\x1b[0;38;5;{self._held[pixels]}m{self._text(tile, count)}\x1b[m"

    def hold(self, pixels: Pixels) -> str:
        """Send the picture, and take one back that wasn't seen for long."""
        if pixels in self._held:
            return ""
        freed = ""
        if len(self._held) >= _HELD:
            _, number = self._held.popitem(last=False)
            freed = self._delete(number)
        taken = set(self._held.values())
        number = next(n for n in itertools.count(_FIRST) if n not in taken)
        self._held[pixels] = number
        keys = f"a=T,U=1,f=100,i={self._full(number)},c={pixels.columns},r={pixels.rows},"
        sent: list[str] = []
        for start in range(0, len(pixels.code), _CHUNK):
            more = int(start + _CHUNK < len(pixels.code))
            sent.append(self._command(f"{keys}q=2,m={more};{pixels.code[start : start + _CHUNK]}"))
            keys = ""
        return freed + "".join(sent)

    def holds(self, pixels: Pixels) -> bool:
        """Whether it was sent and not taken back."""
        return pixels in self._held

    def forget(self) -> str:
        """Take all pictures back."""
        deleted = "".join(self._delete(number) for number in self._held.values())
        self._held.clear()
        return deleted

    def _text(self, tile: tuple[int, int], count: int) -> str:
        """Placeholders from a column and row on; the others go on from the one before them."""
        column, row = tile
        first = _PLACEHOLDER + DIACRITICS[row] + DIACRITICS[column] + DIACRITICS[self._high]
        return first + _PLACEHOLDER * (count - 1)

    def _full(self, number: int) -> int:
        return self._high << 24 | number

    def _delete(self, number: int) -> str:
        return self._command(f"a=d,d=I,i={self._full(number)},q=2")

    def _command(self, text: str) -> str:
        command = f"\x1b_G{text}\x1b\\"
        if not self._tmux:
            return command
        return "\x1bPtmux;" + command.replace("\x1b", "\x1b\x1b") + "\x1b\\"
