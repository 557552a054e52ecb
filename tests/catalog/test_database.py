"""The catalog's file: whom it can be read by, which lock guards it, and how its name is shown."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from twinsift.catalog import library, migrations
from twinsift.catalog.database import Catalog
from twinsift.catalog.errors import CatalogError

VERSION_1 = Path(__file__).with_name("schema_version_1.sql")


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


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_one_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog.open(path).close()
    path.chmod(0o644)
    Catalog.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_foreign_file_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE song (name TEXT)")
    path.chmod(0o644)
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="a database of another program"):
        Catalog.open(path)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (before, 0o644)


def shape(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Columns of every table and view, and what every index and trigger is made by."""
    tables = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
        )
    ]
    found = {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in tables}
    found[""] = [
        (name, " ".join(made.split()))
        for name, made in connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL"
            " ORDER BY name"
        )
    ]
    return found


@pytest.fixture
def old(tmp_path: Path) -> Callable[[], Path]:
    """A catalog of version 1 with a decision and an action."""

    def make() -> Path:
        path = tmp_path / "old.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(VERSION_1.read_text(encoding="utf-8"))
            connection.executescript(
                """
                INSERT INTO root VALUES (1, X'2F70', 'normal', 0.0, NULL);
                INSERT INTO content (id, digest, size) VALUES (1, X'00', 3);
                INSERT INTO file VALUES (1, 1, X'61', 3, 0, 0, 0, 1, 1, NULL);
                INSERT INTO decision VALUES (1, 1, 'trash', NULL, 'g', 1);
                INSERT INTO batch VALUES (1, 0.0, 'apply', NULL, 'closed', 'n');
                INSERT INTO action VALUES (1, 1, 'trash', X'2F61', X'2F62', X'00', 3, 0, 0, 0,
                  NULL, NULL, 1, 't', '', 'done', '', 0.0);
                """
            )
            connection.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
            connection.execute("PRAGMA user_version = 1")
            connection.commit()
        return path

    return make


def test_an_older_one_is_brought_up_to_date_after_a_backup(
    tmp_path: Path, old: Callable[[], Path]
) -> None:
    with Catalog.open(old()) as migrated, Catalog.open(tmp_path / "new.sqlite") as new:
        assert shape(migrated.connection) == shape(new.connection)
        assert migrated.connection.execute("SELECT verb FROM decision").fetchall() == [("trash",)]
        row = migrated.connection.execute("SELECT verb, state, attributes, at FROM action")
        assert row.fetchall() == [("trash", "done", "", 0.0)]
        assert migrated.connection.execute("PRAGMA foreign_key_check").fetchall() == []
        (folder,) = library.list_folders(migrated)
        assert (folder.pictures, folder.pending, folder.failed, folder.size) == (1, 0, 0, 3)
        migrated.connection.execute("UPDATE decision SET verb = 'hardlink'")
    with closing(sqlite3.connect(tmp_path / "old.sqlite.version-1")) as backup:
        assert backup.execute("PRAGMA user_version").fetchone() == (1,)
        assert backup.execute("SELECT verb FROM decision").fetchall() == [("trash",)]
    assert stat.S_IMODE((tmp_path / "old.sqlite.version-1").stat().st_mode) == 0o600


def test_a_step_that_fails_leaves_the_older_version(
    old: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = {2: [*migrations._STEPS[2][:4], "SELECT * FROM nowhere"]}
    path = old()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "_STEPS", steps)
        with pytest.raises(CatalogError, match=r"old\.sqlite can't be opened"):
            Catalog.open(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT verb FROM decision").fetchall() == [("trash",)]
    Catalog.open(path).close()


def test_a_newer_one_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog.open(path) as catalog:
        catalog.connection.execute(f"PRAGMA user_version = {migrations.VERSION + 1}")
    with pytest.raises(CatalogError, match="newer twinsift"):
        Catalog.open(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (migrations.VERSION + 1,)
