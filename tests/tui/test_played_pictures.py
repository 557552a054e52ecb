"""The installed program in a terminal that a test plays, once for each way to show pictures.

What was sent is decoded as that terminal would: the pictures are looked at, their place, and what
they cost.
"""

from __future__ import annotations

import math
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from twinsift.catalog.database import Catalog

pytest.importorskip("pty")
pytest.importorskip("pyte")

from .conftest import Library, Picture
from .played_terminal import ITERM2, KITTY, SIXEL, XTERM, PlayedTerminal

COMMAND = Path(sys.executable).with_name("twinsift")
BOXES = ((1, 2, 37, 14), (42, 2, 37, 14))
"""Column, row, columns and rows of both pictures of a group, 4:3, at 80×24."""
SMALL = ((9, 5, 21, 8), (50, 5, 21, 8))
GROUPS = 3
MOUSE = b"\x1b[?1000h"
"""What asks a terminal for clicks."""
BUDGET, LOW_BUDGET, HELD_BUDGET = 60_000, 10_000, 8_000

Box = tuple[int, int, int, int]


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    from ..conftest import make_photograph

    return [make_photograph(900 + group, 512, 384) for group in range(GROUPS)]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory, pictures: list[Image.Image]) -> Path:
    """Groups of a picture and its mirror image, the one that frees most first."""
    library = Library(tmp_path_factory.mktemp("played") / "catalog.sqlite")
    for group, picture in enumerate(pictures):
        size = 9_000_000 - group
        mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        library.group(
            [
                Picture(b"%d/a.jpg" % group, image=picture, size=size),
                Picture(b"%d/b.jpg" % group, 2000, 1500, size - 100, image=mirrored),
            ]
        )
    library.catalog.close()
    return library.path


Play = Callable[..., PlayedTerminal]


@pytest.fixture
def play(catalog: Path) -> Iterator[Play]:
    """Start the review in a terminal with some answers."""
    playing: list[PlayedTerminal] = []

    def start(answers: Mapping[str, str], *flags: str, **more: object) -> PlayedTerminal:
        words = [COMMAND, "--catalog", catalog, "review", *flags]
        playing.append(PlayedTerminal(words, answers, **more))  # type: ignore[arg-type]
        return playing[-1]

    yield start
    for terminal in playing:
        terminal.close()


def expected(picture: Image.Image, box: Box) -> np.ndarray:
    return np.asarray(picture.resize((box[2] * 10, box[3] * 20)), np.int16)


def likeness(terminal: PlayedTerminal, picture: Image.Image, box: Box) -> float:
    """Correlation of what is seen in a box with the picture; 0 where there is a gap."""
    seen = terminal.seen(*box)
    if (seen < 0).any() or not np.ptp(seen):
        return 0.0
    both = [
        cv2.resize(cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), 8), None, fx=0.1, fy=0.1)
        for pixels in (seen, expected(picture, box))
    ]
    return float(np.corrcoef(both[0].ravel(), both[1].ravel())[0, 1])


def shows(
    terminal: PlayedTerminal,
    picture: Image.Image,
    least: float = 0.9,
    boxes: tuple[Box, ...] = BOXES,
) -> Callable[[], bool]:
    """Whether a group's pictures are seen: the picture, and its mirror image beside it."""
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    def seen() -> bool:
        return all(
            likeness(terminal, wanted, box) > least
            for wanted, box in zip((picture, mirrored), boxes, strict=False)
        )

    return seen


def flip(terminal: PlayedTerminal, key: str, until: Callable[[], bool]) -> int:
    """Press a key and wait; the bytes that it cost."""
    before = len(terminal.sent)
    terminal.press(key)
    terminal.wait(until, f"the pictures after {key!r}")
    terminal.settle(0.3)
    return len(terminal.sent) - before


def begin(terminal: PlayedTerminal, until: Callable[[], bool]) -> None:
    terminal.wait_for("Groups", f"{GROUPS} groups")
    terminal.press("\r")
    terminal.wait(until, "the first pictures")
    terminal.settle(0.3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "environ", "least"),
    [
        pytest.param(KITTY, {}, 0.97, id="kitty"),
        pytest.param(SIXEL, {}, 0.95, id="sixel"),
        pytest.param(ITERM2, {}, 0.97, id="iterm2"),
        pytest.param(XTERM, {}, 0.95, id="truecolor"),
        pytest.param({}, {"TERM": "xterm-256color"}, 0.9, id="256"),
        pytest.param({}, {"TERM": "xterm"}, 0.6, id="16"),
    ],
)
def test_pictures_are_seen_in_their_places_and_cost_little(
    play: Play,
    pictures: list[Image.Image],
    answers: Mapping[str, str],
    environ: Mapping[str, str],
    least: float,
) -> None:
    terminal = play(answers, environ=environ)
    begin(terminal, shows(terminal, pictures[0], least))
    # To the next group, and back: what the terminal keeps isn't sent again.
    there = flip(terminal, "j", shows(terminal, pictures[1], least))
    back = flip(terminal, "k", shows(terminal, pictures[0], least))
    assert max(there, back) <= BUDGET
    if answers is KITTY:
        assert back <= 2 * HELD_BUDGET
    # Below a dialog they go, and come back whole.
    before = terminal.seen(*BOXES[0])
    terminal.press("?")
    terminal.wait_for("Review of a group")
    terminal.settle(0.3)
    terminal.seen(0, 0, 80, 24)  # whatever is left is decoded right
    flip(terminal, "q", shows(terminal, pictures[0], least))
    assert (terminal.seen(*BOXES[0]) == before).all()
    # Another cursor writes titles, not pictures.
    assert flip(terminal, "l", shows(terminal, pictures[0], least)) < HELD_BUDGET
    # In the list of groups nothing is left of them.
    terminal.press("q")
    terminal.wait_for("Groups", f"{GROUPS} groups")
    terminal.settle(0.3)
    assert (terminal.layer == -1).all()
    assert terminal.close() == 0
    assert not terminal.images, "pictures are taken back at the end"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "environ", "least"),
    [
        pytest.param(KITTY, {}, 0.9, id="kitty"),
        pytest.param(SIXEL, {}, 0.8, id="sixel"),
        pytest.param(ITERM2, {}, 0.9, id="iterm2"),
        pytest.param(XTERM, {}, 0.6, id="truecolor"),
        pytest.param({}, {"TERM": "xterm-256color"}, 0.6, id="256"),
        pytest.param({}, {"TERM": "xterm"}, 0.4, id="16"),
    ],
)
def test_a_slow_line_is_spared(
    play: Play,
    pictures: list[Image.Image],
    answers: Mapping[str, str],
    environ: Mapping[str, str],
    least: float,
) -> None:
    terminal = play(answers, "--low-bandwidth", environ=environ)
    begin(terminal, shows(terminal, pictures[0], least, SMALL))
    cost = flip(terminal, "j", shows(terminal, pictures[1], least, SMALL))
    assert cost <= LOW_BUDGET
    assert terminal.close() == 0


@pytest.mark.slow
def test_letters_and_nothing(play: Play, pictures: list[Image.Image]) -> None:
    terminal = play(KITTY, environ={"NO_COLOR": "1"})
    begin(terminal, lambda: letters_match(terminal, pictures[0]) > 0.5)
    assert flip(terminal, "j", lambda: letters_match(terminal, pictures[1]) > 0.5) < LOW_BUDGET
    assert "▀" not in terminal.text()
    assert MOUSE in terminal.sent

    terminal = play(KITTY, "--pictures", "none", "--no-mouse")
    begin(terminal, lambda: "a.jpg" in terminal.text())
    assert b"\x1b_Ga=T" not in terminal.sent
    assert MOUSE not in terminal.sent
    assert "▀" not in terminal.text()


def letters_match(terminal: PlayedTerminal, picture: Image.Image) -> float:
    """Correlation of the letters' ink with the light of the picture."""
    column, row, columns, rows = BOXES[0]
    lines = [line[column : column + columns] for line in terminal.text().split("\n")]
    ink = [[" .:-=+*#%@".find(letter) for letter in line] for line in lines[row : row + rows]]
    light = np.asarray(picture.convert("L").resize((columns, rows)), float)
    if np.min(ink) < 0 or not np.ptp(ink):
        return 0.0
    return float(np.corrcoef(np.ravel(ink), light.ravel())[0, 1])


@pytest.mark.slow
@pytest.mark.parametrize("latency", [0.3, math.inf], ids=["0.3 s", "too late"])
def test_late_answers_never_become_keys(
    play: Play, catalog: Path, pictures: list[Image.Image], latency: float
) -> None:
    """Every answer holds digits, and a digit would keep that file and trash the rest."""
    terminal = play(SIXEL, latency=latency)
    for key in "jkjkjkjkjk":  # typed while the answers come
        terminal.press(key)
        terminal.pump(0.1)
    terminal.wait_for("Groups", f"{GROUPS} groups")
    terminal.press("\r")
    least = 0.9
    terminal.wait(shows(terminal, pictures[0], least), "the first pictures")
    for reply in SIXEL.values():  # and some come yet later, while groups are looked at
        terminal.press("j")
        terminal.press(reply)
        terminal.press("k")
        terminal.pump(0.1)
    terminal.press("\x1b[?6")  # one is cut in two by the line
    terminal.pump(0.4)
    terminal.press("2;4;22c")
    terminal.settle(0.5)
    terminal.wait_for("1 of 3", "0 decided")
    assert terminal.close() == 0
    with Catalog.open(catalog) as opened:
        assert opened.connection.execute("SELECT count(*) FROM decision").fetchone()[0] == 0
    told = bytes(terminal.sent)
    uses_sixels = b'q"1;1;' in told
    assert uses_sixels == (latency < 1.0), "what comes in time counts, and nothing else"


@pytest.mark.slow
def test_kitty_through_tmux(
    catalog: Path, pictures: list[Image.Image], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A real tmux between the program and the terminal, which passes pictures through."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    folder = tmp_path_factory.mktemp("t")
    (folder / "conf").write_text("set -g allow-passthrough on\nset -g status off\n")
    server = ["tmux", "-S", str(folder / "s"), "-f", str(folder / "conf")]
    inside = shlex.join(map(str, (COMMAND, "--catalog", catalog, "review")))
    terminal = PlayedTerminal([*server, "new-session", inside], KITTY)
    try:
        begin(terminal, shows(terminal, pictures[0], 0.97))
        assert flip(terminal, "j", shows(terminal, pictures[1], 0.97)) <= BUDGET
        back = flip(terminal, "k", shows(terminal, pictures[0], 0.97))
        assert back <= 2 * HELD_BUDGET
        for _ in range(2):
            terminal.press("q")
            terminal.pump(0.5)
        terminal.wait(lambda: not terminal.images, "the end of the pictures")
    finally:
        subprocess.run([*server, "kill-server"], capture_output=True, check=False)
        terminal.close()
