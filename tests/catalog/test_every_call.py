"""Every call that touches a file fails once, with each error it can have: file and journal agree.

The calls are counted in a run that goes well; then each is made to fail in a run of its own. What
is done after a failure goes well again, so that an error which lasts is seen in test_faults.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from crash_scenarios import copy_tree
from file_library import COPY, KEEPER, Library, contents_below, marked
from twinsift.catalog import (
    attributes,
    exclusive_rename,
    fileops,
    journal,
    recovery,
    reflink,
    regular_file,
    replacement,
    restoring,
    trash,
)
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Verb
from twinsift.catalog.planning import build
from twinsift.catalog.recovery import recover
from twinsift.catalog.settings import FileSettings, Settings
from twinsift.catalog.undo import undo_batch

MODULES = (
    *(attributes, exclusive_rename, fileops, recovery, reflink, regular_file, replacement, trash),
)
ERRORS = {
    "open": (errno.EACCES, errno.EIO, errno.ENOSPC),
    "read": (errno.EIO,),
    "write": (errno.ENOSPC, errno.EIO),
    "fsync": (errno.EIO, errno.ENOSPC),
    "mkdir": (errno.EACCES, errno.ENAMETOOLONG),
    "rename": (errno.EROFS, errno.EACCES, errno.ENAMETOOLONG, errno.ENOENT),
    "exchange": (errno.EIO, errno.ENOENT),
    "unlink": (errno.EPERM, errno.EROFS),
    "link": (errno.EMLINK, errno.ENOSPC),
    "symlink": (errno.ENOSPC,),
    "utime": (errno.EPERM,),
    "fchmod": (errno.EPERM,),
    "lstat": (errno.EIO, errno.ESTALE),
}


class Failing:
    """Stands in for `os` in the modules that touch files, and lets the n-th call fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, apart: Path | None = None) -> None:
        """No rename leads into or out of the folder `apart`, as if it were another disk's."""
        self._apart = None if apart is None else bytes(apart)
        self.calls: list[str] = []
        self.fails_at = -1
        self.code = 0
        stand_in = SimpleNamespace(**{name: getattr(os, name) for name in dir(os)})
        for name in ERRORS:
            if name not in ("rename", "exchange"):
                setattr(stand_in, name, self._counted(name, getattr(os, name)))
        for module in MODULES:
            monkeypatch.setattr(module, "os", stand_in)
        for name, attribute in (("rename", "_exclusive_rename"), ("exchange", "_exchange")):
            real = getattr(exclusive_rename, attribute)
            monkeypatch.setattr(exclusive_rename, attribute, self._coded(name, real))

    def arm(self, call: int, code: int) -> None:
        """Let a call fail, counted from now."""
        self.calls, self.fails_at, self.code = [], call, code

    def _fails(self, name: str) -> bool:
        self.calls.append(name)
        return len(self.calls) - 1 == self.fails_at

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if self._fails(name):
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **options)

        return call

    def _coded(self, name: str, real: Callable[..., int]) -> Callable[..., int]:
        def call(one: bytes, other: bytes) -> int:
            if self._fails(name):
                return self.code
            if self._apart is not None and len({self._apart in path for path in (one, other)}) > 1:
                return errno.EXDEV
            return real(one, other)

        return call


@pytest.fixture
def quick() -> Iterator[Path]:
    memory = Path("/dev/shm")
    if not memory.is_dir():
        pytest.skip("needs /dev/shm")
    folder = memory / f"twinsift-calls-{os.getpid()}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def check(library: Library, verb: Verb, copy: int, *others: Path) -> None:
    """Nothing is lost, nothing is left over, and the journal tells where the file is."""
    found = contents_below(library.photos, *others)
    link = verb.links
    there = [p for p, data in found.items() if data == (KEEPER if link else COPY)]
    last, reason = library.catalog.connection.execute(
        "SELECT state, reason FROM action ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert found[library.photos / "keep.jpg"] == KEEPER
    assert not [p for p in found if p.name.startswith(".twinsift-")], found
    assert journal.open_intents(library.catalog) == []
    source = library.photos / "sub/copy.jpg"
    assert last in ("done", "failed", "refused")
    if link:
        assert source.read_bytes() == KEEPER
        assert (source.is_symlink() or source.samefile(library.photos / "keep.jpg")) is (
            last == "done"
        )
        return
    is_done = last == "done"
    assert source.exists() is not is_done, (last, found)
    copies = 0 if is_done and verb is Verb.DELETE else 1
    # A source that can't be removed after it was copied: both are there, and the person is told.
    assert len(there) == copies or "a copy of it is at" in reason, (last, reason, found)
    assert library.is_present(copy) is not is_done


@pytest.mark.slow
@pytest.mark.parametrize("across", [False, True], ids=["near", "far"])
@pytest.mark.parametrize("verb", [Verb.TRASH, Verb.MOVE, Verb.DELETE, Verb.HARDLINK, Verb.SYMLINK])
def test_apply_and_undo(
    quick: Path, monkeypatch: pytest.MonkeyPatch, verb: Verb, across: bool
) -> None:
    if across and (verb.links or verb is Verb.DELETE):
        pytest.skip("stays on its file system")
    points = 0
    data = KEEPER if verb.links else COPY
    folder, other = quick / "work", quick / "other"
    base = other if across else folder
    settings = Settings(files=FileSettings(trash=str(base / "bin")))
    for stage in ("apply", "undo"):
        if stage == "undo" and verb is Verb.DELETE:
            continue
        with prepared(folder, other) as library:
            marked(library, verb, base / "moved" if verb is Verb.MOVE else None, data=data)
            if stage == "undo":
                apply_plan(library.catalog, build(library.catalog, settings))
        folder.rename(quick / f"{stage}-work")
        other.rename(quick / f"{stage}-other")
        wanted: list[tuple[int, int]] = [(-1, 0)]  # the first run only counts
        while wanted:
            call, code = wanted.pop()
            for made in (folder, other):
                copy_tree(quick / f"{stage}-{made.name}", made)
            with Library.reopen(folder) as library, monkeypatch.context() as patch:
                plan = build(library.catalog, settings)
                failing = Failing(patch, other)
                failing.arm(call, code)
                if stage == "apply":
                    apply_plan(library.catalog, plan, delete_confirmed=True)
                else:
                    undo_batch(library.catalog)
                calls = list(failing.calls)
                failing.arm(-1, 0)
                recover(library.catalog)
                if stage == "apply":
                    check(library, verb, 2, base / "bin", base / "moved")
                else:
                    kept = contents_below(folder, other)
                    assert data in kept.values()
                    assert not [p for p in kept if p.name.startswith(".twinsift-")], kept
                    assert journal.open_intents(library.catalog) == []
            shutil.rmtree(folder)
            shutil.rmtree(other)
            if call == -1:
                wanted = [(n, c) for n, name in enumerate(calls) for c in ERRORS[name]]
                points += len(wanted)
    assert points > 40  # were the stand-in blind, all would pass


def prepared(folder: Path, other: Path) -> Library:
    """A new library in a folder that is made for it, with another one beside it."""
    folder.mkdir()
    other.mkdir()
    return Library.create(folder)


@pytest.mark.slow
def test_restore(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number, wanted = 0, [(-1, 0)]
    while wanted:
        call, code = wanted.pop()
        number += 1
        folder = quick / str(number)
        folder.mkdir()
        with Library.create(folder) as library, monkeypatch.context() as patch:
            plan, _ = marked(library, Verb.TRASH)
            before = contents_below(library.photos)
            apply_plan(library.catalog, plan)
            failing = Failing(patch)
            failing.arm(call, code)
            try:
                restoring.restore(bytes(library.photos))
            except OSError:
                assert call >= 0  # the trash itself can't be looked at
            calls = list(failing.calls)
            failing.arm(-1, 0)
            if (library.photos / ".twinsift-trash").exists():
                restoring.restore(bytes(library.photos))
            after = contents_below(library.photos)
            assert {p: d for p, d in after.items() if p.name != "record.jsonl"} == before
        shutil.rmtree(folder)
        if call == -1:
            wanted = [(n, c) for n, name in enumerate(calls) for c in ERRORS[name]]
            assert len(wanted) > 20
