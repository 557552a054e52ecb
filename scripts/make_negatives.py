"""Make a set of hard negatives: pictures that look like copies of each other and are none.

    .venv/bin/python scripts/make_negatives.py FOLDER OUT [--each 20] [--seed WORDS] [--kinds A,B]

FOLDER holds photographs to make them of; of a labelled set its originals are taken. OUT is made,
with images/ and ground_truth.csv, in which every picture is its own group. The same photographs and
seed give the same set; another seed gives others throughout, to check what was tuned on these.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

import negative_pages as pages
import negative_papers as papers
import negative_photos as photos
import negative_plates as plates
import negative_shots as shots
from labelled import Row, Seeds, new_set, photographs, write_truth
from negative_scenes import Pictures, Pool

_CAMERA = ("Northport", "NP-100")


@dataclass(frozen=True, slots=True)
class Family:
    """Pictures of one kind that look alike and show different things."""

    name: str
    make: Callable[[Pool, int], Pictures]
    screen: bool = False
    """Two of three are saved without loss, as screenshots and drawings are."""
    timed: bool = False
    """The files say when they were taken."""


def _drawn(name: str, draw: Callable[[Seeds, int], Pictures], *, screen: bool = True) -> Family:
    return Family(name, lambda pool, count: draw(pool.seeds, count), screen)


FAMILIES = (
    _drawn("letterhead", pages.letterhead),
    _drawn("report_pages", pages.report_pages),
    _drawn("forms", pages.forms),
    _drawn("app_screens", pages.app_screens),
    _drawn("chats", pages.chats),
    _drawn("maps", pages.maps),
    _drawn("clip_art", pages.clip_art),
    _drawn("slides", pages.slides),
    _drawn("charts", pages.charts),
    _drawn("tickets", pages.tickets),
    _drawn("faint", pages.faint),
    _drawn("products", photos.products, screen=False),
    Family("captions", photos.captions),
    Family("meme_text", photos.meme_text),
    Family("logos", photos.logos),
    Family("phone_frames", photos.phone_frames),
    Family("burst", lambda pool, count: shots.bursts(pool, count, hand=False)),
    Family("burst_hand", lambda pool, count: shots.bursts(pool, count, hand=True)),
    Family("burst_exif", lambda pool, count: shots.bursts(pool, count, hand=False), timed=True),
    Family("steps_aside", shots.steps_aside),
    Family("other_hours", shots.other_hours),
    Family("pans", shots.pans),
    Family("booth", photos.booth),
    _drawn("hand_pages", papers.hand_pages, screen=False),
    _drawn("certificates", papers.certificates),
    _drawn("qr_codes", papers.qr_codes),
    _drawn("sheet_music", papers.sheet_music),
    _drawn("comics", papers.comics),
    _drawn("spreadsheets", papers.spreadsheets),
    _drawn("boarding_cards", papers.boarding_cards),
    _drawn("xrays", plates.xrays, screen=False),
    _drawn("stars", plates.stars, screen=False),
    _drawn("star_shots", plates.star_shots, screen=False),
    Family("feeds", photos.feeds, screen=True),
    Family("selfies", photos.selfies),
    Family("white_ground", photos.white_ground),
    Family("game_screens", photos.game_screens),
    Family("video", shots.video),
    Family("webcam", shots.webcam),
    Family("relief", shots.relief),
    Family("parallax", lambda pool, count: shots.relief(pool, count, things=14)),
    Family("forward", lambda pool, count: shots.relief(pool, count, things=14, forward=True)),
)
KINDS = tuple(family.name for family in FAMILIES)


def make(
    folder: Path, out: Path, each: int, kinds: Collection[str] = KINDS, seed: str = ""
) -> list[Row]:
    """Make `each` pictures of every kind and their labels.

    Raises:
        ValueError: `folder` holds no photograph, or `out` is not empty.
    """
    paths = photographs(folder)
    if not paths:
        raise ValueError(f"{folder}: no photographs in it")
    images = new_set(out)
    seeds = Seeds(seed)
    rows = []
    for family, number, picture in _pictures(Pool(paths, seeds), each, kinds):
        lossless = family.screen and number % 3
        name = seeds.name("negative", family.name, number) + (".png" if lossless else ".jpg")
        _save(picture, images / name, seeds, family, number)
        rows.append(Row(name, f"{family.name}-{number}", family.name, "negative", "negative"))
    write_truth(out, rows)
    return rows


def _pictures(
    pool: Pool, each: int, kinds: Collection[str]
) -> Iterator[tuple[Family, int, Image.Image]]:
    for family in FAMILIES:
        if family.name in kinds:
            for number, picture in enumerate(family.make(pool, each)):
                yield family, number, picture


def _save(picture: Image.Image, path: Path, seeds: Seeds, family: Family, number: int) -> None:
    if path.suffix == ".png":
        picture.save(path)
        return
    quality = int(seeds("quality", family.name, number).integers(80, 96))
    exif = Image.Exif()
    if family.timed:
        exif[0x010F], exif[0x0110] = _CAMERA
        exif.get_ifd(0x8769)[0x9003] = f"2021:06:05 14:{number // 4:02d}:{10 + number % 4:02d}"
    picture.save(path, quality=quality, exif=exif)


def main() -> int:
    """Read the command line and make the set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--each", type=int, default=20, help="pictures of each kind (default 20)")
    parser.add_argument("--seed", default="", help="any words: other pictures of the same kinds")
    parser.add_argument("--kinds", default="", help=f"comma-separated, of: {', '.join(KINDS)}")
    args = parser.parse_args()
    kinds = tuple(args.kinds.split(",")) if args.kinds else KINDS
    try:
        if unknown := set(kinds) - set(KINDS):
            raise ValueError(f"no such kind: {', '.join(sorted(unknown))}")
        rows = make(args.folder, args.out, args.each, kinds, args.seed)
    except (ValueError, OSError) as error:
        print(f"make_negatives: {error}", file=sys.stderr)
        return 2
    print(f"{len(rows)} pictures of {len(kinds)} kinds in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
