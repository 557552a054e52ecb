"""Applying and undoing: what happens on the disk, in the journal and in the catalog."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from blake3 import blake3
from file_library import Library, contents_below
from twinsift.catalog import exclusive_rename, fileops, journal
from twinsift.catalog.apply import apply_plan, undo_batch
from twinsift.catalog.decisions import Choice, Verb, decide, undo
from twinsift.catalog.errors import CatalogError, Interrupted, RefusedError
from twinsift.catalog.plan import Plan, build
from twinsift.catalog.progress import Control, Progress
from twinsift.catalog.recovery import recover
from twinsift.catalog.settings import FileSettings, Settings

KEEPER, COPY, OTHER = b"the keeper", b"the copy", b"another copy"


@pytest.fixture(params=["atomic", "link"])
def renaming(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of renaming without overwriting."""
    if request.param == "link":
        monkeypatch.setattr(exclusive_rename, "_exclusive_rename", None)


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


def marked(
    library: Library, verb: Verb, target: Path | None = None, *, settings: Settings | None = None
) -> tuple[Plan, int]:
    """A library of a keeper and a copy in a subfolder; the plan of doing `verb` with the copy."""
    keeper = library.file("keep.jpg", KEEPER)
    copy = library.file("sub/copy.jpg", COPY)
    folder = None if target is None else bytes(target)
    decide(
        library.catalog,
        library.group([keeper, copy]),
        [
            Choice(keeper, library.content_of(keeper), Verb.KEEP),
            Choice(copy, library.content_of(copy), verb, folder),
        ],
    )
    return build(library.catalog, settings or Settings()), copy


def states(library: Library) -> list[tuple[str, str]]:
    """Verb and state of every action."""
    return library.catalog.connection.execute(
        "SELECT verb, state FROM action ORDER BY id"
    ).fetchall()


@pytest.mark.usefixtures("renaming")
def test_trash_and_undo(library: Library) -> None:
    plan, copy = marked(library, Verb.TRASH)
    before = contents_below(library.photos)
    outcome = apply_plan(library.catalog, plan)
    assert (outcome.done, outcome.refused, outcome.failed, outcome.messages) == (1, 0, 0, ())
    assert outcome.bytes_freed == len(COPY)
    stored = library.photos / ".twinsift-trash" / plan.name / "files/sub/copy.jpg"
    assert stored.read_bytes() == COPY
    assert not (library.photos / "sub/copy.jpg").exists()
    assert not library.is_present(copy)
    assert copy not in library.verbs()
    assert undo(library.catalog) is None  # the decision was carried out

    outcome = undo_batch(library.catalog)
    assert (outcome.done, outcome.messages) == (1, ())
    assert contents_below(library.photos) == before
    assert not (library.photos / ".twinsift-trash").exists()
    assert library.is_present(copy)
    assert library.verbs()[copy] == "trash"
    assert states(library) == [("trash", "undone"), ("restore", "done")]
    with pytest.raises(RefusedError, match="no applied batch"):
        undo_batch(library.catalog)
    assert build(library.catalog, Settings()).items  # and can be applied again


@pytest.mark.usefixtures("renaming")
def test_move_and_undo(library: Library) -> None:
    plan, copy = marked(library, Verb.MOVE, library.folder / "moved")
    before = contents_below(library.photos)
    apply_plan(library.catalog, plan)
    assert (library.folder / "moved/sub/copy.jpg").read_bytes() == COPY
    assert not library.is_present(copy)
    undo_batch(library.catalog)
    assert contents_below(library.photos) == before
    assert library.is_present(copy)
    assert library.verbs()[copy] == "move"


def test_a_file_moved_within_the_library_keeps_its_row(library: Library) -> None:
    plan, copy = marked(library, Verb.MOVE, library.photos / "dups")
    apply_plan(library.catalog, plan)
    assert library.path_of(copy) == library.photos / "dups/sub/copy.jpg"
    assert library.is_present(copy)
    assert library.verbs()[copy] == "keep"
    undo_batch(library.catalog)
    assert library.path_of(copy) == library.photos / "sub/copy.jpg"
    assert library.verbs()[copy] == "move"


@pytest.mark.usefixtures("renaming")
def test_delete_needs_its_own_confirmation_and_is_final(library: Library) -> None:
    plan, copy = marked(library, Verb.DELETE)
    with pytest.raises(RefusedError, match="deleted for good"):
        apply_plan(library.catalog, plan)
    assert (library.photos / "sub/copy.jpg").exists()
    outcome = apply_plan(library.catalog, plan, delete_confirmed=True)
    assert (outcome.done, outcome.bytes_freed) == (1, len(COPY))
    assert contents_below(library.folder) == {library.photos / "keep.jpg": KEEPER}
    assert not library.is_present(copy)
    outcome = undo_batch(library.catalog)
    assert (outcome.done, outcome.refused) == (0, 1)
    assert "can't be undone" in outcome.messages[0][1]


@pytest.mark.usefixtures("renaming")
def test_across_file_systems_all_is_kept(library: Library, elsewhere: Path) -> None:
    plan, copy = marked(library, Verb.MOVE, elsewhere / "moved")
    source = library.photos / "sub/copy.jpg"
    source.chmod(0o640)
    try:
        os.setxattr(source, "user.rating", b"5")
    except OSError:
        pytest.skip("needs extended attributes")
    os.utime(source, ns=(1_000_000_000, 1_234_567_890_123_456_789))
    outcome = apply_plan(library.catalog, plan)
    assert outcome.messages == ()
    moved = elsewhere / "moved/sub/copy.jpg"
    assert moved.read_bytes() == COPY
    assert moved.stat().st_mtime_ns == 1_234_567_890_123_456_789
    assert stat.S_IMODE(moved.stat().st_mode) == 0o640
    assert os.getxattr(moved, "user.rating") == b"5"
    assert not source.exists()
    undo_batch(library.catalog)
    assert source.stat().st_mtime_ns == 1_234_567_890_123_456_789
    assert os.getxattr(source, "user.rating") == b"5"
    assert contents_below(elsewhere) == {}
    assert library.is_present(copy)
    row = library.catalog.connection.execute(
        "SELECT inode, device FROM file WHERE id = ?", (copy,)
    ).fetchone()
    assert row == (source.stat().st_ino, source.stat().st_dev)


def test_a_trash_on_another_disk(library: Library, elsewhere: Path) -> None:
    settings = Settings(files=FileSettings(trash=str(elsewhere / "bin")))
    plan, _ = marked(library, Verb.TRASH, settings=settings)
    before = contents_below(library.photos)
    assert apply_plan(library.catalog, plan).done == 1
    assert COPY in contents_below(elsewhere).values()
    assert undo_batch(library.catalog).done == 1
    assert contents_below(library.photos) == before
    assert contents_below(elsewhere) == {}


@pytest.mark.usefixtures("renaming")
@pytest.mark.parametrize("verb", [Verb.MOVE, Verb.TRASH])
def test_nothing_is_overwritten(library: Library, verb: Verb) -> None:
    """A file appears at the destination after the plan was made."""
    plan, _ = marked(library, verb, library.folder / "moved" if verb is Verb.MOVE else None)
    planned = plan.items[0].destination
    assert planned is not None
    taken = Path(os.fsdecode(planned))
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"somebody else's")
    assert apply_plan(library.catalog, plan).done == 1
    assert taken.read_bytes() == b"somebody else's"
    assert taken.with_name("copy (2).jpg").read_bytes() == COPY
    assert undo_batch(library.catalog).done == 1
    assert (library.photos / "sub/copy.jpg").read_bytes() == COPY


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


class TestPreflight:
    """Each item is looked at on the disk again; the reason is told and the rest goes on."""

    @pytest.fixture(params=[Verb.TRASH, Verb.MOVE, Verb.DELETE])
    def plan(self, request: pytest.FixtureRequest, library: Library) -> Plan:
        target = library.folder / "moved" if request.param is Verb.MOVE else None
        return marked(library, request.param, target)[0]

    def refused(self, library: Library, plan: Plan) -> str:
        """Apply a plan that must be refused; its reason."""
        before = contents_below(library.folder)
        outcome = apply_plan(library.catalog, plan, delete_confirmed=True)
        assert (outcome.done, outcome.refused, outcome.failed) == (0, 1, 0)
        assert contents_below(library.folder) == before
        assert states(library) == [(plan.items[0].verb.value, "refused")]
        assert outcome.messages[0][0] == plan.items[0].source
        return outcome.messages[0][1]

    def test_the_file_is_gone(self, library: Library, plan: Plan) -> None:
        (library.photos / "sub/copy.jpg").unlink()
        assert self.refused(library, plan) == "is gone"

    def test_the_keeper_is_gone(self, library: Library, plan: Plan) -> None:
        (library.photos / "keep.jpg").unlink()
        assert "keep.jpg is gone" in self.refused(library, plan)

    def test_the_file_has_changed(self, library: Library, plan: Plan) -> None:
        path = library.photos / "sub/copy.jpg"
        times = path.stat()
        path.write_bytes(COPY[::-1])  # the same size, and the times put back
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert "has changed since it was indexed" in self.refused(library, plan)

    def test_the_keeper_has_changed(self, library: Library, plan: Plan) -> None:
        (library.photos / "keep.jpg").write_bytes(KEEPER[::-1])
        assert "keep.jpg, has changed since" in self.refused(library, plan)

    def test_the_keeper_has_become_a_link_to_the_file(self, library: Library, plan: Plan) -> None:
        keeper = library.photos / "keep.jpg"
        keeper.unlink()
        keeper.hardlink_to(library.photos / "sub/copy.jpg")
        assert "another name of one that is" in self.refused(library, plan)

    def test_the_keeper_is_a_symbolic_link_to_the_file(self, library: Library, plan: Plan) -> None:
        keeper = library.photos / "keep.jpg"
        keeper.unlink()
        keeper.symlink_to(library.photos / "sub/copy.jpg")
        assert "is not a regular file" in self.refused(library, plan)

    def test_the_file_has_become_a_symbolic_link(self, library: Library, plan: Plan) -> None:
        path = library.photos / "sub/copy.jpg"
        path.rename(library.photos / "original.jpg")
        path.symlink_to(library.photos / "original.jpg")
        assert "is not a regular file" in self.refused(library, plan)

    def test_the_file_has_become_a_fifo(self, library: Library, plan: Plan) -> None:
        (library.photos / "sub/copy.jpg").unlink()
        os.mkfifo(library.photos / "sub/copy.jpg")
        assert "is not a regular file" in self.refused(library, plan)

    def test_the_folder_has_become_a_reference(self, library: Library, plan: Plan) -> None:
        library.root(library.photos / "sub", "reference")
        assert "reference folder" in self.refused(library, plan)

    @pytest.mark.parametrize("name", ["keep.jpg", "sub/copy.jpg"])
    def test_another_program_holds_one_of_the_two(
        self, library: Library, plan: Plan, name: str
    ) -> None:
        with (library.photos / name).open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert "in use by another program" in self.refused(library, plan)


class _View:
    """A folder that shows another one as a second file system would: an overlay, a network mount.

    It is a symbolic link whose files are on a device of their own, so that nothing but what happens
    to a file shows that two of them are one.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._prefix = bytes(folder) + b"/"
        self._opened: set[int] = set()
        self._lstat, self._fstat, self._open = os.lstat, os.fstat, os.open
        for name in ("lstat", "fstat", "open"):
            monkeypatch.setattr(os, name, getattr(self, name))
        # Its locks are its own, too.
        monkeypatch.setattr(fileops, "_lock", lambda path, descriptor, alone: None)

    def lstat(self, path: str | bytes, **options: int) -> os.stat_result:
        found = self._lstat(path, **options)
        return self._moved(found) if os.fsencode(path).startswith(self._prefix) else found

    def fstat(self, descriptor: int) -> os.stat_result:
        found = self._fstat(descriptor)
        return self._moved(found) if descriptor in self._opened else found

    def open(self, path: str | bytes, *rest: int, **options: int) -> int:
        descriptor = self._open(path, *rest, **options)
        self._opened.discard(descriptor)
        if os.fsencode(path).startswith(self._prefix):
            self._opened.add(descriptor)
        return descriptor

    def _moved(self, found: os.stat_result) -> os.stat_result:
        fields, more = cast(Any, found.__reduce__()[1])
        return os.stat_result((*fields[:2], found.st_dev + 1, *fields[3:]), more)


@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.MOVE, Verb.DELETE])
@pytest.mark.parametrize("far", [False, True], ids=["near", "far"])
def test_one_file_seen_through_two_mounts_is_no_copy(
    library: Library,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    verb: Verb,
    far: bool,
) -> None:
    (library.folder / "view").symlink_to(library.photos)
    copy = library.file("copy.jpg", COPY)
    root = library.root(library.folder / "other")
    with library.catalog.transaction() as connection:
        connection.execute(
            "UPDATE root SET path = ? WHERE id = ?", (bytes(library.folder / "view"), root)
        )
    _View(library.folder / "view", monkeypatch)
    seen = library.row(b"copy.jpg", COPY, root)
    choices = [
        Choice(seen, library.content_of(seen), Verb.KEEP),
        Choice(
            copy, library.content_of(copy), verb, bytes(elsewhere) if verb is Verb.MOVE else None
        ),
    ]
    decide(library.catalog, library.group([seen, copy]), choices)
    settings = Settings(files=FileSettings(trash=str(elsewhere) if far else ""))
    outcome = apply_plan(library.catalog, build(library.catalog, settings), delete_confirmed=True)
    assert contents_below(library.photos, elsewhere) == {library.photos / "copy.jpg": COPY}
    assert outcome.done == 0
    assert "same file" in outcome.messages[0][1]


def test_a_keeper_of_that_name_elsewhere_on_another_device_is_one(
    library: Library, elsewhere: Path
) -> None:
    root = library.root(elsewhere)
    keeper, copy = library.file("copy.jpg", COPY, root), library.file("copy.jpg", COPY)
    choices = [Choice(copy, library.content_of(copy), Verb.DELETE)]
    decide(library.catalog, library.group([keeper, copy]), choices)
    plan = build(library.catalog, Settings())
    assert apply_plan(library.catalog, plan, delete_confirmed=True).done == 1
    assert contents_below(library.photos, elsewhere) == {elsewhere / "copy.jpg": COPY}


def test_a_plan_that_removes_its_own_keeper_is_refused(library: Library) -> None:
    """Two windows, one plan each, put together: a keeps b, and b keeps a."""
    a, b = library.file("a.jpg", b"a"), library.file("b.jpg", b"b")
    group = library.group([a, b])
    plans = []
    for verbs in ({a: Verb.KEEP, b: Verb.TRASH}, {b: Verb.KEEP, a: Verb.TRASH}):
        decide(
            library.catalog, group, [Choice(i, library.content_of(i), v) for i, v in verbs.items()]
        )
        plans.append(build(library.catalog, Settings()))
    both = Plan(plans[0].name, plans[0].items + plans[1].items, ())
    outcome = apply_plan(library.catalog, both)
    assert (outcome.done, outcome.refused) == (0, 2)
    assert "is to be removed too" in outcome.messages[0][1]
    # and one after the other: only what was decided last is done
    assert apply_plan(library.catalog, plans[1]).done == 1
    assert apply_plan(library.catalog, plans[0]).refused == 1
    assert (library.photos / "b.jpg").exists()


def test_the_rest_goes_on_after_a_refusal(library: Library) -> None:
    files = [library.file(f"{n}.jpg", bytes([65 + n])) for n in range(4)]
    choices = [Choice(i, library.content_of(i), Verb.TRASH) for i in files[1:]]
    decide(library.catalog, library.group(files), choices)
    plan = build(library.catalog, Settings())
    (library.photos / "2.jpg").write_bytes(b"?")
    seen: list[Progress] = []
    outcome = apply_plan(library.catalog, plan, report=seen.append)
    assert (outcome.done, outcome.refused) == (2, 1)
    assert (library.photos / "2.jpg").read_bytes() == b"?"
    assert (seen[-1].stage, seen[-1].done, seen[-1].total, seen[-1].failed) == ("apply", 3, 3, 1)


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


def test_undo_brings_back_what_it_can_and_tells_the_rest(library: Library) -> None:
    files = [library.file(f"{n}.jpg", b"content %d" % n) for n in range(6)]
    choices = [Choice(i, library.content_of(i), Verb.TRASH) for i in files[1:5]]
    choices.append(Choice(files[5], library.content_of(files[5]), Verb.DELETE))
    decide(library.catalog, library.group(files), choices)
    plan = build(library.catalog, Settings())
    apply_plan(library.catalog, plan, delete_confirmed=True)
    trash = library.photos / ".twinsift-trash" / plan.name / "files"
    (library.photos / "1.jpg").write_bytes(b"somebody else's")
    (trash / "2.jpg").unlink()
    (trash / "3.jpg").write_bytes(b"edited")
    outcome = undo_batch(library.catalog)
    assert (outcome.done, outcome.refused) == (1, 4)
    reasons = {Path(os.fsdecode(path)).name: reason for path, reason in outcome.messages}
    assert "a file of that name now" in reasons["1.jpg"]
    assert "is gone" in reasons["2.jpg"]
    assert "changed since it was put there" in reasons["3.jpg"]
    assert "deleted for good" in reasons["5.jpg"]
    assert (library.photos / "4.jpg").read_bytes() == b"content 4"
    assert (library.photos / "1.jpg").read_bytes() == b"somebody else's"
    (library.photos / "1.jpg").unlink()
    assert undo_batch(library.catalog).done == 1  # tried again
    assert (library.photos / "1.jpg").read_bytes() == b"content 1"


def test_batches_are_undone_latest_first_and_each_is_told(library: Library) -> None:
    ids = []
    for name in "ab":
        files = [library.file(f"{name}{n}.jpg", f"{name}{n}".encode()) for n in range(2)]
        choice = Choice(files[1], library.content_of(files[1]), Verb.TRASH)
        decide(library.catalog, library.group(files), [choice])
        ids.append(apply_plan(library.catalog, build(library.catalog, Settings())).batch_id)
    assert undo_batch(library.catalog).done == 1
    assert (library.photos / "b1.jpg").exists()
    assert not (library.photos / "a1.jpg").exists()
    assert undo_batch(library.catalog, ids[0]).done == 1
    kinds = [
        (b.kind, b.undoes, b.done, b.undone, b.undoable) for b in journal.batches(library.catalog)
    ]
    assert kinds == [
        ("undo", ids[0], 1, 0, 0),
        ("undo", ids[1], 1, 0, 0),
        ("apply", None, 0, 1, 0),
        ("apply", None, 0, 1, 0),
    ]
    assert all(b.state == "closed" for b in journal.batches(library.catalog))
    with pytest.raises(RefusedError, match="no applied batch 99"):
        undo_batch(library.catalog, 99)


def test_the_trash_restores_without_a_catalog(library: Library) -> None:
    """The record beside the files is enough, also for names that aren't text."""
    names = [b"keep.jpg", b"sub/caf\xe9.jpg", "sub/ü\n.jpg".encode()]
    files = [library.file(name, b"content of " + name) for name in names]
    decide(
        library.catalog,
        library.group(files),
        [Choice(i, library.content_of(i), Verb.TRASH) for i in files[1:]],
    )
    before = contents_below(library.photos)
    plan = build(library.catalog, Settings())
    assert apply_plan(library.catalog, plan).done == 2
    folder = library.photos / ".twinsift-trash" / plan.name
    header, *lines = [
        json.loads(line) for line in (folder / "record.jsonl").read_text().splitlines() if line
    ]
    assert header == {"twinsift": "trash record", "version": 1, "batch": plan.name}
    for line in lines:
        stored = folder / line["stored"]
        assert blake3(stored.read_bytes()).hexdigest() == line["digest"]
        assert stored.stat().st_size == line["size"]
        stored.rename(line["source"])
    after = contents_below(library.photos)
    del after[folder / "record.jsonl"]
    assert after == before
    assert stat.S_IMODE((library.photos / ".twinsift-trash").stat().st_mode) == 0o700


def test_one_batch_at_a_time(library: Library) -> None:
    plan, _ = marked(library, Verb.TRASH)
    with library.catalog.exclusive("apply"), pytest.raises(CatalogError, match="busy"):
        apply_plan(library.catalog, plan)
    assert (library.photos / "sub/copy.jpg").exists()


def test_a_stopped_batch_keeps_what_was_done(library: Library) -> None:
    files = [library.file(f"{n}.jpg", bytes([n])) for n in range(4)]
    choices = [Choice(i, library.content_of(i), Verb.TRASH) for i in files[1:]]
    decide(library.catalog, library.group(files), choices)
    control = Control()
    plan = build(library.catalog, Settings())
    with pytest.raises(Interrupted):
        apply_plan(library.catalog, plan, control=control, report=lambda _: control.stop())
    (summary,) = journal.batches(library.catalog)
    assert summary.state == "closed"
    assert 0 < summary.done < 3
    assert apply_plan(library.catalog, build(library.catalog, Settings())).done == 3 - summary.done


def test_no_file_is_touched_without_a_journal(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, _ = marked(library, Verb.TRASH)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(journal, "enter", full)
    with pytest.raises(CatalogError, match="database or disk is full"):
        apply_plan(library.catalog, plan)
    assert (library.photos / "sub/copy.jpg").read_bytes() == COPY


def test_the_journal_is_on_disk_before_the_file_is_touched(library: Library) -> None:
    assert library.catalog.connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    assert not library.catalog.connection.in_transaction


def test_an_intent_of_an_absent_disk_stays_open(library: Library) -> None:
    """The disk was unplugged in the moment of the crash: nothing is concluded from its absence."""
    plan, copy = marked(library, Verb.DELETE)
    item = plan.items[0]
    with library.catalog.transaction() as connection:
        connection.execute("INSERT INTO batch VALUES (1, 0.0, 'apply', NULL, 'open', 'x')")
        connection.execute(
            "INSERT INTO action (batch_id, verb, source, digest, size, mtime_ns, device,"
            " inode, file_id, token, state, at)"
            " VALUES (1, 'delete', ?, ?, ?, 0, ?, 0, ?, 'ab', 'intent', 0)",
            (b"/nowhere/copy.jpg", item.digest, item.size, item.device + 1, copy),
        )
    (found,) = recover(library.catalog)
    assert (found.state, found.verb) == ("intent", "delete")
    assert "disk isn't there" in found.reason
    assert library.is_present(copy)
    assert journal.batches(library.catalog)[0].state == "open"


def test_recover_leaves_the_work_of_a_running_batch_alone(
    library: Library, group_of: Callable[..., str]
) -> None:
    group_of({"a.jpg": b"a", "b.jpg": b"b"})
    with library.catalog.transaction() as connection:
        connection.execute("INSERT INTO batch VALUES (1, 0.0, 'apply', NULL, 'open', 'x')")
        connection.execute(
            "INSERT INTO action (batch_id, verb, source, destination, digest, size, mtime_ns,"
            " device, inode, token, state, at)"
            " VALUES (1, 'move', X'2F61', X'2F62', X'00', 0, 0, 0, 0, 'ab', 'intent', 0)"
        )
    with library.catalog.exclusive("apply"):
        assert recover(library.catalog) == []
    assert states(library) == [("move", "intent")]


class TestDecidedSince:
    """What was decided last counts, whichever window still shows, or asks about, an older plan."""

    def apply_after(self, library: Library, plan: Plan, **verbs: Verb) -> str:
        """Let another window decide by file names, then apply; the reason why nothing was done."""
        with Library.reopen(library.folder) as other:
            if verbs:
                ids = {library.path_of(i).stem: i for i in library.verbs()}
                choices = [
                    Choice(
                        ids[name],
                        library.content_of(ids[name]),
                        verb,
                        bytes(library.folder / "other") if verb is Verb.MOVE else None,
                    )
                    for name, verb in verbs.items()
                ]
                decide(other.catalog, plan.items[0].group_id, choices)
            else:
                undo(other.catalog)
        before = contents_below(library.folder)
        outcome = apply_plan(library.catalog, plan, delete_confirmed=True)
        assert (outcome.done, outcome.refused) == (0, 1)
        assert contents_below(library.folder) == before
        return outcome.messages[0][1]

    @pytest.mark.parametrize("verb", [Verb.TRASH, Verb.DELETE])
    def test_taken_back(self, library: Library, verb: Verb) -> None:
        assert "decided otherwise" in self.apply_after(library, marked(library, verb)[0])

    def test_the_other_one_is_kept_now(self, library: Library) -> None:
        plan, _ = marked(library, Verb.TRASH)
        reason = self.apply_after(library, plan, keep=Verb.TRASH, copy=Verb.KEEP)
        assert "decided otherwise" in reason

    def test_no_deletion_of_what_is_to_be_moved_now(self, library: Library) -> None:
        plan, _ = marked(library, Verb.DELETE)
        assert "decided otherwise" in self.apply_after(library, plan, copy=Verb.MOVE)

    def test_another_folder_to_move_to(self, library: Library) -> None:
        plan, _ = marked(library, Verb.MOVE, library.folder / "moved")
        assert "decided otherwise" in self.apply_after(library, plan, copy=Verb.MOVE)

    def test_a_deletion_chosen_in_the_plan_of_what_is_marked_for_the_trash(
        self, library: Library
    ) -> None:
        plan, _ = marked(library, Verb.TRASH)
        item = replace(plan.items[0], verb=Verb.DELETE, destination=None)
        changed = replace(plan, items=(item,))
        assert apply_plan(library.catalog, changed, delete_confirmed=True).done == 1


def test_a_fifo_that_takes_a_files_place_hangs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at a name and its opening, while a batch that was cut off is settled."""
    path = tmp_path / "a.jpg"
    path.write_bytes(COPY)
    seen = fileops.identity_at(bytes(path))
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(fileops, "identity_at", lambda _: seen)
    answers: list[bool] = []
    looking = threading.Thread(
        target=lambda: answers.append(fileops.holds(bytes(path), blake3(COPY).digest(), len(COPY))),
        daemon=True,
    )
    looking.start()
    looking.join(10)
    assert answers == [False]
