"""From a file's bytes to everything the catalog keeps of its picture, by one decode."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from . import decode, digests, hashes, keypoints
from .keypoints import Keypoints
from .metadata import Metadata

VERSION = 1
PREVIEW_QUALITY = 90
_LARGEST_PREVIEW = 1 << 17  # bytes; some small pictures carry large metadata

_ALWAYS = ("phash", "dhash")


@dataclass(frozen=True, slots=True)
class ExtractSpec:
    """What is computed of a picture, and the bounds of it."""

    working_side: int = 512
    """Longest side, in pixels, of the picture that all products are made from."""
    keypoints: int = 500
    """Most keypoints kept; 0: none are looked for."""
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
        versions = f"{VERSION}.{decode.VERSION}.{hashes.VERSION}.{keypoints.VERSION}"
        extra = "+".join(sorted(set(self.hashes)))
        return f"v{versions};side={self.working_side};keypoints={self.keypoints};hashes={extra}"


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
    keypoints: Keypoints
    preview: bytes
    """The reduced upright picture as a JPEG."""


def extract(data: bytes, spec: ExtractSpec) -> Features:
    """Decode a file's bytes once and compute everything; a pure function of its arguments.

    Raises:
        PictureError, MissingExtraError, MemoryError: as models.decode.read.
    """
    picture = decode.read(data, side=spec.working_side, max_pixels=spec.max_pixels)
    grey = picture.image.convert("L")  # ITU-R 601, as imagehash converts
    pixels = np.asarray(grey)
    kinds = (*_ALWAYS, *sorted(set(spec.hashes)))
    return Features(
        digest=digests.of_bytes(data),
        size=len(data),
        format=picture.format,
        width=picture.width,
        height=picture.height,
        pixel_digest=digests.of_pixels(np.asarray(picture.image)),
        metadata=picture.metadata,
        lossless=picture.lossless,
        quality=picture.quality,
        contrast=float(cv2.meanStdDev(pixels)[1].item()),
        frames=picture.frames,
        hashes=hashes.compute(grey, kinds),
        keypoints=keypoints.detect(pixels, side=spec.working_side, limit=spec.keypoints),
        preview=data if _is_own_preview(picture, data) else _jpeg(picture.image),
    )


def _is_own_preview(picture: decode.Picture, data: bytes) -> bool:
    """Whether a file is its own reduced picture: not coded a second time, it loses nothing."""
    return picture.as_stored and len(data) <= _LARGEST_PREVIEW


def _jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=PREVIEW_QUALITY)
    return stream.getvalue()
