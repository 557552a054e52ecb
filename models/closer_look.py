"""What shows of a pair only at full working size: other ink, another moment, another exposure."""

from __future__ import annotations

from dataclasses import replace

from .changes import find_change
from .evidence import EQUALLY_SHARP, Evidence
from .grain import shared_grain
from .picture import Picture
from .similarity import Array, Place, Toning, overlay

CLOSELY = 512
"""Pixels at which pairs are looked at closely: at half of it two lines of text look the same."""
EVEN_CLOSELY = 0.4
"""Evenness from which a pair is always looked at closely: it may be a page or a screen."""
FEWEST_CLOSELY = 8
"""Inliers below which a pair isn't looked at closely."""
GRAIN_FROM = 0.8
"""Agreement from which noise is compared: without it the two aren't taken for copies anyway."""


def look_closely(
    e: Evidence,
    a: Picture,
    b: Picture,
    transform: Array,
    place: Place | None = None,
    toned: Toning | None = None,
) -> Evidence:
    """The evidence with what shows only at full working size, where something may."""
    changes, grain = _may_be_changed(e), _may_be_exposed_anew(e)
    laid = (
        overlay(a.grey, b.grey, transform, side=CLOSELY, place=place) if changes or grain else None
    )
    if laid is None:
        return e
    x, y, inside, _, _ = laid
    if toned is not None:
        x, y = toned(x, y)
    elif e.inverted:
        y = 255.0 - y
    change = find_change(x, y, inside) if changes else None
    if change is not None:
        e = replace(
            e,
            clash=change.clash,
            changed=change.share,
            drawn=change.drawn,
            swapped=change.swapped,
            exchanged=change.exchanged,
        )
    return replace(e, grain=shared_grain(x, y, inside)) if grain else e


def _may_be_changed(e: Evidence) -> bool:
    """Whether the pair may be a copy, and something may differ that half the pixels don't show."""
    agreement, of_matches = e.agreement or 0.0, e.inliers / max(e.matches, 1)
    if e.method == "hash":
        return agreement >= 0.6 and (e.even or 0.0) >= EVEN_CLOSELY
    if agreement < 0.4 or of_matches < 0.35 or e.inliers < FEWEST_CLOSELY:
        return False
    return agreement < 0.995 or of_matches < 0.7 or (e.even or 0.0) >= EVEN_CLOSELY


def _may_be_exposed_anew(e: Evidence) -> bool:
    """Whether the pair is as alike as copies, and neither has lost its noise to an edit."""
    alike = (e.agreement or 0.0) >= GRAIN_FROM and (e.detail or 0.0) >= EQUALLY_SHARP
    return alike and e.method == "keypoints" and not e.curved
