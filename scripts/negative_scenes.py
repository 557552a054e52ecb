"""What hard negatives of photographs are made with: tiles, new exposures, moved cameras, outlines.

A `Pool` cuts the photographs into tiles that share no pixel and hands out each tile once: whatever
is made of two tiles shows two different things.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from labelled import Seeds, load

# OpenCV's stubs promise no dtype for what they return; all of these hold float32.
Array = NDArray[Any]
Pictures = list[Image.Image]
_LEAST = 360  # pixels of a tile's shorter side
_TILE = 900  # and of its longer one, at the most


class Pool:
    """Tiles of photographs, each handed out once; when they end, pictures made by code."""

    def __init__(self, paths: Sequence[Path], seeds: Seeds | None = None) -> None:
        self.seeds = seeds or Seeds()
        """The random numbers of what is made of the tiles."""
        self._tiles = self._cut(paths)
        self._made = 0

    def take(self, width: int, height: int) -> Image.Image:
        """The next tile, filling width x height; what sticks out is cut off."""
        tile = next(self._tiles, None)
        if tile is None:
            self._made += 1
            tile = made_scene(self.seeds("scene", self._made))
        scale = max(width / tile.width, height / tile.height)
        size = max(width, round(tile.width * scale)), max(height, round(tile.height * scale))
        left, top = (size[0] - width) // 2, (size[1] - height) // 2
        large = tile.resize(size, Image.Resampling.LANCZOS)
        return large.crop((left, top, left + width, top + height))

    @staticmethod
    def _cut(paths: Sequence[Path]) -> Iterator[Image.Image]:
        """The tiles of all photographs, the first of each before the second of any."""
        for place in range(6):
            for path in paths:
                picture = load(path, 2400)
                across = min(3, max(1, picture.width // _LEAST))
                down = min(2, max(1, picture.height // _LEAST))
                if place >= across * down:
                    continue
                row, column = divmod(place, across)
                w, h = picture.width // across, picture.height // down
                tile = picture.crop((column * w, row * h, (column + 1) * w, (row + 1) * h))
                tile.thumbnail((_TILE, _TILE), Image.Resampling.LANCZOS)
                yield tile


def made_scene(rng: np.random.Generator, width: int = 800, height: int = 600) -> Image.Image:
    """A picture by code with light, edges, texture and grain, another for other random numbers."""
    picture = np.full((height, width, 3), 128, np.float32)
    for cells, strength in ((3, 80.0), (9, 40.0), (40, 20.0), (110, 10.0)):
        coarse = rng.normal(0, 1, (cells, cells, 3)).astype(np.float32)
        picture += strength * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(70):
        colour = [float(v) for v in rng.integers(0, 256, 3)]
        centre = (float(rng.integers(0, width)), float(rng.integers(0, height)))
        size = (float(rng.integers(10, width // 5)), float(rng.integers(10, height // 5)))
        corners = cv2.boxPoints((centre, size, float(rng.integers(0, 180))))
        cv2.fillConvexPoly(picture, np.rint(corners).astype(np.int32), colour, cv2.LINE_AA)
    return picture_of(picture)


def pixels(picture: Image.Image) -> Array:
    """A picture as float32 (h, w, 3)."""
    return np.asarray(picture, np.float32)


def picture_of(array: Array) -> Image.Image:
    """An array of grey levels or RGB as a picture, cut to 0..255."""
    return Image.fromarray(np.clip(array, 0, 255).astype(np.uint8))


def exposed(scene: Array, rng: np.random.Generator, gain: float = 0.06) -> Image.Image:
    """A new exposure: another gain, photon noise (of a sensor's colour filter) and read noise."""
    light = scene * (1 + rng.uniform(-gain, gain))
    noise = rng.normal(0, 1, scene.shape).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.6) * 1.9  # demosaicing spreads it over neighbours
    return picture_of(light + noise * np.sqrt(2.0 + 0.05 * np.maximum(light, 0)))


def shaken(scene: Array, rng: np.random.Generator, pixels: float, degrees: float) -> Array:
    """The scene from a hand that didn't hold quite still."""
    dx, dy = rng.uniform(-pixels, pixels, 2)
    return moved(scene, dx, dy, rng.uniform(-degrees, degrees))


def moved(scene: Array, dx: float, dy: float, angle: float = 0.0) -> Array:
    """The scene from a camera moved a little, cut so that no border shows."""
    h, w = scene.shape[:2]
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1.0)
    turn[:, 2] += (dx, dy)
    return cv2.warpAffine(scene, turn, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def inset(scene: Array, part: float = 0.04) -> Array:
    """The scene less a margin, which a moved camera may have filled with reflections."""
    h, w = scene.shape[:2]
    y, x = int(h * part), int(w * part)
    return scene[y : h - y, x : w - x]


def blend(scene: Array, subject: Array, shape: Array, x: int, y: int) -> None:
    """Lay a subject with its soft outline into the scene, as far as it lies within."""
    h, w = shape.shape
    y0, x0, y1, x1 = max(y, 0), max(x, 0), min(y + h, scene.shape[0]), min(x + w, scene.shape[1])
    if y1 <= y0 or x1 <= x0:
        return
    part = (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
    soft = shape[part][:, :, None]
    scene[y0:y1, x0:x1] = scene[y0:y1, x0:x1] * (1 - soft) + subject[part] * soft


def outline(rng: np.random.Generator, width: int, height: int) -> Array:
    """The soft mask, 0..1, of something like a person, an animal or a car."""
    mask = np.zeros((height, width), np.float32)
    for _ in range(4):
        centre = (int(rng.uniform(0.35, 0.65) * width), int(rng.uniform(0.3, 0.7) * height))
        axes = (int(rng.uniform(0.18, 0.33) * width), int(rng.uniform(0.18, 0.3) * height))
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), 1.5)
