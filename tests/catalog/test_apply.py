"""Applying a plan: what happens on the disk, in the journal and in the catalog."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest
from file_library import COPY, KEEPER, Library, contents_below, marked, states
from twinsift.catalog import journal
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.errors import CatalogError, Interrupted, RefusedError
from twinsift.catalog.planning import build
from twinsift.catalog.progress import Control, Progress
from twinsift.catalog.settings import FileSettings, Settings
from twinsift.catalog.steps import undo
from twinsift.catalog.undo import undo_batch


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
