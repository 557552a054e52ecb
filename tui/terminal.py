"""What the terminal can show, told from its environment: colours, pictures, a multiplexer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console

from ..catalog.settings import ScreenSettings


class Colours(StrEnum):
    """How many colours the terminal shows; the values are those of the setting `screen.colours`."""

    TRUECOLOR = "truecolor"
    EIGHT_BIT = "256"
    ANSI = "16"
    NONE = "none"


class Drawing(StrEnum):
    """How pictures are drawn; the values are those of the setting `screen.pictures`."""

    HALFBLOCK = "halfblock"
    ASCII = "ascii"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Terminal:
    """What is known of the terminal before anything is drawn."""

    colours: Colours
    drawing: Drawing
    multiplexer: str = ""
    """'tmux', 'screen', or '' where the terminal is talked to directly."""

    def console(self, like: Console) -> Console:
        """A Rich console as `like`, that writes this terminal's colours and no others."""
        systems = {
            Colours.TRUECOLOR: "truecolor",
            Colours.EIGHT_BIT: "256",
            Colours.ANSI: "standard",
            Colours.NONE: None,
        }
        return Console(
            color_system=systems[self.colours],  # type: ignore[arg-type]  # Rich's own literals
            file=like.file,
            markup=True,
            highlight=False,
            emoji=False,
            legacy_windows=False,
            force_terminal=True,
            safe_box=False,
            soft_wrap=False,
        )


def detect(environ: Mapping[str, str], settings: ScreenSettings) -> Terminal:
    """The terminal that `environ` describes, with what `settings` say instead of 'auto'.

    Nothing is asked of the terminal itself: its late answers would be read as keys. NO_COLOR
    (https://no-color.org) and TERM=dumb turn colours off, and pictures then are drawn with letters.
    """
    colours = Colours(settings.colours) if settings.colours != "auto" else _colours(environ)
    if settings.pictures != "auto":
        drawing = Drawing(settings.pictures)
    else:
        drawing = Drawing.ASCII if colours is Colours.NONE else Drawing.HALFBLOCK
    if drawing is Drawing.HALFBLOCK and colours is Colours.NONE:
        drawing = Drawing.ASCII  # a half block without colours is a uniform grid
    term = environ.get("TERM", "")
    multiplexer = ""
    if environ.get("TMUX") or term.startswith("tmux"):
        multiplexer = "tmux"
    elif environ.get("STY") or term.startswith("screen"):
        multiplexer = "screen"
    return Terminal(colours, drawing, multiplexer)


def _colours(environ: Mapping[str, str]) -> Colours:
    term = environ.get("TERM", "").lower()
    if environ.get("NO_COLOR") or term in ("dumb", "unknown") or term.startswith("vt"):
        return Colours.NONE
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return Colours.TRUECOLOR
    if term.endswith(("-direct", "-truecolor")) or environ.get("WT_SESSION"):
        return Colours.TRUECOLOR
    if "256color" in term or term.startswith(("xterm-kitty", "foot", "alacritty", "wezterm")):
        return Colours.EIGHT_BIT
    return Colours.ANSI if term else Colours.EIGHT_BIT
