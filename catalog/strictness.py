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


LEVELS = {
    "strict": Level(16, 0.7, 0.9, "less certain copies are shown among the near shots"),
    "normal": Level(12, 0.6, 0.0, "what agrees in every respect that was looked at"),
    "loose": Level(8, 0.5, 0.0, "worn and heavily edited copies too: look before you accept"),
}


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
