"""The command `catalog`: is the catalog's file whole, and a copy of it."""

from __future__ import annotations

import argparse
import os

from ..catalog import upkeep
from ..catalog.database import Catalog
from ..catalog.settings import Settings
from ..models.errors import TwinsiftError
from ..models.text import printable
from . import plain, wording
from .status import Status
from .targets import absolute, catalog_path


def catalog(arguments: argparse.Namespace, settings: Settings) -> int:
    """Check the catalog, or copy it to a file.

    Raises:
        TwinsiftError: `backup` without a FILE, or `check` with one.
    """
    if (arguments.action == "backup") != (arguments.file is not None):
        wrong = (
            "`catalog backup` needs a FILE" if arguments.file is None else "`check` needs no FILE"
        )
        raise TwinsiftError(wrong, "see `twinsift catalog --help`")
    with Catalog.open(catalog_path(arguments), create=False) as opened:
        shown = printable(os.fsencode(opened.path))
        if arguments.action == "backup":
            place = absolute(arguments.file)
            size = upkeep.back_up(opened, place)
            plain.say(f"{shown} copied to {printable(os.fsencode(place))}, {wording.size(size)}")
            return Status.DONE
        found = upkeep.faults(opened)
    for fault in found:
        plain.say(f"{shown}: {fault}")
    if found:
        plain.say("restore it from a backup, or index into another with --catalog FILE")
    else:
        plain.say(f"{shown} is whole")
    return Status.SOME_FAILED if found else Status.DONE
