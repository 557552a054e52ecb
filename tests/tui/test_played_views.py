"""Flicker in the installed program, in a terminal that a test plays: what is seen, and its cost."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pty")
pytest.importorskip("pyte")

from .conftest import Library
from .paired import group, indexed
from .played_terminal import KITTY, XTERM, PlayedTerminal

COMMAND = Path(sys.executable).with_name("twinsift")
CANVAS = (16, 2, 48, 18)
"""Column, row, columns and rows of a 4:3 picture in the view at 80×24."""
HELD_BUDGET = 8_000


@pytest.fixture
def catalog(tmp_path: Path, photograph: Callable[..., Image.Image]) -> Path:
    """A photograph and a crop of it, in place of which the other quarter of it is empty."""
    library = Library(tmp_path / "catalog.sqlite")
    picture = photograph(31, 512, 384)
    group(
        library,
        indexed(library, tmp_path / "photos" / "whole.png", picture),
        indexed(library, tmp_path / "photos" / "crop.png", picture.crop((0, 96, 384, 384))),
    )
    library.catalog.close()
    return library.path


@pytest.fixture(params=[pytest.param(KITTY, id="kitty"), pytest.param(XTERM, id="halfblock")])
def terminal(request: pytest.FixtureRequest, catalog: Path) -> Iterator[PlayedTerminal]:
    answers: Mapping[str, str] = request.param
    played = PlayedTerminal([COMMAND, "--catalog", catalog, "review"], answers)
    yield played
    played.close()


def marked(terminal: PlayedTerminal) -> int:
    """Where the mark of the file that is seen stands, in the line of captions."""
    return terminal.text().splitlines()[1].find("›")


def flip(terminal: PlayedTerminal) -> int:
    """Show the other picture; the bytes that it cost."""
    before, place = len(terminal.sent), marked(terminal)
    terminal.press(" ")
    terminal.wait(lambda: marked(terminal) not in (-1, place), "the other picture")
    terminal.settle(0.4)
    return len(terminal.sent) - before


@pytest.mark.slow
def test_flicker_costs_what_changes(terminal: PlayedTerminal) -> None:
    terminal.wait_for("1 group")
    terminal.press("\r")
    terminal.wait_for("whole.png", "crop.png")
    terminal.settle()
    terminal.press("ff")  # and held
    terminal.wait_for("matching points", "held")
    terminal.settle()
    if marked(terminal) > 0:
        flip(terminal)
    shown = [terminal.seen(*CANVAS)]
    costs = []
    for _ in range(4):
        costs.append(flip(terminal))
        shown.append(terminal.seen(*CANVAS))
    first, second = shown[0], shown[1]
    assert (shown[2] == first).all()
    assert (shown[3] == second).all()
    # The shared part stays where it is; the rest of the photograph goes and comes.
    high, wide = first.shape[:2]
    apart = np.abs(first - second).mean(axis=2)
    assert apart[high * 3 // 8 : high * 7 // 8, wide // 8 : wide * 5 // 8].mean() < 12
    assert apart[: high // 8].mean() > 40
    if terminal.images:
        assert max(costs[1:]) <= HELD_BUDGET
    else:
        # Near half of 864 cells at some 40 bytes, and the lines' beginnings.
        assert max(costs) < 22_000
    assert not re.search(r"Traceback", terminal.text())
