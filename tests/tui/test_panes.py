"""What is said of each file of a group: to which other it relates, and how."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from twinsift.catalog.review import GroupDetail, load_group
from twinsift.models.evidence import Evidence, Verdict
from twinsift.tui.panes import FactsPane, FilePane, pane_edges

from .conftest import Library, Picture

CROP = {
    "verdict": Verdict.CROPPED,
    "similarity": 0.8,
    "evidence": Evidence(inliers=50, cover_a=0.5, cover_b=1.0, method="keypoints"),
}


def told(library: Library, *pictures: Picture) -> tuple[Sequence[str], Sequence[str]]:
    """For each file, by name: what stands below its picture, and the evidence in a sentence."""
    detail = load_group(library.catalog, library.group(pictures))
    assert isinstance(detail, GroupDetail)
    below, sentences = [], []
    for index in range(len(detail.members)):
        pane = FilePane()
        pane.show(detail, index, on_cursor=False)
        below.append(pane.relation)
        facts = FactsPane()
        facts.show(detail, [0, 1], index, as_table=False)
        sentences.append(facts.sentence)
    return below, sentences


def test_two_files_tell_of_each_other(library: Library) -> None:
    below, sentences = told(library, Picture(b"a.jpg"), Picture(b"b.jpg", width=9, **CROP))
    assert below[1] == "cropped · 80 % alike"
    assert sentences == ["1 and 2: crop, 50 % of the area; 50 matching points."] * 2


def test_the_keeper_isnt_always_what_was_compared_with(library: Library) -> None:
    below, sentences = told(
        library,
        Picture(b"seed.jpg", width=100),
        Picture(b"big.jpg", **CROP),
        Picture(b"tiny.jpg", width=50, verdict=Verdict.RESIZED, similarity=0.9),
    )
    assert below[1:] == ["cropped · 80 % alike", "resized · 90 % alike with 2"]
    assert sentences[0] == sentences[1] == "1 and 2: crop, 50 % of the area; 50 matching points."
    assert sentences[2] == "2 and 3: resized."


def test_a_twin_of_the_keeper_is_identical_whatever_else_is_in_the_group(
    library: Library,
) -> None:
    below, sentences = told(
        library,
        Picture(b"a.jpg", content="x"),
        Picture(b"b.jpg", content="x"),
        Picture(b"c.jpg", width=9, **CROP),
    )
    assert below[1:] == ["identical · 100 % alike", "cropped · 80 % alike"]
    assert sentences == [
        "1, 2: identical file, byte for byte.",
        "1, 2: identical file, byte for byte.",
        "1 and 3: crop, 50 % of the area; 50 matching points.",
    ]


def test_identical_files_alone(library: Library) -> None:
    _, sentences = told(
        library, Picture(b"a.jpg", content="x"), Picture(b"b.jpg", content="x", similarity=1.0)
    )
    assert sentences == ["1, 2: identical file, byte for byte."] * 2


def test_twins_beside_the_keeper_are_compared_with_it_and_told(library: Library) -> None:
    _, sentences = told(
        library,
        Picture(b"a.png", width=5000),
        Picture(b"b.jpg", content="x", **CROP),
        Picture(b"c.jpg", content="x", **CROP),
    )
    assert sentences[1] == (
        "1 and 2: crop, 50 % of the area; 50 matching points; 2 is identical to 3."
    )


def test_only_what_differs_between_the_files_shown(library: Library) -> None:
    group = library.group(
        [Picture(b"a.jpg"), Picture(b"b.jpg", width=3999), Picture(b"c.jpg", exif_count=1)]
    )
    detail = load_group(library.catalog, group)
    assert isinstance(detail, GroupDetail)
    names = [member.path[-5:] for member in detail.members]
    facts = FactsPane()
    facts.show(detail, [0, names.index(b"b.jpg")], 0, as_table=True)
    assert [fact.label for fact in facts.facts] == ["pixels", "name"]


@pytest.mark.parametrize("width", [50, 79, 80, 81, 132])
@pytest.mark.parametrize("panes", [1, 2, 3, 4])
def test_panes_are_equally_wide_and_fill_the_line(width: int, panes: int) -> None:
    edges = pane_edges(width, panes)
    assert len({right - left for left, right in edges}) == 1
    assert edges[0][0] == 0
    assert edges[-1][1] == width
    for (_, right), (left, _) in itertools.pairwise(edges):
        assert 1 <= left - right <= 2 + panes
