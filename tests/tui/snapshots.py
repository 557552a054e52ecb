"""Pictures of screens for snapshots, in no more colours than the terminal would show."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import Any

from pytest_textual_snapshot import SVGImageExtension
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from textual.pilot import Pilot
from twinsift.tui.app import TwinsiftApp
from twinsift.tui.terminal import Colours

SIZES = ((132, 40), (80, 24), (50, 16))
_SYSTEMS = {
    Colours.TRUECOLOR: ColorSystem.TRUECOLOR,
    Colours.EIGHT_BIT: ColorSystem.EIGHT_BIT,
    Colours.ANSI: ColorSystem.STANDARD,
}
_TRIES = 40  # times 50 ms, until what differs counts: the screen may not be there in whole


class Album:
    """Compares what a program shows with the pictures that are stored beside the tests."""

    def __init__(self, snapshot: Any, app: TwinsiftApp) -> None:
        self._stored = snapshot.use_extension(SVGImageExtension)
        self._app = app
        self._differing: list[str] = []

    async def compare(self, pilot: Pilot[Any], name: str, size: tuple[int, int]) -> None:
        """Compare the screen as it is now, or as it is a moment later."""
        full = f"{self._app.terminal.colours}-{name}-{size[0]}x{size[1]}"
        for _ in range(_TRIES):
            if self._stored(name=full) == picture(self._app):
                return
            await pilot.pause(0.05)
        self._differing.append(full)

    def close(self) -> None:
        """Fail where a picture differed."""
        assert not self._differing


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Wait until something holds; whatever comes of it is seen in the picture."""
    for _ in range(400):
        if holds():
            return
        await pilot.pause(0.05)


async def sized(pilot: Pilot[Any], size: tuple[int, int]) -> None:
    """Give the window another size, and wait until every screen has it."""
    await pilot.resize_terminal(*size)
    await until(pilot, lambda: {tuple(s.size) for s in pilot.app.screen_stack} == {size})


def picture(app: TwinsiftApp) -> str:
    """What is on the screen as SVG."""
    width, height = app.size
    update: Any = app.screen._compositor.render_update(
        full=True, screen_stack=app._background_screens, simplify=True
    )
    console = Console(
        width=width, height=height, file=io.StringIO(), force_terminal=True,
        color_system="truecolor", record=True, legacy_windows=False, safe_box=False,
    )  # fmt: skip
    lines = console.render(update, console.options)
    colours = app.terminal.colours
    console.print(Segments([_shown(segment, colours) for segment in lines]))
    return console.export_svg(title="twinsift")


def _shown(segment: Segment, colours: Colours) -> Segment:
    text, style, control = segment
    return segment if style is None else Segment(text, _style(style, colours), control)


@functools.lru_cache(4096)
def _style(style: Style, colours: Colours) -> Style:
    """A style as Rich writes it to a terminal of so many colours."""
    if colours is Colours.NONE:
        return Style(
            bold=style.bold, dim=style.dim, italic=style.italic, underline=style.underline,
            reverse=style.reverse, strike=style.strike,
        )  # fmt: skip
    system = _SYSTEMS[colours]
    front, ground = style.color, style.bgcolor
    return style + Style(
        color=front and front.downgrade(system), bgcolor=ground and ground.downgrade(system)
    )
