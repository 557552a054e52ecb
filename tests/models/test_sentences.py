"""Sentences: what was done to a picture, true and in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from twinsift.models.evidence import Evidence, Verdict
from twinsift.models.sentences import sentence, transform_words
from twinsift.models.verdicts import Facts

SAME = Evidence(
    hamming=2, matches=160, inliers=143, cover_a=1.0, cover_b=1.0, ssim=0.93, agreement=0.99,
    correlation=0.99, gain=1.0, shift=0.0, colour=0.5, method="keypoints",
)  # fmt: skip
FULL = Facts(4000, 3000, "JPEG", False, 92, None, None)
SMALL = Facts(640, 480, "JPEG", False, 40, None, None)


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({}, Verdict.REENCODED, ""),
        ({"cover_a": 0.52, "mirrored": True}, Verdict.CROPPED, "crop, 52% of the area, mirrored"),
        ({"rotation": -15.0}, Verdict.TURNED, "rotated by 15°"),
        ({"cover_b": 0.4}, Verdict.FRAMED, "fills 40% of the other"),
        ({"agreement": 0.88}, Verdict.FRAMED, "the same but for 12%"),
        ({"bent": 0.03}, Verdict.EDITED, "bent by up to 3% (a lens, a page)"),
        ({"shift": -20.0, "colour": 21.0}, Verdict.EDITED, "other brightness, other colours"),
        ({"inverted": True, "gain": -1.0}, Verdict.EDITED, "tones inverted"),
        (
            {"cover_a": 0.7, "cover_b": 0.6},
            Verdict.NEAR_SHOT,
            "70% of the one and 60% of the other in common",
        ),
    ],
)
def test_the_transform_is_told(change, verdict, words):
    assert transform_words(replace(SAME, **change), verdict) == words


def test_the_files_tell_their_sizes_and_qualities():
    text = sentence(replace(SAME, rotation=15.0), Verdict.TURNED, FULL, SMALL)
    assert text.startswith("rotated by 15°, 640×480 of 4000×3000, JPEG quality 40 of 92; 143")


def test_a_near_shot_says_why():
    apart = replace(SAME, residual=0.9, coherence=0.8)
    assert "another viewpoint" in sentence(apart, Verdict.NEAR_SHOT, FULL, FULL)
    later = replace(FULL, captured_at="2019:05:01 10:00:01")
    first = replace(FULL, captured_at="2019:05:01 10:00:00")
    assert "taken at another time" in sentence(SAME, Verdict.NEAR_SHOT, first, later)


def test_the_weakest_part_of_a_copy_is_told():
    assert "weakest: 78% of the structure agrees" in sentence(
        replace(SAME, agreement=0.78), Verdict.FRAMED
    )
    assert "weakest" not in sentence(SAME, Verdict.REENCODED)
