"""Fixtures of the catalog's tests: a library with files on the disk and their rows in a catalog."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers beside the tests

from file_library import Library


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
