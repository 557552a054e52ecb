"""Where two aligned pictures differ: the map of their SSIM, how much of it is low, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from .frame import Frame, Part, draw
from .similarity import COMPARED_SIDE, WINDOW, Array, match_tones, overlay, ssim_map

DIFFERS = 0.5
"""SSIM below which a place is counted as differing: noise and JPEG's blocks stay above, mostly."""
_SEEN = 6.0  # grey levels: in flat places SSIM falls to 0 over differences that nobody sees
_PLACES = 64
_MOSTLY = 0.6  # of what differs lies in the part that is named


class Where(StrEnum):
    """A part of a picture, half as wide and half as high as it is."""

    UPPER_LEFT = "upper left"
    TOP = "at the top"
    UPPER_RIGHT = "upper right"
    LEFT = "on the left"
    MIDDLE = "in the middle"
    RIGHT = "on the right"
    LOWER_LEFT = "lower left"
    BOTTOM = "at the bottom"
    LOWER_RIGHT = "lower right"


@dataclass(frozen=True, slots=True)
class Difference:
    """How two pictures differ inside the bounding box of their overlap."""

    grey: Array
    """The first picture there, float32 (h, w), 0..255."""
    amount: Array
    """1 - SSIM with tones matched, float32 (h, w), 0 (the same) .. 1 (nothing in common).

    It is 0 where they don't overlap, and where no eye would see the difference.
    """
    inside: NDArray[np.bool_]
    """Where they overlap."""
    ssim: float
    """Mean SSIM of the overlap, -1..1."""
    share: float
    """Share of the overlap that differs, 0..1."""
    where: Where | None
    """Where most of that lies; None where it is spread out, or there is none."""


def difference(
    a: Array, b: Array, transform: Array, *, side: int = COMPARED_SIDE
) -> Difference | None:
    """The difference of two grey uint8 pictures, `transform` taking pixels of a to pixels of b.

    `ssim` is the value that `similarity.compare` gives. None where they overlap too little.
    """
    laid = overlay(a, b, transform, side=side)
    if laid is None:
        return None
    x, y, mask, _, _ = laid
    inside = cv2.erode(mask.astype(np.uint8), np.ones((WINDOW, WINDOW), np.uint8)) > 0
    edge = WINDOW // 2
    inside[:edge], inside[-edge:], inside[:, :edge], inside[:, -edge:] = False, False, False, False
    if inside.sum() < 64:
        return None
    y = match_tones(x, y, inside)[0]
    values = ssim_map(x, y)
    amount = np.clip(1.0 - values, 0.0, 1.0).astype(np.float32)
    amount[~mask] = 0.0
    apart = cv2.blur(np.abs(x - y), (WINDOW, WINDOW)) > _SEEN
    differs = inside & (values < DIFFERS) & apart
    return Difference(
        grey=x,
        amount=np.where(mask & apart, amount, 0.0).astype(np.float32),
        inside=mask,
        ssim=float(values[inside].mean()),
        share=float(differs.sum() / inside.sum()),
        where=_where(differs),
    )


def _where(differs: NDArray[np.bool_]) -> Where | None:
    """The part, of nine that overlap by half, that holds most of what differs."""
    total = int(differs.sum())
    if total == 0:
        return None
    height, width = differs.shape
    held: list[tuple[float, Where]] = []
    for number, where in enumerate(Where):
        row, column = divmod(number, 3)
        top, left = row * height // 4, column * width // 4
        part = differs[top : top + height // 2 + 1, left : left + width // 2 + 1]
        held.append((part.sum() / total, where))
    share, where = max(held, key=lambda entry: entry[0])
    return where if share >= _MOSTLY else None


def colours_apart(first: NDArray[np.uint8], second: NDArray[np.uint8], frame: Frame) -> float:
    """Median distance of two RGB pictures' chroma where both lie in a frame, in 8-bit steps.

    Averaged over some 64 x 64 places, so that detail laid over itself a little off doesn't count;
    0.0 where they share too little.
    """
    shared = frame.shared()
    if shared is None:
        return 0.0
    left, top, right, bottom = shared
    step = max(right - left, bottom - top) / _PLACES
    size = max(4, round((right - left) / step)), max(4, round((bottom - top) / step))
    part = Part(left, top, step, *size)
    (a, in_a), (b, in_b) = (
        draw(cv2.GaussianBlur(picture, (0, 0), max(picture.shape) / 256).astype(np.uint8),
             part.onto(to_unit), size)
        for picture, to_unit in ((first, frame.to_a), (second, frame.to_b))
    )  # fmt: skip
    inside = cv2.erode((in_a & in_b).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if inside.sum() < 16:
        return 0.0
    chroma = [cv2.cvtColor(p, cv2.COLOR_RGB2YCrCb)[..., 1:].astype(np.float32) for p in (a, b)]
    return float(np.median(np.linalg.norm(chroma[0] - chroma[1], axis=-1)[inside]))
