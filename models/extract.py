"""From a file's bytes to everything the catalog keeps of its picture, by one decode."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from . import decode, digests, hashes
from .features import COARSE_FRAME, COARSE_SIDE, ExtractSpec, Features, PackedKeypoints
from .reduction import Coarse, Reduction, Within, working_size

PREVIEW_QUALITY = 90
_LARGEST_PREVIEW = 1 << 17  # bytes; some small pictures carry large metadata

_ALWAYS = ("phash", "dhash")


def extract(data: bytes, spec: ExtractSpec, *, digest: bytes | None = None) -> Features:
    """Decode a file's bytes once and compute everything; a pure function of its arguments.

    `digest` is that of the bytes, where it is known already.

    Raises:
        PictureError, MissingExtraError, MemoryError: as models.decode.read.
    """
    picture = decode.reduced(data, _reduction(spec), max_pixels=spec.max_pixels)
    grey = picture.image
    if grey.mode != "L":
        grey = grey.convert("L")  # ITU-R 601, as imagehash converts, and as JPEG has its luminance
    kinds = (*_ALWAYS, *sorted(set(spec.hashes)))
    return Features(
        digest=digest or digests.of_bytes(data),
        size=len(data),
        format=picture.format,
        width=picture.width,
        height=picture.height,
        pixel_digest=digests.of_pixels(np.asarray(picture.image)),
        metadata=picture.metadata,
        lossless=picture.lossless,
        quality=picture.quality,
        contrast=_contrast(grey),
        frames=picture.frames,
        hashes=hashes.compute(_hashed(grey, spec), kinds),
        keypoints=_keypoints(grey, spec),
        preview=data if _is_own_preview(picture, data, spec) else _jpeg(picture.image),
    )


def _reduction(spec: ExtractSpec) -> Reduction:
    if spec.keypoints:
        return Within(spec.working_side)
    return Coarse(COARSE_SIDE, COARSE_FRAME, spec.working_side, _LARGEST_PREVIEW)


def _hashed(grey: Image.Image, spec: ExtractSpec) -> Image.Image:
    """What the hashes are taken of: without keypoints about as much of every picture."""
    times = 1 if spec.keypoints else min(grey.size) // COARSE_SIDE
    return grey.reduce(times) if times > 1 else grey


def _keypoints(grey: Image.Image, spec: ExtractSpec) -> PackedKeypoints:
    if not spec.keypoints:
        size = working_size(*grey.size, min(COARSE_FRAME, spec.working_side))
        return PackedKeypoints("sift", *size, b"", b"")
    from . import keypoints  # OpenCV takes as long to load as many a picture to hash

    found = keypoints.detect(np.asarray(grey), side=spec.working_side, limit=spec.keypoints)
    return found.pack()


def _contrast(grey: Image.Image) -> float:
    """The standard deviation of a picture in mode 'L'; its sums are exact."""
    counts = np.array(grey.histogram(), np.int64)
    levels = np.arange(len(counts))
    pixels, total = int(counts.sum()), int(counts @ levels)
    squares = int(counts @ (levels * levels))
    return (pixels * squares - total * total) ** 0.5 / pixels


def _is_own_preview(picture: decode.Picture, data: bytes, spec: ExtractSpec) -> bool:
    """Whether a file is its own reduced picture: not coded a second time, it loses nothing."""
    small = max(picture.width, picture.height) <= spec.working_side
    return picture.as_stored and small and len(data) <= _LARGEST_PREVIEW


def _jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=PREVIEW_QUALITY)
    return stream.getvalue()
