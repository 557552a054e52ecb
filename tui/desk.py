"""Where decisions are made: the person's keys as recorded steps, without any screen."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..catalog import decisions, steps
from ..catalog.database import Catalog
from ..catalog.decisions import Choice, Verb
from ..catalog.review import GroupDetail, Member
from ..catalog.steps import Step
from .pace import Pace


class Desk:
    """Records decisions over the connection of the thread that shows the screen."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.pace = Pace()
        """How fast groups are decided in this session, one by one."""

    def keep(
        self,
        detail: GroupDetail,
        keep: Collection[int],
        verb: Verb = Verb.TRASH,
        target: bytes | None = None,
    ) -> Step | None:
        """Keep the files `keep` (ids) of a group and do `verb` with the others.

        None, here and below, where that is decided already.

        Raises:
            RefusedError: see `decisions.decide`.
        """
        chosen = decisions.keep_only(detail, keep, verb, target)
        step = decisions.decide(self._catalog, detail.id, chosen)
        if step is not None:
            self.pace.decided()
        return step

    def keep_all(self, detail: GroupDetail) -> Step | None:
        """Keep every file of a group."""
        return self.keep(detail, {member.file_id for member in detail.members})

    def mark(self, detail: GroupDetail, member: Member) -> Step | None:
        """Mark one file for the trash, or unmark it; files not decided yet are kept.

        Raises:
            RefusedError: it's the last file that would be kept, or a reference folder's.
        """
        chosen = [
            Choice(m.file_id, m.content_id, _toggled(m), None)
            if m is member
            else Choice(m.file_id, m.content_id, Verb(m.verb) if m.verb else Verb.KEEP, m.target)
            for m in detail.members
        ]
        return decisions.decide(self._catalog, detail.id, chosen)

    def set_verb(self, group_id: str, choices: Iterable[Choice]) -> Step | None:
        """Record other verbs for some files of a group."""
        return decisions.decide(self._catalog, group_id, list(choices))

    def clear(self, detail: GroupDetail) -> Step | None:
        """Forget the decisions about a group."""
        return decisions.clear(self._catalog, detail.id)

    def distinct(self, group_id: str, kind: str) -> Step | None:
        """Record that a group's files aren't duplicates; the group leaves the list."""
        step = decisions.mark_distinct(self._catalog, group_id, kind=kind)
        self.pace.decided()
        return step

    def undo(self, told: steps.Told = steps.nobody) -> Step | None:
        """Take back the last step; `told` as for `steps.undo`."""
        step = steps.undo(self._catalog, told)
        if step is not None:
            self.pace.undone()
        return step

    def redo(self, told: steps.Told = steps.nobody) -> Step | None:
        """Do the step again that was taken back last."""
        return steps.redo(self._catalog, told)


def _toggled(member: Member) -> Verb:
    return Verb.KEEP if member.verb not in (None, Verb.KEEP) else Verb.TRASH


def overwritten(detail: GroupDetail) -> int:
    """How many decisions keeping ★ and trashing the rest would turn round."""
    chosen = {c.file_id: c.verb for c in decisions.keep_only(detail, {detail.keeper.file_id})}
    return sum(m.verb not in (None, chosen[m.file_id]) for m in detail.members)
