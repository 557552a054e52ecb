"""How review and empty lists look, in three sizes; and with 16 colours.

After a change that is meant: `pytest tests/tui/test_snapshots.py --snapshot-update`, and look at
the SVG files that differ before committing them.
"""

from __future__ import annotations

from typing import Any

import pytest
from twinsift.catalog.settings import ScreenSettings, Settings

from .conftest import Library, MakeApp, settled
from .snapshots import SIZES, Album, sized


@pytest.mark.parametrize("colours", ["truecolor", "16"])
async def test_review(filled: Library, make_app: MakeApp, snapshot: Any, colours: str) -> None:
    app = make_app(Settings(screen=ScreenSettings(colours=colours)))
    album = Album(snapshot, app)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settled(pilot)
        for name, keys in {
            "review": ("2", "G", "enter"),
            "many": ("q", "G", "enter", "l", "d", "l"),
        }.items():
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
            for size in SIZES:
                await sized(pilot, size)
                await settled(pilot)
                await album.compare(pilot, name, size)
            await sized(pilot, SIZES[0])
        await pilot.press("q")
        await settled(pilot)
        await album.compare(pilot, "groups", SIZES[0])
    album.close()


async def test_empty(library: Library, make_app: MakeApp, snapshot: Any) -> None:
    app = make_app()
    album = Album(snapshot, app)
    async with app.run_test(size=SIZES[0]) as pilot:
        for name, key in {"groups": "k", "library": "L", "find": "F", "plan": "P"}.items():
            await pilot.press(key)
            for size in SIZES:
                await sized(pilot, size)
                await settled(pilot)
                await album.compare(pilot, f"empty {name}", size)
    album.close()
