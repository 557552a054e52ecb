"""The list of the plan: a section for each verb, a row for each file with the one that stays."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from ..catalog.decisions import Verb
from ..catalog.plan import PlanItem, Refusal
from ..models.text import printable
from .cells import clip, column
from .line_list import LineList
from .theme import CURSOR, VERB_GLYPHS
from .wording import count, home_short, size

SECTIONS: tuple[tuple[Verb, str], ...] = (
    (Verb.DELETE, "Delete for good"),
    (Verb.TRASH, "To the trash"),
    (Verb.MOVE, "Move"),
    (Verb.HARDLINK, "Hard link instead"),
    (Verb.REFLINK, "Clone instead, sharing the blocks"),
    (Verb.SYMLINK, "Symbolic link instead"),
)


@dataclass(frozen=True, slots=True)
class Heading:
    """The first row of a section; `items` are the section's."""

    text: str
    items: tuple[PlanItem, ...]


Row = Heading | PlanItem | Refusal


class PlanList(LineList):
    """Sections with a row each for file and keeper."""

    def __init__(self) -> None:
        super().__init__(
            id="plan",
            empty="Nothing is planned\n"
            "Decide some groups first: {everywhere.back} brings you to them.",
        )
        self.rows: list[Row] = []
        self.dropped: set[int] = set()
        """Files (ids) that are left alone this time."""
        self.base = b""
        """The folder that all paths have in common; it's told once, above the list."""

    def show(self, items: Sequence[PlanItem], refusals: Sequence[Refusal], base: bytes) -> None:
        """Show these, the cursor where it was; `base` is the folder that all lie in."""
        here = self.rows[self.cursor] if self.rows else None
        self.base = base
        self.rows = _rows(items, refusals)
        self.recount(_row_of(self.rows, here, self.cursor))

    def under_cursor(self) -> tuple[PlanItem, ...]:
        """The file under the cursor, or those of the section whose heading is."""
        entry = self.rows[self.cursor] if self.rows else None
        if isinstance(entry, Heading):
            return entry.items
        return (entry,) if isinstance(entry, PlanItem) else ()

    def row_count(self) -> int:
        """Headings, items and refusals."""
        return len(self.rows)

    def draw_row(self, row: int, width: int, style: Style) -> list[Segment]:
        """One heading, item or refusal."""
        entry = self.rows[row]
        mark = Segment(
            f" {CURSOR if row == self.cursor else ' '}", style + self.component("strong")
        )
        if isinstance(entry, Heading):
            text = clip(entry.text, width - 3)
            return [mark, Segment(text, style + self.component("head"))]
        if isinstance(entry, Refusal):
            path = column(self._shown(entry.source), width // 2, "end")
            reason = clip(printable(entry.reason), width - width // 2 - 7)
            tone = style + self.component("trash")
            return [mark, Segment("! ", tone), Segment(path, style), Segment(f"  {reason}", tone)]
        return [mark, *self._item(entry, width, style)]

    def _item(self, item: PlanItem, width: int, style: Style) -> list[Segment]:
        dim = style + self.component("dim")
        dropped = item.file_id in self.dropped
        tone = dim if dropped else style + self.component(item.verb)
        glyph = "–" if dropped else VERB_GLYPHS[item.verb]
        rest = width - 14
        stays = ""
        if dropped:
            told = "left alone this time"
        elif item.links > 1:
            told = "hard link, frees nothing"
        else:
            along = f"+{len(item.companions)} along · " if item.companions else ""
            told = f"{along}stays: "
            stays = self._shown(item.keeper)
        room = rest if rest < 48 else max(24, min(rest * 6 // 10, rest - 24))
        path = column(self._shown(item.source), room, "end")
        segments = [
            Segment(f"{glyph} ", tone),
            Segment(f"{size(item.size):>7}  ", dim),
            Segment(path, dim if dropped else style),
        ]
        if room < rest:  # in a narrow window the line above the keys tells it for the cursor's row
            told = clip(told, rest - room - 2)
            told += clip(stays, rest - room - 2 - cell_len(told), "end")
            segments.append(Segment(f"  {told}", dim))
        return segments

    def _shown(self, path: bytes) -> str:
        """A path below the common folder, or in full where it isn't."""
        base = os.path.join(self.base, b"")
        if self.base and path.startswith(base):
            return printable(path[len(base) :])
        return printable(home_short(path))


def _rows(items: Sequence[PlanItem], refusals: Sequence[Refusal]) -> list[Row]:
    rows: list[Row] = []
    for verb, text in SECTIONS:
        section = tuple(item for item in items if item.verb is verb)
        if section:
            total = size(sum(item.size for item in section))
            told = f"{text} · {count(len(section), 'file')} · {total}"
            if verb is Verb.TRASH:
                told += " · freed when the trash is emptied"
            rows.append(Heading(told, section))
            rows += section
    if refusals:
        rows.append(Heading(f"Refused · {count(len(refusals), 'file')}", ()))
        rows += refusals
    return rows


def _row_of(rows: Sequence[Row], here: Row | None, otherwise: int) -> int:
    """Where the entry that was under the cursor is now."""
    if isinstance(here, PlanItem):
        for row, entry in enumerate(rows):
            if isinstance(entry, PlanItem) and entry.file_id == here.file_id:
                return row
    return otherwise
