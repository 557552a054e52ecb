"""What lies around a picture inside another: a frame, a caption's bar, or more of the scene."""

from __future__ import annotations

import cv2
import numpy as np

from .picture import EVEN, Picture
from .similarity import Agreement, Array
from .tones import commonest_tones


def is_framed(a: Picture, b: Picture, transform: Array, agreement: Agreement) -> bool:
    """Whether one picture lies whole inside the other and what surrounds it there is flat."""
    if min(agreement.cover_a, agreement.cover_b) > 0.98:
        return False
    if agreement.cover_a >= agreement.cover_b:
        inner, outer, to_outer = a.keypoints, b.grey, transform
    else:
        inner, outer, to_outer = b.keypoints, a.grey, np.linalg.inv(transform)
    w, h = inner.width, inner.height
    corners = np.array([[[0, 0], [w, 0], [w, h], [0, h]]], np.float64)
    outline = cv2.perspectiveTransform(corners, to_outer)[0]
    around = np.full(outer.shape, 255, np.uint8)
    cv2.fillConvexPoly(around, np.rint(outline).astype(np.int32), 0)
    around = cv2.erode(around, np.ones((7, 7), np.uint8)) > 0
    if around.sum() < 64:
        return True  # a border thinner than a few pixels
    # One or two even tones: a bar and its letters, a white margin. No sky or wall is so even.
    first, second = commonest_tones(outer[around], EVEN)
    if first <= 0.5 and first + second <= 0.7:
        return False
    return _steps(outer, outline) >= 0.4


def _steps(outer: Array, outline: Array) -> float:
    """Share of an outline at which the tone jumps: a frame begins there, a scene only goes on."""
    centre = outline.mean(axis=0)
    ends = np.roll(outline, -1, axis=0)
    along = np.linspace(0.02, 0.98, 64)[:, None, None]
    places = (outline * (1 - along) + ends * along).reshape(-1, 2)
    outward = places - centre
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    smooth = cv2.blur(outer, (3, 3)).astype(np.int16)
    high, wide = outer.shape
    values = []
    for offset in (-4.0, 4.0):
        at = np.rint(places + offset * outward).astype(int)
        inside = (at >= 0).all(axis=1) & (at[:, 0] < wide) & (at[:, 1] < high)
        at = np.clip(at, 0, (wide - 1, high - 1))
        values.append((smooth[at[:, 1], at[:, 0]], inside))
    (inner, ok), (beyond, also) = values
    usable = ok & also
    return float((np.abs(inner - beyond)[usable] > 8).mean()) if usable.any() else 0.0
