"""What differs inside an overlap that agrees otherwise, seen closely: other ink, another moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .exchange import exchanged
from .similarity import Array
from .tones import commonest_tones

_BLOCK = 11  # pixels: a letter or two
_INK = (
    12.0  # standard deviation in grey levels from which a block holds ink, or as strong a texture
)
_TEXTURE = 6.0
_AGREES = 0.8
_DISAGREES = 0.4
_TONE = 8
_ENOUGH = 200
_TRIMMED = 0.8  # share of the agreeing part that tones are fitted to
_LARGE_BODY = 15  # pixels of half the resolution: letters and watermarks have no such body
_LARGE_APART = 18.0  # grey levels, tones matched
_SMALL_BODY = 9
_SMALL_APART = 22.0
_SMALLEST = 40
# What a small body must be on both sides to be two exposures rather than letters on a picture:
_PHOTOGRAPHIC = 0.57  # share of it that two tones take up at most
_LOPSIDED = 1.8  # how many times more of it they take up in one of the two
_LIKENESS = -0.1  # correlation of the two: what shows through is like what is there


@dataclass(frozen=True, slots=True)
class Change:
    """Where both pictures have something, and not the same thing.

    `clash` is the share of the inked part (any strong texture) where both are inked and their
    structure disagrees, 0..1. `share` is the fraction of the overlap that another large body takes
    up, and `drawn` the share of that which two tones take up in the picture where that is more:
    what is laid over a picture is drawn in few tones, two exposures are photographs both.
    `swapped` is the fraction of the overlap that small bodies take up which are photographic in
    both pictures: somebody who went by. `exchanged` is what models.exchange says of it.
    """

    clash: float
    share: float = 0.0
    drawn: float = 1.0
    swapped: float = 0.0
    exchanged: float = 0.0


def find_change(x: Array, y: Array, mask: NDArray[np.bool_]) -> Change | None:
    """Look closely at an aligned overlap: float32 (h, w) each, and where both pictures are."""
    inside = cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    size = int(np.count_nonzero(inside))
    if size < _ENOUGH:
        return None
    correlation, one, other = _blocks(x, y)
    stronger, weaker = cv2.max(one, other), cv2.min(one, other)
    inked = inside & (stronger > _INK)
    apart = inked & (correlation < _DISAGREES)
    clashing = apart & (weaker > _INK)
    clash = int(np.count_nonzero(clashing)) / max(int(np.count_nonzero(inked)), 1)
    agreeing = inside & (stronger > _TEXTURE) & (correlation > _AGREES)
    if np.count_nonzero(apart) < _SMALLEST or np.count_nonzero(agreeing) < _ENOUGH:
        return Change(clash)
    y = _as_toned(x[agreeing], y[agreeing], y)
    difference = cv2.absdiff(x, y)
    near = inside & _around(clashing, _BLOCK)
    large = _large_body(difference, inside, apart)
    found = int(np.count_nonzero(large))
    return Change(
        clash,
        share=found / size,
        drawn=max(_tones(x[large]), _tones(y[large])) if found else 1.0,
        swapped=_swapped(x, y, near & (difference > _SMALL_APART)) / size,
        exchanged=exchanged(x, y, inside, apart),
    )


def _around(those: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    return cv2.dilate(those.view(np.uint8), np.ones((reach, reach), np.uint8)) > 0


def _opened(those: NDArray[np.bool_], across: int) -> NDArray[np.uint8]:
    """What of an area is at least so wide."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))
    return np.asarray(cv2.morphologyEx(those.view(np.uint8), cv2.MORPH_OPEN, disc), np.uint8)


def _large_body(
    difference: Array, inside: NDArray[np.bool_], apart: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    high, wide = difference.shape
    smooth = cv2.GaussianBlur(difference, (0, 0), 1.5)
    there = inside & _around(apart, 2 * _BLOCK - 1) & (smooth > _LARGE_APART)
    half = (max(1, wide // 2), max(1, high // 2))
    small = cv2.resize(there.view(np.uint8), half, interpolation=cv2.INTER_AREA) > 0
    body = _opened(small, _LARGE_BODY)
    return cv2.resize(body, (wide, high), interpolation=cv2.INTER_NEAREST) > 0


def _swapped(x: Array, y: Array, there: NDArray[np.bool_]) -> int:
    """How many pixels the small bodies have, 0 unless they are photographic in both pictures."""
    body = _opened(there, _SMALL_BODY) > 0
    count = int(np.count_nonzero(body))
    if count < _SMALLEST:
        return 0
    u, v = x[body], y[body]
    less, more = sorted((_tones(u), _tones(v)))
    if more > _PHOTOGRAPHIC or more > _LOPSIDED * less or min(u.std(), v.std()) < 2:
        return 0
    return count if np.corrcoef(u, v)[0, 1] < _LIKENESS else 0


def _tones(values: Array) -> float:
    return sum(commonest_tones(np.clip(values, 0, 255).astype(np.uint8), _TONE))


def _blocks(x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Correlation in a block around every pixel, and the standard deviation of either picture."""
    x, y = cv2.GaussianBlur(x, (0, 0), 0.8), cv2.GaussianBlur(y, (0, 0), 0.8)
    size = (_BLOCK, _BLOCK)
    mx, my = cv2.boxFilter(x, -1, size), cv2.boxFilter(y, -1, size)
    vx = np.maximum(cv2.boxFilter(x * x, -1, size) - mx * mx, 0)
    vy = np.maximum(cv2.boxFilter(y * y, -1, size) - my * my, 0)
    vxy = cv2.boxFilter(x * y, -1, size) - mx * my
    correlation = vxy / np.sqrt(np.maximum(vx, 1.0) * np.maximum(vy, 1.0))
    return correlation, np.sqrt(vx), np.sqrt(vy)


def _as_toned(u: NDArray[Any], v: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """y with the tones that its agreeing part v needs to become u, outliers trimmed away."""
    gain, offset = _line(v, u)
    for _ in range(2):
        errors = np.abs(gain * v + offset - u)
        # A whole sort takes a tenth of the time of a selection: numpy sorts floats by vectors.
        kept = errors <= np.sort(errors)[int(_TRIMMED * (len(errors) - 1))]
        gain, offset = _line(v[kept], u[kept])
    return np.asarray(gain * y + offset, np.float32)


def _line(x: NDArray[Any], y: NDArray[Any]) -> tuple[np.float32, np.float32]:
    """Gain and offset of the least squares line through points (x, y)."""
    mean_x, mean_y = x.mean(), y.mean()
    x, y = x - mean_x, y - mean_y
    gain = np.float32(np.dot(x, y) / max(float(np.dot(x, x)), 1e-6))
    return gain, np.float32(mean_y - gain * mean_x)
