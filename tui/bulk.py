"""Decisions about many groups at once: their totals first, then one step, both where one can wait.

A hundred thousand groups are read as they are needed and never held together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..catalog import decisions
from ..catalog.database import Catalog
from ..catalog.errors import Interrupted, RefusedError
from ..catalog.progress import Control, Meter, Report, silent
from ..catalog.review import GroupDetail, load_groups


@dataclass(frozen=True, slots=True)
class AcceptTotals:
    """What accepting the suggestion for some groups comes to."""

    groups: int = 0
    kept: int = 0
    removed: int = 0
    bytes: int = 0
    """Bytes on disk that would be freed; a file with several hard links counts once."""

    def plus(self, detail: GroupDetail) -> AcceptTotals:
        """With one group more."""
        chosen = decisions.keep_only(detail, detail.kept_in_bulk)
        away = {choice.file_id for choice in chosen if choice.verb.removes}
        inodes = {(m.device, m.inode): m.size for m in detail.members if m.file_id in away}
        return AcceptTotals(
            self.groups + 1,
            self.kept + len(chosen) - len(away),
            self.removed + len(away),
            self.bytes + sum(inodes.values()),  # links of kept files are never among them
        )


class Bulk:
    """Decides about groups of duplicates, given by their ids, over a thread's own connection."""

    def __init__(
        self,
        catalog: Catalog,
        ids: Sequence[str],
        order: tuple[str, ...],
        report: Report = silent,
        control: Control | None = None,
    ) -> None:
        """`order` holds the rules that suggest the keeper."""
        self._catalog = catalog
        self._ids = ids
        self._order = order
        self._report = report
        self._control = control or Control()

    def totals(self) -> AcceptTotals:
        """What `accept` would come to.

        Raises:
            Interrupted: the control stopped it.
        """
        found = AcceptTotals()
        for detail in self._details("adding up"):
            found = found.plus(detail)
        return found

    def accept(self, seen: AcceptTotals) -> AcceptTotals:
        """Accept the suggested keepers in one step, if that comes to what the person has seen.

        Raises:
            Interrupted: the control stopped it; nothing is recorded.
            RefusedError: the totals are others by now, or see `decisions.accept`; likewise.
        """
        decisions.accept(self._catalog, self._as_seen(seen))
        return seen

    def _as_seen(self, seen: AcceptTotals) -> Iterator[GroupDetail]:
        found = AcceptTotals()
        for detail in self._details("deciding"):
            found = found.plus(detail)
            yield detail
        if found != seen:  # the transaction that waits for this is taken back
            raise RefusedError("the groups have changed since they were added up", "add up again")

    def _details(self, stage: str) -> Iterator[GroupDetail]:
        meter = Meter(self._report, stage, len(self._ids))
        for detail in load_groups(self._catalog, self._ids, order=self._order):
            self._control.checkpoint()
            meter.add()
            yield detail


def mark_distinct(
    catalog: Catalog,
    ids: Sequence[str],
    kind: str,
    report: Report = silent,
    control: Control | None = None,
) -> tuple[int, str]:
    """Mark groups as no duplicates, a step each: how many were, and why others weren't ('': none).

    What is marked when the control stops it stays so.
    """
    meter, done, refused = Meter(report, "marking", len(ids)), 0, ""
    for group_id in ids:
        try:
            if control is not None:
                control.checkpoint()
            decisions.mark_distinct(catalog, group_id, kind=kind)
            done += 1
        except RefusedError as error:
            refused = refused or str(error)
        except Interrupted:
            break
        meter.add()
    return done, refused
