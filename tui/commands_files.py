"""The commands `plan`, `apply` and `undo`: what happens to files, shown first and asked for."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from typing import Any

from ..catalog import journal, recovery
from ..catalog.apply import Outcome, apply_plan, undo_batch
from ..catalog.database import Catalog
from ..catalog.decisions import Verb
from ..catalog.errors import RefusedError
from ..catalog.plan import Plan, PlanItem, build
from ..catalog.settings import Settings
from ..models.errors import TwinsiftError
from ..models.text import printable
from . import plain, wording
from .progress_line import ProgressLine
from .status import Status
from .stopping import stoppable
from .targets import catalog_path

_WORDS = {Verb.TRASH: "to the trash", Verb.MOVE: "moved", Verb.DELETE: "DELETED FOR GOOD"}


def plan(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what `apply` would do."""
    with open_settled(arguments) as catalog:
        drawn = build(catalog, settings)
    if arguments.json:
        for item in drawn.items:
            plain.say_json(_item_json(item))
        for refusal in drawn.refusals:
            plain.say_json({"source": os.fsdecode(refusal.source), "refused": refusal.reason})
    else:
        show_plan(drawn)
    return Status.SOME_FAILED if drawn.refusals else Status.DONE


def apply(arguments: argparse.Namespace, settings: Settings) -> int:
    """Show the plan, ask, and carry it out."""
    with open_settled(arguments) as catalog:
        drawn = build(catalog, settings)
        show_plan(drawn)
        return carry_out(catalog, drawn, arguments)


def undo(arguments: argparse.Namespace, settings: Settings) -> int:
    """Bring back the files of a batch, or list the batches."""
    with open_settled(arguments) as catalog:
        if arguments.list:
            list_batches(catalog)
            return Status.DONE
        return bring_back(catalog, arguments.batch)


def bring_back(catalog: Catalog, batch: int | None, *, live: bool | None = None) -> int:
    """Bring back the files of a batch (None: the last one); `live` as for ProgressLine."""
    line = ProgressLine(live=live)
    with stoppable() as control:
        try:
            outcome = undo_batch(catalog, batch, report=line, control=control)
        finally:
            line.end()
    _say_messages(outcome)
    plain.say(f"brought back {wording.count(outcome.done, 'file')}{_shortfall(outcome)}")
    return _status(outcome)


def carry_out(catalog: Catalog, drawn: Plan, arguments: argparse.Namespace) -> int:
    """Ask for consent where it wasn't given by --yes and --confirm-delete, and apply the plan.

    Raises:
        TwinsiftError: there is nobody to ask, or the consent is for another number of deletions.
    """
    if not drawn.items:
        return Status.SOME_FAILED if drawn.refusals else Status.DONE
    if not _consents(drawn, arguments):
        plain.say("nothing was done")
        return Status.DONE
    return perform(catalog, drawn)


def perform(catalog: Catalog, drawn: Plan, *, live: bool | None = None) -> int:
    """Carry out a plan that was consented to; `live` as for ProgressLine."""
    line = ProgressLine(live=live)
    with stoppable() as control:
        try:
            outcome = apply_plan(
                catalog,
                drawn,
                delete_confirmed=drawn.deletions > 0,
                report=line,
                control=control,
            )
        finally:
            line.end()
    _say_messages(outcome)
    plain.say(
        f"done: {wording.count(outcome.done, 'file')}{_shortfall(outcome)};"
        f" frees {wording.size(outcome.bytes_freed)}"
    )
    if outcome.done > drawn.deletions:
        plain.say(f"`twinsift undo {outcome.batch_id}` brings the files back")
    return Status.SOME_FAILED if drawn.refusals else _status(outcome)


def show_plan(drawn: Plan) -> None:
    """Print each file by what will happen to it, then the totals."""
    for verb, words in _WORDS.items():
        items = [item for item in drawn.items if item.verb is verb]
        if items:
            plain.say(f"{words}: {wording.count(len(items), 'file')}")
        for item in items:
            arrow = (
                f" -> {printable(item.destination)}"
                if verb is Verb.MOVE and item.destination
                else ""
            )
            plain.say(f"  {printable(item.source)}{arrow}")
            plain.say(f"      kept instead: {printable(item.keeper)}{_links(item)}")
    if drawn.refusals:
        plain.say(f"left alone: {wording.count(len(drawn.refusals), 'file')}")
        for refusal in drawn.refusals:
            plain.say(f"  {printable(refusal.source)}: {refusal.reason}")
    if not drawn.items:
        plain.say("nothing to do")
        return
    later = any(item.verb is Verb.TRASH for item in drawn.items)
    plain.say(
        f"in all {wording.count(len(drawn.items), 'file')},"
        f" {wording.size(drawn.bytes_freed)} freed{' once the trash is emptied' if later else ''}"
    )


def open_settled(arguments: argparse.Namespace) -> Catalog:
    """The catalog, with whatever a run that was cut off left open settled and told."""
    catalog = Catalog.open(catalog_path(arguments), create=False)
    try:
        for found in recovery.recover(catalog):
            reason = f" ({found.reason})" if found.reason else ""
            plain.note(f"twinsift: cut off earlier: {printable(found.path)}: {found.state}{reason}")
    except BaseException:
        catalog.close()
        raise
    return catalog


def _consents(drawn: Plan, arguments: argparse.Namespace) -> bool:
    deletions = drawn.deletions
    given = arguments.confirm_delete
    if given is not None and given != deletions:
        raise RefusedError(
            f"consent was given to {wording.count(given, 'deletion')}, but there are {deletions}",
            "look at `twinsift plan` again",
        )
    others = len(drawn.items) - deletions
    if deletions and given is None:
        if arguments.yes:
            raise TwinsiftError(
                f"{wording.count(deletions, 'deletion')} for good, which --yes doesn't cover",
                f"add --confirm-delete {deletions}",
            )
        wanted = f"delete {deletions}"
        question = f"This can't be undone. To go on type `{wanted}`: "
        return plain.ask(question, wanted, f"add --confirm-delete {deletions}")
    if others and not arguments.yes:
        return plain.ask("Go on? [y/N] ", "y", "add --yes")
    return True


def list_batches(catalog: Catalog) -> None:
    """Print the batches, the latest first."""
    for batch in journal.batches(catalog):
        counts = Counter(
            {
                "done": batch.done,
                "refused": batch.refused,
                "failed": batch.failed,
                "undone": batch.undone,
            }
        )
        ended = (
            ", ".join(f"{number:,} {word}" for word, number in counts.items() if number) or "empty"
        )
        what = batch.kind if batch.undoes is None else f"{batch.kind} of {batch.undoes}"
        can = f"; {batch.undoable:,} can be brought back" if batch.undoable else ""
        plain.say(f"{batch.id:5}  {wording.moment(batch.created_at)}  {what}: {ended}{can}")


def _links(item: PlanItem) -> str:
    return f"  (one of {item.links} hard links: frees nothing)" if item.links > 1 else ""


def _item_json(item: PlanItem) -> dict[str, Any]:
    return {
        "verb": str(item.verb),
        "source": os.fsdecode(item.source),
        "destination": None if item.destination is None else os.fsdecode(item.destination),
        "keeper": os.fsdecode(item.keeper),
        "group": item.group_id,
        "size": item.size,
        "freed": item.bytes_freed,
    }


def _say_messages(outcome: Outcome) -> None:
    for name, reason in outcome.messages:
        plain.say(f"{printable(name)}: {reason}")


def _shortfall(outcome: Outcome) -> str:
    parts = [
        f", {number:,} {word}"
        for number, word in ((outcome.refused, "refused"), (outcome.failed, "failed"))
        if number
    ]
    return "".join(parts)


def _status(outcome: Outcome) -> int:
    return Status.SOME_FAILED if outcome.refused or outcome.failed else Status.DONE
