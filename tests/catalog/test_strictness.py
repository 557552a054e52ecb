"""Strictness: one word for the thresholds, single numbers before it, doubt shown and not hidden."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twinsift.catalog import strictness
from twinsift.catalog.settings import STRICTNESS, MatchSettings
from twinsift.models.calibration import probability
from twinsift.models.evidence import Evidence, Verdict
from twinsift.models.verdicts import Facts

FACTS = Facts(800, 600, "JPEG", False, 90, None, None)
COVERED = Evidence(
    hamming=4,
    keypoints=400,
    matches=320,
    inliers=300,
    spread=1.0,
    cover_a=1.0,
    cover_b=1.0,
    ssim=0.97,
    agreement=1.0,
    correlation=0.99,
    best_correlation=1.0,
    detail=0.9,
    even=0.2,
    textured=0.8,
    flat_difference=1.0,
    gain=1.0,
    shift=0.0,
    colour=1.0,
    residual=0.1,
    coherence=0.0,
    support=0.8,
    method="keypoints",
)


def test_each_word_stands_for_numbers_and_a_number_goes_before_its_word() -> None:
    assert set(strictness.LEVELS) == set(STRICTNESS)
    strict, normal, loose = (strictness.of(MatchSettings(strictness=s)) for s in STRICTNESS)
    for a, b in ((strict, normal), (normal, loose)):
        assert a.thresholds.inliers > b.thresholds.inliers
        assert a.thresholds.agreement > b.thresholds.agreement
        assert a.certainty >= b.certainty
    own = strictness.of(MatchSettings(strictness="strict", inliers=5, agreement=0.4))
    assert (own.thresholds.inliers, own.thresholds.agreement) == (5, 0.4)
    assert own.certainty == strict.certainty


@given(
    inliers=st.integers(0, 320),
    agreement=st.floats(0, 1),
    correlation=st.floats(0, 1),
    hamming=st.integers(0, 40),
)
def test_the_stricter_finds_no_more_and_hides_nothing_that_it_doubts(
    inliers: int, agreement: float, correlation: float, hamming: int
) -> None:
    evidence = replace(
        COVERED, inliers=inliers, agreement=agreement, correlation=correlation, hamming=hamming
    )
    verdicts = [
        strictness.of(MatchSettings(strictness=s)).judge(evidence, FACTS, FACTS) for s in STRICTNESS
    ]
    copies = [verdict.is_duplicate for verdict in verdicts]
    assert copies == sorted(copies)
    if copies[0]:
        assert (probability(evidence) or 0) >= strictness.LEVELS["strict"].certainty


def test_a_clear_copy_is_one_at_every_strictness() -> None:
    for name in STRICTNESS:
        found = strictness.of(MatchSettings(strictness=name)).judge(COVERED, FACTS, FACTS)
        assert found is Verdict.REENCODED


@pytest.mark.parametrize("method", ["pixels", "digest"])
def test_what_is_certain_needs_no_threshold(method: str) -> None:
    assert probability(Evidence(method=method)) == 1.0
