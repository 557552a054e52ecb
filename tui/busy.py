"""Work that a person waits for: how far it is, and a way to stop it after the present item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..catalog.database import Catalog
from ..catalog.progress import Control, Progress, Report
from .bars import KeyBar
from .keymap import bindings
from .own_keys import in_force, keys_of
from .trouble import TROUBLE, in_words
from .wording import duration

T = TypeVar("T")


class BusyScreen(ModalScreen["T | str"], Generic[T]):
    """Runs work in a thread with its own connection; returns what it returns, or what failed."""

    BINDINGS = bindings("busy")

    def __init__(
        self,
        title: str,
        work: Callable[[Catalog, Report, Control], T],
        open_catalog: Callable[[], Catalog],
        *,
        items: str = "files",
    ) -> None:
        super().__init__()
        self._title = title
        self._work = work
        self._items = items
        self._open_catalog = open_catalog
        self._control = Control()

    def compose(self) -> ComposeResult:
        """Title, progress and the way out."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._title), classes="title")
            yield Static(Content("starting…"), id="state", classes="text")
            yield Static("", id="wait", classes="text")
            yield KeyBar("busy")

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._run, thread=True)

    def _run(self) -> None:
        result: T | str
        try:
            with self._open_catalog() as catalog:
                result = self._work(catalog, self._report, self._control)
        except TROUBLE as error:
            result = in_words(error)
        self.call_later(self._finish, result)

    def _finish(self, result: T | str) -> None:
        self.dismiss(result)

    def _report(self, progress: Progress) -> None:
        self.app.call_from_thread(self._show, progress)

    def _show(self, progress: Progress) -> None:
        text = f"{progress.done:,} of {progress.total or 0:,} {self._items}"
        if progress.eta_seconds:
            text += f" · {duration(progress.eta_seconds)} left"
        self.query_one("#state", Static).update(Content(text))

    def on_key(self, event: events.Key) -> None:
        """Say why keys of the screen below do nothing just now."""
        mine = keys_of(self.app, "busy")
        if not any(event.key in key.keys.split(",") for key in mine):
            told = in_force(self.app).told("busy: other keys have to wait · {busy.stop} stops it")
            self.query_one("#wait", Static).update(Content(told))

    def action_stop(self) -> None:
        """Stop after the present item."""
        self._control.stop()
        self.query_one("#state", Static).update(Content("stopping…"))
