"""All pairs of 64-bit hashes within a Hamming radius: exact, without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]

_BANDS = 4
_BITS = 16
_SMALL = 1 << 22  # products below this are compared outright: the bands' tables would cost more
_CHUNK = 1 << 20


def join(a: Hashes, b: Hashes, radius: int) -> Iterator[Pairs]:
    """Index arrays (i, j) of all pairs with at most `radius` differing bits, each pair once.

    Pigeonhole (Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing",
    CVPR 2012): of four 16-bit bands one differs in at most radius // 4 bits, so only the buckets
    around each hash's band are looked at. Exact for every radius; made for 0..16.
    """
    if len(a) == 0 or len(b) == 0:
        return
    if len(a) * len(b) <= _SMALL:
        i, j = np.nonzero(np.bitwise_count(a[:, None] ^ b[None]) <= radius)
        yield i, j
        return
    allowed = radius // _BANDS
    masks = [0]
    for flips in range(1, allowed + 1):
        masks += [sum(1 << bit for bit in bits) for bits in combinations(range(_BITS), flips)]
    bands_a, bands_b = _bands(a), _bands(b)
    for band in range(_BANDS):
        order = np.argsort(bands_b[band], kind="stable")
        starts = np.searchsorted(bands_b[band][order], np.arange((1 << _BITS) + 1))
        for mask in masks:
            keys = bands_a[band] ^ np.uint16(mask)
            for i, j in _meetings(starts[keys], starts[keys.astype(np.intp) + 1], order):
                near = np.bitwise_count(a[i] ^ b[j]) <= radius
                i, j = i[near], j[near]
                for earlier in range(band):  # found already where an earlier band is near enough
                    apart = np.bitwise_count(bands_a[earlier][i] ^ bands_b[earlier][j]) > allowed
                    i, j = i[apart], j[apart]
                if len(i):
                    yield i, j


def _bands(hashes: Hashes) -> list[NDArray[np.uint16]]:
    return [
        ((hashes >> np.uint64(_BITS * band)) & np.uint64(0xFFFF)).astype(np.uint16)
        for band in range(_BANDS)
    ]


def _meetings(
    low: NDArray[np.intp], high: NDArray[np.intp], order: NDArray[np.intp]
) -> Iterator[Pairs]:
    """Every (i, order[k]) with low[i] <= k < high[i], in chunks of bounded size."""
    counts = high - low
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _CHUNK, side="right")))
        some = counts[start:stop]
        total = int(some.sum())
        if total:
            i = np.repeat(np.arange(start, stop), some)
            offsets = np.arange(total) - np.repeat(np.cumsum(some) - some, some)
            yield i, order[np.repeat(low[start:stop], some) + offsets]
        start = stop


def join_oriented(
    hashes: Hashes,
    radius: int,
    *,
    inverted: bool = False,
    new: NDArray[np.bool_] | None = None,
) -> Iterator[Pairs]:
    """Pairs i < j of pictures whose pHashes are near in some orientation; a pair may come twice.

    `hashes` is uint64 (n, 8): each picture's hash in the 8 orientations of models.hashes. Equal
    hashes are collapsed first, or a heap of near-black scans would go quadratic: within such a heap
    each picture is paired with the `_HEAP` before it only. With `inverted`, pictures whose hash is
    near the other's complement. With `new`, pairs of which neither is new are passed over: what few
    pictures add costs what they are compared with, not all with all.
    """
    if len(hashes) < 2:
        return
    plain, member, counts = np.unique(hashes[:, 0], return_inverse=True, return_counts=True)
    order = np.argsort(member, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)])
    if not inverted:
        yield from _within_heaps(order, starts, counts)
    first = order[starts[:-1]]
    every = np.arange(len(plain))
    asked = every if new is None else np.unique(member[new])
    # Near one way round is nearly, not always, near the other way round: bits go by their median.
    sides = [(every, every)] if new is None else [(asked, every), (every, asked)]
    for orientation in range(8):
        other = hashes[first, orientation]
        for left, right in sides:
            for i, j in join(plain[left], (~other if inverted else other)[right], radius):
                i, j = left[i], right[j]
                apart = i != j
                yield from _expanded(i[apart], j[apart], order, starts)


_HEAP = 24


def _within_heaps(
    order: NDArray[np.intp], starts: NDArray[np.intp], counts: NDArray[np.intp]
) -> Iterator[Pairs]:
    heap = np.repeat(np.arange(len(counts)), counts)
    for step in range(1, min(_HEAP, int(counts.max()) - 1) + 1):
        same = np.flatnonzero(heap[step:] == heap[:-step])
        if len(same):
            yield _sorted(order[same], order[same + step])


def _expanded(
    i: NDArray[np.intp], j: NDArray[np.intp], order: NDArray[np.intp], starts: NDArray[np.intp]
) -> Iterator[Pairs]:
    """Pairs of distinct hashes as pairs of pictures: the first few of each heap stand for it."""
    for left in range(4):
        for right in range(4):
            fits = (starts[i] + left < starts[i + 1]) & (starts[j] + right < starts[j + 1])
            if fits.any():
                yield _sorted(order[starts[i[fits]] + left], order[starts[j[fits]] + right])


def _sorted(i: NDArray[np.intp], j: NDArray[np.intp]) -> Pairs:
    return np.minimum(i, j), np.maximum(i, j)
