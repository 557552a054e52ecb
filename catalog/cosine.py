"""All pairs of embeddings above a cosine similarity: exact; a bound spares most products."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_BLOCK = 512  # measured best: larger blocks leave the cache, smaller ones call BLAS too often
_KEPT = 128
_SAMPLE = 4096
_TURNS = 3
_CHECKED = 256
_SLACK = 1e-4  # what rounding may take from a bound

Scored = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]


def join(vectors: NDArray[np.float16], minimum: float) -> Iterator[Scored]:
    """Pairs i < j of L2-normalised vectors, float16 (n, d), with their cosines >= `minimum`.

    `vectors` may be memory-mapped: it is read in blocks. Each vector is turned into the basis of
    the principal components; with the first 128 of them, p, and the length r of the rest,
    x.y <= px.py + rx ry (Cauchy and Schwarz), so pairs below `minimum` there need no full product.
    """
    if len(vectors) < 2:
        return
    short = vectors.shape[1] <= 2 * _KEPT
    bounded = vectors.astype(np.float32) if short else _bounded(vectors)
    for start in range(0, len(vectors), _BLOCK):
        left = bounded[start : start + _BLOCK]
        for other in range(start, len(vectors), _BLOCK):
            i, j = np.nonzero(left @ bounded[other : other + _BLOCK].T >= minimum - _SLACK)
            above = i + start < j + other
            i, j = i[above] + start, j[above] + other
            for few in range(0, len(i), _CHECKED):
                some = slice(few, few + _CHECKED)
                yield from _checked(vectors, i[some], j[some], minimum)


def _checked(
    vectors: NDArray[np.float16], i: NDArray[np.intp], j: NDArray[np.intp], minimum: float
) -> Iterator[Scored]:
    x, y = vectors[i].astype(np.float32), vectors[j].astype(np.float32)
    cosines = np.einsum("nd,nd->n", x, y)
    near = cosines >= minimum
    if near.any():
        yield i[near], j[near], cosines[near]


def _bounded(vectors: NDArray[np.float16]) -> NDArray[np.float32]:
    """Vectors whose products bound those of `vectors` from above: float32 (n, 129)."""
    count = len(vectors)
    basis = _basis(vectors[:: -(-count // _SAMPLE)].astype(np.float32))
    bounded = np.empty((count, _KEPT + 1), np.float32)
    for start in range(0, count, _BLOCK):
        block = vectors[start : start + _BLOCK].astype(np.float32)
        part = block @ basis
        rest = (block * block).sum(axis=1) - (part * part).sum(axis=1)
        bounded[start : start + _BLOCK, :_KEPT] = part
        bounded[start : start + _BLOCK, _KEPT] = np.sqrt(np.maximum(rest, 0.0))
    return bounded


def _basis(sample: NDArray[np.float32]) -> NDArray[np.float32]:
    """Nearly the principal axes of a sample, orthonormal columns, float32 (d, 128).

    Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 2011. Any
    orthonormal basis gives a true bound; the better it is, the fewer pairs are left. Not centred:
    it is products that are bounded, and not distances.
    """
    generator = np.random.default_rng(20260)
    basis = generator.standard_normal((sample.shape[1], _KEPT), np.float32)
    for _ in range(_TURNS):
        basis, _ = np.linalg.qr(sample.T @ (sample @ basis))
    return basis
