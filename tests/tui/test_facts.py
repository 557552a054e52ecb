"""What tells the files of a group apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from twinsift.catalog.review import GroupDetail, Member, load_group
from twinsift.tui.facts import Fact, facts

from .conftest import Library, Picture


def members(library: Library, *pictures: Picture) -> Sequence[Member]:
    detail = load_group(library.catalog, library.group(pictures))
    assert isinstance(detail, GroupDetail)
    return sorted(detail.members, key=lambda m: m.path)


def by_label(found: Sequence[Fact]) -> dict[str, Fact]:
    return {fact.label: fact for fact in found}


def test_only_what_differs_and_the_better_one_marked(library: Library) -> None:
    found = by_label(facts(members(library, Picture(b"a.jpg"), Picture(b"b.jpg", width=2000))))
    assert list(found) == ["pixels", "name"]
    assert found["pixels"].values == ("4000×3000", "2000×3000")
    assert found["pixels"].better == {0}


def test_lossless_beats_any_quality(library: Library) -> None:
    pair = members(
        library,
        Picture(b"a.jpg", quality=100),
        Picture(b"b.png", format="PNG", quality=None, lossless=1),
    )
    fact = by_label(facts(pair))["format"]
    assert fact.values == ("JPEG quality 100", "PNG lossless")
    assert fact.better == {1}


def test_equal_best_ones_are_all_marked(library: Library) -> None:
    three = members(
        library, Picture(b"a.jpg"), Picture(b"b.jpg", size=10), Picture(b"c.jpg", width=3999)
    )
    assert by_label(facts(three))["size"].better == {0, 2}


def test_a_date_is_no_contest(library: Library) -> None:
    pair = members(library, Picture(b"a.jpg"), Picture(b"b.jpg", captured_at="2020-01-01 10:00:00"))
    fact = by_label(facts(pair))["taken"]
    assert fact.values == ("2019-06-01 12:00", "2020-01-01 10:00")
    assert not fact.better


def test_bytes_are_shown_where_rounding_would_hide_a_difference(library: Library) -> None:
    pair = members(library, Picture(b"a.jpg", size=1_900_000), Picture(b"b.jpg", size=1_900_001))
    fact = by_label(facts(pair))["size"]
    assert fact.values == ("1,900,000 B", "1,900,001 B")
    assert fact.better == {1}


def test_seconds_are_shown_where_they_tell_the_files_apart(library: Library) -> None:
    pair = members(library, Picture(b"a.jpg"), Picture(b"b.jpg", captured_at="2019-06-01 12:00:01"))
    assert by_label(facts(pair))["taken"].values == ("2019-06-01 12:00:00", "2019-06-01 12:00:01")


def test_all_of_them(library: Library) -> None:
    pair = members(library, Picture(b"a.jpg"), Picture(b"b.jpg"))
    assert {"pixels", "size", "format", "taken", "camera", "EXIF", "folder", "name"} <= set(
        by_label(facts(pair, all_of_them=True))
    )


def test_hard_links_are_told(library: Library) -> None:
    first, second = members(library, Picture(b"a.jpg"), Picture(b"b.jpg"))
    linked = replace(second, inode=first.inode)
    assert by_label(facts([first, linked], all_of_them=True))["links"].values == (
        "hard link of 2",
        "hard link of 1",
    )


def test_a_name_cant_steer_the_terminal(library: Library) -> None:
    pair = members(library, Picture(b"a\x1b[2J.jpg"), Picture(b"b\xff.jpg"))
    assert by_label(facts(pair))["name"].values == ("a\\x1b[2J.jpg", "b\\xff.jpg")
