"""The files of a group side by side: which of them are seen, how wide, and when they are drawn."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.timer import Timer

from ..catalog.review import GroupDetail
from .panes import FilePane, pane_edges
from .preview import Previews, Wanted

# Pictures come once the cursor has rested this long, text at once; longer where bytes are dear.
_REST_SECONDS, _LONG_REST_SECONDS = 0.08, 0.4
_PANE_COLUMNS = 38  # a pane is at least this wide where there are more than two
_MOST_PANES = 4


def seen(members: int, cursor: int, width: int) -> list[int]:
    """Indices of the files that a row of `width` cells shows: ★ first, then those at the cursor."""
    panes = min(members, _MOST_PANES, max(2, width // _PANE_COLUMNS))
    first = 1 if cursor < panes else cursor - (panes - 2)
    return [0, *range(first, first + panes - 1)]


class PaneRow(Horizontal):
    """A pane for each file that is seen; the next group's pictures are drawn ahead."""

    def __init__(self, previews: Previews, upcoming: Callable[[], GroupDetail | None]) -> None:
        super().__init__()
        self._previews = previews
        self._upcoming = upcoming
        """The group that will be shown next, as far as that can be told."""
        self._rest: Timer | None = None
        """Runs until the cursor has rested."""

    def compose(self) -> ComposeResult:
        """As many panes as are ever seen."""
        for _ in range(_MOST_PANES):
            yield FilePane()

    def show(self, detail: GroupDetail, columns: list[int], cursor: int) -> None:
        """Show the files at the indices `columns` of a group."""
        edges = pane_edges(self.screen.size.width, len(columns))
        lefts = [left for left, _ in edges[1:]] + [edges[-1][1]]
        for place, pane in enumerate(self.query(FilePane)):
            pane.display = place < len(columns)
            if pane.display:
                left, right = edges[place]
                pane.styles.width = right - left
                pane.styles.margin = (0, lefts[place] - right, 0, 0)
                pane.show(detail, columns[place], on_cursor=columns[place] == cursor)
        self.draw(ask=True)

    @on(FilePane.Resized)
    def _on_resized(self) -> None:
        self.draw(ask=True)

    def draw(self, *, ask: bool = False) -> None:
        """Put drawn pictures into the panes once the cursor rests, and `ask` for the others then.

        What costs no bytes to speak of is shown at once.
        """
        artist = self._previews.artist
        if ask:
            if self._rest is not None:
                self._rest.stop()
            is_dear = artist.terminal.low_bandwidth
            self._rest = self.set_timer(
                _LONG_REST_SECONDS if is_dear else _REST_SECONDS, self._rested
            )
        for pane, wanted in self._wanted():
            drawn = self._previews.get(wanted)
            if drawn is None or self._rest is None or not drawn.strips or artist.holds(drawn):
                pane.picture(drawn)

    def _rested(self) -> None:
        self._rest = None
        self.draw()
        self._ask()

    def _wanted(self) -> list[tuple[FilePane, Wanted]]:
        """The panes that are seen, each with its picture."""
        panes = [pane for pane in self.query(FilePane) if pane.display]
        return [(pane, wanted) for pane in panes if (wanted := pane.wanted()) is not None]

    def _ask(self) -> None:
        missing = [wanted for pane, wanted in self._wanted() if pane.drawn is None]
        self._previews.want([*missing, *self._ahead()])

    def _ahead(self) -> list[Wanted]:
        """The next group's pictures in the sizes that they will have, so that they come at once."""
        detail = self._upcoming()
        rows = self.size.height - 2
        if detail is None or rows <= 0:
            return []
        width = self.screen.size.width
        columns = seen(len(detail.members), 1, width)
        return [
            Wanted(detail.members[index].content_id, right - left, rows)
            for index, (left, right) in zip(columns, pane_edges(width, len(columns)), strict=True)
        ]
