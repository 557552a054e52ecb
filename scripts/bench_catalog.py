"""How a catalog answers as it grows: opening, first groups, a decision, counts; and what it weighs.

    .venv/bin/python scripts/bench_catalog.py [--quick]

Catalogs of rows alone: a picture in three has a copy, previews and descriptors are blobs of the
usual size for the first 10,000 pictures. Milliseconds of CPU, the median and the 99th percentile of
repeated calls; the last column is the median's ratio to the smallest catalog's.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
from twinsift.catalog import decisions, library, listing, review
from twinsift.catalog.database import Catalog

from measuring import Table, cpu, peak_mb

_ROUNDS = 40
_BLOBS = 10_000  # more of them would measure the disk


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="up to 100,000 pictures")
    sizes = [10_000, 100_000] if parser.parse_args().quick else [10_000, 100_000, 1_000_000]
    table = Table(("what", "pictures", "median ms", "p99 ms", "to the smallest", "peak MB"))
    first: dict[str, float] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place, "catalog.sqlite")
            _fill(path, size)
            for what, times in _measure(path).items():
                median = float(np.median(times))
                ratio = f"{median / first.setdefault(what, median):.2f} x"
                table.add(what, size, median, float(np.quantile(times, 0.99)), ratio, peak_mb())
            table.add("the file, KB a picture", size, path.stat().st_size / size / 1024, "", "", "")
    table.print()


def _measure(path: Path) -> dict[str, list[float]]:
    with Catalog.open(path) as catalog:
        listing.note_first(catalog)  # as a match does when it ends
        shown = listing.first_groups(catalog)
        details = [review.load_group(catalog, group.id) for group in islice(shown, _ROUNDS)]
        waiting = iter([detail for detail in details if detail is not None])

        def decide() -> None:
            detail = next(waiting)
            keep = {detail.members[0].file_id}
            decisions.decide(catalog, detail.id, decisions.keep_only(detail, keep))

        return {
            "open": _times(lambda: Catalog.open(path).close()),
            "the first groups": _times(lambda: listing.first_groups(catalog)),
            "one group": _times(lambda: review.load_group(catalog, shown[0].id)),
            "a decision": _times(decide, len(details)),
            "has anything changed": _times(lambda: listing.stamp(catalog)),
            "counts of the folders": _times(lambda: library.list_folders(catalog), 5),
            "all groups": _times(lambda: listing.list_groups(catalog), 3),
        }


def _times(call: Callable[[], object], rounds: int = _ROUNDS) -> list[float]:
    return [cpu(call) * 1e3 for _ in range(rounds)]


def _fill(path: Path, size: int) -> None:
    rng = np.random.default_rng(4)
    with Catalog.open(path) as catalog:
        catalog.connection.execute("PRAGMA synchronous = OFF")
        with catalog.transaction() as connection:
            connection.execute("INSERT INTO root (id, path, added_at) VALUES (1, X'2F70', 0)")
        for start in range(1, size + 1, 10_000):
            _fill_some(catalog, rng, range(start, min(start + 10_000, size + 1)))


def _fill_some(catalog: Catalog, rng: np.random.Generator, ids: range) -> None:
    digests = {i: rng.bytes(32) for i in ids}
    with catalog.transaction() as connection:
        connection.executemany(
            "INSERT INTO content (id, digest, size, extractor, format, width, height, pixel_digest,"
            " contrast, captured_at, camera) VALUES (?, ?, ?, 'v1', 'JPEG', 4000, 3000, ?, 50.0,"
            " '2024-05-01 10:00:00', 'Maker Camera')",
            ((i, digests[i], 3_000_000 + i % 1000, rng.bytes(32)) for i in ids),
        )
        connection.executemany(
            "INSERT INTO file (id, root_id, path, size, mtime_ns, device, inode, content_id)"
            " VALUES (?, 1, ?, ?, 0, 1, ?, ?)",
            (
                (i, b"2024/%04d/IMG_%07d.jpg" % (i // 500, i), 3_000_000 + i % 1000, i, i)
                for i in ids
            ),
        )
        connection.executemany(
            "INSERT INTO hash VALUES (?, 'phash', ?)", ((i, rng.bytes(64)) for i in ids)
        )
        if ids.start <= _BLOBS:
            connection.executemany(
                "INSERT INTO preview VALUES (?, ?)", ((i, rng.bytes(40_000)) for i in ids)
            )
            connection.executemany(
                "INSERT INTO descriptor VALUES (?, 'sift', 512, 384, 500, ?, ?)",
                ((i, rng.bytes(4_000), rng.bytes(64_000)) for i in ids),
            )
        for i in ids[:-1:3]:
            group = digests[i].hex()[:16]
            connection.execute(
                "INSERT INTO duplicate_group (id, kind, verdict, similarity, representative_id)"
                " VALUES (?, 'duplicate', 're-encoded', 0.95, ?)",
                (group, i),
            )
            connection.executemany(
                "INSERT INTO group_member (method, kind, group_id, content_id)"
                " VALUES ('evidence', 'duplicate', ?, ?)",
                ((group, i), (group, i + 1)),
            )


if __name__ == "__main__":
    main()
