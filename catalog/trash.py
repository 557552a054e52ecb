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
from dataclasses import dataclass
from typing import Any

from ..models.text import printable
from .errors import RefusedError
from .fileops import PREFIX, make_folders, sync_folder
from .journal import Action

FOLDER = PREFIX + b"trash"
"""The name of every trash."""

_FILES = b"files"
_RECORD = b"record.jsonl"
_VERSION = 1


def batch_name() -> str:
    """A name for a batch's folder in each trash it uses; no two batches share one."""
    return f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(4)}"


def stored_path(top: bytes, name: str, relative: bytes) -> bytes:
    """Where the trash in the folder `top` keeps, for the batch `name`, a file called `relative`."""
    return os.path.join(top, FOLDER, os.fsencode(name), _FILES, relative)


def is_in_trash(path: bytes) -> bool:
    """Whether a path leads into a trash."""
    return FOLDER in path.split(os.fsencode(os.sep))


def has_record(path: bytes) -> bool:
    """Whether the batch's folder that `path` leads into is there, with its record."""
    parts = path.split(os.fsencode(os.sep))
    if FOLDER not in parts:
        return False
    folder = os.fsencode(os.sep).join(parts[: parts.index(FOLDER) + 2])
    return os.path.isfile(os.path.join(folder, _RECORD))


def is_of_batch(path: bytes, name: str) -> bool:
    """Whether a path is one that `stored_path` made for the batch `name`, and can be stored at."""
    inside = os.path.join(b"", FOLDER, os.fsencode(name), _FILES, b"")
    return path.count(os.fsencode(os.sep) + inside) == 1 and not path.endswith(inside)


def enter(action: Action, name: str) -> None:
    """Write a file's line into its batch's record, durably, making the folders on the way.

    Raises:
        RefusedError: the trash has become a link to another place.
        OSError: it can't be written; the record is as it was.
    """
    if action.destination is None:
        raise ValueError("a file that goes to the trash has a destination")
    folder = _batch_folder(action.destination, name)
    _check_own(folder)
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
    header = {"twinsift": "trash record", "version": _VERSION, "batch": name}
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


@dataclass(frozen=True, slots=True)
class Stored:
    """One line of a batch's record: a file that the trash may hold."""

    path: bytes
    """Where it is kept, absolute."""
    source: bytes
    """Where it came from, absolute."""
    digest: bytes
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Record:
    """A batch's folder, as its record tells."""

    folder: bytes
    name: str
    files: tuple[Stored, ...]
    """In the order in which they came; one that came twice stands once, as it came last."""
    unread: tuple[tuple[int, str], ...]
    """Number and fault of each line that is whole and yet can't be used."""


def batch_folders(folder: bytes) -> list[bytes]:
    """The batches' folders in a trash, in the folder that holds a trash, or the one that it is.

    Raises:
        RefusedError: it is none of them.
    """
    for trash in (folder, os.path.join(folder, FOLDER)):
        if os.path.isfile(os.path.join(trash, _RECORD)):
            return [trash]
        if os.path.basename(trash) == FOLDER and os.path.isdir(trash):
            below = sorted(os.path.join(trash, name) for name in os.listdir(trash))
            return [path for path in below if os.path.isfile(os.path.join(path, _RECORD))]
    raise RefusedError(
        f"{printable(folder)} is no trash of twinsift",
        f"give a {os.fsdecode(FOLDER)}, a batch's folder in it, or the folder that holds it",
    )


def read_record(folder: bytes) -> Record:
    """The record of a batch's folder; torn lines mean nothing, wrong ones are told.

    Raises:
        RefusedError: it has no record of a version that is known here.
        OSError: it can't be read.
    """
    place = os.path.join(folder, _RECORD)
    with open(place, "rb") as file:
        lines = file.read().splitlines()
    name, files, unread = "", dict[bytes, Stored](), list[tuple[int, str]]()
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue  # empty, or torn by a crash: its file had not moved yet
        if isinstance(entry, dict) and "twinsift" in entry:
            if entry.get("version") != _VERSION:
                raise RefusedError(f"{printable(place)} is of a newer twinsift", "update twinsift")
            name = str(entry.get("batch", ""))
            continue
        try:
            stored = _stored(folder, entry)
        except (ValueError, TypeError, KeyError) as error:
            unread.append((number, str(error) or type(error).__name__))
        else:
            files[stored.path] = stored
    if not name:
        raise RefusedError(f"{printable(place)} is no record of a trash: its head is missing")
    return Record(folder, name, tuple(files.values()), tuple(unread))


def _stored(folder: bytes, entry: Any) -> Stored:
    """A line's file.

    Raises:
        ValueError, TypeError, KeyError: the line isn't one that `enter` writes.
    """
    if not isinstance(entry, dict):
        raise TypeError("is no object")
    stored, source = os.fsencode(entry["stored"]), os.fsencode(entry["source"])
    path = os.path.join(folder, stored)
    inside = os.path.join(folder, _FILES, b"")
    if os.path.normpath(path) != path or not path.startswith(inside):
        raise ValueError('"stored" leads out of the folder')
    if not os.path.isabs(source) or os.path.normpath(source) != source or b"\0" in source:
        raise ValueError('"source" is no absolute path')
    digest = bytes.fromhex(entry["digest"])
    size, mtime_ns = entry["size"], entry["mtime_ns"]
    if len(digest) != 32 or type(size) is not int or type(mtime_ns) is not int or size < 0:
        raise ValueError('"digest", "size" or "mtime_ns" is wrong')
    return Stored(path, source, digest, size, mtime_ns)


def tidy(stored: bytes, name: str) -> None:
    """Remove what is empty of the batch `name`'s folder after the file `stored` has left it."""
    tidy_folder(stored, _batch_folder(stored, name))


def tidy_folder(stored: bytes, folder: bytes) -> None:
    """`tidy` for a batch's folder that may have been renamed."""
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


def _check_own(folder: bytes) -> None:
    """Refuse a batch's folder, or a trash, that another program has made a link to elsewhere.

    Raises:
        RefusedError: it isn't a folder of its own.
    """
    for path in (os.path.dirname(folder), folder, os.path.join(folder, _FILES)):
        if os.path.islink(path):
            raise RefusedError(
                f"the trash {printable(path)} is a symbolic link", "remove the link, or mount it"
            )
