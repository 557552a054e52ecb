from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from twinsift.catalog import indexer
from twinsift.catalog.database import Catalog
from twinsift.catalog.errors import CatalogError, Interrupted
from twinsift.catalog.indexer import IndexSummary, index, spec_of
from twinsift.catalog.progress import Control, Progress
from twinsift.catalog.reading import EMPTY, Job
from twinsift.catalog.roots import add_root
from twinsift.catalog.settings import IndexSettings, Settings
from twinsift.catalog.workers import Lost
from twinsift.models import digests
from twinsift.models.errors import ModelError
from twinsift.models.extract import extract

SETTINGS = Settings(index=IndexSettings(workers=1, working_side=128, keypoints=50))


class InProcess:
    """A pool that works in this process: quicker to start, and loses items when told to."""

    def __class_getitem__(cls, item: object) -> type[InProcess]:
        return cls

    def __init__(self, function: Callable, context: tuple, **options: object) -> None:
        self._function, self._context = function, context

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def imap_unordered(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, object]]:
        for job in jobs:
            if b"deadly" in job.path and not job.blame:
                yield job, Lost("timeout", "took longer than 60 s")
            else:
                yield job, self._function(job, *self._context)


@pytest.fixture(autouse=True)
def pool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real_workers" not in request.fixturenames:
        monkeypatch.setattr(indexer, "WorkerPool", InProcess)


@pytest.fixture
def real_workers() -> None:
    """Asks for worker processes."""


class Shelf:
    """A folder of pictures, and the catalog that it is indexed into."""

    def __init__(self, tmp_path: Path, photograph: Callable[..., Image.Image]) -> None:
        self.folder = tmp_path / "photos"
        self.folder.mkdir()
        self.catalog = tmp_path / "catalog.sqlite"
        self._photograph = photograph

    def picture(self, name: str, seed: int) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._photograph(seed, 160, 120).save(path)
        return path

    def put(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def index(self, *folders: Path, **options: object) -> IndexSummary:
        changed = replace(SETTINGS.index, **options)  # type: ignore[arg-type]
        given = folders or (self.folder,)
        return index(self.catalog, given, replace(SETTINGS, index=changed))

    def rows(self, statement: str, *values: object) -> list[tuple]:
        with Catalog.open(self.catalog) as catalog:
            return catalog.connection.execute(statement, values).fetchall()

    def files(self) -> dict[str, tuple[int, int | None]]:
        """Id and content of each file that is present, by path."""
        rows = self.rows("SELECT path, id, content_id FROM file WHERE present = 1")
        return {os.fsdecode(path): (file_id, content) for path, file_id, content in rows}

    def reasons(self, summary: IndexSummary) -> dict[str, str]:
        return {
            os.path.relpath(os.fsdecode(f.path), self.folder): f.reason for f in summary.failures
        }


@pytest.fixture
def shelf(tmp_path: Path, photograph: Callable[..., Image.Image]) -> Shelf:
    return Shelf(tmp_path, photograph)


@pytest.fixture
def three(shelf: Shelf) -> Shelf:
    shelf.picture("a.png", 1)
    shelf.picture("sub/b.jpg", 2)
    shelf.picture("sub/deep/c.webp", 3)
    shelf.index()
    return shelf


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
    assert (count, (positions, vectors)) == (len(found.keypoints), found.keypoints.pack())
    (first, second) = shelf.files().values()
    assert first[1] == second[1] is not None


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


def test_damaged_and_false_pictures_are_failures_with_a_reason_others_are_passed_over(
    shelf: Shelf,
    real_workers: None,
) -> None:
    whole = shelf.picture("good.png", 1).read_bytes()
    shelf.put("cut.png", whole[: len(whole) // 2])
    shelf.put("same cut, no extension", whole[: len(whole) // 2])
    shelf.put("text.JPG", b"this is not an image")
    shelf.put("empty.jpg", b"")
    shelf.put("empty.txt", b"")
    shelf.put("notes.txt", b"notes")
    shelf.put("picture.txt", whole)
    if os.name == "posix":
        os.mkfifo(shelf.folder / "fifo.jpg")
    summary = shelf.index()
    reasons = shelf.reasons(summary)
    assert set(reasons) == {
        "cut.png",
        "same cut, no extension",
        "text.JPG",
        "empty.jpg",
        "empty.txt",
    }
    assert "truncated" in reasons["cut.png"]
    assert "not a picture" in reasons["text.JPG"]
    assert reasons["empty.jpg"] == EMPTY
    assert all("\n" not in reason and "(" in reason for reason in reasons.values())
    assert (summary.files, summary.pictures, summary.failed) == (8, 2, 5)
    files = shelf.files()
    assert files["cut.png"][1] == files["same cut, no extension"][1] is not None
    assert files["empty.jpg"][1] is None
    again = shelf.index()
    assert (again.decoded, again.failures, again.unchanged) == (0, summary.failures, 8)


def test_what_was_no_picture_is_looked_at_anew_by_a_version_that_knows_more(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.picture("scan.jp2", 1)
    shelf.put("notes", b"notes")
    with monkeypatch.context() as earlier:
        earlier.setattr(indexer.formats, "sniff", lambda data: "")
        earlier.setattr(indexer.formats, "decoders", lambda: "formats-1")
        earlier.setattr(indexer.formats, "has_picture_extension", lambda name: False)
        assert shelf.index().pictures == 0
    assert shelf.index().pictures == 1
    assert shelf.index().decoded == 0


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_file_without_permission_is_tried_again_each_time(shelf: Shelf) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    path = shelf.picture("a.png", 1)
    path.chmod(0)
    assert "permission denied" in shelf.reasons(shelf.index())["a.png"]
    path.chmod(0o600)
    assert shelf.index().decoded == 1


def test_a_file_that_could_not_be_opened_is_tried_again_each_time(three: Shelf) -> None:
    with Catalog.open(three.catalog) as catalog, catalog.transaction() as connection:
        connection.execute(
            "UPDATE file SET content_id = NULL, error = 'permission denied' WHERE path = ?",
            (b"a.png",),
        )
    summary = three.index()
    assert (summary.failed, summary.unchanged, summary.decoded) == (0, 3, 0)
    assert three.files()["a.png"][1] is not None


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


def test_what_a_limit_refused_is_tried_again_under_another_limit(shelf: Shelf) -> None:
    shelf.picture("a.png", 1)
    summary = shelf.index(max_megapixels=0.01)
    assert "more than the limit" in shelf.reasons(summary)["a.png"]
    assert shelf.index(max_megapixels=0.01).decoded == 0
    assert shelf.index(max_megapixels=1.0).decoded == 1
    assert shelf.index(max_megapixels=0.01).failed == 0  # what is known stays known


def test_what_kills_its_worker_is_given_up_with_its_digest_known(shelf: Shelf) -> None:
    deadly = shelf.picture("deadly.png", 1)
    shutil.copy(deadly, shelf.folder / "deadly again.png")
    shelf.picture("good.png", 2)
    summary = shelf.index()
    reasons = shelf.reasons(summary)
    assert set(reasons) == {"deadly.png", "deadly again.png"}
    assert reasons["deadly.png"] == "took longer than 60 s (raise index.timeout_seconds)"
    files = shelf.files()
    assert files["deadly.png"][1] == files["deadly again.png"][1] is not None
    assert shelf.rows("SELECT digest FROM content WHERE error IS NOT NULL") == [
        (digests.of_file(deadly),)
    ]
    assert (shelf.index().decoded, shelf.index().failed) == (0, 2)
    deadly.rename(shelf.folder / "a.png")
    assert shelf.index(timeout_seconds=61.0).failed == 0  # with more time it is tried again


def test_a_copy_that_was_decoded_outweighs_one_that_was_given_up(shelf: Shelf) -> None:
    shelf.picture("fine.png", 1)
    shelf.index()
    shutil.copy(shelf.folder / "fine.png", shelf.folder / "deadly.png")
    summary = shelf.index()
    assert (summary.pictures, summary.failed) == (2, 0)
    assert len(shelf.rows("SELECT * FROM preview")) == 1


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
