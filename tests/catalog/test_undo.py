"""Undoing batches: what comes back, what does not and why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from file_library import Library
from twinsift.catalog import journal
from twinsift.catalog.apply import apply_plan
from twinsift.catalog.decisions import Choice, Verb, decide
from twinsift.catalog.errors import RefusedError
from twinsift.catalog.planning import build
from twinsift.catalog.settings import Settings
from twinsift.catalog.undo import undo_batch


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
