"""How far two aligned pictures agree: SSIM by box filters, and structure block by block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# OpenCV's stubs promise no dtype for what they return: the docstrings say which it is.
Array = NDArray[Any]
Place = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Where points of one picture, float64 (n, 2), lie in another."""

Toning = Callable[[Array, Array], tuple[Array, Array]]
"""Brings the tones of two pictures, float32 (h, w) each, to one scale."""

WINDOW = 7
"""Side of SSIM's square window, as scikit-image has it."""
_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2
COMPARED_SIDE = 256
"""Longest side at which an aligned overlap is compared."""
_BLOCK = 11
_TEXTURE = 4.0  # grey levels of standard deviation below which a block says nothing
_AGREES = 0.6


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the aligned overlap of two pictures says.

    `ssim` is the mean SSIM after tones were matched, -1..1; `blocks` the fraction of the textured
    overlap whose local correlation is at least 0.6, `correlation` its median local correlation
    and `best_correlation` the upper quartile;
    `textured` the fraction of the overlap that has texture at all; `cover_a` and `cover_b` the
    fractions of the pictures that overlap; `inverted` whether light and dark are swapped.
    """

    ssim: float
    blocks: float
    correlation: float
    best_correlation: float
    textured: float
    cover_a: float
    cover_b: float
    inverted: bool
    flat_difference: float
    """Mean grey-level difference after tone matching where neither picture has texture."""
    gain: float
    """Contrast of a for one of b."""
    shift: float
    """Mean grey level of a less that of b."""


def ssim_map(a: Array, b: Array) -> Array:
    """SSIM at every pixel of two (h, w) pictures with values 0..255.

    Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
    structural similarity", IEEE TIP 2004, with a uniform 7 x 7 window and sample covariance: the
    values of scikit-image's `structural_similarity(full=True)`, from box sums instead of filters.
    Computed in float64, or in float32 (to some 1e-4) where both pictures are float32.
    """
    x, y = (p if p.dtype == np.float32 else p.astype(np.float64) for p in (a, b))
    # The variances are only ever added: four box filters do what five would.
    mx, my, squares, product = _mean(x), _mean(y), _mean(x * x + y * y), _mean(x * y)
    norm = WINDOW * WINDOW / (WINDOW * WINDOW - 1)
    both, mixed = mx * mx + my * my, mx * my
    top = (2 * mixed + _C1) * (2 * norm * (product - mixed) + _C2)
    return top / ((both + _C1) * (norm * (squares - both) + _C2))


def ssim(a: Array, b: Array) -> float:
    """Mean SSIM of two grey uint8 pictures of one size, as scikit-image's default gives it."""
    edge = WINDOW // 2
    if min(a.shape) < WINDOW:
        raise ValueError(f"SSIM needs at least {WINDOW} pixels a side, got {a.shape}")
    return float(ssim_map(a, b)[edge:-edge, edge:-edge].mean())


def _mean(x: Array) -> Array:
    return cv2.boxFilter(x, -1, (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT)


def compare(
    a: Array,
    b: Array,
    transform: Array,
    *,
    side: int = COMPARED_SIDE,
    place: Place | None = None,
    toned: Toning | None = None,
) -> Agreement | None:
    """Compare two grey pictures where `transform` (3x3, pixels of a to pixels of b) lays them over.

    The overlap is compared at `side` pixels at the most: at few pixels noise and blur don't count.
    `place` says where points of a lie in b where that is no perspective map; `transform` is then
    near it; `toned` is applied to the tones first. None where they overlap too little.
    """
    warped = overlay(a, b, transform, side=side, place=place)
    if warped is None:
        return None
    x, y, mask, cover_a, cover_b = warped
    if toned is not None:
        x, y = toned(x, y)
    inside = cv2.erode(mask.astype(np.uint8), np.ones((WINDOW, WINDOW), np.uint8)).astype(bool)
    edge = WINDOW // 2
    inside[:edge], inside[-edge:], inside[:, :edge], inside[:, -edge:] = False, False, False, False
    size = np.count_nonzero(inside)
    if size < 64:
        return None
    shift = masked_mean(x, inside) - masked_mean(y, inside)
    y, gain = match_tones(x, y, inside)
    score = masked_mean(ssim_map(x, y), inside)
    correlation, textured = _local_correlation(x, y)
    textured &= inside
    flat = inside & ~textured
    some = np.count_nonzero(textured)
    values = correlation[textured]
    # Sorted whole, which numpy does by vectors: a selection takes ten times as long.
    ordered = np.sort(values)
    median, upper = (float(ordered[int(q * some)]) if some else 0.0 for q in (0.5, 0.75))
    return Agreement(
        ssim=score,
        blocks=float((values >= _AGREES).mean()) if some else 0.0,
        correlation=median,
        best_correlation=upper,
        textured=some / size,
        cover_a=cover_a,
        cover_b=cover_b,
        inverted=gain < 0,
        flat_difference=masked_mean(cv2.absdiff(x, y), flat),  # 0 where there is none
        gain=gain,
        shift=shift,
    )


def overlay(
    a: Array, b: Array, transform: Array, *, side: int, place: Place | None = None
) -> tuple[Array, Array, Array, float, float] | None:
    """The overlap of a with b warped onto it, both float32, its mask and the fractions covered.

    The overlap is compared at the coarser of the two resolutions and at most `side` pixels:
    enlarging one picture would only compare interpolation.
    """
    ha, wa = a.shape
    hb, wb = b.shape
    corners = np.array([[[0, 0], [wb, 0], [wb, hb], [0, hb]]], np.float64)
    try:
        inverse = np.linalg.inv(transform)
    except np.linalg.LinAlgError:
        return None
    outline = cv2.perspectiveTransform(corners, inverse)[0]
    if not np.isfinite(outline).all() or np.abs(outline).max() > 1e5:
        return None
    shape = cv2.convexHull(outline.astype(np.float32))
    frame = np.array([[0, 0], [wa, 0], [wa, ha], [0, ha]], np.float32)
    area, polygon = cv2.intersectConvexConvex(shape, frame)
    if area <= 0 or polygon is None:
        return None
    x0, y0 = np.floor(polygon.reshape(-1, 2).min(axis=0))
    x1, y1 = np.ceil(polygon.reshape(-1, 2).max(axis=0))
    width, height = x1 - x0, y1 - y0
    if min(width, height) < 8:
        return None
    area_b = cv2.contourArea(shape)
    zoom = float(np.sqrt(wb * hb / max(area_b, 1e-9)))  # pixels of b for one of a
    factor = min(1.0, zoom, side / max(width, height))
    size = max(8, round(width * factor)), max(8, round(height * factor))
    to_a = np.array([[width / size[0], 0, x0], [0, height / size[1], y0], [0, 0, 1]], np.float64)
    x = _sample(a, to_a, size)
    if place is None:
        y = _sample(b, transform @ to_a, size)
        inside = cv2.warpPerspective(
            np.full(b.shape, 255, np.uint8),
            transform @ to_a,
            size,
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        )
    else:
        y, inside = _sample_at(b, transform @ to_a, to_a, size, place)
    cover_a = min(1.0, area / (wa * ha))
    cover_b = min(1.0, area / max(area_b, 1e-9))
    return x, y, inside > 0, cover_a, cover_b


def _smoothed(picture: Array, transform: Array) -> Array:
    """The picture, low-passed where a target-to-source transform shrinks it."""
    step = float(np.sqrt(abs(np.linalg.det(transform[:2, :2]))))
    if step <= 1.2:
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.45 * step), np.uint8)


def _sample_at(
    b: Array, transform: Array, to_a: Array, size: tuple[int, int], place: Place
) -> tuple[Array, Array]:
    """b as it lies over `size` pixels that `to_a` takes to a, float32, and where it lies there."""
    across, down = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    grid = np.stack([across.ravel(), down.ravel(), np.ones(across.size)], axis=1) @ to_a.T
    x, y = place(grid[:, :2].astype(np.float64)).astype(np.float32).T.reshape(2, size[1], size[0])
    warped = cv2.remap(
        _smoothed(b, transform), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    inside = (x >= 0) & (y >= 0) & (x <= b.shape[1] - 1) & (y <= b.shape[0] - 1)
    return np.asarray(warped, np.float32), inside


def _sample(picture: Array, transform: Array, size: tuple[int, int]) -> Array:
    """Warp a picture to `size` by a target-to-source transform, low-passed where it shrinks."""
    picture = _smoothed(picture, transform)  # bilinear sampling alone would alias
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(
        picture, transform, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.float32)


def match_tones(x: Array, y: Array, inside: Array) -> tuple[Array, float]:
    """y with gain and offset fitted to x inside the mask, and the gain; all float32."""
    mean_x, mean_y = masked_mean(x, inside), masked_mean(y, inside)
    u, v = x - np.float32(mean_x), y - np.float32(mean_y)
    variance = masked_mean(v * v, inside)
    if variance < 1e-3:
        return y + np.float32(mean_x - mean_y), 1.0
    covariance = masked_mean(u * v, inside)
    # The ratio of deviations, not the regression slope: noise must not flatten y into agreement.
    gain = float(np.copysign(np.sqrt(masked_mean(u * u, inside) / variance), covariance))
    gain = float(np.clip(gain, -8.0, 8.0))
    return np.clip(v * np.float32(gain) + np.float32(mean_x), 0, 255), gain


def masked_mean(values: Array, inside: Array) -> float:
    """Mean of float32 values where the mask, bool of the same shape, is set: nothing is copied."""
    return cv2.mean(values, inside.view(np.uint8))[0]


def _local_correlation(x: Array, y: Array) -> tuple[Array, Array]:
    """Pearson correlation in a block around every pixel, and where either picture has texture."""
    x = cv2.GaussianBlur(x, (0, 0), 1.0)
    y = cv2.GaussianBlur(y, (0, 0), 1.0)
    size = (_BLOCK, _BLOCK)
    mx, my = cv2.boxFilter(x, -1, size), cv2.boxFilter(y, -1, size)
    vx = np.maximum(cv2.boxFilter(x * x, -1, size) - mx * mx, 0)
    vy = np.maximum(cv2.boxFilter(y * y, -1, size) - my * my, 0)
    vxy = cv2.boxFilter(x * y, -1, size) - mx * my
    textured = np.maximum(vx, vy) > _TEXTURE * _TEXTURE
    correlation = vxy / np.sqrt(np.maximum(vx, 1.0) * np.maximum(vy, 1.0))
    return np.asarray(correlation, np.float32), textured
