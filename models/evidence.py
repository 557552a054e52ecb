"""What was found out about a pair of pictures, and its verdict in plain words."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

EQUALLY_SHARP = 0.6
"""`Evidence.detail` from which neither picture is blurred, noisy or enlarged against the other."""


class Verdict(StrEnum):
    """What one picture is to the other; ordered from the strongest relation to none."""

    IDENTICAL_FILE = "identical file"
    IDENTICAL_PIXELS = "identical pixels"
    REENCODED = "re-encoded"
    RESIZED = "resized"
    EDITED = "tone or colour edited"
    TURNED = "rotated or mirrored"
    CROPPED = "cropped"
    FRAMED = "framed or captioned"
    NEAR_SHOT = "near shot"
    UNRELATED = "unrelated"

    @property
    def is_duplicate(self) -> bool:
        """Whether the two are copies of one picture (near shots are not)."""
        return self not in (Verdict.NEAR_SHOT, Verdict.UNRELATED)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything measured about the pair (a, b); a measure that wasn't taken is None.

    `transform` maps working pixels of a to working pixels of b (3x3, row-major); `cover_a` and
    `cover_b` are the fractions of each picture that the aligned overlap takes up.
    """

    hamming: int | None = None
    """Smallest pHash Hamming distance over the 8 orientations, 0..64."""
    orientation: int = 0
    """Index into models.hashes.ORIENTATIONS at which `hamming` was reached."""
    cosine: float | None = None
    keypoints: int = 0
    """Keypoints of the picture that has fewer."""
    matches: int = 0
    inliers: int = 0
    spread: float = 0.0
    """Fraction of the overlap's 4 x 4 cells that hold an inlier, 0..1."""
    mirrored: bool = False
    rotation: float = 0.0
    """Degrees by which a is turned counter-clockwise to become b."""
    scale: float = 1.0
    """Working pixels of b for one of a."""
    transform: tuple[float, ...] | None = None
    cover_a: float | None = None
    cover_b: float | None = None
    ssim: float | None = None
    """Mean SSIM of the aligned overlap after the tones were matched, -1..1."""
    agreement: float | None = None
    """Fraction of the overlap's textured blocks whose structure agrees, 0..1."""
    correlation: float | None = None
    """Median local correlation of the overlap's textured blocks, -1..1."""
    best_correlation: float | None = None
    """Upper quartile of the same: an edit leaves the rest of a picture as it was."""
    coarse: float | None = None
    """`correlation` at a quarter of the size, where the pair is alike and the same nowhere."""
    clash: float | None = None
    """Share of the overlap's ink (strong texture) where both are inked and disagree, 0..1."""
    changed: float = 0.0
    """Fraction of the overlap that was replaced by something with a large body, 0..1."""
    drawn: float = 1.0
    """Share of that part that two tones take up: low where both are photographic."""
    swapped: float = 0.0
    """Fraction replaced by something small that is photographic in both pictures, 0..1."""
    exchanged: float = 0.0
    """Fraction that things take up which only a holds, or only b: the lesser of the two, 0..1."""
    grain: float | None = None
    """How much of their noise the two share, where both have a sensor's: 0 in two exposures."""
    detail: float | None = None
    """Fine detail of the softer picture for that of the crisper one, 0..1."""
    even: float | None = None
    """Share of the less even picture that two tones take up: near 1 for pages and drawings."""
    textured: float | None = None
    """Fraction of the overlap that has texture, 0..1."""
    flat_difference: float | None = None
    """Mean grey-level difference where there is none, tones matched."""
    inverted: bool = False
    """Whether light and dark are swapped."""
    curved: bool = False
    """Whether tones agree along a curve only, as after solarising; `ssim` and others follow it."""
    gain: float | None = None
    """Contrast of a for one of b; negative where inverted."""
    shift: float | None = None
    """Mean grey level of a less that of b."""
    colour: float | None = None
    """Mean distance of the two pictures' chroma over the overlap, in 8-bit steps."""
    framed: bool = False
    """Whether what lies outside the overlap is flat: a border, a letterbox, a caption's bar."""
    residual: float | None = None
    """Median error of the inliers, in pixels of the coarser working picture."""
    coherence: float | None = None
    """How far neighbouring inliers err alike, -1..1 (models.geometry)."""
    support: float = 0.0
    """Inliers for each keypoint of the poorer picture in the overlap, 0..1."""
    bent: float = 0.0
    """How far one is bent beyond perspective, of b's longer side: a lens, a page. 0 where not."""
    moved: int = 0
    """Matches that agree on a second, nearby transform: a subject that moved."""
    recoloured: float | None = None
    """Fraction of the overlap whose hue turned while the rest kept its own, 0..1."""
    method: str = ""
    """Which comparison it rests on: 'digest', 'pixels', 'keypoints', 'hash', 'sift', 'orb'."""

    def to_json(self) -> str:
        """The evidence as one JSON object, measures not taken left out."""
        found = {
            k: _short(v)
            for k, v in asdict(self).items()
            if v is not None and v is not False and v != ""
        }
        return json.dumps(found, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Evidence:
        """The evidence that `to_json` wrote; keys of other versions are ignored."""
        found = {k: v for k, v in json.loads(text).items() if k in cls.__dataclass_fields__}
        if "transform" in found:
            found["transform"] = tuple(found["transform"])
        return cls(**found)


def is_alike_nowhere(e: Evidence) -> bool:
    """Whether two pictures are alike everywhere and the same nowhere.

    Another light or another moment looks so, and so do blur, noise and a screen's dots.
    """
    if e.method == "hash":
        return False  # compared coarsely as it is
    return (e.correlation or 0.0) < 0.95 and (e.best_correlation or 0.0) < 0.99


def _short(value: object) -> object:
    """A number with the digits that the measure is good for: evidence is stored by the million."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, tuple):
        return [float(f"{x:.7g}") for x in value]
    return value
