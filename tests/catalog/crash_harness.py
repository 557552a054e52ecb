"""Kills a batch of file actions before every call that touches a file or the journal, and looks.

    python crash_harness.py SCENARIO FOLDER OTHER_FOLDER

For n = 1, 2, 3, ... a child applies (or undoes) the same batch and is killed with SIGKILL before
its n-th such call; a second child, recovering, is killed as well; then recovery runs to its end,
and the batch is done again. After each death every content must be in a file; at the end journal,
catalog and disk must agree. Prints {"points": n}; dies with an AssertionError where something is
lost.

A call is watched by the interpreter's profile hook, so the code under test is what a person runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from file_library import Library, contents_below
from twinsift.catalog import exclusive_rename, fileops, journal
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.planning import build
from twinsift.catalog.recovery import recover
from twinsift.catalog.settings import FileSettings, Settings
from twinsift.catalog.undo import undo_batch

TOUCHING = frozenset(
    (
        *("open", "write", "ftruncate", "fsync", "link", "unlink", "rename", "replace"),
        *("mkdir", "rmdir", "utime", "fchmod", "fchown", "setxattr"),
    )
)
KEEPER, FIRST, SECOND = (bytes([n]) * 150 for n in b"KFS")
SCENARIOS = tuple(
    f"{action}-{where}-{renaming}"
    for action in ("trash", "move", "delete", "undo_trash", "undo_move")
    for where in ("same", "cross")
    for renaming in ("atomic", "link")
    if (action, where) != ("delete", "cross")
)


class Scenario:
    """One batch, and the two folders that it works in.

    Two files are acted on, so that a batch dies between them too; one where a rename takes two
    calls, which is about a file by itself.
    """

    def __init__(self, name: str, folder: Path, other: Path) -> None:
        self.action, where, renaming = name.split("-")
        self.is_undo = self.action.startswith("undo_")
        self.verb = Verb(self.action.removeprefix("undo_"))
        self.folder, self.other = folder, other
        base = other if where == "cross" else folder
        self.target = base / "moved"
        self.settings = Settings(
            files=FileSettings(trash=str(base / "bin") if where == "cross" else "")
        )
        self.files = {"x/f.jpg": FIRST, "y/s.jpg": SECOND}
        fileops._CHUNK = 64  # so that a copy takes several writes
        if renaming == "link":
            exclusive_rename._exclusive_rename = None
            del self.files["y/s.jpg"]

    def reset(self) -> None:
        """The library as `prepare` left it the first time."""
        for folder in (self.folder, self.other):
            copy = folder.with_name(folder.name + "-as-prepared")
            if copy.exists():
                shutil.rmtree(folder)
                shutil.copytree(copy, folder)
            else:
                folder.mkdir(parents=True)
        if not copy.exists():
            self._prepare()
            for folder in (self.folder, self.other):
                shutil.copytree(folder, folder.with_name(folder.name + "-as-prepared"))

    def _prepare(self) -> None:
        """A fresh library in which the batch is decided (or, for an undo, applied)."""
        with Library.create(self.folder) as library:
            keeper = library.file("k", KEEPER)
            files = [library.file(name, data) for name, data in self.files.items()]
            target = bytes(self.target) if self.verb is Verb.MOVE else None
            choices = [Choice(i, library.content_of(i), self.verb, target) for i in files]
            choices.append(Choice(keeper, library.content_of(keeper), Verb.KEEP))
            decide(library.catalog, library.group([keeper, *files]), choices)
            if self.is_undo:
                apply_plan(library.catalog, build(library.catalog, self.settings))

    def run(self) -> None:
        """What is killed: one apply or one undo, from the start of a process to its end."""
        with Library.reopen(self.folder) as library:
            recover(library.catalog)
            if self.is_undo:
                if any(batch.undoable for batch in journal.batches(library.catalog)):
                    undo_batch(library.catalog)
            else:
                plan = build(library.catalog, self.settings)
                apply_plan(library.catalog, plan, delete_confirmed=True)

    def was_cut_off(self) -> bool:
        """Whether there is something to recover."""
        with Library.reopen(self.folder) as library:
            return journal.has_open_batch(library.catalog)

    def recover(self) -> None:
        """The next start of the program."""
        with Library.reopen(self.folder) as library:
            recover(library.catalog)

    def check_nothing_lost(self) -> None:
        """Every content is in a file; one that was to be deleted may be gone."""
        found = list(contents_below(self.folder, self.other).values())
        for data in [KEEPER] if self.verb is Verb.DELETE else [KEEPER, *self.files.values()]:
            assert data in found, f"lost {data[:1]!r}"

    def check_agreement(self, *, finished: bool) -> None:
        """Journal, catalog and disk tell the same."""
        found = contents_below(self.folder, self.other)
        for data in (KEEPER, FIRST, SECOND):
            assert list(found.values()).count(data) <= 1, f"two of {data[:1]!r}: {found}"
        left = [path for path in found if path.name.startswith(".twinsift-")]
        assert not left, f"left behind: {left}"
        with Library.reopen(self.folder) as library:
            assert journal.open_intents(library.catalog) == []
            assert all(b.state == "closed" for b in journal.batches(library.catalog))
            self._check_actions(library)
            rows = library.catalog.connection.execute("SELECT id, present FROM file").fetchall()
            for file_id, present in rows:
                assert os.path.lexists(library.path_of(file_id)) is bool(present), file_id
            away = [i for i, _ in rows if library.verbs().get(i) in (None, "keep") and i != 1]
            home = [i for i, _ in rows if library.verbs().get(i) == self.verb.value]
            assert len(away) + len(home) == len(self.files)
            assert all(library.is_present(i) for i in home)
            if finished:
                assert len(home if self.is_undo else away) == len(self.files)

    def _check_actions(self, library: Library) -> None:
        last: dict[int | None, journal.Action] = {}
        for batch in reversed(journal.batches(library.catalog)):
            for action in journal.actions(library.catalog, batch.id):
                if action.state in ("done", "failed"):
                    last[action.file_id] = action
                if action.state == "done" and action.verb == "trash":
                    self._check_record(action)
        for action in last.values():
            gone, there = action.source, action.destination
            if action.state == "failed":
                gone, there = there, gone
            assert gone is None or not os.path.lexists(gone), action
            assert there is None or fileops.holds(there, action.digest, action.size), action

    def _check_record(self, action: journal.Action) -> None:
        assert action.destination is not None
        path = Path(os.fsdecode(action.destination))
        folder = path.parents[[parent.name for parent in path.parents].index("files") + 1]
        lines = (folder / "record.jsonl").read_text().splitlines()
        stored = [json.loads(line).get("stored") for line in lines if line]
        assert str(path.relative_to(folder)) in stored


def in_child(work: Callable[[], None], kill_before: int) -> bool:
    """Do work in a child that dies before its n-th touching call; whether it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            sys.setprofile(_Killer(kill_before))
            work()
            sys.setprofile(None)
        except BaseException:
            sys.setprofile(None)
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "the child failed, see above"
    return True


class _Killer:
    """A profile hook that kills the process before its n-th call that touches file or journal."""

    def __init__(self, countdown: int) -> None:
        self._countdown = countdown

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "c_call":
            name = getattr(argument, "__name__", "")
            touches = (
                getattr(argument, "__module__", "") == "posix" and name in TOUCHING
            ) or isinstance(getattr(argument, "__self__", None), sqlite3.Connection)
        else:  # the C library's rename is called through a Python function
            touches = (
                event == "call"
                and frame.f_code.co_name == "call"
                and frame.f_code.co_filename == exclusive_rename.__file__
            )
        if touches:
            self._countdown -= 1
            if self._countdown == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    name, folder, other = sys.argv[1:]
    scenario = Scenario(name, Path(folder), Path(other))
    points, finished = 0, False
    while not finished:
        points += 1
        scenario.reset()
        finished = in_child(scenario.run, points)
        scenario.check_nothing_lost()
        if scenario.was_cut_off():
            in_child(scenario.recover, 1 + points * 7 % 41)  # anywhere; everywhere over the points
            scenario.check_nothing_lost()
        scenario.recover()
        scenario.check_nothing_lost()
        scenario.check_agreement(finished=finished)
        scenario.run()
        scenario.check_nothing_lost()
        scenario.check_agreement(finished=True)
    sys.stdout.write(json.dumps({"points": points - 1}) + "\n")


if __name__ == "__main__":
    main()
