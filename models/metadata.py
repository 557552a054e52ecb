"""What a file says about its picture: when and with what it was taken, and how well it was kept."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from .features import Metadata
from .text import printable

# Annex K.1 of ITU-T T.81, the table that the IJG's library scales by the quality.
_LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
_LONGEST = 100


def from_exif(exif: Image.Exif) -> Metadata:
    """What an EXIF block says; damaged ones say less, and never raise."""
    try:
        camera = _camera(exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model))
        main = len(exif)
    except Exception:  # Pillow's parser raises whatever the damage makes it stumble over
        return Metadata()
    details: Mapping[int, object] = {}
    count = main
    place = ""
    for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        try:
            tags = exif.get_ifd(directory)
        except Exception:  # as above
            continue
        count += len(tags)
        if directory == ExifTags.IFD.Exif:
            details = tags
        else:
            place = position(tags)
    captured = _moment(details.get(ExifTags.Base.DateTimeOriginal)) or _moment(
        details.get(ExifTags.Base.DateTimeDigitized)
    )
    return Metadata(captured, camera, count, place or None)


def _moment(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.strptime(value.strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment.year >= 1800 else None


def position(gps: Mapping[int, Any]) -> str:
    """A GPS directory's place as '47.37690, 8.54170' (degrees north and east), '' for none."""
    try:
        north = _degrees(gps[ExifTags.GPS.GPSLatitude])
        east = _degrees(gps[ExifTags.GPS.GPSLongitude])
    except Exception:  # missing or damaged
        return ""
    north = -north if _words(gps.get(ExifTags.GPS.GPSLatitudeRef)).upper() == "S" else north
    east = -east if _words(gps.get(ExifTags.GPS.GPSLongitudeRef)).upper() == "W" else east
    if not (-90 <= north <= 90 and -180 <= east <= 180) or (north == 0 and east == 0):
        return ""
    return f"{north:.5f}, {east:.5f}"


POSITION = (
    ExifTags.GPS.GPSLatitude,
    ExifTags.GPS.GPSLongitude,
    ExifTags.GPS.GPSLatitudeRef,
    ExifTags.GPS.GPSLongitudeRef,
)


def _degrees(value: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in value)
    return degrees + minutes / 60 + seconds / 3600


def _camera(make: object, model: object) -> str | None:
    maker, name = _words(make), _words(model)
    # "Canon" and "Canon EOS 7D", "NIKON CORPORATION" and "NIKON D70": the maker is said once.
    if maker and name.casefold().startswith(maker.split()[0].casefold()):
        maker = ""
    return f"{maker} {name}".strip() or None


def _words(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return printable(" ".join(value.split("\0")[0].split()))[:_LONGEST]


def jpeg_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """The quality 1..100 at which the IJG's library would make the nearest luminance table.

    `tables` are Pillow's `quantization`, rows of 8; None where there is no table of 64 values.
    """
    table = tables.get(0)
    return None if table is None or len(table) != 64 else _quality_of(tuple(table))


@functools.lru_cache(maxsize=64)
def _quality_of(table: tuple[int, ...]) -> int:
    apart = np.abs(_ijg_tables() - np.asarray(table)).sum(axis=1)
    # Of qualities with one table (all of the lowest saturate) the highest is named.
    return 100 - int(np.argmin(apart[::-1]))


@functools.cache
def _ijg_tables() -> NDArray[np.int64]:
    quality = np.arange(1, 101)[:, None]
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return np.clip((_LUMINANCE.reshape(1, 64) * percent + 50) // 100, 1, 255)
