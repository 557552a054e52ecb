"""Measure what adding pictures to a large catalog costs the candidate search and the grouping.

    .venv/bin/python scripts/bench_groups.py [--pictures 100000] [--added 100]

Makes a catalog of rows, without pictures: groups of two to five with every pair judged, hashes and
words at random. Each added picture joins a group. Prints CPU seconds, and how many were looked at.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import TypeVar

import numpy as np
from blake3 import blake3
from twinsift.catalog import candidates, pairs, strictness
from twinsift.catalog.database import Catalog
from twinsift.catalog.grouping import Grouped, regroup
from twinsift.catalog.judging import Judges
from twinsift.catalog.pairs import Judged
from twinsift.catalog.pictures import entries
from twinsift.catalog.progress import Control, Meter, silent
from twinsift.catalog.settings import MatchSettings
from twinsift.catalog.words import Vocabulary
from twinsift.models.evidence import Evidence, Verdict

_METHOD = "evidence"
_WORDS = 400  # of a picture
_BRANCH = 141
_EVIDENCE = Evidence(
    hamming=4, matches=300, inliers=280, cover_a=1.0, cover_b=1.0, ssim=0.95, method="keypoints"
)
T = TypeVar("T")


class Rows:
    """A catalog filled with rows that look like those of indexed and matched pictures."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._rng = np.random.default_rng(1)
        self._key = b""

    def begin(self, pictures: int) -> None:
        """The root and a vocabulary, as if learnt from so many pictures."""
        centres = self._rng.integers(0, 120, (_BRANCH, _BRANCH, 128)).astype(np.float32)
        vocabulary = Vocabulary(centres[0], centres).to_bytes()
        self._key = blake3(vocabulary).digest()
        with self.catalog.transaction() as connection:
            connection.execute("INSERT INTO root (id, path, added_at) VALUES (1, X'2F70', 0)")
            connection.execute(
                "INSERT INTO fact VALUES ('vocabulary', ?)",
                (pictures.to_bytes(8, "little") + vocabulary,),
            )

    def add(self, ids: range) -> None:
        """Contents with a file, a hash and words each."""
        with self.catalog.transaction() as connection:
            for i in ids:
                words = self._rng.integers(0, _BRANCH**2, (2, _WORDS)).astype("<u2")
                connection.execute(
                    "INSERT INTO content (id, digest, size, extractor, format, width, height,"
                    " pixel_digest, contrast) VALUES (?, ?, 1, '', 'JPEG', 4000, 3000, ?, 50.0)",
                    (i, self._rng.bytes(32), self._rng.bytes(32)),
                )
                connection.execute(
                    "INSERT INTO file (root_id, path, size, mtime_ns, device, inode, content_id)"
                    " VALUES (1, ?, 1, 0, 1, ?, ?)",
                    (str(i).encode(), i, i),
                )
                connection.execute(
                    "INSERT INTO hash VALUES (?, 'phash', ?)", (i, self._rng.bytes(64))
                )
                connection.execute(
                    "INSERT INTO descriptor VALUES (?, 'sift', 512, 384, 1, X'', X'')", (i,)
                )
                connection.execute(
                    "INSERT INTO word VALUES (?, ?, ?, ?)",
                    (i, self._key, words[0].tobytes(), words[1].tobytes()),
                )

    def judge(self, groups: Sequence[Sequence[int]]) -> None:
        """Verdicts of all pairs inside groups."""
        found = [pair for group in groups for pair in combinations(group, 2)]
        alike = self._rng.uniform(0.8, 1, len(found))
        judged = [
            Judged(a, b, Verdict.REENCODED, float(similarity), _EVIDENCE)
            for (a, b), similarity in zip(found, alike, strict=True)
        ]
        pairs.put_judged(self.catalog, _METHOD, judged)

    def groups(self, ids: range) -> list[range]:
        """The ids parted into groups of two to five."""
        found, at = [], ids.start
        while at < ids.stop:
            found.append(range(at, min(at + int(self._rng.integers(2, 6)), ids.stop)))
            at = found[-1].stop
        return found


def form(catalog: Catalog) -> Grouped:
    """Form the groups as a match does."""
    known = {entry.id: entry for entry in entries(catalog)}
    with Judges(catalog.path, known, strictness.of(MatchSettings()), None) as judges:
        return regroup(catalog, _METHOD, known, judges, Control())


def timed(title: str, work: Callable[[], T]) -> T:
    """Do the work and print its CPU seconds."""
    before = time.process_time()
    result = work()
    print(f"{title:<44}{time.process_time() - before:8.2f} s", flush=True)
    return result


def main() -> int:
    """Make the catalog and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--added", type=int, default=100)
    args = parser.parse_args()
    old, new = range(1, args.pictures + 1), range(args.pictures + 1, args.pictures + args.added + 1)
    with (
        tempfile.TemporaryDirectory(prefix="twinsift-bench-") as scratch,
        Catalog.open(Path(scratch) / "catalog.sqlite") as catalog,
    ):
        catalog.connection.execute("PRAGMA synchronous = OFF")
        rows = Rows(catalog)
        rows.begin(args.pictures)
        timed(f"rows of {len(old):,} pictures made", lambda: rows.add(old))
        groups = rows.groups(old)
        rows.judge(groups)
        first = timed("groups of all formed", lambda: form(catalog))
        print(f"  {first.groups:,} groups")
        again = timed("nothing changed", lambda: form(catalog))
        rows.add(new)
        proposed = timed(f"candidates of {len(new):,} added", lambda: _propose(catalog, set(new)))
        print(f"  {proposed:,} pairs")
        rows.judge([[*group, i] for group, i in zip(groups, new, strict=False)])
        after = timed("groups formed after that", lambda: form(catalog))
        print(f"  pictures looked at anew: {first.formed:,}, {again.formed:,}, {after.formed:,}")
    return 0


def _propose(catalog: Catalog, new: set[int]) -> int:
    known, meter = entries(catalog), Meter(silent, "")
    return len(candidates.propose(catalog, known, new, MatchSettings(), None, meter, Control()))


if __name__ == "__main__":
    sys.exit(main())
