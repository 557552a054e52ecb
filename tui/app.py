"""The interface: its places, the one connection they share, and the work in the background."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.worker import WorkerFailed

from ..catalog.database import Catalog
from ..catalog.settings import Settings
from . import command_palette, leaving, preferences, undo_redo
from . import terminal as terminals
from .bars import PLACES
from .desk import Desk
from .feed import Feed
from .find_screen import FindScreen
from .groups_screen import GroupsScreen
from .help_screen import HelpScreen
from .hints import Hints
from .journal_screen import JournalScreen
from .keep_screen import KeepScreen
from .library_screen import LibraryScreen
from .own_keys import OwnKeys
from .pair_views import PairViews
from .palettes import DARK, THEMES
from .pasted import path_of
from .picture_app import PictureApp
from .place import Place
from .plan_screen import PlanScreen
from .preview import Previews
from .review_screen import ReviewScreen
from .settling import settle
from .terminal import Colours
from .triage import Triage
from .triages import Triages
from .work import Work, WorkState

_POLL_SECONDS = 1.0
_SWITCH_SECONDS = 0.001


@dataclass
class WorkTold(Message):
    """The background work has come further."""

    state: WorkState


class PictureReady(Message):
    """A picture was drawn."""


class TwinsiftApp(PictureApp):
    """Library, groups with review, plan and journal over one catalog."""

    CSS_PATH = "app.tcss"
    TITLE = "twinsift"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "f1"  # the palette's keys are in the table of keys
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "library": LibraryScreen,
        "groups": GroupsScreen,
        "find": FindScreen,
        "plan": PlanScreen,
        "journal": JournalScreen,
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "how_to_leave", show=False, priority=False)
    ]

    def __init__(
        self,
        catalog_path: Path,
        settings: Settings,
        *,
        index_on_start: Sequence[Path] = (),
        start: Literal["library", "groups"] = "groups",
        terminal: terminals.Terminal | None = None,
        own_keys: OwnKeys | None = None,
        settings_path: Path | None = None,
    ) -> None:
        """Open the catalog; `terminal` is what was found out about it, else its environment tells.

        Raises:
            CatalogError: there is none, or it can't be used.
        """
        self.catalog = Catalog.open(catalog_path)
        super().__init__(terminal or terminals.detect(os.environ, settings.screen))
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES[settings.screen.theme].name
        self.console = self.terminal.console(self.console)
        self.no_color = self.terminal.colours is Colours.NONE
        self.catalog_path = catalog_path
        self.settings = settings
        self.settings_path = settings_path
        self.hints = Hints()
        self.own_keys = own_keys or OwnKeys(settings.keys)
        self.set_keymap(self.own_keys.keymap())
        self.desk = Desk(self.catalog)
        self.triages = Triages()
        self.work = Work(catalog_path, settings, lambda state: self._post(WorkTold(state)))
        self.previews = Previews(catalog_path, self.artist, lambda _: self._post(PictureReady()))
        self.last_decision: Callable[[ReviewScreen], None] | None = None
        """What `.` does again."""
        target = settings.files.move_to
        self.move_target = (
            os.fsencode(os.path.abspath(os.path.expanduser(target))) if target else None
        )
        """Where `m` moves to."""
        self._index_on_start = index_on_start
        self._start = start
        self.feed = Feed(
            self,
            self.catalog,
            self.open_catalog,
            tuple(self.triages),
            self._show_groups,
            lambda words: self.say(words, "bad"),
        )

    def _post(self, message: Message) -> None:
        if self.is_running:
            self.post_message(message)

    def run(self, **options: Any) -> int | None:
        """Run until the person leaves.

        Raises:
            Exception: whatever nobody expected; the command line tells it in one line.
        """
        # A key waits this long for each thread that computes in the background, several times over.
        sys.setswitchinterval(_SWITCH_SECONDS)
        # The collector's pass over all that was loaded so far would hold up a key by 50 ms.
        gc.freeze()
        status = super().run(**options)
        if self._exception is not None:
            error = self._exception
            raise error.error if isinstance(error, WorkerFailed) else error
        return status

    def _fatal_error(self) -> None:
        """Leave the screen; Textual would print a traceback, but `run` raises the error instead."""
        self._close_messages_no_wait()

    # Life -----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the first place and begin what was asked for."""
        self.switch_mode(self._start)
        self.reload_groups()
        self.set_interval(_POLL_SECONDS, self.feed.poll)
        if not self.is_headless:
            leaving.leave_with_terminal(self)
        self.run_worker(partial(settle, self), thread=True, group="recover")
        if self._index_on_start:
            self.index(self._index_on_start)

    def cell_changed(self) -> None:
        """Draw the pictures anew."""
        self.previews.forget()

    def on_unmount(self) -> None:
        """End the threads and close the connection."""
        self.previews.close()
        self.work.stop()
        self.catalog.close()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of our own that Textual's themes don't have."""
        return {name: DARK.variables[name] for name in ("muted", "cursor-ground")}

    def open_catalog(self) -> Catalog:
        """A connection for another thread."""
        return Catalog.open(self.catalog_path, create=False)

    @property
    def triage(self) -> Triage:
        """The groups of the kind at hand."""
        return self.triages.at_hand

    @property
    def is_busy(self) -> bool:
        """Whether something goes on in the background."""
        return self.work.state.running

    def index(self, folders: Sequence[Path]) -> None:
        """Index folders (none: all) and match, in the background."""
        self.work.index(folders)
        self._show_work(self.work.state)

    def say(self, text: str, tone: str = "label") -> None:
        """Show a message on the screen that is seen."""
        place = self.shown_place
        if place is not None:
            place.say(text, tone)

    def hint(self, name: str) -> None:
        """Show a hint for the first steps, once; never if the person has followed it before."""
        text = self.hints.once(name, self.own_keys)
        if text:
            self.say(text)

    @property
    def shown_place(self) -> Place | None:
        """The full screen that is seen, also through a dialog."""
        return next((s for s in reversed(self.screen_stack) if isinstance(s, Place)), None)

    # Background -----------------------------------------------------------------------------------

    def on_work_told(self, message: WorkTold) -> None:
        """Show how far the work has come."""
        if message.state.defect is not None:
            raise message.state.defect
        self._show_work(message.state)
        if not message.state.running:
            self.reload_groups()
            if message.state.error:
                self.say(message.state.error, "bad")
            elif message.state.finished:
                self.say(message.state.finished, "good")

    def _show_work(self, state: WorkState) -> None:
        if self.shown_place is not None:
            self.shown_place.show_work(state)

    def on_picture_ready(self) -> None:
        """Put the picture into its pane."""
        for screen in self.screen_stack:
            if isinstance(screen, Place):
                screen.show_pictures()

    def reload_groups(self, after: Callable[[], None] | None = None) -> None:
        """Read the groups anew; `after` is called when they are shown."""
        self.feed.reload(after)

    def _show_groups(self) -> None:
        if self.shown_place is not None:
            self.shown_place.show_groups()

    def review_group(self, group_id: str) -> None:
        """Review a group of either kind, wherever one is."""
        if not self.triages.show(group_id):
            self.say("that group is gone", "bad")
            return
        self.switch_mode("groups")
        if isinstance(self.screen, ReviewScreen):
            self.pop_screen()
        self.push_screen(ReviewScreen(self.triage, self.terminal.drawing))

    async def on_paste(self, event: events.Paste) -> None:
        """A file dropped on the window is searched for, wherever one is."""
        path = path_of(event.text) if event.text.strip() else b""
        if path and os.path.isfile(path) and isinstance(self.screen, Place):
            await self.switch_mode("find")
            if isinstance(self.screen, FindScreen):
                self.screen.search_for(event.text)

    # Keys that work everywhere --------------------------------------------------------------------

    def action_help(self) -> None:
        """Show the keys of the screen."""
        place = self.shown_place
        tables = place.key_tables if place is not None else ()
        lists = () if isinstance(place, PairViews) else ("list",)
        self.push_screen(HelpScreen((*tables, "everywhere", *lists)))

    def action_place(self, place: str) -> None:
        """Go to a place."""
        if place == "find" and self.current_mode == place and isinstance(self.screen, FindScreen):
            self.screen.action_ask()
        self.switch_mode(place)
        if place == "plan":
            self.hints.follow("plan")
        self._show_work(self.work.state)

    def action_next_place(self) -> None:
        """Go to the next place."""
        places = list(PLACES)
        self.action_place(places[(places.index(self.current_mode) + 1) % len(places)])

    async def action_back(self) -> None:
        """Leave the screen, or what is open in it; from the groups, the program."""
        leaving.back(self)

    def action_how_to_leave(self) -> None:
        """Ctrl-C is for work in the shell; here `q` leaves."""
        self.say(self.own_keys.told("{everywhere.back} goes back, and leaves from the groups"))

    def action_keep_rules(self) -> None:
        """Show the rules that suggest which file is kept."""
        self.push_screen(KeepScreen(self.settings.keep.order))

    def action_next_theme(self) -> None:
        """The next theme."""
        preferences.next_theme(self)

    def action_theme(self, name: str) -> None:
        """Show the colours of a theme, now and from now on."""
        preferences.show_theme(self, name)

    def action_pause(self) -> None:
        """Pause the background work, or go on with it."""
        if not self.is_busy:
            self.say("nothing goes on in the background")
            return
        paused = self.own_keys.told("paused · {everywhere.pause} goes on")
        self.say(paused if self.work.pause() else "going on", "good")

    def action_undo(self) -> None:
        """Take back the last decision and go to its group."""
        undo_redo.undo(self)

    def action_redo(self) -> None:
        """Do again what was taken back."""
        undo_redo.redo(self)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The commands of the screen, from the table of keys."""
        place = self.shown_place
        return () if place is None else command_palette.commands(self, place)
