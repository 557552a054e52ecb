"""Everything a picture file says about itself, as rows of a name and a value in plain words."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

from PIL import ExifTags, Image, ImageCms

from . import formats
from .errors import PictureError
from .text import printable

_LONGEST = 120
# Pointers, versions, and what repeats another tag in other units.
_SKIPPED = frozenset((
    "ExifOffset", "GPSInfo", "ExifInteroperabilityOffset", "MakerNote", "PrintImageMatching",
    "ExifVersion", "FlashPixVersion", "GPSVersionID", "ComponentsConfiguration",
    "YCbCrPositioning", "ResolutionUnit", "XResolution", "YResolution", "FileSource", "SceneType",
    "ShutterSpeedValue", "ApertureValue",
))  # fmt: skip
_MODES = {"1": "1 bit", "L": "grey", "P": "palette", "RGB": "RGB", "RGBA": "RGB and alpha",
          "CMYK": "CMYK", "YCbCr": "YCbCr", "LAB": "Lab", "LA": "grey and alpha",
          "I;16": "grey, 16 bits", "I": "grey, 32 bits", "F": "grey, floating point"}  # fmt: skip
_SAMPLINGS = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}


@dataclass(frozen=True, slots=True)
class Tag:
    """One row."""

    name: str
    value: str
    """At most 120 letters, safe to print."""


def tags(stream: BinaryIO) -> tuple[Tag, ...]:
    """The rows of a file, the coding first, then EXIF in its own order; its pixels aren't decoded.

    What is damaged says less.

    Raises:
        PictureError: the file is no picture, or its header can't be read.
        MissingExtraError: the format's decoder isn't installed.
    """
    kind = formats.sniff(stream.read(formats.HEAD))
    stream.seek(0)
    if not kind:
        raise PictureError("not a picture by its content")
    raw = kind == "RAW"
    if kind == "TIFF":
        raw = formats.is_camera_raw(stream.read(1 << 20))
        stream.seek(0)
    rows: list[Tag] = []
    if raw:
        exif = Image.Exif()
        try:
            exif.load(stream.read())
        except Exception:  # not all camera RAW is laid out as TIFF
            return (Tag("coding", "camera RAW"),)
        rows.append(Tag("coding", "camera RAW"))
        rows += _exif(exif)
        return tuple(rows)
    formats.prepare(kind)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(stream, formats=(kind,)) as image:
                rows += _coding(image)
                rows += _exif(image.getexif())
    except Exception as error:  # Pillow's plugins raise anything at all on hostile bytes
        if not rows:
            raise PictureError(f"its header can't be read: {printable(str(error))[:80]}") from error
    return tuple(rows)


def _coding(image: Image.Image) -> Iterator[Tag]:
    yield Tag("colours", _MODES.get(image.mode, image.mode))
    info: Mapping[Any, Any] = image.info
    if info.get("progressive"):
        yield Tag("coding", "progressive")
    if image.format in ("JPEG", "MPO"):
        from PIL.JpegImagePlugin import get_sampling

        sampling = _SAMPLINGS.get(get_sampling(image))
        if sampling:
            yield Tag("colour sampling", sampling)
    if isinstance(info.get("compression"), str):
        yield Tag("compression", _text(info["compression"]))
    dpi = info.get("dpi")
    if isinstance(dpi, tuple) and len(dpi) == 2:
        yield Tag("dots per inch", "×".join(f"{float(d):.0f}" for d in dpi))
    if info.get("icc_profile"):
        yield Tag("colour profile", _profile(info["icc_profile"]))
    for name, title in (("xmp", "XMP"), ("photoshop", "Photoshop"), ("comment", "comment")):
        value = info.get(name)
        if value:
            told = _text(value) if name == "comment" else f"{len(value):,} bytes"
            yield Tag(title, told)


def _profile(data: bytes) -> str:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        return _text(ImageCms.getProfileDescription(profile))
    except Exception:  # a broken profile is passed over wherever it's used, too
        return "damaged"


def _exif(exif: Image.Exif) -> Iterator[Tag]:
    yield from _directory(dict(exif), ExifTags.TAGS)
    for directory, names in (
        (ExifTags.IFD.Exif, ExifTags.TAGS),
        (ExifTags.IFD.GPSInfo, ExifTags.GPSTAGS),
    ):
        try:
            found = exif.get_ifd(directory)
        except Exception:  # as above: damaged ones say less
            continue
        if directory == ExifTags.IFD.GPSInfo:
            place = position(found)
            if place:
                yield Tag("GPS position", place)
            found = {k: v for k, v in found.items() if k not in _POSITION}
        yield from _directory(found, names)


def _directory(found: Mapping[int, Any], names: Mapping[int, str]) -> Iterator[Tag]:
    for number, value in found.items():
        name = names.get(number, f"tag {number}")
        if name in _SKIPPED:
            if name == "MakerNote" and isinstance(value, bytes):
                yield Tag("maker note", f"{len(value):,} bytes")
            continue
        try:
            told = _TOLD.get(name, _text)(value)
        except Exception:  # a value of an unexpected type or out of all bounds
            told = _text(value)
        if told:
            yield Tag(_NAMES.get(name, _spaced(name)), told)


def _spaced(name: str) -> str:
    """'DateTimeOriginal' as 'date time original'; abbreviations stay."""
    words = ""
    for i, letter in enumerate(name):
        starts = (
            letter.isupper() and i > 0 and (name[i - 1].islower() or name[i + 1 : i + 2].islower())
        )
        words += f" {letter}" if starts else letter
    return " ".join(w if w.isupper() and len(w) > 1 else w.lower() for w in words.split())


def position(gps: Mapping[int, Any]) -> str:
    """A GPS directory's place as '47.37690, 8.54170' (degrees north and east), '' for none."""
    try:
        north = _degrees(gps[ExifTags.GPS.GPSLatitude])
        east = _degrees(gps[ExifTags.GPS.GPSLongitude])
    except Exception:  # missing or damaged
        return ""
    north = -north if _text(gps.get(ExifTags.GPS.GPSLatitudeRef, "N")).upper() == "S" else north
    east = -east if _text(gps.get(ExifTags.GPS.GPSLongitudeRef, "E")).upper() == "W" else east
    if not (-90 <= north <= 90 and -180 <= east <= 180) or (north == 0 and east == 0):
        return ""
    return f"{north:.5f}, {east:.5f}"


_POSITION = (
    ExifTags.GPS.GPSLatitude,
    ExifTags.GPS.GPSLongitude,
    ExifTags.GPS.GPSLatitudeRef,
    ExifTags.GPS.GPSLongitudeRef,
)


def _degrees(value: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in value)
    return degrees + minutes / 60 + seconds / 3600


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        text = value.split(b"\0")[0].decode("utf-8", "replace")
        if not text.isprintable() or len(value) > 4 * _LONGEST:
            return f"{len(value):,} bytes"
        value = text
    if isinstance(value, tuple):
        value = ", ".join(_text(part) for part in value[:8]) + (" …" if len(value) > 8 else "")
    elif isinstance(value, float) or (hasattr(value, "numerator") and not isinstance(value, int)):
        value = f"{float(value):.6g}"
    text = printable(" ".join(str(value).split("\0")[0].split()))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _exposure(value: Any) -> str:
    seconds = float(value)
    if 0 < seconds < 0.3:
        return f"1/{round(1 / seconds)} s"
    return f"{seconds:g} s"


def _aperture(value: Any) -> str:
    return f"f/{float(value):g}"


def _length(value: Any) -> str:
    return f"{float(value):g} mm"


def _bias(value: Any) -> str:
    share = Fraction(float(value)).limit_denominator(6)
    return f"{'+' if share > 0 else ''}{share} EV"


_TOLD: dict[str, Callable[[Any], str]] = {
    "ExposureTime": _exposure,
    "FNumber": _aperture,
    "FocalLength": _length,
    "FocalLengthIn35mmFilm": _length,
    "ExposureBiasValue": _bias,
}
_NAMES = {
    "ExposureTime": "exposure",
    "FNumber": "aperture",
    "ISOSpeedRatings": "ISO",
    "PhotographicSensitivity": "ISO",
    "FocalLength": "focal length",
    "FocalLengthIn35mmFilm": "focal length as 35 mm",
    "ExposureBiasValue": "exposure bias",
    "DateTime": "file written",
    "DateTimeOriginal": "taken",
    "DateTimeDigitized": "digitised",
    "Make": "maker",
    "Model": "camera",
    "LensModel": "lens",
    "ImageDescription": "description",
}
