"""Stored previews as arrays, decoded in the main process.

A small JPEG is its own preview, so these can be a stranger's bytes. They are decoded as a worker,
under its limits, has decoded them before: by Pillow. OpenCV's decoder gives the same pixels, and
prints on the screen what it thinks of damaged ones.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def grey(jpeg: bytes) -> NDArray[np.uint8]:
    """The luminance, uint8 (height, width).

    Raises:
        ValueError: it can't be decoded.
    """
    return _decoded(jpeg, "L", 1)


def colour(jpeg: bytes, *, reduced: int = 1) -> NDArray[np.uint8]:
    """RGB, uint8 (height, width, 3); `reduced` 2, 4 or 8 decodes at that part of the size.

    Raises:
        ValueError: it can't be decoded.
    """
    return _decoded(jpeg, "RGB", reduced)


def _decoded(jpeg: bytes, mode: str, reduced: int) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            width, height = image.size
            image.draft(mode, (max(1, width // reduced), max(1, height // reduced)))
            return np.asarray(image if image.mode == mode else image.convert(mode))
    except (OSError, SyntaxError) as error:
        raise ValueError("the stored preview is no picture") from error
