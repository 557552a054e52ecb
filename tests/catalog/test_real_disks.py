"""Disks as they are: read-only, full, unplugged, with access lists; really mounted, not played."""

from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from file_library import COPY, KEEPER, Library, contents_below, marked, states
from twinsift.catalog import exclusive_rename, journal, regular_file
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.database import Catalog
from twinsift.catalog.decisions import Verb
from twinsift.catalog.planning import build
from twinsift.catalog.recovery import recover
from twinsift.catalog.settings import FileSettings, Settings
from twinsift.catalog.undo import undo_batch
from twinsift.tui import cli
from twinsift.tui.status import Status


def run(*command: str | Path) -> None:
    subprocess.run([*map(str, command)], check=True, capture_output=True, timeout=30)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB in memory, mounted where a library's pictures will be."""
    folder = tmp_path / "photos"
    folder.mkdir()
    try:
        run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("needs the right to mount")
    yield folder
    while os.path.ismount(folder):
        run("umount", "-l", folder)


@pytest.fixture
def on_disk(disk: Path) -> Iterator[Library]:
    """A library whose pictures are on `disk`, and its catalog isn't."""
    made = Library(disk.parent, Catalog.open(disk.parent / "catalog.sqlite"))
    made.root(disk)
    with made:
        yield made


def stays(library: Library, *, state: str) -> None:
    """Both files are in their places, nothing is left over, and the journal says so."""
    found = contents_below(library.photos)
    assert {path.name: data for path, data in found.items() if path.suffix == ".jpg"} == {
        "keep.jpg": KEEPER,
        "copy.jpg": COPY,
    }
    assert not [path for path in found if path.name.startswith(".twinsift-")]
    assert {found for _, found in states(library)} == {state}
    assert journal.open_intents(library.catalog) == []


@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.MOVE, Verb.DELETE])
def test_a_read_only_disk(on_disk: Library, verb: Verb) -> None:
    plan, copy = marked(on_disk, verb, on_disk.folder / "moved" if verb is Verb.MOVE else None)
    run("mount", "-o", "remount,ro", on_disk.photos)
    outcome = apply_plan(on_disk.catalog, plan, delete_confirmed=True)
    assert (outcome.done, outcome.failed) == (0, 1)
    assert "read-only file system" in outcome.messages[0][1]
    stays(on_disk, state="failed")
    assert contents_below(on_disk.folder / "moved") == {}
    run("mount", "-o", "remount,rw", on_disk.photos)
    again = build(on_disk.catalog, Settings())
    assert apply_plan(on_disk.catalog, again, delete_confirmed=True).done == 1
    assert not on_disk.is_present(copy) or verb is Verb.MOVE


@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.DELETE])
def test_a_full_disk(on_disk: Library, verb: Verb) -> None:
    """The trash's record has no room; a deletion needs none."""
    plan, _ = marked(on_disk, verb)
    with pytest.raises(OSError), (on_disk.photos / "filler").open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    outcome = apply_plan(on_disk.catalog, plan, delete_confirmed=True)
    (on_disk.photos / "filler").unlink()
    if verb is Verb.DELETE:
        assert outcome.done == 1
        return
    assert "no space left" in outcome.messages[0][1]
    stays(on_disk, state="failed")
    assert apply_plan(on_disk.catalog, build(on_disk.catalog, Settings())).done == 1


def test_a_move_to_a_disk_that_is_too_small(library: Library, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    try:
        run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("needs the right to mount")
    try:
        data = os.urandom(1 << 18)
        plan, copy = marked(library, Verb.MOVE, small, data=data)
        outcome = apply_plan(library.catalog, plan)
        assert "no space left" in outcome.messages[0][1]
        assert (library.photos / "sub/copy.jpg").read_bytes() == data
        assert contents_below(small) == {}
        assert states(library) == [("move", "failed")]
        assert library.is_present(copy)
    finally:
        run("umount", "-l", small)


@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.DELETE])
@pytest.mark.parametrize("moment", ["before", "while"])
def test_a_disk_that_is_unplugged(
    on_disk: Library, monkeypatch: pytest.MonkeyPatch, verb: Verb, moment: str
) -> None:
    plan, copy = marked(on_disk, verb)
    kept = on_disk.folder / "kept"
    kept.mkdir()
    run("mount", "--bind", on_disk.photos, kept)  # so that it can be plugged in again
    try:
        rename = exclusive_rename._exclusive_rename
        assert rename is not None

        def unplug_then_rename(source: bytes, destination: bytes) -> int:
            if os.path.ismount(on_disk.photos):
                run("umount", "-l", on_disk.photos)
            return rename(source, destination)

        if moment == "before":
            run("umount", "-l", on_disk.photos)
        else:
            monkeypatch.setattr(exclusive_rename, "_exclusive_rename", unplug_then_rename)
        outcome = apply_plan(on_disk.catalog, plan, delete_confirmed=True)
        assert outcome.done == 0
        assert on_disk.is_present(copy)
        run("mount", "--bind", kept, on_disk.photos)
        monkeypatch.undo()
        recover(on_disk.catalog)
        stays(on_disk, state="refused" if moment == "before" else "failed")
        again = build(on_disk.catalog, Settings())
        assert apply_plan(on_disk.catalog, again, delete_confirmed=True).done == 1
    finally:
        run("umount", "-l", kept)


def test_a_read_only_catalog_can_be_read_and_no_more(
    disk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What would have to be journalled is refused in one line, and no file is touched."""
    folder, place = disk.parent / "library", disk / "catalog.sqlite"
    with Library(folder, Catalog.open(place)) as written:
        written.root(folder / "photos")
        marked(written, Verb.DELETE)
    run("mount", "-o", "remount,ro", disk)
    flag = ["--catalog", str(place)]
    assert cli.main(["plan", *flag]) == Status.DONE
    assert cli.main(["groups", "--json", *flag]) == Status.DONE
    assert "copy.jpg" in capfd.readouterr().out
    for command in (
        ["apply", "--yes", "--confirm-delete", "1"],
        ["undo"],
        ["index", str(folder)],
        ["match"],
    ):
        assert cli.main([*command, *flag]) in (Status.WRONG_USE, Status.SOME_FAILED)
        told = capfd.readouterr().err.strip().splitlines()
        assert "read-only" in told[-1] or "readonly" in told[-1] or "no applied" in told[-1], told
    assert set(contents_below(folder).values()) == {KEEPER, COPY}


def test_a_commit_that_finds_the_disk_full_leaves_no_transaction_open(disk: Path) -> None:
    with Catalog.open(disk / "catalog.sqlite") as catalog:
        with (
            pytest.raises(sqlite3.OperationalError, match="full"),
            catalog.transaction() as connection,
        ):
            fact = ("INSERT INTO fact (name, value) VALUES ('big', zeroblob(?))", (1 << 20,))
            connection.execute(*fact)
        with catalog.transaction() as connection:
            connection.execute("INSERT INTO fact (name, value) VALUES ('small', X'00')")
        names = catalog.connection.execute("SELECT name FROM fact WHERE name IN ('big', 'small')")
        assert names.fetchall() == [("small",)]


def test_access_lists_go_along(library: Library, elsewhere: Path) -> None:
    """The owner's, a named user's, the group's, the mask, all others'; as acl(5) lays them out."""
    entries = ((1, 6, 0xFFFFFFFF), (2, 4, 12345), (4, 0, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF))
    wanted = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", *entry) for entry in (*entries, (32, 0, 0xFFFFFFFF))
    )
    plan, _ = marked(library, Verb.MOVE, elsewhere / "moved")
    source, name = library.photos / "sub/copy.jpg", "system.posix_acl_access"
    try:
        os.setxattr(source, name, wanted)
        os.setxattr(elsewhere, name, wanted)
        os.removexattr(elsewhere, name)
    except OSError:
        pytest.skip("needs access lists")
    assert apply_plan(library.catalog, plan).done == 1
    assert os.getxattr(elsewhere / "moved/sub/copy.jpg", name) == wanted
    assert undo_batch(library.catalog).done == 1
    assert os.getxattr(source, name) == wanted


def test_a_clock_that_jumps_back_confuses_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches are told apart and ordered by number, names in the trash by what is random."""
    first, copy = marked(library, Verb.TRASH)
    assert apply_plan(library.catalog, first).done == 1
    assert undo_batch(library.catalog).done == 1
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 10 * 365 * 86_400)
    os.utime(library.photos / "sub/copy.jpg", ns=(0, 4 * 10**18))  # taken in 2096
    second = build(library.catalog, Settings(files=FileSettings()))
    assert apply_plan(library.catalog, second).done == 1
    latest = journal.batches(library.catalog)[0]
    assert latest.created_at < journal.batches(library.catalog)[-1].created_at
    assert undo_batch(library.catalog).done == 1
    assert library.is_present(copy)
    assert (library.photos / "sub/copy.jpg").read_bytes() == COPY
    assert regular_file.identity_at(bytes(library.photos / "sub/copy.jpg")) is not None
