"""A list of any length that draws only the rows in view: cursor, motions with counts, mouse.

First paint and key presses cost the same at a hundred and at a hundred thousand rows.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .keymap import bindings
from .own_keys import in_force

_MOST_COUNTED = 10_000_000  # a count typed by a cat must not become a number of any length


class LineList(ScrollView, can_focus=True):
    """The base of every list: subclasses say how many rows there are and draw one."""

    BINDINGS = bindings("list")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--cursor", "line--dim", "line--strong", "line--head", "line--marked",
        "line--keep", "line--trash", "line--move", "line--delete", "line--star",
        "line--hardlink", "line--reflink", "line--symlink",
    }  # fmt: skip

    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class Moved(Message):
        """The cursor came to rest on another row."""

        list: LineList
        row: int

        @property
        def control(self) -> LineList:
            """The list, for `@on` selectors."""
            return self.list

    @dataclass
    class Chosen(Message):
        """A row was chosen with a double click (keys are the screen's)."""

        list: LineList
        row: int

        @property
        def control(self) -> LineList:
            """The list, for `@on` selectors."""
            return self.list

    def __init__(self, *, id: str | None = None, empty: str = "") -> None:
        super().__init__(id=id)
        self.empty = empty
        """What is said where there are no rows; lines are centred."""
        self._count = 0

    # What a subclass provides -----------------------------------------------------------------

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def draw_row(self, row: int, width: int, style: Style) -> list[Segment]:
        """The segments of a row, on the ground that `style` gives."""
        raise NotImplementedError

    def can_rest(self, row: int) -> bool:
        """Whether the cursor may stand on a row."""
        return True

    # Drawing ------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Measure the rows for the first time."""
        super().on_mount()
        self.recount()

    def recount(self, cursor: int | None = None, *, hold: bool = False) -> None:
        """Take over a changed number of rows, with the cursor on row `cursor`.

        Where `hold`, the row under the cursor stays on its line of the screen: rows that arrive
        above it move the list's start instead.
        """
        count = self.row_count()
        line = self.cursor - self.scroll_offset.y
        self.virtual_size = Size(0, count)
        wanted = self.cursor if cursor is None else cursor
        self.set_reactive(LineList.cursor, max(0, min(wanted, count - 1)))
        if hold:
            self.scroll_to(y=self.cursor - line, animate=False, force=True)
        self._show_cursor()
        self.refresh()

    def component(self, *names: str) -> Style:
        """The style of component classes, without the `line--` before their names."""
        return self.get_component_rich_style(*(f"line--{name}" for name in names), partial=True)

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        width = self.scrollable_content_region.width
        count = self.row_count()
        row = y + self.scroll_offset.y
        ground = self.rich_style
        if count == 0:
            return self._empty_line(y, width, ground)
        if row >= count:
            return Strip.blank(width, ground)
        style = ground
        if row == self.cursor:
            style += self.component("cursor")
        return Strip(self.draw_row(row, width, style)).adjust_cell_length(width, style)

    def _empty_line(self, y: int, width: int, ground: Style) -> Strip:
        told = in_force(self.app).told(self.empty)
        lines = [part for line in told.splitlines() for part in textwrap.wrap(line, width)]
        line = y - max(0, (self.scrollable_content_region.height - len(lines)) // 2)
        if not 0 <= line < len(lines):
            return Strip.blank(width, ground)
        text = lines[line].center(width)
        style = ground + (self.component("strong") if line == 0 else self.component("dim"))
        return Strip([Segment(text, style)]).adjust_cell_length(width, ground)

    # Moving -------------------------------------------------------------------------------------

    def watch_cursor(self, before: int, after: int) -> None:
        """Redraw the two rows that changed and bring the cursor into view."""
        if before == after:
            return
        self.refresh_line(before)
        self.refresh_line(after)
        self._show_cursor()
        self.post_message(self.Moved(self, after))

    def _show_cursor(self) -> None:
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        if height <= 0:
            return
        if self.cursor < top or (self.cursor == 1 and not self.can_rest(0)):
            # the heading above the first row that can be rested on comes into view with it
            self.scroll_to(y=0 if self.cursor <= 1 else self.cursor, animate=False, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True)

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._show_cursor()

    def go_to(self, row: int, direction: int = 1) -> None:
        """Put the cursor on a row, or on the nearest one in `direction` that it can stand on."""
        count = self.row_count()
        row = max(0, min(row, count - 1))
        for way in (direction, -direction):
            found = row
            while 0 <= found < count and not self.can_rest(found):
                found += way
            if 0 <= found < count:
                self.cursor = found
                return

    def _take_count(self) -> int:
        taken, self._count = self._count, 0
        return taken

    def action_digit(self, digit: int) -> None:
        """Add a digit to the count of the next motion."""
        self._count = min(self._count * 10 + digit, _MOST_COUNTED)

    def action_move(self, rows: int) -> None:
        """Go some rows down (or up)."""
        self.go_to(self.cursor + rows * (self._take_count() or 1), 1 if rows > 0 else -1)

    def action_page(self, pages: int) -> None:
        """Go half a view down (or up)."""
        half = max(1, self.scrollable_content_region.height // 2)
        self.go_to(self.cursor + pages * half * (self._take_count() or 1), pages)

    def action_first(self) -> None:
        """Go to the first row."""
        self._take_count()
        self.go_to(0, 1)

    def action_last(self) -> None:
        """Go to the last row, or to the row that was typed before."""
        typed = self._take_count()
        self.go_to(typed - 1 if typed else self.row_count() - 1, -1)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row; a double click chooses it."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        row = offset.y + self.scroll_offset.y
        if row < self.row_count() and self.can_rest(row):
            self.cursor = row
            if event.chain == 2:
                self.post_message(self.Chosen(self, row))
