"""All pairs of embeddings above a cosine similarity: exact; a bound spares most products."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_BLOCK = 512  # measured best: larger blocks leave the cache, smaller ones call BLAS too often
_COARSE = 64  # columns of the bound that every pair is looked at by, a multiple of 16 for BLAS
_FINE = 128  # of the bound for the few pairs that are left
_SAMPLE = 2048
_FEW = 3000  # vectors of which all products cost less than the components
_TURNS = 3
_CHECKED = 256
_BOUNDED = 1 << 14
_SLACK = 1e-4  # what rounding may take from a bound

Indices = NDArray[np.intp]
Scored = tuple[Indices, Indices, NDArray[np.float32]]
Matrix = NDArray[np.float32]


def join(vectors: NDArray[np.float16], minimum: float) -> Iterator[Scored]:
    """Pairs i < j of L2-normalised vectors, float16 (n, d), with their cosines >= `minimum`.

    `vectors` may be memory-mapped: it is read in blocks. Each vector is turned into the basis of
    the principal components; with the first of them, p, and the length r of the rest,
    x.y <= px.py + rx ry (Cauchy and Schwarz). All pairs are put to that bound with 63 components,
    what is left with 127, and the full product is taken of those that neither rules out.
    """
    if len(vectors) < 2:
        return
    if len(vectors) <= _FEW or vectors.shape[1] <= 2 * _FINE:
        whole = vectors.astype(np.float32)
        for i, j in _above(whole, minimum - _SLACK):
            yield from _checked(vectors, i, j, minimum)
        return
    coarse, fine = _bounds(vectors)
    for i, j in _above(coarse, minimum - _SLACK):
        for start in range(0, len(i), _BOUNDED):
            few_i, few_j = i[start : start + _BOUNDED], j[start : start + _BOUNDED]
            left = np.einsum("nd,nd->n", fine[few_i], fine[few_j]) >= minimum - _SLACK
            yield from _checked(vectors, few_i[left], few_j[left], minimum)


def _above(rows: Matrix, least: float) -> Iterator[tuple[Indices, Indices]]:
    """Pairs i < j of rows whose product is at least `least`."""
    products = np.empty((_BLOCK, _BLOCK), np.float32)
    reached = np.empty((_BLOCK, _BLOCK), bool)
    for start in range(0, len(rows), _BLOCK):
        left = rows[start : start + _BLOCK]
        for other in range(start, len(rows), _BLOCK):
            right = rows[other : other + _BLOCK]
            product = np.matmul(left, right.T, out=products[: len(left), : len(right)])
            near = np.greater_equal(product, least, out=reached[: len(left), : len(right)])
            # Many times faster than `nonzero`, which looks at a matrix cell by cell.
            i, j = np.divmod(np.flatnonzero(near), len(right))
            above = i + start < j + other
            if above.any():
                yield i[above] + start, j[above] + other


def _checked(
    vectors: NDArray[np.float16], i: Indices, j: Indices, minimum: float
) -> Iterator[Scored]:
    for start in range(0, len(i), _CHECKED):
        few_i, few_j = i[start : start + _CHECKED], j[start : start + _CHECKED]
        x, y = vectors[few_i].astype(np.float32), vectors[few_j].astype(np.float32)
        cosines = np.einsum("nd,nd->n", x, y)
        near = cosines >= minimum
        if near.any():
            yield few_i[near], few_j[near], cosines[near]


def _bounds(vectors: NDArray[np.float16]) -> tuple[Matrix, Matrix]:
    """Rows whose products bound those of `vectors` from above: float32 (n, 64) and (n, 128)."""
    count = len(vectors)
    basis = _basis(vectors[:: -(-count // _SAMPLE)].astype(np.float32))
    coarse, fine = (np.empty((count, columns), np.float32) for columns in (_COARSE, _FINE))
    for start in range(0, count, _BLOCK):
        block = vectors[start : start + _BLOCK].astype(np.float32)
        part = block @ basis
        whole = np.einsum("nd,nd->n", block, block)
        for bound in (coarse, fine):
            kept = part[:, : bound.shape[1] - 1]
            rest = whole - np.einsum("nd,nd->n", kept, kept)
            bound[start : start + _BLOCK, :-1] = kept
            bound[start : start + _BLOCK, -1] = np.sqrt(np.maximum(rest, 0.0))
    return coarse, fine


def _basis(sample: NDArray[np.float32]) -> NDArray[np.float32]:
    """Nearly the principal axes of a sample, orthonormal columns, float32 (d, 127),
    the weightiest first.

    Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 2011. Any
    orthonormal basis gives a true bound; the better it is, the fewer pairs are left. Not centred:
    it is products that are bounded, and not distances.
    """
    generator = np.random.default_rng(20260)
    basis = generator.standard_normal((sample.shape[1], _FINE - 1), np.float32)
    for _ in range(_TURNS):
        basis, _ = np.linalg.qr(sample.T @ (sample @ basis))
    part = sample @ basis
    _, turns = np.linalg.eigh(part.T @ part)
    return np.ascontiguousarray(basis @ turns[:, ::-1])
