"""Which of 100,000 lines hold a text: found in one pass over their bytes, not line by line."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_SELDOM = 20  # one of so many bytes: rarer ones are listed at once, others thinned out first


class TextIndex:
    """Lines of text (none holds a line break) in which a text is looked for, whatever its case."""

    def __init__(self, lines: Iterable[str]) -> None:
        joined = "".join(f"{line.casefold()}\n" for line in lines).encode(errors="surrogatepass")
        self._bytes = np.frombuffer(joined, np.uint8)
        ends = np.flatnonzero(self._bytes == ord("\n"))
        self._starts = np.concatenate([np.zeros(1, ends.dtype), ends[:-1] + 1])[: len(ends)]
        self._often = np.bincount(self._bytes, minlength=256)

    def __len__(self) -> int:
        return len(self._starts)

    def lines_with(self, text: str) -> NDArray[np.bool_]:
        """For each line, whether it holds a text; shape (lines,)."""
        wanted = text.casefold().encode(errors="surrogatepass")
        room = len(self._bytes) - len(wanted) + 1
        if not wanted:
            return np.ones(len(self), bool)
        if b"\n" in wanted or room <= 0:
            return np.zeros(len(self), bool)
        # The rarest bytes first: few places are left at which to look for the others.
        order = sorted(range(len(wanted)), key=lambda place: self._often[wanted[place]])
        here = self._bytes[order[0] : order[0] + room] == wanted[order[0]]
        if self._often[wanted[order[0]]] * _SELDOM > len(self._bytes):
            for place in order[1:2]:
                here &= self._bytes[place : place + room] == wanted[place]
            if len(wanted) <= 2:  # the places would cost more than they spare
                whole = np.zeros(len(self._bytes), bool)
                whole[:room] = here
                return np.logical_or.reduceat(whole, self._starts)
        places = np.flatnonzero(here)
        for place in order[1:]:
            places = places[self._bytes[places + place] == wanted[place]]
        found = np.zeros(len(self), bool)
        found[np.searchsorted(self._starts, places, side="right") - 1] = True
        return found
