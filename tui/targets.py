"""What the paths of the command line stand for: the catalog, folders and pictures."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from ..catalog import database, filesystem
from ..catalog.options import nearest
from ..models.errors import TwinsiftError
from ..models.text import printable
from . import plain
from .arguments import COMMANDS


def catalog_path(arguments: argparse.Namespace) -> Path:
    """The catalog's file: the one given, else the platform's."""
    given = arguments.catalog
    return database.default_path() if given is None else absolute(str(given))


def warn_of_network(arguments: argparse.Namespace) -> None:
    """Say so where the catalog is on a disk that can damage it."""
    path = catalog_path(arguments)
    if filesystem.of(path).is_network:
        shown = printable(os.fsencode(path))
        plain.note(
            f"twinsift: {shown} is on a network file system, where two machines at once can damage"
            " it; --catalog FILE keeps it on a local disk"
        )


def absolute(name: str) -> Path:
    """A path with `~` expanded and made absolute; links and `..` are left to the system."""
    return Path(os.path.join(os.getcwd(), os.path.expanduser(name)))


def folders(names: Sequence[str]) -> list[Path]:
    """The folders given, absolute.

    Raises:
        TwinsiftError: one isn't a folder; the remedy names the command that may have been meant.
    """
    found = []
    for name in names:
        path = absolute(name)
        if not path.is_dir():
            what = "is not a folder" if os.path.lexists(path) else "does not exist"
            likely = nearest(name, COMMANDS) if os.sep not in name else None
            remedy = f"did you mean `twinsift {likely}`?" if likely else "give an existing folder"
            raise TwinsiftError(f"{printable(name)} {what}", remedy)
        found.append(path)
    return found


def picture(name: str) -> Path:
    """The picture file given, absolute.

    Raises:
        TwinsiftError: there is no such file.
    """
    path = absolute(name)
    if not path.is_file():
        what = "is not a file" if os.path.lexists(path) else "does not exist"
        raise TwinsiftError(f"{printable(name)} {what}", "give an existing picture")
    return path
