from __future__ import annotations

import io
import itertools
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from twinsift.models.embedding import Embedder
from twinsift.models.registry import Registry
from twinsift.tui.cli import main

from tests.models.test_embedding import pooling_network


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return Registry()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    path.write_bytes(pooling_network(("N", 3, 8, 8)))
    return path


def test_a_network_is_added_listed_checked_and_removed(
    models: Registry, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", "list"]) == 0
    listed = capsys.readouterr().out
    assert "vgg16: not installed, 553 MB" in listed
    assert "twinsift model pull vgg16-int8" in listed
    assert main(["model", "add", str(file), "--name", "own", "--output", "same"]) == 0
    added = capsys.readouterr().out
    assert "own is installed: 192 values from same, pictures of 8x8" in added
    assert "preprocessing: imagenet" in added
    assert main(["model", "list"]) == 0
    assert "own: 192 values" in (listed := capsys.readouterr().out)
    assert "in use" in listed.splitlines()[0]
    assert main(["model", "check"]) == 0
    assert "own: whole" in capsys.readouterr().out
    models.path("own").write_bytes(file.read_bytes()[:-1])
    assert main(["model", "check"]) == 1
    assert "damaged" in capsys.readouterr().out
    assert main(["model", "remove", "own"]) == 0
    assert main(["model", "check"]) == 0
    assert "no network is installed" in capsys.readouterr().out


def test_wrong_use_is_one_line(
    models: Registry, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = {
        ("pull",): "needs a NAME",
        ("add",): "needs a FILE",
        ("pull", "resnet"): "no network resnet to download (there are vgg16",
        ("remove", "resnet"): "no network resnet",
        ("add", str(file), "--output", "logits"): "'logits'",
        ("add", str(file.with_name("gone.onnx"))): "can't be read",
    }
    for words, told in cases.items():
        assert main(["model", *words]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert told in line


def test_find_says_how_to_get_a_network_and_downloads_none(
    models: Registry,
    photograph: Callable[..., Image.Image],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    photograph(1).save(folder / "a.png")
    photograph(1).save(folder / "b.jpg")
    argv = ["--catalog", str(tmp_path / "c"), "find", str(folder / "a.png"), str(folder)]
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert "b.jpg" in out
    assert "`twinsift model pull vgg16`" in err
    assert main([*argv, "--model", "vgg16"]) == 2
    assert "the network vgg16 isn't installed (get it: twinsift model pull vgg16)" in (
        capsys.readouterr().err
    )


@pytest.mark.slow
def test_find_by_a_registered_network_ranks_as_plain_cosines_do(
    models: Registry, shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real weights, 200 pictures; the vectors compared with are made here, in plain numpy."""
    images = sorted((shared_data / "copies" / "images").iterdir())[:200]
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in images:
        shutil.copy(path, folder)
    trunk = shared_data / "models" / "mobilenetv2_trunk.onnx"
    assert main(["model", "add", str(trunk), "--name", "mobilenet"]) == 0
    capsys.readouterr()
    catalog = tmp_path / "c.sqlite"
    asked = images[0].name
    argv = ["--catalog", str(catalog), "find", str(folder / asked), str(folder)]
    assert main([*argv, "--min", "0", "--model", "mobilenet", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {hit["measure"] for hit in found} == {"embedding"}
    ours = {Path(hit["path"]).name: hit["similarity"] for hit in found}

    with sqlite3.connect(catalog) as connection:
        rows = connection.execute(
            "SELECT f.path, p.jpeg FROM file f JOIN preview p USING (content_id)"
        ).fetchall()
    connection.close()
    embedder = Embedder(trunk)
    previews = {
        name.decode(): embedder.embed([Image.open(io.BytesIO(jpeg))])[0] for name, jpeg in rows
    }
    cosines = {name: float(vector @ previews[asked]) for name, vector in previews.items()}
    wanted = {name for name, cosine in cosines.items() if cosine >= 0 and name != asked}
    assert set(ours) == wanted
    assert len(ours) > 190
    for name, similarity in ours.items():
        assert similarity == pytest.approx(cosines[name], abs=2e-4)
    # The same order but for neighbours that half-size floats and four decimals can't tell apart.
    for before, after in itertools.pairwise(ours):
        assert cosines[before] > cosines[after] - 4e-4

    # Against the pictures themselves: what the stored preview's JPEG costs.
    original = _embedded(embedder, images[0])
    for path in images[1::8]:
        if path.name in ours:
            plain = float(_embedded(embedder, path) @ original)
            assert ours[path.name] == pytest.approx(plain, abs=0.05)


def _embedded(embedder: Embedder, path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return embedder.embed([ImageOps.exif_transpose(image).convert("RGB")])[0]
