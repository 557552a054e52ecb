"""A curve that makes the tones of one picture those of another: solarising folds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .similarity import COMPARED_SIDE, Agreement, Array, Place, compare, overlay

AGREEMENT, CORRELATION = 0.9, 0.93
"""What two pictures reach along a curve at least."""
_BINS = 64
_FEWEST = 20  # pixels that tell where a tone goes
_KEPT = 0.9  # of the deviation of the tones that are to be met: a flat curve meets none


@dataclass(frozen=True, slots=True)
class Curve:
    """Where each tone of one picture goes; `of_first` tells which of the two pictures it changes.

    `levels` is float64 (64,): what tones 2, 6, 10 ... 254 become.
    """

    levels: NDArray[np.float64]
    of_first: bool

    def put(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Both pictures, float32 (h, w), the one that the curve changes changed."""
        return (self._changed(x), y) if self.of_first else (x, self._changed(y))

    def _changed(self, picture: Array) -> Array:
        tones = np.arange(_BINS) * (256 / _BINS) + 128 / _BINS
        return np.interp(picture, tones, self.levels).astype(np.float32)


def find_curves(x: Array, y: Array, inside: NDArray[np.bool_]) -> list[Curve]:
    """The curves from the tones of y to those of x and back, where either says enough.

    An edit maps each tone to one tone, and where it folds the range only the way there is such a
    map. Between two exposures, or two things, the same tone becomes many: the curve is flat.
    """
    found = []
    for first, (source, target) in enumerate(((y, x), (x, y))):
        levels = _mean_tones(source[inside], target[inside])
        if levels is None:
            continue
        curve = Curve(levels, of_first=bool(first))
        changed = curve.put(x, y)[1 - first]
        if changed[inside].std() >= _KEPT * max(float(target[inside].std()), 1e-3):
            found.append(curve)
    return found


def agree_along(
    a: Array, b: Array, transform: Array, place: Place | None = None
) -> tuple[Curve, Agreement] | None:
    """The curve along which two grey pictures agree nearly everywhere, and how far; else None.

    The arguments are those of similarity.compare.
    """
    laid = overlay(a, b, transform, side=COMPARED_SIDE, place=place)
    if laid is None:
        return None
    for curve in find_curves(*laid[:3]):
        along = compare(a, b, transform, place=place, toned=curve.put)
        if along is None or along.inverted:
            continue
        if along.blocks >= AGREEMENT and along.correlation >= CORRELATION:
            return curve, along
    return None


def _mean_tones(source: Array, target: Array) -> NDArray[np.float64] | None:
    """The mean of the target at each tone of the source, float64 (64,)."""
    tones = np.clip(source * (_BINS / 256), 0, _BINS - 1).astype(np.intp)
    near = np.ones(3)
    counts = np.convolve(np.bincount(tones, minlength=_BINS), near, "same")
    sums = np.convolve(np.bincount(tones, target, minlength=_BINS), near, "same")
    known = np.flatnonzero(counts >= _FEWEST)
    if len(known) < 2:
        return None
    return np.interp(np.arange(_BINS), known, sums[known] / counts[known])
