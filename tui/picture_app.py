"""An application with pictures in pixels on top of its text, and a guard at its input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from textual import events
from textual._compositor import CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen

from . import probe
from .artist import Artist
from .drawn import Drawn
from .eight_bit import EightBit
from .key_order import KeyOrder
from .overlay import Overlay
from .terminal import Colours, Terminal
from .thin import Thinner


class _Passed(CompositorUpdate):
    """An update of the screen, thinned, with the pictures that it calls for: all in one write."""

    def __init__(
        self, update: CompositorUpdate, thinner: Thinner | None, overlay: Overlay | None
    ) -> None:
        self._update = update
        self._thinner = thinner
        self._overlay = overlay

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As Rich wants it; Textual asks for the text."""
        yield self.render_segments(console)

    def render_segments(self, console: Console) -> str:
        """The update's text, and pictures."""
        text = self._update.render_segments(console)
        if self._thinner is not None:
            text = self._thinner.pass_on(text, whole=isinstance(self._update, LayoutUpdate))
        return text if self._overlay is None else self._overlay.pass_on(text)


class PictureApp(App[int]):
    """Shows what its `artist` draws."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-tall")]  # noqa: RUF012 - Textual's way

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.artist = Artist(terminal)
        renderer = self.artist.renderer
        self._overlay = None if renderer is None else Overlay(renderer)
        self._thinner = Thinner() if terminal.low_bandwidth else None
        self._cell = probe.cell_now()
        self._fewer = (EightBit(),) if terminal.colours is Colours.EIGHT_BIT else ()
        super().__init__()
        self._keys = KeyOrder(self, super().on_event)

    async def on_event(self, event: events.Event) -> None:
        """As Textual does, but keys one after the other."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._keys.take(event)
        else:
            await super().on_event(event)

    def hold(self, *drawn: Drawn) -> None:
        """Have the terminal keep pictures that will be shown, where it can."""
        if self._overlay is not None:
            held = [self._overlay.renderer.hold(d.pixels) for d in drawn if d.pixels is not None]
            self._send("".join(held))

    def cell_changed(self) -> None:
        """A cell has another size in pixels: what is drawn no longer fits."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Where there are 256 colours, the nearest of them."""
        return [*super().get_line_filters(), *self._fewer]

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver, guarded against late answers where there is a way to ask."""
        found = super().get_driver_class()
        if found.__module__ != "textual.drivers.linux_driver":
            return found
        from .driver import GuardedDriver

        return GuardedDriver

    def on_mount(self) -> None:
        """Look out for the return from the shell (Ctrl-Z, fg): the screen was lost meanwhile."""
        self.app_resume_signal.subscribe(self, self._back_again)

    def _back_again(self, _: object) -> None:
        if self._overlay is not None:
            self._overlay.redraw()
        self.refresh(layout=True)

    def on_resize(self) -> None:
        """Look whether letters have another size now."""
        cell = probe.cell_now()
        if cell is not None and cell != self._cell:
            self._cell = cell
            self.artist.set_cell(cell)
            self.cell_changed()

    def on_unmount(self) -> None:
        """Take back what the terminal keeps."""
        if self._overlay is not None:
            self._send(self._overlay.renderer.forget())

    def _send(self, text: str) -> None:
        if text and self._driver is not None and not self.is_headless:
            self._driver.write(text)
            self._driver.flush()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        passes = [passed for passed in (self._thinner, self._overlay) if passed is not None]
        if passes and isinstance(renderable, CompositorUpdate):
            for passed in passes:
                passed.resize(*self.size)
            renderable = _Passed(renderable, self._thinner, self._overlay)
        super()._display(screen, renderable)
