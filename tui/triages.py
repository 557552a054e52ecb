"""The groups of both kinds, duplicates and near shots, and the kind at hand."""

from __future__ import annotations

from collections.abc import Iterator

from .triage import Triage

_KINDS = ("duplicate", "near")


class Triages:
    """A Triage for each kind; `at_hand` is the one that is seen."""

    def __init__(self) -> None:
        self._by_kind = {kind: Triage(kind) for kind in _KINDS}
        self.at_hand = self._by_kind["duplicate"]

    def __iter__(self) -> Iterator[Triage]:
        return iter(self._by_kind.values())

    def __getitem__(self, kind: str) -> Triage:
        return self._by_kind[kind]

    def switch(self) -> None:
        """Take near shots in hand instead of duplicates, or the other way round."""
        self.at_hand = self._by_kind["near" if self.at_hand.kind == "duplicate" else "duplicate"]

    def holding(self, group_id: str) -> Triage | None:
        """The Triage that lists a group, shown or not; a group's id is of one kind only."""
        return next((triage for triage in self if triage.find(group_id) is not None), None)

    def show(self, group_id: str) -> bool:
        """Take the kind of a group in hand and go to it; False where the group isn't there."""
        triage = self.holding(group_id)
        if triage is None or not triage.show(group_id):
            return False
        self.at_hand = triage
        return True
