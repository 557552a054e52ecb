"""The catalog's file: found whole or not, copied while in use, refused where it is no catalog."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from file_library import Library, marked
from twinsift.catalog import upkeep
from twinsift.catalog.database import Catalog
from twinsift.catalog.decisions import Verb
from twinsift.catalog.errors import CatalogError
from twinsift.tui import cli
from twinsift.tui.status import Status


def test_a_backup_is_a_catalog_that_nobody_else_can_read(library: Library) -> None:
    marked(library, Verb.TRASH)
    place = library.folder / "copy.sqlite"
    # In the middle of somebody's write.
    with library.catalog.transaction(), Library.reopen(library.folder) as other:
        size = upkeep.back_up(other.catalog, place)
    assert size == place.stat().st_size
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert sorted(p.name for p in library.folder.glob("*copy.sqlite*")) == ["copy.sqlite"]
    with Catalog.open(place, create=False) as copy:
        assert upkeep.faults(copy) == []
        assert copy.connection.execute("SELECT count(*) FROM decision").fetchone() == (2,)


def test_a_backup_overwrites_nothing(library: Library) -> None:
    place = library.folder / "there"
    place.write_bytes(b"somebody's")
    with pytest.raises(CatalogError, match=r"there is a file .*there already"):
        upkeep.back_up(library.catalog, place)
    assert place.read_bytes() == b"somebody's"


def test_a_backup_that_has_no_room_leaves_nothing(library: Library, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"nowhere/copy\.sqlite can't be written"):
        upkeep.back_up(library.catalog, tmp_path / "nowhere/copy.sqlite")


def damage(path: Path) -> None:
    """Overwrite pages in the middle."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(8192))


def test_a_damaged_one_is_found_named_and_not_backed_up(
    library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(200):
        library.file(f"{n}.jpg", b"%d" % n * 20)
    path = library.catalog.path
    library.catalog.close()
    damage(path)
    before = path.read_bytes()
    with Catalog.open(path, create=False) as catalog:
        assert upkeep.faults(catalog)
        with pytest.raises(CatalogError, match=r"is damaged|can't be copied"):
            upkeep.back_up(catalog, library.folder / "copy.sqlite")
    assert not list(library.folder.glob("*copy.sqlite*"))
    assert cli.main(["catalog", "check", "--catalog", str(path)]) == Status.SOME_FAILED
    assert "catalog.sqlite: " in capsys.readouterr().out
    assert path.read_bytes() == before


def test_a_row_that_leads_nowhere_is_told(library: Library) -> None:
    connection = library.catalog.connection
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("INSERT INTO hash VALUES (99, 'phash', X'00')")
    assert upkeep.faults(library.catalog) == ["a row of hash leads to no row of content"]


def test_the_command_line(library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    path, place = str(library.catalog.path), library.folder / "copy.sqlite"
    assert cli.main(["catalog", "check", "--catalog", path]) == Status.DONE
    assert "is whole" in capsys.readouterr().out
    assert cli.main(["catalog", "backup", str(place), "--catalog", path]) == Status.DONE
    assert cli.main(["catalog", "backup", str(place), "--catalog", path]) == Status.WRONG_USE
    assert cli.main(["catalog", "backup", "--catalog", path]) == Status.WRONG_USE
    assert cli.main(["catalog", "check", str(place), "--catalog", path]) == Status.WRONG_USE
    (library.folder / "song.txt").write_text("no catalog " * 50)
    foreign = ["catalog", "check", "--catalog", str(library.folder / "song.txt")]
    assert cli.main(foreign) == Status.WRONG_USE
    assert "song.txt can't be opened as a catalog" in capsys.readouterr().err
