"""Perceptual hashes of 64 bits, bit-identical to imagehash's, and the distance between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import lanczos

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


def compute(grey: Image.Image, kinds: Sequence[str]) -> tuple[tuple[str, bytes], ...]:
    """The hashes of a picture (mode 'L') by kind: 'phash' in all ORIENTATIONS, the others in one.

    pHash is 8 x 8 bytes, the others 8; each is bit-identical to imagehash's.
    """
    pixels = _floats(grey)
    return tuple((kind, whash(grey) if kind == "whash" else _OF[kind](pixels)) for kind in kinds)


def phash(grey: Image.Image) -> bytes:
    """The pHash of the upright picture, 8 bytes: the first of `phashes`."""
    return _low_bits(_base(_floats(grey))[None])


def phashes(grey: Image.Image) -> bytes:
    """The pHashes of a picture (mode 'L') in all ORIENTATIONS, 8 x 8 bytes."""
    return _phashes(_floats(grey))


def dhash(grey: Image.Image) -> bytes:
    """The difference hash of a picture (mode 'L'): is each of 9 x 8 cells darker than the next."""
    return _dhash(_floats(grey))


def ahash(grey: Image.Image) -> bytes:
    """The average hash of a picture (mode 'L'): is each of 8 x 8 cells lighter than their mean."""
    return _ahash(_floats(grey))


def whash(grey: Image.Image) -> bytes:
    """The Haar wavelet hash of a picture (mode 'L'), taken by imagehash itself: some 4 ms."""
    import imagehash  # only where it is asked for: it takes a tenth of a second to load

    return np.packbits(imagehash.whash(grey).hash).tobytes()


def hamming(a: bytes, b: bytes) -> int:
    """How many bits of two hashes of the same length differ."""
    if len(a) != len(b):
        raise ValueError(f"hashes of {len(a)} and {len(b)} bytes can't be compared")
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count()


Pixels = NDArray[np.float32]


def _floats(grey: Image.Image) -> Pixels:
    return np.asarray(grey).astype(np.float32)


def _phashes(pixels: Pixels) -> bytes:
    """Each is bit-identical to `imagehash.phash(picture.transpose(orientation))`.

    The picture is reduced twice only, as it is and transposed: mirroring commutes with the
    reduction. The cosine transform of each of the 8 is taken anew, since that costs little and a
    sign flip of one transform differs from it in the last bit, which decides the hash of symmetric
    pictures.
    """
    base, turned = _base(pixels), _base(pixels.T)
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


def _dhash(pixels: Pixels) -> bytes:
    cells = lanczos.reduce(pixels, 9, 8)
    return np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes()


def _ahash(pixels: Pixels) -> bytes:
    cells = lanczos.reduce(pixels, 8, 8)
    return np.packbits(cells > cells.mean()).tobytes()


_OF: dict[str, Callable[[Pixels], bytes]] = {"phash": _phashes, "dhash": _dhash, "ahash": _ahash}


def _base(pixels: Pixels) -> NDArray[np.uint8]:
    return lanczos.reduce(pixels, _DCT_SIDE, _DCT_SIDE)


def _low_bits(bases: NDArray[np.uint8]) -> bytes:
    """The hash bits of each of (n, 32, 32) pictures."""
    low = (_COSINES @ bases @ _COSINES.T).reshape(len(bases), -1)
    median = _medians(low)
    if (np.abs(low - median) < _TOO_CLOSE).any():
        low = _as_imagehash(bases)
        median = _medians(low)
    return np.packbits(low > median, axis=1).tobytes()


def _medians(low: NDArray[np.float64]) -> NDArray[np.float64]:
    """As `np.median` of each row of an even length, at a tenth of its time."""
    ordered, half = np.sort(low, axis=1), low.shape[1] // 2
    return (ordered[:, half - 1 : half] + ordered[:, half : half + 1]) / 2


def _as_imagehash(bases: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The transform by the very calls of imagehash.phash.

    In flat and symmetric pictures rounding decides the bits. They are few, and only they pay for
    loading scipy's transforms, which takes longer than a hundred pictures.
    """
    import scipy.fftpack

    transform = scipy.fftpack.dct(scipy.fftpack.dct(bases, axis=1), axis=2)
    return np.asarray(transform, np.float64)[:, :SIZE, :SIZE].reshape(len(bases), -1)


_FREQUENCIES = np.arange(SIZE, dtype=np.float64)[:, None]
_PLACES = 2 * np.arange(_DCT_SIDE, dtype=np.float64)[None] + 1
# The lowest frequencies of the cosine transform (type II, not normalised): (8, 32).
_COSINES = 2 * np.cos(np.pi * _FREQUENCIES * _PLACES / (2 * _DCT_SIDE))
_TOO_CLOSE = 1e-3  # of coefficients up to a million, whose rounding errors are below 1e-8
