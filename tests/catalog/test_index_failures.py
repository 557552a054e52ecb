"""What can't be read: told with a reason, remembered, and tried again when that may help."""

from __future__ import annotations

import os
import shutil

import pytest
from picture_shelf import Shelf
from twinsift.catalog import indexer
from twinsift.catalog.database import Catalog
from twinsift.catalog.reading import EMPTY
from twinsift.models import digests


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
