"""The views of a pair by their keys: flicker, difference, points, side by side, metadata."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from textual.pilot import Pilot
from twinsift.catalog.settings import ScreenSettings, Settings
from twinsift.tui.canvas import Canvas, changed
from twinsift.tui.comparison import Captions, Comparison, Summary
from twinsift.tui.fact_table import FactTable
from twinsift.tui.groups_screen import GroupsScreen
from twinsift.tui.keymap import KEYS
from twinsift.tui.pane_row import PaneRow
from twinsift.tui.review_screen import ReviewScreen
from twinsift.tui.views import View

from .conftest import Library, MakeApp, put_in, settled
from .paired import group, indexed

Driver = Pilot[int]
Photograph = Callable[..., Image.Image]
PATIENCE = 400  # times 50 ms, for what a thread or a process makes


@pytest.fixture(scope="module")
def made_once(photograph: Photograph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph with a mirrored crop and a copy with a sticker on it; another pair."""
    library = Library(tmp_path_factory.mktemp("pairs") / "catalog.sqlite")
    folder = library.path.parent / "photos"
    picture = photograph(7, 1800, 1350)
    exif = Image.Exif()
    exif[0x0110] = "Lumo F2"
    crop = picture.crop((300, 200, 1500, 1100)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    stuck = picture.resize((900, 675))
    ImageDraw.Draw(stuck).rectangle((600, 450, 800, 600), "white")
    group(
        library,
        indexed(library, folder / "beach.jpg", picture, quality=92, exif=exif),
        indexed(library, folder / "crop.jpg", crop, quality=80),
        indexed(library, folder / "stuck.jpg", stuck, quality=80),
    )
    other = photograph(8, 320, 240)
    group(
        library,
        indexed(library, folder / "hut.png", other),
        indexed(library, folder / "hut.jpg", other.resize((160, 120)), quality=60),
    )
    library.catalog.close()
    return library.path


@pytest.fixture
def pairs(library: Library, made_once: Path) -> Library:
    return put_in(library, made_once)


async def opened(pilot: Driver) -> None:
    await settled(pilot)
    await pilot.press("enter")
    await settled(pilot)


@pytest.fixture
async def pilot(pairs: Library, make_app: MakeApp) -> AsyncIterator[Driver]:
    async with make_app().run_test(size=(80, 24)) as running:
        await opened(running)
        yield running


def screen(pilot: Driver) -> ReviewScreen:
    assert isinstance(pilot.app.screen, ReviewScreen)
    return pilot.app.screen


def comparison(pilot: Driver) -> Comparison:
    return screen(pilot).query_one(Comparison)


def captions(pilot: Driver) -> str:
    return screen(pilot).query_one(Captions).render_line(0).text


def summary(pilot: Driver) -> str:
    return screen(pilot).query_one(Summary).text


def picture(pilot: Driver) -> list[str]:
    return screen(pilot).query_one(Canvas).lines()


async def made(pilot: Driver, *, sharp: bool = False) -> None:
    """Wait until the view is there; `sharp`: and nothing is being read for it any more."""
    for _ in range(PATIENCE):
        await pilot.pause(0.05)
        shown = comparison(pilot).shown
        if shown is None or shown.sight != comparison(pilot).sight():
            continue
        reading = any("being read" in words for words in shown.captions)
        if not sharp or (
            not reading and (shown.sight.view is not View.METADATA or all(shown.tags))
        ):
            await pilot.pause()
            return
    pytest.fail("the view didn't come")


async def test_flicker_shows_both_in_one_frame_by_itself_and_by_hand(pilot: Driver) -> None:
    await pilot.press("f")
    await made(pilot)
    assert screen(pilot).view is View.FLICKER
    assert comparison(pilot).is_blinking
    assert not screen(pilot).query_one(PaneRow).display
    shown = comparison(pilot).shown
    assert shown is not None
    first, second = (drawn.strips for drawn in shown.drawn)
    assert len(first) == len(second)
    assert "mirrored crop" in summary(pilot)
    await pilot.press("f")
    assert not comparison(pilot).is_blinking
    canvas = screen(pilot).query_one(Canvas)
    canvas.turn = 0
    await pilot.press("space")
    assert canvas.turn == 1
    assert captions(pilot).index("›") > 30  # the glyph is at the second file
    await pilot.press("space")
    assert canvas.turn == 0
    assert captions(pilot).index("›") == 0
    await pilot.press("f")
    assert comparison(pilot).is_blinking
    await pilot.press("space")
    assert not comparison(pilot).is_blinking


async def test_the_crop_flickers_in_place(pilot: Driver) -> None:
    await pilot.press("f", "f")
    await made(pilot)
    shown = comparison(pilot).shown
    assert shown is not None
    first, second = (drawn.strips for drawn in shown.drawn)
    differing = sum(region.area for region in changed(first, second))
    all_of_it = len(first) * first[0].cell_length
    # A third of the frame isn't in the crop; inside it nearly nothing may differ.
    assert 0.3 * all_of_it < differing < 0.85 * all_of_it
    middle = [changed([a], [b]) for a, b in zip(first[6:14], second[6:14], strict=True)]
    inner = sum(r.area for line in middle for r in line if 16 < r.x < 38)
    assert inner < 0.5 * 8 * 22


async def test_the_difference_is_a_map_with_words(pilot: Driver) -> None:
    await pilot.press("D")
    await made(pilot)
    assert screen(pilot).view is View.DIFFERENCE
    assert summary(pilot).startswith("SSIM ")
    await pilot.press("n")
    await made(pilot)
    assert screen(pilot).cursor == 2
    assert "mostly lower right" in summary(pilot)
    assert "3 stuck.jpg" in captions(pilot)
    await pilot.press("N")
    await made(pilot)
    assert screen(pilot).cursor == 1
    await pilot.press("D")
    assert screen(pilot).view is None
    assert screen(pilot).query_one(PaneRow).display


async def test_matching_points_are_counted(pilot: Driver) -> None:
    await pilot.press("b")
    await made(pilot)
    assert "matching points agree; 20 lines drawn" in summary(pilot)
    assert any("▀" in line for line in picture(pilot))
    await pilot.press("b")
    assert screen(pilot).view is None


async def test_zoom_goes_to_full_size_and_reads_the_file(pilot: Driver) -> None:
    await pilot.press("z")
    await made(pilot)
    assert screen(pilot).view is View.ZOOM
    assert "2.2 %" in captions(pilot)
    before = picture(pilot)
    await pilot.press("z")
    await made(pilot)
    assert "100 %" in captions(pilot)
    await made(pilot, sharp=True)
    assert "100 %" in captions(pilot)
    assert "being read" not in captions(pilot)
    assert "of the frame, middle" in summary(pilot)
    assert picture(pilot) != before
    await pilot.press("minus")
    await made(pilot)
    assert "50 %" in captions(pilot)
    await pilot.press("plus", "plus")
    await made(pilot)
    assert "200 %" in captions(pilot)
    await pilot.press("z")
    await made(pilot)
    assert "2.2 %" in captions(pilot)


async def test_arrows_move_the_picture_not_the_cursor(pilot: Driver) -> None:
    await pilot.press("z", "z")
    await made(pilot)
    for _ in range(70):  # by the keys each step would be drawn
        screen(pilot).action_file(-1)
        screen(pilot).action_step(-1)
    await pilot.press("h", "k")
    await made(pilot)
    assert "upper left" in summary(pilot)
    await pilot.press("right", "down", "l", "j")
    await made(pilot)
    assert screen(pilot).triage.row == 0
    assert screen(pilot).cursor == 1
    assert comparison(pilot).port.x < 0.1


async def test_a_file_that_changed_is_told_and_its_preview_shown(
    pilot: Driver, made_once: Path
) -> None:
    beach = made_once.parent / "photos" / "beach.jpg"
    before, content = beach.stat(), beach.read_bytes()
    beach.write_bytes(b"not what it was")
    try:
        await pilot.press("z", "z")
        await made(pilot, sharp=True)
        assert "from the preview" in captions(pilot)
        assert any("▀" in line for line in picture(pilot))
    finally:
        beach.write_bytes(content)  # in place, for the other tests
        os.utime(beach, ns=(before.st_atime_ns, before.st_mtime_ns))


async def test_metadata_of_both_with_what_differs_first(pilot: Driver) -> None:
    await pilot.press("i")
    await made(pilot, sharp=True)
    table = screen(pilot).query_one(FactTable)
    differs = [row.differs for row in table.rows]
    assert differs == sorted(differs, reverse=True)
    lines = [table.render_line(y).text for y in range(table.size.height)]
    assert any(line.startswith("≠ camera") and "Lumo F2" in line for line in lines)
    assert any("1800×1350 ▲ more" in line for line in lines)
    assert "rows differ" in summary(pilot)
    await pilot.press("j")
    await pilot.pause(0.1)
    assert table.scroll_offset.y == min(1, table.max_scroll_y)
    await pilot.press("i")
    assert screen(pilot).view is None


async def test_deciding_in_a_view_goes_on_to_the_next_pair(pilot: Driver, pairs: Library) -> None:
    await pilot.press("D")
    await made(pilot)
    await pilot.press("2")
    await made(pilot)
    assert screen(pilot).view is View.DIFFERENCE
    assert "hut" in captions(pilot)
    verbs = pairs.decisions()
    assert (verbs[b"beach.jpg"], verbs[b"crop.jpg"]) == ("trash", "keep")
    await pilot.press("u")
    await made(pilot)
    assert "beach" in captions(pilot)


async def test_q_closes_the_view_then_the_review(pilot: Driver) -> None:
    await pilot.press("f", "q")
    assert screen(pilot).view is None
    assert not comparison(pilot).is_blinking
    await pilot.press("q")
    assert isinstance(pilot.app.screen, GroupsScreen)


async def test_nothing_blinks_below_the_help(pilot: Driver) -> None:
    await pilot.press("f", "question_mark")
    review = next(s for s in pilot.app.screen_stack if isinstance(s, ReviewScreen))
    assert not review.query_one(Comparison).is_blinking


async def test_keys_of_views_do_nothing_without_one(pilot: Driver) -> None:
    for key in KEYS["view"]:
        if key.id in ("larger", "smaller", "flip", "other_file", "other_file_before"):
            await pilot.press(key.keys.split(",")[0])
            assert screen(pilot).view is None
            assert screen(pilot).cursor == 1


@pytest.mark.parametrize(("pictures", "colours"), [("none", "256"), ("ascii", "none")])
async def test_views_without_pictures_or_colours(
    pairs: Library, make_app: MakeApp, pictures: str, colours: str
) -> None:
    settings = Settings(screen=ScreenSettings(pictures=pictures, colours=colours))
    async with make_app(settings).run_test(size=(50, 16)) as pilot:
        await opened(pilot)
        await pilot.press("D")
        await made(pilot)
        assert summary(pilot).startswith("SSIM ")
        drawn = "".join(picture(pilot))
        assert ("pictures are off" in drawn) == (pictures == "none")
        assert "▀" not in drawn
        await pilot.press("f")
        await made(pilot)
        assert "crop" in summary(pilot)


def test_each_key_of_review_and_views_has_a_test() -> None:
    here = Path(__file__)
    others = ("test_review_screen.py", "test_collages.py")
    tests = "".join(here.with_name(name).read_text() for name in (here.name, *others))
    for place in ("review", "view"):
        for key in KEYS[place]:
            names = key.keys.split(",")
            assert any(f'"{name}"' in tests for name in names), f"{place}.{key.id}: {names}"
