"""Edits of tone and colour: grades, filters, wrong converters."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageOps

from photo_edits import Random, array_of, image_of


def warm(picture: Image.Image, rng: Random) -> Image.Image:
    """A slightly warmer white."""
    return image_of(array_of(picture) * np.array([1.07, 1.0, 0.9], np.float32))


def strong_grade(picture: Image.Image, rng: Random) -> Image.Image:
    """A film's grade: teal shadows, orange lights, an S curve."""
    x = array_of(picture) / 255
    luma = x.mean(axis=2, keepdims=True)
    shadow = np.array([-0.10, 0.04, 0.12], np.float32) * (1 - luma)
    light = np.array([0.14, 0.03, -0.12], np.float32) * luma
    curved = x * x * (3 - 2 * x)
    return image_of(255 * (0.35 * x + 0.65 * curved + shadow + light))


def local_contrast(picture: Image.Image, rng: Random) -> Image.Image:
    """Contrast evened out place by place, the HDR look."""
    lab = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2LAB)
    lab[:, :, 0] = cv2.createCLAHE(3.0, (8, 8)).apply(lab[:, :, 0])
    return Image.fromarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def channel_swap(picture: Image.Image, rng: Random) -> Image.Image:
    """Red and blue swapped, as a wrong converter does."""
    r, g, b = picture.split()
    return Image.merge("RGB", (b, g, r))


def duotone(picture: Image.Image, rng: Random) -> Image.Image:
    """Two colours for light and dark."""
    return ImageOps.colorize(picture.convert("L"), "#1b1464", "#f9ca24").convert("RGB")


def posterise(picture: Image.Image, rng: Random) -> Image.Image:
    """Four levels a channel."""
    return ImageOps.posterize(picture, 2)


def solarise(picture: Image.Image, rng: Random) -> Image.Image:
    """Light parts turned to their negative."""
    return ImageOps.solarize(picture, 150)
