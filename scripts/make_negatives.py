"""Make a set of hard negatives: pictures that look like copies of each other and are none.

    .venv/bin/python scripts/make_negatives.py FOLDER OUT [--each 20]

FOLDER holds photographs to make them of; OUT is made, with images/ and ground_truth.csv, in which
every picture is its own group. The same photographs give the same set.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

import negative_pages as pages
import negative_photos as photos
from labelled import Row, generator, neutral_name, new_set, photographs, write_truth
from negative_photos import Pool

_CAMERA = ("Northport", "NP-100")
_TIMED = frozenset({"burst_exif"})
_DRAWN: dict[str, Callable[[int], pages.Pictures]] = {
    "letterhead": pages.letterhead,
    "report_pages": pages.report_pages,
    "forms": pages.forms,
    "app_screens": pages.app_screens,
    "chats": pages.chats,
    "maps": pages.maps,
    "clip_art": pages.clip_art,
    "slides": pages.slides,
    "charts": pages.charts,
    "tickets": pages.tickets,
    "faint": pages.faint,
    "products": photos.products,
}
_TAKEN: dict[str, Callable[[Pool, int], pages.Pictures]] = {
    "captions": photos.captions,
    "meme_text": photos.meme_text,
    "logos": photos.logos,
    "phone_frames": photos.phone_frames,
    "burst": lambda pool, count: photos.bursts(pool, count, hand=False),
    "burst_hand": lambda pool, count: photos.bursts(pool, count, hand=True),
    "burst_exif": lambda pool, count: photos.bursts(pool, count, hand=False),
    "steps_aside": photos.steps_aside,
    "other_hours": photos.other_hours,
    "pans": photos.pans,
    "booth": photos.booth,
}
KINDS = (*_DRAWN, *_TAKEN)


def make(folder: Path, out: Path, each: int, kinds: tuple[str, ...] = KINDS) -> list[Row]:
    """Make `each` pictures of every kind and their labels.

    Raises:
        ValueError: `folder` holds no photograph, or `out` is not empty.
    """
    paths = photographs(folder)
    if not paths:
        raise ValueError(f"{folder}: no photographs in it")
    images = new_set(out)
    rows = []
    for kind, number, picture in _pictures(Pool(paths), each, kinds):
        name = neutral_name("negative", kind, number) + _suffix(kind, number)
        _save(picture, images / name, kind, number)
        rows.append(Row(name, f"{kind}-{number}", kind, "negative", "negative"))
    write_truth(out, rows)
    return rows


def _pictures(
    pool: Pool, each: int, kinds: tuple[str, ...]
) -> Iterator[tuple[str, int, Image.Image]]:
    for kind in kinds:
        made = _DRAWN[kind](each) if kind in _DRAWN else _TAKEN[kind](pool, each)
        for number, picture in enumerate(made):
            yield kind, number, picture


def _suffix(kind: str, number: int) -> str:
    """Drawn pages are PNG as screenshots are, every third a JPEG; photographs are JPEG."""
    return ".png" if kind in _DRAWN and kind != "products" and number % 3 else ".jpg"


def _save(picture: Image.Image, path: Path, kind: str, number: int) -> None:
    if path.suffix == ".png":
        picture.save(path)
        return
    quality = int(generator("quality", kind, number).integers(80, 96))
    exif = Image.Exif()
    if kind in _TIMED:
        exif[0x010F], exif[0x0110] = _CAMERA
        exif.get_ifd(0x8769)[0x9003] = f"2021:06:05 14:{number // 4:02d}:{10 + number % 4:02d}"
    picture.save(path, quality=quality, exif=exif)


def main() -> int:
    """Read the command line and make the set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--each", type=int, default=20, help="pictures of each kind (default 20)")
    parser.add_argument("--kinds", default="", help=f"comma-separated, of: {', '.join(KINDS)}")
    args = parser.parse_args()
    kinds = tuple(args.kinds.split(",")) if args.kinds else KINDS
    try:
        if unknown := set(kinds) - set(KINDS):
            raise ValueError(f"no such kind: {', '.join(sorted(unknown))}")
        rows = make(args.folder, args.out, args.each, kinds)
    except (ValueError, OSError) as error:
        print(f"make_negatives: {error}", file=sys.stderr)
        return 2
    print(f"{len(rows)} pictures of {len(kinds)} kinds in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
