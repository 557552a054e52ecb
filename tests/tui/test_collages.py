"""Collages that show a group's picture: named below its files, opened beside ★, said in lines."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from twinsift.catalog.review import load_group
from twinsift.models.evidence import Evidence, Verdict
from twinsift.tui import spoken
from twinsift.tui.bars import MessageLine, TitleBar
from twinsift.tui.compare_screen import CompareScreen
from twinsift.tui.panes import FactsPane, FilePane
from twinsift.tui.review_screen import ReviewScreen
from twinsift.tui.triage import Triage
from twinsift.tui.views import View

from .conftest import Library, MakeApp, Picture, scene, settled

FOUND = Evidence(hamming=30, inliers=61, cover_a=0.97, cover_b=0.24, ssim=0.9, method="keypoints")


@pytest.fixture
def album(library: Library) -> Library:
    """A picture, its copy, and two pages of an album that show it."""
    group = library.group(
        [
            Picture(b"2019/sea.jpg", image=scene(3), size=9_000_000),
            Picture(b"web/sea.jpg", 1024, 768, 200_000, image=scene(3)),
        ]
    )
    part = library.fact("SELECT id FROM content ORDER BY id")
    for page in (b"album/page 1.jpg", b"album/page 2.jpg"):
        _, container = library.file(Picture(page, 3000, 2000, image=scene(8)))
        with library.catalog.transaction() as connection:
            connection.execute("INSERT INTO holding VALUES ('evidence', ?, ?)", (part, container))
            connection.execute(
                "INSERT INTO pair VALUES (?, ?, 'evidence', ?, ?, ?)",
                (part, container, Verdict.CROPPED, 0.87, FOUND.to_json()),
            )
    assert library.fact("SELECT id FROM duplicate_group") == group
    return library


def last_lines(pilot: Pilot[int]) -> list[str]:
    facts = pilot.app.screen.query_one(FactsPane)
    return [facts.render_line(y).text.rstrip() for y in range(facts.size.height)][-2:]


async def test_one_quiet_line_names_it_and_its_key_opens_it(
    album: Library, make_app: MakeApp
) -> None:
    async with make_app().run_test(size=(132, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        for size in ((132, 40), (50, 16), (80, 24)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            sentence, line = last_lines(pilot)
            assert sentence == " 1 and 2: resized.", "the evidence stays"
            assert line.startswith(" also seen in: ")
            opens = " · C opens" if size[0] > 50 else ""
            assert line.endswith(f"page 1.jpg (collage, 1 more){opens}")
            assert len(line) < size[0]
        await pilot.press("C")
        await settled(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, CompareScreen)
        assert screen.query_one(TitleBar).place == "groups"
        assert screen.query_one(TitleBar).where == "cropped 87 % · 1 of 2"
        names = [p.render_line(0).text.split() for p in screen.query(FilePane) if p.display]
        assert names == [["1", "★", "sea.jpg"], ["›2", "page", "1.jpg"]]
        assert "61 matching points" in " ".join(last_lines(pilot))
        await pilot.press("n")
        assert screen.query_one(TitleBar).where == "cropped 87 % · 2 of 2"
        await pilot.press("D")
        assert screen.view is View.DIFFERENCE
        await pilot.press("q", "q")
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert album.decisions() == {}


async def test_without_one_the_key_says_so(filled: Library, make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("C")
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert "no collage" in pilot.app.screen.query_one(MessageLine).text


def test_it_is_said_in_lines(album: Library) -> None:
    detail = load_group(album.catalog, album.fact("SELECT id FROM duplicate_group"))
    assert detail is not None
    assert list(spoken.group(detail, Triage("duplicate")))[-2:] == [
        "also seen in: ~/Photos/album/page 1.jpg (collage)",
        "also seen in: ~/Photos/album/page 2.jpg (collage)",
    ]
