"""Pillow's Lanczos reduction by matrix products: the same bits, at a fraction of the time."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SUPPORT = 3.0
_BAND = 8
_SPLIT = 256
_LARGEST = 512
_SMALLEST = 60
_NARROW = 256
_TALL = 1.6
_PRECISION = 22  # bits of Pillow's fixed-point weights for 8-bit pictures


def reduce(pixels: NDArray[np.float32], width: int, height: int) -> NDArray[np.uint8]:
    """A grey picture, whole numbers 0..255 as float32 (h, w), resized to uint8 (height, width).

    Bit-identical to `Image.resize((width, height), LANCZOS)` of Pillow, which filters rows, rounds
    to 8 bits, then filters columns, with weights of 22 bits. Each weight is split in two, so that
    float32 holds all sums without rounding: BLAS may then add them in any order.
    """
    h, w = pixels.shape
    if min(h, w) < _SMALLEST or h > _TALL * w or max(h, w) > _LARGEST:
        # From version 13 on Pillow filters the columns of tall pictures first; and few pixels are
        # cheap anyway.
        grey = Image.fromarray(pixels.astype(np.uint8))
        return np.asarray(grey.resize((width, height), Image.Resampling.LANCZOS))
    if w <= _NARROW:  # doubles hold the sums as well, and few of them are quickly added
        rows = pixels.astype(np.float64) @ _weights(w, width).T
    else:
        rows = np.empty((h, width))
        for outputs, inputs, halves in _bands(w, width):
            high, low = np.split(pixels[:, inputs] @ halves, 2, axis=1)
            rows[:, outputs] = high * np.float64(_SPLIT) + low
    return _rounded(_weights(h, height) @ _rounded(rows)).astype(np.uint8)


def _rounded(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fixed-point sums as the whole numbers 0..255 that Pillow's shift makes of them; in place."""
    sums *= 2.0**-_PRECISION
    sums += 0.5
    np.floor(sums, out=sums)
    np.maximum(sums, 0.0, out=sums)
    return np.minimum(sums, 255.0, out=sums)


@functools.lru_cache(maxsize=64)
def _bands(size: int, reduced: int) -> list[tuple[slice, slice, NDArray[np.float32]]]:
    """The weights of some outputs at a time for the inputs that they see: most see few.

    The higher and the lower part of the weights stand side by side, (inputs, 2 * outputs). A sum of
    `_LARGEST` lower parts, each at most half of `_SPLIT`, times 255 is below 2**24.
    """
    weights = _weights(size, reduced)
    bands = []
    for start in range(0, reduced, _BAND):
        some = weights[start : start + _BAND]
        seen = np.flatnonzero(some.any(axis=0))
        inputs = slice(int(seen[0]), int(seen[-1]) + 1)
        high = np.rint(some[:, inputs] / _SPLIT)
        halves = np.concatenate([high, some[:, inputs] - high * _SPLIT]).T.astype(np.float32)
        bands.append((slice(start, start + len(some)), inputs, np.ascontiguousarray(halves)))
    return bands


@functools.lru_cache(maxsize=64)
def _weights(size: int, reduced: int) -> NDArray[np.float64]:
    """Whole numbers by which `size` pixels are weighed for each of `reduced`: (reduced, size)."""
    scale = size / reduced
    stretch = max(scale, 1.0)
    centres = ((np.arange(reduced) + 0.5) * scale)[:, None]
    places = np.arange(size)[None]
    low = np.maximum(np.floor(centres - _SUPPORT * stretch + 0.5), 0)
    high = np.minimum(np.floor(centres + _SUPPORT * stretch + 0.5), size)
    x = (places - centres + 0.5) / stretch
    inside = (places >= low) & (places < high) & (x >= -_SUPPORT) & (x < _SUPPORT)
    kernel = np.where(inside, np.sinc(x) * np.sinc(x / _SUPPORT), 0.0)
    kernel /= kernel.sum(axis=1, keepdims=True)
    fixed = kernel * (1 << _PRECISION)
    return np.asarray(np.trunc(fixed + np.copysign(0.5, fixed)), np.float64)
