"""What the terminal can show: colours and pictures, told from its environment and its answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console

from ..catalog.settings import ScreenSettings
from .probe import Answers
from .tmux import Tmux


class Colours(StrEnum):
    """How many colours the terminal shows; the values are those of the setting `screen.colours`."""

    TRUECOLOR = "truecolor"
    EIGHT_BIT = "256"
    ANSI = "16"
    NONE = "none"


class Drawing(StrEnum):
    """How pictures are drawn; the values are those of the setting `screen.pictures`."""

    KITTY = "kitty"
    SIXEL = "sixel"
    ITERM2 = "iterm2"
    HALFBLOCK = "halfblock"
    ASCII = "ascii"
    NONE = "none"


PIXELS = (Drawing.KITTY, Drawing.SIXEL, Drawing.ITERM2)
"""The drawings that show pixels instead of letters."""

DEFAULT_CELL = (10, 20)
"""Width and height of a cell in pixels where the terminal doesn't tell."""

# Many terminals know kitty's protocol, but place pictures by pixels only, which scrolls and covers
# badly; these know its placeholders. The others have sixels or iTerm2's protocol too.
_PLACEHOLDERS = re.compile(r"(kitty|ghostty)\b", re.IGNORECASE)
_INLINE = re.compile(r"(iterm2|wezterm)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Terminal:
    """What is known of the terminal before anything is drawn."""

    colours: Colours
    drawing: Drawing
    multiplexer: str = ""
    """'tmux', 'screen', 'mosh', or '' where the terminal is talked to directly."""
    cell: tuple[int, int] = DEFAULT_CELL
    """Width and height of a cell in pixels."""
    sixel_colours: int = 256
    """How many colours a sixel picture may have."""
    low_bandwidth: bool = False
    """Whether bytes are dear: smaller pictures in fewer colours, later."""
    why: str = ""
    """Why pictures are drawn the way they are, in a few words."""
    advice: str = ""
    """What the person could do to see better pictures."""

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


def detect(
    environ: Mapping[str, str],
    settings: ScreenSettings,
    answers: Answers | None = None,
    outside: Tmux | None = None,
) -> Terminal:
    """The terminal that `environ` and its answers describe; what `settings` say comes first.

    `answers` are the terminal's own, where it was asked; `outside` is what tmux tells of the
    terminal it runs in. NO_COLOR (https://no-color.org) and TERM=dumb turn colours off, and
    pictures then are drawn with letters.
    """
    answers = answers or Answers()
    direct = answers.truecolor or (outside is not None and "RGB" in outside.features)
    told = _colours(environ, direct=direct)
    colours = told if settings.colours == "auto" else Colours(settings.colours)
    multiplexer = multiplexer_of(environ)
    cell = answers.cell or (outside.cell if outside else None) or DEFAULT_CELL
    drawing, why, advice = _drawing(environ, answers, outside, colours)
    if settings.pictures != "auto":
        drawing, why, advice = Drawing(settings.pictures), "as set (screen.pictures)", ""
    if drawing is Drawing.HALFBLOCK and colours is Colours.NONE:
        drawing, why = Drawing.ASCII, "half blocks need colours"
    return Terminal(
        colours,
        drawing,
        multiplexer,
        cell,
        answers.sixel_colours or 256,
        settings.low_bandwidth,
        why,
        advice,
    )


def multiplexer_of(environ: Mapping[str, str]) -> str:
    """'tmux' or 'screen' where the terminal is one, '' otherwise."""
    term = environ.get("TERM", "")
    if environ.get("TMUX") or term.startswith("tmux"):
        return "tmux"
    if environ.get("STY") or term.startswith("screen"):
        return "screen"
    return ""


def _drawing(
    environ: Mapping[str, str], answers: Answers, outside: Tmux | None, colours: Colours
) -> tuple[Drawing, str, str]:
    """How pictures are drawn best, why, and what would make them better."""
    if colours is Colours.NONE:
        return Drawing.ASCII, "there are no colours", ""
    name = answers.name or environ.get("TERM_PROGRAM", "")
    advice = ""
    if outside is not None and _PLACEHOLDERS.match(outside.terminal):
        if outside.passes_through:
            return Drawing.KITTY, f"tmux passes pictures through to {outside.terminal}", ""
        advice = "for pictures in pixels: tmux set -g allow-passthrough on"
    elif answers.kitty and _PLACEHOLDERS.match(name):
        return Drawing.KITTY, f"{name} answered that it knows kitty's protocol", ""
    elif _INLINE.match(name) and not multiplexer_of(environ):
        return Drawing.ITERM2, f"{name} shows inline pictures", ""
    if answers.sixel:
        return Drawing.SIXEL, f"{name or 'the terminal'} answered that it shows sixels", advice
    told = "the terminal has told of no pixels" if answers.complete else "the terminal told nothing"
    return Drawing.HALFBLOCK, told, advice


def _colours(environ: Mapping[str, str], *, direct: bool) -> Colours:
    term = environ.get("TERM", "").lower()
    if environ.get("NO_COLOR") or term in ("dumb", "unknown") or term.startswith("vt"):
        return Colours.NONE
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return Colours.TRUECOLOR
    if term.endswith(("-direct", "-truecolor")) or environ.get("WT_SESSION") or direct:
        return Colours.TRUECOLOR
    if "256color" in term or term.startswith(("xterm-kitty", "foot", "alacritty", "wezterm")):
        return Colours.EIGHT_BIT
    return Colours.ANSI if term else Colours.EIGHT_BIT
