"""Sets of scripts/make_copies.py and make_negatives.py: labels that hold, the same each time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from twinsift.models import formats

import make_copies
import make_negatives
from labelled import (
    ORIGINAL,
    Row,
    images_of,
    load,
    new_set,
    photographs,
    read_truth,
    write_truth,
)
from negative_scenes import Pool

from ..conftest import Photograph


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, photograph: Photograph) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(4):
        photograph(seed, 320, 240).save(folder / f"{seed}.png")
    (folder / "twin.png").write_bytes((folder / "0.png").read_bytes())
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def copies(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All edits of four photographs."""
    out = tmp_path_factory.mktemp("copies") / "set"
    make_copies.make(photos, out)
    return out


def _bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_labels_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows = [
        Row("b.jpg", "1", "collage", "combo", "3", "2 3"),
        Row("a.jpg", "1", ORIGINAL, ORIGINAL, "0"),
    ]
    write_truth(tmp_path, rows)
    truth = read_truth(tmp_path)
    assert list(truth) == ["a.jpg", "b.jpg"]
    assert truth["b.jpg"] == rows[0]
    assert truth["b.jpg"].groups == {"1", "2", "3"}


def test_a_folder_without_labels_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no ground_truth\.csv"):
        read_truth(tmp_path)
    (tmp_path / "ground_truth.csv").write_text("file,group\na.jpg,1\n")
    with pytest.raises(ValueError, match="no column family, tier, transform"):
        read_truth(tmp_path)


def test_nothing_is_written_into_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").write_bytes(b"mine")
    with pytest.raises(ValueError, match="not empty"):
        new_set(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.jpg"]


@pytest.mark.slow
def test_every_edit_makes_a_picture_of_its_own(copies: Path) -> None:
    truth = read_truth(copies)
    assert sorted(p.name for p in images_of(copies).iterdir()) == sorted(truth)
    of_one = [row for row in truth.values() if row.group == "0"]
    by_transform = {row.transform: images_of(copies) / row.file for row in of_one}
    edits = {edit.name for edit in make_copies.EDITS}
    assert set(by_transform) == {ORIGINAL, "bytecopy", "collage", *edits}
    original = by_transform[ORIGINAL]
    assert by_transform["bytecopy"].read_bytes() == original.read_bytes()
    pixels = np.asarray(load(original, 640))
    for edit in make_copies.EDITS:
        copy = np.asarray(load(by_transform[edit.name], 2000))
        assert copy.std() > 1, edit.name
        assert copy.shape != pixels.shape or (copy != pixels).any(), edit.name


def test_photographs_too_small_for_an_edit_are_left_out(
    tmp_path: Path, photograph: Photograph
) -> None:
    (tmp_path / "photos").mkdir()
    photograph(1, 120, 90).save(tmp_path / "photos" / "small.png")
    with pytest.raises(ValueError, match="no photographs of at least 200 pixels"):
        make_copies.make(tmp_path / "photos", tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_copies_are_the_same_each_time(photos: Path, tmp_path: Path) -> None:
    for out in ("first", "second"):
        make_copies.make(photos, tmp_path / out, each=5)
    assert _bytes_of(tmp_path / "first") == _bytes_of(tmp_path / "second")


def test_a_collage_is_labelled_with_all_that_it_shows(copies: Path) -> None:
    rows = read_truth(copies).values()
    collages = [row for row in rows if row.transform == "collage"]
    groups = {row.group for row in rows}
    assert len(groups) == 4, "the same bytes are one photograph"
    assert [row.groups for row in collages] == [groups] * 4


def test_formats_are_what_their_names_say(copies: Path) -> None:
    kinds = {
        row.transform: formats.sniff((images_of(copies) / row.file).read_bytes()[:64])
        for row in read_truth(copies).values()
    }
    found = [kinds[name] for name in ("avif50", "heic50", "webp30", "double_jpeg", "e_ink")]
    assert found == ["AVIF", "HEIF", "WEBP", "JPEG", "PNG"]


@pytest.mark.slow
def test_negatives_are_each_their_own_group(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    rows = make_negatives.make(photos, out, 1)
    assert [row.transform for row in rows] == list(make_negatives.KINDS)
    assert len({row.group for row in rows}) == len(rows)
    digests = _bytes_of(images_of(out))
    assert len(set(digests.values())) == len(rows)
    taken = [row for row in rows if row.transform == "burst_exif"]
    for row in taken:
        with Image.open(images_of(out) / row.file) as picture:
            assert picture.getexif().get_ifd(0x8769)[0x9003].startswith("2021:06:05")


def test_negatives_are_the_same_each_time(photos: Path, tmp_path: Path) -> None:
    kinds = ("letterhead", "burst", "products")
    for out in ("first", "second"):
        make_negatives.make(photos, tmp_path / out, 2, kinds)
    assert _bytes_of(tmp_path / "first") == _bytes_of(tmp_path / "second")


def test_another_seed_makes_other_negatives(photos: Path, tmp_path: Path) -> None:
    kinds = ("certificates", "webcam", "relief")
    sets = [
        _bytes_of(images_of(tmp_path / out))
        for out, seed in (("first", ""), ("second", "mine"))
        if make_negatives.make(photos, tmp_path / out, 2, kinds, seed)
    ]
    assert [len(those) for those in sets] == [6, 6]
    assert not sets[0].keys() & sets[1].keys(), "sets that are indexed together have other names"
    assert len({*sets[0].values(), *sets[1].values()}) == 12


def test_of_a_labelled_set_the_originals_are_taken(photos: Path, tmp_path: Path) -> None:
    rows = make_copies.make(photos, tmp_path / "set", count=2, each=3)
    originals = {row.file for row in rows if row.transform == ORIGINAL}
    assert {path.name for path in photographs(tmp_path / "set")} == originals
    assert len(originals) == 2


def test_the_pool_hands_out_every_tile_once(photos: Path) -> None:
    pool = Pool([photos / f"{seed}.png" for seed in range(4)])
    tiles = [np.asarray(pool.take(64, 48), np.float32) for _ in range(8)]
    for number, one in enumerate(tiles):
        assert one.shape == (48, 64, 3)
        for other in tiles[:number]:
            assert np.abs(one - other).mean() > 5
