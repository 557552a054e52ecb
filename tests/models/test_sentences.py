"""Sentences: what was done to a picture, true and in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from twinsift.models.evidence import Evidence, Verdict
from twinsift.models.sentences import edit_words, sentence
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
        ({}, Verdict.REENCODED, "re-encoded"),
        ({"cover_a": 0.52, "mirrored": True}, Verdict.CROPPED, "mirrored crop, 52 % of the area"),
        ({"rotation": -15.0}, Verdict.TURNED, "rotated 15°"),
        ({"cover_b": 0.4}, Verdict.FRAMED, "framed or captioned, 40 % in common"),
        ({"agreement": 0.88}, Verdict.FRAMED, "framed or captioned, the same but for 12 %"),
        ({"bent": 0.03}, Verdict.RESIZED, "resized, bent by up to 3 % (a lens, a page)"),
        (
            {"shift": -20.0, "colour": 21.0},
            Verdict.EDITED,
            "tone or colour edited, other brightness, other colours",
        ),
        ({"inverted": True, "gain": -1.0}, Verdict.EDITED, "tone or colour edited, inverted"),
        (
            {"curved": True, "shift": 30.0},
            Verdict.EDITED,
            "tone or colour edited, tones along a curve",
        ),
        ({"cover_a": 0.7, "shift": 20.0}, Verdict.NEAR_SHOT, "near shot"),
    ],
)
def test_the_edit_is_told(change, verdict, words):
    assert edit_words(replace(SAME, **change), verdict) == words


def test_what_was_measured_is_told():
    crop = replace(SAME, hamming=20, mirrored=True, cover_a=0.52, cosine=0.9)
    assert sentence(crop, Verdict.CROPPED) == (
        "mirrored crop, 52 % of the area; 143 matching points; SSIM 0.93 where they overlap;"
        " pHash 20 of 64 bits apart; cosine 0.90"
    )
    whole = Evidence(rotation=90.0, inliers=1, cover_a=1.0, cover_b=1.0, ssim=0.99, method="sift")
    assert sentence(whole, Verdict.TURNED).startswith("rotated 90°; 1 matching point; SSIM 0.99")


def test_equal_files_and_pixels_need_no_measures():
    for e in (SAME, replace(SAME, method="digest")):
        assert sentence(e, Verdict.IDENTICAL_FILE) == "identical file, byte for byte"
    assert sentence(SAME, Verdict.IDENTICAL_PIXELS).startswith("identical pixels")


def test_the_files_tell_their_sizes_and_qualities():
    text = sentence(replace(SAME, rotation=15.0), Verdict.TURNED, FULL, SMALL)
    assert text.startswith("rotated 15°, 640×480 of 4000×3000, JPEG quality 40 of 92; 143")


def test_a_near_shot_says_why():
    apart = replace(SAME, residual=0.9, coherence=0.8)
    assert "another viewpoint" in sentence(apart, Verdict.NEAR_SHOT, FULL, FULL)
    later = replace(FULL, captured_at="2019:05:01 10:00:01")
    first = replace(FULL, captured_at="2019:05:01 10:00:00")
    assert "taken at another time" in sentence(SAME, Verdict.NEAR_SHOT, first, later)


def test_the_weakest_part_of_a_copy_is_told():
    assert "weakest: 78 % of the structure agrees" in sentence(
        replace(SAME, agreement=0.78), Verdict.FRAMED
    )
    assert "weakest" not in sentence(SAME, Verdict.REENCODED)
