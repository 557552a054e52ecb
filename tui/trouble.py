"""What may go wrong without being a defect, in one line for the person."""

from __future__ import annotations

import sqlite3

from ..models.errors import TwinsiftError
from ..models.text import printable

TROUBLE = (TwinsiftError, sqlite3.Error, OSError)
"""Errors that are told on the screen, which goes on; anything else is a defect and ends it."""


def in_words(error: Exception) -> str:
    """An error of TROUBLE in one line, with the file and a remedy where there is one."""
    if isinstance(error, TwinsiftError):
        return str(error)
    if isinstance(error, sqlite3.Error):
        return f"the catalog can't be used: {printable(str(error))} (see `twinsift doctor`)"
    name = getattr(error, "filename", None)
    if isinstance(name, str | bytes):
        return f"{printable(name)}: {getattr(error, 'strerror', None) or 'failed'}"
    return printable(str(error))
