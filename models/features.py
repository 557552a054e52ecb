"""What is computed of a picture and kept: plain data, quick to load, handed between processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KeypointKind = Literal["sift", "orb"]

COARSE_SIDE = 90
"""Least shorter side, in pixels, that hashes are made from where nothing else is wanted."""
COARSE_FRAME = 240
"""Longest side of the working picture, and least one of a preview, where no keypoints are."""

POSITION_BYTES = 8

# Raised when a module of that name computes something else: all features are then made anew.
_VERSIONS = {"extract": 1, "decode": 1, "hashes": 1, "keypoints": 1}


@dataclass(frozen=True, slots=True)
class ExtractSpec:
    """What is computed of a picture, and the bounds of it."""

    working_side: int = 512
    """Longest side, in pixels, of the picture that all products are made from."""
    keypoints: int = 500
    """Most keypoints kept; 0: none are looked for, and JPEGs are decoded more coarsely."""
    hashes: tuple[str, ...] = ()
    """Hashes beyond pHash and dHash: 'ahash', 'whash'."""
    max_megapixels: float = 220.0
    """Largest picture decoded, in millions of pixels (of the reduced scale, for JPEGs)."""

    @property
    def max_pixels(self) -> int:
        """`max_megapixels` in pixels."""
        return int(self.max_megapixels * 1_000_000)

    def key(self) -> str:
        """Names every parameter and code version that the features hang on.

        The limit isn't part of it: it decides whether there are features, not which.
        """
        versions = ".".join(map(str, _VERSIONS.values()))
        extra = "+".join(sorted(set(self.hashes)))
        coarse = "" if self.keypoints else f";coarse={COARSE_SIDE},{COARSE_FRAME}"
        return (
            f"v{versions};side={self.working_side};keypoints={self.keypoints};hashes={extra}"
            + coarse
        )


@dataclass(frozen=True, slots=True)
class Metadata:
    """What EXIF says; everything may be missing."""

    captured_at: str | None = None
    """When the picture was taken, 'YYYY-MM-DD HH:MM:SS' of the camera's clock."""
    camera: str | None = None
    """Maker and model."""
    exif_count: int = 0
    """How many EXIF tags there are, in all directories."""
    gps: str | None = None
    """Where it was taken, as `models.metadata.position` says it."""


@dataclass(frozen=True, slots=True)
class PackedKeypoints:
    """Keypoints and descriptors as the catalog stores them; models.keypoints makes and reads them.

    `positions` are POSITION_BYTES a keypoint, `vectors` 128 (SIFT) or 32 (ORB). `width` and
    `height` are those of the working picture, also where there is no keypoint.
    """

    kind: KeypointKind
    width: int
    height: int
    positions: bytes
    vectors: bytes

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.positions) // POSITION_BYTES


@dataclass(frozen=True, slots=True)
class Features:
    """Everything the catalog keeps of one content; see catalog/schema.sql for its columns."""

    digest: bytes
    """BLAKE3-256 of the file's bytes."""
    size: int
    """Bytes."""
    format: str
    width: int
    """Of the upright picture, in pixels."""
    height: int
    pixel_digest: bytes
    """BLAKE3-256 of the reduced upright sRGB pixels."""
    metadata: Metadata
    lossless: bool
    quality: int | None
    contrast: float
    """Standard deviation of the reduced grey picture, 0..127.5."""
    frames: int
    hashes: tuple[tuple[str, bytes], ...]
    """(kind, value): 'phash' with 8 x 8 bytes (models.hashes.ORIENTATIONS), the others with 8."""
    keypoints: PackedKeypoints
    preview: bytes
    """The reduced upright picture as a JPEG."""
