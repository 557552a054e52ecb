"""A long session through the installed command: 200 groups decided, applied and undone by keys."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from twinsift.catalog.indexer import index
from twinsift.catalog.matcher import match
from twinsift.catalog.settings import Settings

pexpect = pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")

COMMAND = Path(sys.executable).with_name("twinsift")
GROUPS = 200
MOST_KEYS = 220
PATIENCE = 120.0  # seconds until a screen that doesn't come fails the test


class Session:
    """The program in a terminal of 80 by 24; counts the keys."""

    def __init__(self, *words: str) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.child = pexpect.spawn(
            str(COMMAND), list(words), dimensions=(24, 80), env=environment, encoding="utf-8"
        )
        self.keys = 0
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.Stream(self._screen)

    def press(self, key: str) -> None:
        self.keys += 1
        self.child.send(key)

    def screen(self) -> str:
        try:
            while True:
                piece = self.child.read_nonblocking(65536, timeout=0.02)
                if "\x1b[c" in piece:
                    self.child.send("\x1b[?62c")
                self._stream.feed(piece)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return "\n".join(self._screen.display)

    def wait(self, text: str) -> str:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if text in (shown := self.screen()):
                return shown
        pytest.fail(f"{text!r} did not come\n{self.screen()}")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """200 small pictures, each with a byte copy in another folder."""
    folder = tmp_path / "photos"
    for place in ("a", "b"):
        (folder / place).mkdir(parents=True)
    rng = np.random.default_rng(5)
    for number in range(GROUPS):
        picture = Image.fromarray(rng.integers(0, 255, (8, 8, 3), np.uint8)).resize((64, 64))
        data = folder / "a" / f"{number:03}.png"
        picture.save(data)
        (folder / "b" / data.name).write_bytes(data.read_bytes())
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for place in ("a", "b")
        for path in (folder / place).iterdir()
    }


@pytest.mark.slow
def test_a_session_of_two_hundred_groups(library: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.sqlite"
    index(catalog, [library], Settings())
    match(catalog, Settings())
    before = contents(library)
    session = Session("review", "--catalog", str(catalog), "--pictures", "none")
    session.wait(f"{GROUPS} groups")
    session.press("\r")
    session.wait("0 decided")
    for number in range(0, GROUPS, 10):
        session.wait(f"{number} decided")
        for _ in range(10):  # faster than the screen: each key counts all the same
            session.press("\r")
    session.wait(f"{GROUPS} decided")
    assert contents(library) == before
    session.press("P")
    session.wait(f"{GROUPS} files")
    session.press("!")
    session.wait("Apply the plan")
    session.press("y")
    session.wait(f"{GROUPS} files done")
    after = contents(library)
    assert len(after) == GROUPS
    assert all(before[name] == data for name, data in after.items())
    session.press("J")
    session.wait("can be undone")
    session.press("u")
    session.wait("go back to where they were")
    session.press("y")
    session.wait(f"{GROUPS} files put back")
    assert contents(library) == before
    assert session.keys <= MOST_KEYS, session.keys
    session.child.close(force=True)
