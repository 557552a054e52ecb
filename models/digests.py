"""BLAKE3-256 digests: of bytes, of files read in pieces, and of pixels."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, BinaryIO

import blake3

if TYPE_CHECKING:  # digests of files are wanted where no picture is opened
    import numpy as np
    from numpy.typing import NDArray

_PIECE = 1 << 20


def of_bytes(data: bytes) -> bytes:
    """The 32-byte digest of `data`."""
    return blake3.blake3(data).digest()


def of_stream(stream: BinaryIO) -> bytes:
    """The 32-byte digest of the rest of an open file, read in pieces of 1 MiB.

    Raises:
        OSError: reading failed.
    """
    hasher = blake3.blake3()
    while piece := stream.read(_PIECE):
        hasher.update(piece)
    return hasher.digest()


def of_file(path: bytes | str | os.PathLike[str]) -> bytes:
    """The 32-byte digest of a file's content, read in pieces of 1 MiB.

    Raises:
        OSError: the file can't be opened or read.
    """
    with open(path, "rb", buffering=0) as stream:
        return of_stream(stream)


def of_pixels(pixels: NDArray[np.uint8]) -> bytes:
    """The 32-byte digest of a picture's pixels, uint8 of any shape.

    The shape goes in first: a 2 x 8 and a 4 x 4 picture of the same bytes are different pictures.
    """
    hasher = blake3.blake3(struct.pack(f"<{pixels.ndim}I", *pixels.shape))
    hasher.update(pixels.data if pixels.flags.c_contiguous else pixels.tobytes())
    return hasher.digest()
