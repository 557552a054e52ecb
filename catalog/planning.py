"""From decisions to a plan: what will happen to which file, why it may, and what it frees.

A plan touches nothing and promises nothing: `catalog.apply` checks every item on the disk again.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..models.text import printable
from . import fileops, regular_file, trash
from .database import Catalog
from .decisions import Verb
from .destinations import Destinations, Protected
from .errors import RefusedError
from .identity import Identity
from .plan import Glance, Plan, PlanItem, Refusal
from .retinue import Retinue
from .settings import Settings


class _File(NamedTuple):
    """A file of the catalog, as far as a plan needs it."""

    id: int
    root: bytes
    path: bytes
    content_id: int
    digest: bytes
    size: int
    present: int
    identity: Identity
    """As it was when it was indexed."""

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> _File:
        """A row of _FILE's columns."""
        file_id, root, path, content_id, digest, size, present, *seen = row
        identity = Identity(*seen)
        return cls(file_id, root, path, content_id, digest, size, present, identity)

    @property
    def source(self) -> bytes:
        return os.path.join(self.root, self.path)


class _Keeper(NamedTuple):
    """A file that stays, and may justify that another one goes."""

    path: bytes
    digest: bytes
    identity: Identity | None
    """As it was when it was indexed; None where it is no file of the catalog."""


_FILE = (
    "SELECT f.id, r.path, f.path, f.content_id, c.digest, c.size, f.present,"
    " f.size, f.mtime_ns, f.device, f.inode FROM file f"
    " JOIN root r ON r.id = f.root_id JOIN content c ON c.id = f.content_id"
)


def build(catalog: Catalog, settings: Settings, *, fast_check: bool = False) -> Plan:
    """The plan of all decisions that stand, in the order of their groups and paths.

    With `fast_check`, what has the size, time and inode that it was indexed with is looked at in
    samples and not read in full, here and when the plan is applied; see `preflight`.

    Each file needs a living keeper: a file of its group that is kept, by decision or for want of
    one, is there, and is another file (not another name of the same one).
    """
    connection = catalog.connection
    draft = _Draft(connection, settings, fast_check)
    keepers = _Keepers(connection)
    decided = connection.execute(
        "SELECT d.group_id, d.verb, d.target, d.content_id, f.id FROM decision d"
        " JOIN file f ON f.id = d.file_id WHERE d.verb != 'keep' ORDER BY d.group_id, f.path"
    ).fetchall()
    for group_id, verb, target, content_id, file_id in decided:
        file = _load(connection, file_id)
        if file is None or file.content_id != content_id:
            draft.refuse(_path_of(connection, file_id), "changed since it was decided")
        elif not file.present:
            draft.refuse(file.source, "is gone")
        else:
            draft.add(file, group_id, Verb(verb), target, keepers.of(file, group_id))
    return draft.plan()


def for_files(
    catalog: Catalog,
    settings: Settings,
    file_ids: Sequence[int],
    keeper: Path,
    verb: Verb,
    target: bytes | None = None,
) -> Plan:
    """The plan of doing `verb` with what a search found, justified by the picture searched with.

    Raises:
        RefusedError: the keeper can't be read.
    """
    path = os.path.abspath(os.fsencode(keeper))
    try:
        with regular_file.hold(path, alone=False) as held:
            digest = held.digest()
    except OSError as error:
        raise RefusedError(f"{printable(path)} can't be read: {error.strerror}") from error
    target = None if target is None else os.path.abspath(target)
    draft = _Draft(catalog.connection, settings, False)
    for file_id in dict.fromkeys(file_ids):
        file = _load(catalog.connection, file_id)
        if file is None or not file.present:
            draft.refuse(_path_of(catalog.connection, file_id), "is gone, or was never read")
        else:
            draft.add(file, "", verb, target, iter([_Keeper(path, digest, None)]))
    return draft.plan()


class _Draft:
    """A plan in the making."""

    def __init__(
        self, connection: sqlite3.Connection, settings: Settings, fast_check: bool
    ) -> None:
        self._name = trash.batch_name()
        self._follow_links = settings.index.follow_symlinks
        self._fast_check = fast_check
        self._destinations = Destinations(self._name, settings.files.trash)
        self._protected = Protected(connection)
        self._retinue = Retinue(connection, settings.files, self._destinations, self._protected)
        self._items: list[PlanItem] = []
        self._refusals: list[Refusal] = []

    def refuse(self, source: bytes, reason: str) -> None:
        """Note a file that stays where it is, and why."""
        self._refusals.append(Refusal(source, reason))

    def add(
        self,
        file: _File,
        group_id: str,
        verb: Verb,
        target: bytes | None,
        keepers: Iterator[_Keeper],
    ) -> None:
        """Add a file as an item, or as a refusal."""
        try:
            item = self._item(file, group_id, verb, target, keepers)
            self._items.append(item)
            if not verb.links:  # the link keeps the file's name, so what belongs to it stays
                self._retinue.leaves(item, file.root, target)
        except RefusedError as error:
            self.refuse(file.source, fileops.reason_of(error, file.source))
        except OSError as error:
            self.refuse(file.source, f"can't be looked at: {error.strerror}")

    def plan(self) -> Plan:
        """The plan so far, with what goes along with its files."""
        items = self._retinue.followed(self._items)
        return Plan(self._name, tuple(items), tuple(self._refusals), self._follow_links)

    def _item(
        self,
        file: _File,
        group_id: str,
        verb: Verb,
        target: bytes | None,
        keepers: Iterator[_Keeper],
    ) -> PlanItem:
        source = file.source
        self._protected.check_file(source)
        found = regular_file.stat_at(source)
        if found is None or not stat.S_ISREG(found.st_mode):
            raise RefusedError("is gone, or no regular file any more")
        folder = os.path.dirname(source)
        if not self._follow_links and os.path.realpath(folder) != folder:
            # Indexing followed no link, so what is there now is another place.
            raise RefusedError("is behind a symbolic link now, which is not followed")
        seen = Identity.of(found)
        if seen.size != file.size:
            raise RefusedError("has changed since it was indexed")
        if verb.links:
            keepers = (k for k in keepers if k.digest == file.digest)
        keeper, kept = _living(seen, keepers, verb)
        destination = None
        if verb is Verb.TRASH:
            destination = self._destinations.trashed(file.root, source)
        elif verb is Verb.MOVE:
            if target is None:
                raise RefusedError("has no folder to be moved to")
            destination = self._destinations.moved(file.root, source, target)
        if destination is not None:
            self._protected.check(destination)
        return PlanItem(
            file.id,
            group_id,
            verb,
            source,
            destination,
            seen.size,
            file.digest,
            seen.mtime_ns,
            seen.device,
            seen.inode,
            keeper.path,
            keeper.digest,
            found.st_nlink,
            glances=self._glances(file, seen, keeper, kept),
        )

    def _glances(
        self, file: _File, seen: Identity, keeper: _Keeper, kept: Identity
    ) -> tuple[Glance, Glance] | None:
        """What suffices to know both files again; None where only reading them in full does."""
        if not self._fast_check or seen != file.identity or kept != keeper.identity:
            return None
        samples = regular_file.sample_of_file(file.source), regular_file.sample_of_file(keeper.path)
        if file.digest == keeper.digest and samples[0] != samples[1]:
            raise RefusedError("or the file that is kept has changed since it was indexed")
        return Glance(seen, samples[0]), Glance(kept, samples[1])


def _living(seen: Identity, keepers: Iterator[_Keeper], verb: Verb) -> tuple[_Keeper, Identity]:
    """The first keeper that is there and is another file than the one `seen`, and what is there."""
    reason = "no other file of its group is kept"
    if verb.links:
        reason = "no file that is kept has the same bytes, so that a link would lose this one's"
    for keeper in keepers:
        other = regular_file.identity_at(keeper.path)
        if other is None:
            reason = f"the file that is kept, {printable(keeper.path)}, is gone"
        elif other[2:] == seen[2:]:  # device and inode
            reason = f"it is the same file as the one that is kept, {printable(keeper.path)}"
        elif other.device != seen.device and verb in (Verb.HARDLINK, Verb.REFLINK):
            reason = (
                f"the file that is kept, {printable(keeper.path)}, is on another file system, where"
                " no hard link or clone of it can be"
            )
        else:
            return keeper, other
    raise RefusedError(reason)


class _Keepers:
    """Which files of a group justify the removal of the others."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._decided: defaultdict[str, list[_File]] = defaultdict(list)
        rows = connection.execute(
            f"SELECT d.group_id, x.* FROM decision d JOIN ({_FILE}) x ON x.id = d.file_id"  # noqa: S608
            " WHERE d.verb = 'keep' AND x.present AND x.content_id = d.content_id ORDER BY x.id"
        )
        for row in rows:
            self._decided[row[0]].append(_File.of(row[1:]))

    def of(self, file: _File, group_id: str) -> Iterator[_Keeper]:
        """Each keeper, the best first: decided ones, then files left undecided.

        The second kind is looked up in the groups as they are now: of this id, or, where matching
        has formed them anew, any duplicate group that holds the file. Those of another method than
        the one that is reviewed justify nothing.
        """
        decided = self._decided[group_id]
        undecided = self._connection.execute(
            "SELECT DISTINCT x.* FROM group_member a"  # noqa: S608
            " JOIN group_member b USING (method, kind, group_id)"
            f" JOIN ({_FILE}) x ON x.content_id = b.content_id"
            " LEFT JOIN decision d ON d.file_id = x.id"
            " WHERE a.content_id = ? AND a.method = 'evidence'"
            " AND (a.group_id = ? OR a.kind = 'duplicate')"
            " AND x.present AND (d.verb IS NULL OR d.verb = 'keep') ORDER BY x.id",
            (file.content_id, group_id),
        )
        seen: set[int] = {file.id}
        for keeper in (*decided, *map(_File.of, undecided)):
            if keeper.id not in seen and not self._are_distinct(file, keeper):
                seen.add(keeper.id)
                yield _Keeper(keeper.source, keeper.digest, keeper.identity)

    def _are_distinct(self, file: _File, keeper: _File) -> bool:
        low, high = sorted((file.digest, keeper.digest))
        return bool(
            self._connection.execute(
                "SELECT 1 FROM distinct_pair WHERE low = ? AND high = ?", (low, high)
            ).fetchone()
        )


def _load(connection: sqlite3.Connection, file_id: int) -> _File | None:
    row = connection.execute(f"{_FILE} WHERE f.id = ?", (file_id,)).fetchone()
    return None if row is None else _File.of(row)


def _path_of(connection: sqlite3.Connection, file_id: int) -> bytes:
    row = connection.execute(
        "SELECT r.path, f.path FROM file f JOIN root r ON r.id = f.root_id WHERE f.id = ?",
        (file_id,),
    ).fetchone()
    return b"" if row is None else os.path.join(*row)
