"""All pairs of 64-bit hashes within a Hamming radius: exact, without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.intp]
Pairs = tuple[Places, Places]

_SMALL = 1 << 22  # pairs that are compared outright at a time: bands would cost more for so few
_HANDFUL = 256  # hashes that are compared with any number outright
_WIDTHS = (17, 17, 16, 14)  # the last reaches less far, so that it may have fewer buckets
_LAYERS = 32
_FEW = 8  # times fewer on one side: what is fewer is looked up, without tables of the many
_BLOCK = 1 << 15  # hashes looked up at a time: what is in use stays in the second-level cache
_CHUNK = 1 << 20


def join(a: Hashes, b: Hashes, radius: int) -> Iterator[Pairs]:
    """Index arrays (i, j) of all pairs with at most `radius` differing bits, each pair once.

    Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012:
    of some bands of bits one differs in so few that the buckets of all values that near can be
    looked at. Exact for every radius; made for 0..16.
    """
    if len(a) == 0 or len(b) == 0:
        return
    if len(a) * len(b) <= _SMALL or min(len(a), len(b)) <= _HANDFUL:
        yield from _outright(a, b, radius)
        return
    if len(b) < len(a):
        for j, i in join(b, a, radius):
            yield i, j
        return
    bands = _bands(radius)
    for n, band in enumerate(bands):
        left, right = _Shelf(a, band), _Shelf(b, band)
        layers = 0 if len(a) * _FEW < len(b) else _LAYERS
        for left_i, right_j in _meetings(left, right, band, radius, layers):
            i, j = left.order[left_i], right.order[right_j]
            differing = a[i] ^ b[j]
            fits = np.bitwise_count(differing) <= radius
            for earlier in bands[:n]:  # found already where an earlier band is near enough
                fits &= np.bitwise_count(earlier.of(differing)) > earlier.reach
            if fits.any():
                yield i[fits], j[fits]


def _outright(a: Hashes, b: Hashes, radius: int) -> Iterator[Pairs]:
    rows = max(1, _SMALL // len(b))
    for start in range(0, len(a), rows):
        near = np.bitwise_count(a[start : start + rows, None] ^ b[None]) <= radius
        i, j = np.divmod(np.flatnonzero(near), len(b))
        if len(i):
            yield i + start, j


@dataclass(frozen=True, slots=True)
class _Band:
    """Some bits of a hash: of near hashes, one band differs in at most its `reach`."""

    shift: int
    width: int
    reach: int

    def of(self, hashes: Hashes) -> Hashes:
        """The band's bits."""
        return (hashes >> np.uint64(self.shift)) & np.uint64((1 << self.width) - 1)

    def beside(self, hashes: Hashes) -> NDArray[np.uint32]:
        """32 bits that are none of the band's."""
        up = (self.shift + self.width) % 64
        turned = (hashes >> np.uint64(up)) | (hashes << np.uint64(-up % 64))
        return turned.astype(np.uint32)

    def masks(self) -> list[int]:
        """All values with at most `reach` bits."""
        return [
            sum(1 << bit for bit in bits)
            for flips in range(self.reach + 1)
            for bits in combinations(range(self.width), flips)
        ]


def _bands(radius: int) -> list[_Band]:
    """Bands whose reaches, each and one, add up to `radius` and one: not all can be exceeded."""
    reach, further = divmod(radius + 1 - len(_WIDTHS), len(_WIDTHS))
    shifts = np.cumsum((0, *_WIDTHS)).tolist()
    bands = [_Band(shifts[n], w, reach + (n < further)) for n, w in enumerate(_WIDTHS)]
    return [band for band in bands if band.reach >= 0]


class _Shelf:
    """Hashes in the order of a band's bits; `order` leads back to where each was."""

    def __init__(self, hashes: Hashes, band: _Band) -> None:
        # Two bytes are sorted by digits, many times faster than more.
        keys = band.of(hashes).astype(np.uint16 if band.width <= 16 else np.uint32)
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order].astype(np.intp)
        self.beside = band.beside(hashes)[self.order]
        self.starts = np.searchsorted(self.keys, np.arange((1 << band.width) + 1))
        self.rank = np.arange(len(keys)) - self.starts[self.keys]
        """Which one of its bucket each is."""


def _meetings(
    left: _Shelf, right: _Shelf, band: _Band, radius: int, layers: int
) -> Iterator[Pairs]:
    """Places on two shelves that may be near, all those that are near in this band among them.

    The n-th hash of every bucket is a layer: a table with at most one hash a bucket, in which all
    of the other shelf is looked up at the price of a gather. What has no layer is paired outright.
    """
    masks = band.masks()
    for layer in range(layers):
        ours, theirs = np.flatnonzero(left.rank >= layer), np.flatnonzero(right.rank == layer)
        yield from _looked_up(left, ours, right, theirs, band, masks, radius)
        ours, theirs = np.flatnonzero(left.rank == layer), np.flatnonzero(right.rank > layer)
        for j, i in _looked_up(right, theirs, left, ours, band, masks, radius):
            yield i, j
    deep = np.flatnonzero(left.rank >= layers)
    for mask in masks if len(deep) else ():
        keys = left.keys[deep] ^ mask
        high = right.starts[keys + 1]
        for which, j in _ranges(np.minimum(right.starts[keys] + layers, high), high):
            i = deep[which]
            near = np.bitwise_count(left.beside[i] ^ right.beside[j]) <= radius - mask.bit_count()
            if near.any():
                yield i[near], j[near]


def _looked_up(
    shelf: _Shelf,
    places: Places,
    other: _Shelf,
    layer: Places,
    band: _Band,
    masks: Sequence[int],
    radius: int,
) -> Iterator[Pairs]:
    """Some places of a shelf with those of another's layer that may be near."""
    if not len(places) or not len(layer):
        return
    table, place = np.zeros(1 << band.width, np.uint32), np.full(1 << band.width, -1, np.intp)
    table[other.keys[layer]] = other.beside[layer]
    place[other.keys[layer]] = layer
    for start in range(0, len(places), _BLOCK):
        some = places[start : start + _BLOCK]
        keys, beside = shelf.keys[some], shelf.beside[some]
        key, found = np.empty_like(keys), np.empty_like(beside)
        differing, near = np.empty(len(some), np.uint8), np.empty(len(some), bool)
        hits: list[Places] = []
        met: list[Places] = []
        for mask in masks:
            np.bitwise_xor(keys, mask, out=key)
            np.take(table, key, out=found, mode="wrap")  # "raise" would copy
            np.bitwise_xor(found, beside, out=found)
            np.bitwise_count(found, out=differing)
            np.less_equal(differing, radius - mask.bit_count(), out=near)
            hit = np.flatnonzero(near)
            if len(hit):
                hits.append(hit)
                met.append(place[key[hit]])
        if hits:
            theirs = np.concatenate(met)
            there = theirs >= 0  # else the bucket is empty
            yield some[np.concatenate(hits)[there]], theirs[there]


def _ranges(low: Places, high: Places) -> Iterator[Pairs]:
    """Every (n, k) with low[n] <= k < high[n], in chunks of bounded size."""
    counts = high - low
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _CHUNK, side="right")))
        some = counts[start:stop]
        total = int(some.sum())
        if total:
            which = np.repeat(np.arange(start, stop), some)
            offsets = np.arange(total) - np.repeat(np.cumsum(some) - some, some)
            yield which, np.repeat(low[start:stop], some) + offsets
        start = stop


def join_oriented(
    hashes: Hashes,
    radius: int,
    *,
    inverted: bool = False,
    new: NDArray[np.bool_] | None = None,
) -> Iterator[Pairs]:
    """Pairs i < j of pictures whose pHashes are near in some orientation; a pair may come twice.

    `hashes` is uint64 (n, 8): each picture's hash in the 8 orientations of models.hashes; fewer
    columns, the upright one first, are the orientations looked at. Equal hashes are collapsed
    first, or a heap of near-black scans would go quadratic: within such a heap each picture is
    paired with the `_HEAP` before it only. With `inverted`, pictures whose hash is near the other's
    complement. With `new`, pairs of which neither is new are passed over: what few pictures add
    costs what they are compared with, not all with all.
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
    for orientation in range(hashes.shape[1]):
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
