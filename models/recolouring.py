"""How the colours of an overlap differ: everywhere by one rule, or those of one thing only."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .similarity import Array

SIDE = 64
"""Pixels a side at which colours are compared."""
_VIVID = 16.0  # chroma from which a hue can be told
_TURNED = 0.7  # cosine of two hues
_KEPT = 0.94
_STEADY = 0.25  # share of an overlap that keeps its hue or has none
_TRIMMED = 0.8  # share of the overlap that a rule is fitted to
_NEAR = 8.0  # 8-bit steps of chroma by which a rule may miss
_TINT = 4.0  # chroma of a tinted grey
_NEARLY_ALL = 0.8
_ONE_HUE = 0.98
_SEVERAL = 0.9  # mean resultant of the hues below which there are several


def compare_colours(a: Array, b: Array, to_b: NDArray[np.float64]) -> tuple[float, float]:
    """Mean distance of the overlap's chroma in 8-bit steps, and how much of it was recoloured.

    a and b are float32 (64, 64, 3), Y, Cr and Cb; `to_b` maps cells of a to cells of b. A filter
    or a tint changes all hues alike, or all neutral tones with them; swapped channels change every
    colour by one rule. The same product in another colour turns the hue of a part and leaves the
    rest as it was.
    """
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(b, to_b, (SIDE, SIDE), flags=flags, borderValue=(-1.0,) * 3)
    inside = warped.min(axis=2) >= 0
    if not inside.any():
        return 0.0, 0.0
    _, u0, u1 = cv2.split(a - 128.0)
    _, v0, v1 = cv2.split(warped - 128.0)
    distance = float(cv2.magnitude(u0 - v0, u1 - v1)[inside].mean())
    strong_u, strong_v = cv2.magnitude(u0, u1), cv2.magnitude(v0, v1)
    cosine = (u0 * v0 + u1 * v1) / np.maximum(strong_u * strong_v, 1e-6)
    vivid = inside & (np.minimum(strong_u, strong_v) >= _VIVID)
    turned = vivid & (cosine < _TURNED)
    kept = (vivid & (cosine > _KEPT)) | (inside & (np.maximum(strong_u, strong_v) < _VIVID / 2))
    if not turned.any() or kept.sum() < _STEADY * inside.sum():
        return distance, 0.0
    # A turned hue along an edge is a misplaced pixel; a recoloured thing has an inside.
    body = cv2.erode(turned.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if _is_monochrome(v0[inside], v1[inside]) != _is_monochrome(u0[inside], u1[inside]):
        return distance, 0.0
    if body.any() and _several_hues(u0[body], u1[body]):
        missed = _missed(a[inside], np.stack([v0, v1], axis=2)[inside])
        body[inside] &= missed > _NEAR
    return distance, float(body.sum() / inside.sum())


def _several_hues(cr: Array, cb: Array) -> bool:
    """Whether chroma points several ways: a rule that maps one hue and greys proves nothing."""
    size = np.maximum(np.hypot(cr, cb), 1e-6)
    return bool(np.hypot((cr / size).mean(), (cb / size).mean()) < _SEVERAL)


def _is_monochrome(cr: Array, cb: Array) -> bool:
    """Whether nearly all is tinted, and all with one hue, as in a sepia or a duotone."""
    size = np.hypot(cr, cb)
    tinted = size >= _TINT
    if tinted.mean() < _NEARLY_ALL:
        return False
    cr, cb = cr[tinted] / size[tinted], cb[tinted] / size[tinted]
    return bool(np.hypot(cr.mean(), cb.mean()) > _ONE_HUE)


def _missed(colours: Array, chroma: Array) -> Array:
    """By how much the best affine rule from colours (n, 3) to chroma (n, 2) misses each, (n,)."""
    known = np.hstack([colours, np.ones((len(colours), 1), np.float32)]).astype(np.float64)
    errors = np.zeros(len(known))
    used = np.ones(len(known), bool)
    for _ in range(4):
        rule = np.linalg.lstsq(known[used], chroma[used], rcond=None)[0]
        errors = np.linalg.norm(known @ rule - chroma, axis=1)
        used = errors <= np.sort(errors)[int(_TRIMMED * (len(errors) - 1))]
    return errors
