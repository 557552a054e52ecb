"""Choosing a folder or a file: typed with completion, or marked in the list of what is there."""

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
from .own_keys import in_force
from .theme import CURSOR
from .wording import count, home_short

_MOST_LISTED = 2_000


@dataclass(frozen=True, slots=True)
class Completion:
    """The folders that what is typed may go on to."""

    parent: bytes
    folders: tuple[bytes, ...]
    """Absolute, sorted by name without regard to case; those that begin with what is typed."""
    files: tuple[bytes, ...] = ()
    """The same for files, where those are wanted."""
    problem: str = ""
    """Why `parent` can't be listed."""


def complete(typed: bytes, *, with_files: bool = False) -> Completion:
    """Folders (and files) in the typed path's parent whose names begin with its last part.

    A path that ends in a separator lists what is in it. Hidden folders are listed only when the
    typed part begins with a dot.
    """
    parent, prefix = os.path.split(typed)
    try:
        with os.scandir(parent or b"/") as entries:
            named = [(entry.name, _is_folder(entry)) for entry in entries]
    except OSError as error:
        return Completion(parent, (), problem=error.strerror or "can't be listed")
    low = prefix.lower()
    fitting = [
        (name, is_folder)
        for name, is_folder in named
        if name.lower().startswith(low) and (low.startswith(b".") or not name.startswith(b"."))
    ]
    fitting.sort(key=lambda entry: (entry[0].lower(), entry[0]))
    folders = [os.path.join(parent, name) for name, is_folder in fitting if is_folder]
    files = [os.path.join(parent, name) for name, is_folder in fitting if not is_folder]
    return Completion(
        parent,
        tuple(folders[:_MOST_LISTED]),
        tuple(files[:_MOST_LISTED]) if with_files else (),
    )


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


class _Folders(LineList):
    """The folders that fit; the line above keeps the keyboard."""

    can_focus = False

    def __init__(self) -> None:
        super().__init__(empty="nothing begins like that")
        self.completion = Completion(b"", ())

    def row_count(self) -> int:
        return len(self.completion.folders) + len(self.completion.files)

    def marked(self) -> bytes | None:
        """The path of the marked row."""
        found = [*self.completion.folders, *self.completion.files]
        return found[self.cursor] if found else None

    def draw_row(self, row: int, width: int, style: Style) -> list[Segment]:
        folders = self.completion.folders
        is_folder = row < len(folders)
        path = folders[row] if is_folder else self.completion.files[row - len(folders)]
        name = printable(os.path.basename(path))
        mark = CURSOR if row == self.cursor else " "
        return [
            Segment(f" {mark} ", style + self.component("strong")),
            Segment(clip(name, width - 5, "middle"), style),
            Segment("/" if is_folder else "", style + self.component("dim")),
        ]


class FolderPicker(ModalScreen[bytes | None]):
    """The absolute path of a folder (or file), or None where the person went back."""

    BINDINGS = bindings("picker")

    def __init__(
        self,
        title: str,
        *,
        start: bytes | None = None,
        may_be_new: bool = False,
        wants_file: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._start = start or os.fsencode(os.path.expanduser("~"))
        self._may_be_new = may_be_new
        self._wants_file = wants_file
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
        """What stands in the line for a path; a folder's ends in a separator."""
        end = "/" if os.path.isdir(folder) else ""
        text = printable(home_short(folder)).rstrip("/") + end
        self._known[text] = folder.rstrip(b"/") + end.encode()
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
        folders.completion = complete(self._typed(), with_files=self._wants_file)
        folders.recount(0)
        found = folders.completion
        state = found.problem or count(len(found.folders), "folder")
        if self._wants_file and not found.problem:
            state += f", {count(len(found.files), 'file')}"
        if not found.problem and self._may_be_new:
            state += " · a new one is made when it's needed"
        self.query_one("#state", Static).update(Content(f" {state}"))

    def action_move(self, rows: int) -> None:
        """Mark another folder."""
        self.query_one(_Folders).action_move(rows)

    def action_complete(self) -> None:
        """Put the marked folder into the line."""
        marked = self.query_one(_Folders).marked()
        if marked is None:
            return
        line = self.query_one(Input)
        line.value = self._shown(marked)
        line.cursor_position = len(line.value)

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Take the typed folder if it's one (or may be made); the typed or marked file."""
        typed = os.path.normpath(self._typed())
        if self._wants_file:
            marked = self.query_one(_Folders).marked()
            for path in (typed, marked):
                if path is not None and os.path.isfile(path):
                    self.dismiss(path)
                    return
            self.action_complete()
            return
        key = in_force(self.app).shown("picker.complete")
        if not self.query_one(Input).value.strip():  # nobody means the folder that one works in
            told = f"type a folder; {key} takes the marked one"
        elif os.path.isdir(typed) or (self._may_be_new and not os.path.lexists(typed)):
            self.dismiss(typed)
            return
        else:
            told = f"{printable(home_short(typed))} is no folder; {key} completes the marked one"
        self.query_one("#state", Static).update(Content(f" {told}"))

    def action_cancel(self) -> None:
        """Go back without it."""
        self.dismiss(None)
