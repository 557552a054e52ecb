"""A group that a match changes while it is reviewed: what is drawn stays, until one looks again."""

from __future__ import annotations

import os

import pytest
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.review_screen import ReviewScreen

from .conftest import PHOTOS, Library, MakeApp, Picture, settled
from .test_review_screen import HUT, HUT_EDITED, SEA, SEA_COPY, Driver, message, review, shown

SUN = b"2024/sun.jpg"


def merge(library: Library) -> None:
    """Match the group of sea into a new one, which another picture represents."""
    new = library.group(
        [
            Picture(b"2023/new.jpg", size=90_000_000),
            Picture(SUN, size=50_000_000),
            *(Picture(b"2023/new-%d.jpg" % n, size=80_000_000 + n) for n in range(3)),
        ]
    )
    with library.catalog.transaction() as connection:
        (old,) = connection.execute(
            "SELECT m.group_id FROM group_member m JOIN file f USING (content_id) WHERE f.path = ?",
            (SEA,),
        ).fetchone()
        connection.execute("UPDATE group_member SET group_id = ? WHERE group_id = ?", (new, old))
        connection.execute("DELETE FROM duplicate_group WHERE id = ?", (old,))


async def opened(pilot: Driver) -> None:
    await settled(pilot)
    await pilot.press("enter")
    await settled(pilot)
    assert shown(pilot) == SEA


async def reread(pilot: Driver) -> None:
    assert isinstance(pilot.app, TwinsiftApp)
    pilot.app.reload_groups()
    await settled(pilot)


def files(pilot: Driver) -> list[bytes]:
    detail = review(pilot).detail
    assert detail is not None
    return [os.path.relpath(member.path, PHOTOS) for member in detail.members]


async def test_what_is_drawn_stays_and_it_is_told(filled: Library, make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        merge(filled)
        await reread(pilot)
        assert files(pilot) == [SEA, SEA_COPY]
        assert "this group has grown: 2 → 7 files" in message(pilot)
        await pilot.press("question_mark")
        await pilot.press("q")
        await settled(pilot)
        assert files(pilot) == [SEA, SEA_COPY]
        assert "has grown" in message(pilot)
        await pilot.press("f", "q")
        assert files(pilot) == [SEA, SEA_COPY]


@pytest.mark.parametrize("key", ["enter", "1", "a", "x", "d", "c"])
async def test_a_grown_group_is_looked_at_again_before_it_is_decided(
    filled: Library, make_app: MakeApp, key: str
) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        merge(filled)
        await pilot.press(key)
        await settled(pilot)
        assert filled.decisions() == {}
        assert len(files(pilot)) == 7
        assert "look again" in message(pilot)
        await pilot.press("enter")
        assert filled.decisions()[b"2023/new.jpg"] == "keep"


async def test_a_group_that_is_gone_is_told(filled: Library, make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        with filled.catalog.transaction() as connection:
            connection.execute("DELETE FROM duplicate_group WHERE verdict = 'identical file'")
        await reread(pilot)
        assert files(pilot) == [SEA, SEA_COPY]
        assert "no longer one group" in message(pilot)
        await pilot.press("enter")
        assert filled.decisions() == {}
        assert shown(pilot) == HUT
        assert "no longer one group" in message(pilot)
        await pilot.press("enter")
        assert filled.decisions() == {HUT: "keep", HUT_EDITED: "trash"}


async def test_groups_that_arrive_above_leave_the_review_alone(
    filled: Library, make_app: MakeApp
) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        filled.group([Picture(b"a.jpg", size=99_000_000), Picture(b"b.jpg", size=98_000_000)])
        await reread(pilot)
        assert files(pilot) == [SEA, SEA_COPY]
        await pilot.press("enter")
        assert filled.decisions() == {SEA: "keep", SEA_COPY: "trash"}
        assert shown(pilot) == HUT


async def test_a_group_hidden_by_the_filter_stays_in_review(
    filled: Library, make_app: MakeApp
) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("o", "enter", "l", "d")
        await settled(pilot)
        await reread(pilot)  # decided, it leaves the list of open groups
        await pilot.press("question_mark")
        await pilot.press("q")
        await settled(pilot)
        assert files(pilot) == [SEA, SEA_COPY]
        assert isinstance(pilot.app.screen, ReviewScreen)
        await pilot.press("enter")
        assert shown(pilot) == HUT
