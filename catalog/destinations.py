"""Where a file goes: free names, folders that keep the structure, the trash of a file system."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Collection

from ..models.text import printable
from . import regular_file, trash
from .errors import RefusedError

_NAME_MAX = 255  # bytes of one name on nearly every file system
_EXTENSION_MAX = 32  # a longer one is part of the name that happens to follow a dot


def free_path(wanted: bytes, taken: Collection[bytes] = ()) -> bytes:
    """`wanted`, or with ' (2)', ' (3)', ... before its extension, so that nothing has that name.

    The name may be taken a moment later: whoever uses it must still not overwrite.
    """
    folder, name = os.path.split(wanted)
    stem, extension = os.path.splitext(name)
    if len(extension) > _EXTENSION_MAX:
        stem, extension = name, b""
    candidate = wanted
    for number in itertools.count(2):
        if candidate not in taken and not os.path.lexists(candidate):
            break
        suffix = b" (%d)" % number + extension
        candidate = os.path.join(folder, _cut(stem, _NAME_MAX - len(suffix)) + suffix)
    return candidate


def _cut(stem: bytes, length: int) -> bytes:
    """The first bytes of a name, without half a character at the end where it is UTF-8."""
    try:
        stem.decode()
    except UnicodeDecodeError:
        return stem[:length]
    return stem[:length].decode(errors="ignore").encode()


class Destinations:
    """The destinations of one plan's files; no two get the same."""

    def __init__(self, batch: str, trash_setting: str) -> None:
        self._batch = batch
        self._trash = os.path.abspath(os.path.expanduser(os.fsencode(trash_setting)))
        self._has_trash = bool(trash_setting)
        self._taken: set[bytes] = set()
        self._devices: dict[bytes, int] = {}

    def moved(self, root: bytes, source: bytes, target: bytes) -> bytes:
        """Where a move to the folder `target` puts a file of the indexed folder `root`.

        Raises:
            RefusedError: it is in that folder already.
        """
        if source.startswith(os.path.join(target, b"")):
            raise RefusedError(f"{printable(source)} is in {printable(target)} already")
        return self._take(os.path.join(target, os.path.relpath(source, root)))

    def trashed(self, root: bytes, source: bytes) -> bytes:
        """Where the trash keeps a file: in the folder of the settings, else on its file system."""
        if self._has_trash:
            relative = os.path.relpath(source, os.sep.encode())
            return self._take(trash.stored_path(self._trash, self._batch, relative))
        top = self._top(root, os.path.dirname(source))
        return self._take(trash.stored_path(top, self._batch, os.path.relpath(source, top)))

    def _take(self, wanted: bytes) -> bytes:
        path = free_path(wanted, self._taken)
        self._taken.add(path)
        return path

    def _top(self, root: bytes, folder: bytes) -> bytes:
        """The highest folder below or at `root` that is on the file system of `folder`."""
        top = folder
        while top != root and self._device(os.path.dirname(top)) == self._device(folder):
            top = os.path.dirname(top)
        return top

    def _device(self, folder: bytes) -> int:
        if folder not in self._devices:
            self._devices[folder] = os.stat(folder).st_dev
        return self._devices[folder]


class Protected:
    """The folders that are never touched, known by path and by (device, inode)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._by_path: dict[bytes, str] = {}
        self._by_inode: dict[tuple[int, int], str] = {}
        for path, role in connection.execute("SELECT path, role FROM root"):
            self._by_path[path] = role
            try:
                found = os.stat(path)
            except OSError:
                continue  # not mounted now: its path still counts
            self._by_inode[found.st_dev, found.st_ino] = role

    def check(self, path: bytes) -> None:
        """Refuse a file whose deepest indexed folder, by whatever name, is not a normal one.

        Raises:
            RefusedError: it is in a reference or excluded folder.
        """
        folder = os.path.realpath(os.path.dirname(path))
        while True:
            role = self._by_path.get(folder)
            if role is None:
                try:
                    found = os.stat(folder)
                    role = self._by_inode.get((found.st_dev, found.st_ino))
                except OSError:
                    role = None  # not made yet
            if role is not None:
                break
            above = os.path.dirname(folder)
            if above == folder:
                return
            folder = above
        if role != "normal":
            raise RefusedError(
                f"{printable(path)} is in the {role} folder {printable(folder)}, which is never"
                " touched",
                "change the folder's role first",
            )

    def check_file(self, path: bytes) -> None:
        """`check` for a file that is there, and may be in such a folder under another name as well.

        A bind mount, like a hard link, shows one file at two places.

        Raises:
            RefusedError: it is in a reference or excluded folder, by whatever name.
            OSError: whether it is can't be told.
        """
        self.check(path)
        found = regular_file.identity_at(path)
        if found is None:
            return
        rows = self._connection.execute(
            "SELECT r.path, f.path, r.role FROM file f JOIN root r ON r.id = f.root_id"
            " WHERE f.device = ? AND f.inode = ? AND r.role != 'normal'",
            (found.device, found.inode),
        ).fetchall()
        for root, relative, role in rows:
            name = os.path.join(root, relative)
            other = regular_file.identity_at(name)
            if other is not None and other[2:] == found[2:]:  # device and inode, as they are now
                raise RefusedError(
                    f"{printable(path)} is the same file as {printable(name)}, which is in a {role}"
                    " folder and never touched"
                )
