"""Edits by programs: what saving, scaling and colour coding do to a photograph."""

from __future__ import annotations

from PIL import Image, ImageFilter

from photo_edits import LANCZOS, Random, jpeg, scaled


def same(picture: Image.Image, rng: Random) -> Image.Image:
    """Nothing: the file's format does it."""
    return picture


def double_jpeg(picture: Image.Image, rng: Random) -> Image.Image:
    """Saved twice as JPEG, the second time off the grid of blocks."""
    once = jpeg(picture, 60)
    return jpeg(once.crop((3, 5, once.width, once.height)), 75)


def two_steps(picture: Image.Image, rng: Random) -> Image.Image:
    """Scaled down in two steps, sharpened between."""
    return scaled(scaled(picture, 0.6).filter(ImageFilter.UnsharpMask(1.0, 60, 2)), 0.7)


def chroma_420(picture: Image.Image, rng: Random) -> Image.Image:
    """Colour at a quarter of the resolution, twice."""
    y, cb, cr = picture.convert("YCbCr").split()
    coarse = [scaled(band, 0.25).resize(picture.size) for band in (cb, cr)]
    return Image.merge("YCbCr", (y, *coarse)).convert("RGB")


def grown_thumbnail(picture: Image.Image, rng: Random) -> Image.Image:
    """A thumbnail of 128 pixels blown up to 640."""
    small = picture.copy()
    small.thumbnail((128, 128), LANCZOS)
    return small.resize((small.width * 5, small.height * 5), Image.Resampling.BICUBIC)
