"""Hard negatives that are drawn: pages, screens, slides, maps and templates of one family.

Each function draws `count` pictures which share all that is set once (letterhead, chrome, style)
and differ in what a person would call the content.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from labelled import Seeds, pick
from lettering import WORDS, font, phrase
from negative_scenes import Pictures

_COLOURS = ("#b03a2e", "#1f618d", "#117a65", "#9a7d0a", "#6c3483", "#af601a", "#283747", "#c2185b")


def _paragraph(
    draw: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    box: tuple[int, int, int, int],
    size: int,
    colour: str = "#222222",
) -> None:
    """Fill a box (left, top, right, bottom) with lines of text."""
    left, top, right, bottom = box
    y = top
    while y + size < bottom:
        line = phrase(rng, 3)
        width = (right - left) * (0.55 if rng.random() < 0.15 else 1.0)
        while draw.textlength(line, font(size)) < width - 90:
            line += " " + pick(rng, WORDS)
        draw.text((left, y), line, colour, font(size))
        y += round(size * 1.45)


def letterhead(seeds: Seeds, count: int) -> Pictures:
    """Letters of one firm: the same head and foot, another text."""
    pages = []
    for number in range(count):
        rng = seeds("letterhead", number)
        page = Image.new("RGB", (1000, 1414), "#fdfdfb")
        draw = ImageDraw.Draw(page)
        draw.ellipse((80, 60, 170, 150), fill="#1f618d")
        draw.polygon([(100, 130), (125, 80), (150, 130)], fill="white")
        draw.text((190, 66), "Harbour & Sons Timber Ltd", "#1f618d", font(44))
        draw.text((192, 122), "14 Quay Street · Northport · since 1911", "#555555", font(20))
        draw.line((80, 172, 920, 172), "#1f618d", 3)
        draw.text(
            (80, 215), phrase(rng, 2) + f"\n{rng.integers(1, 99)} Mill Lane", "black", font(22)
        )
        draw.text((700, 215), f"{rng.integers(1, 28)} May 2019", "black", font(22))
        draw.text((80, 330), phrase(rng, 4), "black", font(28))
        _paragraph(draw, rng, (80, 390, 920, int(rng.integers(900, 1200))), 22)
        draw.line((80, 1330, 920, 1330), "#1f618d", 2)
        draw.text(
            (80, 1345), "Registered in Northport No 20411 · tel 555 0142", "#555555", font(18)
        )
        pages.append(page)
    return pages


def report_pages(seeds: Seeds, count: int) -> Pictures:
    """Consecutive pages of one document: running head, two columns, page number."""
    pages = []
    for number in range(count):
        rng = seeds("report", number)
        page = Image.new("RGB", (900, 1200), "white")
        draw = ImageDraw.Draw(page)
        draw.text((70, 50), "ANNUAL REPORT OF THE HARBOUR BOARD", "#333333", font(18))
        draw.text((800, 50), str(number + 11), "#333333", font(18))
        draw.line((70, 80, 830, 80), "#333333", 1)
        draw.text((70, 105), phrase(rng, 3), "black", font(32))
        split = int(rng.integers(500, 900))
        _paragraph(draw, rng, (70, 165, 440, 1120), 16)
        _paragraph(draw, rng, (470, 165, 830, split), 16)
        draw.rectangle((470, split + 20, 830, 1080), "#eeeeee", "#333333")
        _bars(draw, rng, (490, split + 40, 810, 1060))
        pages.append(page)
    return pages


def _bars(
    draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: tuple[int, int, int, int]
) -> None:
    left, top, right, bottom = box
    bars = int(rng.integers(5, 12))
    step = (right - left) / bars
    for k in range(bars):
        height = rng.uniform(0.1, 1.0) * (bottom - top)
        x = left + k * step
        draw.rectangle((x, bottom - height, x + step * 0.7, bottom), fill="#1f618d")


def forms(seeds: Seeds, count: int) -> Pictures:
    """One printed form, filled in for different people: nearly all of the ink is the same."""
    pages = []
    for number in range(count):
        rng = seeds("form", number)
        page = Image.new("RGB", (900, 1200), "white")
        draw = ImageDraw.Draw(page)
        draw.rectangle((40, 40, 860, 110), fill="#117a65")
        draw.text((60, 55), "Application for a parking permit", "white", font(34))
        labels = seeds("form labels")
        for k in range(14):
            y = 150 + k * 66
            draw.text((60, y), phrase(labels, 3), "#117a65", font(18))
            draw.rectangle((320, y - 8, 840, y + 38), "#f4fbf9", "#117a65")
            draw.text((335, y), phrase(rng, 2).title(), "#14148c", font(24))
        draw.text((60, 1100), phrase(labels, 14), "#555555", font(14))
        draw.text((60, 1130), phrase(labels, 14), "#555555", font(14))
        pages.append(page)
    return pages


def app_screens(seeds: Seeds, count: int) -> Pictures:
    """One program's window with other contents: the same chrome, menu and side bar."""
    screens = []
    for number in range(count):
        rng = seeds("app", number)
        screen = Image.new("RGB", (1280, 800), "#f6f7f9")
        draw = ImageDraw.Draw(screen)
        draw.rectangle((0, 0, 1280, 44), fill="#24292f")
        for k, word in enumerate(("File", "Edit", "View", "Projects", "Reports", "Help")):
            draw.text((20 + 95 * k, 12), word, "white", font(18))
        draw.rectangle((0, 44, 220, 800), fill="#e4e8ee")
        side = seeds("app side")
        for k in range(14):
            draw.ellipse((20, 70 + 48 * k, 40, 90 + 48 * k), fill=pick(side, _COLOURS))
            draw.text((52, 69 + 48 * k), phrase(side, 1), "#333333", font(18))
        draw.text((250, 64), phrase(rng, 3), "#111111", font(28))
        rows = int(rng.integers(9, 15))
        for k in range(rows):
            y = 125 + 44 * k
            draw.rectangle((250, y, 1250, y + 38), "white", "#d0d4da")
            draw.text((265, y + 8), phrase(rng, 4), "#222222", font(18))
            draw.text((900, y + 8), f"{rng.integers(1, 9999) / 7:.2f}", "#222222", font(18))
            draw.rounded_rectangle((1110, y + 6, 1230, y + 32), 12, fill=pick(rng, _COLOURS))
            draw.text((1130, y + 9), pick(rng, WORDS), "white", font(15))
        screens.append(screen)
    return screens


def chats(seeds: Seeds, count: int) -> Pictures:
    """Screens of one conversation on one phone: the same bar and contact, other messages."""
    screens = []
    for number in range(count):
        rng = seeds("chat", number)
        screen = Image.new("RGB", (540, 1170), "#ece5dd")
        draw = ImageDraw.Draw(screen)
        draw.rectangle((0, 0, 540, 110), fill="#075e54")
        draw.text((20, 8), f"{rng.integers(7, 23)}:{rng.integers(10, 59)}", "white", font(20))
        draw.text((420, 8), "4G  82%", "white", font(20))
        draw.ellipse((60, 44, 112, 96), fill="#f4d03f")
        draw.text((128, 56), "Aunt Margaret", "white", font(26))
        y = 130
        while y < 1030:
            lines = int(rng.integers(1, 4))
            height = 24 + 30 * lines
            left = 20 if rng.random() < 0.5 else 150
            box = (left, y, left + 370, y + height)
            draw.rounded_rectangle(box, 14, fill="white" if left == 20 else "#dcf8c6")
            text = "\n".join(phrase(rng, 4) for _ in range(lines))
            draw.text((left + 15, y + 10), text, "#111111", font(20), spacing=8)
            y += height + 14
        draw.rectangle((0, 1080, 540, 1170), fill="#f0f0f0")
        draw.rounded_rectangle((20, 1098, 450, 1150), 26, fill="white")
        draw.text((44, 1112), "Message", "#888888", font(22))
        draw.ellipse((468, 1096, 524, 1152), fill="#128c7e")
        screens.append(screen)
    return screens


def maps(seeds: Seeds, count: int) -> Pictures:
    """Maps of one style: other streets, parks, water and names."""
    sheets = []
    for number in range(count):
        rng = seeds("map", number)
        sheet = Image.new("RGB", (1024, 768), "#f2efe9")
        draw = ImageDraw.Draw(sheet)
        for _ in range(int(rng.integers(4, 9))):
            x, y, r = rng.uniform(0, 1024), rng.uniform(0, 768), rng.uniform(40, 160)
            draw.polygon(_blob(rng, x, y, r), fill="#c8facc" if rng.random() < 0.6 else "#aad3df")
        for _ in range(int(rng.integers(18, 30))):
            _road(draw, rng, 9, "#ffffff", "#bbbbbb")
        for _ in range(int(rng.integers(3, 6))):
            _road(draw, rng, 16, "#fcd6a4", "#c08040")
        for _ in range(int(rng.integers(14, 24))):
            at = (rng.uniform(20, 900), rng.uniform(20, 730))
            draw.text(at, phrase(rng, 1) + " Street", "#444444", font(int(rng.integers(14, 22))))
        draw.rectangle((850, 700, 1004, 748), "white", "black")
        draw.text((862, 712), "500 m  © maps", "black", font(18))
        for k, sign in enumerate("+-"):
            draw.rounded_rectangle((20, 20 + 54 * k, 64, 64 + 54 * k), 6, "white", "#999999")
            draw.text((35, 26 + 54 * k), sign, "black", font(26))
        sheets.append(sheet)
    return sheets


def _blob(rng: np.random.Generator, x: float, y: float, r: float) -> list[tuple[float, float]]:
    angles = np.linspace(0, 2 * math.pi, 14, endpoint=False)
    return [
        (x + r * rng.uniform(0.6, 1.2) * math.cos(a), y + r * rng.uniform(0.6, 1.2) * math.sin(a))
        for a in angles
    ]


def _road(
    draw: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, fill: str, edge: str
) -> None:
    x, y, heading = rng.uniform(0, 1024), rng.uniform(0, 768), rng.uniform(0, 2 * math.pi)
    points = [(x, y)]
    for _ in range(24):
        heading += rng.normal(0, 0.15)
        x, y = x + 60 * math.cos(heading), y + 60 * math.sin(heading)
        points.append((x, y))
    draw.line(points, edge, width + 3, joint="curve")
    draw.line(points, fill, width, joint="curve")


def clip_art(seeds: Seeds, count: int) -> Pictures:
    """Greeting cards from one template: the same clip art, other names, counts and colours."""
    cards = []
    for number in range(count):
        rng = seeds("card", number)
        card = Image.new("RGB", (900, 640), pick(rng, ("#fdebd0", "#d6eaf8", "#e8daef", "#d5f5e3")))
        draw = ImageDraw.Draw(card)
        draw.rectangle((0, 480, 900, 640), fill="#7dcea0")
        draw.ellipse((700, 40, 820, 160), fill="#f7dc6f")
        for k in range(12):
            a = k * math.pi / 6
            ends = [(760 + r * math.cos(a), 100 + r * math.sin(a)) for r in (70, 95)]
            draw.line(ends, "#f4d03f", 8)
        for k in range(int(rng.integers(2, 6))):
            x = 60 + 160 * k + int(rng.integers(-20, 20))
            colour = pick(rng, _COLOURS)
            draw.ellipse((x, 180, x + 90, 300), fill=colour)
            draw.polygon([(x + 38, 298), (x + 52, 298), (x + 45, 314)], fill=colour)
            draw.line((x + 45, 314, x + 60, 480), "#555555", 3)
        for k in range(int(rng.integers(1, 5))):
            x = 120 + 180 * k
            draw.rectangle((x, 420, x + 110, 500), fill=pick(rng, _COLOURS))
            draw.rectangle((x + 46, 420, x + 64, 500), fill="#fdfefe")
        draw.text((60, 40), "Happy Birthday", "#c2185b", font(64))
        draw.text(
            (60, 540), f"dear {phrase(rng, 1)}, you are {rng.integers(2, 99)}!", "white", font(44)
        )
        cards.append(card)
    return cards


def slides(seeds: Seeds, count: int) -> Pictures:
    """Slides of one deck: bar, logo and foot are the same, heading and points are not."""
    deck = []
    for number in range(count):
        rng = seeds("slide", number)
        slide = Image.new("RGB", (1280, 720), "white")
        draw = ImageDraw.Draw(slide)
        draw.rectangle((0, 0, 1280, 110), fill="#283747")
        draw.polygon([(1120, 20), (1240, 20), (1200, 90), (1080, 90)], fill="#e67e22")
        draw.text((1125, 38), "ACME", "white", font(32))
        draw.text((50, 28), phrase(rng, 4), "white", font(44))
        for k in range(int(rng.integers(3, 7))):
            y = 160 + 80 * k
            draw.ellipse((60, y + 12, 78, y + 30), fill="#e67e22")
            draw.text((100, y), phrase(rng, int(rng.integers(4, 8))), "#222222", font(32))
        draw.rectangle((0, 680, 1280, 720), fill="#d5d8dc")
        draw.text((50, 688), "Quarterly meeting · confidential", "#555555", font(20))
        draw.text((1210, 688), str(number + 2), "#555555", font(20))
        deck.append(slide)
    return deck


def charts(seeds: Seeds, count: int) -> Pictures:
    """Plots of one style: the same axes and legend, other data."""
    plots = []
    for number in range(count):
        rng = seeds("chart", number)
        plot = Image.new("RGB", (960, 640), "white")
        draw = ImageDraw.Draw(plot)
        for k in range(9):
            y = 60 + 60 * k
            draw.line((90, y, 900, y), "#dddddd", 1)
            draw.text((40, y - 10), str(80 - 10 * k), "#444444", font(18))
        draw.line((90, 60, 90, 540, 900, 540), "black", 3)
        for k in range(12):
            draw.text((100 + 67 * k, 552), "JFMAMJJASOND"[k], "#444444", font(18))
        for k in range(3):
            values = np.clip(np.cumsum(rng.normal(0, 45, 12)) + 280, 70, 530)
            points = [(105 + 67 * i, float(v)) for i, v in enumerate(values)]
            draw.line(points, _COLOURS[k], 4)
            draw.rectangle((720, 20 + 14 * k, 736, 30 + 14 * k), fill=_COLOURS[k])
        draw.text((90, 20), "Visitors by month, thousands", "black", font(24))
        draw.text((420, 590), "Month", "black", font(20))
        plots.append(plot)
    return plots


def tickets(seeds: Seeds, count: int) -> Pictures:
    """Tickets of one event: all is the same but for code, seat and name."""
    found = []
    for number in range(count):
        rng = seeds("ticket", number)
        ticket = Image.new("RGB", (900, 380), "#fef5e7")
        draw = ImageDraw.Draw(ticket)
        draw.rectangle((0, 0, 900, 90), fill="#6c3483")
        draw.text((30, 20), "Northport Jazz Festival", "white", font(44))
        draw.text((30, 120), phrase(rng, 2).title(), "black", font(30))
        draw.text(
            (30, 180), f"Row {rng.integers(1, 60)}  Seat {rng.integers(1, 90)}", "black", font(30)
        )
        draw.text((30, 300), "Doors 19:00 · keep this ticket", "#555555", font(20))
        modules = rng.integers(0, 2, (25, 25))
        for i, j in zip(*np.nonzero(modules), strict=True):
            draw.rectangle((620 + 10 * j, 115 + 10 * i, 629 + 10 * j, 124 + 10 * i), fill="black")
        for x, y in ((620, 115), (800, 115), (620, 295)):
            draw.rectangle((x, y, x + 69, y + 69), "white", "black", 10)
            draw.rectangle((x + 20, y + 20, x + 49, y + 49), fill="black")
        found.append(ticket)
    return found


def faint(seeds: Seeds, count: int) -> Pictures:
    """Nearly blank scans: paper, grain, a shadow at the edge and one line of faint writing."""
    scans = []
    for number in range(count):
        rng = seeds("faint", number)
        paper = np.full((1100, 800), 244.0) + rng.normal(0, 1.5, (1100, 800))
        paper -= np.linspace(0, rng.uniform(4, 18), 800)[None, :]
        scan = Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8)).convert("RGB")
        draw = ImageDraw.Draw(scan)
        at = (rng.uniform(60, 300), rng.uniform(80, 950))
        draw.text(at, phrase(rng, 3), "#d8d8d4", font(26))
        scans.append(scan)
    return scans
