"""What is looked at before a file is touched, and what is refused for which reason."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from file_library import COPY, KEEPER, Library, contents_below, marked, states
from twinsift.catalog import regular_file
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.plan import Plan
from twinsift.catalog.planning import build
from twinsift.catalog.settings import FileSettings, Settings
from twinsift.catalog.steps import undo
from twinsift.catalog.undo import undo_batch


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
        assert "the file that is kept" in (told := self.refused(library, plan))
        assert told.endswith("keep.jpg, is gone")

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
        monkeypatch.setattr(regular_file, "_lock", lambda path, descriptor, alone: None)

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


class TestFastCheck:
    """`--fast-check`: samples where size, time and inode are those that were indexed."""

    @pytest.fixture
    def reads(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """Grows with each file that is read in full."""
        full: list[int] = []
        real = regular_file.digest_of
        monkeypatch.setattr(regular_file, "digest_of", lambda file: full.append(file) or real(file))
        return full

    def quick(self, library: Library, verb: Verb, data: bytes = COPY) -> Plan:
        marked(library, verb, library.folder / "moved" if verb is Verb.MOVE else None, data=data)
        return build(library.catalog, Settings(), fast_check=True)

    @pytest.mark.parametrize("verb", [Verb.TRASH, Verb.MOVE])
    def test_nothing_is_read_in_full(self, library: Library, reads: list[int], verb: Verb) -> None:
        plan = self.quick(library, verb)
        assert plan.items[0].glances is not None
        assert apply_plan(library.catalog, plan).done == 1
        assert reads == []
        assert undo_batch(library.catalog).done == 1
        assert len(reads) == 1  # what comes back is read

    @pytest.mark.parametrize("verb", [Verb.DELETE, Verb.HARDLINK, Verb.SYMLINK])
    def test_what_is_lost_for_good_is_read_in_full(
        self, library: Library, reads: list[int], verb: Verb
    ) -> None:
        plan = self.quick(library, verb, KEEPER)
        assert apply_plan(library.catalog, plan, delete_confirmed=True).done == 1
        assert len(reads) >= 2

    def test_what_was_touched_since_it_was_indexed_is_read_in_full(
        self, library: Library, reads: list[int]
    ) -> None:
        marked(library, Verb.TRASH)
        (library.photos / "keep.jpg").touch()
        plan = build(library.catalog, Settings(), fast_check=True)
        assert plan.items[0].glances is None
        assert apply_plan(library.catalog, plan).done == 1
        assert len(reads) == 2

    @pytest.mark.parametrize("name", ["keep.jpg", "sub/copy.jpg"])
    def test_a_sample_that_differs_is_a_change(self, library: Library, name: str) -> None:
        """An edit between plan and apply, with size and time as before."""
        plan = self.quick(library, Verb.TRASH)
        path = library.photos / name
        times = path.stat()
        path.write_bytes(path.read_bytes()[::-1])
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        outcome = apply_plan(library.catalog, plan)
        assert outcome.refused == 1
        assert "changed since" in outcome.messages[0][1]

    def test_two_copies_whose_samples_differ_are_none(self, library: Library) -> None:
        """The catalog says that they are the same: one was edited behind its back."""
        marked(library, Verb.TRASH, data=KEEPER)
        path = library.photos / "sub/copy.jpg"
        times = path.stat()
        path.write_bytes(KEEPER[::-1])
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        plan = build(library.catalog, Settings(), fast_check=True)
        assert plan.items == ()
        assert "has changed since it was indexed" in plan.refusals[0].reason


@pytest.mark.parametrize("what", ["source", "trash", "target"])
def test_a_folder_swapped_for_a_link_after_the_plan_was_made(library: Library, what: str) -> None:
    verb = Verb.MOVE if what == "target" else Verb.TRASH
    target = library.folder / "moved"
    plan, _ = marked(library, verb, target if verb is Verb.MOVE else None)
    elsewhere = library.folder / "elsewhere"
    if what == "source":
        (library.photos / "sub").rename(elsewhere)
        (library.photos / "sub").symlink_to(elsewhere)
    elif what == "trash":
        elsewhere.mkdir()
        (library.photos / ".twinsift-trash").symlink_to(elsewhere)
    else:
        library.root(elsewhere, "reference")
        target.symlink_to(elsewhere)
    before = contents_below(library.folder)
    outcome = apply_plan(library.catalog, plan)
    assert outcome.done == 0
    assert contents_below(library.folder) == before
    told = {"source": "behind a symbolic link", "trash": "symbolic link", "target": "reference"}
    assert told[what] in outcome.messages[0][1]


def test_paths_of_more_than_4096_bytes_are_refused_in_words(library: Library) -> None:
    """No call of the system takes them; the plan says so and the rest goes on."""
    keep, copy, other = (library.file(f"{n}.jpg", n.encode()) for n in "abc")
    long = b"/".join([b"d" * 250] * 17) + b"/b.jpg"
    choices = [Choice(i, library.content_of(i), Verb.TRASH) for i in (copy, other)]
    decide(library.catalog, library.group([keep, copy, other]), choices)
    with library.catalog.transaction() as connection:
        connection.execute("UPDATE file SET path = ? WHERE id = ?", (long, copy))
    plan = build(library.catalog, Settings())
    assert [item.file_id for item in plan.items] == [other]
    assert "File name too long" in plan.refusals[0].reason
    target = bytes(library.folder) + b"/" + b"/".join([b"m" * 250] * 17)
    choice = Choice(other, library.content_of(other), Verb.MOVE, target)
    decide(library.catalog, plan.items[0].group_id, [choice])
    outcome = apply_plan(library.catalog, build(library.catalog, Settings()))
    assert outcome.done == 0
    assert (library.photos / "c.jpg").read_bytes() == b"c"


def test_a_name_of_255_bytes_goes_and_comes_back(library: Library) -> None:
    name = "é" * 125 + "x.jpg"
    assert len(os.fsencode(name)) == 255
    keep, copy = library.file("keep.jpg", KEEPER), library.file(name, COPY)
    decide(
        library.catalog,
        library.group([keep, copy]),
        [Choice(copy, library.content_of(copy), Verb.TRASH)],
    )
    assert apply_plan(library.catalog, build(library.catalog, Settings())).done == 1
    assert undo_batch(library.catalog).done == 1
    assert (library.photos / name).read_bytes() == COPY


def test_a_sparse_file_stays_sparse_across_file_systems(library: Library, elsewhere: Path) -> None:
    data = b"\0" * (32 << 20) + b"end"
    plan, _ = marked(library, Verb.MOVE, elsewhere / "moved", data=data)
    path = library.photos / "sub/copy.jpg"
    with path.open("r+b") as file:  # the same bytes, with a hole
        file.truncate(0)
        file.truncate(32 << 20)
        file.seek(0, 2)
        file.write(b"end")
    if path.stat().st_blocks * 512 > 1 << 20:
        pytest.skip("needs a file system with sparse files")
    plan = build(library.catalog, Settings())
    assert apply_plan(library.catalog, plan).done == 1
    moved = elsewhere / "moved/sub/copy.jpg"
    assert moved.read_bytes() == data
    assert moved.stat().st_blocks * 512 <= 2 << 20
