"""The table of keys: no key means two things at one place, every action can be carried out."""

from __future__ import annotations

import pytest
from textual.binding import Binding
from textual.keys import _character_to_key
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.busy import BusyScreen
from twinsift.tui.compare_screen import CompareScreen
from twinsift.tui.dialogs import Confirm, Prompt, TypedConfirm
from twinsift.tui.find_screen import AskLine, FindScreen
from twinsift.tui.folder_picker import FolderPicker
from twinsift.tui.groups_screen import GroupsScreen
from twinsift.tui.help_screen import HelpScreen, help_lines
from twinsift.tui.journal_screen import JournalScreen
from twinsift.tui.keep_screen import KeepScreen
from twinsift.tui.keymap import KEYS, bindings
from twinsift.tui.library_screen import LibraryScreen
from twinsift.tui.line_list import LineList
from twinsift.tui.plan_screen import PlanScreen
from twinsift.tui.review_screen import ReviewScreen

OWNERS = {
    "everywhere": [TwinsiftApp],
    "list": [LineList],
    "groups": [GroupsScreen],
    "review": [ReviewScreen],
    "view": [ReviewScreen],
    "plan": [PlanScreen],
    "journal": [JournalScreen],
    "library": [LibraryScreen],
    "find": [FindScreen],
    "keep": [KeepScreen],
    "compare": [CompareScreen],
    "ask": [AskLine],
    "dialog": [Confirm],
    "text": [HelpScreen],
    "busy": [BusyScreen],
    "prompt": [Prompt, TypedConfirm],
    "picker": [FolderPicker],
}


@pytest.mark.parametrize("place", KEYS)
def test_every_action_exists(place: str) -> None:
    for key in KEYS[place]:
        assert any(hasattr(owner, f"action_{key.name}") for owner in OWNERS[place]), key


@pytest.mark.parametrize("place", KEYS)
def test_no_key_twice_at_one_place(place: str) -> None:
    names = [name for key in KEYS[place] for name in key.keys.split(",")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("place", ["groups", "plan", "journal", "library"])
def test_no_screens_key_is_a_motion(place: str) -> None:
    motions = {name for key in KEYS["list"] for name in key.keys.split(",")}
    assert not motions & {name for key in KEYS[place] for name in key.keys.split(",")}


@pytest.mark.parametrize("place", KEYS)
def test_what_matters_is_on_keys_that_every_terminal_sends(place: str) -> None:
    plain = {"enter", "tab", "space", "up", "down", "left", "right"}
    for key in KEYS[place]:
        if place in ("prompt", "picker", "ask") and key.action == "cancel":
            continue  # a line that takes text leaves no printable key free
        doubles = place == "list" and key.name == "page"
        if place == "text" and key.action == "scroll(-8)":
            doubles = True
        first = key.keys.split(",")[0]
        is_printable = len(first) == 1 or first in {
            _character_to_key(character) for character in "?:./!+-"
        }
        assert doubles or first in plain or is_printable, key


def test_a_digit_becomes_its_number() -> None:
    made = {b.key: b.action for b in bindings("review") if isinstance(b, Binding)}
    assert made["3"] == "keep(3)"


def test_ids_are_unique() -> None:
    found = [b.id for place in KEYS for b in bindings(place) if isinstance(b, Binding)]
    assert len(found) == len(set(found))


def test_help_tells_every_key_once() -> None:
    text = help_lines({place: KEYS[place] for place in ("review", "everywhere")}).plain
    for key in (*KEYS["review"], *KEYS["everywhere"]):
        assert text.count(f"  {key.shown:<8}") == 1
        assert key.help in text
