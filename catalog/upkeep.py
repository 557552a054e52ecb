"""Looking after the catalog's file: is it whole, and a copy of it that can stand in its place."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from ..models.text import printable
from .database import Catalog
from .errors import CatalogError
from .exclusive_rename import rename_exclusively
from .fileops import sync_folder

_MOST = 20  # faults told of one kind: a damaged file can have thousands


def faults(catalog: Catalog) -> list[str]:
    """What is wrong with a catalog, one line each; empty where all of it is whole.

    The pages and indexes are checked, that every row's references lead somewhere, and that no file
    action is left open by a run that was cut off.
    """
    found: list[str] = []
    try:
        rows = catalog.connection.execute(f"PRAGMA integrity_check({_MOST})").fetchall()
        found += [printable(text) for (text,) in rows if text != "ok"]
        dangling = catalog.connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST)
        found += [f"a row of {table} leads to no row of {to}" for table, _, to, _ in dangling]
    except sqlite3.DatabaseError as error:
        found.append(str(error))
    return found


def back_up(catalog: Catalog, place: Path) -> int:
    """Copy a catalog that may be in use to a new file that nobody else can read; its size in bytes.

    The copy is checked, and durable on return.

    Raises:
        CatalogError: there is such a file, it can't be written, or the catalog is damaged.
    """
    shown = printable(os.fsencode(place))
    if os.path.lexists(place):
        raise CatalogError(f"there is a file {shown} already", "choose another name")
    growing = place.with_name(f".{place.name}.growing")
    try:
        with suppress(FileNotFoundError):
            growing.unlink()  # of a backup that was cut off
        os.close(os.open(growing, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with closing(sqlite3.connect(growing)) as copy:
                catalog.connection.backup(copy, pages=4096)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
                bad = [
                    text for (text,) in copy.execute("PRAGMA integrity_check(1)") if text != "ok"
                ]
            if bad:
                raise CatalogError(
                    f"{printable(os.fsencode(catalog.path))} is damaged: {printable(bad[0])}",
                    "restore it from an earlier backup",
                )
            with open(growing, "rb+") as file:
                os.fsync(file.fileno())
            rename_exclusively(os.fsencode(growing), os.fsencode(place))
        except BaseException:
            with suppress(FileNotFoundError):
                growing.unlink()
            raise
        sync_folder(os.fsencode(place.parent))
    except OSError as error:
        raise CatalogError(f"{shown} can't be written: {error.strerror}") from error
    except sqlite3.Error as error:
        raise CatalogError(f"the catalog can't be copied to {shown}: {error}") from error
    return place.stat().st_size
