"""Calibration: an estimate that follows the evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twinsift.models.calibration import features, probability
from twinsift.models.evidence import Evidence

CLEAR = Evidence(
    hamming=2, keypoints=300, matches=200, inliers=170, spread=0.8, cover_a=1.0, cover_b=1.0,
    ssim=0.95, agreement=0.99, correlation=0.99, best_correlation=1.0, textured=0.9,
    flat_difference=1.0, gain=1.0, shift=0.0, colour=0.5, residual=0.1, coherence=0.0, support=0.6,
    detail=0.9, even=0.2, transform=(1, 0, 0, 0, 1, 0, 0, 0, 1), method="keypoints",
)  # fmt: skip
UNIT = st.floats(0, 1)


def test_equal_pixels_are_certain_and_another_method_is_not_judged():
    assert probability(Evidence(method="digest")) == 1.0
    assert probability(Evidence(method="pixels")) == 1.0
    assert probability(Evidence(method="sift", ssim=0.99)) is None


def test_a_clear_copy_is_likely_and_two_strangers_are_not():
    assert (probability(CLEAR) or 0) > 0.95
    assert (probability(Evidence(hamming=30)) or 1) < 0.05


@pytest.mark.parametrize("method", ["keypoints", "hash"])
@settings(max_examples=30)
@given(
    agreement=UNIT, correlation=UNIT, hamming=st.integers(0, 64), inliers=st.integers(0, 200),
    even=UNIT, changed=UNIT, moved=st.integers(0, 60), flat=st.floats(0, 200),
)  # fmt: skip
def test_better_evidence_never_lowers_the_estimate(
    method, agreement, correlation, hamming, inliers, even, changed, moved, flat
):
    e = replace(
        CLEAR, method=method, agreement=agreement, correlation=correlation, hamming=hamming,
        inliers=inliers, even=even, changed=changed, drawn=0.3, moved=moved, flat_difference=flat,
    )  # fmt: skip
    better = replace(
        e, agreement=1.0, correlation=1.0, hamming=0, inliers=200, even=0.1, changed=0.0, moved=0,
        flat_difference=0.0,
    )  # fmt: skip
    assert 0.0 < (probability(e) or 0) <= (probability(better) or 0) < 1.0


def test_features_are_finite_for_evidence_with_nothing_in_it():
    for method in ("", "keypoints", "hash"):
        assert all(abs(v) < 100 for v in features(Evidence(method=method)).values())
