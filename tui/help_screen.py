"""The keys of a screen, made from the same table as its bindings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from .bars import KeyBar
from .keymap import Key, bindings
from .own_keys import keys_of

TITLES = {
    "everywhere": "Everywhere",
    "list": "Moving",
    "groups": "Groups",
    "review": "Review of a group",
    "view": "Views of ★ and one other file",
    "plan": "Plan",
    "journal": "Journal",
    "library": "Library",
    "find": "Find",
    "keep": "Rules for ★",
    "compare": "Closer, in the views",
}


def help_lines(tables: Mapping[str, Sequence[Key]]) -> Content:
    """Tables of keys, by their place, as text."""
    told: set[str] = set()
    blocks: list[Content] = []
    for place, keys in tables.items():
        rows = [Content.styled(f"{TITLES[place]}\n", "bold $primary")]
        for key in keys:
            if key.shown in told:
                continue
            told.add(key.shown)
            rows += [Content.styled(f"  {key.shown:<8}", "bold $accent"), Content(f"{key.help}\n")]
        if len(rows) > 1:
            blocks.append(Content("").join(rows))
    return Content("\n").join(blocks)


class HelpScreen(ModalScreen[None]):
    """What each key does here; any key that leaves a dialog leaves it."""

    BINDINGS = bindings("text")

    def __init__(self, places: tuple[str, ...]) -> None:
        super().__init__()
        self._places = places

    def compose(self) -> ComposeResult:
        """The table in a frame that scrolls."""
        with Vertical(classes="dialog help"):
            with VerticalScroll(can_focus=False):
                yield Static(
                    help_lines({place: keys_of(self.app, place) for place in self._places})
                )
            yield KeyBar("text")

    def action_scroll(self, rows: int) -> None:
        """Scroll some rows."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)

    def action_leave(self) -> None:
        """Back to the screen."""
        self.dismiss()
