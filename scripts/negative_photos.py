"""Hard negatives of one frame or ground: captions, logos, phones, a shop's table, a backdrop.

What is the same is the setting; the photograph in it is another each time.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from labelled import Seeds, pick
from lettering import font, phrase
from negative_scenes import (
    Pictures,
    Pool,
    blend,
    exposed,
    inset,
    outline,
    picture_of,
    pixels,
    shaken,
)


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
        rng = pool.seeds("phone", number)
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


def products(seeds: Seeds, count: int) -> Pictures:
    """One product in two colours and more, photographed anew each time on one table."""
    found = []
    for number in range(count):
        article, colour = divmod(number, 3)
        shape = seeds("article", article)
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
        picture = picture_of(scene)
        draw = ImageDraw.Draw(picture)
        draw.rounded_rectangle((235, 250, 365, 380), 14, fill="white")
        draw.text((245, 262), phrase(shape, 1), "black", font(24))
        draw.text((245, 300), f"No {shape.integers(10, 99)}\n{phrase(shape, 1)}", "black", font(22))
        rng = seeds("product", number)
        shifted = shaken(pixels(picture), rng, 6, 0.6)
        found.append(exposed(inset(shifted), rng))
    return found


def booth(pool: Pool, count: int) -> Pictures:
    """Other people before one backdrop: the ground agrees, what matters does not."""
    found: Pictures = []
    backdrop = pixels(pool.take(640, 800))
    for number in range(count):
        rng = pool.seeds("booth", number)
        now = backdrop.copy()
        w, h = int(rng.integers(330, 400)), int(rng.integers(520, 620))
        blend(now, pixels(pool.take(w, h)), outline(rng, w, h), 320 - w // 2, 790 - h)
        found.append(exposed(now, rng))
    return found


def selfies(pool: Pool, count: int) -> Pictures:
    """One person in one pose before other grounds; a face is never held alike twice."""
    found: Pictures = []
    me, mask = pixels(pool.take(400, 620)), outline(pool.seeds("me", 0), 400, 620)
    for number in range(count):
        series, frame = divmod(number, 4)
        if frame == 0 and number:
            me, mask = pixels(pool.take(400, 620)), outline(pool.seeds("me", series), 400, 620)
        rng = pool.seeds("selfie", number)
        now = pixels(pool.take(640, 800))
        nearer = rng.uniform(0.94, 1.06)
        body = cv2.resize(me, None, fx=nearer, fy=nearer)
        shape = cv2.resize(mask, body.shape[1::-1])
        h, w = shape.shape
        y, x = np.mgrid[0:h, 0:w].astype(np.float32)
        bent = [
            cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC)
            for coarse in rng.normal(0, 3, (2, 4, 4)).astype(np.float32)
        ]
        body = cv2.remap(
            body, x + bent[0], y + bent[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        at = (120 + int(rng.uniform(-15, 15)), 790 - h - int(rng.uniform(0, 12)))
        blend(now, body, shape, *at)
        found.append(exposed(now, rng))
    return found


def white_ground(pool: Pool, count: int) -> Pictures:
    """Different things cut out on white, above one shadow and one shop's mark."""
    found = []
    for number in range(count):
        rng = pool.seeds("shop", number)
        table = np.full((700, 700, 3), 255, np.float32)
        shadow = np.zeros((700, 700), np.float32)
        cv2.ellipse(shadow, (350, 610), (190, 24), 0, 0, 360, 1.0, -1)
        table -= cv2.GaussianBlur(shadow, (0, 0), 12)[:, :, None] * 70
        w, h = int(rng.integers(260, 420)), int(rng.integers(300, 480))
        blend(table, pixels(pool.take(w, h)), outline(rng, w, h), 350 - w // 2, 610 - h)
        picture = picture_of(table)
        ImageDraw.Draw(picture).text((20, 650), "harbour-shop.example", "#999999", font(24))
        found.append(picture)
    return found


def game_screens(pool: Pool, count: int) -> Pictures:
    """One game's panels around other scenes."""
    found = []
    for number in range(count):
        rng = pool.seeds("game", number)
        screen = pool.take(960, 540)
        draw = ImageDraw.Draw(screen)
        draw.rounded_rectangle((20, 20, 300, 90), 10, "#1b2631", "#f1c40f", 3)
        draw.rectangle((35, 40, 35 + int(rng.integers(60, 240)), 55), "#c0392b")
        draw.text((35, 60), f"HP {rng.integers(10, 99)}   LVL 14", "white", font(20))
        draw.ellipse((800, 20, 940, 160), "#1e3d2f", "#f1c40f", 4)
        for _ in range(6):
            x, y = rng.uniform(830, 910), rng.uniform(50, 130)
            draw.ellipse((x, y, x + 8, y + 8), "#e74c3c")
        for k in range(8):
            x = 230 + 62 * k
            draw.rectangle((x, 470, x + 56, 526), "#2c3e50", "#bdc3c7", 3)
            draw.text((x + 10, 476), str(k + 1), "white", font(18))
            draw.polygon([(x + 15, 515), (x + 28, 490), (x + 45, 515)], "#f39c12")
        found.append(screen)
    return found


def feeds(pool: Pool, count: int) -> Pictures:
    """Screenshots of one feed, scrolled a screen's third at a time."""
    found: Pictures = []
    feed = _feed(pool, 0)
    for number in range(count):
        series, frame = divmod(number, 4)
        if frame == 0 and number:
            feed = _feed(pool, series)
        top = int(430 * frame + pool.seeds("scroll", number).integers(0, 90))
        screen = Image.new("RGB", (540, 1170), "white")
        screen.paste(feed.crop((0, top, 540, top + 960)), (0, 120))
        draw = ImageDraw.Draw(screen)
        draw.text((24, 10), "9:41", "black", font(24))
        draw.text((400, 10), "5G   100%", "black", font(24))
        draw.text((24, 60), "Chirper", "#1da1f2", font(40))
        draw.line((0, 118, 540, 118), "#cccccc", 2)
        draw.rectangle((0, 1080, 540, 1170), "white")
        for k in range(5):
            draw.rounded_rectangle((40 + 100 * k, 1105, 84 + 100 * k, 1149), 8, None, "black", 4)
        found.append(screen)
    return found


def _feed(pool: Pool, series: int) -> Image.Image:
    """A feed of posts, half of them with a photograph."""
    rng = pool.seeds("feed", series)
    feed = Image.new("RGB", (540, 4200), "#fafafa")
    draw = ImageDraw.Draw(feed)
    y = 10
    while y < 3700:
        draw.ellipse((20, y, 66, y + 46), pick(rng, ("#e74c3c", "#3498db", "#2ecc71", "#9b59b6")))
        draw.text((80, y + 8), phrase(rng, 2), "black", font(22))
        draw.text((20, y + 60), phrase(rng, 5), "black", font(20))
        y += 96
        if rng.random() < 0.5:
            height = int(rng.integers(220, 330))
            feed.paste(pool.take(500, height), (20, y))
            y += height + 14
        draw.line((0, y, 540, y), "#dddddd", 2)
        y += 14
    return feed
