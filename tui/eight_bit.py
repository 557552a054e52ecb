"""The 256 colours: every colour of the interface as the nearest of them.

Left alone, Rich takes a dark grey with a tinge of blue for a full blue, and bars and rows shine.
"""

from __future__ import annotations

import functools

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_LEVELS = (0, 95, 135, 175, 215, 255)
_KEPT = 8192  # styles: more than a screen of pictures has


class EightBit(LineFilter):
    """Takes each colour of a line to the nearest of the cube's and of the greys."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in the 240 colours that all terminals show alike."""
        return [
            segment if segment.style is None else Segment(segment[0], _style(segment.style))
            for segment in segments
        ]


@functools.lru_cache(_KEPT)
def _style(style: Style) -> Style:
    front, ground = _nearest(style.color), _nearest(style.bgcolor)
    if front is style.color and ground is style.bgcolor:
        return style
    return style + Style(color=front, bgcolor=ground)


@functools.lru_cache(_KEPT)
def _nearest(colour: RichColor | None) -> RichColor | None:
    """A colour of three bytes as one of the 256; any other as it is."""
    if colour is None or colour.triplet is None:
        return colour
    return RichColor.from_ansi(nearest(*colour.triplet))


def nearest(red: int, green: int, blue: int) -> int:
    """The number, 16 to 255, of the nearest colour of the cube or grey, by squared steps."""
    wanted = red, green, blue
    steps = [_step(part) for part in wanted]
    cube = [_LEVELS[step] for step in steps]
    shade = max(0, min(23, round((sum(wanted) / 3 - 8) / 10)))
    grey = [8 + 10 * shade] * 3
    apart = [sum((a - b) ** 2 for a, b in zip(wanted, of, strict=True)) for of in (cube, grey)]
    if apart[0] <= apart[1]:
        return 16 + 36 * steps[0] + 6 * steps[1] + steps[2]
    return 232 + shade


def _step(part: int) -> int:
    """The nearest level of the cube."""
    return min(range(6), key=lambda step: abs(_LEVELS[step] - part))
