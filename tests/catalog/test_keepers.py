"""The suggested keeper: rules in order, with the reason; never by chance."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twinsift.catalog.keepers import Candidate, suggest
from twinsift.catalog.settings import KEEP_RULES

PLAIN = Candidate(b"/p/a/b.jpg", False, 800, 600, False, 1000, 5, "2020-01-01 10:00:00", 10**18)


@pytest.mark.parametrize(
    ("better", "reason"),
    [
        ({"width": 1600}, "most pixels (1600×600)"),
        ({"lossless": True}, "lossless format"),
        ({"framed": False, "width": 10}, "without the border that was added"),
        ({"stretched": False, "width": 10}, "not stretched"),
        ({"quality": 92, "size": 10}, "best quality (92)"),
        ({"size": 2000}, "largest file"),
        ({"exif_count": 9}, "most metadata (9 EXIF tags)"),
        ({"captured_at": "2019-01-01 10:00:00"}, "oldest (2019-01-01 10:00:00)"),
        ({"path": b"/p/b.jpg"}, "shortest path"),
        ({"reference": True, "width": 10}, "in a reference folder"),
    ],
)
def test_each_rule_decides_and_says_so(better, reason):
    other = replace(
        PLAIN, framed="framed" in better, stretched="stretched" in better, quality=88, format="JPEG"
    )
    better = {"quality": 88, "format": "JPEG"} | better
    assert suggest([other, replace(PLAIN, **better)], KEEP_RULES) == (1, reason)


def test_what_only_holds_the_picture_is_never_kept_in_its_place():
    picture, page = PLAIN, replace(PLAIN, holds=True, width=9999, reference=True, lossless=True)
    assert suggest([page, picture], KEEP_RULES) == (1, "the only file")
    assert suggest([page, replace(page, width=1)], KEEP_RULES)[0] == 0


def test_estimates_of_quality_are_compared_within_one_format_only():
    jpeg = replace(PLAIN, format="JPEG", quality=95)
    webp = replace(PLAIN, format="WEBP", quality=None, size=2000)
    assert suggest([jpeg, webp], KEEP_RULES) == (1, "largest file")


def test_a_capture_time_outranks_the_time_a_copy_was_written():
    scan = replace(PLAIN, captured_at=None, mtime_ns=1)
    assert suggest([scan, PLAIN], ("oldest",))[0] == 1


def test_the_order_of_rules_is_the_persons():
    large, early = replace(PLAIN, size=9000), replace(PLAIN, captured_at="2001-01-01 00:00:00")
    assert suggest([large, early], ("size", "oldest"))[0] == 0
    assert suggest([large, early], ("oldest", "size"))[0] == 1


candidates = st.builds(
    Candidate,
    path=st.sampled_from([b"/a/1.jpg", b"/a/2.jpg", b"/a/b/3.jpg", b"/\xff/4.jpg"]),
    reference=st.booleans(),
    width=st.sampled_from([100, 200]),
    height=st.sampled_from([100, 200]),
    lossless=st.booleans(),
    size=st.sampled_from([10, 20]),
    exif_count=st.integers(0, 2),
    captured_at=st.sampled_from([None, "2020-01-01 10:00:00", "2021-01-01 10:00:00"]),
    mtime_ns=st.sampled_from([1, 2]),
    framed=st.booleans(),
    holds=st.booleans(),
    stretched=st.booleans(),
    format=st.sampled_from(["JPEG", "PNG"]),
    quality=st.sampled_from([None, 80, 90]),
)


@given(
    files=st.lists(candidates, min_size=1, max_size=6, unique_by=lambda c: c.path),
    order=st.permutations(KEEP_RULES),
    seed=st.integers(0, 999),
)
def test_the_keeper_does_not_depend_on_the_order_of_the_files(files, order, seed):
    index, reason = suggest(files, order)
    shuffled = files[:]
    random.Random(seed).shuffle(shuffled)
    other, same_reason = suggest(shuffled, order)
    assert shuffled[other] == files[index]
    assert same_reason == reason
    assert reason
    assert not files[index].holds or all(file.holds for file in files)
    alike = [file for file in files if file.holds == files[index].holds]
    assert files[index].reference or not any(file.reference for file in alike)
