"""Compositions: what holds different pictures at different places, behind seams, joins none."""

from __future__ import annotations

import numpy as np
import pytest
from twinsift.catalog.compositions import Held, Size, compositions, held
from twinsift.models.evidence import Evidence

LARGE, SMALL = Size(2000, 512, 384), Size(1000, 512, 384)


def moved(scale: float, x: float, y: float) -> np.ndarray:
    return np.array([[scale, 0, x], [0, scale, y], [0, 0, 1]])


def evidence(transform: np.ndarray, cover_a: float, cover_b: float) -> Evidence:
    return Evidence(
        transform=tuple(transform.ravel()),
        scale=float(transform[0, 0]),
        cover_a=cover_a,
        cover_b=cover_b,
    )


def test_who_holds_whom_where_and_whether_reduced():
    # A picture of 2000 pixels on a quarter of one of 1000: shown at a quarter of its size.
    placed = evidence(moved(0.5, 256, 0), 1.0, 0.25)
    one = held((1, 2), placed, LARGE, SMALL)
    assert one is not None
    assert (one.container, one.part, one.reduced) == (2, 1, True)
    assert one.box == (256, 0, 512, 192)
    back = evidence(np.linalg.inv(moved(0.5, 256, 0)), 0.25, 1.0)
    other = held((1, 2), back, SMALL, LARGE)
    assert other is not None
    assert (other.container, other.part, other.reduced) == (1, 2, True)
    assert other.box == pytest.approx(one.box)
    # The same as a crop: what was cut out is as large in both.
    crop = held((1, 2), placed, Size(500, 512, 384), Size(1000, 512, 384))
    assert crop is not None
    assert not crop.reduced


@pytest.mark.parametrize(("cover_a", "cover_b"), [(1.0, 1.0), (0.95, 0.92), (0.3, 0.4)])
def test_two_that_show_the_same_or_only_meet_hold_nothing(cover_a, cover_b):
    assert held((1, 2), evidence(moved(1, 0, 0), cover_a, cover_b), LARGE, SMALL) is None


def at(container: int, part: int, left: float) -> Held:
    corners = np.array([[left, 0], [left + 100, 0], [left + 100, 100], [left, 100]])
    return Held(container, part, corners, reduced=True)


def pairs(*those: tuple[int, int]) -> list[tuple[int, int]]:
    return [(min(p), max(p)) for p in those]


COLLAGE = [at(9, 1, 0), at(9, 2, 120), at(9, 3, 240)]
EDGES = pairs((9, 1), (9, 2), (9, 3), (1, 4))


def test_a_collage_keeps_away_from_all_that_is_on_it_and_its_copies():
    assert compositions(COLLAGE, EDGES, lambda one: True) == {9: {1, 2, 3, 4}}


def test_a_copy_of_a_collage_stays_its_copy():
    more = [*COLLAGE, at(8, 1, 0), at(8, 2, 120)]
    edges = [*EDGES, *pairs((8, 9), (8, 1), (8, 2))]
    assert compositions(more, edges, lambda one: True) == {9: {1, 2, 3, 4}, 8: {1, 2, 4}}


def test_a_photograph_of_which_two_corners_were_cut_out_is_none():
    assert compositions(COLLAGE, EDGES, lambda one: False) == {}


def test_a_picture_beside_its_own_grey_version_is_none():
    edges = pairs((9, 1), (9, 2), (1, 2))
    assert compositions(COLLAGE[:2], edges, lambda one: True) == {}


def test_a_screenshot_of_one_picture_is_none():
    assert compositions([at(9, 1, 0), at(9, 2, 10)], pairs((9, 1), (9, 2)), lambda one: True) == {}
    assert compositions(COLLAGE[:1], EDGES[:1], lambda one: True) == {}
