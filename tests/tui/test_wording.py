"""Sizes, times and evidence in words."""

from __future__ import annotations

import pytest
from twinsift.models.evidence import Verdict
from twinsift.tui import wording


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (812, "812 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (99_949, "99.9 KB"),
        (999_499, "999 KB"),
        (999_500, "1.0 MB"),
        (3_400_000, "3.4 MB"),
        (128_000_000_000, "128 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_size(count: int, shown: str) -> None:
    assert wording.size(count) == shown


def test_only_equal_says_hundred_per_cent() -> None:
    assert wording.percent(0.9999) == "99 %"
    assert wording.percent(1.0) == "100 %"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.2, "0:00"), (7, "0:07"), (760, "12:40"), (11_100, "3:05:00")]
)
def test_duration(seconds: float, shown: str) -> None:
    assert wording.duration(seconds) == shown


def test_home_is_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    assert wording.home_short(b"/home/ana/Photos") == b"~/Photos"
    assert wording.home_short(b"/home/anabel/Photos") == b"/home/anabel/Photos"


def test_every_verdict_has_a_short_word() -> None:
    assert set(wording.SHORT_VERDICTS) == set(Verdict)
    assert max(map(len, wording.SHORT_VERDICTS.values())) <= 11


def test_expected_false_pairs_grow_with_the_catalog_and_with_looseness():
    said = {n: wording.expected_false(n, 300_000) for n in ("strict", "normal", "loose")}
    assert all(text.startswith("at most about ") for text in said.values())
    numbers = [int(text.split()[3].replace(",", "")) for text in said.values()]
    assert numbers == sorted(numbers)
    assert wording.expected_false("normal", 1) == "at most about 1 false pair in 1 picture"
