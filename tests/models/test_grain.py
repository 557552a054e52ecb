"""Noise told apart: of one exposure, of two, of a codec."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from twinsift.models.grain import shared_grain

HIGH, WIDE = 384, 512


def exposure(seed: int, strength: float = 2.2) -> np.ndarray:
    x, y = np.meshgrid(np.arange(WIDE), np.arange(HIGH))
    light = 90 + 0.15 * x + 0.1 * y
    noise = np.random.default_rng(seed).normal(0, strength, (HIGH, WIDE))
    return (light + cv2.GaussianBlur(noise, (0, 0), 0.6)).astype(np.float32)


def stored(picture: np.ndarray, quality: int) -> np.ndarray:
    _, coded = cv2.imencode(
        ".jpg", np.rint(picture).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.float32)


def shared(x: np.ndarray, y: np.ndarray) -> float | None:
    return shared_grain(x, y, np.ones(x.shape, bool))


def test_two_exposures_share_no_noise():
    found = shared(stored(exposure(1), 92), stored(exposure(2), 92))
    assert found is not None
    assert found < 0.2


@pytest.mark.parametrize("off", [(0, 0), (1, 2)])
def test_a_copy_keeps_its_noise_even_where_it_lies_a_little_off(off):
    x, y = exposure(1), np.roll(exposure(1), off, axis=(0, 1))
    found = shared(x, stored(y, 92))
    assert found is not None
    assert found > 0.7


@pytest.mark.parametrize(
    "copy",
    [
        lambda x: stored(x, 30),
        lambda x: stored(x, 10),
        lambda x: cv2.GaussianBlur(x, (0, 0), 1.5),
        lambda x: x + np.random.default_rng(9).normal(0, 8, x.shape).astype(np.float32),
        lambda x: np.full_like(x, 128),
    ],
    ids=["coded", "coded badly", "blurred", "grain added", "nothing left"],
)
def test_noise_that_an_edit_changed_proves_nothing(copy):
    x = stored(exposure(1), 92)
    found = shared(x, copy(x))
    assert found is None or found > 0.55


def test_no_noise_at_all_proves_nothing():
    assert shared(exposure(1, 0), exposure(2, 0)) is None
    assert shared(exposure(1)[:40, :60], exposure(2)[:40, :60]) is None
