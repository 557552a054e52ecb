"""Errors of the system, and other programs that work on the same files at the same moment."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from blake3 import blake3
from file_library import COPY, KEEPER, Library, contents_below, marked, states
from twinsift.catalog import exclusive_rename, fileops, regular_file
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Verb
from twinsift.catalog.recovery import recover
from twinsift.catalog.settings import FileSettings, Settings


@pytest.mark.parametrize(
    ("code", "place"),
    [
        (errno.ENOSPC, "write"),
        (errno.EIO, "fsync"),
        (errno.EACCES, "mkdir"),
        (errno.EROFS, "rename"),
        (errno.ENAMETOOLONG, "rename"),
        (errno.EPERM, "unlink"),
        (errno.EDQUOT, "utime"),
    ],
)
@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.MOVE, Verb.DELETE])
def test_an_error_of_the_system_leaves_file_and_journal_right(
    library: Library,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    verb: Verb,
    across: bool,
    code: int,
    place: str,
) -> None:
    base = request.getfixturevalue("elsewhere") if across else library.folder
    settings = Settings(files=FileSettings(trash=str(base / "bin")))
    plan, copy = marked(
        library, verb, base / "moved" if verb is Verb.MOVE else None, settings=settings
    )

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        if place == "rename":
            patch.setattr(exclusive_rename, "_exclusive_rename", lambda *_: code)
        else:
            patch.setattr(fileops.os, place, fail)
        outcome = apply_plan(library.catalog, plan, delete_confirmed=True)
    recover(library.catalog)
    (state,) = [state for _, state in states(library)]
    found = contents_below(library.folder, base)
    assert KEEPER in found.values()
    if state == "done":  # a step that came after the act, or isn't part of it
        assert not (library.photos / "sub/copy.jpg").exists()
        assert (COPY in found.values()) is (verb is not Verb.DELETE)
        assert not library.is_present(copy)
    else:
        assert state == "failed"
        assert (library.photos / "sub/copy.jpg").read_bytes() == COPY
        assert library.is_present(copy)
        assert outcome.failed == 1
        assert os.strerror(code).lower() in outcome.messages[0][1]
        copies = [path for path, data in found.items() if data == COPY]
        assert len(copies) == 1 or f"a copy of it is at {copies[1]}" in outcome.messages[0][1]
        assert len(copies) == 1 or place == "unlink"  # where nothing can be removed
    assert not [path for path in found if path.suffix in (".part", ".aside")]


@pytest.mark.usefixtures("renaming")
def test_a_name_taken_in_the_last_moment(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is free when looked at and taken when renamed to."""
    plan, _ = marked(library, Verb.MOVE, library.folder / "moved")
    monkeypatch.setattr(fileops.os.path, "lexists", lambda path: False)
    (library.folder / "moved/sub").mkdir(parents=True)
    (library.folder / "moved/sub/copy.jpg").write_bytes(b"somebody else's")
    outcome = apply_plan(library.catalog, plan)
    assert outcome.failed == 1
    assert (library.folder / "moved/sub/copy.jpg").read_bytes() == b"somebody else's"
    assert (library.photos / "sub/copy.jpg").read_bytes() == COPY
    assert states(library) == [("move", "failed")]


@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.DELETE])
def test_a_file_replaced_in_the_last_moment_is_put_back(
    library: Library, monkeypatch: pytest.MonkeyPatch, verb: Verb
) -> None:
    """An editor saves over the file between our look at it and our rename."""
    plan, _ = marked(library, verb)
    rename = fileops.rename_exclusively
    path = library.photos / "sub/copy.jpg"

    def save_then_rename(source: bytes, destination: bytes) -> None:
        if source == bytes(path):
            path.with_name("saving").write_bytes(b"a new version")
            path.with_name("saving").replace(path)
        rename(source, destination)

    monkeypatch.setattr(fileops, "rename_exclusively", save_then_rename)
    outcome = apply_plan(library.catalog, plan, delete_confirmed=True)
    assert outcome.failed == 1
    assert "changed by another program" in outcome.messages[0][1]
    assert path.read_bytes() == b"a new version"


def test_a_source_edited_while_it_is_copied_stays(
    library: Library, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, _ = marked(library, Verb.MOVE, elsewhere / "moved")
    path = library.photos / "sub/copy.jpg"
    make_durable = os.fsync

    def edit_then_fsync(descriptor: int) -> None:
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith(".part"):
            path.write_bytes(b"edited")
        make_durable(descriptor)

    monkeypatch.setattr(fileops.os, "fsync", edit_then_fsync)
    outcome = apply_plan(library.catalog, plan)
    assert "edited while it was copied" in outcome.messages[0][1]
    assert path.read_bytes() == b"edited"
    assert (elsewhere / "moved/sub/copy.jpg").read_bytes() == COPY  # what it was isn't lost


def test_a_fifo_that_takes_a_files_place_hangs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at a name and its opening, while a batch that was cut off is settled."""
    path = tmp_path / "a.jpg"
    path.write_bytes(COPY)
    seen = regular_file.identity_at(bytes(path))
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(regular_file, "identity_at", lambda _: seen)
    answers: list[bool] = []
    wanted = blake3(COPY).digest(), len(COPY)
    looking = threading.Thread(
        target=lambda: answers.append(regular_file.holds(bytes(path), *wanted)), daemon=True
    )
    looking.start()
    looking.join(10)
    assert answers == [False]


@pytest.mark.usefixtures("renaming")
@pytest.mark.parametrize("far", [False, True], ids=["near", "far"])
@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.DELETE])
def test_a_keeper_that_is_taken_away_in_the_last_moment_brings_the_file_back(
    library: Library,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    verb: Verb,
    far: bool,
) -> None:
    """Another machine, whose locks aren't ours, removes what this one keeps."""
    base = request.getfixturevalue("elsewhere") if far else library.folder
    plan, _ = marked(library, verb, settings=Settings(files=FileSettings(trash=str(base / "bin"))))
    monkeypatch.setattr(
        fileops,
        "prove_apart",
        lambda *_: (library.photos / "keep.jpg").rename(library.folder / "taken"),
    )
    outcome = apply_plan(library.catalog, plan, delete_confirmed=True)
    assert (outcome.done, outcome.failed) == (0, 1)
    assert "was taken away by another program" in outcome.messages[0][1]
    found = contents_below(library.folder, base)
    assert [path for path, data in found.items() if data == COPY] == [
        library.photos / "sub/copy.jpg"
    ]


def test_a_file_where_the_trash_should_be_is_named(library: Library) -> None:
    plan, _ = marked(library, Verb.TRASH)
    (library.photos / ".twinsift-trash").write_bytes(b"somebody else's")
    outcome = apply_plan(library.catalog, plan)
    assert (outcome.done, outcome.failed) == (0, 1)
    assert outcome.messages[0][1] == f"not a directory: {library.photos}/.twinsift-trash"
    assert (library.photos / "sub/copy.jpg").read_bytes() == COPY
    assert (library.photos / ".twinsift-trash").read_bytes() == b"somebody else's"
