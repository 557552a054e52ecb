"""Anything in any order: decisions, applies, undos, crashes, other programs that change the disk.

The invariant: a content leaves the disk only where another program, or a confirmed deletion or
purge, removed it; and what we remove never includes the last file of a group. A crash here abandons
a run at one of its calls; test_crashes kills processes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from file_library import Library, contents_below
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from twinsift.catalog import (
    exclusive_rename,
    fileops,
    journal,
    purge,
    recovery,
    regular_file,
    replacement,
    restoring,
    trash,
)
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, clear, decide
from twinsift.catalog.errors import RefusedError
from twinsift.catalog.planning import build
from twinsift.catalog.settings import Settings
from twinsift.catalog.steps import redo, undo
from twinsift.catalog.undo import undo_batch

FILES = 6
CONTENTS = [b"content %d" % (n // 3 * 3 + max(n % 3, 1)) for n in range(FILES)]
VERBS = [verb for verb in Verb if verb is not Verb.REFLINK]  # memory knows no clones
CALLS = ("open", "write", "fsync", "mkdir", "link", "symlink", "unlink", "rmdir", "utime")


class Abandoned(BaseException):
    """Ends a run like a crash: nothing that would clean up can do so either."""


@contextmanager
def crash(after: int) -> Iterator[None]:
    """Let the run in the block end at one of its calls that touch a file."""
    left = after
    with pytest.MonkeyPatch.context() as patch:

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    raise Abandoned
                return real(*arguments, **options)

            return call

        stand_in = SimpleNamespace(**{name: getattr(os, name) for name in dir(os)})
        for name in CALLS:
            setattr(stand_in, name, counted(getattr(os, name)))
        for module in (exclusive_rename, fileops, recovery, regular_file, replacement, trash):
            patch.setattr(module, "os", stand_in)
        for name in ("_exclusive_rename", "_exchange"):
            patch.setattr(exclusive_rename, name, counted(getattr(exclusive_rename, name)))
        with suppress(Abandoned):
            yield


class FileActions(RuleBasedStateMachine):
    """Six files in two groups of three, two of each the same byte for byte, and their sidecars."""

    @initialize()
    def start(self) -> None:
        memory = Path("/dev/shm")  # syncing costs nothing there
        self.folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.library = Library.create(self.folder)
        self.names = [f"{n // 3}/{n}.jpg" for n in range(FILES)]
        self.files = [self.library.file(name, CONTENTS[n]) for n, name in enumerate(self.names)]
        for n, name in enumerate(self.names):
            (self.library.photos / name).with_suffix(".xmp").write_bytes(b"edits %d" % n)
        self.groups = [self.library.group(self.files[:3]), self.library.group(self.files[3:])]
        self.expected = set(self.on_disk())
        self.serial = 0

    def in_place(self, group: int) -> set[bytes]:
        """The group's own contents that are in an indexed folder, not in the trash or moved."""
        own = set(CONTENTS[group * 3 : group * 3 + 3])
        return own & {
            data
            for path, data in contents_below(self.library.photos).items()
            if ".twinsift-trash" not in path.parts
        }

    def on_disk(self) -> list[bytes]:
        return [
            data
            for path, data in contents_below(self.folder).items()
            if path.name != "record.jsonl"
        ]

    @rule(number=st.integers(0, FILES - 1), verb=st.sampled_from(VERBS))
    def mark(self, number: int, verb: Verb) -> None:
        file_id = self.files[number]
        target = bytes(self.folder / "moved") if verb is Verb.MOVE else None
        choice = Choice(file_id, self.library.content_of(file_id), verb, target)
        try:
            decide(self.library.catalog, self.groups[number // 3], [choice])
        except RefusedError:
            return
        standing = self.library.verbs()
        assert any(
            standing.get(i, "keep") == "keep" and self.library.is_present(i)
            for i in self.files[number // 3 * 3 :][:3]
        ), "no file of the group is kept"

    @rule()
    def take_back(self) -> None:
        undo(self.library.catalog)

    @rule()
    def do_again(self) -> None:
        redo(self.library.catalog)

    @rule(group=st.integers(0, 1))
    def forget(self, group: int) -> None:
        clear(self.library.catalog, self.groups[group])

    def restarted(self) -> None:
        """The next start after a crash; nothing is left open or over."""
        self.library.catalog.close()
        self.library = Library.reopen(self.folder)
        recovery.recover(self.library.catalog)
        assert journal.open_intents(self.library.catalog) == []
        left = [p for p in contents_below(self.folder) if p.name.startswith(".twinsift-")]
        assert not left, left

    @rule(after=st.integers(0, 60), link=st.sampled_from([None, Verb.HARDLINK, Verb.SYMLINK]))
    def apply_and_crash(self, after: int, link: Verb | None) -> None:
        plan = build(self.library.catalog, Settings())
        plan = plan if link is None else plan.linked(link)
        deleted = {item.source for item in plan.items if item.verb is Verb.DELETE}
        before = contents_below(self.folder)
        stays = [self.in_place(group) for group in range(2)]
        with crash(after):
            apply_plan(self.library.catalog, plan, delete_confirmed=True)
        self.restarted()
        after_all = set(self.on_disk())
        for path, data in before.items():
            if bytes(path) in deleted and data not in after_all:
                self.expected.discard(data)
        for group in range(2):
            assert self.in_place(group) or not stays[group], "the last file of a group is gone"

    @rule(after=st.integers(0, 40))
    def undo_and_crash(self, after: int) -> None:
        with suppress(RefusedError), crash(after):
            undo_batch(self.library.catalog)
        self.restarted()

    @rule(after=st.one_of(st.none(), st.integers(0, 20)))
    def purge_all(self, after: int | None) -> None:
        actions = purge.trashed(self.library.catalog)
        before = contents_below(self.folder)
        with crash(10_000 if after is None else after):
            purge.purge(self.library.catalog, actions, confirmed=len(actions))
        self.restarted()
        asked = {action.destination for action in actions}
        left = set(self.on_disk())
        for path, data in before.items():
            if bytes(path) in asked and data not in left:
                self.expected.discard(data)

    @rule(known=st.booleans(), after=st.one_of(st.none(), st.integers(0, 20)))
    def restore_all(self, known: bool, after: int | None) -> None:
        catalog = self.library.catalog if known else None
        with suppress(RefusedError), crash(10_000 if after is None else after):
            restoring.restore(bytes(self.library.photos), catalog)
        with suppress(RefusedError):  # without the journal running it again is what settles it
            restoring.restore(bytes(self.library.photos), catalog)
        self.restarted()

    @rule()
    def apply(self) -> None:
        plan = build(self.library.catalog, Settings())
        deleted = {item.source for item in plan.items if item.verb is Verb.DELETE}
        before = contents_below(self.folder)
        stays = [self.in_place(group) for group in range(2)]
        outcome = apply_plan(self.library.catalog, plan, delete_confirmed=True)
        assert outcome.failed == 0
        after = set(self.on_disk())
        for path, data in before.items():
            if bytes(path) in deleted and data not in after:
                self.expected.discard(data)
        for group in range(2):
            left = self.in_place(group)
            assert left or not stays[group], "the last file of a group was removed"
            assert all(data in after for data in left)

    @rule()
    def undo_latest(self) -> None:
        try:
            undo_batch(self.library.catalog)
        except RefusedError:
            return
        assert not any(batch.state == "open" for batch in journal.batches(self.library.catalog))

    @rule()
    def restart(self) -> None:
        self.library.catalog.close()
        self.library = Library.reopen(self.folder)
        assert recovery.recover(self.library.catalog) == []

    @rule(number=st.integers(0, 100))
    def another_program_deletes(self, number: int) -> None:
        path = self.some_file(number)
        if path is not None:
            data = path.read_bytes()
            path.unlink()
            if data not in self.on_disk():
                self.expected.discard(data)

    @rule(number=st.integers(0, 100), same_size=st.booleans())
    def another_program_edits(self, number: int, same_size: bool) -> None:
        path = self.some_file(number)
        if path is not None:
            self.serial += 1
            data = path.read_bytes()
            path.write_bytes(b"edited %02d" % self.serial if same_size else b"%d" % self.serial)
            self.expected.add(path.read_bytes())
            if data not in self.on_disk():
                self.expected.discard(data)

    @rule(number=st.integers(0, FILES - 1))
    def another_program_creates(self, number: int) -> None:
        path = self.library.photos / self.names[number]
        if not path.exists():
            self.serial += 1
            path.write_bytes(b"created %d" % self.serial)
            self.expected.add(path.read_bytes())

    def some_file(self, number: int) -> Path | None:
        found = [p for p in sorted(contents_below(self.folder)) if p.name != "record.jsonl"]
        return found[number % len(found)] if found else None

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "library"):
            assert set(self.on_disk()) == self.expected

    def teardown(self) -> None:
        if hasattr(self, "library"):
            self.library.catalog.close()
            shutil.rmtree(self.folder)


TestFileActions = FileActions.TestCase
TestFileActions.settings = settings(
    max_examples=30,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
