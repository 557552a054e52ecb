"""Curves of tones: found where one was applied, and none between two different things."""

from __future__ import annotations

import numpy as np
import pytest
from twinsift.models.curves import find_curves


@pytest.fixture
def grey(photograph) -> np.ndarray:
    return np.asarray(photograph(21, 256, 192).convert("L"), np.float32)


def test_a_folded_range_is_followed_the_way_there_only(grey):
    folded = np.where(grey > 128, 255 - grey, grey).astype(np.float32)
    inside = np.ones(grey.shape, bool)
    curves = find_curves(folded, grey, inside)
    assert [curve.of_first for curve in curves] == [False]  # nothing unfolds it
    x, y = curves[0].put(folded, grey)
    assert np.abs(x - y).mean() < 3
    turned = find_curves(grey, folded, inside)
    assert [curve.of_first for curve in turned] == [True]


def test_two_things_have_no_curve(grey, photograph):
    other = np.asarray(photograph(22, 256, 192).convert("L"), np.float32)
    assert find_curves(grey, other, np.ones(grey.shape, bool)) == []


def test_nothing_is_found_of_nothing(grey):
    assert find_curves(grey, grey, np.zeros(grey.shape, bool)) == []
    flat = np.full_like(grey, 90)
    assert find_curves(grey, flat, np.ones(grey.shape, bool)) == find_curves(
        flat, flat, np.zeros(grey.shape, bool)
    )
