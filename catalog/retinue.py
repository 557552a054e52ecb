"""What goes along with the pictures of one plan: their companions, each once, and where they go."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from . import regular_file
from .companions import Names
from .decisions import Verb
from .destinations import Destinations, Protected
from .errors import RefusedError
from .identity import Identity
from .plan import Companion, PlanItem
from .settings import FileSettings


class _Leaving(NamedTuple):
    """A picture that leaves its folder."""

    item: PlanItem
    root: bytes
    target: bytes | None


class Retinue:
    """Collects the pictures that leave, then finds what belongs to them alone.

    A companion stays where a picture that it belongs to stays, where a person decided about it by
    itself, and where it is compared with its picture in one group: then it is no mere companion.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        settings: FileSettings,
        destinations: Destinations,
        protected: Protected,
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._destinations = destinations
        self._protected = protected
        self._folders: defaultdict[bytes, dict[bytes, _Leaving]] = defaultdict(dict)

    def leaves(self, item: PlanItem, root: bytes, target: bytes | None) -> None:
        """Note that a file of the indexed folder `root` leaves; `target` is that of a move."""
        folder, name = os.path.split(item.source)
        self._folders[folder][name] = _Leaving(item, root, target)

    def followed(self, items: Iterable[PlanItem]) -> list[PlanItem]:
        """The items, each with what goes along with it."""
        items = list(items)
        if not self._settings.companions:
            return items
        keepers = {item.keeper for item in items} | {i.source for i in items if i.verb.links}
        along: defaultdict[bytes, list[Companion]] = defaultdict(list)
        for folder, leaving in self._folders.items():
            for name, picture in self._going_along(folder, leaving, keepers).items():
                companion = self._companion(os.path.join(folder, name), leaving[picture])
                if companion is not None:
                    along[leaving[picture].item.source].append(companion)
        return [
            replace(item, companions=tuple(along[item.source])) if item.source in along else item
            for item in items
        ]

    def _going_along(
        self, folder: bytes, leaving: dict[bytes, _Leaving], keepers: set[bytes]
    ) -> dict[bytes, bytes]:
        """Names of companions, each with the picture that it is listed under."""
        try:
            names = Names.of(os.listdir(folder), self._settings)
        except OSError:
            return {}  # a folder that can't be listed shows no companions
        staying = {os.path.basename(path) for path in keepers if os.path.dirname(path) == folder}
        while True:
            along = names.going_along(leaving, staying)
            decided = {
                name
                for name in along
                if self._is_picture_by_itself(os.path.join(folder, name), list(leaving.values()))
            }
            if not decided:
                return along
            staying |= decided

    def _is_picture_by_itself(self, path: bytes, leaving: Sequence[_Leaving]) -> bool:
        """Whether a person decided about this file, or it is in a group with one that leaves."""
        root = leaving[0].root
        row = self._connection.execute(
            "SELECT f.content_id, d.file_id FROM file f JOIN root r ON r.id = f.root_id"
            " LEFT JOIN decision d ON d.file_id = f.id"
            " WHERE r.path = ? AND f.path = ? AND f.present",
            (root, os.path.relpath(path, root)),
        ).fetchone()
        if row is None:
            return False
        content_id, decided = row
        if decided is not None:
            return True
        shared = self._connection.execute(
            "SELECT b.content_id FROM group_member a"
            " JOIN group_member b USING (method, kind, group_id)"
            " WHERE a.content_id = ? AND a.method = 'evidence'",
            (content_id,),
        ).fetchall()
        contents = {found[0] for found in shared} | {content_id}
        ids = [other.item.file_id for other in leaving]
        return any(
            self._connection.execute(
                "SELECT content_id FROM file WHERE id = ?", (file_id,)
            ).fetchone()[0]
            in contents
            for file_id in ids
        )

    def _companion(self, path: bytes, leaving: _Leaving) -> Companion | None:
        """The companion at `path`, or None where it is left alone."""
        try:
            found = regular_file.stat_at(path)
            if found is None or not stat.S_ISREG(found.st_mode):
                return None
            self._protected.check_file(path)
            verb, destination = self._destination(path, leaving)
            self._protected.check(destination)
        except (OSError, RefusedError):
            return None
        return Companion(verb, path, destination, Identity.of(found), found.st_nlink)

    def _destination(self, path: bytes, leaving: _Leaving) -> tuple[Verb, bytes]:
        item = leaving.item
        if item.verb is Verb.MOVE and leaving.target is not None and item.destination is not None:
            name = renamed(os.path.basename(path), item.source, item.destination)
            renamed_path = os.path.join(os.path.dirname(path), name)
            return Verb.MOVE, self._destinations.moved(leaving.root, renamed_path, leaving.target)
        # Also beside what is deleted for good: nobody compared it with anything.
        return Verb.TRASH, self._destinations.trashed(leaving.root, path)


def renamed(name: bytes, source: bytes, destination: bytes) -> bytes:
    """A companion's name, changed as its picture's name is where that had to get a number."""
    before = os.path.splitext(os.path.basename(source))[0]
    after = os.path.splitext(os.path.basename(destination))[0]
    return after + name[len(before) :] if name.startswith(before) else name
