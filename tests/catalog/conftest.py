"""Fixtures of the catalog's tests: libraries with files on the disk and rows in a catalog."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers beside the tests

from file_library import Library
from picture_shelf import Losing, Shelf
from PIL import Image
from twinsift.catalog import exclusive_rename, indexer


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print at how many points file actions were cut off (test_crashes.py, test_power_loss.py)."""
    for kind, words in (
        ("kill points", "file actions killed at {} points in {} scenarios: nothing lost"),
        ("power failures", "power failed at {} points in {} scenarios: nothing lost"),
    ):
        points = [
            value
            for report in terminalreporter.stats.get("passed", [])
            for name, value in report.user_properties
            if name == kind
        ]
        if points:
            terminalreporter.write_line(words.format(sum(points), len(points)))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """An empty library with one indexed folder, `photos`."""
    with Library.create(tmp_path) as made:
        yield made


@pytest.fixture
def group_of(library: Library) -> Callable[..., str]:
    """`group_of({'a.jpg': b'...', ...})`: files of one duplicate group; returns its id."""

    def make(files: dict[str, bytes], **options: str) -> str:
        return library.group([library.file(name, data) for name, data in files.items()], **options)

    return make


@pytest.fixture
def real_workers() -> None:
    """Asks for worker processes."""


@pytest.fixture
def shelf(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    photograph: Callable[..., Image.Image],
) -> Shelf:
    """An empty folder to be indexed, in this process unless `real_workers` are asked for."""
    if "real_workers" not in request.fixturenames:
        monkeypatch.setattr(indexer, "WorkerPool", Losing)
    return Shelf(tmp_path, photograph)


@pytest.fixture
def three(shelf: Shelf) -> Shelf:
    """Three pictures that are indexed, in three folders."""
    shelf.picture("a.png", 1)
    shelf.picture("sub/b.jpg", 2)
    shelf.picture("sub/deep/c.webp", 3)
    shelf.index()
    return shelf


@pytest.fixture(params=["atomic", "link"])
def renaming(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of renaming without overwriting."""
    if request.param == "link":
        monkeypatch.setattr(exclusive_rename, "_exclusive_rename", None)
        monkeypatch.setattr(exclusive_rename, "_exchange", None)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than the test's."""
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs /dev/shm as a second file system")
    folder = shared_memory / f"twinsift-test-{os.getpid()}-{tmp_path.name}"
    folder.mkdir()
    yield folder
    for top, folders, names in os.walk(folder, topdown=False):
        for name in names:
            (Path(top) / name).unlink()
        for name in folders:
            (Path(top) / name).rmdir()
    folder.rmdir()
