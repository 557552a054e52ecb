"""The groups, found anew where anything has changed that they hang on since the last time."""

from __future__ import annotations

from pathlib import Path

from . import settled
from .database import Catalog
from .pairs import METHOD, MatchSummary
from .progress import Control, Report, silent
from .settings import Settings


def match(
    catalog_path: Path,
    settings: Settings,
    *,
    method: str = METHOD,
    report: Report = silent,
    control: Control | None = None,
) -> MatchSummary:
    """Find the duplicates among all indexed pictures and form the groups.

    Only pictures that are new since the last run, or were matched with other settings, are
    compared with the rest. `method` 'sift-ssim' is the earlier tool's way (catalog.sift_ssim).

    Raises:
        Interrupted: `control` was stopped; what was judged is stored.
        CatalogError: another process matches on this catalog.
    """
    control = control or Control()
    with Catalog.open(catalog_path, create=False) as catalog, catalog.exclusive("match"):
        # What is written here can be computed again: no need to wait for the disk at each commit.
        catalog.connection.execute("PRAGMA synchronous = NORMAL")
        if method != METHOD:
            from . import sift_ssim

            return sift_ssim.find_pairs(catalog, settings, report, control)
        # Taken before anything is read: what the indexer adds meanwhile makes it another one.
        state = settled.state(catalog, settings)
        known = settled.recall(catalog, state)
        if known is not None:
            return known
        from .matching import Matching  # and OpenCV, numpy and scipy with it

        matching = Matching(catalog, settings, report, control)
        summary = matching.match()
        if not matching.unread:
            settled.remember(catalog, state)
        return summary
