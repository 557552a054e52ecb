"""The view of a pair: captions, the pictures or the table of metadata, and what is said of them."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from dataclasses import replace

from rich.cells import cell_len
from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip
from textual.timer import Timer

from ..catalog.identity import Identity
from ..catalog.review import GroupDetail, Member
from ..models.text import printable
from .canvas import Canvas
from .cells import clip
from .fact_table import FactTable
from .facts import facts, with_tags
from .panes import PaneWidget
from .studio import Shown, Studio
from .theme import CURSOR, STAR
from .viewport import Viewport
from .views import Side, Sight, View, halves

BLINK_SECONDS = 0.6
_NAME = 10  # cells that a file's name keeps beside what is said of it
_LABEL = 20  # letters of the longest label


class Captions(PaneWidget):
    """The names of both files, the one that is seen marked, and a few words on each."""

    def __init__(self) -> None:
        super().__init__()
        self.names = ("", "")
        self.words = ("", "")
        self.stars = (False, False)
        self.marked: int | None = None

    def show(
        self, names: tuple[str, str], stars: tuple[bool, bool], words: tuple[str, str],
        marked: int | None,
    ) -> None:  # fmt: skip
        """Show other captions; `marked` is the one that is seen, None where both are."""
        told = (names, stars, words, marked)
        if told != (self.names, self.stars, self.words, self.marked):
            self.names, self.stars, self.words, self.marked = told
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Both, each over its half."""
        width = self.size.width
        segments: list[Segment] = []
        for place, (left, right) in enumerate(halves(width)):
            used = sum(segment.cell_length for segment in segments)
            segments.append(Segment(" " * (left - used), self.rich_style))
            segments += self._half(place, right - left)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _half(self, place: int, width: int) -> list[Segment]:
        seen = self.marked == place
        ground = self.rich_style + self.component("cursor" if seen else "title")
        head = CURSOR if seen else " "
        star = f"{STAR} " if self.stars[place] else ""
        words = self.words[place]
        room = width - len(head) - len(star) - 1
        if words and room - cell_len(words) - 1 < _NAME:
            # Reasons are cut off, a mere label gives way to the name.
            words = clip(words, room - _NAME - 1) if len(words) > _LABEL else ""
        name = clip(self.names[place], room - cell_len(words) - bool(words), "middle")
        segments = [
            Segment(head, ground + self.component("strong")),
            Segment(star, ground + self.component("star")),
            Segment(name, ground + self.component("strong")),
            Segment(f" {words}" if words else "", ground + self.component("dim")),
        ]
        return list(Strip(segments).adjust_cell_length(width, ground))


class Summary(PaneWidget):
    """A sentence in one line, or two."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def say(self, text: str) -> None:
        """Show another sentence."""
        if text != self.text:
            self.text = text
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """A line of the sentence, wrapped at words."""
        width, height = self.size
        lines = textwrap.wrap(self.text, max(10, width - 2))
        if len(lines) > height:
            lines = [*lines[: height - 1], clip(" ".join(lines[height - 1 :]), width - 2)]
        text = f" {lines[y]}" if y < len(lines) else ""
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(width, self.rich_style)


class Comparison(Vertical):
    """Looks at two files of a group in one of the views."""

    def __init__(self, studio: Studio, hold: Callable[..., None]) -> None:
        """`hold` has the terminal keep drawn pictures, where it can."""
        super().__init__()
        self.studio = studio
        self._hold = hold
        self.view: View | None = None
        """The view that is open; None: none is."""
        self.port = Viewport()
        self.shown: Shown | None = None
        """What came last for what is looked at."""
        self._members: tuple[Member, Member] | None = None
        self._numbers = (1, 2)
        self._timer: Timer | None = None
        self._full_is_due = False

    def compose(self) -> ComposeResult:
        """Captions, the picture or the table, the sentence."""
        yield Captions()
        yield Canvas(in_tiles=not self.studio.draws_pixels)
        yield FactTable()
        yield Summary()

    def on_unmount(self) -> None:
        """End the threads."""
        self.studio.close()

    # What is looked at ----------------------------------------------------------------------------

    def open(self, view: View, detail: GroupDetail, first: int, second: int) -> None:
        """Look at two files of a group, by their indices; zoom and place stay for the same pair."""
        members = detail.members[first], detail.members[second]
        ids = [member.file_id for member in members]
        if self._members is None or ids != [member.file_id for member in self._members]:
            self.port = Viewport()
            self.shown = None
            self._full_is_due = False
            self.query_one(Canvas).turn = 0
            self.query_one(Canvas).show(())
        if view is not self.view:
            self.query_one(Canvas).show(())
            self.shown = None
        self._members, self._numbers, self.view = members, (first + 1, second + 1), view
        is_table = view is View.METADATA
        self.query_one(Canvas).display = not is_table
        self.query_one(FactTable).display = is_table
        self.query_one(Summary).styles.height = (
            2 if is_table or self.screen.size.height >= 20 else 1
        )
        if is_table:
            self.query_one(FactTable).scroll_home(animate=False)
        if view is not View.FLICKER:
            self.hold()
        self._tell()
        self.call_after_refresh(self.ask)

    def close(self) -> None:
        """Look at nothing."""
        self.hold()
        self.view = self.shown = self._members = None
        self.studio.want(None)

    def sight(self) -> Sight | None:
        """What is wanted now; None where nothing is, or there is no room."""
        size = self.query_one(Canvas).size
        if self.view is None or self._members is None:
            return None
        if self.view is not View.METADATA and (size.width < 3 or size.height < 1):
            return None
        first, second = (
            Side(
                number, m.content_id, m.path, Identity(m.size, m.mtime_ns, m.device, m.inode),
                (m.width, m.height),
            )
            for number, m in zip(self._numbers, self._members, strict=True)
        )  # fmt: skip
        if self.view is View.METADATA:
            return Sight(self.view, first, second, Viewport(), 0, 0)
        port = self.port if self.view in (View.FLICKER, View.ZOOM) else Viewport()
        return Sight(self.view, first, second, port, *self.studio.box(size.width, size.height))

    @on(Canvas.Resized)
    def ask(self) -> None:
        """Have what is looked at made for the present size."""
        sight = self.sight()
        if sight is not None and (self.shown is None or self.shown.sight != sight):
            self.studio.want(sight)

    def take(self, shown: Shown) -> None:
        """Show what was made, if it is still wanted."""
        if shown.sight != self.sight():
            return
        self.shown = shown
        if shown.sight.view is not View.METADATA:
            if len(shown.drawn) > 1:
                self._hold(*shown.drawn)
            self.query_one(Canvas).show(shown.drawn)
        self._tell()
        if self._full_is_due:
            self._full_is_due = False
            self.toggle_full()

    def _tell(self) -> None:
        """Names, words and table as far as they are known."""
        if self._members is None or self.view is None:
            return
        shown = self.shown
        names = tuple(
            f"{number} {printable(os.path.basename(member.path))}"
            for number, member in zip(self._numbers, self._members, strict=True)
        )
        marked = self.query_one(Canvas).turn if self.view is View.FLICKER else None
        words = shown.captions if shown is not None else ("", "")
        self.query_one(Captions).show(
            (names[0], names[1]),
            (self._members[0].suggested, self._members[1].suggested),
            words,
            marked,
        )
        if self.view is View.METADATA:
            self._tell_metadata()
            return
        if shown is None:
            self.query_one(Summary).say("laying one over the other…")
        else:
            self.query_one(Summary).say(shown.trouble or shown.summary)

    def _tell_metadata(self) -> None:
        if self._members is None:
            return
        told = self.shown.tags if self.shown is not None else (None, None)
        rows = facts(self._members, numbers=self._numbers, all_of_them=True)
        known = [tags if isinstance(tags, tuple) else () for tags in told]
        rows = with_tags(rows, known[0], known[1])
        self.query_one(FactTable).show(rows)
        differing = sum(row.differs for row in rows)
        parts = [f"{differing} of {len(rows)} rows differ"]
        states: dict[str, list[str]] = {}
        for number, tags in zip(self._numbers, told, strict=True):
            if not isinstance(tags, tuple):
                state = "are being read…" if tags is None else f"can't be read: {tags}"
                states.setdefault(state, []).append(str(number))
        parts += [f"the tags of {' and '.join(of)} {state}" for state, of in states.items()]
        self.query_one(Summary).say("; ".join(parts))

    # Keys -----------------------------------------------------------------------------------------

    @property
    def is_blinking(self) -> bool:
        """Whether the two pictures take turns by themselves."""
        return self._timer is not None

    def blink(self) -> None:
        """Have the pictures take turns by themselves."""
        if self._timer is None:
            self._timer = self.set_interval(BLINK_SECONDS, self._turn)

    def hold(self) -> None:
        """Keep the one that is seen."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def flip(self) -> None:
        """Show the other one, and keep it."""
        self.hold()
        self._turn()

    def _turn(self) -> None:
        self.query_one(Canvas).flip()
        self._tell()

    def magnify(self, steps: int) -> None:
        """Larger or smaller."""
        self._look_from(self.port.magnified(steps, self._whole()))

    def toggle_full(self) -> None:
        """From whole to 100 %, and from any other size to whole; as soon as 100 % is known."""
        if self.shown is None:
            self._full_is_due = not self._full_is_due
            return
        full = replace(self.port, zoom=self._whole())
        self._look_from(full if self.port.is_whole else Viewport())

    def pan(self, across: int, down: int) -> None:
        """Go on in the frame, or in the table."""
        if self.view is View.METADATA:
            self.query_one(FactTable).scroll_relative(y=down, animate=False)
        elif self.shown is not None and not self.port.is_whole:
            self._look_from(self.port.panned(across, down, self.shown.seen))

    def _whole(self) -> float:
        return self.shown.whole if self.shown is not None else 1.0

    def _look_from(self, port: Viewport) -> None:
        if port != self.port:
            self.port = port
            self.ask()
