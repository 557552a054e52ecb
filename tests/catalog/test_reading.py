from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from twinsift.catalog import reading, store
from twinsift.catalog.database import Catalog
from twinsift.catalog.identity import Identity
from twinsift.catalog.reading import (
    EMPTY,
    Decoded,
    Job,
    Known,
    NotPicture,
    ReadContext,
    Refused,
    Unreadable,
    read_file,
)
from twinsift.models import digests, extract
from twinsift.models.features import ExtractSpec

posix_only = pytest.mark.skipif(os.name != "posix", reason="a POSIX file system")


@pytest.fixture
def context(tmp_path: Path) -> ReadContext:
    spec = ExtractSpec(working_side=128, keypoints=50)
    return ReadContext(tmp_path / "catalog.sqlite", spec, "attempt", 1 << 20)


@pytest.fixture
def picture(tmp_path: Path, photograph: Callable[..., Image.Image]) -> Path:
    path = tmp_path / "a.png"
    photograph(1, 96, 64).save(path)
    return path


def job(path: Path | bytes, blame: str = "") -> Job:
    return Job(1, os.fsencode(path), blame)


def test_a_picture_is_decoded_with_its_identity(picture: Path, context: ReadContext) -> None:
    found = read_file(job(picture), context)
    assert isinstance(found, Decoded)
    assert found.identity == Identity.of(picture.stat())
    assert found.features.digest == digests.of_bytes(picture.read_bytes())


def test_what_the_catalog_knows_from_this_extractor_is_only_digested(
    picture: Path, context: ReadContext
) -> None:
    found = read_file(job(picture), context)
    assert isinstance(found, Decoded)
    with Catalog.open(context.catalog) as catalog:
        with catalog.transaction() as connection:
            store.put_features(connection, found.features, context.spec.key())
        again = read_file(job(picture), context)
        assert again == Known(found.identity, found.features.digest)
        other = replace(context, spec=replace(context.spec, keypoints=60))
        assert isinstance(read_file(job(picture), other), Decoded)
        with catalog.transaction() as connection:
            digest, size = found.features.digest, found.features.size
            store.put_refused(connection, digest, size, "reason", "attempt")
        assert isinstance(read_file(job(picture), context), Known)
        assert isinstance(read_file(job(picture), replace(context, attempt="new")), Decoded)
    reading._connection.cache_clear()


def test_what_was_blamed_is_digested_and_not_decoded(picture: Path, context: ReadContext) -> None:
    found = read_file(job(picture, "it crashed"), context)
    digest = digests.of_file(picture)
    assert found == Refused(Identity.of(picture.stat()), digest, "it crashed")


def test_a_file_too_large_for_memory_is_digested_in_pieces(
    picture: Path, context: ReadContext
) -> None:
    found = read_file(job(picture), replace(context, largest=100))
    assert isinstance(found, Refused)
    assert found.digest == digests.of_file(picture)
    assert "index.worker_memory_mb" in found.reason


def test_other_files_are_told_apart_by_what_they_claim(
    tmp_path: Path, context: ReadContext
) -> None:
    (tmp_path / "notes.txt").write_bytes(b"notes")
    (tmp_path / "notes.jpg").write_bytes(b"notes")
    (tmp_path / "empty").write_bytes(b"")
    assert isinstance(read_file(job(tmp_path / "notes.txt"), context), NotPicture)
    assert isinstance(read_file(job(tmp_path / "notes.jpg"), context), Refused)
    assert read_file(job(tmp_path / "empty"), context) == Unreadable(EMPTY)


@posix_only
def test_what_took_a_files_place_since_the_walk_is_neither_followed_nor_waited_for(
    tmp_path: Path, picture: Path, context: ReadContext
) -> None:
    (tmp_path / "link.png").symlink_to(picture)
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "folder.png").mkdir()
    for name in ("link.png", "fifo.png", "folder.png", "none.png"):
        found = read_file(job(tmp_path / name), context)
        assert isinstance(found, Unreadable), name
        assert "index again" in found.reason


def test_a_file_that_changes_while_it_is_read_is_left_for_the_next_run(
    picture: Path, context: ReadContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = extract.extract

    def grow(data: bytes, spec: ExtractSpec, digest: bytes):
        with picture.open("ab") as stream:
            stream.write(b"more")
        return real(data, spec, digest=digest)

    monkeypatch.setattr(extract, "extract", grow)
    found = read_file(job(picture), context)
    assert found == Unreadable("changed while it was read (index again)")


def test_reasons_of_the_system_come_with_what_to_do() -> None:
    assert reading.os_reason(PermissionError(13, "Permission denied")).startswith(
        "permission denied ("
    )
    assert reading.os_reason(OSError(5, "Input/output error")).count("(") == 1
    assert reading.os_reason(OSError("odd")) == "odd"
