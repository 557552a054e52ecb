"""Evidence: stored and read back; verdicts: which are duplicates."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twinsift.models.evidence import Evidence, Verdict
from twinsift.models.sentences import sentence
from twinsift.models.verdicts import Facts, Thresholds, judge, similarity

FACTS = Facts(640, 480, "JPEG", False, 90, None, None)
CLEAR = Evidence(
    hamming=2, matches=200, inliers=150, spread=0.8, cover_a=1.0, cover_b=1.0, ssim=0.95,
    agreement=0.99, correlation=0.99, textured=0.9, flat_difference=1.0, gain=1.0, shift=0.0,
    colour=0.5, residual=0.1, coherence=0.0, transform=(1, 0, 0, 0, 1, 0, 0, 0, 1),
    method="keypoints",
)  # fmt: skip
UNIT = st.floats(0, 1)


@given(
    hamming=st.none() | st.integers(0, 64),
    inliers=st.integers(0, 500),
    ssim=st.none() | st.floats(-1, 1),
    mirrored=st.booleans(),
    rotation=st.floats(-180, 180),
    transform=st.none() | st.tuples(*[st.floats(-1e4, 1e4)] * 9),
)
def test_evidence_survives_storage(hamming, inliers, ssim, mirrored, rotation, transform):
    before = Evidence(
        hamming=hamming, inliers=inliers, ssim=ssim, mirrored=mirrored, rotation=rotation,
        transform=transform,
    )  # fmt: skip
    after = Evidence.from_json(before.to_json())
    assert (after.hamming, after.inliers, after.mirrored) == (hamming, inliers, mirrored)
    assert after.ssim == (None if ssim is None else pytest.approx(ssim, abs=1e-4))
    assert after.rotation == pytest.approx(rotation, abs=1e-4)
    if transform is not None:
        assert after.transform == pytest.approx(transform, rel=1e-6)


def test_keys_of_other_versions_are_ignored():
    assert Evidence.from_json('{"hamming": 3, "unheard_of": 1}') == Evidence(hamming=3)


@given(
    inliers=st.integers(0, 60), spread=UNIT, cover=UNIT, agreement=UNIT, correlation=UNIT,
    ssim=UNIT, textured=UNIT, hamming=st.integers(0, 64),
    method=st.sampled_from(["keypoints", "hash"]),
)  # fmt: skip
def test_more_agreement_never_makes_less_of_a_pair(
    inliers, spread, cover, agreement, correlation, ssim, textured, hamming, method
):
    e = replace(
        CLEAR, inliers=inliers, spread=spread, cover_a=cover, cover_b=cover, agreement=agreement,
        correlation=correlation, ssim=ssim, textured=textured, hamming=hamming, method=method,
    )  # fmt: skip
    better = replace(
        e, inliers=inliers + 40, spread=1.0, cover_a=1.0, cover_b=1.0, agreement=1.0,
        correlation=1.0, textured=1.0, hamming=0,
    )  # fmt: skip
    if judge(e, FACTS, FACTS, Thresholds()).is_duplicate:
        assert judge(better, FACTS, FACTS, Thresholds()).is_duplicate


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cover_a": 0.1, "cover_b": 0.12}, "they share a corner only"),
        ({"agreement": 0.2}, "the overlap disagrees"),
        ({"inliers": 9, "agreement": 0.7, "correlation": 0.75}, "too few inliers"),
        ({"textured": 0.05, "flat_difference": 60.0}, "another ground"),
        ({"method": "hash", "hamming": 20}, "hashes far apart"),
        ({"method": "hash", "textured": 0.02}, "flat pictures"),
        ({"agreement": None, "correlation": None}, "no overlap"),
    ],
)
def test_what_proves_nothing_is_unrelated(change, why):
    assert judge(replace(CLEAR, **change), FACTS, FACTS, Thresholds()) is Verdict.UNRELATED, why


def test_a_small_thing_on_a_ground_of_other_colours_is_a_copy_where_no_brightness_differs():
    """A saturated sky keeps its brightness; another ground seldom has just that one."""
    sky = replace(CLEAR, textured=0.06, spread=0.35, colour=42.0, agreement=1.0, correlation=1.0)
    assert judge(sky, FACTS, FACTS, Thresholds()) is Verdict.EDITED
    for change in ({"flat_difference": 4.0}, {"agreement": 0.95}, {"correlation": 0.95}):
        other = replace(sky, **change)
        assert not judge(other, FACTS, FACTS, Thresholds()).is_duplicate, change


def test_a_page_is_a_copy_where_its_ink_agrees_and_another_of_its_kind_where_it_clashes():
    page = replace(CLEAR, even=0.9, detail=1.0, keypoints=300, inliers=122, clash=0.0)
    assert judge(page, FACTS, FACTS, Thresholds()).is_duplicate
    assert judge(replace(page, inliers=80), FACTS, FACTS, Thresholds()).is_duplicate
    for clash in (0.005, 0.05, None):
        other = replace(page, clash=clash)
        assert not judge(other, FACTS, FACTS, Thresholds()).is_duplicate, clash


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"residual": 0.9, "coherence": 0.8}, "parallax"),
        ({"swapped": 0.02, "clash": 0.03, "detail": 0.9}, "somebody went by"),
        ({"changed": 0.1, "drawn": 0.3, "detail": 0.9}, "another person before one backdrop"),
        ({"correlation": 0.8, "best_correlation": 0.95, "coarse": 0.6}, "another light"),
        ({"cover_a": 0.8, "cover_b": 0.8, "shift": 2.0}, "a camera that panned"),
        ({"cover_a": 0.7, "cover_b": 0.7, "correlation": 1.0, "clash": 0.1}, "a screen scrolled"),
        ({"moved": 40, "agreement": 0.97}, "a subject that moved"),
        ({"moved": 40, "agreement": 1.0, "exchanged": 0.001}, "a small one"),
        ({"exchanged": 0.01, "detail": 0.9}, "one went, another came"),
        ({"grain": 0.1}, "the noise of another exposure"),
        ({"recoloured": 0.2}, "a thing in another colour"),
    ],
)
def test_another_exposure_is_a_near_shot(change, why):
    assert judge(replace(CLEAR, **change), FACTS, FACTS, Thresholds()) is Verdict.NEAR_SHOT, why


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"residual": 0.9, "coherence": 0.8, "bent": 0.03}, "a lens explains it"),
        ({"changed": 0.1, "drawn": 0.95, "clash": 0.05, "detail": 0.9}, "a sticker is drawn"),
        ({"correlation": 0.8, "best_correlation": 0.95, "coarse": 0.99}, "grain, a screen's dots"),
        ({"exchanged": 0.01, "detail": 0.1}, "blur moves edges"),
        ({"grain": 0.8}, "the same noise"),
        ({"moved": 40, "agreement": 1.0}, "a pattern that repeats"),
        ({"cover_a": 0.8, "cover_b": 0.8, "correlation": 1.0}, "two crops of one picture"),
    ],
)
def test_what_an_edit_explains_is_a_copy(change, why):
    assert judge(replace(CLEAR, **change), FACTS, FACTS, Thresholds()).is_duplicate, why


def test_near_shots_are_no_duplicates():
    parallax = replace(CLEAR, residual=0.9, coherence=0.8)
    assert judge(parallax, FACTS, FACTS, Thresholds()) is Verdict.NEAR_SHOT
    assert not Verdict.NEAR_SHOT.is_duplicate


def test_only_the_same_pixels_are_100_percent():
    assert similarity(CLEAR, Verdict.IDENTICAL_PIXELS) == 1
    perfect = replace(CLEAR, ssim=1.0, agreement=1.0)
    assert similarity(perfect, Verdict.REENCODED) < 1
    assert sentence(CLEAR, Verdict.IDENTICAL_FILE) == "identical file, byte for byte"
