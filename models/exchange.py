"""What only the one of two aligned pictures holds, and what only the other does.

An edit adds to a picture or takes from it: the copy holds something that the original lacks, or
the other way about. Between two exposures something goes at one place and something comes at
another, and each picture holds what the other lacks.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .similarity import Array
from .tones import commonest_tones

_APART = 20.0  # grey levels, tones matched
_BODY = 9  # pixels across: letters are thinner
_TOGETHER = 21  # pixels: what lies closer is one thing
_REACH = 21  # pixels around differing structure
_RIM = 7  # pixels, all around
_SHORTEST = 24  # pixels of outline
_RUN = 6  # points of an outline in a row that are an edge in one picture only
_STEEPER, _STEP = 2.0, 3.0  # by how much, and by how many grey levels a pixel
_OUTLINED = 0.45  # share of a thing's outline that is an edge where it is,
_BARE = 0.2  # and at most where it isn't
_BOTH = 0.15  # share from which it is an edge in either: a thing that moved by less than itself
_MANY_TONES = 0.72  # share of both that two tones take up at most, then,
_SOME_TONES, _AS_MANY = 0.85, 1.3  # or where they take up about as much of either
_TONE = 8


def exchanged(x: Array, y: Array, inside: NDArray[np.bool_], apart: NDArray[np.bool_]) -> float:
    """Fraction of the overlap that things only in x take up, or those only in y: the lesser.

    `x` and `y` are the aligned overlap, float32 (h, w) of one scale of tones; `inside` (h, w) tells
    where both are, `apart` where their structure disagrees. A thing is an area that differs and
    whose outline is an edge in one picture, while the other goes on across it. At the border of the
    overlap nothing counts: what is there may surround a picture that was laid into another.
    """
    difference = cv2.absdiff(cv2.GaussianBlur(x, (0, 0), 2.0), cv2.GaussianBlur(y, (0, 0), 2.0))
    near = cv2.dilate(apart.view(np.uint8), np.ones((_REACH, _REACH), np.uint8)) > 0
    differs = (inside & near & (difference > _APART)).view(np.uint8)
    bodies = cv2.morphologyEx(differs, cv2.MORPH_OPEN, _disc(_BODY))
    if not bodies.any():
        return 0.0
    bodies = cv2.morphologyEx(bodies, cv2.MORPH_CLOSE, _disc(_TOGETHER))
    steep_x, steep_y, within = _steepness(x), _steepness(y), _within(inside)
    only_x, only_y = 0.0, 0.0
    for outline in cv2.findContours(bodies, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        if len(outline) < _SHORTEST:
            continue
        column, row = outline[:, 0].T
        if not within[row, column].all():
            continue
        u, v = steep_x[row, column], steep_y[row, column]
        of_x = _in_runs(u > _STEEPER * v + _STEP) / len(outline)
        of_y = _in_runs(v > _STEEPER * u + _STEP) / len(outline)
        area = cv2.contourArea(outline)
        if max(of_x, of_y) >= _OUTLINED and min(of_x, of_y) <= _BARE:
            only_x += area * (of_x > of_y)
            only_y += area * (of_y > of_x)
        elif min(of_x, of_y) >= _BOTH and _was_at_two_places(x, y, outline):
            only_x, only_y = only_x + area / 2, only_y + area / 2
    return min(only_x, only_y) / max(int(np.count_nonzero(inside)), 1)


def _disc(across: int) -> Array:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))


def _within(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The overlap less its rim."""
    padded = cv2.copyMakeBorder(inside.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return cv2.erode(padded, np.ones((_RIM, _RIM), np.uint8))[1:-1, 1:-1] > 0


def _steepness(picture: Array) -> Array:
    """The steepest slope within two pixels of each, in grey levels a pixel."""
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.0)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    return cv2.dilate(cv2.magnitude(across, down), np.ones((5, 5), np.uint8))


def _in_runs(those: NDArray[np.bool_]) -> int:
    """How many points of a closed outline are among those, in runs long enough to be no chance."""
    if those.all():
        return len(those)
    start = int(np.argmin(those))  # a run may go on across the end
    bounds = np.flatnonzero(np.diff(np.roll(those, -start), prepend=False, append=False))
    lengths = np.diff(bounds)[::2]
    return int(lengths[lengths >= _RUN].sum())


def _was_at_two_places(x: Array, y: Array, outline: Array) -> bool:
    """Whether both pictures show the like of a scene there: what is laid over one is of few tones.

    What moved by less than itself leaves a part of it, and of what is behind, in both.
    """
    left, top, wide, high = cv2.boundingRect(outline)
    part = (slice(top, top + high), slice(left, left + wide))
    there = np.zeros((high, wide), np.uint8)
    cv2.drawContours(there, [outline - (left, top)], -1, 1, cv2.FILLED)
    values = (np.clip(p[part][there > 0], 0, 255).astype(np.uint8) for p in (x, y))
    less, more = sorted(sum(commonest_tones(v, _TONE)) for v in values)
    return more < _MANY_TONES or (more < _SOME_TONES and more <= _AS_MANY * less)
