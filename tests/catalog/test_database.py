"""The catalog's file: whom it can be read by, which lock guards it, and how its name is shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from twinsift.catalog.database import Catalog
from twinsift.catalog.errors import CatalogError


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("empty_file", [False, True])
def test_nobody_else_can_read_any_of_its_files(tmp_path: Path, empty_file: bool) -> None:
    """Not even while the run that makes it goes on: the log beside it holds the previews."""
    path = tmp_path / "catalog.sqlite"
    if empty_file:
        path.touch(0o644)
    before = os.umask(0o022)
    try:
        with Catalog.open(path) as catalog, catalog.exclusive("apply"):
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert {"catalog.sqlite", "catalog.sqlite-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_one_lock_by_whatever_name(tmp_path: Path) -> None:
    """A link to the catalog's folder or file is no second catalog."""
    real = tmp_path / "real"
    with Catalog.open(real / "catalog.sqlite") as one, one.exclusive("apply"):
        (tmp_path / "folder").symlink_to(real)
        (tmp_path / "file.sqlite").symlink_to(real / "catalog.sqlite")
        for name in ("folder/catalog.sqlite", "file.sqlite"):
            with (
                Catalog.open(tmp_path / name) as other,
                pytest.raises(CatalogError, match="another twinsift is busy"),
                other.exclusive("apply"),
            ):
                pass


def test_its_name_never_steers_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "\x1b[31m.sqlite"
    with pytest.raises(CatalogError) as missing:
        Catalog.open(path, create=False)
    path.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    with pytest.raises(CatalogError) as damaged:
        Catalog.open(path)
    (tmp_path / "\x1b").touch()
    with pytest.raises(CatalogError) as folder:
        Catalog.open(tmp_path / "\x1b" / "catalog.sqlite")
    for error in (missing, damaged, folder):
        assert "\\x1b" in str(error.value)
        assert "\x1b" not in str(error.value)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "dangling.sqlite").symlink_to(tmp_path / "nowhere" / "catalog.sqlite")
    with pytest.raises(CatalogError, match=r"dangling\.sqlite can't be made"):
        Catalog.open(tmp_path / "dangling.sqlite")
