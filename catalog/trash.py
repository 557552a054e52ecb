"""Trash folders: each batch has a folder of its own, with a record that outlives the catalog.

    .twinsift-trash/2025-11-22-065512-9f3a1c07/files/holiday/img_1.jpg   in the structure it had
    .twinsift-trash/2025-11-22-065512-9f3a1c07/record.jsonl              where each came from

That is at the top of each indexed folder (of each file system in it), or in the folder of the
settings. The name keeps indexing out wherever it is.

The record is JSON Lines: a header, then one object a file with "stored" (relative to the batch's
folder), "source" (absolute), "digest" (BLAKE3-256, hex), "size", "mtime_ns", "keeper" and "at".
Names that aren't text hold lone surrogates (Python's surrogateescape). A line is on disk before its
file moves, so a line may have no file, but a file always has its line. Empty and torn lines mean
nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from contextlib import suppress

from .fileops import PREFIX, make_folders, sync_folder
from .journal import Action

FOLDER = PREFIX + b"trash"
"""The name of every trash."""

_FILES = b"files"
_RECORD = b"record.jsonl"


def batch_name() -> str:
    """A name for a batch's folder in each trash it uses; no two batches share one."""
    return f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(4)}"


def stored_path(top: bytes, name: str, relative: bytes) -> bytes:
    """Where the trash in the folder `top` keeps, for the batch `name`, a file called `relative`."""
    return os.path.join(top, FOLDER, os.fsencode(name), _FILES, relative)


def is_in_trash(path: bytes) -> bool:
    """Whether a path leads into a trash."""
    return FOLDER in path.split(os.fsencode(os.sep))


def enter(action: Action, name: str) -> None:
    """Write a file's line into its batch's record, durably, making the folders on the way.

    Raises:
        OSError: it can't be written; the record is as it was.
    """
    if action.destination is None:
        raise ValueError("a file that goes to the trash has a destination")
    folder = _batch_folder(action.destination, name)
    make_folders(os.path.dirname(action.destination), mode=0o700)
    line = {
        "stored": os.fsdecode(os.path.relpath(action.destination, folder)),
        "source": os.fsdecode(action.source),
        "digest": action.digest.hex(),
        "size": action.size,
        "mtime_ns": action.mtime_ns,
        "keeper": None if action.keeper is None else os.fsdecode(action.keeper),
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
    record = os.path.join(folder, _RECORD)
    header = {"twinsift": "trash record", "version": 1, "batch": name}
    descriptor = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        lines = [line] if os.fstat(descriptor).st_size else [header, line]
        # The newline first ends a line that a crash tore; readers pass over empty and torn lines.
        rest = b"".join(b"\n" + json.dumps(each).encode("ascii") for each in lines) + b"\n"
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(folder)


def tidy(stored: bytes, name: str) -> None:
    """Remove what is empty of a batch's folder after the file `stored` has left it."""
    folder = _batch_folder(stored, name)
    top = os.path.join(folder, _FILES)
    current = os.path.dirname(stored)
    with suppress(OSError):  # not empty: other files are still there
        while current != top:
            os.rmdir(current)
            current = os.path.dirname(current)
        os.rmdir(top)
        os.unlink(os.path.join(folder, _RECORD))
        os.rmdir(folder)
        os.rmdir(os.path.dirname(folder))


def _batch_folder(stored: bytes, name: str) -> bytes:
    """The batch's folder above a path that `stored_path` made."""
    inside = os.path.join(b"", os.fsencode(name), _FILES, b"")
    end = stored.index(os.fsencode(os.sep) + inside)
    return stored[: end + 1 + len(os.fsencode(name))]
