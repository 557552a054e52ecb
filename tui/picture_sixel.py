"""Sixel pictures, for foot, xterm, Windows Terminal and many others; the terminal keeps none.

A sixel picture is a stack of bands six pixels high. For each band and colour there is a line of
letters, a letter for six pixels above each other, and equal neighbours are counted. A colour may
be painted over by one that comes later in its band, so a line need only be right where no later
one covers it: that, and fewer pixels that are repeated sideways and downwards, keeps it short.
(DEC, VT330/VT340 Programmer Reference Manual, volume 2, chapter 14)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .allowance import allowance
from .drawn import KeepsNothing, Pixels
from .thrift import distances_to, in_colours, smooth

_COLOURS, _FEW_COLOURS = 48, 16
_BAND = 6
_TRIES = 5
_ENOUGH = 0.8  # of the allowance; another try would cost more than it shows
_LOSSLESS = 20.0  # squared steps of colour that a change must gain where bytes don't matter


class SixelRenderer(KeepsNothing):
    """Shows pictures as sixels, in pixels of the terminal's cells."""

    def __init__(
        self, cell: tuple[int, int], *, colours: int = _COLOURS, low_bandwidth: bool = False
    ) -> None:
        self.cell = cell
        """Width and height of a cell in pixels."""
        self._low = low_bandwidth
        self._colours = max(2, min(colours, _FEW_COLOURS if low_bandwidth else _COLOURS))
        self._thrift = 900.0  # what the last picture needed; a good first guess for the next

    def encode(self, picture: Image.Image, columns: int, rows: int) -> str:
        """Sixels that fill the box to the pixel, as good as the allowance lets them be."""
        width, height = columns * self.cell[0], rows * self.cell[1]
        most = allowance(columns, rows, low_bandwidth=self._low)
        # A point is a whole part of a band high, so that few of them share a letter.
        point = 2 if self.cell[1] <= 26 else 3 if self.cell[1] <= 45 else _BAND
        if self._low:
            point = _BAND
        size = max(1, min(width // 2, 5 * columns)), -(-height // point)
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
        few = in_colours(small, self._colours)
        palette = np.array(few.getpalette(), np.uint8).reshape(-1, 3)[: self._colours]
        distances = distances_to(np.asarray(small), palette)
        thrift, best, tries = self._thrift, "", 0
        while tries < _TRIES or not best:
            tries += 1
            code = sixels(smooth(distances, thrift), palette, width, height)
            share = len(code) / most
            if share <= 1.0 and len(code) > len(best):
                best = code
                self._thrift = thrift
            if _ENOUGH <= share <= 1.0 or (share <= 1.0 and thrift <= _LOSSLESS):
                break
            if tries > 4 * _TRIES:  # a box so large that even one colour a line is too much
                return best or code
            thrift = max(_LOSSLESS, thrift * min(16.0, (share / 0.92) ** 2.2))
        return best

    def paint(self, pixels: Pixels, column: int, row: int) -> str:
        """The whole picture at its cell."""
        return f"\x1b[{row + 1};{column + 1}H{pixels.code}"


def sixels(indices: NDArray[np.uint8], palette: NDArray[np.uint8], width: int, height: int) -> str:
    """The DCS sequence of a picture of palette indices (h, w), repeated to width × height pixels.

    `palette` is (n, 3) RGB.
    """
    used, counts = np.unique(indices, return_counts=True)
    used = used[np.argsort(-counts, kind="stable")]  # the commonest get the shortest numbers
    number = np.zeros(256, np.uint8)
    number[used] = np.arange(len(used))
    percent = (palette[used].astype(np.int32) * 100 + 127) // 255
    head = "".join(f"#{n};2;{r};{g};{b}" for n, (r, g, b) in enumerate(percent.tolist()))
    wanted, barred = _planes(number[indices], len(used), height)
    edges = np.arange(indices.shape[1] + 1) * width // indices.shape[1]
    body = _lines(*_runs(wanted, barred), edges, len(used))
    return f'\x1bP0;1;0q"1;1;{width};{height}{head}{body}\x1b\\'


def _planes(
    numbers: NDArray[np.uint8], colours: int, height: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The bits that each colour must set, and must not, per band, colour and column.

    Colours are painted in the order of their numbers; a later one may cover an earlier one.
    """
    columns = numbers.shape[1]
    bands = -(-height // _BAND)
    wanted = np.zeros((bands, colours, columns), np.uint8)
    source = np.arange(height) * numbers.shape[0] // height
    across = np.arange(columns)
    for bit in range(_BAND):
        rows = source[bit::_BAND]
        wanted[np.arange(len(rows))[:, None], numbers[rows], across] |= np.uint8(1 << bit)
    barred = np.bitwise_or.accumulate(wanted, axis=1) ^ wanted  # what earlier ones have painted
    return wanted, barred


def _runs(
    wanted: NDArray[np.uint8], barred: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """The fewest runs of equal letters: line, first column, column after the last, bits.

    A line is a band's number times the colours plus a colour's. Each run goes on for as long as one
    letter sets all that is wanted and nothing that is barred.
    """
    columns = wanted.shape[2]
    wanted = np.ascontiguousarray(wanted.reshape(-1, columns).T)
    barred = np.ascontiguousarray(barred.reshape(-1, columns).T)
    needed = np.flatnonzero(wanted.any(axis=0))  # lines with nothing to paint are left out
    wanted, barred = wanted[:, needed], barred[:, needed]
    bits, bar = wanted[0].copy(), barred[0].copy()
    first = np.zeros(len(needed), np.int64)
    found: list[tuple[NDArray[np.int64], ...]] = []
    for column in range(1, columns):
        all_bits, all_bar = bits | wanted[column], bar | barred[column]
        ends = np.flatnonzero(all_bits & all_bar)
        if len(ends):
            found.append((ends, first[ends], np.full(len(ends), column), bits[ends]))
            first[ends] = column
            all_bits[ends], all_bar[ends] = wanted[column, ends], barred[column, ends]
        bits, bar = all_bits, all_bar
    last = np.flatnonzero(bits)  # an empty end need not be written
    found.append((last, first[last], np.full(len(last), columns), bits[last]))
    line, start, end, value = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((start, line))
    return needed[line[order]], start[order], end[order], value[order].astype(np.uint8)


def _lines(
    line: NDArray[np.int64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    bits: NDArray[np.uint8],
    edges: NDArray[np.int64],
    colours: int,
) -> str:
    """The letters of the runs, with colours and bands between them."""
    parts: list[str] = []
    band, before = 0, -1
    lengths = (edges[end] - edges[start]).tolist()
    letters = (bits + np.uint8(63)).tolist()
    for at, length, letter in zip(line.tolist(), lengths, letters, strict=True):
        if at != before:
            below = at // colours - band
            parts.append("-" * below if below else "$" if before >= 0 else "")
            parts.append(f"#{at % colours}")
            band += below
            before = at
        parts.append(f"!{length}{chr(letter)}" if length > 3 else chr(letter) * length)
    return "".join(parts)
