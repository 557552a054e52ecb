"""How a catalog answers as it grows: opening, first groups, a decision, counts; and what it weighs.

    .venv/bin/python scripts/bench_catalog.py [--quick]

Catalogs of rows alone, as indexing and matching leave them: of three pictures two are copies of
each other, with their pair judged; previews, keypoints and words are blobs of the usual size for
2,000 pictures and one byte for the others, since they lie in tables of their own.
Milliseconds of CPU, the median and the 99th percentile of repeated calls; the last columns are the
median's ratio to the smallest catalog's, and the process's peak memory so far. What is read in the
background, and grows with the number of groups, is told at the end of each catalog's rows.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
from twinsift.catalog import decisions, freshness, library, listing, review, steps
from twinsift.catalog.database import Catalog
from twinsift.models.evidence import Evidence

from measuring import Table, cpu, peak_mb

_ROUNDS = 100
_FEW = 2
_BLOBS = 2_000  # more of them would measure the disk
_BATCH = 10_000
_EVIDENCE = Evidence(
    hamming=4, matches=300, inliers=280, cover_a=1.0, cover_b=1.0, ssim=0.95, method="keypoints"
).to_json()


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
            filling = cpu(lambda path=path, size=size: _fill(path, size))
            for what, times in _measure(path).items():
                median = float(np.median(times))
                ratio = f"{median / first.setdefault(what, median):.2f} x"
                table.add(what, size, median, float(np.quantile(times, 0.99)), ratio, peak_mb())
            table.add("filling it, a picture", size, filling / size * 1e3, "", "", peak_mb())
    table.print()


def _measure(path: Path) -> dict[str, list[float]]:
    with Catalog.open(path) as catalog:
        noted = cpu(lambda: listing.note_first(catalog)) * 1e3  # as a match does when it ends
        shown = listing.first_groups(catalog)
        details = [review.load_group(catalog, group.id) for group in islice(shown, _ROUNDS)]
        waiting = iter([detail for detail in details if detail is not None])

        def decide() -> None:
            detail = next(waiting)
            keep = {detail.members[0].file_id}
            decisions.decide(catalog, detail.id, decisions.keep_only(detail, keep))

        def first_paint() -> None:
            listing.first_groups(catalog)
            listing.count_groups(catalog, "duplicate")
            listing.count_groups(catalog, "near")

        def first_line() -> None:
            first = [group.id for group in islice(listing.groups_in_order(catalog), _ROUNDS)]
            next(review.load_groups(catalog, first))

        return {
            "open": _times(lambda: Catalog.open(path).close()),
            "the list's first paint": _times(first_paint),
            "`twinsift groups`, to its first line": _times(first_line),
            "one group in review": _times(lambda: review.load_group(catalog, shown[0].id)),
            "a decision": _times(decide, len(details)),
            "its undo": _times(lambda: steps.undo(catalog), len(details)),
            "has anything changed": _times(lambda: listing.stamp(catalog)),
            "the folders' counts": _times(lambda: library.list_folders(catalog)),
            "background: all groups read": _times(lambda: listing.list_groups(catalog), _FEW),
            "background: pictures not compared": _times(lambda: freshness.unmatched(catalog), _FEW),
            "background: the first noted": [noted],
        }


def _times(call: Callable[[], object], rounds: int = _ROUNDS) -> list[float]:
    return [cpu(call) * 1e3 for _ in range(rounds)]


def _fill(path: Path, size: int) -> None:
    rng = np.random.default_rng(4)
    with Catalog.open(path) as catalog:
        catalog.connection.execute("PRAGMA synchronous = OFF")
        catalog.connection.execute("PRAGMA cache_size = -400000")  # digests come in no order
        with catalog.transaction() as connection:
            connection.execute("INSERT INTO root (id, path, added_at) VALUES (1, X'2F70', 0)")
        for start in range(1, size + 1, _BATCH):
            _fill_some(catalog, rng, range(start, min(start + _BATCH, size + 1)))
        catalog.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _fill_some(catalog: Catalog, rng: np.random.Generator, ids: range) -> None:
    random = rng.bytes(128 * len(ids))
    digests = {i: random[128 * n : 128 * n + 32] for n, i in enumerate(ids)}
    pixels = (random[128 * n + 32 : 128 * n + 64] for n in range(len(ids)))
    hashes = (random[128 * n + 64 : 128 * n + 128] for n in range(len(ids)))
    copies = range(ids.start, ids.stop - 1, 3)  # each of these and the next
    with catalog.transaction() as connection:
        connection.executemany(
            "INSERT INTO content (id, digest, size, extractor, format, width, height, pixel_digest,"
            " contrast, captured_at, camera) VALUES (?, ?, ?, 'v1', 'JPEG', 4000, 3000, ?, 50.0,"
            " '2024-05-01 10:00:00', 'Maker Camera')",
            (
                (i, digests[i], 3_000_000 + i % 1000, pixel)
                for i, pixel in zip(ids, pixels, strict=True)
            ),
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
            "INSERT INTO hash VALUES (?, 'phash', ?)", zip(ids, hashes, strict=True)
        )
        large = rng.bytes(70_000) if ids.start <= _BLOBS else b""
        blobs = [large if i <= _BLOBS else b"x" for i in ids]
        rows = list(zip(ids, blobs, strict=True))
        connection.executemany(
            "INSERT INTO preview VALUES (?, ?)", ((i, blob[:40_000]) for i, blob in rows)
        )
        connection.executemany(
            "INSERT INTO descriptor VALUES (?, 'sift', 512, 384, 500, ?, ?)",
            ((i, blob[:4_000], blob[:64_000]) for i, blob in rows),
        )
        connection.executemany(
            "INSERT INTO word VALUES (?, X'00', ?, ?)",
            ((i, blob[:1_000], blob[:1_000]) for i, blob in rows),
        )
        connection.executemany(
            "INSERT INTO matched VALUES ('evidence', ?, 'v1')", ((i,) for i in ids)
        )
        connection.executemany(
            "INSERT INTO pair (a_id, b_id, verdict, similarity, evidence)"
            " VALUES (?, ?, 're-encoded', 0.95, ?)",
            ((i, i + 1, _EVIDENCE) for i in copies),
        )
        connection.executemany(
            "INSERT INTO duplicate_group (id, kind, verdict, similarity, representative_id,"
            " weakest_id) VALUES (?, 'duplicate', 're-encoded', 0.95, ?, ?)",
            ((digests[i].hex()[:16], i, i + 1) for i in copies),
        )
        connection.executemany(
            "INSERT INTO group_member (method, kind, group_id, content_id)"
            " VALUES ('evidence', 'duplicate', ?, ?)",
            ((digests[i].hex()[:16], k) for i in copies for k in (i, i + 1)),
        )


if __name__ == "__main__":
    main()
