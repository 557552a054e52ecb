"""What goes wrong is told in a line; a defect ends the interface and reaches the command line."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from twinsift.catalog.errors import CatalogError
from twinsift.tui import undo_redo
from twinsift.tui.app import TwinsiftApp, WorkTold
from twinsift.tui.trouble import TROUBLE, in_words
from twinsift.tui.work import WorkState

from .conftest import Library, MakeApp, settled


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CatalogError("it is full", "free some room"), "it is full (free some room)"),
        (sqlite3.OperationalError("database is locked"), "the catalog can't be used: database is"),
        (PermissionError(13, "Permission denied", b"a\xff.jpg"), "a\\xff.jpg: Permission denied"),
        (OSError("odd"), "odd"),
    ],
)
def test_in_words(error: Exception, words: str) -> None:
    assert isinstance(error, TROUBLE)
    assert in_words(error).startswith(words)


async def test_a_locked_catalog_is_told_and_nothing_is_lost(
    filled: Library, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any) -> None:
        raise sqlite3.OperationalError("database is locked")

    app = make_app()
    monkeypatch.setattr(app.desk, "keep", locked)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter", "enter")
        assert "database is locked" in app.screen.query_one("MessageLine").text  # type: ignore[attr-defined]
        assert app.is_running
    assert filled.decisions() == {}


def leave_by(app: TwinsiftApp, *keys: str) -> None:
    """Run without a screen and press keys."""

    async def drive(pilot: Any) -> None:
        await settled(pilot)
        await pilot.press(*keys)
        await pilot.pause()

    app.run(headless=True, size=(80, 24), auto_pilot=drive)


def test_a_defect_reaches_the_caller_without_a_traceback(
    filled: Library,
    make_app: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by design")

    app = make_app()
    monkeypatch.setattr(undo_redo, "_travel", broken)
    with pytest.raises(ZeroDivisionError, match="by design"):
        leave_by(app, "u")
    told = capfd.readouterr()
    assert "Traceback" not in told.out + told.err


def test_a_defect_of_the_background_work_reaches_the_caller(
    filled: Library, make_app: MakeApp
) -> None:
    app = make_app()

    async def drive(pilot: Any) -> None:
        await settled(pilot)
        app.post_message(WorkTold(WorkState(defect=ZeroDivisionError("in a thread"))))
        await pilot.pause(0.1)

    with pytest.raises(ZeroDivisionError, match="in a thread"):
        app.run(headless=True, size=(80, 24), auto_pilot=drive)


def test_leaving_returns_the_status(filled: Library, make_app: MakeApp) -> None:
    app = make_app()
    leave_by(app, "q")
    assert app.return_value == 0
