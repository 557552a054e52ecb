"""The views of ★ and one other file of a group: their keys, and what the key bar says in them."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from ..catalog.review import GroupDetail
from .comparison import Comparison
from .own_keys import in_force
from .place import Place
from .studio import Shown, Studio
from .views import View

_MAGNIFIED = (View.FLICKER, View.ZOOM)
_ONLY_IN_VIEWS = frozenset(("larger", "smaller", "flip"))
_OF_A_PAIR = frozenset(("other_file", "other_file_before"))
_NOT_IN_VIEWS = ("keep", "keep_all", "move_rest", "mark", "skip", "distinct", "repeat")
"""Keys that give way in the key bar to those of an open view; they work all the same."""

_HINTS = {
    View.FLICKER: "{everywhere.back} back · {view.flip}: by hand · {view.flicker}: stop, go on"
    " · {view.larger} closer · {ways} move",
    View.ZOOM: "{everywhere.back} back · {view.zoom}: 100 %, whole"
    " · {view.larger} {view.smaller} closer, further · {ways} move",
    View.DIFFERENCE: "{view.difference} or {everywhere.back}: back to the group",
    View.MATCHES: "{view.matches} or {everywhere.back}: back to the group",
    View.METADATA: "{ways} move · {view.metadata} or {everywhere.back}: back to the group",
}


@dataclass
class ViewReady(Message):
    """A view of a pair was made."""

    shown: Shown


class PairViews(Place):
    """A screen that shows a group, and in its place, when asked, a view of two of its files."""

    pan_rows: tuple[str, str, str, str] = ("", "", "", "")
    """The rows of the table whose keys move in a view: left, down, up, right."""

    def __init__(self) -> None:
        super().__init__()
        self.detail: GroupDetail | None = None
        self.cursor = 0
        """Index of the file under the cursor."""
        self.view: View | None = None
        """The view that is open; None: the group is seen."""

    @property
    def compares(self) -> bool:
        """Whether ★ and one other file are seen, so that another one can take its place."""
        return self.view is not None

    def lay_out(self) -> None:
        """Give the window to the open view, or to the group."""
        raise NotImplementedError

    def comparison_widget(self) -> Comparison:
        """The widget that shows the views, for the screen's body."""
        app = self.twinsift
        studio = Studio(app.catalog_path, app.artist, app.settings.index, self._view_ready)
        return Comparison(studio, app.hold)

    @property
    def comparison(self) -> Comparison:
        """The same, once it is there."""
        return self.query_one(Comparison)

    def _view_ready(self, shown: Shown) -> None:
        if self.is_running:
            self.post_message(ViewReady(shown))

    def on_view_ready(self, message: ViewReady) -> None:
        """Show the view that was made."""
        self.comparison.take(message.shown)

    def on_screen_suspend(self) -> None:
        """Nothing blinks below another screen; another place closes the view."""
        for comparison in self.query(Comparison):
            comparison.hold()
        if self.view is not None and self.twinsift.current_mode != self.place:
            self.open_view(None)

    def pair(self) -> tuple[int, int]:
        """Indices of the two files that a view compares: ★ and the one under the cursor."""
        return 0, max(1, self.cursor)

    def open_view(self, view: View | None) -> None:
        """Look at ★ and the file under the cursor in a view; None: at the group again."""
        self.view = view
        self.say("" if view is None else self._hint(view))
        self.lay_out()
        self.keys_changed()

    def _hint(self, view: View) -> str:
        """The keys of a view; of those that move, the arrows where there are."""
        keys = in_force(self.app)
        rows = self.pan_rows[1:3] if view is View.METADATA else self.pan_rows
        ways = " ".join(keys.shown(row, -1) for row in rows)
        return keys.told(_HINTS[view]).replace("{ways}", ways)

    def go_back(self) -> bool:
        """Close the open view; False where none was."""
        if self.view is None:
            return False
        self.open_view(None)
        return True

    def action_flicker(self) -> None:
        """The two in turn; again: stop it, or let it go on."""
        if self.view is not View.FLICKER:
            self.open_view(View.FLICKER)
            self.comparison.blink()
        elif self.comparison.is_blinking:
            self.comparison.hold()
            self.say(self.told("held · {view.flip} shows the other · {view.flicker} goes on"))
        else:
            self.comparison.blink()

    def action_flip(self) -> None:
        """The other one of the two in turn."""
        if self.view is View.FLICKER:
            self.comparison.flip()

    def action_difference(self) -> None:
        """The map of where they differ; again: the group."""
        self.open_view(None if self.view is View.DIFFERENCE else View.DIFFERENCE)

    def action_matches(self) -> None:
        """The points that match; again: the group."""
        self.open_view(None if self.view is View.MATCHES else View.MATCHES)

    def action_metadata(self) -> None:
        """All metadata of both; again: the group."""
        self.open_view(None if self.view is View.METADATA else View.METADATA)

    def action_zoom(self) -> None:
        """Side by side, whole and at 100 % in turn; in flicker the same."""
        if self.view in _MAGNIFIED:
            self.comparison.toggle_full()
        else:
            self.open_view(View.ZOOM)

    def action_larger(self) -> None:
        """Closer."""
        if self.view in _MAGNIFIED:
            self.comparison.magnify(1)

    def action_smaller(self) -> None:
        """Further away."""
        if self.view in _MAGNIFIED:
            self.comparison.magnify(-1)

    def action_other_file(self) -> None:
        """Compare ★ with the next file of the group."""
        self._compare_with(1)

    def action_other_file_before(self) -> None:
        """Compare ★ with the file before."""
        self._compare_with(-1)

    def _compare_with(self, step: int) -> None:
        if self.detail is not None and self.compares:
            others = len(self.detail.members) - 1
            self.cursor = (max(1, self.cursor) - 1 + step) % others + 1
            self.lay_out()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of an open view do nothing without one."""
        if self.is_mounted and (
            (action in _ONLY_IN_VIEWS and self.view is None)
            or (action in _OF_A_PAIR and not self.compares)
        ):
            return False
        return super().check_action(action, parameters)

    def view_labels(self) -> dict[str, str]:
        """Labels of the key bar while a view is open: what does nothing there is hidden."""
        hidden: list[str] = []
        if self.detail is None or len(self.detail.members) < 3:
            hidden.append("other_file")
        if self.view is None:
            return dict.fromkeys(hidden, "")
        hidden += _NOT_IN_VIEWS
        if self.view is not View.FLICKER:
            hidden.append("flip")
        if self.view not in _MAGNIFIED:
            hidden += ["larger", "smaller"]
        return dict.fromkeys(hidden, "")
