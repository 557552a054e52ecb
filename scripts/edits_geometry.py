"""Edits of geometry: crops, turns, lenses, prints and pages photographed."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from photo_edits import LANCZOS, Random, array_of, cut, image_of


def lens(picture: Image.Image, rng: Random) -> Image.Image:
    """Barrel distortion as of a wide lens."""
    w, h = picture.size
    camera = np.array([[w, 0, w / 2], [0, w, h / 2], [0, 0, 1]], np.float64)
    bend = np.array([-0.22, 0.04, 0, 0], np.float64)
    return image_of(cv2.undistort(array_of(picture), camera, -bend))


def turned_7(picture: Image.Image, rng: Random) -> Image.Image:
    """Straightened by 7° and cropped to what is left of a rectangle."""
    angle = np.radians(7)
    w, h = picture.size
    turned = picture.rotate(7 * (1 if rng.random() < 0.5 else -1), Image.Resampling.BICUBIC)
    short, long = min(w, h), max(w, h)
    part = short / (long * np.sin(angle) + short * np.cos(angle))
    dx, dy = round(w * (1 - part) / 2) + 1, round(h * (1 - part) / 2) + 1
    return turned.crop((dx, dy, w - dx, h - dy))


def mirrored_crop(picture: Image.Image, rng: Random) -> Image.Image:
    """Mirrored, and 70 % of the area of it."""
    return ImageOps.mirror(cut(picture, 0.7, rng))


def square_filter(picture: Image.Image, rng: Random) -> Image.Image:
    """The square in the middle, faded."""
    side = min(picture.size)
    square = ImageOps.fit(picture, (side, side), LANCZOS)
    faded = array_of(ImageEnhance.Color(square).enhance(0.6))
    return image_of(35 + faded * 0.8 * np.array([1.06, 1.0, 0.92], np.float32))


def tall_crop(picture: Image.Image, rng: Random) -> Image.Image:
    """A telephone's wallpaper: what fits 9 to 19, full height."""
    w = min(picture.width, round(picture.height * 9 / 16))
    x = int(rng.integers(0, picture.width - w + 1))
    return picture.crop((x, 0, x + w, picture.height))


def one_side_off(picture: Image.Image, rng: Random) -> Image.Image:
    """8 % cut off one side."""
    return picture.crop((0, 0, round(picture.width * 0.92), picture.height))


def print_photo(picture: Image.Image, rng: Random) -> Image.Image:
    """A print on a table, photographed at a slant by lamp light."""
    paper = ImageOps.expand(picture, max(picture.size) // 28, "#f4f1ea")
    w, h = paper.size
    table = np.full((h, w, 3), (112, 82, 58), np.float32)
    table += cv2.resize(rng.normal(0, 9, (h, 8)).astype(np.float32), (w, h))[:, :, None]
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    slant = rng.uniform(0.04, 0.16, (4, 2)).astype(np.float32) * (w, h)
    inner = corners + slant * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32)
    lay = cv2.getPerspectiveTransform(corners, inner.astype(np.float32))
    warped = cv2.warpPerspective(array_of(paper), lay, (w, h), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones((h, w), np.float32), lay, (w, h))[:, :, None]
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    lamp = 1.12 - 0.4 * np.hypot(x / w - 0.3, y / h - 0.25)
    scene = (warped + table * (1 - mask)) * lamp[:, :, None]
    return image_of(scene * np.array([1.05, 1.0, 0.88]) + rng.normal(0, 3, scene.shape))


def page_curl(picture: Image.Image, rng: Random) -> Image.Image:
    """A page in a book: bent towards the fold, dark there."""
    h, w = picture.height, picture.width
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    u = x / w
    source_x = w * (u + 0.035 * np.sin(np.pi * u))
    source_y = y + h * 0.035 * np.sin(np.pi * u) * (1 - 2 * y / h)
    bent = cv2.remap(array_of(picture), source_x, source_y, cv2.INTER_LINEAR)
    return image_of(bent * (1 - 0.55 * np.exp(-u * 9))[:, :, None])
