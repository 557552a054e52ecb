"""Pictures as terminal cells: half blocks in any number of colours, or letters without colour.

A cell is taken to be twice as high as it is wide and has two colours. It is split across or
upright, whichever is nearer to the picture, by the block letters that every font has (▀ and ▌).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from .terminal import Colours, Drawing
from .thrift import distances_to, in_colours, smooth

Pixels = NDArray[np.uint8]

_BAYER = (
    np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) + 0.5
) / 16.0 - 0.5
"""Ordered dither, -0.5..0.5 (B. E. Bayer, 1973): neighbours stay put when a picture is redrawn."""

_ANSI = np.array(
    [
        (0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0),
        (0, 0, 128), (128, 0, 128), (0, 128, 128), (192, 192, 192),
        (128, 128, 128), (255, 0, 0), (0, 255, 0), (255, 255, 0),
        (0, 0, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255),
    ],
    np.float32,
)  # fmt: skip
"""The 16 colours as xterm has them; a terminal's own theme may differ."""

_CUBE = np.array([0, 95, 135, 175, 215, 255], np.float32)
"""The levels of the 6 x 6 x 6 cube of the 256 colours."""

_WORTH_IT = 300
"""By how much less an upright split must lose (squared steps): equal splits share an escape."""

_FEW_COLOURS = 16
_LEAST_THRIFT = 250.0  # squared steps of colour
_BYTES_A_RUN = 26  # of two colours of the 256, and of setting them back

_RAMP = " .:-=+*#%@"
"""Letters from dark to light on a dark ground."""


def fit(
    width: int, height: int, columns: int, rows: int, cell: tuple[int, int] = (1, 2)
) -> tuple[int, int]:
    """Largest columns and rows, within those given, that keep the shape of width × height.

    `cell` is the width and height of a cell in pixels.
    """
    if width <= 0 or height <= 0 or columns <= 0 or rows <= 0:
        return 0, 0
    scale = min(columns * cell[0] / width, rows * cell[1] / height)
    return (
        max(1, min(columns, round(width * scale / cell[0]))),
        max(1, min(rows, round(height * scale / cell[1]))),
    )


def reduce(picture: Image.Image, columns: int, rows: int) -> Pixels:
    """The picture as (2 × rows, 2 × columns, 3) RGB pixels: four a cell."""
    size = (2 * columns, 2 * rows)
    return np.asarray(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS))


def draw(pixels: Pixels, drawing: Drawing, colours: Colours) -> list[Strip]:
    """One strip a row of cells for pixels of shape (2 × rows, 2 × columns, 3); none for NONE."""
    if drawing is Drawing.NONE:
        return []
    if drawing is Drawing.ASCII:
        return _letters(pixels)
    upright, first, second = _halves(pixels)
    both = np.empty((2 * first.shape[0], *first.shape[1:]), np.uint8)
    both[0::2], both[1::2] = first, second
    both = quantise(both, colours)
    return _half_blocks(upright, both[0::2], both[1::2])


def draw_thriftily(picture: Image.Image, columns: int, rows: int, most: int) -> list[Strip]:
    """The picture as half blocks in some of the 256 colours, in about `most` bytes.

    Cells beside each other are made alike, beginning where that is seen least.
    """
    small = picture.convert("RGB").resize((columns, 2 * rows), Image.Resampling.LANCZOS)
    few = in_colours(small, _FEW_COLOURS)
    palette = np.array(few.getpalette(), np.uint8).reshape(-1, 3)[:_FEW_COLOURS]
    palette = _eight_bit(palette.astype(np.float32))
    distances = distances_to(np.asarray(small), palette)
    thrift = _LEAST_THRIFT
    while True:
        pixels = palette[smooth(distances, thrift)]
        first, second = pixels[0::2], pixels[1::2]
        strips = _half_blocks(np.zeros(first.shape[:2], np.bool_), first, second)
        runs = sum(len(list(strip)) for strip in strips)
        if runs * _BYTES_A_RUN + 3 * columns * rows <= most or runs <= rows:
            return strips
        thrift *= 1.5


def quantise(pixels: Pixels, colours: Colours) -> Pixels:
    """The pixels in colours that the terminal has, dithered where they are few.

    Truecolour keeps six bits a channel: the eye can't tell at this size, and equal neighbours share
    one escape sequence.
    """
    if colours is Colours.TRUECOLOR:
        return (pixels & np.uint8(0xFC)) | (pixels >> np.uint8(6))
    height, width = pixels.shape[:2]
    dither = np.tile(_BAYER, (height // 4 + 1, width // 4 + 1))[:height, :width, None]
    room = np.minimum(pixels, 255 - pixels)  # black and white stay free of specks
    dither = dither * np.minimum(room / np.float32(48.0), np.float32(1.0))
    if colours is Colours.EIGHT_BIT:
        return _eight_bit(pixels + dither * np.float32(12.0))
    return _nearest(pixels + dither * np.float32(60.0), _ANSI)


def _eight_bit(wanted: NDArray[np.floating]) -> Pixels:
    """The nearer of the nearest cube colour and the nearest of the 24 greys."""
    cube = _CUBE[np.abs(wanted[..., None] - _CUBE).argmin(axis=-1)]
    step = np.clip(np.rint((wanted.mean(axis=-1, keepdims=True) - 8.0) / 10.0), 0, 23)
    grey = np.repeat(8.0 + 10.0 * step, 3, axis=-1)
    nearer = ((wanted - cube) ** 2).sum(-1) <= ((wanted - grey) ** 2).sum(-1)
    return np.where(nearer[..., None], cube, grey).astype(np.uint8)


def _nearest(wanted: NDArray[np.floating], palette: NDArray[np.float32]) -> Pixels:
    distance = ((wanted[..., None, :] - palette) ** 2).sum(-1)
    return palette[distance.argmin(-1)].astype(np.uint8)


def _halves(pixels: Pixels) -> tuple[NDArray[np.bool_], Pixels, Pixels]:
    """Whether each cell is split upright, and the mean colours of its upper or left, other half."""
    wide = pixels.astype(np.int32)
    a, b, c, d = wide[0::2, 0::2], wide[0::2, 1::2], wide[1::2, 0::2], wide[1::2, 1::2]
    across = ((a - b) ** 2 + (c - d) ** 2).sum(
        -1
    )  # what is lost where the halves lie on each other
    beside = ((a - c) ** 2 + (b - d) ** 2).sum(-1)
    upright = beside < across - _WORTH_IT
    first = np.where(upright[..., None], a + c, a + b)
    second = np.where(upright[..., None], b + d, c + d)
    return upright, ((first + 1) // 2).astype(np.uint8), ((second + 1) // 2).astype(np.uint8)


def _half_blocks(upright: NDArray[np.bool_], first: Pixels, second: Pixels) -> list[Strip]:
    """Half blocks: the upper or left half is the letter's colour, the other one its ground."""
    strips: list[Strip] = []
    columns = first.shape[1]
    for row in zip(upright.tolist(), first.tolist(), second.tolist(), strict=True):
        segments: list[Segment] = []
        before: tuple[bool, list[int], list[int]] | None = None
        run = 0
        for cell in zip(*row, strict=True):
            if cell[1] == cell[2]:
                cell = (False, cell[1], cell[2])
            if before is not None and cell != before:
                segments.append(_cells(before, run))
                run = 0
            before = cell
            run += 1
        if before is not None:
            segments.append(_cells(before, run))
        strips.append(Strip(segments, columns))
    return strips


def _cells(cell: tuple[bool, list[int], list[int]], run: int) -> Segment:
    upright, front, back = cell
    ground = Color.from_rgb(*back)
    if front == back:
        return Segment(" " * run, Style(bgcolor=ground))
    letter = "▌" if upright else "▀"
    return Segment(letter * run, Style(color=Color.from_rgb(*front), bgcolor=ground))


def _letters(pixels: Pixels) -> list[Strip]:
    """Luminance (ITU-R 601) of each cell as one of ten letters."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    light = pixels.astype(np.float32) @ weights
    cells = (light[0::2, 0::2] + light[0::2, 1::2] + light[1::2, 0::2] + light[1::2, 1::2]) / 4.0
    spread = float(cells.max() - cells.min())
    if spread > 24.0:  # stretch what there is of contrast; a flat picture stays flat
        cells = (cells - cells.min()) * (255.0 / spread)
    steps = np.clip((cells / 256.0 * len(_RAMP)).astype(int), 0, len(_RAMP) - 1)
    return [
        Strip([Segment("".join(_RAMP[step] for step in row))], cells.shape[1])
        for row in steps.tolist()
    ]
