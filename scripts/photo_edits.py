"""What all edits share: pictures as arrays and back, scaled, saved and cut.

An edit takes the upright RGB picture and random numbers of its own, and answers what a file would
then hold. Sizes go by the picture's own size, so that every edit means the same on any photograph.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# OpenCV's stubs promise no dtype for what they return; all of these hold float32.
Array = NDArray[Any]
Random = np.random.Generator
LANCZOS = Image.Resampling.LANCZOS


def array_of(picture: Image.Image) -> Array:
    """The picture's values 0..255, float32 (h, w, 3)."""
    return np.asarray(picture.convert("RGB"), np.float32)


def image_of(array: Array) -> Image.Image:
    """The picture of values that may stick out of 0..255."""
    return Image.fromarray(np.clip(np.rint(array), 0, 255).astype(np.uint8))


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    """The picture at a multiple of its size."""
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return picture.resize(size, LANCZOS)


def jpeg(picture: Image.Image, quality: int, subsampling: str = "4:2:0") -> Image.Image:
    """The picture as a JPEG shows it."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def cut(picture: Image.Image, share: float, rng: Random) -> Image.Image:
    """A crop of the given share of the area, anywhere."""
    side = share**0.5
    w, h = round(picture.width * side), round(picture.height * side)
    x = int(rng.integers(0, picture.width - w + 1))
    y = int(rng.integers(0, picture.height - h + 1))
    return picture.crop((x, y, x + w, y + h))
