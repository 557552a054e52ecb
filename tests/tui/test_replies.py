"""What a terminal answers, told apart from what is typed, however the stream is cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twinsift.tui.replies import ReplyFilter

REPLIES = [
    "\x1b[?62;4;22c",
    "\x1b[>41;354;0c",
    "\x1b[6;20;10t",
    "\x1b[4;480;800t",
    "\x1b[?1;0;256S",
    "\x1b[?1;3;0S",
    "\x1bP>|kitty(0.40.0)\x1b\\",
    "\x1bP1$r0;48:2::1:2:3m\x1b\\",
    "\x1bP0$r\x1b\\",
    "\x1bP1+r524742=382f382f38\x1b\\",
    "\x1b_Gi=31;OK\x1b\\",
    "\x1b_Gi=31;ENOTSUP:no\x07",
]
KEYS = [
    "j", "1", "9", "\r", "é", "\x1b[A", "\x1bOP", "\x1b[6~", "\x1b[4~", "\x1b[1;5C",
    "\x1b[106;1;106u",
    "\x1b[<35;12;7M", "\x1b[?2026;2$y", "\x1b[48;24;80;480;800t", "\x1b[I", "\x1b[200~1\x1b[201~",
]  # fmt: skip


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*REPLIES, *KEYS]), max_size=12),
    st.lists(st.integers(0, 200), max_size=12),
)
def test_keys_are_passed_on_and_replies_are_not(parts: list[str], cuts: list[int]) -> None:
    stream = "".join(parts)
    found = ReplyFilter()
    typed = ""
    edges = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    for start, end in itertools.pairwise(edges):
        typed += found.feed(stream[start:end])
    assert typed + found.give_up() == "".join(part for part in parts if part in KEYS)
    assert found.replies == [part for part in parts if part in REPLIES]


@settings(deadline=None)
@given(st.text(st.sampled_from("\x1b[?62;4cP_G>|tS1$r\\\x07aj"), max_size=60))
def test_nothing_is_lost_but_replies(text: str) -> None:
    found = ReplyFilter()
    typed = found.feed(text)
    held = found.give_up(patient=True)
    rest = found.give_up(patient=False)
    lost = "".join(found.replies)
    assert len(typed) + len(held) + len(rest) + len(lost) <= len(text)
    if not found.replies and not found.is_waiting and len(typed) + len(held) == len(text):
        assert typed + held == text


@pytest.mark.parametrize("key", ["\x1b", "\x1b[", "\x1bP", "\x1b_"])
def test_what_may_be_a_key_is_given_up_soon(key: str) -> None:
    found = ReplyFilter()
    assert found.feed(key) == ""
    assert found.is_waiting
    assert found.give_up() == key
    assert not found.is_waiting


@pytest.mark.parametrize("cut", ["\x1b[?6", "\x1b_Gi=31;O", "\x1bP>|kit", "\x1b[4;48"])
def test_what_is_no_key_never_becomes_one(cut: str) -> None:
    found = ReplyFilter()
    assert found.feed(cut) == ""
    assert found.give_up() == ""
    assert found.is_waiting
    assert found.give_up(patient=False) == ""
    assert not found.is_waiting
    assert found.feed("j") == "j"


def test_a_reply_that_never_ends_holds_no_key_for_ever() -> None:
    found = ReplyFilter()
    typed = found.feed("\x1b_G" + "a" * 5000)
    assert typed.startswith("\x1b_G")
