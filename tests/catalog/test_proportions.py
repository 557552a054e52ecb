"""A picture that was stretched is told from one that was resized, turned or cropped."""

from __future__ import annotations

import numpy as np
import pytest
from twinsift.catalog.proportions import Shape, stretch, stretched
from twinsift.models.evidence import Evidence

TURNED = np.array([[0, -1, 300], [1, 0, 0], [0, 0, 1]], float)


def evidence(matrix) -> Evidence:
    return Evidence(method="keypoints", transform=tuple(np.asarray(matrix, float).ravel()))


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.5])
def test_resized_turned_and_cropped_keep_the_proportions(scale):
    cropped = np.array([[scale, 0, -40], [0, scale, -9], [0, 0, 1]])
    assert stretch(evidence(cropped), first=True) == pytest.approx(0)
    assert stretch(evidence(TURNED @ cropped), first=False) == pytest.approx(0)


def test_both_directions_of_a_pair_tell_the_same():
    wider = np.diag([1.25, 1, 1])
    there = stretch(evidence(TURNED @ wider), first=True)
    back = stretch(evidence(np.linalg.inv(TURNED @ wider)), first=False)
    assert there == pytest.approx(back) == pytest.approx(np.log(1.25))


def test_what_is_seen_aslant_has_no_one_proportion():
    aslant = np.diag([1.2, 1, 1])
    aslant[2, 0] = 1e-4
    assert stretch(evidence(aslant), first=True) == 0


def test_most_are_right_even_against_the_representative():
    shapes = [Shape(1, 0.0, True), Shape(2, -0.22, False), Shape(3, -0.221, False)]
    assert stretched(shapes) == {1}


def test_of_two_the_one_that_says_when_it_was_taken_is_right_or_nobody_knows():
    assert stretched([Shape(1, 0.0, False), Shape(2, 0.22, True)]) == {1}
    assert stretched([Shape(1, 0.0, False), Shape(2, 0.22, False)]) == set()
    assert stretched([Shape(1, 0.0, True), Shape(2, 0.01, False)]) == set()
