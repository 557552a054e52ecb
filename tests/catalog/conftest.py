"""Fixtures of the catalog's tests: a library with files on the disk and their rows in a catalog."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers beside the tests

from file_library import Library


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print at how many points the file actions were killed (tests/catalog/test_crashes.py)."""
    points = [
        value
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == "kill points"
    ]
    if points:
        terminalreporter.write_line(
            f"file actions killed at {sum(points)} points in {len(points)} scenarios: nothing lost"
        )


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
