"""The files of one group side by side: a picture each, and below them what tells them apart."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..catalog.review import GroupDetail, Holder, Member
from ..models.evidence import Evidence, Verdict
from ..models.sentences import sentence
from ..models.text import printable
from .cells import Keep, clip, column
from .facts import Fact, facts
from .own_keys import in_force
from .preview import Drawn, Wanted
from .theme import BETTER, CURSOR, STAR, VERB_GLYPHS, VERB_WORDS
from .wording import SHORT_VERDICTS, home_short, percent

COMPONENTS = {
    "pane--title", "pane--cursor", "pane--dim", "pane--star", "pane--better", "pane--strong",
    "pane--keep", "pane--trash", "pane--move", "pane--delete", "pane--ground",
}  # fmt: skip


_LEAST_PATH = 20  # cells of a path, below which what else stands in its line gives way
_NOT_ON_CARDS = ("name", "changed")  # the one is above the picture, the other says little


class PaneWidget(Widget):
    """A widget that is drawn line by line in the styles of a pane."""

    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENTS

    def component(self, name: str) -> Style:
        """The style of a component class, without the `pane--` before its name; '' for none."""
        if not name:
            return Style()
        return self.get_component_rich_style(f"pane--{name}", partial=True)


class FilePane(PaneWidget):
    """One file: number, name, picture, and what is decided or suggested."""

    class Resized(Message):
        """The pane has another size."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.member: Member | None = None
        self.relation = ""
        """What the file is to the others, in a few words."""
        self.drawn: Drawn | None = None
        self.on_cursor = False

    def show(self, detail: GroupDetail, index: int, *, on_cursor: bool) -> None:
        """Show the file at an index of the group; the picture comes later by `picture`."""
        before, self.member = self.member, detail.members[index]
        self.number, self.on_cursor = index + 1, on_cursor
        self.relation = _relation(detail, index)
        width, height = self.size
        if before is not None and before.content_id == self.member.content_id:
            self.refresh(Region(0, 0, width, 1), Region(0, height - 1, width, 1))
        else:
            self.drawn = None
            self.refresh()

    def on_resize(self) -> None:
        """Another size needs another picture."""
        self.post_message(self.Resized())

    def wanted(self) -> Wanted | None:
        """The picture to be drawn for the pane's size; None where there is no file or no room."""
        columns, rows = self.size.width, self.size.height - 2
        if self.member is None or columns <= 0 or rows <= 0:
            return None
        return Wanted(self.member.content_id, columns, rows)

    def picture(self, drawn: Drawn | None) -> None:
        """Take the drawn picture."""
        if drawn is not self.drawn:
            self.drawn = drawn
            self.refresh(Region(0, 1, self.size.width, max(0, self.size.height - 2)))

    def render_line(self, y: int) -> Strip:
        """Title, picture, state."""
        width, height = self.size
        ground = self.rich_style
        if self.member is None:
            return Strip.blank(width, ground)
        if y == 0:
            return self._title(self.member, width)
        if y == height - 1:
            return self._state(self.member, width)
        return self._picture_line(y - 1, width, height - 2)

    def _title(self, member: Member, width: int) -> Strip:
        ground = self.rich_style + self.component("cursor" if self.on_cursor else "title")
        name = printable(os.path.basename(member.path))
        star = STAR if member.suggested else " "
        mark = CURSOR if self.on_cursor else " "
        return Strip(
            [
                Segment(f"{mark}{self.number} ", ground + self.component("strong")),
                Segment(f"{star} ", ground + self.component("star")),
                Segment(clip(name, width - 6, "middle"), ground + self.component("strong")),
            ]
        ).adjust_cell_length(width, ground)

    def _state(self, member: Member, width: int) -> Strip:
        ground = self.rich_style
        if member.verb is not None:
            text = f" {VERB_GLYPHS[member.verb]} {VERB_WORDS[member.verb]}"
            if member.target is not None:
                text += f" to {printable(home_short(member.target))}"
            style = ground + self.component(member.verb)
        elif member.suggested:
            text, style = f" {STAR} {member.reason}", ground + self.component("star")
        else:
            text = f" {self.relation}"
            if cell_len(text) > width:
                text = text.removesuffix(" alike")
            style = ground + self.component("dim")
        return Strip([Segment(clip(text, width), style)]).adjust_cell_length(width, ground)

    def _picture_line(self, y: int, width: int, height: int) -> Strip:
        ground = self.rich_style + self.component("ground")
        drawn = self.drawn
        if drawn is None or not drawn.strips:
            text = clip(drawn.reason if drawn else "…", width) if y == height // 2 else ""
            style = ground + self.component("dim")
            return Strip([Segment(text.center(width), style)]).adjust_cell_length(width, ground)
        row = y - (height - len(drawn.strips)) // 2
        if not 0 <= row < len(drawn.strips):
            return Strip.blank(width, ground)
        strip = drawn.strips[row]
        left = (width - strip.cell_length) // 2
        return Strip(
            [
                Segment(" " * left, ground),
                *(Segment(t, ground + (s or Style())) for t, s, _ in strip),
            ]
        ).adjust_cell_length(width, ground)


class FactsPane(PaneWidget):
    """What tells the files apart, below their pictures, and the evidence in a sentence.

    In a low window each file has a card: its differing facts side by side, and its folder. Where
    there is room they stand in a table, a row each.
    """

    LABEL = 9
    CARD_LINES = 3

    def __init__(self) -> None:
        super().__init__()
        self._detail: GroupDetail | None = None
        self._columns: tuple[int, ...] = ()
        self.facts: list[Fact] = []
        """What is shown."""
        self.sentence = ""
        """The evidence about the file under the cursor."""
        self._as_table = False

    def show(
        self,
        detail: GroupDetail,
        columns: Sequence[int],
        cursor: int,
        *,
        as_table: bool,
        all_of_them: bool = False,
    ) -> None:
        """Show what tells the files `columns` (indices) apart, and the evidence of `cursor`."""
        self._detail, self._columns = detail, tuple(columns)
        self.facts = facts(
            [detail.members[index] for index in columns],
            numbers=[index + 1 for index in columns],
            all_of_them=all_of_them,
        )
        self.sentence = _sentence(detail, cursor)
        self._as_table = as_table
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Facts from the top, the evidence in the last line or two."""
        width, height = self.size
        ground = self.rich_style
        if self._detail is None:
            return Strip.blank(width, ground)
        most = 2 if height >= 5 else 1
        parts = self.sentence.split("; ")  # the most important first, and none is cut in two
        lines = textwrap.wrap(self.sentence, max(10, width - 2))
        while len(lines) > most and len(parts) > 1:
            parts.pop()
            lines = textwrap.wrap("; ".join(parts) + ".", max(10, width - 2))
        if len(lines) > most:
            lines = [*lines[: most - 1], clip(" ".join(lines[most - 1 :]), width - 2)]
        if self._detail.shown_in:
            if y == height - 1:
                return self._also_seen(self._detail.shown_in, width)
            height -= 1
        first = height - len(lines)
        if y >= first:
            return Strip([Segment(f" {lines[y - first]}", ground)]).adjust_cell_length(
                width, ground
            )
        if self._as_table:
            return self._table_line(y, first, width)
        return self._card_line(y, min(first, self.CARD_LINES), width)

    def _also_seen(self, holders: Sequence[Holder], width: int) -> Strip:
        """The collages that show the group's picture too, by the first one's path."""
        ground = self.rich_style
        key = in_force(self.app).shown("review.collage")
        more = f", {len(holders) - 1} more" if len(holders) > 1 else ""
        head, tail, opens = " also seen in: ", f" (collage{more})", f" · {key} opens"
        room = width - len(head) - len(tail) - 1
        if room - cell_len(opens) >= _LEAST_PATH:
            tail, room = tail + opens, room - cell_len(opens)
        path = clip(printable(home_short(holders[0].path)), room, "end")
        style = ground + self.component("dim")
        return Strip([Segment(head + path + tail, style)]).adjust_cell_length(width, ground)

    # Cards ----------------------------------------------------------------------------------------

    def _card_line(self, y: int, height: int, width: int) -> Strip:
        """One line of all cards: facts that lie side by side, and the folder in the last line."""
        ground = self.rich_style
        edges = pane_edges(width, len(self._columns))
        if y >= height or not edges:
            return Strip.blank(width, ground)
        lines = self._wrapped(edges[0][1] - edges[0][0] - 1, height)
        segments: list[Segment] = []
        for place, (left, right) in enumerate(edges):
            used = sum(segment.cell_length for segment in segments)
            segments.append(Segment(" " * (left - used + 1), ground))
            room = right - left - 1
            for fact, wide in lines[y] if y < len(lines) else ():
                taken = min(wide, room)
                segments += self._value(fact, place, taken, ground)
                gap = min(2, room - taken)
                segments.append(Segment(" " * gap, ground))
                room -= taken + gap
        return Strip(segments).adjust_cell_length(width, ground)

    def _wrapped(self, room: int, height: int) -> list[list[tuple[Fact, int]]]:
        """The facts in lines, each with its width: the same for every card, so that they align."""
        paths = [fact for fact in self.facts if fact.is_path][:1]
        lines: list[list[tuple[Fact, int]]] = [[]]
        left = room
        for fact in self.facts:
            if fact.is_path or fact.label in _NOT_ON_CARDS:
                continue
            wide = max(map(cell_len, fact.values)) + cell_len(_mark(fact)) * bool(fact.better)
            if wide > left:
                if len(lines) >= height - len(paths):
                    break
                lines.append([])
                left = room
            lines[-1].append((fact, wide))
            left -= wide + 2
        if paths:
            lines = [*(line for line in lines if line), [(paths[0], room)]]
        return lines

    def _value(self, fact: Fact, place: int, width: int, ground: Style) -> list[Segment]:
        """A value in exactly `width` cells, marked where it's the better one."""
        better = place in fact.better
        style = ground + self.component(
            "better" if better else "strong" if not fact.is_path else ""
        )
        keep: Keep = "end" if fact.is_path else "middle"
        if better:
            mark = _mark(fact)
            text = f"{clip(fact.values[place], width - cell_len(mark), keep)}{mark}"
        else:
            text = fact.values[place]
        return [Segment(column(text, width, keep), style)]

    # Table ----------------------------------------------------------------------------------------

    def _table_line(self, y: int, height: int, width: int) -> Strip:
        ground = self.rich_style
        if y >= len(self.facts):
            return Strip.blank(width, ground)
        if y == height - 1 and len(self.facts) > height:
            key = in_force(self.app).shown("view.metadata")
            left = len(self.facts) - height + 1
            more = f" {'…':<{self.LABEL - 1}}{left} more: {key} shows all"
            style = ground + self.component("dim")
            return Strip([Segment(more, style)]).adjust_cell_length(width, ground)
        fact = self.facts[y]
        segments = [Segment(f" {fact.label:<{self.LABEL - 1}}", ground + self.component("dim"))]
        for place, (left, right) in enumerate(pane_edges(width, len(self._columns))):
            used = sum(segment.cell_length for segment in segments)
            start = max(left + 1, self.LABEL)
            segments.append(Segment(" " * (start - used), ground))
            segments += self._value(fact, place, right - start, ground)
        return Strip(segments).adjust_cell_length(width, ground)


def _mark(fact: Fact) -> str:
    """What stands after a better value: the glyph, and the word that says the same."""
    return f" {BETTER}{fact.word}"


def pane_edges(width: int, panes: int) -> list[tuple[int, int]]:
    """First column and the one after the last, of panes of equal width with gaps between."""
    if panes <= 0:
        return []
    gaps = panes - 1
    wide = (width - gaps) // panes
    spare = width - panes * wide  # what can't be shared out equally widens the gaps
    edges = []
    left = 0
    for place in range(panes):
        edges.append((left, left + wide))
        left += wide + (spare // gaps + (place < spare % gaps) if gaps else 0)
    return edges


def _compared(detail: GroupDetail, index: int) -> int:
    """The index of the file whose comparison with the representative tells most about this one.

    That is the file itself. But the representative was compared with all others: of these the
    suggested keeper counts, or, where the keeper is the representative, the only other file.
    """
    members = detail.members
    if not members[index].is_representative:
        return index
    if not detail.keeper.is_representative:
        return 0
    return 1 if len(members) == 2 else index


def _twins(detail: GroupDetail, index: int) -> list[int]:
    """The other files of the same content."""
    digest = detail.members[index].digest
    return [i for i, m in enumerate(detail.members) if m.digest == digest and i != index]


def _relation(detail: GroupDetail, index: int) -> str:
    """A file's verdict in a few words; names the file it was compared with where that isn't ★."""
    member, keeper = detail.members[index], detail.keeper
    if member.digest == keeper.digest:
        return f"{SHORT_VERDICTS[Verdict.IDENTICAL_FILE]} · {percent(1.0)} alike"
    if member.is_representative:  # its verdict says what it is to itself
        member = keeper
    words = f"{SHORT_VERDICTS[member.verdict]} · {percent(member.similarity)} alike"
    if keeper.is_representative or detail.members[index].is_representative:
        return words
    return f"{words} with {_seed(detail) + 1}"


def _seed(detail: GroupDetail) -> int:
    """The index of the first file of the representative's content."""
    return next(i for i, member in enumerate(detail.members) if member.is_representative)


def _sentence(detail: GroupDetail, index: int) -> str:
    """What was found out about the file under the cursor."""
    twins = _twins(detail, index)
    if twins and (index == 0 or 0 in twins):
        same = ", ".join(str(i + 1) for i in sorted([index, *twins]))
        return f"{same}: {sentence(Evidence(), Verdict.IDENTICAL_FILE)}."
    compared = _compared(detail, index)
    member = detail.members[compared]
    if member.is_representative:
        return f"{index + 1} is what the others were compared with."
    first, second = sorted((compared, _seed(detail)))
    words = sentence(member.evidence, member.verdict)
    also = f"; {index + 1} is identical to {twins[0] + 1}" if twins else ""
    return f"{first + 1} and {second + 1}: {words}{also}."
