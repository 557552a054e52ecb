"""What the command palette offers: the keys of the screen by name, and the themes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from .palettes import THEMES
from .picture_app import PictureApp
from .place import Place

if TYPE_CHECKING:
    from .app import TwinsiftApp


def commands(app: TwinsiftApp, place: Place) -> Iterator[SystemCommand]:
    """The commands of a screen, from the table of keys."""

    async def run(action: str, target: Place | PictureApp) -> None:
        await app.run_action(action, target)

    for table, target in (*((name, place) for name in place.key_tables), ("everywhere", app)):
        for key in app.own_keys.table[table]:
            if "{" in key.action or key.name in ("command_palette", "answer"):
                continue
            yield SystemCommand(
                f"{key.label} ({key.shown})", key.help, partial(run, key.action, target)
            )

    for name in THEMES:
        yield SystemCommand(
            f"theme: {name}", "colours of the interface", partial(app.action_theme, name)
        )
