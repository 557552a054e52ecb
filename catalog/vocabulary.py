"""The catalog's visual words: a vocabulary learnt from its pictures, and the words of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from ..models.features import PackedKeypoints
from ..models.keypoints import Keypoints
from .database import Catalog
from .progress import Control, Meter
from .words import Vocabulary, learn

_FACT = "vocabulary"
_SAMPLED = 2000  # pictures that a vocabulary is learnt from
_GROWTH = 4  # learn anew when the catalog holds this many times the pictures it was learnt from
_BATCH = 64

Words = NDArray[np.uint16]


def ensure(catalog: Catalog, ids: Sequence[int], meter: Meter, control: Control) -> Vocabulary:
    """The vocabulary, learnt or learnt anew where needed, with every picture's words stored.

    `ids` are the contents to be matched. The vocabulary depends on the set of pictures, not on the
    order in which they came: the sample goes by digest.
    """
    vocabulary = _current(catalog, len(ids)) or _learn(catalog, ids)
    key = _key(vocabulary)
    stored = {
        row[0]
        for row in catalog.connection.execute(
            "SELECT content_id FROM word WHERE vocabulary = ?", (key,)
        )
    }
    missing = [i for i in ids if i not in stored]
    meter.total = len(missing)
    for start in range(0, len(missing), _BATCH):
        control.checkpoint()
        found = list(_descriptors(catalog, missing[start : start + _BATCH]))
        rows = list(_words(vocabulary, found))
        with catalog.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO word (content_id, vocabulary, words, mirrored)"
                " VALUES (?, ?, ?, ?)",
                [(i, key, own.tobytes(), turned.tobytes()) for i, own, turned in rows],
            )
        meter.add(len(missing[start : start + _BATCH]))
    meter.tell()
    return vocabulary


def load(catalog: Catalog, ids: Sequence[int]) -> tuple[list[Words], list[Words]]:
    """The words of the pictures and of their mirror images, empty for those that have none."""
    found = {
        row[0]: (np.frombuffer(row[1], "<u2"), np.frombuffer(row[2], "<u2"))
        for row in catalog.connection.execute("SELECT content_id, words, mirrored FROM word")
    }
    none = (np.zeros(0, np.uint16), np.zeros(0, np.uint16))
    own, turned = zip(*(found.get(i, none) for i in ids), strict=True) if ids else ((), ())
    return list(own), list(turned)


def _key(vocabulary: Vocabulary) -> bytes:
    return blake3(vocabulary.to_bytes()).digest()


def _current(catalog: Catalog, count: int) -> Vocabulary | None:
    row = catalog.connection.execute("SELECT value FROM fact WHERE name = ?", (_FACT,)).fetchone()
    if row is None:
        return None
    learnt_from = int.from_bytes(row[0][:8], "little")
    if count > _GROWTH * learnt_from and learnt_from < _SAMPLED:
        return None
    return Vocabulary.from_bytes(row[0][8:])


def _learn(catalog: Catalog, ids: Sequence[int]) -> Vocabulary:
    digests = dict(catalog.connection.execute("SELECT id, digest FROM content"))
    chosen = sorted(ids, key=lambda i: digests[i])[:_SAMPLED]
    most = max(1, 400_000 // max(1, len(chosen)))
    parts = [k.vectors[:most] for _, k in _descriptors(catalog, chosen)]
    sample = np.concatenate(parts) if parts else np.zeros((1, 128), np.uint8)
    vocabulary = learn(sample)
    head = len(ids).to_bytes(8, "little")
    with catalog.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)",
            (_FACT, head + vocabulary.to_bytes()),
        )
        connection.execute("DELETE FROM word")
    return vocabulary


def _descriptors(catalog: Catalog, ids: Sequence[int]) -> Iterator[tuple[int, Keypoints]]:
    for i in ids:
        row = catalog.connection.execute(
            "SELECT width, height, positions, vectors FROM descriptor"
            " WHERE content_id = ? AND kind = 'sift' AND count > 0",
            (i,),
        ).fetchone()
        if row is not None:
            yield i, Keypoints.unpack(PackedKeypoints("sift", *row))


def _words(
    vocabulary: Vocabulary, found: list[tuple[int, Keypoints]]
) -> Iterator[tuple[int, Words, Words]]:
    """The words of many pictures at once: few large products instead of many small ones."""
    if not found:
        return
    own = vocabulary.assign(np.concatenate([k.vectors for _, k in found]))
    turned = vocabulary.assign(np.concatenate([k.mirrored.vectors for _, k in found]))
    bounds = np.cumsum([len(k) for _, k in found])[:-1]
    parts = zip(found, np.split(own, bounds), np.split(turned, bounds), strict=True)
    for (i, _), words, mirrored in parts:
        yield i, words.astype("<u2"), mirrored.astype("<u2")
