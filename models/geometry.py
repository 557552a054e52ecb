"""From two sets of keypoints to the transform between their pictures: matches, inliers, spread."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from .keypoints import Keypoints
from .similarity import Array

RATIO = 0.8
"""Lowe's ratio: the best match must be closer than this times the second best."""
_REPROJECTION = 4.0  # working pixels an inlier may lie off
_FEWEST = 4
_CELLS = 4
_FEWEST_BENT = 16  # inliers from which eight parameters are trusted
_LARGEST_BEND = 0.8  # change of the perspective divisor over a working picture
_LARGEST_STRETCH = 3.0  # ratio of an affine map's singular values beyond which no edit goes


@dataclass(frozen=True, slots=True)
class Alignment:
    """The transform found between two pictures.

    `transform` is float64 3x3 from working pixels of a to working pixels of b; `mirrored` tells
    that it turns the picture over; `matches` passed the ratio test, `inliers` agree with the
    transform; `spread` is the fraction of the overlap's 4 x 4 cells that hold an inlier.
    """

    transform: Array
    mirrored: bool
    matches: int
    inliers: int
    spread: float
    points_a: Array
    points_b: Array
    matched_a: Array
    """All that passed the ratio test, inliers among them."""
    matched_b: Array
    homography: Array | None
    """A perspective map through the same matches, to be preferred where the pictures say so."""
    residual: float
    """Median distance of the inliers from where the transform puts them, in the coarser pixels."""
    coherence: float
    """How far neighbouring inliers err alike, -1..1: 0 for noise, near 1 for parallax or motion."""
    support: float
    """Inliers for each keypoint that the poorer picture has in the overlap, 0..1."""
    moved: int
    """Matches that agree with a second transform, a short way off: a subject that moved."""

    @property
    def scale(self) -> float:
        """Working pixels of b for one of a."""
        return scale_of(self.transform)

    @property
    def rotation(self) -> float:
        """Degrees by which a is turned counter-clockwise to become b, mirror taken out."""
        m = self.transform[:2, :2]
        if self.mirrored:
            m = m @ np.diag([-1.0, 1.0])
        return float(np.degrees(np.arctan2(m[0, 1] - m[1, 0], m[0, 0] + m[1, 1])))


def match(a: Keypoints, b: Keypoints) -> NDArray[np.intp]:
    """Pairs (i, j) of keypoints that pass the ratio test, int (m, 2); one j at most once.

    SIFT descriptors are compared by one matrix product, ORB's by Hamming distance.
    """
    if a.kind != b.kind or len(a) < 1 or len(b) < 2:
        return np.zeros((0, 2), np.intp)
    if a.kind == "sift":
        best, nearest, second = _sift_nearest(a, b)
    else:
        best, nearest, second = _orb_nearest(a, b)
    good = np.flatnonzero(nearest < RATIO * second)
    # Many keypoints of a flat area may choose the same one: only the closest is believed.
    good = good[np.argsort(nearest[good], kind="stable")]
    _, first = np.unique(best[good], return_index=True)
    chosen = good[np.sort(first)]
    return np.stack([chosen, best[chosen]], axis=1)


_Nearest = tuple[NDArray[np.intp], Array, Array]


def _sift_nearest(a: Keypoints, b: Keypoints) -> _Nearest:
    """For each keypoint of a the nearest of b, its distance and the second nearest's."""
    product = a.unit @ b.unit.T
    rows = np.arange(len(a))
    best = product.argmax(axis=1)
    first = product[rows, best]
    product[rows, best] = -1.0
    second = product.max(axis=1)
    return best, np.sqrt(np.maximum(2 - 2 * first, 0)), np.sqrt(np.maximum(2 - 2 * second, 0))


def _orb_nearest(a: Keypoints, b: Keypoints) -> _Nearest:
    u, v = a.vectors.view(np.uint64), b.vectors.view(np.uint64)
    distance = np.zeros((len(a), len(b)), np.uint16)
    for word in range(u.shape[1]):
        distance += np.bitwise_count(u[:, word, None] ^ v[None, :, word])
    rows = np.arange(len(a))
    best = distance.argmin(axis=1)
    first = distance[rows, best].astype(np.float32)
    distance[rows, best] = 1000
    return best, first, distance.min(axis=1).astype(np.float32)


def align(a: Keypoints, b: Keypoints, *, fewest: int = _FEWEST) -> Alignment | None:
    """The transform from a to b with the most inliers, a also taken mirrored, or None.

    None also where fewer than `fewest` inliers agree: no estimate is tried on fewer matches.

    Affine by USAC_MAGSAC (Barath et al., "MAGSAC++, a fast, reliable and accurate robust
    estimator", CVPR 2020), with a homography beside it where there are enough matches for one.
    """
    straight = _estimate(a, b, match(a, b), fewest, mirrored=False)
    if a.kind != "sift" or (straight is not None and straight.inliers >= 0.5 * len(a)):
        return straight
    turned = a.mirrored
    flipped = _estimate(turned, b, match(turned, b), fewest, mirrored=True)
    if flipped is None or (straight is not None and straight.inliers >= flipped.inliers):
        return straight
    flip = np.array([[-1.0, 0.0, a.width - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    mirror, left = np.array([-1.0, 1.0], np.float32), np.array([a.width - 1.0, 0.0], np.float32)
    return replace(
        flipped,
        transform=flipped.transform @ flip,
        points_a=left + mirror * flipped.points_a,
        matched_a=left + mirror * flipped.matched_a,
        homography=None if flipped.homography is None else flipped.homography @ flip,
    )


def _estimate(
    a: Keypoints, b: Keypoints, pairs: NDArray[np.intp], fewest: int, *, mirrored: bool
) -> Alignment | None:
    if len(pairs) < fewest:
        return None
    source = np.ascontiguousarray(a.positions[pairs[:, 0], :2])
    target = np.ascontiguousarray(b.positions[pairs[:, 1], :2])
    affine, flags = cv2.estimateAffine2D(
        source,
        target,
        method=cv2.USAC_MAGSAC,
        ransacReprojThreshold=_REPROJECTION,
        maxIters=2000,
        confidence=0.999,
    )
    if affine is None or flags is None or not _plausible(affine[:, :2]):
        return None
    inside = flags.ravel() > 0
    points_a, points_b = source[inside], target[inside]
    places = count_places(points_a, points_b)
    if places < fewest:
        return None
    transform = np.vstack([affine, [0.0, 0.0, 1.0]])
    homography = _homography(source, target) if inside.sum() >= _FEWEST_BENT else None
    best = transform if homography is None else homography
    misses = _misses(source, target, best)
    errors = misses[inside] / max(1.0, scale_of(best))
    return Alignment(
        transform=transform,
        mirrored=mirrored,
        matches=len(pairs),
        inliers=places,
        spread=spread_of(points_a, a, b, transform),
        points_a=points_a,
        points_b=points_b,
        matched_a=source,
        matched_b=target,
        homography=homography,
        residual=float(np.median(np.linalg.norm(errors, axis=1))),
        coherence=coherence_of(points_a, errors),
        support=places / _fewer_inside(a, b, best),
        moved=count_moved(source, target, misses, b) if places >= _FEWEST_BENT else 0,
    )


def count_places(here: Array, there: Array) -> int:
    """How many places matches (n, 2) stand for.

    Keypoints of several sizes or angles at one place are one piece of evidence, not many.
    """
    return len(np.unique(_cells(here) << 32 | _cells(there)))


def _cells(points: Array) -> NDArray[np.int64]:
    """The 3 x 3 pixel cell that each point (n, 2) lies in, as one number of 32 bits."""
    x, y = np.rint(points / 3).astype(np.int64).T
    return (x & 0xFFFF) << 16 | y & 0xFFFF


def _plausible(linear: Array) -> bool:
    """Whether an affine map's 2x2 part could come from an edit: no mirror, no wild shear."""
    values = np.linalg.svd(linear, compute_uv=False)
    if not np.isfinite(values).all() or values[1] < 0.02 or values[0] > 50:
        return False
    return bool(np.linalg.det(linear) > 0 and values[0] / values[1] < _LARGEST_STRETCH)


def _homography(source: Array, target: Array) -> Array | None:
    """A homography through the matches, or None where it bends more than a lens or a page would."""
    found, flags = cv2.findHomography(source, target, cv2.USAC_MAGSAC, _REPROJECTION)
    if found is None or flags is None or flags.sum() < _FEWEST_BENT:
        return None
    centre = source[flags.ravel() > 0].mean(axis=0)
    w = found[2] @ np.array([*centre, 1.0])
    if abs(w) < 1e-9 or np.abs(found[2, :2]).max() * 512 / abs(w) > _LARGEST_BEND:
        return None
    jacobian = (found[:2, :2] - np.outer(found[:2] @ [*centre, 1.0] / w, found[2, :2])) / w
    return found if _plausible(jacobian) else None


def _misses(source: Array, target: Array, transform: Array) -> Array:
    """Where the transform puts each point less where it is: float64 (n, 2), pixels of b."""
    return cv2.perspectiveTransform(source[None].astype(np.float64), transform)[0] - target


def scale_of(transform: Array) -> float:
    """Working pixels of b for one of a."""
    return float(np.sqrt(abs(np.linalg.det(transform[:2, :2]))))


def coherence_of(points: Array, errors: Array) -> float:
    """Correlation of each inlier's error with the mean error of its four nearest neighbours.

    One plane seen from one place leaves errors like noise, whatever edit came after; a step aside,
    a moving subject or a bent page moves neighbours together. 0.0 below 12 places.
    """
    _, places = np.unique(_cells(points), return_index=True)
    if len(places) < 12:
        return 0.0
    from scipy.spatial import KDTree  # a quarter of what a match loads, and not each asks for it

    at, off = points[places], errors[places]
    near = np.asarray(KDTree(at).query(at, k=5)[1])[:, 1:]
    around = off[near].mean(axis=1)
    size = np.sqrt((off * off).sum() * (around * around).sum())
    return float((off * around).sum() / size) if size > 1e-9 else 0.0


def _fewer_inside(a: Keypoints, b: Keypoints, transform: Array) -> int:
    """How many keypoints of a and of b lie in the overlap, whichever are fewer; at least 1."""
    counts = []
    for own, other, m in ((a, b, transform), (b, a, np.linalg.inv(transform))):
        put = cv2.perspectiveTransform(own.positions[None, :, :2].astype(np.float64), m)[0]
        inside = (put >= 0).all(axis=1) & (put[:, 0] < other.width) & (put[:, 1] < other.height)
        counts.append(int(inside.sum()))
    return max(1, min(counts))


def count_moved(source: Array, target: Array, misses: Array, b: Keypoints) -> int:
    """How many matches that miss their place agree on another one, at most a quarter away.

    `misses` (n, 2) is by how much each is put wrongly, in pixels of b. In a copy these are chance;
    between two exposures they are the subject that moved meanwhile.
    """
    missed = np.linalg.norm(misses, axis=1) > 1.5 * _REPROJECTION
    there = np.ascontiguousarray(target[missed])
    here = (there + misses[missed]).astype(np.float32)
    if len(here) <= _FEWEST:
        return 0
    second, flags = cv2.estimateAffine2D(
        here, there, method=cv2.USAC_MAGSAC, ransacReprojThreshold=3.0, maxIters=1000
    )
    if second is None or flags is None:
        return 0
    sizes = np.linalg.svd(second[:, :2], compute_uv=False)
    inside = flags.ravel() > 0
    shift = np.median(np.linalg.norm(here[inside] - there[inside], axis=1))
    if not 0.8 < sizes[1] <= sizes[0] < 1.25 or shift > max(b.width, b.height) / 4:
        return 0
    return len(np.unique(_cells(here[inside])))


def spread_of(points: Array, a: Keypoints, b: Keypoints, transform: Array) -> float:
    """Fraction of the 4 x 4 cells of the overlap's bounding box in a that hold an inlier."""
    corners = np.array([[[0, 0], [b.width, 0], [b.width, b.height], [0, b.height]]], np.float64)
    outline = cv2.perspectiveTransform(corners, np.linalg.inv(transform))[0]
    low = np.maximum(outline.min(axis=0), 0)
    high = np.minimum(outline.max(axis=0), [a.width, a.height])
    size = np.maximum(high - low, 1e-6)
    column, row = np.clip(((points - low) / size * _CELLS).astype(int), 0, _CELLS - 1).T
    return len(np.unique(column * _CELLS + row)) / (_CELLS * _CELLS)
