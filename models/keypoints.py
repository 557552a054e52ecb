"""Keypoints and descriptors of the working picture: SIFT, and ORB where SIFT finds too little."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from .features import KeypointKind, PackedKeypoints
from .reduction import working_size

FEWEST_SIFT = 16
"""Below this many SIFT keypoints the picture is described by ORB, if ORB finds more."""
_SMALLEST_SIDE = 16
_CONTRAST = (
    0.02  # half of Lowe's threshold: the cap keeps the strongest, soft pictures keep some at all
)

# Positions are stored as uint16: x and y in 1/64 pixel, size in 1/16 pixel, angle in 1/128 degree.
_UNITS = np.array([64.0, 64.0, 16.0, 128.0], np.float32)


@dataclass(frozen=True)  # no slots: what is derived is kept
class Keypoints:
    """Keypoints of one picture with their descriptors.

    `positions` is float32 (n, 4): x, y, size in pixels of the width x height working picture, and
    the angle in degrees. `vectors` is uint8 (n, 128), RootSIFT times 512, or (n, 32), ORB's bits.
    """

    kind: KeypointKind
    width: int
    height: int
    positions: NDArray[np.float32]
    vectors: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.positions)

    @cached_property
    def unit(self) -> NDArray[np.float32]:
        """SIFT vectors scaled to unit length, float32 (n, 128): their products are cosines."""
        x = self.vectors.astype(np.float32)
        return x / np.maximum(np.sqrt((x * x).sum(axis=1, keepdims=True)), 1e-6)

    @cached_property
    def mirrored(self) -> Keypoints:
        """SIFT keypoints of the same picture mirrored left to right (not to be had for ORB)."""
        positions = self.positions.copy()
        positions[:, 0] = self.width - 1 - positions[:, 0]
        positions[:, 3] = (180.0 - positions[:, 3]) % 360.0
        return replace(self, positions=positions, vectors=self.vectors[:, _MIRROR])

    def pack(self) -> PackedKeypoints:
        """The keypoints as the catalog stores them."""
        fixed = np.clip(np.rint(self.positions * _UNITS), 0, 65535).astype("<u2")
        return PackedKeypoints(
            self.kind,
            self.width,
            self.height,
            fixed.tobytes(),
            self.vectors.tobytes(),
        )

    @classmethod
    def unpack(cls, packed: PackedKeypoints) -> Keypoints:
        """The keypoints that `pack` stored."""
        points = np.frombuffer(packed.positions, "<u2").reshape(-1, 4).astype(np.float32) / _UNITS
        length = 128 if packed.kind == "sift" else 32
        vectors = np.frombuffer(packed.vectors, np.uint8).reshape(-1, length)
        return cls(packed.kind, packed.width, packed.height, points, vectors)


def detect(grey: NDArray[np.uint8], *, side: int, limit: int) -> Keypoints:
    """Find keypoints in an upright grey picture, uint8 (h, w), already reduced to about `side`.

    SIFT (Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", IJCV 2004) as RootSIFT
    (Arandjelovic and Zisserman, "Three things everyone should know to improve object retrieval",
    CVPR 2012); ORB (Rublee et al., ICCV 2011) where SIFT finds fewer than FEWEST_SIFT.
    """
    height, width = grey.shape
    size = working_size(width, height, side)
    if size != (width, height):
        shrink = size[0] < width
        filter_ = cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
        grey = np.asarray(cv2.resize(grey, size, interpolation=filter_), np.uint8)
    if min(size) < _SMALLEST_SIDE:
        return _empty(*size)
    found, vectors = cv2.SIFT.create(nfeatures=limit, contrastThreshold=_CONTRAST).detectAndCompute(
        grey, None
    )
    sift = _empty(*size)
    if vectors is not None and len(found):
        root = np.sqrt(vectors / np.maximum(vectors.sum(axis=1, keepdims=True), 1e-6))
        fixed = np.clip(np.rint(root * 512.0), 0, 255).astype(np.uint8)
        sift = Keypoints("sift", *size, _positions(found)[:limit], fixed[:limit])
    if len(sift) >= FEWEST_SIFT:
        return sift
    found, bits = cv2.ORB.create(nfeatures=limit, fastThreshold=7).detectAndCompute(grey, None)
    if bits is None or len(found) <= len(sift):
        return sift
    return Keypoints("orb", *size, _positions(found)[:limit], np.asarray(bits[:limit], np.uint8))


def _positions(found: object) -> NDArray[np.float32]:
    return np.array([(*k.pt, k.size, k.angle) for k in found], np.float32).reshape(-1, 4)  # type: ignore[attr-defined]


def _empty(width: int, height: int) -> Keypoints:
    return Keypoints(
        "sift", width, height, np.zeros((0, 4), np.float32), np.zeros((0, 128), np.uint8)
    )


def _mirror_order() -> NDArray[np.intp]:
    """Order of a SIFT descriptor's 4 x 4 x 8 bins after mirroring across the keypoint's own axis.

    A mirrored patch has its dominant orientation mirrored too, so in the keypoint's frame only the
    rows swap and the orientations change sign: the descriptor of the mirrored picture is a
    permutation of the picture's own, and a mirrored query costs nothing.
    """
    bins = np.arange(128).reshape(4, 4, 8)
    return bins[::-1, :, (-np.arange(8)) % 8].reshape(-1)


_MIRROR = _mirror_order()
