"""What is set from inside and kept: themes, the rules for ★, hints that go away."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from twinsift.catalog import settings_file
from twinsift.catalog.errors import SettingsError
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.hints import HINTS, Hints
from twinsift.tui.keep_screen import KeepScreen, RuleList
from twinsift.tui.keymap import KEYS
from twinsift.tui.own_keys import OwnKeys
from twinsift.tui.palettes import DARK, THEMES

from .conftest import SETTINGS, Library, MakeApp, Picture, settled

Driver = Pilot[int]


def message(pilot: Driver) -> str:
    return pilot.app.screen.query_one("MessageLine").text  # type: ignore[attr-defined]


def app(pilot: Driver) -> TwinsiftApp:
    assert isinstance(pilot.app, TwinsiftApp)
    return pilot.app


# Settings that are written -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        "",
        '[screen]\ntheme = "light"\n',
        '[screen]  # mine\n# a comment\ntheme="light" # why not\npictures = "none"\n',
        '[match]\nhamming = 8\n\n[screen]\npictures = "none"\n\n[keep]\norder = ["size"]\n',
        '[screen]\n"theme" = """\nlight"""\n[keep]\n',
    ],
)
def test_one_setting_changes_and_all_else_stays(tmp_path: Path, before: str) -> None:
    place = tmp_path / "new" / "settings.toml"
    if before:
        place.parent.mkdir()
        place.write_text(before, encoding="utf-8")
    settings_file.save(place, "screen", "theme", "contrast")
    after = place.read_text(encoding="utf-8")
    wanted = tomllib.loads(before)
    wanted.setdefault("screen", {})["theme"] = "contrast"
    assert tomllib.loads(after) == wanted
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in after.splitlines() if line.startswith("#")
    ]
    assert [p.name for p in place.parent.iterdir()] == ["settings.toml"]


def test_a_list_over_several_lines_is_replaced(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    place.write_text('[keep]\norder = [\n  "size", # first\n  "exif",\n]\n[match]\nhamming = 8\n')
    settings_file.save(place, "keep", "order", ("oldest", "size"))
    loaded = settings_file.load(place)
    assert (loaded.keep.order, loaded.match.hamming) == (("oldest", "size"), 8)


def test_what_cant_be_changed_safely_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    text = 'screen = { theme = "light" }\n'
    place.write_text(text)
    with pytest.raises(SettingsError, match="can't be changed from here"):
        settings_file.save(place, "screen", "theme", "dark")
    assert place.read_text() == text


@given(st.lists(st.sampled_from(["a = 1", "theme = 'x'", "# c", "", "[t]", "b = [\n1,\n2]"])))
def test_saving_changes_one_value_or_nothing(lines: list[str]) -> None:
    text = "[screen]\n" + "\n".join(lines) + "\n"
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    wanted = {**before, "screen": {**before["screen"], "theme": "dark"}}
    made = settings_file._changed(text, "screen", 'theme = "dark"', wanted)
    assert made is not None
    assert tomllib.loads(made) == wanted


# Themes ------------------------------------------------------------------------------------------


def test_every_theme_has_every_colour() -> None:
    assert settings_file.load(None).screen.theme in THEMES
    for theme in THEMES.values():
        assert theme.variables.keys() == DARK.variables.keys()
        assert _contrast(theme.foreground or "", theme.background or "") >= 7
        for tone in (theme.variables["muted"], theme.accent, theme.error, theme.warning):
            assert _contrast(tone or "", theme.background or "") >= 4.5, (theme.name, tone)


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


async def test_themes_in_turn_are_kept(filled: Library, make_app: MakeApp, tmp_path: Path) -> None:
    place = tmp_path / "settings.toml"
    async with make_app(settings_path=place).run_test() as pilot:
        await settled(pilot)
        seen = []
        for _ in range(3):
            await pilot.press("T")
            seen.append((pilot.app.theme, settings_file.load(place).screen.theme))
        assert seen == [
            ("twinsift-light", "light"), ("twinsift-contrast", "contrast"), ("twinsift", "dark")
        ]  # fmt: skip
        place.unlink()
        place.mkdir()
        await pilot.press("T")
        assert "for this time only" in message(pilot)
        assert pilot.app.theme == "twinsift-light"
    light = replace(SETTINGS, screen=replace(SETTINGS.screen, theme="light"))
    async with make_app(light).run_test() as pilot:
        assert pilot.app.theme == "twinsift-light"


# The rules for ★ ---------------------------------------------------------------------------------


async def test_rules_their_preview_and_saving_them(
    filled: Library, make_app: MakeApp, tmp_path: Path
) -> None:
    place = tmp_path / "settings.toml"
    filled.group([Picture(b"a/b/c/deep.jpg"), Picture(b"flat.jpg", 2000, 1500, size=900)])
    async with make_app(settings_path=place).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("K")
        await settled(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, KeepScreen)
        rules = screen.query_one(RuleList)
        assert "as it is now" in str(screen.query_one("#preview").render())
        await pilot.press("j", "j", "space")  # resolution doesn't count any more
        await settled(pilot)
        assert "resolution" not in rules.order
        await pilot.press("r")
        assert rules.order[2] == "resolution"
        await pilot.press("G", *["plus"] * 8, "minus")
        await settled(pilot)
        assert rules.order[:2] == ["unframed", "depth"]
        assert screen.preview is not None
        assert (screen.preview.changed, screen.preview.of) == (1, 5)
        text = str(screen.query_one("#preview").render())
        assert "1 group of 5 would keep another file" in text
        assert "shortest path" in text
        await pilot.press("enter")
        await settled(pilot)
        assert settings_file.load(place).keep.order == tuple(rules.order)
        assert app(pilot).settings.keep.order[:2] == ("unframed", "depth")


# Hints -------------------------------------------------------------------------------------------


def test_hints_name_keys_that_there_are() -> None:
    for text in HINTS.values():
        for row in text.split("{")[1:]:
            assert OwnKeys().shown(row.partition("}")[0])
    assert KEYS["review"]


async def test_a_hint_goes_once_it_was_followed_and_stays_away(
    filled: Library, make_app: MakeApp, tmp_path: Path
) -> None:
    followed = tmp_path / "state" / "twinsift" / "hints-followed"
    followed.unlink()
    async with make_app().run_test(size=(120, 24)) as pilot:
        await settled(pilot)
        assert "Enter looks at this group" in message(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert "Enter keeps ★ and goes on · u takes it back" in message(pilot)
        await pilot.press("enter", "q")
        await settled(pilot)
        assert "P shows what will happen" in message(pilot)
        await pilot.press("P")
        await settled(pilot)
    assert Hints().wanted("plan") is False
    async with make_app().run_test(size=(120, 24)) as pilot:
        await settled(pilot)
        assert message(pilot) == ""


def test_a_state_folder_that_cant_be_written_is_no_trouble(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    hints = Hints(place)
    hints.follow("review")
    assert not hints.wanted("review")
