"""Hard negatives on paper: handwriting, certificates, codes, music, comics, tables, travel cards.

Each function draws `count` pictures of one kind that differ in what is written on them.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from PIL import Image, ImageDraw

from labelled import Seeds, pick
from lettering import font, phrase
from negative_scenes import Pictures, picture_of, pixels


def hand_pages(seeds: Seeds, count: int) -> Pictures:
    """Handwritten pages below one printed head, each scanned anew."""
    found = []
    for number in range(count):
        rng = seeds("hand", number)
        page = Image.new("RGB", (1000, 1400), "#f7f4ea")
        draw = ImageDraw.Draw(page)
        draw.text((330, 50), "Dr. M. Aldermann", "#444444", font(44))
        draw.text((350, 104), "Physician · 3 Church Lane · tel 555 0199", "#444444", font(20))
        draw.line((80, 150, 920, 150), "#444444", 2)
        for y in range(210, 1320, 46):
            draw.line((80, y, 920, y), "#c9d6e8", 1)
        for y in range(200, int(rng.integers(700, 1300)), 46):
            _scribble(draw, rng, 90, y, rng.uniform(500, 800))
        found.append(_scanned(page, rng))
    return found


def _scribble(
    draw: ImageDraw.ImageDraw, rng: np.random.Generator, x: float, y: float, width: float
) -> None:
    """A line of handwriting: loops of its own, in words."""
    at = x
    while at < x + width:
        points: list[tuple[float, float]] = []
        for _ in range(int(rng.integers(2, 6))):
            turn, height = rng.uniform(0, 2 * math.pi), 11 * rng.uniform(0.3, 1.3)
            for k in range(8):
                angle = k / 8 * 2 * math.pi
                right = at + 0.45 * height * math.cos(angle + turn) + 0.6 * k
                points.append((right, y + 0.7 * height * math.sin(angle + turn)))
            at += rng.uniform(6, 11)
        draw.line(points, "#1a2a6c", 2, joint="curve")
        at += rng.uniform(10, 22)


def _scanned(page: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A page from a scanner: uneven paper, grain, laid in a little askew."""
    paper = pixels(page)
    h, w = paper.shape[:2]
    uneven = rng.normal(0, 3, (12, 9)).astype(np.float32)
    paper = paper + cv2.resize(uneven, (w, h), interpolation=cv2.INTER_CUBIC)[:, :, None]
    paper = (paper + rng.normal(0, 2.2, paper.shape)).astype(np.float32)
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), rng.uniform(-0.6, 0.6), 1)
    turn[:, 2] += rng.uniform(-5, 5, 2)
    return picture_of(cv2.warpAffine(paper, turn, (w, h), borderValue=(235, 235, 232)))


def certificates(seeds: Seeds, count: int) -> Pictures:
    """Certificates of one course: only name, day and number differ."""
    found = []
    for number in range(count):
        rng = seeds("cert", number)
        sheet = Image.new("RGB", (1200, 850), "#fffdf4")
        draw = ImageDraw.Draw(sheet)
        for k in range(4):
            box = (30 + 8 * k, 30 + 8 * k, 1169 - 8 * k, 819 - 8 * k)
            draw.rectangle(box, None, "#8a6d1d" if k % 2 else "#c9a227", 3)
        for x in range(60, 1140, 18):
            draw.ellipse((x, 60, x + 24, 84), None, "#c9a227", 1)
            draw.ellipse((x, 766, x + 24, 790), None, "#c9a227", 1)
        draw.text((330, 130), "Certificate of Attendance", "#5b4a12", font(46))
        draw.text((470, 230), "This is to certify that", "black", font(24))
        draw.text((430, 300), phrase(rng, 2).title(), "#1f3a5f", font(48))
        draw.line((300, 370, 900, 370), "black", 1)
        draw.text((300, 400), "has completed the course in first aid and rescue", "black", font(26))
        draw.text((420, 450), "Northport Rescue Society", "black", font(26))
        day = f"{rng.integers(1, 28)} June 20{rng.integers(10, 24)}"
        draw.text((160, 640), day, "black", font(22))
        draw.text((830, 640), f"No {rng.integers(1000, 9999)}", "black", font(22))
        draw.ellipse((540, 600, 660, 720), "#b03a2e", "#8a6d1d", 4)
        found.append(sheet)
    return found


def qr_codes(seeds: Seeds, count: int) -> Pictures:
    """Square codes with other contents: finders and timing marks are where they always are."""
    side = 33
    found = []
    for number in range(count):
        modules = (seeds("qr", number).random((side, side)) < 0.5).astype(np.uint8) * 255
        for y, x in ((0, 0), (0, side - 7), (side - 7, 0)):
            modules[max(0, y - 1) : y + 8, max(0, x - 1) : x + 8] = 255
            modules[y : y + 7, x : x + 7] = 0
            modules[y + 1 : y + 6, x + 1 : x + 6] = 255
            modules[y + 2 : y + 5, x + 2 : x + 5] = 0
        timing = np.arange(side - 16) % 2 * 255
        modules[6, 8 : side - 8] = modules[8 : side - 8, 6] = timing
        code = Image.fromarray(modules).resize((side * 14, side * 14), Image.Resampling.NEAREST)
        sheet = Image.new("RGB", (600, 600), "white")
        sheet.paste(code.convert("RGB"), (70, 70))
        found.append(sheet)
    return found


def sheet_music(seeds: Seeds, count: int) -> Pictures:
    """Pages of one book of studies: staves and clefs are the same, the notes are not."""
    found = []
    for number in range(count):
        rng = seeds("music", number)
        page = Image.new("RGB", (1000, 1400), "white")
        draw = ImageDraw.Draw(page)
        draw.text((380, 50), "Twelve Studies", "black", font(40))
        draw.text((800, 100), "C. Harbour", "black", font(20))
        draw.text((80, 100), "Andante", "black", font(20))
        for y in range(160, 1300, 140):
            _stave(draw, rng, y)
        draw.text((480, 1340), str(number + 2), "black", font(20))
        found.append(page)
    return found


def _stave(draw: ImageDraw.ImageDraw, rng: np.random.Generator, y: int) -> None:
    for k in range(5):
        draw.line((70, y + 10 * k, 930, y + 10 * k), "black", 1)
    draw.arc((80, y - 8, 104, y + 48), 90, 420, "black", 3)
    draw.line((92, y - 15, 92, y + 55), "black", 2)
    draw.line((930, y, 930, y + 40), "black", 3)
    for x in range(280, 930, 215):
        draw.line((x, y, x, y + 40), "black", 1)
    x = 130
    while x < 910:
        at = y + 5 * int(rng.integers(-2, 11))
        draw.ellipse((x, at - 4, x + 12, at + 5), "black" if rng.random() < 0.8 else None, "black")
        up = rng.random() < 0.5
        stem = x + (11 if up else 1)
        draw.line((stem, at, stem, at - 32 if up else at + 32), "black", 2)
        x += int(rng.integers(20, 48))


_SKIN = ("#f5cba7", "#d2b48c", "#ffe0bd")
_HAIR = ("#5d4037", "#f1c40f", "#212121")
_COAT = ("#c0392b", "#2980b9", "#27ae60")


def comics(seeds: Seeds, count: int) -> Pictures:
    """Pages of one comic: the same grid and the same faces, other scenes."""
    found = []
    for number in range(count):
        rng = seeds("comic", number)
        page = Image.new("RGB", (900, 1250), "white")
        draw = ImageDraw.Draw(page)
        for row in range(3):
            for column in range(2):
                x, y = 30 + 430 * column, 30 + 405 * row
                page.paste(_panel(rng), (x, y))
                draw.rectangle((x, y, x + 410, y + 385), None, "black", 5)
        found.append(page)
    return found


def _panel(rng: np.random.Generator) -> Image.Image:
    panel = Image.new("RGB", (410, 385), pick(rng, ("#d6eaf8", "#fcf3cf", "#e8daef", "#d5f5e3")))
    draw = ImageDraw.Draw(panel)
    for _ in range(5):
        x, y = int(rng.integers(0, 380)), int(rng.integers(80, 300))
        corner = (x + int(rng.integers(20, 110)), y + int(rng.integers(30, 200)))
        fill = pick(rng, ("#aed6f1", "#a9dfbf", "#f9e79f", "#d7bde2"))
        draw.rectangle((x, y, *corner), fill, "black", 2)
    for _ in range(int(rng.integers(1, 3))):
        at = (int(rng.integers(10, 290)), int(rng.integers(110, 220)))
        _person(draw, at, int(rng.integers(70, 115)), int(rng.integers(0, 3)))
    right = 20 + int(rng.integers(180, 360))
    draw.rounded_rectangle((20, 12, right, 78), 20, "white", "black", 3)
    draw.text((34, 22), phrase(rng, 3) + "\n" + phrase(rng, 3), "black", font(17))
    return panel


def _person(draw: ImageDraw.ImageDraw, at: tuple[int, int], size: int, who: int) -> None:
    def box(left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
        x, y = at
        return x + left * size, y + top * size, x + right * size, y + bottom * size

    draw.ellipse(box(0, 0, 1, 1.2), _SKIN[who], "black", 4)
    for left in (0.2, 0.6):
        draw.ellipse(box(left, 0.4, left + 0.18, 0.55), "white", "black", 3)
        draw.ellipse(box(left + 0.07, 0.45, left + 0.13, 0.52), "black")
    draw.arc(box(0.3, 0.6, 0.7, 0.95), 10, 170, "black", 4)
    draw.pieslice(box(-0.05, -0.12, 1.05, 0.7), 180, 360, _HAIR[who], "black", 4)
    draw.rectangle(box(0.1, 1.2, 0.9, 2.2), _COAT[who], "black", 4)


def spreadsheets(seeds: Seeds, count: int) -> Pictures:
    """Tables in one program: the same columns, other figures."""
    found = []
    for number in range(count):
        rng = seeds("sheet", number)
        screen = Image.new("RGB", (1100, 760), "white")
        draw = ImageDraw.Draw(screen)
        draw.rectangle((0, 0, 1100, 40), "#217346")
        draw.text((20, 8), f"Book{rng.integers(1, 9)} - Sheets", "white", font(20))
        for k, letter in enumerate("ABCDEFGHIJ"):
            draw.line((60 + 100 * k, 60, 60 + 100 * k, 760), "#cccccc", 1)
            draw.text((100 + 100 * k, 62), letter, "#555555", font(16))
        for row in range(28):
            y = 84 + 24 * row
            draw.line((0, y, 1100, y), "#cccccc", 1)
            draw.text((10, y + 4), str(row + 1), "#555555", font(14))
            for k in range(10):
                draw.text((70 + 100 * k, y + 4), f"{rng.uniform(0, 99999):.2f}", "black", font(14))
        found.append(screen)
    return found


def boarding_cards(seeds: Seeds, count: int) -> Pictures:
    """Cards of one airline: names, seats and codes differ."""
    found = []
    for number in range(count):
        rng = seeds("pass", number)
        card = Image.new("RGB", (1000, 420), "#eaf2f8")
        draw = ImageDraw.Draw(card)
        draw.rectangle((0, 0, 1000, 80), "#154360")
        draw.text((30, 20), "NORTHPORT AIR   boarding card", "white", font(36))
        fields = {
            "passenger": phrase(rng, 2),
            "from": "Northport",
            "to": pick(rng, ("Southport", "Easton", "Westhaven")),
            "flight": f"NA {rng.integers(100, 999)}",
            "gate": str(rng.integers(1, 40)),
            "seat": f"{rng.integers(1, 30)}{pick(rng, 'ABCDEF')}",
        }
        for k, (name, value) in enumerate(fields.items()):
            x, y = 40 + 220 * (k % 3), 110 + 100 * (k // 3)
            draw.text((x, y), name, "#5d6d7e", font(18))
            draw.text((x, y + 24), value, "black", font(26))
        for x in range(720, 960, 4):
            if rng.random() < 0.5:
                draw.rectangle((x, 110, x + 3, 300), "black")
        draw.ellipse((40, 320, 110, 390), "#e67e22")
        foot = "Please be at the gate 30 minutes before departure."
        draw.text((130, 330), foot, "#555555", font(18))
        found.append(card)
    return found
