"""Two pictures examined: which transform lays one over the other, and how far they agree there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from .bending import find_bend
from .changes import find_change
from .curves import find_curves
from .evidence import EQUALLY_SHARP, Evidence, is_alike_nowhere
from .geometry import Alignment, align
from .grain import shared_grain
from .keypoints import Keypoints
from .recolouring import SIDE as COLOUR_SIDE
from .recolouring import compare_colours
from .similarity import COMPARED_SIDE, Agreement, Array, Place, Toning, compare, overlay
from .tones import commonest_tones

VERSION = 5
FEWEST_INLIERS = 8
"""Inliers below which an alignment isn't even looked at."""
TRUSTED_INLIERS = 30
"""Inliers from which keypoints are believed rather than the hash."""
EVEN_CLOSELY = 0.4
"""Evenness from which a pair is always looked at closely: it may be a page or a screen."""
FEWEST_CLOSELY = 8
"""Inliers below which a pair isn't looked at closely."""
CLOSELY = 512
"""Pixels at which pairs are looked at closely: at half of it two lines of text look the same."""
FEWEST_CURVED = 15
"""Inliers from which a curve of tones is looked for."""
CURVED_AGREEMENT, CURVED_CORRELATION = 0.9, 0.93
"""What the two must reach along it."""
LEAST_GAIN = 0.05
"""Agreement that a curve must gain over a straight line."""
GRAIN_FROM = 0.8
"""Agreement from which noise is compared: without it the two aren't taken for copies anyway."""
COARSE_SIDE = 96
"""Pixels at which pictures without enough keypoints are compared: noise and blur don't count."""
HASH_REACH = 16
"""Hamming distance beyond which whole pictures aren't laid over each other."""
_EVEN = 3  # grey levels by which an even tone varies


@dataclass(frozen=True)
class Picture:
    """What the catalog knows of a picture's looks; previews are decoded when first needed.

    `hashes` are the 8 oriented pHashes as uint64 (8,), `preview` the stored JPEG.
    """

    keypoints: Keypoints
    hashes: NDArray[np.uint64]
    preview: bytes

    @cached_property
    def grey(self) -> Array:
        """The working picture that the keypoints refer to, uint8 (h, w)."""
        data = np.frombuffer(self.preview, np.uint8)
        grey = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
        if grey is None:
            raise ValueError("the stored preview is no picture")
        size = (self.keypoints.width, self.keypoints.height)
        if grey.shape[::-1] == size:
            return grey
        shrink = size[0] < grey.shape[1]
        return cv2.resize(grey, size, interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC)

    @cached_property
    def detail(self) -> float:
        """Mean strength of the finest detail, in grey levels."""
        fine = cv2.GaussianBlur(self.grey, (0, 0), 1.0)
        return cv2.mean(cv2.absdiff(self.grey, fine))[0]

    @cached_property
    def even(self) -> float:
        """Share of the picture that its two commonest tones take up, 0..1."""
        return sum(commonest_tones(self.grey, _EVEN))

    @cached_property
    def colours(self) -> Array:
        """Y, Cr and Cb of the picture at 64 x 64, float32 (64, 64, 3)."""
        data = np.frombuffer(self.preview, np.uint8)
        flags = cv2.IMREAD_REDUCED_COLOR_4 | cv2.IMREAD_IGNORE_ORIENTATION
        colour = cv2.imdecode(data, flags)
        if colour is None:
            raise ValueError("the stored preview is no picture")
        size = (COLOUR_SIDE, COLOUR_SIDE)
        small = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(small, cv2.COLOR_BGR2YCrCb).astype(np.float32)


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
        orientation=_UNDONE[e.orientation],
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
    toned = None
    if _may_follow_a_curve(evidence):
        best = _along_a_curve(a, b, transform, place)
        if best is not None and best[1].blocks >= agreement.blocks + LEAST_GAIN:
            toned, along = best
            evidence = replace(
                evidence,
                ssim=along.ssim,
                agreement=along.blocks,
                correlation=along.correlation,
                best_correlation=along.best_correlation,
                textured=along.textured,
                flat_difference=along.flat_difference,
                inverted=False,
                curved=True,
            )
    if is_alike_nowhere(evidence):
        coarse = compare(a.grey, b.grey, transform, side=COARSE_SIDE, place=place, toned=toned)
        if coarse is not None:
            evidence = replace(evidence, coarse=coarse.correlation)
    return _looked_at_closely(evidence, a, b, transform, place, toned)


def _may_follow_a_curve(e: Evidence) -> bool:
    """Whether keypoints agree and tones don't, all over a photograph: any curve fits flat tones."""
    trusted = e.inliers >= FEWEST_CURVED and e.inliers >= 0.5 * e.matches and e.spread >= 0.35
    photographic = (e.even or 0.0) < EVEN_CLOSELY and (e.textured or 0.0) >= 0.4
    return trusted and photographic and (e.agreement or 0.0) < CURVED_AGREEMENT


def _along_a_curve(
    a: Picture, b: Picture, transform: Array, place: Place | None
) -> tuple[Toning, Agreement] | None:
    """The curve of tones along which the two agree nearly everywhere, and how far; else None."""
    laid = overlay(a.grey, b.grey, transform, side=COMPARED_SIDE, place=place)
    if laid is None:
        return None
    for curve in find_curves(*laid[:3]):
        along = compare(a.grey, b.grey, transform, place=place, toned=curve.put)
        if along is None or along.inverted:
            continue
        if along.blocks >= CURVED_AGREEMENT and along.correlation >= CURVED_CORRELATION:
            return curve.put, along
    return None


def _looked_at_closely(
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
        mirrored=orientation in (1, 3, 4, 6),
        rotation=_ROTATIONS[orientation],
        scale=max(kb.width, kb.height) / max(ka.width, ka.height),
    )
    return _looked_at_closely(_with(evidence, a, b, transform, coarse), a, b, transform)


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
        framed=_framed(a, b, transform, agreement),
    )


_UNDONE = (0, 1, 2, 3, 4, 7, 6, 5)  # the orientation that undoes each: two are quarter turns

# Degrees by which a picture is turned counter-clockwise (mirror taken out) to become the other one,
# for each orientation of models.hashes.ORIENTATIONS.
_ROTATIONS = (0.0, 0.0, 180.0, 180.0, -90.0, -90.0, 90.0, 90.0)

# Maps of the unit square that undo each orientation: a(u) = b(M u) where a = b.transpose(t).
_MAPS = (
    ((1, 0, 0), (0, 1, 0)),
    ((-1, 0, 1), (0, 1, 0)),
    ((-1, 0, 1), (0, -1, 1)),
    ((1, 0, 0), (0, -1, 1)),
    ((0, 1, 0), (1, 0, 0)),
    ((0, -1, 1), (1, 0, 0)),
    ((0, -1, 1), (-1, 0, 1)),
    ((0, 1, 0), (-1, 0, 1)),
)


def dihedral(orientation: int, wa: int, ha: int, wb: int, hb: int) -> NDArray[np.float64]:
    """The 3x3 map from pixels of a (wa x ha) to those of b, where a = b turned by `orientation`."""
    turn = np.array([*_MAPS[orientation], (0, 0, 1)], np.float64)
    to_unit = np.array([[1 / wa, 0, 0.5 / wa], [0, 1 / ha, 0.5 / ha], [0, 0, 1]])
    from_unit = np.array([[wb, 0, -0.5], [0, hb, -0.5], [0, 0, 1]])
    return from_unit @ turn @ to_unit


def _colours(a: Picture, b: Picture, transform: Array) -> tuple[float, float]:
    """models.recolouring.compare_colours for the two pictures under a transform from a to b."""
    ka, kb = a.keypoints, b.keypoints
    cells = dihedral(0, COLOUR_SIDE, COLOUR_SIDE, ka.width, ka.height)
    back = dihedral(0, kb.width, kb.height, COLOUR_SIDE, COLOUR_SIDE)
    return compare_colours(a.colours, b.colours, back @ transform @ cells)


def _framed(a: Picture, b: Picture, transform: Array, agreement: Agreement) -> bool:
    """Whether one picture lies whole inside the other and what surrounds it there is flat."""
    if min(agreement.cover_a, agreement.cover_b) > 0.98:
        return False
    if agreement.cover_a >= agreement.cover_b:
        inner, outer, to_outer = a.keypoints, b.grey, transform
    else:
        inner, outer, to_outer = b.keypoints, a.grey, np.linalg.inv(transform)
    w, h = inner.width, inner.height
    corners = np.array([[[0, 0], [w, 0], [w, h], [0, h]]], np.float64)
    outline = cv2.perspectiveTransform(corners, to_outer)[0]
    around = np.full(outer.shape, 255, np.uint8)
    cv2.fillConvexPoly(around, np.rint(outline).astype(np.int32), 0)
    around = cv2.erode(around, np.ones((7, 7), np.uint8)) > 0
    if around.sum() < 64:
        return True  # a border thinner than a few pixels
    # One or two even tones: a bar and its letters, a white margin. No sky or wall is so even.
    first, second = commonest_tones(outer[around], _EVEN)
    if first <= 0.5 and first + second <= 0.7:
        return False
    return _steps(outer, outline) >= 0.4


def _steps(outer: Array, outline: Array) -> float:
    """Share of an outline at which the tone jumps: a frame begins there, a scene only goes on."""
    centre = outline.mean(axis=0)
    ends = np.roll(outline, -1, axis=0)
    along = np.linspace(0.02, 0.98, 64)[:, None, None]
    places = (outline * (1 - along) + ends * along).reshape(-1, 2)
    outward = places - centre
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    smooth = cv2.blur(outer, (3, 3)).astype(np.int16)
    high, wide = outer.shape
    values = []
    for offset in (-4.0, 4.0):
        at = np.rint(places + offset * outward).astype(int)
        inside = (at >= 0).all(axis=1) & (at[:, 0] < wide) & (at[:, 1] < high)
        at = np.clip(at, 0, (wide - 1, high - 1))
        values.append((smooth[at[:, 1], at[:, 0]], inside))
    (inner, ok), (beyond, also) = values
    usable = ok & also
    return float((np.abs(inner - beyond)[usable] > 8).mean()) if usable.any() else 0.0
