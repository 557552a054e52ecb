"""Messages name the keys in force: none is written into a text, own keys stand in all of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from textual.widgets import Input
from twinsift.tui import app
from twinsift.tui.bars import MessageLine
from twinsift.tui.keymap import KEYS
from twinsift.tui.line_list import LineList
from twinsift.tui.own_keys import OwnKeys

from .conftest import SETTINGS, Library, MakeApp, settled

ALONE = ("dialog", "text", "busy", "prompt", "picker", "ask")
NO_SCREEN = re.compile(r"(keymap|own_keys|arguments|command|dialogue|plain)")
"""Modules with keys or commands of their own, which no setting changes."""
ROW = re.compile(r"{([a-z_]+\.[a-z_]+)}")
NAMED = re.compile(r"(?<![\w'’{.\-])(?:[A-Zb-z]|Enter|Space|Tab|Ctrl-\w)(?![\w'’.\-–])")
SIGN = re.compile(r"(?<!\S)[?!/+-](?= \w)")
"""A key by its name: a letter or a sign that stands alone."""


def texts() -> Iterator[tuple[str, str]]:
    """Every text in the modules of the screens, but descriptions; with the place it stands at."""
    for path in sorted(Path(app.__file__).parent.glob("*.py")):
        if NO_SCREEN.match(path.stem):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        alone = {
            id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
        }  # docstrings
        notes = {
            id(part)
            for node in ast.walk(tree)
            for name in ("annotation", "returns")
            if (found := getattr(node, name, None)) is not None
            for part in ast.walk(found)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and " " in node.value.strip()
                and "%Y" not in node.value  # a time's format
                and " | " not in node.value  # a type
                and id(node) not in alone | notes
            ):
                yield f"{path.name}:{node.lineno}", node.value


def foreign() -> dict[str, str]:
    """Another key for every row that can have one, the same for rows that are the same."""
    letters, given = count(ord("Б")), {}
    own = {}
    for place, keys in KEYS.items():
        for key in keys:
            if place not in ALONE and not key.is_fixed:
                letter = given.setdefault((key.keys, key.action), chr(next(letters)))
                own[f"{place}.{key.id}"] = letter
    return own


def test_no_text_has_a_key_written_into_it() -> None:
    found = {where: text for where, text in texts() if NAMED.search(text) or SIGN.search(text)}
    assert not found


def test_every_message_names_the_keys_in_force() -> None:
    own = foreign()
    keys, plain = OwnKeys(own), OwnKeys()
    rows = [(where, text, row) for where, text in texts() for row in ROW.findall(text)]
    assert len(rows) > 30
    for where, text, row in rows:
        assert row in plain.told(f"{row} {{{row}}}").split()[0]
        told = keys.told(text)
        assert "{" not in told.replace("{ways}", ""), where
        if row in own:
            assert own[row] in told, (where, row)
        assert not (set(NAMED.findall(told)) - _fixed(text)), (where, told)


def _fixed(text: str) -> set[str]:
    """The keys that a text names and nobody can change: those of dialogs."""
    return {OwnKeys().shown(row) for row in ROW.findall(text) if row.split(".")[0] in ALONE}


def test_a_row_that_there_is_not_is_no_key() -> None:
    with pytest.raises(StopIteration):
        OwnKeys().told("{review.nothing}")
    assert OwnKeys().told("a {name} of {no row}") == "a {name} of {no row}"


async def test_own_keys_stand_on_the_screens(filled: Library, make_app: MakeApp) -> None:
    own = foreign()
    said: list[str] = []

    async with make_app(replace(SETTINGS, keys=own)).run_test(size=(132, 40)) as pilot:
        await settled(pilot)

        async def press(*rows: str) -> None:
            for row in rows:
                await pilot.press(own.get(row, row))
            await settled(pilot)
            screen = pilot.app.screen
            said.extend(line.text for line in screen.query(MessageLine))
            said.extend(line.placeholder for line in screen.query(Input))
            told = OwnKeys(own).told
            said.extend(told(shown.empty) for shown in screen.query(LineList))

        await press("groups.range")
        await press("everywhere.undo")
        await press("groups.choose")
        for view in ("flicker", "flicker", "zoom", "difference", "matches", "metadata"):
            await press(f"view.{view}")
        await press("everywhere.back")
        await press("review.accept")
        await press("everywhere.back")
        for place in ("library", "find", "plan", "journal"):
            await press(f"everywhere.{place}")
    joined = "\n".join(said)
    assert set(NAMED.findall(joined)) <= {"Enter", "Ctrl-c", "Tab"}, "those of lines stay"
    for row in (
        "groups.range", "everywhere.journal", "view.flip", "view.flicker", "view.zoom",
        "view.difference", "view.matches", "view.metadata", "everywhere.back", "everywhere.undo",
        "library.add", "find.ask", "find.pick", "everywhere.plan",
    ):  # fmt: skip
        assert own[row] in joined, (row, joined)
