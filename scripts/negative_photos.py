"""Hard negatives made of photographs: shared frames, bursts, a step aside, another light, a pan.

Photographs come from a `Pool`, which cuts the given ones into tiles that share no pixel and hands
out each tile once: whatever is made of two tiles shows two different things.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from labelled import generator, load
from negative_pages import Pictures, font, phrase

# OpenCV's stubs promise no dtype for what they return; all of these hold float32.
Array = NDArray[Any]
_LEAST = 360  # pixels of a tile's shorter side
_TILE = 900  # and of its longer one, at the most


class Pool:
    """Tiles of photographs, each handed out once; when they end, pictures made by code."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._tiles = self._cut(paths)
        self._made = 0

    def take(self, width: int, height: int) -> Image.Image:
        """The next tile, filling width x height; what sticks out is cut off."""
        tile = next(self._tiles, None)
        if tile is None:
            self._made += 1
            tile = made_scene(self._made)
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


def made_scene(number: int, width: int = 800, height: int = 600) -> Image.Image:
    """A picture by code with light, edges, texture and grain, another for each number."""
    rng = generator("scene", number)
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
    return _image(picture)


def _array(picture: Image.Image) -> Array:
    return np.asarray(picture, np.float32)


def _image(array: Array) -> Image.Image:
    return Image.fromarray(np.clip(array, 0, 255).astype(np.uint8))


def exposed(scene: Array, rng: np.random.Generator, gain: float = 0.06) -> Image.Image:
    """A new exposure: another gain, photon noise (of a sensor's colour filter) and read noise."""
    light = scene * (1 + rng.uniform(-gain, gain))
    noise = rng.normal(0, 1, scene.shape).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.6) * 1.9  # demosaicing spreads it over neighbours
    return _image(light + noise * np.sqrt(2.0 + 0.05 * np.maximum(light, 0)))


def _shaken(scene: Array, rng: np.random.Generator, pixels: float, degrees: float) -> Array:
    """The scene from a hand that didn't hold quite still."""
    dx, dy = rng.uniform(-pixels, pixels, 2)
    return _moved(scene, dx, dy, rng.uniform(-degrees, degrees))


def _moved(scene: Array, dx: float, dy: float, angle: float = 0.0) -> Array:
    """The scene from a camera moved a little, cut so that no border shows."""
    h, w = scene.shape[:2]
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1.0)
    turn[:, 2] += (dx, dy)
    return cv2.warpAffine(scene, turn, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def _inset(scene: Array, part: float = 0.04) -> Array:
    """The scene less a margin, which a moved camera may have filled with reflections."""
    h, w = scene.shape[:2]
    y, x = int(h * part), int(w * part)
    return scene[y : h - y, x : w - x]


def _blend(scene: Array, subject: Array, shape: Array, x: int, y: int) -> None:
    """Lay a subject with its soft outline into the scene, as far as it lies within."""
    h, w = shape.shape
    y0, x0, y1, x1 = max(y, 0), max(x, 0), min(y + h, scene.shape[0]), min(x + w, scene.shape[1])
    if y1 <= y0 or x1 <= x0:
        return
    part = (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
    soft = shape[part][:, :, None]
    scene[y0:y1, x0:x1] = scene[y0:y1, x0:x1] * (1 - soft) + subject[part] * soft


def _outline(rng: np.random.Generator, width: int, height: int) -> Array:
    """The soft mask, 0..1, of something like a person, an animal or a car."""
    mask = np.zeros((height, width), np.float32)
    for _ in range(4):
        centre = (int(rng.uniform(0.35, 0.65) * width), int(rng.uniform(0.3, 0.7) * height))
        axes = (int(rng.uniform(0.18, 0.33) * width), int(rng.uniform(0.18, 0.3) * height))
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), 1.5)


def captions(pool: Pool, count: int) -> Pictures:
    """Different photographs under the same words."""
    found = []
    for _ in range(count):
        canvas = Image.new("RGB", (720, 760), "white")
        canvas.paste(pool.take(720, 560), (0, 130))
        draw = ImageDraw.Draw(canvas)
        draw.text((24, 12), "When you find the same picture", "black", font(46))
        draw.text((24, 66), "nine times in one folder", "black", font(46))
        draw.text((24, 706), "shared from picturefun.example", "#888888", font(28))
        found.append(canvas)
    return found


def meme_text(pool: Pool, count: int) -> Pictures:
    """Different photographs with the same big outlined text across them."""
    found = []
    for _ in range(count):
        photo = pool.take(720, 540)
        draw = ImageDraw.Draw(photo)
        for y, text in ((10, "ONE DOES NOT SIMPLY"), (450, "SORT THE FAMILY PHOTOS")):
            size = 62 if y == 10 else 54
            draw.text((24, y), text, "white", font(size), stroke_width=4, stroke_fill="black")
        found.append(photo)
    return found


def logos(pool: Pool, count: int) -> Pictures:
    """Different photographs with one station's logo, frame and news ticker."""
    found = []
    for _ in range(count):
        photo = pool.take(854, 480)
        draw = ImageDraw.Draw(photo)
        draw.rectangle((0, 0, 853, 479), None, "#c0392b", 8)
        draw.rounded_rectangle((690, 24, 830, 84), 10, fill="#c0392b")
        draw.text((706, 34), "NEWS 7", "white", font(34))
        draw.rectangle((0, 400, 854, 480), fill="#1b2631")
        draw.text((20, 410), "LIVE  Storm reaches the coast", "white", font(34))
        draw.text((20, 452), "harbour closed · trains delayed · schools open", "#f4d03f", font(20))
        found.append(photo)
    return found


def phone_frames(pool: Pool, count: int) -> Pictures:
    """Screenshots of one phone's app, each around another photograph."""
    found = []
    for number in range(count):
        rng = generator("phone", number)
        screen = Image.new("RGB", (540, 1170), "white")
        draw = ImageDraw.Draw(screen)
        draw.text((24, 10), "9:41", "black", font(24))
        draw.text((400, 10), "5G   100%", "black", font(24))
        draw.text((24, 60), "Picturegram", "black", font(40))
        draw.line((0, 120, 540, 120), "#dddddd", 2)
        draw.ellipse((20, 134, 74, 188), fill="#8e44ad")
        draw.text((90, 148), "harbour_views", "black", font(24))
        screen.paste(pool.take(540, 540), (0, 205))
        for k, colour in enumerate(("#e74c3c", "#555555", "#555555")):
            draw.ellipse((24 + 70 * k, 765, 68 + 70 * k, 809), None, colour, 5)
        draw.text((24, 830), f"{rng.integers(10, 999)} likes", "black", font(24))
        draw.text((24, 870), phrase(rng, 5), "black", font(24))
        draw.line((0, 1085, 540, 1085), "#dddddd", 2)
        for k in range(5):
            draw.rounded_rectangle((40 + 100 * k, 1105, 84 + 100 * k, 1149), 8, None, "black", 4)
        found.append(screen)
    return found


def products(count: int) -> Pictures:
    """One product in two colours and more, photographed anew each time on one table."""
    found = []
    for number in range(count):
        article, colour = divmod(number, 3)
        shape = generator("article", article)
        hue = (shape.integers(0, 180) + 55 * colour) % 180
        h, w = 600, 600
        scene = np.full((h, w, 3), 236, np.float32)
        scene[420:] = 205
        scene += np.linspace(10, -14, w, dtype=np.float32)[None, :, None]
        mask = np.zeros((h, w), np.uint8)
        points = [(300, 90)]
        half = shape.uniform(70, 150, 9)
        for k, r in enumerate(half):
            points += [(300 + r, 110 + 46 * k), (300 - r, 110 + 46 * k)]
        right, left = points[1::2], points[2::2][::-1]
        cv2.fillPoly(mask, [np.array([points[0], *right, *left], np.int32)], 255, cv2.LINE_AA)
        body = np.zeros((h, w, 3), np.uint8)
        shade = 90 + 150 * np.exp(-(((np.arange(w) - 240) / 90.0) ** 2))
        body[..., 0], body[..., 1] = hue, 190
        body[..., 2] = np.clip(shade, 0, 255).astype(np.uint8)[None, :]
        colours = cv2.cvtColor(body, cv2.COLOR_HSV2RGB).astype(np.float32)
        soft = (cv2.GaussianBlur(mask, (0, 0), 1.2) / 255.0).astype(np.float32)[:, :, None]
        scene = scene * (1 - soft) + colours * soft
        picture = _image(scene)
        draw = ImageDraw.Draw(picture)
        draw.rounded_rectangle((235, 250, 365, 380), 14, fill="white")
        draw.text((245, 262), phrase(shape, 1), "black", font(24))
        draw.text((245, 300), f"No {shape.integers(10, 99)}\n{phrase(shape, 1)}", "black", font(22))
        rng = generator("product", number)
        shifted = _shaken(_array(picture), rng, 6, 0.6)
        found.append(exposed(_inset(shifted), rng))
    return found


def bursts(pool: Pool, count: int, *, hand: bool) -> Pictures:
    """A burst: the subject moves, the camera (in the `hand` or on a stand) exposes anew."""
    found: Pictures = []
    scene, subject, mask, at, step = _cast(pool, 0)
    for number in range(count):
        series, frame = divmod(number, 4)
        if frame == 0:
            scene, subject, mask, at, step = _cast(pool, series)
        rng = generator("burst", hand, number)
        now = scene.copy()
        place = at + step * frame + rng.uniform(-6, 6, 2)
        bent = cv2.resize(mask, None, fx=rng.uniform(0.9, 1.1), fy=rng.uniform(0.95, 1.05))
        body = cv2.resize(subject, bent.shape[::-1])
        _blend(now, body, bent, int(place[0]), int(place[1]))
        if hand:
            now = _shaken(now, rng, 9, 0.8)
        found.append(exposed(_inset(now), rng))
    return found


def _cast(pool: Pool, series: int) -> tuple[Array, Array, Array, Array, Array]:
    """Scene, subject, the subject's outline, where it stands and how far it goes a frame."""
    rng = generator("cast", series)
    scene = _array(pool.take(800, 600))
    w, h = int(rng.integers(150, 260)), int(rng.integers(190, 330))
    at = np.array([rng.uniform(40, 250), rng.uniform(120, 260)], np.float32)
    step = np.array([rng.uniform(35, 90), rng.uniform(-8, 8)], np.float32)
    subject = _array(pool.take(w, h))
    behind = scene[int(at[1]) : int(at[1]) + h, int(at[0]) : int(at[0]) + w]
    if abs(float(subject.mean() - behind.mean())) < 45:  # what moves must be seen to move
        subject = 0.35 * subject + (150 if behind.mean() < 110 else 0)
    return scene, subject, _outline(rng, w, h), at, step


def steps_aside(pool: Pool, count: int) -> Pictures:
    """One scene seen from places apart: near things move more than far ones."""
    found: Pictures = []
    layers: list[tuple[Array, Array, int, int, float]] = []
    far = _array(pool.take(860, 640))
    for number in range(count):
        series, frame = divmod(number, 3)
        if frame == 0:
            rng = generator("depth", series)
            far = _array(pool.take(860, 640))
            layers = []
            for k in range(6):
                w, h = int(rng.integers(120, 300)), int(rng.integers(140, 330))
                x, y = int(rng.integers(0, 700)), int(rng.integers(60, 400))
                layers.append((_array(pool.take(w, h)), _outline(rng, w, h), x, y, 0.5 + 0.35 * k))
        rng = generator("step", number)
        aside = (0, 16, -22)[frame] * rng.uniform(0.8, 1.4)
        now = _moved(far, aside * 0.4, rng.uniform(-3, 3))
        for body, mask, x, y, near in layers:
            _blend(now, body, mask, round(x + aside * near * 2), round(y + aside * near * 0.15))
        found.append(exposed(_inset(now), rng))
    return found


def other_hours(pool: Pool, count: int) -> Pictures:
    """One place at other hours: light from another side, shadows elsewhere, another white."""
    found: Pictures = []
    scene = _array(pool.take(860, 640))
    for number in range(count):
        if number % 3 == 0 and number:
            scene = _array(pool.take(860, 640))
        rng = generator("hour", number)
        h, w = scene.shape[:2]
        y, x = np.mgrid[0:h, 0:w].astype(np.float32)
        angle = rng.uniform(0, 2 * np.pi)
        side = ((x / w - 0.5) * np.cos(angle) + (y / h - 0.5) * np.sin(angle)) * rng.uniform(
            0.6, 1.1
        )
        coarse = rng.normal(0, 0.22, (6, 8)).astype(np.float32)
        light = 0.85 + side + cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC)
        for _ in range(7):
            shadow = np.zeros((h, w), np.float32)
            corner = (rng.uniform(0, w), rng.uniform(0, h))
            size = (rng.uniform(40, 160), rng.uniform(120, 420))
            box = cv2.boxPoints((corner, size, float(np.degrees(angle))))
            cv2.fillConvexPoly(shadow, box.astype(np.int32), 1.0)
            light *= 1 - 0.5 * cv2.GaussianBlur(shadow, (0, 0), 4)
        white = np.array([rng.uniform(0.8, 1.25), 1.0, rng.uniform(0.7, 1.2)], np.float32)
        lit = 255 * (np.clip(scene / 255, 0, 1) ** 1.3) * np.clip(light, 0.08, 1.6)[:, :, None]
        moved = _shaken(lit * white, rng, 8, 1.0)
        found.append(exposed(_inset(moved), rng))
    return found


def pans(pool: Pool, count: int) -> Pictures:
    """Frames of a camera that pans: each shows something that the others don't."""
    found: Pictures = []
    scene = _array(pool.take(1400, 560))
    for number in range(count):
        series, frame = divmod(number, 4)
        if frame == 0 and number:
            scene = _array(pool.take(1400, 560))
        rng = generator("pan", number)
        pace = generator("pace", series).uniform(70, 170)
        left = int(20 + pace * frame)
        now = scene[10:-10, left : left + 780]
        smear = cv2.blur(now, (int(rng.integers(1, 5)), 1))
        found.append(exposed(_moved(smear, 0, rng.uniform(-2, 2)), rng))
    return found


def booth(pool: Pool, count: int) -> Pictures:
    """Other people before one backdrop: the ground agrees, what matters does not."""
    found: Pictures = []
    backdrop = _array(pool.take(640, 800))
    for number in range(count):
        rng = generator("booth", number)
        now = backdrop.copy()
        w, h = int(rng.integers(330, 400)), int(rng.integers(520, 620))
        _blend(now, _array(pool.take(w, h)), _outline(rng, w, h), 320 - w // 2, 790 - h)
        found.append(exposed(now, rng))
    return found
