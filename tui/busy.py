"""A batch of file actions under way: how far it is, and a way to stop after the present file."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..catalog.carrying import Outcome
from ..catalog.database import Catalog
from ..catalog.progress import Control, Progress, Report
from .bars import KeyBar
from .keymap import bindings
from .trouble import TROUBLE, in_words
from .wording import duration

Batch = Callable[[Catalog, Report, Control], Outcome]


class BusyScreen(ModalScreen["Outcome | str"]):
    """Runs a batch in a thread with its own connection; returns its outcome, or what failed."""

    BINDINGS = bindings("busy")

    def __init__(self, title: str, batch: Batch, open_catalog: Callable[[], Catalog]) -> None:
        super().__init__()
        self._title = title
        self._batch = batch
        self._open_catalog = open_catalog
        self._control = Control()

    def compose(self) -> ComposeResult:
        """Title, progress and the way out."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._title), classes="title")
            yield Static(Content("starting…"), id="state", classes="text")
            yield KeyBar("busy")

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._run, thread=True)

    def _run(self) -> None:
        result: Outcome | str
        try:
            with self._open_catalog() as catalog:
                result = self._batch(catalog, self._report, self._control)
        except TROUBLE as error:
            result = in_words(error)
        self.call_later(self._finish, result)

    def _finish(self, result: Outcome | str) -> None:
        self.dismiss(result)

    def _report(self, progress: Progress) -> None:
        self.app.call_from_thread(self._show, progress)

    def _show(self, progress: Progress) -> None:
        text = f"{progress.done:,} of {progress.total or 0:,} files"
        if progress.eta_seconds:
            text += f" · {duration(progress.eta_seconds)} left"
        self.query_one("#state", Static).update(Content(text))

    def action_stop(self) -> None:
        """Stop after the present file."""
        self._control.stop()
        self.query_one("#state", Static).update(Content("stopping after the present file…"))
