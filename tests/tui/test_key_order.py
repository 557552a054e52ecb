"""Keys that come in one burst do what they would do one by one."""

from __future__ import annotations

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input
from twinsift.tui.folder_picker import FolderPicker

from .conftest import Library, MakeApp, settled

_NAMED = {"\x15": "ctrl+u", "\x7f": "backspace", "\r": "enter", "?": "question_mark"}


def burst(pilot: Pilot[int], text: str) -> None:
    """Post keys at once, as they come over a line that stood still for a moment."""
    for letter in text:
        name = _NAMED.get(letter)
        key = events.Key(name or letter, None if name else letter)
        pilot.app.post_message(key)


async def test_what_is_typed_behind_the_key_that_asks_for_it_arrives(
    filled: Library, make_app: MakeApp
) -> None:
    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        burst(pilot, "a\x15/nowhere/a\x7fb")
        await settled(pilot)
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, FolderPicker)
        assert pilot.app.screen.query_one(Input).value == "/nowhere/b"


async def test_a_line_that_is_left_empty_adds_no_folder(filled: Library, make_app: MakeApp) -> None:
    async with make_app(start="library").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        burst(pilot, "a\x15\r")
        await settled(pilot)
        await pilot.pause(0.2)
        picker = pilot.app.screen
        assert isinstance(picker, FolderPicker)
        assert "type a folder" in str(picker.query_one("#state").render())


async def test_a_key_whose_dialog_goes_holds_nothing_up(filled: Library, make_app: MakeApp) -> None:
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        burst(pilot, "?q?qjj")
        await settled(pilot)
        await pilot.pause(0.2)
        assert pilot.app.screen.query_one("GroupList").cursor == 2  # type: ignore[attr-defined]
