"""The 256 colours: each colour of the interface as the nearest of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich._palettes import EIGHT_BIT_PALETTE
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from twinsift.tui.eight_bit import EightBit, nearest
from twinsift.tui.palettes import THEMES

part = st.integers(0, 255)


def away(number: int, wanted: tuple[int, int, int]) -> int:
    return sum((a - b) ** 2 for a, b in zip(EIGHT_BIT_PALETTE[number], wanted, strict=True))


@given(part, part, part)
def test_it_is_the_nearest_there_is(red: int, green: int, blue: int) -> None:
    wanted = red, green, blue
    assert away(nearest(*wanted), wanted) == min(away(n, wanted) for n in range(16, 256))


def test_no_ground_becomes_a_colour_of_its_own() -> None:
    for theme in THEMES.values():
        for ground in (theme.background, theme.surface, theme.panel):
            assert ground is not None
            wanted = RichColor.parse(ground).get_truecolor()
            shown = EIGHT_BIT_PALETTE[nearest(*wanted)]
            assert max(abs(a - b) for a, b in zip(shown, wanted, strict=True)) <= 20


def test_styles_keep_all_else() -> None:
    line = [Segment("a", Style.parse("bold #222833 on #ffffff")), Segment("b", None)]
    first, second = EightBit().apply(line, Color(0, 0, 0))
    assert first == Segment("a", Style.parse("bold color(235) on color(231)"))
    assert second == line[1]
    assert EightBit().apply([first], Color(0, 0, 0)) == [first]
