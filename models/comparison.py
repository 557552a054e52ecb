"""Two pictures examined: which transform lays one over the other, and how far they agree there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import curves
from .bending import find_bend
from .closer_look import EVEN_CLOSELY, look_closely
from .evidence import Evidence, is_alike_nowhere
from .geometry import Alignment, align
from .orientations import MIRRORED, ROTATIONS, UNDONE, dihedral
from .picture import Picture
from .recolouring import SIDE as COLOUR_SIDE
from .recolouring import compare_colours
from .similarity import Agreement, Array, Place, Toning, compare
from .surroundings import is_framed

VERSION = 6
FEWEST_INLIERS = 8
"""Inliers below which an alignment isn't even looked at."""
TRUSTED_INLIERS = 30
"""Inliers from which keypoints are believed rather than the hash."""
FEWEST_CURVED = 15
"""Inliers from which a curve of tones is looked for."""
LEAST_GAIN = 0.05
"""Agreement that it must gain over a straight line."""
COARSE_SIDE = 96
"""Pixels at which pictures without enough keypoints are compared: noise and blur don't count."""
HASH_REACH = 16
"""Hamming distance beyond which whole pictures aren't laid over each other."""


def examine(a: Picture, b: Picture, *, cosine: float | None = None) -> Evidence:
    """Gather the evidence about a pair; the transform runs from a to b.

    Keypoints first. Where they say too little (blur, heavy noise, thumbnails, inverted tones), the
    pictures are laid over each other as the nearest pHash orientation says and compared coarsely.
    """
    distances = np.bitwise_count(a.hashes[0] ^ b.hashes)
    nearest = int(distances.argmin())
    evidence = Evidence(
        hamming=int(distances[nearest]),
        orientation=nearest,
        cosine=cosine,
        keypoints=min(len(a.keypoints), len(b.keypoints)),
    )
    found = align(a.keypoints, b.keypoints, fewest=FEWEST_INLIERS)
    if found is not None:
        evidence = _with_alignment(evidence, a, b, found)
        if evidence.agreement is not None and evidence.agreement >= 0.6:
            return evidence
    inverted = 64 - int(distances.max())
    if min(inverted, evidence.hamming or 0) > HASH_REACH:
        return evidence
    if inverted < distances[nearest]:
        nearest = int(distances.argmax())
    laid = _by_orientation(evidence, a, b, nearest, inverted < distances.min())
    if laid is None or (laid.agreement or 0.0) <= (evidence.agreement or 0.0) + 0.2:
        return evidence
    if evidence.inliers >= TRUSTED_INLIERS and not laid.inverted:
        return replace(evidence, coarse=laid.correlation)
    return laid


def turned_around(e: Evidence) -> Evidence:
    """The same evidence about the pair (b, a)."""
    back = None if e.transform is None else np.linalg.inv(np.reshape(e.transform, (3, 3)))
    return replace(
        e,
        orientation=UNDONE[e.orientation],
        # Undoing a turn turns back, but a mirrored picture is turned the same way from behind.
        rotation=e.rotation if e.mirrored else -e.rotation,
        scale=1.0 / e.scale if e.scale else e.scale,
        transform=None if back is None else tuple(float(x) for x in (back / back[2, 2]).ravel()),
        cover_a=e.cover_b,
        cover_b=e.cover_a,
        gain=1.0 / e.gain if e.gain else e.gain,
        shift=None if e.shift is None else -e.shift,
    )


def _with_alignment(evidence: Evidence, a: Picture, b: Picture, found: Alignment) -> Evidence:
    transform, bent = found.transform, 0.0
    agreement = compare(a.grey, b.grey, transform)
    if found.homography is not None and (agreement is None or agreement.blocks < 0.97):
        warped = compare(a.grey, b.grey, found.homography)
        if warped is not None and (agreement is None or warped.blocks > agreement.blocks):
            transform, agreement = found.homography, warped
    curved = find_bend(found, a.keypoints, b.keypoints)
    if curved is not None:
        bend, straightened, furthest = curved
        warped = compare(a.grey, b.grey, bend.perspective, place=bend.put)
        if warped is not None and (agreement is None or warped.blocks >= agreement.blocks):
            transform, agreement, found = bend.perspective, warped, straightened
            bent = furthest / max(b.keypoints.width, b.keypoints.height)
    evidence = replace(
        evidence,
        method="keypoints",
        matches=found.matches,
        inliers=found.inliers,
        spread=found.spread,
        mirrored=found.mirrored,
        rotation=found.rotation,
        scale=found.scale,
        residual=found.residual,
        coherence=found.coherence,
        support=found.support,
        moved=found.moved,
        bent=bent,
    )
    if agreement is None:
        return evidence
    evidence = _with(evidence, a, b, transform, agreement)
    place = None if curved is None or not bent else curved[0].put
    evidence, toned = _along_a_curve(evidence, a, b, transform, place)
    if is_alike_nowhere(evidence):
        coarse = compare(a.grey, b.grey, transform, side=COARSE_SIDE, place=place, toned=toned)
        if coarse is not None:
            evidence = replace(evidence, coarse=coarse.correlation)
    return look_closely(evidence, a, b, transform, place, toned)


def _along_a_curve(
    e: Evidence, a: Picture, b: Picture, transform: Array, place: Place | None
) -> tuple[Evidence, Toning | None]:
    """The evidence along a curve of tones, and the curve, where keypoints agree and tones don't.

    Only in photographs, and all over them: any curve fits a few flat tones.
    """
    trusted = e.inliers >= FEWEST_CURVED and e.inliers >= 0.5 * e.matches and e.spread >= 0.35
    photographic = (e.even or 0.0) < EVEN_CLOSELY and (e.textured or 0.0) >= 0.4
    agreement = e.agreement or 0.0
    if not (trusted and photographic) or agreement >= curves.AGREEMENT:
        return e, None
    found = curves.agree_along(a.grey, b.grey, transform, place)
    if found is None or found[1].blocks < agreement + LEAST_GAIN:
        return e, None
    curve, along = found
    e = replace(
        e,
        ssim=along.ssim,
        agreement=along.blocks,
        correlation=along.correlation,
        best_correlation=along.best_correlation,
        textured=along.textured,
        flat_difference=along.flat_difference,
        inverted=False,
        curved=True,
    )
    return e, curve.put


def _by_orientation(
    evidence: Evidence, a: Picture, b: Picture, orientation: int, inverted: bool
) -> Evidence | None:
    """The coarse comparison of the whole pictures, b turned as its pHash says."""
    ka, kb = a.keypoints, b.keypoints
    if min(ka.width, ka.height, kb.width, kb.height) < 16:
        return None
    transform = dihedral(orientation, ka.width, ka.height, kb.width, kb.height)
    coarse = compare(a.grey, b.grey, transform, side=COARSE_SIDE)
    if coarse is None or coarse.inverted != inverted:
        return None
    evidence = replace(
        evidence,
        method="hash",
        orientation=orientation,
        mirrored=orientation in MIRRORED,
        rotation=ROTATIONS[orientation],
        scale=max(kb.width, kb.height) / max(ka.width, ka.height),
    )
    return look_closely(_with(evidence, a, b, transform, coarse), a, b, transform)


def _with(
    evidence: Evidence, a: Picture, b: Picture, transform: Array, agreement: Agreement
) -> Evidence:
    distance, recoloured = _colours(a, b, transform)
    return replace(
        evidence,
        transform=tuple(float(x) for x in transform.ravel()),
        cover_a=agreement.cover_a,
        cover_b=agreement.cover_b,
        ssim=agreement.ssim,
        agreement=agreement.blocks,
        correlation=agreement.correlation,
        best_correlation=agreement.best_correlation,
        detail=min(a.detail, b.detail) / max(a.detail, b.detail, 1e-6),
        even=min(a.even, b.even),
        textured=agreement.textured,
        flat_difference=agreement.flat_difference,
        inverted=agreement.inverted,
        gain=agreement.gain,
        shift=agreement.shift,
        colour=distance,
        recoloured=recoloured,
        framed=is_framed(a, b, transform, agreement),
    )


def _colours(a: Picture, b: Picture, transform: Array) -> tuple[float, float]:
    """models.recolouring.compare_colours for the two pictures under a transform from a to b."""
    ka, kb = a.keypoints, b.keypoints
    cells = dihedral(0, COLOUR_SIDE, COLOUR_SIDE, ka.width, ka.height)
    back = dihedral(0, kb.width, kb.height, COLOUR_SIDE, COLOUR_SIDE)
    return compare_colours(a.colours, b.colours, back @ transform @ cells)
