"""Perceptual hashes of 64 bits, bit-identical to imagehash's, and the distance between them."""

from __future__ import annotations

import imagehash
import numpy as np
import scipy.fftpack
from numpy.typing import NDArray
from PIL import Image

from . import lanczos

VERSION = 1
SIZE = 8
"""Bytes of one hash: 8 x 8 bits, row by row, the first bit the highest, as np.packbits packs."""

ORIENTATIONS: tuple[Image.Transpose | None, ...] = (
    None,
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.ROTATE_180,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_270,
)
"""The 8 ways to turn and mirror a picture, in the order of EXIF's tag; None: as it is."""

_DCT_SIDE = 32  # hash_size 8 times highfreq_factor 4


def phash(grey: Image.Image) -> bytes:
    """The pHash of the upright picture, 8 bytes: the first of `phashes`."""
    return _low_bits(_base(np.asarray(grey))[None])


def phashes(grey: Image.Image) -> bytes:
    """The pHashes of a picture (mode 'L') in all ORIENTATIONS, 8 x 8 bytes.

    Each is bit-identical to `imagehash.phash(picture.transpose(orientation))`. The picture is
    reduced twice only, as it is and transposed: mirroring commutes with the reduction. The cosine
    transform of each of the 8 is taken anew, since that costs little and a sign flip of one
    transform differs from it in the last bit, which decides the hash of symmetric pictures.
    """
    pixels = np.asarray(grey)
    base, turned = _base(pixels), _base(np.ascontiguousarray(pixels.T))
    views = (
        base,
        base[:, ::-1],
        base[::-1, ::-1],
        base[::-1],
        turned,
        turned[::-1],
        turned[::-1, ::-1],
        turned[:, ::-1],
    )
    return _low_bits(np.stack(views))


def dhash(grey: Image.Image) -> bytes:
    """The difference hash of a picture (mode 'L'): is each of 9 x 8 cells darker than the next."""
    cells = lanczos.reduce(np.asarray(grey), 9, 8)
    return np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes()


def ahash(grey: Image.Image) -> bytes:
    """The average hash of a picture (mode 'L'): is each of 8 x 8 cells lighter than their mean."""
    cells = lanczos.reduce(np.asarray(grey), 8, 8)
    return np.packbits(cells > cells.mean()).tobytes()


def whash(grey: Image.Image) -> bytes:
    """The Haar wavelet hash of a picture (mode 'L'), taken by imagehash itself: some 4 ms."""
    return np.packbits(imagehash.whash(grey).hash).tobytes()


def hamming(a: bytes, b: bytes) -> int:
    """How many bits of two hashes of the same length differ."""
    if len(a) != len(b):
        raise ValueError(f"hashes of {len(a)} and {len(b)} bytes can't be compared")
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count()


def _base(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return lanczos.reduce(pixels, _DCT_SIDE, _DCT_SIDE)


def _low_bits(bases: NDArray[np.uint8]) -> bytes:
    """The hash bits of each of (n, 32, 32) pictures."""
    # The very calls of imagehash.phash: rounding decides the bits of flat and symmetric pictures.
    transform = scipy.fftpack.dct(scipy.fftpack.dct(bases, axis=1), axis=2)
    low = np.asarray(transform)[:, :SIZE, :SIZE].reshape(len(bases), -1)
    return np.packbits(low > np.median(low, axis=1, keepdims=True), axis=1).tobytes()
