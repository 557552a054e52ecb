"""The pace of deciding, and how it's told."""

from __future__ import annotations

import pytest
from twinsift.tui.pace import Pace
from twinsift.tui.wording import roughly


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def paced(*seconds: float) -> Pace:
    clock = Clock()
    pace = Pace(clock)
    pace.decided()
    for between in seconds:
        clock.now += between
        pace.decided()
    return pace


def test_nothing_is_told_before_there_is_a_pace() -> None:
    assert paced(2, 2, 2, 2).seconds_left(100) is None
    assert paced(2, 2, 2, 2, 2).seconds_left(100) == 200


def test_one_hard_group_doesnt_count() -> None:
    assert paced(2, 2, 2, 2, 150).seconds_left(10) == 20


def test_a_pause_isnt_deciding() -> None:
    assert paced(1, 1, 3, 3, 3600, 5).seconds_left(10) == 30
    assert paced(*[3600.0] * 20).seconds_left(10) is None


def test_the_pace_is_that_of_the_last_decisions() -> None:
    assert paced(*[20.0] * 100, *[1.0] * 60).seconds_left(5) == 5


def test_what_was_undone_isnt_counted() -> None:
    clock = Clock()
    pace = Pace(clock)
    for second in range(6):
        clock.now = float(second)
        pace.decided()
    clock.now = 100.0
    pace.undone()
    assert pace.seconds_left(10) is None
    clock.now = 101.0
    pace.decided()
    assert pace.seconds_left(10) == 10


def test_nothing_left() -> None:
    assert paced(1, 1, 1, 1, 1).seconds_left(0) is None


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (4, "less than a minute"),
        (59, "about 1 min"),
        (38 * 60, "about 38 min"),
        (59.4 * 60, "about 59 min"),
        (59.6 * 60, "about 1 h"),
        (131 * 60, "about 2 h 10 min"),
        (179 * 60, "about 3 h"),
    ],
)
def test_a_time_is_told_as_a_person_says_it(seconds: float, told: str) -> None:
    assert roughly(seconds) == told
