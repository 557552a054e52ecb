"""A scale of colours for amounts: its lightness only rises, so it reads the same without colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Dark blue, violet, red, orange, pale yellow: light rises evenly from 8 to 240 of 255.
_STOPS = np.array(
    [(6, 8, 20), (48, 22, 110), (150, 38, 120), (232, 92, 62), (250, 172, 60), (255, 246, 190)],
    np.float32,
)


def colours(amount: NDArray[np.float32]) -> NDArray[np.uint8]:
    """RGB uint8 (…, 3) for amounts 0..1: dark for none, pale yellow for all."""
    place = np.clip(amount, 0.0, 1.0) * (len(_STOPS) - 1)
    low = np.minimum(place.astype(np.intp), len(_STOPS) - 2)
    share = (place - low)[..., None]
    return np.rint(_STOPS[low] * (1 - share) + _STOPS[low + 1] * share).astype(np.uint8)
