"""Visual words: local descriptors quantised, an inverted index, and the pairs it proposes.

What global signatures can't see (crops, collages, screenshots, framed copies) still shares rare
words with its original. Recall is not exact: `neighbours` a picture are proposed, best first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_SAMPLE = 160_000
_ROUNDS = 8
_LARGEST_BRANCH = 256
_BLOCK = 256  # pictures looked up at a time, or as many as have this many scores
_SCORES = 1 << 23
_COMMON = 0.2  # a word in more than this share of the pictures tells none apart
_FIRST = 5 / 6  # of the neighbours that the whole query finds where there is a crowd
_LATER = 12  # parts of the neighbours, of which each further query finds one
_CROWD = 0.5  # a word that this share of the first has is shared by a crowd of copies
_CROWDED = 8  # such words, from which there is one
_EXPLAINED = 2  # pictures with a word, after which it asks for no more
_WHOLE = 0.8  # share of a picture that the crowd explains, from which it is one of them


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


class Index:
    """Which pictures have which words: `words[i]` are picture i's, `size` is the vocabulary's."""

    def __init__(self, words: list[NDArray[np.uint16]], size: int) -> None:
        self._size = size
        self._table = _table(words, size)
        count = len(words)
        frequency = np.bincount(self._table.indices, minlength=size)
        self._inverse = np.log(max(count, 1) / np.maximum(frequency, 1)).astype(np.float32)
        self._inverse[frequency > max(_COMMON * count, 20)] = 0.0
        self._columns = sparse.csr_matrix(_weighted(self._table, self._inverse).T)

    def propose(
        self,
        queries: list[NDArray[np.uint16]],
        *,
        neighbours: int,
        only: NDArray[np.bool_] | None = None,
    ) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.float32]]]:
        """For each query picture the `neighbours` pictures that share the rarest words with it.

        `queries[i]` are the words looked up for picture i: its own, or its mirrored ones. Yields
        (i, indices, tf-idf cosines), best first, i left out. With `only`, pictures that are not set
        there are not looked up.

        Where a crowd of copies takes all places, the last ones are asked for by the words that the
        pictures found so far don't have: a collage finds its other pictures. (Measured: the
        pictures on a collage that were found, each with 43 copies, grew from 94 to 100 %,
        candidates by 7 %.)
        """
        if len(queries) < 2 or neighbours < 1:
            return
        table, columns = self._table, self._columns
        rows = np.arange(len(queries)) if only is None else np.flatnonzero(only)
        block = min(_BLOCK, max(1, _SCORES // len(queries)))
        for start in range(0, len(rows), block):
            chosen = rows[start : start + block]
            asked = _weighted(_table([queries[i] for i in chosen], self._size), self._inverse)
            searches = [
                _Search(int(i), own, weights, *_best(scores, (i,), neighbours))
                for i, (own, weights), scores in zip(
                    chosen, _rows(asked), _rows(sparse.csr_matrix(asked @ columns)), strict=True
                )
            ]
            crowded = [search for search in searches if search.meets_a_crowd(table, neighbours)]
            while crowded:
                rest = sparse.csr_matrix(sparse.vstack([s.rest(self._size) for s in crowded]))
                scores = _rows(sparse.csr_matrix(rest @ columns))
                for search, others in zip(crowded, scores, strict=True):
                    search.take(others, table, neighbours)
                crowded = [search for search in crowded if search.wants_more]
            for search in searches:
                yield search.itself, search.near, search.values


_Matrix = Any  # scipy's stubs promise no dtype
_Scores = tuple[NDArray[np.intp], NDArray[np.float32]]


@dataclass
class _Search:
    """The search for one picture: its words with their weights, and what was found, best first."""

    itself: int
    own: NDArray[np.intp]
    weights: NDArray[np.float32]
    near: NDArray[np.intp]
    values: NDArray[np.float32]
    wants_more: bool = False

    def meets_a_crowd(self, table: _Matrix, neighbours: int) -> bool:
        """Whether copies of a part of it fill the places; then the last of these are given up."""
        first = max(1, round(neighbours * _FIRST))
        if len(self.near) <= first or first < 2 * _EXPLAINED:
            return False
        shared = self._counts(table, self.near[:first])
        explained = float((self.weights[shared >= _EXPLAINED] ** 2).sum())  # of 1
        crowd = int((shared >= _CROWD * first).sum()) >= _CROWDED
        self.wants_more = crowd and explained < _WHOLE
        if self.wants_more:
            self.near, self.values = self.near[:first], self.values[:first]
            self._explain(shared)
        return self.wants_more

    def rest(self, size: int) -> _Matrix:
        """The words that ask for more, as a query."""
        return sparse.csr_matrix((self.weights, self.own, [0, len(self.own)]), shape=(1, size))

    def take(self, found: _Scores, table: _Matrix, neighbours: int) -> None:
        """Take the best of those found that are new."""
        room = neighbours - len(self.near)
        step = min(room, max(1, neighbours // _LATER))
        near, values = _best(found, (self.itself, *self.near), step)
        self.near = np.concatenate([self.near, near])
        self.values = np.concatenate([self.values, values])
        self._explain(self._counts(table, near))
        self.wants_more = room > step == len(near)

    def _counts(self, table: _Matrix, near: NDArray[np.intp]) -> NDArray[np.intp]:
        """How many of some pictures have each of the words."""
        parts = [table.indices[table.indptr[i] : table.indptr[i + 1]] for i in near]
        theirs = np.concatenate(parts) if parts else np.zeros(0, np.intp)
        return np.bincount(theirs, minlength=table.shape[1])[self.own]

    def _explain(self, counts: NDArray[np.intp]) -> None:
        left = counts < _EXPLAINED
        self.own, self.weights = self.own[left], self.weights[left]


def _rows(matrix: _Matrix) -> Iterator[_Scores]:
    """Each row's columns and values."""
    for low, high in itertools.pairwise(matrix.indptr):
        yield matrix.indices[low:high], matrix.data[low:high]


def _best(found: _Scores, but: Sequence[int], most: int) -> _Scores:
    near, values = found
    places = most + len(but)
    if places < len(values):  # among all pictures: only those that may be among the best are sorted
        keep = values >= np.partition(values, -places)[-places]
        near, values = near[keep], values[keep]
    keep = ~np.isin(near, but)
    near, values = near[keep].astype(np.intp), values[keep]
    best = np.lexsort((near, -values))[:most]
    return near[best], values[best]


def _table(words: list[NDArray[np.uint16]], size: int) -> _Matrix:
    """Pictures x words, 1 where a picture has the word: repetition is no more evidence."""
    unique = [np.unique(w) for w in words]
    bounds = np.concatenate([[0], np.cumsum([len(w) for w in unique])])
    columns = np.concatenate(unique) if unique else np.zeros(0, np.uint16)
    ones = np.ones(len(columns), np.float32)
    return sparse.csr_matrix((ones, columns, bounds), shape=(len(words), size))


def _weighted(table: _Matrix, inverse: NDArray[np.float32]) -> _Matrix:
    """The table with each word's weight, and rows of length one."""
    values = inverse[table.indices]
    squares = np.concatenate([[0.0], np.cumsum(values.astype(np.float64) ** 2)])
    norms = np.sqrt(np.diff(squares[table.indptr]))
    scale = np.repeat(1.0 / np.maximum(norms, 1e-9), np.diff(table.indptr)).astype(np.float32)
    return sparse.csr_matrix((values * scale, table.indices, table.indptr), table.shape)
