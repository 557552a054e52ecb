"""What differs inside an overlap that agrees otherwise: drawn over it, or another moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_AGREES = 0.7
_DISAGREES = 0.4
_DIFFERENT = 18.0  # grey levels, tones matched
_BODY = 15  # pixels across from which a difference has a body: letters and watermarks have none
_TONE = 4
_ENOUGH = 100
_SMALLEST = 60


@dataclass(frozen=True, slots=True)
class Change:
    """The part of an overlap that was replaced.

    `share` is the fraction of the overlap that it takes up, 0..1; `drawn` the share of it that two
    tones take up in the picture where that is more. What is laid over a picture (a sticker's plain
    ground, a bar, big letters) is drawn in few tones; where both pictures are photographic there,
    they are two exposures.
    """

    share: float
    drawn: float


def find_change(
    x: NDArray[Any],
    y: NDArray[Any],
    inside: NDArray[np.bool_],
    correlation: NDArray[Any],
    textured: NDArray[np.bool_],
) -> Change:
    """The replaced part of two aligned float32 pictures, given their local correlation."""
    none = Change(0.0, 1.0)
    agreeing = textured & (correlation > _AGREES)
    if agreeing.sum() < _ENOUGH:
        return none
    y = _as_toned(x[agreeing], y[agreeing], y)
    apart = (textured & (correlation < _DISAGREES)).astype(np.uint8)
    around = cv2.dilate(apart, np.ones((_BODY, _BODY), np.uint8)) > 0
    other = inside & around & (cv2.GaussianBlur(np.abs(x - y), (0, 0), 1.0) > _DIFFERENT)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_BODY, _BODY))
    body = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_OPEN, disc) > 0
    if body.sum() < _SMALLEST:
        return none
    greys = (np.clip(picture[body], 0, 255).astype(np.uint8) for picture in (x, y))
    drawn = max(sum(commonest_tones(grey, _TONE)) for grey in greys)
    return Change(float(body.sum() / inside.sum()), drawn)


def _as_toned(u: NDArray[Any], v: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """y with the tones that its agreeing part v needs to become u, outliers trimmed away."""
    kept = np.ones(len(u), bool)
    gain, offset = 1.0, 0.0
    for _ in range(3):
        gain, offset = np.polyfit(v[kept], u[kept], 1)
        errors = np.abs(gain * v + offset - u)
        kept = errors <= np.percentile(errors, 80)
    return np.asarray(gain * y + offset, np.float32)


def commonest_tones(values: NDArray[Any], reach: int) -> tuple[float, float]:
    """Shares of the two commonest grey tones (uint8), each with the `reach` levels around it."""
    tones = np.bincount(values, minlength=256) / len(values)
    near = np.convolve(tones, np.ones(2 * reach + 1), "same")
    first = int(near.argmax())
    share = float(near[first])
    near[max(0, first - 2 * reach) : first + 2 * reach + 1] = 0
    return share, float(near.max())
