"""Undo and redo of decisions on the screens: the step is told, and its group is gone to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ..catalog import steps
from ..catalog.database import Catalog
from ..catalog.progress import Control, Meter, Report
from ..catalog.review import GroupDetail, load_group
from ..catalog.steps import Step
from .busy import BusyScreen
from .desk import Desk
from .groups_screen import GroupsScreen
from .spoken import STEPS
from .trouble import TROUBLE, in_words

if TYPE_CHECKING:
    from .app import TwinsiftApp


@dataclass(frozen=True, slots=True)
class _Way:
    """Back or forward in the history."""

    next: Callable[[Catalog], Step | None]
    go: Callable[[Desk, steps.Told], Step | None]
    doing: str
    done: str
    nothing: str


_BACK = _Way(
    steps.undoable,
    Desk.undo,
    "Undoing",
    "undone",
    "nothing to undo: the journal ({everywhere.journal}) undoes file actions",
)
_FORWARD = _Way(steps.redoable, Desk.redo, "Doing again", "done again", "nothing to redo")


def undo(app: TwinsiftApp) -> None:
    """Take back the last decision and go to its group."""
    _travel(app, _BACK)


def redo(app: TwinsiftApp) -> None:
    """Do again what was taken back, and go to its group."""
    _travel(app, _FORWARD)


def _travel(app: TwinsiftApp, way: _Way) -> None:
    try:
        step = way.next(app.catalog)
        if step is not None and step.group_id:
            step = way.go(app.desk, steps.nobody)
    except TROUBLE as error:
        app.say(in_words(error), "bad")
        return
    if step is None:
        app.say(app.own_keys.told(way.nothing))
    elif step.group_id:
        _tell(app, way, step)
    else:  # many groups: 100,000 of them take seconds
        app.push_screen(
            BusyScreen(way.doing, partial(_work, way), app.open_catalog),
            lambda result: _worked(app, way, result),
        )


def _work(way: _Way, catalog: Catalog, report: Report, control: Control) -> Step | None:
    meter = Meter(report, way.doing)

    def told(files: int) -> None:
        control.checkpoint()
        meter.add(files)

    return way.go(Desk(catalog), told)


def _worked(app: TwinsiftApp, way: _Way, result: Step | str | None) -> None:
    if isinstance(result, Step):
        _tell(app, way, result)
    else:
        app.say(result or app.own_keys.told(way.nothing), "bad")


def _tell(app: TwinsiftApp, way: _Way, step: Step) -> None:
    app.say(f"{way.done}: {STEPS.get(step.kind, step.kind)}", "good")
    detail = _group_now(app, step.group_id)
    if detail is not None and app.triages[detail.kind].find(step.group_id) is not None:
        app.triages[detail.kind].note(detail)
        _go_to(app, step.group_id)
    else:
        app.reload_groups(partial(_go_to, app, step.group_id))


def _group_now(app: TwinsiftApp, group_id: str) -> GroupDetail | None:
    """The step's group as the catalog has it; None where it is gone, or the step's are many."""
    if not group_id:
        return None
    found = (load_group(app.catalog, group_id, kind=triage.kind) for triage in app.triages)
    return next((detail for detail in found if detail is not None), None)


def _go_to(app: TwinsiftApp, group_id: str) -> None:
    place = app.shown_place
    if place is None:
        return
    if group_id and app.triage.find(group_id) is None:
        other = app.triages.holding(group_id)
        if other is not None and isinstance(place, GroupsScreen):
            app.triages.at_hand = other
    place.after_undo(group_id)
