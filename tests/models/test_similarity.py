"""SSIM equal to scikit-image's; overlaps compared where they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity
from twinsift.models.similarity import compare, ssim, ssim_map


@pytest.fixture(scope="module")
def grey(photograph) -> np.ndarray:
    return np.asarray(photograph(41, 512, 384).convert("L"))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(7, 60),
    width=st.integers(7, 60),
    blend=st.floats(0, 1),
)
def test_ssim_is_scikit_images(seed, height, width, blend):
    rng = np.random.default_rng(seed)
    a, noise = rng.integers(0, 256, (2, height, width))
    b = (blend * a + (1 - blend) * noise).astype(np.uint8)
    a = a.astype(np.uint8)
    assert ssim(a, b) == pytest.approx(structural_similarity(a, b), abs=1e-9)


def test_the_whole_ssim_map_is_scikit_images(grey):
    other = np.clip(grey.astype(int) + 20, 0, 255).astype(np.uint8)
    expected = structural_similarity(grey, other, full=True)[1]
    found = ssim_map(grey, other)
    assert np.abs(found - expected)[3:-3, 3:-3].max() < 1e-6


def test_pictures_smaller_than_the_window_are_refused():
    with pytest.raises(ValueError, match="at least 7"):
        ssim(np.zeros((6, 40), np.uint8), np.zeros((6, 40), np.uint8))


def test_a_picture_agrees_with_itself(grey):
    found = compare(grey, grey, np.eye(3))
    assert found is not None
    assert found.ssim == pytest.approx(1, abs=1e-6)
    assert found.blocks == 1
    assert (found.cover_a, found.cover_b) == pytest.approx((1, 1), abs=0.01)


@pytest.mark.parametrize(("gain", "offset"), [(0.6, 30), (1.3, -20), (-1, 255)])
def test_tones_are_matched_and_told(grey, gain, offset):
    other = np.clip(grey.astype(float) * gain + offset, 0, 255).astype(np.uint8)
    found = compare(grey, other, np.eye(3))
    assert found is not None
    assert found.ssim > 0.9
    assert found.inverted == (gain < 0)
    assert found.gain == pytest.approx(1 / gain, rel=0.1)


def test_a_crop_covers_its_part(grey):
    crop = grey[100:300, 150:400]
    shift = np.array([[1.0, 0, -150], [0, 1, -100], [0, 0, 1]])
    found = compare(grey, crop, shift)
    assert found is not None
    assert found.ssim > 0.99
    assert found.cover_a == pytest.approx(250 * 200 / (512 * 384), rel=0.02)
    assert found.cover_b > 0.98


def test_a_covered_half_disagrees_by_half(grey, photograph):
    other = grey.copy()
    other[:, 256:] = np.asarray(photograph(42, 512, 384).convert("L"))[:, 256:]
    found = compare(grey, other, np.eye(3))
    assert found is not None
    assert 0.4 < found.blocks < 0.65


def test_strangers_do_not_agree(grey, photograph):
    other = np.asarray(photograph(43, 512, 384).convert("L"))
    found = compare(grey, other, np.eye(3))
    assert found is not None
    assert found.blocks < 0.3
    assert found.correlation < 0.4


@pytest.mark.parametrize(
    "transform",
    [
        np.zeros((3, 3)),
        np.diag([1e-9, 1e-9, 1.0]),
        np.array([[1.0, 0, 9000], [0, 1, 0], [0, 0, 1]]),
    ],
)
def test_a_senseless_transform_compares_nothing(grey, transform):
    assert compare(grey, grey, transform) is None
