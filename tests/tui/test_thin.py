"""A thinned stream leaves the same screen as the whole one, and is shorter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twinsift.tui.thin import Thinner

pyte = pytest.importorskip("pyte")

COLUMNS, ROWS = 20, 4
STYLES = ["", "1;38;2;1;2;3;48;2;4;5;6", "38;2;1;2;3;48;2;4;5;6", "38;2;9;2;3;48;2;4;5;6", "31;44"]

Piece = tuple[int, int, str, str]
"""Row, column, letters, style."""

written = st.tuples(
    st.integers(0, ROWS - 1),
    st.integers(0, COLUMNS - 1),
    st.text(st.sampled_from("ab ▀東"), min_size=1, max_size=12),
    st.sampled_from(STYLES),
)
updates = st.lists(st.tuples(st.booleans(), st.lists(written, max_size=5)), max_size=6)


def told(parts: list[Piece]) -> str:
    """As Textual tells it: each piece with its place and whole style, set back at its end."""
    text = ""
    for row, column, letters, style in parts:
        while sum(2 if letter == "東" else 1 for letter in letters) > COLUMNS - column:
            letters = letters[:-1]
        if letters:
            styled = f"\x1b[{style}m{letters}\x1b[0m" if style else letters
            text += f"\x1b[{row + 1};{column + 1}H{styled}"
    return text


@given(updates)
def test_the_screen_is_the_same(
    updates: list[tuple[bool, list[tuple[int, int, str, str]]]],
) -> None:
    screens = [pyte.Screen(COLUMNS, ROWS) for _ in range(2)]
    streams = [pyte.Stream(screen) for screen in screens]
    thinner = Thinner()
    thinner.resize(COLUMNS, ROWS)
    for whole, parts in updates:
        text = told(parts)
        streams[0].feed(text)
        streams[1].feed(thinner.pass_on(text, whole=whole))
    for row in range(ROWS):
        for column in range(COLUMNS):
            if any("東" in letters for _, parts in updates for _, _, letters, _ in parts):
                break  # half of a wide letter overwritten: terminals differ in what is left
            assert screens[0].buffer[row][column] == screens[1].buffer[row][column]
    assert screens[1].cursor.attrs == pyte.screens.Char(" ")


def test_what_is_there_is_not_written_again() -> None:
    thinner = Thinner()
    thinner.resize(40, 5)
    line = "\x1b[2;3H\x1b[38;2;1;2;3;48;2;4;5;6mhello, everybody here\x1b[0m"
    assert len(thinner.pass_on(line, whole=False)) < len(line)
    assert thinner.pass_on(line, whole=False) == ""
    other = thinner.pass_on(line.replace("here", "anew"), whole=False)
    assert "hello" not in other
    assert "\x1b[2;20Hanew"[:7] in other
    assert "everybody" in thinner.pass_on(line, whole=True)
    thinner.resize(41, 5)
    assert "everybody" in thinner.pass_on(line, whole=False)


def test_marks_of_pictures_pass() -> None:
    thinner = Thinner()
    thinner.resize(10, 2)
    marks = "\U000f0001" * 4
    for _ in range(2):
        assert marks in thinner.pass_on(f"\x1b[1;1H{marks}", whole=False)
    assert "    " in thinner.pass_on("\x1b[1;1H    ", whole=False), "the picture stood there"
