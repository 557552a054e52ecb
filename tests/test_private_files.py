"""What the program makes for itself nobody else can read, whatever the umask; nothing listens."""

from __future__ import annotations

import ast
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from twinsift.catalog import migrations, settings_file
from twinsift.catalog.database import Catalog
from twinsift.catalog.decisions import decide, keep_only
from twinsift.catalog.listing import list_groups
from twinsift.catalog.review import load_group
from twinsift.models.registry import Registry
from twinsift.tui import cli
from twinsift.tui.hints import Hints

from tests.models.test_embedding import pooling_network

VERSION_1 = Path(__file__).with_name("catalog") / "schema_version_1.sql"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """Everything below a folder that others could read or write, if they got at it."""
    found: list[str] = []
    for top, folders, names in os.walk(folder):
        # What is in a folder that nobody else may enter is out of reach with it.
        folders[:] = [n for n in folders if (Path(top) / n).stat().st_mode & 0o077]
        paths = [Path(top, name) for name in (*folders, *names)]
        found += [str(path) for path in paths if path.lstat().st_mode & 0o077]
    return found


def test_under_an_open_umask(
    no_umask: None,
    tmp_path: Path,
    photograph: Callable[..., Image.Image],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photos, own = tmp_path / "photos", tmp_path / "own"
    photos.mkdir()
    own.mkdir()
    for number in range(2):
        photograph(1, 320, 240).save(photos / f"{number}.jpg", quality=90 - 9 * number)
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        (own / name).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(own / name))
    catalog = own / "catalog.sqlite"
    flag = ["--catalog", str(catalog)]
    assert cli.main(["index", str(photos), "--workers", "1", *flag]) == 0
    assert cli.main(["match", *flag]) == 0
    with Catalog.open(catalog) as opened:
        (summary,) = list_groups(opened)
        detail = load_group(opened, summary.id)
        assert detail is not None
        decide(opened, detail.id, keep_only(detail, {detail.keeper.file_id}))
        with opened.exclusive("apply"):
            assert cli.main(["plan", "--write", str(own / "plan.jsonl"), *flag]) == 0
            assert cli.main(["catalog", "backup", str(own / "backup.sqlite"), *flag]) == 0
            assert open_to_others(own) == []  # the log and the locks are there now
    assert cli.main(["apply", "--yes", *flag]) == 0
    assert open_to_others(photos / ".twinsift-trash") == []
    assert stat.S_IMODE((photos / ".twinsift-trash").stat().st_mode) == 0o700
    older = own / "older.sqlite"
    with sqlite3.connect(older) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))
        connection.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    older.chmod(0o600)
    Catalog.open(older).close()
    assert migrations.backup_path(older, 1).exists()
    settings_file.save(None, "match", "hamming", 8)
    Hints().follow("review")
    network = tmp_path / "net.onnx"
    network.write_bytes(pooling_network(("N", 3, 8, 8)))
    Registry(own / "models").add(network, name="net", kind="caffe")
    monkeypatch.setattr(cli, "_run", lambda _: 1 // 0)
    assert cli.main(["groups", *flag]) == 70
    assert list(own.rglob("last-defect.txt"))
    assert list(own.rglob("settings.toml"))
    assert open_to_others(own) == []


def test_nothing_listens_and_only_a_download_reaches_out() -> None:
    """No module opens a socket; the one that asks for files is the download a person asks for."""
    layers = Path(cli.__file__).resolve().parent.parent
    talking = {"socket", "socketserver", "http", "requests", "asyncio", "multiprocessing", "ssl"}
    found = {
        path.name: names
        for layer in ("models", "catalog", "tui")
        for path in (layers / layer).glob("*.py")
        if (names := talking & imported(path))
    }
    assert found.pop("download.py") == {"requests"}
    assert not [name for name, names in found.items() if names - {"asyncio"}], found


def imported(path: Path) -> set[str]:
    """The first part of the name of each module that a file imports from elsewhere."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names
