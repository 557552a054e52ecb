"""What the terminal is asked, when it isn't, and what its answers say."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

import pytest
from twinsift.catalog.settings import ScreenSettings
from twinsift.tui import probe, tmux
from twinsift.tui.probe import Answers
from twinsift.tui.terminal import Drawing, detect
from twinsift.tui.tmux import Tmux

pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")

DA1 = "\x1b[?62;4c"
TERM = {"TERM": "xterm-256color"}


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other end of a terminal that is asked."""
    master, slave = pty.openpty()
    monkeypatch.setattr(probe, "_streams", lambda: (slave, slave))
    monkeypatch.setattr(probe, "_PATIENCE", 0.05)
    yield master
    monkeypatch.undo()
    os.close(master)
    os.close(slave)


def test_everything_is_told() -> None:
    replies = [
        "\x1b_Gi=31;OK\x1b\\",
        "\x1bP>|foot(1.17.2)\x1b\\",
        "\x1b[6;20;9t",
        "\x1b[4;480;800t",
        "\x1b[?1;0;1024S",
        "\x1bP1$r0;48:2::1:2:3m\x1b\\",
        DA1,
    ]
    assert probe.read_answers(replies, 80, 24) == Answers(
        True, "foot(1.17.2)", True, True, 1024, (9, 20), True
    )


@pytest.mark.parametrize(
    ("replies", "cell"),
    [
        (["\x1b[4;480;800t"], (10, 20)),
        (["\x1b[6;0;0t", "\x1b[4;480;800t"], (10, 20)),
        (["\x1b[6;1;1t"], None),
        ([], None),
    ],
)
def test_the_size_of_a_cell(
    replies: list[str], cell: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_window", lambda: (80, 24, 0, 0))
    assert probe.read_answers(replies, 80, 24).cell == cell


@pytest.mark.parametrize(
    ("reply", "truecolor"),
    [
        ("\x1bP1$r0;48:2::1:2:3m\x1b\\", True),
        ("\x1bP1$r48;2;1;2;3m\x1b\\", True),
        ("\x1bP1$r0;48:2:1:2:3m\x1b\\", True),
        ("\x1bP1$r0;48:5:16m\x1b\\", False),
        ("\x1bP1$r0;48;2;1;2;31m\x1b\\", False),
        ("\x1bP0$r\x1b\\", False),
    ],
)
def test_truecolor_is_what_comes_back(reply: str, truecolor: bool) -> None:
    assert probe.read_answers([reply], 80, 24).truecolor is truecolor


def test_answers_are_read_and_the_rest_is_drained(terminal: int) -> None:
    with probe.asking(TERM) as question:
        asked = os.read(terminal, 4096).decode()
        assert asked.endswith("\x1b[c"), "the fence comes last"
        assert asked == probe.questions(TERM)
        os.write(terminal, b"1\x1bP>|xterm(390)\x1b\\2" + DA1.encode() + b"34")
        answers = question.answers()
    assert (answers.complete, answers.name, answers.sixel) == (True, "xterm(390)", True)
    assert not select.select([probe._streams()[0]], [], [], 0)[0], "what was typed is dropped"


def test_a_terminal_that_answers_nothing(terminal: int) -> None:
    with probe.asking(TERM) as question:
        assert not question.answers().complete


def test_echo_is_off_until_the_end(terminal: int) -> None:
    before = termios.tcgetattr(terminal)[3]
    assert before & termios.ECHO
    with probe.asking(TERM) as question:
        question.answers()
        assert not termios.tcgetattr(terminal)[3] & (termios.ECHO | termios.ICANON)
    assert termios.tcgetattr(terminal)[3] == before


@pytest.mark.parametrize(
    "environ",
    [
        {}, {"TERM": "dumb"}, {"TERM": "linux"}, {"TERM": "vt100"}, {"TERM": "screen"},
        {**TERM, "STY": "1.pts"}, {**TERM, "TERM_PROGRAM": "Apple_Terminal"},
        {**TERM, "INSIDE_EMACS": "29.1"},
    ],
)  # fmt: skip
def test_some_are_not_asked(terminal: int, environ: dict[str, str]) -> None:
    assert probe.silence(environ)
    with probe.asking(environ) as question:
        assert not question.answers().complete
    assert not select.select([terminal], [], [], 0)[0], "nothing was written"


def test_mosh_is_not_asked(terminal: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert probe.silence(TERM) == ""
    monkeypatch.setattr(probe, "_is_mosh", lambda: True)
    assert "mosh" in probe.silence(TERM)


def test_tmux_is_asked_nothing_that_it_takes_for_a_title() -> None:
    assert "\x1b_" not in probe.questions({**TERM, "TMUX": "x"})


def outside(name: str, *, through: bool) -> Tmux:
    return Tmux("3.4", through, name, frozenset({"RGB"}), (8, 16))


@pytest.mark.parametrize(
    ("answers", "around", "drawing", "words"),
    [
        (Answers(True, "kitty(0.40.0)", True), None, "kitty", "answered"),
        (Answers(True, "ghostty 1.1.0", True), None, "kitty", "answered"),
        (Answers(True, "WezTerm 20240203", True, True), None, "iterm2", "inline"),
        (Answers(True, "iTerm2 3.5.10", False, True), None, "iterm2", "inline"),
        (Answers(True, "Konsole 24.12", True, True), None, "sixel", "sixels"),
        (Answers(True, "", False, True), None, "sixel", "sixels"),
        (Answers(True, "VTE(7600)"), None, "halfblock", "told of no pixels"),
        (Answers(), None, "halfblock", "told nothing"),
        (Answers(True, "tmux 3.4"), outside("kitty(0.40.0)", through=True), "kitty", "through"),
        (Answers(True, "tmux 3.4"), outside("kitty(0.40.0)", through=False), "halfblock", ""),
        (Answers(True, "tmux 3.4"), outside("xterm-256color", through=True), "halfblock", ""),
        (Answers(True, "tmux 3.4", sixel=True), outside("foot", through=False), "sixel", ""),
    ],
)
def test_the_best_way_to_show_pictures(
    answers: Answers, around: Tmux | None, drawing: str, words: str
) -> None:
    environ = {**TERM, **({"TMUX": "x"} if around else {})}
    found = detect(environ, ScreenSettings(), answers, around)
    assert found.drawing is Drawing(drawing)
    assert words in found.why
    assert bool(found.advice) is (around is not None and "kitty" in around.terminal and not words)


def test_advice_names_the_option_of_tmux() -> None:
    found = detect({**TERM, "TMUX": "x"}, ScreenSettings(), None, outside("kitty", through=False))
    assert "tmux set -g allow-passthrough on" in found.advice
    assert found.cell == (8, 16)


def test_settings_come_before_answers() -> None:
    kitty = Answers(True, "kitty(0.40.0)", True)
    for name in ("halfblock", "sixel", "iterm2", "none"):
        found = detect(TERM, ScreenSettings(pictures=name), kitty)
        assert found.drawing is Drawing(name)


def test_what_tmux_says() -> None:
    assert tmux.read("3.4|1|kitty(0.40.0)|xterm-kitty|256,RGB,sixel|10|20\n") == Tmux(
        "3.4", True, "kitty(0.40.0)", frozenset({"256", "RGB", "sixel"}), (10, 20)
    )
    assert tmux.read("3.3a|off||xterm-256color|256|0|0\n") == Tmux(
        "3.3a", False, "xterm-256color", frozenset({"256"}), None
    )
    assert tmux.read("no such format") is None
    assert tmux.ask({}) is None
