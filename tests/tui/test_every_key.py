"""Every key of the table, pressed on its screen, calls its action with its argument.

The table is walked: a key that is added without a way to its screen here fails. What the actions do
is tested with their screens.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.busy import BusyScreen
from twinsift.tui.compare_screen import CompareScreen
from twinsift.tui.dialogs import Confirm, Prompt
from twinsift.tui.filter_line import FilterLine
from twinsift.tui.find_screen import AskLine
from twinsift.tui.folder_picker import FolderPicker
from twinsift.tui.help_screen import TITLES, HelpScreen
from twinsift.tui.keymap import KEYS, Key
from twinsift.tui.line_list import LineList
from twinsift.tui.review_screen import ReviewScreen
from twinsift.tui.views import View

from .conftest import Library, MakeApp, settled

Driver = Pilot[int]
Way = Callable[[TwinsiftApp, Driver], Awaitable[Any]]


def place(*keys: str) -> Way:
    """Press keys; the screen that is there then has the table's actions."""

    async def go(app: TwinsiftApp, pilot: Driver) -> Any:
        await pilot.press(*keys)
        await settled(pilot)
        return app.screen

    return go


def pushed(make: Callable[[], Any]) -> Way:
    """Push a screen that has the table's actions."""

    async def go(app: TwinsiftApp, pilot: Driver) -> Any:
        screen = make()
        app.push_screen(screen)
        await pilot.pause()
        return screen

    return go


async def everywhere(app: TwinsiftApp, pilot: Driver) -> Any:
    return app


async def the_list(app: TwinsiftApp, pilot: Driver) -> Any:
    return app.screen.query_one(LineList)


async def a_view(app: TwinsiftApp, pilot: Driver) -> Any:
    await pilot.press("enter")
    await settled(pilot)
    assert isinstance(app.screen, ReviewScreen)
    app.screen.view = View.FLICKER
    return app.screen


async def a_comparison(app: TwinsiftApp, pilot: Driver) -> Any:
    await pilot.press("enter")
    await settled(pilot)
    assert isinstance(app.screen, ReviewScreen)
    assert app.screen.detail is not None
    screen = CompareScreen(app.screen.detail)
    app.push_screen(screen)
    await settled(pilot)
    return screen


async def a_line(app: TwinsiftApp, pilot: Driver) -> Any:
    await pilot.press("F", "slash")
    await pilot.pause()
    return app.screen.query_one(AskLine)


async def a_filter(app: TwinsiftApp, pilot: Driver) -> Any:
    await pilot.press("slash")
    await pilot.pause()
    return app.screen.query_one(FilterLine)


_OVER = threading.Event()


async def busy(app: TwinsiftApp, pilot: Driver) -> Any:
    _OVER.clear()
    screen = BusyScreen("waiting", lambda *_: _OVER.wait(20), app.open_catalog)
    app.push_screen(screen)
    await pilot.pause()
    return screen


WAYS: dict[str, tuple[Way, ...]] = {
    "everywhere": (everywhere,),
    "list": (the_list,),
    "groups": (place(),),
    "review": (place("enter"),),
    "view": (a_view,),
    "plan": (place("P"),),
    "journal": (place("J"),),
    "library": (place("L"),),
    "find": (place("F"),),
    "keep": (place("K"),),
    "compare": (a_comparison,),
    "ask": (a_line,),
    "dialog": (pushed(lambda: Confirm("?", [])),),
    "text": (pushed(lambda: HelpScreen(("groups",))),),
    "busy": (busy,),
    "prompt": (pushed(lambda: Prompt("?")), a_filter),
    "picker": (pushed(lambda: FolderPicker("?", start=b"/")),),
}


def test_every_table_has_a_way_to_its_screen() -> None:
    assert WAYS.keys() == KEYS.keys()


@pytest.mark.parametrize("table", KEYS)
async def test_every_key(filled: Library, make_app: MakeApp, table: str) -> None:
    for way in WAYS[table]:
        app = make_app()
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            owner = await way(app, pilot)
            called: list[tuple[str, tuple[Any, ...]]] = []
            for key in KEYS[table]:
                setattr(owner, f"action_{key.name}", _recorder(key, called))
            # The line of a dialog takes Enter itself and hands on the text: the dialog closes.
            is_line = table in ("prompt", "picker") and owner is app.screen
            for key in KEYS[table]:
                for name in key.keys.split(","):
                    if is_line and name == "enter":
                        continue
                    await pilot.press(name)
                    await pilot.pause()
                    assert called == [_wanted(key, name)], (table, name)
                    called.clear()
            if is_line:
                await pilot.press("enter")
                await pilot.pause()
                assert app.screen is not owner
            _OVER.set()


def _recorder(key: Key, called: list[tuple[str, tuple[Any, ...]]]) -> Callable[..., None]:
    """Notes its call; with as many arguments as the action takes, since Textual counts them."""
    match len(_arguments(key, "0")):
        case 0:
            return lambda: called.append((key.name, ()))
        case 1:
            return lambda one: called.append((key.name, (one,)))
        case _:
            return lambda one, two: called.append((key.name, (one, two)))


def _wanted(key: Key, pressed: str) -> tuple[str, tuple[Any, ...]]:
    return key.name, _arguments(key, pressed)


def _arguments(key: Key, pressed: str) -> tuple[Any, ...]:
    inside = re.search(r"\((.*)\)", key.action.format(key=pressed))
    values = inside[1].split(",") if inside else []
    known = {"True": True, "False": False}
    return tuple(
        known[value] if value in known else value.strip("'") if "'" in value else int(value)
        for value in values
    )


def test_the_card_shows_every_key_and_is_in_step() -> None:
    import key_card

    assert set(TITLES) <= set(KEYS)
    text = Path(key_card.PAGE).read_text(encoding="utf-8")
    assert text == key_card.card(), "run scripts/key_card.py"
    for table in set(KEYS) - {"dialog", "text", "busy", "prompt", "picker", "ask"}:
        for key in KEYS[table]:
            assert key.help in text, (table, key.shown)
