"""Text cut to cells, wide letters included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from twinsift.tui.cells import Keep, clip, column


@pytest.mark.parametrize(
    ("keep", "shown"), [("start", "/home/a…"), ("end", "…eet.jpg"), ("middle", "/hom…jpg")]
)
def test_what_stays_is_what_was_asked_for(keep: Keep, shown: str) -> None:
    assert clip("/home/ana/Tweet.jpg", 8, keep) == shown


def test_what_fits_is_left_alone() -> None:
    assert clip("short", 5) == "short"


@given(
    st.text(st.sampled_from("ab 東京é"), max_size=30),
    st.integers(0, 12),
    st.sampled_from(["start", "end", "middle"]),
)
def test_never_wider_than_allowed(text: str, width: int, keep: Keep) -> None:
    assert cell_len(clip(text, width, keep)) <= width
    assert cell_len(column(text, width, keep)) == width


def test_numbers_stand_at_the_right() -> None:
    assert column("7", 4, right=True) == "   7"
