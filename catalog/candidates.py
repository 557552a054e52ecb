"""Which pairs are worth judging: the union of several generators, never all pairs.

Recall of each, among the pairs it is made for: equal reduced pixels, all. pHash, all within the
radius, in 8 orientations, but for heaps of more than 24 equal hashes (hamming.join_oriented);
inverted hashes, the same against the complement. Embeddings, the 24 nearest of each picture above
the cosine threshold. Flat pictures have neither. Visual words give no such promise:
the `neighbours` best of each picture, half as many of its mirror image (measured: as many find no
copy more, and a third of all candidates were theirs). scripts/evaluate.py measures what each finds.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from . import cosine, hamming
from .database import Catalog
from .nearest import Nearest
from .pictures import Entry
from .progress import Control, Meter
from .settings import MatchSettings

PIXELS, HASHES, INVERTED, EMBEDDING, WORDS = GENERATORS = (
    "equal pixels",
    "pHash",
    "inverted pHash",
    "embedding",
    "visual words",
)
"""The generators, by name."""
FLATTEST = 4.0
"""Contrast (standard deviation of grey) below which a hash or a network tells no picture apart."""

VERSION = 3
"""Raised when other pairs are proposed, by visual words above all."""

_NEAREST = 24  # by a network; what is alike in heaps is compared with a few of its heap


class PairSet:
    """Distinct pairs (low id, high id) of contents, at least one of them new."""

    def __init__(self, ids: NDArray[np.int64], new: NDArray[np.bool_]) -> None:
        self._ids = ids
        self._new = new
        self._parts: list[NDArray[np.int64]] = []

    def add(self, i: NDArray[np.intp], j: NDArray[np.intp]) -> None:
        """Add pairs of indices into the ids."""
        wanted = (self._new[i] | self._new[j]) & (i != j)
        a, b = self._ids[i[wanted]], self._ids[j[wanted]]
        self._parts.append(np.stack([np.minimum(a, b), np.maximum(a, b)], axis=1))
        if len(self._parts) > 256:
            self._parts = [self.pairs()]

    def pairs(self) -> NDArray[np.int64]:
        """The pairs, int64 (n, 2), ascending."""
        if not self._parts:
            return np.zeros((0, 2), np.int64)
        return np.unique(np.concatenate(self._parts), axis=0)


def propose(
    catalog: Catalog,
    entries: Sequence[Entry],
    new: set[int],
    settings: MatchSettings,
    model: str | None,
    meter: Meter,
    control: Control,
    generators: Collection[str] = GENERATORS,
) -> NDArray[np.int64]:
    """Pairs of content ids to judge, int64 (n, 2), at least one of each in `new`.

    `model` is the key of the embeddings to use, None for none.
    """
    ids = np.array([entry.id for entry in entries], np.int64)
    fresh = np.array([entry.id in new for entry in entries], bool)
    found = PairSet(ids, fresh)
    if PIXELS in generators:
        found.add(*equal_pixels(entries))
    control.checkpoint()
    for name, inverted in ((HASHES, False), (INVERTED, True)):
        if name in generators:
            _by_hash(catalog, entries, fresh, settings.hamming, found, inverted=inverted)
            control.checkpoint()
    if EMBEDDING in generators and model is not None:
        _by_embedding(catalog, entries, settings.cosine, model, found)
    control.checkpoint()
    if WORDS in generators and settings.neighbours and _has_descriptors(catalog):
        _by_words(catalog, ids, fresh, settings.neighbours, found, meter, control)
    return found.pairs()


def equal_pixels(entries: Sequence[Entry]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of each picture and the first with the same reduced pixels: a star, not all pairs."""
    first: dict[bytes, int] = {}
    pairs = [
        (first[entry.pixel_digest], index)
        for index, entry in enumerate(entries)
        if first.setdefault(entry.pixel_digest, index) != index
    ]
    array = np.array(pairs, np.intp).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def _by_hash(
    catalog: Catalog,
    entries: Sequence[Entry],
    fresh: NDArray[np.bool_],
    radius: int,
    found: PairSet,
    *,
    inverted: bool,
) -> None:
    stored = dict(
        catalog.connection.execute("SELECT content_id, value FROM hash WHERE kind = 'phash'")
    )
    usable = np.array(
        [i for i, e in enumerate(entries) if e.contrast >= FLATTEST and e.id in stored], np.intp
    )
    if len(usable) < 2:
        return
    data = b"".join(stored[entries[i].id] for i in usable)
    hashes = np.frombuffer(data, ">u8").astype(np.uint64).reshape(-1, 8)
    joined = hamming.join_oriented(hashes, radius, inverted=inverted, new=fresh[usable])
    for i, j in joined:
        found.add(usable[i], usable[j])


def _by_embedding(
    catalog: Catalog,
    entries: Sequence[Entry],
    minimum: float,
    model: str,
    found: PairSet,
) -> None:
    place = {entry.id: k for k, entry in enumerate(entries) if entry.contrast >= FLATTEST}
    usable: list[int] = []
    # Half a million embeddings are 4 GB: they are laid side by side in a file that has no name, and
    # only what is being compared is in memory.
    with tempfile.TemporaryFile(dir=catalog.path.parent) as file:
        for content_id, vector in catalog.connection.execute(
            "SELECT content_id, vector FROM embedding WHERE model = ? ORDER BY content_id", (model,)
        ):
            if content_id in place:
                usable.append(place[content_id])
                file.write(vector)
        if len(usable) < 2:
            return
        file.flush()
        # One network, one length.
        vectors = np.memmap(file, "<f2", "r").reshape(len(usable), -1)
        nearest = Nearest(_NEAREST)
        for i, j, scores in cosine.join(vectors, minimum):
            nearest.add(i, j, scores)
    order = np.array(usable, np.intp)
    i, j = nearest.pairs()
    found.add(order[i], order[j])


def _has_descriptors(catalog: Catalog) -> bool:
    """Whether any picture has keypoints to learn from: `index.descriptors` may be off."""
    row = catalog.connection.execute(
        "SELECT EXISTS (SELECT 1 FROM descriptor WHERE kind = 'sift' AND count > 0)"
    )
    return bool(row.fetchone()[0])


def _by_words(
    catalog: Catalog,
    ids: NDArray[np.int64],
    fresh: NDArray[np.bool_],
    neighbours: int,
    found: PairSet,
    meter: Meter,
    control: Control,
) -> None:
    from . import vocabulary, words  # and scipy with them, half of what a match loads

    learnt = vocabulary.ensure(catalog, [int(i) for i in ids], meter, control)
    own, mirrored = vocabulary.load(catalog, [int(i) for i in ids])
    index = words.Index(own, learnt.size)
    for queries, most in ((own, neighbours), (mirrored, -(-neighbours // 2))):
        for itself, near, _ in index.propose(queries, neighbours=most, only=fresh):
            found.add(np.full(len(near), itself, np.intp), near)
            if itself % 256 == 0:
                control.checkpoint()
