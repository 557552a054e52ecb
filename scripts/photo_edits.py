"""Edits that people, programs and services do to photographs, each as one function.

An edit takes the upright RGB picture and random numbers of its own, and answers what a file would
then hold. Sizes go by the picture's own size, so that every edit means the same on any photograph.
"""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from negative_pages import font, phrase

# OpenCV's stubs promise no dtype for what they return; all of these hold float32.
Array = NDArray[Any]
Random = np.random.Generator
LANCZOS = Image.Resampling.LANCZOS


def array_of(picture: Image.Image) -> Array:
    """The picture's values 0..255, float32 (h, w, 3)."""
    return np.asarray(picture.convert("RGB"), np.float32)


def image_of(array: Array) -> Image.Image:
    """The picture of values that may stick out of 0..255."""
    return Image.fromarray(np.clip(np.rint(array), 0, 255).astype(np.uint8))


def _scaled(picture: Image.Image, factor: float) -> Image.Image:
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return picture.resize(size, LANCZOS)


def _jpeg(picture: Image.Image, quality: int, subsampling: str = "4:2:0") -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def _cut(picture: Image.Image, share: float, rng: Random) -> Image.Image:
    """A crop of the given share of the area, anywhere."""
    side = share**0.5
    w, h = round(picture.width * side), round(picture.height * side)
    x = int(rng.integers(0, picture.width - w + 1))
    y = int(rng.integers(0, picture.height - h + 1))
    return picture.crop((x, y, x + w, y + h))


# Scale and encoding


def same(picture: Image.Image, rng: Random) -> Image.Image:
    """Nothing: the file's format does it."""
    return picture


def double_jpeg(picture: Image.Image, rng: Random) -> Image.Image:
    """Saved twice as JPEG, the second time off the grid of blocks."""
    once = _jpeg(picture, 60)
    return _jpeg(once.crop((3, 5, once.width, once.height)), 75)


def two_steps(picture: Image.Image, rng: Random) -> Image.Image:
    """Scaled down in two steps, sharpened between."""
    return _scaled(_scaled(picture, 0.6).filter(ImageFilter.UnsharpMask(1.0, 60, 2)), 0.7)


def chroma_420(picture: Image.Image, rng: Random) -> Image.Image:
    """Colour at a quarter of the resolution, twice."""
    y, cb, cr = picture.convert("YCbCr").split()
    coarse = [_scaled(band, 0.25).resize(picture.size) for band in (cb, cr)]
    return Image.merge("YCbCr", (y, *coarse)).convert("RGB")


def grown_thumbnail(picture: Image.Image, rng: Random) -> Image.Image:
    """A thumbnail of 128 pixels blown up to 640."""
    small = picture.copy()
    small.thumbnail((128, 128), LANCZOS)
    return small.resize((small.width * 5, small.height * 5), Image.Resampling.BICUBIC)


# Tone and colour


def warm(picture: Image.Image, rng: Random) -> Image.Image:
    """A slightly warmer white."""
    return image_of(array_of(picture) * np.array([1.07, 1.0, 0.9], np.float32))


def strong_grade(picture: Image.Image, rng: Random) -> Image.Image:
    """A film's grade: teal shadows, orange lights, an S curve."""
    x = array_of(picture) / 255
    luma = x.mean(axis=2, keepdims=True)
    shadow = np.array([-0.10, 0.04, 0.12], np.float32) * (1 - luma)
    light = np.array([0.14, 0.03, -0.12], np.float32) * luma
    curved = x * x * (3 - 2 * x)
    return image_of(255 * (0.35 * x + 0.65 * curved + shadow + light))


def local_contrast(picture: Image.Image, rng: Random) -> Image.Image:
    """Contrast evened out place by place, the HDR look."""
    lab = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2LAB)
    lab[:, :, 0] = cv2.createCLAHE(3.0, (8, 8)).apply(lab[:, :, 0])
    return Image.fromarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def channel_swap(picture: Image.Image, rng: Random) -> Image.Image:
    """Red and blue swapped, as a wrong converter does."""
    r, g, b = picture.split()
    return Image.merge("RGB", (b, g, r))


def duotone(picture: Image.Image, rng: Random) -> Image.Image:
    """Two colours for light and dark."""
    return ImageOps.colorize(picture.convert("L"), "#1b1464", "#f9ca24").convert("RGB")


def posterise(picture: Image.Image, rng: Random) -> Image.Image:
    """Four levels a channel."""
    return ImageOps.posterize(picture, 2)


def solarise(picture: Image.Image, rng: Random) -> Image.Image:
    """Light parts turned to their negative."""
    return ImageOps.solarize(picture, 150)


# Grain, blur and screens


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


# Geometry


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
    return ImageOps.mirror(_cut(picture, 0.7, rng))


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


# Frames, captions and things laid over it


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


def cartoon(picture: Image.Image, rng: Random) -> Image.Image:
    """Painted: fine texture gone, edges kept and drawn."""
    smooth = np.asarray(picture)
    for _ in range(3):
        smooth = cv2.bilateralFilter(smooth, 9, 45, 7)
    edges = ImageOps.invert(picture.convert("L").filter(ImageFilter.FIND_EDGES))
    return ImageChops.multiply(Image.fromarray(smooth), edges.convert("RGB"))
