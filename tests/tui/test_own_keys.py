"""Keys that a person set: what is refused and how, and that bindings, bar and help follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from twinsift.catalog import settings_file
from twinsift.catalog.errors import SettingsError
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.bars import KeyBar
from twinsift.tui.help_screen import HelpScreen
from twinsift.tui.keymap import KEYS
from twinsift.tui.own_keys import OwnKeys, faults
from twinsift.tui.review_screen import ReviewScreen

from .conftest import SETTINGS, Library, MakeApp, settled


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"review.kep_all": "K"}, "did you mean review.keep_all?"),
        ({"keep_all": "K"}, "did you mean review.keep_all?"),
        ({"review.keep": "K"}, "review.keep: this key can't be changed"),
        ({"dialog.yes": "j"}, "dialog.yes: this key can't be changed"),
        ({"review.keep_all": "spacebar"}, "'spacebar' is no key (did you mean space?)"),
        ({"review.keep_all": ""}, "no key is given"),
        ({"review.keep_all": "s"}, "s would be both review.keep_all and review.skip"),
        ({"groups.sort": "j"}, "j would be both groups.sort and list.down"),
        ({"everywhere.undo": "x"}, "x would be both"),
        ({"review.keep_all": "?"}, "? would be both"),
        ({"groups.mark": "5"}, "5 would be both groups.mark and list.digit"),
        ({"groups.mark": "e, E, e"}, "groups.mark: e is given twice (once is enough)"),
        ({"groups.mark": "Ctrl+C"}, "Ctrl+C is reserved: it tells how to leave"),
        ({"groups.mark": "ctrl+m"}, "ctrl+m is reserved: terminals send it for Enter"),
        ({"groups.mark": "f1"}, "f1 is reserved: it searches the commands (take another key)"),
        ({"groups.mark": "shift+e"}, "shift+e is no key by itself (write 'E')"),
    ],
)
def test_what_is_wrong_is_named(own: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        OwnKeys(own, "settings.toml: [keys]")
    assert said in str(caught.value)
    assert "settings.toml: [keys]" in str(caught.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    own = {"review.kep_all": "K", "review.skip": "a", "list.down": "escape", "find.pick": "q, é"}
    assert [str(fault) for fault in faults(own)] == [
        "[keys] review.kep_all: there is no such action (did you mean review.keep_all?)",
        "[keys] list.down: escape is reserved: it leaves dialogs, and begins what other keys send"
        " (take another key)",
        "[keys]: a would be both review.keep_all and review.skip (give one of them another key)",
        "[keys]: q would be both find.pick and everywhere.back (give one of them another key)",
    ]
    assert not faults({"review.keep_all": "s", "review.skip": "a"})


def test_two_keys_may_change_places() -> None:
    own = OwnKeys({"review.keep_all": "s", "review.skip": "a"})
    assert (own.shown("review.keep_all"), own.shown("review.skip")) == ("s", "a")


def test_the_same_action_on_the_same_key_at_two_places_stays_one() -> None:
    own = OwnKeys({"everywhere.pause": "ctrl+k, w"})
    assert own.shown("library.pause") == own.shown("everywhere.pause") == "Ctrl-k"


def test_nothing_set_changes_nothing() -> None:
    assert dict(OwnKeys().table) == KEYS
    assert OwnKeys().keymap() == {}


def test_the_settings_file_takes_both_ways_to_write_it(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text('[keys]\nreview.skip = "S"\n"groups.sort" = "O"\n', encoding="utf-8")
    assert settings_file.load(place).keys == {"review.skip": "S", "groups.sort": "O"}
    place.write_text('[keys]\nreview.skip = "S"\n"review.skip" = "O"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\[keys\] review.skip: it is set twice"):
        settings_file.load(place)
    place.write_text("[keys]\nreview.skip = 5\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"\[keys\] review.skip: 5 is no key"):
        settings_file.load(place)


def _app(pilot: Pilot[int]) -> TwinsiftApp:
    assert isinstance(pilot.app, TwinsiftApp)
    return pilot.app


async def test_bindings_bar_and_help_follow(filled: Library, make_app: MakeApp) -> None:
    own = {"groups.choose": "O", "groups.sort": "e", "everywhere.undo": "Z", "groups.mark": "comma"}
    async with make_app(replace(SETTINGS, keys=own)).run_test(size=(132, 40)) as pilot:
        await settled(pilot)
        await pilot.press("comma")
        assert len(_app(pilot).triage.marks) == 1
        await pilot.press("s")  # the old key does nothing any more
        assert _app(pilot).triage.sort.value == "most bytes freed"
        await pilot.press("e")
        assert _app(pilot).triage.sort.value == "least similar"
        bar = pilot.app.screen.query_one(KeyBar).render_line(0).text
        assert " O review" in bar
        assert " Z undo" in bar
        await pilot.press("O")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ReviewScreen)
        await pilot.press("a")
        await settled(pilot)
        assert _app(pilot).triage.progress()[0] == 1
        await pilot.press("u")
        assert _app(pilot).triage.progress()[0] == 1
        await pilot.press("Z")
        await settled(pilot)
        assert _app(pilot).triage.progress()[0] == 0
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        assert "  Z       undo the last decision" in str(
            pilot.app.screen.query_one("Static").render()
        )


async def test_what_overrides_a_key_elsewhere_still_does(
    filled: Library, make_app: MakeApp
) -> None:
    """`u` of the journal is another action than `u` everywhere, and stays when that one moves."""
    async with make_app(replace(SETTINGS, keys={"everywhere.undo": "Z"})).run_test() as pilot:
        await settled(pilot)
        keys = [b.binding.action for b in pilot.app.screen.active_bindings.values()]
        assert "app.undo" in keys
        await pilot.press("J")
        await settled(pilot)
        assert pilot.app.screen.active_bindings["u"].binding.action == "undo_batch"
