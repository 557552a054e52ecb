"""How likely it is that a pair is a copy, estimated from its evidence.

Two logistic regressions (one for pairs aligned by keypoints, one for pairs laid over each other by
their hashes), fitted with scripts/calibrate.py; docs/calibration.md says on which sets, and how
often pairs of each estimate were copies in sets that took no part in it.
"""

from __future__ import annotations

import math

from .evidence import Evidence, Verdict
from .verdicts import Facts, Thresholds, judge

_KEYPOINTS = {
    "one": -7.549,
    "duplicate": 2.112,
    "related": 2.963,
    "agreement": 0.835,
    "correlation": 0.0,
    "best": 0.0,
    "flat": 0.183,
    "changed": 0.429,
    "hash": 2.401,
    "cosine": 0.0,
    "inliers": 0.0,
    "share": 1.597,
    "support": 0.0,
    "spread": 0.0,
    "graphic": 1.382,
    "parallax": 0.0,
    "moved": 0.623,
    "recoloured": 1.004,
    "apart": 1.775,
}
_HASH = {
    "one": -5.033,
    "duplicate": 0.074,
    "related": 0.074,
    "agreement": 1.881,
    "correlation": 0.718,
    "best": 0.0,
    "flat": 0.0,
    "changed": 0.0,
    "hash": 0.819,
    "cosine": 0.0,
    "unmatched": 0.0,
    "textured": 0.0,
}
_UNKNOWN = Facts(1, 1, "", False, None, None, None)
_BOUNDS = (0.0005, 0.9995)
"""No estimate goes beyond what the sets it was fitted on could show."""


def probability(e: Evidence) -> float | None:
    """The estimated probability that the pair is a copy, 0..1, given that it was a candidate.

    Equal pixels and digests are certain. None for evidence of the sift-ssim preset, for which
    nothing was fitted. Times of exposure are no evidence here (models.verdicts weighs them).
    """
    if e.method in ("digest", "pixels"):
        return 1.0
    if e.method in ("sift", "orb"):
        return None
    weights = _KEYPOINTS if e.method == "keypoints" else _HASH
    score = sum(weights[name] * value for name, value in features(e).items())
    low, high = _BOUNDS
    return min(max(1.0 / (1.0 + math.exp(-max(min(score, 30.0), -30.0))), low), high)


def features(e: Evidence) -> dict[str, float]:
    """What the estimate weighs, by name: each is bounded, and speaks for a copy the larger it is.

    The verdict at default thresholds is one of them: the others say how clear a case it was.
    """
    agreement = e.agreement or 0.0
    verdict = judge(e, _UNKNOWN, _UNKNOWN, Thresholds())
    common = {
        "one": 1.0,
        "duplicate": float(verdict.is_duplicate),
        "related": float(verdict is not Verdict.UNRELATED),
        "agreement": _logit(agreement),
        "correlation": _fisher(e.correlation),
        "best": _fisher(e.best_correlation),
        "flat": -min((e.flat_difference or 0.0) / 25.0, 2.0),
        "changed": -min(max(e.changed * (1.0 - e.drawn) / 0.01, e.swapped / 0.005), 3.0),
        "hash": (32 - min(e.hamming if e.hamming is not None else 32, 32)) / 32.0,
        "cosine": 0.0 if e.cosine is None else max(e.cosine - 0.6, 0.0) / 0.4,
    }
    if e.method != "keypoints":
        found = min(math.log1p(e.keypoints) / math.log(500), 1.0) * (e.detail or 0.0)
        return {**common, "unmatched": -found, "textured": min((e.textured or 0.0) / 0.3, 1.0)}
    share = e.inliers / max(e.matches, 1)
    cover = max(e.cover_a or 0.0, e.cover_b or 0.0)
    bent = min((e.residual or 0.0) / 0.25, 3.0) * max(e.coherence or 0.0, 0.0)
    return {
        **common,
        "inliers": math.log(max(e.inliers, 1) / 40),
        "share": share,
        "support": math.log(e.support + 0.02),
        "spread": e.spread,
        "graphic": -max((e.even or 0.0) - 0.4, 0.0) * (1.0 - share),
        "parallax": 0.0 if e.bent else -bent,
        "moved": -min(e.moved / max(e.inliers, 1) / 0.04, 3.0),
        "recoloured": -min((e.recoloured or 0.0) / 0.04, 3.0),
        "apart": -max(0.95 - cover, 0.0) / 0.1 * (0.0 if e.framed else 1.0),
    }


def _logit(share: float) -> float:
    inner = min(max(share, 0.02), 0.99)
    return math.log(inner / (1.0 - inner))


def _fisher(correlation: float | None) -> float:
    return math.atanh(min(max(correlation or 0.0, -0.95), 0.995))
