"""The line of all files of a group."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from twinsift.catalog.review import load_group
from twinsift.models.evidence import Verdict
from twinsift.tui.chips import Chips, around, weakest_link

from .conftest import Library, MakeApp, Picture, settled


@pytest.mark.parametrize("cursor", [0, 1, 17, 38, 39])
@pytest.mark.parametrize("room", [4, 12, 30, 200])
def test_the_file_under_the_cursor_is_always_seen(cursor: int, room: int) -> None:
    chips = [f" {number} " for number in range(1, 41)]
    first, last = around(chips, cursor, room)
    assert first <= cursor < last
    width = sum(map(len, chips[first:last]))
    assert width <= room or last - first == 1
    if room == 200:
        assert width > 190 or (first, last) == (0, 40)


def told(library: Library, *pictures: Picture) -> tuple[str, ...]:
    detail = load_group(library.catalog, library.group(pictures))
    assert detail is not None
    return weakest_link(detail)


def test_the_weakest_link_is_named_from_three_files_on(library: Library) -> None:
    three: Sequence[Picture] = (
        Picture(b"a.jpg"),
        Picture(b"b.jpg", width=9, similarity=0.95),
        Picture(b"c.jpg", width=8, similarity=0.81, verdict=Verdict.CROPPED),
    )
    assert told(library, *three) == (
        "weakest link 1–3: cropped, 81 % alike", "weakest 1–3: cropped, 81 %", "weakest 1–3: 81 %"
    )  # fmt: skip
    assert told(library, Picture(b"d.jpg"), Picture(b"e.jpg", width=9)) == ()


def test_identical_files_have_none(library: Library) -> None:
    same = [Picture(b"%d.jpg" % n, content="x", similarity=1.0) for n in range(3)]
    assert told(library, *same) == ()


async def test_chips_give_way_to_the_weakest_link_and_say_that_there_are_more(
    library: Library, make_app: MakeApp
) -> None:
    library.group(
        [Picture(b"%02d.jpg" % n, size=9_000 - n, similarity=0.97 - n / 100) for n in range(19)]
    )
    async with make_app().run_test(size=(132, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        lines = {}
        for columns in (132, 80, 50):
            await pilot.resize_terminal(columns, 24)
            await settled(pilot)
            lines[columns] = pilot.app.screen.query_one(Chips).render_line(0).text
        await pilot.press(*"lllllll")
        await settled(pilot)
        lines[0] = pilot.app.screen.query_one(Chips).render_line(0).text
    assert lines[132].startswith(" 19 files:  1★  2 ")
    assert " 19    " in lines[132]
    assert lines[132].endswith("  weakest link 1–19: resized, 79 % alike ")
    assert "  8 … " in lines[80]
    assert lines[80].endswith("  weakest link 1–19: resized, 79 % alike ")
    assert "  5 … " in lines[50]
    assert lines[50].endswith("  weakest 1–19: 79 % ")
    assert lines[0].startswith(" 19 files:… ")
    assert " 9 " in lines[0]
