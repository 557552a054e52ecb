"""Two files side by side of no group: a picture searched with and a hit, ★ and a collage."""

from __future__ import annotations

from textual.app import ComposeResult

from ..catalog.review import GroupDetail
from .keymap import bindings
from .pair_views import PairViews
from .pane_row import PaneRow
from .panes import FactsPane
from .wording import percent

_TALL = 34  # lines from which the facts stand in a table


class CompareScreen(PairViews):
    """The two with what tells them apart, and the views of a review."""

    BINDINGS = [*bindings("view"), *bindings("compare")]  # noqa: RUF012 - Textual's way

    key_tables = ("view", "compare")
    pan_rows = ("compare.left", "compare.down", "compare.up", "compare.right")

    def __init__(self, detail: GroupDetail, place: str = "find") -> None:
        """The first file of `detail` beside one of the others; `place` is where one came from."""
        super().__init__()
        self.place = place
        self.detail = detail
        self.cursor = 1

    @property
    def compares(self) -> bool:
        """Always."""
        return True

    def body(self) -> ComposeResult:
        """Panes and facts; in their place the view of the pair."""
        yield PaneRow(self.twinsift.previews, lambda: None)
        yield FactsPane()
        yield self.comparison_widget()

    def on_mount(self) -> None:
        """Show the two."""
        self.call_after_refresh(self.lay_out)

    def on_resize(self) -> None:
        """Lay the panes out for the new size."""
        self.call_after_refresh(self.lay_out)

    def lay_out(self) -> None:
        """Share the window out between pictures and facts, or give it to the open view."""
        if self.detail is None:
            return
        other = self.detail.members[self.cursor]
        others = len(self.detail.members) - 1
        which = f" · {self.cursor} of {others}" if others > 1 else ""
        self.tell_where(f"{other.verdict} {percent(other.similarity)}{which}")
        panes, facts = self.query_one(PaneRow), self.query_one(FactsPane)
        panes.display = facts.display = self.view is None
        self.comparison.display = self.view is not None
        if self.view is not None:
            self.comparison.open(self.view, self.detail, *self.pair())
            return
        self.comparison.close()
        as_table = self.size.height >= _TALL
        panes.styles.height = "1fr"
        panes.show(self.detail, list(self.pair()), self.cursor)
        facts.styles.height = 11 if as_table else FactsPane.CARD_LINES + 2
        facts.show(self.detail, list(self.pair()), self.cursor, as_table=as_table)

    def show_pictures(self) -> None:
        """Take over pictures that were drawn meanwhile."""
        self.query_one(PaneRow).draw()

    def key_labels(self) -> dict[str, str]:
        """Nothing is decided here."""
        return {"undo": "", "place": "", **self.view_labels()}

    def action_pan(self, across: int, down: int) -> None:
        """Look at another part, in a view that is closer."""
        if self.view is not None:
            self.comparison.pan(across, down)
