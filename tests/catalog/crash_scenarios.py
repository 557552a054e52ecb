"""Batches of file actions that are cut off, by a killed process or a lost supply, and looked at.

Each has a library in a known state, what is run (one apply, undo, purge or restore, from the start
of a process to its end), and what must be true after it, wherever it ended: every content is in a
file, and journal, catalog and disk tell the same.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Hashable
from pathlib import Path

from blake3 import blake3
from file_library import Library, contents_below
from twinsift.catalog import (
    exclusive_rename,
    journal,
    purge,
    reflink,
    regular_file,
    restoring,
)
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.planning import build
from twinsift.catalog.recovery import recover
from twinsift.catalog.settings import FileSettings, Settings
from twinsift.catalog.undo import undo_batch

KEEPER, FIRST, SECOND = (bytes([n]) * 150 for n in b"KFS")
SIDECAR = b"C" * 150
SCENARIOS = (
    *(
        f"{action}-{where}-{renaming}"
        for action in ("trash", "move", "delete", "undo_trash", "undo_move")
        for where in ("same", "cross")
        for renaming in ("atomic", "link")
        if (action, where) != ("delete", "cross")
    ),
    # One file each: what dies between two files is seen above.
    *("keep-same-atomic", "purge-same-atomic", "purge-same-link", "purge-cross-atomic"),
    *("hardlink-same-atomic", "hardlink-same-link", "undo_hardlink-same-atomic"),
    *("undo_hardlink-same-link", "symlink-same-atomic", "symlink-same-link"),
    *("symlink-cross-atomic", "undo_symlink-same-atomic", "undo_symlink-cross-atomic"),
    *("reflink-same-atomic", "reflink-same-link", "undo_reflink-same-atomic"),
    *("along-same-atomic", "along-cross-atomic", "undo_along-same-atomic"),
    *("undo_along-cross-atomic", "movealong-cross-atomic", "deletealong-same-atomic"),
    *("restore-cross-atomic", "restore-same-link"),
)
LINKS = frozenset(("hardlink", "symlink", "reflink"))


class Scenario:
    """One batch, and the two folders that it works in.

    Two files are acted on, so that a batch dies between them too; one where a rename takes two
    calls, which is about a file by itself.
    """

    def __init__(self, name: str, folder: Path, other: Path) -> None:
        self.action, where, renaming = name.split("-")
        self.is_undo = self.action.startswith("undo_")
        self.what = self.action.removeprefix("undo_")
        words = dict.fromkeys(("along", "purge", "restore"), Verb.TRASH)
        words |= {"movealong": Verb.MOVE, "deletealong": Verb.DELETE}
        self.verb = words.get(self.what) or Verb(self.what)
        self.is_home = self.is_undo or self.what == "restore"
        """Whether the files are back in their places when all is done."""
        self.folder, self.other = folder, other
        self.keepers = folder / "photos"
        if self.what == "symlink" and where == "cross":
            self.keepers = other / "kept"  # the only link that can lead to another file system
        base = other if where == "cross" else folder
        self.target = base / "moved"
        self.settings = Settings(
            files=FileSettings(trash=str(base / "bin") if where == "cross" else "")
        )
        self.files = {"x/f.jpg": FIRST, "y/s.jpg": SECOND}
        self.beside: dict[str, bytes] = {}
        if self.what not in ("keep", "trash", "move", "delete"):
            self.files = {"x/f.jpg": KEEPER if self.what in LINKS else FIRST}
        if self.what.endswith("along"):
            self.beside = {"x/f.xmp": SIDECAR}
        if self.what == "reflink":  # as a file system with clones does it
            reflink.clone = lambda source, destination: shutil.copyfile(source, destination)
        regular_file._CHUNK = 64  # so that a copy takes several writes
        if renaming == "link":
            exclusive_rename._exclusive_rename = exclusive_rename._exchange = None
            self.files.pop("y/s.jpg", None)

    def reset(self) -> None:
        """The library as `prepare` left it the first time."""
        for folder in (self.folder, self.other):
            copy = folder.with_name(folder.name + "-as-prepared")
            if copy.exists():
                shutil.rmtree(folder)
                copy_tree(copy, folder)
            else:
                folder.mkdir(parents=True)
        if not copy.exists():
            self.prepare()
            for folder in (self.folder, self.other):
                copy_tree(folder, folder.with_name(folder.name + "-as-prepared"))

    def prepare(self) -> None:
        """A fresh library in which the batch is decided (or, for an undo, applied)."""
        with Library.create(self.folder) as library:
            root = 1 if self.keepers == library.photos else library.root(self.keepers)
            keeper = library.file("k", KEEPER, root)
            files = [library.file(name, data) for name, data in self.files.items()]
            target = bytes(self.target) if self.verb is Verb.MOVE else None
            choices = [Choice(i, library.content_of(i), self.verb, target) for i in files]
            choices.append(Choice(keeper, library.content_of(keeper), Verb.KEEP))
            group = library.group([keeper, *files])
            if self.verb is not Verb.KEEP:
                decide(library.catalog, group, choices)
            for name, data in self.beside.items():
                (library.photos / name).write_bytes(data)
            if self.is_undo or self.what in ("purge", "restore"):
                apply_plan(library.catalog, build(library.catalog, self.settings))

    def run(self) -> None:
        """What is killed: one apply or one undo, from the start of a process to its end."""
        with Library.reopen(self.folder) as library:
            recover(library.catalog)
            if self.what == "purge":
                actions = purge.trashed(library.catalog)
                purge.purge(library.catalog, actions, confirmed=len(actions))
            elif self.what == "restore":
                trashes = [p for base in (self.folder, self.other) for p in trashes_below(base)]
                for trash in trashes:
                    restoring.restore(bytes(trash))
                if any(b.undoable for b in journal.batches(library.catalog)):
                    undo_batch(library.catalog)  # finds the files back
            elif self.is_undo:
                if any(batch.undoable for batch in journal.batches(library.catalog)):
                    undo_batch(library.catalog)
            else:
                if self.verb is Verb.KEEP:
                    files = range(1, len(self.files) + 2)
                    kept = [Choice(i, library.content_of(i), Verb.KEEP) for i in files]
                    decide(library.catalog, blake3(KEEPER).hexdigest()[:16], kept)
                plan = build(library.catalog, self.settings)
                apply_plan(library.catalog, plan, delete_confirmed=True)

    def was_cut_off(self) -> bool:
        """Whether there is something to recover."""
        with Library.reopen(self.folder) as library:
            return journal.has_open_batch(library.catalog)

    def recover(self, *, renumbered: bool = False) -> None:
        """The next start of the program; perhaps on a machine that has numbered its disks anew."""
        with Library.reopen(self.folder) as library:
            if renumbered:
                with library.catalog.transaction() as connection:
                    connection.execute("UPDATE file SET device = device + 1")
                    connection.execute("UPDATE action SET device = device + 1")
            recover(library.catalog)

    def check_nothing_lost(self) -> None:
        """Every content is in a file; one that was to be deleted may be gone."""
        found = list(contents_below(self.folder, self.other).values())
        gone = self.verb is Verb.DELETE or self.what == "purge"
        for data in [KEEPER, *([] if gone else self.files.values()), *self.beside.values()]:
            assert data in found, f"lost {data[:1]!r}"

    def check_agreement(self, *, finished: bool) -> Hashable:
        """Journal, catalog and disk tell the same; what they tell, to know this outcome again."""
        found = contents_below(self.folder, self.other)
        with Library.reopen(self.folder) as library:
            if finished or self.what != "restore":  # it has no journal: it is settled by the next
                self._check_disk(found, finished=finished)
                self._check_catalog(library, finished=finished)
            places = sorted((path.name, data) for path, data in found.items() if len(data) == 150)
            rows = library.catalog.connection.execute("SELECT id, present FROM file").fetchall()
            verbs = tuple(sorted(library.verbs().items()))
            return tuple(places), tuple(rows), verbs, tuple(library.actions())

    def _check_disk(self, found: dict[Path, bytes], *, finished: bool) -> None:
        names = 2 if self.what in LINKS else 1
        for data in (KEEPER, FIRST, SECOND, SIDECAR):
            assert list(found.values()).count(data) <= names, f"two of {data[:1]!r}: {found}"
        if self.what in LINKS:
            self._check_link(finished=finished)
        if self.beside and (finished or not self.is_undo):
            # The picture and what belongs to it are at one place.
            places = {path.parent for path, data in found.items() if data in (FIRST, SIDECAR)}
            assert len(places) == 1, places
        left = [path for path in found if path.name.startswith(".twinsift-")]
        assert not left, f"left behind: {left}"

    def _check_catalog(self, library: Library, *, finished: bool) -> None:
        assert journal.open_intents(library.catalog) == []
        assert all(b.state == "closed" for b in journal.batches(library.catalog))
        if self.what not in LINKS | {"restore"}:
            self._check_actions(library)
        rows = library.catalog.connection.execute("SELECT id, present FROM file").fetchall()
        for file_id, present in rows:
            there = regular_file.identity_at(bytes(library.path_of(file_id)))
            assert (there is not None) is bool(present), (there, library.actions())
        if self.verb is Verb.KEEP:
            assert len(library.verbs()) == (len(rows) if finished else len(library.verbs()))
            return
        away = [i for i, _ in rows if library.verbs().get(i) in (None, "keep") and i != 1]
        home = [i for i, _ in rows if library.verbs().get(i) == self.verb.value]
        if self.what == "purge":
            assert not finished or journal.batches(library.catalog)[-1].undone == len(away)
            return
        assert len(away) + len(home) == len(self.files)
        assert all(library.is_present(i) for i in home)
        if finished:
            assert len(home if self.is_home else away) == len(self.files)

    def _check_link(self, *, finished: bool) -> None:
        """The file leads to its bytes; nothing is half a link; undone, it is a file of its own."""
        keeper, file = self.keepers / "k", self.folder / "photos/x/f.jpg"
        assert file.read_bytes() == KEEPER
        assert [path.name for path in file.parent.iterdir()] == ["f.jpg"]
        is_link = {
            "hardlink": file.samefile(keeper) and not file.is_symlink(),
            "symlink": file.is_symlink() and file.samefile(keeper),
            "reflink": not file.is_symlink(),
        }[self.what]
        if finished and not self.is_undo:
            assert is_link
        elif finished:
            assert not file.is_symlink()
            assert not file.samefile(keeper)

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
            assert there is None or regular_file.holds(there, action.digest, action.size), action

    def _check_record(self, action: journal.Action) -> None:
        assert action.destination is not None
        path = Path(os.fsdecode(action.destination))
        folder = path.parents[[parent.name for parent in path.parents].index("files") + 1]
        lines = (folder / "record.jsonl").read_text().splitlines()
        stored = [json.loads(line).get("stored") for line in lines if line]
        assert str(path.relative_to(folder)) in stored


def copy_tree(source: Path, destination: Path) -> None:
    """Copy a folder with its symbolic links, and with its hard links as such."""
    made: dict[tuple[int, int], str] = {}

    def copy(one: str, other: str) -> None:
        found = os.stat(one)
        first = made.setdefault((found.st_dev, found.st_ino), other)
        if first == other:
            shutil.copy2(one, other)
        else:
            os.link(first, other)

    shutil.copytree(source, destination, symlinks=True, copy_function=copy)


def trashes_below(folder: Path) -> list[Path]:
    """Every trash with a record in it."""
    return sorted({record.parents[1] for record in folder.rglob("record.jsonl")})
