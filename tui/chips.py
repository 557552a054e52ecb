"""All files of a group in one line: number, star, decision; and the group's weakest link."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from ..catalog.review import GroupDetail, Member
from .panes import PaneWidget
from .theme import STAR, VERB_GLYPHS
from .wording import SHORT_VERDICTS, count, percent

_LEAST_CHIPS = 16  # cells that the chips keep beside the weakest link


class Chips(PaneWidget):
    """The files of a group as chips; where they don't fit, those around the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self._detail: GroupDetail | None = None
        self._cursor = 0

    def show(self, detail: GroupDetail, cursor: int) -> None:
        """Show a group, with the cursor on the file of an index."""
        self._detail, self._cursor = detail, cursor
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        width, ground = self.size.width, self.rich_style
        if self._detail is None or y:
            return Strip.blank(width, ground)
        members = self._detail.members
        head = f" {count(len(members), 'file')}: "
        chips = [_chip(index, member) for index, member in enumerate(members)]
        room, told = 0, ""
        for told in (*weakest_link(self._detail), ""):
            room = width - len(head) - cell_len(told) - 4
            if min(sum(map(cell_len, chips)), _LEAST_CHIPS) <= room:
                break
        first, last = around(chips, self._cursor, room)
        segments = [Segment(head if first == 0 else f"{head[:-1]}…", ground)]
        for index in range(first, last):
            style = "cursor" if index == self._cursor else "dim" if members[index].verb else ""
            segments.append(Segment(chips[index], ground + self.component(style)))
        if last < len(chips):
            segments.append(Segment("…", ground))
        used = sum(segment.cell_length for segment in segments)
        segments.append(Segment(" " * max(1, width - used - cell_len(told) - 1), ground))
        segments.append(Segment(told, ground + self.component("dim")))
        return Strip(segments).adjust_cell_length(width, ground)


def weakest_link(detail: GroupDetail) -> tuple[str, ...]:
    """Which file belongs least surely to the group, in more words and in fewer.

    'weakest link 1–3: cropped, 81 % alike', or none where that goes without saying.
    """
    weakest = detail.weakest
    if weakest is None or len(detail.members) < 3:
        return ()
    numbers = {member.file_id: number for number, member in enumerate(detail.members, 1)}
    seed = detail.representative
    pair = [numbers[weakest.file_id], numbers[seed.file_id] if seed is not None else 0]
    named = "–".join(str(number) for number in sorted(pair) if number)
    verdict, alike = SHORT_VERDICTS[weakest.verdict], percent(weakest.similarity)
    return (
        f"weakest link {named}: {verdict}, {alike} alike",
        f"weakest {named}: {verdict}, {alike}",
        f"weakest {named}: {alike}",
    )


def _chip(index: int, member: Member) -> str:
    star = STAR if member.suggested else ""
    return f" {index + 1}{star}{VERB_GLYPHS.get(member.verb or '', '')} "


def around(chips: list[str], cursor: int, room: int) -> tuple[int, int]:
    """The first chip and the one after the last, of as many around the cursor as there is room."""
    first, last = cursor, cursor + 1
    room -= cell_len(chips[cursor])
    while True:
        if (
            first > 0
            and cell_len(chips[first - 1]) <= room
            and (cursor - first <= last - cursor or last == len(chips))
        ):
            first -= 1
            room -= cell_len(chips[first])
        elif last < len(chips) and cell_len(chips[last]) <= room:
            room -= cell_len(chips[last])
            last += 1
        elif first > 0 and cell_len(chips[first - 1]) <= room:
            first -= 1
            room -= cell_len(chips[first])
        else:
            return first, last
