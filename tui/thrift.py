"""Pictures of few colours that change seldom along a row, and so cost few bytes to tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MANY = 32  # colours from which an octree does them justice; it takes a tenth of the time


def in_colours(picture: Image.Image, colours: int) -> Image.Image:
    """An RGB picture in so many colours of its own, without dithering."""
    method = Image.Quantize.FASTOCTREE if colours >= _MANY else Image.Quantize.MEDIANCUT
    kmeans = 0 if colours >= _MANY else 2
    return picture.quantize(colours, method, kmeans, dither=Image.Dither.NONE)


def distances_to(pixels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Squared steps from each pixel (h, w, 3) to each colour (n, 3), as (w, h, n).

    What all colours of a pixel have in common is left out.
    """
    colours = palette.astype(np.float32)
    across = np.ascontiguousarray(pixels.transpose(1, 0, 2)).astype(np.float32)
    return (colours**2).sum(1) - 2.0 * (across @ colours.T)


def smooth(distances: NDArray[np.float32], thrift: float) -> NDArray[np.uint8]:
    """The palette index of each pixel (h, w) that is best where each change in a row costs thrift.

    `distances` are (w, h, n). An exact minimum, row by row (A. J. Viterbi, 1967): flat parts become
    long runs, edges stay where they are.
    """
    columns, rows, colours = distances.shape
    cost = distances[0].copy()
    cheapest = np.zeros((columns, rows), np.int64)
    changed = np.zeros((columns, rows, colours), np.bool_)
    for column in range(1, columns):
        cheapest[column] = cost.argmin(1)
        change = np.take_along_axis(cost, cheapest[column][:, None], 1) + np.float32(thrift)
        np.less(change, cost, out=changed[column])
        np.minimum(cost, change, out=cost)
        cost += distances[column]
    chosen = np.zeros((columns, rows), np.int64)
    chosen[-1] = cost.argmin(1)
    across = np.arange(rows)
    for column in range(columns - 1, 0, -1):
        here = chosen[column]
        chosen[column - 1] = np.where(changed[column, across, here], cheapest[column], here)
    return np.ascontiguousarray(chosen.T).astype(np.uint8)
