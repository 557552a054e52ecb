"""The commands `plan`, `apply` and `undo`: what happens to files, shown first and asked for."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from dataclasses import replace
from typing import Any

from ..catalog import journal, plan_file, recovery
from ..catalog.apply import apply_plan, rehearse
from ..catalog.carrying import Outcome
from ..catalog.database import Catalog
from ..catalog.decisions import Verb
from ..catalog.errors import RefusedError
from ..catalog.plan import Plan, PlanItem, Refusal
from ..catalog.planning import build
from ..catalog.settings import Settings
from ..catalog.undo import undo_batch
from ..models.errors import TwinsiftError
from ..models.text import printable
from . import plain, wording
from .progress_line import ProgressLine
from .status import Status
from .stopping import stoppable
from .targets import absolute, catalog_path

LINKS = {"hard": Verb.HARDLINK, "reflink": Verb.REFLINK, "symbolic": Verb.SYMLINK}
_WORDS = {
    Verb.TRASH: "to the trash",
    Verb.MOVE: "moved",
    Verb.HARDLINK: "replaced by a hard link",
    Verb.REFLINK: "replaced by a clone that shares the blocks",
    Verb.SYMLINK: "replaced by a symbolic link",
    Verb.DELETE: "DELETED FOR GOOD",
}


def plan(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what `apply` would do."""
    with open_settled(arguments) as catalog:
        drawn = _drawn(catalog, arguments, settings)
    if arguments.write is not None:
        place = absolute(arguments.write)
        plan_file.write(drawn, place)
        plain.say(f"{wording.count(len(drawn.items), 'file')} in {printable(os.fsencode(place))}")
        for refusal in drawn.refusals:
            plain.note(f"twinsift: left out: {printable(refusal.source)}: {refusal.reason}")
    elif arguments.json:
        for item in drawn.items:
            plain.say_json(_item_json(item))
        for refusal in drawn.refusals:
            plain.say_json({"source": os.fsdecode(refusal.source), "refused": refusal.reason})
    else:
        show_plan(drawn)
    return Status.SOME_FAILED if drawn.refusals else Status.DONE


def apply(arguments: argparse.Namespace, settings: Settings) -> int:
    """Show the plan, ask, and carry it out; or, with --dry-run, check it against the disk only."""
    with open_settled(arguments, create=arguments.plan is not None) as catalog:
        drawn = _drawn(catalog, arguments, settings)
        if arguments.dry_run:
            drawn = _rehearsed(catalog, drawn)
            show_plan(drawn)
            plain.say("this was a rehearsal: nothing was touched")
            return Status.SOME_FAILED if drawn.refusals else Status.DONE
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
    say_messages(outcome)
    plain.say(f"brought back {wording.count(outcome.done, 'file')}{shortfall(outcome)}")
    return status_of(outcome)


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
    say_messages(outcome)
    plain.say(
        f"done: {wording.count(outcome.done, 'file')}{shortfall(outcome)};"
        f" frees {wording.size(outcome.bytes_freed)}"
    )
    if outcome.done > drawn.deletions:
        plain.say(f"`twinsift undo {outcome.batch_id}` brings the files back")
    return Status.SOME_FAILED if drawn.refusals else status_of(outcome)


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
            for companion in item.companions:
                plain.say(f"      goes along: {printable(companion.source)}")
    if drawn.refusals:
        plain.say(f"left alone: {wording.count(len(drawn.refusals), 'file')}")
        for refusal in drawn.refusals:
            plain.say(f"  {printable(refusal.source)}: {refusal.reason}")
    if not drawn.items:
        plain.say("nothing to do")
        return
    later = any(item.verb is Verb.TRASH for item in drawn.items)
    plain.say(
        f"in all {wording.count(drawn.files, 'file')},"
        f" {wording.size(drawn.bytes_freed)} freed{' once the trash is emptied' if later else ''}"
    )


def _drawn(catalog: Catalog, arguments: argparse.Namespace, settings: Settings) -> Plan:
    """The plan that was given as a file, else that of the decisions; with links where asked for."""
    given = getattr(arguments, "plan", None)
    if given is not None:
        drawn = plan_file.read(absolute(given), catalog)
    else:
        drawn = build(catalog, settings, fast_check=arguments.fast_check)
    return drawn.linked(LINKS[arguments.link]) if arguments.link else drawn


def _rehearsed(catalog: Catalog, drawn: Plan) -> Plan:
    """The plan as it would be done: what a check refuses is among the refusals."""
    line = ProgressLine()
    with stoppable() as control:
        try:
            found = rehearse(catalog, drawn, report=line, control=control)
        finally:
            line.end()
    refused = [Refusal(one.item.source, one.refusal) for one in found if one.refusal]
    items = tuple(one.item for one in found if not one.refusal)
    return replace(drawn, items=items, refusals=(*drawn.refusals, *refused))


def open_settled(arguments: argparse.Namespace, *, create: bool = False) -> Catalog:
    """The catalog, with whatever a run that was cut off left open settled and told."""
    catalog = Catalog.open(catalog_path(arguments), create=create)
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
        "companions": [os.fsdecode(companion.source) for companion in item.companions],
        "keeper": os.fsdecode(item.keeper),
        "group": item.group_id,
        "size": item.size,
        "freed": item.bytes_freed,
    }


def say_messages(outcome: Outcome) -> None:
    """Print each file that wasn't simply done, and why."""
    for name, reason in outcome.messages:
        plain.say(f"{printable(name)}: {reason}")


def shortfall(outcome: Outcome) -> str:
    """How many were refused or failed, to follow the number of those that were done."""
    parts = [
        f", {number:,} {word}"
        for number, word in ((outcome.refused, "refused"), (outcome.failed, "failed"))
        if number
    ]
    return "".join(parts)


def status_of(outcome: Outcome) -> int:
    """The exit status that an outcome has."""
    return Status.SOME_FAILED if outcome.refused or outcome.failed else Status.DONE
