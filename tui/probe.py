"""Asks the terminal what it can show: all questions in one write, before the interface starts.

The last question is one that every terminal answers (primary device attributes), so its answer says
that the others won't come any more. Answers later than a second are kept from being read as keys by
the driver (`replies`, `driver`).
"""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .replies import ReplyFilter

_PATIENCE = 1.0  # seconds for all answers together
_MUTE = re.compile(r"(dumb|unknown|linux|vt\d+|eterm|emacs)", re.IGNORECASE)

_KITTY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"  # would a picture of one pixel be shown?
_NAME = "\x1b[>q"  # XTVERSION
_SIZES = "\x1b[16t\x1b[14t"  # of a cell and of the window, in pixels
_REGISTERS = "\x1b[?1;1;0S"  # XTSMGRAPHICS: how many colours a sixel picture may have
_TRUECOLOR = "\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[m"  # DECRQSS: which colour was set?
_FENCE = "\x1b[c"  # DA1; 4 among the answer's numbers: sixels


@dataclass(frozen=True, slots=True)
class Answers:
    """What the terminal told of itself; the defaults are what one knows who wasn't answered."""

    complete: bool = False
    """Whether the last question was answered, so that what isn't told isn't there."""
    name: str = ""
    """The terminal's name and version."""
    kitty: bool = False
    """Whether it shows pictures by kitty's protocol; that says nothing of placeholders."""
    sixel: bool = False
    sixel_colours: int = 0
    """How many colours a sixel picture may have, 0 where that isn't told."""
    cell: tuple[int, int] | None = None
    """Width and height of a cell in pixels."""
    truecolor: bool = False


class Question:
    """A question that was asked; its answers are on their way."""

    def __init__(self, source: int, columns: int, rows: int) -> None:
        self._source = source
        self._window = columns, rows
        self._until = time.monotonic() + _PATIENCE
        self._filter = ReplyFilter()

    def answers(self) -> Answers:
        """What comes within the time; what is typed meanwhile is dropped."""
        while not self.is_answered:
            ready, _, _ = select.select(
                [self._source], [], [], max(0.0, self._until - time.monotonic())
            )
            if not ready or not self._read():
                break
        if self.is_answered:  # one answer may have overtaken another
            while select.select([self._source], [], [], 0)[0] and self._read():
                pass
        return read_answers(self._filter.replies, *self._window)

    @property
    def is_answered(self) -> bool:
        """Whether nothing more will come."""
        return any(_is_fence(reply) for reply in self._filter.replies)

    def _read(self) -> bool:
        try:
            data = os.read(self._source, 4096)
        except OSError:
            return False
        self._filter.feed(data.decode("utf-8", "replace"))
        return bool(data)


class Unasked:
    """Stands for a question to a terminal that can't be asked."""

    def answers(self) -> Answers:
        """Nothing but what the system knows."""
        return Answers(cell=_cell_of_window(*_window()))


@contextmanager
def asking(environ: Mapping[str, str]) -> Iterator[Question | Unasked]:
    """Ask; the answers come while the body goes on with something else.

    Until the last answer is there the terminal echoes nothing, and what comes later still is not
    left to the shell.
    """
    if silence(environ):
        yield Unasked()
        return
    import termios

    source, target = _streams()
    before = termios.tcgetattr(source)
    quiet = termios.tcgetattr(source)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(source, termios.TCSANOW, quiet)
    question = Question(source, *_window()[:2])
    try:
        os.write(target, questions(environ).encode())
        yield question
    finally:
        # Not all at once by TCSAFLUSH: that waits for a terminal that takes no output just now.
        termios.tcflush(source, termios.TCIFLUSH)
        termios.tcsetattr(source, termios.TCSANOW, before)


def questions(environ: Mapping[str, str]) -> str:
    """All questions, the one that is always answered last."""
    if environ.get("TMUX"):  # answers itself; would take kitty's question for a title
        return _NAME + _SIZES + _FENCE
    return _KITTY + _NAME + _SIZES + _REGISTERS + _TRUECOLOR + _FENCE


def silence(environ: Mapping[str, str]) -> str:
    """Why the terminal can't be asked, '' where it can."""
    if sys.platform == "win32":
        return "Windows has no way to ask"
    if not all(map(os.isatty, _streams())):
        return "this is no terminal"
    term = environ.get("TERM", "")
    if not term or _MUTE.match(term):
        return f"TERM={term} answers nothing" if term else "TERM is not set"
    if environ.get("STY") or (term.startswith("screen") and not environ.get("TMUX")):
        return "screen keeps the answers back"
    if environ.get("TERM_PROGRAM") == "Apple_Terminal":
        return "Apple's Terminal prints what it doesn't know"
    if environ.get("INSIDE_EMACS"):
        return "Emacs answers nothing"
    return "mosh keeps the answers back" if _is_mosh() else ""


def read_answers(replies: list[str], columns: int, rows: int) -> Answers:
    """What the replies say; `columns` and `rows` are the window's."""
    name, kitty, truecolor, complete = "", False, False, False
    sixel, registers = False, 0
    cell: tuple[int, int] | None = None
    window: tuple[int, int] | None = None
    for reply in replies:
        numbers = [int(number) for number in re.findall(r"\d+", reply)]
        if reply.startswith("\x1bP>|"):
            name = reply[4:].rstrip("\x1b\\\x07")
        elif reply.startswith("\x1b_G"):
            kitty = kitty or ";OK" in reply
        elif reply.startswith("\x1bP1$r"):
            truecolor = bool(re.search(r"48[:;]2[:;](?:\d*[:;])?1[:;]2[:;]3(?!\d)", reply))
        elif _is_fence(reply):
            complete, sixel = True, 4 in numbers
        elif reply.endswith("S") and numbers[:2] == [1, 0]:
            registers = numbers[2] if len(numbers) > 2 else 0
        elif reply.endswith("t") and numbers[0] == 6:
            cell = numbers[2], numbers[1]
        elif reply.endswith("t") and numbers[0] == 4:
            window = numbers[2], numbers[1]
    if cell is None or not _is_cell(cell):
        told = window or _window()[2:]
        cell = _cell_of_window(columns, rows, *told)
    return Answers(complete, name, kitty, sixel, registers, cell, truecolor)


def cell_now() -> tuple[int, int] | None:
    """Width and height of a cell in pixels as the system knows them now, None where it doesn't."""
    return _cell_of_window(*_window())


def _streams() -> tuple[int, int]:
    """What is read from and written to; the same as Textual does."""
    try:
        return sys.__stdin__.fileno(), sys.__stderr__.fileno()  # type: ignore[union-attr]
    except (AttributeError, OSError, ValueError):
        return -1, -1


def _is_fence(reply: str) -> bool:
    return reply.startswith("\x1b[?") and reply.endswith("c")


def _window() -> tuple[int, int, int, int]:
    """Columns, rows, width and height of the window; zeros where they aren't known."""
    try:
        import fcntl
        import struct
        import termios

        size = fcntl.ioctl(_streams()[1], termios.TIOCGWINSZ, bytes(8))
        rows, columns, width, height = struct.unpack("HHHH", size)
    except (ImportError, OSError, ValueError):
        return 0, 0, 0, 0
    return columns, rows, width, height


def _cell_of_window(columns: int, rows: int, width: int, height: int) -> tuple[int, int] | None:
    if columns <= 0 or rows <= 0:
        return None
    cell = width // columns, height // rows
    return cell if _is_cell(cell) else None


def _is_cell(cell: tuple[int, int]) -> bool:
    """Whether the size may be that of a letter."""
    return 3 <= cell[0] <= 200 and 5 <= cell[1] <= 400


def _is_mosh() -> bool:
    """Whether a process above this one is mosh's server, where the system tells (Linux)."""
    process = os.getppid()
    for _ in range(32):
        if process <= 1:
            return False
        try:
            stat = Path(f"/proc/{process}/stat").read_text(errors="replace")
        except OSError:
            return False
        name, _, rest = stat.partition("(")[2].rpartition(")")
        if name == "mosh-server":
            return True
        process = int(rest.split()[1])
    return False
