"""Many groups at once: nothing is recorded but what was told; undoing is all or nothing."""

from __future__ import annotations

import threading

import pytest
from twinsift.catalog import steps
from twinsift.catalog.errors import Interrupted, RefusedError
from twinsift.catalog.listing import list_groups
from twinsift.catalog.progress import Control
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.bulk import AcceptTotals, Bulk, mark_distinct
from twinsift.tui.busy import BusyScreen

from .conftest import SETTINGS, Library, MakeApp, settled


def _all(library: Library) -> Bulk:
    ids = [group.id for group in list_groups(library.catalog)]
    return Bulk(library.catalog, ids, SETTINGS.keep.order)


def test_what_is_accepted_is_what_was_told(filled: Library) -> None:
    told = _all(filled).totals()
    assert (told.groups, told.kept, told.removed) == (4, 4, 7)
    assert _all(filled).accept(told) == told
    assert list(filled.decisions().values()).count("trash") == 7


def test_groups_that_changed_since_are_told_again_first(filled: Library) -> None:
    told = _all(filled).totals()
    with filled.catalog.transaction() as connection:
        connection.execute("UPDATE file SET present = 0 WHERE path = ?", (b"2021/hut_edited.jpg",))
    with pytest.raises(RefusedError, match="changed since"):
        _all(filled).accept(told)
    assert filled.decisions() == {}


def test_stopping_records_nothing(filled: Library) -> None:
    control = Control()
    control.stop()
    ids = [group.id for group in list_groups(filled.catalog)]
    with pytest.raises(Interrupted):
        Bulk(filled.catalog, ids, SETTINGS.keep.order, control=control).accept(AcceptTotals())
    assert mark_distinct(filled.catalog, ids, "duplicate", control=control) == (0, "")
    assert filled.decisions() == {}


def test_an_undo_that_is_stopped_takes_nothing_back(filled: Library) -> None:
    _all(filled).accept(_all(filled).totals())
    before = filled.decisions()

    def stop(_: int) -> None:
        raise Interrupted("stopped", "go on")

    with pytest.raises(Interrupted):
        steps.undo(filled.catalog, stop)
    assert filled.decisions() == before
    step = steps.undoable(filled.catalog)
    assert step is not None
    assert step.group_id == ""
    assert steps.redoable(filled.catalog) is None
    assert steps.undo(filled.catalog) == steps.redoable(filled.catalog) == step
    assert filled.decisions() == {}


async def test_keys_typed_meanwhile_are_told_to_wait(filled: Library, make_app: MakeApp) -> None:
    go_on = threading.Event()
    answers: list[object] = []
    async with make_app().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert isinstance(pilot.app, TwinsiftApp)
        busy = BusyScreen("Deciding", lambda *_: go_on.wait(10), pilot.app.open_catalog)
        pilot.app.push_screen(busy, answers.append)
        await pilot.pause()
        await pilot.press("x")
        assert "other keys have to wait · q stops it" in str(busy.query_one("#wait").render())
        go_on.set()
        await settled(pilot)
        assert answers == [True]
        assert filled.decisions() == {}
