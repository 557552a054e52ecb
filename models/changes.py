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
_TRIMMED = 0.8  # share of the agreeing part that tones are fitted to


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


def commonest_tones(values: NDArray[Any], reach: int) -> tuple[float, float]:
    """Shares of the two commonest grey tones, each with the `reach` levels around it.

    `values` is uint8 of one or two dimensions.
    """
    counts = cv2.calcHist([values], [0], None, [256], [0, 256]).ravel()
    tones = counts.astype(np.float64) / values.size
    near = np.convolve(tones, np.ones(2 * reach + 1), "same")
    first = int(near.argmax())
    share = float(near[first])
    near[max(0, first - 2 * reach) : first + 2 * reach + 1] = 0
    return share, float(near.max())
