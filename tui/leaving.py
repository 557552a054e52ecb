"""The ways out: back from a screen, out of the program, and after the terminal when it goes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .dialogs import Confirm
from .hangup import Terminal, on_hangup
from .place import Place

if TYPE_CHECKING:
    from .app import TwinsiftApp

_LOOK_SECONDS = 1.0


def back(app: TwinsiftApp) -> None:
    """Leave the screen, or what is open in it; from the groups, the program."""
    if isinstance(app.screen, Place) and app.screen.go_back():
        return
    if len(app.screen_stack) > 1:
        app.pop_screen()
    elif app.current_mode != "groups":
        app.action_place("groups")
    elif app.is_busy:
        _ask(app)
    else:
        app.exit(0)


def _ask(app: TwinsiftApp) -> None:
    lines = ["What is indexed so far is stored; next time it goes on from there."]

    def take(yes: bool | None) -> None:
        if yes:
            app.say("stopping…", "busy")
            app.run_worker(_stop(app))

    app.push_screen(Confirm("Indexing is still under way. Leave?", lines), take)


async def _stop(app: TwinsiftApp) -> None:
    await asyncio.to_thread(app.work.stop)
    app.exit(0)


def leave_with_terminal(app: TwinsiftApp) -> None:
    """End when the terminal hangs up or is no longer there."""
    terminal = Terminal()

    def look() -> None:
        if terminal.is_gone:
            app.exit()

    on_hangup(app.exit)
    app.set_interval(_LOOK_SECONDS, look)
