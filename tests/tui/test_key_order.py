"""Keys that come in one burst do what they would do one by one."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input
from twinsift.tui.folder_picker import FolderPicker
from twinsift.tui.group_list import GroupList

from .conftest import Library, MakeApp, settled

_NAMED = {"\x15": "ctrl+u", "\x7f": "backspace", "\r": "enter", "?": "question_mark"}


def burst(pilot: Pilot[int], text: str) -> None:
    """Post keys at once, as they come over a line that stood still for a moment."""
    for letter in text:
        name = _NAMED.get(letter)
        key = events.Key(name or letter, None if name else letter)
        pilot.app.post_message(key)


def typed(pilot: Pilot[int]) -> str | None:
    """What stands in the line of the picker, once it's there."""
    screen = pilot.app.screen
    lines = screen.query(Input) if isinstance(screen, FolderPicker) else ()
    return next((line.value for line in lines), None)


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> bool:
    for _ in range(200):
        if condition():
            return True
        await pilot.pause(0.05)
    return False


async def test_what_is_typed_behind_the_key_that_asks_for_it_arrives(
    filled: Library, make_app: MakeApp
) -> None:
    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        burst(pilot, "a\x15/nowhere/a\x7fb")
        assert await until(pilot, lambda: typed(pilot) == "/nowhere/b"), typed(pilot)


async def test_a_line_that_is_left_empty_adds_no_folder(filled: Library, make_app: MakeApp) -> None:
    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        burst(pilot, "a\x15\r")
        assert await until(pilot, lambda: typed(pilot) == "")
        state = pilot.app.screen.query_one("#state")
        assert await until(pilot, lambda: "type a folder" in str(state.render()))


async def test_a_key_whose_dialog_goes_holds_nothing_up(filled: Library, make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        burst(pilot, "?q?qjj")
        groups = pilot.app.screen.query_one(GroupList)
        assert await until(pilot, lambda: groups.cursor == 2)
