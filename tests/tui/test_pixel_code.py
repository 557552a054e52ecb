"""Pictures in code for terminals with pixels: decoded, they are the picture; and they are small."""

from __future__ import annotations

import base64
import io
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from twinsift.tui.allowance import allowance, within
from twinsift.tui.artist import Artist
from twinsift.tui.drawn import Pixels
from twinsift.tui.picture_iterm2 import Iterm2Renderer
from twinsift.tui.picture_kitty import DIACRITICS, KittyRenderer
from twinsift.tui.picture_sixel import SixelRenderer, sixels
from twinsift.tui.terminal import Colours, Drawing, Terminal
from twinsift.tui.thrift import distances_to, smooth

from ..conftest import make_photograph

pytest.importorskip("pty")
pytest.importorskip("pyte")

from .played_terminal import decode_sixel

CELL = (10, 20)
RENDERERS = (KittyRenderer, SixelRenderer, Iterm2Renderer)


def decoded(renderer: object, code: str, size: tuple[int, int]) -> np.ndarray:
    if isinstance(renderer, SixelRenderer):
        return decode_sixel(code.removeprefix("\x1bP").removesuffix("\x1b\\"))
    picture = Image.open(io.BytesIO(base64.b64decode(code, validate=True)))
    return np.asarray(picture.convert("RGB").resize(size), np.int16)


@pytest.mark.parametrize("kind", RENDERERS)
@pytest.mark.parametrize("low", [False, True])
@pytest.mark.parametrize("cell", [(10, 20), (19, 41)])
def test_the_picture_comes_back_within_its_allowance(
    kind: type, low: bool, cell: tuple[int, int]
) -> None:
    picture = make_photograph(77, 512, 384)
    columns, rows = (20, 8) if low else (37, 14)
    renderer = kind(cell, low_bandwidth=low)
    code = renderer.encode(picture, columns, rows)
    assert len(code) <= allowance(columns, rows, low_bandwidth=low)
    size = columns * cell[0], rows * cell[1]
    got = decoded(renderer, code, size)
    assert got.shape == (size[1], size[0], 3)
    assert got.min() >= 0, "no gaps"
    small = [
        np.asarray(Image.fromarray(p.astype(np.uint8)).resize((16, 12), Image.Resampling.BOX), int)
        for p in (got, np.asarray(picture.resize(size)))
    ]
    assert np.abs(small[0] - small[1]).mean() < (32 if low else 9)


@pytest.mark.parametrize("kind", RENDERERS)
@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_any_mode_and_a_flat_picture(kind: type, mode: str) -> None:
    renderer = kind(CELL)
    code = renderer.encode(Image.new("RGB", (30, 20), (200, 200, 200)).convert(mode), 3, 1)
    got = decoded(renderer, code, (30, 20))
    if mode not in ("1", "RGBA", "P"):
        assert np.abs(got - 200).max() < 8
    assert got.shape == (20, 30, 3)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 24), st.integers(1, 30), st.integers(1, 9), st.integers(1, 5), st.integers(0, 99)
)
def test_sixels_are_exact(width: int, height: int, colours: int, scale: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    indices = rng.integers(0, colours, (height, width)).astype(np.uint8)
    palette = np.round(rng.integers(0, 101, (colours, 3)) * 2.55).astype(np.uint8)
    code = sixels(indices, palette, width * scale, height)
    got = decode_sixel(code.removeprefix("\x1bP").removesuffix("\x1b\\"))
    assert (got == np.repeat(palette[indices], scale, axis=1)).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 99))
def test_thrift_is_the_cheapest_choice(seed: int) -> None:
    """Against all ways to colour a row of five pixels."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (1, 5, 3)).astype(np.uint8)
    palette = rng.integers(0, 256, (3, 3)).astype(np.uint8)
    thrift = float(rng.integers(0, 20_000))
    distances = distances_to(pixels, palette)

    def cost(choice: tuple[int, ...]) -> float:
        apart = sum(float(distances[x, 0, colour]) for x, colour in enumerate(choice))
        return apart + thrift * sum(a != b for a, b in itertools.pairwise(choice))

    best = min(cost(choice) for choice in np.ndindex(3, 3, 3, 3, 3))
    chosen = tuple(smooth(distances, thrift)[0].tolist())
    assert cost(chosen) == pytest.approx(best, rel=1e-4, abs=1.0)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 5000), st.floats(0.0001, 4.0), st.integers(50, 20_000))
def test_most_detail_within_the_allowance(size: int, guess: float, most: int) -> None:
    def encode(detail: float) -> str:
        return "x" * max(1, round(size * 40 * detail * detail))

    code = within(most, encode, guess)
    assert 1 <= len(code) <= most
    assert len(code) >= min(0.2 * most, size * 40)


def test_kitty_sends_a_picture_once_and_keeps_few() -> None:
    renderer = KittyRenderer(CELL)
    pictures = [Pixels.new("QUFB" * 2000, 4, 2) for _ in range(30)]
    first = renderer.paint(pictures[0], 3, 1)
    assert first.count("\x1b_G") == 2, "in chunks"
    assert "\x1b_G" not in renderer.paint(pictures[0], 3, 1)
    assert renderer.holds(pictures[0])
    sent = "".join(renderer.hold(picture) for picture in pictures[1:])
    assert sent.count("a=d,d=I") == 30 - 24
    assert not renderer.holds(pictures[0])
    assert renderer.forget().count("a=d,d=I") == 24
    assert not any(map(renderer.holds, pictures))


def test_kitty_inside_tmux() -> None:
    renderer = KittyRenderer(CELL, tmux=True)
    sent = renderer.hold(Pixels.new("QUFB", 2, 1))
    assert sent.startswith("\x1bPtmux;\x1b\x1b_Ga=T")
    assert sent.endswith("\x1b\x1b\\\x1b\\")


def test_diacritics_are_those_of_the_protocol() -> None:
    assert len(DIACRITICS) == 297
    assert len(set(DIACRITICS)) == 297
    assert DIACRITICS[:3] == ["\u0305", "\u030d", "\u030e"]
    assert DIACRITICS[-1] == "\U0001d244"


@pytest.mark.parametrize("drawing", list(Drawing))
def test_the_artist_fills_any_box(drawing: Drawing) -> None:
    artist = Artist(Terminal(Colours.TRUECOLOR, drawing))
    drawn = artist.draw(make_photograph(5, 64, 48), 12, 6)
    if drawing is Drawing.NONE:
        assert not drawn.strips
        assert drawn.reason
        return
    assert {strip.cell_length for strip in drawn.strips} == {12}
    assert len(drawn.strips) == round(12 * 10 * 48 / 64 / 20)
    assert (drawn.pixels is not None) == (artist.renderer is not None)
    assert artist.draw(Image.new("RGB", (4, 4)), 0, 5).reason
