"""What size and how many keypoints pay: recall and cost of a labelled set by both.

    .venv/bin/python scripts/bench_keypoints.py SET [--every N] [--sides 384,512] [--caps 300,500]

Of SET (scripts/evaluate.py says what that is) every Nth picture is taken with all its copies. Each
side is run at the default cap, and each cap at the default side. Found and false are what the
person is shown; CPU is that of all processes, start-up included, and the catalog's size is that of
the file.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from twinsift.catalog.indexer import index
from twinsift.catalog.matcher import match
from twinsift.catalog.progress import silent
from twinsift.catalog.settings import IndexSettings, Settings

from labelled import IMAGES, Row, images_of, read_truth, write_truth
from measuring import Table
from outcome import run
from report import wanted, wrong
from rivals import ordered

_COLUMNS = (
    "side",
    "keypoints",
    "index, ms a picture",
    "KB a picture",
    "match, ms a candidate",
    "candidates a picture",
    "proposed, tier 2",
    "proposed, tier 3",
    "found, tier 1",
    "found, tier 2",
    "found, tier 3",
    "false",
)


def main() -> int:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", type=Path, metavar="SET")
    parser.add_argument("--every", type=int, default=4, metavar="N")
    parser.add_argument("--sides", type=_numbers, default=_numbers("320,384,512,640,768"))
    parser.add_argument("--caps", type=_numbers, default=_numbers("200,300,500,800"))
    args = parser.parse_args()
    usual = IndexSettings()
    tried = {(side, usual.keypoints) for side in args.sides}
    tried |= {(usual.working_side, cap) for cap in args.caps}
    table = Table(_COLUMNS)
    with tempfile.TemporaryDirectory() as text:
        part = Path(text) / "part"
        truth = _part_of(args.set, part, args.every)
        for side, cap in sorted(tried):
            settings = replace(usual, working_side=side, keypoints=cap)
            table.add(side, cap, *_measure(part, truth, Settings(index=settings)))
    table.print()
    return 0


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _part_of(folder: Path, part: Path, every: int) -> dict[str, Row]:
    """Every Nth group of the set as a set of its own; its labels."""
    truth = read_truth(folder)
    kept = set(sorted({row.group for row in truth.values()})[::every])
    rows = {name: row for name, row in truth.items() if row.groups & kept}
    (part / IMAGES).mkdir(parents=True)
    for name in rows:
        shutil.copyfile(images_of(folder) / name, part / IMAGES / name)
    write_truth(part, rows.values())
    return rows


def _measure(folder: Path, truth: Mapping[str, Row], settings: Settings) -> list[object]:
    with tempfile.TemporaryDirectory() as text:
        catalog = Path(text) / "catalog.sqlite"
        indexing = _cpu(lambda: index(catalog, [images_of(folder)], settings, report=silent))
        size = catalog.stat().st_size
        matching = _cpu(lambda: match(catalog, settings, report=silent))
        outcome = run(folder, truth, catalog, settings)
    proposals = outcome.proposals
    copies = {name: ordered(name, original) for name, original in wanted(truth).items()}
    by_tier = {
        tier: [pair for name, pair in copies.items() if truth[name].tier == tier] for tier in "123"
    }

    def share(tier: str, among: frozenset[tuple[str, str]]) -> str:
        pairs = by_tier[tier]
        return f"{sum(pair in among for pair in pairs) / max(len(pairs), 1):.1%}"

    return [
        1e3 * indexing / proposals.pictures,
        size / 1024 / proposals.pictures,
        1e3 * matching / max(proposals.candidates, 1),
        proposals.candidates / proposals.pictures,
        *(share(tier, proposals.union) for tier in "23"),
        *(share(tier, outcome.found) for tier in "123"),
        len(wrong(truth, outcome.found)),
    ]


def _cpu(call: Callable[[], object]) -> float:
    """CPU seconds of a call, those of the processes that ended meanwhile included."""
    before = _spent()
    call()
    return _spent() - before


def _spent() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


if __name__ == "__main__":
    sys.exit(main())
