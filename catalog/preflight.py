"""The last look before a file is touched: at the disk, whatever the catalog says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace

from ..models.text import printable
from . import fileops, journal, regular_file, trash
from .database import Catalog
from .decisions import Verb
from .destinations import Protected
from .errors import RefusedError
from .identity import Identity
from .plan import Companion, Glance, Plan, PlanItem
from .regular_file import Held


@dataclass(frozen=True, slots=True)
class Cleared:
    """An item's files, held, locked and verified."""

    held: Held
    """With its keeper."""
    companions: tuple[tuple[Companion, Held], ...]
    """Those that are still there, each with its digest."""


class Preflight:
    """The checks of one batch's items; it knows everything that the batch will remove."""

    def __init__(self, catalog: Catalog, plan: Plan) -> None:
        self._connection = catalog.connection
        self._plan = plan
        self._protected = Protected(catalog.connection)
        leaving = [item.source for item in plan.items]
        leaving += [c.source for item in plan.items for c in item.companions]
        leaving += [action.source for action in journal.open_intents(catalog)]
        self._leaving_paths = frozenset(leaving)
        self._leaving: set[tuple[int, int] | None] = set()
        for path in leaving:
            with suppress(OSError):  # what can't be looked at isn't cleared either
                self._leaving.add(_inode(path))

    @contextmanager
    def cleared(self, item: PlanItem) -> Iterator[Cleared]:
        """The item's file, held and locked, its keeper too, both verified, for as long as it takes.

        Both are read in full and compared with the recorded digests (where a quick check was asked
        for, and nothing would be lost for good: with what they looked like when the plan was made);
        they are two different files; the keeper isn't about to be removed; neither the file nor its
        destination is in a reference folder, or behind a link that wasn't followed; what the person
        decided is still what the item does. What goes along is held and read as well.

        Raises:
            RefusedError: the item can't be cleared.
            OSError: one of the files can't be read.
        """
        self._check_places(item)
        self._check_decision(item)
        with ExitStack() as stack:
            held = stack.enter_context(regular_file.hold(item.source, alone=True))
            if held.identity[2:] == _inode(item.keeper):
                raise RefusedError(
                    f"it is the same file as the one that is kept, {printable(item.keeper)}"
                )
            if item.inode and held.identity.inode != item.inode:
                raise RefusedError(
                    f"{printable(item.source)} has been replaced since the plan was made"
                )
            keeper = stack.enter_context(_kept(item.keeper))
            if not _looks_right(item, held, keeper):
                _read_both(item, held, keeper)
            companions = tuple(self._companions(item, stack))
            for file in (held, keeper, *(other for _, other in companions)):
                if not file.is_at(file.path):  # nobody edited one while another was read
                    raise RefusedError(
                        f"{printable(file.path)} is being changed by another program"
                    )
            yield Cleared(replace(held, keeper=keeper), companions)

    def _check_places(self, item: PlanItem) -> None:
        for path, destination in (
            (item.source, item.destination),
            *((companion.source, companion.destination) for companion in item.companions),
        ):
            self._protected.check_file(path)
            if destination is not None:
                self._protected.check(destination)
            folder = os.path.dirname(path)
            if not self._plan.follows_links and os.path.realpath(folder) != folder:
                raise RefusedError(
                    f"{printable(path)} is behind a symbolic link now, which is not followed"
                )
        if item.verb is Verb.HARDLINK:  # editing the one name would edit the other
            self._protected.check(item.keeper)
        if trash.is_in_trash(item.keeper):
            raise RefusedError(f"the file that is kept, {printable(item.keeper)}, is in the trash")
        if item.keeper in self._leaving_paths or _inode(item.keeper) in self._leaving:
            raise RefusedError(
                f"the file that is kept, {printable(item.keeper)}, is to be removed too,"
                " or is another name of one that is"
            )

    def _check_decision(self, item: PlanItem) -> None:
        """Refuse what was decided otherwise since the plan was made, in another window say."""
        decided = self._connection.execute(
            "SELECT verb, target FROM decision WHERE file_id = ?", (item.file_id,)
        ).fetchone()
        if self._plan.is_from_file:  # stands for the decisions, but not against a later one
            stands = decided is None or decided[0] != Verb.KEEP
        elif not item.group_id:
            return  # found by a search, not decided
        else:
            verb, target = decided or (Verb.KEEP, None)
            # Trash may have become something else in the plan itself.
            stands = verb == item.verb or (verb == Verb.TRASH and item.verb is not Verb.MOVE)
            if target is not None and item.destination is not None:
                stands = stands and item.destination.startswith(os.path.join(target, b""))
        if not stands:
            raise RefusedError(
                f"{printable(item.source)} was decided otherwise since the plan was made"
            )

    def _companions(self, item: PlanItem, stack: ExitStack) -> Iterator[tuple[Companion, Held]]:
        """What goes along, held, with its digest; what is gone is passed over."""
        for companion in item.companions:
            if regular_file.stat_at(companion.source) is None:
                continue
            held = stack.enter_context(regular_file.hold(companion.source, alone=True))
            digest = held.digest()
            planned = companion.identity
            unchanged = (
                held.identity.size == planned.size
                and held.identity.mtime_ns == planned.mtime_ns
                and planned.inode in (0, held.identity.inode)
            )
            if digest != companion.digest if companion.digest else not unchanged:
                raise RefusedError(
                    f"{printable(companion.source)}, which goes along, has changed since the plan"
                    " was made"
                )
            yield replace(companion, digest=digest), held


@contextmanager
def _kept(path: bytes) -> Iterator[Held]:
    """`regular_file.hold` the file that stays, whose fault is told as such."""
    with ExitStack() as stack:
        try:
            held = stack.enter_context(regular_file.hold(path, alone=False))
        except (OSError, RefusedError) as error:
            fault = "" if isinstance(error, RefusedError) else "can't be read: "
            raise RefusedError(
                f"the file that is kept, {printable(path)}, {fault}{fileops.reason_of(error, path)}"
            ) from error
        yield held


def _looks_right(item: PlanItem, held: Held, keeper: Held) -> bool:
    """Whether a quick check will do, and finds both files as they were when the plan was made."""
    if item.glances is None or item.verb not in (Verb.TRASH, Verb.MOVE):
        return False

    def is_as(glance: Glance, file: Held) -> bool:
        same = glance.identity == file.identity
        return same and regular_file.sample_of(file.descriptor) == glance.sample

    return is_as(item.glances[0], held) and is_as(item.glances[1], keeper)


def _read_both(item: PlanItem, held: Held, keeper: Held) -> None:
    if held.digest() != item.digest:
        raise RefusedError(f"{printable(item.source)} has changed since it was indexed")
    if keeper.digest() != item.keeper_digest:
        raise RefusedError(
            f"the file that is kept, {printable(item.keeper)}, has changed since it was indexed"
        )


def _inode(path: bytes) -> tuple[int, int] | None:
    """Device and inode of whatever is at `path`."""
    found = regular_file.stat_at(path)
    return None if found is None else Identity.of(found)[2:]
