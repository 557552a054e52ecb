"""Hard negatives of instruments: chests by X-rays, fields of stars, one sky as the stars go on."""

from __future__ import annotations

import math

import cv2
import numpy as np
from PIL import ImageDraw

from labelled import Seeds
from lettering import font
from negative_scenes import Array, Pictures, exposed, picture_of


def xrays(seeds: Seeds, count: int) -> Pictures:
    """Chests of different people below one hospital's lettering: all have the same build."""
    found = []
    for number in range(count):
        rng = seeds("xray", number)
        chest = cv2.resize(_chest(rng), (750, 900), interpolation=cv2.INTER_CUBIC)
        plate = np.clip(chest + 20, 0, 255)[:, :, None].repeat(3, 2)
        picture = picture_of(plate + rng.normal(0, 4, (*plate.shape[:2], 1)))
        draw = ImageDraw.Draw(picture)
        draw.text((20, 20), "NORTHPORT GENERAL", "white", font(20))
        draw.text((20, 46), f"ID {rng.integers(10**6, 10**7)}", "white", font(18))
        draw.text((690, 20), "R", "white", font(44))
        draw.text((20, 850), "PA  110 kV  2.0 mAs", "white", font(18))
        found.append(picture)
    return found


def _chest(rng: np.random.Generator, width: int = 375, height: int = 450) -> Array:
    """Trunk, lungs, ribs, spine, heart and vessels of one person, float32 (h, w)."""

    def about(value: float) -> float:
        return value * (1 + rng.normal(0, 0.05))

    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = (x / width - 0.5) * 2, (y / height - 0.5) * 2
    body = np.exp(-((u / about(0.8)) ** 4 + (v / about(0.95)) ** 6)) * 150
    for side in (-1, 1):
        across, down = (u - side * about(0.37)) / about(0.26), (v + about(0.1)) / about(0.55)
        body -= 110 * np.exp(-(across**4 + down**4))
        for k in range(9):
            top = -0.65 + 0.17 * k * about(1.0)
            rib = top + 0.22 * (1 - ((u - side * 0.05) / 0.75) ** 2) * about(1.0)
            near = np.exp(-(((v - rib) / 0.022) ** 2)) * (np.abs(u) < about(0.7)) * (u * side > 0)
            body += 38 * about(1.0) * near
    body += 70 * np.exp(-((u / about(0.07)) ** 2))
    across, down = (u - about(0.12)) / about(0.25), (v - about(0.25)) / about(0.28)
    body += 80 * np.exp(-(across**2 + down**2))
    vessels = rng.normal(0, 1, (height, width)).astype(np.float32)
    return (body + 21 * cv2.GaussianBlur(vessels, (0, 0), 2.5)).astype(np.float32)


def stars(seeds: Seeds, count: int) -> Pictures:
    """Fields of stars, another part of the sky each."""
    found = []
    for number in range(count):
        rng = seeds("stars", number)
        glow = rng.normal(0, 2, (5, 7)).astype(np.float32)
        sky = np.full((700, 1000, 3), 9, np.float32) + cv2.resize(glow, (1000, 700))[:, :, None]
        _sprinkle(sky, rng, 500)
        found.append(exposed(cv2.GaussianBlur(sky, (0, 0), 0.8), rng))
    return found


def star_shots(seeds: Seeds, count: int) -> Pictures:
    """One sky above one horizon, exposed anew minutes later: the stars went on."""
    found = []
    for number in range(count):
        series, frame = divmod(number, 3)
        sky = np.full((800, 1200, 3), 9, np.float32)
        _sprinkle(sky, seeds("sky", series), 600)
        rng = seeds("skyf", number)
        turn = cv2.getRotationMatrix2D((600, 100), 4 * frame + rng.uniform(-0.5, 0.5), 1)
        sky = cv2.warpAffine(sky, turn, (1200, 800), borderMode=cv2.BORDER_REFLECT)
        hills = [
            (x, int(620 + 60 * math.sin(x / 170 + series) + 25 * math.sin(x / 41)))
            for x in range(0, 1201, 10)
        ]
        ground = np.array([(0, 800), *hills, (1200, 800)], np.int32)
        cv2.fillPoly(sky, [ground], (4, 4, 5))
        found.append(exposed(cv2.GaussianBlur(sky, (0, 0), 0.8)[40:760, 60:1140], rng))
    return found


def _sprinkle(sky: Array, rng: np.random.Generator, count: int) -> None:
    """Draw stars of all sizes, to an eighth of a pixel."""
    height, width = sky.shape[:2]
    for _ in range(count):
        at = (int(8 * rng.uniform(0, width)), int(8 * rng.uniform(0, height)))
        size, light = int(8 * rng.gamma(1, 0.7) + 6), float(rng.uniform(50, 240))
        cv2.circle(sky, at, size, (light,) * 3, -1, cv2.LINE_AA, 3)
