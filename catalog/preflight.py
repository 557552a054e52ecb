"""The last look before a file is touched: at the disk, whatever the catalog says."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..models.text import printable
from . import fileops, journal, trash
from .database import Catalog
from .decisions import Verb
from .destinations import Protected
from .errors import RefusedError
from .fileops import Held
from .identity import Identity
from .plan import PlanItem


class Preflight:
    """The checks of one batch's items; it knows everything that the batch will remove."""

    def __init__(self, catalog: Catalog, items: Iterable[PlanItem]) -> None:
        self._connection = catalog.connection
        self._protected = Protected(catalog.connection)
        leaving = [item.source for item in items]
        leaving += [action.source for action in journal.open_intents(catalog)]
        self._leaving = {_inode(path) for path in leaving}

    @contextmanager
    def cleared(self, item: PlanItem) -> Iterator[Held]:
        """The item's file, held and locked, its keeper too, both verified, for as long as it takes.

        Both are read in full and compared with the recorded digests; they are two different files;
        the keeper isn't about to be removed; neither the file nor its destination is in a reference
        folder; what the person decided is still what the item does.

        Raises:
            RefusedError: the item can't be cleared.
            OSError: one of the files can't be read.
        """
        self._protected.check_file(item.source)
        if item.destination is not None:
            self._protected.check(item.destination)
        if trash.is_in_trash(item.keeper):
            raise RefusedError(f"the file that is kept, {printable(item.keeper)}, is in the trash")
        if _inode(item.keeper) in self._leaving:
            raise RefusedError(
                f"the file that is kept, {printable(item.keeper)}, is to be removed too,"
                " or is another name of one that is"
            )
        self._check_decision(item)
        with fileops.hold(item.source, alone=True) as held:
            if held.identity[2:] == _inode(item.keeper):
                raise RefusedError(
                    f"it is the same file as the one that is kept, {printable(item.keeper)}"
                )
            with fileops.hold(item.keeper, alone=False) as keeper:
                if held.digest() != item.digest:
                    raise RefusedError(f"{printable(item.source)} has changed since it was indexed")
                if keeper.digest() != item.keeper_digest:
                    raise RefusedError(
                        f"the file that is kept, {printable(item.keeper)}, has changed since it was"
                        " indexed"
                    )
                for file in (held, keeper):  # nobody edited one while the other was read
                    if not file.is_at(file.path):
                        raise RefusedError(
                            f"{printable(file.path)} is being changed by another program"
                        )
                yield replace(held, keeper=keeper)

    def _check_decision(self, item: PlanItem) -> None:
        """Refuse what was decided otherwise since the plan was made, in another window say."""
        if not item.group_id:
            return  # found by a search, not decided
        decided = self._connection.execute(
            "SELECT verb, target FROM decision WHERE file_id = ?", (item.file_id,)
        ).fetchone()
        verb, target = decided or (Verb.KEEP, None)
        # Trash may have become deletion in the plan itself, where that was typed.
        stands = verb == item.verb or (verb == Verb.TRASH and item.verb is Verb.DELETE)
        if target is not None and item.destination is not None:
            stands = stands and item.destination.startswith(os.path.join(target, b""))
        if not stands:
            raise RefusedError(
                f"{printable(item.source)} was decided otherwise since the plan was made"
            )


def _inode(path: bytes) -> tuple[int, int] | None:
    """Device and inode of whatever is at `path`."""
    found = fileops.stat_at(path)
    return None if found is None else Identity.of(found)[2:]
