"""Matching whole folders: groups, increments, stops, changed thresholds, equal pixels."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageOps
from twinsift.catalog import listing, pairs, review
from twinsift.catalog.database import Catalog
from twinsift.catalog.errors import CatalogError, Interrupted
from twinsift.catalog.indexer import index
from twinsift.catalog.matcher import match
from twinsift.catalog.progress import Control, Progress
from twinsift.catalog.settings import MatchSettings, Settings
from twinsift.models.evidence import Verdict

SETTINGS = Settings()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, photograph) -> Path:
    """A folder with copies of two photographs, a loner, flat pictures and a broken twin."""
    folder = tmp_path_factory.mktemp("library")
    first, second, loner = photograph(1), photograph(2), photograph(3)
    first.save(folder / "first.jpg", quality=95)
    first.save(folder / "first-small.jpg", quality=70)
    ImageOps.mirror(first).save(folder / "first-mirrored.png")
    first.crop((120, 80, 560, 420)).save(folder / "first-crop.jpg", quality=90)
    stickered = first.copy()
    ImageDraw.Draw(stickered).ellipse((200, 150, 460, 360), "magenta")
    stickered.save(folder / "first-sticker.jpg", quality=90)
    second.save(folder / "second.png")
    second.save(folder / "second.bmp")
    second.resize((320, 240)).save(folder / "second-half.webp")
    loner.save(folder / "loner.jpg")
    Image.new("RGB", (640, 480)).save(folder / "black.png")
    Image.new("RGB", (640, 480)).save(folder / "black.bmp")
    Image.new("RGB", (641, 480), (1, 1, 1)).save(folder / "nearly-black.png")
    for name in ("broken.jpg", "broken-twin.jpg"):
        (folder / name).write_bytes(b"\xff\xd8\xff\xe0 no picture after all")
    return folder


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Path:
    path = tmp_path_factory.mktemp("indexed") / "catalog.sqlite"
    index(path, [library], SETTINGS)
    return path


@pytest.fixture
def catalog_path(tmp_path: Path, indexed: Path) -> Path:
    """A copy of the indexed catalog, not yet matched."""
    return Path(shutil.copy(indexed, tmp_path / "catalog.sqlite"))


def groups_in(path: Path, kind: str = "duplicate") -> list[set[str]]:
    with Catalog.open(path) as catalog:
        details = [review.load_group(catalog, g.id) for g in listing.list_groups(catalog, kind=kind)]
    return sorted(
        ({os.path.basename(os.fsdecode(m.path)) for m in d.members} for d in details if d),
        key=sorted,
    )


EXPECTED = sorted(
    [
        {
            "first.jpg",
            "first-small.jpg",
            "first-mirrored.png",
            "first-crop.jpg",
            "first-sticker.jpg",
        },
        {"second.png", "second.bmp", "second-half.webp"},
        {"black.png", "black.bmp"},
        {"broken.jpg", "broken-twin.jpg"},
    ],
    key=sorted,
)


def test_copies_are_grouped_and_strangers_are_not(catalog_path):
    summary = match(catalog_path, SETTINGS)
    assert groups_in(catalog_path) == EXPECTED
    assert summary.groups == 4
    assert summary.pictures == 12
    assert summary.judged == summary.candidates > 0


def test_what_a_file_is_to_the_representative_is_told(catalog_path):
    match(catalog_path, SETTINGS)
    with Catalog.open(catalog_path) as catalog:
        for group in listing.list_groups(catalog):
            detail = review.load_group(catalog, group.id)
            assert detail is not None
            assert sum(member.suggested for member in detail.members) == 1
            assert detail.keeper.reason
            assert all(0 < member.similarity <= 1 for member in detail.members)
            assert group.similarity == min(member.similarity for member in detail.members)
        named = dict(catalog.connection.execute("SELECT content_id, path FROM file"))
        found = {
            frozenset(os.fsdecode(named[i]) for i in (j.a_id, j.b_id)): j.verdict
            for j in pairs.all_judged(catalog, "evidence")
        }
    for a, b, verdict in (
        ("black.png", "black.bmp", Verdict.IDENTICAL_PIXELS),
        ("second.png", "second.bmp", Verdict.IDENTICAL_PIXELS),
        ("second.png", "second-half.webp", Verdict.RESIZED),
        ("first.jpg", "first-small.jpg", Verdict.REENCODED),
        ("first.jpg", "first-mirrored.png", Verdict.TURNED),
        ("first.jpg", "first-crop.jpg", Verdict.CROPPED),
        ("first.jpg", "first-sticker.jpg", Verdict.FRAMED),
    ):
        assert found[frozenset((a, b))] is verdict, (a, b)


def test_a_second_match_judges_nothing(catalog_path):
    match(catalog_path, SETTINGS)
    with Catalog.open(catalog_path) as catalog:
        before = list(catalog.connection.iterdump())
        again = match(catalog_path, SETTINGS)
        assert list(catalog.connection.iterdump()) == before
    assert (again.candidates, again.judged) == (0, 0)
    assert again.groups == 4


def test_a_new_picture_is_compared_with_the_old_ones_only_once(tmp_path, library, photograph):
    folder = tmp_path / "pictures"
    shutil.copytree(library, folder)
    path = tmp_path / "catalog.sqlite"
    index(path, [folder], SETTINGS)
    first = match(path, SETTINGS)
    ImageOps.mirror(photograph(3)).save(folder / "loner-mirrored.png")
    index(path, [folder], SETTINGS)
    second = match(path, SETTINGS)
    assert 0 < second.judged < first.pictures + 1  # pairs of the new picture alone
    assert {"loner.jpg", "loner-mirrored.png"} in groups_in(path)
    (folder / "loner-mirrored.png").unlink()
    index(path, [folder], SETTINGS)
    assert match(path, SETTINGS).judged == 0
    assert groups_in(path) == EXPECTED


def test_a_stopped_match_goes_on_where_it_was(catalog_path):
    control = Control()

    def stop_soon(progress: Progress) -> None:
        if progress.stage == "comparing candidates":
            control.stop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twinsift.catalog.matcher._BATCH", 4)
        with pytest.raises(Interrupted):
            match(catalog_path, SETTINGS, report=stop_soon, control=control)
    with Catalog.open(catalog_path) as catalog:
        left = pairs.count_candidates(catalog, "evidence")
    assert left > 0
    summary = match(catalog_path, SETTINGS)
    assert summary.candidates == 0
    assert summary.judged == left
    assert groups_in(catalog_path) == EXPECTED


def test_changed_thresholds_judge_the_stored_evidence_anew(catalog_path):
    match(catalog_path, SETTINGS)
    strict = replace(SETTINGS, match=MatchSettings(agreement=1.0, inliers=500))
    summary = match(catalog_path, strict)
    assert summary.judged == 0
    kept = groups_in(catalog_path)
    assert {"black.png", "black.bmp"} in kept  # equal pixels need no threshold
    assert not any("first-sticker.jpg" in group for group in kept)
    match(catalog_path, SETTINGS)
    assert groups_in(catalog_path) == EXPECTED


def test_what_the_person_cut_apart_stays_apart(catalog_path):
    match(catalog_path, SETTINGS)
    with Catalog.open(catalog_path) as catalog, catalog.transaction() as connection:
        connection.execute(
            """
            INSERT INTO distinct_pair
            SELECT min(a.digest, b.digest), max(a.digest, b.digest), 0 FROM content a, content b
             WHERE a.id < b.id
            """
        )
    match(catalog_path, SETTINGS)
    assert groups_in(catalog_path) == [{"broken.jpg", "broken-twin.jpg"}]


def test_the_order_of_scanning_changes_no_group(tmp_path, library):
    """The same pictures, the last first, give the same groups by the same names."""
    path, other = tmp_path / "one.sqlite", tmp_path / "other.sqlite"
    folder = tmp_path / "pictures"
    folder.mkdir()
    names = sorted(os.listdir(library), reverse=True)
    for some in (names[:5], names[5:]):
        for name in some:
            shutil.copy2(library / name, folder / name)
        index(path, [folder], SETTINGS)
    match(path, SETTINGS)
    index(other, [folder], SETTINGS)
    match(other, SETTINGS)
    ids = []
    for place in (path, other):
        with Catalog.open(place) as catalog:
            ids.append([(g.id, g.verdict, g.similarity) for g in listing.list_groups(catalog)])
    assert ids[0] == ids[1]
    assert groups_in(path) == groups_in(other)


def test_a_collage_does_not_join_the_pictures_on_it(tmp_path, photograph):
    folder = tmp_path / "pictures"
    folder.mkdir()
    collage = Image.new("RGB", (900, 700), "white")
    for place, seed in enumerate((91, 92, 93, 94)):
        photograph(seed).save(folder / f"{seed}.jpg", quality=92)
        small = photograph(seed).resize((420, 315))
        collage.paste(small, (20 + 440 * (place % 2), 20 + 340 * (place // 2)))
    collage.save(folder / "collage.jpg", quality=92)
    path = tmp_path / "catalog.sqlite"
    index(path, [folder], SETTINGS)
    match(path, SETTINGS)
    found = groups_in(path)
    assert sum("collage.jpg" in group for group in found) <= 1
    assert all(len(group - {"collage.jpg"}) == 1 for group in found)


def test_one_match_at_a_time(catalog_path):
    with (
        Catalog.open(catalog_path) as catalog,
        catalog.exclusive("match"),
        pytest.raises(CatalogError, match="busy"),
    ):
        match(catalog_path, SETTINGS)


def test_excluded_folders_are_left_out(catalog_path):
    with Catalog.open(catalog_path) as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE root SET role = 'excluded'")
    assert match(catalog_path, SETTINGS).pictures == 0
    assert groups_in(catalog_path) == []


def test_matching_without_a_catalog_says_what_to_do(tmp_path):
    with pytest.raises(CatalogError, match="twinsift index"):
        match(tmp_path / "none.sqlite", SETTINGS)
