"""What a newcomer needs first is in the key bar, however narrow the window."""

from __future__ import annotations

import pytest
from twinsift.tui.bars import KeyBar

from .conftest import Library, MakeApp, settled


@pytest.mark.parametrize(
    ("width", "keys"),
    [(50, ["Enter", "1–9", "u", "?", "q"]), (80, ["Enter", "1–9", "d", "f", "u", "?", "q"])],
)
async def test_the_first_keys_of_a_review(
    filled: Library, make_app: MakeApp, width: int, keys: list[str]
) -> None:
    async with make_app().run_test(size=(width, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        shown = {text.strip() for text, _ in pilot.app.screen.query_one(KeyBar).parts(width)}
        assert set(keys) <= shown


@pytest.mark.parametrize("place", ["groups", "P", "J", "L", "F"])
async def test_the_way_back_is_always_told(filled: Library, make_app: MakeApp, place: str) -> None:
    async with make_app().run_test(size=(50, 16)) as pilot:
        await settled(pilot)
        if place != "groups":
            await pilot.press(place)
            await settled(pilot)
        shown = {text.strip() for text, _ in pilot.app.screen.query_one(KeyBar).parts(50)}
        assert {"q", "?"} <= shown
