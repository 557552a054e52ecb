"""A scale of colours for amounts: its lightness only rises, so it reads the same without colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Black, violet, red, orange, pale yellow: light rises from 0 to 240 of 255. Black is never
# dithered: where nothing differs, little is sent.
_STOPS = np.array(
    [(0, 0, 0), (48, 22, 110), (150, 38, 120), (232, 92, 62), (250, 172, 60), (255, 246, 190)],
    np.float32,
)


def colours(amount: NDArray[np.float32]) -> NDArray[np.uint8]:
    """RGB uint8 (…, 3) for amounts 0..1: dark for none, pale yellow for all."""
    place = np.clip(amount, 0.0, 1.0) * (len(_STOPS) - 1)
    low = np.minimum(place.astype(np.intp), len(_STOPS) - 2)
    share = (place - low)[..., None]
    return np.rint(_STOPS[low] * (1 - share) + _STOPS[low + 1] * share).astype(np.uint8)
