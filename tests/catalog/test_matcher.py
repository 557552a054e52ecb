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
        details = [
            review.load_group(catalog, g.id) for g in listing.list_groups(catalog, kind=kind)
        ]
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
        patch.setattr("twinsift.catalog.matching._BATCH", 4)
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


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory, photograph) -> Path:
    """Four photographs, two of them with a copy, a collage of all four and a copy of that."""
    folder = tmp_path_factory.mktemp("album")
    collage = Image.new("RGB", (900, 700), "white")
    for place, seed in enumerate((91, 92, 93, 94)):
        photograph(seed).save(folder / f"{seed}.jpg", quality=92)
        small = photograph(seed).resize((420, 315))
        collage.paste(small, (20 + 440 * (place % 2), 20 + 340 * (place // 2)))
    photograph(91).resize((500, 375)).save(folder / "91-small.jpg", quality=80)
    ImageOps.mirror(photograph(92)).save(folder / "92-mirrored.jpg", quality=80)
    collage.save(folder / "collage.jpg", quality=92)
    collage.save(folder / "collage-copy.jpg", quality=60)
    path = folder.parent / f"{folder.name}.sqlite"
    index(path, [folder], SETTINGS)
    return path


def test_a_collage_stands_beside_the_groups_of_what_it_holds(tmp_path, album):
    path = Path(shutil.copy(album, tmp_path / "catalog.sqlite"))
    match(path, SETTINGS)
    assert groups_in(path) == [
        {"91-small.jpg", "91.jpg"},
        {"92-mirrored.jpg", "92.jpg"},
        {"collage-copy.jpg", "collage.jpg"},
    ]
    with Catalog.open(path) as catalog:
        shown_in = {}
        for group in listing.list_groups(catalog):
            detail = review.load_group(catalog, group.id)
            assert detail is not None
            names = {os.path.basename(os.fsdecode(holder.path)) for holder in detail.shown_in}
            shown_in[os.path.basename(os.fsdecode(detail.keeper.path))] = names
        assert shown_in == {
            "91.jpg": {"collage.jpg", "collage-copy.jpg"},
            "92.jpg": {"collage.jpg", "collage-copy.jpg"},
            "collage.jpg": set(),
        }
        catalog.connection.execute(
            "UPDATE file SET present = 0 WHERE CAST(path AS TEXT) LIKE 'collage%'"
        )
        match(path, SETTINGS)
        held = catalog.connection.execute("SELECT count(*) FROM holding").fetchone()
    assert held == (0,)
    assert groups_in(path) == [{"91-small.jpg", "91.jpg"}, {"92-mirrored.jpg", "92.jpg"}]


def test_a_screenshot_of_one_picture_is_its_copy_but_never_removed_in_bulk(tmp_path, photograph):
    folder = tmp_path / "pictures"
    folder.mkdir()
    photograph(95).save(folder / "photo.jpg", quality=92)
    desk = photograph(96, 1400, 900)  # what lies around it is no plain border
    desk.paste(photograph(95).resize((480, 360)), (420, 240))
    desk.save(folder / "screenshot.png")
    path = tmp_path / "catalog.sqlite"
    index(path, [folder], SETTINGS)
    match(path, SETTINGS)
    with Catalog.open(path) as catalog:
        (group,) = listing.list_groups(catalog)
        detail = review.load_group(catalog, group.id)
        assert detail is not None
        assert [(m.holds, m.suggested) for m in detail.members] == [(False, True), (True, False)]
        assert detail.keeper.path.endswith(b"photo.jpg")
        assert detail.kept_in_bulk == {member.file_id for member in detail.members}


def test_the_weakest_link_is_told_with_how_likely_it_is(catalog_path):
    match(catalog_path, SETTINGS)
    with Catalog.open(catalog_path) as catalog:
        stored = dict(
            catalog.connection.execute("SELECT id, weakest_id FROM duplicate_group").fetchall()
        )
        for group in listing.list_groups(catalog):
            detail = review.load_group(catalog, group.id)
            assert detail is not None
            weakest = detail.weakest
            assert stored[group.id] == (weakest.content_id if weakest else None)
            if weakest is None:  # the same bytes
                continue
            assert not weakest.is_representative
            assert all((m.probability or 0) >= (weakest.probability or 0) for m in detail.members)


def test_only_what_a_new_picture_touches_is_judged_and_grouped_anew(tmp_path, photograph):
    """Ten pairs of copies; a copy of one of them comes, and goes again."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(10):
        photograph(200 + seed, 320, 240).save(folder / f"{seed}.png")
        photograph(200 + seed, 320, 240).save(folder / f"{seed}.jpg", quality=70)
    path = tmp_path / "catalog.sqlite"
    index(path, [folder], SETTINGS)
    first = match(path, SETTINGS)
    assert (first.groups, first.formed) == (10, 20)
    before = stored_groups(path)
    photograph(203, 320, 240).resize((240, 180)).save(folder / "new.jpg")
    index(path, [folder], SETTINGS)
    second = match(path, SETTINGS)
    assert second.formed == 3  # the new one and the two that it is like
    assert second.judged == second.candidates <= 20  # only pairs of the new one
    with Catalog.open(path) as catalog:
        (new,) = catalog.connection.execute(
            "SELECT content_id FROM file WHERE CAST(path AS TEXT) = 'new.jpg'"
        ).fetchone()
    after = stored_groups(path)
    assert {i for group in before.items() ^ after.items() for i in group[1]} >= {new}
    assert len(before.items() & after.items()) == 9
    (folder / "new.jpg").unlink()
    index(path, [folder], SETTINGS)
    third = match(path, SETTINGS)
    assert (third.judged, third.formed) == (0, 2)
    assert stored_groups(path) == before
    assert match(path, SETTINGS).formed == 0


def stored_groups(path: Path) -> dict[str, tuple[int, ...]]:
    with Catalog.open(path) as catalog:
        rows = catalog.connection.execute(
            "SELECT group_id, content_id FROM group_member ORDER BY group_id, content_id"
        )
        found: dict[str, tuple[int, ...]] = {}
        for group_id, content_id in rows:
            found[group_id] = (*found.get(group_id, ()), content_id)
    return found


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


def test_hashes_alone_find_copies_and_learn_no_words(tmp_path, library):
    path = tmp_path / "catalog.sqlite"
    plain = replace(SETTINGS, index=replace(SETTINGS.index, descriptors=False))
    index(path, [library], plain)
    match(path, plain)
    with Catalog.open(path) as catalog:
        assert catalog.connection.execute("SELECT sum(count) FROM descriptor").fetchone() == (0,)
        assert catalog.connection.execute("SELECT count(*) FROM word").fetchone() == (0,)
        facts = [name for (name,) in catalog.connection.execute("SELECT name FROM fact")]
    assert "vocabulary" not in facts  # it would be learnt from nothing, and stay
    first = next(group for group in groups_in(path) if "first.jpg" in group)
    assert first >= {"first.jpg", "first-small.jpg", "first-mirrored.png"}
