"""Of scored pairs in any number and order, those among the best of one of their pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_PENDING = 1 << 20  # pairs that are held before the worst are let go

_ROW = np.dtype([("itself", "<i4"), ("other", "<i4"), ("score", "<f4")])


class Nearest:
    """The `most` best partners of each picture; what is held grows with the pictures alone.

    A heap of pictures that are all alike (blank pages, one form) is all pairs otherwise: nearly
    thirteen million of 5 % among 100,000.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = np.zeros(0, _ROW)
        self._pending: list[NDArray[np.void]] = []
        self._count = 0

    def add(self, i: NDArray[np.intp], j: NDArray[np.intp], scores: NDArray[np.float32]) -> None:
        """Take pairs of pictures, each pair once, the larger score the better."""
        for itself, other in ((i, j), (j, i)):
            rows = np.zeros(len(i), _ROW)
            rows["itself"], rows["other"], rows["score"] = itself, other, scores
            self._pending.append(rows)
            self._count += len(rows)
        if self._count > max(_PENDING, len(self._kept)):
            self._settle()

    def pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The pairs (i, j) that are left, i < j, each once, ascending; equals by their indices."""
        self._settle()
        low = np.minimum(self._kept["itself"], self._kept["other"]).astype(np.intp)
        high = np.maximum(self._kept["itself"], self._kept["other"]).astype(np.intp)
        found = np.unique(np.stack([low, high], axis=1), axis=0)
        return found[:, 0], found[:, 1]

    def _settle(self) -> None:
        rows = np.concatenate([self._kept, *self._pending])
        rows = rows[np.lexsort((rows["other"], -rows["score"], rows["itself"]))]
        first = np.flatnonzero(np.diff(rows["itself"], prepend=-1))
        rank = np.arange(len(rows)) - np.repeat(first, np.diff(np.append(first, len(rows))))
        self._kept = rows[rank < self._most]
        self._pending, self._count = [], 0
