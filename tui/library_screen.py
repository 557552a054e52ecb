"""The library: which folders are looked through, in which role, and how far indexing has come."""

from __future__ import annotations

import os
import time
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ..catalog import library
from ..catalog.library import Folder
from ..models.text import printable
from .cells import clip, column
from .folder_picker import FolderPicker
from .keymap import bindings
from .line_list import LineList
from .place import Place
from .report_screen import Line, ReportScreen
from .theme import CURSOR
from .trouble import TROUBLE, in_words
from .wording import count, duration, home_short, moment, rate, size
from .work import WorkState

_COUNT_SECONDS = 1.0  # between two looks at the folders' counts while they grow
_ROLE_STYLES = {"normal": "strong", "reference": "keep", "excluded": "dim"}


class FolderList(LineList):
    """The folders, one row each."""

    def __init__(self) -> None:
        super().__init__(
            id="folders",
            empty="No folders yet\nPress {library.add} and type where your pictures are.",
        )
        self.folders: list[Folder] = []

    def row_count(self) -> int:
        """The folders."""
        return len(self.folders)

    def titles(self, width: int) -> str:
        """The column titles."""
        text = f"   {column('role', 9)}  {'pictures':>8}"
        if width >= 60:
            text += f"  {'size':>7}  {'unread':>6}"
        return text + "  folder"

    def draw_row(self, row: int, width: int, style: Style) -> list[Segment]:
        """One folder."""
        folder = self.folders[row]
        dim = style + self.component("dim")
        segments = [
            Segment(f" {CURSOR if row == self.cursor else ' '} ", style + self.component("strong")),
            Segment(column(folder.role, 9), style + self.component(_ROLE_STYLES[folder.role])),
            Segment(f"  {folder.pictures:>8,}", style),
        ]
        if width >= 60:
            unread = folder.failed
            told = style + self.component("trash") if unread else dim
            segments.append(Segment(f"  {size(folder.size):>7}", dim))
            segments.append(Segment(f"  {unread:>6,}", told))
        scanned = moment(folder.scanned_at) if folder.scanned_at else "not indexed yet"
        if folder.pending:
            scanned = f"{folder.pending:,} to read"
        used = sum(segment.cell_length for segment in segments)
        rest = width - used - 3
        path = printable(home_short(folder.path))
        if rest - len(path) >= len(scanned) + 3:
            segments.append(Segment(f"  {column(path, rest - len(scanned) - 2, 'end')}", style))
            segments.append(Segment(f"  {scanned}", dim))
        else:
            segments.append(Segment(f"  {clip(path, rest, 'end')}", style))
        return segments


class LibraryScreen(Place):
    """Folders above, indexing below."""

    BINDINGS = bindings("library")

    place = "library"
    key_tables = ("library",)

    def __init__(self) -> None:
        super().__init__()
        self._read_at = 0.0
        """When the folders were read, in seconds of a clock that only rises."""

    def body(self) -> ComposeResult:
        """Titles, list, progress."""
        yield Static(id="titles", markup=False)
        yield FolderList()
        yield Static(id="progress", markup=False)

    def on_mount(self) -> None:
        """Show the folders."""
        self.query_one(FolderList).focus()
        self.call_after_refresh(self.refresh_folders)

    def on_screen_resume(self) -> None:
        """Take over what changed while another screen was shown."""
        self.refresh_folders()

    def on_resize(self) -> None:
        """Fit titles and progress to the new width."""
        self.call_after_refresh(self.refresh_folders)

    def refresh_folders(self) -> None:
        """Read the folders anew."""
        if self.is_mounted:
            self._read_folders()
            self.show_work(self.twinsift.work.state)

    def _read_folders(self) -> None:
        self._read_at = time.monotonic()
        folders = self.query_one(FolderList)
        folders.folders = library.list_folders(self.twinsift.catalog)
        folders.recount()
        width = folders.scrollable_content_region.width
        self.query_one("#titles", Static).update(Content(folders.titles(width)), layout=False)
        pictures = sum(folder.pictures for folder in folders.folders)
        self.tell_where(f"{count(pictures, 'picture')} in {count(len(folders.folders), 'folder')}")

    def show_work(self, state: WorkState) -> None:
        """Draw how far indexing has come, and what it has added to the folders."""
        if not self.is_mounted:
            return
        if state.running and time.monotonic() - self._read_at >= _COUNT_SECONDS:
            self._read_folders()
        self.query_one("#progress", Static).update(
            _progress(state, self.size.width, self.told("{library.pause} goes on"))
            if state.running
            else _at_rest(state, self._unread())
        )

    def _unread(self) -> str:
        """What is left of an indexing that was stopped, and the key that goes on with it."""
        pending = sum(folder.pending for folder in self.query_one(FolderList).folders)
        if not pending:
            return ""
        left = count(pending, "file is", "files are")
        return f"{left} not read yet · {self.told('{library.index_all} goes on')}"

    def show_groups(self) -> None:
        """Take over what was counted anew."""
        self.refresh_folders()

    def key_labels(self) -> dict[str, str]:
        """Nothing is decided here."""
        return {"undo": "", "place": ""}

    def _current(self) -> Folder | None:
        folders = self.query_one(FolderList)
        return folders.folders[folders.cursor] if folders.folders else None

    def action_add(self) -> None:
        """Ask for a folder and index it."""

        def take(folder: bytes | None) -> None:
            if folder is not None:
                self.say(f"indexing {printable(home_short(folder))}", "good")
                self.twinsift.index([Path(os.fsdecode(folder))])

        known = self.query_one(FolderList).folders
        beside = [os.path.dirname(folder.path) for folder in known]
        start = next((folder for folder in beside if os.path.isdir(folder)), None)
        self.app.push_screen(FolderPicker("Add a folder of pictures", start=start), take)

    def action_index_one(self) -> None:
        """Index the folder under the cursor again."""
        folder = self._current()
        if folder is not None:
            self.say(f"indexing {printable(home_short(folder.path))}", "good")
            self.twinsift.index([Path(os.fsdecode(folder.path))])

    def action_index_all(self) -> None:
        """Index all folders again."""
        if self._current() is not None:
            self.say("indexing all folders", "good")
            self.twinsift.index([])

    def action_role(self) -> None:
        """Give the folder the next role."""
        folder = self._current()
        if folder is None:
            return
        role = library.ROLES[(library.ROLES.index(folder.role) + 1) % len(library.ROLES)]
        try:
            library.set_role(self.twinsift.catalog, folder.id, role)
        except TROUBLE as error:
            self.say(in_words(error), "bad")
            return
        meaning = {
            "normal": "its files may be moved or trashed",
            "reference": "its files are kept whatever is decided",
            "excluded": "its files are in no group",
        }[role]
        self.say(f"{role}: {meaning}", "good")
        self.refresh_folders()
        self.twinsift.reload_groups()

    def action_pause(self) -> None:
        """Pause the background work, or go on with it."""
        self.twinsift.action_pause()

    def action_failures(self) -> None:
        """List the files that can't be read."""
        found = library.list_unreadable(self.twinsift.catalog)
        self.app.push_screen(
            ReportScreen(
                "library",
                f"{count(len(found), 'file')} can't be read",
                [Line(failure.path, failure.reason, "dim", "!") for failure in found],
                empty="Every file could be read\nNothing to do here; {everywhere.back} goes back.",
            )
        )

    @on(LineList.Chosen)
    def action_choose(self) -> None:
        """Go to the groups."""
        self.twinsift.action_place("groups")


def _at_rest(state: WorkState, unread: str) -> Content:
    """What the last work came to, and what is left to do."""
    lines = []
    if state.error:
        lines.append(Content.styled(f" ! {state.error}", "$error"))
    elif state.finished:
        lines.append(Content.styled(f" ✓ {state.finished}", "$success"))
    if unread:
        lines.append(Content.styled(f" {unread}", "$accent"))
    lines += [
        Content.styled(f" ! {printable(path)} isn't there; its files stay known", "$warning")
        for path in state.missing
    ]
    return Content("\n").join(lines)


def _progress(state: WorkState, width: int, goes_on: str) -> Content:
    """Two lines: a bar with its numbers, and what it comes to.

    `goes_on` says by which key it does, where it is paused.
    """
    told = state.progress
    if told is None:
        return Content.styled(" starting…", "$accent")
    parts = [f"{told.done:,}" + (f" of {told.total:,}" if told.total is not None else "")]
    if told.eta_seconds is not None and not state.paused:
        parts.append(f"{duration(told.eta_seconds)} left")
    if told.rate > 0 and not state.paused:
        parts.append(rate(told.rate))
    if told.failed:
        parts.append(f"{told.failed:,} unreadable")
    share = min(1.0, told.done / told.total) if told.total else 0.0
    percent = f" {share:4.0%} " if told.total else " "
    numbers = clip(percent + " · ".join(parts), width - 12)
    room = max(8, min(40, width - len(numbers) - 3))
    full = round(share * room)
    bar = Content.styled("━" * full, "$accent") + Content.styled("─" * (room - full), "$muted")
    head = Content.styled(f" {f'paused · {goes_on}' if state.paused else told.stage}", "bold")
    note = clip(printable(told.note), max(0, width - len(head.plain) - 3), "middle")
    return Content("\n").join(
        [head + Content.styled(f"  {note}", "$muted"), Content(" ") + bar + Content(numbers)]
    )
