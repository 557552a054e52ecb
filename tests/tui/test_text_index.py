"""A text found in lines: as Python's `in` finds it, whatever the case and the alphabet."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twinsift.tui.text_index import TextIndex

_TEXTS = st.text(alphabet="aAbBé/ 0ßİ\U0001f4f7", max_size=8)


@given(st.lists(_TEXTS, max_size=6), _TEXTS)
def test_as_in_each_line(lines: list[str], text: str) -> None:
    found = TextIndex(lines).lines_with(text).tolist()
    assert found == [text.casefold() in line.casefold() for line in lines]


def test_never_across_two_lines() -> None:
    index = TextIndex(["one", "two"])
    for text in ("e\nt", "\n", "et", "two and more"):
        assert not index.lines_with(text).any()


def test_stray_bytes_as_typed() -> None:
    assert TextIndex(["caf\\xe9"]).lines_with("\udce9").tolist() == [False]
