"""Edits that add something: frames, captions, marks, windows, collages."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from lettering import font, phrase
from photo_edits import LANCZOS, Random


def captions(picture: Image.Image, rng: Random) -> Image.Image:
    """White bars with words above and below."""
    bar = picture.height // 6
    canvas = Image.new("RGB", (picture.width, picture.height + 2 * bar), "white")
    canvas.paste(picture, (0, bar))
    draw = ImageDraw.Draw(canvas)
    for y in (0, bar + picture.height):
        at = (bar // 4, y + bar // 4)
        draw.text(at, phrase(rng, 5), "black", font(max(10, bar // 3)))
    return canvas


def tiled_mark(picture: Image.Image, rng: Random) -> Image.Image:
    """A stock agency's mark all over it."""
    layer = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(layer)
    size = max(10, picture.width // 24)
    for k, y in enumerate(range(0, picture.height, size * 3)):
        for x in range(-size * 4 * (k % 2), picture.width, size * 8):
            draw.text((x, y), "© imagestock", 110, font(size))
    layer = layer.rotate(20, Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", picture.size, "white"), picture, layer)


def redacted(picture: Image.Image, rng: Random) -> Image.Image:
    """Four black bars over what nobody may see."""
    copy = picture.copy()
    draw = ImageDraw.Draw(copy)
    for _ in range(4):
        w, h = picture.width * rng.uniform(0.15, 0.4), picture.height * rng.uniform(0.04, 0.1)
        x, y = rng.uniform(0, picture.width - w), rng.uniform(0, picture.height - h)
        draw.rectangle((x, y, x + w, y + h), fill="black")
    return copy


def date_stamp(picture: Image.Image, rng: Random) -> Image.Image:
    """The date in the corner, orange."""
    copy = picture.copy()
    size = max(10, picture.height // 16)
    day = f"'{rng.integers(90, 99)}  {rng.integers(1, 12)} {rng.integers(1, 28)}"
    at = (picture.width - 5 * size, picture.height - 2 * size)
    ImageDraw.Draw(copy).text(at, day, "#ff7b1c", font(size))
    return copy


def rounded(picture: Image.Image, rng: Random) -> Image.Image:
    """Round corners on white."""
    w, h = picture.size
    mask = Image.new("L", (w, h), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, w - 1, h - 1), min(w, h) // 6, 255)
    return Image.composite(picture, Image.new("RGB", picture.size, "white"), mask)


def shadow(picture: Image.Image, rng: Random) -> Image.Image:
    """On a coloured ground with a soft shadow, as in a presentation."""
    w, h = picture.size
    pad = max(w, h) // 7
    canvas = Image.new("RGB", (w + 2 * pad, h + 2 * pad), "#dfe6e9")
    dark = Image.new("L", canvas.size, 0)
    ImageDraw.Draw(dark).rectangle((pad * 1.2, pad * 1.25, pad * 1.2 + w, pad * 1.25 + h), 150)
    dark = dark.filter(ImageFilter.GaussianBlur(pad / 5))
    canvas = Image.composite(Image.new("RGB", canvas.size, "black"), canvas, dark)
    canvas.paste(picture, (pad, pad))
    return canvas


def blurred_fill(picture: Image.Image, rng: Random) -> Image.Image:
    """Upright for a story: the picture across a blurred, larger copy of itself."""
    w, h = 720, 1280
    back = ImageOps.fit(picture, (w, h), LANCZOS).filter(ImageFilter.GaussianBlur(24))
    front = picture.resize((w, round(picture.height * w / picture.width)), LANCZOS)
    if front.height > h:
        front = picture.resize((round(picture.width * h / picture.height), h), LANCZOS)
    back.paste(front, ((w - front.width) // 2, (h - front.height) // 2))
    return back


def before_after(picture: Image.Image, rng: Random) -> Image.Image:
    """Beside its own grey version."""
    canvas = Image.new("RGB", (picture.width * 2, picture.height))
    canvas.paste(picture, (0, 0))
    canvas.paste(ImageEnhance.Contrast(picture.convert("L")).enhance(1.3), (picture.width, 0))
    return canvas


def in_window(picture: Image.Image, rng: Random) -> Image.Image:
    """Open in a program's window on a desktop: 40 % of the screen, side bar and all."""
    screen = Image.new("RGB", (1440, 900), "#34495e")
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 1440, 28), fill="#ecf0f1")
    draw.text((12, 4), "Viewer   File   Edit   Image   Window", "black", font(17))
    x, y = int(rng.integers(60, 260)), int(rng.integers(50, 130))
    draw.rectangle((x, y, x + 1100, y + 730), "#fafafa", "#95a5a6", 2)
    draw.rectangle((x, y, x + 1100, y + 38), fill="#d0d3d4")
    for k, colour in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
        draw.ellipse((x + 14 + 26 * k, y + 11, x + 30 + 26 * k, y + 27), fill=colour)
    for k in range(14):
        draw.text((x + 16, y + 60 + 46 * k), phrase(rng, 2), "#566573", font(18))
    inner = ImageOps.contain(picture, (830, 640), LANCZOS)
    screen.paste(inner, (x + 235, y + 58))
    return screen


def collage(picture: Image.Image, others: list[Image.Image], rng: Random) -> Image.Image:
    """The picture and three others in a square of four with white gaps."""
    canvas = Image.new("RGB", (1220, 920), "white")
    at = [(0, 0), (620, 0), (0, 470), (620, 470)]
    for place, part in zip(rng.permutation(4), [picture, *others], strict=True):
        canvas.paste(ImageOps.fit(part, (600, 450), LANCZOS), at[int(place)])
    return canvas
