"""The best partners of each picture, against sorting everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twinsift.catalog import nearest
from twinsift.catalog.nearest import Nearest


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6), count=st.integers(2, 30), most=st.integers(1, 6), many=st.booleans()
)
def test_each_picture_keeps_its_best_partners(seed, count, most, many):
    rng = np.random.default_rng(seed)
    i, j = np.triu_indices(count, 1)
    shown = rng.permutation(len(i))
    scores = rng.integers(0, 5 if many else 10**6, len(i)).astype(np.float32)  # ties, or none
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "_PENDING", 7)
        held = Nearest(most)
        for part in np.array_split(shown, 5):
            held.add(i[part], j[part], scores[part])
    table = np.full((count, count), -1.0)
    table[i, j] = table[j, i] = scores
    wanted = set()
    for one in range(count):
        others = sorted((k for k in range(count) if k != one), key=lambda k: (-table[one, k], k))
        wanted |= {(min(one, k), max(one, k)) for k in others[:most]}
    assert list(zip(*(side.tolist() for side in held.pairs()), strict=True)) == sorted(wanted)


def test_a_heap_that_is_all_alike_stays_small():
    """300 blank pages are 44,850 pairs: what is held, and what is left, grows with the pages."""
    i, j = np.triu_indices(300, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "_PENDING", 1000)
        held = Nearest(4)
        for part in np.array_split(np.arange(len(i)), 100):
            held.add(i[part], j[part], np.ones(len(part), np.float32))
        assert len(held.pairs()[0]) <= 4 * 300


def test_of_no_pairs_none_are_left():
    assert [len(side) for side in Nearest(3).pairs()] == [0, 0]
