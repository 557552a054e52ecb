"""scripts/evaluate.py and its parts: what counts as found, missed and false; one whole run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from twinsift.catalog.settings import Settings
from twinsift.models.evidence import Evidence, Verdict

import make_copies
import report
import rivals
from labelled import ORIGINAL, Row, photographs, read_truth
from outcome import Judgement, Outcome, propose_only, run
from proposals import Proposals

from ..conftest import Photograph

TRUTH = {
    row.file: row
    for row in (
        Row("a0", "a", ORIGINAL, ORIGINAL, "0"),
        Row("a1", "a", "crop", "crop", "1"),
        Row("a2", "a", "blur", "blur", "2"),
        Row("b0", "b", ORIGINAL, ORIGINAL, "0"),
        Row("b1", "b", "collage", "combo", "3", "a"),
        Row("lone", "c", "burst", "negative", "negative"),
    )
}


def outcome(
    groups: tuple[tuple[str, ...], ...],
    proposed: set[tuple[str, str]],
    judged: dict[tuple[str, str], Judgement] | None = None,
    shown: frozenset[tuple[str, str]] = frozenset(),
) -> Outcome:
    proposals = Proposals({"pHash": frozenset(proposed)}, 6, 12, (3, 5))
    return Outcome(groups, shown, proposals, judged or {}, frozenset())


def test_a_copy_is_wanted_with_its_original_and_with_no_other() -> None:
    assert report.wanted(TRUTH) == {"a1": "a0", "a2": "a0", "b1": "b0"}


def test_a_picture_that_also_shows_another_is_no_false_pair_with_it() -> None:
    pairs = [("a0", "b1"), ("a1", "b0"), ("b1", "lone"), ("a0", "a1")]
    assert report.wrong(TRUTH, pairs) == [("a1", "b0"), ("b1", "lone")]


def test_candidates_and_verification_are_told_apart() -> None:
    lines = report.tables(TRUTH, outcome((("a0", "a1"),), {("a0", "a1"), ("a0", "a2")}))
    text = "\n".join(lines)
    assert "twinsift: 1 pairs, 0 of them false" in text
    assert "6 pictures, 2.0 candidate pairs judged for each" in text
    tiers = [line.split() for line in lines[2:5]]
    assert tiers == [
        ["1", "1", "100.0", "%", "100.0", "%", "100.0", "%"],
        ["2", "1", "0.0", "%", "100.0", "%", "0.0", "%"],
        ["3", "1", "0.0", "%", "0.0", "%", "–"],
    ]


def test_a_collage_beside_the_group_of_its_picture_is_found() -> None:
    beside = outcome((("a0", "a1"),), set(), shown=frozenset({("b0", "b1"), ("a0", "b1")}))
    text = "\n".join(report.tables(TRUTH, beside))
    assert "twinsift: 3 pairs, 0 of them false" in text
    assert "missed: 1" in "\n".join(report.findings(TRUTH, beside, 3))
    lone = outcome((), set(), shown=frozenset({("b1", "lone")}))
    assert "false pairs: 1 in groups" in "\n".join(report.findings(TRUTH, lone, 3))


def test_each_generator_is_told_with_what_only_it_finds() -> None:
    two = outcome((), {("a0", "a1"), ("a0", "a2")})
    both = {**two.proposals.generators, "words": frozenset({("a0", "a1")})}
    two = replace(two, proposals=replace(two.proposals, generators=both))
    lines = [line.split() for line in report.tables(TRUTH, two)]
    assert ["pHash", "2", "66.7", "%", "33.3", "%"] in lines
    assert ["words", "1", "33.3", "%", "0.0", "%"] in lines


def test_candidates_alone_are_told_with_their_cost_and_what_they_miss() -> None:
    proposals = Proposals({"pHash": frozenset({("a0", "a1")})}, 6, 12, (3, 5))
    text = "\n".join(report.candidate_tables(TRUTH, proposals))
    assert "6 pictures, 2.0 candidate pairs judged for each" in text
    assert "compared with 3 others or fewer, none with more than 5" in text
    assert "no candidate: blur of a (a2)\nno candidate: collage of b (b1)" in text
    assert "crop of a" not in text


def test_what_has_no_label_and_is_grouped_with_the_set_is_listed() -> None:
    strangers = frozenset({("a0", "/album/x.jpg"), ("a1", "/album/x.jpg")})
    told = replace(outcome((("a0", "a1"),), set()), strangers=strangers)
    text = "\n".join(report.findings(TRUTH, told, 3))
    assert "/album/x.jpg: in one group with 2 files of picture a; has no label" in text


def test_every_false_pair_and_miss_is_listed_with_its_reason() -> None:
    near = Judgement(Verdict.NEAR_SHOT, Evidence(method="keypoints", matches=9, inliers=8))
    false = Judgement(Verdict.CROPPED, Evidence(method="keypoints", ssim=0.5))
    lines = report.findings(
        TRUTH,
        outcome(
            (("a1", "b0"),),
            {("a0", "a2"), ("a0", "a1")},
            {("a0", "a2"): near, ("a1", "b0"): false},
        ),
        3,
    )
    text = "\n".join(lines)
    assert "false pairs: 1 in groups, 1 judged so" in text
    assert "crop of a ~ original of b (a1 b0): cropped; crop" in text
    assert "missed: 3" in text
    assert "near shot; 8 matching points" in text
    assert "collage of b ~ original of b (b1 b0, not grouped): no candidate" in text
    assert "crop of a ~ original of a (a1 a0, not grouped): compared, nothing found" in text


def test_a_group_of_different_pictures_is_told_by_its_representative() -> None:
    lines = report.findings(TRUTH, outcome((("b1", "a0", "a1", "b0", "lone"),), set()), 3)
    text = "\n".join(lines)
    assert "false pairs: 6 in groups, 0 judged so" in text
    assert "a group of 5 files shows 3 pictures (6 false pairs), all like collage of b (b1)" in text


def test_hashes_and_vectors_are_joined_as_by_brute_force() -> None:
    rng = np.random.default_rng(5)
    names = [f"{k:04}" for k in range(700)]
    hashes = rng.integers(0, 1 << 63, 700, dtype=np.uint64)
    hashes[400] = hashes[3] ^ np.uint64(0b111)
    hashes[650] = hashes[4] ^ np.uint64(0x7FF)
    assert rivals.within(names, hashes, 10) == {("0003", "0400")}
    assert rivals.within(names, hashes, 11) == {("0003", "0400"), ("0004", "0650")}
    vectors = rng.normal(0, 1, (700, 64)).astype(np.float32)
    vectors[600] = vectors[2]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert rivals.alike(names, vectors, 0.99) == {("0002", "0600")}


def test_imagehash_finds_the_same_picture_only(tmp_path: Path, photograph: Photograph) -> None:
    photograph(1).save(tmp_path / "a.png")
    photograph(1).save(tmp_path / "b.jpg", quality=60)
    photograph(2).save(tmp_path / "c.png")
    (tmp_path / "d.jpg").write_bytes(b"no picture")
    names = ["a.png", "b.jpg", "c.png", "d.jpg"]
    found = rivals.found_by("imagehash", tmp_path, names)
    assert found == {
        "imagehash pHash": {("a.png", "b.jpg")},
        "imagehash dHash": {("a.png", "b.jpg")},
    }


def test_a_package_that_is_not_there_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(f"No module named '{name}'")

    monkeypatch.setattr(rivals.importlib, "import_module", missing)
    with pytest.raises(rivals.UnavailableError, match="imagededup can't be imported"):
        rivals.found_by("imagededup", Path(), [])


@pytest.mark.slow
def test_a_small_set_is_indexed_matched_and_scored(tmp_path: Path, photograph: Photograph) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(2):
        photograph(seed, 400, 300).save(photos / f"{seed}.png")
    assert len(photographs(photos)) == 2
    make_copies.make(photos, tmp_path / "set", each=4)
    truth = read_truth(tmp_path / "set")
    album = tmp_path / "album"
    album.mkdir()
    photograph(0, 400, 300).save(album / "again.jpg", quality=70)
    photograph(7, 400, 300).save(album / "other.jpg")
    found = run(tmp_path / "set", truth, tmp_path / "c.db", Settings(), ["imagehash"], [album])
    assert not found.unread
    assert found.proposals.pictures == len(truth) - 2 + 2, "byte copies are one picture"
    assert {truth[name].group for name, _ in found.strangers} == {"0"}
    assert {path for _, path in found.strangers} == {str(album / "again.jpg")}
    only = propose_only(tmp_path / "set", truth, tmp_path / "c.db", Settings(), [])
    assert only == found.proposals
    twins = [row.file for row in truth.values() if row.transform == "bytecopy"]
    assert all(any(twin in pair for pair in found.grouped) for twin in twins)
    assert not report.wrong(truth, found.grouped)
    assert set(found.others) == {"imagehash pHash", "imagehash dHash"}
