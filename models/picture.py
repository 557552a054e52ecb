"""A picture as pairs are compared by: its keypoints, its hashes, and its looks when needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from . import preview
from .keypoints import Keypoints
from .recolouring import SIDE as COLOUR_SIDE
from .similarity import Array
from .tones import commonest_tones

EVEN = 3
"""Grey levels by which an even tone varies."""


@dataclass(frozen=True)
class Picture:
    """What the catalog knows of a picture's looks; previews are decoded when first needed.

    `hashes` are the 8 oriented pHashes as uint64 (8,), `preview` the stored JPEG.
    """

    keypoints: Keypoints
    hashes: NDArray[np.uint64]
    preview: bytes

    @cached_property
    def grey(self) -> Array:
        """The working picture that the keypoints refer to, uint8 (h, w)."""
        grey = preview.grey(self.preview)
        size = (self.keypoints.width, self.keypoints.height)
        if grey.shape[::-1] == size:
            return grey
        shrink = size[0] < grey.shape[1]
        return cv2.resize(grey, size, interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC)

    @cached_property
    def detail(self) -> float:
        """Mean strength of the finest detail, in grey levels."""
        fine = cv2.GaussianBlur(self.grey, (0, 0), 1.0)
        return cv2.mean(cv2.absdiff(self.grey, fine))[0]

    @cached_property
    def even(self) -> float:
        """Share of the picture that its two commonest tones take up, 0..1."""
        return sum(commonest_tones(self.grey, EVEN))

    @cached_property
    def colours(self) -> Array:
        """Y, Cr and Cb of the picture at 64 x 64, float32 (64, 64, 3)."""
        colour = preview.colour(self.preview, reduced=4)
        size = (COLOUR_SIDE, COLOUR_SIDE)
        small = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb).astype(np.float32)
