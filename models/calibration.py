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
    "one": -5.887,
    "duplicate": 4.944,
    "related": 2.187,
    "agreement": 0.291,
    "correlation": 0.0,
    "hash": 1.399,
    "share": 1.425,
    "spread": 0.359,
    "graphic": 1.016,
    "changed": 0.416,
    "moved": 0.422,
    "recoloured": 0.448,
}
_HASH = {
    "one": -3.507,
    "duplicate": 0.141,
    "related": 0.141,
    "agreement": 1.278,
    "correlation": 1.36,
    "hash": 0.0,
    "unmatched": 1.68,
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
    weighed = features(e)
    score = sum(weights[name] * value for name, value in weighed.items())
    low, high = _BOUNDS
    if not weighed["duplicate"]:
        high = 0.5  # what the rules refuse is no likelier than not
    return min(max(1.0 / (1.0 + math.exp(-max(min(score, 30.0), -30.0))), low), high)


def features(e: Evidence) -> dict[str, float]:
    """What the estimate weighs, by name: each is bounded, and speaks for a copy the larger it is.

    The verdict at default thresholds is one of them: the others say how clear a case it was.
    """
    verdict = judge(e, _UNKNOWN, _UNKNOWN, Thresholds())
    common = {
        "one": 1.0,
        "duplicate": float(verdict.is_duplicate),
        "related": float(verdict is not Verdict.UNRELATED),
        "agreement": _logit(e.agreement or 0.0),
        "correlation": _fisher(e.correlation),
        "hash": (32 - min(e.hamming if e.hamming is not None else 32, 32)) / 32.0,
    }
    if e.method != "keypoints":
        found = min(math.log1p(e.keypoints) / math.log(500), 1.0) * (e.detail or 0.0)
        return {**common, "unmatched": -found}
    share = e.inliers / max(e.matches, 1)
    swapped, large = e.swapped / 0.005, e.changed * (1.0 - e.drawn) / 0.01
    return {
        **common,
        "share": share,
        "spread": e.spread,
        "graphic": -max((e.even or 0.0) - 0.4, 0.0) * (1.0 - share),
        "changed": -min(max(large, swapped), 3.0),
        "moved": -min(e.moved / max(e.inliers, 1) / 0.04, 3.0),
        "recoloured": -min((e.recoloured or 0.0) / 0.04, 3.0),
    }


def _logit(share: float) -> float:
    inner = min(max(share, 0.02), 0.99)
    return math.log(inner / (1.0 - inner))


def _fisher(correlation: float | None) -> float:
    return math.atanh(min(max(correlation or 0.0, -0.95), 0.995))
