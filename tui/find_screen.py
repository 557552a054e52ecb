"""Find: pictures like one picture, ranked; from there to a comparison and to a plan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from ..catalog import library
from ..catalog.database import Catalog
from ..catalog.decisions import Verb
from ..catalog.plan import Plan
from ..catalog.roots import list_roots
from ..models.text import printable
from .cells import column
from .compare_screen import CompareScreen
from .folder_picker import FolderPicker
from .keymap import bindings
from .line_list import LineList
from .pasted import path_of
from .place import Place
from .plan_screen import PlanScreen
from .search import Found, plan_for, search
from .theme import CURSOR, MARK
from .trouble import TROUBLE, in_words
from .wording import SHORT_VERDICTS, count, home_short, percent, size

_LEAST, _MOST = 30, 100  # per cent


class AskLine(Input):
    """The line for the picture's path."""

    BINDINGS = bindings("ask")

    class Done(Message):
        """The person wants the list of hits, or None of it: where the cursor goes."""

    class Pick(Message):
        """The person wants to pick the picture."""

    def action_leave(self) -> None:
        """Go down to the hits."""
        self.post_message(self.Done())

    def action_cancel(self) -> None:
        """Go down to the hits, leaving the line."""
        self.post_message(self.Done())

    def action_pick(self) -> None:
        """Pick the picture from the folders."""
        self.post_message(self.Pick())


class HitList(LineList):
    """The hits, the most similar first."""

    def __init__(self) -> None:
        super().__init__(id="hits")
        self.found: Found | None = None
        self.marks: set[int] = set()
        """Files (ids)."""

    def row_count(self) -> int:
        """The hits."""
        return len(self.found.hits) if self.found else 0

    def titles(self, width: int) -> str:
        """The column titles for rows of `width` cells."""
        wide = "  pixels     " if width >= 72 else ""
        return f"    alike  {column('verdict', 11)}{wide}  {'size':>7}  file"

    def draw_row(self, row: int, width: int, style: Style) -> list[Segment]:
        """One hit."""
        if self.found is None:
            return []
        hit = self.found.hits[row]
        dim = style + self.component("dim")
        marked = hit.file_id in self.marks
        verdict = "–" if hit.verdict is None else SHORT_VERDICTS[hit.verdict]
        segments = [
            Segment(CURSOR if row == self.cursor else " ", style + self.component("strong")),
            Segment(MARK if marked else " ", style + self.component("marked")),
            Segment(f" {percent(hit.similarity):>6}", style + self.component("strong")),
            Segment(f"  {column(verdict, 11)}", style),
        ]
        if width >= 72:
            segments.append(Segment(f"  {column(f'{hit.width}×{hit.height}', 11)}", dim))
        segments.append(Segment(f"  {size(hit.size):>7}  ", dim))
        rest = width - sum(segment.cell_length for segment in segments) - 1
        segments.append(Segment(column(printable(home_short(hit.path)), rest, "end"), style))
        return segments


class FindScreen(Place):
    """The line for the picture above, its hits below."""

    BINDINGS = bindings("find")

    place = "find"
    key_tables = ("find",)

    def __init__(self) -> None:
        super().__init__()
        self._minimum = 90
        """Least similarity of a hit, per cent."""
        self._image: Path | None = None
        self._number = 0
        """Counts the searches that were begun."""

    def body(self) -> ComposeResult:
        """Line, titles, hits."""
        yield AskLine()
        yield Static(id="titles", markup=False)
        yield HitList()

    def on_mount(self) -> None:
        """Take the keys; the line gets them when it's asked for."""
        self.query_one(HitList).focus()
        self.call_after_refresh(self._refresh)

    def on_resize(self) -> None:
        """Fit the titles to the new width."""
        self.call_after_refresh(self._refresh)

    def key_labels(self) -> dict[str, str]:
        """Without hits there is nothing to do with them."""
        if self.is_mounted and self.query_one(HitList).found is not None:
            return {"undo": "", "place": ""}
        return dict.fromkeys(("choose", "mark", "plan", "widen", "undo", "place"), "")

    def _refresh(self) -> None:
        hits = self.query_one(HitList)
        titles = hits.titles(hits.scrollable_content_region.width)
        self.query_one("#titles", Static).update(Content(titles), layout=False)
        if hits.found is None:
            hits.empty = (
                "Like which picture?\n"
                "Drop or paste it here, {find.ask} to type its path, {find.pick} to pick it."
            )
        else:
            hits.empty = (
                f"Nothing is {self._minimum} % like it or more\n"
                "Press {find.less_like} for less like it."
            )
        hits.refresh()
        self.keys_changed()

    # Searching ------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.search_for(event.value)

    def on_paste(self, event: events.Paste) -> None:
        """A file was dropped on the window, or its path pasted."""
        event.stop()
        self.search_for(event.text)

    def search_for(self, text: str) -> None:
        """Search with the picture that a text stands for."""
        path = path_of(text)
        self.query_one(AskLine).value = printable(home_short(path))
        if not os.path.isfile(path):
            self.say(f"{printable(home_short(path))} is no file", "bad")
            return
        self._image = Path(os.fsdecode(path))
        self._search()

    def _search(self) -> None:
        if self._image is None:
            return
        self._number += 1
        self.say("searching", "busy")
        self.query_one(HitList).focus()
        self.run_worker(partial(self._find, self._number, self._image), thread=True, group="find")

    def _find(self, number: int, image: Path) -> None:
        try:
            with self.twinsift.open_catalog() as catalog:
                folders = [folder.path for folder in library.list_folders(catalog)]
                found = search(catalog, image, folders, self._minimum, self.twinsift.settings)
        except TROUBLE as error:
            self.app.call_from_thread(self._take, number, None, in_words(error))
            return
        self.app.call_from_thread(self._take, number, found, "")

    def _take(self, number: int, found: Found | None, trouble: str) -> None:
        if number != self._number:
            return  # another search is on its way
        if found is None:
            self.say(trouble, "bad")
            return
        hits = self.query_one(HitList)
        hits.found = found
        hits.marks &= {hit.file_id for hit in found.hits}
        hits.recount(0)
        told = f"{count(len(found.hits), 'file')} ≥ {self._minimum} %, by {found.measure}"
        self.tell_where(told)
        self.say(found.notice)
        self._refresh()

    def action_widen(self, per_cent: int) -> None:
        """Show less similar ones too, or only more similar ones."""
        self._minimum = max(_LEAST, min(self._minimum + per_cent, _MOST))
        self.say(f"at least {self._minimum} % alike")
        self._search()

    def on_descendant_focus(self) -> None:
        """The keys of the line, or of the hits."""
        typing = isinstance(self.focused, AskLine)
        self.show_keys(*(("ask",) if typing else ()))
        picks = "{ask.pick} picks one" if typing else "{find.pick} picks one"
        self.query_one(AskLine).placeholder = self.told(f"the path of a picture; {picks}")

    @on(AskLine.Done)
    def _leave_line(self) -> None:
        self.query_one(HitList).focus()

    def action_ask(self) -> None:
        """Ask for another picture."""
        line = self.query_one(AskLine)
        line.value = ""
        line.focus()

    @on(AskLine.Pick)
    def action_pick(self) -> None:
        """Pick the picture from the folders."""

        def take(path: bytes | None) -> None:
            if path is not None:
                self.search_for(os.fsdecode(path))

        typed = self.query_one(AskLine).value.strip()
        start = path_of(typed) if typed else None
        if start is not None and not os.path.isdir(start):
            start = os.path.dirname(start)
        if start is None:
            roots = [root.path for root in list_roots(self.twinsift.catalog)]
            start = next((folder for folder in roots if os.path.isdir(folder)), None)
        self.app.push_screen(
            FolderPicker("Search with a picture", start=start, wants_file=True), take
        )

    # What was found -------------------------------------------------------------------------------

    @on(LineList.Chosen)
    def action_choose(self) -> None:
        """Compare the hit under the cursor with the picture searched with."""
        hits = self.query_one(HitList)
        if hits.found is None or not hits.found.hits:
            return
        try:
            detail = hits.found.compared(self.twinsift.catalog, hits.cursor)
        except TROUBLE as error:
            self.say(in_words(error), "bad")
            return
        self.app.push_screen(CompareScreen(detail))

    def action_mark(self) -> None:
        """Mark the hit and go one down."""
        hits = self.query_one(HitList)
        if hits.found is None or not hits.found.hits:
            return
        hits.marks ^= {hits.found.hits[hits.cursor].file_id}
        hits.refresh_line(hits.cursor)
        hits.action_move(1)

    def _chosen(self) -> list[int]:
        """The marked hits, or the one under the cursor."""
        hits = self.query_one(HitList)
        if hits.found is None or not hits.found.hits:
            return []
        ids = [hit.file_id for hit in hits.found.hits]
        return [i for i in ids if i in hits.marks] or [ids[hits.cursor]]

    def action_plan(self, verb: str) -> None:
        """Plan to trash or move the marked hits, or the one under the cursor."""
        chosen = self._chosen()
        if not chosen:
            self.say("nothing was found yet", "bad")
        elif verb == "move":
            self._ask_target(chosen)
        else:
            self._show_plan(chosen, Verb.TRASH, None)

    def _ask_target(self, chosen: Sequence[int]) -> None:
        def take(folder: bytes | None) -> None:
            if folder is not None:
                self.twinsift.move_target = folder
                self._show_plan(chosen, Verb.MOVE, folder)

        start = self.twinsift.move_target
        self.app.push_screen(FolderPicker("Move them to", start=start, may_be_new=True), take)

    def _show_plan(self, chosen: Sequence[int], verb: Verb, target: bytes | None) -> None:
        image, settings = self._image, self.twinsift.settings

        def make(catalog: Catalog) -> Plan:
            assert image is not None
            return plan_for(catalog, settings, chosen, image, verb, target)

        self.app.push_screen(PlanScreen(make))

    def on_screen_resume(self) -> None:
        """Files may have gone since the search."""
        if self.is_mounted and self.query_one(HitList).found is not None:
            self._search()
