"""The colours of amounts: they only get lighter."""

from __future__ import annotations

import numpy as np
import pytest
from twinsift.tui.colour_scale import colours


@pytest.mark.parametrize(
    "weights", [(0.2126, 0.7152, 0.0722), (0.299, 0.587, 0.114)], ids=["ITU-R 709", "ITU-R 601"]
)
def test_lightness_rises_with_the_amount(weights: tuple[float, ...]) -> None:
    light = colours(np.linspace(0, 1, 512).astype(np.float32)).astype(float) @ weights
    assert (np.diff(light) >= -1.0).all()  # but for rounding
    assert (np.diff(light[::8]) > 0).all()
    assert light[0] == 0
    assert light[-1] > 230


def test_amounts_out_of_bounds_have_the_colours_of_the_ends() -> None:
    low, none, all_, high = colours(np.array([-1, 0, 1, 7], np.float32))
    assert (low == none).all()
    assert (high == all_).all()
