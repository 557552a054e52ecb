"""The commonest tones of a picture or of a part: pages and drawings have few."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def commonest_tones(values: NDArray[Any], reach: int) -> tuple[float, float]:
    """Shares of the two commonest grey tones, each with the `reach` levels around it.

    `values` is uint8 of one or two dimensions.
    """
    counts = cv2.calcHist([values], [0], None, [256], [0, 256]).ravel()
    tones = counts.astype(np.float64) / values.size
    near = np.convolve(tones, np.ones(2 * reach + 1), "same")
    first = int(near.argmax())
    share = float(near[first])
    near[max(0, first - 2 * reach) : first + 2 * reach + 1] = 0
    return share, float(near.max())
