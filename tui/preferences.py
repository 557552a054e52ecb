"""What a person sets from inside: it counts at once, and is kept for the next time."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ..catalog import settings_file
from ..models.text import printable
from .palettes import THEMES
from .trouble import TROUBLE, in_words
from .wording import home_short

if TYPE_CHECKING:
    from .app import TwinsiftApp


def keep_by(app: TwinsiftApp, order: tuple[str, ...]) -> None:
    """Suggest by rules in this order."""
    app.settings = replace(app.settings, keep=replace(app.settings.keep, order=order))
    _save(app, "keep", "order", order)
    app.reload_groups()


def next_theme(app: TwinsiftApp) -> None:
    """Show the next theme."""
    names = list(THEMES)
    now = names.index(app.settings.screen.theme)
    show_theme(app, names[(now + 1) % len(names)])


def show_theme(app: TwinsiftApp, name: str) -> None:
    """Show the colours of a theme."""
    app.settings = replace(app.settings, screen=replace(app.settings.screen, theme=name))
    app.theme = THEMES[name].name
    _save(app, "screen", "theme", name)


def _save(app: TwinsiftApp, section: str, key: str, value: object) -> None:
    try:
        place = settings_file.save(app.settings_path, section, key, value)
    except TROUBLE as error:
        app.say(f"for this time only: {in_words(error)}", "bad")
    else:
        app.say(f"{section}.{key} saved in {printable(home_short(os.fsencode(place)))}", "good")
