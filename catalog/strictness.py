"""How sure the person wants a copy to be: strict, normal or loose, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from ..models.calibration import probability
from ..models.evidence import Evidence, Verdict
from ..models.verdicts import Facts, Thresholds, judge
from .settings import MatchSettings


@dataclass(frozen=True, slots=True)
class Strictness:
    """Where a copy begins."""

    thresholds: Thresholds
    certainty: float
    """Least estimated probability of a copy; what stays below is shown as a near shot."""

    def judge(self, evidence: Evidence, a: Facts, b: Facts) -> Verdict:
        """What the evidence makes of the pair."""
        verdict = judge(evidence, a, b, self.thresholds)
        if self.certainty and verdict.is_duplicate:
            sure = probability(evidence)
            if sure is not None and sure < self.certainty:
                return Verdict.NEAR_SHOT
        return verdict


@dataclass(frozen=True, slots=True)
class Level:
    """A level of strictness by name."""

    inliers: int
    agreement: float
    certainty: float
    words: str
    """What it does, for people."""
    false: int
    """Pairs of different pictures that it took for copies, of COMPARED."""
    at_most: float
    """The most that are likely behind that count: the upper 95 % bound by Poisson."""


COMPARED = 30_000
"""Candidate pairs of different pictures that the levels were counted on (docs/calibration.md):
13,000 of sets that took no part in making the rules, 17,000 of sets that did, hard negatives among
them. Photo libraries have fewer look-alikes than that."""
LEVELS = {
    "strict": Level(
        16, 0.7, 0.9, "what is less than 90 % certain is shown among the near shots", 2, 6.3
    ),
    "normal": Level(12, 0.6, 0.0, "what agrees in every respect that was looked at", 2, 6.3),
    "loose": Level(
        8, 0.5, 0.0, "worn and heavily edited copies too: look before you accept", 9, 15.7
    ),
}
_EACH = 23  # pairs compared for each picture, measured on 5,278 mixed ones


def expected_false(name: str, pictures: int) -> float:
    """How many false pairs a level may be expected to make among so many pictures, at the most.

    What was counted on labelled sets, scaled to the pairs that a catalog of that size compares.
    """
    return LEVELS[name].at_most * pictures * _EACH / COMPARED


def of(settings: MatchSettings) -> Strictness:
    """The strictness that the settings ask for; single numbers in them go before their level's."""
    level = LEVELS[settings.strictness]
    return Strictness(
        Thresholds(
            settings.hamming,
            settings.inliers or level.inliers,
            settings.agreement or level.agreement,
        ),
        level.certainty,
    )
