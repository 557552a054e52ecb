"""The commands that open the interface: `twinsift PATH…`, `review` and `demo --open`."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ..catalog.database import Catalog
from ..catalog.settings import Settings
from ..models.errors import TwinsiftError
from ..models.text import printable
from . import plain, probe, tmux, wording
from .status import Status
from .targets import absolute, catalog_path, folders


def open_paths(arguments: argparse.Namespace, settings: Settings) -> int:
    """`twinsift PATH…`: index, match and review; without a PATH the library as it is."""
    places = folders(arguments.paths)
    return _review(arguments, settings, places, "groups" if places else "library")


def review(arguments: argparse.Namespace, settings: Settings) -> int:
    """Review the groups that are there."""
    Catalog.open(catalog_path(arguments), create=False).close()
    return _review(arguments, settings, (), "groups")


def demo(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make the demo library, and open it where asked to."""
    from . import demo as maker

    library = maker.make(absolute(arguments.folder))
    shown = printable(os.fsencode(library.folder))
    count = wording.count(library.files, "picture")
    plain.say(
        f"made a demo library of {count}: {shown}"
        if library.is_new
        else f"the demo library is there already, {count}; left as it is: {shown}"
    )
    if not arguments.open:
        plain.say(f"try: twinsift demo --open {shlex.quote(shown)}")
        return Status.DONE
    if arguments.catalog is None:
        arguments.catalog = library.folder / maker.CATALOG
    return _review(arguments, settings, (library.folder,), "groups")


def _review(
    arguments: argparse.Namespace,
    settings: Settings,
    places: Sequence[Path],
    start: Literal["library", "groups"],
) -> int:
    """Open the interface; without a terminal do the same work and list the groups."""
    if plain.is_terminal() and os.environ.get("TERM") != "dumb":
        with probe.asking(os.environ) as question:
            from .app import TwinsiftApp  # takes as long as most terminals do to answer
            from .terminal import detect

            outside = tmux.ask(os.environ)
            found = detect(os.environ, settings.screen, question.answers(), outside)
            app = TwinsiftApp(
                catalog_path(arguments),
                settings,
                index_on_start=places,
                start=start,
                terminal=found,
            )
            return app.run() or app.return_code or Status.DONE
    if not places:
        raise TwinsiftError(
            "the interface needs a terminal", "use `twinsift groups`, `plan` and `apply` instead"
        )
    from .commands_groups import print_groups
    from .commands_index import run_index, run_match

    plain.note("twinsift: there is no terminal for the interface; the groups are listed instead")
    path = catalog_path(arguments)
    status = run_index(path, list(places), settings)
    return max(status, run_match(path, settings), print_groups(arguments, settings))
