"""The candidates of a labelled set again, by generator: the catalog forgets them once judged."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
from twinsift.catalog import candidates
from twinsift.catalog.database import Catalog
from twinsift.catalog.pictures import entries
from twinsift.catalog.progress import Control, Meter, silent
from twinsift.catalog.settings import Settings

from labelled import Row, images_of
from rivals import Pair, ordered

SAME_BYTES = "same bytes"
"""The generator that needs no comparison: one content, several files."""

Names = Mapping[int, Sequence[str]]
"""The names of a set's files by content."""


@dataclass(frozen=True)
class Proposals:
    """Which pairs are to be compared."""

    generators: Mapping[str, frozenset[Pair]]
    """Pairs of the set's files that each generator proposes."""
    pictures: int
    """How many were looked at, those without labels in the catalog among them."""
    candidates: int
    """Pairs of pictures that any generator proposes."""
    partners: tuple[int, int] = (0, 0)
    """With how many others a picture is compared: the median, and the most."""

    @cached_property
    def union(self) -> frozenset[Pair]:
        """Pairs of the set's files that any generator proposes."""
        return frozenset().union(*self.generators.values())


def names_of(catalog: Catalog, folder: Path, truth: Mapping[str, Row]) -> dict[int, list[str]]:
    """The labelled files by content; contents with an error are left out."""
    place = os.fsencode(images_of(folder).resolve())
    names: dict[int, list[str]] = defaultdict(list)
    for content, path in files(catalog):
        above, _, last = path.rpartition(b"/")
        name = last.decode("utf-8", "surrogateescape")
        if above == place and name in truth:
            names[content].append(name)
    return dict(names)


def files(catalog: Catalog) -> Iterable[tuple[int, bytes]]:
    """Every file that could be read: its content and its path."""
    rows = catalog.connection.execute(
        """
        SELECT f.content_id, r.path, f.path FROM file f
          JOIN content c ON c.id = f.content_id JOIN root r ON r.id = f.root_id
         WHERE f.present = 1 AND f.error IS NULL AND c.error IS NULL
        """
    )
    for content, root, path in rows:
        yield content, os.path.join(root, path)


def spread(names: Names, pairs: Iterable[Sequence[int]]) -> Iterable[tuple[Pair, tuple[int, int]]]:
    """Pairs of contents as pairs of files, each with the contents."""
    for a, b in pairs:
        for x in names.get(a, ()):
            for y in names.get(b, ()):
                yield ordered(x, y), (a, b)


def propose(catalog: Catalog, names: Names, settings: Settings) -> Proposals:
    """What each generator proposes among all pictures of the catalog."""
    known = entries(catalog)
    model = catalog.connection.execute("SELECT model FROM embedding LIMIT 1").fetchone()
    twins = (combinations(those, 2) for those in names.values())
    found = {SAME_BYTES: frozenset(ordered(a, b) for several in twins for a, b in several)}
    proposed = []
    for name in candidates.GENERATORS:
        pairs = candidates.propose(
            catalog,
            known,
            {entry.id for entry in known},
            settings.match,
            model[0] if model else None,
            Meter(silent, "proposing"),
            Control(),
            [name],
        )
        if len(pairs):
            proposed.append(pairs)
            found[name] = frozenset(pair for pair, _ in spread(names, pairs.tolist()))
    union = np.unique(np.concatenate([np.zeros((0, 2), np.int64), *proposed]), axis=0)
    ids = np.array([entry.id for entry in known], np.int64)
    partners = np.bincount(np.searchsorted(ids, union.ravel()), minlength=max(len(ids), 1))
    middle = (int(np.median(partners)), int(partners.max()))
    return Proposals(found, len(known), len(union), middle)
