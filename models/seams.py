"""Whether a part of a picture was pasted there: bounded by straight seams, as in a collage."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .similarity import Array

_POINTS = 96  # samples along a side
_REACH = 12  # working pixels looked at on either side of it
_SLACK = 3  # working pixels by which a transform may put the side wrongly
_PEAK = 2.0  # how much steeper than beside it the picture is at a seam
_STEP = 4.0  # grey levels that a seam differs by at least
_EDGE = 4.0  # working pixels from the picture's own edge within which there is nothing to see


def seam_share(grey: Array, corners: NDArray[np.float64]) -> float:
    """The share of a part's sides, of those inside the picture, that are straight seams; 0..1.

    `grey` is uint8 (h, w), `corners` the part's, in order around it, float64 (4, 2) in its pixels.
    What was cut out of a photograph goes on beyond the cut, and scores near 0.
    """
    seams, looked = 0, 0
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        profile = _profile(grey, start, end)
        if profile is None:
            continue
        looked += 1
        middle = profile[_REACH - 1 - _SLACK : _REACH + _SLACK + 1].max()
        beside = np.concatenate([profile[: _REACH - 1 - _SLACK], profile[_REACH + _SLACK + 1 :]])
        seams += bool(middle >= _STEP and middle >= _PEAK * np.median(beside))
    return seams / looked if looked else 0.0


def _profile(
    grey: Array, start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float32] | None:
    """Mean step of the picture across a side, by distance from it; None along the picture's edge.

    float32 (2 * _REACH,), the side itself between the two in the middle.
    """
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
    steps = np.abs(np.diff(strip.astype(np.float32), axis=1))
    return steps.mean(axis=0)
