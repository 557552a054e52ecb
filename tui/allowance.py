"""How many bytes a picture may cost on its way to the terminal, and the most detail they buy."""

from __future__ import annotations

import math
from collections.abc import Callable

_LEAST, _MOST = 24_000, 96_000
_BYTES_A_CELL = 44
_LOW = 3_200
_ENOUGH = 0.8  # of the allowance; another try would cost more than it shows
_TRIES = 4


def allowance(columns: int, rows: int, *, low_bandwidth: bool) -> int:
    """Bytes for a picture of some cells: two at 80×24 stay below 60 KB with all text, or 10 KB."""
    if low_bandwidth:
        return _LOW
    return min(_MOST, max(_LEAST, _BYTES_A_CELL * columns * rows))


def within(most: int, encode: Callable[[float], str], pixels: float) -> str:
    """The code with the most detail that is no longer than `most`, or with hardly any.

    `encode` takes the detail, 0 < detail <= 1, by which the sides of the picture are reduced;
    `pixels` guesses how many pixels fit, as a share of all.
    """
    detail = min(1.0, math.sqrt(pixels))
    best, reached = "", 0.0
    for _ in range(_TRIES):
        code = encode(detail)
        share = len(code) / most
        if share <= 1.0 and detail > reached:
            best, reached = code, detail
        if _ENOUGH <= share <= 1.0 or (share <= 1.0 and detail == 1.0):
            return best
        detail = min(1.0, max(detail / 4, detail * math.sqrt(0.93 / share)))
        if detail <= reached:
            return best
    while not best and detail > 0.01:
        detail /= 2
        code = encode(detail)
        if len(code) <= most or detail <= 0.01:
            best = code
    return best
