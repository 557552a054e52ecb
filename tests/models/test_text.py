from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twinsift.models.text import printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"plain name (1).jpg", "plain name (1).jpg"),
        ("ünï 写真 📷.jpg".encode(), "ünï 写真 📷.jpg"),
        (b"new\nline\ttab\r.jpg", "new\\nline\\ttab\\r.jpg"),
        (b"\x1b[31mred\x07.jpg", "\\x1b[31mred\\x07.jpg"),
        ("rtl \u202egpj.exe.jpg".encode(), "rtl \\u202egpj.exe.jpg"),
        (b"latin1_\xe9\xff.jpg", "latin1_\\xe9\\xff.jpg"),
        ("c1 \x9b31m".encode(), "c1 \\x9b31m"),
        ("family 👨\u200d👩.jpg".encode(), "family 👨\u200d👩.jpg"),
        ("tag \U000e0041.jpg".encode(), "tag \\U000e0041.jpg"),
        ("wide\u3000space".encode(), "wide\u3000space"),
    ],
)
def test_names_are_shown_so_that_they_cannot_steer_the_terminal(name: bytes, shown: str) -> None:
    assert printable(name) == shown


def test_text_is_taken_as_well_as_bytes() -> None:
    assert printable("a\x1bb") == "a\\x1bb"
    assert printable(os.fsdecode(b"\xff.jpg")) == "\\xff.jpg"


@given(st.binary(max_size=200))
def test_whatever_the_bytes_one_encodable_line_without_controls_comes_out(name: bytes) -> None:
    shown = printable(name)
    shown.encode("utf-8")
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in shown)
