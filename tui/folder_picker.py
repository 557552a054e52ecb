"""Choosing a folder: typed with completion, or marked in the list of what is there."""

from __future__ import annotations

import os
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ..models.text import printable
from .bars import KeyBar
from .cells import clip
from .keymap import bindings
from .line_list import LineList
from .theme import CURSOR
from .wording import count, home_short

_MOST_LISTED = 2_000


@dataclass(frozen=True, slots=True)
class Completion:
    """The folders that what is typed may go on to."""

    parent: bytes
    folders: tuple[bytes, ...]
    """Absolute, sorted by name without regard to case; those that begin with what is typed."""
    problem: str = ""
    """Why `parent` can't be listed."""


def complete(typed: bytes) -> Completion:
    """Folders in the typed path's parent whose names begin with its last part.

    A path that ends in a separator lists what is in it. Hidden folders are listed only when the
    typed part begins with a dot.
    """
    parent, prefix = os.path.split(typed)
    try:
        with os.scandir(parent or b"/") as entries:
            names = [entry.name for entry in entries if _is_folder(entry)]
    except OSError as error:
        return Completion(parent, (), error.strerror or "can't be listed")
    low = prefix.lower()
    fitting = [
        name
        for name in names
        if name.lower().startswith(low) and (low.startswith(b".") or not name.startswith(b"."))
    ]
    fitting.sort(key=lambda name: (name.lower(), name))
    folders = tuple(os.path.join(parent, name) for name in fitting[:_MOST_LISTED])
    return Completion(parent, folders)


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


class _Folders(LineList):
    """The folders that fit; the line above keeps the keyboard."""

    can_focus = False

    def __init__(self) -> None:
        super().__init__(empty="no folder begins like that")
        self.completion = Completion(b"", ())

    def row_count(self) -> int:
        return len(self.completion.folders)

    def draw_row(self, row: int, width: int, style: Style) -> list[Segment]:
        name = printable(os.path.basename(self.completion.folders[row]))
        mark = CURSOR if row == self.cursor else " "
        return [
            Segment(f" {mark} ", style + self.component("strong")),
            Segment(clip(name, width - 5, "middle"), style),
            Segment("/", style + self.component("dim")),
        ]


class FolderPicker(ModalScreen[bytes | None]):
    """A folder's absolute path, or None where the person went back."""

    BINDINGS = bindings("picker")

    def __init__(self, title: str, *, start: bytes | None = None, may_be_new: bool = False) -> None:
        super().__init__()
        self._title = title
        self._start = start or os.fsencode(os.path.expanduser("~"))
        self._may_be_new = may_be_new
        self._known: dict[str, bytes] = {}
        """The bytes behind what was completed: names that aren't text can't be typed."""

    def compose(self) -> ComposeResult:
        """Title, line, folders, keys."""
        with Vertical(classes="dialog picker"):
            yield Static(Content(self._title), classes="title")
            yield Input(self._shown(self._start))
            yield _Folders()
            yield Static(id="state", markup=False)
            yield KeyBar("picker")

    def on_mount(self) -> None:
        """Type into the line at once."""
        line = self.query_one(Input)
        line.focus()
        line.cursor_position = len(line.value)
        self._refresh()

    def _shown(self, folder: bytes) -> str:
        """What stands in the line for a folder, which ends in a separator."""
        text = printable(home_short(folder)).rstrip("/") + "/"
        self._known[text] = folder.rstrip(b"/") + b"/"
        return text

    def _typed(self) -> bytes:
        text = self.query_one(Input).value
        for known in sorted(self._known, key=len, reverse=True):
            if text.startswith(known):
                return self._known[known] + os.fsencode(text[len(known) :])
        return os.path.join(os.fsencode(os.getcwd()), os.fsencode(os.path.expanduser(text)))

    @on(Input.Changed)
    def _refresh(self) -> None:
        folders = self.query_one(_Folders)
        folders.completion = complete(self._typed())
        folders.recount(0)
        found = folders.completion
        state = found.problem or count(len(found.folders), "folder")
        if not found.problem and self._may_be_new:
            state += " · a new one is made when it's needed"
        self.query_one("#state", Static).update(Content(f" {state}"))

    def action_move(self, rows: int) -> None:
        """Mark another folder."""
        self.query_one(_Folders).action_move(rows)

    def action_complete(self) -> None:
        """Put the marked folder into the line."""
        folders = self.query_one(_Folders)
        if not folders.completion.folders:
            return
        line = self.query_one(Input)
        line.value = self._shown(folders.completion.folders[folders.cursor])
        line.cursor_position = len(line.value)

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Take the typed folder if it's one (or may be made)."""
        typed = os.path.normpath(self._typed())
        if os.path.isdir(typed) or (self._may_be_new and not os.path.lexists(typed)):
            self.dismiss(typed)
            return
        self.query_one("#state", Static).update(
            Content(f" {printable(home_short(typed))} is no folder; Tab completes the marked one")
        )

    def action_cancel(self) -> None:
        """Go back without it."""
        self.dismiss(None)
