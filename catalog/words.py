"""Visual words: local descriptors quantised, an inverted index, and the pairs it proposes.

What global signatures can't see (crops, collages, screenshots, framed copies) still shares rare
words with its original. Recall is not exact: `neighbours` a picture are proposed, best first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

VERSION = 1
_SAMPLE = 160_000
_ROUNDS = 8
_LARGEST_BRANCH = 256
_BLOCK = 256
_COMMON = 0.2  # a word in more than this share of the pictures tells none apart


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A two-level vocabulary: `coarse` float32 (c, 128) and `fine` float32 (c, f, 128) centres.

    Nistér and Stewénius, "Scalable recognition with a vocabulary tree", CVPR 2006, with two levels:
    a descriptor costs c + f distances instead of c * f.
    """

    coarse: NDArray[np.float32]
    fine: NDArray[np.float32]

    @property
    def size(self) -> int:
        """How many words there are."""
        return self.fine.shape[0] * self.fine.shape[1]

    def assign(self, vectors: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The word of each descriptor: uint8 (n, 128) to int32 (n,)."""
        x = vectors.astype(np.float32)
        cells = _nearest(x, self.coarse)
        words = np.zeros(len(x), np.int32)
        order = np.argsort(cells, kind="stable")
        bounds = np.searchsorted(cells[order], np.arange(len(self.coarse) + 1))
        for cell in np.flatnonzero(np.diff(bounds)):
            rows = order[bounds[cell] : bounds[cell + 1]]
            words[rows] = cell * self.fine.shape[1] + _nearest(x[rows], self.fine[cell])
        return words

    def to_bytes(self) -> bytes:
        """The vocabulary as the catalog stores it, centres rounded to 8 bits."""
        c, f, _ = self.fine.shape
        head = np.array([c, f], "<u4").tobytes()
        centres = [np.rint(x).astype(np.uint8).tobytes() for x in (self.coarse, self.fine)]
        return head + b"".join(centres)

    @classmethod
    def from_bytes(cls, data: bytes) -> Vocabulary:
        """The vocabulary that `to_bytes` stored."""
        c, f = (int(n) for n in np.frombuffer(data[:8], "<u4"))
        values = np.frombuffer(data[8:], np.uint8).astype(np.float32)
        return cls(values[: c * 128].reshape(c, 128), values[c * 128 :].reshape(c, f, 128))


def learn(sample: NDArray[np.uint8]) -> Vocabulary:
    """Learn a vocabulary from descriptors, uint8 (n, 128); the same rows give the same words.

    The number of words grows with the sample, to at most 65,536, so that a word stays rare.
    """
    generator = np.random.default_rng(20260)
    if len(sample) > _SAMPLE:
        sample = sample[np.sort(generator.choice(len(sample), _SAMPLE, replace=False))]
    x = sample.astype(np.float32)
    branch = int(np.clip(np.sqrt(len(x) / 8), 4, _LARGEST_BRANCH))
    coarse = _k_means(x, branch, generator)
    cells = _nearest(x, coarse)
    fine = np.stack([_k_means(x[cells == cell], branch, generator) for cell in range(branch)])
    # Rounded here as the catalog stores them: a stored vocabulary assigns the very same words.
    return Vocabulary.from_bytes(Vocabulary(coarse, fine).to_bytes())


def _nearest(x: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    nearest = np.empty(len(x), np.int64)
    norms = (centres * centres).sum(axis=1) / 2
    for start in range(0, len(x), 8192):
        block = x[start : start + 8192]
        nearest[start : start + 8192] = (block @ centres.T - norms).argmax(axis=1)
    return nearest


def _k_means(x: NDArray[np.float32], k: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Lloyd's k-means; an empty cell moves to a point drawn at random, few points are repeated."""
    if len(x) <= k:
        rows = np.arange(k) % max(len(x), 1)
        return x[rows] if len(x) else np.zeros((k, 128), np.float32)
    centres = x[np.sort(generator.choice(len(x), k, replace=False))].copy()
    for _ in range(_ROUNDS):
        cells = _nearest(x, centres)
        counts = np.bincount(cells, minlength=k)
        order = np.argsort(cells, kind="stable")
        filled = np.flatnonzero(counts)
        starts = np.cumsum(counts)[filled] - counts[filled]
        centres[filled] = np.add.reduceat(x[order], starts, axis=0) / counts[filled, None]
        empty = np.flatnonzero(counts == 0)
        if len(empty):
            centres[empty] = x[generator.choice(len(x), len(empty), replace=False)]
    return centres


def propose(
    words: list[NDArray[np.uint16]],
    queries: list[NDArray[np.uint16]],
    size: int,
    *,
    neighbours: int,
    only: NDArray[np.bool_] | None = None,
) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.float32]]]:
    """For each query picture the `neighbours` pictures that share the rarest words with it.

    `words[i]` are picture i's words, `queries[i]` the words looked up for it (its own, or its
    mirrored ones), `size` the vocabulary's. Yields (i, indices, tf-idf cosines), best first, i left
    out. With `only`, pictures that are not set there are not looked up.
    """
    count = len(words)
    if count < 2 or neighbours < 1:
        return
    table = _table(words, size)
    frequency = np.bincount(table.indices, minlength=size)
    inverse = np.log(count / np.maximum(frequency, 1)).astype(np.float32)
    inverse[frequency > max(_COMMON * count, 20)] = 0.0
    weights = _normalised(table.multiply(inverse).tocsr())
    looked_up = _normalised(_table(queries, size).multiply(inverse).tocsr())
    columns = weights.T.tocsr()
    rows = np.arange(count) if only is None else np.flatnonzero(only)
    for start in range(0, len(rows), _BLOCK):
        chosen = rows[start : start + _BLOCK]
        scores = (looked_up[chosen] @ columns).tocsr()
        for k, i in enumerate(chosen):
            found = scores.indices[scores.indptr[k] : scores.indptr[k + 1]]
            values = scores.data[scores.indptr[k] : scores.indptr[k + 1]]
            keep = found != i
            found, values = found[keep], values[keep]
            best = np.lexsort((found, -values))[:neighbours]
            yield int(i), found[best].astype(np.intp), values[best]


def _table(words: list[NDArray[np.uint16]], size: int) -> sparse.csr_matrix:
    """Pictures x words, 1 where a picture has the word: repetition is no more evidence."""
    unique = [np.unique(w) for w in words]
    bounds = np.concatenate([[0], np.cumsum([len(w) for w in unique])])
    columns = np.concatenate(unique) if unique else np.zeros(0, np.uint16)
    ones = np.ones(len(columns), np.float32)
    return sparse.csr_matrix((ones, columns, bounds), shape=(len(words), size))


def _normalised(table: sparse.csr_matrix) -> sparse.csr_matrix:
    norms = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    scale = np.repeat(1.0 / np.maximum(norms, 1e-9), np.diff(table.indptr))
    return sparse.csr_matrix((table.data * scale, table.indices, table.indptr), table.shape)
