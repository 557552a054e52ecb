"""The demo library: photographs that scikit-image brings along, and edited copies made from them.

Nothing is downloaded and nothing of it is shipped with twinsift: the photographs are read from the
installed scikit-image. Their licences, as scikit-image states them: astronaut, rocket and
hubble_deep_field are NASA's and SpaceX's, in the public domain, as is clock_motion; brick, camera,
chelsea, coffee, grass, gravel and retina are CC0; for coins and ihc no copyright restrictions are
known; the motorcycle pair is from the Middlebury 2014 stereo benchmark (free to use, with credit).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from ..models.errors import TwinsiftError
from ..models.text import printable

MARKER = ".twinsift-demo"
CATALOG = ".twinsift-demo.sqlite"

Edit = Callable[[Image.Image], Image.Image]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the library: a photograph, what was done to it, and how it was saved."""

    path: str
    photograph: str
    edits: tuple[Edit, ...] = ()
    quality: int = 95
    captured: str = ""
    """EXIF time, 'YYYY-MM-DD HH:MM'; '' for a copy that lost its EXIF."""
    orientation: int = 1
    """EXIF orientation; the pixels are turned the other way, so that the picture stays upright."""


@dataclass(frozen=True, slots=True)
class Demo:
    """The library as it was made or found."""

    folder: Path
    files: int
    is_new: bool


def sized(side: int) -> Edit:
    """The longest side brought to so many pixels."""

    def edit(picture: Image.Image) -> Image.Image:
        factor = side / max(picture.size)
        size = (round(picture.width * factor), round(picture.height * factor))
        return picture.resize(size, Image.Resampling.LANCZOS)

    return edit


def cropped(left: float, top: float, right: float, bottom: float) -> Edit:
    """A part of the picture, given by fractions of its sides."""

    def edit(picture: Image.Image) -> Image.Image:
        width, height = picture.size
        box = (left * width, top * height, right * width, bottom * height)
        return picture.crop(tuple(round(edge) for edge in box))  # pyright: ignore[reportArgumentType]

    return edit


def toned(brightness: float = 1.0, contrast: float = 1.0, colour: float = 1.0) -> Edit:
    """Brighter, harder or more colourful by factors; 1.0 changes nothing."""

    def edit(picture: Image.Image) -> Image.Image:
        picture = ImageEnhance.Brightness(picture).enhance(brightness)
        picture = ImageEnhance.Contrast(picture).enhance(contrast)
        return ImageEnhance.Color(picture).enhance(colour)

    return edit


def captioned(text: str) -> Edit:
    """A white band below the picture with words on it."""

    def edit(picture: Image.Image) -> Image.Image:
        band = max(24, picture.height // 9)
        page = Image.new("RGB", (picture.width, picture.height + band), "white")
        page.paste(picture, (0, 0))
        place = (picture.width // 2, picture.height + band // 2)
        font = ImageFont.load_default(band * 0.55)
        ImageDraw.Draw(page).text(place, text, fill="black", font=font, anchor="mm")
        return page

    return edit


def framed(fraction: float, colour: str) -> Edit:
    """A frame around the picture, as wide as a fraction of its shorter side."""

    def edit(picture: Image.Image) -> Image.Image:
        return ImageOps.expand(picture, round(min(picture.size) * fraction), colour)

    return edit


def turned(method: Image.Transpose) -> Edit:
    """The picture mirrored or turned by quarters."""

    def edit(picture: Image.Image) -> Image.Image:
        return picture.transpose(method)

    return edit


def grey(picture: Image.Image) -> Image.Image:
    """The picture without its colours."""
    return ImageOps.grayscale(picture).convert("RGB")


MIRRORED = turned(Image.Transpose.FLIP_LEFT_RIGHT)
QUARTER = turned(Image.Transpose.ROTATE_90)
HALF = turned(Image.Transpose.ROTATE_180)

# Whoever keeps photographs for years knows these folders. Entries without edits, in quality 95, are
# the originals; an entry that differs from another in nothing but its path is a byte copy of it.
LIBRARY = (
    Entry("Photos/2015-02 Launch/DSC_0410.jpg", "rocket.jpg", captured="2015-02-11 18:03"),
    Entry("Photos/2015-02 Launch/DSC_0410 (1).jpg", "rocket.jpg", captured="2015-02-11 18:03"),
    Entry("Photos/2015-02 Launch/for the blog.jpg", "rocket.jpg", (sized(400),), 80),
    Entry("Downloads/falcon.png", "rocket.jpg"),
    Entry("Downloads/falcon poster.jpg", "rocket.jpg", (captioned("LIFT-OFF 2015"),), 88),
    Entry("Photos/2016-07 Chelsea/IMG_2210.jpg", "chelsea.png", captured="2016-07-03 09:12"),
    Entry("Photos/2016-07 Chelsea/IMG_2210 cropped.jpg", "chelsea.png",
          (cropped(0.2, 0.1, 0.85, 0.9),), 92, captured="2016-07-03 09:12"),
    Entry("Phone/WhatsApp/IMG-20160704-WA0003.jpg", "chelsea.png", (sized(320),), 55),
    Entry("Phone/WhatsApp/IMG-20160709-WA0011.jpg", "chelsea.png", (MIRRORED, sized(320)), 60),
    Entry("Old laptop/Desktop/cat bw.jpg", "chelsea.png", (grey, toned(contrast=1.25)), 90),
    Entry("Photos/2017-05 Pikolo/IMG_3307.jpg", "coffee.png", captured="2017-05-20 10:31"),
    Entry("Photos/2017-05 Pikolo/IMG_3307-edited.jpg", "coffee.png",
          (toned(1.15, 1.1, 1.3),), 93, captured="2017-05-20 10:31"),
    Entry("Phone/Instagram/coffee_frame.jpg", "coffee.png", (framed(0.08, "white"),), 85),
    Entry("Phone/WhatsApp/IMG-20170520-WA0001.jpg", "coffee.png", (sized(360),), 50),
    Entry("Old laptop/Backup/IMG_3307.jpg", "coffee.png", captured="2017-05-20 10:31"),
    Entry("Photos/2013-09 Exhibition/P1010551.jpg", "astronaut.png", captured="2013-09-14 15:20"),
    Entry("Photos/2013-09 Exhibition/P1010551_portrait.jpg", "astronaut.png",
          (cropped(0.15, 0.0, 0.75, 0.65),), 92),
    Entry("Downloads/astronaut.webp", "astronaut.png", quality=80),
    Entry("Downloads/astronaut-thumb.jpg", "astronaut.png", (sized(128),), 75),
    Entry("Photos/2014-04 Museum/P1020007.jpg", "coins.png", captured="2014-04-05 13:44"),
    Entry("Photos/2014-04 Museum/P1020007 turned.jpg", "coins.png", (QUARTER,), 92),
    Entry("Scans/coins.tif", "coins.png"),
    Entry("Photos/2018-11 Camera test/DSC_0933.jpg", "camera.png", captured="2018-11-17 11:05"),
    Entry("Photos/2018-11 Camera test/DSC_0933_tagged.jpg", "camera.png",
          captured="2018-11-17 11:05", orientation=6),
    Entry("Old laptop/Backup/DSC_0933.jpg", "camera.png", captured="2018-11-17 11:05"),
    Entry("Old laptop/Desktop/photographer dark.jpg", "camera.png", (toned(0.7),), 90),
    Entry("Downloads/hubble_xdf.jpg", "hubble_deep_field.jpg", quality=92),
    Entry("Downloads/hubble wallpaper.jpg", "hubble_deep_field.jpg",
          (cropped(0.0, 0.15, 1.0, 0.8),), 90),
    Entry("Phone/Wallpapers/hubble.jpg", "hubble_deep_field.jpg", (HALF, sized(720)), 85),
    Entry("Photos/2012-06 House/IMG_0871.jpg", "brick.png", captured="2012-06-02 17:55"),
    Entry("Photos/2012-06 House/IMG_0872.jpg", "gravel.png", captured="2012-06-02 17:56"),
    Entry("Photos/2012-06 House/IMG_0873.jpg", "grass.png", captured="2012-06-02 17:58"),
    Entry("Old laptop/Textures/bricks.jpg", "brick.png", (sized(384),), 85),
    Entry("Old laptop/Textures/gravel.png", "gravel.png"),
    Entry("Photos/2011-01 Kitchen/P1000102.jpg", "clock_motion.png", captured="2011-01-23 08:00"),
    Entry("Photos/2011-01 Kitchen/P1000102 resaved.jpg", "clock_motion.png", quality=70,
          captured="2011-01-23 08:00"),
    Entry("Photos/2019-08 Shed/DSC_1502.jpg", "motorcycle_left.png", captured="2019-08-31 16:40"),
    Entry("Photos/2019-08 Shed/DSC_1503.jpg", "motorcycle_right.png", captured="2019-08-31 16:41"),
    Entry("Phone/WhatsApp/IMG-20190831-WA0007.jpg", "motorcycle_left.png", (sized(480),), 65),
    Entry("Scans/Eye clinic/left eye.jpg", "retina.jpg", (sized(900),), 90),
    Entry("Scans/Eye clinic/left eye copy.jpg", "retina.jpg", (sized(900),), 90),
    Entry("Scans/Lab/slide 14.jpg", "ihc.png", quality=92),
)  # fmt: skip


def make(folder: Path) -> Demo:
    """Make the library in a new or empty folder; a library that is already there stays as it is.

    The same files come out on every run with the same versions of Pillow and scikit-image. The
    folder appears complete or not at all.

    Raises:
        TwinsiftError: the folder holds something else, or can't be written.
    """
    folder = folder.absolute()
    shown = printable(str(folder))
    if (folder / MARKER).is_file():
        present = sum(1 for entry in LIBRARY if (folder / entry.path).is_file())
        return Demo(folder, present, is_new=False)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise TwinsiftError(f"{shown} is there and not empty", "name a new folder for the demo")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as work:
            part = Path(work) / "library"
            part.mkdir()
            _fill(part)
            if folder.exists():
                folder.rmdir()
            part.rename(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TwinsiftError(f"the demo library can't be made in {shown}: {reason}") from error
    return Demo(folder, len(LIBRARY), is_new=True)


def _fill(folder: Path) -> None:
    sources = _sources()
    for number, entry in enumerate(LIBRARY):
        target = folder / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        _save(entry, sources / entry.photograph, target)
        _set_times(target, entry, number)
    (folder / MARKER).write_text("made by `twinsift demo`; remove the folder when done\n")


def _sources() -> Path:
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise TwinsiftError("scikit-image is not installed", "install twinsift again")
    return Path(spec.submodule_search_locations[0]) / "data"


def _save(entry: Entry, source: Path, target: Path) -> None:
    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    for edit in entry.edits:
        picture = edit(picture)
    exif = Image.Exif()
    if entry.captured:
        stamp = entry.captured.replace("-", ":") + ":00"
        exif[0x010F], exif[0x0110], exif[0x0132] = "Lumo", "Lumo F2", stamp
        exif.get_ifd(0x8769)[0x9003] = stamp
    if entry.orientation == 6:
        picture = QUARTER(picture)
        exif[0x0112] = 6
    match target.suffix:
        case ".jpg":
            picture.save(target, quality=entry.quality, exif=exif)
        case ".webp":
            picture.save(target, quality=entry.quality)
        case ".tif":
            picture.save(target, compression="tiff_lzw")
        case _:
            picture.save(target)


def _set_times(target: Path, entry: Entry, number: int) -> None:
    """Originals keep the time of the shot; copies were made later, one a day."""
    written = datetime(2020, 1, 1, tzinfo=UTC).timestamp() + number * 86_400
    if entry.captured and not entry.edits:
        written = datetime.fromisoformat(entry.captured).replace(tzinfo=UTC).timestamp()
    os.utime(target, (written, written))
