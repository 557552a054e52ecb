"""Pictures as cells: the cells, read back, are the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from textual.strip import Strip
from twinsift.tui import graphics
from twinsift.tui.terminal import Colours, Drawing


def read_back(strips: list[Strip]) -> np.ndarray:
    """The pixels that half-block strips show: four a cell."""
    rows: list[list[tuple[int, ...]]] = []
    for strip in strips:
        upper, lower = [], []
        for text, style, _ in strip:
            assert style is not None
            assert style.bgcolor is not None
            ground = tuple(style.bgcolor.get_truecolor())
            front = tuple(style.color.get_truecolor()) if style.color else ground
            for letter in text:
                cells = {" ": "gggg", "▀": "ffgg", "▌": "fgfg"}[letter]
                shown = [front if cell == "f" else ground for cell in cells]
                upper += shown[:2]
                lower += shown[2:]
        rows += [upper, lower]
    return np.array(rows, np.uint8)


def noise(rows: int, columns: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    return rng.integers(0, 256, (2 * rows, 2 * columns, 3)).astype(np.uint8)


@pytest.mark.parametrize("axis", [0, 1])
def test_halves_of_a_cell_show_their_colours(axis: int) -> None:
    """Across and upright edges through the middle of every cell are shown as they are."""
    pixels = np.repeat(noise(3, 4)[:, ::2] if axis else noise(3, 4)[::2], 2, axis=axis)
    shown = read_back(graphics.draw(pixels, Drawing.HALFBLOCK, Colours.TRUECOLOR))
    assert shown.shape == pixels.shape
    assert np.abs(shown.astype(int) - pixels.astype(int)).max() <= 3


def test_any_cell_shows_its_mean() -> None:
    pixels = noise(6, 6)
    shown = read_back(graphics.draw(pixels, Drawing.HALFBLOCK, Colours.TRUECOLOR))
    means = [p.reshape(6, 2, 6, 2, 3).astype(float).mean((1, 3)) for p in (pixels, shown)]
    assert np.abs(means[0] - means[1]).max() <= 4


def test_black_and_white_stay_so_in_every_number_of_colours() -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[:, 3:] = 255
    for colours in (Colours.TRUECOLOR, Colours.EIGHT_BIT, Colours.ANSI):
        assert (read_back(graphics.draw(pixels, Drawing.HALFBLOCK, colours)) == pixels).all()


def test_256_colours_are_colours_of_the_palette_and_near() -> None:
    pixels = noise(8, 8)
    shown = graphics.quantise(pixels, Colours.EIGHT_BIT).reshape(-1, 3).tolist()
    levels = {0, 95, 135, 175, 215, 255}
    for red, green, blue in shown:
        is_grey = red == green == blue and (red - 8) % 10 == 0
        assert is_grey or {red, green, blue} <= levels
    assert np.abs(np.array(shown) - pixels.reshape(-1, 3)).mean() < 30


def test_dither_keeps_the_mean_of_a_flat_grey() -> None:
    pixels = np.full((40, 40, 3), 100, np.uint8)
    for colours, off in ((Colours.EIGHT_BIT, 3.0), (Colours.ANSI, 40.0)):
        assert abs(graphics.quantise(pixels, colours).mean() - 100) < off


def test_equal_neighbours_share_a_segment() -> None:
    pixels = np.full((2, 60, 3), 90, np.uint8)
    (strip,) = graphics.draw(pixels, Drawing.HALFBLOCK, Colours.TRUECOLOR)
    assert len(list(strip)) == 1
    assert strip.cell_length == 30


def test_letters_follow_the_light() -> None:
    ramp = np.repeat(np.linspace(0, 255, 20), 2).astype(np.uint8)
    pixels = np.repeat(np.repeat(ramp[None, :, None], 2, axis=0), 3, axis=2)
    (strip,) = graphics.draw(pixels, Drawing.ASCII, Colours.NONE)
    places = [" .:-=+*#%@".index(letter) for letter in strip.text]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, 9)


def test_none_draws_nothing() -> None:
    assert graphics.draw(noise(2, 2), Drawing.NONE, Colours.TRUECOLOR) == []


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 200), st.integers(1, 100))
def test_fit_stays_inside_and_keeps_the_shape(
    width: int, height: int, columns: int, rows: int
) -> None:
    wide, high = graphics.fit(width, height, columns, rows)
    assert 1 <= wide <= columns
    assert 1 <= high <= rows
    assert wide == columns or high == rows or wide == 1 or high == 1
    if wide > 1 and high > 1:  # rounding to whole cells is all that may bend the shape
        scale = min(columns / width, 2 * rows / height)
        assert abs(wide - width * scale) <= 0.5
        assert abs(high - height * scale / 2) <= 0.5


def test_no_room_is_no_picture() -> None:
    assert graphics.fit(100, 100, 0, 5) == (0, 0)


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "CMYK"])
def test_any_mode_is_reduced_to_rgb(mode: str) -> None:
    picture = Image.new("RGB", (64, 48), (200, 30, 30)).convert(mode)
    pixels = graphics.reduce(picture, 8, 3)
    assert pixels.shape == (6, 16, 3)
    assert pixels.dtype == np.uint8
