from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image, ImageOps
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
def test_the_installed_find_ranks_as_a_plain_numpy_cosine_does(
    models: Registry, shared_data: Path, tmp_path: Path
) -> None:
    """Real weights, 200 pictures in many formats: complete rankings, in a fresh catalog.

    Vectors are stored in half-size floats, which moved a cosine by 2.3e-5 at most (all 39,800 of
    these pictures: docs/embedding.md). So two of them may change places only where their plain
    cosines are less than 5e-5 apart; all others stand in the plain order.
    """
    images = sorted((shared_data / "copies" / "images").iterdir())[:200]
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in images:
        shutil.copy(path, folder)
    trunk = shared_data / "models" / "mobilenetv2_trunk.onnx"
    twinsift(tmp_path, "model", "add", trunk, "--name", "mobilenet")
    plain = plain_vectors(trunk, images)
    # Keypoints and verdicts have no say in the order: few of them spare the time.
    flags = ("--min", "0", "--json", "--working-side", "128", "--keypoints", "50")
    for asked in (0, 77):
        own = folder / images[asked].name
        out = twinsift(tmp_path, "find", own, folder, *flags)
        found = [json.loads(line) for line in out.splitlines()]
        assert {hit["measure"] for hit in found} == {"embedding"}
        cosines = dict(zip([path.name for path in images], plain @ plain[asked], strict=True))
        del cosines[own.name]
        names = [Path(hit["path"]).name for hit in found]
        assert sorted(names) == sorted(cosines)
        for hit, name in zip(found, names, strict=True):
            assert hit["similarity"] == pytest.approx(cosines[name], abs=1e-4)  # four decimals
        best_after = np.maximum.accumulate([cosines[name] for name in reversed(names)])[::-1]
        assert all(
            cosines[name] > best - 5e-5 for name, best in zip(names, best_after, strict=True)
        )


def twinsift(place: Path, *words: str | Path) -> str:
    """Standard output of the installed command, on a catalog below `place`."""
    command = Path(sys.executable).with_name("twinsift")
    argv = [command, "--catalog", place / "c.sqlite", *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def plain_vectors(network: Path, files: list[Path]) -> np.ndarray:
    """Unit vectors by Pillow, numpy and ONNX Runtime alone, picture by picture."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # several would spin
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    mean = np.array((0.485, 0.456, 0.406), np.float32)
    deviation = np.array((0.229, 0.224, 0.225), np.float32)
    rows = []
    for file in files:
        with Image.open(file) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        pixels = np.asarray(upright.resize((224, 224), Image.Resampling.BILINEAR), np.float32)
        data = ((pixels / np.float32(255) - mean) / deviation).transpose(2, 0, 1)[None]
        row = np.ravel(np.asarray(session.run(["embedding_1280"], {"data": data})[0]))
        rows.append(row / np.linalg.norm(row))
    return np.stack(rows)
