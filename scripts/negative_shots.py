"""Hard negatives of one scene taken again: bursts, a step aside, another light, pans, video.

Nothing here is a copy: every picture is a new exposure, and something moved in between.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import ImageDraw

from lettering import font
from negative_scenes import (
    Array,
    Pictures,
    Pool,
    blend,
    exposed,
    inset,
    moved,
    outline,
    pixels,
    shaken,
)


def bursts(pool: Pool, count: int, *, hand: bool) -> Pictures:
    """A burst: the subject moves, the camera (in the `hand` or on a stand) exposes anew."""
    found: Pictures = []
    scene, subject, mask, at, step = _cast(pool, 0)
    for number in range(count):
        series, frame = divmod(number, 4)
        if frame == 0:
            scene, subject, mask, at, step = _cast(pool, series)
        rng = pool.seeds("burst", hand, number)
        now = scene.copy()
        place = at + step * frame + rng.uniform(-6, 6, 2)
        bent = cv2.resize(mask, None, fx=rng.uniform(0.9, 1.1), fy=rng.uniform(0.95, 1.05))
        body = cv2.resize(subject, bent.shape[::-1])
        blend(now, body, bent, int(place[0]), int(place[1]))
        if hand:
            now = shaken(now, rng, 9, 0.8)
        found.append(exposed(inset(now), rng))
    return found


def _cast(pool: Pool, series: int) -> tuple[Array, Array, Array, Array, Array]:
    """Scene, subject, the subject's outline, where it stands and how far it goes a frame."""
    rng = pool.seeds("cast", series)
    scene = pixels(pool.take(800, 600))
    w, h = int(rng.integers(150, 260)), int(rng.integers(190, 330))
    at = np.array([rng.uniform(40, 250), rng.uniform(120, 260)], np.float32)
    step = np.array([rng.uniform(35, 90), rng.uniform(-8, 8)], np.float32)
    subject = pixels(pool.take(w, h))
    behind = scene[int(at[1]) : int(at[1]) + h, int(at[0]) : int(at[0]) + w]
    if abs(float(subject.mean() - behind.mean())) < 45:  # what moves must be seen to move
        subject = 0.35 * subject + (150 if behind.mean() < 110 else 0)
    return scene, subject, outline(rng, w, h), at, step


def steps_aside(pool: Pool, count: int) -> Pictures:
    """One scene seen from places apart: near things move more than far ones."""
    found: Pictures = []
    layers: list[tuple[Array, Array, int, int, float]] = []
    far = pixels(pool.take(860, 640))
    for number in range(count):
        series, frame = divmod(number, 3)
        if frame == 0:
            rng = pool.seeds("depth", series)
            far = pixels(pool.take(860, 640))
            layers = []
            for k in range(6):
                w, h = int(rng.integers(120, 300)), int(rng.integers(140, 330))
                x, y = int(rng.integers(0, 700)), int(rng.integers(60, 400))
                layers.append((pixels(pool.take(w, h)), outline(rng, w, h), x, y, 0.5 + 0.35 * k))
        rng = pool.seeds("step", number)
        aside = (0, 16, -22)[frame] * rng.uniform(0.8, 1.4)
        now = moved(far, aside * 0.4, rng.uniform(-3, 3))
        for body, mask, x, y, near in layers:
            blend(now, body, mask, round(x + aside * near * 2), round(y + aside * near * 0.15))
        found.append(exposed(inset(now), rng))
    return found


def other_hours(pool: Pool, count: int) -> Pictures:
    """One place at other hours: light from another side, shadows elsewhere, another white."""
    found: Pictures = []
    scene = pixels(pool.take(860, 640))
    for number in range(count):
        if number % 3 == 0 and number:
            scene = pixels(pool.take(860, 640))
        rng = pool.seeds("hour", number)
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
        moved = shaken(lit * white, rng, 8, 1.0)
        found.append(exposed(inset(moved), rng))
    return found


def pans(pool: Pool, count: int) -> Pictures:
    """Frames of a camera that pans: each shows something that the others don't."""
    found: Pictures = []
    scene = pixels(pool.take(1400, 560))
    for number in range(count):
        series, frame = divmod(number, 4)
        if frame == 0 and number:
            scene = pixels(pool.take(1400, 560))
        rng = pool.seeds("pan", number)
        pace = pool.seeds("pace", series).uniform(70, 170)
        left = int(20 + pace * frame)
        now = scene[10:-10, left : left + 780]
        smear = cv2.blur(now, (int(rng.integers(1, 5)), 1))
        found.append(exposed(moved(smear, 0, rng.uniform(-2, 2)), rng))
    return found


def video(pool: Pool, count: int) -> Pictures:
    """Frames a second apart: the camera drifts and zooms, two things move, the codec blurs."""
    found: Pictures = []
    for first in range(0, count, 4):
        clip = pool.seeds("clip", first // 4)
        scene = pixels(pool.take(1100, 700))
        passing: list[tuple[Array, Array, Array]] = []
        for _ in range(2):
            w, h = int(clip.integers(60, 170)), int(clip.integers(80, 220))
            body, mask = pixels(pool.take(w, h)), outline(clip, w, h)
            passing.append((body, mask, clip.uniform((100, 150, -60, -15), (700, 400, 60, 15))))
        drift, zoom = clip.uniform(-12, 12, 2), clip.uniform(0, 0.03)
        for frame in range(min(4, count - first)):
            rng = pool.seeds("frame", first + frame)
            now = scene.copy()
            for body, mask, (x, y, dx, dy) in passing:
                blend(now, body, mask, int(x + dx * frame), int(y + dy * frame))
            turn = cv2.getRotationMatrix2D((550, 350), rng.uniform(-0.3, 0.3), 1 + zoom * frame)
            turn[:, 2] += drift * frame
            now = cv2.warpAffine(
                now, turn, (1100, 700), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
            )[70:-70, 90:-90]
            found.append(exposed(cv2.GaussianBlur(now, (0, 0), 0.9), rng, 0.02))
    return found


def webcam(pool: Pool, count: int) -> Pictures:
    """A fixed camera hours apart: what passes before it is small."""
    found: Pictures = []
    scene = pixels(pool.take(800, 600))
    for number in range(count):
        if number % 4 == 0 and number:
            scene = pixels(pool.take(800, 600))
        rng = pool.seeds("cam", number)
        now = scene.copy()
        for _ in range(int(rng.integers(2, 5))):
            w, h = int(rng.integers(40, 110)), int(rng.integers(50, 150))
            at = (int(rng.integers(20, 680)), int(rng.integers(150, 440)))
            blend(now, pixels(pool.take(w, h)), outline(rng, w, h), *at)
        picture = exposed(now, rng, 0.1)
        day, hour = rng.integers(1, 28), f"{rng.integers(0, 23):02}:{rng.integers(0, 59):02}"
        stamp = f"CAM 2  2019-05-{day:02} {hour}"
        ImageDraw.Draw(picture).text((10, 10), stamp, "white", font(22))
        found.append(picture)
    return found


def relief(pool: Pool, count: int, *, things: int = 0, forward: bool = False) -> Pictures:
    """A step aside or `forward` in a photograph laid over ground, hills and `things` on them."""
    found: Pictures = []
    for first in range(0, count, 3):
        scene = pixels(pool.take(860, 640))
        depth = _depth(pool.seeds("relief", things, forward, first // 3), (640, 860), things)
        for frame in range(min(3, count - first)):
            rng = pool.seeds("reliefshot", things, forward, first + frame)
            step = (0, 9, -13)[frame] * rng.uniform(0.8, 1.3)
            seen = _stepped(scene, step * depth, forward=forward)
            found.append(exposed(inset(shaken(seen, rng, 4, 0.4)), rng))
    return found


def _stepped(scene: Array, near: Array, *, forward: bool) -> Array:
    """The scene from a step away, each pixel moved by how near it is."""
    h, w = near.shape
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    if forward:
        closer = 1 - near / 500
        x, y = (x - w / 2) * closer + w / 2, (y - h * 0.45) * closer + h * 0.45
    else:
        x, y = x - near, y - 0.1 * near
    at = x.astype(np.float32), y.astype(np.float32)
    return cv2.remap(scene, *at, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def _depth(rng: np.random.Generator, shape: tuple[int, int], things: int) -> Array:
    """How near each pixel is: a ground that comes nearer below, hills, and things upon it."""
    h, w = shape
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    near = 0.25 + 0.75 * np.clip((y / h - 0.25) / 0.75, 0, 1)
    hills = rng.normal(0, 0.12, (5, 6)).astype(np.float32)
    near += cv2.resize(hills, (w, h), interpolation=cv2.INTER_CUBIC)
    for _ in range(things):
        at = (rng.uniform(0, w), rng.uniform(0.2 * h, h))
        size = (rng.uniform(0.04, 0.16) * w, rng.uniform(0.08, 0.3) * h)
        inside = ((x - at[0]) / size[0]) ** 2 + ((y - at[1]) / size[1]) ** 2 < 1
        near[inside] = np.maximum(near[inside], rng.uniform(0.4, 1.1))
    return cv2.GaussianBlur(near, (0, 0), 2.5)
