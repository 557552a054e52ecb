"""A smooth bend between two pictures: a lens, a curled page. Depth and motion are not smooth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from .geometry import Alignment, coherence_of, count_moved, count_places, scale_of, spread_of
from .keypoints import Keypoints
from .similarity import Array

SUSPECT_RESIDUAL = 0.25
"""Median error of the inliers, in pixels, from which a bend is looked for."""
SUSPECT_COHERENCE = 0.28
"""How far neighbouring inliers err alike where a bend is looked for; copies stay below 0.24."""
_FEWEST = 60  # places from which twenty parameters are trusted
_STEPS = ((2, 8.0), (3, 5.0), (3, 3.0), (3, 2.0), (3, 2.0))
"""Degree of the polynomial and the error in pixels up to which a match is kept after it."""
_NEAR = 16.0  # pixels off the perspective map beyond which a match is no beginning
_RIDGE = 1e-3
_LEAST_BEND = 4.0  # pixels: less is no lens, and noise fits it
_EXPLAINED = 0.85  # share of all matches that the bend must explain
_SHARP = 0.3  # pixels of residual that a sharp copy keeps
_NOISE = 0.15  # coherence of errors that are noise: a soft copy's
_GAINED = 0.5


@dataclass(frozen=True, slots=True)
class Bend:
    """A map of the plane: a perspective one, and a cubic polynomial beside it.

    `perspective` is float64 3x3 from working pixels of a to working pixels of b; `terms` float64
    (10, 2), what is added in pixels of b, in coordinates of a less `centre` over `unit`.
    """

    perspective: Array
    terms: NDArray[np.float64]
    centre: NDArray[np.float64]
    unit: float

    def put(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points of a, float64 (n, 2), lie in b."""
        straight = cv2.perspectiveTransform(points[None], self.perspective)[0]
        return straight + _powers((points - self.centre) / self.unit, 3) @ self.terms


def find_bend(found: Alignment, a: Keypoints, b: Keypoints) -> tuple[Bend, Alignment, float] | None:
    """The bend that explains what the perspective map leaves over, or None where none does.

    Answers the bend, the alignment with its errors taken from it, and how far it bends at most, in
    pixels of b. Lens distortion (Brown, "Close-range camera calibration", 1971) and the fold of a
    page are low polynomials over the whole picture. Parallax follows the depth of each thing, and a
    subject moves alone: then a good part of the matches fits no such polynomial, or what fits it
    still errs together.
    """
    if found.residual <= SUSPECT_RESIDUAL or found.coherence <= SUSPECT_COHERENCE:
        return None
    perspective = found.transform if found.homography is None else found.homography
    source, target = found.matched_a.astype(np.float64), found.matched_b.astype(np.float64)
    straight = cv2.perspectiveTransform(source[None], perspective)[0]
    scale = max(1.0, scale_of(perspective))
    off = (target - straight) / scale
    centre = np.array([a.width / 2, a.height / 2])
    unit = max(a.width, a.height) / 2
    placed = (source - centre) / unit
    kept = np.linalg.norm(off, axis=1) < _NEAR
    errors, terms = off, np.zeros((1, 2))
    for degree, tolerance in _STEPS:
        if kept.sum() < _FEWEST:
            return None
        powers = _powers(placed, degree)
        fitted = powers[kept]
        normal = fitted.T @ fitted + _RIDGE * np.eye(fitted.shape[1])
        terms = np.linalg.solve(normal, fitted.T @ off[kept])
        errors = powers @ terms - off
        kept = np.linalg.norm(errors, axis=1) < tolerance
    here, there = found.matched_a[kept], found.matched_b[kept]
    places = count_places(here, there)
    residual = float(np.median(np.linalg.norm(errors[kept], axis=1))) if kept.any() else 1.0
    coherence = coherence_of(here, errors[kept])
    bend = _bend_of(terms, a)
    if (
        places < _FEWEST
        or kept.sum() < _EXPLAINED * found.matches
        or bend < _LEAST_BEND
        or residual > _GAINED * found.residual
        or (residual > _SHARP and coherence > _NOISE)
    ):
        return None
    straightened = replace(
        found,
        inliers=places,
        points_a=here,
        points_b=there,
        spread=spread_of(here, a, b, found.transform),
        residual=residual,
        coherence=coherence,
        support=found.support * places / max(found.inliers, 1),
        moved=count_moved(found.matched_a, found.matched_b, errors * scale, b),
    )
    return Bend(perspective, terms * scale, centre, unit), straightened, bend * scale


def _powers(points: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """All products of x and y up to a degree, (n, 6) or (n, 10)."""
    x, y = points.T
    powers = [x**i * y**j for n in range(degree + 1) for i in range(n, -1, -1) for j in [n - i]]
    return np.stack(powers, axis=1)


def _bend_of(terms: NDArray[np.float64], a: Keypoints) -> float:
    """The largest way in pixels by which a polynomial departs from the nearest affine map."""
    side = max(a.width, a.height)
    u, v = np.meshgrid(np.linspace(-1, 1, 9) * a.width / side, np.linspace(-1, 1, 9))
    grid = np.stack([u.ravel(), v.ravel() * a.height / side], axis=1)
    way = _powers(grid, 3) @ terms
    straight = _powers(grid, 1)
    rest = way - straight @ np.linalg.lstsq(straight, way, rcond=None)[0]
    return float(np.linalg.norm(rest, axis=1).max())
