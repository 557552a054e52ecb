"""Whether two aligned pictures have the same grain: a sensor's noise is another at each exposure.

An edit keeps the noise of the exposure, weakens it or lays more over it. Two exposures have as much
noise as each other, everywhere, and none of it in common. What a codec leaves is no such noise: it
is in some blocks and not in others, and few strong values make it (JPEG quantises most to zero).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .similarity import Array

_CELL = 48  # pixels of a cell's side
_MOST = 12  # cells looked at
_FEWEST = 4
_SMOOTH = 4.0  # grey levels of standard deviation, noise apart, up to which a place is even
_EVEN = 600  # pixels of a cell that must be
_CLIPPED = 12  # grey levels from either end at which noise may be cut off
_SHIFT = 2  # pixels by which a transform may put a cell wrongly
_LEAST = 0.5  # grey levels of noise from which it can be told from rounding
_ALIKE = 1.6  # how many times as much of it the one may have
_PEAKED = 3.8  # fourth moment over the squared variance; 3 for normal noise
_EVERYWHERE = 0.7  # share of the usual noise that a cell with little of it has


def shared_grain(x: Array, y: Array, inside: NDArray[np.bool_]) -> float | None:
    """How much of the noise in even places two pictures have in common: 0 none, 1 all.

    `x` and `y` are the aligned overlap, float32 (h, w); `inside` (h, w) tells where both are. The
    upper quartile over cells of their correlation, each cell moved to where it fits best. None
    where there isn't the same amount of noise in both, or not the noise of a sensor.
    """
    found = []
    for tried, part in enumerate(_even_first(x, inside)):
        cell = _compare(x[part], y[part])
        if cell is not None:
            found.append(cell)
        if len(found) == _MOST or (tried >= _FEWEST and not any(_is_noisy(c) for c in found)):
            break
    if len(found) < _FEWEST:
        return None
    cells = np.array(found)
    of_x, of_y, peaked_x, peaked_y = np.median(cells[:, :4], axis=0)
    little = np.quantile(np.minimum(cells[:, 0] / of_x, cells[:, 1] / of_y), 0.25)
    if (
        min(of_x, of_y) < _LEAST
        or max(of_x, of_y) > _ALIKE * min(of_x, of_y)
        or max(peaked_x, peaked_y) > _PEAKED
        or little < _EVERYWHERE
    ):
        return None
    return float(np.quantile(cells[:, 4], 0.75))


def _is_noisy(cell: tuple[float, ...]) -> bool:
    return min(cell[:2]) >= _LEAST / 2


def _even_first(x: Array, inside: NDArray[np.bool_]) -> list[tuple[slice, slice]]:
    """Cells that lie inside, the most even first, each with a rim to move in."""
    high, wide = x.shape
    side = _CELL + 2 * _SHIFT
    small = cv2.resize(x, (max(1, wide // 4), max(1, high // 4)), interpolation=cv2.INTER_AREA)
    rough = cv2.absdiff(small, cv2.blur(small, (3, 3)))
    cells = []
    for top in range(0, high - side + 1, _CELL):
        for left in range(0, wide - side + 1, _CELL):
            part = slice(top, top + side), slice(left, left + side)
            if inside[part].all():
                of_small = rough[top // 4 : (top + side) // 4, left // 4 : (left + side) // 4]
                cells.append((float(of_small.mean()), part))
    return [part for _, part in sorted(cells, key=lambda cell: cell[0])[: 2 * _MOST]]


def _compare(x: Array, y: Array) -> tuple[float, ...] | None:
    """Noise of either in a cell, how peaked it is, and its correlation; None if it isn't even."""
    core = (slice(_SHIFT, -_SHIFT),) * 2
    even = (_roughness(x) < _SMOOTH) & (_roughness(y) < _SMOOTH) & _unclipped(x) & _unclipped(y)
    there = even[core]
    count = int(np.count_nonzero(there))
    if count < _EVEN:
        return None
    u, v = _fine(x), _fine(y)
    of_x, of_y = u[core][there], v[core][there]
    mean_x, mean_y = of_x.mean(), of_y.mean()
    deviation_x, deviation_y = max(float(of_x.std()), 1e-3), max(float(of_y.std()), 1e-3)
    pattern = np.where(there, u[core] - mean_x, np.float32(0))
    sums = cv2.matchTemplate(v - mean_y, pattern, cv2.TM_CCORR)
    return (
        deviation_x,
        deviation_y,
        float(((of_x - mean_x) ** 4).mean()) / deviation_x**4,
        float(((of_y - mean_y) ** 4).mean()) / deviation_y**4,
        float(sums.max()) / (count * deviation_x * deviation_y),
    )


def _fine(picture: Array) -> Array:
    """What is finer than an edge and coarser than a pixel."""
    return cv2.GaussianBlur(picture, (0, 0), 0.6) - cv2.GaussianBlur(picture, (0, 0), 1.6)


def _roughness(picture: Array) -> Array:
    """Standard deviation around each pixel, the finest left out."""
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.5)
    mean = cv2.blur(smooth, (9, 9))
    return np.sqrt(np.maximum(cv2.blur(smooth * smooth, (9, 9)) - mean * mean, 0))


def _unclipped(picture: Array) -> NDArray[np.bool_]:
    return (picture > _CLIPPED) & (picture < 255 - _CLIPPED)
