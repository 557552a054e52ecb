"""The embedding pass: from files, each under its own content only, and whatever happens to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_shelf import InProcess
from PIL import Image
from twinsift.catalog import candidates, embedding_pass, indexer, network, rereading, store
from twinsift.catalog.database import Catalog
from twinsift.catalog.errors import Interrupted
from twinsift.catalog.indexer import index
from twinsift.catalog.matcher import match
from twinsift.catalog.progress import Control, Progress, silent
from twinsift.catalog.roots import scopes
from twinsift.catalog.settings import IndexSettings, MatchSettings, Settings
from twinsift.catalog.workers import Lost
from twinsift.models import digests
from twinsift.models.decode import squeeze
from twinsift.models.embedding import Embedder
from twinsift.models.errors import TwinsiftError

from tests.models.test_embedding import pooling_network

SIZE = (16, 8)


class Telling(InProcess):
    """A pool that tells of what a job refused as worker processes do."""

    def done(self, job: Any) -> object:
        try:
            return super().done(job)
        except TwinsiftError as error:
            return Lost("error", str(error))


@pytest.fixture(autouse=True)
def pool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "WorkerPool", Telling)
    if "real_workers" not in request.fixturenames:
        monkeypatch.setattr(rereading, "WorkerPool", Telling)


class Shelf:
    """A folder of indexed pictures that nothing has embedded yet, and a small network."""

    def __init__(self, place: Path, photograph: Callable[..., Image.Image]) -> None:
        self.folder = place / "photos"
        self.folder.mkdir()
        self.network = place / "net.onnx"
        self.network.write_bytes(pooling_network(("N", 3, *SIZE[::-1])))
        self.catalog_path = place / "catalog.sqlite"
        self.settings = IndexSettings(workers=1, working_side=128, keypoints=50)
        for seed, name in enumerate("abcd"):
            photograph(seed, 160, 120).save(self.folder / f"{name}.png")
        index(self.catalog_path, [self.folder], Settings(index=self.settings))

    def embed(self, *folders: Path, control: Control | None = None, report=silent) -> int:
        """Run the pass alone, over what the last scan saw; how many it passed over."""
        settings = IndexSettings(workers=1, model=str(self.network), model_output="same")
        with Catalog.open(self.catalog_path) as catalog:
            covered = scopes(catalog, folders)
            key = network.model_key(settings)
            assert key is not None
            return embedding_pass.embed_all(
                catalog, covered, settings, key, report, control or Control()
            )

    def embedded(self) -> dict[str, np.ndarray]:
        """The stored vectors by the digest of their content."""
        with Catalog.open(self.catalog_path) as catalog:
            rows = catalog.connection.execute(
                "SELECT c.digest, e.vector FROM embedding e JOIN content c ON c.id = e.content_id"
            ).fetchall()
        return {digest.hex(): np.frombuffer(vector, "<f2") for digest, vector in rows}

    def expected(self, *names: str) -> dict[str, np.ndarray]:
        """What the network makes of these files as they are now."""
        embedder = Embedder(self.network, "same")
        found = {}
        for name in names:
            data = (self.folder / name).read_bytes()
            pixels = squeeze(data, SIZE, max_pixels=10**8)
            found[digests.of_bytes(data).hex()] = embedder.embed(pixels[None])[0]
        return found


@pytest.fixture
def shelf(tmp_path: Path, photograph: Callable[..., Image.Image]) -> Shelf:
    return Shelf(tmp_path, photograph)


def same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> bool:
    return found.keys() == expected.keys() and all(
        np.allclose(found[digest], expected[digest], atol=2e-4) for digest in found
    )


def test_vectors_are_those_of_the_files_themselves(real_workers: None, shelf: Shelf) -> None:
    assert shelf.embed() == 0
    assert same(shelf.embedded(), shelf.expected("a.png", "b.png", "c.png", "d.png"))


def test_what_changed_or_went_since_the_scan_is_passed_over(
    shelf: Shelf, photograph: Callable[..., Image.Image]
) -> None:
    photograph(9, 160, 120).save(shelf.folder / "a.png")
    (shelf.folder / "b.png").unlink()
    assert shelf.embed() == 2
    assert same(shelf.embedded(), shelf.expected("c.png", "d.png"))
    shutil.copy(shelf.folder / "c.png", shelf.folder / "b.png")
    assert shelf.embed() == 2  # still to do, and still not what they were
    assert same(shelf.embedded(), shelf.expected("c.png", "d.png"))


def test_another_file_with_the_same_content_serves_as_well(shelf: Shelf) -> None:
    shutil.copy(shelf.folder / "a.png", shelf.folder / "copy of a.png")
    index(shelf.catalog_path, [shelf.folder], Settings(index=shelf.settings))
    (shelf.folder / "a.png").write_bytes(b"something else")
    assert shelf.embed() == 0
    assert same(shelf.embedded(), shelf.expected("copy of a.png", "b.png", "c.png", "d.png"))


@pytest.mark.skipif(os.name != "posix", reason="a POSIX file system")
def test_what_was_put_in_a_files_place_is_neither_followed_nor_waited_for(shelf: Shelf) -> None:
    for name in "ab":
        (shelf.folder / f"{name}.png").rename(shelf.folder.parent / f"{name}.png")
    (shelf.folder / "a.png").symlink_to(shelf.folder.parent / "a.png")
    os.mkfifo(shelf.folder / "b.png")
    assert shelf.embed() == 2
    assert same(shelf.embedded(), shelf.expected("c.png", "d.png"))


def test_only_what_a_run_covers_is_embedded(
    shelf: Shelf, tmp_path: Path, photograph: Callable[..., Image.Image]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    photograph(7, 160, 120).save(other / "e.png")
    index(shelf.catalog_path, [other], Settings(index=shelf.settings))
    assert shelf.embed(other) == 0
    assert same(shelf.embedded(), shelf.expected("../other/e.png"))
    assert shelf.embed() == 0
    assert len(shelf.embedded()) == 5


def test_a_stop_keeps_what_was_done_and_the_next_run_does_the_rest(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_pass, "BATCH", 1)
    monkeypatch.setattr(embedding_pass, "cores", lambda: 1)
    control = Control()

    def stop_after_one(progress: Progress) -> None:
        if progress.done:
            control.stop()

    with pytest.raises(Interrupted):
        shelf.embed(control=control, report=stop_after_one)
    first = shelf.embedded()
    assert 1 <= len(first) < 4
    put: list[int] = []
    original = store.put_embedding
    monkeypatch.setattr(
        store, "put_embedding", lambda *given: (put.append(given[1]), original(*given))
    )
    assert shelf.embed() == 0
    assert len(put) == 4 - len(first)  # nothing twice
    assert same(shelf.embedded(), shelf.expected("a.png", "b.png", "c.png", "d.png"))


def test_what_the_network_takes_for_alike_is_compared_unless_none_is_wanted(shelf: Shelf) -> None:
    shelf.embed()
    vectors = np.stack(list(shelf.embedded().values())).astype(np.float32)
    alike = int((np.triu(vectors @ vectors.T, 1) > 0.0).sum())
    assert alike  # to this network; neither hashes nor keypoints propose any of them
    for model, proposed in (("none", 0), ("", alike), ("none", 0)):
        chosen = replace(shelf.settings, model=model)
        settings = Settings(index=chosen, match=MatchSettings(cosine=0.0, neighbours=0))
        assert match(shelf.catalog_path, settings).candidates == proposed


def test_pages_too_flat_to_tell_apart_are_not_compared_for_a_network(shelf, monkeypatch) -> None:
    shelf.embed()
    settings = Settings(index=shelf.settings, match=MatchSettings(cosine=0.0, neighbours=0))
    monkeypatch.setattr(candidates, "FLATTEST", 256.0)
    assert match(shelf.catalog_path, settings).candidates == 0


def test_pictures_that_can_t_be_decoded_any_more_are_counted(shelf: Shelf) -> None:
    settings = IndexSettings(
        workers=1, model=str(shelf.network), model_output="same", max_megapixels=0.01
    )
    told: list[Progress] = []
    with Catalog.open(shelf.catalog_path) as catalog:
        covered = scopes(catalog, [])
        key = network.model_key(settings)
        assert key is not None
        missed = embedding_pass.embed_all(catalog, covered, settings, key, told.append, Control())
    assert missed == 4
    assert (told[-1].stage, told[-1].done, told[-1].failed) == ("embed", 4, 4)
    assert shelf.embedded() == {}
