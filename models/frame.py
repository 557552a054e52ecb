"""One frame that holds both pictures of a pair, and any part of either drawn in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .similarity import Array

_LARGEST = 8.0  # times a's sides: where b reaches further, the transform is no edit to be shown
_MAGNIFIED = 3.0  # from here pixels are shown as squares
_BLURRED = 2.5  # source pixels for one that a smooth filter is left: blocks alone would shimmer


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle around two aligned pictures, upright as a is; its unit is a working pixel of a.

    `to_a` and `to_b` are float64 3x3 and take the frame's points, (0, 0) at its upper left corner,
    to the unit square of each picture: so they serve previews and full pictures alike.
    """

    width: float
    height: float
    to_a: Array
    to_b: Array

    def shared(self) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of what both show; None where that is nothing."""
        a, b = self.outline(self.to_a), self.outline(self.to_b)
        area, common = cv2.intersectConvexConvex(cv2.convexHull(a), cv2.convexHull(b))
        if area <= 0 or common is None:
            return None
        (left, top), (right, bottom) = (pick(common.reshape(-1, 2), axis=0) for pick in _ENDS)
        return float(left), float(top), float(right), float(bottom)

    def outline(self, to_picture: Array) -> Array:
        """The four corners of a picture in the frame, float32 (4, 2)."""
        corners = np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], np.float64)
        return cv2.perspectiveTransform(corners, np.linalg.inv(to_picture))[0].astype(np.float32)


_ENDS = (np.min, np.max)


def frame(transform: Array, a: tuple[int, int], b: tuple[int, int]) -> Frame:
    """The frame of a (width, height) and b, `transform` taking pixels of a to pixels of b."""
    onto_b = _to_unit(*b) @ transform @ _INDEX
    try:
        corners = np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], np.float64)
        outline = cv2.perspectiveTransform(corners, np.linalg.inv(onto_b))[0]
    except np.linalg.LinAlgError:
        outline = np.full((4, 2), np.inf)
    own = np.array([[0, 0], a], np.float64)
    reach = np.vstack([own, outline])
    if not np.isfinite(reach).all() or np.abs(reach).max() > _LARGEST * max(a):
        reach = own
    (left, top), (right, bottom) = reach.min(axis=0), reach.max(axis=0)
    place = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]], np.float64)
    onto_a = np.diag([1 / a[0], 1 / a[1], 1.0])
    return Frame(float(right - left), float(bottom - top), onto_a @ place, onto_b @ place)


# Pixels have their centres at whole numbers; in the frame and the unit squares at halves.
_INDEX = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]], np.float64)


def _to_unit(width: int, height: int) -> Array:
    """From pixels of a picture to its unit square."""
    return np.array([[1 / width, 0, 0.5 / width], [0, 1 / height, 0.5 / height], [0, 0, 1]])


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a frame at some size: from (left, top), `step` of the frame's units a pixel."""

    left: float
    top: float
    step: float
    width: int
    """Pixels."""
    height: int

    def onto(self, to_unit: Array) -> Array:
        """From this part's pixels to a picture's unit square, 3x3; `to_unit` is the frame's."""
        s = self.step
        return to_unit @ np.array(
            [[s, 0, self.left + s / 2], [0, s, self.top + s / 2], [0, 0, 1]], np.float64
        )


def draw(picture: NDArray[np.uint8], onto: Array, size: tuple[int, int]) -> tuple[Array, Array]:
    """A picture (h, w, 3) through a map from pixels of the result to its unit square.

    Returns the pixels, uint8 (height, width, 3), and where the picture reaches, bool
    (height, width). What shrinks is averaged first; what is magnified stays in squares.
    """
    width, height = size
    full = picture.shape[1], picture.shape[0]
    m = np.linalg.inv(_to_unit(*full)) @ onto
    inside = _reaches(onto, size)
    if not inside.any():
        return np.zeros((height, width, 3), np.uint8), inside
    middle = np.array([width / 2, height / 2])
    step = _step(m, middle)
    picture, m = _cut(picture, m, size, margin=2 * math.ceil(step) + 2)
    shrink = int(step / _BLURRED)
    if shrink >= 2:
        picture, m = _reduced(picture, m, shrink)
    step = _step(m, middle)
    if step > 1.2:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.4 * step), np.uint8)
    squares = step < 1 / _MAGNIFIED
    flags = (cv2.INTER_NEAREST if squares else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    drawn = cv2.warpPerspective(picture, m, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    drawn[~inside] = 0
    return np.asarray(drawn, np.uint8), inside


def scale(onto: Array, full: tuple[int, int], at: tuple[float, float]) -> float:
    """Pixels of the result for one of a picture of `full` size, near the point `at` of it."""
    step = _step(np.linalg.inv(_to_unit(*full)) @ onto, np.array(at))
    return 1.0 / max(step, 1e-9)


def _reaches(onto: Array, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels of the result fall into the picture."""
    width, height = size
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    u, v, w = (row[0] * xs + row[1] * ys + row[2] for row in onto)
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = u / w, v / w
    return (w > 0) & (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)


def _step(m: Array, at: Array) -> float:
    """How many pixels of the source one pixel of the result takes up, at a point of the result."""
    w = float(m[2] @ [*at, 1.0])
    if abs(w) < 1e-12:
        return 1.0
    put = m[:2] @ [*at, 1.0] / w
    jacobian = (m[:2, :2] - np.outer(put, m[2, :2])) / w
    return float(np.sqrt(abs(np.linalg.det(jacobian))))


def _cut(
    picture: NDArray[np.uint8], m: Array, size: tuple[int, int], *, margin: int
) -> tuple[NDArray[np.uint8], Array]:
    """Only the part of the picture that the result shows, and the map onto it."""
    width, height = size
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64) - 0.5
    reach = cv2.perspectiveTransform(corners, m)[0]
    if not np.isfinite(reach).all() or (corners[0] @ m[2, :2] + m[2, 2]).min() <= 0:
        return picture, m
    left, top = np.clip(np.floor(reach.min(axis=0)) - margin, 0, None).astype(int)
    right, bottom = (np.ceil(reach.max(axis=0)) + margin + 1).astype(int)
    part = picture[top:bottom, left:right]
    if part.size == 0:
        return picture, m
    return np.ascontiguousarray(part), np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]]) @ m


def _reduced(picture: NDArray[np.uint8], m: Array, shrink: int) -> tuple[NDArray[np.uint8], Array]:
    """The picture reduced by a whole number by averaging, and the map onto it."""
    height, width = picture.shape[:2]
    size = max(1, width // shrink), max(1, height // shrink)
    whole = picture
    if min(width, height) >= shrink:  # whole blocks only: a grid that doesn't fit would shift it
        whole = picture[: size[1] * shrink, : size[0] * shrink]
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    fx, fy = whole.shape[1] / size[0], whole.shape[0] / size[1]
    down = np.array([[1 / fx, 0, 0.5 / fx - 0.5], [0, 1 / fy, 0.5 / fy - 0.5], [0, 0, 1]])
    return np.asarray(small, np.uint8), down @ m
