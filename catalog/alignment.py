"""Two contents laid over each other for a person to look at, from what the catalog stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..models import preview
from ..models.comparison import COARSE_SIDE, examine, turned_around
from ..models.difference import Difference, colours_apart, difference
from ..models.errors import TwinsiftError
from ..models.evidence import Evidence, Verdict
from ..models.frame import Frame, frame
from ..models.geometry import align
from ..models.orientations import dihedral
from ..models.picture import Picture
from ..models.similarity import COMPARED_SIDE
from ..models.verdicts import Facts, Thresholds, judge
from .database import Catalog
from .pictures import PictureLoader


@dataclass(frozen=True, slots=True)
class Matches:
    """Where keypoints of two pictures agree: places in their unit squares, float64 (n, 2) each."""

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    places: int
    """How many different places that is: several keypoints at one place count as one."""
    candidates: int
    """How many keypoints looked alike, before their places were compared."""


@dataclass(frozen=True, slots=True)
class Overlaid:
    """Two contents in one frame."""

    first: NDArray[np.uint8]
    """The first one's preview, RGB (h, w, 3), upright."""
    second: NDArray[np.uint8]
    frame: Frame
    """Of both; its units are the first one's working pixels."""
    sizes: tuple[tuple[int, int], tuple[int, int]]
    """Width and height of each picture in full."""
    is_aligned: bool
    """Whether a transform was found; else the pictures lie over each other edge to edge."""
    evidence: Evidence
    verdict: Verdict
    matches: Matches
    difference: Difference | None
    """None where they overlap too little."""
    colour: float
    """How far their colours are apart where both are seen (models.difference.colours_apart)."""


def overlay(catalog: Catalog, first: int, second: int) -> Overlaid:
    """Lay content `second` over content `first`, comparing them anew.

    As the matcher does, the lower digest is compared to the higher one: so the figures are those of
    the verdict, whichever of the two comes first here.

    Raises:
        TwinsiftError: one of them has no stored picture.
    """
    loader = PictureLoader(catalog)
    contents = [_content(catalog, content_id) for content_id in (first, second)]
    try:
        a, b = loader.load(first), loader.load(second)
    except LookupError as error:
        raise TwinsiftError("there is no stored picture to compare", "index again") from error
    if first == second:
        evidence, matches = Evidence(method="digest"), _matches(None, a, b)
    elif contents[0].digest <= contents[1].digest:
        evidence, matches = examine(a, b), _matches(align(a.keypoints, b.keypoints), a, b)
    else:
        evidence = turned_around(examine(b, a))
        other = _matches(align(b.keypoints, a.keypoints), b, a)
        matches = Matches(other.second, other.first, other.places, other.candidates)
    sizes = [(p.keypoints.width, p.keypoints.height) for p in (a, b)]
    if evidence.transform is not None:
        transform = np.reshape(np.array(evidence.transform), (3, 3))
    else:
        transform = dihedral(0, *sizes[0], *sizes[1])
    shared = frame(transform, *sizes)
    colours = _colours(a), _colours(b)
    side = COARSE_SIDE if evidence.method == "hash" else COMPARED_SIDE
    return Overlaid(
        first=colours[0],
        second=colours[1],
        frame=shared,
        sizes=(contents[0].size, contents[1].size),
        is_aligned=evidence.transform is not None or first == second,
        evidence=evidence,
        verdict=_verdict(catalog, first, second, evidence, contents),
        matches=matches,
        difference=difference(a.grey, b.grey, transform, side=side),
        colour=colours_apart(*colours, shared),
    )


@dataclass(frozen=True, slots=True)
class _Content:
    digest: bytes
    facts: Facts

    @property
    def size(self) -> tuple[int, int]:
        return self.facts.width, self.facts.height


def _content(catalog: Catalog, content_id: int) -> _Content:
    row = catalog.connection.execute(
        "SELECT digest, width, height, format, lossless, quality, captured_at, camera FROM content"
        " WHERE id = ? AND width > 0 AND height > 0",
        (content_id,),
    ).fetchone()
    if row is None:
        raise TwinsiftError("there is no picture to compare: it can't be decoded", "index again")
    digest, width, height, format_, lossless, *rest = row
    return _Content(digest, Facts(width, height, format_ or "", bool(lossless), *rest))


def _verdict(
    catalog: Catalog, first: int, second: int, evidence: Evidence, contents: Sequence[_Content]
) -> Verdict:
    """The verdict that was stored; two members of a group may never have been compared."""
    if first == second:
        return Verdict.IDENTICAL_FILE
    stored = catalog.connection.execute(
        "SELECT verdict FROM pair WHERE method = 'evidence' AND a_id = ? AND b_id = ?",
        (min(first, second), max(first, second)),
    ).fetchone()
    if stored is not None:
        return Verdict(stored[0])
    return judge(evidence, contents[0].facts, contents[1].facts, Thresholds())


def _matches(found: Any, a: Picture, b: Picture) -> Matches:
    if found is None:
        none = np.zeros((0, 2), np.float64)
        return Matches(none, none, 0, 0)
    sizes = ((p.keypoints.width, p.keypoints.height) for p in (a, b))
    points = (found.points_a, found.points_b)
    first, second = (
        (np.asarray(at, np.float64) + 0.5) / size for at, size in zip(points, sizes, strict=True)
    )
    return Matches(first, second, found.inliers, found.matches)


def _colours(picture: Picture) -> NDArray[np.uint8]:
    try:
        return preview.colour(picture.preview)
    except ValueError as error:
        raise TwinsiftError("the stored picture is damaged", "index again") from error
