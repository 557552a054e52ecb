"""The commands `restore` and `purge`: what is in the trash comes back, or goes for good."""

from __future__ import annotations

import argparse
import os

from ..catalog import purge as purging
from ..catalog import restoring
from ..catalog.database import Catalog
from ..catalog.errors import RefusedError
from ..catalog.settings import Settings
from ..models.errors import TwinsiftError
from ..models.text import printable
from . import plain, wording
from .commands_files import open_settled, say_messages, shortfall, status_of
from .progress_line import ProgressLine
from .status import Status
from .stopping import stoppable
from .targets import absolute, catalog_path


def restore(arguments: argparse.Namespace, settings: Settings) -> int:
    """Put back what a trash folder holds, by its own record; a catalog's journal follows."""
    folder = os.fsencode(absolute(arguments.folder))
    line = ProgressLine()
    catalog = _catalog_if_any(arguments)
    try:
        with stoppable() as control:
            try:
                outcome = restoring.restore(folder, catalog, report=line, control=control)
            finally:
                line.end()
    finally:
        if catalog is not None:
            catalog.close()
    say_messages(outcome)
    plain.say(f"brought back {wording.count(outcome.done, 'file')}{shortfall(outcome)}")
    return status_of(outcome)


def purge(arguments: argparse.Namespace, settings: Settings) -> int:
    """Delete for good what the trash holds; asks for the number to be typed."""
    with open_settled(arguments) as catalog:
        actions = purging.trashed(catalog, arguments.batch, arguments.older_than)
        if not actions:
            plain.say("nothing of that is in the trash")
            return Status.DONE
        total = sum(action.size for action in actions)
        for action in actions:
            plain.say(f"  {printable(action.source)}")
        plain.say(
            f"in the trash: {wording.count(len(actions), 'file')}, {wording.size(total)};"
            " each goes for good if the file that was kept in its stead is still there"
        )
        if not _consents(len(actions), arguments):
            plain.say("nothing was done")
            return Status.DONE
        line = ProgressLine()
        with stoppable() as control:
            try:
                outcome = purging.purge(
                    catalog, actions, confirmed=len(actions), report=line, control=control
                )
            finally:
                line.end()
    say_messages(outcome)
    plain.say(
        f"purged {wording.count(outcome.done, 'file')}{shortfall(outcome)};"
        f" freed {wording.size(outcome.bytes_freed)}"
    )
    return status_of(outcome)


def _catalog_if_any(arguments: argparse.Namespace) -> Catalog | None:
    """The catalog, settled; None where there is none, or none that can be used."""
    path = catalog_path(arguments)
    if not path.exists():
        if arguments.catalog is not None:
            shown = printable(os.fsencode(path))
            plain.note(f"twinsift: there is no catalog at {shown}; going by the record alone")
        return None
    try:
        return open_settled(arguments)
    except TwinsiftError as error:
        plain.note(f"twinsift: {error}; going by the record alone")
        return None


def _consents(number: int, arguments: argparse.Namespace) -> bool:
    given = arguments.confirm_purge
    if given is not None:
        if given != number:
            raise RefusedError(
                f"consent was given to purge {wording.count(given, 'file')}, not {number}",
                "look again",
            )
        return True
    wanted = f"purge {number}"
    question = f"This can't be undone. To go on type `{wanted}`: "
    return plain.ask(question, wanted, f"add --confirm-purge {number}")
