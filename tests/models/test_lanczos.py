"""Reduction by matrix products gives Pillow's very bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from twinsift.models.lanczos import reduce


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    wide=st.integers(1, 600),
    high=st.integers(1, 600),
    size=st.sampled_from([(32, 32), (9, 8), (8, 8)]),
)
def test_the_bits_are_pillows(seed, wide, high, size):
    noise = np.random.default_rng(seed).integers(0, 256, (high, wide)).astype(np.uint8)
    expected = Image.fromarray(noise).resize(size, Image.Resampling.LANCZOS)
    assert np.array_equal(reduce(noise.astype(np.float32), *size), np.asarray(expected))


@pytest.mark.parametrize(
    ("wide", "high"), [(512, 341), (341, 512), (512, 384), (640, 640), (125, 94), (256, 171)]
)
def test_the_bits_of_common_shapes_are_pillows(photograph, wide, high):
    grey = photograph(5, wide, high).convert("L")
    expected = np.asarray(grey.resize((32, 32), Image.Resampling.LANCZOS))
    assert np.array_equal(reduce(np.asarray(grey, np.float32), 32, 32), expected)
