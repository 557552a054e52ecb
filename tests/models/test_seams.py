"""Seams: a pasted picture is bounded by them, a part of a photograph is not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from twinsift.models.seams import seam_share


def corners(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("gap", [0, 8])
def test_a_collage_has_seams(seed, gap, photograph):
    page = Image.new("L", (512, 384), "white")
    cells = [(0, 0), (256 + gap // 2, 0), (0, 192 + gap // 2), (256 + gap // 2, 192 + gap // 2)]
    for number, place in enumerate(cells):
        part = photograph(seed * 4 + number).convert("L").resize((256 - gap // 2, 192 - gap // 2))
        page.paste(part, place)
    grey = np.asarray(page)
    for x, y in cells:  # a pixel or two off, as a transform may be
        box = corners(x + 2, y - 1, x + 255 - gap // 2, y + 192 - gap // 2)
        assert seam_share(grey, box) >= 0.5


@pytest.mark.parametrize("seed", range(8))
def test_what_is_cut_out_of_a_photograph_has_none(seed, photograph):
    grey = np.asarray(photograph(seed, 512, 384).convert("L"))
    for box in (corners(30, 40, 260, 200), corners(200, 100, 480, 360), corners(0, 0, 256, 192)):
        assert seam_share(grey, box) < 0.5


def test_the_whole_picture_tells_nothing(photograph):
    grey = np.asarray(photograph(3, 512, 384).convert("L"))
    assert seam_share(grey, corners(0, 0, 512, 384)) == 0.0
    assert seam_share(grey, corners(100, 100, 108, 106)) == 0.0
