"""Questions: yes or no, a word that must be typed, and a text to scroll through."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from .bars import KeyBar
from .keymap import bindings
from .own_keys import in_force


class Confirm(ModalScreen[bool]):
    """A question that `y` says yes to; anything else leaves things as they are."""

    BINDINGS = bindings("dialog")

    def __init__(self, title: str, lines: Sequence[str], *, danger: bool = False) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._danger = danger

    def compose(self) -> ComposeResult:
        """Title, lines and keys."""
        with Vertical(classes="dialog danger" if self._danger else "dialog"):
            yield Static(Content(self._title), classes="title")
            yield Static(Content("\n".join(self._lines)), classes="text")
            yield KeyBar("dialog")

    def action_answer(self, yes: bool) -> None:
        """Take the answer."""
        self.dismiss(yes)


class TypedConfirm(ModalScreen[bool]):
    """A question that only a typed text says yes to: for what can't be undone."""

    BINDINGS = bindings("prompt")

    def __init__(self, title: str, lines: Sequence[str], wanted: str) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._wanted = wanted

    def compose(self) -> ComposeResult:
        """Title, lines, the text to type and keys."""
        with Vertical(classes="dialog danger"):
            yield Static(Content(self._title), classes="title")
            yield Static(Content("\n".join(self._lines)), classes="text")
            enter = in_force(self.app).shown("prompt.submit")
            yield Static(Content(f"Type  {self._wanted}  and {enter} to do it."), classes="wanted")
            yield Input()
            yield KeyBar("prompt")

    def on_mount(self) -> None:
        """Type into the line at once."""
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Go on if the text is the wanted one."""
        typed = self.query_one(Input)
        if typed.value.strip() == self._wanted:
            self.dismiss(True)
        else:
            typed.value = ""
            self.query_one(".wanted", Static).update(
                Content(f"That wasn't it. Type  {self._wanted}  or cancel.")
            )

    def action_cancel(self) -> None:
        """Leave things as they are."""
        self.dismiss(False)


class Prompt(ModalScreen[str | None]):
    """One line of text; None where the person went back."""

    BINDINGS = bindings("prompt")

    def __init__(self, title: str, value: str = "", *, hint: str = "") -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Title, hint, the line and keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._title), classes="title")
            if self._hint:
                yield Static(Content(self._hint), classes="text")
            yield Input(self._value)
            yield KeyBar("prompt")

    def on_mount(self) -> None:
        """Type into the line at once."""
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Take what is typed."""
        self.dismiss(self.query_one(Input).value)

    def action_cancel(self) -> None:
        """Go back without it."""
        self.dismiss(None)
