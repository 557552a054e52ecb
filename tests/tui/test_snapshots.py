"""How the screens look, at the smallest, the usual and a wide window.

After a change that is meant: `pytest tests/tui/test_snapshots.py --snapshot-update`, and look at
the SVG files that differ before committing them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twinsift.catalog.settings import ScreenSettings, Settings

from .conftest import Library, MakeApp, settled

SIZES = pytest.mark.parametrize(
    "size", [(50, 16), (80, 24), (132, 40)], ids=["50x16", "80x24", "132x40"]
)
Compare = Callable[..., bool]


def after(*keys: str) -> Callable[[Any], Any]:
    """Press keys one by one; '_' waits until pictures and lists are there."""

    async def run(pilot: Any) -> None:
        await settled(pilot)
        for key in keys:
            await (settled(pilot) if key == "_" else pilot.press(key))
        await settled(pilot)

    return run


@SIZES
def test_review(
    snap_compare: Compare, filled: Library, make_app: MakeApp, size: tuple[int, int]
) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=after("2", "G", "enter"))


@SIZES
def test_review_of_many_files(
    snap_compare: Compare, filled: Library, make_app: MakeApp, size: tuple[int, int]
) -> None:
    keys = ("G", "enter", "l", "d", "l", "_")
    assert snap_compare(make_app(), terminal_size=size, run_before=after(*keys))


def test_empty_library(snap_compare: Compare, library: Library, make_app: MakeApp) -> None:
    assert snap_compare(make_app(start="library"), run_before=after())


def test_no_groups(snap_compare: Compare, library: Library, make_app: MakeApp) -> None:
    assert snap_compare(make_app(), run_before=after())


@pytest.mark.parametrize("colours", ["16"])
@pytest.mark.parametrize("place", ["groups", "review"])
def test_fewer_colours(
    snap_compare: Compare, filled: Library, make_app: MakeApp, colours: str, place: str
) -> None:
    app = make_app(Settings(screen=ScreenSettings(colours=colours)))
    keys = ("space", "j") if place == "groups" else ("2", "G", "enter")
    assert snap_compare(app, run_before=after(*keys))
