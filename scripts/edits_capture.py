"""Edits by cameras, printers and screens: grain, blur, dots, moiré."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps

from photo_edits import LANCZOS, Random, array_of, image_of


def film_grain(picture: Image.Image, rng: Random) -> Image.Image:
    """Coarse grain in the luminance."""
    h, w = picture.height, picture.width
    noise = rng.normal(0, 1, (h, w)).astype(np.float32)
    grain = cv2.GaussianBlur(noise, (0, 0), max(1.0, max(h, w) / 900))
    return image_of(array_of(picture) + (grain / grain.std() * 15)[:, :, None])


def low_light(picture: Image.Image, rng: Random) -> Image.Image:
    """Three stops darker, photon noise and all."""
    x = array_of(picture) * 0.22
    return image_of(x + rng.normal(0, 1, x.shape) * np.sqrt(4 + 0.6 * x))


def motion_blur(picture: Image.Image, rng: Random) -> Image.Image:
    """Smeared by a camera that moved, by 2 % of the longer side."""
    length = max(5, max(picture.size) // 50) | 1
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1.0
    turn = cv2.getRotationMatrix2D((length / 2, length / 2), float(rng.uniform(0, 180)), 1)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    return image_of(cv2.filter2D(array_of(picture), -1, kernel / kernel.sum()))


def dither(picture: Image.Image, rng: Random) -> Image.Image:
    """Sixteen colours, dithered."""
    return picture.quantize(16, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")


def one_bit(picture: Image.Image, rng: Random) -> Image.Image:
    """Black and white, dithered, at 800 pixels."""
    small = picture.copy()
    small.thumbnail((800, 800), LANCZOS)
    return small.convert("1").convert("RGB")


def e_ink(picture: Image.Image, rng: Random) -> Image.Image:
    """Four greys, dithered, as a reader shows it at 600 pixels."""
    small = picture.copy()
    small.thumbnail((600, 600), LANCZOS)
    palette = Image.new("P", (1, 1))
    greys = [level for level in (40, 105, 165, 225) for _ in range(3)]
    palette.putpalette(greys + greys[-3:] * 252)
    grey = small.convert("L").convert("RGB")
    return grey.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")


def halftone(picture: Image.Image, rng: Random) -> Image.Image:
    """A newspaper's dots on a screen turned by 45°."""
    grey = np.asarray(picture.convert("L"), np.float32)
    pitch = max(4.0, max(grey.shape) / 180)
    y, x = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]].astype(np.float32)
    u, v = (x + y) * np.pi / pitch / 2**0.5, (x - y) * np.pi / pitch / 2**0.5
    screen = 127.5 + 127.5 * np.cos(u) * np.cos(v)
    ink = 1 / (1 + np.exp(-(grey - screen) / 12))
    paper = np.array([247, 243, 232], np.float32)
    return image_of(ink[:, :, None] * paper + (1 - ink[:, :, None]) * 35)


def rescan(picture: Image.Image, rng: Random) -> Image.Image:
    """A screen photographed: moiré of its pixels' grid, a blue white, turned by 1°."""
    x = array_of(picture)
    y, u = np.mgrid[0 : x.shape[0], 0 : x.shape[1]].astype(np.float32)
    waves = np.sin(u * 2.05 + y * 0.07) * 14 + np.sin(y * 2.17 - u * 0.05) * 14
    waves += np.sin((u + 0.4 * y) * 2 * np.pi / 37) * 9
    lit = (x + waves[:, :, None]) * np.array([0.9, 0.97, 1.12], np.float32)
    turned = image_of(lit).rotate(1.1, Image.Resampling.BICUBIC, fillcolor=(8, 8, 10))
    return turned.filter(ImageFilter.GaussianBlur(0.8))


def cartoon(picture: Image.Image, rng: Random) -> Image.Image:
    """Painted: fine texture gone, edges kept and drawn."""
    smooth = np.asarray(picture)
    for _ in range(3):
        smooth = cv2.bilateralFilter(smooth, 9, 45, 7)
    edges = ImageOps.invert(picture.convert("L").filter(ImageFilter.FIND_EDGES))
    return ImageChops.multiply(Image.fromarray(smooth), edges.convert("RGB"))
