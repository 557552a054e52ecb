"""Make a labelled set of edited copies from any folder of photographs.

    .venv/bin/python scripts/make_copies.py FOLDER OUT [--photographs N] [--each N] [--side 1600]

OUT is made, with images/ under neutral names and ground_truth.csv (columns as in scripts/labelled).
The same photographs and options give the same files with the same versions of Pillow and OpenCV.
Photographs that show the same thing twice make wrong labels: give a folder without copies.

Tiers: 0 the original and its bytes; 1 must be found (recompression, scale, light tones, a little
cut off); 2 should be found (frames, captions, strong tones, noise, blur, a quarter cut off); 3 hard
(half or more cut off or covered, other geometry, prints and screens, several edits at once).
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import Image

import edits_capture as capture
import edits_encoding as encoding
import edits_frame as frame
import edits_geometry as geometry
import edits_tone as tone
from labelled import ORIGINAL, Row, generator, load, neutral_name, new_set, photographs, write_truth
from photo_edits import Random

_JPEG: tuple[str, dict[str, Any]] = (".jpg", {"quality": 88})
_COLLAGE = "collage"
_LEAST = 200
"""Pixels of the shorter side below which a photograph can't carry a caption or a crop."""
_EXIF_KEPT = 0.5  # share of copies that keep the original's metadata, as programs do or don't


@dataclass(frozen=True, slots=True)
class Edit:
    """A kind of copy: what is done, how it is saved, and its labels."""

    name: str
    family: str
    tier: int
    do: Callable[[Image.Image, Random], Image.Image]
    save: tuple[str, dict[str, Any]] = _JPEG


EDITS = (
    Edit("avif50", "recode", 1, encoding.same, (".avif", {"quality": 50, "speed": 8})),
    Edit("heic50", "recode", 1, encoding.same, (".heic", {"quality": 50})),
    Edit("jpeg2000", "recode", 1, encoding.same, (".jp2", {"quality_layers": [60]})),
    Edit("webp30", "recode", 1, encoding.same, (".webp", {"quality": 30})),
    Edit("double_jpeg", "recode", 1, encoding.double_jpeg),
    Edit("chroma420", "recode", 1, encoding.chroma_420),
    Edit("two_steps", "scale", 1, encoding.two_steps),
    Edit("warm", "color", 1, tone.warm),
    Edit("one_side_off", "crop", 1, geometry.one_side_off),
    Edit("grown_thumbnail", "scale", 2, encoding.grown_thumbnail),
    Edit("strong_grade", "color", 2, tone.strong_grade),
    Edit("local_contrast", "color", 2, tone.local_contrast),
    Edit("channel_swap", "color", 2, tone.channel_swap),
    Edit("duotone", "color", 2, tone.duotone),
    Edit("posterise", "color", 2, tone.posterise),
    Edit("film_grain", "noise", 2, capture.film_grain),
    Edit("motion_blur", "blur", 2, capture.motion_blur),
    Edit("dither16", "recode", 2, capture.dither, (".png", {})),
    Edit("lens", "geom", 2, geometry.lens),
    Edit("turned_7", "rotate", 2, geometry.turned_7),
    Edit("captions", "frame", 2, frame.captions),
    Edit("rounded", "frame", 2, frame.rounded),
    Edit("shadow", "frame", 2, frame.shadow),
    Edit("blurred_fill", "frame", 2, frame.blurred_fill),
    Edit("tiled_mark", "overlay", 2, frame.tiled_mark),
    Edit("redacted", "overlay", 2, frame.redacted),
    Edit("date_stamp", "overlay", 2, frame.date_stamp),
    Edit("solarise", "color", 3, tone.solarise),
    Edit("low_light", "noise", 3, capture.low_light),
    Edit("one_bit", "print", 3, capture.one_bit, (".png", {})),
    Edit("e_ink", "print", 3, capture.e_ink, (".png", {})),
    Edit("halftone", "print", 3, capture.halftone),
    Edit("rescan", "print", 3, capture.rescan),
    Edit("print_photo", "geom", 3, geometry.print_photo),
    Edit("page_curl", "geom", 3, geometry.page_curl),
    Edit("mirrored_crop", "combo", 3, geometry.mirrored_crop),
    Edit("square_filter", "combo", 3, geometry.square_filter),
    Edit("tall_crop", "crop", 3, geometry.tall_crop),
    Edit("before_after", "combo", 3, frame.before_after),
    Edit("in_window", "combo", 3, frame.in_window),
    Edit("cartoon", "blur", 3, capture.cartoon),
)


def make(folder: Path, out: Path, *, count: int = 0, each: int = 0, side: int = 1600) -> list[Row]:
    """Make the set from `count` photographs (0: all) with `each` edits of every one (0: all).

    Raises:
        ValueError: `folder` holds no photograph, or `out` is not empty.
    """
    pillow_heif.register_heif_opener()
    paths = [path for path in photographs(folder) if _shorter_side(path) >= _LEAST]
    if count:
        paths = paths[:: max(1, len(paths) // count)][:count]
    if not paths:
        raise ValueError(f"{folder}: no photographs of at least {_LEAST} pixels a side in it")
    images = new_set(out)
    rows: list[Row] = []
    for number, path in enumerate(paths):
        rows += _copies(number, paths, path, images, each, side)
    write_truth(out, rows)
    return rows


def _shorter_side(path: Path) -> int:
    with Image.open(path) as opened:
        return min(opened.size)


def _copies(
    number: int, paths: Sequence[Path], path: Path, images: Path, each: int, side: int
) -> list[Row]:
    picture, exif = load(path, side), _exif(path)
    group = str(number)
    first = images / (neutral_name("original", path.name, group) + path.suffix.lower())
    with Image.open(path) as opened:
        small = max(opened.size) <= side
    if small:
        shutil.copyfile(path, first)
    else:
        first = first.with_suffix(".jpg")
        picture.save(first, quality=95, exif=exif)
    twin = images / (neutral_name("bytes", path.name, group) + first.suffix)
    shutil.copyfile(first, twin)
    rows = [
        Row(first.name, group, ORIGINAL, ORIGINAL, "0"),
        Row(twin.name, group, "bytecopy", "exact", "0"),
    ]
    names = [edit.name for edit in EDITS] + ([_COLLAGE] if len(paths) >= 4 else [])
    if each:
        names = sorted(generator("choice", path.name).permutation(names)[:each])
    for edit in EDITS:
        if edit.name in names:
            rng = generator(edit.name, path.name)
            suffix, options = edit.save
            name = neutral_name(edit.name, path.name, group) + suffix
            kept = exif if rng.random() < _EXIF_KEPT else Image.Exif()
            edit.do(picture, rng).save(images / name, exif=kept, **options)
            rows.append(Row(name, group, edit.name, edit.family, str(edit.tier)))
    if _COLLAGE in names:
        rows.append(_collage(number, paths, path, picture, images))
    return rows


def _collage(
    number: int, paths: Sequence[Path], path: Path, picture: Image.Image, images: Path
) -> Row:
    others = [(number + step) % len(paths) for step in (1, 2, 3)]
    parts = [load(paths[other], 700) for other in others]
    name = neutral_name(_COLLAGE, path.name, number) + ".jpg"
    made = frame.collage(picture, parts, generator(_COLLAGE, path.name))
    made.save(images / name, quality=88)
    also = " ".join(str(other) for other in others)
    return Row(name, str(number), _COLLAGE, "combo", "3", also)


def _exif(path: Path) -> Image.Exif:
    """The photograph's metadata with the orientation taken out, as the pixels are upright."""
    with Image.open(path) as opened:
        found = opened.getexif()
        kept = Image.Exif()
        for tag in (0x010F, 0x0110):  # make and model
            if tag in found:
                kept[tag] = found[tag]
        taken = found.get_ifd(0x8769).get(0x9003)
    if taken:
        kept.get_ifd(0x8769)[0x9003] = taken
    return kept


def main() -> int:
    """Read the command line and make the set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--photographs", type=int, default=0, help="how many to use (0: all)")
    parser.add_argument("--each", type=int, default=0, help="edits of each photograph (0: all)")
    parser.add_argument("--side", type=int, default=1600, help="longest side of an original")
    args = parser.parse_args()
    try:
        rows = make(args.folder, args.out, count=args.photographs, each=args.each, side=args.side)
    except (ValueError, OSError) as error:
        print(f"make_copies: {error}", file=sys.stderr)
        return 2
    groups = {row.group for row in rows}
    print(f"{len(rows)} files of {len(groups)} photographs in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
