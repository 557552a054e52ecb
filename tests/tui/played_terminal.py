"""A terminal that a test plays: it answers the program's questions, draws what it's sent, types."""

from __future__ import annotations

import base64
import fcntl
import io
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np
import pyte
import pytest
from PIL import Image
from pyte.graphics import FG_BG_256
from twinsift.tui.picture_kitty import DIACRITICS

PATIENCE = 90.0  # seconds until what doesn't come fails the test
PLACEHOLDER = "\U0010eeee"

_GRAPHICS = re.compile(
    rb"\x1bPtmux;(?P<tmux>(?:\x1b\x1b|[^\x1b])*)\x1b\\"
    rb"|\x1b_G(?P<kitty>[^\x1b]*)\x1b\\"
    rb"|\x1bP(?P<sixel>[0-9;]*q[^\x1b]*)\x1b\\"
    rb"|\x1b\]1337;File=(?P<file>[^:\x07]*):(?P<data>[^\x07]*)\x07"
    rb"|\x1bP[^\x1b]*\x1b\\"  # other questions
)
_OPEN = re.compile(rb"\x1b[P_\]][^\x07\x1b]*(?:\x1b\x1b[^\x1b]*)*\x1b?$")  # not yet sent to its end
_NAMED = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")

QUESTIONS = {
    "kitty": b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
    "name": b"\x1b[>q",
    "cell": b"\x1b[16t",
    "window": b"\x1b[14t",
    "registers": b"\x1b[?1;1;0S",
    "truecolor": b"\x1bP$qm\x1b\\",
    "attributes": b"\x1b[c",
}
XTERM = {
    "cell": "\x1b[6;20;10t",
    "window": "\x1b[4;480;800t",
    "truecolor": "\x1bP1$r0;48:2::1:2:3m\x1b\\",
    "attributes": "\x1b[?62;22c",
}
"""The answers of a terminal with colours and cells of 10 × 20 pixels, but no pictures."""
SIXEL = {**XTERM, "attributes": "\x1b[?62;4;22c", "registers": "\x1b[?1;0;256S"}
KITTY = {**XTERM, "kitty": "\x1b_Gi=31;OK\x1b\\", "name": "\x1bP>|kitty(0.40.0)\x1b\\"}
ITERM2 = {**SIXEL, "name": "\x1bP>|iTerm2 3.5.10\x1b\\"}


class _Text(pyte.Screen):
    """Text; where it is written, pictures go."""

    layer: np.ndarray
    cell: tuple[int, int]

    def draw(self, data: str) -> None:
        if getattr(self, "layer", None) is not None:
            wide, high = self.cell
            for offset in range(len(data)):
                column, row = self.cursor.x + offset, self.cursor.y
                self.layer[row * high : (row + 1) * high, column * wide : (column + 1) * wide] = -1
        super().draw(data)


class PlayedTerminal:
    """Runs a program in a pseudo-terminal of its own."""

    def __init__(
        self,
        words: Sequence[str | os.PathLike[str]],
        answers: Mapping[str, str],
        *,
        environ: Mapping[str, str] | None = None,
        size: tuple[int, int] = (80, 24),
        cell: tuple[int, int] = (10, 20),
        latency: float = 0.0,
    ) -> None:
        self.columns, self.rows = size
        self.cell = cell
        self.sent = bytearray()
        """All that the program has written."""
        self.questions: list[str] = []
        self._answers, self._latency = dict(answers), latency
        self._due: list[tuple[float, bytes]] = []
        self._rest = b""
        self._text = _Text(*size)
        self._text.cell = cell
        # What is seen of pictures: -1 where there are none.
        self._text.layer = np.full((size[1] * cell[1], size[0] * cell[0], 3), -1, np.int16)
        self._stream = pyte.ByteStream(self._text)
        self._chunks: list[bytes] = []
        self._keys: dict[str, str] = {}
        self.images: dict[int, np.ndarray] = {}
        """Pictures that the terminal keeps (kitty), scaled to their placement."""
        self._master, slave = os.openpty()
        self._size(*size)
        self._process = subprocess.Popen(
            words,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={
                **{k: v for k, v in os.environ.items() if k not in _OURS},
                "TERM": "xterm-256color",
                **(environ or {}),
            },
        )
        os.close(slave)

    def _size(self, columns: int, rows: int) -> None:
        pixels = columns * self.cell[0], rows * self.cell[1]
        packed = struct.pack("HHHH", rows, columns, *pixels)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, packed)

    # What the person and the terminal do ----------------------------------------------------------

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def pump(self, seconds: float = 0.05) -> bool:
        """Take what the program writes, and send answers that are due; False at its end."""
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            for due in [due for due in self._due if due[0] <= now]:
                self._due.remove(due)
                os.write(self._master, due[1])
            if now >= until:
                return True
            wait = min([until, *(at for at, _ in self._due)]) - now
            if not select.select([self._master], [], [], max(0.0, wait))[0]:
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return False
            if not data:
                return False
            self._take(data)

    def wait(self, until: Callable[[], bool], what: str = "") -> None:
        """Pump until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not until():
            alive = self.pump(0.2)
            if not alive or time.monotonic() > deadline:
                pytest.fail(f"{what or until} didn't come on\n{self.text()}")

    def wait_for(self, *texts: str) -> None:
        """Pump until all texts are on the screen."""
        self.wait(lambda: all(text in self.text() for text in texts), str(texts))

    def settle(self, seconds: float = 0.6) -> None:
        """Pump until nothing has been written for a while."""
        before = -1
        while before != len(self.sent):
            before = len(self.sent)
            self.pump(seconds)

    def close(self) -> int:
        """Leave the program with `q`, and return its status."""
        for _ in range(8):
            if self._process.poll() is None:
                with suppress(OSError):
                    self.press("q")
                self.pump(0.5)
        if self._process.poll() is None:
            self._process.kill()
        status = self._process.wait()
        with suppress(OSError):
            os.close(self._master)
        return status

    # What is on the screen ------------------------------------------------------------------------

    def text(self) -> str:
        """The lines of text."""
        return "\n".join(self._text.display)

    @property
    def layer(self) -> np.ndarray:
        """The pixels of pictures that stand on the screen, -1 where there are none."""
        return self._text.layer

    def seen(self, column: int, row: int, columns: int, rows: int) -> np.ndarray:
        """The pixels of a box of cells, however they are shown: pictures, placeholders, blocks.

        Letters that draw nothing are -1.
        """
        wide, high = self.cell
        shown = np.full((rows * high, columns * wide, 3), -1, np.int16)
        for y in range(rows):
            left: tuple[int, int, int, int] | None = None
            for x in range(columns):
                here = self._text.buffer[row + y][column + x]
                box = shown[y * high : (y + 1) * high, x * wide : (x + 1) * wide]
                left = self._placeholder(here, left)
                if left is not None:
                    box[:] = self._tile(left)
                elif here.data in ("▀", "▌", " "):
                    _blocks(box, here)
        layer = self._text.layer[
            row * high : (row + rows) * high, column * wide : (column + columns) * wide
        ]
        return np.where(layer >= 0, layer, shown)

    def _placeholder(
        self, here: pyte.screens.Char, left: tuple[int, int, int, int] | None
    ) -> tuple[int, int, int, int] | None:
        """Low byte of the picture's number, its high byte, row and column in it."""
        if not here.data.startswith(PLACEHOLDER):
            return None
        low = _palette_number(here.fg)
        marks = [DIACRITICS.index(mark) for mark in here.data[1:]]
        if not marks:
            assert left is not None, "a placeholder without diacritics follows nothing"
            assert left[0] == low
            return low, left[1], left[2], left[3] + 1
        y, x, high = marks
        return low, high, y, x

    def _tile(self, place: tuple[int, int, int, int]) -> np.ndarray:
        low, high, y, x = place
        wide, tall = self.cell
        pixels = self.images[high << 24 | low]
        return pixels[y * tall : (y + 1) * tall, x * wide : (x + 1) * wide]

    # What is sent ---------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        self.sent += data
        data = self._rest + data
        self._rest = b""
        if cut := _OPEN.search(data):
            data, self._rest = data[: cut.start()], data[cut.start() :]
        self._answer(data)
        position = 0
        for part in _GRAPHICS.finditer(data):
            self._stream.feed(data[position : part.start()])
            position = part.end()
            self._show(part)
        self._stream.feed(data[position:])

    def _answer(self, data: bytes) -> None:
        asked = sorted((data.find(q), name) for name, q in QUESTIONS.items() if q in data)
        for _, name in asked:
            self.questions.append(name)
            if name in self._answers:
                self._due.append((time.monotonic() + self._latency, self._answers[name].encode()))

    def _show(self, part: re.Match[bytes]) -> None:
        if part["tmux"] is not None:
            inner = _GRAPHICS.fullmatch(part["tmux"].replace(b"\x1b\x1b", b"\x1b"))
            assert inner is not None, part["tmux"][:80]
            self._show(inner)
        elif part["kitty"] is not None:
            self._kitty(part["kitty"].decode())
        elif part["sixel"] is not None:
            self._put(decode_sixel(part["sixel"].decode()))
        elif part["data"] is not None:
            self._inline(part["file"].decode(), part["data"])

    def _kitty(self, command: str) -> None:
        keys, _, data = command.partition(";")
        told = dict(pair.split("=", 1) for pair in keys.split(","))
        if told.get("a") == "q":
            return
        if told.get("a") == "d":
            assert told["d"] == "I"
            self.images.pop(int(told["i"]))
            return
        assert len(data) <= 4096
        if not self._chunks:
            self._keys = told
        self._chunks.append(data.encode())
        if told["m"] == "1":
            return
        stored, keys_of_all = b"".join(self._chunks), self._keys
        self._chunks = []
        assert (keys_of_all["a"], keys_of_all["U"], keys_of_all["f"]) == ("T", "1", "100")
        assert keys_of_all["q"] == "2", "the terminal would answer, and answers are no keys"
        picture = Image.open(io.BytesIO(base64.b64decode(stored, validate=True))).convert("RGB")
        box = int(keys_of_all["c"]) * self.cell[0], int(keys_of_all["r"]) * self.cell[1]
        self.images[int(keys_of_all["i"])] = np.asarray(picture.resize(box), np.int16)

    def _inline(self, about: str, data: bytes) -> None:
        told = dict(pair.split("=", 1) for pair in about.split(";"))
        stored = base64.b64decode(data, validate=True)
        assert told["inline"] == "1"
        assert int(told["size"]) == len(stored)
        size = int(told["width"]) * self.cell[0], int(told["height"]) * self.cell[1]
        picture = Image.open(io.BytesIO(stored)).convert("RGB").resize(size)
        self._put(np.asarray(picture, np.int16))

    def _put(self, pixels: np.ndarray) -> None:
        """Put a picture at the cursor."""
        x, y = self._text.cursor.x * self.cell[0], self._text.cursor.y * self.cell[1]
        high, wide = pixels.shape[:2]
        layer = self._text.layer
        assert y + high < layer.shape[0], "a picture that reaches the last line scrolls the screen"
        assert x + wide <= layer.shape[1]
        box = layer[y : y + high, x : x + wide]
        box[:] = np.where(pixels >= 0, pixels, box)


_OURS = (
    "NO_COLOR", "COLORTERM", "TMUX", "TMUX_PANE", "STY", "TERM_PROGRAM", "LC_TERMINAL", "COLUMNS",
    "LINES", "INSIDE_EMACS", "WT_SESSION",
)  # fmt: skip


def decode_sixel(code: str) -> np.ndarray:
    """The pixels of sixel code, without what surrounds it; -1 where it paints nothing."""
    head = re.match(r'[0-9;]*q"(\d+);(\d+);(\d+);(\d+)', code)
    assert head is not None
    assert (head[1], head[2]) == ("1", "1")
    wide, high = int(head[3]), int(head[4])
    pixels = np.full((-(-high // 6) * 6, wide, 3), -1, np.int16)
    palette: dict[str, list[int]] = {}
    colour, x, y = "", 0, 0
    position = head.end()
    token = re.compile(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|(?:!(\d+))?([?-~])|([$-])")
    while position < len(code):
        part = token.match(code, position)
        assert part is not None, code[position : position + 20]
        position = part.end()
        if part[1]:
            colour = part[1]
            if part[2]:
                palette[colour] = [round(int(p) * 2.55) for p in part.group(2, 3, 4)]
        elif part[6]:
            count, bits = int(part[5] or 1), ord(part[6]) - 63
            assert x + count <= wide
            for bit in range(6):
                if bits >> bit & 1:
                    assert y + bit < high
                    pixels[y + bit, x : x + count] = palette[colour]
            x += count
        else:
            x, y = 0, y + 6 * (part[7] == "-")
    return pixels[:high]


def _palette_number(colour: str) -> int:
    """The number of a colour of the 256 that pyte tells as six hexadecimal digits."""
    return FG_BG_256.index(colour)


def _blocks(box: np.ndarray, here: pyte.screens.Char) -> None:
    """A half block or a blank, where both its colours are told."""
    ground = _rgb(here.bg)
    front = _rgb(here.fg)
    if ground is None or (front is None and here.data != " "):
        return
    box[:] = ground
    if here.data == "▀":
        box[: box.shape[0] // 2] = front
    elif here.data == "▌":
        box[:, : box.shape[1] // 2] = front


def _rgb(colour: str) -> tuple[int, ...] | None:
    colour = colour.replace("bfight", "bright")  # as pyte spells one of them
    if colour in _NAMED:
        return tuple(bytes.fromhex(FG_BG_256[_NAMED.index(colour)]))
    if colour.startswith("bright") and colour[6:] in _NAMED:
        return tuple(bytes.fromhex(FG_BG_256[8 + _NAMED.index(colour[6:])]))
    if re.fullmatch(r"[0-9a-f]{6}", colour):
        return tuple(bytes.fromhex(colour))
    return None
