"""The line in which a filter is typed; the list below the cursor follows each letter."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from .keymap import bindings
from .own_keys import in_force

_REST_SECONDS = 0.01  # what is pasted comes as many letters, and is filtered by once

_INVITATION = "folder, name or verdict · {prompt.submit} keeps it, {prompt.cancel} drops it"


class FilterLine(Input):
    """Hidden until it's begun; tells what is typed, and when the person is done."""

    BINDINGS = bindings("prompt")

    @dataclass
    class Typed(Message):
        """Another text; `is_over` once it was taken, or left for the one before."""

        text: str
        is_over: bool

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self._before = ""
        self._rest: Timer | None = None

    def on_mount(self) -> None:
        """Tell what to type, and how to be done."""
        self.placeholder = in_force(self.app).told(_INVITATION)

    def begin(self, text: str) -> None:
        """Show the line with the filter as it stands."""
        self._before = text
        with self.prevent(Input.Changed):
            self.value = text
        self.cursor_position = len(text)
        self.display = True
        self.focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._stop()
        if self.display:
            self._rest = self.set_timer(_REST_SECONDS, self._tell)

    def _tell(self) -> None:
        self.post_message(self.Typed(self.value.strip(), False))

    def _stop(self) -> None:
        if self._rest is not None:
            self._rest.stop()
            self._rest = None

    def _end(self, text: str) -> None:
        self._stop()
        self.display = False
        self.post_message(self.Typed(text, True))

    async def action_submit(self) -> None:
        """Keep the filter."""
        self._end(self.value.strip())

    def action_cancel(self) -> None:
        """Go back to the filter before."""
        self._end(self._before)
