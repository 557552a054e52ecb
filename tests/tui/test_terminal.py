"""What the environment says of the terminal."""

from __future__ import annotations

import pytest
from twinsift.catalog.settings import ScreenSettings
from twinsift.tui.terminal import Colours, Drawing, detect


@pytest.mark.parametrize(
    ("environ", "colours", "drawing"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor", "halfblock"),
        ({"TERM": "xterm-256color", "COLORTERM": " 24bit "}, "truecolor", "halfblock"),
        ({"TERM": "tmux-256color"}, "256", "halfblock"),
        ({"TERM": "linux"}, "16", "halfblock"),
        ({"TERM": "vt220"}, "none", "ascii"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none", "ascii"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256", "halfblock"),
    ],
)
def test_told_by_the_environment(environ: dict[str, str], colours: str, drawing: str) -> None:
    found = detect(environ, ScreenSettings())
    assert (found.colours, found.drawing) == (Colours(colours), Drawing(drawing))


def test_settings_come_first() -> None:
    found = detect({"NO_COLOR": "1"}, ScreenSettings(colours="16", pictures="none"))
    assert (found.colours, found.drawing) == (Colours.ANSI, Drawing.NONE)


def test_half_blocks_need_colours() -> None:
    found = detect({}, ScreenSettings(colours="none", pictures="halfblock"))
    assert found.drawing is Drawing.ASCII


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "screen-256color"}, "tmux"),
        ({"STY": "1.pts", "TERM": "screen"}, "screen"),
        ({"TERM": "xterm"}, ""),
    ],
)
def test_multiplexer(environ: dict[str, str], name: str) -> None:
    assert detect(environ, ScreenSettings()).multiplexer == name
