"""The line of all files of a group."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from twinsift.catalog.review import load_group
from twinsift.models.evidence import Verdict
from twinsift.tui.chips import around, weakest_link

from .conftest import Library, Picture


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


def told(library: Library, *pictures: Picture) -> str:
    detail = load_group(library.catalog, library.group(pictures))
    assert detail is not None
    return weakest_link(detail)


def test_the_weakest_link_is_named_from_three_files_on(library: Library) -> None:
    three: Sequence[Picture] = (
        Picture(b"a.jpg"),
        Picture(b"b.jpg", width=9, similarity=0.95),
        Picture(b"c.jpg", width=8, similarity=0.81, verdict=Verdict.CROPPED),
    )
    assert told(library, *three) == "weakest link 1–3: cropped, 81 % alike"
    assert told(library, Picture(b"d.jpg"), Picture(b"e.jpg", width=9)) == ""


def test_identical_files_have_none(library: Library) -> None:
    same = [Picture(b"%d.jpg" % n, content="x", similarity=1.0) for n in range(3)]
    assert told(library, *same) == ""
