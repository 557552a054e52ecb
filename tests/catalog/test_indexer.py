"""What an index run stores, of which folders, and how it is stopped, killed and gone on with."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from picture_shelf import SETTINGS, Shelf
from PIL import Image
from twinsift.catalog.database import Catalog
from twinsift.catalog.errors import CatalogError, Interrupted
from twinsift.catalog.indexer import index, spec_of
from twinsift.catalog.progress import Control, Progress
from twinsift.catalog.roots import add_root
from twinsift.models import digests
from twinsift.models.errors import ModelError
from twinsift.models.extract import extract


def test_everything_extracted_is_stored_once_for_each_content(
    shelf: Shelf, real_workers: None
) -> None:
    path = shelf.picture("a.png", 1)
    shutil.copy(path, shelf.folder / "copy with another name")
    summary = shelf.index()
    assert (summary.files, summary.pictures, summary.decoded) == (2, 2, 1)
    assert (summary.failed, summary.failures, summary.missing_roots) == (0, (), ())
    data = path.read_bytes()
    found = extract(data, spec_of(SETTINGS.index))
    ((digest, size, error, kind, width, height, pixels, lossless, contrast, key),) = shelf.rows(
        "SELECT digest, size, error, format, width, height, pixel_digest, lossless, contrast,"
        " extractor FROM content"
    )
    assert (digest, size, error) == (digests.of_bytes(data), len(data), None)
    assert (kind, width, height, lossless) == ("PNG", 160, 120, 1)
    assert (pixels, contrast) == (found.pixel_digest, found.contrast)
    assert key == spec_of(SETTINGS.index).key()
    assert sorted(shelf.rows("SELECT kind, value FROM hash")) == sorted(found.hashes)
    assert shelf.rows("SELECT jpeg FROM preview") == [(found.preview,)]
    ((count, positions, vectors),) = shelf.rows("SELECT count, positions, vectors FROM descriptor")
    assert (count, positions, vectors) == (
        found.keypoints.count,
        found.keypoints.positions,
        found.keypoints.vectors,
    )
    (first, second) = shelf.files().values()
    assert first[1] == second[1] is not None


def test_names_that_are_no_text_are_indexed(shelf: Shelf) -> None:
    path = shelf.picture("a.png", 1)
    name = os.fsencode(shelf.folder) + b"/new\nline\xe9\xff.png"
    os.rename(path, name)
    assert shelf.index().pictures == 1
    assert shelf.rows("SELECT path FROM file") == [(b"new\nline\xe9\xff.png",)]


def test_other_parameters_extract_again_and_the_same_ones_not(three: Shelf) -> None:
    with Catalog.open(three.catalog) as catalog, catalog.transaction() as connection:
        connection.execute("INSERT INTO embedding SELECT id, 'model', x'00' FROM content")
    before = three.files()
    assert three.index(hashes=("ahash",)).decoded == 3
    assert three.index(hashes=("ahash",)).decoded == 0
    assert len(three.rows("SELECT * FROM hash WHERE kind = 'ahash'")) == 3
    assert len(three.rows("SELECT * FROM embedding")) == 3  # made from the files themselves
    assert three.files() == before  # the same rows, contents and all that refers to them


def test_a_folder_inside_a_root_can_be_indexed_alone(three: Shelf) -> None:
    three.picture("new.png", 5)
    three.picture("sub/new.png", 6)
    summary = three.index(three.folder / "sub")
    assert (summary.files, summary.decoded, summary.unchanged) == (3, 1, 2)
    assert "new.png" not in three.files()
    assert three.index().decoded == 1


def test_a_root_inside_a_root_owns_its_files(three: Shelf) -> None:
    before = three.files()
    with Catalog.open(three.catalog) as catalog:
        add_root(catalog, three.folder / "sub", "reference")
    summary = three.index()
    assert (summary.files, summary.decoded, summary.moved, summary.vanished) == (3, 0, 0, 0)
    after = three.files()
    assert after == {
        "a.png": before["a.png"],
        "b.jpg": before["sub/b.jpg"],
        "deep/c.webp": before["sub/deep/c.webp"],
    }


def test_files_of_an_excluded_root_are_out_of_sight_until_it_is_back(three: Shelf) -> None:
    before = three.files()
    with Catalog.open(three.catalog) as catalog:
        sub = add_root(catalog, three.folder / "sub", "excluded")
    assert three.index().files == 1
    assert set(three.files()) == {"a.png"}
    with Catalog.open(three.catalog) as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE root SET role = 'normal' WHERE id = ?", (sub.id,))
    assert three.index().decoded == 0
    assert three.files()["b.jpg"] == before["sub/b.jpg"]


def test_the_trash_is_not_indexed_wherever_it_is(three: Shelf) -> None:
    trash = three.folder / "my trash"
    trash.mkdir()
    (three.folder / "a.png").rename(trash / "a.png")
    files = replace(SETTINGS.files, trash=str(trash))
    summary = index(three.catalog, [three.folder], replace(SETTINGS, files=files))
    assert (summary.files, summary.vanished) == (2, 1)


def test_a_catalog_that_lies_among_the_pictures_is_not_opened_as_one_of_them(
    shelf: Shelf,
) -> None:
    shelf.picture("a.png", 1)
    shelf.catalog = shelf.folder / "catalog.sqlite"
    assert shelf.index().files == 1
    assert shelf.index().unchanged == 1


def test_progress_is_told_and_adds_up(shelf: Shelf) -> None:
    for seed in range(3):
        shelf.picture(f"{seed}.png", seed)
    shelf.put("bad.png", b"rubbish")
    told: list[Progress] = []
    index(shelf.catalog, [shelf.folder], SETTINGS, report=told.append)
    last = {progress.stage: progress for progress in told}
    assert (last["scan"].done, last["read"].done, last["read"].total) == (4, 4, 4)
    assert last["read"].failed == 1


def test_a_stop_stores_what_was_done_and_the_next_run_goes_on(
    shelf: Shelf, real_workers: None
) -> None:
    for seed in range(6):
        shelf.picture(f"{seed}.png", seed)
    control = Control()

    def report(progress: Progress) -> None:
        if progress.stage == "read" and progress.done >= 1:
            control.stop()

    with pytest.raises(Interrupted):
        index(shelf.catalog, [shelf.folder], SETTINGS, report=report, control=control)
    stored = len(shelf.rows("SELECT 1 FROM content"))
    assert 1 <= stored < 6
    summary = shelf.index()
    assert (summary.decoded, summary.pictures) == (6 - stored, 6)


def test_two_indexers_do_not_work_on_one_catalog(three: Shelf) -> None:
    with (
        Catalog.open(three.catalog) as catalog,
        catalog.exclusive("index"),
        pytest.raises(CatalogError, match="busy"),
    ):
        three.index()


def test_the_embedding_is_a_pass_of_its_own_that_resumes(
    three: Shelf, shared_data: Path, tmp_path: Path
) -> None:
    model = str(shared_data / "models" / "mobilenetv2_trunk.onnx")
    summary = three.index(model=model)
    assert summary.decoded == 0
    rows = three.rows("SELECT content_id, model, vector FROM embedding")
    assert len(rows) == 3
    for _, key, vector in rows:
        numbers = np.frombuffer(vector, "<f2").astype(np.float32)
        assert ":embedding_1280:" in key
        assert numbers.shape == (1280,)
        assert np.linalg.norm(numbers) == pytest.approx(1.0, abs=0.01)
    with Catalog.open(three.catalog) as catalog, catalog.transaction() as connection:
        connection.execute("UPDATE embedding SET vector = x'00' WHERE content_id = 1")
        connection.execute("DELETE FROM embedding WHERE content_id = 2")
    three.index(model=model)
    again = dict(three.rows("SELECT content_id, vector FROM embedding"))
    assert again[1] == b"\0"  # was there, so it isn't computed again
    assert again[2] == {content: vector for content, _, vector in rows}[2]
    with pytest.raises(ModelError):
        three.index(model=str(tmp_path / "none.onnx"))


KILLED = """
import sys
from pathlib import Path
from twinsift.catalog.indexer import index
from twinsift.catalog.settings import IndexSettings, Settings
settings = Settings(index=IndexSettings(workers=2, working_side=128, keypoints=50))
index(Path(sys.argv[1]), [Path(sys.argv[2])], settings)
"""


@pytest.mark.slow
@pytest.mark.parametrize("contents", [0, 1, 70])
def test_killed_at_any_moment_the_next_run_goes_on_from_there(
    shelf: Shelf, contents: int, real_workers: None
) -> None:
    for seed in range(100):
        Image.effect_noise((64, 64), 40 + seed % 7).save(shelf.folder / f"{seed:03}.png")
    script = [sys.executable, "-c", KILLED, str(shelf.catalog), str(shelf.folder)]
    process = subprocess.Popen(script)
    end = time.monotonic() + 60
    while _count(shelf.catalog) < contents or not shelf.catalog.exists():
        assert process.poll() is None, "it ended before it was killed"
        assert time.monotonic() < end
        time.sleep(0.005)
    process.kill()
    process.wait()
    done = _count(shelf.catalog)
    summary = shelf.index()
    assert summary.decoded == 100 - done
    assert (summary.files, summary.pictures, summary.failed) == (100, 100, 0)
    assert shelf.rows("PRAGMA integrity_check") == [("ok",)]
    assert shelf.rows("PRAGMA foreign_key_check") == []
    for statement in (
        "SELECT count(*) FROM hash WHERE kind = 'phash'",
        "SELECT count(*) FROM descriptor",
        "SELECT count(*) FROM preview",
    ):
        assert shelf.rows(statement) == [(100,)]
    assert shelf.index().decoded == 0


def _count(catalog: Path) -> int:
    if not catalog.exists():
        return 0
    with closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute("SELECT count(*) FROM content").fetchone()[0]
        except sqlite3.Error:
            return 0  # it has no tables yet
