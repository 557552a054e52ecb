"""Whether a part of a picture was pasted there: bounded by straight seams, as in a collage."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .similarity import Array

_POINTS = 96  # samples along a side
_REACH = 12  # working pixels looked at on either side of it
_SLACK = 3  # working pixels by which a transform may put the side wrongly
_STEEP = 2.5  # how much steeper than around it a point of a seam is
_STEP = 4.0  # grey levels that it differs by at least
_ALONG = 0.75  # share of a side's points that must step at the same distance from it
_EDGE = 4.0  # working pixels from the picture's own edge within which there is nothing to see


def seam_share(grey: Array, corners: NDArray[np.float64]) -> float:
    """The share of a part's sides, of those inside the picture, that are straight seams; 0..1.

    `grey` is uint8 (h, w), `corners` the part's, in order around it, float64 (4, 2) in its pixels.
    What was cut out of a photograph goes on beyond the cut, and scores near 0.
    """
    seams, looked = 0, 0
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        strip = _strip(grey, start, end)
        if strip is not None:
            looked += 1
            seams += _steps_together(strip) >= _ALONG
    return seams / looked if looked else 0.0


def _steps_together(strip: NDArray[np.float32]) -> float:
    """The largest share of points that step at one distance from the side, a pixel more or less."""
    steps = np.abs(np.diff(strip, axis=1))
    steep = steps >= np.maximum(_STEP, _STEEP * np.median(steps, axis=1, keepdims=True))
    middle = slice(_REACH - 1 - _SLACK, _REACH + _SLACK + 1)
    beside = [steep[:, k - 1 : k + 2].any(axis=1).mean() for k in range(1, steep.shape[1] - 1)]
    return float(max(beside[middle]))


def _strip(
    grey: Array, start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float32] | None:
    """The picture across a side, float32 (points, offsets); None along the picture's edge."""
    high, wide = grey.shape
    along = end - start
    length = float(np.hypot(*along))
    if length < 2 * _REACH:
        return None
    across = np.array([-along[1], along[0]]) / length
    points = start + np.linspace(0.08, 0.92, _POINTS)[:, None] * along
    inside = (points > _EDGE).all(axis=1) & (points < (wide - _EDGE, high - _EDGE)).all(axis=1)
    if inside.sum() < _POINTS // 2:
        return None
    offsets = np.arange(-_REACH, _REACH + 1, dtype=np.float64)
    places = points[inside][:, None] + offsets[None, :, None] * across
    x, y = (np.ascontiguousarray(places[:, :, k], np.float32) for k in (0, 1))
    strip = cv2.remap(grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return strip.astype(np.float32)
