"""What all full screens share: the bars around them, the keys that work everywhere, messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.screen import Screen

from .bars import KeyBar, MessageLine, TitleBar
from .keymap import bindings
from .own_keys import in_force

if TYPE_CHECKING:
    from .app import TwinsiftApp
    from .work import WorkState


class Place(Screen[None]):
    """A full screen of the place `place`, with the keys of the tables `key_tables`."""

    BINDINGS = bindings("everywhere", "app.")

    place = ""
    key_tables: tuple[str, ...] = ()

    @property
    def twinsift(self) -> TwinsiftApp:
        """The program that the screen belongs to."""
        return cast("TwinsiftApp", self.app)

    def compose(self) -> ComposeResult:
        """The bars, and the body between them."""
        yield TitleBar(self.place)
        yield from self.body()
        yield MessageLine()
        yield KeyBar(*self.key_tables, "everywhere")

    def on_screen_resume(self) -> None:
        """Tell the work as it is now: what was told here may have ended under another screen."""
        self.show_work(self.twinsift.work.state)

    def body(self) -> ComposeResult:
        """The widgets between the bars."""
        raise NotImplementedError

    def say(self, text: str, tone: str = "label") -> None:
        """Show a message above the keys: tone 'label', 'good', 'bad' or 'busy'."""
        self.query_one(MessageLine).say(text, tone)

    def told(self, text: str) -> str:
        """A message with the keys in force for the rows in braces: '{everywhere.undo} undoes'."""
        return in_force(self.app).told(text)

    def tell_where(self, text: str) -> None:
        """Say at the top right where one is."""
        self.query_one(TitleBar).where = text

    def show_work(self, state: WorkState) -> None:
        """Say at the right, above the keys, what goes on in the background."""
        if self.is_mounted:
            goes_on = self.told("{everywhere.pause} goes on")
            self.query_one(MessageLine).work = state.words(goes_on)

    def show_groups(self) -> None:
        """Take over groups that were read anew."""

    def show_pictures(self) -> None:
        """Take over pictures that were drawn meanwhile."""

    def keys_changed(self) -> None:
        """Draw the key bar anew, since labels or keys changed."""
        self.query_one(KeyBar).refresh()

    def show_keys(self, *tables: str) -> None:
        """Show the keys of other tables, as long as a line that takes text has the keyboard."""
        bar = self.query_one(KeyBar)
        bar.places = tables or (*self.key_tables, "everywhere")
        bar.refresh()

    def key_labels(self) -> dict[str, str]:
        """Labels of the key bar that differ from the table's just now, by action; '' hides one."""
        return {}

    def go_back(self) -> bool:
        """Close what is open within the screen; False where nothing is, so that `q` leaves it."""
        return False

    def after_undo(self, group_id: str) -> None:
        """Go to the group whose decision was undone or redone; '' for many groups."""
