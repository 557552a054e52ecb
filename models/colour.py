"""Any mode of picture to 8-bit sRGB: profiles, transparency, 16 bits and floating point."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:  # loaded where a picture has a profile, which few have
    from PIL import ImageCms

GROUND = (255, 255, 255)
"""What shows through transparent pixels: white, on which most such pictures were meant to stand."""

_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
_RESIZABLE = frozenset(("L", "RGB", "CMYK", "YCbCr", "LAB"))


def resizable(image: Image.Image) -> Image.Image:
    """The picture in a mode of 8 bits a channel that can be averaged: L, RGB, CMYK, YCbCr, LAB.

    Transparent pixels are laid over GROUND. 16 bits are scaled to 8; 32-bit and float pictures,
    which don't say what their white is, by the smallest of 1, 255 and 65535 that holds them, else
    from their least to their greatest value.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return Image.fromarray(_to_8_bits(np.asarray(image), image.mode))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return _over_ground(image.convert("RGBA"))
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in _RESIZABLE else image.convert("RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture as `resizable` returns it, in sRGB, mode 'RGB'; a broken profile is passed over."""
    if image.mode == "YCbCr":
        image = image.convert("RGB")
    transform = _lab_transform() if image.mode == "LAB" else _transform(profile, image.mode)
    if transform is None:
        return image if image.mode == "RGB" else image.convert("RGB")
    from PIL import ImageCms

    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None  # None only where it works in place
    return converted


def _over_ground(image: Image.Image) -> Image.Image:
    ground = Image.new("RGB", image.size, GROUND)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _to_8_bits(values: NDArray[np.generic], mode: str) -> NDArray[np.uint8]:
    if mode.startswith("I;"):
        return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    numbers = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    whites = (1.0, 255.0, 65535.0) if mode == "F" else (255.0, 65535.0)
    white = next((white for white in whites if low >= 0.0 and high <= white), None)
    if white is None:
        numbers = numbers - low
        white = max(high - low, 1e-30)
    return np.rint(numbers * np.float32(255.0 / white)).clip(0, 255).astype(np.uint8)


@functools.lru_cache(maxsize=16)
def _transform(profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From the profile to sRGB; None where it is sRGB, is for another mode, or can't be used."""
    if not profile or mode not in _SPACES:
        return None
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        facts: Any = source.profile  # littleCMS's own object, which Pillow's types call a file
        if facts.xcolor_space.strip() != _SPACES[mode]:
            return None
        if "sRGB" in (facts.profile_description or ""):
            return None
        return ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None


@functools.cache
def _lab_transform() -> ImageCms.ImageCmsTransform:
    from PIL import ImageCms

    return ImageCms.buildTransform(
        ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
    )
