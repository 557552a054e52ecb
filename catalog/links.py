"""The related pairs as a graph in arrays: its components, and what tells one from before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from ..models.evidence import Verdict
from .components import components
from .pairs import Pair

FINGERPRINT = 16
"""Bytes of a component's fingerprint."""
_CODES = {str(verdict): code for code, verdict in enumerate(Verdict)}
_VERDICTS = tuple(Verdict)
_CUT = len(_CODES)
_ROW = np.dtype([("a", "<i8"), ("b", "<i8"), ("code", "i1"), ("similarity", "<f8")])


@dataclass(frozen=True, slots=True)
class Link:
    """Two pictures that are copies or near shots of each other."""

    pair: Pair
    verdict: Verdict
    similarity: float


class Links:
    """The links between the pictures in `present`, `cuts` taken out but for the fingerprints.

    `related` holds (low, high, verdict, similarity), ascending. A component's fingerprint hangs on
    its links, those that were cut, and `salt`: groups formed from it are then the same.
    """

    def __init__(
        self,
        related: Sequence[tuple[int, int, str, float]],
        cuts: Iterable[Pair],
        present: Set[int],
        salt: bytes,
    ) -> None:
        kept = [row for row in related if row[0] in present and row[1] in present]
        apart = {pair for pair in cuts if pair[0] in present and pair[1] in present}
        linked = {(row[0], row[1]) for row in kept} if apart else set()
        kept += [(a, b, "", 0.0) for a, b in sorted(apart - linked)]
        rows = np.zeros(len(kept), _ROW)
        for column, name in enumerate(("a", "b")):
            rows[name] = [row[column] for row in kept]
        rows["similarity"] = [row[3] for row in kept]
        rows["code"] = [
            _CUT if not verdict or (a, b) in apart else _CODES[verdict] for a, b, verdict, _ in kept
        ]
        self._salt = salt
        self._items, self._rows, self._bounds, self._label = _parted(rows)
        self.fingerprints = [self._fingerprint(k) for k in range(len(self._bounds) - 1)]

    @property
    def items(self) -> set[int]:
        """Every picture that is linked with another."""
        return set(self._items.tolist())

    def choose(self, wanted: Callable[[bytes], bool]) -> tuple[set[int], list[Link]]:
        """The pictures and the links of the components whose fingerprints are wanted."""
        chosen = np.array([wanted(mark) for mark in self.fingerprints], bool)
        if not chosen.any():
            return set(), []
        items = self._items[chosen[self._label]]
        kept = np.repeat(chosen, np.diff(self._bounds)) & (self._rows["code"] != _CUT)
        found = [
            Link((a, b), _VERDICTS[code], similarity)
            for a, b, code, similarity in self._rows[kept].tolist()
        ]
        return set(items.tolist()), found

    def _fingerprint(self, component: int) -> bytes:
        rows = self._rows[self._bounds[component] : self._bounds[component + 1]]
        return blake3(self._salt + rows.tobytes()).digest(FINGERPRINT)


def _parted(
    rows: NDArray[np.void],
) -> tuple[NDArray[np.int64], NDArray[np.void], NDArray[np.intp], NDArray[np.intp]]:
    """Items, the rows by component, where each component begins and ends, each item's component.

    A cut joins nothing; it counts for the component that holds both its ends, if one does.
    """
    ends = np.stack([rows["a"], rows["b"]], axis=1)
    joining = rows["code"] != _CUT
    items, indices = np.unique(ends[joining], return_inverse=True)
    indices = indices.reshape(-1, 2)
    count, label = components(len(items), indices)
    known = np.isin(ends, items).all(axis=1)
    rows, ends = rows[known], ends[known]
    of_end = label[np.searchsorted(items, ends)] if len(items) else np.zeros((0, 2), np.intp)
    inside = of_end[:, 0] == of_end[:, 1]
    rows, of_row = rows[inside], of_end[inside, 0]
    order = np.lexsort((rows["b"], rows["a"], of_row))
    bounds = np.searchsorted(of_row[order], np.arange(count + 1))
    return items, rows[order], bounds, label
