"""What a later scan finds: unchanged, moved, changed, vanished files, and folders that are gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from picture_shelf import Shelf
from twinsift.catalog import indexer
from twinsift.catalog.database import Catalog


def test_an_unchanged_folder_is_not_opened_again(
    three: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = three.files()
    monkeypatch.setattr(indexer, "WorkerPool", None)  # nothing is there that could open a file
    summary = three.index()
    assert (summary.files, summary.decoded, summary.unchanged) == (3, 0, 3)
    assert (summary.moved, summary.vanished) == (0, 0)
    assert three.files() == before


def test_a_moved_folder_and_a_renamed_file_keep_their_rows_unopened(
    three: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = three.files()
    (three.folder / "sub").rename(three.folder / "elsewhere")
    (three.folder / "a.png").rename(three.folder / "z.png")
    monkeypatch.setattr(indexer, "WorkerPool", None)
    summary = three.index()
    assert (summary.decoded, summary.moved, summary.vanished) == (0, 3, 0)
    after = three.files()
    assert after["z.png"] == before["a.png"]
    assert after["elsewhere/deep/c.webp"] == before["sub/deep/c.webp"]
    assert len(after) == 3
    (three.folder / "elsewhere").rename(three.folder / "sub")
    assert three.index().moved == 2
    assert three.files()["sub/b.jpg"] == before["sub/b.jpg"]


def test_a_file_moved_to_another_root_keeps_its_row(three: Shelf, tmp_path: Path) -> None:
    before = three.files()["a.png"]
    other = tmp_path / "other"
    other.mkdir()
    (three.folder / "a.png").rename(other / "a2.png")
    summary = three.index(three.folder, other)
    assert (summary.moved, summary.decoded) == (1, 0)
    assert three.files()["a2.png"] == before


def test_a_changed_file_is_read_again_and_keeps_its_row(three: Shelf) -> None:
    file_id, content = three.files()["a.png"]
    three.picture("a.png", 9)
    summary = three.index()
    assert (summary.decoded, summary.unchanged) == (1, 2)
    assert three.files()["a.png"][0] == file_id
    assert three.files()["a.png"][1] != content
    os.utime(three.folder / "a.png", ns=(5, 5))  # only touched: its digest is known
    assert three.index().decoded == 0
    assert three.files()["a.png"][0] == file_id


def test_a_vanished_file_is_remembered_and_costs_nothing_when_it_comes_back(
    three: Shelf, tmp_path: Path
) -> None:
    before = three.files()
    (three.folder / "a.png").rename(tmp_path / "out")
    summary = three.index()
    assert (summary.vanished, summary.files) == (1, 2)
    assert "a.png" not in three.files()
    (tmp_path / "out").rename(three.folder / "a.png")
    summary = three.index()
    assert (summary.decoded, summary.vanished, summary.files) == (0, 0, 3)
    assert three.files() == before


def test_two_files_that_changed_places_are_told_apart(three: Shelf) -> None:
    before = three.files()
    a, b = three.folder / "a.png", three.folder / "sub" / "b.jpg"
    a.rename(three.folder / "t")
    b.rename(a)
    (three.folder / "t").rename(b)
    assert three.index().decoded == 0
    assert three.files()["a.png"][1] == before["sub/b.jpg"][1]
    assert three.files()["sub/b.jpg"][1] == before["a.png"][1]


def test_a_new_hard_link_is_known_without_being_opened(
    three: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.link(three.folder / "a.png", three.folder / "link.png")
    monkeypatch.setattr(indexer, "WorkerPool", None)
    three.index()
    files = three.files()
    assert files["link.png"][1] == files["a.png"][1]
    assert files["link.png"][0] != files["a.png"][0]


def test_a_root_that_is_gone_or_suddenly_empty_is_left_alone(three: Shelf, tmp_path: Path) -> None:
    before = three.files()
    three.folder.rename(tmp_path / "unplugged")
    summary = three.index(three.folder)
    assert summary.missing_roots == (os.fsencode(three.folder),)
    assert (summary.vanished, summary.files) == (0, 3)
    three.folder.mkdir()  # the empty place where a disk was mounted
    assert three.index().missing_roots == (os.fsencode(three.folder),)
    assert three.files() == before
    three.folder.rmdir()
    (tmp_path / "unplugged").rename(three.folder)
    summary = three.index()
    assert (summary.missing_roots, summary.decoded, summary.unchanged) == ((), 0, 3)


def test_a_stray_file_where_a_disk_was_mounted_changes_nothing(
    three: Shelf, tmp_path: Path
) -> None:
    before = three.files()
    with Catalog.open(three.catalog) as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE file SET device = device + 1")  # they lay on another disk
    three.folder.rename(tmp_path / "unplugged")
    three.put("README", b"mount the disk here")
    assert three.index().missing_roots == (os.fsencode(three.folder),)
    assert {name: three.files()[name] for name in before} == before


def test_files_of_an_unreadable_folder_stay_known(
    three: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = three.files()
    real = os.scandir

    def scandir(path: bytes):
        if path.endswith(b"/sub"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    summary = three.index()
    assert (summary.vanished, summary.files) == (0, 3)
    assert "permission denied" in three.reasons(summary)["sub"]
    assert three.files() == before
