"""All pairs of embeddings above a cosine similarity, by blocked matrix products: exact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_BLOCK = 512  # measured best: larger blocks leave the cache, smaller ones call BLAS too often

Scored = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]


def join(vectors: NDArray[np.float16], minimum: float) -> Iterator[Scored]:
    """Pairs i < j of L2-normalised vectors, float16 (n, d), with their cosines >= `minimum`."""
    for start in range(0, len(vectors), _BLOCK):
        left = vectors[start : start + _BLOCK].astype(np.float32)
        for other in range(start, len(vectors), _BLOCK):
            right = vectors[other : other + _BLOCK].astype(np.float32)
            product = left @ right.T
            i, j = np.nonzero(product >= minimum)
            above = i + start < j + other
            i, j = i[above], j[above]
            if len(i):
                yield i + start, j + other, product[i, j]
