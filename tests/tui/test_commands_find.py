"""`find --trash` and its like: copies go, what only looks alike stays unless it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from twinsift.tui.cli import main

from tests.models.test_embedding import pooling_network


@pytest.fixture
def argv(tmp_path: Path, photograph: Callable[..., Image.Image]) -> list[str]:
    """`find` by a network to which all pictures are alike, over a copy and another picture."""
    network = tmp_path / "net.onnx"
    network.write_bytes(pooling_network(("N", 3, 8, 8)))
    folder = tmp_path / "photos"
    folder.mkdir()
    photograph(1, 320, 240).save(tmp_path / "wanted.png")
    photograph(1, 320, 240).save(folder / "copy.jpg", quality=90)
    photograph(2, 320, 240).save(folder / "other.jpg", quality=90)
    options = ["--model", str(network), "--working-side", "256", "--min", "0", "--workers", "1"]
    catalog = ["--catalog", str(tmp_path / "catalog.sqlite")]
    return [*catalog, "find", str(tmp_path / "wanted.png"), str(folder), *options]


def left(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "photos").iterdir() if path.is_file()}


def test_only_copies_are_acted_on(
    argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*argv, "--trash", "--yes"]) == 0
    out, err = capsys.readouterr()
    assert "other.jpg" in out  # a hit all the same
    assert "1 file left alone, no copies of the picture (1 unrelated)" in err
    assert left(tmp_path) == {"other.jpg"}
    assert main([*argv, "--trash", "--yes"]) == 0
    assert left(tmp_path) == {"other.jpg"}


def test_any_verdict_has_to_be_asked_for(
    argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*argv, "--any-verdict"]) == 2
    assert "--any-verdict needs something to do" in capsys.readouterr().err
    assert left(tmp_path) == {"copy.jpg", "other.jpg"}
    moved = tmp_path / "moved"
    assert main([*argv, "--move", str(moved), "--any-verdict", "--yes"]) == 0
    assert "left alone" not in capsys.readouterr().err
    assert left(tmp_path) == set()
    assert {path.name for path in moved.rglob("*.jpg")} == {"copy.jpg", "other.jpg"}
