"""The whole triage by keyboard alone at 80x24: decide, apply, undo, and the disk checked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from PIL import Image

COMMAND = Path(sys.executable).with_name("twinsift")
PATIENCE = 90.0  # seconds until a screen that doesn't come fails the test


class Terminal(Protocol):
    """Something that runs a program, takes keys and shows 24 lines of 80 characters."""

    def press(self, keys: str) -> None:
        """Send keys as typed."""
        ...

    def screen(self) -> str:
        """What is shown now."""
        ...

    def status(self) -> int | None:
        """The program's exit status, None while it runs."""
        ...


class Pty:
    """A pseudo-terminal whose output a terminal emulator in memory draws."""

    def __init__(self, words: list[str]) -> None:
        pexpect = pytest.importorskip("pexpect")
        pyte = pytest.importorskip("pyte")
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._ended = (pexpect.TIMEOUT, pexpect.EOF)
        self._child = pexpect.spawn(
            words[0], words[1:], dimensions=(24, 80), env=environment, encoding="utf-8"
        )
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.Stream(self._screen)

    def press(self, keys: str) -> None:
        self._child.send(keys)

    def screen(self) -> str:
        self._read()
        return "\n".join(self._screen.display)

    def status(self) -> int | None:
        self._read()
        return None if self._child.isalive() else self._child.exitstatus

    def close(self) -> None:
        self._child.close(force=True)

    def _read(self) -> None:
        try:
            while True:
                self._stream.feed(self._child.read_nonblocking(65536, timeout=0.05))
        except self._ended:
            pass


class Tmux:
    """A tmux server of its own, without a person's configuration."""

    def __init__(self, words: list[str], socket: Path) -> None:
        if shutil.which("tmux") is None:
            pytest.skip("tmux is not installed")
        self._socket = str(socket)
        self._status = socket.with_name("status")
        run = 'trap "" HUP; "$@"; echo $? > "$0"'
        words = ["sh", "-c", run, str(self._status), *words]
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", *words)

    def press(self, keys: str) -> None:
        self._tmux("send-keys", "-l", keys)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p") if self.status() is None else ""

    def status(self) -> int | None:
        text = self._status.read_text() if self._status.exists() else ""
        return int(text) if text.endswith("\n") else None

    def close(self) -> None:
        subprocess.run(
            ["tmux", "-S", self._socket, "kill-server"], capture_output=True, check=False
        )

    def _tmux(self, *words: str) -> str:
        ended = subprocess.run(
            ["tmux", "-S", self._socket, *words],
            capture_output=True,
            text=True,
            check=True,
            env={name: value for name, value in os.environ.items() if name != "TMUX"},
        )
        return ended.stdout


@pytest.fixture
def library(tmp_path: Path, photograph: Callable[..., Image.Image]) -> Path:
    """Two photographs with a copy each, and one without."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("harbour", "garden", "alone")):
        picture = photograph(201 + number)
        picture.save(folder / f"{name}.png")
        if name != "alone":
            picture.save(folder / f"{name} copy.jpg", quality=80)
    return folder


@pytest.fixture(params=["pty", "tmux"])
def terminal(request: pytest.FixtureRequest, library: Path, tmp_path: Path) -> Iterator[Terminal]:
    words = [str(COMMAND), "--catalog", str(tmp_path / "catalog.sqlite"), str(library)]
    started = Pty(words) if request.param == "pty" else Tmux(words, tmp_path / "socket")
    yield started
    started.close()


def wait(terminal: Terminal, *texts: str) -> str:
    """The screen, as soon as it shows all of the texts."""
    deadline = time.monotonic() + PATIENCE
    shown = ""
    while time.monotonic() < deadline:
        shown = terminal.screen()
        if all(text in shown for text in texts):
            return shown
        assert terminal.status() is None, f"the program ended before it showed {texts}\n{shown}"
        time.sleep(0.05)
    pytest.fail(f"{texts} did not appear on\n{shown}")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_triage(terminal: Terminal, library: Path) -> None:
    before = contents(library)
    wait(terminal, "2 groups", "garden", "harbour")
    terminal.press("\r")
    wait(terminal, "1 of 2", "0 decided", "★")
    terminal.press("\r")
    wait(terminal, "2 of 2", "1 decided", "u undoes")
    terminal.press("2")  # not the suggestion: the second file
    wait(terminal, "2 decided", "P shows the plan")
    terminal.press("u")
    wait(terminal, "1 decided")
    terminal.press("2")
    wait(terminal, "2 decided", "P shows the plan")
    assert contents(library) == before, "decisions touch no file"

    terminal.press("P")
    wait(terminal, "To the trash", "2 files")
    terminal.press("!")
    wait(terminal, "Apply the plan to 2 files?")
    terminal.press("y")
    wait(terminal, "2 files done")
    after = contents(library)
    assert set(before) - set(after) in (
        {"garden copy.jpg", "harbour.png"},
        {"garden.png", "harbour copy.jpg"},
    )
    assert all(before[name] == data for name, data in after.items())

    terminal.press("J")
    wait(terminal, "can be undone")
    terminal.press("u")
    wait(terminal, "2 files go back")
    terminal.press("y")
    wait(terminal, "2 files put back")
    assert contents(library) == before

    deadline = time.monotonic() + PATIENCE
    while terminal.status() is None and time.monotonic() < deadline:
        terminal.press("q")
        time.sleep(0.5)
    assert terminal.status() == 0
