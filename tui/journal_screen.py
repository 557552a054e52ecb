"""The journal: what was done to files, batch by batch, and how to undo it."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from ..catalog import journal
from ..catalog.carrying import Outcome
from ..catalog.journal import Action, BatchSummary
from ..catalog.undo import undo_batch
from ..models.text import printable
from .busy import BusyScreen
from .cells import clip, column
from .dialogs import Confirm
from .keymap import bindings
from .line_list import LineList
from .outcomes import tell_outcome
from .place import Place
from .report_screen import Line, ReportScreen
from .theme import CURSOR, VERB_GLYPHS
from .wording import count, home_short, moment, size

_KINDS = {"apply": "applied", "undo": "undone", "purge": "purged"}
_VERBS = {
    "trash": "to the trash",
    "move": "moved to",
    "delete": "deleted for good",
    "restore": "put back to",
    "purge": "purged from the trash",
    "hardlink": "replaced by a hard link",
    "reflink": "replaced by a clone",
    "symlink": "replaced by a symbolic link",
    "unlink": "a file of its own again",
}


class BatchList(LineList):
    """Batches, the latest first."""

    def __init__(self) -> None:
        super().__init__(
            id="batches",
            empty="Nothing was done to any file yet\n"
            "The plan ({everywhere.plan}) is where it begins.",
        )
        self.batches: list[BatchSummary] = []

    def row_count(self) -> int:
        """The batches."""
        return len(self.batches)

    def titles(self, width: int) -> str:
        """The column titles for rows of `width` cells."""
        text = f"   {'when':<16} {'what':<8}{'files':>6}  "
        return f"{text}{'size':>7}  state" if width >= 64 else f"{text}state"

    def draw_row(self, row: int, width: int, style: Style) -> list[Segment]:
        """One batch."""
        batch = self.batches[row]
        dim = style + self.component("dim")
        state, tone = _state(batch)
        segments = [
            Segment(f" {CURSOR if row == self.cursor else ' '} ", style + self.component("strong")),
            Segment(f"{moment(batch.created_at)} ", dim),
            Segment(
                column(_KINDS.get(batch.kind, batch.kind), 8), style + self.component("strong")
            ),
            Segment(f"{batch.done + batch.undone:>6,}  ", style),
        ]
        if width >= 64:
            segments.append(Segment(f"{size(batch.size) if batch.size else '':>7}  ", dim))
        used = sum(segment.cell_length for segment in segments)
        segments.append(Segment(clip(state, width - used), style + self.component(tone)))
        return segments


class JournalScreen(Place):
    """The batches and the key that undoes one."""

    BINDINGS = bindings("journal")

    place = "journal"
    key_tables = ("journal",)

    def body(self) -> ComposeResult:
        """Titles and list."""
        yield Static(id="titles", markup=False)
        yield BatchList()

    def on_mount(self) -> None:
        """Take the keys."""
        self.query_one(BatchList).focus()
        self.call_after_refresh(self._tell_titles)

    def on_resize(self) -> None:
        """Fit the titles to the new width."""
        self.call_after_refresh(self._tell_titles)

    def _tell_titles(self) -> None:
        listed = self.query_one(BatchList)
        titles = listed.titles(listed.scrollable_content_region.width)
        self.query_one("#titles", Static).update(Content(titles), layout=False)

    def on_screen_resume(self) -> None:
        """Something may have been applied since."""
        self.refresh_batches()

    def refresh_batches(self) -> None:
        """Read the batches anew."""
        listed = self.query_one(BatchList)
        listed.batches = journal.batches(self.twinsift.catalog)
        listed.recount()
        self.tell_where(count(len(listed.batches), "batch", "batches"))
        self.keys_changed()

    def key_labels(self) -> dict[str, str]:
        """Without batches there is nothing to press."""
        batch = self._current() if self.is_mounted else None
        if batch is None:
            return {"undo_batch": "", "choose": "", "undo": ""}
        return {"undo": ""} if batch.undoable else {"undo": "", "undo_batch": ""}

    @on(LineList.Moved)
    def _other_batch(self) -> None:
        """Not every batch can be undone."""
        self.keys_changed()

    def _current(self) -> BatchSummary | None:
        listed = self.query_one(BatchList)
        return listed.batches[listed.cursor] if listed.batches else None

    @on(LineList.Chosen)
    def action_choose(self) -> None:
        """Show what was done to each file of the batch."""
        batch = self._current()
        if batch is None:
            return
        actions = journal.actions(self.twinsift.catalog, batch.id)
        self.app.push_screen(
            ReportScreen("journal", moment(batch.created_at), [_line(action) for action in actions])
        )

    def action_undo_batch(self) -> None:
        """Ask, then put the batch's files back."""
        batch = self._current()
        if batch is None:
            return
        if not batch.undoable:
            self.say("nothing of this batch can be put back", "bad")
            return
        lost = batch.done - batch.undoable
        lines = [
            f"{count(batch.undoable, 'file')} go back to where they were; nothing is overwritten."
        ]
        if lost:
            lines.append(f"{count(lost, 'file')} can't be brought back.")

        def take(yes: bool | None) -> None:
            if yes:
                self._undo(batch)

        self.app.push_screen(Confirm(f"Undo the batch of {moment(batch.created_at)}?", lines), take)

    def _undo(self, batch: BatchSummary) -> None:
        self.app.push_screen(
            BusyScreen(
                "Putting files back",
                lambda catalog, report, control: undo_batch(
                    catalog, batch.id, report=report, control=control
                ),
                self.twinsift.open_catalog,
            ),
            self._undone,
        )

    def _undone(self, outcome: Outcome | str | None) -> None:
        self.refresh_batches()
        self.twinsift.reload_groups()
        tell_outcome(self, outcome, "put back")


def _state(batch: BatchSummary) -> tuple[str, str]:
    """What can be said of a batch, and in which tone."""
    if batch.state == "open":
        return "cut off, or still running", "trash"
    parts = []
    if batch.kind == "apply" and batch.undone and not batch.undoable:
        parts.append("undone")
    elif batch.undoable:
        parts.append("can be undone")
    if batch.refused:
        parts.append(f"{batch.refused:,} left alone")
    if batch.failed:
        parts.append(f"{batch.failed:,} failed")
    return " · ".join(parts), "trash" if batch.failed else "dim"


def _line(action: Action) -> Line:
    said = _VERBS.get(action.verb, action.verb)
    if action.destination is not None:
        said += f" {printable(home_short(action.destination))}"
    if action.state != "done":
        said = f"{action.state}: {action.reason or said}"
    tones = {"done": action.verb, "undone": "dim"}
    glyph = VERB_GLYPHS.get(action.verb, "↩")
    tone = tones.get(action.state, "trash")
    other = {"restore": "keep", "unlink": "keep", "purge": "delete"}
    return Line(action.source, said, other.get(tone, tone), glyph)
