"""The commands that open the interface: `twinsift PATH…`, `review` and `demo --open`."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ..catalog import settings_file
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
    """Open the interface, or talk in lines; without a terminal do the same work and list."""
    is_dumb = os.environ.get("TERM") == "dumb"
    if settings.screen.plain or (plain.is_terminal() and is_dumb):
        return _talk(arguments, settings, places)
    if plain.is_terminal():
        return _show(arguments, settings, places, start)
    if not places:
        raise TwinsiftError(
            "the interface needs a terminal",
            "use --plain, or `twinsift groups`, `plan` and `apply`",
        )
    from .commands_groups import print_groups

    plain.note("twinsift: there is no terminal for the interface; the groups are listed instead")
    status = _find_groups(catalog_path(arguments), places, settings)
    return max(status, print_groups(arguments, settings))


def _show(
    arguments: argparse.Namespace,
    settings: Settings,
    places: Sequence[Path],
    start: Literal["library", "groups"],
) -> int:
    """The interface of screens."""
    with probe.asking(os.environ) as question:
        from .app import TwinsiftApp  # takes as long as most terminals do to answer
        from .own_keys import OwnKeys
        from .terminal import detect

        file = printable(str(arguments.settings or settings_file.default_path()))
        own_keys = OwnKeys(settings.keys, f"{file}: [keys]")
        outside = tmux.ask(os.environ)
        found = detect(os.environ, settings.screen, question.answers(), outside)
        app = TwinsiftApp(
            catalog_path(arguments),
            settings,
            index_on_start=places,
            start=start,
            terminal=found,
            own_keys=own_keys,
            settings_path=arguments.settings,
        )
        return app.run(mouse=settings.screen.mouse) or app.return_code or Status.DONE


def _talk(arguments: argparse.Namespace, settings: Settings, places: Sequence[Path]) -> int:
    """The dialogue of lines; folders are indexed before it begins."""
    from .commands_files import open_settled
    from .dialogue import Dialogue

    path = catalog_path(arguments)
    status = _find_groups(path, places, settings) if places else Status.DONE
    plain.take_any_bytes()
    with open_settled(arguments) as catalog:
        asks = sys.stdin.isatty()
        try:
            return max(status, Dialogue(catalog, settings, asks=asks).run())
        except KeyboardInterrupt:
            plain.say()
            plain.say("left; decisions are kept")
            return Status.INTERRUPTED


def _find_groups(path: Path, places: Sequence[Path], settings: Settings) -> int:
    from .commands_index import run_index, run_match

    live = False if settings.screen.plain else None
    status = run_index(path, list(places), settings, live=live)
    return max(status, run_match(path, settings, live=live))
