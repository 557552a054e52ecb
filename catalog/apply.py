"""Carrying out a plan, one picture at a time with what goes along with it; see catalog.carrying."""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import aftermath, fileops, journal
from .carrying import Outcome, Tally, Task, alone, carry_out, refuse
from .database import Catalog
from .errors import RefusedError
from .journal import Action
from .plan import Companion, Plan, PlanItem
from .preflight import Preflight
from .progress import Control, Meter, Report, silent


def apply_plan(
    catalog: Catalog,
    plan: Plan,
    *,
    delete_confirmed: bool = False,
    report: Report = silent,
    control: Control | None = None,
) -> Outcome:
    """Carry out a plan's items as one batch; one that can't be is left alone and told, not raised.

    Raises:
        RefusedError: the plan deletes for good and that was not confirmed; nothing was touched.
        CatalogError: another process is applying, or the journal can't be written.
        Interrupted: `control` was stopped; files done until then stay done.
    """
    if plan.deletions and not delete_confirmed:
        raise RefusedError(
            f"{plan.deletions} files would be deleted for good", "confirm that, or use the trash"
        )
    if not plan.items:
        return Outcome(None, 0, 0, 0, 0, ())
    control = control or Control()
    with alone(catalog), journal.batch(catalog, "apply", plan.name) as batch_id:
        preflight = Preflight(catalog, plan)
        tally = Tally(batch_id, plan.name, Meter(report, "apply", plan.files))
        for item in plan.items:
            control.checkpoint()
            _apply_item(catalog, preflight, item, tally)
        return tally.outcome()


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would become of one item."""

    item: PlanItem
    refusal: str
    """Why it would be left alone; '' where it would be done."""


def rehearse(
    catalog: Catalog, plan: Plan, *, report: Report = silent, control: Control | None = None
) -> list[Rehearsed]:
    """Look at the disk as `apply_plan` would, item by item, and touch nothing.

    What only the act can show (a full disk, two mounts of one folder) is not foreseen.

    Raises:
        Interrupted: `control` was stopped.
    """
    control = control or Control()
    preflight = Preflight(catalog, plan)
    meter = Meter(report, "check", len(plan.items))
    found: list[Rehearsed] = []
    for item in plan.items:
        control.checkpoint()
        refusal = ""
        try:
            with preflight.cleared(item):
                pass
        except (OSError, RefusedError) as error:
            refusal = fileops.reason_of(error, item.source)
        found.append(Rehearsed(item, refusal))
        meter.add(failed=bool(refusal))
    meter.tell()
    return found


def _apply_item(catalog: Catalog, preflight: Preflight, item: PlanItem, tally: Tally) -> None:
    action = _action(item, tally.batch_id)
    try:
        with preflight.cleared(item) as cleared:
            tasks = [Task(action, cleared.held)]
            for companion, held in cleared.companions:
                file_id = aftermath.file_at(catalog.connection, companion.source)
                tasks.append(Task(_along(action, companion, file_id), held))
            carry_out(catalog, tasks, tally)
    except (OSError, RefusedError) as refusal:  # from the clearance: nothing was begun
        refuse(catalog, action, refusal, tally)


def _action(item: PlanItem, batch_id: int) -> Action:
    return Action(
        id=0,
        batch_id=batch_id,
        verb=item.verb.value,
        source=item.source,
        destination=item.destination,
        digest=item.digest,
        size=item.size,
        mtime_ns=item.mtime_ns,
        device=item.device,
        inode=item.inode,
        keeper=item.keeper,
        keeper_digest=item.keeper_digest,
        file_id=item.file_id or None,
    )


def _along(picture: Action, companion: Companion, file_id: int | None) -> Action:
    return replace(
        picture,
        verb=companion.verb.value,
        source=companion.source,
        destination=companion.destination,
        digest=companion.digest,
        file_id=file_id,
        companion_of=picture.source,
    )
