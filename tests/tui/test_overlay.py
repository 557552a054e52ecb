"""Pictures on top of text: painted once, wherever and as long as their marks are seen."""

from __future__ import annotations

import gc

import pytest
from PIL import Image
from twinsift.tui.drawn import FIRST_MARK, Pixels
from twinsift.tui.overlay import Overlay


class Painter:
    """A renderer whose pictures are words."""

    cell: tuple[int, int] = (10, 20)

    def encode(self, picture: Image.Image, columns: int, rows: int) -> str:
        return "picture"

    def paint(self, pixels: Pixels, column: int, row: int) -> str:
        return f"<{pixels.code} at {column},{row}>"

    def mend(self, pixels: Pixels, tile: tuple[int, int], count: int) -> str:
        return f"<{count} from {tile[0]},{tile[1]}>"

    def hold(self, pixels: Pixels) -> str:
        return ""

    def holds(self, pixels: Pixels) -> bool:
        return False

    def forget(self) -> str:
        return ""


@pytest.fixture
def overlay() -> Overlay:
    made = Overlay(Painter())
    made.resize(40, 10)
    return made


def at(column: int, row: int, text: str) -> str:
    return f"\x1b[{row + 1};{column + 1}H{text}"


def placed(pixels: Pixels, column: int, row: int) -> str:
    """As Textual writes its strips."""
    return "".join(
        at(column, row + y, f"\x1b[48;2;1;2;3m{strip.text}\x1b[0m")
        for y, strip in enumerate(pixels.strips())
    )


def test_painted_once(overlay: Overlay) -> None:
    pixels = Pixels.new("sun", 6, 3)
    first = overlay.pass_on(placed(pixels, 4, 2))
    assert first.endswith("<sun at 4,2>")
    assert chr(ord(FIRST_MARK) + pixels.number) not in first
    again = overlay.pass_on(placed(pixels, 4, 2))
    assert "sun" not in again
    assert " " not in again, "nothing is written over it"
    assert again.count("\x1b[6C") == 3


def test_text_elsewhere_is_passed_on_as_it_is(overlay: Overlay) -> None:
    pixels = Pixels.new("sun", 6, 3)
    overlay.pass_on(placed(pixels, 4, 2))
    text = at(0, 0, "title \x1b[1mbold\x1b[0m 東京") + at(10, 2, "beside") + at(0, 5, "below")
    assert overlay.pass_on(text) == text


def test_covered_and_uncovered(overlay: Overlay) -> None:
    pixels = Pixels.new("sun", 6, 3)
    overlay.pass_on(placed(pixels, 4, 2))
    covered = overlay.pass_on(at(5, 3, "box"))
    assert "sun" not in covered
    assert "<2 from 4,1>" in covered, "what is right of the box stands by itself"
    half = overlay.pass_on(placed(pixels, 4, 2).replace("\x1b[4;5H", "\x1b[4;30H"))
    assert "sun" not in half, "its marks aren't seen whole"
    assert overlay.pass_on(placed(pixels, 4, 2)).count("<sun at 4,2>") == 1


def test_moved_and_gone(overlay: Overlay) -> None:
    pixels = Pixels.new("sun", 6, 3)
    overlay.pass_on(placed(pixels, 4, 2))
    blank = "".join(at(4, 2 + y, " " * 6) for y in range(3))
    assert "<sun at 20,5>" in overlay.pass_on(blank + placed(pixels, 20, 5))
    assert "sun" in overlay.pass_on(placed(pixels, 4, 2)), "it had gone from there"


def test_one_in_place_of_another(overlay: Overlay) -> None:
    sun, moon = Pixels.new("sun", 6, 3), Pixels.new("moon", 6, 3)
    overlay.pass_on(placed(sun, 4, 2))
    assert overlay.pass_on(placed(moon, 4, 2)).endswith("<moon at 4,2>")
    assert overlay.pass_on(placed(sun, 4, 2)).endswith("<sun at 4,2>")


def test_the_same_picture_twice(overlay: Overlay) -> None:
    pixels = Pixels.new("sun", 6, 3)
    text = overlay.pass_on(placed(pixels, 0, 2) + placed(pixels, 7, 2))
    assert "<sun at 0,2>" in text
    assert "<sun at 7,2>" in text


def test_a_lost_screen_is_painted_anew(overlay: Overlay) -> None:
    pixels = Pixels.new("sun", 6, 3)
    overlay.pass_on(placed(pixels, 4, 2))
    overlay.resize(40, 10)
    assert "sun" not in overlay.pass_on(placed(pixels, 4, 2)), "it had that size before"
    overlay.resize(50, 12)
    assert "sun" in overlay.pass_on(placed(pixels, 4, 2))
    overlay.redraw()
    assert "sun" in overlay.pass_on(placed(pixels, 4, 2))


def test_beyond_the_edge_nothing_is_painted(overlay: Overlay) -> None:
    pixels = Pixels.new("sun", 6, 3)
    assert "sun" not in overlay.pass_on(placed(pixels, 36, 2))
    assert "sun" not in overlay.pass_on(placed(pixels, 4, 9))


def test_a_picture_that_stands_lends_its_number_to_no_other(overlay: Overlay) -> None:
    pixels = Pixels.new("sun", 6, 3)
    number = pixels.number
    overlay.pass_on(placed(pixels, 4, 2))
    del pixels
    gc.collect()
    assert Pixels.find(number) is not None
    overlay.pass_on("".join(at(4, 2 + y, " " * 6) for y in range(3)))
    gc.collect()
    assert Pixels.find(number) is None
