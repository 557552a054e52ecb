"""How the review and the views of a pair look, in three sizes and three numbers of colours.

After a change that is meant: `pytest tests/tui/test_view_snapshots.py --snapshot-update`, and look
at the SVG files that differ. One program is started for each number of colours. The pictures are
of few flat colours and laid over each other by hand: no decoder or processor changes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from twinsift.catalog.alignment import Matches, Overlaid
from twinsift.catalog.database import Catalog
from twinsift.catalog.settings import ScreenSettings, Settings
from twinsift.models.difference import difference
from twinsift.models.evidence import Evidence, Verdict
from twinsift.models.frame import frame
from twinsift.models.tags import Tag
from twinsift.tui import comparison, studio
from twinsift.tui.comparison import Comparison
from twinsift.tui.review_screen import ReviewScreen

from .conftest import Library, MakeApp, Picture, settled
from .snapshots import SIZES, Album, sized

VIEWS = {
    "flicker": ("f", "f"), "difference": ("D",), "matches": ("b",), "zoom": ("z",),
    "metadata": ("i",),
}  # fmt: skip
WIDE, HIGH = 480, 360
LEVELS = (0, 95, 135, 175, 215, 255)  # that 256 colours have: nothing is dithered
EVIDENCE = Evidence(
    hamming=14, matches=210, inliers=143, cover_a=0.52, cover_b=1.0, ssim=0.93, method="keypoints"
)


def blocks() -> Image.Image:
    picture = Image.new("RGB", (WIDE, HIGH), (0, 95, 175))
    pen = ImageDraw.Draw(picture)
    for turn in range(5):
        left, top = turn * 97 % 420, turn * 153 % 300
        colour = LEVELS[turn], LEVELS[turn * 2 % 6], LEVELS[turn * 5 % 6]
        pen.rectangle((left, top, left + 120, top + 90), colour)
    return picture


def changed() -> Image.Image:
    crop = blocks().crop((100, 60, 460, 330))
    ImageDraw.Draw(crop).rectangle((240, 160, 330, 250), "white")
    return crop


def laid(_: Catalog, first: int, second: int) -> Overlaid:
    a, b = np.asarray(blocks()), np.asarray(changed())
    move = np.array([[1, 0, -100], [0, 1, -60], [0, 0, 1]], np.float64)
    grey = [np.asarray(image.convert("L")) for image in (blocks(), changed())]
    places = np.array([[x, y] for x in (130, 400) for y in (90, 180, 290)], np.float64)
    return Overlaid(
        first=a,
        second=b,
        frame=frame(move, (WIDE, HIGH), (360, 270)),
        sizes=((4000, 3000), (2048, 1536)),
        is_aligned=True,
        evidence=EVIDENCE,
        verdict=Verdict.CROPPED,
        matches=Matches(
            (places + 0.5) / (WIDE, HIGH), (places - (100, 60) + 0.5) / (360, 270), 143, 210
        ),
        difference=difference(grey[0], grey[1], move),
        colour=0.0,
    )


TAGS = (Tag("colours", "RGB"), Tag("aperture", "f/2.8"), Tag("lens", "EF-S 17-55mm f/2.8 IS USM"))


@pytest.fixture
def pair(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A group of three whose pair is laid over each other by hand, and whose files are nowhere."""
    library.group(
        [
            Picture(b"2019/Rome/IMG_2041.JPG", image=blocks(), size=6_812_331),
            Picture(
                b"backup/from phone/IMG_2041 (1).jpg", 2048, 1536, 840_112, quality=71,
                exif_count=0, captured_at=None, camera=None, image=changed(),
                verdict=Verdict.CROPPED, similarity=0.93, evidence=EVIDENCE,
            ),
            Picture(b"web/small.jpg", 400, 300, 40_000, quality=60, image=blocks()),
        ]
    )  # fmt: skip
    monkeypatch.setattr(comparison, "BLINK_SECONDS", 3600.0)  # always the same picture
    monkeypatch.setattr(studio, "overlay", laid)
    monkeypatch.setattr(studio.Magnifier, "want", lambda self, requests: None)

    def tags(self: studio.Studio, catalog: Catalog, sight: Any) -> Any:
        return studio.Shown(sight, tags=(TAGS, TAGS[:2])), ()

    make = studio.Studio._make

    def made(self: studio.Studio, catalog: Catalog, sight: Any) -> Any:
        return (tags if sight.view == "metadata" else make)(self, catalog, sight)

    monkeypatch.setattr(studio.Studio, "_make", made)
    return library


async def seen(pilot: Any) -> None:
    """Wait until the view is there in the present size."""
    await pilot.pause(0.15)  # pictures are asked for once nothing has moved for a moment
    await settled(pilot)
    assert isinstance(pilot.app.screen, ReviewScreen)
    pair = pilot.app.screen.query_one(Comparison)
    for _ in range(200):
        sight = pair.sight()
        if pilot.app.screen.view is None or (pair.shown is not None and pair.shown.sight == sight):
            break
        await pilot.pause(0.02)
    await pilot.pause()


@pytest.mark.parametrize("colours", ["truecolor", "256", "none"])
async def test_views(pair: Library, make_app: MakeApp, snapshot: Any, colours: str) -> None:
    app = make_app(Settings(screen=ScreenSettings(colours=colours)))
    album = Album(snapshot, app)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        for size in SIZES:
            await sized(pilot, size)
            await seen(pilot)
            for view, keys in {"review": (), **VIEWS}.items():
                await pilot.press(*keys)
                await seen(pilot)
                await album.compare(pilot, view, size)
            await pilot.press("q")
    album.close()
