"""The commands `index` and `match`: filling the catalog, without a screen."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..catalog import freshness, indexer
from ..catalog.database import Catalog
from ..catalog.errors import CatalogError
from ..catalog.indexer import IndexSummary
from ..catalog.settings import Settings
from ..models.text import printable
from . import plain, wording
from .progress_line import ProgressLine
from .status import Status
from .stopping import stoppable
from .targets import catalog_path, folders


def index(arguments: argparse.Namespace, settings: Settings) -> int:
    """Index the folders given, or all known ones, and list what could not be read."""
    return run_index(catalog_path(arguments), folders(arguments.paths), settings)


def run_index(
    path: Path,
    given: list[Path],
    settings: Settings,
    *,
    quiet: bool = False,
    live: bool | None = None,
) -> int:
    """Index folders with a progress line; say what failed and a summary, or only a note.

    `live` as for ProgressLine.
    """
    line = ProgressLine(live=live)
    with stoppable() as control:
        try:
            summary = indexer.index(path, given, settings, report=line, control=control)
        finally:
            line.end()
    for root in summary.missing_roots:
        plain.note(f"twinsift: {printable(root)} is not there; what is known of it stays")
    if quiet:
        if summary.failures:
            count = wording.count(len(summary.failures), "file")
            plain.note(f"twinsift: {count} can't be read; `twinsift index` lists them")
    else:
        for failure in summary.failures:
            plain.say(f"{printable(failure.path)}: {failure.reason}")
        plain.say(_sentence(summary))
    return Status.SOME_FAILED if summary.failures or summary.missing_roots else Status.DONE


def _sentence(summary: IndexSummary) -> str:
    parts = [
        wording.count(summary.files, "file"),
        wording.count(summary.pictures, "picture"),
        f"{summary.decoded:,} read",
        f"{summary.unchanged:,} unchanged",
    ]
    for number, word in ((summary.moved, "moved"), (summary.vanished, "gone")):
        if number:
            parts.append(f"{number:,} {word}")
    if summary.failures:
        parts.append(f"{len(summary.failures):,} can't be read")
    if summary.not_embedded:
        parts.append(f"{summary.not_embedded:,} without embedding: changed, gone or out of reach")
    return f"indexed in {summary.seconds:.1f} s: {', '.join(parts)}"


def match(arguments: argparse.Namespace, settings: Settings) -> int:
    """Match what is indexed and form the groups."""
    return run_match(catalog_path(arguments), settings, arguments.method)


def run_match(
    path: Path, settings: Settings, method: str = "evidence", *, live: bool | None = None
) -> int:
    """Match with a progress line and print the summary; for sift-ssim each image's count too."""
    from ..catalog import matcher

    with Catalog.open(path, create=False) as catalog:
        if freshness.is_empty(catalog):
            raise CatalogError(
                f"{printable(str(path))} holds no pictures", "run `twinsift index FOLDER` first"
            )
    line = ProgressLine(live=live)
    with stoppable() as control:
        try:
            summary = matcher.match(path, settings, method=method, report=line, control=control)
        finally:
            line.end()
    if method == "sift-ssim":
        _print_counts(path)
    near = (
        f", {wording.count(summary.near_groups, 'group')} of near shots"
        if summary.near_groups
        else ""
    )
    plain.say(
        f"matched in {summary.seconds:.1f} s: {wording.count(summary.pictures, 'picture')},"
        f" {wording.count(summary.candidates, 'candidate pair')} ({summary.judged:,} judged now),"
        f" {wording.count(summary.pairs, 'pair')} related,"
        f" {wording.count(summary.groups, 'group')} of duplicates{near}"
    )
    if method == "evidence":
        name = settings.match.strictness
        plain.say(f"strictness {name}: {wording.expected_false(name, summary.pictures)}")
    return Status.DONE


def _print_counts(path: Path) -> None:
    """What the earlier tool reported: the number of duplicates of each image, and the total."""
    from ..catalog import sift_ssim

    with Catalog.open(path, create=False) as catalog:
        counts = sift_ssim.counts(catalog)
    for name, count in counts:
        plain.say(f"{count:6,}  {printable(name)}")
    plain.say(f"total duplicates: {sum(count for _, count in counts):,}")
