"""The catalog's disk is full while pictures are indexed: told in one line, then gone on from."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from twinsift.catalog import upkeep
from twinsift.catalog.database import Catalog
from twinsift.tui import cli
from twinsift.tui.status import Status

PICTURES = 16


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB in memory; needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_it_ends_in_one_line_and_resumes(
    small_disk: Path,
    tmp_path: Path,
    photograph: Callable[..., Image.Image],
    capsys: pytest.CaptureFixture[str],
) -> None:
    photos, catalog = tmp_path / "photos", small_disk / "catalog.sqlite"
    photos.mkdir()
    for seed in range(PICTURES):
        photograph(seed, 320, 240).save(photos / f"{seed}.png")
    command = ["index", str(photos), "--catalog", str(catalog), "--workers", "1"]
    assert cli.main(command) == Status.WRONG_USE
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "full" in told or "No space left" in told
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    with Catalog.open(catalog) as opened:
        assert upkeep.faults(opened) == []
    assert cli.main(command) == Status.DONE
    with Catalog.open(catalog) as opened:
        row = opened.connection.execute(
            "SELECT count(*), count(c.pixel_digest) FROM file f JOIN content c"
            " ON c.id = f.content_id"
        ).fetchone()
    assert row == (PICTURES, PICTURES)
